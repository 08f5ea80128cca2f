"""Registered types of a relay: its file, its bounds, types that come late, snapshots."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client import InvalidArgument, Mesh, connect_sync
from alphapulse_mesh.relay.schemas import Schemas
from alphapulse_mesh.runtime.errors import DataLoss, ResourceExhausted
from alphapulse_testing.custom_types import NOTE, SENTIMENT, sentiment_frame, sentiments

if TYPE_CHECKING:
    from pathlib import Path

    from alphapulse_client.schemas import RecordSchema


def request(number: int, schema: bytes = SENTIMENT) -> pb.RegisterSchemaRequest:
    return pb.RegisterSchemaRequest(message_type=number, schema=schema)


def test_every_type_can_be_registered_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "relay.schemas"
    schemas = Schemas(path)
    for number in range(200, 256):
        assert not schemas.register(request(number), allowed=True)
    assert schemas.register(request(255), allowed=True), "known"
    again = Schemas(path)
    assert [info.message_type for info in again.infos()] == list(range(200, 256))
    assert {info.root for info in again.infos()} == {"desk.Sentiment"}
    (one,) = again.infos([201], with_schemas=True)
    assert one.schema == SENTIMENT
    assert not next(again.infos([201])).schema


def test_a_damaged_file_is_never_taken_for_another(tmp_path: Path) -> None:
    path = tmp_path / "relay.schemas"
    Schemas(path).register(request(200, NOTE), allowed=True)
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        with pytest.raises(DataLoss) as damaged:
            Schemas(path)
        assert damaged.value.reason == "SCHEMAS_DAMAGED"
    for length in (0, 5, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(DataLoss):
            Schemas(path)


def test_what_cannot_be_written_is_not_registered(tmp_path: Path) -> None:
    schemas = Schemas(tmp_path / "nowhere" / "relay.schemas")
    (tmp_path / "nowhere").write_text("a file where the directory should be")
    with pytest.raises(ResourceExhausted):
        schemas.register(request(200), allowed=True)
    assert list(schemas.infos()) == []


async def test_the_execution_relay_takes_none(start_relay: Any) -> None:
    relay = await start_relay("execution")
    async with Mesh(relay.host.target) as mesh:
        with pytest.raises(InvalidArgument) as refused:
            await mesh.register_schema("execution", 200, SENTIMENT)
        assert refused.value.reason == "SCHEMA_TYPE_INVALID"


async def test_types_are_registered_without_asyncio_too(start_relay: Any) -> None:
    relay = await start_relay()

    def register() -> tuple[RecordSchema, dict[int, RecordSchema]]:
        with connect_sync(relay.host.target) as mesh:
            return mesh.register_schema("market_data", 200, SENTIMENT), mesh.schemas()

    registered, known = await asyncio.to_thread(register)
    assert list(known) == [200]
    assert repr(known[200]) == repr(registered)


async def test_a_predicate_needs_the_type_first_and_a_snapshot_has_its_rows(
    start_relay: Any,
) -> None:
    relay = await start_relay()
    early = relay.subscription(message_types=[200], predicate="score > 0.5")
    with pytest.raises(InvalidArgument) as unknown:
        await early.ready(30)
    assert unknown.value.reason == "PREDICATE_UNKNOWN_NAME"
    async with Mesh(relay.host.target) as mesh:
        schema = await mesh.register_schema("market_data", 200, SENTIMENT)
    publisher = relay.publisher()
    await publisher.publish(sentiment_frame(sentiments([0.1, 0.6, 0.9])))
    await publisher.flush(30)
    image = relay.subscription(message_types=[200], predicate="score > 0.5", start="snapshot")
    async with asyncio.timeout(30):
        batch = await anext(image)
    assert batch.snapshot_sequence == 1
    assert schema.rows(batch.frames[0])["created_at"].tolist() == [1, 2]
