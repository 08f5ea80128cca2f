"""EIP-55: the capitals of an Ethereum address are its check digits.

An address all in lower or all in upper case has none. Keccak-256 is not the SHA3-256 of hashlib:
its padding is another. Here it takes all addresses of a file at once, a lane of each in one array.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Lanes = list[NDArray[np.uint64]]

__all__ = ["OTHER_RULE", "keccak_256", "wrong_checksums"]

OTHER_RULE: Final = frozenset({30, 31})
"""Rootstock's chains, which put their number into the checksum (EIP-1191)."""
_ADDRESS: Final = re.compile("0x[0-9a-fA-F]{40}")
_RATE: Final = 136
_STATE: Final = 200


def _round_constants() -> tuple[np.uint64, ...]:
    """FIPS 202, 3.2.5: bits of a linear shift register."""
    constants, register = [], 1
    for _ in range(24):
        constant = 0
        for power in range(7):
            constant |= (register & 1) << ((1 << power) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        constants.append(np.uint64(constant))
    return tuple(constants)


def _moves() -> tuple[tuple[int, int], ...]:
    """FIPS 202, 3.2.2 and 3.2.3: where the lanes go one after the other, and how far each turns."""
    x, y, found = 1, 0, []
    for step in range(24):
        x, y = y, (2 * x + 3 * y) % 5
        found.append((x + 5 * y, (step + 2) * (step + 1) // 2 % 64))
    return tuple(found)


_ROUNDS: Final = _round_constants()
_MOVES: Final = _moves()


def _turned(lane: NDArray[np.uint64], by: int) -> NDArray[np.uint64]:
    """By 1 to 63 bits."""
    return lane << np.uint64(by) | lane >> np.uint64(64 - by)


def _permuted(lanes: Lanes) -> Lanes:
    """Keccak-f[1600] of 25 lanes, lane x + 5y."""
    for constant in _ROUNDS:
        columns = [np.bitwise_xor.reduce(lanes[x::5]) for x in range(5)]
        mixed = [columns[x - 1] ^ _turned(columns[(x + 1) % 5], 1) for x in range(5)]
        lanes = [lane ^ mixed[at % 5] for at, lane in enumerate(lanes)]
        carried = lanes[1]
        for to, by in _MOVES:
            lanes[to], carried = _turned(carried, by), lanes[to]
        lanes = [
            lane ^ (~lanes[at - at % 5 + (at + 1) % 5] & lanes[at - at % 5 + (at + 2) % 5])
            for at, lane in enumerate(lanes)
        ]
        lanes[0] = lanes[0] ^ constant
    return lanes


def keccak_256(messages: list[bytes]) -> list[bytes]:
    """The 32 bytes of each; messages of one length below 136 bytes."""
    size = len(messages[0])
    blocks = np.zeros((len(messages), _STATE), np.uint8)
    blocks[:, :size] = np.frombuffer(b"".join(messages), np.uint8).reshape(len(messages), size)
    blocks[:, size] ^= 0x01
    blocks[:, _RATE - 1] ^= 0x80
    lanes = list(np.ascontiguousarray(blocks.view("<u8").T).astype(np.uint64))
    hashed = np.stack(_permuted(lanes)[:4], axis=1).astype("<u8")
    return [row.tobytes() for row in hashed]


def wrong_checksums(addresses: Iterable[str]) -> set[str]:
    """Those whose capitals are not what EIP-55 makes of their digits. What is no address, or has no
    capitals, or nothing else, is not judged.
    """
    judged = sorted(
        {
            each
            for each in addresses
            if _ADDRESS.fullmatch(each) and each[2:] not in {each[2:].lower(), each[2:].upper()}
        }
    )
    if not judged:
        return set()
    told = keccak_256([each[2:].lower().encode() for each in judged])
    return {
        each for each, digest in zip(judged, told, strict=True) if each[2:] != _cased(each, digest)
    }


def _cased(address: str, digest: bytes) -> str:
    pairs = zip(address[2:].lower(), digest.hex(), strict=False)
    return "".join(digit.upper() if nibble >= "8" else digit for digit, nibble in pairs)
