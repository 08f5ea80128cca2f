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
    from collections.abc import Callable

    from google.protobuf.message import Message

    from alphapulse_mesh.registry.commands import RegistryPlanner
    from alphapulse_mesh.registry.state import RegistryState
    from alphapulse_mesh.runtime.config import RegistryConfig
    from alphapulse_mesh.runtime.event_store import EventStore

__all__ = ["CallContext", "Rpcs", "digest_of", "one_changed"]

_PATIENCE_SECONDS: Final = 5.0
"""How long `min_revision` is waited for when the caller sets no deadline."""
_MARGIN_SECONDS: Final = 0.05
"""Kept of the caller's time for the answer that says that it was not reached."""
_FRAMING_BYTES: Final = 1024
"""Room for what an answer has beside its items."""
_LONGEST: Final = 3600.0  # what asyncio's timers certainly take; some deadlines are centuries away


class CallContext(Protocol):
    """What is needed of a gRPC context."""

    def time_remaining(self) -> float | None:
        """Seconds until the caller's deadline."""
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
        """Wait for a revision until shortly before the caller's deadline.

        Raises:
            Unavailable: not reached by then (REVISION_NOT_REACHED): another replica may have it.
        """
        if revision <= self.state.revision:
            return
        remaining = context.time_remaining()
        patience = _PATIENCE_SECONDS if remaining is None else remaining - _MARGIN_SECONDS
        if not await self._writer.recent.wait_beyond(revision - 1, min(patience, _LONGEST)):
            raise Unavailable(
                f"the registry is at revision {self.state.revision}, not yet at {revision}",
                reason=Reason.REVISION_NOT_REACHED,
                revision=self.state.revision,
                min_revision=revision,
            )


def one_changed(encoded: bytes, *, new: bool) -> Respond:
    """The answers of the calls that add or change one thing look alike."""
    return lambda revision: encoded + wire.boolean(2, new) + wire.uint(3, revision)


def digest_of(request: Message) -> bytes:
    """BLAKE3 of a request without its id."""
    copy = type(request)()
    copy.CopyFrom(request)
    copy.ClearField("request_id")
    return blake3(copy.SerializeToString(deterministic=True)).digest()
