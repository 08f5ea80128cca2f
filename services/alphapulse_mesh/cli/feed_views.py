"""How `feed tail` shows frames: a live table, lines for a pipe, JSON lines, CSV.

A view is told frames and gaps, and says how many records it has shown. Where they come from is
`feed_tail`'s part.
"""

from __future__ import annotations

import csv
import sys
import time
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol, TextIO

import orjson
from rich.live import Live
from rich.table import Table

import alphapulse_core as core
from alphapulse_layout import DTYPES
from alphapulse_mesh.cli import output
from alphapulse_mesh.cli.feed_values import Records
from alphapulse_mesh.runtime.fields import TIMES, enum_name, enum_of, type_name

if TYPE_CHECKING:
    from alphapulse_client import DomainState, Frame, Gap
    from alphapulse_mesh.cli.venue_names import VenueNames

__all__ = ["CsvView", "JsonView", "LineView", "Names", "TableView", "View"]

_MOST_SHOWN: Final = 40
_RATE_SECONDS: Final = 5.0
_ID_DIGITS: Final = 32
_Q64: Final = 2.0**64


class View(Protocol):
    """One way to show a feed."""

    def frame(self, domain: str, frame: Frame, most: int | None) -> int:
        """Show a frame's records, at most so many; returns how many."""
        ...

    def gap(self, domain: str, gap: Gap) -> None:
        """Show what is missing."""
        ...

    def flush(self, states: Mapping[str, DomainState]) -> None:
        """Some was shown, or time has passed: bring it before the user's eyes."""
        ...


class Names:
    """Names of instruments: what the id says itself, or what the registry said of it."""

    def __init__(self, venues: VenueNames) -> None:
        self.venues = venues
        self._known: dict[str, tuple[str, int]] = {}
        self.unknown: set[str] = set()
        """Ids whose symbol the registry may know."""
        self.strange: set[int] = set()
        """Venues whose name it may know."""

    def of(self, text: str) -> str:
        """Of an id's 32 hexadecimal digits; nothing for the one that is zero."""
        found = self._known.get(text)
        if found is None:
            found = self._read(text)
            self.learn(text, *found)
        symbol, venue = found
        return f"{symbol} {self.venues[venue]}" if venue else symbol

    def learn(self, text: str, symbol: str, venue: int) -> None:
        """What is known of an id."""
        self._known[text] = symbol, venue
        if venue and self.venues[venue].isdigit():
            self.strange.add(venue)

    def _read(self, text: str) -> tuple[str, int]:
        if not int(text, 16):
            return "", 0
        raw = bytes.fromhex(text)
        [(_, key)] = core.instrument_ids_decode(raw)
        if key is None:
            self.unknown.add(text)
            return text, 0
        return key, core.instrument_id_fields(raw)[1]


def shown_record(frame: Frame, row: Mapping[str, Any], names: Names) -> tuple[str, str]:
    """(instrument, the other fields that hold something) of a record, for people."""
    instrument, parts = "", []
    for field, value in row.items():
        if value in (0, "", "0") or field in TIMES:
            continue
        text = str(value)
        if isinstance(value, str) and len(value) == _ID_DIGITS and _is_instrument(frame, field):
            text = names.of(value)
            if not instrument:
                instrument = text
                continue
        elif enum := enum_of(frame.message_type, field):
            text = enum_name(enum, value)
        elif field.endswith("_q"):
            text = f"{int(value) / _Q64:.10g}"
        parts.append(f"{field}={text}")
    return instrument, " ".join(parts)


def _is_instrument(frame: Frame, field: str) -> bool:
    dtype = DTYPES.get(frame.message_type)
    names = dtype[field].names if dtype is not None else None
    return names is not None and "asset_id" in names


def clock(nanoseconds: int) -> str:
    """A time of today, UTC, with microseconds."""
    moment = datetime.fromtimestamp(nanoseconds // 10**9, UTC)
    return f"{moment:%H:%M:%S}.{nanoseconds % 10**9 // 1000:06d}"


class TableView:
    """The newest records of all domains in a table that is drawn again and again."""

    def __init__(self, live: Live, names: Names, records: Records, *, several: bool) -> None:
        self._live, self._names, self._several = live, names, several
        self._decoded = records
        self._frames: deque[tuple[str, Frame]] = deque(maxlen=_MOST_SHOWN)
        self._records = 0
        self._marks: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])
        self._gaps: deque[str] = deque(maxlen=3)

    def frame(self, domain: str, frame: Frame, most: int | None) -> int:
        # only what is drawn is decoded: a full feed has more than a person or a terminal can take
        count = frame.info.record_count if most is None else min(most, frame.info.record_count)
        if count:
            self._frames.append((domain, frame))
        self._records += count
        return count

    def gap(self, domain: str, gap: Gap) -> None:
        self._gaps.append(f"{domain}: {_gap_text(gap)}")

    def flush(self, states: Mapping[str, DomainState]) -> None:
        self._live.update(self.table(states), refresh=True)

    def table(self, states: Mapping[str, DomainState]) -> Table:
        """What is drawn now."""
        now = time.monotonic()
        self._marks.append((now, self._records))
        while len(self._marks) > 2 and now - self._marks[1][0] > _RATE_SECONDS:
            self._marks.popleft()
        since, before = self._marks[0]
        rate = (self._records - before) / max(now - since, 1e-3)
        each = ", ".join(
            f"{name} {state.frames:,} frames, lag {state.lag:,}, lost {state.lost:,}"
            + (f", ENDED: {state.error.reason}" if state.error else "")
            for name, state in states.items()
        )
        title = f"{self._records:,} records, {rate:,.0f}/s | {each}"
        columns = ["sequence>", "made", "type", "instrument", "record"]
        result = output.table(
            ["domain", *columns] if self._several else columns, self._lines(), title=title
        )
        if self._gaps:
            result.caption = "missing: " + "; ".join(self._gaps)
        return result

    def _lines(self) -> Iterable[tuple[object, ...]]:
        room = max(min(_MOST_SHOWN, self._live.console.height - 6), 5)
        found: list[tuple[object, ...]] = []
        for domain, frame in reversed(self._frames):
            for row in reversed(self._decoded.of(domain, frame, slice(-room, None))):
                line = _line(frame, row, self._names)
                found.append((domain, *line) if self._several else line)
                if len(found) == room:
                    return reversed(found)
        return reversed(found)


def _line(frame: Frame, row: Mapping[str, Any], names: Names) -> tuple[object, ...]:
    instrument, record = shown_record(frame, row, names)
    made = clock(frame.timestamp)
    return frame.sequence, made, type_name(frame.message_type), instrument, record


def _gap_text(gap: Gap) -> str:
    return f"{gap.first}..{gap.last} {gap.reason}"


class _Stream:
    """Writes to standard output, a piece at a time."""

    def __init__(self, records: Records, *, several: bool, file: TextIO | None = None) -> None:
        self._several = several
        self._decoded = records
        self._file = file or sys.stdout

    def flush(self, states: Mapping[str, DomainState]) -> None:
        """Hand over what was written."""
        del states
        self._file.flush()


class LineView(_Stream):
    """The table's lines without a terminal: one record a line, nothing is drawn twice."""

    def __init__(
        self, names: Names, records: Records, *, several: bool, file: TextIO | None = None
    ) -> None:
        super().__init__(records, several=several, file=file)
        self._names = names

    def frame(self, domain: str, frame: Frame, most: int | None) -> int:
        rows = self._decoded.of(domain, frame, slice(most))
        for row in rows:
            words = [str(cell) for cell in _line(frame, row, self._names) if cell != ""]
            self._file.write("  ".join([domain, *words] if self._several else words) + "\n")
        return len(rows)

    def gap(self, domain: str, gap: Gap) -> None:
        self._file.write(f"{domain}  missing {_gap_text(gap)}\n")


class JsonView(_Stream):
    """One record a line, as `feed publish` takes it; gaps are lines of their own."""

    def frame(self, domain: str, frame: Frame, most: int | None) -> int:
        rows = self._decoded.of(domain, frame, slice(most))
        head: dict[str, Any] = {"domain": domain} if self._several else {}
        head |= {
            "sequence": frame.sequence,
            "type": type_name(frame.message_type).upper(),
            "trace_id": frame.context.trace_hex,
        }
        self._file.write("".join(orjson.dumps(head | row).decode() + "\n" for row in rows))
        return len(rows)

    def gap(self, domain: str, gap: Gap) -> None:
        head = {"domain": domain} if self._several else {}
        said = {"first": gap.first, "last": gap.last, "reason": gap.reason}
        self._file.write(orjson.dumps(head | {"gap": said}).decode() + "\n")


class CsvView(_Stream):
    """A column a field where one type was asked for; else the record as JSON in one column."""

    def __init__(
        self, only: int | None, records: Records, *, several: bool, file: TextIO | None = None
    ) -> None:
        super().__init__(records, several=several, file=file)
        dtype = DTYPES.get(only) if only is not None else None
        self._fields = (
            [name for name in dtype.names or () if not name.startswith("reserved")]
            if dtype is not None
            else None
        )
        self._csv = csv.writer(self._file, lineterminator="\n")
        columns = ["frame_sequence", "type", "trace_id", *(self._fields or ["record"])]
        self._csv.writerow(["domain", *columns] if several else columns)

    def frame(self, domain: str, frame: Frame, most: int | None) -> int:
        rows = self._decoded.of(domain, frame, slice(most))
        head = [frame.sequence, type_name(frame.message_type), frame.context.trace_hex]
        for row in rows:
            cells = (
                [orjson.dumps(row).decode()]
                if self._fields is None
                else [row[name] for name in self._fields]
            )
            self._csv.writerow([domain, *head, *cells] if self._several else [*head, *cells])
        return len(rows)

    def gap(self, domain: str, gap: Gap) -> None:
        # a line with other columns would break whoever reads the file
        output.errors.print(f"{domain}: missing {_gap_text(gap)}", style="yellow", markup=False)
