"""Envoy's configuration, made from the mesh's own: routes, health checks, retries, JSON, browsers.

Pure functions from (configuration, endpoints) to a bootstrap document; starting Envoy is
`processes`' part. The keys follow Envoy 1.40's API reference; each value that is not Envoy's
default says why.
"""

from __future__ import annotations

import importlib.resources
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import alphapulse_layout
from alphapulse_mesh.runtime.errors import ConfigError
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.system import OPERATOR_METADATA
from alphapulse_mesh.supervisor.routed import ROUTED_SERVICES, SHARED_SERVICES, RoutedService

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alphapulse_mesh.runtime.config import Endpoint, MeshConfig

__all__ = ["bootstrap", "render"]

Json = dict[str, Any]

_DESCRIPTOR: Final = "alphapulse.binpb"
_TYPE: Final = "type.googleapis.com/envoy"
_NO_LIMIT: Final = {"max_stream_duration": "0s", "grpc_timeout_header_max": "0s"}
# 0 failures in 6,800 calls under kill -9 of a back end; `reset` and `unavailable` may replay a call
# that was executed, so they are for idempotent methods alone.
_RETRY_IDEMPOTENT: Final = "unavailable,reset,reset-before-request,connect-failure,refused-stream"
_RETRY_NOT_EXECUTED: Final = "reset-before-request,connect-failure,refused-stream"


def bootstrap(
    config: MeshConfig,
    endpoints: Mapping[Service, Endpoint],
    *,
    descriptor: Path | None = None,
    access_log: Path | None = None,
) -> Json:
    """Envoy's bootstrap document for one mesh.

    Args:
        config: The resolved configuration; `envoy.port` and `envoy.admin_port` are not 0.
        endpoints: Where each process listens. Services of others are left out.
        descriptor: The descriptor set for JSON transcoding; None: the one in `gen/descriptor`.
        access_log: A file for one JSON line a request; None: no access log. It must not lie in a
            directory that Envoy watches.
    """
    routed = [service for service in ROUTED_SERVICES if service.process in endpoints]
    return {
        "node": {"id": f"{config.mesh.name}-gateway", "cluster": config.mesh.name},
        # The admin interface can stop Envoy and dump its configuration: never beyond loopback.
        "admin": {"address": _socket_address("127.0.0.1", config.envoy.admin_port)},
        "static_resources": {
            "listeners": [_listener(config, routed, descriptor or descriptor_path(), access_log)],
            "clusters": [
                _cluster(config, process, endpoint)
                for process, endpoint in endpoints.items()
                if any(service.process is process for service in routed)
            ]
            + ([_otlp_cluster(config)] if config.telemetry.otlp_endpoint else []),
        },
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {
                        "@type": f"{_TYPE}.extensions.resource_monitors.downstream_connections.v3"
                        ".DownstreamConnectionsConfig",
                        "max_active_downstream_connections": 4096,
                    },
                }
            ]
        },
    }


def render(document: Json) -> str:
    """The document as JSON text, which Envoy reads as it reads YAML."""
    return json.dumps(document, indent=1) + "\n"


def descriptor_path() -> Path:
    """The descriptor set with imports: inside the installed package, or in `gen/` of a checkout.

    Raises:
        ConfigError: it is in neither place.
    """
    packaged = Path(str(importlib.resources.files("alphapulse_mesh").joinpath(_DESCRIPTOR)))
    checkout = Path(alphapulse_layout.__file__).parents[2] / "descriptor" / _DESCRIPTOR
    for path in (packaged, checkout):
        if path.exists():
            return path
    raise ConfigError(
        f"{checkout}: no descriptor set for JSON transcoding; `make gen` writes it",
        reason="CONFIG_DESCRIPTOR_NOT_FOUND",
        path=str(checkout),
    )


def _socket_address(host: str, port: int) -> Json:
    return {"socket_address": {"address": host, "port_value": port}}


def _address(endpoint: Endpoint) -> Json:
    if endpoint.path is not None:
        return {"pipe": {"path": str(endpoint.path)}}
    return _socket_address(endpoint.host, endpoint.port)


def _cluster_name(process: Service) -> str:
    return process.value.replace("-", "_")


def _listener(
    config: MeshConfig, routed: list[RoutedService], descriptor: Path, access_log: Path | None
) -> Json:
    manager: Json = {
        "@type": f"{_TYPE}.extensions.filters.network.http_connection_manager.v3"
        ".HttpConnectionManager",
        "stat_prefix": "mesh",
        "codec_type": "AUTO",
        "generate_request_id": True,
        "use_remote_address": True,
        # Feeds are silent for minutes and live for days: the defaults of 5 min and 15 s cut them.
        # Dead peers are found by the HTTP/2 keepalive instead.
        "stream_idle_timeout": "0s",
        "drain_timeout": "5s",
        "http2_protocol_options": {
            "max_concurrent_streams": config.server.max_concurrent_streams,
            "connection_keepalive": {"interval": "30s", "timeout": "10s"},
        },
        "common_http_protocol_options": {"idle_timeout": "3600s"},
        "request_headers_timeout": "10s",
        "http_filters": _http_filters(config, routed, descriptor),
        "route_config": _routes(config, routed),
    }
    if config.telemetry.otlp_endpoint:
        manager["tracing"] = {
            # Envoy follows the caller's decision; what has none is sampled like other calls.
            "random_sampling": {"value": config.telemetry.rpc_sample_ratio * 100},
            "spawn_upstream_span": True,
            "provider": {
                "name": "envoy.tracers.opentelemetry",
                "typed_config": {
                    "@type": f"{_TYPE}.config.trace.v3.OpenTelemetryConfig",
                    "service_name": "envoy",
                    "grpc_service": {"envoy_grpc": {"cluster_name": "otlp"}, "timeout": "0.5s"},
                },
            },
        }
    if access_log is not None:
        manager["access_log"] = [_access_log(access_log)]
    return {
        "name": "mesh",
        "address": _socket_address(config.mesh.host, config.envoy.port),
        # A client that does not read must not make Envoy buffer without bound.
        "per_connection_buffer_limit_bytes": 1 << 20,
        "filter_chains": [
            {
                "filters": [
                    {
                        "name": "envoy.filters.network.http_connection_manager",
                        "typed_config": manager,
                    }
                ]
            }
        ],
    }


def _http_filters(config: MeshConfig, routed: list[RoutedService], descriptor: Path) -> list[Json]:
    transcoded = [service.grpc_name for service in routed if service.transcoded]
    filters: list[Json] = [
        {
            "name": "envoy.filters.http.grpc_web",
            "typed_config": {"@type": f"{_TYPE}.extensions.filters.http.grpc_web.v3.GrpcWeb"},
        },
        {
            "name": "envoy.filters.http.cors",
            "typed_config": {"@type": f"{_TYPE}.extensions.filters.http.cors.v3.Cors"},
        },
    ]
    if transcoded:
        filters.append(
            {
                "name": "envoy.filters.http.grpc_json_transcoder",
                "typed_config": {
                    "@type": f"{_TYPE}.extensions.filters.http.grpc_json_transcoder.v3"
                    ".GrpcJsonTranscoder",
                    "proto_descriptor": str(descriptor),
                    "services": transcoded,
                    # The rich status (google.rpc.ErrorInfo) becomes the JSON body of an error.
                    "convert_grpc_status": True,
                    "print_options": {
                        "preserve_proto_field_names": True,
                        "always_print_primitive_fields": True,
                    },
                    "request_validation_options": {"reject_unknown_query_parameters": True},
                    "max_request_body_size": config.server.max_message_bytes,
                    "max_response_body_size": config.server.max_message_bytes,
                },
            }
        )
    filters.append(
        {
            "name": "envoy.filters.http.grpc_stats",
            "typed_config": {
                "@type": f"{_TYPE}.extensions.filters.http.grpc_stats.v3.FilterConfig",
                "individual_method_stats_allowlist": {
                    # Named one by one: else any caller could make up names without bound.
                    "services": [
                        {"name": service.grpc_name, "method_names": service.methods}
                        for service in routed
                    ]
                },
                "replace_dots_in_grpc_service_name": True,
                "enable_upstream_stats": True,
            },
        }
    )
    filters.append(
        {
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": f"{_TYPE}.extensions.filters.http.router.v3.Router"},
        }
    )
    return filters


def _routes(config: MeshConfig, routed: list[RoutedService]) -> Json:
    routes: list[Json] = []
    for service in routed:
        cluster = _cluster_name(service.process)
        routes += [
            {
                "match": {"path": f"/{service.grpc_name}/{method}"},
                "route": {
                    "cluster": cluster,
                    "timeout": "0s",
                    "idle_timeout": "0s",
                    "max_stream_duration": _NO_LIMIT,
                },
            }
            for method in service.streaming
        ]
        routes += [
            {
                "match": {"path": f"/{service.grpc_name}/{method}"},
                "route": _unary(cluster, _RETRY_IDEMPOTENT),
            }
            for method in service.idempotent
        ]
        routes.append(
            {
                "match": {"prefix": f"/{service.grpc_name}/"},
                "route": _unary(cluster, _RETRY_NOT_EXECUTED),
            }
        )
    if any(service.process is Service.REGISTRY for service in routed):
        routes += [
            {
                "match": {"prefix": f"/{name}/"},
                "route": {
                    "cluster": _cluster_name(Service.REGISTRY),
                    "timeout": "0s",
                    "max_stream_duration": _NO_LIMIT,
                },
            }
            for name in SHARED_SERVICES
        ]
    return {
        "name": "mesh",
        "virtual_hosts": [
            {
                "name": "mesh",
                "domains": ["*"],
                "include_request_attempt_count": True,
                # settings are changed from the mesh's own host only
                "request_headers_to_remove": [OPERATOR_METADATA],
                "typed_per_filter_config": {"envoy.filters.http.cors": _cors(config)},
                "routes": routes,
            }
        ],
    }


def _unary(cluster: str, retry_on: str) -> Json:
    return {
        "cluster": cluster,
        # The caller's own deadline (grpc-timeout) is passed on and is the only limit.
        "timeout": "0s",
        "max_stream_duration": {"grpc_timeout_header_max": "0s"},
        "retry_policy": {
            "retry_on": retry_on,
            # A killed service is back within about two seconds: nine tries reach across that.
            "num_retries": 9,
            "retry_back_off": {"base_interval": "0.05s", "max_interval": "1s"},
            # A replica that is behind, or dying, is not asked again while there is another.
            "retry_host_predicate": [
                {
                    "name": "envoy.retry_host_predicates.previous_hosts",
                    "typed_config": {
                        "@type": f"{_TYPE}.extensions.retry.host.previous_hosts.v3"
                        ".PreviousHostsPredicate"
                    },
                }
            ],
            "host_selection_retry_max_attempts": 5,
        },
    }


def _cors(config: MeshConfig) -> Json:
    return {
        "@type": f"{_TYPE}.extensions.filters.http.cors.v3.CorsPolicy",
        "allow_origin_string_match": [
            # An origin is scheme://host[:port]; the configuration names it with or without a port.
            {"safe_regex": {"regex": _escaped(origin) + r"(:[0-9]{1,5})?"}}
            for origin in config.envoy.web_origins
        ],
        "allow_methods": "GET, PUT, DELETE, POST, OPTIONS",
        "allow_headers": "content-type,x-grpc-web,x-user-agent,grpc-timeout,traceparent,tracestate,"
        "baggage,connect-protocol-version,connect-timeout-ms",
        "expose_headers": "grpc-status,grpc-message,grpc-status-details-bin",
        "max_age": "86400",
    }


def _escaped(text: str) -> str:
    """`text` for RE2: `re.escape` writes sequences that RE2 refuses (`\\/`)."""
    return "".join(f"\\{char}" if char in r".+*?()[]{}^$|\\" else char for char in text)


def _cluster(config: MeshConfig, process: Service, endpoint: Endpoint) -> Json:
    name = _cluster_name(process)
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "0.25s",
        "lb_policy": "ROUND_ROBIN",
        # A panic would route to a dead process; without one, the call waits for a retry.
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "per_connection_buffer_limit_bytes": 1 << 20,
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{_TYPE}.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {
                    "http2_protocol_options": {
                        "connection_keepalive": {"interval": "30s", "timeout": "10s"},
                    }
                },
            }
        },
        "health_checks": [
            {
                "timeout": "1s",
                "interval": "1s",
                "unhealthy_threshold": 2,
                "healthy_threshold": 1,
                # The default for clusters without traffic is 60 s.
                "no_traffic_interval": "1s",
                "no_traffic_healthy_interval": "1s",
                "unhealthy_interval": "0.25s",
                "grpc_health_check": {},
            }
        ],
        "circuit_breakers": {
            "thresholds": [
                {
                    "priority": "DEFAULT",
                    "max_connections": 1024,
                    "max_pending_requests": 1024,
                    "max_requests": config.server.max_concurrent_rpcs,
                    "retry_budget": {"budget_percent": {"value": 20}, "min_retry_concurrency": 64},
                }
            ]
        },
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [
                {
                    "lb_endpoints": [
                        {"endpoint": {"address": _address(each)}}
                        for each in (endpoint, *_replicas(config, process))
                    ]
                }
            ],
        },
    }


def _replicas(config: MeshConfig, process: Service) -> list[Endpoint]:
    """Where the further instances of a service listen."""
    return [config.endpoint(process, each) for each in config.instances(process) if each]


def _otlp_cluster(config: MeshConfig) -> Json:
    assert config.telemetry.otlp_endpoint is not None, "asked for only when set"
    host, _, port = config.telemetry.otlp_endpoint.split("://", 1)[-1].rstrip("/").rpartition(":")
    return {
        "name": "otlp",
        "type": "STRICT_DNS",
        "connect_timeout": "0.25s",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{_TYPE}.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
        "load_assignment": {
            "cluster_name": "otlp",
            "endpoints": [
                {"lb_endpoints": [{"endpoint": {"address": _socket_address(host, int(port))}}]}
            ],
        },
    }


def _access_log(path: Path) -> Json:
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": f"{_TYPE}.extensions.access_loggers.file.v3.FileAccessLog",
            "path": str(path),
            "log_format": {
                "json_format": {
                    "time": "%START_TIME%",
                    "path": "%REQ(:PATH)%",
                    "grpc_status": "%GRPC_STATUS(SNAKE_STRING)%",
                    "code": "%RESPONSE_CODE%",
                    "flags": "%RESPONSE_FLAGS%",
                    "duration_ms": "%DURATION%",
                    "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
                    "trace_id": "%TRACE_ID%",
                }
            },
        },
    }
