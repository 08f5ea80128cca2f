"""What `Subscription` sees of a transport, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["HOLE_REASONS", "HOLE_TYPE", "Delivery", "FeedSource", "Gap"]

HOLE_TYPE: Final = 0
"""Message type of a ring's entry that stands for a sequence which a leaf relay did not get; its
record count is the place of the reason in `HOLE_REASONS`."""
HOLE_REASONS: Final = (
    "WINDOW_EXPIRED",
    "PRODUCER_DIED",
    "RELAY_RESTARTED",
    "SLOW_CONSUMER",
    "FRAME_REFUSED",
)
"""By number, in rings of leaf relays and in JetStream; appended to, never changed."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Sequences `first..=last` that this subscriber will not get.

    `reason`: `SLOW_CONSUMER`, `WINDOW_EXPIRED`, `PRODUCER_DIED` (claimed by a relay that died while
    writing; nobody was told that they were taken), `RELAY_RESTARTED`, `FRAME_REFUSED` (by a leaf
    relay), `CONFLATED` (later values
    came instead) or `CONFLATED_PARTLY` (the frames came, without the records that later ones
    replace). With `RELAY_RESTARTED` `last` may be below `first`: the relay lost its memory and
    counts anew, how much is missing is unknown.
    """

    first: int
    last: int
    reason: str
    records: int = 0
    """Records that were conflated away in the range."""

    @property
    def count(self) -> int:
        """Frames missing; 0 where that is not known."""
        if self.reason == "CONFLATED_PARTLY":
            return 0
        return max(0, self.last - self.first + 1)


class Delivery(NamedTuple):
    """What a transport hands over at once: whole frames in order, and what stands beside them."""

    frames: Sequence[bytes | memoryview]
    """Bytes that do not change any more."""
    gaps: list[Gap]
    delivered_sequence: int
    """Every sequence up to here was delivered, filtered out or reported as a gap."""
    head_sequence: int
    """The domain's newest sequence, as far as the transport knows."""
    snapshot_sequence: int = 0
    """The frames are last values as of this sequence, not news; then `delivered_sequence` is 0
    until the last of them. 0: they are news."""
    resume_token: bytes = b""
    """Starts a subscription again behind this; empty where the transport has none."""
    snapshot_first_sequence: int = 0
    """With `snapshot_sequence`: the first sequence that they were folded from."""
    moves_on: bool = False
    """What follows is carried by another transport: open the subscription again."""


class FeedSource(Protocol):
    """One connection of a subscription. It ends with its first error; the front makes the next."""

    @property
    def transport(self) -> str:
        """`grpc`, `shm` or `nats`."""
        ...

    async def receive(self) -> Delivery:
        """The next delivery; the first one fixes the position, and may be empty.

        Raises:
            MeshError: the connection has ended, and why. `Unavailable` and its like: try again.
        """
        ...

    def cancel(self) -> None:
        """Let go of everything, now; whoever waits in `receive` is cancelled. Idempotent."""
        ...

    async def wait_closed(self) -> None:
        """After `cancel`: until connections of its own are closed."""
        ...
