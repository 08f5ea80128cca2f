"""The TLV extensions of schemas/vectors/tlv.json in Python; Rust, Go, TypeScript read them too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import alphapulse_core as core
from alphapulse_client import row_tlvs, rows
from alphapulse_client.context import new_context
from alphapulse_client.errors import FrameError
from alphapulse_client.frames import Frame, encode
from alphapulse_layout import MessageType, SourceType

VECTORS = json.loads(
    (Path(__file__).parents[2] / "schemas/vectors/tlv.json").read_text(encoding="utf-8")
)


def framed(extensions: bytes) -> bytes:
    return encode(
        MessageType.TRADE,
        rows(MessageType.TRADE, 1),
        source=SourceType.BINANCE_COLLECTOR,
        context=new_context(),
        extensions=extensions,
    )


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda v: v["name"])
def test_extensions_are_read_from_a_frame(vector: dict[str, Any]) -> None:
    frame = Frame.parse(framed(bytes.fromhex(vector["extensions"])))
    expected = [(tlv["type"], bytes.fromhex(tlv["value"])) for tlv in vector["tlvs"]]
    found = core.walk_tlv(frame.extensions)
    assert [(kind, bytes(frame.extensions[at : at + n])) for kind, at, n in found] == expected
    firsts = dict(reversed(expected))
    assert {kind: frame.tlv(kind) for kind in firsts} == firsts
    assert frame.tlv(77) is None


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda v: v["name"])
def test_broken_extensions_are_refused(vector: dict[str, Any]) -> None:
    extensions = bytes.fromhex(vector["extensions"])
    with pytest.raises(core.FrameError) as caught:
        core.walk_tlv(extensions)
    assert (caught.value.reason, caught.value.offset) == (vector["reason"], vector["offset"])
    with pytest.raises(FrameError) as refused:
        framed(extensions)
    assert refused.value.reason == vector["reason"]


@pytest.mark.parametrize("vector", VECTORS["rows"], ids=lambda v: v["name"])
def test_extensions_of_one_row(vector: dict[str, Any]) -> None:
    signals = rows(MessageType.DEFI_SIGNAL, 1)
    signals["tlv_offset"], signals["tlv_length"] = vector["tlv_offset"], vector["tlv_length"]
    extensions = bytes.fromhex(vector["extensions"])
    if "reason" in vector:
        with pytest.raises(FrameError) as caught:
            row_tlvs(signals[0], extensions)
        assert caught.value.reason == vector["reason"]
    else:
        expected = {tlv["type"]: bytes.fromhex(tlv["value"]) for tlv in vector["tlvs"]}
        assert row_tlvs(signals[0], extensions) == expected
