"""AlphaPulse native core: what is paid per record.

The compiled module is `alphapulse_core._native`; this package re-exports it under flat names.
"""

from alphapulse_core._native import (
    FrameBatch,
    FrameError,
    FrameFilter,
    FrameInfo,
    InstrumentSet,
    compress_frame,
    decompress_frame,
    encode_frame,
    encode_tlv,
    filter_frame,
    find_tlv,
    frame_checksum,
    inspect_frame,
    join_frames,
    stamp_sequence,
    stamp_sequences,
    verify_block,
    verify_frame,
    verify_frames,
    walk_tlv,
    __version__,
)

__all__ = [
    "FrameBatch",
    "FrameError",
    "FrameFilter",
    "FrameInfo",
    "InstrumentSet",
    "compress_frame",
    "decompress_frame",
    "encode_frame",
    "encode_tlv",
    "filter_frame",
    "find_tlv",
    "frame_checksum",
    "inspect_frame",
    "join_frames",
    "stamp_sequence",
    "stamp_sequences",
    "verify_block",
    "verify_frame",
    "verify_frames",
    "walk_tlv",
    "__version__",
]
