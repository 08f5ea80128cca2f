"""docs/identity.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from alphapulse_mesh.registry import state, validation, venues
from alphapulse_mesh.registry.reasons import Reason

TEXT = (Path(__file__).resolve().parents[3] / "docs/identity.md").read_text("utf-8")


def test_every_reason_is_explained_and_none_that_is_not_there() -> None:
    table = TEXT.split("## Refusals")[1].split("\n## ")[0]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)]
    assert len(named) == len(set(named))
    assert set(named) == set(Reason)


def test_numbers() -> None:
    for number in (
        f"{venues.FIRST_GIVEN_NUMBER} to {venues.LAST_GIVEN_NUMBER}",
        str(venues.SOLANA_CHAIN_ID),
        f"{state.REQUESTS_KEPT:,} request ids",
        f"{state.REQUEST_BYTES_KEPT >> 20} MiB",
        f"beyond {validation._METADATA_BYTES >> 10} KiB",
        f"{validation._SYMBOL_BYTES} and {validation._NAME_BYTES} bytes",
    ):
        assert number in " ".join(TEXT.split()), number
