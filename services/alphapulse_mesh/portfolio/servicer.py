"""`alphapulse.strategy.v1.PortfolioService`: positions, and what was done with signals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc.aio

from alphapulse.strategy.v1 import strategy_pb2 as pb
from alphapulse.strategy.v1 import strategy_pb2_grpc as rpc
from alphapulse_client.decimals import fixed_text
from alphapulse_client.instrument_ids import id_message

if TYPE_CHECKING:
    from alphapulse_mesh.portfolio.service import PortfolioService
    from alphapulse_mesh.runtime.agent import AgentStatus

__all__ = ["PortfolioServicer"]

Context = grpc.aio.ServicerContext[Any, Any]


class PortfolioServicer(rpc.PortfolioServiceServicer):
    """Answers for one portfolio."""

    def __init__(self, portfolio: PortfolioService, agent: AgentStatus) -> None:
        self._portfolio = portfolio
        self._agent = agent

    async def GetPortfolio(
        self, request: pb.GetPortfolioRequest, context: Context
    ) -> pb.GetPortfolioResponse:
        """Now."""
        portfolio, counters = self._portfolio, self._agent.counters
        manager = portfolio.manager
        return pb.GetPortfolioResponse(
            positions=[
                pb.Position(
                    instrument_id=id_message(position.instrument_id),
                    instrument_id_text=position.instrument_id.hex(),
                    quantity=fixed_text(position.quantity),
                    average_price=fixed_text(position.average_price),
                    realized_pnl=fixed_text(position.realized_pnl),
                    fees=fixed_text(position.fees),
                    strategy_id=position.strategy_id,
                )
                for position in manager.positions
            ],
            signals=counters["signals"],
            orders=counters["orders"],
            fills=counters["fills"],
            declined=manager.declined,
            signal_sequence=portfolio.signal_sequence,
            execution_sequence=portfolio.execution_sequence,
            open_orders=len(manager.orders),
        )
