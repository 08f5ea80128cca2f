"""`alphapulse.strategy.v1.StrategyService`: what the strategy is and has done; pause and resume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc.aio

from alphapulse.strategy.v1 import strategy_pb2 as pb
from alphapulse.strategy.v1 import strategy_pb2_grpc as rpc
from alphapulse_client.instrument_ids import id_message
from alphapulse_mesh.runtime.errors import InvalidArgument
from alphapulse_mesh.strategies.cross_venue_arbitrage import CrossVenueArbitrage

if TYPE_CHECKING:
    from alphapulse_mesh.runtime.agent import AgentStatus
    from alphapulse_mesh.strategies.service import StrategyRunner

__all__ = ["StrategyServicer"]

Context = grpc.aio.ServicerContext[Any, Any]


class StrategyServicer(rpc.StrategyServiceServicer):
    """Answers for one runner."""

    def __init__(self, runner: StrategyRunner, agent: AgentStatus) -> None:
        self._runner = runner
        self._agent = agent

    async def GetStrategyStatus(
        self, request: pb.GetStrategyStatusRequest, context: Context
    ) -> pb.GetStrategyStatusResponse:
        """Now."""
        runner, counters = self._runner, self._agent.counters
        strategy = runner.strategy
        answer = pb.GetStrategyStatusResponse(
            strategy_id=strategy.strategy_id,
            name=strategy.name,
            state=self._state(),
            frames=counters["frames"],
            records=counters["records"],
            signals=counters["signals"],
            market_data_sequence=runner.sequence,
            lost_frames=runner.lost,
        )
        if isinstance(strategy, CrossVenueArbitrage):
            for status in strategy.pairs:
                answer.pairs.add(
                    spot=id_message(status.pair.spot),
                    derivative=id_message(status.pair.derivative),
                    spread_bps=status.basis_bps,
                    signals=status.signals,
                )
        return answer

    async def SetStrategyState(
        self, request: pb.SetStrategyStateRequest, context: Context
    ) -> pb.SetStrategyStateResponse:
        """RUNNING or PAUSED; the same again changes nothing."""
        if request.state not in (pb.STRATEGY_STATE_RUNNING, pb.STRATEGY_STATE_PAUSED):
            raise InvalidArgument(
                "state is RUNNING or PAUSED", reason="STRATEGY_STATE_INVALID", state=request.state
            )
        self._runner.paused = request.state == pb.STRATEGY_STATE_PAUSED
        return pb.SetStrategyStateResponse(state=self._state())

    def _state(self) -> pb.StrategyState.ValueType:
        if self._runner.paused:
            return pb.STRATEGY_STATE_PAUSED
        if self._runner.strategy.ready:
            return pb.STRATEGY_STATE_RUNNING
        return pb.STRATEGY_STATE_WARMING_UP
