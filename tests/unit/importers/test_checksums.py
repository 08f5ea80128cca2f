"""Capitals of addresses as check digits, against the published vectors."""

from __future__ import annotations

import pytest

from alphapulse_mesh.importers.checksums import keccak_256, wrong_checksums

# of EIP-55 itself
RIGHT = (
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0xde709f2102306220921060314715629080e2fb77",
)


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
    ],
)
def test_keccak_is_that_of_ethereum(message: bytes, digest: str) -> None:
    assert [each.hex() for each in keccak_256([message, message])] == [digest, digest]


def test_right_ones_and_those_without_a_checksum_are_let_be() -> None:
    plain = [address.lower() for address in RIGHT]
    capitals = ["0x" + address[2:].upper() for address in RIGHT]
    none = ["", "0x", "None", "0x12aB", "1" * 40, RIGHT[0] + "0", "0x" + "gG" * 20]
    assert wrong_checksums([*RIGHT, *plain, *capitals, *none]) == set()
    assert wrong_checksums([]) == set()


@pytest.mark.parametrize("right", RIGHT[:4])
def test_any_other_letter_is_seen(right: str) -> None:
    letters = [at for at, digit in enumerate(right) if at > 1 and digit.isalpha()]
    wrong = {right[:at] + right[at].swapcase() + right[at + 1 :] for at in letters}
    assert wrong_checksums([right, *wrong]) == wrong
