"""The Python client's calls on a real server: change, end, search, places, fixed records."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING

import pytest

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.errors import Conflict, Unavailable
from alphapulse_client.registry import RegistryClient
from alphapulse_mesh.registry.service import add_registry_service
from alphapulse_testing.registry import pair, running_registry, stock

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

RENAMED = dt.datetime(2022, 6, 9, tzinfo=dt.UTC)


async def test_change_end_search_places_and_records(tmp_path: Path, aio_server: Any) -> None:
    async with running_registry(tmp_path / "registry.db") as running:
        _, channel = await aio_server((add_registry_service, running.service))
        registry = RegistryClient(channel)
        known = (await registry.register(stock("FB", name="Facebook"))).instrument
        meta = await registry.update(
            pb.Instrument(id_text=known.id_text, symbol="META"),
            expected_revision=known.revision,
            effective_time=RENAMED,
        )
        assert (meta.symbol, meta.version) == ("META", 1)
        cleared = await registry.update(pb.Instrument(id_text=known.id_text), fields=["name"])
        assert cleared.name == ""
        with pytest.raises(Conflict) as caught:
            await registry.delist(meta.id, expected_revision=known.revision)
        assert caught.value.reason == "REVISION_CONFLICT"
        then = await registry.resolve("FB", venue="NASDAQ", as_of=RENAMED - dt.timedelta(days=1))
        assert then.id == meta.id
        assert (await registry.resolve(identifier=known.id_text)).symbol == "META"
        await registry.register(pair("BTC", "USDT"))
        found = [i.symbol async for i in registry.search(symbol_prefix="M", page_size=1)]
        assert found == ["META"]
        search = registry.search(
            symbol_prefix="FB", fields=["symbol"], as_of=RENAMED.replace(year=2021)
        )
        assert [(i.symbol, i.venue, i.id_text) async for i in search] == [("FB", 0, "")]
        (place,) = await registry.find_all_venues(meta.id)
        assert place.venue.name == "NASDAQ"
        rows = await registry.records([meta.id, b"\x07" * 16])
        assert rows["symbol"].tolist() == [b"META", b""]
        gone = await registry.delist(meta.id)
        assert gone.status == pb.INSTRUMENT_STATUS_DELISTED
        assert len(await registry.records([])) == 0


async def test_links_go_and_synthetics_are_listed(tmp_path: Path, aio_server: Any) -> None:
    async with running_registry(tmp_path / "registry.db") as running:
        _, channel = await aio_server((add_registry_service, running.service))
        registry = RegistryClient(channel)
        one = (await registry.register(stock("A"))).instrument
        other = (await registry.register(stock("B"))).instrument
        link = await registry.link(one, other, pb.LINK_TYPE_SAME_SECURITY)
        with pytest.raises(Conflict):
            await registry.unlink(
                one, other, pb.LINK_TYPE_SAME_SECURITY, expected_revision=link.revision + 9
            )
        ask = (one, other, pb.LINK_TYPE_SAME_SECURITY)
        assert await registry.unlink(*ask, request_id="once")
        assert await registry.unlink(*ask, request_id="once")  # what the first call answered
        assert not await registry.unlink(*ask)
        assert [each async for each in registry.links()] == []
        seen: list[pb.WatchRegistryResponse] = []
        async for event in registry.watch(link_types=[pb.LINK_TYPE_SAME_SECURITY]):
            seen.append(event)
            if len(seen) == 2:
                break
        assert [event.WhichOneof("event") for event in seen] == ["link_added", "link_removed"]
        assert seen[1].link_removed == link == seen[0].link_added
        assert seen[1].revision > link.revision

        await registry.define_synthetic("SUM", "a + b", [("a", one), ("b", other)])
        made = (await registry.define_synthetic("HALF", "a / 2", [("a", one)])).synthetic
        await registry.define_synthetic("DEEP", "a * 3", [("a", made.id)])
        names = [each.name async for each in registry.synthetics()]
        assert names == ["SUM", "HALF", "DEEP"]
        assert [each.name async for each in registry.synthetics(made_of=other)] == ["SUM"]
        assert [e.name async for e in registry.synthetics(made_of=one, name_prefix="D")] == ["DEEP"]
        page = await registry._stub.ListSynthetics(pb.ListSyntheticsRequest(page_size=2))
        rest = await registry._stub.ListSynthetics(
            pb.ListSyntheticsRequest(page_size=2, page_token=page.next_page_token)
        )
        assert [each.name for each in (*page.synthetics, *rest.synthetics)] == names


async def test_history_and_what_venues_measure(tmp_path: Path, aio_server: Any) -> None:
    async with running_registry(tmp_path / "registry.db") as running:
        _, channel = await aio_server((add_registry_service, running.service))
        registry = RegistryClient(channel)
        known = (await registry.register(stock("FB"))).instrument
        await registry.update(
            pb.Instrument(id_text=known.id_text, symbol="META"), effective_time=RENAMED
        )
        assert [each.symbol for each in await registry.history(known)] == ["FB", "META"]
        metric = pb.VenueMetric(latency_ns=2_000_000, status=pb.VENUE_STATUS_OPEN, source="test")
        metric.time.FromDatetime(RENAMED)
        kept = await registry.report_venue_metrics("BINANCE", [metric])
        assert kept.kept == 1
        answer = await registry.venue_metrics("BINANCE", start=RENAMED)
        assert list(answer.metrics) == [metric]
        assert answer.median_latency_ns == 2_000_000
        later = RENAMED + dt.timedelta(seconds=1)
        assert not (await registry.venue_metrics("BINANCE", start=later)).metrics


async def test_reads_ask_for_what_was_written(tmp_path: Path, aio_server: Any) -> None:
    async with running_registry(tmp_path / "registry.db") as running:
        _, channel = await aio_server((add_registry_service, running.service))
        registry = RegistryClient(channel, timeout=6.0)
        share = (await registry.register(stock("FB"))).instrument
        await registry.define_synthetic("TWICE", "a * 2", [("a", share)])
        now, beyond = registry.revision, registry.revision + 1_000
        assert (await registry.venue("NASDAQ", min_revision=now)).name == "NASDAQ"
        assert [i.symbol async for i in registry.list(asset_type=2, min_revision=now)] == ["FB"]
        value = await registry.evaluate_synthetic("TWICE", [(share, "2.5")], min_revision=now)
        assert value.value == "5"
        # together: each waits until shortly before its caller's deadline
        outcomes = await asyncio.gather(
            registry.venue("NASDAQ", min_revision=beyond),
            registry.sessions("NASDAQ", min_revision=beyond),
            registry.quote_fees("NASDAQ", min_revision=beyond),
            registry.synthetic("TWICE", min_revision=beyond),
            anext(registry.venues(min_revision=beyond)),
            anext(registry.links(min_revision=beyond)),
            anext(registry.synthetics(min_revision=beyond)),
            anext(registry.search("fb", min_revision=beyond)),
            return_exceptions=True,
        )
        for outcome in outcomes:
            assert isinstance(outcome, Unavailable)
            assert outcome.reason == "REVISION_NOT_REACHED"
