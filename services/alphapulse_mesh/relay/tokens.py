"""What a relay makes of a resume token that comes back.

The epoch is drawn when a relay starts without memory and outlives restarts, so that a token of
another mesh, of another domain or of a time whose sequences are forgotten is refused instead of
resuming at a wrong place.
"""

from __future__ import annotations

from alphapulse_client._tokens import make_token, parse_token
from alphapulse_mesh.runtime.errors import FailedPrecondition, InvalidArgument

__all__ = ["make_token", "read_token"]


def read_token(token: bytes, epoch: int, domain: str) -> int:
    """What was done with when the token was made.

    Raises:
        InvalidArgument: the bytes are not a token (reason `TOKEN_INVALID`).
        FailedPrecondition: it is of another relay, or of forgotten times (`TOKEN_FOREIGN`).
    """
    parsed = parse_token(token)
    if parsed is None:
        raise InvalidArgument(
            f"the resume token of {len(token)} bytes is not one of a relay", reason="TOKEN_INVALID"
        )
    made_in, delivered = parsed
    if made_in != epoch:
        raise FailedPrecondition(
            f"the resume token is not of this {domain} relay, or older than its memory",
            reason="TOKEN_FOREIGN",
            domain=domain,
        )
    return delivered
