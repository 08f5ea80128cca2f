"""kill -9 of any service: it comes back, readers miss nothing, no acknowledged order is gone."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import psutil
import pytest

from alphapulse.execution.v1 import execution_pb2
from alphapulse_client import Mesh
from alphapulse_testing.running_mesh import running_mesh

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alphapulse_testing.running_mesh import RunningMesh

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def fragile() -> Iterator[RunningMesh]:
    with running_mesh("fragile") as mesh:
        yield mesh


@pytest.fixture(scope="module")
def neighbour() -> Iterator[RunningMesh]:
    """A second mesh on the host. The last test takes it down."""
    with running_mesh("neighbour") as mesh:
        yield mesh


class Reader:
    """A client of one domain that checks what it gets."""

    def __init__(self, target: str, domain: str) -> None:
        self._target, self._domain = target, domain
        self.sequences: list[int] = []
        self.lost = 0

    async def run(self) -> None:
        async with (
            Mesh.connect(self._target) as mesh,
            mesh.feed(self._domain, start="oldest", policy="block", name="test") as feed,
        ):
            async for batch in feed:
                self.sequences += [frame.sequence for frame in batch.frames]
                self.lost += sum(gap.count for gap in batch.gaps)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(60):
            while len(self.sequences) < count:  # noqa: ASYNC110  # polled from outside the reader
                await asyncio.sleep(0.05)

    def check(self) -> None:
        first = self.sequences[0]
        assert self.sequences == list(range(first, first + len(self.sequences)))
        assert self.lost == 0


@pytest.mark.parametrize(
    "victim",
    [
        "relay-market-data",
        "registry",
        "strategy",
        "portfolio",
        "collector",
        "envoy",
        "relay-signal",
        "relay-system",
    ],
)
async def test_a_killed_service_comes_back_and_no_reader_misses_a_frame(
    fragile: RunningMesh, victim: str
) -> None:
    reader = Reader(fragile.gateway, "market_data")
    reading = asyncio.create_task(reader.run())
    try:
        await reader.until(20)
        before = fragile.services()[victim].get("restarts", 0)
        os.kill(fragile.pid(victim), signal.SIGKILL)
        await asyncio.to_thread(fragile.until_serving, victim, restarted=before + 1)
        await reader.until(len(reader.sequences) + 50)
        reader.check()
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def test_no_acknowledged_order_is_missing_after_execution_was_killed(
    fragile: RunningMesh,
) -> None:
    acknowledged: dict[int, int] = {}
    async with Mesh.connect(fragile.gateway, timeout=30) as mesh:
        btc = await mesh.registry.resolve("BTCUSDT", venue="SIMULATOR")

        async def submit(first: int) -> None:
            for number in range(first, first + 40):
                order = await mesh.orders.submit(
                    btc, "buy", "0.001", price="1000", client_order_id=number, account_id=77
                )
                acknowledged[number] = order.order_id

        before = fragile.services()["execution"].get("restarts", 0)
        submitting = [asyncio.create_task(submit(1000 * n)) for n in range(1, 5)]
        await asyncio.sleep(0.3)
        os.kill(fragile.pid("execution"), signal.SIGKILL)
        await asyncio.gather(*submitting)
        await asyncio.to_thread(fragile.until_serving, "execution", restarted=before + 1)
        held = {o.client_order_id: o async for o in mesh.orders.list(account_id=77)}
    assert len(acknowledged) == 160
    assert set(acknowledged) == set(held), "every acknowledged order, and each of them once"
    for number, order_id in acknowledged.items():
        assert held[number].order_id == order_id
    states = {order.status for order in held.values()}
    assert states <= {execution_pb2.ORDER_STATUS_NEW, execution_pb2.ORDER_STATUS_REJECTED}


async def test_executions_are_delivered_across_the_death_of_their_relay(
    fragile: RunningMesh,
) -> None:
    reader = Reader(fragile.gateway, "execution")
    reading = asyncio.create_task(reader.run())
    try:
        async with Mesh.connect(fragile.gateway, timeout=30) as mesh:
            btc = await mesh.registry.resolve("BTCUSDT", venue="SIMULATOR")
            before = fragile.services()["relay-execution"].get("restarts", 0)
            for number in range(30):
                if number == 10:
                    os.kill(fragile.pid("relay-execution"), signal.SIGKILL)
                await mesh.orders.submit(btc, "buy", "0.001", price="1000", account_id=78)
            await asyncio.to_thread(fragile.until_serving, "relay-execution", restarted=before + 1)
            wanted = len([o async for o in mesh.orders.list(account_id=78)])
        assert wanted == 30
        await reader.until(30)
        reader.check()
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


def test_two_meshes_side_by_side(fragile: RunningMesh, neighbour: RunningMesh) -> None:
    assert fragile.gateway != neighbour.gateway
    assert not {p.pid for p in fragile.processes()} & {p.pid for p in neighbour.processes()}


def test_a_killed_supervisor_takes_its_processes_along_and_up_starts_afresh(
    neighbour: RunningMesh,
) -> None:
    processes = neighbour.processes()
    processes[0].kill()
    _, alive = psutil.wait_procs(processes, timeout=60)
    assert alive == []
    neighbour.start()
    assert len(neighbour.services()) == 10


def test_down_leaves_nothing_behind_and_another_mesh_alone(
    fragile: RunningMesh, neighbour: RunningMesh
) -> None:
    processes = neighbour.processes()
    assert len(processes) == 11, "supervisor, nine services and Envoy"
    assert neighbour.shared_memory()
    neighbour.stop()
    assert not [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    assert neighbour.shared_memory() == []
    assert not list((neighbour.root / "run").glob("*.ready.json"))
    assert not list((neighbour.root / "run" / "sockets").glob("*.sock"))
    assert neighbour.call("status", check=False).returncode == 3
    assert {s["state"] for s in fragile.services().values()} == {"SERVICE_STATE_SERVING"}
    assert fragile.shared_memory()
