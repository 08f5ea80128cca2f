"""Which numbers a producer's frames have at the relay, over reconnects, restarts and successors.

A publisher counts its frames from 1; on the wire they go on after what the relay knew of the
producer before. What waits to be sent or acknowledged is `_sending`'s part.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from alphapulse_client.errors import FailedPrecondition, MeshError

if TYPE_CHECKING:
    from alphapulse.relay.v1 import relay_pb2 as pb

__all__ = ["Numbering"]

_REPLACED: Final = "PRODUCER_REPLACED"


class Numbering:
    """The numbers of one publisher."""

    def __init__(self, producer_id: int) -> None:
        self._producer_id = producer_id
        self.incarnation: Final = int.from_bytes(os.urandom(8), "little") or 1
        """Tells this object from any other with the same id."""
        self.base = 0
        """A frame's number on the wire is the queue's plus this."""
        self.resumed = 0
        """What the relay had of the id by its first greeting."""
        self._predecessor: int | None = None
        """The incarnation whose frame was the last before ours; None before a greeting."""

    def greeted(self, hello: pb.PublishResponse, *, done: int, waiting: int) -> MeshError | None:
        """Take up the relay's numbering; returns why that cannot be.

        Args:
            hello: the first answer of a stream.
            done: frames that have been acknowledged.
            waiting: frames that have not.
        """
        known, last = hello.acknowledged_sequence, hello.last_incarnation
        if self._predecessor is None:
            self.base = self.resumed = known
            self._predecessor = last
        elif last not in {0, self.incarnation}:
            if last != self._predecessor or done:
                # What is acknowledged now may be that one's frames: ours cannot be told from them.
                return FailedPrecondition(
                    f"another producer has gone on under the id {self._producer_id:#x} meanwhile;"
                    f" {waiting} frames may not be in the relay",
                    reason=_REPLACED,
                    producer_id=self._producer_id,
                    unacknowledged=waiting,
                )
            self.base = known  # nothing of ours has come yet
        elif known < self.base + done:
            # The relay has lost its memory: frames are numbered on from what it knows.
            self.base = known - done
        return None
