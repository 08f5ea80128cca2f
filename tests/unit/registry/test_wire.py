"""Encodings put together by hand are exactly what protobuf writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry import wire
from alphapulse_mesh.registry.journal import bookmark
from alphapulse_testing.registry import currency, pair

U64 = st.integers(0, (1 << 64) - 1)
INSTRUMENTS = st.lists(st.sampled_from([currency("BTC"), pair(), pb.Instrument()]), max_size=4)


@given(U64)
def test_varints_come_back(number: int) -> None:
    encoded = wire.varint(number)
    assert wire.read_varint(b"x" + encoded + b"y", 1) == (number, 1 + len(encoded))


def test_varints_end() -> None:
    with pytest.raises(IndexError):
        wire.read_varint(b"\xff\xff", 0)
    with pytest.raises(ValueError, match="64 bits"):
        wire.read_varint(b"\xff" * 11, 0)


@given(INSTRUMENTS, st.lists(st.integers(0, 100_000), max_size=5), U64)
def test_batch_answers(instruments: list[pb.Instrument], missing: list[int], revision: int) -> None:
    items = [wire.item(i.SerializeToString(deterministic=True)) for i in instruments]
    built = b"".join((*items, wire.packed(2, missing), wire.uint(3, revision)))
    expected = pb.BatchGetInstrumentsResponse(
        instruments=instruments, missing=missing, revision=revision
    )
    assert built == expected.SerializeToString(deterministic=True)
    assert [wire.body_of(item) for item in items] == [
        i.SerializeToString(deterministic=True) for i in instruments
    ]


def test_an_unknown_id_is_an_empty_instrument() -> None:
    response = pb.BatchGetInstrumentsResponse(instruments=[pb.Instrument()])
    assert response.SerializeToString() == wire.EMPTY_ITEM


@given(INSTRUMENTS, st.text(max_size=300), U64)
def test_pages(instruments: list[pb.Instrument], token: str, revision: int) -> None:
    items = [wire.item(i.SerializeToString(deterministic=True)) for i in instruments]
    built = b"".join((*items, wire.text(2, token), wire.uint(3, revision)))
    expected = pb.ListInstrumentsResponse(
        instruments=instruments, next_page_token=token, revision=revision
    )
    assert built == expected.SerializeToString(deterministic=True)


@given(st.booleans(), U64)
def test_one_added(created: bool, revision: int) -> None:
    body = pair().SerializeToString(deterministic=True)
    built = wire.item(body) + wire.boolean(2, created) + wire.uint(3, revision)
    expected = pb.RegisterInstrumentResponse(instrument=pair(), created=created, revision=revision)
    assert built == expected.SerializeToString(deterministic=True)


@given(U64, st.integers(0, (1 << 62)))
def test_bookmarks(revision: int, time_ns: int) -> None:
    response = pb.WatchRegistryResponse.FromString(bookmark(revision, time_ns))
    assert response.revision == revision
    assert response.time.seconds * 1_000_000_000 + response.time.nanos == time_ns
    assert response.WhichOneof("event") is None
    assert response.HasField("time")
