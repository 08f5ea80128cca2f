"""The two hot messages as bytes: protobuf is asked only for the small fields.

In `PublishRequest` and in `SubscribeResponse` the frames are field 1, first in canonical order: a
run of (tag 0x0A, length, frame). So what a producer sent is, once stamped, what subscribers get;
only the small fields behind the run differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from google.protobuf.message import DecodeError

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_mesh.relay.tokens import make_token
from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["FrameRun", "Promised", "encode_run", "read_publish_request", "tail", "varint"]

_TAG: Final = b"\x0a"


class FrameRun(NamedTuple):
    """Encoded field 1, and where each frame's own bytes are within it."""

    data: bytes | bytearray
    offsets: NDArray[np.uint64]
    """(n,) first byte of each frame."""
    lengths: NDArray[np.uint32]
    """(n,) bytes of each frame."""
    end: int
    """Where the run ends within `data`."""


def varint(value: int) -> bytes:
    """Protobuf's base-128 encoding of a number that is not negative."""
    if value < 0x80:
        return bytes((value,))
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def read_publish_request(data: bytes) -> tuple[FrameRun, pb.PublishRequest]:
    """The run of frames of a serialized `PublishRequest`, and its small fields.

    Raises:
        InvalidArgument: not such a message (reason `REQUEST_MALFORMED`).
    """
    offsets: list[int] = []
    lengths: list[int] = []
    position = 0
    end = len(data)
    while position < end and data[position] == 0x0A:
        size = 0
        shift = 0
        at = position + 1
        while True:
            if at >= end or shift > 28:
                raise _malformed(position)
            byte = data[at]
            at += 1
            size |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
        if size > end - at:
            raise _malformed(position)
        offsets.append(at)
        lengths.append(size)
        position = at + size
    try:
        rest = pb.PublishRequest.FromString(data[position:])
    except DecodeError:
        raise _malformed(position) from None
    if rest.frames:  # another encoder's order of fields: legal, and rare enough to be slow
        own = [data[at : at + size] for at, size in zip(offsets, lengths, strict=True)]
        return encode_run([*own, *rest.frames]), rest
    return (
        FrameRun(
            data, np.array(offsets, dtype=np.uint64), np.array(lengths, dtype=np.uint32), position
        ),
        rest,
    )


def encode_run(frames: Iterable[bytes | bytearray | memoryview]) -> FrameRun:
    """Frames as field 1 of either message, in a new writable buffer."""
    parts: list[bytes | bytearray | memoryview] = []
    offsets: list[int] = []
    lengths: list[int] = []
    position = 0
    for frame in frames:
        size = len(frame)
        head = _TAG + varint(size)
        position += len(head)
        offsets.append(position)
        lengths.append(size)
        position += size
        parts += (head, frame)
    return FrameRun(
        bytearray().join(parts),
        np.array(offsets, dtype=np.uint64),
        np.array(lengths, dtype=np.uint32),
        position,
    )


class Promised(NamedTuple):
    """What the first response tells a subscriber that acknowledges; see `SubscribeResponse`."""

    subscription_id: int
    acknowledge_bytes: int
    acknowledge_frames: int


def tail(
    delivered: int,
    head: int,
    epoch: int,
    gaps: Iterable[pb.Gap] = (),
    promised: Promised | None = None,
) -> bytes:
    """The small fields of a `SubscribeResponse`."""
    response = pb.SubscribeResponse(
        gaps=gaps,
        delivered_sequence=delivered,
        head_sequence=head,
        resume_token=make_token(epoch, delivered),
    )
    if promised is not None:
        response.subscription_id = promised.subscription_id
        response.acknowledge_bytes = promised.acknowledge_bytes
        response.acknowledge_frames = promised.acknowledge_frames
    return response.SerializeToString()


def _malformed(position: int) -> InvalidArgument:
    return InvalidArgument(
        f"the message is not a PublishRequest: it breaks at byte {position}",
        reason="REQUEST_MALFORMED",
        offset=position,
    )
