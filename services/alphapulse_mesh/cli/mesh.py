"""`alphapulse up | down | status`: the life of a mesh on this host, through its supervisor."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import grpc
import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from alphapulse.system.v1 import system_pb2, system_pb2_grpc
from alphapulse_mesh.cli import output
from alphapulse_mesh.cli.gateway import mesh_config
from alphapulse_mesh.runtime.config import MeshConfig, dump_toml, load_config
from alphapulse_mesh.runtime.errors import (
    ConfigError,
    FailedPrecondition,
    InvalidArgument,
    Unavailable,
)
from alphapulse_mesh.runtime.names import RINGS, Service
from alphapulse_mesh.runtime.paths import MeshPaths, Ready, write_atomically

__all__ = ["down", "get_status", "running", "start_supervisor", "status", "stop", "up"]

_POLL_SECONDS: Final = 0.1
_REFRESH_SECONDS: Final = 0.5
_STATES: Final = {
    system_pb2.SERVICE_STATE_STARTING: ("starting", "yellow"),
    system_pb2.SERVICE_STATE_SERVING: ("serving", "green"),
    system_pb2.SERVICE_STATE_DRAINING: ("draining", "yellow"),
    system_pb2.SERVICE_STATE_STOPPED: ("stopped", "dim"),
    system_pb2.SERVICE_STATE_FAILED: ("failed", "bold red"),
}


def running(config: MeshConfig) -> Ready | None:
    """What the mesh's supervisor says of itself, or None when it does not run."""
    ready = MeshPaths(config).read_ready("supervisor")
    return ready if ready is not None and ready.alive() else None


def start_supervisor(
    config: MeshConfig, *, detach: bool, jaeger: bool = False
) -> subprocess.Popen[bytes]:
    """Start the supervisor of `config` as a process of its own.

    In the foreground it ends with this process, whatever happens to it; detached it lives on.

    Raises:
        FailedPrecondition: a mesh of this name runs already.
    """
    if (ready := running(config)) is not None:
        raise FailedPrecondition(
            f"mesh {config.mesh.name!r} is running already (process {ready.pid}); "
            "`alphapulse down` stops it, `--name` starts another beside it",
            reason="MESH_RUNNING",
            mesh=config.mesh.name,
        )
    config = on_this_host(config)
    paths = MeshPaths(config)
    paths.create()
    asked = paths.run_dir / "asked.toml"
    write_atomically(asked, dump_toml(config).encode())
    argv = [sys.executable, "-m", "alphapulse_mesh.supervisor", "--config", str(asked)]
    if jaeger:
        argv.append("--jaeger")
    if not detach:
        argv += ["--parent", str(os.getpid())]
    # Its own session: Ctrl-C reaches the command line alone, which then asks for a drain.
    with supervisor_log(config).open("wb") as log:
        return subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )


def on_this_host(config: MeshConfig) -> MeshConfig:
    """The configuration with Unix sockets between the services, unless it says otherwise.

    They need no ports, and no one else on the host can open them. Where the run directory's path is
    too long for a socket's, TCP it is.
    """
    if "transport" in config.server.model_fields_set:
        return config
    server = config.server.model_copy(update={"transport": "unix"})
    local = config.model_copy(update={"server": server})
    try:
        MeshPaths(local).socket(Service.RELAY_MARKET_DATA)
    except ConfigError:
        return config
    return local


def supervisor_log(config: MeshConfig) -> Path:
    """What the supervisor itself writes."""
    directory = config.data_dir / "logs"
    directory.mkdir(parents=True, exist_ok=True)
    return directory / "supervisor.log"


@contextlib.asynccontextmanager
async def supervisor_stub(ready: Ready) -> AsyncIterator[system_pb2_grpc.SystemServiceAsyncStub]:
    """The supervisor's own service."""
    async with grpc.aio.insecure_channel(ready.target) as channel:
        yield system_pb2_grpc.SystemServiceStub(channel)


async def get_status(config: MeshConfig) -> system_pb2.GetMeshStatusResponse:
    """Every process of the mesh.

    Raises:
        Unavailable: it does not run.
    """
    ready = running(config)
    if ready is None:
        raise Unavailable(
            f"mesh {config.mesh.name!r} is not running; `alphapulse up` starts it",
            reason="MESH_NOT_RUNNING",
            mesh=config.mesh.name,
        )
    async with supervisor_stub(ready) as stub:
        return await stub.GetMeshStatus(system_pb2.GetMeshStatusRequest(), timeout=10)


async def wait_until_up(
    config: MeshConfig, process: subprocess.Popen[bytes]
) -> AsyncIterator[system_pb2.GetMeshStatusResponse]:
    """The states of the mesh while it starts; ends when every process serves.

    Raises:
        Unavailable: the supervisor gave up; its last words are the message.
    """
    while True:
        if process.poll() is not None:
            words = supervisor_log(config).read_text(errors="replace").strip().splitlines()
            raise Unavailable(
                words[-1].removeprefix("error: ") if words else "the supervisor ended",
                reason="MESH_NOT_STARTED",
            )
        with contextlib.suppress(Unavailable, grpc.aio.AioRpcError):
            state = await get_status(config)
            yield state
            if state.services and all(
                s.state == system_pb2.SERVICE_STATE_SERVING for s in state.services
            ):
                return
        await asyncio.sleep(_POLL_SECONDS)


async def stop(config: MeshConfig, *, within: float = 60.0) -> bool:
    """Ask the supervisor to drain and stop, and wait for its end. False when nothing ran.

    Raises:
        Unavailable: it did not end in time.
    """
    ready = running(config)
    if ready is None:
        return False
    try:
        async with supervisor_stub(ready) as stub:
            await stub.ControlMesh(
                system_pb2.ControlMeshRequest(action=system_pb2.MESH_ACTION_STOP), timeout=5
            )
    except grpc.aio.AioRpcError:
        with contextlib.suppress(ProcessLookupError):
            os.kill(ready.pid, signal.SIGTERM)
    deadline = time.monotonic() + within
    while ready.alive():
        if time.monotonic() > deadline:
            raise Unavailable(
                f"supervisor {ready.pid} did not stop within {within:g} s",
                reason="MESH_NOT_STOPPED",
                pid=ready.pid,
            )
        await asyncio.sleep(_POLL_SECONDS)
    return True


def render(state: system_pb2.GetMeshStatusResponse) -> RenderableType:
    """The live table."""
    rows = []
    for service in state.services:
        word, style = _STATES.get(service.state, ("unknown", "dim"))
        rows.append(
            (
                service.name,
                f"[{style}]{word}[/]",
                service.pid or "",
                service.restarts or "",
                f"{service.resident_bytes / 2**20:.0f} MiB" if service.resident_bytes else "",
                f"{service.cpu * 100:.0f} %" if service.pid else "",
                _age(service.started_at.ToDatetime(UTC)) if service.pid else "",
                heartbeat_text(service),
                f"[red]{service.last_error[:60]}[/]" if service.last_error else "",
            )
        )
    columns = [
        "service",
        "state",
        "pid>",
        "restarts>",
        "memory>",
        "cpu>",
        "up>",
        "heartbeat>",
        "last fault",
    ]
    return Group(
        Text.assemble(
            ("mesh ", "bold"),
            (state.mesh, "bold cyan"),
            f"   gateway http://{state.gateway_address}",
            (f"   Jaeger {state.jaeger_url}" if state.jaeger_url else ""),
        ),
        output.table(columns, rows),
    )


def heartbeat_text(service: system_pb2.ServiceStatus) -> str:
    """How long ago the service was heard of, and how far behind it is."""
    if not service.HasField("heartbeat"):
        return ""
    beat = service.heartbeat
    if not beat.HasField("created_at"):
        return "[bold red]missing[/]"
    seconds = max(0.0, time.time() - beat.created_at.ToNanoseconds() / 1e9)
    text = f"{seconds:.1f} s"
    if beat.missing:
        return f"[bold red]missing for {text}[/]"
    lag = max((one.lag_frames for one in beat.lags), default=0)
    lost = sum(one.lost_frames for one in beat.lags)
    text += f", lag {lag:,}" if lag else ""
    return text + (f", [yellow]lost {lost:,}[/]" if lost else "")


def _age(started: datetime) -> str:
    seconds = int((datetime.now(UTC) - started).total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


@output.command
async def up(
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="[SYMBOL]...", help="More symbols for --live.")
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Return once everything is healthy.")
    ] = False,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    port: Annotated[
        int | None,
        typer.Option(help="Port of the gateway; 0 is any free one.", show_default="10000"),
    ] = None,
    jaeger: Annotated[
        bool, typer.Option("--jaeger", help="Start Jaeger too (`make jaeger` installs it).")
    ] = False,
    live: Annotated[
        list[str] | None,
        typer.Option(
            "--live", help="Symbols from Binance's real WebSocket instead of the simulator."
        ),
    ] = None,
    as_json: output.JsonOption = False,
) -> None:
    """Start every service and Envoy, wait until all are healthy, and keep them running."""
    if symbols and not live:
        raise InvalidArgument(
            f"{symbols[0]!r}: symbols are for --live", reason="SYMBOLS_WITHOUT_LIVE"
        )
    loaded = _with_sources(mesh_config(name, config), [*(live or []), *(symbols or [])])
    if port is not None:
        loaded = loaded.model_copy(update={"envoy": loaded.envoy.model_copy(update={"port": port})})
    process = start_supervisor(loaded, detach=detach, jaeger=jaeger)
    started = False
    try:
        with Live(
            Text("starting …", "dim"), console=output.errors, transient=True, auto_refresh=False
        ) as view:
            async for state in wait_until_up(loaded, process):
                view.update(render(state), refresh=True)
        started = True
        state = await get_status(loaded)
        if as_json:
            output.print_json(output.as_dict(state))
        else:
            output.console.print(render(state))
            _print_urls(state)
        if not detach:
            await _watch(loaded, process, quiet=as_json)
    finally:
        if not detach or not started:
            with contextlib.suppress(Unavailable):
                await stop(loaded)
            process.wait(timeout=60)


def _with_sources(config: MeshConfig, live: Sequence[str]) -> MeshConfig:
    """Without sources of its own a mesh runs on the built-in simulator."""
    if live:
        sources: list[dict[str, Any]] = [
            {"venue": venue, "kind": "live", "symbols": list(live)}
            for venue in ("BINANCE", "BINANCE_FUTURES")
        ]
    elif config.collectors:
        return config
    else:
        sources = [{"venue": "SIMULATOR", "kind": "simulator"}]
    return config.model_copy(update={"collectors": load_config(collectors=sources).collectors})


async def _watch(config: MeshConfig, process: subprocess.Popen[bytes], *, quiet: bool) -> None:
    """Show the state until Ctrl-C or the end of the supervisor."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    with Live(console=output.errors, transient=True, auto_refresh=False) as view:
        while not asked.is_set() and process.poll() is None:
            with contextlib.suppress(Unavailable, grpc.aio.AioRpcError):
                if not quiet:
                    view.update(render(await get_status(config)), refresh=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asked.wait(), _REFRESH_SECONDS)
    if asked.is_set():
        output.errors.print("draining …", style="dim")
    elif process.returncode:
        raise Unavailable(
            f"the supervisor ended with {process.returncode}; see {supervisor_log(config)}",
            reason="SUPERVISOR_DIED",
        )


def _print_urls(state: system_pb2.GetMeshStatusResponse) -> None:
    gateway = state.gateway_address
    urls = {
        "gRPC, gRPC-Web": gateway,
        "JSON": f"http://{gateway}/v1/instruments",
        "status": f"http://{gateway}/v1/mesh",
    }
    if state.jaeger_url:
        urls["Jaeger"] = state.jaeger_url
    output.console.print(output.key_values(urls))


@output.command
async def status(
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Every process of the mesh. Exit code 3 when it does not run, 1 when one is not well."""
    state = await get_status(mesh_config(name, config))
    if as_json:
        output.print_json(output.as_dict(state))
    else:
        output.console.print(render(state))
    if any(s.state != system_pb2.SERVICE_STATE_SERVING for s in state.services):
        raise typer.Exit(1)


@output.command
async def down(
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Drain and stop the running mesh, and remove its run files and shared memory."""
    loaded = mesh_config(name, config)
    stopped = await stop(loaded)
    if not stopped:
        # What a killed supervisor left behind.
        MeshPaths(loaded).clean(RINGS)
    if as_json:
        output.print_json({"mesh": loaded.mesh.name, "stopped": stopped})
    elif stopped:
        output.console.print(f"mesh {loaded.mesh.name} stopped")
    else:
        output.console.print(f"mesh {loaded.mesh.name} was not running")
