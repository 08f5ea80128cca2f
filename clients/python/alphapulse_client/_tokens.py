"""Resume tokens: where a subscription ended, for a client that keeps it and does not look inside.

A token holds the epoch of the relay's memory and a sequence. Relays make them, and subscribers that
read a relay's ring themselves; what a relay makes of one that comes back is the relay's part.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

__all__ = ["make_token", "parse_token"]

_LAYOUT: Final = struct.Struct("<BQQ")
_CHECK: Final = struct.Struct("<I")
_VERSION: Final = 1


def make_token(epoch: int, delivered: int) -> bytes:
    """A token of 21 bytes: everything up to `delivered` is done with."""
    body = _LAYOUT.pack(_VERSION, epoch, delivered)
    return body + _CHECK.pack(zlib.crc32(body))


def parse_token(token: bytes) -> tuple[int, int] | None:
    """(epoch, what was done with); None where the bytes are no token."""
    body = token[: _LAYOUT.size]
    if (
        len(token) != _LAYOUT.size + _CHECK.size
        or _CHECK.unpack(token[_LAYOUT.size :])[0] != zlib.crc32(body)
        or body[0] != _VERSION
    ):
        return None
    _, epoch, delivered = _LAYOUT.unpack(body)
    return epoch, delivered
