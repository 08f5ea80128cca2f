"""Two replicas answer alike, to the byte, while one is killed -9 and started again under load.

Writers never stop but for the moments in which both are asked at one revision. The same questions
go to each replica itself, with the `min_revision` that the writers were last answered with.
"""

from __future__ import annotations

import asyncio
import itertools
import signal
from typing import TYPE_CHECKING, Any

import grpc.aio
import pytest
from google.protobuf import message_factory

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.errors import MeshError
from alphapulse_client.instrument_ids import id_bytes
from alphapulse_client.registry import RegistryClient
from alphapulse_layout import VenueId
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.ports import resolve_ports
from alphapulse_mesh.runtime.programs import find_program
from alphapulse_testing.registry import APPLE_SHARE_CLASS, currency, pair, stock
from alphapulse_testing.replicas import replicas, until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from google.protobuf.message import Message

    from alphapulse_mesh.runtime.config import MeshConfig

SERVICE = pb.DESCRIPTOR.services_by_name["RegistryService"]
Question = tuple[str, Any]
SECONDS = 60.0


class Load:
    """Writers through Envoy: shares that change, are linked, unlinked and delisted."""

    def __init__(self, client: RegistryClient) -> None:
        self.client = client
        self.written: list[pb.Instrument] = []
        self.failures: list[MeshError] = []
        self._numbers = itertools.count()
        self._going = asyncio.Event()
        self._going.set()
        self._busy = 0
        self._stopping = False

    async def run(self) -> None:
        while not self._stopping:
            await self._going.wait()
            self._busy += 1
            try:
                await self._write(next(self._numbers))
            except MeshError as error:
                self.failures.append(error)
                raise
            finally:
                self._busy -= 1

    async def _write(self, number: int) -> None:
        share = stock(f"L{number}", quote_currency="USD")
        made = (await self.client.register(share, request_id=f"share-{number}")).instrument
        before = self.written[-1] if self.written else made
        if before is not made:
            await self.client.link(before, made, pb.LINK_TYPE_SAME_SECURITY)
            if number % 3 == 0:
                await self.client.unlink(
                    before, made, pb.LINK_TYPE_SAME_SECURITY, request_id=f"unlink-{number}"
                )
        if number % 4 == 1:
            made.name = f"number {number}"
            made = await self.client.update(made, fields=["name"])
        self.written.append(made)

    async def pause(self) -> None:
        self._going.clear()
        await until(lambda: not self._busy, SECONDS)

    def resume(self) -> None:
        self._going.set()

    async def more(self, count: int) -> None:
        wanted = len(self.written) + count

        def enough() -> bool:
            assert not self.failures, self.failures
            return len(self.written) >= wanted

        await until(enough, 2 * SECONDS)

    def stop(self) -> None:
        self._stopping = True
        self._going.set()


class Replica:
    """One replica, asked without a client in between: answers are bytes."""

    def __init__(self, target: str) -> None:
        # a connection that broke is tried again at once
        self._channel = grpc.aio.insecure_channel(
            target, options=[("grpc.initial_reconnect_backoff_ms", 50)]
        )

    def _path(self, method: str) -> str:
        return f"/{SERVICE.full_name}/{method}"

    async def ask(self, method: str, request: Message) -> bytes:
        call: Any = self._channel.unary_unary(
            self._path(method), request_serializer=lambda message: message.SerializeToString()
        )
        answer: bytes = await call(request, timeout=SECONDS, wait_for_ready=True)
        return answer

    async def changes(self, upto: int) -> list[bytes]:
        """Every event of a watch from the beginning up to a revision, as it was sent."""
        method: Any = self._channel.unary_stream(
            self._path("WatchRegistry"),
            request_serializer=lambda message: message.SerializeToString(),
        )
        call = method(pb.WatchRegistryRequest(), timeout=SECONDS, wait_for_ready=True)
        sent: list[bytes] = []
        async for data in call:
            event = pb.WatchRegistryResponse.FromString(data)
            if event.revision > upto:
                break
            if event.WhichOneof("event") is not None:
                sent.append(data)
            elif event.revision >= upto:
                break
        call.cancel()
        return sent

    async def close(self) -> None:
        await self._channel.close()


def questions(known: Sequence[pb.Instrument], revision: int) -> list[Question]:
    """About what is registered: by id, by name, in lists and pages, as records, by words."""
    first, last = known[0], known[-1]
    ids = b"".join(id_bytes(each) for each in known) + b"\x07" * 16
    at: dict[str, Any] = {"min_revision": revision}
    return [
        ("GetInstrument", pb.GetInstrumentRequest(id=last.id_text, **at)),
        ("BatchGetInstruments", pb.BatchGetInstrumentsRequest(ids=ids, **at)),
        ("ResolveInstrument", pb.ResolveInstrumentRequest(symbol=last.symbol, **at)),
        ("ResolveInstrument", pb.ResolveInstrumentRequest(identifier=first.natural_key, **at)),
        ("GetInstrumentHistory", pb.GetInstrumentHistoryRequest(id=first.id_text, **at)),
        ("FindVenues", pb.FindVenuesRequest(instrument_id=known[1].id_text, **at)),
        ("SearchInstruments", pb.SearchInstrumentsRequest(query="number", page_size=3, **at)),
        ("ListInstruments", pb.ListInstrumentsRequest(page_size=5, **at)),
        ("ListLinks", pb.ListLinksRequest(instrument_id=first.id_text, **at)),
        ("ListVenues", pb.ListVenuesRequest(page_size=1000, **at)),
        ("ListSynthetics", pb.ListSyntheticsRequest(**at)),
        ("QuoteFees", pb.QuoteFeesRequest(venue="BINANCE", volume="100", **at)),
        ("EvaluateSynthetic", pb.EvaluateSyntheticRequest(
            name="TWICE", values=[pb.InstrumentValue(id=first.id, value="2.5")], **at)),
        ("RouteOrder", pb.RouteOrderRequest(
            instrument_id=first.id,
            side=pb.ROUTE_SIDE_BUY,
            quantity="1",
            books=[pb.RouteBook(
                instrument_id=first.id, asks=[pb.RouteLevel(price="100", quantity="3")])],
            **at)),
    ]  # fmt: skip


def without_revision(method: str, answer: bytes) -> bytes:
    """What an answer says but for the revision that it was read at, which rises under load."""
    kind = SERVICE.methods_by_name[method].output_type

    message = message_factory.GetMessageClass(kind).FromString(answer)
    message.ClearField("revision")
    return message.SerializeToString(deterministic=True)


async def begin_with(client: RegistryClient) -> list[pb.Instrument]:
    """Instruments that nobody changes, of which both can be asked at any revision."""
    share: dict[str, Any] = {"share_class_figi": APPLE_SHARE_CLASS}
    known = [
        (await client.register(each)).instrument
        for each in (
            pair(),
            stock("AAPL", **share),
            stock("APC", VenueId.XETRA, **share),
            currency("BTC"),
        )
    ]
    await client.define_synthetic("TWICE", "2 * a", [("a", known[0])])
    await client.update_venue(pb.Venue(name="BINANCE", maker_fee_bps="1", taker_fee_bps="2"))
    return known


@pytest.mark.skipif(find_program("envoy") is None, reason="Envoy is not installed")
async def test_two_replicas_answer_alike_while_one_is_killed_and_restarted_under_load(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = resolve_ports(
        make_config(
            server={"transport": "unix"},
            registry={"replicas": 2},
            envoy={"port": 0, "admin_port": 0},
        )
    )
    async with replicas(config, tmp_path) as (running, begin):
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{config.envoy.port}")
        client = RegistryClient(channel, timeout=SECONDS)
        known = await begin_with(client)
        load = Load(client)
        targets = {
            name: config.endpoint(Service.REGISTRY, instance).target
            for name, instance in zip(
                ("registry", "registry-2"), config.instances(Service.REGISTRY), strict=True
            )
        }
        both = {name: Replica(target) for name, target in targets.items()}
        work = [asyncio.ensure_future(load.run()) for _ in range(3)]
        try:
            await load.more(10)
            await same_under_load(both, known, load)
            await same_at_one_revision(both, known, load)
            for dead, alive in (("registry", "registry-2"), ("registry-2", "registry")):
                running[dead].send_signal(signal.SIGKILL)
                await running[dead].wait()
                await load.more(10)
                # what the one that is left says while the other is down …
                asked = questions(known, client.revision)
                told = [await both[alive].ask(*each) for each in asked]
                await begin(dead)
                # … the other says as soon as it is back, with the writers at work
                again = [await both[dead].ask(*each) for each in asked]
                for (method, _), one, other in zip(asked, told, again, strict=True):
                    assert without_revision(method, one) == without_revision(method, other), method
                await load.more(5)
                await same_under_load(both, known, load)
                await same_at_one_revision(both, known, load)
        finally:
            load.stop()
            await asyncio.wait_for(asyncio.gather(*work), 2 * SECONDS)
            for replica in both.values():
                await replica.close()
            await channel.close()


async def same_under_load(
    both: dict[str, Replica], known: Sequence[pb.Instrument], load: Load
) -> None:
    """Of what nobody changes both say the same at any revision from one on."""
    asked = questions(known, load.client.revision)
    for method, request in asked:
        one, other = [await each.ask(method, request) for each in both.values()]
        assert without_revision(method, one) == without_revision(method, other), method


async def same_at_one_revision(
    both: dict[str, Replica], known: Sequence[pb.Instrument], load: Load
) -> None:
    """Of everything both say the same bytes at one revision, the revision included."""
    await load.pause()
    revision = load.client.revision
    asked = questions([*known, *load.written], revision)
    for method, request in asked:
        one, other = [await each.ask(method, request) for each in both.values()]
        assert one == other, method
    one_saw, other_saw = [await each.changes(revision) for each in both.values()]
    assert one_saw == other_saw
    assert len(one_saw) > len(load.written)
    load.resume()
