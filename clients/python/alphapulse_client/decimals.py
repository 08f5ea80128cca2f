"""Exact numbers of the wire: fixed point with 8 decimals, and 128-bit amounts.

Prices and sizes of records are integers of 1e-8; amounts on a chain are 128-bit integers in the
token's smallest unit, as two `u64`. Nothing here goes through a binary float: one is refused.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from alphapulse_client.errors import InvalidArgument

if TYPE_CHECKING:
    import numpy as np

    Integer = int | np.integer[Any]

__all__ = [
    "DECIMALS",
    "SCALE",
    "fixed_text",
    "from_fixed",
    "from_halves",
    "to_fixed",
    "to_halves",
]

DECIMALS: Final = 8
"""Decimals of prices and sizes in records."""

SCALE: Final = 10**DECIMALS
"""What one unit is in a record: price = integer / SCALE."""

_I64_MIN, _I64_MAX = -(2**63), 2**63 - 1
_U64 = (1 << 64) - 1


def _refuse(value: object, why: str) -> InvalidArgument:
    return InvalidArgument(f"{value!r} {why}", reason="DECIMAL_INVALID", value=str(value))


def to_fixed(value: str | int | Decimal, decimals: int = DECIMALS) -> int:
    """The integer value · 10^decimals, exactly: ``to_fixed("61234.5") == 6123450000000``.

    `value` is text like ``-12.5`` or ``1E-7``, an int of whole units, or a Decimal. Raises
    InvalidArgument (DECIMAL_INVALID) when it is no number, needs more decimals, or leaves 64 bits.
    """
    if isinstance(value, str):
        whole, _, fraction = value.partition(".")
        # What exchanges send: ASCII digits with an optional point, no sign and no exponent.
        if (
            value.isascii()
            and whole.isdigit()
            and len(fraction) <= decimals
            and (fraction.isdigit() or not fraction)
        ):
            result = int(whole + fraction.ljust(decimals, "0"))
            if result <= _I64_MAX:
                return result
            raise _refuse(value, "does not fit 64 bits")
        if "_" in value or not value.isascii():
            raise _refuse(value, "is not a decimal number")
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise _refuse(value, "is not a decimal number") from None
    elif isinstance(value, Decimal):
        number = value
    elif type(value) is int:
        number = Decimal(value)
    else:
        raise _refuse(value, f"is a {type(value).__name__}; give text, an int or a Decimal")
    if not number.is_finite():
        raise _refuse(value, "is not finite")
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # finite
    shift = exponent + decimals
    if shift + len(digits) > 20:
        # Before any power is taken: "1E999999999" must cost nothing.
        if any(digits):
            raise _refuse(value, "does not fit 64 bits")
        return 0
    magnitude = int("".join(map(str, digits)) or "0")
    if shift >= 0:
        magnitude *= 10**shift
    elif magnitude:
        if -shift > len(digits):
            raise _refuse(value, f"has more than {decimals} decimals")
        magnitude, rest = divmod(magnitude, 10**-shift)
        if rest:
            raise _refuse(value, f"has more than {decimals} decimals")
    result = -magnitude if sign else magnitude
    if not _I64_MIN <= result <= _I64_MAX:
        raise _refuse(value, "does not fit 64 bits")
    return result


def from_fixed(value: Integer, decimals: int = DECIMALS) -> Decimal:
    """The exact Decimal of a record's integer; also takes NumPy integers."""
    integer = int(value)
    digits = tuple(map(int, str(abs(integer))))
    return Decimal((1 if integer < 0 else 0, digits, -decimals))


def fixed_text(value: Integer, decimals: int = DECIMALS) -> str:
    """Plain decimal text, without exponent and without trailing zeros: ``"0.00012"``, ``"-5"``."""
    integer = int(value)
    digits = str(abs(integer)).rjust(decimals + 1, "0")
    whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
    fraction = fraction.rstrip("0")
    sign = "-" if integer < 0 else ""
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def to_halves(value: int, *, signed: bool = False) -> tuple[int, int]:
    """(lo, hi) of a UInt128 or, with `signed`, of an Int128 (whose hi is signed)."""
    low, high = (-(1 << 127), 1 << 127) if signed else (0, 1 << 128)
    if not low <= value < high:
        raise _refuse(value, "does not fit 128 bits")
    return value & _U64, value >> 64


def from_halves(lo: Integer, hi: Integer) -> int:
    """The integer of a UInt128's or an Int128's halves; takes NumPy integers."""
    return (int(hi) << 64) | int(lo)
