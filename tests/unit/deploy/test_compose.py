"""The Compose file: valid by the Compose specification's own loader, and true to the mesh."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from alphapulse_mesh.runtime.config import load_config
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.supervisor.plan import services

COMPOSE = Path(__file__).parents[3] / "deploy" / "compose"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((COMPOSE / "compose.yaml").read_text())
    return found


def variables() -> set[str]:
    lines = (COMPOSE / ".env").read_text().splitlines()
    return {line.split("=", 1)[0] for line in lines if line and not line.startswith("#")}


@pytest.mark.timeout(300)
def test_the_compose_library_takes_it() -> None:
    go = shutil.which("go")
    if go is None:
        pytest.skip("go is not installed: the Compose library cannot check the file")
    environment = {k: v for k, v in os.environ.items() if k not in variables()}
    done = subprocess.run(
        [go, "run", ".", str(COMPOSE / "compose.yaml")],
        cwd=COMPOSE / "check",
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    # A variable that is not in .env is a warning of the library's, and a blank value in the mesh.
    assert "not set" not in done.stderr
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    unchecked = {name for name, _image, check in rows if check == "none"}
    assert unchecked == {"configuration"}, "every service that stays up has a health check"


def test_every_process_of_the_mesh_is_there(document: dict[str, Any]) -> None:
    config = load_config(COMPOSE / "mesh.toml")
    wanted = {service.value for stage in services(config) for service in stage}
    others = {"configuration", "envoy", "jaeger", "nats", "prometheus"}
    assert set(document["services"]) == wanted | others


def test_every_setting_comes_from_the_one_env_file(document: dict[str, Any]) -> None:
    text = (COMPOSE / "compose.yaml").read_text()
    used = {part.split("}", 1)[0] for part in text.split("${")[1:]}
    assert used == variables()


def test_nothing_of_ours_runs_with_more_rights_than_it_needs(document: dict[str, Any]) -> None:
    ours = [Service.REGISTRY.value, Service.EXECUTION.value, "envoy"]
    for name in ours:
        service = document["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "privileged" not in service


def test_prometheus_scrapes_every_process_where_it_serves(document: dict[str, Any]) -> None:
    config = load_config(COMPOSE / "mesh.toml")
    scraped = yaml.safe_load((COMPOSE / "prometheus" / "prometheus.yml").read_text())
    (job,) = scraped["scrape_configs"]
    targets = set(job["static_configs"][0]["targets"])
    ports = config.telemetry.metrics_port
    assert targets == {f"{name}:{port}" for name, port in ports.items()}
    assert set(ports) == {service.value for stage in services(config) for service in stage}
