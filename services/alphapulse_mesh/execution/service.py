"""The RPCs of `alphapulse.execution.v1.ExecutionService`.

They turn requests into commands of the pipeline and answer from the engine and the archive. An
order that is refused is an answer, not an error; an error is a request that makes no order.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from alphapulse.execution.v1 import execution_pb2 as pb
from alphapulse_client.context import FrameContext, new_context
from alphapulse_layout import MessageType, OrderReason, OrdStatus
from alphapulse_layout.dtypes import FILL
from alphapulse_mesh.execution import requests
from alphapulse_mesh.execution.order_stream import FrameSession
from alphapulse_mesh.execution.pipeline import Command, Pipeline
from alphapulse_mesh.execution.rows import (
    ORDER_VIEW,
    fill_message,
    id_bytes,
    order_message,
    view_of,
)
from alphapulse_mesh.runtime.errors import AlreadyExists, InternalError, NotFound, OrderRejected
from alphapulse_mesh.runtime.telemetry import current_context

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from numpy.typing import NDArray

    from alphapulse_mesh.execution.instruments import InstrumentCache

    Rows = NDArray[np.void]

__all__ = ["ExecutionService"]

_NEW: Final = int(MessageType.ORDER_REQUEST)
_CANCEL: Final = int(MessageType.ORDER_CANCEL)


class ExecutionService:
    """See the module. One servicer a process."""

    def __init__(
        self,
        pipeline: Pipeline,
        instruments: InstrumentCache,
        draining: asyncio.Event,
        *,
        max_message_bytes: int,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._pipeline = pipeline
        self._instruments = instruments
        self._draining = draining
        self._max_message_bytes = max_message_bytes
        self._clock_ns = clock_ns

    # --------------------------------------------------------------------------------- commands

    async def SubmitOrder(self, request: pb.SubmitOrderRequest, _: Any) -> pb.SubmitOrderResponse:
        """Take one order; answer it as it stands after the venue's first word."""
        row = requests.order_row(request, self._clock_ns())
        await self._instruments.ensure([id_bytes(row[0])])
        outcome = await self._run(_NEW, row)
        if outcome["duplicate"] and outcome["reason"] == OrderReason.DUPLICATE_CLIENT_ORDER_ID:
            raise AlreadyExists(
                f"client order id {int(outcome['client_order_id'])} of account "
                f"{request.account_id} is another order",
                reason=OrderReason.DUPLICATE_CLIENT_ORDER_ID.name,
                order_id=int(outcome["order_id"]),
                client_order_id=int(outcome["client_order_id"]),
            )
        order, _fills = await self._order(int(outcome["order_id"]))
        return pb.SubmitOrderResponse(order=order, duplicate=bool(outcome["duplicate"]))

    async def CancelOrder(self, request: pb.CancelOrderRequest, _: Any) -> pb.CancelOrderResponse:
        """Cancel a working order. Of one that is canceled already the answer is the same."""
        row = requests.cancel_row(request, self._clock_ns())
        outcome = await self._run(_CANCEL, row)
        order_id = int(outcome["order_id"])
        if outcome["reason"] == OrderReason.UNKNOWN_ORDER:
            archived = self._named(request)
            if archived == 0:
                raise _unknown(request)
            order, _fills = await self._order(archived)
            if order.status == pb.ORDER_STATUS_CANCELED:
                return pb.CancelOrderResponse(order=order)
            raise _closed(order)
        order, _fills = await self._order(order_id)
        if outcome["reason"] == OrderReason.ORDER_CLOSED and not outcome["duplicate"]:
            raise _closed(order)
        return pb.CancelOrderResponse(order=order)

    async def SubmitFrames(
        self, request_iterator: AsyncIterator[pb.SubmitFramesRequest], _: Any
    ) -> AsyncIterator[pb.SubmitFramesResponse]:
        """Order frames up, one acknowledgement a row down, once it is durable."""
        session = FrameSession(
            self._pipeline, self._instruments, self._draining, self._max_message_bytes
        )
        async for response in session.serve(request_iterator):
            yield response

    async def _run(self, message_type: int, row: Rows) -> Any:
        done: asyncio.Future[Rows] = asyncio.get_running_loop().create_future()
        self._pipeline.submit(Command(message_type, row, _cause(), done, after_venue=True))
        return (await done)[0]

    # ---------------------------------------------------------------------------------- queries

    async def GetOrder(self, request: pb.GetOrderRequest, _: Any) -> pb.GetOrderResponse:
        """One order and its fills."""
        requests.check_named(request)
        order_id = self._named(request)
        if order_id == 0:
            raise _unknown(request)
        order, fills = await self._order(order_id)
        return pb.GetOrderResponse(order=order, fills=fills)

    async def ListOrders(self, request: pb.ListOrdersRequest, _: Any) -> pb.ListOrdersResponse:
        """Orders that pass a filter, newest first."""
        size = requests.page_size(request)
        before = requests.parse_page_token("orders", request.page_token)
        instrument = requests.instrument_filter(request.instrument_id)
        await self._pipeline.settled()
        memory = self._pipeline.engine.orders(
            before=before,
            limit=size + 1,
            account_id=request.account_id,
            strategy_id=request.strategy_id,
            instrument_id=instrument,
            status=request.status,
            open_only=request.open_only,
        )
        views = list(np.frombuffer(memory, ORDER_VIEW))
        if not request.open_only and self._pipeline.archive:
            views += [
                view_of(data)
                for data in self._pipeline.archive.orders(
                    before=before,
                    limit=size + 1,
                    account_id=request.account_id,
                    strategy_id=request.strategy_id,
                    instrument_id=instrument,
                    status=request.status,
                )
            ]
            views.sort(key=lambda view: -int(view["status"]["order_id"]))
        page = views[:size]
        token = ""
        if len(views) > size:
            token = requests.page_token("orders", int(page[-1]["status"]["order_id"]))
        return pb.ListOrdersResponse(
            orders=[order_message(view) for view in page], next_page_token=token
        )

    async def ListFills(self, request: pb.ListFillsRequest, _: Any) -> pb.ListFillsResponse:
        """Fills of an order, or all of them, newest first."""
        size = requests.page_size(request)
        before = requests.parse_page_token("fills", request.page_token)
        await self._pipeline.settled()
        if request.order_id:
            found = self._fills_of(request.order_id)
            newest = [item for item in reversed(found) if item[0] < before]
        else:
            newest = self._all_fills(before, size + 1)
        page = newest[:size]
        token = requests.page_token("fills", page[-1][0]) if len(newest) > size else ""
        return pb.ListFillsResponse(
            fills=[fill_message(row, trace) for _, row, trace in page], next_page_token=token
        )

    # ---------------------------------------------------------------------------------- private

    def _named(self, request: pb.GetOrderRequest | pb.CancelOrderRequest) -> int:
        """The order that a request names, in memory or in the archive; 0 where there is none."""
        engine, archive = self._pipeline.engine, self._pipeline.archive
        order_id = int(request.order_id)
        if not order_id:
            account, number = request.account_id, request.client_order_id
            order_id = engine.find(account, number) or archive.find(account, number)
        data = engine.order(order_id)
        if data is None:
            archived = archive.get(order_id)
            if archived is None:
                return 0
            data = archived.view
        account_id = int(view_of(data)["status"]["account_id"])
        return order_id if request.account_id in {0, account_id} else 0

    async def _order(self, order_id: int) -> tuple[pb.Order, list[pb.Fill]]:
        """An order as journaled, and its fills, oldest first."""
        await self._pipeline.settled()
        engine = self._pipeline.engine
        data = engine.order(order_id)
        if data is not None:
            fills = engine.order_fills(order_id)
        else:
            archived = self._pipeline.archive.get(order_id)
            if archived is None:
                raise InternalError(f"order {order_id} is neither in memory nor in the archive")
            data, fills = archived
        view = view_of(data)
        trace = bytes(view["context"]["trace_id"].tobytes())
        return order_message(view), [fill_message(row, trace) for row in np.frombuffer(fills, FILL)]

    def _fills_of(self, order_id: int) -> list[tuple[int, Any, bytes]]:
        """(journal sequence, FILL row, trace id) of an order's fills, oldest first."""
        engine = self._pipeline.engine
        data = engine.order(order_id)
        if data is not None:
            fills = engine.order_fills(order_id)
        else:
            archived = self._pipeline.archive.get(order_id)
            if archived is None:
                raise NotFound(
                    f"there is no order {order_id}", reason="UNKNOWN_ORDER", order_id=order_id
                )
            data, fills = archived
        trace = bytes(view_of(data)["context"]["trace_id"].tobytes())
        return [(int(row["journal_sequence"]), row, trace) for row in np.frombuffer(fills, FILL)]

    def _all_fills(self, before: int, limit: int) -> list[tuple[int, Any, bytes]]:
        rows, traces = self._pipeline.engine.fills(before=before, limit=limit)
        found = [
            (int(row["journal_sequence"]), row, traces[16 * index : 16 * index + 16])
            for index, row in enumerate(np.frombuffer(rows, FILL))
        ]
        if self._pipeline.archive:
            for data, trace in self._pipeline.archive.fills(before=before, limit=limit):
                row = np.frombuffer(data, FILL)[0]
                found.append((int(row["journal_sequence"]), row, trace))
            found.sort(key=lambda item: -item[0])
        return found


def _cause() -> FrameContext:
    """The call being served as a cause; without a traced call, the beginning of a trace."""
    context = current_context.get()
    return context if context is not None else new_context(sampled=False)


def _unknown(request: pb.GetOrderRequest | pb.CancelOrderRequest) -> NotFound:
    named = (
        f"order {request.order_id}"
        if request.order_id
        else f"client order id {request.client_order_id} of account {request.account_id}"
    )
    return NotFound(
        f"there is no {named}",
        reason="UNKNOWN_ORDER",
        order_id=request.order_id,
        client_order_id=request.client_order_id,
        account_id=request.account_id,
    )


def _closed(order: pb.Order) -> OrderRejected:
    status = OrdStatus(order.status).name
    return OrderRejected(
        f"order {order.order_id} is {status}: there is nothing left to cancel",
        reason="ORDER_CLOSED",
        order_id=order.order_id,
        status=status,
    )
