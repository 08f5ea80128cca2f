"""pytest-grpc's fixtures on our real server: how the rooms test their servicers' contracts."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from alphapulse.system.v1 import system_pb2, system_pb2_grpc
from alphapulse_mesh.runtime.errors import OrderRejected, from_rpc_error
from alphapulse_testing.echo import NAME, Echo, add_echo_to_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(scope="module")
def grpc_add_to_server() -> Any:
    return add_echo_to_server


@pytest.fixture(scope="module")
def grpc_servicer() -> Any:
    @contextlib.asynccontextmanager
    async def make() -> AsyncIterator[Echo]:
        yield Echo()  # made in the server's loop, as a servicer with an event store must be

    return make


@pytest.fixture(scope="module")
def grpc_stub_cls() -> Any:
    return system_pb2_grpc.AgentServiceStub


def test_the_modules_servicer_answers(grpc_channel: grpc.Channel) -> None:
    echo: Any = grpc_channel.unary_unary(f"/{NAME}/Unary")
    assert echo(b"x") == b"x"


def test_errors_are_what_every_client_sees(grpc_channel: grpc.Channel) -> None:
    echo: Any = grpc_channel.unary_unary(f"/{NAME}/Unary")
    with pytest.raises(grpc.RpcError) as caught:
        echo(b"reject")
    error = from_rpc_error(caught.value)
    assert isinstance(error, OrderRejected)
    assert error.reason == "ORDER_TOO_LARGE"


def test_the_stub_is_on_the_same_server(grpc_stub: Any) -> None:
    status = grpc_stub.GetAgentStatus(system_pb2.GetAgentStatusRequest())
    assert status.name == "registry"
