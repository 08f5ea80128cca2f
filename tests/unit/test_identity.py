"""Instrument ids: the shared vectors, the array functions, and that reversible ids reverse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import alphapulse_core as core
from alphapulse_layout.dtypes import INSTRUMENT_ID
from alphapulse_layout.enums import AssetType, IdScheme

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENT = json.loads((REPOSITORY / "schemas/vectors/instrument_ids.json").read_text("utf-8"))

SYMBOL_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"
ASSET_TYPES = st.sampled_from([t for t in AssetType if t is not AssetType.NONE])
VENUES = st.integers(0, 65535)


def make(vector: dict[str, Any]) -> bytes:
    """The core's id for a vector's input."""
    place = vector.get("asset_type", 0), vector.get("venue", 0)
    match vector["kind"]:
        case "symbol":
            return core.instrument_id_symbol(*place, vector["symbol"])
        case "isin":
            return core.instrument_id_isin(*place, vector["isin"])
        case "pair":
            return core.instrument_id_pair(*place, vector["base"], vector["quote"])
        case "numeric":
            return core.instrument_id_numeric(*place, int(vector["number"]))
        case "hash":
            return core.instrument_id_hash(*place, vector["canonical_key"], vector["attempt"])
        case "address":
            return core.instrument_id_address(*place, vector["address"])
        case "text":
            return core.instrument_id_parse(vector["text"])
        case "decode":
            raw = bytes.fromhex(vector["id"])
            core.instrument_id_decode(raw)
            return raw
    raise AssertionError(f"unknown kind {vector['kind']}")


def named(vectors: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(v, id=f"{v['kind']}: {v['name']}") for v in vectors]


@pytest.mark.parametrize("vector", named(DOCUMENT["vectors"]))
def test_vector(vector: dict[str, Any]) -> None:
    made = make(vector)
    assert made.hex() == vector["id"]
    assert core.instrument_id_text(made) == vector["id"]
    assert core.instrument_id_parse(vector["id"].upper()) == made
    fields = core.instrument_id_fields(made)
    assert fields == (
        int(vector["asset_id"]),
        vector["venue"],
        vector["asset_type"],
        IdScheme[vector["scheme"]],
        vector["salt"],
    )
    assert core.instrument_id_from_fields(*fields) == made
    assert core.instrument_id_decode(made) == (IdScheme[vector["scheme"]], vector["decoded"])
    if vector["kind"] != "hash":
        local = vector["canonical_key"].split(":", 3)[3]
        key = core.canonical_key(vector["asset_type"], vector["venue"], local)
        assert key == vector["canonical_key"]
    if vector["scheme"] == "HASH" and vector["kind"] != "hash":
        place = vector["asset_type"], vector["venue"]
        assert core.instrument_id_hash(*place, vector["canonical_key"]) == made


@pytest.mark.parametrize("vector", named(DOCUMENT["refused"]))
def test_refusal(vector: dict[str, Any]) -> None:
    with pytest.raises(core.InstrumentIdError) as caught:
        make(vector)
    assert caught.value.reason == vector["reason"]
    assert isinstance(caught.value, ValueError)


def test_vectors_use_every_letter_and_scheme() -> None:
    symbols = "".join(v.get("symbol", "") for v in DOCUMENT["vectors"] if v["scheme"] == "SYMBOL")
    assert set(symbols) == set(SYMBOL_ALPHABET)
    assert {v["scheme"] for v in DOCUMENT["vectors"]} == {
        s.name for s in IdScheme if s is not IdScheme.NONE
    }


def test_vectors_do_not_collide() -> None:
    keys: dict[str, set[tuple[str, int]]] = {}
    for vector in DOCUMENT["vectors"]:
        key = vector["canonical_key"], vector.get("attempt", 0)
        keys.setdefault(vector["id"], set()).add(key)
    assert all(len(found) == 1 for found in keys.values())


@given(ASSET_TYPES, VENUES, st.text(SYMBOL_ALPHABET, min_size=1, max_size=12))
def test_symbols_reverse(asset_type: AssetType, venue: int, symbol: str) -> None:
    made = core.instrument_id_symbol(asset_type, venue, symbol)
    assert core.instrument_id_decode(made) == (IdScheme.SYMBOL, symbol)
    assert core.instrument_id_fields(made)[1:3] == (venue, asset_type)


@given(
    ASSET_TYPES,
    st.text(SYMBOL_ALPHABET[:36], min_size=1, max_size=6),
    st.text(SYMBOL_ALPHABET[:36], min_size=1, max_size=6),
)
def test_pairs_reverse(asset_type: AssetType, base: str, quote: str) -> None:
    made = core.instrument_id_pair(asset_type, 1, base, quote)
    assert core.instrument_id_decode(made) == (IdScheme.PAIR, f"{base}/{quote}")


@given(st.from_regex(r"[A-Z]{2}[A-Z0-9]{9}[0-9]", fullmatch=True))
def test_isins_reverse(isin: str) -> None:
    made = core.instrument_id_isin(AssetType.STOCK, 0, isin)
    assert core.instrument_id_decode(made) == (IdScheme.ISIN, isin)


@given(ASSET_TYPES, VENUES, st.text(min_size=1))
def test_any_symbol_has_one_id(asset_type: AssetType, venue: int, symbol: str) -> None:
    made = core.instrument_id_symbol(asset_type, venue, symbol)
    scheme, key = core.instrument_id_decode(made)
    assert key in (symbol, None)
    assert (key is None) == (scheme == IdScheme.HASH)
    reversible = len(symbol) <= 12 and set(symbol) <= set(SYMBOL_ALPHABET)
    assert (scheme == IdScheme.SYMBOL) == reversible


@given(st.binary(min_size=16, max_size=16))
def test_what_decodes_encodes_to_the_same_bytes(raw: bytes) -> None:
    """No two ids decode to one key: random bytes are malformed, or what the encoder makes."""
    salt = bytes(4) if raw[15] < 200 else raw[12:]
    raw = raw[:10] + bytes([raw[10] % 16 + 1, raw[11] % 5]) + salt
    try:
        scheme, key = core.instrument_id_decode(raw)
    except core.InstrumentIdError:
        return
    place = core.instrument_id_fields(raw)[2], core.instrument_id_fields(raw)[1]
    if scheme == IdScheme.SYMBOL:
        assert core.instrument_id_symbol(*place, key or "") == raw
    elif scheme == IdScheme.ISIN:
        assert core.instrument_id_isin(*place, key or "") == raw
    elif scheme == IdScheme.PAIR:
        assert core.instrument_id_pair(*place, *(key or "").split("/")) == raw
    elif scheme == IdScheme.NUMERIC:
        assert core.instrument_id_numeric(*place, int(key or "")) == raw


class TestArrays:
    """The array functions give what the single ones give."""

    symbols = ("BTCUSDT", "btcusdt", "X" * 13, "BRK.B")
    types = np.array([8, 8, 11, 2], dtype=np.uint8)
    venues = np.array([1, 2, 13, 401], dtype=np.uint16)

    def test_symbols_with_a_place_each(self) -> None:
        ids = core.instrument_ids_symbol(self.types, self.venues, self.symbols)
        assert ids.shape == (4, 16)
        assert ids.dtype == np.uint8
        assert [bytes(row) for row in ids] == [
            core.instrument_id_symbol(int(t), int(v), s)
            for t, v, s in zip(self.types, self.venues, self.symbols, strict=True)
        ]

    def test_one_place_for_all(self) -> None:
        ids = core.instrument_ids_symbol(8, 1, list(self.symbols))
        assert bytes(ids[1]) == core.instrument_id_symbol(8, 1, "btcusdt")
        assert core.instrument_ids_symbol(8, 1, []).shape == (0, 16)

    def test_ids_view_as_records(self) -> None:
        records = core.instrument_ids_symbol(8, self.venues, self.symbols).view(INSTRUMENT_ID)[:, 0]
        assert records["venue"].tolist() == self.venues.tolist()
        assert records["scheme"].tolist() == [1, 5, 5, 1]

    def test_the_other_schemes(self) -> None:
        isins = core.instrument_ids_isin(2, self.venues[:2], ["US0378331005", "DE0005190003"])
        pairs = core.instrument_ids_pair(8, 1, ["BTC", "1000CAT"], ["USDT", "USDT"])
        numbers = core.instrument_ids_numeric(9, 440, np.array([0, 2**64 - 1], dtype=np.uint64))
        keys = ["v1:stock:1:A", "v1:stock:1:B"]
        hashes = core.instrument_ids_hash(2, 1, keys, 3)
        assert bytes(isins[1]) == core.instrument_id_isin(2, 2, "DE0005190003")
        assert bytes(pairs[1]) == core.instrument_id_pair(8, 1, "1000CAT", "USDT")
        assert bytes(numbers[1]) == core.instrument_id_numeric(9, 440, 2**64 - 1)
        assert bytes(hashes[1]) == core.instrument_id_hash(2, 1, keys[1], 3)

    def test_text_and_decoding(self) -> None:
        ids = core.instrument_ids_symbol(self.types, self.venues, self.symbols)
        texts = core.instrument_ids_text(ids)
        assert texts == [bytes(row).hex() for row in ids]
        assert core.instrument_ids_parse(texts).tobytes() == ids.tobytes()
        assert core.instrument_ids_decode(ids.view("V16")) == [
            (1, "BTCUSDT"),
            (5, None),
            (5, None),
            (1, "BRK.B"),
        ]
        assert core.instrument_ids_decode(bytes(16)) == [(0, None)]

    def test_an_error_names_the_key(self) -> None:
        with pytest.raises(core.InstrumentIdError, match=r"^key 2: ") as caught:
            core.instrument_ids_symbol(8, 1, ["A", "B", ""])
        assert caught.value.reason == "ID_EMPTY_KEY"

    def test_lengths_must_agree(self) -> None:
        with pytest.raises(ValueError, match="4 venues for 1 keys"):
            core.instrument_ids_symbol(8, self.venues, ["A"])
        with pytest.raises(ValueError, match="1 bases and 2 quotes"):
            core.instrument_ids_pair(8, 1, ["A"], ["B", "C"])

    def test_one_text_is_not_a_sequence_of_keys(self) -> None:
        with pytest.raises(TypeError, match="sequence of str"):
            core.instrument_ids_symbol(8, 1, "BTCUSDT")
        with pytest.raises(core.InstrumentIdError):
            core.instrument_ids_text(b"x" * 17)


def test_address_bytes_and_text_agree() -> None:
    raw = bytes(range(20))
    assert core.instrument_id_address(1, 100, raw) == core.instrument_id_address(
        1, 100, "0x" + raw.hex().upper()
    )
    with pytest.raises(core.InstrumentIdError, match="20 bytes, not 19"):
        core.instrument_id_address(1, 100, raw[:19])
