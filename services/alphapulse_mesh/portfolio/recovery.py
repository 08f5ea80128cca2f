"""The portfolio's memory is execution's journal: positions and orders are rebuilt by asking it.

Asking again changes nothing (fills are known by order and trade id, orders by client order id), so
the same is done after a gap in the ExecutionRelay. Execution that does not answer is asked until it
does: a failed query is not an empty account.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from alphapulse_client.decimals import SCALE, to_fixed
from alphapulse_layout import Side
from alphapulse_mesh.portfolio.order_table import FINAL_STATES, OpenOrder
from alphapulse_mesh.portfolio.wire import fill_of_answer
from alphapulse_mesh.runtime.errors import MeshError

if TYPE_CHECKING:
    from alphapulse.execution.v1 import execution_pb2 as pb
    from alphapulse_client.orders import OrdersClient
    from alphapulse_mesh.portfolio.instruments import Contracts
    from alphapulse_mesh.portfolio.manager import PortfolioManager

__all__ = ["reconcile"]

_log = logging.getLogger(__name__)
_RETRY_SECONDS: Final = 0.5


async def reconcile(manager: PortfolioManager, orders: OrdersClient, contracts: Contracts) -> int:
    """Bring the books up to execution's journal; returns the fills that were not counted before."""
    while True:
        try:
            account = manager.account_id
            found = [order async for order in orders.list(account_id=account)]
            fills = [fill async for fill in orders.fills() if fill.account_id == account]
            await contracts.load(bytes.fromhex(fill.instrument_id_text) for fill in fills)
            await contracts.load(bytes.fromhex(order.instrument_id_text) for order in found)
            break
        except MeshError as error:
            _log.warning("cannot read orders and fills: %s; asking again", error)
            await asyncio.sleep(_RETRY_SECONDS)
    strategies = {order.order_id: order.strategy_id for order in found}
    for order in reversed(found):  # oldest first
        _take_order(manager, order, contracts)
    counted = 0
    for fill in sorted(fills, key=lambda item: (item.journal_sequence, item.trade_id)):
        strategy_id = strategies.get(fill.order_id, 0)
        known = fill_of_answer(fill, strategy_id)
        # whether the order is closed is the order's say, not that of one of its fills
        counted += manager.positions.apply(known, contracts.get(known.instrument_id))
    for order in found:
        cumulative = to_fixed(order.cumulative_quantity or "0")
        final = int(order.status) in FINAL_STATES
        manager.orders.fill(order.client_order_id, cumulative, final=final)
    return counted


def _take_order(manager: PortfolioManager, order: pb.Order, contracts: Contracts) -> None:
    if int(order.status) in FINAL_STATES:
        manager.orders.remember(order.client_order_id)
        return
    instrument_id = bytes.fromhex(order.instrument_id_text)
    contract = contracts.get(instrument_id)
    manager.orders.add(
        OpenOrder(
            client_order_id=order.client_order_id,
            strategy_id=order.strategy_id,
            instrument_id=instrument_id,
            buys=int(order.side) == Side.BUY,
            price=to_fixed(order.price or "0"),
            quantity=to_fixed(order.quantity),
            multiplier=SCALE if contract is None else contract.multiplier,
        )
    )
