"""`top`: the rings of a running mesh and their latencies, live, read straight from shared memory.

It takes no part in any ring: it registers nothing and slows nobody. Beside them stand the services'
heartbeats, as the supervisor has heard them; health and restarts are `status`.
"""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Any, Final

import grpc
import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table

from alphapulse_core import LatencyHistograms, Ring, RingError
from alphapulse_layout import MessageType
from alphapulse_mesh.cli import output
from alphapulse_mesh.cli.gateway import mesh_config
from alphapulse_mesh.cli.mesh import get_status, heartbeat_text
from alphapulse_mesh.runtime.config import MeshConfig
from alphapulse_mesh.runtime.errors import MeshError
from alphapulse_mesh.runtime.latency import LATENCY, Stage
from alphapulse_mesh.runtime.names import RELAYS
from alphapulse_mesh.runtime.paths import MeshPaths

__all__ = ["collect", "top"]

_PLACES: Final = ("relay-window", "relay-gate-spare-")
"""Readers that a relay keeps in its own ring; see its `window` and `gate`."""


def collect(config: MeshConfig) -> dict[str, Any]:
    """One look: `rings`, each as `Ring.stats()` under its service's name, and `latencies`."""
    paths = MeshPaths(config)
    rings: dict[str, Any] = {}
    for service in RELAYS:
        path = paths.shm_path(service)
        try:
            with Ring.attach(str(path)) as ring:
                rings[str(service)] = ring.stats()
        except RingError as error:
            rings[str(service)] = {"error": str(error), "reason": error.reason}
    try:
        latencies = LatencyHistograms.attach(str(paths.shm_path(LATENCY))).snapshots()
    except RingError:
        latencies = []  # nobody measures in this mesh
    return {
        "mesh": config.mesh.name,
        "rings": rings,
        "latencies": latencies,
        "services": _services(config),
    }


def _services(config: MeshConfig) -> list[dict[str, Any]]:
    """What the services' heartbeats say, by the supervisor; none where it does not run."""
    try:
        state = asyncio.run(get_status(config))
    except (MeshError, grpc.RpcError):
        return []
    return [
        {
            "name": service.name,
            "heartbeat": heartbeat_text(service),
            "missing": service.heartbeat.missing,
            "version": service.heartbeat.version,
            "epoch": f"{service.heartbeat.epoch:016x}",
            "lags": [output.as_dict(lag) for lag in service.heartbeat.lags],
        }
        for service in state.services
        if service.HasField("heartbeat")
    ]


def _rate(now: dict[str, Any], before: dict[str, Any], seconds: float) -> str:
    if not before or "error" in before or now["incarnation"] != before["incarnation"]:
        return ""
    return f"{(now['next_sequence'] - before['next_sequence']) / seconds:,.0f}"


def _type_name(number: int) -> str:
    try:
        return MessageType(number).name
    except ValueError:
        return str(number)


def _stage_name(number: int) -> str:
    try:
        return Stage(number).label
    except ValueError:
        return str(number)


def render(state: dict[str, Any], before: dict[str, Any] | None, seconds: float) -> Group:
    """The tables of one look; rates are against the look `before`, `seconds` ago."""
    rings = Table(title=f"mesh {state['mesh']}", title_justify="left")
    for heading in ("ring", "entries", "per second", "window", "readers", "lag", "lost", "gaps"):
        rings.add_column(heading, justify="left" if heading == "ring" else "right")
    for name, stats in state["rings"].items():
        if "error" in stats:
            rings.add_row(name, stats["reason"], *[""] * 6)
            continue
        # a relay's own places in its ring stand where they were last needed: they follow nothing
        readers = [each for each in stats["readers"] if not each["name"].startswith(_PLACES)]
        rings.add_row(
            name,
            f"{stats['next_sequence']:,}",
            _rate(stats, before["rings"].get(name, {}), seconds) if before else "",
            f"{stats['next_sequence'] - stats['oldest_sequence']:,}",
            str(len(readers)),
            f"{max((r['lag'] for r in readers), default=0):,}",
            f"{stats['reader_lost']:,}",
            f"{stats['gap_entries']:,}",
        )
    latencies = Table(title="latency, microseconds", title_justify="left")
    for heading in ("message", "stage", "count", "p50", "p99", "p99.9", "max"):
        latencies.add_column(heading, justify="left" if heading == "message" else "right")
    for row in state["latencies"]:
        times = (f"{row[key] / 1000:,.1f}" for key in ("p50", "p99", "p999", "max"))
        latencies.add_row(
            _type_name(row["message_type"]), _stage_name(row["stage"]), f"{row['count']:,}", *times
        )
    tables = [rings]
    if state["services"]:
        tables.append(_heartbeats(state["services"]))
    if state["latencies"]:
        tables.append(latencies)
    return Group(*tables)


def _heartbeats(services: list[dict[str, Any]]) -> Table:
    table = Table(title="heartbeats", title_justify="left")
    for heading in ("service", "last heard", "version", "epoch", "slowest feed", "lag", "lost"):
        table.add_column(heading, justify="right" if heading in {"lag", "lost"} else "left")
    for service in services:
        lags = service["lags"]
        slowest: dict[str, Any] = max(
            lags, key=lambda lag: int(lag.get("lag_frames", 0)), default={}
        )
        table.add_row(
            service["name"],
            service["heartbeat"],
            service["version"],
            service["epoch"],
            slowest.get("feed", ""),
            f"{int(slowest.get('lag_frames', 0)):,}",
            f"{sum(int(lag.get('lost_frames', 0)) for lag in lags):,}",
        )
    return table


def top(
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between looks.")] = 1.0,
    count: Annotated[int, typer.Option(min=0, help="Looks before it ends; 0: until Ctrl-C.")] = 0,
    as_json: output.JsonOption = False,
) -> None:
    """The rings of a running mesh and their latencies, live. With --json, one look a line."""
    loaded = mesh_config(name, config)
    before: dict[str, Any] | None = None
    looks = 0
    try:
        with Live(console=output.console, auto_refresh=False, transient=False) as live:
            while True:
                state = collect(loaded)
                if as_json:
                    output.print_json(state)
                else:
                    live.update(render(state, before, interval), refresh=True)
                before = state
                looks += 1
                if looks == count:
                    return
                time.sleep(interval)
    except KeyboardInterrupt:
        return
