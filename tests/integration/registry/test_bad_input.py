"""Bad input is refused with its own reason, and leaves nothing behind: not in what the registry
answers, not in its index, its watches or its journal; alone, in the middle of a batch, and beside
good requests in one commit.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import grpc
import pytest

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse.registry.v1 import registry_pb2_grpc as rpc
from alphapulse_client.errors import MeshError, code_of, from_rpc_error
from alphapulse_core import InstrumentIndex, InstrumentIndexError
from alphapulse_mesh.registry.journal import STREAM
from alphapulse_mesh.registry.service import add_registry_service
from alphapulse_mesh.registry.shared_index import SharedIndex
from alphapulse_testing.registry import (
    APPLE_ISIN,
    EXPIRY,
    RunningRegistry,
    currency,
    future,
    pair,
    perpetual,
    running_registry,
    stock,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from google.protobuf.message import Message

PATIENCE = 60.0
INVALID = grpc.StatusCode.INVALID_ARGUMENT
LATER = EXPIRY + dt.timedelta(days=1)


@dataclass
class World:
    """A registry behind a server, its index in shared memory, and one who watches everything."""

    running: RunningRegistry
    stub: rpc.RegistryServiceAsyncStub
    index_path: str
    watched: list[pb.WatchRegistryResponse] = field(default_factory=list)

    async def call(self, method: str, request: Message) -> Any:
        try:
            return await getattr(self.stub, method)(request, timeout=PATIENCE)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from None

    async def seen(self) -> dict[str, Any]:
        """Everything that a change would change."""
        revision = self.running.writer.state.revision
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    index = InstrumentIndex.attach(self.index_path)
                    if index.revision >= revision:
                        break
                except InstrumentIndexError as error:
                    if error.reason != "INDEX_MISSING":  # its first commit is on the way
                        raise
                await asyncio.sleep(0.01)
        everything = {
            "instruments": await self.call("ListInstruments", pb.ListInstrumentsRequest()),
            "links": await self.call("ListLinks", pb.ListLinksRequest()),
            "venues": await self.call("ListVenues", pb.ListVenuesRequest()),
            "synthetic": await self.call("GetSynthetic", pb.GetSyntheticRequest(name="INNER")),
            "state": self.running.writer.state.dump(),
            "index": (index.revision, index.snapshot()[1].tobytes()),
            "journal": [(e.version, e.data) async for e in self.running.store.read(STREAM, 1)],
        }
        assert everything["instruments"].revision == revision
        return everything

    async def watched_until(self, revision: int) -> list[tuple[int, str]]:
        """Revision and kind of what the watch has told up to a revision."""
        async with asyncio.timeout(PATIENCE):
            while (  # noqa: ASYNC110 - a stream fills it
                not self.watched or self.watched[-1].revision < revision
            ):
                await asyncio.sleep(0.01)
        return [(e.revision, kind) for e in self.watched if (kind := e.WhichOneof("event"))]


@asynccontextmanager
async def world(tmp_path: Path, aio_server: Any, name: str = "registry") -> AsyncIterator[World]:
    async with running_registry(tmp_path / f"{name}.db") as running:
        _, channel = await aio_server((add_registry_service, running.service))
        made = World(running, rpc.RegistryServiceStub(channel), str(tmp_path / f"{name}.index"))
        writer = running.writer
        shared = SharedIndex(
            writer.state, tmp_path / f"{name}.index", writer.recent.wait_beyond, writer.journal_end
        )

        async def watch() -> None:
            async for event in made.stub.WatchRegistry(pb.WatchRegistryRequest()):
                made.watched.append(event)

        tasks = [asyncio.create_task(shared.run()), asyncio.create_task(watch())]
        try:
            yield made
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class Seeds(NamedTuple):
    """What is there before."""

    coin: pb.Instrument
    share: pb.Instrument
    desk: pb.Venue
    inner: pb.Synthetic
    outer: pb.Synthetic


async def seeded(there: World) -> Seeds:
    made = [
        (await there.call("RegisterInstrument", pb.RegisterInstrumentRequest(instrument=each)))
        for each in (pair(tick_size="0.01"), stock("AAPL", isin=APPLE_ISIN, quote_currency="USD"))
    ]
    coin, share = (one.instrument for one in made)
    desk = pb.Venue(name="DESK", kind=pb.VENUE_KIND_BROKER)
    venue = (await there.call("RegisterVenue", pb.RegisterVenueRequest(venue=desk))).venue
    inner = await there.call("DefineSynthetic", define("INNER", "2 * a", a=coin.id))
    outer = await there.call("DefineSynthetic", define("OUTER", "a + 1", a=inner.synthetic.id))
    await there.call("DefineSynthetic", define("QUOTIENT", "1 / a", a=coin.id))
    # none of these is at the revision that it was registered with
    changed = pb.Instrument(id_text=coin.id_text, tick_size="0.1")
    coin = (
        await there.call("UpdateInstrument", pb.UpdateInstrumentRequest(instrument=changed))
    ).instrument
    desk = pb.Venue(name="DESK", title="The desk")
    venue = (await there.call("UpdateVenue", pb.UpdateVenueRequest(venue=desk))).venue
    return Seeds(coin, share, venue, inner.synthetic, outer.synthetic)


def define(
    name: str, formula: str, revision: int = 0, **inputs: common_pb2.InstrumentId
) -> pb.DefineSyntheticRequest:
    request = pb.DefineSyntheticRequest(name=name, formula=formula, expected_revision=revision)
    for alias, instrument_id in inputs.items():
        request.inputs.add(alias=alias, id=instrument_id)
    return request


# ---------------------------------------------------------------------------------- bad instruments

INSTRUMENTS: dict[str, tuple[str, Callable[[], pb.Instrument]]] = {
    "check digit of an ISIN": (
        "INSTRUMENT_ISIN_INVALID", lambda: stock("BAD", isin="US0378331006"),
    ),
    "check digit of a CUSIP": ("INSTRUMENT_CUSIP_INVALID", lambda: stock("BAD", cusip="037833101")),
    "check digit of a FIGI": ("INSTRUMENT_FIGI_INVALID", lambda: stock("BAD", figi="BBG000B9XRY5")),
    "a time before 1970": (
        "INSTRUMENT_TIME_INVALID", lambda: future("BAD", expires_at={"seconds": -1}),
    ),
    "a second of two seconds": (
        "INSTRUMENT_TIME_INVALID",
        lambda: future("BAD", expires_at={"seconds": 1, "nanos": 2_000_000_000}),
    ),
    "an expiry before the start": (
        "INSTRUMENT_EXPIRY_BEFORE_START", lambda: future("BAD", valid_from=LATER),
    ),
    "an end before the start": (
        "INSTRUMENT_VALIDITY_EMPTY", lambda: stock("BAD", valid_from=LATER, valid_to=EXPIRY),
    ),
    "a currency that is none": (
        "INSTRUMENT_CURRENCY_UNKNOWN", lambda: stock("BAD", quote_currency="ABC"),
    ),
    "a pair with a currency that is none": (
        "INSTRUMENT_CURRENCY_UNKNOWN",
        lambda: pb.Instrument(
            asset_type=common_pb2.ASSET_TYPE_FX_PAIR, base_currency="EUR", quote_currency="GBX"
        ),
    ),
    "the key of another": ("INSTRUMENT_CONFLICT", lambda: pair(tick_size="0.5")),
    "a symbol that means another": (
        "INSTRUMENT_CONFLICT", lambda: stock("AAPL", isin="US5949181045"),
    ),
    "an underlying that is not there": (
        "INSTRUMENT_UNDERLYING_UNKNOWN",
        lambda: perpetual("BAD", underlying=common_pb2.InstrumentId(asset_id=7)),
    ),
}  # fmt: skip
CODES = {
    "INSTRUMENT_CONFLICT": grpc.StatusCode.ALREADY_EXISTS,
    "INSTRUMENT_UNDERLYING_UNKNOWN": grpc.StatusCode.NOT_FOUND,
}

Request = tuple[str, "Message"]


def update(**fields: Any) -> Request:
    revision = fields.pop("revision")
    request = pb.UpdateInstrumentRequest(
        instrument=pb.Instrument(**fields), expected_revision=revision
    )
    return "UpdateInstrument", request


# what is not an instrument of a batch: reason, code, the request
REQUESTS: dict[str, tuple[str, grpc.StatusCode, Callable[[Seeds], Request]]] = {
    "a synthetic of itself": (
        "SYNTHETIC_CYCLE", grpc.StatusCode.FAILED_PRECONDITION,
        lambda s: ("DefineSynthetic", define("INNER", "a + 1", a=s.inner.id)),
    ),
    "a synthetic of what is made of it": (
        "SYNTHETIC_CYCLE", grpc.StatusCode.FAILED_PRECONDITION,
        lambda s: ("DefineSynthetic", define("INNER", "a + b", a=s.outer.id, b=s.coin.id)),
    ),
    "division by a constant zero": (
        "SYNTHETIC_DIVISION_BY_ZERO", INVALID,
        lambda s: ("DefineSynthetic", define("BAD", "a / (2 - 2)", a=s.coin.id)),
    ),
    "division by a value of zero": (
        "SYNTHETIC_DIVISION_BY_ZERO", grpc.StatusCode.FAILED_PRECONDITION,
        lambda s: ("EvaluateSynthetic", zero(s)),
    ),
    "an instrument at another revision": (
        "REVISION_CONFLICT", grpc.StatusCode.ABORTED,
        lambda s: update(id_text=s.coin.id_text, tick_size="5", revision=s.coin.revision - 1),
    ),
    "the end of an instrument at another revision": (
        "REVISION_CONFLICT", grpc.StatusCode.ABORTED,
        lambda s: (
            "DelistInstrument",
            pb.DelistInstrumentRequest(id=s.coin.id_text, expected_revision=1),
        ),
    ),
    "a venue at another revision": (
        "REVISION_CONFLICT", grpc.StatusCode.ABORTED,
        lambda s: (
            "UpdateVenue",
            pb.UpdateVenueRequest(
                venue=pb.Venue(name="DESK", title="X"), expected_revision=s.desk.revision - 1
            ),
        ),
    ),
    "the end of a venue at another revision": (
        "REVISION_CONFLICT", grpc.StatusCode.ABORTED,
        lambda s: (
            "DeleteVenue",
            pb.DeleteVenueRequest(key="DESK", expected_revision=s.desk.revision - 1),
        ),
    ),
    "a synthetic at another revision": (
        "REVISION_CONFLICT", grpc.StatusCode.ABORTED,
        lambda s: (
            "DefineSynthetic", define("INNER", "3 * a", s.inner.revision + 100, a=s.coin.id),
        ),
    ),
    "an update to a currency that is none": (
        "INSTRUMENT_CURRENCY_UNKNOWN", INVALID,
        lambda s: update(id_text=s.share.id_text, quote_currency="ABC", revision=0),
    ),
    "an update to a wrong check digit": (
        "INSTRUMENT_ISIN_INVALID", INVALID,
        lambda s: update(id_text=s.share.id_text, isin="US0378331006", revision=0),
    ),
}  # fmt: skip


def zero(seeds: Seeds) -> pb.EvaluateSyntheticRequest:
    request = pb.EvaluateSyntheticRequest(name="QUOTIENT")
    request.values.add(id=seeds.coin.id, value="0")
    return request


@pytest.fixture
async def there(tmp_path: Path, aio_server: Any) -> AsyncIterator[tuple[World, Seeds]]:
    async with world(tmp_path, aio_server) as made:
        yield made, await seeded(made)


async def restarted(path: Path) -> bytes:
    """The state that a registry reads back from the journal."""
    async with running_registry(path) as again:
        return again.writer.state.dump()


def single(name: str) -> tuple[str, grpc.StatusCode, Callable[[Seeds], Request]]:
    """A case of either table as one request."""
    if name in REQUESTS:
        return REQUESTS[name]
    reason, make = INSTRUMENTS[name]

    def request(_: Seeds) -> Request:
        return "RegisterInstrument", pb.RegisterInstrumentRequest(instrument=make())

    return reason, CODES.get(reason, INVALID), request


@pytest.mark.parametrize("name", [*INSTRUMENTS, *REQUESTS])
async def test_alone(there: tuple[World, Seeds], tmp_path: Path, name: str) -> None:
    made, seeds = there
    reason, code, request = single(name)
    before = await made.seen()
    told = await made.watched_until(made.running.writer.state.revision)
    with pytest.raises(MeshError) as caught:
        await made.call(*request(seeds))
    assert (caught.value.reason, code_of(caught.value)) == (reason, code)
    assert await made.seen() == before
    # what comes next has the next revision, and is the next that is told
    good = await made.call(
        "RegisterInstrument", pb.RegisterInstrumentRequest(instrument=currency())
    )
    revision = before["instruments"].revision + 1
    assert good.instrument.revision == revision
    assert (await made.watched_until(good.revision))[len(told)][0] == revision
    state = made.running.writer.state.dump()
    assert await restarted(tmp_path / "registry.db") == state


@pytest.mark.parametrize("name", INSTRUMENTS)
async def test_in_the_middle_of_a_batch(
    there: tuple[World, Seeds], tmp_path: Path, aio_server: Any, name: str
) -> None:
    made, _ = there
    reason, make = INSTRUMENTS[name]
    good = [currency("BTC"), stock("MSFT"), perpetual("ETHUSDT"), pair("ETH", "USDT")]
    batch = pb.BatchRegisterInstrumentsRequest(instruments=[*good[:2], make(), *good[2:]])
    answer = await made.call("BatchRegisterInstruments", batch)
    assert [one.reason for one in answer.outcomes] == ["", "", reason, "", ""]
    assert [one.created for one in answer.outcomes] == [True, True, False, True, True]
    seen = await made.seen()
    told = await made.watched_until(answer.revision)
    # the same as where the bad one was never sent
    async with world(tmp_path, aio_server, "other") as other:
        await seeded(other)
        batch = pb.BatchRegisterInstrumentsRequest(instruments=good)
        without = await other.call("BatchRegisterInstruments", batch)
        expected = await other.seen()
        assert without.revision == answer.revision
        assert told == await other.watched_until(answer.revision)
        for part in ("instruments", "links", "state", "index"):
            assert seen[part] == expected[part], part
        assert len(seen["journal"]) == len(expected["journal"])
    assert await restarted(tmp_path / "registry.db") == seen["state"]


@pytest.mark.parametrize("name", [*INSTRUMENTS, *REQUESTS])
async def test_beside_good_requests(there: tuple[World, Seeds], tmp_path: Path, name: str) -> None:
    """Requests that come at once are one commit, or a few: the bad one is none of them."""
    made, seeds = there
    reason, _, request = single(name)
    before = await made.seen()
    codes = [f"GOOD{number}" for number in range(6)]

    async def bad() -> str:
        with pytest.raises(MeshError) as caught:
            await made.call(*request(seeds))
        return caught.value.reason

    def good(code: str) -> Any:
        instrument = currency(code)
        return made.call("RegisterInstrument", pb.RegisterInstrumentRequest(instrument=instrument))

    answers = await asyncio.gather(*map(good, codes[:3]), bad(), *map(good, codes[3:]))
    assert answers[3] == reason
    revision = before["instruments"].revision + len(codes)
    assert made.running.writer.state.revision == revision
    seen = await made.seen()
    assert seen["journal"][: len(before["journal"])] == before["journal"]
    assert len(seen["journal"]) == len(before["journal"]) + len(codes)
    old = {each.id_text: each for each in before["instruments"].instruments}
    new = {each.id_text: each for each in seen["instruments"].instruments}
    assert {each.symbol for key, each in new.items() if key not in old} == set(codes)
    assert {key: new[key] for key in old} == old
    assert seen["links"].links == before["links"].links
    assert seen["venues"].venues == before["venues"].venues
    assert seen["synthetic"].synthetic == before["synthetic"].synthetic
    told = await made.watched_until(revision)
    assert [number for number, _ in told][-len(codes) :] == list(
        range(revision - len(codes) + 1, revision + 1)
    )
    assert await restarted(tmp_path / "registry.db") == seen["state"]


async def test_two_of_one_key_in_a_batch(there: tuple[World, Seeds], tmp_path: Path) -> None:
    made, _ = there
    one, other = currency("BTC"), currency("BTC", name="Bitcoin")
    batch = pb.BatchRegisterInstrumentsRequest(instruments=[one, other, one, currency("ETH")])
    revision = made.running.writer.state.revision
    answer = await made.call("BatchRegisterInstruments", batch)
    assert [each.reason for each in answer.outcomes] == ["", "INSTRUMENT_CONFLICT", "", ""]
    assert [each.created for each in answer.outcomes] == [True, False, False, True]
    assert answer.outcomes[1].id == answer.outcomes[0].id  # who has the key
    # two registered, and BTC's link to the pair that was there
    told = [kind for number, kind in await made.watched_until(answer.revision) if number > revision]
    assert told == ["instrument_registered", "link_added", "instrument_registered"]
    assert await restarted(tmp_path / "registry.db") == (await made.seen())["state"]
