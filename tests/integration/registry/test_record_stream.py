"""Records in a stream from a real server: all of one revision whatever is written meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc.aio
import numpy as np
import pytest

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client import connect_sync
from alphapulse_client.errors import InvalidArgument, NotFound, ResourceExhausted, from_rpc_error
from alphapulse_client.registry import RecordBatch, RegistryClient
from alphapulse_layout import AssetType, VenueId
from alphapulse_mesh.registry.record_streams import STREAMS
from alphapulse_mesh.registry.service import add_registry_service
from alphapulse_testing.registry import pair, running_registry, stock

if TYPE_CHECKING:
    from pathlib import Path

    from alphapulse_client.frames import Rows

SHARES = [stock(f"S{number}", isin="US0378331005") for number in range(30)]


async def rows_of(registry: RegistryClient, *args: Any, **kwargs: Any) -> list[RecordBatch]:
    batches = [batch async for batch in registry.stream_records(*args, **kwargs)]
    at = batches[0].first_row
    for batch in batches:
        assert batch.first_row == at
        at += len(batch.rows)
    assert at == batches[-1].total_rows
    return batches


def joined(batches: list[RecordBatch]) -> Rows:
    return np.concatenate([batch.rows for batch in batches])


async def test_everything_as_of_one_revision(tmp_path: Path, aio_server: Any) -> None:
    async with running_registry(tmp_path / "registry.db") as running:
        _, channel = await aio_server((add_registry_service, running.service))
        registry = RegistryClient(channel)
        (empty,) = await rows_of(registry)
        assert (len(empty.rows), empty.total_rows) == (0, 0)
        outcomes = await registry.register_many(SHARES)
        revision = registry.revision
        stream = aiter(registry.stream_records(batch_rows=7))
        batches = [await anext(stream)]
        # what is written now is not in it
        await registry.register(pair())
        await registry.update(
            pb.Instrument(id=outcomes[29].id, symbol="RENAMED"), fields=["symbol"]
        )
        batches += [batch async for batch in stream]
        assert {batch.revision for batch in batches} == {revision}
        assert [len(batch.rows) for batch in batches] == [7, 7, 7, 7, 2]
        assert joined(batches)["symbol"].tolist() == [f"S{n}".encode() for n in range(30)]
        after = joined(await rows_of(registry))
        assert after["symbol"].tolist()[29:] == [b"RENAMED", b"BTCUSDT"]
        # the same rows as a batch answers
        ids = after["instrument_id"].tobytes()
        assert (
            joined(await rows_of(registry, ids, batch_rows=4)).tobytes()
            == (await registry.records(ids)).tobytes()
        )


async def test_by_ids_and_by_filters(tmp_path: Path, aio_server: Any) -> None:
    async with running_registry(tmp_path / "registry.db") as running:
        _, channel = await aio_server((add_registry_service, running.service))
        registry = RegistryClient(channel)
        await registry.register_many([*SHARES[:3], pair(), stock("X", VenueId.NYSE)])
        known = joined(await rows_of(registry))
        last, first = (known["instrument_id"][at].tobytes() for at in (4, 0))
        ids = [last, b"\x07" * 16, first]
        batches = await rows_of(registry, ids, batch_rows=2)
        assert joined(batches)["symbol"].tolist() == [b"X", b"", b"S0"]
        assert [list(batch.missing) for batch in batches] == [[1], []]
        pairs = joined(await rows_of(registry, asset_types=[AssetType.CRYPTO_PAIR]))
        assert pairs["symbol"].tolist() == [b"BTCUSDT"]
        listed = joined(await rows_of(registry, venues=["XNYS", "BINANCE"]))
        assert listed["symbol"].tolist() == [b"BTCUSDT", b"X"]
        assert [batch async for batch in registry.stream_records([])] == []
        with pytest.raises(NotFound):
            await rows_of(registry, venues=["NOWHERE"])
        with pytest.raises(InvalidArgument) as caught:
            await rows_of(registry, [ids[0]], venues=["BINANCE"])
        assert caught.value.reason == "RECORDS_SELECTION"
        with pytest.raises(grpc.aio.AioRpcError) as raw:
            await anext(
                aiter(registry._stub.StreamInstrumentRecords(pb.StreamInstrumentRecordsRequest()))
            )
        assert from_rpc_error(raw.value).reason == "RECORDS_SELECTION"
        with pytest.raises(InvalidArgument) as caught:
            await rows_of(registry, b"\x07" * 17)
        assert caught.value.reason == "BATCH_IDS_INVALID"


async def test_too_many_streams_are_refused_and_ended_ones_do_not_count(
    tmp_path: Path, aio_server: Any
) -> None:
    async with running_registry(tmp_path / "registry.db") as running:
        _, channel = await aio_server((add_registry_service, running.service))
        registry = RegistryClient(channel)
        await registry.register_many(SHARES)
        running.service.record_streams = STREAMS
        with pytest.raises(ResourceExhausted) as caught:
            await rows_of(registry)
        assert caught.value.reason == "RECORD_STREAMS_EXHAUSTED"
        running.service.record_streams = 0
        stream = registry.stream_records(batch_rows=1)
        await anext(aiter(stream))
        await stream.aclose()  # type: ignore[attr-defined]  # it is a generator
        async with asyncio.timeout(30):
            while running.service.record_streams:  # noqa: ASYNC110  # of the server's task
                await asyncio.sleep(0.01)
        assert len(joined(await rows_of(registry))) == len(SHARES)


async def test_without_asyncio(tmp_path: Path, aio_server: Any) -> None:
    async with running_registry(tmp_path / "registry.db") as running:
        host, channel = await aio_server((add_registry_service, running.service))
        await RegistryClient(channel).register_many(SHARES)

        def read() -> int:
            with connect_sync(host.target) as mesh:
                return sum(len(batch.rows) for batch in mesh.registry.stream_records(batch_rows=8))

        assert await asyncio.to_thread(read) == len(SHARES)
