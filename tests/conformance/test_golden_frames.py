"""The golden frames read in Python: through flatc's accessors and in place as NumPy rows.

Both are compared with the manifest, which states the values as they were before packing, and every
dtype with schemas/layout.csv. The same frames are read in Rust, Go, TypeScript and Java (gen/).
"""

import csv
import json
import re
import zlib
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alphapulse_fbs.Frame import Frame
from alphapulse_layout import DTYPES, MEMBERS, RECORDS, Domain, MessageType, domain_of, dtypes

SCHEMAS = Path(__file__).parents[2] / "schemas"
MANIFEST = json.loads((SCHEMAS / "golden/manifest.json").read_text())["frames"]
FRAMES = [e for e in MANIFEST if e["frame"]]
TYPED = [e for e in FRAMES if e["custom"] is None]


def golden(entry: dict[str, Any]) -> bytes:
    file: str = entry["file"]
    return (SCHEMAS / "golden" / file).read_bytes()


def described(value: Any) -> Any:
    """As the manifest prints it: 64-bit numbers as text, raw bytes as hexadecimal."""
    if isinstance(value, np.void) and value.dtype.names:
        return {name: described(value[name]) for name in value.dtype.names}
    if isinstance(value, np.void):
        return value.tobytes().hex()
    if isinstance(value, bytes):
        return value.decode("ascii")
    return str(value) if value.dtype.itemsize == 8 else int(value)


def accessed(view: Any, dtype: np.dtype[np.void]) -> Any:
    """A flatc struct through its accessors, in the shape of its dtype."""
    if dtype.kind == "V" and dtype.names is None:
        return bytes(view._tab.Bytes[view._tab.Pos :][: dtype.itemsize]).hex()
    if dtype.kind == "S":
        raw = bytes(view._tab.Bytes[view._tab.Pos :][: dtype.itemsize])
        return raw.rstrip(b"\0").decode("ascii")
    assert dtype.fields is not None
    row = {}
    for name, (inner, *_) in dtype.fields.items():
        accessor = getattr(view, re.sub(r"(?:^|_)(\w)", lambda m: m[1].upper(), name))
        if inner.kind in "VS":
            struct = import_module(f"alphapulse_fbs.{struct_name(inner, name, accessor)}")
            nested = getattr(struct, struct.__name__.split(".")[-1])()
            row[name] = accessed(accessor(nested), inner)
        else:
            row[name] = str(accessor()) if inner.itemsize == 8 else accessor()
    return row


def struct_name(dtype: np.dtype[np.void], name: str, accessor: Any) -> str:
    """flatc's accessor of a nested struct takes an object to fill; any struct class can be one."""
    assert accessor.__code__.co_argcount == 2, f"{name} is no nested struct"
    return next((k for k, v in dtypes.STRUCTS.items() if v == dtype), "UInt128")


@pytest.mark.parametrize("entry", TYPED, ids=lambda e: e["record"])
def test_rows_in_place_are_what_the_manifest_says(entry: dict[str, Any]) -> None:
    frame = golden(entry)
    rows = Frame.GetRootAs(frame, 0).Records()
    start = rows.Vector(rows.Offset(4))
    dtype = DTYPES[entry["header"]["message_type"]]
    array = np.frombuffer(frame, dtype, count=rows.VectorLen(rows.Offset(4)), offset=start)
    assert start % 8 == 0, "rows of a frame lie at multiples of 8"
    assert dtype.itemsize == entry["stride"]
    assert array.nbytes == entry["header"]["payload_size"]
    assert [described(row) for row in array] == entry["rows"]


@pytest.mark.parametrize("entry", TYPED, ids=lambda e: e["record"])
def test_rows_by_accessors_are_what_the_manifest_says(entry: dict[str, Any]) -> None:
    records = Frame.GetRootAs(golden(entry), 0).Records()
    table = getattr(import_module(f"alphapulse_fbs.{entry['table']}"), entry["table"])()
    table.Init(records.Bytes, records.Pos)
    dtype = DTYPES[entry["header"]["message_type"]]
    rows = [accessed(table.Rows(i), dtype) for i in range(table.RowsLength())]
    assert rows == entry["rows"]


@pytest.mark.parametrize("entry", FRAMES, ids=lambda e: e["record"])
def test_header_context_and_extensions(entry: dict[str, Any]) -> None:
    data = golden(entry)
    frame = Frame.GetRootAs(data, 0)
    assert len(data) == entry["size"]
    assert Frame.FrameBufferHasIdentifier(data, 0)
    assert accessed(frame.Header(), dtypes.FRAME_HEADER) == entry["header"]
    context = accessed(frame.Context(), dtypes.FRAME_CONTEXT)
    assert {k: context[k] for k in entry["context"]} == entry["context"]
    assert frame.RecordsType() == entry["member"]
    extensions = frame.ExtensionsAsNumpy().tobytes()
    assert extensions.hex() == entry["extensions"]
    assert list(walk(extensions)) == [(t["type"], t["bytes"]) for t in entry["tlvs"]]


def walk(extensions: bytes) -> Any:
    at = 0
    while at < len(extensions):
        kind, length = extensions[at : at + 2]
        value = extensions[at + 2 : at + 2 + length]
        assert len(value) == length, "truncated"
        yield kind, value.hex()
        at += 2 + length


@pytest.mark.parametrize("entry", FRAMES, ids=lambda e: e["record"])
def test_known_extensions_are_their_structs(entry: dict[str, Any]) -> None:
    for tlv in entry["tlvs"]:
        if tlv["struct"] is None:
            continue
        dtype = next(d for name, d in dtypes.STRUCTS.items() if name == tlv["struct"])
        assert dtype.itemsize == tlv["length"]
        row = np.frombuffer(bytes.fromhex(tlv["bytes"]), dtype)[0]
        assert described(row) == tlv["fields"]


@pytest.mark.parametrize("entry", FRAMES, ids=lambda e: e["record"])
def test_checksum_covers_all_but_sequence_and_checksum(entry: dict[str, Any]) -> None:
    data = bytearray(golden(entry))
    at = Frame.GetRootAs(data, 0).Header()._tab.Pos
    header = np.frombuffer(data, dtypes.FRAME_HEADER, count=1, offset=at)
    header["checksum"] = 0
    header["sequence"] = 0
    assert zlib.crc32(data) == entry["header"]["checksum"]


def test_rows_outside_a_frame() -> None:
    (entry,) = [e for e in MANIFEST if not e["frame"]]
    rows = np.frombuffer(golden(entry), dtypes.STRUCTS[entry["record"]])
    assert [described(row) for row in rows] == entry["rows"]


def test_custom_rows_carry_their_stride_and_schema() -> None:
    (entry,) = [e for e in FRAMES if e["custom"] is not None]
    records = Frame.GetRootAs(golden(entry), 0).Records()
    table = import_module("alphapulse_fbs.CustomRows").CustomRows()
    table.Init(records.Bytes, records.Pos)
    assert table.Stride() == entry["custom"]["stride"]
    assert str(table.SchemaHash()) == entry["custom"]["schema_hash"]
    assert table.DataAsNumpy().tobytes().hex() == entry["custom"]["data"]


def test_every_layout_is_the_one_in_the_table() -> None:
    with (SCHEMAS / "layout.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    runs = {line["struct"] for line in lines if line["field"] == "w0"}
    compared = set()
    for line in lines:
        if line["struct"] in runs:
            continue
        dtype = dtypes.STRUCTS[line["struct"]]
        assert dtype.fields is not None
        if line["field"]:
            inner, offset, *_ = dtype.fields[line["field"]]
        else:
            inner, offset = dtype, 0
        assert (offset, inner.itemsize) == (int(line["offset"]), int(line["size"])), line
        compared.add(line["struct"])
    assert compared == set(dtypes.STRUCTS)


def test_every_message_type_has_its_record() -> None:
    assert {e["record"] for e in MANIFEST} == {r.name for r in MEMBERS}
    for entry in FRAMES:
        record = RECORDS[MessageType(entry["header"]["message_type"])]
        assert (record.name, record.member) == (entry["record"], entry["member"])
        assert record.dtype is None or record.stride == entry["stride"]
    assert set(MessageType) - set(RECORDS) == {MessageType.NONE}


@pytest.mark.parametrize(
    ("number", "domain"),
    [(1, Domain.MARKET_DATA), (39, Domain.SIGNAL), (40, Domain.EXECUTION), (255, Domain.CUSTOM)],
)
def test_the_number_decides_the_domain(number: int, domain: Domain) -> None:
    assert domain_of(number) is domain


@pytest.mark.parametrize("number", [0, 60, 99, 110, 199, 256])
def test_numbers_of_no_domain_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match=str(number)):
        domain_of(number)
