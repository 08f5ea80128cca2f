"""StrategyService as clients see it: pytest-grpc's fixtures on a real server."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import grpc
import pytest

from alphapulse.strategy.v1 import strategy_pb2 as pb
from alphapulse.strategy.v1 import strategy_pb2_grpc as rpc
from alphapulse_mesh.runtime.agent import AgentStatus
from alphapulse_mesh.runtime.config import CrossVenueArbitrageConfig
from alphapulse_mesh.runtime.errors import InvalidArgument, from_rpc_error
from alphapulse_mesh.strategies.cross_venue_arbitrage import CrossVenueArbitrage
from alphapulse_mesh.strategies.servicer import StrategyServicer


@pytest.fixture(scope="module")
def grpc_add_to_server() -> Any:
    return rpc.add_StrategyServiceServicer_to_server


@pytest.fixture(scope="module")
def grpc_servicer() -> Any:
    strategy = CrossVenueArbitrage(CrossVenueArbitrageConfig(), strategy_id=3)
    runner: Any = SimpleNamespace(strategy=strategy, paused=False, sequence=11, lost=0)
    agent = AgentStatus("strategy", "0", counters={"frames": 5, "records": 9, "signals": 2})
    return StrategyServicer(runner, agent)


@pytest.fixture(scope="module")
def grpc_stub_cls() -> Any:
    return rpc.StrategyServiceStub


def test_the_status(grpc_stub: Any) -> None:
    status = grpc_stub.GetStrategyStatus(pb.GetStrategyStatusRequest())
    assert (status.strategy_id, status.name) == (3, "cross-venue-arbitrage")
    assert (status.frames, status.records, status.signals) == (5, 9, 2)
    assert status.market_data_sequence == 11
    assert status.state == pb.STRATEGY_STATE_WARMING_UP


def test_pause_and_resume(grpc_stub: Any) -> None:
    for state in (pb.STRATEGY_STATE_PAUSED, pb.STRATEGY_STATE_PAUSED):
        answer = grpc_stub.SetStrategyState(pb.SetStrategyStateRequest(state=state))
        assert answer.state == pb.STRATEGY_STATE_PAUSED
    assert grpc_stub.GetStrategyStatus(pb.GetStrategyStatusRequest()).state == answer.state
    running = pb.SetStrategyStateRequest(state=pb.STRATEGY_STATE_RUNNING)
    assert grpc_stub.SetStrategyState(running).state == pb.STRATEGY_STATE_WARMING_UP


@pytest.mark.parametrize("state", [pb.STRATEGY_STATE_UNSPECIFIED, pb.STRATEGY_STATE_WARMING_UP, 77])
def test_other_states_are_refused(grpc_stub: Any, state: pb.StrategyState.ValueType) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        grpc_stub.SetStrategyState(pb.SetStrategyStateRequest(state=state))
    error = from_rpc_error(caught.value)
    assert isinstance(error, InvalidArgument)
    assert error.reason == "STRATEGY_STATE_INVALID"
