"""What a recording holds: an Arrow IPC file, a row a frame or gap, the frame's own bytes in it.

Arrow IPC and not Parquet: a Parquet file without its footer is lost, an Arrow file without one is
the same stream of record batches, readable up to the last whole batch. So one file is both what
data frames read directly and what survives `kill -9`. Tables of records, where columns matter more
than crashes, are Parquet (`tables`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import pyarrow as pa

from alphapulse_mesh.runtime.errors import DataLoss

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SCHEMA", "VERSION", "Identity", "part_path", "utc"]

VERSION: Final = 1
"""Goes up with every change that an older reader would misunderstand."""

_VERSION_KEY: Final = b"alphapulse.recording.version"
_ID_KEY: Final = b"alphapulse.recording.id"
_DOMAIN_KEY: Final = b"alphapulse.recording.domain"
_PART_KEY: Final = b"alphapulse.recording.part"


def utc() -> Any:
    """Nanoseconds since the epoch, UTC."""
    return pa.timestamp("ns", "UTC")


SCHEMA: Final = pa.schema(
    [
        # of the relay; of a gap: the first one missing
        pa.field("sequence", pa.uint64(), nullable=False),
        # of a gap: the last one missing (below `sequence` where nobody knows); null for a frame
        pa.field("gap_last", pa.uint64()),
        # SLOW_CONSUMER, WINDOW_EXPIRED, PRODUCER_DIED, RELAY_RESTARTED; null for a frame
        pa.field("gap_reason", pa.string()),
        # when the recorder got the message that held it
        pa.field("recorded_at", utc(), nullable=False),
        # all below: of the frame, null for a gap
        pa.field("message_type", pa.uint8()),
        # who made it: `SourceType`
        pa.field("source", pa.uint8()),
        pa.field("flags", pa.uint8()),
        pa.field("timestamp", utc()),
        # of the first record, null where its type has none
        pa.field("exchange_time", utc()),
        pa.field("receive_time", utc()),
        pa.field("trace_id", pa.binary(16)),
        pa.field("message_id", pa.binary(8)),
        pa.field("causation_id", pa.binary(8)),
        pa.field("sampled", pa.bool_()),
        pa.field("record_count", pa.uint32()),
        # every byte as it came
        pa.field("frame", pa.binary()),
    ]
)


def part_path(path: Path, part: int) -> Path:
    """Of a part: `day.arrow`, then `day.1.arrow`, `day.2.arrow`, …"""
    return path if part == 0 else path.with_name(f"{path.stem}.{part}{path.suffix}")


@dataclass(frozen=True, slots=True)
class Identity:
    """Which recording a file is part of."""

    recording_id: str
    """32 hexadecimal digits, the same in all parts."""
    domain: str
    part: int = 0

    @classmethod
    def new(cls, domain: str) -> Self:
        """Of a recording that begins now."""
        return cls(secrets.token_hex(16), domain)

    def schema(self) -> Any:
        """`SCHEMA` with the identity in its metadata."""
        return SCHEMA.with_metadata(
            {
                _VERSION_KEY: str(VERSION),
                _ID_KEY: self.recording_id,
                _DOMAIN_KEY: self.domain,
                _PART_KEY: str(self.part),
            }
        )

    @classmethod
    def of(cls, schema: Any, path: object) -> Self:
        """Out of a file's schema.

        Raises:
            DataLoss: the file is no recording, or one of another version.
        """
        metadata = schema.metadata or {}
        version = metadata.get(_VERSION_KEY)
        if version is None or schema.names != SCHEMA.names:
            raise DataLoss(f"{path} is not a recording", reason="RECORDING_INVALID")
        if version != str(VERSION).encode():
            raise DataLoss(
                f"{path} is a recording of version {version.decode()}, not {VERSION}",
                reason="RECORDING_VERSION",
            )
        return cls(
            metadata[_ID_KEY].decode(), metadata[_DOMAIN_KEY].decode(), int(metadata[_PART_KEY])
        )
