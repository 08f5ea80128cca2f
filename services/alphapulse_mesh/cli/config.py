"""`alphapulse config`: settings of a running mesh, shown and changed without a restart."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any, Final

import grpc.aio
import typer

from alphapulse.relay.v1 import relay_pb2, relay_pb2_grpc
from alphapulse_client.system_frames import ConfigChange
from alphapulse_layout.enums import ConfigOutcome
from alphapulse_mesh.cli import output
from alphapulse_mesh.cli.gateway import mesh_config
from alphapulse_mesh.runtime.errors import InvalidArgument, Unavailable
from alphapulse_mesh.runtime.names import RELAYS, Service
from alphapulse_mesh.runtime.paths import MeshPaths
from alphapulse_mesh.runtime.system import OperatorToken
from alphapulse_mesh.runtime.system.asking import change_settings

app = typer.Typer(help="Settings of a running mesh.", no_args_is_help=True)

_DOMAINS: Final = {service.removeprefix("relay-").replace("-", "_"): service for service in RELAYS}
_STUBS: Final = dict(
    zip(
        RELAYS,
        (
            relay_pb2_grpc.MarketDataRelayStub,
            relay_pb2_grpc.SignalRelayStub,
            relay_pb2_grpc.ExecutionRelayStub,
            relay_pb2_grpc.SystemRelayStub,
        ),
        strict=True,
    )
)
_PROGRAMS: Final = ("envoy", "jaeger")


def parse(assignments: list[str]) -> dict[str, Any]:
    """`market_data.max_queue_frames=5000` → full names and JSON values; bare words are texts.

    Raises:
        InvalidArgument: no assignment, or a section that has nothing to change while it runs.
    """
    values: dict[str, Any] = {}
    for text in assignments:
        key, sign, value = text.partition("=")
        key = key.strip()
        section = key.partition(".")[0]
        if not sign or "." not in key:
            raise InvalidArgument(
                f"{text[:80]!r}: say SECTION.SETTING=VALUE", reason="CONFIG_SYNTAX"
            )
        if section in _DOMAINS:
            key = f"relays.{key}"
        domain = key.split(".")[1]
        if not (key.startswith("telemetry.") or (key.startswith("relays.") and domain in _DOMAINS)):
            raise InvalidArgument(
                f"{key[:80]!r}: what can be changed while the mesh runs is telemetry.log_level and"
                f" settings of {', '.join(_DOMAINS)}",
                reason="CONFIG_UNKNOWN_KEY",
                key=key[:80],
            )
        if key in values:
            raise InvalidArgument(f"{key} is given twice", reason="CONFIG_SYNTAX", key=key)
        try:
            values[key] = json.loads(value)
        except ValueError:
            values[key] = value.strip()
    return values


def _expected(paths: MeshPaths, values: dict[str, Any]) -> set[tuple[str, str]]:
    """Who answers for what: of the services that run, the section's owner."""
    expected: set[tuple[str, str]] = set()
    for key in values:
        parts = key.split(".")
        if parts[0] == "relays":
            expected.add((str(_DOMAINS[parts[1]]), key))
        else:
            expected |= {
                (ready.service, key)
                for ready in paths.all_ready()
                if ready.alive() and ready.service not in _PROGRAMS
            }
    return expected


@app.command("set")
@output.command
async def set_(
    assignments: Annotated[
        list[str],
        typer.Argument(
            metavar="SECTION.SETTING=VALUE...", help="e.g. market_data.max_queue_frames=500000"
        ),
    ],
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    patience: Annotated[
        float, typer.Option(min=0.1, help="Seconds to wait for the services' answers.")
    ] = 10.0,
    as_json: output.JsonOption = False,
) -> None:
    """Change settings while the mesh runs; they hold until the process ends.

    Exit code 1 when one was refused, 3 when a service did not answer.
    """
    values = parse(assignments)
    paths = MeshPaths(mesh_config(name, config))
    ready = paths.read_ready(Service.RELAY_SYSTEM)
    if ready is None or not ready.alive():
        raise Unavailable(
            f"mesh {paths.mesh!r} has no SystemRelay that runs", reason="MESH_NOT_RUNNING"
        )
    expected = _expected(paths, values)
    heard = await change_settings(
        ready.target, OperatorToken.of(paths), values, answers=expected, patience=patience
    )
    silent = sorted(expected - {(one.service, one.key) for one in heard})
    if as_json:
        output.print_json(
            {
                "answers": [_plain(one, values) for one in heard],
                "silent": [{"service": service, "key": key} for service, key in silent],
            }
        )
    else:
        rows = [
            (one.service, one.key, json.dumps(values.get(one.key)), *_outcome(one)) for one in heard
        ]
        rows += [
            (service, key, json.dumps(values[key]), "[yellow]no answer[/]", "")
            for service, key in silent
        ]
        output.console.print(output.table(["service", "setting", "value", "outcome", "why"], rows))
    if any(one.outcome != ConfigOutcome.APPLIED for one in heard):
        raise typer.Exit(1)
    if silent:
        raise typer.Exit(3)


def _plain(one: ConfigChange, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "service": one.service,
        "key": one.key,
        "value": values.get(one.key),
        "outcome": one.outcome.name.lower(),
        "reason": one.reason,
        "detail": one.detail,
    }


def _outcome(one: ConfigChange) -> tuple[str, str]:
    if one.outcome == ConfigOutcome.APPLIED:
        return "[green]applied[/]", ""
    return f"[red]refused[/] {one.reason}", one.detail


@app.command("show")
@output.command
async def show(
    domains: Annotated[
        list[str] | None, typer.Argument(metavar="[DOMAIN]...", help="Default: all four.")
    ] = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """The policies that are in force in the relays, and what was changed while they ran."""
    chosen = domains or list(_DOMAINS)
    for domain in chosen:
        if domain not in _DOMAINS:
            raise InvalidArgument(
                f"no domain {domain[:40]!r}; there are {', '.join(_DOMAINS)}",
                reason="DOMAIN_UNKNOWN",
            )
    paths = MeshPaths(mesh_config(name, config))
    states = await asyncio.gather(*(_status(paths, _DOMAINS[domain]) for domain in chosen))
    if as_json:
        output.print_json(
            {
                state.domain: {
                    "policy": dict(state.policy),
                    "changes": [output.as_dict(change) for change in state.config_changes],
                }
                for state in states
            }
        )
        return
    names = sorted({key for state in states for key in state.policy})
    output.console.print(
        output.table(
            ["setting", *(f"{state.domain}>" for state in states)],
            [(key, *(state.policy.get(key, "") for state in states)) for key in names],
        )
    )
    changes = [
        (
            state.domain,
            change.key.rpartition(".")[2],
            change.value,
            "[green]applied[/]" if change.applied else f"[red]refused[/] {change.reason}",
            change.answered_at.ToDatetime().strftime("%H:%M:%S"),
        )
        for state in states
        for change in state.config_changes
    ]
    if changes:
        columns = ["domain", "setting", "value", "outcome", "at (UTC)"]
        output.console.print(output.table(columns, changes))


async def _status(paths: MeshPaths, service: Service) -> relay_pb2.GetStatusResponse:
    ready = paths.read_ready(service)
    if ready is None or not ready.alive():
        raise Unavailable(f"{service} does not run", reason="MESH_NOT_RUNNING", service=service)
    async with grpc.aio.insecure_channel(ready.target) as channel:
        stub: Any = _STUBS[service](channel)
        answer: relay_pb2.GetStatusResponse = await stub.GetStatus(
            relay_pb2.GetStatusRequest(), timeout=10
        )
        return answer
