"""The examples of docs/clients.md, type-checked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from alphapulse.common.v1 import instrument_id_pb2 as common_pb
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client import (
    Frame,
    Mesh,
    MeshError,
    encode,
    id_bytes,
    id_message,
    id_text,
    new_context,
    rows,
    to_fixed,
)
from alphapulse_layout import MessageType, SourceType, TlvType, VenueId
from alphapulse_layout.dtypes import INSTRUMENT_ID

if TYPE_CHECKING:
    from alphapulse_client import InstrumentKey, RegistryClient


async def connecting(a: InstrumentKey) -> None:
    async with Mesh.connect("localhost:10000") as mesh:  # without asyncio: alphapulse_client.sync
        try:
            await mesh.registry.get(a)
        except MeshError as error:
            if error.reason != "INSTRUMENT_UNKNOWN":  # the reason or the class, never the text
                raise


async def finding(registry: RegistryClient) -> None:
    apple = await registry.resolve(isin="US0378331005", venue="XNAS")
    old = await registry.resolve("FB", venue="XNAS", as_of=datetime(2021, 1, 4, tzinfo=UTC))
    async for found in registry.search("apple"):
        print(found.symbol, id_text(found))
    print(id_text(old), await registry.history(apple))


async def changing(registry: RegistryClient) -> None:
    stock = common_pb.ASSET_TYPE_STOCK
    acme = pb.Instrument(asset_type=stock, venue=VenueId.NASDAQ, symbol="ACME")
    one = (await registry.register(acme)).instrument
    changed = pb.Instrument(id=one.id, name="Acme Corp")
    await registry.update(changed, expected_revision=one.revision)  # else Conflict
    outcomes = await registry.register_many([acme])  # one outcome each
    await registry.get(one, min_revision=registry.revision)  # on any replica
    await registry.delist(one)
    print(len(outcomes))


async def records(registry: RegistryClient, ids: list[InstrumentKey]) -> None:
    found = await registry.records(ids)  # (n,) NumPy array of InstrumentRecord
    async for batch in registry.stream_records(venues=["XNAS"]):
        print(batch.first_row, len(batch.rows), batch.revision)  # all as of one revision
    print(found["symbol"])


async def links(registry: RegistryClient, a: InstrumentKey, b: InstrumentKey) -> None:
    await registry.link(a, b, pb.LINK_TYPE_RECEIPT_OF)
    async for link in registry.links(a):
        print(link.type, id_text(link.to))
    removed = await registry.unlink(a, b, pb.LINK_TYPE_RECEIPT_OF)
    listed = await registry.find_all_venues(a)  # everywhere that it is listed
    print(removed, len(listed))


async def venues(registry: RegistryClient) -> None:
    kraken = pb.Venue(name="KRAKEN", maker_fee_bps="16", taker_fee_bps="26", fee_currency="USD")
    await registry.update_venue(kraken)
    fees = await registry.quote_fees("KRAKEN", volume="50000", notional="1000")
    sessions = await registry.sessions("XNAS")  # now
    await registry.report_venue_metrics("KRAKEN", [pb.VenueMetric(latency_ns=2_000_000)])
    metrics = await registry.venue_metrics("KRAKEN")
    print(fees.taker_fee, sessions.open, metrics.median_latency_ns)


async def synthetics(registry: RegistryClient, a: InstrumentKey, b: InstrumentKey) -> None:
    await registry.define_synthetic("SPREAD", "b - a", [("a", a), ("b", b)])
    answer = await registry.evaluate_synthetic("SPREAD", [(a, "2000.5"), (b, "2001")])
    async for synthetic in registry.synthetics(made_of=a):
        print(synthetic.name, answer.value)


async def routing(registry: RegistryClient, a: InstrumentKey) -> None:
    buy = pb.ROUTE_SIDE_BUY
    order = pb.RouteOrderRequest(instrument_id=id_message(a), side=buy, quantity="2.5")
    for leg in (await registry.route(order)).legs:
        print(leg.venue, leg.quantity, leg.average_price)


async def watching(registry: RegistryClient) -> None:
    async for event in registry.watch(venues=["XNAS"]):  # reconnects
        if event.WhichOneof("event") == "instrument_registered":
            print(event.revision, event.instrument_registered.symbol)


async def feeds(mesh: Mesh, ids: list[InstrumentKey]) -> None:
    predicate = "ask_price - bid_price > 0.5"
    feed = mesh.feed("market_data", instruments=ids, predicate=predicate, start="snapshot")
    async for batch in feed:
        for gap in batch.gaps:
            print("lost", gap.first, gap.last, gap.reason)  # "SLOW_CONSUMER", …
        for quotes in batch.rows(MessageType.QUOTE):  # NumPy, in place
            print(quotes["bid_price"][-1])
        print(batch.resume_token)  # a later feed goes on here: resume=token


def extensions(frame: Frame) -> None:
    model = frame.tlv(TlvType.SLIPPAGE_MODEL)  # its bytes; None where the frame has none
    print(model, frame.causes)


async def publishing(mesh: Mesh, a: InstrumentKey) -> None:
    quotes = rows(MessageType.QUOTE, 1)
    quotes["instrument_id"] = np.frombuffer(id_bytes(a), INSTRUMENT_ID)
    quotes["bid_price"] = to_fixed("61234.5")
    source = SourceType.KRAKEN_COLLECTOR
    frame = encode(MessageType.QUOTE, quotes, source=source, context=new_context())
    async with mesh.publisher("market_data", producer_name="my-collector") as publisher:
        await publisher.publish(frame)  # waits while too much is unacknowledged
    # left: everything is in the relay


async def orders(mesh: Mesh, instrument: InstrumentKey) -> None:
    order = await mesh.orders.submit(instrument, "buy", "0.5", price="61234.5")
    await mesh.orders.cancel(order.order_id)
    async for working in mesh.orders.list(open_only=True):
        print(working.order_id, working.leaves_quantity)
