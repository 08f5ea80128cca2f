"""The way in: one address, everything behind it.

    async with Mesh.connect("localhost:10000") as mesh:
        btc = await mesh.registry.resolve("BTCUSDT", venue="BINANCE")
        async for batch in mesh.feed("market_data", instruments=[btc]):
            for quotes in batch.rows(MessageType.QUOTE):
                print(quotes["bid_price"][-1])

The address is Envoy's, or a single service's own (then only that service answers). `sync` has the
same without asyncio.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Self, TypedDict, TypeVar, overload

import grpc
from typing_extensions import Unpack

from alphapulse.relay.v1 import relay_pb2 as relay_pb
from alphapulse_client._backoff import Backoff
from alphapulse_client._calls import Caller
from alphapulse_client._channel import ChannelFactory, Metadata
from alphapulse_client.domains import relay_service
from alphapulse_client.errors import FailedPrecondition, InvalidArgument, Unavailable
from alphapulse_client.merged import MergedFeed, MergeOrder
from alphapulse_client.orders import OrdersClient
from alphapulse_client.publisher import ProducerGap, Publisher, Rejection
from alphapulse_client.registry import RegistryClient
from alphapulse_client.schemas import RecordSchema
from alphapulse_client.subscription import SlowConsumerPolicy, Start, Subscription

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence
    from types import TracebackType

    import grpc.aio

    from alphapulse_client.instrument_ids import InstrumentKey
    from alphapulse_layout import Domain

__all__ = ["DEFAULT_TARGET", "FeedOptions", "Mesh"]

DEFAULT_TARGET = "localhost:10000"
"""Where `alphapulse up` puts Envoy."""


_MERGED: Final = {
    "market_data": "market_data", "signals": "signal", "execution": "execution", "system": "system",
}  # fmt: skip
_MERGING: Final = ("order", "patience")
_Stream = TypeVar("_Stream", Subscription, Publisher)


class FeedOptions(TypedDict, total=False):
    """Options of a feed, as `Subscription` explains them."""

    message_types: Iterable[int]
    instruments: Iterable[InstrumentKey]
    venues: Iterable[int]
    sources: Iterable[int]
    asset_types: Iterable[int]
    predicate: str
    start: Start
    resume: bytes
    policy: SlowConsumerPolicy
    name: str
    max_batch_bytes: int
    verify_checksums: bool
    reconnect: Backoff | None
    transports: Iterable[str]


class Mesh:
    """A connection to a mesh: `await Mesh.connect(…)` or `async with Mesh.connect(…) as mesh`."""

    def __init__(
        self,
        target: str = DEFAULT_TARGET,
        *,
        timeout: float = 10.0,
        credentials: grpc.ChannelCredentials | None = None,
        metadata: Metadata = (),
        interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
    ) -> None:
        """Like `connect`, without waiting for the connection. Call it inside an event loop."""
        self.target = target
        self._timeout = timeout
        self._metadata = tuple(metadata)
        self._factory = ChannelFactory(target, credentials=credentials, interceptors=interceptors)
        self._channel = self._factory.open()
        self.registry = RegistryClient(self._channel, timeout=timeout, metadata=metadata)
        """Instruments, links and venues."""
        self.orders = OrdersClient(self._channel, timeout=timeout, metadata=metadata)
        """Orders and fills."""
        self._caller = Caller(timeout, metadata)
        self._streams: set[Subscription | Publisher] = set()
        self._closed = False

    @classmethod
    def connect(
        cls,
        target: str = DEFAULT_TARGET,
        *,
        timeout: float = 10.0,
        credentials: grpc.ChannelCredentials | None = None,
        metadata: Metadata = (),
        interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
    ) -> _Connecting:
        """Connect to `host:port` or `unix:path`: await it, or use it with `async with`.

        Args:
            target: Envoy's address, or a service's own.
            timeout: seconds for connecting, and the default of every unary call.
            credentials: None: without TLS.
            metadata: sent with every call.
            interceptors: of `grpc.aio`, around every call.

        Raises:
            Unavailable: nobody answered at the address in time (reason `MESH_UNREACHABLE`).
        """
        return _Connecting(
            lambda: cls(
                target,
                timeout=timeout,
                credentials=credentials,
                metadata=metadata,
                interceptors=interceptors,
            )
        )

    @overload
    def feed(
        self, domain: str | Domain = "market_data", **options: Unpack[FeedOptions]
    ) -> Subscription: ...

    @overload
    def feed(
        self,
        *,
        market_data: FeedOptions | bool = False,
        signals: FeedOptions | bool = False,
        execution: FeedOptions | bool = False,
        system: FeedOptions | bool = False,
        order: MergeOrder = "time",
        patience: float = 0.05,
    ) -> MergedFeed: ...

    def feed(
        self, domain: str | Domain = "market_data", **options: Any
    ) -> Subscription | MergedFeed:
        """Batches of one domain, over a connection of its own; or several domains as one stream.

        `feed("signal", venues=[3])` is a `Subscription`; its options are those of `FeedOptions`. A
        consumer of this kind holds nobody back unless it says so: the policy is `drop_oldest`.

        `feed(market_data=True, signals={"name": "desk"}, execution=True)` is a `MergedFeed` of the
        domains that are named, each with True or its options; `order` is `time` (by the frames'
        own timestamps; a silent domain is waited for `patience` seconds) or `arrival`.

        Raises:
            InvalidArgument: an option that cannot be meant.
            FailedPrecondition: the mesh is closed (reason `MESH_CLOSED`).
        """
        merging = {name: options.pop(name) for name in (*_MERGED, *_MERGING) if name in options}
        if not merging:
            chosen: FeedOptions = options  # type: ignore[assignment]  # Subscription checks them
            return self._subscribe(domain, chosen)
        if options:
            raise InvalidArgument(
                f"{', '.join(options)}: options of a merged feed belong to one of its domains",
                reason="ARGUMENT_INVALID",
            )
        how = {name: merging.pop(name) for name in _MERGING if name in merging}
        sources = {
            _MERGED[name]: self._subscribe(_MERGED[name], {} if wanted is True else wanted)
            for name, wanted in merging.items()
            if wanted is not False
        }
        return MergedFeed(sources, **how)

    def _subscribe(self, domain: str | Domain, options: FeedOptions) -> Subscription:
        chosen: FeedOptions = {"policy": "drop_oldest", **options}
        return self._keep(Subscription(self._factory, domain, metadata=self._metadata, **chosen))

    def publisher(
        self,
        domain: str | Domain,
        *,
        producer_name: str,
        producer_id: int | None = None,
        max_unacked: int = 8192,
        max_unacked_bytes: int = 8 << 20,
        priorities: bool = True,
        on_rejection: Callable[[Rejection], None] | None = None,
        on_gap: Callable[[ProducerGap], None] | None = None,
        reconnect: Backoff | None = Backoff(),  # noqa: B008  # frozen
    ) -> Publisher:
        """A publisher to one domain, over a connection of its own; see `Publisher`."""
        return self._keep(
            Publisher(
                self._factory,
                domain,
                producer_name=producer_name,
                producer_id=producer_id,
                max_unacked=max_unacked,
                max_unacked_bytes=max_unacked_bytes,
                priorities=priorities,
                on_rejection=on_rejection,
                on_gap=on_gap,
                reconnect=reconnect,
                metadata=self._metadata,
            )
        )

    def _keep(self, stream: _Stream) -> _Stream:
        """To be closed with the mesh, unless it is closed before."""
        if self._closed:
            raise FailedPrecondition("the mesh connection is closed", reason="MESH_CLOSED")
        self._streams = {one for one in self._streams if not one.closed}
        self._streams.add(stream)
        return stream

    async def relay_status(
        self, domain: str | Domain = "market_data"
    ) -> relay_pb.GetStatusResponse:
        """What a relay holds and does: window, policy, producers, subscribers, counters."""
        method = self._channel.unary_unary(
            f"/{relay_service(domain)}/GetStatus",
            request_serializer=relay_pb.GetStatusRequest.SerializeToString,
            response_deserializer=relay_pb.GetStatusResponse.FromString,
        )
        return await self._caller(method, relay_pb.GetStatusRequest())

    async def register_schema(
        self, domain: str | Domain, message_type: int, schema: bytes, root: str = ""
    ) -> RecordSchema:
        """Make a type of 200-255 known to a relay, for good; the same again is no change.

        `schema` and `root` as of `RecordSchema`.

        Raises:
            InvalidArgument: no such type (`SCHEMA_TYPE_INVALID`), or the schema is refused.
            AlreadyExists: another schema is registered for the type (`SCHEMA_CONFLICT`).
        """
        method = self._channel.unary_unary(
            f"/{relay_service(domain)}/RegisterSchema",
            request_serializer=relay_pb.RegisterSchemaRequest.SerializeToString,
            response_deserializer=relay_pb.RegisterSchemaResponse.FromString,
        )
        answer = await self._caller(
            method,
            relay_pb.RegisterSchemaRequest(message_type=message_type, schema=schema, root=root),
        )
        return RecordSchema(message_type, schema, answer.schema.root)

    async def schemas(self, domain: str | Domain = "market_data") -> dict[int, RecordSchema]:
        """The types that a relay knows beside the built-in ones, by number."""
        method = self._channel.unary_unary(
            f"/{relay_service(domain)}/ListSchemas",
            request_serializer=relay_pb.ListSchemasRequest.SerializeToString,
            response_deserializer=relay_pb.ListSchemasResponse.FromString,
        )
        answer = await self._caller(method, relay_pb.ListSchemasRequest(with_schemas=True))
        return {info.message_type: RecordSchema.of(info) for info in answer.schemas}

    async def close(self) -> None:
        """End every feed and publisher made here (publishers flush) and the connection."""
        self._closed = True
        streams, self._streams = self._streams, set()
        results = await asyncio.gather(
            *(stream.close() for stream in streams), return_exceptions=True
        )
        await self._channel.close()
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _ready(self) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await self._channel.channel_ready()
        except TimeoutError:
            await self._channel.close()
            raise Unavailable(
                f"nobody answers at {self.target} (waited {self._timeout:g} s)",
                reason="MESH_UNREACHABLE",
                target=self.target,
            ) from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


class _Connecting:
    """A connection under way: awaitable, and an async context manager."""

    def __init__(self, make: Callable[[], Mesh]) -> None:
        self._make = make
        self._mesh: Mesh | None = None

    async def _connect(self) -> Mesh:
        mesh = self._make()
        await mesh._ready()  # noqa: SLF001  # the other half of this module
        return mesh

    def __await__(self) -> Generator[Any, None, Mesh]:
        return self._connect().__await__()

    async def __aenter__(self) -> Mesh:
        self._mesh = await self._connect()
        return self._mesh

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._mesh is not None, "entered before left"
        await self._mesh.close()
