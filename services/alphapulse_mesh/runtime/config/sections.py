"""The sections of `MeshConfig`: every setting, its unit, its default and its bounds.

Durations are seconds, sizes bytes, prices and quantities decimal numbers in market units. A port of
0 means "any free one": the supervisor resolves it before it writes the children's configuration,
and a service started alone tells its real port in its ready file. Relative paths are taken from the
working directory and made absolute on load. Reading files and environment is `loading`'s part.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from alphapulse_mesh.runtime.config.relay_sections import NatsConfig, RelayConfig, RelaysConfig
from alphapulse_mesh.runtime.config.source import file_source
from alphapulse_mesh.runtime.config.types import (
    AbsolutePath,
    BasisPoints,
    Count,
    Endpoint,
    MeshName,
    NatsUrl,
    Port,
    PositiveDecimal,
    PositiveSeconds,
    Ratio,
    Seconds,
    Section,
)
from alphapulse_mesh.runtime.names import RELAYS, Service
from alphapulse_mesh.runtime.paths import MeshPaths


class MeshSection(Section):
    """The mesh as a whole."""

    name: MeshName = "alphapulse"
    """Names the mesh on this host: run directory, shared memory, `service.namespace`."""
    host: str = "127.0.0.1"
    """Address that every service binds and is reached at."""
    run_dir: AbsolutePath | None = None
    """Sockets, ready files, generated configuration. Default `.alphapulse/<name>/run`."""
    data_dir: AbsolutePath | None = None
    """Journals and trace files. Default `.alphapulse/<name>/data`."""


class ServerConfig(Section):
    """The gRPC server of every service."""

    transport: Literal["tcp", "unix"] = "tcp"
    """`unix` puts every service on `<run_dir>/sockets/<service>.sock`."""
    max_message_bytes: Annotated[int, Field(ge=1024, le=(1 << 31) - 1)] = 16 << 20
    max_concurrent_streams: Count = 1024
    """Per connection (HTTP/2); further calls wait on the client's side."""
    max_concurrent_rpcs: Count = 4096
    """Per server, open streams included; further calls get RESOURCE_EXHAUSTED."""
    drain_notice_seconds: Seconds = 0.0
    """Time between NOT_SERVING and refusing calls; behind Envoy longer than its health interval."""
    drain_seconds: Seconds = 5.0
    """How long calls in flight may take to end after that."""
    keepalive_seconds: PositiveSeconds = 30.0
    keepalive_timeout_seconds: PositiveSeconds = 10.0
    min_ping_interval_seconds: PositiveSeconds = 5.0
    """Pings of clients closer than this count as abuse."""


class TraceFileConfig(Section):
    """The span files that are always written: `<service>.jsonl`, `.jsonl.1`, …"""

    directory: AbsolutePath | None = None
    """Default `<data_dir>/traces`."""
    max_bytes: Annotated[int, Field(ge=4096)] = 32 << 20
    """Size at which a file is rotated."""
    keep: Count = 4
    """Rotated files kept per service instance."""


class TelemetryConfig(Section):
    """Traces, metrics and logs."""

    otlp_endpoint: str | None = None
    """OTLP/gRPC receiver as `http://host:4317`; None: trace files only."""
    otlp_headers: SecretStr | None = None
    """`key=value,key=value`, as OTEL_EXPORTER_OTLP_HEADERS."""
    file: TraceFileConfig = TraceFileConfig()
    market_data_sample_ratio: Ratio = 0.1
    """Share of market-data traces recorded; decisions and orders always are."""
    rpc_sample_ratio: Ratio = 0.1
    """Share of calls recorded that arrive without a `traceparent`."""
    flush_seconds: PositiveSeconds = 0.5
    """Longest time that a finished span waits for export."""
    queue_spans: Count = 65536
    """Spans held while the exporter is busy; beyond it the oldest are dropped and counted."""
    metrics_host: str = "127.0.0.1"
    """Address of every `/metrics`; wider than loopback only where the network is closed."""
    metrics_port: dict[str, Port] = Field(default_factory=dict)
    """Service id → port of its `/metrics`; a service not named takes a free one."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "text"] = "json"


class RegistryConfig(Section):
    """The registry service."""

    port: Port = 0
    replicas: Annotated[int, Field(ge=1, le=16)] = 1
    """Processes on one journal behind Envoy, each with the whole registry in memory; more than one
    needs `server.transport = "unix"`."""
    database: Path = Path("registry.db")
    """Journal, relative to the data directory."""
    event_store: Literal["sqlite", "jetstream"] = "sqlite"
    """Where the journal is: the database, or NATS JetStream for replicas on many hosts."""
    nats_url: NatsUrl | None = None
    """Server of the journal for `jetstream`; run it with `sync_interval: always`. None: `nats.url`.
    """
    nats_replicas: Annotated[int, Field(ge=1, le=5)] = 1
    """How many servers of the cluster hold the journal."""
    snapshot_every_events: Count = 50_000
    watch_history_events: Count = 1_000_000
    """Revisions that `Watch` can start from; older ones are OUT_OF_RANGE."""
    default_page_size: Count = 100
    max_page_size: Count = 1000
    max_batch: Count = 10_000
    shared_index: bool = True
    """Keep the records of all instruments in shared memory for every process of the host."""
    publish_live: bool = False
    """Follow the quotes of the MarketDataRelay, and tell it of new instruments, the values of
    synthetics and opportunities."""
    live_depth: Annotated[int, Field(ge=0, le=1000)] = 50
    """With `publish_live`: levels of a book's side that routing looks at; 0: quotes alone."""
    discovery: Literal["ignore", "review", "register"] = "ignore"
    """What becomes of instruments that collectors discover: nothing, announced ones that wait for a
    review, or active ones."""
    discovery_interval_seconds: PositiveSeconds = 3600.0
    """Collectors tell of an unknown symbol at most once in this time."""
    venue_report_seconds: Seconds = 10.0
    """How often collectors and execution tell what they measured of venues; 0: never."""


class RiskLimits(Section):
    """Pre-trade checks; an order beyond one is refused with a reason that names it."""

    max_order_quantity: PositiveDecimal = Decimal(100_000)
    max_order_notional: PositiveDecimal = Decimal(1_000_000)
    max_open_orders: Count = 1000
    max_position_notional: PositiveDecimal = Decimal(10_000_000)
    """Per account and instrument: the position if every open order of one side were filled."""
    max_orders_per_second: Count = 1000
    price_band_bps: BasisPoints = Decimal(1000)
    """How far a buy may be limited above the last mid, and a sell below it."""
    max_quote_age_seconds: Seconds = 60.0
    """Time since its arrival after which a quote is stale and orders are refused; 0: never."""
    require_quote: bool = False
    """Refuse limit orders while there is no quote to compare their price with. Orders without a
    price are always refused then."""
    trading_state: Literal["active", "reducing", "halted"] = "active"
    """The kill switch: `reducing` takes only what shrinks a position, `halted` only cancels."""


class SimulatedVenueConfig(Section):
    """The simulated exchange behind execution."""

    latency_seconds: Seconds = 0.0
    """From acceptance to the book."""
    maker_fee_bps: Annotated[Decimal, Field(ge=-1000, le=1000, decimal_places=4)] = Decimal("0.5")
    """Negative is a rebate."""
    taker_fee_bps: Annotated[Decimal, Field(ge=-1000, le=1000, decimal_places=4)] = Decimal(1)
    """What strategies reckon with is `fee_bps_per_leg` of their own section: keep the two alike."""
    self_trade: Literal["cancel-newest", "cancel-oldest", "cancel-both"] = "cancel-newest"
    """Which of two orders of one account that would trade with each other is canceled."""


class ExecutionConfig(Section):
    """The execution service."""

    port: Port = 0
    database: Path = Path("execution.db")
    """Journal, relative to the data directory."""
    snapshot_every_events: Count = 50_000
    keep_closed_orders: Count = 20_000
    """Closed orders kept in memory; older ones are read from `<database>.archive`."""
    risk: RiskLimits = RiskLimits()
    simulated_venue: SimulatedVenueConfig = SimulatedVenueConfig()


class CollectorSource(Section):
    """One stream of exchange messages; the collector merges its sources by receive time."""

    venue: Annotated[str, Field(min_length=1)]
    """Name of the venue: `BINANCE`, `BINANCE_FUTURES`, `SIMULATOR`; `auto` (replay only): told from
    the messages. The simulator serves spot and futures under either of its names."""
    kind: Literal["simulator", "replay", "live"] = "simulator"
    symbols: tuple[str, ...] = ()
    """As the venue writes them; empty: all that the source has (live needs them named)."""
    unknown: Literal["register", "discover"] = "register"
    """What becomes of symbols that are not named: registered at once, or told to the registry,
    whose `discovery` decides, and published when it has them as active (replay only)."""
    path: AbsolutePath | None = None
    """Recorded file (replay only)."""
    speed: Annotated[float, Field(gt=0)] | Literal["max"] = 1.0
    """Times the recorded speed, or `max`: as fast as the relay takes it."""
    seed: Annotated[int, Field(ge=0)] = 1
    """Of the simulator: the same seed gives the same messages."""
    duration_seconds: PositiveSeconds | None = None
    """Stop after this much market time; None: run on."""
    max_messages: Count | None = None
    """Stop after so many messages (simulator only)."""
    url: str | None = None
    """WebSocket address (live only); None: the venue's own."""
    rest_url: str | None = None
    """REST address for snapshots and exchange information (live only); None: the venue's own."""

    @model_validator(mode="after")
    def _fits_kind(self) -> Self:
        if self.kind == "replay" and self.path is None:
            raise ValueError("a replay source needs path")
        if self.kind != "replay" and self.path is not None:
            raise ValueError(f"path is for kind = 'replay', this one is {self.kind!r}")
        if self.kind != "replay" and self.unknown != "register":
            raise ValueError(f"unknown is for kind = 'replay', this one is {self.kind!r}")
        if self.kind == "live" and not self.symbols:
            raise ValueError("a live source needs symbols")
        return self


class CrossVenueArbitrageConfig(Section):
    """One underlying, two venues: buy the cheap side, sell the dear one."""

    enabled: bool = True
    min_edge_bps: BasisPoints = Decimal(2)
    """Least edge after fees of both legs."""
    fee_bps_per_leg: BasisPoints = Decimal(1)
    max_notional: PositiveDecimal = Decimal(10_000)
    """Largest size that a signal proposes, in quote currency."""
    max_quote_age_seconds: PositiveSeconds = 2.0
    """Market time after which a side's quote is stale."""
    cooldown_seconds: Seconds = 0.25
    """Market time between two signals on one pair."""
    min_deviation_bps: BasisPoints = Decimal("0.5")
    """Least distance of the basis from its slow mean, in the direction of the trade."""
    exit_deviation_bps: Decimal = Decimal(0)
    """A position is closed once the basis is this near its slow mean (beyond it when negative)."""
    basis_half_life_seconds: PositiveSeconds = 60.0
    """Of the slow mean, market time."""
    basis_warmup_seconds: Seconds = 2.0
    """Market time of basis to see before the first signal."""


class StrategiesConfig(Section):
    """Strategies, each under its own name."""

    port: Port = 0
    cross_venue_arbitrage: CrossVenueArbitrageConfig = CrossVenueArbitrageConfig()


class PortfolioConfig(Section):
    """The portfolio manager: from signals to sized orders under limits."""

    port: Port = 0
    order_notional: PositiveDecimal = Decimal(1_000)
    """Target size of an order, in quote currency."""
    max_position_notional: PositiveDecimal = Decimal(100_000)
    """Per instrument, absolute."""
    max_gross_notional: PositiveDecimal = Decimal(1_000_000)
    max_order_notional: PositiveDecimal = Decimal(10_000)
    strategy_budgets: dict[str, PositiveDecimal] = Field(default_factory=dict)
    """Strategy id → gross notional that it may hold; one not named has `max_gross_notional`."""
    max_orders_per_second: Count = 200
    max_open_orders: Count = 64
    slippage_bps: BasisPoints = Decimal(0)
    """How much worse than the signal's price an order's limit may be."""
    account_id: Count = 1
    min_confidence: Ratio = 0.0
    """Signals below it are passed over."""
    max_signal_age_seconds: PositiveSeconds = 5.0


class EnvoyConfig(Section):
    """The way in."""

    port: Port = 10000
    admin_port: Port = 0
    """Always on loopback."""
    web_origins: tuple[str, ...] = ("http://localhost", "http://127.0.0.1")
    """Origins that browsers may call from (gRPC-Web and JSON); a port may follow."""
    command: str = "envoy"
    concurrency: Count = 1
    """Worker threads. One carries more than the services behind it can; raise it on large hosts."""


class SupervisorConfig(Section):
    """`alphapulse up`."""

    port: Port = 0
    jaeger: bool = False
    """Start Jaeger too and send traces to it."""
    jaeger_ui_port: Port = 16686
    """Jaeger's page and query API over HTTP; 0: any free one, as are its other ports."""
    health_interval_seconds: PositiveSeconds = 1.0
    start_timeout_seconds: PositiveSeconds = 90.0
    """For a process that lives; one that ends is seen at once. Long, for a host that is busy."""
    stop_timeout_seconds: PositiveSeconds = 15.0
    """After SIGTERM; then SIGKILL."""
    restart_initial_seconds: PositiveSeconds = 0.2
    restart_max_seconds: PositiveSeconds = 10.0
    restart_reset_seconds: PositiveSeconds = 30.0
    """A process that lived this long starts again at the initial back-off."""
    heartbeat_seconds: PositiveSeconds = 2.0


class SystemFeedConfig(Section):
    """What every service says on the SystemRelay, and hears from it."""

    heartbeat_seconds: Seconds = 2.0
    """A service that is silent for three of these is shown as missing; 0: no heartbeats."""
    errors_per_minute: Annotated[int, Field(ge=1, le=6000)] = 60
    """Errors that a service publishes; it logs the others too, and says how many they were."""
    obey_updates: bool = True
    """Change settings while services run, when somebody with the operator's token says so."""


class VenueCredentials(Section):
    """Keys of one venue; from the environment, never written out."""

    api_key: SecretStr
    api_secret: SecretStr


class MeshConfig(BaseSettings):
    """Everything that can be set. Build it with `load_config`; a bare `MeshConfig()` also reads the
    environment but no file.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        env_prefix="ALPHAPULSE_",
        env_nested_delimiter="__",
        case_sensitive=False,
    )

    mesh: MeshSection = MeshSection()
    server: ServerConfig = ServerConfig()
    telemetry: TelemetryConfig = TelemetryConfig()
    registry: RegistryConfig = RegistryConfig()
    relays: RelaysConfig = RelaysConfig()
    nats: NatsConfig = NatsConfig()
    execution: ExecutionConfig = ExecutionConfig()
    collectors: tuple[CollectorSource, ...] = ()
    strategies: StrategiesConfig = StrategiesConfig()
    portfolio: PortfolioConfig = PortfolioConfig()
    envoy: EnvoyConfig = EnvoyConfig()
    supervisor: SupervisorConfig = SupervisorConfig()
    system: SystemFeedConfig = SystemFeedConfig()
    credentials: dict[str, VenueCredentials] = Field(default_factory=dict)
    """Venue code → keys, e.g. ALPHAPULSE_CREDENTIALS__BINANCE__API_KEY."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Overrides first, then environment, then the file (`loading` supplies it); no `.env`
        files.
        """
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, file_source(settings_cls)

    @field_validator("mesh")
    @classmethod
    def _default_directories(cls, mesh: MeshSection) -> MeshSection:
        base = Path(".alphapulse", mesh.name).absolute()
        return mesh.model_copy(
            update={
                "run_dir": mesh.run_dir or base / "run",
                "data_dir": mesh.data_dir or base / "data",
            }
        )

    @property
    def run_dir(self) -> Path:
        """Absolute run directory."""
        assert self.mesh.run_dir is not None, "filled in by validation"
        return self.mesh.run_dir

    @property
    def data_dir(self) -> Path:
        """Absolute data directory."""
        assert self.mesh.data_dir is not None, "filled in by validation"
        return self.mesh.data_dir

    @property
    def trace_dir(self) -> Path:
        """Absolute directory of the span files."""
        return self.telemetry.file.directory or self.data_dir / "traces"

    @model_validator(mode="after")
    def _replicas_have_sockets(self) -> Self:
        if self.registry.replicas > 1 and self.server.transport != "unix":
            raise ValueError("registry.replicas above 1 needs server.transport = 'unix'")
        return self

    def instances(self, service: Service) -> tuple[str | None, ...]:
        """The instances of a service on this host; None is the first one."""
        count = self.registry.replicas if service is Service.REGISTRY else 1
        return (None, *(str(number) for number in range(2, count + 1)))

    def relay(self, service: Service) -> RelayConfig:
        """The section of one of the four relay services."""
        relays = self.relays
        sections = (relays.market_data, relays.signal, relays.execution, relays.system)
        return sections[RELAYS.index(service)]

    def configured_port(self, service: Service) -> int:
        """The port set for a service; 0 for those that take any (collectors)."""
        if service in RELAYS:
            return self.relay(service).port
        match service:
            case Service.REGISTRY:
                return self.registry.port
            case Service.EXECUTION:
                return self.execution.port
            case Service.STRATEGY:
                return self.strategies.port
            case Service.PORTFOLIO:
                return self.portfolio.port
            case Service.SUPERVISOR:
                return self.supervisor.port
            case _:
                return 0

    def endpoint(self, service: Service, instance: str | None = None) -> Endpoint:
        """Where a service listens (and is dialled inside the mesh). With ports of 0 that is known
        only from its ready file: see `MeshPaths.read_ready`.
        """
        host = self.mesh.host
        if self.server.transport == "unix":
            return Endpoint(host, 0, MeshPaths(self).socket(service, instance))
        return Endpoint(host, self.configured_port(service) if instance is None else 0)
