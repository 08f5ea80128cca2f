"""The plain client: same calls, no event loop in sight, nothing left running."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import time
import weakref
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import pytest

from alphapulse_client import (
    FailedPrecondition,
    FeedOptions,
    InvalidArgument,
    Mesh,
    SyncMesh,
    Unavailable,
    connect_sync,
)
from alphapulse_testing.frames import numbers_of, signals, trades
from alphapulse_testing.relays import serve_relays
from alphapulse_testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from alphapulse_client.merged import MergeOrder
    from alphapulse_mesh.runtime.config import MeshConfig


@pytest.fixture
def relay_target(make_config: Callable[..., MeshConfig], tmp_path: Path) -> Iterator[str]:
    """Two relays on a loop in another thread: this one has none."""
    started: Future[str] = Future()
    stop: list[Callable[[], Any]] = []

    async def run() -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(ended.set))
        served = serve_relays(make_config(), tmp_path, "market-data", "signal")
        async with served as (_, host):
            started.set_result(host.target)
            await ended.wait()

    thread = threading.Thread(target=asyncio.run, args=[run()])
    thread.start()
    yield started.result(30)
    stop[0]()
    thread.join()


def test_publish_and_read_without_asyncio(relay_target: str) -> None:
    with connect_sync(relay_target) as mesh:
        feed = mesh.feed("market_data", name="plain")
        assert feed.ready(30) == 0
        with mesh.publisher("market_data", producer_name="plain") as publisher:
            publisher.publish([trades([number]) for number in range(10)])
            publisher.flush(30)
            assert publisher.acknowledged == 10
        numbers: list[int] = []
        for batch in feed:
            numbers += numbers_of(batch)
            if len(numbers) == 10:
                break
        assert numbers == list(range(10))
        assert (feed.delivered_sequence, feed.lost) == (10, 0)
        assert mesh.relay_status("market_data").head_sequence == 10
        with pytest.raises(InvalidArgument):
            mesh.relay_status("nothing")
    with pytest.raises(FailedPrecondition) as caught:
        mesh.relay_status("market_data")
    assert caught.value.reason == "MESH_CLOSED"
    assert not [one for one in threading.enumerate() if one.name == "alphapulse-client"]


@pytest.mark.parametrize("order", ["time", "arrival"])
def test_several_domains_without_asyncio(relay_target: str, order: MergeOrder) -> None:
    with connect_sync(relay_target) as mesh:
        feed = mesh.feed(
            market_data={"start": "oldest"}, signals={"start": "oldest"}, order=order, patience=5
        )
        with (
            mesh.publisher("market_data", producer_name="a") as ticks,
            mesh.publisher("signal", producer_name="b") as decisions,
        ):
            for number in range(10):
                ticks.publish(trades([number]))
                decisions.publish(signals([number]))
            ticks.flush(30)
            decisions.flush(30)
        found: dict[str, list[int]] = {"market_data": [], "signal": []}
        made: list[int] = []
        with feed:
            for batch in feed:
                for domain, frame in batch:
                    made.append(frame.timestamp)
                    found[domain].append(frame.sequence)
                if len(made) == 20:
                    break
            assert found == {"market_data": list(range(1, 11)), "signal": list(range(1, 11))}
            assert order == "arrival" or made == sorted(made)
            assert {state.frames for state in feed.states.values()} == {10}
        with pytest.raises(InvalidArgument):
            mesh.feed(market_data=True, order="size")  # type: ignore[call-overload]  # the point


def test_a_merged_feed_goes_on_behind_what_was_handed_over(relay_target: str) -> None:
    with connect_sync(relay_target) as mesh:
        with mesh.publisher("market_data", producer_name="a") as ticks:
            ticks.publish([trades([number]) for number in range(100)])
            ticks.flush(30)
        seen: list[int] = []
        token = b""
        while len(seen) < 100:
            options: FeedOptions = {"resume": token} if token else {"start": "oldest"}
            with mesh.feed(market_data={**options, "max_batch_bytes": 2048}, patience=0) as feed:
                for merged in feed:
                    seen += numbers_of(frame for _, frame in merged)
                    break
                token = feed.states["market_data"].resume_token
        assert seen == list(range(100))


def test_closing_the_mesh_ends_who_waits_in_another_thread(relay_target: str) -> None:
    mesh = connect_sync(relay_target)
    feeds = [mesh.feed("market_data"), mesh.feed(market_data=True, signals=True)]
    ended: list[Exception | None] = []

    def read(feed: Iterable[object]) -> None:
        try:
            for _ in feed:
                pass
        except FailedPrecondition as error:
            ended.append(error)
        else:
            ended.append(None)

    threads = [threading.Thread(target=read, args=[feed]) for feed in feeds]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 30
    while len(mesh.relay_status("market_data").subscribers) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    mesh.close()
    for thread in threads:
        thread.join(30)
    assert len(ended) == 2


def test_a_callback_that_would_wait_for_itself_is_told(relay_target: str) -> None:
    told: list[str] = []

    def ask(rejection: object) -> None:
        for call in (mesh.relay_status, mesh.close):
            with pytest.raises(FailedPrecondition) as caught:
                call()
            told.append(caught.value.reason)

    with connect_sync(relay_target) as mesh:
        with mesh.publisher("market_data", producer_name="p", on_rejection=ask) as publisher:
            publisher.publish(b"no frame")
            publisher.flush(30)
        assert told == ["MESH_CALLBACK", "MESH_CALLBACK"]
        assert mesh.relay_status("market_data").head_sequence == 0, "and nothing else has happened"


def test_what_publishers_say_at_the_end_is_said(
    relay_target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing = Mesh.close

    async def close(self: Mesh) -> None:
        await closing(self)
        raise FailedPrecondition("frames may not be in the relay", reason="PRODUCER_REPLACED")

    monkeypatch.setattr(Mesh, "close", close)
    mesh = connect_sync(relay_target)
    with pytest.raises(FailedPrecondition) as caught:
        mesh.close()
    assert caught.value.reason == "PRODUCER_REPLACED"
    mesh.close()
    assert not [one for one in threading.enumerate() if one.name == "alphapulse-client"]


FORKING = """
import os, sys
from alphapulse_client import FailedPrecondition, connect_sync

with connect_sync(sys.argv[1]) as mesh:
    if child := os.fork():
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), mesh.relay_status("market_data").domain)
    else:
        try:
            mesh.relay_status("market_data")
        except FailedPrecondition as error:
            mesh.close()
            os._exit(41 if error.reason == "MESH_CLOSED" else 1)
        os._exit(2)
"""
LEAVING = """
import sys
from alphapulse_client import connect_sync
from alphapulse_testing.frames import trades

mesh = connect_sync(sys.argv[1])
feed = mesh.feed("market_data", start="oldest")
publisher = mesh.publisher("market_data", producer_name="p")
publisher.publish(trades([1]))
batches = iter(feed)
print(len(next(batches)))
"""


@pytest.mark.parametrize(("program", "said"), [(FORKING, "41 market_data"), (LEAVING, "1")])
def test_processes_that_fork_or_just_leave(relay_target: str, program: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program, relay_target],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.returncode, done.stdout.strip()) == (0, said), done.stderr


def test_errors_of_the_service_are_raised(relay_target: str) -> None:
    with connect_sync(relay_target) as mesh, pytest.raises(InvalidArgument) as caught:
        next(iter(mesh.feed(message_types=[5])))
    assert caught.value.reason == "MESSAGE_TYPE_UNKNOWN"


def test_the_plain_calls_are_those_of_the_asynchronous_client() -> None:
    from alphapulse_client import OrdersClient, RegistryClient
    from alphapulse_client.sync import SyncOrders, SyncRegistry

    def names(cls: type) -> set[str]:
        return {name for name in dir(cls) if not name.startswith("_")}

    assert names(SyncRegistry) == names(RegistryClient)
    assert names(SyncOrders) == names(OrdersClient) - {"submit_frames"}
    assert names(SyncMesh) == names(Mesh) - {"connect"}


def test_nobody_there(free_port: int) -> None:
    with pytest.raises(Unavailable) as caught:
        connect_sync(f"127.0.0.1:{free_port}", timeout=0.3)
    assert caught.value.reason == "MESH_UNREACHABLE"
    assert not [one for one in threading.enumerate() if one.name == "alphapulse-client"]


async def test_a_mesh_keeps_nothing_of_what_was_closed(relay_target: str) -> None:
    async with Mesh.connect(relay_target) as mesh:
        kept: list[weakref.ref[Any]] = []
        for _ in range(3):
            feed, publisher = mesh.feed(), mesh.publisher("market_data", producer_name="p")
            await feed.ready(30)
            await publisher.ready(30)
            kept += [weakref.ref(feed), weakref.ref(publisher)]
            await feed.close()
            await publisher.close()
        feed = mesh.feed()
        del publisher

        def gone() -> bool:
            gc.collect()
            return not any(one() for one in kept)

        await eventually(gone)


async def test_mesh_is_awaited_or_entered(relay_target: str) -> None:
    mesh = await Mesh.connect(relay_target)
    assert (await mesh.relay_status("market_data")).domain == "market_data"
    await mesh.close()
    async with Mesh.connect(relay_target) as mesh:
        publisher = mesh.publisher("market_data", producer_name="p")
        await publisher.publish(trades([1]))
    assert publisher.acknowledged == 1, "leaving the mesh flushes"
    for late in (mesh.feed, lambda: mesh.publisher("market_data", producer_name="p")):
        with pytest.raises(FailedPrecondition) as caught:
            late()
        assert caught.value.reason == "MESH_CLOSED"
