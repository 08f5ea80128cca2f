"""Producers of this host that write into memory: their inboxes, and what the hub learns of them.

A native thread of the core checks, numbers and publishes their frames (`alphapulse_core.InboxPump`)
by the rules that hold for `hub.take`. Here is the rest: who gets an inbox, what has come of it, and
when producers are held back. Looking takes place at each question for the newest sequence, else
twenty times a second, or at once while a subscriber over gRPC waits for the frames.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, Final

import alphapulse_core as core
from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client.transports.shm import boot_id
from alphapulse_mesh.runtime.errors import InvalidArgument
from alphapulse_mesh.runtime.latency import Stage

if TYPE_CHECKING:
    from alphapulse_mesh.relay.hub import Hub
    from alphapulse_mesh.relay.producers import PublishSession
    from alphapulse_mesh.runtime.config import RelayConfig

__all__ = ["Pumping"]

_log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 0.05
_TRY_SECONDS: Final = 0.0005
"""The pump tries again within microseconds of being told that there is room."""
_FIRST_CUSTOM: Final = 200
"""Schemas of these types are known here alone: their frames come over gRPC."""
_UNLIMITED: Final = (1 << 64) - 1


class Pumping:
    """The inboxes of one relay. Made inside its event loop, used there."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._boot_id = boot_id()
        self._pump: core.InboxPump | None = None
        self._sessions: dict[int, PublishSession] = {}
        """By lane."""
        self._counted: dict[int, tuple[int, int, int]] = {}
        """Of each lane: duplicates, refusals and missing numbers that are in the books already."""
        self._limit = _UNLIMITED
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._timer: asyncio.TimerHandle | None = None
        self._relieving: asyncio.Task[None] | None = None
        self._collecting = False

    # ------------------------------------------------------------------------------------- inboxes

    def offer(
        self, session: PublishSession, request: pb.PublishRequest
    ) -> tuple[pb.InboxAttachment | None, str]:
        """Where the producer of a new stream may write, or why nowhere; both empty: not asked."""
        carried = self._hub.config.transport
        if not request.transports:
            return None, ""
        if carried != "shm" or carried not in request.transports:
            return None, f"the domain is carried by {carried}"
        if self._hub.domain.name == "system":
            return None, "the system domain is published over gRPC: a token may be asked for"
        if not self._boot_id or request.boot_id != self._boot_id:
            return None, "the relay is on another host"
        producer, memory = session.producer, self._hub.memory
        number, owner = memory.producer_words(producer.slot)
        try:
            lane, path, doorbell, incarnation = self._running().open(
                producer.producer_id,
                producer.sequence,
                kept=number,
                owner=owner,
                incarnation=session.incarnation,
            )
        except core.RingError as error:
            _log.warning("producer %r gets no inbox: %s", producer.name, error)
            return None, f"the relay has no inbox to give: {error}"
        session.lane = lane
        self._sessions[lane] = session
        return (
            pb.InboxAttachment(
                path=path,
                doorbell_path=doorbell,
                layout_version=core.INBOX_LAYOUT_VERSION,
                incarnation=incarnation,
            ),
            "",
        )

    def close_lane(self, session: PublishSession) -> None:
        """Take what is in the session's inbox, and close it. Idempotent."""
        lane, session.lane = session.lane, None
        if lane is None or self._pump is None:
            return
        self._pump.close_lane(lane)
        self.collect()
        del self._sessions[lane]
        self._counted.pop(lane, None)

    def _running(self) -> core.InboxPump:
        if self._pump is not None:
            return self._pump
        hub = self._hub
        config = hub.config
        self._pump = core.InboxPump(
            hub.window.ring,
            base=hub.window.base,
            domain=hub.domain.name,
            accepted=bytes(
                hub.domain.accepts(number) and number < _FIRST_CUSTOM for number in range(256)
            ),
            max_frame=hub.max_frame,
            max_run=hub.window.max_run,
            checksum=config.validate_checksums,
            require_sequence=config.require_sequence,
            spin=config.shm_spin_microseconds * 1e-6,
            counters=hub.memory.counters,
            latencies=hub.latencies.shared(),
            stage=Stage.PUBLISH,
        )
        hub.window.share(self)
        self.set_floor(hub.pressure.floor)
        hub.pressure.gate_follows = True
        self._loop.add_reader(self._pump.fileno(), self._told)
        self._look()
        return self._pump

    # --------------------------------------------------------------------------------- other writer

    def collect(self) -> None:
        """What has been published and refused since the last look, into the hub's books."""
        pump = self._pump
        # metrics are read by another thread: they see the books as they are
        if pump is None or self._collecting or threading.get_ident() != self._thread:
            return
        news = pump.news()
        if news is None:
            return
        self._collecting = True
        try:
            self._enter(news["head"], news["bytes"], news["sampled"])
            for reason, count in news["refused"]:
                self._hub.rejected[reason] += count
            for line in news["lanes"]:
                self._moved(*line)
        finally:
            self._collecting = False

    def pause(self) -> None:
        """See `OtherWriter`."""
        if self._pump is not None:
            self._pump.pause()
            self.collect()

    def resume(self) -> None:
        """See `OtherWriter`."""
        if self._pump is not None:
            self._pump.resume()

    def _enter(self, head: int, size: int, sampled: list[tuple[int, int, int]]) -> None:
        hub = self._hub
        hub.published_bytes += size
        hub.window.published(head, keep=hub.serves_frames)
        hub.wake()
        if hub.tracer is None:
            return
        for sequence, start_ns, _ in sampled:
            runs, _, _ = hub.window.read(sequence, 1)
            if runs and runs[0].first == sequence:
                hub.tracer.published(runs[0].part(0, 1), [0], start_ns)

    def _moved(
        self, lane: int, sequence: int, duplicates: int, rejected: int, missing: int, broken: str
    ) -> None:
        session = self._sessions.get(lane)
        if session is None:
            return
        producer, before = session.producer, self._counted.get(lane, (0, 0, 0))
        self._counted[lane] = (duplicates, rejected, missing)
        if sequence != producer.sequence:
            producer.sequence = sequence
            producer.incarnation = session.incarnation
            self._hub.memory.producer_seen(producer.slot)
        producer.duplicates += duplicates - before[0]
        self._hub.duplicates += duplicates - before[0]
        producer.rejected += rejected - before[1]
        producer.missing += missing - before[2]
        if broken:
            session.end(
                InvalidArgument(f"the producer's inbox: {broken}", reason="REQUEST_MALFORMED")
            )

    # -------------------------------------------------------------------------------- back-pressure

    def reconfigure(self, config: RelayConfig) -> None:
        """Other limits hold."""
        if self._pump is not None:
            spin = config.shm_spin_microseconds * 1e-6
            self._pump.set_rules(config.validate_checksums, config.require_sequence, spin)
            self._hub.pressure.move_gate()

    def set_floor(self, floor: int | None) -> None:
        """Subscribers need what is after this sequence; None: nobody holds producers back."""
        if floor is None:
            self._limit = _UNLIMITED
        else:
            self._limit = floor + self._hub.config.circuit_breaker_frames
        if self._pump is not None:
            self._pump.set_limit(self._limit)

    def _told(self) -> None:
        """The pump has rung: there is news that must not wait, or it is held back."""
        self.collect()
        if self._held() is not None and self._relieving is None:
            self._relieving = asyncio.ensure_future(self._relieve())
            self._relieving.add_done_callback(self._relieved)

    async def _relieve(self) -> None:
        """While the pump is held back: give it room as subscribers move on."""
        hub = self._hub
        while (priority := self._held()) is not None:
            if hub.pressure.has_room(1, priority):
                hub.pressure.move_gate()
                await asyncio.sleep(_TRY_SECONDS)
                if self._held() is None:
                    return
            await hub.pressure.wait(priority)

    def _held(self) -> int | None:
        return self._pump.held if self._pump is not None else None

    def _relieved(self, task: asyncio.Task[None]) -> None:
        self._relieving = None
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("producers in memory are held back for ever", exc_info=error)

    # ----------------------------------------------------------------------------------- lifecycle

    def eager(self, eager: bool) -> None:
        """Whether somebody waits for frames of whom the relay must know at once."""
        if self._pump is not None:
            self._pump.set_eager(eager)

    def _look(self) -> None:
        self.collect()
        self._told()
        self.eager(self._hub.serves_frames)
        self._timer = self._loop.call_later(_LOOK_SECONDS, self._look)

    def close(self) -> None:
        """End the thread; inboxes are closed. Idempotent."""
        pump, self._pump = self._pump, None
        if pump is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        if self._relieving is not None:
            self._relieving.cancel()
        self._loop.remove_reader(pump.fileno())
        pump.close()
