"""The sections of what carries a domain: relays, and the NATS server of those that use one."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from alphapulse_mesh.runtime.config.types import (
    AbsolutePath,
    Count,
    NatsUrl,
    Port,
    PositiveSeconds,
    RingBytes,
    Seconds,
    Section,
)


class NatsConfig(Section):
    """The NATS server of domains whose `transport` is `nats` and of event stores in JetStream."""

    url: NatsUrl | None = None
    """As clients reach it, `nats://host:port` or `tls://host:port`, several with commas between.
    None: `alphapulse up` starts one on `mesh.host` where something needs it."""
    port: Port = 0
    """Of the server that `alphapulse up` starts."""
    credentials_file: AbsolutePath | None = None
    """A `.creds` file of NATS. Clients of a feed read the same variable of the environment."""
    token: SecretStr | None = None
    """From the environment, as for clients of a feed; never written out."""
    command: str = "nats-server"


class RelayConfig(Section):
    """Policy of one relay (defaults per domain in `RelaysConfig`)."""

    port: Port = 0
    transport: Literal["grpc", "shm", "nats"] = "grpc"
    """What carries the domain: `shm` lets subscribers of this host read the ring itself and
    producers write into memory, `nats` lets subscribers of any host read a JetStream stream. gRPC
    stays for all others; a client needs no change."""
    stream_bytes: Annotated[int, Field(ge=1 << 18)] = 1 << 30
    """Bound of the JetStream stream (`nats`): the oldest leave first. At least four times
    `ring_bytes`, so that it holds whatever a blocking subscriber still needs."""
    stream_age_seconds: Seconds = 86_400.0
    """Frames older than this leave the stream; 0: only `stream_bytes` bounds it."""
    stream_replicas: Annotated[int, Field(ge=1, le=5)] = 1
    """How many servers of the cluster hold the stream."""
    upstream: str | None = None
    """`host:port` or `unix:path` of the relay (or of its mesh's gateway) that numbers the domain:
    this one is then its leaf, which gives its own host the same frames, sequences and gaps. What is
    published here goes there."""
    shm_spin_microseconds: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """How long a subscriber over shared memory, and the relay for what producers write there, polls
    before it sleeps: latency for processor time."""
    ring_bytes: RingBytes = 16 << 20
    """Shared-memory ring: with `max_queue_frames` it bounds the window one can resume from."""
    max_queue_frames: Count = 100_000
    """Frames of the window; the oldest leave first."""
    snapshot_frames: Count = 1_000_000
    """How many frames of the window, the newest, a start at the present is folded from."""
    circuit_breaker_frames: Count = 80_000
    """Backlog at which publishers are refused with RESOURCE_EXHAUSTED until it shrinks."""
    validate_checksums: bool = True
    require_sequence: bool = False
    """Refuse a frame whose producer sequence is not the next one."""
    producer_lease_seconds: PositiveSeconds = 5.0
    """How long a connected producer may say nothing, not even that it lives, before another process
    may take its id."""
    max_subscribers: Count = 1000
    subscriber_lease_seconds: PositiveSeconds = 5.0
    """How long a blocking subscriber that takes nothing may hold producers back."""
    subscriber_linger_seconds: Seconds = 2.0
    """How long the window is held open for a named blocking subscriber that has gone, or that was
    there before a restart.
    """

    @model_validator(mode="after")
    def _breaker_below_queue(self) -> Self:
        if self.circuit_breaker_frames > self.max_queue_frames:
            raise ValueError(
                f"circuit_breaker_frames ({self.circuit_breaker_frames}) is above "
                f"max_queue_frames ({self.max_queue_frames})"
            )
        return self

    @model_validator(mode="after")
    def _leaf_writes_no_stream(self) -> Self:
        if self.upstream is not None and self.transport == "nats":
            raise ValueError(
                "a leaf (upstream) carries to its own host: transport is 'grpc' or 'shm'; the"
                " upstream's may be 'nats'"
            )
        return self

    @model_validator(mode="after")
    def _stream_holds_the_ring(self) -> Self:
        if self.transport == "nats" and self.stream_bytes < 4 * self.ring_bytes:
            raise ValueError(
                f"stream_bytes ({self.stream_bytes}) is below four times "
                f"ring_bytes ({self.ring_bytes})"
            )
        return self


class MarketDataRelayConfig(RelayConfig):
    """High throughput: room for bursts. Checksums stay on; they may be switched off here."""

    ring_bytes: RingBytes = 64 << 20
    max_queue_frames: Count = 1_000_000
    circuit_breaker_frames: Count = 800_000


class ExecutionRelayConfig(RelayConfig):
    """Critical path: small queue, strict order."""

    max_queue_frames: Count = 10_000
    circuit_breaker_frames: Count = 8_000
    require_sequence: bool = True


class SystemRelayConfig(RelayConfig):
    """Heartbeats, snapshots, errors, configuration updates."""

    ring_bytes: RingBytes = 4 << 20
    max_queue_frames: Count = 10_000
    circuit_breaker_frames: Count = 8_000


class RelaysConfig(Section):
    """The four domains."""

    market_data: MarketDataRelayConfig = MarketDataRelayConfig()
    signal: RelayConfig = RelayConfig()
    execution: ExecutionRelayConfig = ExecutionRelayConfig()
    system: SystemRelayConfig = SystemRelayConfig()
