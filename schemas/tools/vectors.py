"""Write schemas/vectors/instrument_ids.json: ids that every language must make of the same keys.

An implementation of its own, by the rules of docs/identity.md and the PyPI `blake3` alone: it
shares no code with the core, so that the two check one another. Run it without arguments to write
the file, with `--check` to compare.
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path
from typing import Any

from blake3 import blake3

TARGET = Path(__file__).resolve().parents[1] / "vectors" / "instrument_ids.json"

ASSET_TYPES = [
    "none", "token", "stock", "etf", "index", "bond", "currency", "fx_pair", "crypto_pair",
    "future", "perpetual", "option", "pool", "synthetic", "depositary_receipt", "fund", "commodity",
]  # fmt: skip
SCHEMES = {"SYMBOL": 1, "ISIN": 2, "PAIR": 3, "NUMERIC": 4, "HASH": 5}

CODE = {c: i for i, c in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", start=1)}
SYMBOL = CODE | {".": 37, "-": 38}
ISIN = {c: i for i, c in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}


def canonical(asset_type: int, venue: int, local: str) -> str:
    return f"v1:{ASSET_TYPES[asset_type]}:{venue}:{local}"


def packed(text: str, digits: dict[str, int], width: int) -> int:
    base = len(digits) + (0 if 0 in digits.values() else 1)
    return sum(digits[c] * base ** (width - 1 - i) for i, c in enumerate(text))


def result(
    asset_type: int, venue: int, scheme: str, asset_id: int, salt: int, key: str | None
) -> dict[str, Any]:
    raw = struct.pack("<QHBBI", asset_id, venue, asset_type, SCHEMES[scheme], salt)
    return {
        "id": raw.hex(),
        "asset_id": str(asset_id),
        "scheme": scheme,
        "salt": salt,
        "decoded": key,
    }


def hashed(asset_type: int, venue: int, key: str, attempt: int = 0) -> dict[str, Any]:
    digest = blake3((key if attempt == 0 else f"{key}#{attempt}").encode()).digest()
    asset_id, salt = struct.unpack_from("<QI", digest)
    return result(asset_type, venue, "HASH", asset_id, salt, None)


def symbol(asset_type: int, venue: int, text: str) -> dict[str, Any]:
    if len(text) <= 12 and all(c in SYMBOL for c in text):
        return result(asset_type, venue, "SYMBOL", packed(text, SYMBOL, 12), 0, text)
    return hashed(asset_type, venue, canonical(asset_type, venue, text))


def pair(asset_type: int, venue: int, base: str, quote: str) -> dict[str, Any]:
    local = f"{base}/{quote}"
    if all(len(code) <= 6 and all(c in CODE for c in code) for code in (base, quote)):
        value = packed(base, CODE, 6) * 37**6 + packed(quote, CODE, 6)
        return result(asset_type, venue, "PAIR", value, 0, local)
    return hashed(asset_type, venue, canonical(asset_type, venue, local))


def vectors() -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []

    def add(
        name: str, kind: str, asset_type: int, venue: int, given: Any, made: dict[str, Any]
    ) -> None:
        out.append(
            {"name": name, "kind": kind, "asset_type": asset_type, "venue": venue, **given, **made}
        )

    def add_symbol(name: str, asset_type: int, venue: int, text: str) -> None:
        given = {"symbol": text, "canonical_key": canonical(asset_type, venue, text)}
        add(name, "symbol", asset_type, venue, given, symbol(asset_type, venue, text))

    for name, asset_type, venue, text in [
        ("one letter", 2, 401, "F"),
        ("last letter", 2, 401, "Z"),
        ("digit zero", 2, 420, "0"),
        ("digits alone", 2, 420, "7203"),
        ("leading zeros", 2, 421, "0005"),
        ("full stop", 2, 401, "BRK.B"),
        ("hyphen", 2, 414, "AD-R"),
        ("nothing but hyphens", 13, 0, "------------"),
        ("nothing but full stops", 13, 0, "............"),
        ("binance spot", 8, 1, "BTCUSDT"),
        ("the same symbol on another venue", 8, 2, "BTCUSDT"),
        ("the same symbol as another asset type", 10, 2, "BTCUSDT"),
        ("simulator", 8, 90, "BTCUSDT"),
        ("eleven characters", 8, 1, "1INCHUPUSDT"),
        ("twelve characters", 8, 1, "1000SATSUSDT"),
        ("twelve of the largest digit", 2, 65535, "------------"),
        ("twelve of the smallest digit", 2, 1, "AAAAAAAAAAAA"),
        ("thirteen characters are hashed", 10, 2, "1000000MOGUSDT"[:13]),
        ("fourteen characters are hashed", 10, 2, "1000000MOGUSDT"),
        ("alphabet, first part", 2, 1, "ABCDEFGHIJKL"),
        ("alphabet, second part", 2, 1, "MNOPQRSTUVWX"),
        ("alphabet, third part", 2, 1, "YZ0123456789"),
        ("alphabet, signs", 2, 1, ".-"),
        ("lower case is hashed", 2, 1, "btcusdt"),
        ("mixed case is hashed", 2, 400, "BRKb"),
        ("slash is hashed", 8, 4, "XBT/USD"),
        ("space is hashed", 2, 400, "BRK B"),
        ("underscore is hashed", 9, 2, "BTCUSDT_260925"),
        ("long option name", 11, 13, "BTC-26SEP25-120000-C"),
        ("very long option name", 11, 499, "SPXW  261218C06000000-" + "X" * 200),
        ("unicode symbol", 1, 1, "币安人生USDT"),
        ("umlaut, composed", 2, 410, "MÜNCHEN"),
        ("umlaut, decomposed", 2, 410, "MU\u0308NCHEN"),
        ("character beyond the basic plane", 1, 105, "\U0001f680"),
        ("currency without a venue", 6, 0, "USDT"),
        ("highest venue number", 2, 65535, "X"),
        ("highest asset type", 16, 440, "GC"),
    ]:
        add_symbol(name, asset_type, venue, text)

    for name, asset_type, venue, text in [
        ("Apple", 2, 400, "US0378331005"),
        ("Apple without a venue", 2, 0, "US0378331005"),
        ("BMW", 2, 410, "DE0005190003"),
        ("letters inside", 2, 412, "GB00B03MLX29"),
        ("lowest", 5, 0, "AA0000000000"),
        ("highest", 5, 0, "ZZZZZZZZZZZ9"),
    ]:
        made = result(asset_type, venue, "ISIN", packed(text, ISIN, 12), 0, text)
        given = {"isin": text, "canonical_key": canonical(asset_type, venue, text)}
        add(name, "isin", asset_type, venue, given, made)

    for name, asset_type, venue, base, quote in [
        ("euro dollar", 7, 0, "EUR", "USD"),
        ("bitcoin tether", 8, 1, "BTC", "USDT"),
        ("reversed", 8, 1, "USDT", "BTC"),
        ("six characters each", 8, 1, "PENDLE", "FDUSD9"),
        ("digits", 8, 1, "1INCH", "0"),
        ("longest and largest", 8, 1, "999999", "999999"),
        ("shortest", 8, 1, "A", "A"),
        ("the border is kept", 8, 1, "AB", "C"),
        ("the border is kept the other way", 8, 1, "A", "BC"),
        ("seven characters are hashed", 8, 1, "1000CAT", "USDT"),
        ("lower case is hashed", 8, 7, "btc", "usd"),
        ("full stop is hashed", 8, 4, "USDC.E", "USD"),
    ]:
        given = {
            "base": base,
            "quote": quote,
            "canonical_key": canonical(asset_type, venue, f"{base}/{quote}"),
        }
        add(name, "pair", asset_type, venue, given, pair(asset_type, venue, base, quote))

    for name, asset_type, venue, number in [
        ("zero", 9, 440, 0),
        ("one", 9, 440, 1),
        ("above 2^53", 9, 440, 2**53 + 1),
        ("above 2^63", 9, 440, 2**63 + 1),
        ("highest", 9, 440, 2**64 - 1),
    ]:
        made = result(asset_type, venue, "NUMERIC", number, 0, str(number))
        given = {"number": str(number), "canonical_key": canonical(asset_type, venue, str(number))}
        add(name, "numeric", asset_type, venue, given, made)

    for name, asset_type, venue, local, attempt in [
        ("short key by hash", 2, 400, "AAPL", 0),
        ("first fallback", 2, 400, "AAPL", 1),
        ("second fallback", 2, 400, "AAPL", 2),
        ("tenth fallback", 2, 400, "AAPL", 10),
        ("highest fallback", 2, 400, "AAPL", 2**32 - 1),
        ("a key that holds the separator", 12, 201, "v3:0xabc:500", 0),
        ("a key that looks like a fallback", 2, 400, "AAPL#", 0),
        ("pool of two tokens and a fee", 12, 201, "0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640", 0),
        ("one byte above a BLAKE3 block", 13, 0, "x" * (65 - len("v1:synthetic:0:")), 0),
        ("exactly a BLAKE3 block", 13, 0, "x" * (64 - len("v1:synthetic:0:")), 0),
        ("one byte above a BLAKE3 chunk", 13, 0, "y" * (1025 - len("v1:synthetic:0:")), 0),
    ]:
        key = canonical(asset_type, venue, local)
        keyed = {"canonical_key": key, "attempt": attempt}
        add(name, "hash", asset_type, venue, keyed, hashed(asset_type, venue, key, attempt))

    for name, asset_type, venue, address in [
        ("USDC on Ethereum", 1, 100, "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"),
        ("the same in lower case", 1, 100, "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"),
        ("the same on Polygon", 1, 101, "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"),
        ("vanity address", 1, 100, "0x0000000000000000000000000000000000000001"),
        ("vanity address with the same first eight bytes", 1, 100,
         "0x0000000000000000000000000000000000000002"),
        ("vanity prefix and suffix", 1, 100, "0x0000000000085d4780B73119b644AE5ecd22b376"),
        ("highest", 12, 200, "0xffffffffffffffffffffffffffffffffffffffff"),
    ]:  # fmt: skip
        key = canonical(asset_type, venue, address.lower())
        given = {"address": address, "canonical_key": key}
        add(name, "address", asset_type, venue, given, hashed(asset_type, venue, key))
    return out


def refused() -> list[dict[str, Any]]:
    """Keys and texts without an id, with the reason that the core gives."""
    out: list[dict[str, Any]] = []

    def add(
        name: str, kind: str, reason: str, asset_type: int = 2, venue: int = 1, **given: Any
    ) -> None:
        out.append(
            {"name": name, "kind": kind, "asset_type": asset_type, "venue": venue, **given,
             "reason": reason}
        )  # fmt: skip

    add("empty symbol", "symbol", "ID_EMPTY_KEY", symbol="")
    add("no asset type", "symbol", "ID_BAD_ASSET_TYPE", asset_type=0, symbol="AAPL")
    add("unknown asset type", "symbol", "ID_BAD_ASSET_TYPE", asset_type=200, symbol="AAPL")
    add("empty ISIN", "isin", "ID_EMPTY_KEY", isin="")
    add("ISIN too short", "isin", "ID_BAD_KEY", isin="US037833100")
    add("ISIN too long", "isin", "ID_BAD_KEY", isin="US03783310055")
    add("ISIN in lower case", "isin", "ID_BAD_KEY", isin="us0378331005")
    add("ISIN without a country", "isin", "ID_BAD_KEY", isin="120378331005")
    add("ISIN with a letter as check digit", "isin", "ID_BAD_KEY", isin="US037833100A")
    add("ISIN with a hyphen", "isin", "ID_BAD_KEY", isin="US-378331005")
    add("empty base", "pair", "ID_EMPTY_KEY", base="", quote="USD")
    add("empty quote", "pair", "ID_EMPTY_KEY", base="BTC", quote="")
    add("slash in a code", "pair", "ID_BAD_KEY", base="A/B", quote="C")
    add("empty local key", "hash", "ID_EMPTY_KEY", canonical_key="v1:stock:1:", attempt=0)
    add("key of another venue", "hash", "ID_BAD_KEY", canonical_key="v1:stock:2:AAPL", attempt=0)
    add("key of another type", "hash", "ID_BAD_KEY", canonical_key="v1:etf:1:AAPL", attempt=0)
    add("key of another version", "hash", "ID_BAD_KEY", canonical_key="v2:stock:1:AAPL", attempt=0)
    add("address too short", "address", "ID_BAD_KEY", address="0x" + "a" * 39)
    add("address without 0x", "address", "ID_BAD_KEY", address="a" * 42)
    add("address with another letter", "address", "ID_BAD_KEY", address="0x" + "g" * 40)
    add("text too short", "text", "ID_BAD_TEXT", text="0" * 31)
    add("text too long", "text", "ID_BAD_TEXT", text="0" * 33)
    add("text with another letter", "text", "ID_BAD_TEXT", text="0" * 31 + "x")
    add("text with a sign", "text", "ID_BAD_TEXT", text="+" + "0" * 31)

    def malformed(name: str, scheme: int, asset_id: int, salt: int = 0) -> None:
        raw = struct.pack("<QHBBI", asset_id, 1, 2, scheme, salt)
        out.append({"name": name, "kind": "decode", "id": raw.hex(), "reason": "ID_MALFORMED"})

    malformed("no scheme", 0, 1)
    malformed("unknown scheme", 6, 1)
    malformed("symbol of no character", 1, 0)
    malformed("symbol above the range", 1, 39**12)
    malformed("symbol with a gap", 1, packed("AAAAAAAAAAAA", SYMBOL, 12) - 39)
    malformed("symbol that begins with a pad", 1, 1)
    malformed("symbol with a salt", 1, packed("A", SYMBOL, 12), 1)
    malformed("ISIN above the range", 2, 36**12)
    malformed("ISIN without a country", 2, packed("120378331005", ISIN, 12))
    malformed("ISIN with a salt", 2, packed("US0378331005", ISIN, 12), 7)
    malformed("pair above the range", 3, 37**12)
    malformed("pair without a base", 3, packed("USD", CODE, 6))
    malformed("pair without a quote", 3, packed("USD", CODE, 6) * 37**6)
    malformed("pair with a gap", 3, (packed("USD", CODE, 6) + 1) * 37**6 + packed("USD", CODE, 6))
    malformed("number with a salt", 4, 5, 1)
    return out


def main(arguments: list[str]) -> int:
    ids, refusals = vectors(), refused()
    document = {
        "description": "Instrument ids of natural keys; rules in docs/identity.md. `id` is the 16 "
        "bytes in memory order, numbers above 2^53 are text, `decoded` is null for a hashed id.",
        "version": 1,
        "vectors": ids,
        "refused": refusals,
    }
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    if arguments == ["--check"]:
        if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
            print(f"{TARGET} is stale: run schemas/tools/vectors.py", file=sys.stderr)
            return 1
        return 0
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET}: {len(ids)} ids, {len(refusals)} refusals")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
