"""Exact numbers: text and Decimal to the integers of a record and back, without a float."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphapulse_client.decimals import fixed_text, from_fixed, from_halves, to_fixed, to_halves
from alphapulse_client.errors import InvalidArgument

I64 = st.integers(-(2**63), 2**63 - 1)


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        ("61234.5", 6_123_450_000_000),
        ("0.00000001", 1),
        ("-0.00000001", -1),
        ("5", 500_000_000),
        ("5.", 500_000_000),
        ("+5", 500_000_000),
        ("0", 0),
        ("-0.0", 0),
        ("0.100000000", 10_000_000),
        ("1E-7", 10),
        ("1e2", 10_000_000_000),
        ("0e999999999", 0),
        ("92233720368.54775807", 2**63 - 1),
        ("-92233720368.54775808", -(2**63)),
        (3, 300_000_000),
        (Decimal("0.5"), 50_000_000),
    ],
)
def test_numbers(given_value: Any, expected: int) -> None:
    assert to_fixed(given_value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        "abc",
        "1.2.3",
        "1_000",
        "\u0665",
        "0x10",
        "NaN",
        "Infinity",
        "0.000000001",
        "1e-9",
        "92233720368.54775808",
        "1e999999999",
        "-1e999999999",
        "1e-999999999",
        1.5,
        True,
        None,
        Decimal("NaN"),
        10**11,
    ],
)
def test_what_is_not_exact_is_refused(value: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        to_fixed(value)
    assert caught.value.reason == "DECIMAL_INVALID"


def test_other_decimals() -> None:
    assert to_fixed("1.5", 1) == 15
    assert to_fixed("-12", 0) == -12
    assert fixed_text(15, 1) == "1.5"
    assert fixed_text(-12, 0) == "-12"
    assert from_fixed(15, 1) == Decimal("1.5")


@given(I64)
def test_text_and_decimal_reverse(value: int) -> None:
    text = fixed_text(value)
    assert to_fixed(text) == value
    assert to_fixed(from_fixed(value)) == value
    assert "e" not in text.lower()
    assert not text.endswith((".", ".0"))
    assert Decimal(text) == from_fixed(value)


def test_numpy_integers() -> None:
    assert fixed_text(np.int64(-150_000_000)) == "-1.5"
    assert from_fixed(np.uint64(2**63)) == Decimal("92233720368.54775808")


@given(st.integers(0, 2**128 - 1), st.integers(-(2**127), 2**127 - 1))
def test_halves_reverse(unsigned: int, signed: int) -> None:
    assert from_halves(*to_halves(unsigned)) == unsigned
    assert from_halves(*to_halves(signed, signed=True)) == signed
    lo, hi = to_halves(signed, signed=True)
    assert 0 <= lo < 2**64
    assert -(2**63) <= hi < 2**63


@pytest.mark.parametrize(
    ("value", "signed"), [(2**128, False), (-1, False), (2**127, True), (-(2**127) - 1, True)]
)
def test_halves_have_bounds(value: int, *, signed: bool) -> None:
    with pytest.raises(InvalidArgument):
        to_halves(value, signed=signed)
