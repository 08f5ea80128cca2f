"""Records as typed columns: what a researcher reads, one Parquet table a message type.

Fixed point becomes a `float64` to work with and the exact integer beside it (`price`, `price_e8`);
times are nanoseconds with their zone; enumerations, venues and ids are text. Nothing is left out
but reserved bytes.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import alphapulse_core as core
from alphapulse_client.frames import dtype_of
from alphapulse_layout import AssetType, MessageType, SourceType, VenueId
from alphapulse_mesh.recording.layout import utc
from alphapulse_mesh.recording.reader import RecordedFrame, RecordedGap, Recording
from alphapulse_mesh.runtime.errors import AlreadyExists
from alphapulse_mesh.runtime.fields import TIMES, enum_name, enum_of, is_fixed_point, type_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from alphapulse_client import Frame

__all__ = ["batch_of", "export"]

_SCALE: Final = 1e8
_ROW_GROUP_ROWS: Final = 1 << 18
_ROW_GROUP_BYTES: Final = 32 << 20
_TEXT: Final = pa.dictionary(pa.int32(), pa.string())


def batch_of(message_type: int, frames: Sequence[Frame]) -> Any:
    """The records of frames of one type as one Arrow record batch.

    Columns of the frame come first (`sequence`, `row` within it, `frame_time`, `frame_source`,
    `trace_id`, `message_id`, `causation_id`), then those of the record. A type registered at run
    time has a single `record` column with its bytes.

    Raises:
        FrameError: a compressed frame does not open.
    """
    counts = np.array([frame.info.record_count for frame in frames], dtype=np.int64)
    total = int(counts.sum())
    starts = np.cumsum(counts) - counts
    columns: dict[str, Any] = {
        "sequence": pa.array(_each([f.sequence for f in frames], counts, np.uint64)),
        "row": pa.array((np.arange(total) - np.repeat(starts, counts)).astype(np.uint32)),
        "frame_time": pa.array(
            _each([f.timestamp for f in frames], counts, np.uint64).view(np.int64), type=utc()
        ),
        "frame_source": _repeated([enum_name(SourceType, f.source) for f in frames], counts),
        "trace_id": _repeated([f.info.trace_id.hex() for f in frames], counts),
        "message_id": _repeated([f.info.message_id.hex() for f in frames], counts),
        "causation_id": _repeated([f.info.causation_id.hex() for f in frames], counts),
    }
    arrays = [frame.rows for frame in frames if frame.info.record_count]
    if message_type >= MessageType.CUSTOM:
        records = [row.tobytes() for rows in arrays for row in rows]
        columns["record"] = pa.array(records, type=pa.binary())
    else:
        dtype = dtype_of(message_type)
        rows = np.concatenate(arrays) if arrays else np.empty(0, dtype)
        for name in dtype.names or ():
            if not name.startswith("reserved"):
                columns.update(_columns(message_type, name, rows[name]))
    return pa.record_batch(columns)


def _each(values: list[int], counts: NDArray[np.int64], kind: type[Any]) -> NDArray[Any]:
    return np.repeat(np.array(values, dtype=kind), counts)


def _repeated(values: list[str], counts: NDArray[np.int64]) -> Any:
    """A value a frame as a dictionary column of the records."""
    words, index = np.unique(np.array(values, dtype=object), return_inverse=True)
    return _dictionary(np.repeat(index, counts), words.tolist())


def _dictionary(index: NDArray[Any], words: list[str | None]) -> Any:
    if None in words:  # null is the row's, not a word of the dictionary
        return pa.array([words[at] for at in index.tolist()], pa.string()).cast(_TEXT)
    return pa.DictionaryArray.from_arrays(
        pa.array(index.astype(np.int32)), pa.array(words, pa.string())
    )


def _columns(message_type: int, name: str, values: NDArray[Any]) -> dict[str, Any]:
    """One field of the record as one column or several."""
    kind = values.dtype
    if kind.names is not None:
        if "asset_id" in kind.names:
            return _instrument_columns(name, values)
        return _wide_columns(name, values)
    enum = enum_of(message_type, name)
    if enum is not None:
        return {name: _words(values, partial(enum_name, enum))}
    if name in TIMES:
        return {name: pa.array(values.view(np.int64), type=utc(), mask=values == 0)}
    if kind.kind == "S":
        return {name: _words(values, lambda text: text.decode("ascii", "replace"))}
    if kind.kind == "V":
        return {name: pa.array([value.tobytes().hex() for value in values], pa.string())}
    if is_fixed_point(kind, name):
        # the exact number stays: a float has 53 bits
        return {name: pa.array(values / _SCALE), f"{name}_e8": pa.array(values)}
    return {name: pa.array(values)}


def _words(values: NDArray[Any], text: Callable[[Any], str | None]) -> Any:
    distinct, index = np.unique(values, return_inverse=True)
    return _dictionary(index, [text(value) for value in distinct.tolist()])


def _instrument_columns(name: str, values: NDArray[Any]) -> dict[str, Any]:
    """The id as text; of the record's own instrument also what the id says of it."""
    plain = np.ascontiguousarray(values).view("V16").reshape(-1)
    distinct, index = np.unique(plain, return_inverse=True)
    packed = distinct.tobytes()
    columns = {name: _dictionary(index, list(core.instrument_ids_text(packed)))}
    if name == "instrument_id":
        keys: list[str | None] = [key for _, key in core.instrument_ids_decode(packed)]
        columns["symbol"] = _dictionary(index, keys)
        for part, enum in (("venue", VenueId), ("asset_type", AssetType)):
            columns[part] = _words(values[part], partial(enum_name, enum))
    return columns


def _wide_columns(name: str, values: NDArray[Any]) -> dict[str, Any]:
    """A 128-bit number: as a float, and exactly as text."""
    exact = [
        (high << 64) + low
        for low, high in zip(values["lo"].tolist(), values["hi"].tolist(), strict=True)
    ]
    return {
        name: pa.array([float(number) for number in exact], pa.float64()),
        f"{name}_exact": pa.array([str(number) for number in exact], pa.string()),
    }


def export(
    recordings: Iterable[Recording],
    directory: Path,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> dict[str, int]:
    """Write `<type>.parquet` for each message type, and `gaps.parquet`; returns rows by name.

    Memory holds a row group a type. `progress` is told how many frames are done.

    Raises:
        AlreadyExists: a table is in the way (reason `FILE_EXISTS`).
    """
    directory.mkdir(parents=True, exist_ok=True)
    gaps: list[RecordedGap] = []
    tables: dict[int, _Table] = {}
    done = 0
    try:
        for recording in recordings:
            for row in recording:
                if isinstance(row, RecordedGap):
                    gaps.append(row)
                    continue
                kind = row.message_type
                if kind not in tables:
                    tables[kind] = _Table(kind, directory)
                tables[kind].add(row)
                done += 1
                progress(done)
    finally:
        for table in tables.values():
            table.close()
    written = {type_name(kind): table.rows for kind, table in sorted(tables.items())}
    if gaps:
        pq.write_table(_gap_table(gaps), _fresh(directory / "gaps.parquet"))
        written["gaps"] = len(gaps)
    return written


class _Table:
    """The Parquet file of one message type."""

    def __init__(self, message_type: int, directory: Path) -> None:
        self.rows = 0
        self._type = message_type
        self._path = _fresh(directory / f"{type_name(message_type)}.parquet")
        self._writer: Any = None
        self._frames: list[Frame] = []
        self._records = 0
        self._bytes = 0

    def add(self, row: RecordedFrame) -> None:
        self._frames.append(row.frame())
        self._records += row.record_count
        self._bytes += len(row.data)
        if self._records >= _ROW_GROUP_ROWS or self._bytes >= _ROW_GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        table = pa.Table.from_batches([batch_of(self._type, self._frames)])
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema, compression="zstd")
        self._writer.write_table(table)
        self.rows += table.num_rows
        self._frames.clear()
        self._records = self._bytes = 0

    def close(self) -> None:
        if self._frames:
            self._flush()
        if self._writer is not None:
            self._writer.close()


def _gap_table(gaps: list[RecordedGap]) -> Any:
    return pa.table(
        {
            "first": pa.array([gap.first for gap in gaps], pa.uint64()),
            "last": pa.array([gap.last for gap in gaps], pa.uint64()),
            "reason": pa.array([gap.reason for gap in gaps], pa.string()),
            "recorded_at": pa.array([gap.recorded_at for gap in gaps], utc()),
        }
    )


def _fresh(path: Path) -> Path:
    if path.exists():
        raise AlreadyExists(f"{path} exists", reason="FILE_EXISTS", path=str(path))
    return path
