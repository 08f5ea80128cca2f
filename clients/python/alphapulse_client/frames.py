"""Typed views over frames: what the core's codec reads and writes, as Python values.

A `Frame` keeps one bytes-like object and gives its rows as a NumPy structured array over it,
without a copy. Encoding, checks, checksums and compression are the core's (`alphapulse_core`);
exact numbers are in `decimals`; how frames travel is the publisher's and the subscription's.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self, cast

import numpy as np
from numpy.typing import NDArray

import alphapulse_core as core
from alphapulse_client.context import FrameContext
from alphapulse_client.decimals import fixed_text, from_fixed, to_fixed
from alphapulse_client.errors import FrameError
from alphapulse_layout import DTYPES, SourceType
from alphapulse_layout.dtypes import INSTRUMENT_RECORD, SYNTHETIC_COMPONENT
from alphapulse_layout.enums import Compression, FrameFlag, MessageType, TlvType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Buffer

    BytesLike = Buffer | NDArray[Any]

__all__ = [
    "Cause",
    "Frame",
    "FrameContext",
    "Rows",
    "dtype_of",
    "encode",
    "fixed_text",
    "from_fixed",
    "rows",
    "to_fixed",
]

Rows = NDArray[np.void]
"""(n,) structured array of the records of one message type."""

REGISTRY_RECORDS: Final = 0
"""Message type of a frame of registry records: an RPC's answer, never published."""

_SAMPLED: Final = 1
_CAUSE_BYTES: Final = 24


class Cause(NamedTuple):
    """One more cause of a frame, beside the one in its context."""

    trace_id: bytes
    """16 bytes."""
    span_id: bytes
    """8 bytes."""


def dtype_of(message_type: int) -> np.dtype[np.void]:
    """The dtype of a message type's rows. Raises FrameError (FRAME_BAD_TYPE) for an unknown one.

    A type registered at run time (200-255) has its dtype from its own binary schema, not from here.
    """
    if message_type == REGISTRY_RECORDS:
        return INSTRUMENT_RECORD
    dtype = DTYPES.get(message_type)
    if dtype is None:
        raise FrameError(
            f"message type {message_type} has no built-in layout",
            reason="FRAME_BAD_TYPE",
            message_type=message_type,
        )
    return dtype


def rows(message_type: int, count: int) -> Rows:
    """(count,) zeroed records of a message type, to be filled and encoded."""
    return np.zeros(count, dtype=dtype_of(message_type))


def encode(
    message_type: int,
    rows: BytesLike,
    *,
    source: int | SourceType,
    context: FrameContext,
    timestamp: int | None = None,
    causes: Iterable[tuple[bytes, bytes]] = (),
    extensions: bytes = b"",
    blob: BytesLike = b"",
    components: BytesLike | None = None,
    priority: int = 0,
    snapshot: bool = False,
    replayed: bool = False,
    compression: int = Compression.NONE,
    stride: int = 0,
    schema_hash: int = 0,
) -> bytes:
    """One frame over `rows` ((n,) structured array of `dtype_of(message_type)`, or its bytes).

    `timestamp`: nanoseconds, now when None. `causes`: (trace id, span id) of further causes; they
    become CAUSE TLVs in front of `extensions`. `priority`: 0 … 3. `stride` and `schema_hash` are
    for types registered at run time. Raises FrameError.
    """
    if not 0 <= priority <= 3:
        raise FrameError(f"priority {priority} is not in 0..3", reason="FRAME_INVALID")
    flags = priority << 2
    if snapshot:
        flags |= FrameFlag.SNAPSHOT
    if replayed:
        flags |= FrameFlag.REPLAY
    try:
        cause_tlvs = b"".join(
            core.encode_tlv(TlvType.CAUSE, _cause_bytes(trace_id, span_id))
            for trace_id, span_id in causes
        )
        frame = core.encode_frame(
            int(message_type),
            rows,
            source=int(source),
            timestamp=time.time_ns() if timestamp is None else timestamp,
            trace_id=context.trace_id,
            message_id=context.message_id,
            causation_id=context.causation_id,
            trace_flags=_SAMPLED if context.sampled else 0,
            flags=int(flags),
            extensions=cause_tlvs + extensions,
            blob=blob,
            components=components,
            stride=stride,
            schema_hash=schema_hash,
        )
        if compression != Compression.NONE:
            frame = core.compress_frame(frame, int(compression))
    except core.FrameError as error:
        raise _refused(error) from None
    return frame


def _cause_bytes(trace_id: bytes, span_id: bytes) -> bytes:
    if len(trace_id) != 16 or len(span_id) != 8:
        raise FrameError(
            f"a cause is 16 and 8 bytes, not {len(trace_id)} and {len(span_id)}",
            reason="FRAME_BAD_TLV",
        )
    return trace_id + span_id


def _refused(error: core.FrameError) -> FrameError:
    return FrameError(str(error), reason=error.reason, offset=error.offset)


class Frame:
    """One frame over one bytes-like object, which must not change while the frame is in use.

    Construct with `Frame.parse`, which checks it, or from a `FrameInfo` that the core has made for
    these very bytes. The rows and every other view are zero-copy; a compressed frame is
    decompressed once, at the first look at its content.
    """

    __slots__ = ("_info", "_plain", "data")

    def __init__(self, data: BytesLike, info: core.FrameInfo) -> None:
        self.data: Final = data
        self._info: Final = info
        self._plain: Frame | None = None

    @classmethod
    def parse(cls, data: BytesLike, *, checksum: bool = True) -> Self:
        """Check structure and, unless told otherwise, checksum. Raises FrameError with `offset`."""
        try:
            return cls(data, core.verify_frame(data, checksum=checksum))
        except core.FrameError as error:
            raise _refused(error) from None

    @property
    def info(self) -> core.FrameInfo:
        """Header, context and offsets, as the core read them."""
        return self._info

    @property
    def message_type(self) -> int:
        """Of the header; `MessageType(frame.message_type)` for the built-in ones."""
        return self._info.message_type

    @property
    def source(self) -> int:
        """`SourceType` number of the producer."""
        return self._info.source

    @property
    def sequence(self) -> int:
        """Given by the relay; 0 before."""
        return self._info.sequence

    @property
    def timestamp(self) -> int:
        """When the producer made the frame, nanoseconds."""
        return self._info.timestamp

    @property
    def context(self) -> FrameContext:
        """Who made the frame and what caused it."""
        info = self._info
        return FrameContext(
            info.trace_id, info.message_id, info.causation_id, bool(info.trace_flags & _SAMPLED)
        )

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The further causes, from the CAUSE TLVs."""
        if not self._info.extensions_length:
            return ()
        extensions = self.extensions
        return tuple(
            Cause(bytes(extensions[at : at + 16]), bytes(extensions[at + 16 : at + 24]))
            for kind, at, length in core.walk_tlv(extensions)
            if kind == TlvType.CAUSE and length == _CAUSE_BYTES
        )

    @property
    def rows(self) -> Rows:
        """(n,) read-only structured array over the frame's bytes.

        Rows of a type registered at run time come as `V<stride>`: `frame.rows.view(dtype)`.
        """
        plain = self._opened()
        info = plain.info
        if info.message_type >= MessageType.CUSTOM:
            dtype = np.dtype((np.void, info.stride or 1))
        else:
            dtype = dtype_of(info.message_type)
        return _view(plain.data, dtype, info.record_count, info.rows_offset)

    @property
    def components(self) -> Rows:
        """(m,) SyntheticComponent records that synthetic updates refer to."""
        plain = self._opened()
        return _view(
            plain.data,
            SYNTHETIC_COMPONENT,
            plain.info.components_count,
            plain.info.components_offset,
        )

    @property
    def blob(self) -> memoryview:
        """Bytes that the rows of some types refer to."""
        plain = self._opened()
        start = plain.info.blob_offset
        return _bytes_of(plain.data)[start : start + plain.info.blob_length]

    @property
    def extensions(self) -> memoryview:
        """The TLV bytes."""
        start = self._info.extensions_offset
        return _bytes_of(self.data)[start : start + self._info.extensions_length]

    def tlv(self, tlv_type: int) -> bytes | None:
        """Value of the first TLV of a type, None when there is none."""
        return core.find_tlv(self.extensions, tlv_type)

    def _opened(self) -> Frame:
        """The frame itself, or the plain one that it was compressed from."""
        if not self._info.compressed:
            return self
        if self._plain is None:
            try:
                plain = core.decompress_frame(self.data)
                self._plain = Frame(plain, core.inspect_frame(plain))
            except core.FrameError as error:
                raise _refused(error) from None
        return self._plain

    def __len__(self) -> int:
        """Bytes of the frame as it travelled."""
        return _bytes_of(self.data).nbytes

    def __bytes__(self) -> bytes:
        return _bytes_of(self.data).tobytes()

    def __repr__(self) -> str:
        try:
            name = MessageType(self.message_type).name
        except ValueError:
            name = str(self.message_type)
        return (
            f"<Frame {name} sequence={self.sequence} records={self._info.record_count} "
            f"bytes={len(self)}>"
        )


def _bytes_of(data: BytesLike) -> memoryview:
    # An array is a Buffer too; NumPy's annotations say so from Python 3.12 on only.
    return memoryview(cast("Buffer", data)).cast("B")


def _view(data: BytesLike, dtype: np.dtype[np.void], count: int, offset: int) -> Rows:
    if count == 0:
        array: Rows = np.empty(0, dtype=dtype)
    else:
        array = np.frombuffer(_bytes_of(data), dtype=dtype, count=count, offset=offset)
    array.flags.writeable = False
    return array
