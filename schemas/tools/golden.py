"""Write the golden frames and their manifest: schemas/golden/.

    golden.py BFBS --flatc FLATC --out FOLDER

One frame per message type, made with the FlatBuffers builder of Python, three rows each, with a
context, TLV extensions and the checksum. The manifest states every value as it was before packing,
never as read back; the conformance test of each language reads the frames in place and compares.
64-bit numbers are text there (JSON numbers are doubles in JavaScript), raw bytes are hexadecimal.

Imports the generated packages, which must be those of the same schema (PYTHONPATH).
"""

import argparse
import json
import re
import zlib
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import flatbuffers
import numpy as np

import alphapulse_layout as layout
from alphapulse_fbs import Frame, FrameContext, FrameHeader
from alphapulse_layout import dtypes
from layoutgen import schema as schemas
from layoutgen.values import BLOB_STEP, ROWS, Value, scatter, scattered_bytes, struct_value

REFLECTION: Final = Path(__file__).parents[1] / "third_party/flatbuffers/reflection.fbs"
MAGIC: Final = 0xDEADBEEF
VERSION: Final = 1
TIMESTAMP: Final = 1_723_075_200_000_000_000  # 2024-08-08T00:00:00Z
CUSTOM_STRIDE: Final = 24
UNKNOWN_TLV: Final = 150
ALIGNMENT: Final = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bfbs", type=Path)
    parser.add_argument("--flatc", default="flatc")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    schema = schemas.load(arguments.bfbs, flatc=arguments.flatc, reflection_fbs=REFLECTION)
    arguments.out.mkdir(parents=True, exist_ok=True)
    manifest = []
    for index, record in enumerate(schema.records):
        data, entry = _golden(schema, record, index)
        (arguments.out / entry["file"]).write_bytes(data)
        manifest.append(entry)
    text = json.dumps({"frames": manifest}, indent=1) + "\n"
    (arguments.out / "manifest.json").write_text(text)


def _golden(
    schema: schemas.Schema, record: schemas.RecordType, index: int
) -> tuple[bytes, dict[str, Any]]:
    name = record.table.removesuffix("Rows")
    tlvs = _tlvs(schema, index)
    extensions = b"".join(bytes([t["type"], t["length"]]) + t["bytes"] for t in tlvs)
    rows, row_bytes = _rows(record.struct, len(extensions))
    entry: dict[str, Any] = {
        "file": f"{re.sub(r'(?<!^)(?=[A-Z])', '_', name.replace('DeFi', 'Defi')).lower()}.bin",
        "record": name,
        "table": record.table,
        "member": record.member,
        "stride": record.struct.size if record.struct else CUSTOM_STRIDE,
    }
    listed = [{k: _json(v, record.struct, k) for k, v in row.items()} for row in rows]
    if record.message_type is None:
        # travels inside an RPC answer: rows without a frame
        return row_bytes, entry | {"rows": listed, "frame": False}
    header: dict[str, int] = {
        "magic": MAGIC,
        "message_type": record.message_type.value,
        "version": VERSION,
        "source": list(layout.SourceType)[1 + index % (len(layout.SourceType) - 1)],
        "flags": (index % 4) << 2 | (index % 2) << 4,
        "payload_size": len(row_bytes),
        "checksum": 0,
        "sequence": 1000 + index,
        "timestamp": TIMESTAMP + index,
    }
    context = {
        "trace_id": scattered_bytes(f"{name}.trace_id", 0, 16),
        "message_id": scattered_bytes(f"{name}.message_id", 0, 8),
        "causation_id": bytes(8) if index == 0 else scattered_bytes(f"{name}.cause", 0, 8),
        "trace_flags": index % 2,
    }
    blob = _blob(record.table)
    components = _components(schema) if record.table == "SyntheticUpdateRows" else []
    component_bytes = _pack(dtypes.SYNTHETIC_COMPONENT, components)
    frame = _frame(record, header, context, row_bytes, extensions, blob, component_bytes)
    header["checksum"] = _finish(frame, header)
    component = schema.struct("SyntheticComponent")
    entry |= {
        "frame": True,
        "size": len(frame),
        "header": {k: str(v) if k in ("sequence", "timestamp") else v for k, v in header.items()},
        "context": {k: v.hex() if isinstance(v, bytes) else v for k, v in context.items()},
        "rows": listed,
        "blob": blob.hex() if blob else None,
        "components": [{k: _json(v, component, k) for k, v in c.items()} for c in components],
        "custom": _custom(row_bytes) if record.struct is None else None,
        "extensions": extensions.hex(),
        "tlvs": [_tlv_entry(t) for t in tlvs],
    }
    return bytes(frame), entry


def _rows(struct: schemas.Struct | None, tlv_length: int) -> tuple[list[dict[str, Value]], bytes]:
    if struct is None:
        return [], scattered_bytes("Custom.data", 0, ROWS * CUSTOM_STRIDE)
    rows = [struct_value(struct, row, tlv_length=tlv_length) for row in range(ROWS)]
    return rows, _pack(dtypes.STRUCTS[struct.name], rows)


def _custom(row_bytes: bytes) -> dict[str, Any]:
    return {"stride": CUSTOM_STRIDE, "schema_hash": str(_schema_hash()), "data": row_bytes.hex()}


def _schema_hash() -> int:
    return scatter(zlib.crc32(b"Custom.schema_hash"))


def _components(schema: schemas.Schema) -> list[dict[str, Value]]:
    return [struct_value(schema.struct("SyntheticComponent"), row) for row in range(ROWS)]


def _blob(table: str) -> bytes:
    module = import_module(f"alphapulse_fbs.{table}")
    has_blob = hasattr(module, f"{table}AddBlob")
    return scattered_bytes(f"{table}.blob", 0, ROWS * BLOB_STEP) if has_blob else b""


def _tlvs(schema: schemas.Schema, index: int) -> list[dict[str, Any]]:
    """The cause, one of the other known types in turn, and one that no reader knows."""
    known = [v for v in schema.enum("TlvType").values if _tlv_struct(schema, v.name) is not None]
    cause = next(v for v in known if v.name == "CAUSE")
    others = [v for v in known if v is not cause]
    tlvs = []
    for kind in (cause, others[index % len(others)]):
        struct = _tlv_struct(schema, kind.name)
        assert struct is not None
        fields = struct_value(struct, index % ROWS)
        data = _pack(dtypes.STRUCTS[struct.name], [fields])
        tlvs.append(
            {"type": kind.value, "length": len(data), "bytes": data, "struct": struct}
            | {"fields": fields}
        )
    data = scattered_bytes("unknown", index, index % 4)
    unknown = {"type": UNKNOWN_TLV, "length": len(data), "bytes": data, "struct": None}
    return [*tlvs, unknown | {"fields": {}}]


def _tlv_struct(schema: schemas.Schema, name: str) -> schemas.Struct | None:
    wanted = name.replace("_", "").lower() + "tlv"
    return next((s for s in schema.structs if s.name.lower() == wanted), None)


def _tlv_entry(tlv: dict[str, Any]) -> dict[str, Any]:
    struct = tlv["struct"]
    fields = {k: _json(v, struct, k) for k, v in tlv["fields"].items()}
    return {
        "type": tlv["type"],
        "length": tlv["length"],
        "bytes": tlv["bytes"].hex(),
        "struct": struct.name if struct is not None else None,
        "fields": fields,
    }


def _json(value: Value, struct: schemas.Struct | None, name: str) -> Any:
    """As the manifest prints it: 64-bit numbers as text, raw bytes as hexadecimal."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, str) or struct is None:
        return value
    field = next(f for f in struct.fields if f.name == name)
    if isinstance(value, dict):
        return {k: _json(v, field.struct, k) for k, v in value.items()}
    return str(value) if field.size == 8 else value


def _pack(dtype: np.dtype[np.void], rows: list[dict[str, Value]]) -> bytes:
    array = np.zeros(len(rows), dtype)
    for i, row in enumerate(rows):
        _assign(array[i : i + 1], row)
    return array.tobytes()


def _assign(target: Any, row: dict[str, Value]) -> None:
    for name, value in row.items():
        if isinstance(value, dict):
            _assign(target[name], value)
        elif isinstance(value, bytes):
            target[name] = np.void(value)
        else:
            target[name] = value


def _frame(
    record: schemas.RecordType,
    header: dict[str, int],
    context: dict[str, Any],
    row_bytes: bytes,
    extensions: bytes,
    blob: bytes,
    components: bytes,
) -> bytearray:
    module: Any = import_module(f"alphapulse_fbs.{record.table}")
    builder = flatbuffers.Builder(4096)
    extension_vector = _vector(builder, extensions, 1, 1)
    blob_vector = _vector(builder, blob, 1, 1) if blob else None
    size = dtypes.SYNTHETIC_COMPONENT.itemsize
    component_vector = _vector(builder, components, size, ALIGNMENT) if components else None
    stride = record.struct.size if record.struct else 1
    rows = _vector(builder, row_bytes, stride, ALIGNMENT)
    module.Start(builder)
    if record.struct is None:
        module.AddStride(builder, CUSTOM_STRIDE)
        module.AddSchemaHash(builder, _schema_hash())
        module.AddData(builder, rows)
    else:
        module.AddRows(builder, rows)
    if blob_vector is not None:
        module.AddBlob(builder, blob_vector)
    if component_vector is not None:
        module.AddComponents(builder, component_vector)
    table = module.End(builder)
    Frame.Start(builder)
    Frame.AddHeader(builder, FrameHeader.CreateFrameHeader(builder, *header.values()))
    words = [int.from_bytes(context["trace_id"][i : i + 8], "little") for i in (0, 8)]
    words += [int.from_bytes(context[k], "little") for k in ("message_id", "causation_id")]
    Frame.AddContext(
        builder, FrameContext.CreateFrameContext(builder, *words, context["trace_flags"], 0, 0, 0)
    )
    Frame.AddRecordsType(builder, record.member)
    Frame.AddRecords(builder, table)
    Frame.AddExtensions(builder, extension_vector)
    builder.Finish(Frame.End(builder), file_identifier=b"APF1")
    return bytearray(builder.Output())


def _vector(builder: Any, data: bytes, stride: int, alignment: int) -> int:
    builder.StartVector(stride, len(data) // stride, alignment)
    builder.head -= len(data)
    builder.Bytes[builder.head : builder.head + len(data)] = data
    offset: int = builder.EndVector()
    return offset


def _finish(frame: bytearray, header: dict[str, int]) -> int:
    """Write the checksum, taken with sequence and checksum as zero; returns it."""
    position = Frame.Frame.GetRootAs(frame, 0).Header()._tab.Pos  # noqa: SLF001  # no other way
    fields = np.frombuffer(frame, dtypes.FRAME_HEADER, count=1, offset=position)
    fields["checksum"] = 0
    fields["sequence"] = 0
    checksum = zlib.crc32(frame)
    fields["checksum"] = checksum
    fields["sequence"] = header["sequence"]
    return checksum


if __name__ == "__main__":
    main()
