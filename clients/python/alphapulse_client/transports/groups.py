"""What the messages of a domain's JetStream stream hold; the relay writes them, subscribers read.

Frames travel in groups: consecutive sequences of the domain. The frames of each message type and
venue are together in messages of their own subject, so that who wants few gets few; the last
message of a group, its index, says which sequences the group is, which messages right before it
are its own and which sequences nobody will get. Messages without an index behind them are what a
writer left that died. Every reader gets every index: by these alone it knows what it was not
given. The layout is in docs/transports.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from alphapulse_client.errors import DataLoss
from alphapulse_client.transports.base import HOLE_REASONS, Gap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["MIXED_VENUE", "PIECE_BYTES", "Group", "Index", "Part", "encode_part", "index_subject"]

MIXED_VENUE: Final = 0
"""In a subject: the frame is of several venues, or of none."""
PIECE_BYTES: Final = 256 << 10
"""Largest payload of a message; what is longer goes in pieces."""
_MAGIC: Final = 0x3147_5041  # "APG1" as little-endian bytes
_HEADER: Final = np.dtype(
    [
        ("magic", "<u4"),
        ("parts", "<u4"),
        ("holes", "<u4"),
        ("frames", "<u4"),
        ("epoch", "<u8"),
        ("first", "<u8"),
        ("last", "<u8"),
        ("first_received_ns", "<u8"),
        ("last_received_ns", "<u8"),
    ]
)
_PART: Final = np.dtype(
    [("size", "<u4"), ("venue", "<u2"), ("message_type", "u1"), ("continues", "u1")]
)
_HOLE: Final = np.dtype([("first", "<u8"), ("last", "<u8"), ("reason", "<u8")])
_FRAME: Final = np.dtype(
    [("sequence", "<u8"), ("received_ns", "<u8"), ("length", "<u4"), ("records", "<u4")]
)


class Part(NamedTuple):
    """One message of a group beside its index."""

    message_type: int
    venue: int
    size: int
    """Bytes of its payload."""
    continues: bool
    """It goes on where the part before ended."""

    @property
    def key(self) -> tuple[int, int]:
        """Message type and venue, as in the subject."""
        return self.message_type, self.venue


class Index(NamedTuple):
    """The last message of a group."""

    epoch: int
    """Of the domain's sequences, as in resume tokens."""
    first: int
    last: int
    """Every sequence from `first` to `last` is a frame of the group or in `holes`."""
    first_received_ns: int
    last_received_ns: int
    """When the relay got the group's first frame, and the last; both 0 where it has none."""
    frames: int
    parts: Sequence[Part] = ()
    holes: Sequence[Gap] = ()

    def encode(self) -> bytes:
        """The payload."""
        header = np.zeros(1, _HEADER)
        header[0] = (
            _MAGIC,
            len(self.parts),
            len(self.holes),
            self.frames,
            self.epoch,
            self.first,
            self.last,
            self.first_received_ns,
            self.last_received_ns,
        )
        parts = np.array(
            [(one.size, one.venue, one.message_type, one.continues) for one in self.parts], _PART
        )
        holes = np.array(
            [(gap.first, gap.last, HOLE_REASONS.index(gap.reason)) for gap in self.holes], _HOLE
        )
        return header.tobytes() + parts.tobytes() + holes.tobytes()

    @classmethod
    def decode(cls, payload: bytes) -> Index:
        """Read a payload.

        Raises:
            DataLoss: it is none (reason `STREAM_MALFORMED`).
        """
        if len(payload) < _HEADER.itemsize:
            raise _malformed(f"an index of {len(payload)} bytes")
        head = np.frombuffer(payload, _HEADER, 1)[0]
        count, holes = int(head["parts"]), int(head["holes"])
        size = _HEADER.itemsize + count * _PART.itemsize + holes * _HOLE.itemsize
        if int(head["magic"]) != _MAGIC or len(payload) != size or head["last"] < head["first"]:
            raise _malformed("an index that is none of this version")
        parts = np.frombuffer(payload, _PART, count, _HEADER.itemsize)
        gaps = np.frombuffer(payload, _HOLE, holes, size - holes * _HOLE.itemsize)
        if holes and int(gaps["reason"].max()) >= len(HOLE_REASONS):
            raise _malformed("an index with a reason that is not known")
        return cls(
            int(head["epoch"]),
            int(head["first"]),
            int(head["last"]),
            int(head["first_received_ns"]),
            int(head["last_received_ns"]),
            int(head["frames"]),
            [
                Part(int(one["message_type"]), int(one["venue"]), int(one["size"]), bool(one[3]))
                for one in parts
            ],
            [Gap(int(one[0]), int(one[1]), HOLE_REASONS[int(one[2])]) for one in gaps],
        )


def index_subject(prefix: str) -> str:
    """The subject of all indices of a domain."""
    return f"{prefix}.index"


def encode_part(
    frames: Sequence[bytes | memoryview],
    sequences: NDArray[np.uint64],
    received_ns: NDArray[np.uint64],
    records: NDArray[np.uint32],
) -> bytes:
    """The payload of the frames of one subject; cut it into pieces where it is too long.

    `sequences` (ascending), `received_ns` and `records` are (n,), one for each frame.
    """
    table = np.zeros(len(frames), _FRAME)
    table["sequence"] = sequences
    table["received_ns"] = received_ns
    table["length"] = [len(frame) for frame in frames]
    table["records"] = records
    return b"".join((len(frames).to_bytes(8, "little"), table.tobytes(), *frames))


@dataclass(slots=True, eq=False)
class Group:
    """Frames of one group as a reader has them, in the order of their sequences."""

    index: Index
    block: NDArray[np.uint8]
    """What the frames are bytes of."""
    sequences: NDArray[np.uint64]
    """(n,) of the frames."""
    offsets: NDArray[np.uint64]
    """(n,) first byte of each in `block`."""
    lengths: NDArray[np.uint32]
    types: NDArray[np.uint8]
    received_ns: NDArray[np.uint64]
    """(n,) when the relay got each."""
    records: NDArray[np.uint32]
    """(n,) record counts."""

    @classmethod
    def decode(cls, index: Index, parts: Sequence[Part], payloads: Sequence[bytes]) -> Group:
        """Put together the messages of a group, those that were wanted of it.

        Raises:
            DataLoss: they are not what the index says (reason `STREAM_MALFORMED`).
        """
        columns: list[NDArray[np.void]] = []
        types: list[NDArray[np.uint8]] = []
        offsets: list[NDArray[np.uint64]] = []
        blocks: list[bytes] = []
        at = 0
        for part, payload in _whole(parts, payloads):
            count = int.from_bytes(payload[:8], "little")
            begin = 8 + count * _FRAME.itemsize
            if len(payload) < begin:
                raise _malformed("a message shorter than its table")
            table = np.frombuffer(payload, _FRAME, count, 8)
            lengths = table["length"].astype(np.uint64)
            if begin + int(lengths.sum()) != len(payload):
                raise _malformed("a message that is not as long as its frames")
            columns.append(table)
            types.append(np.full(count, part.message_type, np.uint8))
            offsets.append(np.cumsum(lengths) - lengths + np.uint64(at + begin))
            blocks.append(payload)
            at += len(payload)
        if not blocks:
            empty = np.zeros(0, np.uint64)
            nothing = np.zeros(0, np.uint8)
            none = np.zeros(0, np.uint32)
            return cls(index, nothing, empty, empty, none, nothing, empty, none)
        table = np.concatenate(columns)
        group = cls(
            index,
            np.frombuffer(blocks[0] if len(blocks) == 1 else b"".join(blocks), np.uint8),
            table["sequence"].copy(),
            np.concatenate(offsets),
            table["length"].copy(),
            np.concatenate(types),
            table["received_ns"].copy(),
            table["records"].copy(),
        )
        if len(blocks) > 1:
            order = np.argsort(group.sequences)
            for name in ("sequences", "offsets", "lengths", "types", "received_ns", "records"):
                setattr(group, name, getattr(group, name)[order])
        sequences = group.sequences
        if len(sequences) and (
            int(sequences[0]) < index.first
            or int(sequences[-1]) > index.last
            or bool((np.diff(sequences.astype(np.int64)) <= 0).any())
        ):
            raise _malformed("frames that are not of their group")
        return group


def _whole(parts: Sequence[Part], payloads: Sequence[bytes]) -> list[tuple[Part, bytes]]:
    """The payloads with their pieces joined."""
    joined: list[tuple[Part, list[bytes]]] = []
    for part, payload in zip(parts, payloads, strict=True):
        if len(payload) != part.size:
            raise _malformed(f"a message of {len(payload)} bytes that is said to have {part.size}")
        if part.continues and joined and joined[-1][0].key == part.key:
            joined[-1][1].append(payload)
        else:
            joined.append((part, [payload]))
    return [(part, pieces[0] if len(pieces) == 1 else b"".join(pieces)) for part, pieces in joined]


def _malformed(what: str) -> DataLoss:
    return DataLoss(
        f"the JetStream stream holds {what}: it is not a relay's, or of another version",
        reason="STREAM_MALFORMED",
    )
