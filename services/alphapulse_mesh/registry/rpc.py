"""What all of the registry's RPCs share: the writer, revisions that are waited for, pages."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, Protocol

from blake3 import blake3

from alphapulse_mesh.registry import wire
from alphapulse_mesh.registry.paging import Paging
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.validation import check_request_id
from alphapulse_mesh.registry.writer import Command, RegistryWriter, Respond
from alphapulse_mesh.runtime.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from google.protobuf.message import Message

    from alphapulse_mesh.registry.commands import RegistryPlanner
    from alphapulse_mesh.registry.state import RegistryState
    from alphapulse_mesh.runtime.config import RegistryConfig
    from alphapulse_mesh.runtime.event_store import EventStore

__all__ = ["CallContext", "Rpcs", "digest_of", "one_changed"]

_PATIENCE_SECONDS: Final = 5.0
"""How long `min_revision` is waited for when the caller sets no deadline."""
_MARGIN_SECONDS: Final = 0.05
_MARGIN: Final = 0.05
_LARGEST_MARGIN_SECONDS: Final = 0.5
"""Kept of the caller's time, or that part of it, for the answer that says that it was not reached.
"""
_ATTEMPT_METADATA: Final = "x-envoy-attempt-count"
_ATTEMPTS: Final = 2
_SHARE: Final = 0.25
"""Behind Envoy, which asks another replica when one is behind, so many attempts wait, each for this
share of what remains; later ones have nothing to wait for."""
_FRAMING_BYTES: Final = 1024
"""Room for what an answer has beside its items."""
_LONGEST: Final = 3600.0  # what asyncio's timers certainly take; some deadlines are centuries away


class CallContext(Protocol):
    """What is needed of a gRPC context."""

    def time_remaining(self) -> float | None:
        """Seconds until the caller's deadline."""
        ...

    def invocation_metadata(self) -> Sequence[tuple[str, str | bytes]] | None:
        """What came with the call."""
        ...


class Rpcs:
    """The RPCs of one room; `service.RegistryService` is all of them."""

    def __init__(
        self,
        writer: RegistryWriter,
        store: EventStore,
        config: RegistryConfig,
        *,
        max_message_bytes: int,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """`writer` has recovered; `store` is what it writes to, read here for old revisions."""
        self._writer = writer
        self._store = store
        self._config = config
        self._max_bytes = max_message_bytes - _FRAMING_BYTES
        self._clock_ns = clock_ns
        self.watchers = 0

    @property
    def state(self) -> RegistryState:
        """The present state."""
        return self._writer.state

    async def _change(
        self, method: str, request: Any, plan: Callable[[RegistryPlanner], Any], *, weight: int = 1
    ) -> bytes:
        request_id: str = request.request_id
        check_request_id(request_id)
        digest = digest_of(request) if request_id else b""
        return await self._writer.submit(Command(method, plan, request_id, digest, weight))

    def _paging(self, request: Message) -> Paging:
        config = self._config
        return Paging(request, default_size=config.default_page_size, max_size=config.max_page_size)

    async def _reach(self, revision: int, context: CallContext) -> None:
        """Wait for a revision until shortly before the caller's deadline; behind Envoy for a part
        of that, so that there is time left to ask another replica.

        Raises:
            Unavailable: not reached by then (REVISION_NOT_REACHED): another replica may have it.
        """
        if revision <= self.state.revision:
            return
        if not await self._writer.recent.wait_beyond(revision - 1, _patience(context)):
            raise Unavailable(
                f"the registry is at revision {self.state.revision}, not yet at {revision}",
                reason=Reason.REVISION_NOT_REACHED,
                revision=self.state.revision,
                min_revision=revision,
            )


def _patience(context: CallContext) -> float:
    """Seconds that this attempt of a call may wait."""
    remaining = context.time_remaining()
    said = dict(context.invocation_metadata() or ()).get(_ATTEMPT_METADATA)
    if said is not None:
        waits = str(said).isdecimal() and int(said) <= _ATTEMPTS
        if not waits:
            return 0.0
        share = _PATIENCE_SECONDS / _ATTEMPTS if remaining is None else remaining * _SHARE
        return min(share, _LONGEST)
    if remaining is None:
        return _PATIENCE_SECONDS
    margin = min(max(remaining * _MARGIN, _MARGIN_SECONDS), _LARGEST_MARGIN_SECONDS)
    return min(remaining - margin, _LONGEST)


def one_changed(encoded: bytes, *, new: bool) -> Respond:
    """The answers of the calls that add or change one thing look alike."""
    return lambda revision: encoded + wire.boolean(2, new) + wire.uint(3, revision)


def digest_of(request: Message) -> bytes:
    """BLAKE3 of a request without its id."""
    copy = type(request)()
    copy.CopyFrom(request)
    copy.ClearField("request_id")
    return blake3(copy.SerializeToString(deterministic=True)).digest()
