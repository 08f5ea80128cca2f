"""The fixed records of all instruments as one array, so that an answer of many is a gather.

Filled when it is asked: registering pays nothing for it, and a start only when records are wanted.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from alphapulse_mesh.registry.records import RECORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alphapulse_mesh.registry.model import InstrumentEntry

__all__ = ["RecordTable"]

_ID_BYTES = 16


class RecordTable:
    """Rows by ordinal; the one before the first row that is free stays zero and stands for unknown
    ids.
    """

    def __init__(self) -> None:
        """Empty."""
        self._rows: NDArray[np.void] = np.zeros(1, f"V{RECORD_BYTES}")
        self._count = 0
        self._ordinals: dict[bytes, int] = {}
        self._changed: set[int] = set()

    def changed(self, ordinal: int) -> None:
        """The instrument's present data is other than it was."""
        self._changed.add(ordinal)

    def gather(
        self, in_order: Sequence[InstrumentEntry], ids: bytes
    ) -> tuple[bytes, NDArray[np.intp]]:
        """The records (128 bytes each) of ids of 16 bytes each, zeros for an unknown one, and the
        positions of the unknown ones. `in_order`: the instruments by ordinal.
        """
        self._fill(in_order)
        keys = np.frombuffer(ids, f"V{_ID_BYTES}").tolist()
        unknown = len(self._rows) - 1
        found = map(self._ordinals.get, keys, repeat(unknown))
        ordinals = np.fromiter(found, np.intp, count=len(keys))
        return self._rows[ordinals].tobytes(), np.flatnonzero(ordinals == unknown)

    def _fill(self, in_order: Sequence[InstrumentEntry]) -> None:
        start, count = self._count, len(in_order)
        if count > start:
            fresh = in_order[start:]
            if count >= len(self._rows):
                grown = np.zeros(count + count // 2 + 1, self._rows.dtype)
                grown[:start] = self._rows[:start]
                self._rows = grown
            joined = b"".join([entry.record() for entry in fresh])
            self._rows[start:count] = np.frombuffer(joined, self._rows.dtype)
            self._ordinals.update((entry.id, entry.ordinal) for entry in fresh)
            self._count = count
        for ordinal in self._changed:
            self._rows[ordinal] = np.frombuffer(in_order[ordinal].record(), self._rows.dtype)[0]
        self._changed.clear()
