"""Protobuf pieces put together as bytes: an answer about instruments is mostly their stored
encodings, copied, so a batch of ten thousand is one join and no message object.

Field 1 of every answer of registry.proto is the repeated (or single) thing itself, which is why an
entry keeps its encoding with the tag of field 1 in front (`Entry.wire`). A test compares every
builder with what protobuf itself writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "EMPTY_ITEM",
    "body_of",
    "boolean",
    "item",
    "message",
    "packed",
    "read_varint",
    "text",
    "uint",
    "varint",
]

_LENGTH_DELIMITED: Final = 2
EMPTY_ITEM: Final = b"\x0a\x00"
"""Field 1 as an empty message: what a batch answers for an unknown id."""


def varint(number: int) -> bytes:
    """A non-negative number in base 128."""
    if number < 0x80:
        return bytes((number,))
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at `at` and the position after it.

    Raises:
        IndexError: the data end within it.
        ValueError: it is longer than 64 bits.
    """
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
        if shift > 63:
            raise ValueError("varint beyond 64 bits")


def message(field: int, body: bytes) -> bytes:
    """A sub-message, also when it is empty."""
    return varint(field << 3 | _LENGTH_DELIMITED) + varint(len(body)) + body


def item(body: bytes) -> bytes:
    """`body` as field 1."""
    return b"\x0a" + varint(len(body)) + body


def body_of(wire: bytes) -> bytes:
    """What `item` was given."""
    _, start = read_varint(wire, 1)
    return wire[start:]


def uint(field: int, number: int) -> bytes:
    """A number field; nothing when it is 0, as proto3 has it."""
    return varint(field << 3) + varint(number) if number else b""


def boolean(field: int, value: bool) -> bytes:
    """A bool field; nothing when it is false."""
    return varint(field << 3) + b"\x01" if value else b""


def text(field: int, value: str) -> bytes:
    """A string field; nothing when it is empty."""
    return message(field, value.encode()) if value else b""


def packed(field: int, numbers: Iterable[int]) -> bytes:
    """A packed repeated number field; nothing when there are none."""
    body = b"".join(map(varint, numbers))
    return message(field, body) if body else b""
