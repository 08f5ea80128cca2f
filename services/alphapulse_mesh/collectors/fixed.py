"""Decimal text to exact integers of 1e-8, fast enough for every price and size of a feed.

No float is involved: the venue's text is the truth. Formatting for people is the client library's.
"""

from __future__ import annotations

from typing import Final

__all__ = ["PLACES", "FixedCache", "parse_fixed"]

PLACES: Final = 8
_POWERS: Final[tuple[int, ...]] = tuple(10**places for places in range(PLACES + 1))
_LARGEST: Final = (1 << 63) - 1


def parse_fixed(text: str) -> int:
    """`text` in units of 1e-8, exactly.

    Raises:
        ValueError: not plain decimal digits, more than 8 places that are not zero, negative, or
            beyond a signed 64-bit integer.
        AttributeError: not text at all.
    """
    whole, _, fraction = text.partition(".")
    if len(fraction) > PLACES:
        if fraction[PLACES:].strip("0"):
            raise ValueError(f"{text!r} has more than {PLACES} decimal places")
        fraction = fraction[:PLACES]
    digits = whole + fraction
    # int() alone would also take signs, blanks and underscores
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"{text!r} is not a non-negative decimal number")
    value = int(digits) * _POWERS[PLACES - len(fraction)]
    if value > _LARGEST:
        raise ValueError(f"{text!r} does not fit 64 bits at {PLACES} decimal places")
    return value


class FixedCache(dict[str, int]):
    """`cache[text]` is `parse_fixed(text)`: books repeat the same few thousand texts all day.

    `trim()` bounds it; call it between batches, not per message.
    """

    def __init__(self, limit: int = 1 << 17) -> None:
        super().__init__()
        self._limit = limit

    def __missing__(self, text: str) -> int:
        value = self[text] = parse_fixed(text)
        return value

    def trim(self) -> None:
        """Forget everything once there are more than `limit` texts."""
        if len(self) > self._limit:
            self.clear()
