"""The fixed records of all instruments as one array, so that an answer of many is a gather.

Filled when it is asked: registering pays nothing for it, and a start only when records are wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alphapulse_core import InstrumentRecords

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alphapulse_mesh.registry.model import InstrumentEntry

__all__ = ["RecordTable"]


class RecordTable:
    """Rows by ordinal, up to the last question."""

    def __init__(self) -> None:
        """Empty."""
        self._records = InstrumentRecords()
        self._changed: set[int] = set()

    def changed(self, ordinal: int) -> None:
        """The instrument's present data is other than it was."""
        self._changed.add(ordinal)

    def gather(self, in_order: Sequence[InstrumentEntry], ids: bytes) -> tuple[bytes, list[int]]:
        """The records (128 bytes each) of ids of 16 bytes each, zeros for an unknown one, and the
        positions of the unknown ones. `in_order`: the instruments by ordinal.
        """
        start = len(self._records)
        if len(in_order) > start:
            self._records.extend(b"".join([entry.record() for entry in in_order[start:]]))
        for ordinal in self._changed:
            self._records.replace(ordinal, in_order[ordinal].record())
        self._changed.clear()
        return self._records.gather(ids)
