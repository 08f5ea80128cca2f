"""`alphapulse registry`: candidates by what they really are, venues by their names."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from rich.console import Console

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.errors import NotFound
from alphapulse_client.instrument_ids import id_message
from alphapulse_layout import VenueId
from alphapulse_mesh.cli import output
from alphapulse_mesh.cli.registry import grouped_rows
from alphapulse_mesh.cli.venue_names import VenueNames

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alphapulse_client import Mesh

A = common_pb2.AssetType


class Registry:
    """Knows one venue that has no built-in name; counts what it is asked."""

    def __init__(self, venues: dict[int, str]) -> None:
        self._venues = venues
        self.asked: list[object] = []

    async def venue(self, number: int) -> pb.Venue:
        self.asked.append(number)
        if number not in self._venues:
            raise NotFound(f"no venue {number}")
        return pb.Venue(venue=number, name=self._venues[number])

    async def venues(self) -> AsyncIterator[pb.Venue]:
        self.asked.append("all")
        for number, name in self._venues.items():
            yield pb.Venue(venue=number, name=name)


def names(venues: dict[int, str] | None = None) -> tuple[VenueNames, Registry]:
    registry = Registry(venues or {})
    return VenueNames(cast("Mesh", SimpleNamespace(registry=registry))), registry


async def test_venues_are_called_what_the_registry_calls_them() -> None:
    known, registry = names({59751: "MUNB"})
    await known.learn([VenueId.XETRA, 0, 59751, 59751, 60000])
    await known.learn([59751, 60000])
    assert sorted(registry.asked) == [59751, 60000]  # type: ignore[type-var]  # all are numbers
    assert [known[number] for number in (0, VenueId.XETRA, 59751, 60000, 1234)] == [
        "", "XETRA", "MUNB", "60000", "1234",
    ]  # fmt: skip


async def test_many_names_are_asked_for_at_once() -> None:
    known, registry = names({number: f"V{number}" for number in range(40_000, 40_100)})
    await known.learn(range(40_000, 40_100))
    assert registry.asked == ["all"]
    assert known[40_099] == "V40099"


def test_the_primary_line_comes_first_and_receipts_stand_apart() -> None:
    lines = [
        pb.Instrument(asset_type=kind, symbol=symbol, venue=venue)
        for kind, symbol, venue in (
            (A.ASSET_TYPE_STOCK, "APC", VenueId.XETRA),
            (A.ASSET_TYPE_STOCK, "AAPL", VenueId.NASDAQ),
            (A.ASSET_TYPE_DEPOSITARY_RECEIPT, "AAPL", VenueId.BYMA),
        )
    ]
    answer = pb.ResolveInstrumentResponse(
        candidates=lines,
        groups=[
            pb.CandidateGroup(asset_type=A.ASSET_TYPE_STOCK, candidates=[1, 0], primary=1),
            pb.CandidateGroup(
                asset_type=A.ASSET_TYPE_DEPOSITARY_RECEIPT, candidates=[2], primary=2
            ),
        ],
    )
    assert [row[:3] for row in grouped_rows(answer, names()[0])] == [
        ("share, primary", "AAPL", "NASDAQ"),
        ("share", "APC", "XETRA"),
        ("depositary receipt", "AAPL", "BYMA"),
    ]


def test_names_with_brackets_are_printed_as_they_stand() -> None:
    console = Console(width=200, file=io.StringIO())
    rows = [("Orca (USDC/USDT[stable])", "[/red]")]
    console.print(output.table(["name", "symbol"], rows, markup=False))
    console.print(output.key_values({"name": "[stable] coin"}))
    printed = console.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO
    for text in ("(USDC/USDT[stable])", "[/red]", "[stable] coin"):
        assert text in printed


def test_a_message_is_shown_in_words() -> None:
    one = pb.Instrument(
        id_text="ab" * 16,
        asset_type=A.ASSET_TYPE_POOL,
        status=pb.INSTRUMENT_STATUS_ACTIVE,
        primary_listing=True,
        underlying=id_message("01" * 16),
        pool_tokens=[id_message("02" * 16), id_message("03" * 16)],
    )
    one.metadata.update({"b": 2, "a": "x"})
    one.valid_from.FromSeconds(0)
    assert output.fields(one) == {
        "id text": "ab" * 16,
        "asset type": "pool",
        "status": "active",
        "primary listing": "yes",
        "underlying": "01" * 16,
        "pool tokens": f"{'02' * 16}, {'03' * 16}",
        "metadata": "a: x\nb: 2.0",
        "valid from": "1970-01-01T00:00:00Z",
    }
    tier = pb.QuoteFeesResponse(maker_fee="1", taker_fee="2.5")
    assert output.fields(tier) == {"maker fee": "1", "taker fee": "2.5"}
