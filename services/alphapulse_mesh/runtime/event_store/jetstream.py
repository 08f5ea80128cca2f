"""The distributed event store: NATS JetStream, for processes on many hosts.

All streams of a mesh are subjects of one JetStream stream. An append is one message, or an atomic
batch of them where it is long, and names the sequence that the subject must be at: JetStream is the
judge of order. What waits while one append is on its way makes the next one (group commit). The
server acknowledges what its replicas have; run it with `sync_interval: always`, so that this means
on disk.

An append whose answer is lost may or may not have happened: it fails with STORE_FAILED, and the
next one looks at where the subject is.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import nats
import nats.errors
import nats.js.errors
from nats.js import api

from alphapulse_mesh.runtime.errors import DataLoss, MeshError, Unavailable
from alphapulse_mesh.runtime.event_store._jetstream_codec import Piece, decode, encode, piece_of
from alphapulse_mesh.runtime.event_store._sqlite_writer import beyond, conflict
from alphapulse_mesh.runtime.event_store.base import (
    ANY_VERSION,
    NewEvent,
    RecordedEvent,
    Snapshot,
)
from alphapulse_mesh.runtime.event_store.checking import check_append, check_from, check_stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from types import TracebackType

__all__ = ["JetStreamEventStore"]

_log = logging.getLogger(__name__)
_POLL_SECONDS: Final = 0.05
_TIMEOUT: Final = 10.0
_FETCH: Final = 256
_PIECE_BYTES: Final = 512 << 10
_HEADERS_BYTES: Final = 4096  # kept of the server's largest message
_GROUP_EVENTS: Final = 16_384
_SNAPSHOTS_KEPT: Final = 2
_WRONG_SEQUENCE: Final = {10071, 10164}
_BROKEN: Final = (nats.errors.Error, OSError, TimeoutError)


@dataclass(slots=True)
class _Append:
    stream: str
    events: Sequence[NewEvent]
    expected: int
    future: asyncio.Future[int]


@dataclass(slots=True)
class _Head:
    sequence: int
    """Of the subject's last message, 0 for none."""
    version: int


class JetStreamEventStore:
    """`EventStore` on a NATS server. Open it with `await JetStreamEventStore.open(url, name)`."""

    def __init__(self, connection: Any, name: str, objects: Any) -> None:
        """For `open`, which has made these."""
        self._connection = connection
        self._jetstream = connection.jetstream(timeout=_TIMEOUT)
        self._name = name
        self._objects = objects
        self._limit = min(_PIECE_BYTES, connection.max_payload - _HEADERS_BYTES)
        self._heads: dict[str, _Head] = {}
        self._queue: asyncio.Queue[_Append | None] = asyncio.Queue()
        self._changed = asyncio.Event()
        self._closed = False
        self._writing = asyncio.get_running_loop().create_task(self._write(), name="event-store")

    @classmethod
    async def open(
        cls,
        url: str,
        name: str,
        *,
        replicas: int = 1,
        credentials_file: str | None = None,
        token: str | None = None,
    ) -> Self:
        """Connect, and make the JetStream stream `name` where there is none.

        `credentials_file` and `token`: for a server that asks for one of them.

        Raises:
            Unavailable: the server does not answer, or has no JetStream (STORE_FAILED).
        """
        try:
            connection = await nats.connect(
                [one.strip() for one in url.split(",")],
                connect_timeout=5,
                max_reconnect_attempts=-1,
                user_credentials=credentials_file,
                token=token,
            )
        except _BROKEN as error:
            raise _failed(url, error) from error
        try:
            jetstream = connection.jetstream(timeout=_TIMEOUT)
            await jetstream.add_stream(
                api.StreamConfig(
                    name=name,
                    subjects=[f"{name}.*"],
                    storage=api.StorageType.FILE,
                    retention=api.RetentionPolicy.LIMITS,
                    discard=api.DiscardPolicy.NEW,
                    num_replicas=replicas,
                    allow_atomic=True,
                    deny_delete=True,
                    deny_purge=True,
                )
            )
            objects = await jetstream.create_object_store(
                f"{name}_snapshots", config=api.ObjectStoreConfig(replicas=replicas)
            )
        except _BROKEN as error:
            await connection.close()
            raise _failed(url, error) from error
        return cls(connection, name, objects)

    # ------------------------------------------------------------------------------------- writing

    async def append(
        self, stream: str, events: Sequence[NewEvent], *, expected_version: int = ANY_VERSION
    ) -> int:
        """See `EventStore.append`."""
        check_append(stream, events)
        self._check_open()
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Append(stream, events, expected_version, future))
        return await future

    async def _write(self) -> None:
        """One append on its way at a time; all that waits for one stream goes together."""
        held: _Append | None = None
        while True:
            first = held or await self._queue.get()
            held = None
            if first is None:
                return
            group, size = [first], len(first.events)
            while size < _GROUP_EVENTS and not self._queue.empty():
                item = self._queue.get_nowait()
                if item is None or item.stream != first.stream:
                    held = item
                    if item is None:
                        self._queue.put_nowait(None)
                    break
                group.append(item)
                size += len(item.events)
            try:
                await self._commit(first.stream, group)
            except Exception as error:  # noqa: BLE001  # whatever it is, nobody may wait for ever
                self._heads.pop(first.stream, None)
                failure = error if isinstance(error, MeshError) else _failed(self._name, error)
                for request in group:
                    if not request.future.done():
                        request.future.set_exception(failure)
            self._wake()

    async def _commit(self, stream: str, group: list[_Append]) -> None:
        while True:
            head = self._heads.get(stream) or await self._load_head(stream)
            version = head.version
            events: list[NewEvent] = []
            results: list[int | MeshError] = []
            for request in group:
                if request.expected not in {ANY_VERSION, version}:
                    results.append(conflict(stream, request.expected, version))
                    continue
                events += request.events
                version += len(request.events)
                results.append(version)
            refused = any(isinstance(result, MeshError) for result in results)
            fresh = stream not in self._heads
            if refused and not fresh:  # by what was known here: ask before refusing anybody
                del self._heads[stream]
                continue
            if events:
                pieces = encode(stream, events, head.version + 1, time.time_ns(), self._limit)
                sequence = await self._publish(stream, pieces, head.sequence)
                if sequence is None:
                    self._heads.pop(stream, None)
                    continue
                self._heads[stream] = _Head(sequence, version)
            for request, result in zip(group, results, strict=True):
                if request.future.done():  # its caller was cancelled
                    continue
                if isinstance(result, MeshError):
                    request.future.set_exception(result)
                else:
                    request.future.set_result(result)
            return

    async def _publish(self, stream: str, pieces: Sequence[Piece], sequence: int) -> int | None:
        """The sequence of the last message; None where the subject is not at `sequence`."""
        subject = self._subject(stream)
        batch = secrets.token_hex(8)
        for piece in pieces:
            headers = piece.headers()
            if piece.number == 1:
                headers[api.Header.EXPECTED_LAST_SUBJECT_SEQUENCE.value] = str(sequence)
            if piece.pieces > 1:
                headers[api.Header.BATCH_ID.value] = batch
                headers[api.Header.BATCH_SEQUENCE.value] = str(piece.number)
                if piece.number == piece.pieces:
                    headers[api.Header.BATCH_COMMIT.value] = "1"
            if 1 < piece.number < piece.pieces:
                await self._connection.publish(subject, piece.data, headers=headers)
                continue
            answer = await self._connection.request(
                subject, piece.data, timeout=_TIMEOUT, headers=headers
            )
            if not answer.data:  # the beginning of a batch is taken
                continue
            said = json.loads(answer.data)
            error = said.get("error")
            if error is None:
                return int(said["seq"])
            if error.get("err_code") in _WRONG_SEQUENCE:
                return None
            raise Unavailable(
                f"{self._name}: {error.get('description')}",
                reason="STORE_FAILED",
                code=error.get("err_code", 0),
            )
        raise Unavailable(f"{self._name}: an append was not answered", reason="STORE_FAILED")

    # ------------------------------------------------------------------------------------- reading

    async def _load_head(self, stream: str) -> _Head:
        try:
            message = await self._jetstream.get_last_msg(self._name, self._subject(stream))
        except nats.js.errors.NotFoundError:
            return _Head(0, 0)
        except _BROKEN as error:
            raise _failed(self._name, error) from error
        assert message.seq is not None, "every stored message has one"
        return _Head(message.seq, piece_of(stream, message.headers, message.data).last)

    async def version(self, stream: str) -> int:
        """See `EventStore.version`."""
        self._check_open()
        return (await self._load_head(stream)).version

    async def read(self, stream: str, from_version: int = 1) -> AsyncIterator[RecordedEvent]:
        """See `EventStore.read`. The end is the one at the time of the call."""
        self._check_open()
        check_from(from_version)
        head = await self._load_head(stream)
        if from_version > head.version + 1:
            raise beyond(stream, from_version, head.version)
        async for event in self._between(stream, from_version, head):
            yield event

    async def follow(self, stream: str, from_version: int = 1) -> AsyncIterator[RecordedEvent]:
        """See `EventStore.follow`."""
        self._check_open()
        check_from(from_version)
        head = await self._load_head(stream)
        if from_version > head.version + 1:
            raise beyond(stream, from_version, head.version)
        while True:
            changed = self._changed  # taken before the look, so that no append falls between
            head = await self._load_head(stream)
            async for event in self._between(stream, from_version, head):
                yield event
            from_version = max(from_version, head.version + 1)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), _POLL_SECONDS)
            if self._closed:
                return

    async def _between(
        self, stream: str, from_version: int, head: _Head
    ) -> AsyncIterator[RecordedEvent]:
        if from_version > head.version:
            return
        start = await self._find(stream, from_version, head)
        config = api.ConsumerConfig(
            deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=start,
            ack_policy=api.AckPolicy.NONE,
            inactive_threshold=30.0,
            mem_storage=True,
        )
        try:
            consumer = await self._jetstream.pull_subscribe(
                self._subject(stream), stream=self._name, config=config
            )
        except _BROKEN as error:
            raise _failed(self._name, error) from error
        expected = from_version
        pieces: list[Piece] = []
        try:
            while expected <= head.version:
                for message in await consumer.fetch(_FETCH, timeout=_TIMEOUT):
                    piece = piece_of(stream, message.headers, message.data)
                    pieces = [*pieces, piece] if piece.number > 1 else [piece]
                    if piece.number < piece.pieces:
                        continue
                    for event in decode(stream, pieces):
                        if expected <= event.version <= head.version:
                            if event.version != expected:
                                raise _missing(stream, expected)
                            yield event
                            expected += 1
        except _BROKEN as error:
            raise _failed(self._name, error) from error
        finally:
            with contextlib.suppress(*_BROKEN):
                await consumer.unsubscribe()

    async def _find(self, stream: str, version: int, head: _Head) -> int:
        """A sequence from which reading comes upon `version`: the search halves what is left."""
        low, high = 1, head.sequence
        while low < high:
            middle = (low + high + 1) // 2
            message = await self._next(stream, middle)
            # its first piece must be read too
            if message is None or message[1].first > version or message[1].number > 1:
                high = middle - 1
            else:
                low = middle
        return low

    async def _next(self, stream: str, sequence: int) -> tuple[int, Piece] | None:
        try:
            found = await self._jetstream.get_msg(
                self._name, sequence, subject=self._subject(stream), next=True
            )
        except nats.js.errors.NotFoundError:
            return None
        except _BROKEN as error:
            raise _failed(self._name, error) from error
        return found.seq or 0, piece_of(stream, found.headers, found.data)

    # ----------------------------------------------------------------------------------- snapshots

    async def save_snapshot(self, stream: str, version: int, data: bytes) -> None:
        """See `EventStore.save_snapshot`."""
        check_stream(stream)
        self._check_open()
        head = await self._load_head(stream)
        if version > head.version:
            raise beyond(stream, version, head.version)
        try:
            await self._objects.put(_object(stream, version), data)
            for old in (await self._snapshots(stream))[_SNAPSHOTS_KEPT:]:
                await self._objects.delete(_object(stream, old))
        except _BROKEN as error:
            raise _failed(self._name, error) from error

    async def load_snapshot(self, stream: str) -> Snapshot | None:
        """See `EventStore.load_snapshot`."""
        self._check_open()
        for version in await self._snapshots(stream):
            try:
                found = await self._objects.get(_object(stream, version))  # checks its digest
            except _BROKEN as error:
                _log.warning("snapshot of %r at %d, passed over: %r", stream, version, error)
                continue
            return Snapshot(stream, version, found.data or b"")
        return None

    async def _snapshots(self, stream: str) -> list[int]:
        """Their versions, the newest first."""
        prefix = _object(stream, 0)[:-1]
        try:
            listed = await self._objects.list(ignore_deletes=True)
        except nats.js.errors.NotFoundError:
            return []
        except _BROKEN as error:
            raise _failed(self._name, error) from error
        names = [info.name for info in listed if info.name.startswith(prefix)]
        return sorted((int(name.removeprefix(prefix)) for name in names), reverse=True)

    # --------------------------------------------------------------------------------------- ending

    async def close(self) -> None:
        """See `EventStore.close`."""
        if self._closed:
            return
        self._closed = True
        self._queue.put_nowait(None)
        await self._writing
        self._wake()
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def _subject(self, stream: str) -> str:
        """Subjects have no dots, spaces or wildcards of a stream's own."""
        return f"{self._name}.{stream.encode().hex()}"

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable(f"{self._name}: closed", reason="STORE_CLOSED")


def _object(stream: str, version: int) -> str:
    return f"{stream.encode().hex()}.{version}"


def _missing(stream: str, version: int) -> MeshError:
    return DataLoss(
        f"event {version} of stream {stream!r} is missing",
        reason="EVENT_MISSING",
        stream=stream,
        version=version,
    )


def _failed(where: str, error: BaseException) -> Unavailable:
    return Unavailable(f"{where}: {error!r}", reason="STORE_FAILED")
