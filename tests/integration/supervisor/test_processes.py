"""Keeping one real child process running: restart, drain, log, and no orphan."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from alphapulse.system.v1 import system_pb2
from alphapulse_mesh.runtime.config import SupervisorConfig
from alphapulse_mesh.supervisor.plan import ProcessSpec
from alphapulse_mesh.supervisor.processes import ManagedProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"
FAST = SupervisorConfig(
    restart_initial_seconds=0.05,
    health_interval_seconds=0.05,
    stop_timeout_seconds=0.5,
    start_timeout_seconds=2.0,
)


@pytest.fixture
async def supervised(tmp_path: Path) -> AsyncIterator[Callable[..., ManagedProcess]]:
    started: list[ManagedProcess] = []

    def start(
        code: str,
        *,
        program: str = sys.executable,
        log_file: Path = tmp_path / "child.log",
        **spec: str,
    ) -> ManagedProcess:
        process = ManagedProcess(
            ProcessSpec(name="child", argv=(program, "-c", code), stage=0, **spec),
            FAST,
            log_file=log_file,
        )
        started.append(process)
        process.start()
        return process

    yield start
    for process in started:
        await process.stop()


async def until(condition: Callable[[], object], what: str) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # the world outside sets no event
            await asyncio.sleep(0.02)
    assert condition(), what


async def test_a_killed_process_is_started_again(
    supervised: Callable[..., ManagedProcess],
) -> None:
    process = supervised(SLEEPER)
    await process.healthy.wait()
    first = process.pid
    os.kill(first, signal.SIGKILL)
    await until(lambda: process.pid not in (0, first), "a new process")
    await process.healthy.wait()
    assert process.restarts == 1
    assert "SIGKILL" in process.last_error
    assert process.state == system_pb2.SERVICE_STATE_SERVING


async def test_what_fails_at_once_is_tried_again_more_and_more_slowly(
    supervised: Callable[..., ManagedProcess],
) -> None:
    process = supervised("raise SystemExit('no such market')", target="127.0.0.1:1")
    await until(lambda: process.restarts >= 3, "three attempts")
    assert "exited with 1" in process.last_error
    assert "no such market" in process.last_error
    assert not process.healthy.is_set()


async def test_what_it_logged_of_its_work_is_no_reason_for_its_end(
    supervised: Callable[..., ManagedProcess],
) -> None:
    error = '{"level":"critical","message":"the disk is full"}'
    info = '{"level":"info","message":"drained"}'
    process = supervised(f"print({error!r}); print({info!r}); raise SystemExit(3)")
    await until(lambda: process.restarts >= 1, "a restart")
    assert process.last_error == "exited with 3: the disk is full"


async def test_what_never_gets_healthy_is_killed_and_said_so(
    supervised: Callable[..., ManagedProcess], free_port: int
) -> None:
    process = supervised(SLEEPER, target=f"127.0.0.1:{free_port}")
    await until(lambda: process.restarts >= 1, "a restart")
    assert "not healthy within 2 s" in process.last_error


async def test_stopping_drains_and_then_insists(supervised: Callable[..., ManagedProcess]) -> None:
    process = supervised(STUBBORN)
    await process.healthy.wait()
    pid = process.pid
    await asyncio.sleep(0.3)  # let it install its handler
    await process.stop()
    assert process.state == system_pb2.SERVICE_STATE_STOPPED
    assert not psutil.pid_exists(pid)


async def test_restart_on_request_is_no_fault(supervised: Callable[..., ManagedProcess]) -> None:
    process = supervised(SLEEPER)
    await process.healthy.wait()
    first = process.pid
    await process.restart()
    await until(lambda: process.pid not in (0, first), "a new process")
    assert process.last_error == ""
    assert process.restarts == 1


async def test_output_goes_to_the_log_even_without_line_ends(
    supervised: Callable[..., ManagedProcess], tmp_path: Path
) -> None:
    supervised("import sys; sys.stdout.write('x' * 300_000); sys.stdout.flush(); input()")
    log = tmp_path / "child.log"
    await until(lambda: log.exists() and log.stat().st_size >= 300_000, "the whole output")


async def test_a_full_disk_takes_the_log_and_neither_restarts_nor_the_stop(
    supervised: Callable[..., ManagedProcess],
) -> None:
    process = supervised("print('up'); raise SystemExit(3)", log_file=Path("/dev/full"))
    await until(lambda: process.restarts >= 2, "two restarts")
    assert process.last_error == "exited with 3: up"
    await process.stop()
    assert process.state == system_pb2.SERVICE_STATE_STOPPED


async def test_what_cannot_be_started_is_tried_again_and_can_be_stopped(
    supervised: Callable[..., ManagedProcess], tmp_path: Path
) -> None:
    process = supervised("", program=str(tmp_path / "nothing"))
    await until(lambda: process.restarts >= 2, "two attempts")
    assert "No such file" in process.last_error
    await process.stop()
    assert process.state == system_pb2.SERVICE_STATE_STOPPED


async def test_children_end_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    """A supervisor that has no chance to clean up must not leave its children behind."""
    pid_file = tmp_path / "child.pid"
    child = (
        f"import os, pathlib, time; pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid()));"
        "time.sleep(600)"
    )
    code = f"""
import asyncio, pathlib, sys
from alphapulse_mesh.runtime.config import SupervisorConfig
from alphapulse_mesh.supervisor.plan import ProcessSpec
from alphapulse_mesh.supervisor.processes import ManagedProcess

async def main():
    spec = ProcessSpec(name="child", argv=(sys.executable, "-c", {child!r}), stage=0)
    log = pathlib.Path({str(tmp_path / "child.log")!r})
    ManagedProcess(spec, SupervisorConfig(), log_file=log).start()
    await asyncio.sleep(600)

asyncio.run(main())
"""
    supervisor = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    try:
        await until(lambda: pid_file.exists() and pid_file.read_text(), "the child")
        pid = int(pid_file.read_text())
        assert psutil.pid_exists(pid)
    finally:
        supervisor.kill()
        await supervisor.wait()
    await until(lambda: not psutil.pid_exists(pid), "the child's end")
