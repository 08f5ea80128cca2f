"""Pages after AIP-158: a size that is bounded, a token that is opaque and belongs to its question.

Instruments are only ever added, at the end, so "after the n-th" means the same for ever: pages
neither skip nor repeat while the registry grows. Links, which may be taken away, are paged by the
revision of their coming, venues by number.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from typing import TYPE_CHECKING, Final

from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from google.protobuf.message import Message

__all__ = ["Paging"]

_TOKEN: Final = struct.Struct("<BQI")
_VERSION: Final = 1
_NOT_PART: Final = ("page_size", "page_token", "read_mask", "min_revision")


class Paging:
    """The page that one list request asks for."""

    def __init__(self, request: Message, *, default_size: int, max_size: int) -> None:
        """`request` has `page_size`, `page_token` and what else makes the question.

        Raises:
            InvalidArgument: a negative size (PAGE_SIZE_NEGATIVE), or a token that was not given out
                for this question (PAGE_TOKEN_INVALID).
        """
        size: int = getattr(request, "page_size")  # noqa: B009  # of three request types
        token: str = getattr(request, "page_token")  # noqa: B009  # likewise
        if size < 0:
            raise InvalidArgument(
                f"page_size {size} is negative", reason=Reason.PAGE_SIZE_NEGATIVE, page_size=size
            )
        self.size = min(size or default_size, max_size)
        self._question = _question(request)
        self.start = self._open(token) if token else 0
        """First position to look at."""

    def token(self, position: int) -> str:
        """What continues at `position`."""
        packed = _TOKEN.pack(_VERSION, position, self._question)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    def _open(self, token: str) -> int:
        try:
            packed = base64.b64decode(
                token + "=" * (-len(token) % 4), altchars=b"-_", validate=True
            )
            version, position, question = _TOKEN.unpack(packed)
        except (binascii.Error, struct.error, ValueError):
            version, position, question = 0, 0, 0
        if version != _VERSION or question != self._question:
            raise InvalidArgument(
                "page_token was not given out for this question", reason=Reason.PAGE_TOKEN_INVALID
            )
        return int(position)


def _question(request: Message) -> int:
    """Of everything but the page: another question must not continue this one."""
    copy = type(request)()
    copy.CopyFrom(request)
    for field in _NOT_PART:
        if field in request.DESCRIPTOR.fields_by_name:
            copy.ClearField(field)
    name = request.DESCRIPTOR.full_name.encode()
    return zlib.crc32(copy.SerializeToString(deterministic=True), zlib.crc32(name))
