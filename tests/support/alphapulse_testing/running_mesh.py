"""A whole mesh as processes, started and stopped by the command line as a user does it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import psutil
import tomli_w
from google.protobuf.json_format import MessageToDict

from alphapulse.system.v1 import system_pb2, system_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Iterator

ALPHAPULSE = Path(sys.executable).parent / "alphapulse"
SIMULATOR = {"venue": "SIMULATOR", "kind": "simulator", "seed": 7}


def alphapulse(
    *arguments: str | Path, check: bool = True, timeout: float = 120, **environment: str
) -> subprocess.CompletedProcess[str]:
    """One call of the command line; `check` shows what it said where it failed."""
    done = subprocess.run(
        [ALPHAPULSE, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env={**os.environ, "COLUMNS": "200", **environment},
    )
    if check and done.returncode:
        raise AssertionError(f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


@dataclass
class RunningMesh:
    """One mesh in directories of its own."""

    name: str
    root: Path
    sections: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.config = self.root / "mesh.toml"
        defaults: dict[str, Any] = {
            "mesh": {
                "name": self.name,
                "run_dir": str(self.root / "run"),
                "data_dir": str(self.root / "data"),
            },
            "envoy": {"port": 0},
            "telemetry": {"market_data_sample_ratio": 1.0, "flush_seconds": 0.1},
            "supervisor": {"health_interval_seconds": 0.5, "start_timeout_seconds": 60.0},
            "collectors": [SIMULATOR],
        }
        for name, values in self.sections.items():
            merge = isinstance(values, dict) and name in defaults
            defaults[name] = {**defaults[name], **values} if merge else values
        self.config.write_text(tomli_w.dumps(defaults))

    def call(self, *arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        """A command with this mesh's configuration."""
        return alphapulse(*arguments, "--config", self.config, **options)

    def json(self, *arguments: str | Path, **options: Any) -> Any:
        """The same with --json, parsed."""
        return json.loads(self.call(*arguments, "--json", **options).stdout)

    def start(self) -> None:
        """Up in the background, everything healthy."""
        self.call("up", "--detach")

    def stop(self) -> None:
        """Down."""
        self.call("down")

    def status(self) -> dict[str, Any]:
        """Every process as the supervisor sees it; asked directly, which is cheap to do often."""
        ready = json.loads((self.root / "run" / "supervisor.ready.json").read_bytes())
        socket = ready["socket"]
        target = f"unix:{socket}" if socket else f"{ready['host']}:{ready['port']}"
        with grpc.insecure_channel(target) as channel:
            stub: Any = system_pb2_grpc.SystemServiceStub(channel)
            answer = stub.GetMeshStatus(system_pb2.GetMeshStatusRequest(), timeout=20)
        return MessageToDict(answer, preserving_proto_field_name=True)

    def services(self) -> dict[str, dict[str, Any]]:
        """The processes by name."""
        return {service["name"]: service for service in self.status()["services"]}

    def pid(self, service: str) -> int:
        """Process id of a service."""
        return int(self.services()[service]["pid"])

    @property
    def gateway(self) -> str:
        """host:port of Envoy."""
        return str(self.status()["gateway_address"])

    @property
    def traces(self) -> Path:
        """Span files."""
        return self.root / "data" / "traces"

    def until_serving(self, service: str, *, restarted: int, within: float = 60.0) -> None:
        """Wait until a killed service has been started again and is healthy."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            state = self.services()[service]
            if state.get("restarts", 0) >= restarted and state["state"] == "SERVICE_STATE_SERVING":
                return
            time.sleep(0.1)
        raise AssertionError(f"{service} is not back: {self.services()[service]}")

    def processes(self) -> list[psutil.Process]:
        """The supervisor and everything below it."""
        supervisor = psutil.Process(int(self.status()["supervisor_pid"]))
        return [supervisor, *supervisor.children(recursive=True)]

    def shared_memory(self) -> list[Path]:
        """Files of this mesh in shared memory."""
        return sorted(Path("/dev/shm").glob(f"alphapulse-{self.name}-*"))


@contextlib.contextmanager
def running_mesh(name: str, **sections: Any) -> Iterator[RunningMesh]:
    """A mesh that is up, and is gone afterwards whatever happened."""
    # A short path: those of Unix sockets are limited to 107 bytes.
    root = Path(tempfile.mkdtemp(prefix="ap-"))
    mesh = RunningMesh(f"{name}-{os.getpid()}", root, sections)
    try:
        mesh.start()
        yield mesh
    except AssertionError:
        for log in sorted((root / "data" / "logs").glob("*.log")):
            sys.stderr.write(f"── {log.name}\n{log.read_text(errors='replace')[-1500:]}\n")
        raise
    finally:
        mesh.call("down", check=False)
        shutil.rmtree(root, ignore_errors=True)
