"""ISO 10383: the list of market identifier codes as CSV, one file a date, the oldest first.

The first list that names a market registers it, a later one changes it, and what has expired is
retired. Markets that the registry has from the start keep their names and titles.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from blake3 import blake3

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.errors import InvalidArgument, MeshError
from alphapulse_mesh.importers.loading import AS_OF, BROKEN, changed_fields, each, told
from alphapulse_mesh.importers.rows import Place, Summary, clean, put, read_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from alphapulse_client.registry import RegistryClient

__all__ = ["COLUMNS", "import_venues", "number_of", "prepared"]

COLUMNS: Final = (
    "MIC", "OPERATING MIC", "MARKET NAME-INSTITUTION DESCRIPTION", "MARKET CATEGORY CODE",
    "ISO COUNTRY CODE (ISO 3166)", "STATUS", "EXPIRY DATE",
)  # fmt: skip
_DATE: Final = re.compile(r"(20\d\d)-?([01]\d)-?([0-3]\d)")
_MIC: Final = re.compile(r"[A-Z0-9]{4}")
_FIRST, _LAST = 49152, 65535
"""Numbers that a registry lets a caller name (docs/identity.md)."""
_AT_ONCE: Final = 64
_FIELDS: Final = frozenset({"title", "country", "operating_mic", "metadata"})
_BUILT_IN_FIELDS: Final = frozenset({"operating_mic", "metadata"})
# market category → what the registry calls it; all others are exchanges
_KINDS: Final = {
    "SINT": pb.VENUE_KIND_BROKER,
    "APPA": pb.VENUE_KIND_DATA_VENDOR,
    "ARMS": pb.VENUE_KIND_DATA_VENDOR,
    "CTPS": pb.VENUE_KIND_DATA_VENDOR,
    "RMCM": pb.VENUE_KIND_DATA_VENDOR,
}


def number_of(name: str, taken: dict[int, str]) -> int:
    """The number for a new venue: by its name, so that registries which import equal lists in the
    same order agree on ids, and the next free one where two names meet.

    Raises:
        InvalidArgument: every number is given out (VENUE_NUMBERS_EXHAUSTED).
    """
    count = _LAST - _FIRST + 1
    start = int.from_bytes(blake3(name.encode()).digest()[:4], "little") % count
    for step in range(count):
        number = _FIRST + (start + step) % count
        if number not in taken:
            taken[number] = name
            return number
    raise InvalidArgument("every venue number is given out", reason="VENUE_NUMBERS_EXHAUSTED")


def prepared(row: dict[str, str], as_of: str) -> pb.Venue:
    """The venue of a row of the list, without its number."""
    mic, operating = row["MIC"], row["OPERATING MIC"]
    venue = pb.Venue(
        name=mic if mic[0].isalpha() else f"MIC_{mic}",
        mic=mic,
        kind=_KINDS.get(row["MARKET CATEGORY CODE"], pb.VENUE_KIND_EXCHANGE),
        title=clean(row["MARKET NAME-INSTITUTION DESCRIPTION"]),
        country=row["ISO COUNTRY CODE (ISO 3166)"],
        operating_mic="" if operating == mic else operating,
    )
    put(
        venue.metadata,
        {
            AS_OF: as_of,
            "acronym": row.get("ACRONYM", ""),
            "category": row["MARKET CATEGORY CODE"],
            "city": row.get("CITY", ""),
            "expired_on": row["EXPIRY DATE"],
            "legal_entity": row.get("LEGAL ENTITY NAME", ""),
            "lei": row.get("LEI", ""),
            "website": row.get("WEBSITE", "").lower(),
        },
    )
    return venue


async def import_venues(
    registry: RegistryClient, paths: Sequence[Path], progress: Callable[[int], None]
) -> list[Summary]:
    """One summary a list."""
    known = [venue async for venue in registry.venues()]
    lists = sorted((_read(path) for path in paths), key=lambda each: (each.as_of, each.path.name))
    summaries = []
    for found in lists:
        importer = _List(registry, found, known, progress)
        await importer.run()
        summaries.append(importer.summary)
        known = list(importer.by_number.values())
    return summaries


class _File(NamedTuple):
    path: Path
    as_of: str
    rows: list[tuple[int, dict[str, str]]]
    summary: Summary


def _read(path: Path) -> _File:
    summary = Summary(f"venues {path.name}")
    rows = list(read_csv(path, summary, *COLUMNS))
    # the name that ISO gives the file has no date: it is as old as what it says last
    updates = (_date(row.get("LAST UPDATE DATE", "")) for _, row in rows)
    return _File(path, _date(path.name) or max(updates, default=""), rows, summary)


def _date(text: str) -> str:
    found = _DATE.search(text)
    return "-".join(found.groups()) if found else ""


class _List:
    """One dated list."""

    def __init__(
        self,
        registry: RegistryClient,
        found: _File,
        known: Sequence[pb.Venue],
        progress: Callable[[int], None],
    ) -> None:
        self.summary = found.summary
        self.by_number = {venue.venue: venue for venue in known}
        self._registry, self._file = registry, found
        self._by_mic = {venue.mic: venue for venue in known if venue.mic}
        self._by_name = {venue.name: venue for venue in known}
        self._taken = {venue.venue: venue.name for venue in known}
        self._progress = progress

    async def run(self) -> None:
        work = []
        # by code, and not as listed: numbers where two codes meet must not hang on the list's order
        rows = sorted(self._file.rows, key=lambda row: row[1]["MIC"])
        seen: set[str] = set()
        for line, row in rows:
            place = Place(self._file.path.name, line, row["MIC"])
            self.summary.read += 1
            if not _MIC.fullmatch(row["MIC"]):
                self.summary.refuse(place, "VENUE_MIC_INVALID", f"{row['MIC']!r} is no MIC")
            elif row["MIC"] in seen:
                self.summary.refuse(place, "LISTED_TWICE", "the list has this code already")
            else:
                work.append(self._one(place, row))
            seen.add(row["MIC"])
        self._progress(len(rows) - len(work))

        async def one(item: tuple[Place, pb.Venue, pb.Venue | None, bool]) -> None:
            place, wanted, there, expired = item
            try:
                await self._tell(place, wanted, there, expired=expired)
            except BROKEN:
                raise
            except MeshError as error:
                self.summary.refuse(place, error.reason, error.message)
            self._progress(1)

        await each(work, one, at_once=_AT_ONCE)

    def _one(
        self, place: Place, row: dict[str, str]
    ) -> tuple[Place, pb.Venue, pb.Venue | None, bool]:
        wanted = prepared(row, self._file.as_of)
        there = self._by_mic.get(wanted.mic) or self._by_name.get(f"MIC_{wanted.mic}")
        named = self._by_name.get(wanted.name)
        if there is None and named is not None:
            # its code is another venue's name (BASE, the chain), and one key is one venue
            self.summary.adapt(place, "MIC_IS_A_NAME", f"{named.name} is venue {named.venue}")
            wanted.metadata.fields["mic"].string_value = wanted.mic
            wanted.name, wanted.mic = f"MIC_{wanted.mic}", ""
        elif there is not None and not there.mic:
            wanted.metadata.fields["mic"].string_value = wanted.mic
            wanted.name, wanted.mic = there.name, ""
        if there is None:
            wanted.venue = number_of(wanted.name, self._taken)
        return place, wanted, there, row["STATUS"].upper() == "EXPIRED"

    async def _tell(
        self, place: Place, wanted: pb.Venue, there: pb.Venue | None, *, expired: bool
    ) -> None:
        if there is None:
            now = await self._registry.register_venue(wanted)
            self.summary.created += 1
        else:
            now = await self._change(place, wanted, there)
        if expired and not now.retired:
            try:
                now = await self._registry.retire_venue(now.name)
            except MeshError as error:
                if error.reason != "VENUE_IN_USE":
                    raise
                self.summary.adapt(place, "EXPIRED_IN_USE", error.message)
            else:
                self.summary.adapt(place, "EXPIRED", f"retired venue {now.venue}")
        elif now.retired and not expired:
            self.summary.adapt(place, "EXPIRED_BEFORE", "retired by another list, and stays so")
        self.by_number[now.venue] = now

    async def _change(self, place: Place, wanted: pb.Venue, there: pb.Venue) -> pb.Venue:
        built_in = there.venue < _FIRST
        fields = changed_fields(wanted, there, _BUILT_IN_FIELDS if built_in else _FIELDS)
        if fields and told(wanted) < told(there):
            self.summary.adapt(place, "OLDER_LIST", f"that of {told(there)} says otherwise")
            fields = []
        if not fields:
            self.summary.unchanged += 1
            return there
        wanted.name = there.name
        now = await self._registry.update_venue(
            wanted, fields=fields, expected_revision=there.revision
        )
        self.summary.updated += 1
        return now
