"""The same without asyncio: for notebooks, scripts and threads.

    with connect_sync("localhost:10000") as mesh:
        btc = mesh.registry.resolve("BTCUSDT", venue="BINANCE")
        for batch in mesh.feed("market_data", instruments=[btc]):
            ...

One background thread runs the event loop; calls from any thread wait for it. Feeds read on demand,
as the asynchronous ones do. Every class here is a shell: what the calls mean is said in `mesh`,
`registry`, `orders`, `publisher` and `subscription`.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from contextlib import suppress
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Final,
    Generic,
    ParamSpec,
    Self,
    TypeVar,
    overload,
)

from typing_extensions import Unpack

from alphapulse_client.errors import FailedPrecondition
from alphapulse_client.merged import DomainState, MergedBatch, MergedFeed, MergeOrder
from alphapulse_client.mesh import DEFAULT_TARGET, FeedOptions, Mesh
from alphapulse_client.orders import OrdersClient
from alphapulse_client.publisher import ProducerGap, Publisher, Rejection
from alphapulse_client.registry import RegistryClient
from alphapulse_client.subscription import Batch, Subscription

if TYPE_CHECKING:
    from types import TracebackType

    import grpc

    from alphapulse.relay.v1 import relay_pb2 as relay_pb
    from alphapulse_client._channel import Metadata
    from alphapulse_client.schemas import RecordSchema
    from alphapulse_layout import Domain

__all__ = [
    "SyncFeed",
    "SyncMergedFeed",
    "SyncMesh",
    "SyncOrders",
    "SyncPublisher",
    "SyncRegistry",
    "connect_sync",
]

T = TypeVar("T")
A = TypeVar("A")
A_co = TypeVar("A_co", covariant=True)
S = TypeVar("S")
P = ParamSpec("P")

_CLOSED: Final = "MESH_CLOSED"


class _Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        # taken again by its holder where the collector ends an abandoned iterator during a call
        self._lock = threading.RLock()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="alphapulse-client", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` there and wait for its result; an interrupt here cancels it there.

        Raises:
            FailedPrecondition: nobody would ever do it: the connection is closed, or was made
                before a fork (`MESH_CLOSED`), or this is the loop's own thread (`MESH_CALLBACK`).
        """
        if self._is_own_thread:
            work.close()
            raise FailedPrecondition(
                "a callback would wait for itself: it runs where calls are answered",
                reason="MESH_CALLBACK",
            )
        future = self._begin(work)
        if future is None:
            work.close()
            raise FailedPrecondition(
                "the mesh connection is closed, or of a process that this one was forked from",
                reason=_CLOSED,
            )
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise FailedPrecondition(
                "the mesh connection was closed meanwhile", reason=_CLOSED
            ) from None
        except BaseException:
            future.cancel()
            raise

    @property
    def _is_own_thread(self) -> bool:
        return threading.current_thread() is self._thread

    def _begin(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T] | None:
        """None: the loop has ended, or is another process's, and so may be who holds the lock."""
        if not self._thread.is_alive():
            return None
        with self._lock:  # what is begun is before the end, which then cancels it
            return None if self._stopping else asyncio.run_coroutine_threadsafe(work, self._loop)

    def stop(self) -> None:
        """End the loop and its thread; who waits for something on it is told that it is over."""
        if self._is_own_thread or not self._thread.is_alive():
            return
        with self._lock:
            first, self._stopping = not self._stopping, True
        if first:
            asyncio.run_coroutine_threadsafe(_cancel_others(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class _Shell(Generic[A_co]):
    """A plain view of an asynchronous object that lives on the loop."""

    def __init__(self, loop: _Loop, target: A_co) -> None:
        self._loop = loop
        self._target = target


def _plain(
    method: Callable[Concatenate[A, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[_Shell[A], P], T]:
    """The method, waited for."""

    @functools.wraps(method)
    def call(self: _Shell[A], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._loop.call(method(self._target, *args, **kwargs))

    return call


def _plain_iterator(
    method: Callable[Concatenate[A, P], AsyncIterator[T]],
) -> Callable[Concatenate[_Shell[A], P], Iterator[T]]:
    """The asynchronous generator method as a plain generator."""

    @functools.wraps(method)
    def call(self: _Shell[A], /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return _iterate(self._loop, method(self._target, *args, **kwargs))

    return call


def _iterate(loop: _Loop, source: AsyncIterator[T]) -> Iterator[T]:
    async def following() -> tuple[T] | None:
        try:
            return (await anext(source),)
        except StopAsyncIteration:
            return None

    async def finish() -> None:
        if isinstance(source, AsyncGenerator):
            await source.aclose()

    try:
        while (item := loop.call(following())) is not None:
            yield item[0]
    finally:
        with suppress(FailedPrecondition):  # the mesh was closed before its iterators
            loop.call(finish())


class SyncRegistry(_Shell[RegistryClient]):
    """See `RegistryClient`."""

    get = _plain(RegistryClient.get)
    get_many = _plain(RegistryClient.get_many)
    resolve = _plain(RegistryClient.resolve)
    resolve_all = _plain(RegistryClient.resolve_all)
    list = _plain_iterator(RegistryClient.list)
    history = _plain(RegistryClient.history)
    stream_records = _plain_iterator(RegistryClient.stream_records)
    links = _plain_iterator(RegistryClient.links)
    venue = _plain(RegistryClient.venue)
    venues = _plain_iterator(RegistryClient.venues)
    venue_metrics = _plain(RegistryClient.venue_metrics)
    quote_fees = _plain(RegistryClient.quote_fees)
    sessions = _plain(RegistryClient.sessions)
    route = _plain(RegistryClient.route)
    synthetic = _plain(RegistryClient.synthetic)
    synthetics = _plain_iterator(RegistryClient.synthetics)
    evaluate_synthetic = _plain(RegistryClient.evaluate_synthetic)
    define_synthetic = _plain(RegistryClient.define_synthetic)
    register = _plain(RegistryClient.register)
    register_many = _plain(RegistryClient.register_many)
    search = _plain_iterator(RegistryClient.search)
    find_all_venues = _plain(RegistryClient.find_all_venues)
    records = _plain(RegistryClient.records)
    update = _plain(RegistryClient.update)
    delist = _plain(RegistryClient.delist)
    link = _plain(RegistryClient.link)
    unlink = _plain(RegistryClient.unlink)
    report_venue_metrics = _plain(RegistryClient.report_venue_metrics)
    register_venue = _plain(RegistryClient.register_venue)
    update_venue = _plain(RegistryClient.update_venue)
    retire_venue = _plain(RegistryClient.retire_venue)
    watch = _plain_iterator(RegistryClient.watch)


class SyncOrders(_Shell[OrdersClient]):
    """See `OrdersClient`. Order frames are streamed with the asynchronous client."""

    submit = _plain(OrdersClient.submit)
    cancel = _plain(OrdersClient.cancel)
    get = _plain(OrdersClient.get)
    list = _plain_iterator(OrdersClient.list)
    fills = _plain_iterator(OrdersClient.fills)


class SyncFeed(_Shell[Subscription]):
    """See `Subscription`: ``for batch in feed``."""

    ready = _plain(Subscription.ready)
    close = _plain(Subscription.close)

    @property
    def delivered_sequence(self) -> int:
        """Newest sequence that is accounted for."""
        return self._target.delivered_sequence

    @property
    def head_sequence(self) -> int:
        """The relay's newest sequence, as last heard."""
        return self._target.head_sequence

    @property
    def lag(self) -> int:
        """Frames that the relay has beyond `delivered_sequence`."""
        return self._target.lag

    @property
    def lost(self) -> int:
        """Frames reported as gaps so far."""
        return self._target.lost

    def __iter__(self) -> Iterator[Batch]:
        return _iterate(self._loop, self._target)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class SyncMergedFeed(_Shell[MergedFeed]):
    """See `MergedFeed`: ``for batch in feed``, ``for domain, frame in batch``."""

    close = _plain(MergedFeed.close)

    @property
    def states(self) -> dict[str, DomainState]:
        """Domain → how it is doing, at this moment."""
        return self._target.states

    def __iter__(self) -> Iterator[MergedBatch]:
        return _iterate(self._loop, self._target)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class SyncPublisher(_Shell[Publisher]):
    """See `Publisher`."""

    ready = _plain(Publisher.ready)
    publish = _plain(Publisher.publish)
    flush = _plain(Publisher.flush)
    close = _plain(Publisher.close)

    @property
    def acknowledged(self) -> int:
        """Number of the last acknowledged frame."""
        return self._target.acknowledged

    @property
    def rejections(self) -> list[Rejection]:
        """The last refused frames, oldest first."""
        return self._target.rejections

    @property
    def gaps(self) -> list[ProducerGap]:
        """The last ranges that the relay found missing in our numbers."""
        return self._target.gaps

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _in_publisher(
    method: Callable[Concatenate[Mesh, P], Publisher],
) -> Callable[Concatenate[SyncMesh, P], SyncPublisher]:
    @functools.wraps(method)
    def call(self: SyncMesh, /, *args: P.args, **kwargs: P.kwargs) -> SyncPublisher:
        return self._made(SyncPublisher, lambda mesh: method(mesh, *args, **kwargs))

    return call


class SyncMesh:
    """A connection to a mesh without asyncio; see `Mesh`. Close it, or use it with `with`."""

    def __init__(
        self,
        target: str = DEFAULT_TARGET,
        *,
        timeout: float = 10.0,
        credentials: grpc.ChannelCredentials | None = None,
        metadata: Metadata = (),
    ) -> None:
        self._loop = _Loop()
        try:
            self._mesh = self._loop.call(_connect(target, timeout, credentials, metadata))
        except BaseException:
            self._loop.stop()
            raise
        self.target = target
        self.registry = SyncRegistry(self._loop, self._mesh.registry)
        """Instruments, links and venues."""
        self.orders = SyncOrders(self._loop, self._mesh.orders)
        """Orders and fills."""

    @overload
    def feed(
        self, domain: str | Domain = "market_data", **options: Unpack[FeedOptions]
    ) -> SyncFeed: ...

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
    ) -> SyncMergedFeed: ...

    def feed(
        self, domain: str | Domain = "market_data", **options: Any
    ) -> SyncFeed | SyncMergedFeed:
        """One domain, or several as one stream; see `Mesh.feed`."""

        async def there() -> Subscription | MergedFeed:
            return self._mesh.feed(domain, **options)

        made = self._loop.call(there())
        if isinstance(made, MergedFeed):
            return SyncMergedFeed(self._loop, made)
        return SyncFeed(self._loop, made)

    publisher = _in_publisher(Mesh.publisher)

    def relay_status(self, domain: str | Domain = "market_data") -> relay_pb.GetStatusResponse:
        """What a relay holds and does."""
        return self._loop.call(self._mesh.relay_status(domain))

    def register_schema(
        self, domain: str | Domain, message_type: int, schema: bytes, root: str = ""
    ) -> RecordSchema:
        """Make a type of 200-255 known to a relay; see `Mesh.register_schema`."""
        return self._loop.call(self._mesh.register_schema(domain, message_type, schema, root))

    def schemas(self, domain: str | Domain = "market_data") -> dict[int, RecordSchema]:
        """The types that a relay knows beside the built-in ones, by number."""
        return self._loop.call(self._mesh.schemas(domain))

    def close(self) -> None:
        """End every feed and publisher made here (publishers flush) and the connection."""
        try:
            self._loop.call(self._mesh.close())
        except FailedPrecondition as error:
            if error.reason != _CLOSED:  # by us already
                raise
        finally:
            self._loop.stop()

    def _made(self, shell: Callable[[_Loop, A], S], make: Callable[[Mesh], A]) -> S:
        async def there() -> A:
            return make(self._mesh)

        return shell(self._loop, self._loop.call(there()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


async def _connect(
    target: str,
    timeout: float,  # noqa: ASYNC109  # of the connection made, not of this call
    credentials: grpc.ChannelCredentials | None,
    metadata: Metadata,
) -> Mesh:
    return await Mesh.connect(target, timeout=timeout, credentials=credentials, metadata=metadata)


def connect_sync(
    target: str = DEFAULT_TARGET,
    *,
    timeout: float = 10.0,
    credentials: grpc.ChannelCredentials | None = None,
    metadata: Metadata = (),
) -> SyncMesh:
    """Connect to a mesh without asyncio; see `Mesh.connect`."""
    return SyncMesh(target, timeout=timeout, credentials=credentials, metadata=metadata)
