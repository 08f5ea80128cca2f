"""One child process of the mesh: start, readiness, health, restart with back-off, its log.

A child is bound to this process by the kernel (PR_SET_PDEATHSIG): when the supervisor is killed,
its children get SIGTERM, so that nothing is left behind. What a child writes goes to a rotated
file. Order between processes is `mesh`'s part.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import http.client
import json
import logging
import logging.handlers
import signal
import time
import urllib.parse
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import grpc
import psutil
from grpc_health.v1 import health_pb2, health_pb2_grpc

from alphapulse.system.v1 import system_pb2

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alphapulse_mesh.runtime.config import SupervisorConfig
    from alphapulse_mesh.supervisor.plan import ProcessSpec

__all__ = ["ManagedProcess"]

State: TypeAlias = system_pb2.ServiceState.ValueType
log = logging.getLogger(__name__)

_LOG_BYTES: Final = 4 << 20
_LOG_FILES: Final = 3
_READY_POLL_SECONDS: Final = 0.05
_FAILED_CHECKS_BEFORE_RESTART: Final = 3
_PR_SET_PDEATHSIG: Final = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    """Runs in the child between fork and exec."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class ManagedProcess:
    """Keeps one `ProcessSpec` running until it is told to stop."""

    def __init__(
        self,
        spec: ProcessSpec,
        config: SupervisorConfig,
        *,
        log_file: Path,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.spec = spec
        self.state: State = system_pb2.SERVICE_STATE_STOPPED
        self.restarts = 0
        self.started_ns = 0
        self.last_error = ""
        self.healthy = asyncio.Event()
        self._config = config
        self._on_change = on_change
        self._process: asyncio.subprocess.Process | None = None
        self._usage: psutil.Process | None = None
        self._runner: asyncio.Task[None] | None = None
        self._stopping = False
        self._restart_asked = False
        self._was_healthy = False
        self._log_file = log_file
        self._tail = ""

    @property
    def pid(self) -> int:
        """Process id, 0 when it does not run."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else 0

    def usage(self) -> tuple[int, float]:
        """Resident bytes, and the share of one processor since the last call."""
        try:
            if self._usage is None or self._usage.pid != self.pid:
                if not self.pid:
                    return 0, 0.0
                self._usage = psutil.Process(self.pid)
            return self._usage.memory_info().rss, self._usage.cpu_percent() / 100
        except psutil.Error:
            return 0, 0.0

    def start(self) -> None:
        """Begin to keep it running."""
        assert self._runner is None, "started twice"
        self._runner = asyncio.create_task(self._run(), name=f"supervise-{self.spec.name}")

    async def restart(self) -> None:
        """Drain the process and start it anew."""
        self._restart_asked = True
        await self._terminate()

    async def stop(self) -> None:
        """Drain and end it; SIGKILL after the stop time-out."""
        self._stopping = True
        if self.state not in (system_pb2.SERVICE_STATE_STOPPED, system_pb2.SERVICE_STATE_FAILED):
            self._enter(system_pb2.SERVICE_STATE_DRAINING)
        await self._terminate()
        if self._runner is not None:
            self._runner.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._runner
            self._runner = None
        await self._terminate()  # one that was being started when the runner was cancelled
        self._enter(system_pb2.SERVICE_STATE_STOPPED)

    async def _run(self) -> None:
        delay = self._config.restart_initial_seconds
        while not self._stopping:
            started = time.monotonic()
            try:
                await self._run_once()
            except OSError as error:  # no memory for one more process, no room for its log
                self.last_error = f"not started: {error}"
            self.healthy.clear()
            if self._stopping:
                return
            if self._restart_asked:
                self._restart_asked = False
                self.restarts += 1
                continue
            self._enter(system_pb2.SERVICE_STATE_FAILED)
            if time.monotonic() - started >= self._config.restart_reset_seconds:
                delay = self._config.restart_initial_seconds
            log.warning("%s: %s; restarting in %.1f s", self.spec.name, self.last_error, delay)
            await asyncio.sleep(delay)
            delay = min(delay * 2, self._config.restart_max_seconds)
            self.restarts += 1

    async def _run_once(self) -> None:
        self._enter(system_pb2.SERVICE_STATE_STARTING)
        self.started_ns = time.time_ns()
        self._process = process = await asyncio.create_subprocess_exec(
            *self.spec.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # Ctrl-C in a terminal reaches its whole session: only we may stop a child.
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        output = asyncio.create_task(self._copy_output(process))
        watch = asyncio.create_task(self._watch(process))
        try:
            code = await process.wait()
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
            # A grandchild may hold the pipe open: do not wait for its end.
            with contextlib.suppress(asyncio.TimeoutError, asyncio.CancelledError):
                await asyncio.wait_for(output, 0.5)
        if not self._stopping and not self._restart_asked:
            self.last_error = f"{_describe_exit(code)}{f': {self._tail}' if self._tail else ''}"

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Wait for readiness, then check health; a process that stays unhealthy is killed."""
        deadline = time.monotonic() + self._config.start_timeout_seconds
        while not (await self._check() and await self._routes_known()):
            if time.monotonic() > deadline:
                self._tail = f"not healthy within {self._config.start_timeout_seconds:g} s"
                process.kill()
                return
            await asyncio.sleep(_READY_POLL_SECONDS)
        self._enter(system_pb2.SERVICE_STATE_SERVING)
        self._was_healthy = True
        self.healthy.set()
        failed = 0
        while True:
            await asyncio.sleep(self._config.health_interval_seconds)
            if await self._check() or self._stopping or self._restart_asked:
                failed = 0
                continue
            failed += 1
            log.warning("%s: health check failed (%d in a row)", self.spec.name, failed)
            if failed >= _FAILED_CHECKS_BEFORE_RESTART:
                self._tail = f"failed {failed} health checks in a row"
                process.kill()
                return

    async def _check(self) -> bool:
        # A busy machine may be slow to answer; a dead process is seen by its exit, not here.
        limit = max(5.0, 2 * self._config.health_interval_seconds)
        if self.spec.ready_url is not None:
            return await asyncio.to_thread(_http_ok, self.spec.ready_url, limit)
        if self.spec.target is None:
            return True
        try:
            # A channel of its own each time: a cached one would back off after the first refusal.
            async with grpc.aio.insecure_channel(
                self.spec.target, options=(("grpc.use_local_subchannel_pool", 1),)
            ) as channel:
                stub: Any = health_pb2_grpc.HealthStub(channel)  # the stubs have no methods
                answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=limit)
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    async def _routes_known(self) -> bool:
        """Whether Envoy has found everything behind it healthy. Asked at the first start alone:
        later a service that is down must not keep the way to the others shut.
        """
        if self.spec.clusters_url is None or self._was_healthy:
            return True
        return await asyncio.to_thread(_clusters_healthy, self.spec.clusters_url)

    async def _terminate(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), self._config.stop_timeout_seconds)
        except TimeoutError:
            log.warning("%s: did not drain in time, killed", self.spec.name)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _copy_output(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None, "asked for a pipe"
        self._log_file.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            self._log_file, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8"
        )
        handler.setFormatter(logging.Formatter("%(message)s"))
        try:
            while line := await _read_line(process.stdout):
                text = line.decode("utf-8", errors="replace").rstrip("\n")
                self._tail = _why(text) or self._tail
                handler.emit(logging.LogRecord("", logging.INFO, "", 0, text, None, None))
        finally:
            # What a full disk did not take is written once more here. It is lost, no more than
            # that: the process is still to be restarted, or to be stopped with all others.
            with contextlib.suppress(OSError):
                handler.close()

    def _enter(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self._on_change()


async def _read_line(stream: asyncio.StreamReader) -> bytes:
    """A line, or as much of an endless one as the reader's buffer takes."""
    try:
        return await stream.readuntil(b"\n")
    except asyncio.IncompleteReadError as end:
        return end.partial
    except asyncio.LimitOverrunError as overrun:
        return await stream.read(overrun.consumed or 1)


def _http_get(url: str, timeout: float) -> tuple[int, bytes]:
    """Status and body; status 0 where nobody answers."""
    parts = urllib.parse.urlsplit(url)
    assert parts.hostname is not None, "made by plan"
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def _http_ok(url: str, timeout: float) -> bool:
    return _http_get(url, timeout)[0] == http.HTTPStatus.OK


def _clusters_healthy(url: str) -> bool:
    status, body = _http_get(url, 5.0)
    if status != http.HTTPStatus.OK:
        return False
    return not any(
        host.get("health_status", {}).get("failed_active_health_check")
        for cluster in json.loads(body).get("cluster_statuses", [])
        for host in cluster.get("host_statuses", [])
    )


def _why(line: str) -> str:
    """What a line of a process's output says of its end: an error's message, or what is no log line
    of ours, such as the last of a traceback. What it logged of its work says nothing of it.
    """
    try:
        logged = json.loads(line)
    except json.JSONDecodeError:
        return line.strip()[:500]
    if not isinstance(logged, dict) or "level" not in logged:
        return line.strip()[:500]
    bad = logged["level"] in {"error", "critical"}
    return str(logged.get("message", ""))[:500] if bad else ""


def _describe_exit(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-code).name}"
        return f"killed by signal {-code}"
    return f"exited with {code}" if code else "ended"
