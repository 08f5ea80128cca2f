"""Execution in tests: a registry in memory, order rows, quotes, a running service."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import grpc.aio
import numpy as np
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from alphapulse.execution.v1 import execution_pb2_grpc as rpc
from alphapulse.registry.v1 import registry_pb2 as registry_pb
from alphapulse_client.context import FrameContext, new_context
from alphapulse_client.decimals import to_fixed
from alphapulse_client.frames import encode, rows
from alphapulse_client.instrument_ids import id_bytes, id_message
from alphapulse_layout import (
    AssetType,
    MessageType,
    OrderType,
    Side,
    SourceType,
    TimeInForce,
    VenueId,
)
from alphapulse_layout.dtypes import INSTRUMENT_ID
from alphapulse_mesh.execution.process import Execution, open_execution
from alphapulse_mesh.runtime.errors import Unavailable
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.server import ServiceHost
from alphapulse_mesh.runtime.telemetry import Telemetry
from alphapulse_testing.frames import instrument

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from numpy.typing import NDArray

    from alphapulse.execution.v1 import execution_pb2 as pb
    from alphapulse_client.orders import OrdersClient
    from alphapulse_mesh.runtime.config import MeshConfig

    Rows = NDArray[np.void]

__all__ = [
    "BTCUSDT",
    "FakeRegistry",
    "Served",
    "SpanRecorder",
    "cancel_frame",
    "eventually",
    "order_frame",
    "order_rows",
    "quote_frame",
    "quote_rows",
    "running_execution",
    "serving",
    "spot",
    "until_status",
]

BTCUSDT: Final = instrument(1)


def spot(instrument_id: bytes = BTCUSDT, **fields: Any) -> registry_pb.Instrument:
    """A tradable spot pair as the registry tells it."""
    known = {
        "asset_type": AssetType.CRYPTO_PAIR,
        "venue": VenueId.BINANCE,
        "symbol": "BTCUSDT",
        "base_currency": "BTC",
        "quote_currency": "USDT",
        "tick_size": "0.01",
        "lot_size": "0.00001",
        "min_notional": "5",
        "status": registry_pb.INSTRUMENT_STATUS_ACTIVE,
        "revision": 1,
        **fields,
    }
    return registry_pb.Instrument(
        id=id_message(instrument_id), id_text=instrument_id.hex(), **known
    )


class FakeRegistry:
    """Answers from memory; can be away, and can change its mind."""

    def __init__(self, *instruments: registry_pb.Instrument) -> None:
        self.instruments = {id_bytes(one.id_text): one for one in instruments or (spot(),)}
        self.away = False
        self.asked = 0
        self._events: asyncio.Queue[registry_pb.WatchRegistryResponse] = asyncio.Queue()

    async def get_many(self, instruments: Iterable[Any]) -> list[registry_pb.Instrument | None]:
        self.asked += 1
        if self.away:
            raise Unavailable("the registry is away")
        return [self.instruments.get(id_bytes(one)) for one in instruments]

    async def watch(
        self, from_revision: int = 0
    ) -> AsyncIterator[registry_pb.WatchRegistryResponse]:
        while True:
            event = await self._events.get()
            if event.revision > from_revision:
                yield event

    def change(self, changed: registry_pb.Instrument) -> None:
        """A new version of an instrument, told to those who watch."""
        self.instruments[id_bytes(changed.id_text)] = changed
        self._events.put_nowait(
            registry_pb.WatchRegistryResponse(revision=changed.revision, instrument_updated=changed)
        )


def order_rows(
    *client_order_ids: int,
    side: int = Side.BUY,
    price: str = "100",
    quantity: str = "1",
    account_id: int = 1,
    instrument_id: bytes = BTCUSDT,
    time_in_force: int = TimeInForce.GTC,
    order_type: int | None = None,
    **fields: Any,
) -> Rows:
    """ORDER_REQUEST rows, one for each number; a market order with the price "0"."""
    records = rows(MessageType.ORDER_REQUEST, len(client_order_ids))
    records["client_order_id"] = client_order_ids
    records["instrument_id"] = np.frombuffer(instrument_id, INSTRUMENT_ID)
    records["side"] = side
    records["price"] = to_fixed(price)
    records["quantity"] = to_fixed(quantity)
    records["account_id"] = account_id
    records["time_in_force"] = time_in_force
    market = OrderType.MARKET if price == "0" else OrderType.LIMIT
    records["order_type"] = market if order_type is None else order_type
    for name, value in fields.items():
        records[name] = value
    return records


def _frame(message_type: int, records: Rows, context: FrameContext | None) -> bytes:
    return encode(
        message_type,
        records,
        source=SourceType.PORTFOLIO_MANAGER,
        context=context or new_context(sampled=True),
    )


def order_frame(
    *client_order_ids: int, context: FrameContext | None = None, **fields: Any
) -> bytes:
    """A frame of `order_rows`."""
    return _frame(MessageType.ORDER_REQUEST, order_rows(*client_order_ids, **fields), context)


def cancel_frame(
    *client_order_ids: int, account_id: int = 1, context: FrameContext | None = None
) -> bytes:
    """A frame of cancels by the client's numbers."""
    records = rows(MessageType.ORDER_CANCEL, len(client_order_ids))
    records["client_order_id"] = client_order_ids
    records["account_id"] = account_id
    return _frame(MessageType.ORDER_CANCEL, records, context)


def quote_rows(bid: str, ask: str, size: str = "10", *, instrument_id: bytes = BTCUSDT) -> Rows:
    """One QUOTE row with the same size on both sides."""
    records = rows(MessageType.QUOTE, 1)
    records["instrument_id"] = np.frombuffer(instrument_id, INSTRUMENT_ID)
    records["bid_price"], records["ask_price"] = to_fixed(bid), to_fixed(ask)
    records["bid_size"] = records["ask_size"] = to_fixed(size)
    return records


def quote_frame(bid: str, ask: str, size: str = "10", *, instrument_id: bytes = BTCUSDT) -> bytes:
    """A frame of one quote."""
    return encode(
        MessageType.QUOTE,
        quote_rows(bid, ask, size, instrument_id=instrument_id),
        source=SourceType.BINANCE_COLLECTOR,
        context=new_context(sampled=False),
    )


@dataclass
class Served:
    """What the tests talk to."""

    execution: Execution
    channel: grpc.aio.Channel
    orders: OrdersClient
    registry: FakeRegistry

    def quote(self, bid: str = "99", ask: str = "101", size: str = "10") -> None:
        """The market moves."""
        self.execution.pipeline.quotes(quote_rows(bid, ask, size))


async def eventually(condition: Callable[[], Awaitable[bool]], *, within: float = 20.0) -> None:
    """Until the condition holds; fails after `within` seconds."""
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110  # what is waited for is in another process
            await asyncio.sleep(0.005)


async def until_status(orders: OrdersClient, order_id: int, status: int) -> pb.Order:
    """The order once it has the status: what the venue says comes after the acknowledgement."""
    found: list[pb.Order] = []

    async def reached() -> bool:
        found[:] = [(await orders.get(order_id)).order]
        return found[0].status == status

    await eventually(reached)
    return found[0]


class SpanRecorder(SpanProcessor):
    """Keeps finished spans."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)

    def named(self, name: str) -> list[ReadableSpan]:
        """The spans of one name, in the order in which they ended."""
        return [span for span in self.spans if span.name == name]


@asynccontextmanager
async def running_execution(
    config: MeshConfig, registry: FakeRegistry | None = None, **options: Any
) -> AsyncIterator[Execution]:
    """Execution without a server, on the journal of `config`; publishes nothing by itself."""
    options.setdefault("publish_to", None)
    async with open_execution(config, registry or FakeRegistry(), **options) as execution:
        yield execution


@asynccontextmanager
async def serving(
    config: MeshConfig,
    registry: FakeRegistry | None = None,
    *,
    recorder: SpanRecorder | None = None,
    **options: Any,
) -> AsyncIterator[tuple[Execution, grpc.aio.Channel]]:
    """The same behind a real server, and a channel to it."""
    spans = SpanRecorder() if recorder is None else recorder
    with Telemetry("execution", [spans], resource=Resource.create({})) as telemetry:
        host = ServiceHost(config, Service.EXECUTION, telemetry=telemetry)
        options |= {"draining": host.draining, "telemetry": telemetry}
        async with running_execution(config, registry, **options) as execution:
            add: Any = rpc.add_ExecutionServiceServicer_to_server
            host.add(add, execution.service)
            async with host, grpc.aio.insecure_channel(host.target) as channel:
                yield execution, channel
