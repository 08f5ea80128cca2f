"""Watching a real registry while others write; the validators are named after etcd's.

ordered, unique, reliable, resumable, bookmarkable. One revision is one event here, so what etcd
calls atomic (all events of a revision together) holds by itself.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import grpc.aio
import pytest

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse.registry.v1 import registry_pb2_grpc
from alphapulse_client.errors import Unavailable, from_rpc_error
from alphapulse_layout import VenueId
from alphapulse_mesh.registry import identity
from alphapulse_mesh.registry.journal import STREAM, is_watched
from alphapulse_mesh.registry.service import add_registry_service
from alphapulse_mesh.registry.watch import WatchFilter, watch
from alphapulse_testing.registry import (
    APPLE_ISIN,
    USDC_ETHEREUM,
    NoDeadline,
    RunningRegistry,
    colliding,
    currency,
    pair,
    perpetual,
    running_registry,
    stock,
    token,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from alphapulse_mesh.runtime.event_store import SqliteEventStore

A = common_pb2.AssetType
Response = pb.WatchRegistryResponse


# ------------------------------------------------------------------------------------- validators


def is_bookmark(response: Response) -> bool:
    return response.WhichOneof("event") is None


def validate_ordered(stream: Sequence[Response]) -> None:
    revisions = [response.revision for response in stream]
    assert revisions == sorted(revisions)


def validate_unique(stream: Sequence[Response]) -> None:
    revisions = [response.revision for response in stream if not is_bookmark(response)]
    assert len(revisions) == len(set(revisions))


def validate_reliable(
    stream: Sequence[Response], journal: Sequence[Response], from_revision: int
) -> None:
    """Everything that was committed, as it was committed, up to where the stream is."""
    reached = stream[-1].revision
    events = [response for response in stream if not is_bookmark(response)]
    assert events == [e for e in journal if from_revision < e.revision <= reached]


def validate_bookmarkable(stream: Sequence[Response], journal: Sequence[Response]) -> None:
    """What a bookmark passes has been sent before it."""
    first = stream[0].revision
    for index, response in enumerate(stream):
        if is_bookmark(response):
            sent = {r.revision for r in stream[:index] if not is_bookmark(r)}
            due = {e.revision for e in journal if first <= e.revision <= response.revision}
            assert due <= sent


async def journal_of(store: SqliteEventStore) -> list[Response]:
    return [Response.FromString(e.data) async for e in store.read(STREAM) if is_watched(e)]


# ---------------------------------------------------------------------------------------- fixtures


class Mesh:
    """A registry behind a real server, and a stub of it."""

    def __init__(self, running: RunningRegistry, channel: grpc.aio.Channel) -> None:
        self.running = running
        self.stub: Any = registry_pb2_grpc.RegistryServiceStub(channel)

    async def register(self, *instruments: pb.Instrument, **fields: Any) -> int:
        request = pb.BatchRegisterInstrumentsRequest(instruments=instruments, **fields)
        answer = await self.stub.BatchRegisterInstruments(request)
        assert [o.reason for o in answer.outcomes] == [""] * len(instruments)
        return int(answer.revision)

    def watch(self, from_revision: int = 0, **fields: Any) -> Any:
        return self.stub.WatchRegistry(
            pb.WatchRegistryRequest(from_revision=from_revision, **fields)
        )

    async def collect(self, until: int, from_revision: int = 0, **fields: Any) -> list[Response]:
        """A stream up to the bookmark that has reached `until`."""
        call, responses = self.watch(from_revision, **fields), []
        async for response in call:
            responses.append(response)
            if is_bookmark(response) and response.revision >= until:
                break
        call.cancel()
        return responses


@pytest.fixture(params=["from memory", "from the store"])
async def mesh(
    request: pytest.FixtureRequest, tmp_path: Path, aio_server: Any
) -> AsyncIterator[Mesh]:
    """With a long memory of recent events, and with hardly any."""
    keep = 4 if request.param == "from the store" else 100_000
    async with running_registry(tmp_path / "registry.db", keep_recent=keep) as running:
        _, channel = await aio_server((add_registry_service, running.service))
        yield Mesh(running, channel)


# ------------------------------------------------------------------------------------------- tests


async def write_at_random(mesh: Mesh, seed: int, rounds: int) -> None:
    """Currencies, pairs, perpetuals and recorded requests, in batches of all sizes."""
    rng = random.Random(seed)
    for number in range(rounds):
        name = f"W{seed}N{number}"
        batch = [currency(name), pair(name, "USDT"), stock(name, isin=APPLE_ISIN)]
        batch += [currency(f"{name}X{extra}") for extra in range(rng.choice([0, 0, 5, 40]))]
        request_id = f"{name}-request" if rng.random() < 0.3 else ""
        await mesh.register(*batch[rng.randrange(3) :], request_id=request_id)
        if rng.random() < 0.3:
            await asyncio.sleep(0.001)


async def follow(mesh: Mesh, seed: int, until: asyncio.Future[int]) -> list[Response]:
    """One watcher that breaks off at random and resumes where it was."""
    rng = random.Random(seed)
    seen: list[Response] = []
    while not (until.done() and seen and seen[-1].revision >= until.result()):
        call = mesh.watch(seen[-1].revision if seen else 0)
        patience = rng.choice([1, 3, 20, 200])
        async for response in call:
            seen.append(response)
            patience -= 1
            if not patience or (is_bookmark(response) and until.done()):
                break
        call.cancel()
    return seen


@pytest.mark.parametrize("seed", range(3))
async def test_watchers_that_break_off_while_writers_write(mesh: Mesh, seed: int) -> None:
    until: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    watchers = [asyncio.create_task(follow(mesh, seed * 10 + n, until)) for n in range(3)]
    await asyncio.gather(*(write_at_random(mesh, seed * 10 + n, 15) for n in range(3)))
    until.set_result(mesh.running.writer.state.revision)
    journal = await journal_of(mesh.running.store)
    for stream in await asyncio.gather(*watchers):
        validate_ordered(stream)
        validate_unique(stream)
        validate_reliable(stream, journal, 0)
        validate_bookmarkable(stream, journal)


async def test_resumable_from_every_revision(mesh: Mesh) -> None:
    await write_at_random(mesh, 1, 6)
    head = mesh.running.writer.state.revision
    journal = await journal_of(mesh.running.store)
    for start in range(0, head + 1, 7):
        stream = await mesh.collect(head, start)
        validate_reliable(stream, journal, start)
        assert stream[-1].revision == head


async def test_resumable_after_a_restart(tmp_path: Path, aio_server: Any) -> None:
    path = tmp_path / "registry.db"
    async with running_registry(path) as running:
        _, channel = await aio_server((add_registry_service, running.service))
        mesh = Mesh(running, channel)
        await write_at_random(mesh, 1, 5)
        before = await mesh.collect(running.writer.state.revision)
        cut = before[len(before) // 2].revision
    async with running_registry(path) as running:
        request = pb.WatchRegistryRequest(from_revision=cut)

        after = []
        async for data in running.service.WatchRegistry(request, NoDeadline()):
            after.append(Response.FromString(data))
            if is_bookmark(after[-1]):
                break
        events = [r for r in before if not is_bookmark(r) and r.revision > cut]
        assert [r for r in after if not is_bookmark(r)] == events


async def test_a_watcher_that_does_not_read_loses_nothing(mesh: Mesh) -> None:
    call = mesh.watch()
    assert is_bookmark(await call.read())
    for number in range(40):
        names = [f"S{number}N{n}" for n in range(100)]
        revision = await mesh.register(*(stock(name, name="x" * 200) for name in names))
    revisions: list[int] = []
    while not revisions or revisions[-1] < revision:
        revisions.append((await call.read()).revision)
    assert revisions == list(range(1, revision + 1))
    call.cancel()


async def test_events_have_the_time_of_their_commit(mesh: Mesh) -> None:
    revision = await mesh.register(currency("BTC"), pair())
    stream = await mesh.collect(revision)
    times = {(r.time.seconds, r.time.nanos) for r in stream[:-1]}
    assert len(times) == 1
    assert stream[-1].time.seconds >= stream[0].time.seconds > 1_600_000_000


# ----------------------------------------------------------------------------------------- filters

UNIVERSE = (
    currency("BTC"),
    pair("BTC", "USDT"),
    pair("BTC", "USD", venue=VenueId.KRAKEN),
    perpetual("BTCUSDT"),
    stock("AAPL", isin=APPLE_ISIN),
    stock("BMW", VenueId.XETRA, isin="DE0005190003"),
    token(),
    token(USDC_ETHEREUM, chain_id=137),
)

EVERYTHING = [
    *("BTC", "BTCUSDT", "link", "BTCUSD", "link"),
    *("BTCUSDT", "AAPL", "BMW", "USDC", "USDC", "venue"),
]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, EVERYTHING),
        ({"asset_types": [A.ASSET_TYPE_CURRENCY]}, ["BTC", "link", "link"]),
        ({"asset_types": [A.ASSET_TYPE_PERPETUAL, A.ASSET_TYPE_STOCK]}, ["BTCUSDT", "AAPL", "BMW"]),
        ({"venues": ["KRAKEN"]}, ["BTCUSD", "link"]),
        ({"venues": ["XETR", "400"]}, ["AAPL", "BMW"]),
        ({"isin_prefix": "US"}, ["AAPL"]),
        ({"isin_prefix": "DE0005190003"}, ["BMW"]),
        ({"chain_id": 137}, ["USDC"]),
        ({"chain_id": 59144}, ["venue"]),
        ({"venues": ["ETHEREUM"], "chain_id": 1}, ["USDC"]),
        ({"venues": ["ETHEREUM"], "chain_id": 137}, []),
        ({"asset_types": [A.ASSET_TYPE_STOCK], "isin_prefix": "US"}, ["AAPL"]),
    ],
)
async def test_filters(mesh: Mesh, wanted: dict[str, Any], expected: list[str]) -> None:
    await mesh.register(*UNIVERSE)
    venue = pb.Venue(name="LINEA", kind=pb.VENUE_KIND_CHAIN, chain_id=59144)
    answer = await mesh.stub.RegisterVenue(pb.RegisterVenueRequest(venue=venue))
    stream = await mesh.collect(answer.revision, **wanted)
    assert [_named(r) for r in stream if not is_bookmark(r)] == expected
    validate_ordered(stream)
    assert stream[-1].revision == answer.revision, "a bookmark passes what the filter keeps back"


def _named(response: Response) -> str:
    match response.WhichOneof("event"):
        case "instrument_registered":
            return response.instrument_registered.symbol
        case "venue_registered":
            return "venue"
        case _:
            return "link"


async def test_a_filtered_watch_is_told_how_far_it_is(tmp_path: Path) -> None:
    async with running_registry(tmp_path / "registry.db") as running:
        writer = running.writer
        stream = watch(
            writer.state,
            writer.recent,
            running.store,
            0,
            WatchFilter(isin_prefix="XX"),
            bookmark_seconds=0.02,
        )
        assert Response.FromString(await anext(stream)).revision == 0

        request = pb.BatchRegisterInstrumentsRequest(instruments=UNIVERSE)
        await running.service.BatchRegisterInstruments(request, NoDeadline())
        revision = 0
        async with asyncio.timeout(60):
            while revision < writer.state.revision:
                response = Response.FromString(await anext(stream))
                assert is_bookmark(response)
                revision = response.revision


async def test_a_collision_is_seen_by_watchers(tmp_path: Path, aio_server: Any) -> None:
    path = tmp_path / "registry.db"
    async with running_registry(path, hash_id=colliding) as running:
        _, channel = await aio_server((add_registry_service, running.service))
        mesh = Mesh(running, channel)
        revision = await mesh.register(currency("btc"), currency("eth"))
        stream = await mesh.collect(revision, asset_types=[A.ASSET_TYPE_CURRENCY])
        first, second = (r.instrument_registered for r in stream[:2])
        collision = stream[2].collision
        assert collision.id == first.id
        assert collision.assigned_id == second.id
        assert (collision.existing_key, collision.colliding_key) == (
            "v1:currency:0:btc",
            "v1:currency:0:eth",
        )
        elsewhere = await mesh.collect(revision, asset_types=[A.ASSET_TYPE_STOCK])
        assert all(is_bookmark(r) for r in elsewhere)
        ids = identity.from_message(first.id) + identity.from_message(second.id)
        got = await mesh.stub.BatchGetInstruments(pb.BatchGetInstrumentsRequest(ids=ids))
        assert [i.symbol for i in got.instruments] == ["btc", "eth"]


async def test_the_drain_ends_watches(tmp_path: Path, aio_server: Callable[..., Any]) -> None:
    async with running_registry(tmp_path / "registry.db") as running:
        _, channel = await aio_server((add_registry_service, running.service))
        call = Mesh(running, channel).watch()
        assert is_bookmark(await call.read())
        running.service.end_watches()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
        error = from_rpc_error(caught.value)
        assert isinstance(error, Unavailable)
        assert error.reason == "DRAINING"
