"""Q64.64 amounts of DeFi signals, vectorised: from and to the 1e-8 integers of other records.

A Q64.64 amount is a 128-bit integer of 2^-64, as two halves (`decimals` has single ones). It is
finer than 1e-8: a record's integer comes back exactly; the other way what is lost is told. All is
integer arithmetic on limbs of 32 bits: no float, no loop over rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphapulse_client.decimals import SCALE
from alphapulse_layout.dtypes import INT128, UINT128

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FromQ64", "fixed_from_q64", "product_to_q64", "q64_from_fixed"]

_Limbs = list[NDArray[np.uint64]]
"""Of a number of 32 bits a limb, the lowest first; each limb is (n,) `uint64`."""

_LOW: Final = np.uint64(0xFFFF_FFFF)
_BITS: Final = np.uint64(32)
_SIGN: Final = np.uint64(1 << 63)


class FromQ64(NamedTuple):
    """Integers of 1e-8, and what they do not say of the amounts."""

    values: NDArray[Any]
    """(n,) `int64`, or `uint64` for unsigned amounts; the nearest, half away from zero."""
    rounded: NDArray[np.bool_]
    """(n,): the amount has more than 8 decimals, and is not the one that `values` makes."""
    overflowed: NDArray[np.bool_]
    """(n,): the amount does not fit 64 bits of 1e-8; the value is the largest (or smallest)."""


def q64_from_fixed(values: NDArray[Any]) -> NDArray[np.void]:
    """(n,) INT128 of (n,) `int64`, UINT128 of `uint64`: integers of 1e-8 as Q64.64; always fits."""
    signed = values.dtype.kind == "i"
    magnitude = _magnitude(values)
    quotient = _divide([*_zeros(magnitude, 2), magnitude & _LOW, magnitude >> _BITS], SCALE)
    return _halves(quotient, values < 0 if signed else None)


def product_to_q64(
    sizes: NDArray[np.uint64], prices: NDArray[np.int64]
) -> tuple[NDArray[np.void], NDArray[np.bool_]]:
    """(n,) UINT128 of size * price, both 1e-8, as Q64.64; and (n,) where it has no such value.

    That is where the price is negative or the product needs more than 64 bits before the point; the
    amount there is 0.
    """
    left, right = _split(sizes.astype(np.uint64)), _split(_magnitude(prices))
    product = _zeros(left[0], 4)
    for at, a in enumerate(left):
        carry = np.zeros_like(a)
        for place, b in enumerate(right, start=at):
            total = product[place] + a * b + carry  # below 2^64: (2^32-1)^2 + 2(2^32-1)
            product[place] = total & _LOW
            carry = total >> _BITS
        product[at + 2] = carry
    quotient = _divide(_divide([*_zeros(left[0], 2), *product], SCALE, rounding=False), SCALE)
    impossible = (quotient[4] | quotient[5]) != 0
    impossible |= prices < 0
    for limb in quotient:
        limb[impossible] = 0
    return _halves(quotient[:4], None), impossible


def fixed_from_q64(amounts: NDArray[np.void], *, signed: bool | None = None) -> FromQ64:
    """(n,) amounts (UINT128 or INT128) as integers of 1e-8.

    `signed`: of the result; as the amounts are when None.
    """
    low = amounts["lo"].astype(np.uint64)
    high = amounts["hi"].astype(amounts["hi"].dtype.newbyteorder("="))
    wide = high.dtype.kind == "i"
    signed = wide if signed is None else signed
    negative = high < 0 if wide else np.zeros(len(amounts), dtype=np.bool_)
    top = high.view(np.uint64).copy()
    low, top = _negate(low, top, negative)
    limbs = _split(low) + _split(top)
    carry = np.zeros_like(low)
    scaled: _Limbs = []
    for limb in limbs:
        total = limb * np.uint64(SCALE) + carry
        scaled.append(total & _LOW)
        carry = total >> _BITS
    fraction = scaled[0] | (scaled[1] << _BITS)
    result = scaled[2] | (scaled[3] << _BITS)
    up = fraction >= _SIGN
    most = np.uint64((1 << 63) - 1 if signed else (1 << 64) - 1)
    overflowed = (carry != 0) | (up & (result == np.uint64((1 << 64) - 1)))
    result = result + up.astype(np.uint64)
    if signed:
        limit = most + negative.astype(np.uint64)  # one more below zero
        overflowed |= result > limit
        result = np.where(overflowed, limit, result)
        values: NDArray[Any] = np.where(negative, ~result + np.uint64(1), result).view(np.int64)
    else:
        overflowed |= negative & (result != 0)
        values = np.where(negative, np.uint64(0), np.where(overflowed, most, result))
    again = q64_from_fixed(values)
    exact = (again["lo"] == amounts["lo"]) & (
        again["hi"].astype(np.uint64) == amounts["hi"].astype(np.uint64)
    )
    return FromQ64(values, ~exact & ~overflowed, overflowed)


def _magnitude(values: NDArray[Any]) -> NDArray[np.uint64]:
    native = values.astype(values.dtype.newbyteorder("="))
    if native.dtype.kind != "i":
        return native.astype(np.uint64)
    plain = native.view(np.uint64)
    return np.where(native < 0, ~plain + np.uint64(1), plain)


def _negate(
    low: NDArray[np.uint64], high: NDArray[np.uint64], where: NDArray[np.bool_]
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Two's complement of 128 bits where it is asked for."""
    other = ~low + np.uint64(1)
    over = ~high + (other == 0).astype(np.uint64)
    return np.where(where, other, low), np.where(where, over, high)


def _split(values: NDArray[np.uint64]) -> _Limbs:
    return [values & _LOW, values >> _BITS]


def _zeros(like: NDArray[np.uint64], count: int) -> _Limbs:
    return [np.zeros_like(like) for _ in range(count)]


def _divide(limbs: Sequence[NDArray[np.uint64]], by: int, *, rounding: bool = True) -> _Limbs:
    """Limbs / by, by long division (`by` below 2^31); half up where it rounds."""
    divisor = np.uint64(by)
    rest = np.zeros_like(limbs[0])
    quotient: _Limbs = []
    for limb in reversed(limbs):
        rest = (rest << _BITS) | limb
        quotient.append(rest // divisor)
        rest = rest % divisor
    quotient.reverse()
    if rounding:
        carry = (rest * np.uint64(2) >= divisor).astype(np.uint64)
        for place, limb in enumerate(quotient):
            total = limb + carry
            quotient[place] = total & _LOW
            carry = total >> _BITS
    return quotient


def _halves(limbs: _Limbs, negative: NDArray[np.bool_] | None) -> NDArray[np.void]:
    low, high = limbs[0] | (limbs[1] << _BITS), limbs[2] | (limbs[3] << _BITS)
    result = np.empty(len(low), UINT128 if negative is None else INT128)
    if negative is not None:
        low, high = _negate(low, high, negative)
    result["lo"] = low
    result["hi"] = high.view(result["hi"].dtype)
    return result
