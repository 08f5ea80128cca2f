"""The transports of a feed. A new one adds itself to `transports` and passes the same suite."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest_asyncio

from alphapulse_client import Publisher, Subscription
from alphapulse_client.transports.inbox import CUSTOM
from alphapulse_layout import MessageType
from alphapulse_mesh.runtime.names import Service
from alphapulse_testing.nats_server import NatsServer
from alphapulse_testing.relays import RelayProcess, serve_relay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    import pytest

    from alphapulse.relay.v1 import relay_pb2 as pb
    from alphapulse_client.transports.base import FeedSource
    from alphapulse_mesh.runtime.config import MeshConfig

DOMAIN = "market_data"


class Feed(Protocol):
    """The market-data domain on one transport, carried by real servers."""

    replays: bool
    """One may start before the relay's window, for the frames are kept elsewhere too."""

    @property
    def transport(self) -> str:
        """What carries it."""
        ...

    custom_types: bool
    """Types are registered at run time: what looks at rows is the relay's work."""

    @property
    def target(self) -> str:
        """Of the relay's gRPC service."""
        ...

    def publisher(self, name: str = "test", **options: Any) -> Publisher:
        """A publisher to it, closed at the end of the test."""
        ...

    def subscription(self, **options: Any) -> Subscription:
        """A subscription to it, closed at the end of the test."""
        ...

    async def crash(self) -> None:
        """kill -9 of the process that carries it."""
        ...

    async def recover(self) -> None:
        """Start that again."""
        ...

    async def status(self) -> pb.GetStatusResponse:
        """What the process that carries it says about itself."""
        ...


class _Watched(Subscription):
    """Remembers what has carried it, connection by connection."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.carried: list[str] = []

    async def _open(self) -> FeedSource:
        source = await super()._open()
        self.carried.append(source.transport)
        return source


class RelayFeed:
    """Through the relay, which says what carries the frames."""

    def __init__(
        self,
        target: str,
        stack: AsyncExitStack,
        transport: str,
        process: RelayProcess | None = None,
    ) -> None:
        self.transport = transport
        self.replays = transport == "nats"
        self.target = target
        self.custom_types = False
        self._stack = stack
        self._process = process

    def publisher(self, name: str = "test", **options: Any) -> Publisher:
        publisher = Publisher(self.target, DOMAIN, producer_name=name, **options)
        self._stack.push_async_callback(publisher.close, flush=None)
        self._stack.callback(self._check_publisher, publisher)
        return publisher

    def subscription(self, **options: Any) -> Subscription:
        subscription = _Watched(self.target, DOMAIN, **options)
        self._stack.push_async_callback(subscription.close)
        # what a transport leaves to the relay comes over gRPC, and nothing else does
        custom = max(options.get("message_types", ()), default=0) >= MessageType.CUSTOM
        custom |= self.custom_types and "predicate" in options
        relays_work = custom or options.get("policy") == "conflate"
        expected = {"grpc" if relays_work else self.transport}
        if options.get("start") == "snapshot":
            expected.add("grpc")  # until the snapshot is there
        self._stack.callback(self._check, subscription, expected)
        return subscription

    @staticmethod
    def _check(subscription: _Watched, expected: set[str]) -> None:
        """Each connection by what is expected, those after a crash too."""
        if not subscription.head_sequence:
            return  # refused, or never asked for
        detail = f"{subscription.carried}: {subscription.transport_detail}"
        assert subscription.carried, "something has carried it"
        assert set(subscription.carried) <= expected, detail
        assert subscription.transport == subscription.carried[-1]

    def _check_publisher(self, publisher: Publisher) -> None:
        """Frames are written into memory on shm, and sent on the others."""
        if publisher.transport:  # else it never connected
            custom = publisher.transport_detail == CUSTOM
            expected = "shm" if self.transport == "shm" and not custom else "grpc"
            assert publisher.transport == expected, publisher.transport_detail

    async def crash(self) -> None:
        assert self._process is not None, "open_feed(process=True)"
        await self._process.kill()

    async def recover(self) -> None:
        assert self._process is not None, "open_feed(process=True)"
        await self._process.start()

    async def status(self) -> pb.GetStatusResponse:
        assert self._process is not None, "open_feed(process=True)"
        return await self._process.status()


class OpenFeed(Protocol):
    """Starts a feed, as a process of its own where it shall be killed, else beside the test.

    The settings are those of the relay's section.
    """

    async def __call__(self, *, process: bool = False, **settings: Any) -> Feed: ...


transports = {
    "grpc-tcp": ("tcp", "grpc"),
    "grpc-unix": ("unix", "grpc"),
    "shm": ("unix", "shm"),
    "nats": ("tcp", "nats"),
}
"""Name → how gRPC listens, and what carries the domain."""


@pytest_asyncio.fixture(params=transports)
async def open_feed(
    request: pytest.FixtureRequest,
    make_config: Callable[..., MeshConfig],
    tmp_path: Path,
) -> AsyncIterator[OpenFeed]:
    async with AsyncExitStack() as stack:

        async def start(*, process: bool = False, **settings: Any) -> Feed:
            listen, transport = transports[request.param]
            sections: dict[str, Any] = {}
            if transport == "nats":
                sections["nats"] = {"url": stack.enter_context(NatsServer(tmp_path)).url}
                # as small as may be, so that also the stream forgets
                settings.setdefault("stream_bytes", 4 * settings.get("ring_bytes", 1 << 20))
            config = make_config(
                server={"transport": listen, "drain_seconds": 1.0},
                relays={DOMAIN: {"ring_bytes": 1 << 20, "transport": transport, **settings}},
                # the socket's path must be short
                mesh={"run_dir": tmp_path / "r"},
                **sections,
            )
            if process:
                relay = RelayProcess(config, Service.RELAY_MARKET_DATA, tmp_path)
                await stack.enter_async_context(relay)
                return RelayFeed(relay.target, stack, transport, relay)
            served = serve_relay(config, "market-data", tmp_path)
            _, host = await stack.enter_async_context(served)
            return RelayFeed(host.target, stack, transport)

        yield start


@pytest_asyncio.fixture
async def feed(open_feed: OpenFeed) -> Feed:
    """A feed with the settings as they come."""
    return await open_feed()
