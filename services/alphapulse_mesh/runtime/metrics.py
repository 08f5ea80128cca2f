"""Metrics: one Prometheus registry a process, served as text, on loopback by default.

The RPC metrics have the names of go-grpc-prometheus, so that its dashboards and alerts fit.
Services add their own to `Metrics.registry` with `prometheus_client`, prefix `alphapulse_`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    start_http_server,
)

from alphapulse_mesh.runtime.errors import Unavailable

if TYPE_CHECKING:
    from threading import Thread
    from types import TracebackType
    from wsgiref.simple_server import WSGIServer

__all__ = ["Metrics"]

_BUCKETS: Final = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    10.0,
)  # fmt: skip
_LABELS: Final = ("grpc_type", "grpc_service", "grpc_method")


class Metrics:
    """The process's registry and the RPC metrics that the interceptor fills."""

    def __init__(self, service: str, instance: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        Info("alphapulse_service", "Which service this is.", registry=self.registry).info(
            {"service": service, "instance": instance}
        )
        self.rpc_started = Counter(
            "grpc_server_started", "RPCs begun.", _LABELS, registry=self.registry
        )
        self.rpc_handled = Counter(
            "grpc_server_handled",
            "RPCs ended, by code.",
            (*_LABELS, "grpc_code"),
            registry=self.registry,
        )
        self.rpc_seconds = Histogram(
            "grpc_server_handling_seconds",
            "Duration of RPCs that are not streams.",
            (*_LABELS, "grpc_code"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.rpc_in_flight = Gauge(
            "grpc_server_in_flight", "RPCs begun and not ended.", _LABELS, registry=self.registry
        )
        self._server: WSGIServer | None = None
        self._thread: Thread | None = None

    @property
    def port(self) -> int:
        """Port of `/metrics`; 0 while it is not served."""
        return self._server.server_port if self._server else 0

    def serve(self, port: int = 0, host: str = "127.0.0.1") -> int:
        """Serve `/metrics` from a thread; port 0 takes a free one. Returns the port.

        Raises:
            Unavailable: the port is in use (reason PORT_IN_USE).
        """
        try:
            self._server, self._thread = start_http_server(port, addr=host, registry=self.registry)
        except OSError as error:
            raise Unavailable(
                f"metrics port {port} on {host}: {error.strerror}",
                reason="PORT_IN_USE",
                port=port,
            ) from None
        return self.port

    def close(self) -> None:
        """Stop serving."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = self._thread = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
