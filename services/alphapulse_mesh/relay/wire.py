"""The two hot messages as bytes: protobuf is asked only for the small fields.

In `PublishRequest` and in `SubscribeResponse` the frames are field 1, first in canonical order: a
run of (tag 0x0A, length, frame). So what a producer sent is, once stamped, what subscribers get;
only the small fields behind the run differ.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from google.protobuf.message import DecodeError

import alphapulse_core as core
from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_layout.enums import ConfigOutcome
from alphapulse_mesh.relay.tokens import make_token
from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from alphapulse_mesh.runtime.system.updates import Answered

__all__ = [
    "FrameRun",
    "Promised",
    "change_message",
    "chosen",
    "encode_run",
    "read_publish_request",
    "tail",
    "varint",
]

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


def read_publish_request(
    data: bytes, *, checksum: bool = True
) -> tuple[core.MessageBlock, pb.PublishRequest]:
    """The frames of a serialized `PublishRequest`, each checked, and its small fields.

    Raises:
        InvalidArgument: not such a message (reason `REQUEST_MALFORMED`).
    """
    try:
        block = core.read_message(data, checksum=checksum)
        rest = pb.PublishRequest.FromString(data[block.end :])
    except (ValueError, DecodeError) as error:
        raise InvalidArgument(
            f"the message is not a PublishRequest: {error}", reason="REQUEST_MALFORMED"
        ) from None
    if rest.frames:  # another encoder's order of fields: legal, and rare enough to be slow
        own = [data[at : at + size] for at, size in _places(block)]
        run = encode_run([*own, *rest.frames])
        block = core.read_message(bytes(run.data), checksum=checksum)
    return block, rest


def change_message(answered: Answered) -> pb.ConfigChange:
    """One line of a relay's status: a setting that was to be changed."""
    change = answered.change
    message = pb.ConfigChange(
        version=change.version,
        key=change.key,
        value=json.dumps(change.value),
        applied=change.outcome == ConfigOutcome.APPLIED,
        reason=change.reason,
        detail=change.detail,
    )
    message.answered_at.FromNanoseconds(answered.time_ns)
    return message


def _places(block: core.MessageBlock) -> Iterable[tuple[int, int]]:
    return zip(block.offsets.tolist(), block.lengths.tolist(), strict=True)


def chosen(block: core.MessageBlock, indices: NDArray[np.intp]) -> core.MessageBlock:
    """Some frames of a whole message, as a message of their own."""
    places = list(_places(block))
    view = memoryview(block.message)
    run = encode_run(view[at : at + size] for at, size in (places[i] for i in indices.tolist()))
    return core.read_message(bytes(run.data), checksum=False)


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
