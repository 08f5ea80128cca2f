"""Replicas whose journal is in JetStream: what they need to stand on different hosts."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry.service import RegistryService
from alphapulse_mesh.registry.writer import RegistryWriter
from alphapulse_mesh.runtime.config import RegistryConfig
from alphapulse_mesh.runtime.event_store.jetstream import JetStreamEventStore
from alphapulse_testing.nats_server import nats_server
from alphapulse_testing.registry import NoDeadline, currency, pair, stock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CONTEXT = NoDeadline()


@asynccontextmanager
async def replica(url: str) -> AsyncIterator[RegistryService]:
    async with await JetStreamEventStore.open(url, "test_registry") as store:
        writer = RegistryWriter(store, snapshot_every=100)
        await writer.recover()
        service = RegistryService(writer, store, RegistryConfig(), max_message_bytes=16 << 20)
        tasks = [asyncio.create_task(writer.run()), asyncio.create_task(writer.follow(0.01))]
        try:
            yield service
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def batch(service: RegistryService, instruments: list[pb.Instrument]) -> int:
    request = pb.BatchRegisterInstrumentsRequest(instruments=instruments)
    answer = await service.BatchRegisterInstruments(request, CONTEXT)
    outcomes = pb.BatchRegisterInstrumentsResponse.FromString(answer)
    assert not [each for each in outcomes.outcomes if each.reason]
    return outcomes.revision


async def test_both_write_both_agree_and_a_third_starts_from_it(tmp_path: Path) -> None:
    with nats_server(tmp_path) as url:
        async with replica(url) as one, replica(url) as two:
            writes = [
                batch(each, [currency(f"C{number}"), stock(f"S{number}"), pair(f"C{number}")])
                for number in range(60)
                for each in (one, two)  # the same on both: one of them finds it there
            ]
            revision = max(await asyncio.gather(*writes))
            for each in (one, two):
                request = pb.ResolveInstrumentRequest(symbol="C7", min_revision=revision)
                await each.ResolveInstrument(request, CONTEXT)
            state = one.state.dump()
            assert state == two.state.dump()
            assert len(one.state.in_order) == 180
        async with replica(url) as three:
            assert three.state.dump() == state
