"""The values in the golden frames: a pure function of struct, field and row.

Row 0 holds small numbers (negative where the type allows), row 1 the extremes, row 2 scattered
bits, so that a wrong width, sign or offset in any language cannot go unnoticed. What refers to
something else in the frame (offsets, lengths, counts) is valid, so the frames pass every check.
"""

import zlib
from typing import Final, TypeAlias

from layoutgen.schema import Enum, Field, Struct

ROWS: Final = 3
BLOB_STEP: Final = 16

# A leaf is an int, bytes (raw run) or str (padded ASCII); a nested struct is a dict.
Value: TypeAlias = "int | bytes | str | dict[str, Value]"

MASK: Final = (1 << 64) - 1


def scatter(seed: int) -> int:
    """SplitMix64 (Steele, Lea, Flood 2014): 64 well mixed bits of `seed`."""
    z = (seed + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def scattered_bytes(name: str, row: int, size: int) -> bytes:
    seed = zlib.crc32(f"{name}/{row}".encode())
    words = (scatter(seed + i) for i in range(-(-size // 8)))
    return b"".join(w.to_bytes(8, "little") for w in words)[:size]


def struct_value(struct: Struct, row: int, *, tlv_length: int = 0) -> dict[str, Value]:
    """One row. `tlv_length` is what a row may say that the frame's extensions hold."""
    values = {
        f.name: _field(f, f"{struct.name}.{f.name}", i, row) for i, f in enumerate(struct.fields)
    }
    values |= {k: v for k, v in _references(row, tlv_length).items() if k in values}
    for name in values:
        text = values.get(name.removesuffix("_length"))
        if name.endswith("_length") and isinstance(text, str):
            values[name] = len(text)
    return values


def _references(row: int, tlv_length: int) -> dict[str, Value]:
    """Fields that point into the blob, the components or the extensions of their frame."""
    return {
        "metadata_offset": row * BLOB_STEP,
        "metadata_length": 8,
        "data_offset": row * BLOB_STEP,
        "data_length": 8,
        "text_offset": row * BLOB_STEP,
        "text_length": 8,
        "reason_length": 8,
        "key_offset": row * BLOB_STEP,
        "key_length": 8,
        "value_length": 8,
        "detail_length": 0,
        "first_component": row,
        "component_count": 1,
        "tlv_offset": 0,
        "tlv_length": tlv_length,
        "message_type": 1,
        # of an instrument id: numbers that exist
        "asset_type": 1 + row,
        "scheme": 1 + row,
    }


def _field(field: Field, name: str, index: int, row: int) -> Value:
    if field.name.startswith("reserved"):
        return 0
    if field.enum is not None:
        return _enum(field.enum, index + row)
    if field.struct is None:
        return _integer(field, name, index, row)
    if field.struct.fixed == "text":
        return _text(name, row, field.size)
    if field.struct.fixed == "bytes":
        return scattered_bytes(name, row, field.size)
    if field.struct.name == "InstrumentId":
        nested = struct_value(field.struct, row)
    else:
        nested = {
            f.name: _field(f, f"{name}.{f.name}", index + i, row)
            for i, f in enumerate(field.struct.fields)
        }
    return nested


def _enum(enum: Enum, index: int) -> int:
    values = [v.value for v in enum.values if v.value != 0]
    return values[index % len(values)]


def _integer(field: Field, name: str, index: int, row: int) -> int:
    bits = field.size * 8
    if row == 0:
        return -(index + 1) if field.signed else index + 1
    if row == 1:
        return -(1 << (bits - 1)) if field.signed else (1 << bits) - 1
    value = int.from_bytes(scattered_bytes(name, row, field.size), "little")
    return value - (1 << bits) if field.signed and value >> (bits - 1) else value


def _text(name: str, row: int, size: int) -> str:
    """A short text, one that fills the field, an empty one."""
    if row == 0:
        return f"T{zlib.crc32(name.encode()) % 1000}"[:size]
    if row == 1:
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."
        return "".join(alphabet[(zlib.crc32(name.encode()) + i) % 38] for i in range(size))
    return ""
