"""Resume tokens: where a subscription ended, for a client that keeps it and does not look inside.

A token holds the epoch of the relay's memory and a sequence. The epoch is drawn when a relay starts
without memory and outlives restarts, so that a token of another mesh, of another domain or of a
time whose sequences are forgotten is refused instead of resuming at a wrong place.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

from alphapulse_mesh.runtime.errors import FailedPrecondition, InvalidArgument

__all__ = ["make_token", "read_token"]

_LAYOUT: Final = struct.Struct("<BQQ")
_CHECK: Final = struct.Struct("<I")
_VERSION: Final = 1


def make_token(epoch: int, delivered: int) -> bytes:
    """A token of 21 bytes: everything up to `delivered` is done with."""
    body = _LAYOUT.pack(_VERSION, epoch, delivered)
    return body + _CHECK.pack(zlib.crc32(body))


def read_token(token: bytes, epoch: int, domain: str) -> int:
    """What was done with when the token was made.

    Raises:
        InvalidArgument: the bytes are not a token (reason `TOKEN_INVALID`).
        FailedPrecondition: it is of another relay, or of forgotten times (`TOKEN_FOREIGN`).
    """
    body = token[: _LAYOUT.size]
    if (
        len(token) != _LAYOUT.size + _CHECK.size
        or _CHECK.unpack(token[_LAYOUT.size :])[0] != zlib.crc32(body)
        or body[0] != _VERSION
    ):
        raise InvalidArgument(
            f"the resume token of {len(token)} bytes is not one of a relay", reason="TOKEN_INVALID"
        )
    _, made_in, delivered = _LAYOUT.unpack(body)
    if made_in != epoch:
        raise FailedPrecondition(
            f"the resume token is not of this {domain} relay, or older than its memory",
            reason="TOKEN_FOREIGN",
            domain=domain,
        )
    return int(delivered)
