"""What a relay reports to a producer about its frames: those it refused, those it never got.

Kept for who asks, handed to a callback as they come; the numbers are `Publisher.publish`'s.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alphapulse_client.errors import FrameError, InvalidArgument, MeshError

if TYPE_CHECKING:
    from collections.abc import Callable

    from alphapulse.relay.v1 import relay_pb2 as pb

__all__ = ["ProducerGap", "Rejection", "Reports"]

_LOG = logging.getLogger(__name__)

_KEPT: Final = 1000


@dataclass(frozen=True, slots=True)
class Rejection:
    """A frame that the relay refused."""

    producer_sequence: int
    """The producer's number of the frame: what `publish` returned for it."""
    reason: str
    """Stable: `FRAME_…`, `DOMAIN_MISMATCH`, `SEQUENCE_GAP`."""
    offset: int
    """Byte at which the frame is wrong."""
    message: str

    def error(self) -> MeshError:
        """The same as an exception."""
        cls = FrameError if self.reason.startswith(FrameError.reason_prefix) else InvalidArgument
        return cls(
            self.message,
            reason=self.reason,
            offset=self.offset,
            producer_sequence=self.producer_sequence,
        )


@dataclass(frozen=True, slots=True)
class ProducerGap:
    """Frames `first..=last` of this producer that the relay never got, by `publish`'s numbers."""

    first: int
    last: int

    @property
    def count(self) -> int:
        """How many."""
        return self.last - self.first + 1


class Reports:
    """All that one publisher was told."""

    def __init__(
        self,
        who: str,
        on_rejection: Callable[[Rejection], None] | None,
        on_gap: Callable[[ProducerGap], None] | None,
    ) -> None:
        """`who` is for the log, where there is no callback."""
        self._who = who
        self._on_rejection = on_rejection or self._log_rejection
        self._on_gap = on_gap or self._log_gap
        self.rejected = 0
        """Frames refused so far."""
        self.missing = 0
        """Frames that never came."""
        self.rejections: deque[Rejection] = deque(maxlen=_KEPT)
        """The last of them, oldest first."""
        self.gaps: deque[ProducerGap] = deque(maxlen=_KEPT)
        """The last ranges, oldest first."""

    def refused(self, message: pb.FrameRejection, number: int) -> None:
        """The frame that `publish` gave this number was refused."""
        rejection = Rejection(number, message.reason, message.offset, message.message)
        self.rejected += 1
        self.rejections.append(rejection)
        self._on_rejection(rejection)

    def missed(self, gap: ProducerGap) -> None:
        """Frames never came."""
        self.missing += gap.count
        self.gaps.append(gap)
        self._on_gap(gap)

    def _log_rejection(self, rejection: Rejection) -> None:
        _LOG.warning(
            "%s: frame %d refused: %s (%s at byte %d)",
            self._who,
            rejection.producer_sequence,
            rejection.message,
            rejection.reason,
            rejection.offset,
        )

    def _log_gap(self, gap: ProducerGap) -> None:
        _LOG.warning("%s: the relay never got the frames %d to %d", self._who, gap.first, gap.last)
