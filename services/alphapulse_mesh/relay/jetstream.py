"""The relay's side of a domain on NATS: it writes the ring to a JetStream stream, group by group.

The ring stays what numbers the frames and outlives the process; the stream follows it. The relay is
the stream's only writer: each message names the one that must be the stream's last, so that a
group's index is there only behind all of the group. After whatever broke, the newest index says
where to go on, and nothing counts twice. Toward the ring it is a blocking subscriber like any
other, with the name `jetstream`.

What the messages hold is `grouping`'s part, seats of those who read the stream are `attach`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
from typing import TYPE_CHECKING, Any, Final, Self

import nats.errors
import nats.js.errors
from nats.js import api

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client.transports.base import Gap
from alphapulse_client.transports.grouplog import BROKEN, GroupLog, connect
from alphapulse_mesh.relay.grouping import group_messages
from alphapulse_mesh.relay.memory import RelayMemory
from alphapulse_mesh.relay.requests import nanoseconds_of
from alphapulse_mesh.runtime.errors import ConfigError, FailedPrecondition, MeshError, Unavailable

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    import alphapulse_core as core
    from alphapulse_client.transports.grouplog import FoundGroup
    from alphapulse_mesh.relay.hub import Hub
    from alphapulse_mesh.relay.subscribers import Subscriber
    from alphapulse_mesh.runtime.config import MeshConfig

__all__ = ["StreamWriter", "adopt_stream", "stream_names"]

_log = logging.getLogger(__name__)

_SUBSCRIBER: Final = "jetstream"
_GROUP_BYTES: Final = 512 << 10
_GROUP_ENTRIES: Final = 8192
_ANSWER_SECONDS: Final = 10.0
_RETRY_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 5.0
_REPORT_PART: Final = 8
"""Progress is told after this part of what holds producers back: they seldom wait for it."""


def stream_names(config: MeshConfig, domain: str) -> tuple[str, str]:
    """The stream's name and the prefix of its subjects."""
    return f"alphapulse_{config.mesh.name}_{domain}", f"alphapulse.{config.mesh.name}.{domain}"


class StreamWriter:
    """One domain's stream: written while it is used as a context manager, and offered meanwhile."""

    def __init__(self, config: MeshConfig, hub: Hub) -> None:
        """For a domain whose transport is `nats`.

        Raises:
            ConfigError: no server is named.
        """
        if config.nats.url is None:
            raise ConfigError(
                f"relays.{hub.domain.name}.transport is 'nats': set nats.url, or start the mesh"
                " with `alphapulse up`, which starts a server",
                reason="CONFIG_INVALID_VALUE",
                key="nats.url",
            )
        self._config = config
        self._hub = hub
        self.url = config.nats.url
        self.name, self.prefix = stream_names(config, hub.domain.name)
        self.unavailable = f"the relay has not reached {self.url} yet"
        """Why the stream cannot be offered; empty where it can."""
        self.groups = 0
        """Written since the server was last connected to."""
        self.seats: set[Subscriber] = set()
        """Who reads the stream."""
        self._log: GroupLog | None = None
        self._reached = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._ending = False

    # ------------------------------------------------------------------------------------- offering

    def attachment(self) -> pb.StreamAttachment:
        """What a subscriber needs to read the stream."""
        hub = self._hub
        return pb.StreamAttachment(
            url=self.url,
            name=self.name,
            subject_prefix=self.prefix,
            report_bytes=hub.window.ring.capacity // _REPORT_PART,
            report_frames=max(hub.config.circuit_breaker_frames // _REPORT_PART, 1),
        )

    async def resolved(self, request: pb.SubscribeRequest) -> pb.SubscribeRequest:
        """The request with a start at a sequence, where it may be before the ring's window.

        Raises:
            InvalidArgument: no time (`START_TIME_INVALID`).
            Unavailable: the stream cannot be asked.
        """
        window = self._hub.window
        start = window.oldest
        if request.resume_token:
            return request
        try:
            if request.start == pb.START_POSITION_OLDEST:
                found = await self._reading().oldest()
                start = found.index.first if found is not None else start
            elif request.start == pb.START_POSITION_TIME:
                start = await self._first_received_at(nanoseconds_of(request.start_time))
            else:
                return request
        except BROKEN as error:
            raise _unavailable(self.url, error) from error
        resolved = pb.SubscribeRequest()
        resolved.CopyFrom(request)
        resolved.start = pb.START_POSITION_SEQUENCE
        resolved.start_sequence = start
        return resolved

    async def _first_received_at(self, time_ns: int) -> int:
        start = self._hub.window.first_received_at(time_ns)
        if start > self._hub.window.oldest:
            return start
        log = self._reading()
        found = await log.first(lambda index: index.last_received_ns >= time_ns)
        if found is None or found.index.first >= start:
            return start
        group = await log.read(found)
        if group is None:
            return found.index.first
        for sequence, received in zip(
            group.sequences.tolist(), group.received_ns.tolist(), strict=True
        ):
            if received >= time_ns:
                return min(int(sequence), start)
        return min(found.index.last + 1, start)

    def _reading(self) -> GroupLog:
        if self._log is None:
            raise Unavailable(self.unavailable, reason="NATS_UNREACHABLE")
        return self._log

    # -------------------------------------------------------------------------------------- writing

    async def __aenter__(self) -> Self:
        """Begin to write; waits a moment for the server, so that first subscribers find it."""
        self._task = asyncio.create_task(self._run(), name="relay-stream")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._reached.wait()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """When no more is taken: write what the stream does not have yet."""
        assert self._task is not None, "entered"
        self._ending = True
        while (
            not self._task.done()
        ):  # a cancellation may be taken for another one, or for a timeout
            self._task.cancel()
            await asyncio.wait((self._task,), timeout=_RETRY_SECONDS)
        try:
            async with asyncio.timeout(self._config.server.drain_seconds):
                await self._write_on(finish=True)
        except (MeshError, *BROKEN) as failure:
            _log.warning("%s: the last frames were not written: %r", self.name, failure)

    async def _run(self) -> None:
        """Until the end: connect, find where the stream ended, go on from there."""
        while not self._ending:
            why = ""
            self.groups = 0
            try:
                await self._write_on()
            except MeshError as error:
                why = error.message
            except Exception as error:  # noqa: BLE001  # whatever it is, gRPC goes on
                why = f"{self.url}: {error!r}"
            self._log = None
            if why != self.unavailable and not self._hub.ending:
                _log.warning("%s: not written: %s", self.name, why)
            self.unavailable = why
            if not self.groups:  # what broke has not healed by itself
                self._send_away()
            await asyncio.sleep(_RETRY_SECONDS)

    async def _write_on(self, *, finish: bool = False) -> None:
        ended = asyncio.Event()
        subscriber: Subscriber | None = None

        async def closed() -> None:
            ended.set()
            if subscriber is not None:
                subscriber.end(_unavailable(self.url, "the connection has ended"))

        connection = await _connect(self._config, f"relay {self.name}", closed)
        try:
            await self._ensure_stream(connection)
            log = GroupLog(connection, self.name, self.prefix)
            found = await log.newest()
            self._check_past(found)
            place = int((await log.jetstream.stream_info(self.name)).state.last_seq)
            window = self._hub.window
            first = found.index.last + 1 if found is not None else window.oldest
            received = found.index.last_received_ns if found is not None else 0
            pump = _Pump(self, connection, first, place, received)
            if finish:
                await pump.run(None)
                return
            subscriber = self._hub.subscribe(
                pb.SubscribeRequest(
                    subscriber_name=_SUBSCRIBER,
                    start=pb.START_POSITION_SEQUENCE,
                    start_sequence=max(first, window.oldest),
                )
            )
            subscriber.seated = True
            self._log, self.unavailable = log, ""
            self._reached.set()
            if ended.is_set():
                return
            try:
                with subscriber.serving():
                    await pump.run(subscriber)
            finally:
                self._hub.leave(subscriber)
                subscriber = None
        finally:
            with contextlib.suppress(*BROKEN):
                await connection.close()

    async def _ensure_stream(self, connection: Any) -> None:
        section = self._hub.config
        config = api.StreamConfig(
            name=self.name,
            subjects=[f"{self.prefix}.>"],
            storage=api.StorageType.FILE,
            retention=api.RetentionPolicy.LIMITS,
            discard=api.DiscardPolicy.OLD,
            max_bytes=section.stream_bytes,
            max_age=section.stream_age_seconds,
            duplicate_window=min(1.0, section.stream_age_seconds or 1.0),  # nothing relies on it
            num_replicas=section.stream_replicas,
            deny_delete=True,
        )
        jetstream = connection.jetstream(timeout=_ANSWER_SECONDS)
        try:
            await jetstream.stream_info(self.name)
        except nats.js.errors.NotFoundError:
            await jetstream.add_stream(config)
        else:
            await jetstream.update_stream(config)

    def _check_past(self, found: FoundGroup | None) -> None:
        window = self._hub.window
        if found is None:
            return
        if found.index.epoch != window.epoch or found.index.last > window.head:
            raise FailedPrecondition(
                f"stream {self.name} ends at sequence {found.index.last} of another past than this"
                f" relay's, which is at {window.head}: restart the relay, and it takes over from"
                " there",
                reason="STREAM_FOREIGN",
            )

    def _send_away(self) -> None:
        """Those who read the stream come again, and get what there is then."""
        for seat in tuple(self.seats):
            seat.end(Unavailable(self.unavailable, reason="STREAM_UNAVAILABLE"))


class _Pump:
    """Writes one group after the other while a connection holds."""

    def __init__(
        self,
        writer: StreamWriter,
        connection: Any,
        first: int,
        place: int,
        received_ns: int,
    ) -> None:
        """`first`: the next sequence of the domain; `place`: newest one of the stream."""
        self._writer = writer
        self._hub = writer._hub  # noqa: SLF001  # its own part
        self._connection = connection
        self._next = first
        self._place = place
        self._received_ns = received_ns

    async def run(self, subscriber: Subscriber | None) -> None:
        """Until something ends it; without a `subscriber` until all is written."""
        window = self._hub.window
        base = window.base
        reader = window.ring.reader(start=max(self._next - base, 0))
        try:
            while True:
                entries = reader.poll(_GROUP_ENTRIES, _GROUP_BYTES)
                if entries:
                    await self._write(entries, base)
                    if subscriber is not None:
                        subscriber.told(self._next - 1, lost=0, records=0)
                        self._hub.pressure.moved(subscriber)
                elif subscriber is not None:
                    await self._hub.news(subscriber)
                else:
                    return
        finally:
            reader.close()

    async def _write(self, entries: core.Batch, base: int) -> None:
        holes: list[Gap] = []
        if self._next < base:  # the ring was made anew since
            holes.append(Gap(self._next, base - 1, "RELAY_RESTARTED"))
        for gap in entries.gaps:
            first = max(gap.first + base, self._next)
            if gap.last + base >= first:
                lost = "WINDOW_EXPIRED" if gap.reason == "overrun" else "PRODUCER_DIED"
                holes.append(Gap(first, gap.last + base, lost))
        index, messages = group_messages(
            entries,
            prefix=self._writer.prefix,
            epoch=self._hub.window.epoch,
            base=base,
            first=self._next,
            holes=holes,
            received_before=self._received_ns,
        )
        await self._publish(messages)
        self._writer.groups += 1
        self._next = index.last + 1
        self._received_ns = index.last_received_ns

    async def _publish(self, messages: list[tuple[str, bytes]]) -> None:
        """One behind the other, the index last; without all before it the index is refused too.

        Raises:
            Unavailable: the server refuses it, or the stream is not where it was left; who comes
                again finds out where it is.
        """
        *parts, (subject, index) = messages
        group = secrets.token_hex(8)
        for number, (part_subject, payload) in enumerate(parts):
            headers = self._expecting(group, number)
            await self._connection.publish(part_subject, payload, headers=headers)
        answer = await self._connection.request(
            subject, index, timeout=_ANSWER_SECONDS, headers=self._expecting(group, len(parts))
        )
        said = json.loads(answer.data)
        if (error := said.get("error")) is not None:
            raise _unavailable(self._writer.url, error.get("description"))

    def _expecting(self, group: str, number: int) -> dict[str, str]:
        """Headers of a message: what the stream's last one must be when it comes.

        The sequence alone would also fit where somebody else's message stands for a refused one.
        """
        headers = {
            api.Header.MSG_ID.value: f"{group}-{number}",
            api.Header.EXPECTED_LAST_SEQUENCE.value: str(self._place),
        }
        if number:
            headers[api.Header.EXPECTED_LAST_MSG_ID.value] = f"{group}-{number - 1}"
        self._place += 1
        return headers


async def adopt_stream(config: MeshConfig, domain: str, memory_path: Path) -> None:
    """Before the relay opens its memory: where the stream is ahead of it, go on from the stream.

    That is a relay whose host was lost. What it had acknowledged and not yet written to the stream
    is missing: so many sequences are left out that none is used twice, and readers are told.
    """
    if config.nats.url is None:
        return
    name, prefix = stream_names(config, domain)
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            connection = await _connect(config, f"relay {name}", None)
            try:
                found = await GroupLog(connection, name, prefix).newest()
            finally:
                await connection.close()
    except BROKEN as error:
        _log.warning("%s: cannot look where the stream is: %r", name, error)
        return
    if found is None:
        return
    with RelayMemory(memory_path) as memory:
        if memory.epoch == found.index.epoch and memory.head >= found.index.last:
            return
        spare = getattr(config.relays, domain).max_queue_frames
        _log.warning(
            "%s: the stream ends at sequence %d, this relay's memory at %d: going on from there",
            name,
            found.index.last,
            memory.head,
        )
        memory.continue_from(found.index.epoch, max(memory.head, found.index.last + spare))


async def _connect(config: MeshConfig, name: str, closed: Any) -> Any:
    section = config.nats
    assert section.url is not None, "looked at by the callers"
    return await connect(
        section.url,
        name=name,
        credentials_file=str(section.credentials_file or ""),
        token=section.token.get_secret_value() if section.token is not None else "",
        closed=closed,
    )


def _unavailable(url: str, why: object) -> Unavailable:
    return Unavailable(f"{url}: {why}", reason="NATS_UNREACHABLE")
