"""The relay's two hot messages, written and read without protobuf copying the frames.

`PublishRequest` and `SubscribeResponse` both hold the frames as field 1, first in canonical order,
so their encoding is a run of (tag 0x0A, length, frame), then the small fields, which protobuf
handles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client.errors import DataLoss

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["encode_publish_request", "read_subscribe_response", "varint"]

_FRAMES_TAG: Final = b"\x0a"


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


def encode_publish_request(frames: Iterable[bytes], first_sequence: int) -> bytes:
    """A serialized `PublishRequest`; the stream's first message has named the producer."""
    parts: list[bytes] = []
    append = parts.append
    for frame in frames:
        append(_FRAMES_TAG + varint(len(frame)))
        append(frame)
    append(pb.PublishRequest(first_sequence=first_sequence).SerializeToString())
    return b"".join(parts)


def read_subscribe_response(data: bytes) -> tuple[list[memoryview], pb.SubscribeResponse]:
    """The frames of a serialized `SubscribeResponse` as views into it, and its other fields.

    Raises:
        DataLoss: the bytes are not such a message.
    """
    view = memoryview(data)
    frames: list[memoryview] = []
    position = 0
    end = len(data)
    while position < end and data[position] == 0x0A:
        size = 0
        shift = 0
        position += 1
        while position < end:
            byte = data[position]
            position += 1
            size |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
        else:
            raise _broken()
        if size > end - position:
            raise _broken()
        frames.append(view[position : position + size])
        position += size
    try:
        rest = pb.SubscribeResponse.FromString(data[position:])
    except Exception as error:  # protobuf's DecodeError has no public base in the upb build
        raise _broken() from error
    # Another encoder may write its fields in another order: legal, only slower.
    frames.extend(memoryview(frame) for frame in rest.frames)
    return frames, rest


def _broken() -> DataLoss:
    return DataLoss("the relay's answer is not a SubscribeResponse", reason="RESPONSE_BROKEN")
