"""Which frames a relay takes, and what it says of the others.

Whole messages are looked at first, for nearly all of them are good. Telling the producer, and what
becomes of the good frames, is `hub`'s part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alphapulse_layout import MessageType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    import alphapulse_core as core
    from alphapulse_mesh.relay.domains import RelayDomain
    from alphapulse_mesh.relay.schemas import Schemas

__all__ = ["Acceptance", "Refusal"]


class Refusal(NamedTuple):
    """A frame that is not taken."""

    at: int
    """Index in its message."""
    reason: str
    offset: int
    """Byte at which it is wrong; 0 where it is wrong as a whole."""
    message: str


class Acceptance:
    """The rules of one relay: its domain's message types, the largest frame, registered types."""

    def __init__(self, domain: RelayDomain, max_frame: int, schemas: Schemas | None) -> None:
        """`schemas`: of registered types; None where another relay has looked at those."""
        self.types: NDArray[np.bool_] = np.array([domain.accepts(number) for number in range(256)])
        """(256,): which message types the domain has."""
        self._domain = domain.name
        self._max_frame = max_frame
        self._schemas = schemas
        self._operators = self.types.tobytes()
        others = self.types.copy()
        others[MessageType.CONFIG_UPDATE] = False
        self._others = others.tobytes()

    def takes_all(self, block: core.MessageBlock, *, operator: bool) -> bool:
        """Whether no frame of the message needs a closer look.

        `operator`: its producer may change settings.
        """
        accepted = self._operators if operator else self._others
        if not block.all_good(accepted, self._max_frame):
            return False
        return self._schemas is None or not self._schemas.concern(block)

    def judge(
        self, block: core.MessageBlock, *, operator: bool, skip: int = 0
    ) -> tuple[NDArray[np.intp], Iterator[Refusal]]:
        """The good frames from `skip` on, by index, and what is said of the others."""
        types, lengths = block.message_type, block.lengths
        good = self.types[types] & (lengths <= self._max_frame)
        if not operator:
            good &= types != MessageType.CONFIG_UPDATE
        for index in range(len(block) if block.errors else 0):
            good[index] &= not block.reason(index)
        misfits = self._schemas.misfits(block, good) if self._schemas is not None else {}
        good[list(misfits)] = False
        bad = np.flatnonzero(~good[skip:]) + skip
        good[:skip] = False

        def refusals() -> Iterator[Refusal]:
            for index in bad.tolist():
                if (misfit := misfits.get(index)) is not None:
                    yield Refusal(index, *misfit)
                    continue
                reason, message = block.reason(index), block.explanation(index)
                if not reason and not operator and types[index] == MessageType.CONFIG_UPDATE:
                    reason = "CONFIG_NOT_AUTHORIZED"
                    message = "settings are changed with the operator's token only"
                elif not reason and lengths[index] > self._max_frame:
                    reason = "FRAME_TOO_LARGE"
                    message = f"{lengths[index]} bytes, at most {self._max_frame} are taken"
                elif not reason:
                    reason = "DOMAIN_MISMATCH"
                    message = (
                        f"message type {types[index]} does not belong to the domain {self._domain}"
                    )
                yield Refusal(index, reason, block.error_offset(index), message)

        return np.flatnonzero(good), refusals()
