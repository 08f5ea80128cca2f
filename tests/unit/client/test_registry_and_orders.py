"""Registry and orders against services that answer by a script: paging, retries, following."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import grpc.aio
import pytest
import pytest_asyncio

from alphapulse.execution.v1 import execution_pb2 as execution
from alphapulse.execution.v1 import execution_pb2_grpc as execution_rpc
from alphapulse.registry.v1 import registry_pb2 as registry
from alphapulse.registry.v1 import registry_pb2_grpc as registry_rpc
from alphapulse_client import (
    AmbiguousInstrument,
    InvalidArgument,
    NotFound,
    OrdersClient,
    PermissionDenied,
    RegistryClient,
    Unavailable,
    UnknownInstrument,
    new_context,
)
from alphapulse_client.context import parse_traceparent
from alphapulse_client.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .conftest import Serve

IDS = [bytes([number]) * 16 for number in range(5)]


class Registry(registry_rpc.RegistryServiceServicer):
    """Instruments 0 to 4 and what a test puts here."""

    def __init__(self) -> None:
        self.failures: list[Exception] = []
        self.resolution = registry.ResolveInstrumentResponse()
        self.watches: list[Any] = []
        self.watched_from: list[int] = []
        self.calls = 0
        self.silent = False
        self.request_ids: list[str] = []

    async def GetInstrument(self, request: Any, context: Any) -> registry.GetInstrumentResponse:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        if self.silent:
            await asyncio.Event().wait()
        if bytes.fromhex(request.id) not in IDS:
            raise UnknownInstrument("no such", id=request.id)
        return registry.GetInstrumentResponse(
            instrument=registry.Instrument(id_text=request.id), revision=1
        )

    async def UpdateInstrument(
        self, request: Any, context: Any
    ) -> registry.UpdateInstrumentResponse:
        self.request_ids.append(request.request_id)
        if self.failures:
            raise self.failures.pop(0)
        return registry.UpdateInstrumentResponse(instrument=request.instrument, revision=7)

    async def BatchGetInstruments(
        self, request: Any, context: Any
    ) -> registry.BatchGetInstrumentsResponse:
        ids = [request.ids[at : at + 16] for at in range(0, len(request.ids), 16)]
        return registry.BatchGetInstrumentsResponse(
            instruments=[registry.Instrument(id_text=one.hex()) for one in ids],
            missing=[index for index, one in enumerate(ids) if one not in IDS],
        )

    async def ResolveInstrument(
        self, request: Any, context: Any
    ) -> registry.ResolveInstrumentResponse:
        return self.resolution

    async def ListInstruments(self, request: Any, context: Any) -> registry.ListInstrumentsResponse:
        start = int(request.page_token or 0)
        return registry.ListInstrumentsResponse(
            instruments=[registry.Instrument(id_text=one.hex()) for one in IDS[start : start + 2]],
            next_page_token=str(start + 2) if start + 2 < len(IDS) else "",
        )

    async def WatchRegistry(self, request: Any, context: Any) -> AsyncIterator[Any]:
        self.watched_from.append(request.from_revision)
        for item in self.watches.pop(0):
            if isinstance(item, Exception):
                raise item
            yield item
        await asyncio.Event().wait()


@pytest_asyncio.fixture
async def registry_client(serve: Serve) -> AsyncIterator[tuple[Registry, RegistryClient]]:
    servicer = Registry()  # type: ignore[abstract]  # the tests call no others
    target = await serve(registry_rpc.add_RegistryServiceServicer_to_server, servicer)
    async with grpc.aio.insecure_channel(target) as channel:
        yield servicer, RegistryClient(channel, timeout=5.0)


async def test_an_instrument_by_id(registry_client: tuple[Registry, RegistryClient]) -> None:
    servicer, client = registry_client
    assert (await client.get(IDS[1])).id_text == IDS[1].hex()
    with pytest.raises(UnknownInstrument) as caught:
        await client.get(b"\xff" * 16)
    assert caught.value.values["id"] == "ff" * 16
    servicer.failures = [Unavailable("starting"), Unavailable("starting")]
    assert (await client.get(IDS[2])).id_text == IDS[2].hex(), "tried again"
    calls = servicer.calls
    servicer.failures = [PermissionDenied("no")]
    with pytest.raises(PermissionDenied):
        await client.get(IDS[2])
    assert servicer.calls == calls + 1


async def test_what_an_ending_service_gives_up_is_asked_again(
    registry_client: tuple[Registry, RegistryClient],
) -> None:
    service, client = registry_client
    service.failures = [Cancelled("the service ends")]
    assert (await client.get(IDS[0])).id_text == IDS[0].hex()
    assert service.calls == 2


async def test_a_repeat_that_runs_out_of_time_leaves_the_reason_that_was_given(
    registry_client: tuple[Registry, RegistryClient],
) -> None:
    service, client = registry_client
    service.failures = [Unavailable("behind", reason="REVISION_NOT_REACHED")]
    service.silent = True
    with pytest.raises(Unavailable) as caught:
        await client.get(IDS[0])
    assert caught.value.reason == "REVISION_NOT_REACHED"
    assert service.calls == 2


async def test_a_change_of_a_revision_is_repeated_with_one_request_id(
    registry_client: tuple[Registry, RegistryClient],
) -> None:
    servicer, client = registry_client
    servicer.failures = [Unavailable("the answer was lost")]
    changed = registry.Instrument(id_text=IDS[1].hex(), name="New")
    await client.update(changed, expected_revision=3)
    first, second = servicer.request_ids
    assert first == second != ""
    await client.update(changed, expected_revision=3)
    await client.update(changed, expected_revision=3, request_id="mine")
    await client.update(changed)  # finds the same data: nothing to tell apart
    assert servicer.request_ids[2] not in ("", first)
    assert servicer.request_ids[3:] == ["mine", ""]
    assert client.revision == 7


async def test_many_by_id(registry_client: tuple[Registry, RegistryClient]) -> None:
    _, client = registry_client
    found = await client.get_many([IDS[0], b"\xff" * 16, IDS[4]])
    assert [one and one.id_text for one in found] == [IDS[0].hex(), None, IDS[4].hex()]


async def test_resolving_never_picks_by_chance(
    registry_client: tuple[Registry, RegistryClient],
) -> None:
    servicer, client = registry_client
    both = [registry.Instrument(symbol="A"), registry.Instrument(symbol="B")]
    servicer.resolution = registry.ResolveInstrumentResponse(candidates=both)
    assert (await client.resolve("A", venue="BINANCE")).symbol == "A"
    servicer.resolution = registry.ResolveInstrumentResponse(candidates=both, ambiguous=True)
    with pytest.raises(AmbiguousInstrument) as caught:
        await client.resolve(isin="US0378331005")
    assert [one.symbol for one in caught.value.candidates] == ["A", "B"]


async def test_listing_turns_the_pages(registry_client: tuple[Registry, RegistryClient]) -> None:
    _, client = registry_client
    assert [one.id_text async for one in client.list()] == [one.hex() for one in IDS]


async def test_an_unknown_asset_type(registry_client: tuple[Registry, RegistryClient]) -> None:
    _, client = registry_client
    with pytest.raises(InvalidArgument) as caught:
        await client.resolve("A", asset_type=99)
    assert caught.value.reason == "ASSET_TYPE_UNKNOWN"


def event(revision: int) -> registry.WatchRegistryResponse:
    return registry.WatchRegistryResponse(
        revision=revision, instrument_registered=registry.Instrument(symbol=str(revision))
    )


async def test_watching_resumes_without_gap_or_repetition(
    registry_client: tuple[Registry, RegistryClient],
) -> None:
    servicer, client = registry_client
    bookmark = registry.WatchRegistryResponse(revision=9)
    servicer.watches = [[event(6), event(7), Unavailable("gone")], [bookmark, event(10)]]
    watch = client.watch(5)
    assert [(await anext(watch)).revision for _ in range(3)] == [6, 7, 10]
    assert servicer.watched_from == [5, 7]
    await watch.aclose()  # type: ignore[attr-defined]  # a generator


class Execution(execution_rpc.ExecutionServiceServicer):
    """Takes every order; streams follow a script."""

    def __init__(self) -> None:
        self.failures: list[Exception] = []
        self.requests: list[Any] = []
        self.contexts: list[Any] = []
        self.streams: list[Any] = []

    async def SubmitOrder(self, request: Any, context: Any) -> execution.SubmitOrderResponse:
        self.requests.append(request)
        metadata = dict(context.invocation_metadata())
        self.contexts.append(parse_traceparent(metadata.get("traceparent", "")))
        if self.failures:
            raise self.failures.pop(0)
        return execution.SubmitOrderResponse(
            order=execution.Order(order_id=1, status=execution.ORDER_STATUS_NEW)
        )

    async def CancelOrder(self, request: Any, context: Any) -> execution.CancelOrderResponse:
        raise NotFound("no such order", reason="ORDER_UNKNOWN")

    async def SubmitFrames(  # type: ignore[override]  # coroutines too, the stubs do not know
        self, request_iterator: Any, context: Any
    ) -> None:
        await self.streams.pop(0)(request_iterator, context)


@pytest_asyncio.fixture
async def orders(serve: Serve) -> AsyncIterator[tuple[Execution, OrdersClient]]:
    servicer = Execution()  # type: ignore[abstract]  # the tests call no others
    target = await serve(execution_rpc.add_ExecutionServiceServicer_to_server, servicer)
    async with grpc.aio.insecure_channel(target) as channel:
        yield servicer, OrdersClient(channel, timeout=5.0)


async def test_an_order_in_exact_numbers(orders: tuple[Execution, OrdersClient]) -> None:
    servicer, client = orders
    cause = new_context(sampled=True)
    order = await client.submit(
        IDS[1],
        "buy",
        Decimal("0.00000001"),
        price="61234.50",
        client_order_id=7,
        account_id=3,
        context=cause,
    )
    assert order.order_id == 1
    [request] = servicer.requests
    assert (request.instrument_id, request.side) == (IDS[1].hex(), execution.SIDE_BUY)
    assert (request.quantity, request.price) == ("0.00000001", "61234.50")
    assert servicer.contexts[0].trace_id == cause.trace_id
    assert servicer.contexts[0].message_id == cause.message_id
    with pytest.raises(InvalidArgument) as caught:
        await client.submit(IDS[1], "buy", 0.1)  # type: ignore[arg-type]  # what is refused
    assert caught.value.reason == "DECIMAL_INVALID"
    with pytest.raises(InvalidArgument):
        await client.submit(IDS[1], "hold", 1)  # type: ignore[arg-type]  # what is refused


async def test_an_order_is_repeated_with_one_request_id(
    orders: tuple[Execution, OrdersClient],
) -> None:
    servicer, client = orders
    servicer.failures = [Unavailable("restarting"), Unavailable("restarting")]
    await client.submit(IDS[1], "sell", 1)
    assert len(servicer.requests) == 3
    assert len({request.request_id for request in servicer.requests}) == 1
    assert servicer.requests[0].request_id
    await client.submit(IDS[1], "sell", 1)
    assert servicer.requests[3].request_id != servicer.requests[0].request_id


async def test_what_the_service_refuses_comes_as_its_error(
    orders: tuple[Execution, OrdersClient],
) -> None:
    _, client = orders
    with pytest.raises(NotFound) as caught:
        await client.cancel(99)
    assert caught.value.reason == "ORDER_UNKNOWN"


def taking(until: int | None = None, failure: Exception | None = None) -> Any:
    """Acknowledges each frame as one row, up to a number of frames; then fails."""

    async def stream(requests: Any, context: Any) -> None:
        async for request in requests:
            for index, frame in enumerate(request.frames):
                number = request.first_sequence + index
                if until is not None and number > until:
                    assert failure is not None
                    raise failure
                row = execution.OrderAcknowledgement(
                    frame_sequence=number, client_order_id=int(frame)
                )
                await context.write(
                    execution.SubmitFramesResponse(
                        acknowledged_sequence=number, acknowledgements=[row]
                    )
                )

    return stream


async def test_frames_are_acknowledged_each(orders: tuple[Execution, OrdersClient]) -> None:
    servicer, client = orders
    servicer.streams = [taking()]
    async with client.submit_frames() as stream:
        answers = await asyncio.gather(*(stream.submit(str(n).encode()) for n in range(50)))
    assert [[row.client_order_id for row in answer] for answer in answers] == [
        [n] for n in range(50)
    ]


async def test_unacknowledged_frames_are_sent_again(orders: tuple[Execution, OrdersClient]) -> None:
    servicer, client = orders
    servicer.streams = [taking(2, Unavailable("gone")), taking()]
    async with client.submit_frames() as stream:
        outcomes = [await stream.send(str(n).encode()) for n in range(5)]
        answers = await asyncio.gather(*outcomes)
        assert stream.reconnects == 1
    assert [[row.client_order_id for row in answer] for answer in answers] == [
        [n] for n in range(5)
    ]


async def test_a_refused_stream_fails_what_waits(orders: tuple[Execution, OrdersClient]) -> None:
    servicer, client = orders
    servicer.streams = [taking(0, PermissionDenied("no"))]
    stream = client.submit_frames()
    with pytest.raises(PermissionDenied):
        await stream.submit(b"1")
    with pytest.raises(PermissionDenied):
        await stream.submit(b"2")
    await stream.close()


async def test_sending_waits_while_too_much_is_unacknowledged(
    orders: tuple[Execution, OrdersClient],
) -> None:
    servicer, client = orders

    async def never(requests: Any, context: Any) -> None:
        await asyncio.Event().wait()

    servicer.streams = [never]
    stream = client.submit_frames(max_unacked=2)
    waiting = [await stream.send(b"1"), await stream.send(b"2")]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(stream.send(b"3"), 0.05)
    for outcome in waiting:
        outcome.cancel()
    await stream.close()
