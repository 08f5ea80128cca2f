"""Jaeger's configuration: all in one process, traces in memory, every port on loopback.

Keys follow the configuration pages of Jaeger 2.20 (an OpenTelemetry Collector with Jaeger's
extensions). The well-known ports are taken where they are free, so that other tools find them.
"""

from __future__ import annotations

import json
import socket
from typing import Any, Final, NamedTuple

from alphapulse_mesh.runtime.ports import free_port

__all__ = ["JaegerPorts", "choose_ports", "configuration"]

_HOST: Final = "127.0.0.1"
_MAX_TRACES: Final = 50_000


class JaegerPorts(NamedTuple):
    """Where Jaeger listens."""

    ui: int
    """HTTP: the page and the query API."""
    otlp_grpc: int
    otlp_http: int
    query_grpc: int
    health: int

    @property
    def url(self) -> str:
        """For people."""
        return f"http://{_HOST}:{self.ui}"

    @property
    def otlp_endpoint(self) -> str:
        """For exporters."""
        return f"http://{_HOST}:{self.otlp_grpc}"

    @property
    def health_url(self) -> str:
        """Answers 200 when it is ready."""
        return f"http://{_HOST}:{self.health}/status"


def choose_ports(ui: int) -> JaegerPorts:
    """The well-known ports where they are free, others where not."""
    return JaegerPorts(ui, *(_free_or_other(port) for port in (4317, 4318, 16685, 13133)))


def _free_or_other(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return free_port()
    return port


def configuration(ports: JaegerPorts) -> str:
    """The configuration as JSON text, which Jaeger reads as it reads YAML."""
    document: dict[str, Any] = {
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query", "healthcheckv2"],
            "pipelines": {
                "traces": {
                    "receivers": ["otlp"],
                    "processors": ["batch"],
                    "exporters": ["jaeger_storage_exporter"],
                }
            },
            # Jaeger's own metrics would take one more port.
            "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "warn"}},
        },
        "extensions": {
            "healthcheckv2": {
                "use_v2": True,
                "http": {"endpoint": f"{_HOST}:{ports.health}"},
            },
            "jaeger_query": {
                "storage": {"traces": "memory"},
                "http": {"endpoint": f"{_HOST}:{ports.ui}"},
                "grpc": {"endpoint": f"{_HOST}:{ports.query_grpc}"},
            },
            "jaeger_storage": {"backends": {"memory": {"memory": {"max_traces": _MAX_TRACES}}}},
        },
        "receivers": {
            "otlp": {
                "protocols": {
                    "grpc": {"endpoint": f"{_HOST}:{ports.otlp_grpc}"},
                    "http": {"endpoint": f"{_HOST}:{ports.otlp_http}"},
                }
            }
        },
        "processors": {"batch": {}},
        "exporters": {"jaeger_storage_exporter": {"trace_storage": "memory"}},
    }
    return json.dumps(document, indent=1) + "\n"
