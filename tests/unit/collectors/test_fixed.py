"""Decimal text to integers of 1e-8: exact, or refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphapulse_mesh.collectors.fixed import FixedCache, parse_fixed

VALUES = st.integers(min_value=0, max_value=(1 << 63) - 1)


@given(VALUES, st.integers(min_value=0, max_value=8))
def test_every_64_bit_value_comes_back_exactly(value: int, padding: int) -> None:
    text = f"{Decimal(value).scaleb(-8):f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if "." in text:
        text += "0" * min(padding, 8 - len(text.partition(".")[2]))
    assert parse_fixed(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("61837.63000000", 6_183_763_000_000),
        ("0.014", 1_400_000),
        ("58710.20", 5_871_020_000_000),
        ("7", 700_000_000),
        ("0", 0),
        ("0.00000001", 1),
        ("1.000000000000", 100_000_000),
        (".5", 50_000_000),
    ],
)
def test_texts_of_the_venues(text: str, value: int) -> None:
    assert parse_fixed(text) == value


@pytest.mark.parametrize(
    "text",
    ["", ".", "-1", "+1", "1e5", "1_0", " 1", "1.2.3", "nan", "0x10", "٣", "0.000000001",
     "92233720368.54775808"],
)  # fmt: skip
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"decimal|fit"):
        parse_fixed(text)


def test_the_cache_answers_the_same_and_stays_bounded() -> None:
    cache = FixedCache(limit=10)
    for number in range(11):
        assert cache[f"{number}.5"] == parse_fixed(f"{number}.5")
        assert cache[f"{number}.5"] == parse_fixed(f"{number}.5")
    cache.trim()
    assert len(cache) == 0
    with pytest.raises(ValueError, match="decimal"):
        cache["x"]
    assert "x" not in cache
