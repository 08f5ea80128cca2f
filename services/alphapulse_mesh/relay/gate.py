"""The relay's gate: a reader of its ring that keeps what blocking subscribers need.

Readers of the ring take their slots as they come. The relay holds two from its start, as
placeholders while it has no gate, so that readers who fill the ring never leave it without one.
Where the gate has to be is `pressure`'s part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import alphapulse_core as core
from alphapulse_mesh.runtime.errors import ResourceExhausted

if TYPE_CHECKING:
    from alphapulse_core import Ring, RingReader

__all__ = ["Gate"]

_NAMES: Final = ("relay-gate", "relay-gate-2")


class Gate:
    """At most one gating reader; two for a moment, while it moves back."""

    def __init__(self, ring: Ring, *, left_behind: bool) -> None:
        """`left_behind`: take up the one of the process that died, where the ring kept it."""
        self._ring = ring
        self._gate: RingReader | None = None
        self._spares: list[RingReader] = []
        if left_behind:
            self._gate = self._older(*(self._open(name, "resume") for name in _NAMES))
        while len(self._spares) + (self._gate is not None) < len(_NAMES):
            if not self._reserve():
                break

    def at(self, sequence: int | None) -> None:
        """Keep what is in the ring from its `sequence` on from being overwritten; None: nothing.

        Raises:
            ResourceExhausted: other readers have every slot of the ring (`RING_READERS_FULL`).
        """
        gate = self._gate
        if sequence is None:
            if gate is not None:
                self._gate = None
                self._close(gate)
            return
        target = min(max(sequence, self._ring.oldest_sequence), self._ring.next_sequence)
        if gate is None:
            self._gate = self._open(_NAMES[0], target)
            return
        if target < gate.sequence:
            # Somebody needs more. A new gate holds three quarters of the ring, which may be less
            # than the one that stands: so that one stays until it is known that nothing is lost.
            self._gate = self._older(gate, self._open(_NAMES[gate.name == _NAMES[0]], target))
            return
        while (behind := target - gate.sequence) > 0:
            if not gate.poll(min(behind, 1 << 16)):
                break
            gate.commit()

    def close(self) -> None:
        """Let go of the ring."""
        for reader in (*self._spares, *([] if self._gate is None else [self._gate])):
            reader.close()

    def _open(self, name: str, start: int | Literal["resume"]) -> RingReader:
        if self._spares:
            self._spares.pop().close()
        try:
            return self._ring.reader(name, gating=True, start=start)
        except core.RingTableFull as error:
            raise ResourceExhausted(
                f"{self._ring.path}: {error}; nobody can block", reason="RING_READERS_FULL"
            ) from None

    def _older(self, one: RingReader, other: RingReader) -> RingReader:
        older, newer = (one, other) if one.sequence <= other.sequence else (other, one)
        self._close(newer)
        return older

    def _close(self, gate: RingReader) -> None:
        gate.close()
        self._reserve()

    def _reserve(self) -> bool:
        try:
            self._spares.append(self._ring.reader(f"relay-gate-spare-{len(self._spares) + 1}"))
        except core.RingTableFull:
            return False
        return True
