"""Two replicas on one journal: each answers from its own state, and both come to the same one."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.runtime.errors import Unavailable, UnknownInstrument
from alphapulse_testing.registry import (
    NoDeadline,
    RunningRegistry,
    currency,
    pair,
    running_registry,
    stock,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CONTEXT = NoDeadline()


@asynccontextmanager
async def replica(path: Path) -> AsyncIterator[RunningRegistry]:
    """A registry that follows what others write."""
    async with running_registry(path) as running:
        following = asyncio.create_task(running.writer.follow(0.01))
        try:
            yield running
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def register(running: RunningRegistry, instrument: pb.Instrument) -> int:
    request = pb.RegisterInstrumentRequest(instrument=instrument)
    answer = await running.service.RegisterInstrument(request, CONTEXT)
    return pb.RegisterInstrumentResponse.FromString(answer).revision


async def get(running: RunningRegistry, symbol: str, revision: int) -> pb.ResolveInstrumentResponse:
    request = pb.ResolveInstrumentRequest(symbol=symbol, min_revision=revision)
    answer = await running.service.ResolveInstrument(request, CONTEXT)
    return pb.ResolveInstrumentResponse.FromString(answer)


async def test_a_replica_reads_what_another_wrote(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    async with replica(path) as one, replica(path) as two:
        revision = await register(one, currency("BTC"))
        answer = await get(two, "BTC", revision)
        assert answer == await get(one, "BTC", revision)
        assert answer.revision == revision
        # and writes on top of it: the pair is linked to the currency that the other registered
        await register(two, pair("BTC", "USDT"))
        assert two.service.state.links_in_order


async def test_both_write_at_once_and_agree(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    async with replica(path) as one, replica(path) as two:
        writes = [
            register(each, currency(f"C{number}"))
            for number in range(40)
            for each in (one, two)  # the same on both: one of them finds it there
        ]
        revision = max(await asyncio.gather(*writes))
        for number in (0, 39):
            assert await get(one, f"C{number}", revision) == await get(two, f"C{number}", revision)
        assert one.service.state.dump() == two.service.state.dump()
        assert len(one.service.state.in_order) == 40


async def test_a_watch_on_one_replica_sees_what_the_other_writes(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    async with replica(path) as one, replica(path) as two:
        watch = one.service.WatchRegistry(pb.WatchRegistryRequest(), CONTEXT)
        for number in range(20):
            await register(two if number % 2 else one, currency(f"C{number}"))
        seen = []
        async for response in watch:
            event = pb.WatchRegistryResponse.FromString(response)
            if event.WhichOneof("event"):
                seen.append(event.revision)
            if len(seen) == 20:
                break
        assert seen == list(range(1, 21))


async def test_a_replica_that_was_away_catches_up(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    async with replica(path) as one:
        async with replica(path) as two:
            await register(two, currency("BTC"))
        revision = await register(one, currency("ETH"))
        async with replica(path) as two:
            assert (await get(two, "ETH", revision)).revision == revision
            assert two.service.state.dump() == one.service.state.dump()


async def test_a_replica_that_is_behind_says_so(tmp_path: Path) -> None:
    class Hurry(NoDeadline):
        def time_remaining(self) -> float | None:
            return 0.06

    async with running_registry(tmp_path / "registry.db") as running:
        request = pb.GetVenueRequest(key="BINANCE", min_revision=5)
        with pytest.raises(Unavailable) as caught:
            await running.service.GetVenue(request, Hurry())
        assert caught.value.reason == Reason.REVISION_NOT_REACHED
        assert caught.value.values["revision"] == 0


async def test_a_replica_that_is_behind_refuses_nothing_for_it(tmp_path: Path) -> None:
    """What a write refers to, or finds there already, is as the journal says, not this replica."""
    path = tmp_path / "registry.db"
    async with running_registry(path) as one, running_registry(path) as two:  # neither follows
        await register(one, stock("A"))
        await register(one, stock("B"))
        ends = [entry.message() for entry in one.service.state.in_order]
        link = pb.Link(to=ends[1].id, type=pb.LINK_TYPE_SAME_SECURITY)
        getattr(link, "from").CopyFrom(ends[0].id)
        answer = await two.service.LinkInstruments(pb.LinkInstrumentsRequest(link=link), CONTEXT)
        linked = pb.LinkInstrumentsResponse.FromString(answer)
        assert linked.created
        # the first has neither seen the link nor anything to append: it asks the journal
        request = pb.UnlinkInstrumentsRequest(link=link, expected_revision=linked.revision)
        removed = await one.service.UnlinkInstruments(request, CONTEXT)
        assert pb.UnlinkInstrumentsResponse.FromString(removed).removed
        with pytest.raises(UnknownInstrument):
            await two.service.DelistInstrument(pb.DelistInstrumentRequest(id="07" * 16), CONTEXT)
        assert two.service.state.revision == one.service.state.revision


async def test_an_attempt_behind_envoy_leaves_time_for_another_replica(tmp_path: Path) -> None:
    class Attempt(NoDeadline):
        def __init__(self, number: str, remaining: float) -> None:
            self._number = number
            self._remaining = remaining

        def time_remaining(self) -> float | None:
            return self._remaining

        def invocation_metadata(self) -> list[tuple[str, str | bytes]]:
            return [("x-envoy-attempt-count", self._number)]

    async with running_registry(tmp_path / "registry.db") as running:
        request = pb.GetVenueRequest(key="BINANCE", min_revision=5)
        # the third attempt would otherwise wait for ten hours
        for number, remaining in (("1", 0.2), ("2", 0.1), ("3", 36_000.0), ("what", 36_000.0)):
            with pytest.raises(Unavailable) as caught:
                await asyncio.wait_for(
                    running.service.GetVenue(request, Attempt(number, remaining)), 60
                )
            assert caught.value.reason == Reason.REVISION_NOT_REACHED
