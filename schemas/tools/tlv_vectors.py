"""Write schemas/vectors/tlv.json: extensions that every language must read, or refuse, alike.

By the rule of schemas/flatbuffers/alphapulse/extensions.fbs alone (type, length, that many bytes);
it shares no code with the core. What the values of known types hold is the golden frames' part.
Run it without arguments to write the file, with `--check` to compare.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[1] / "vectors" / "tlv.json"

DESCRIPTION = (
    "TLV extensions: type u8, length u8, that many bytes. `extensions` and values are hexadecimal; "
    "`offset` of a refusal is the byte of the extensions where the TLV begins that is wrong. "
    "`rows` are those that a DeFi signal's tlv_offset and tlv_length refer to."
)
CAUSE, SLIPPAGE, CUSTOM, RESERVED = 31, 4, 100, 200


def tlv(kind: int, value: bytes) -> bytes:
    return bytes((kind, len(value))) + value


def entry(name: str, *tlvs: tuple[int, bytes]) -> dict[str, Any]:
    return {
        "name": name,
        "extensions": b"".join(tlv(*one) for one in tlvs).hex(),
        "tlvs": [{"type": kind, "value": value.hex()} for kind, value in tlvs],
    }


def vectors() -> list[dict[str, Any]]:
    cause = bytes(range(1, 25))
    longest = bytes(n % 251 for n in range(255))
    return [
        entry("none"),
        entry("a cause", (CAUSE, cause)),
        entry("an empty value", (CUSTOM, b"")),
        entry("the longest value", (CUSTOM, longest)),
        entry("two of one type, in order", (CAUSE, cause), (CAUSE, cause[::-1])),
        entry("unknown types are kept", (99, b"\x01\x02"), (CAUSE, cause), (254, b"\xff")),
        entry("a reserved type", (RESERVED, b"\x00")),
        entry("type 0", (0, b"\x05\x06")),
        entry("values that look like TLVs", (CUSTOM, b"\x1f\x18\x01"), (CUSTOM, b"\x1f")),
        entry("a known type of another size", (SLIPPAGE, bytes(31)), (CAUSE, cause[:23])),
        entry("many", *((CUSTOM + n % 100, bytes([n])) for n in range(250))),
    ]


def refused() -> list[dict[str, Any]]:
    def wrong(name: str, data: bytes, offset: int) -> dict[str, Any]:
        return {"name": name, "extensions": data.hex(), "reason": "FRAME_BAD_TLV", "offset": offset}

    good = tlv(CAUSE, bytes(24))
    return [
        wrong("a type alone", b"\x1f", 0),
        wrong("a length without its value", b"\x1f\x18", 0),
        wrong("one byte too few", good[:-1], 0),
        wrong("the longest length, nothing there", b"\x64\xff", 0),
        wrong("good, then a type alone", good + b"\x04", len(good)),
        wrong("good, then cut", good + b"\x04\x20\x01", len(good)),
        wrong("an empty one, then cut", b"\x64\x00\x64\x01", 2),
    ]


def rows() -> list[dict[str, Any]]:
    before, own, after = tlv(CAUSE, bytes(24)), tlv(SLIPPAGE, bytes(32)), tlv(99, b"\x07")
    extensions = (before + own + after).hex()

    def row(name: str, offset: int, length: int, tlvs: list[tuple[int, bytes]] | None) -> Any:
        found: dict[str, Any] = {"name": name, "extensions": extensions}
        found |= {"tlv_offset": offset, "tlv_length": length}
        if tlvs is None:
            return found | {"reason": "FRAME_BAD_TLV"}
        return found | {"tlvs": [{"type": kind, "value": value.hex()} for kind, value in tlvs]}

    start, end = len(before), len(before) + len(own)
    whole = end + len(after)
    return [
        row("none", 0, 0, []),
        row("none, at the end", whole, 0, []),
        row("its own", start, len(own), [(SLIPPAGE, bytes(32))]),
        row("its own, and more", start, whole - start, [(SLIPPAGE, bytes(32)), (99, b"\x07")]),
        row("beyond the end", start, whole - start + 1, None),
        row("far beyond the end", 0xFFFF, 0xFFFF, None),
        row("cut within a value", start, len(own) - 1, None),
    ]  # fmt: skip


def main(arguments: list[str]) -> int:
    document = {
        "description": DESCRIPTION, "version": 1,
        "vectors": vectors(), "refused": refused(), "rows": rows(),
    }  # fmt: skip
    text = json.dumps(document, indent=1) + "\n"
    if arguments == ["--check"]:
        if TARGET.read_text(encoding="utf-8") != text:
            print(f"{TARGET} is stale: run {Path(__file__).name}", file=sys.stderr)
            return 1
        return 0
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
