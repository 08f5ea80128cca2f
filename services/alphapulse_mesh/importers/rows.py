"""What the readers of files hand to the loader, and what the loader says of it."""

from __future__ import annotations

import csv
import gzip
import io
import re
import time
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from alphapulse_client.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from google.protobuf.struct_pb2 import Struct

    from alphapulse.registry.v1 import registry_pb2 as pb

__all__ = [
    "Place", "Problem", "Row", "Summary", "clean", "inside", "put", "read_csv", "read_json",
    "write_report",
]  # fmt: skip

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")
_REPORT_FIELDS: Final = ("file", "line", "row", "outcome", "reason", "message")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row is: file name, line (of JSON: position in the list, from 1), and its own name."""

    file: str
    line: int
    label: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What was wrong with a row: refused, or registered otherwise than its source says."""

    place: Place
    reason: str
    message: str
    refused: bool


@dataclass(slots=True)
class Row:
    """One instrument to register."""

    place: Place
    message: pb.Instrument
    key: str = ""
    """What other rows of this import call it, to refer to it; empty where none does."""
    underlying: str = ""
    """The key of what it is of."""
    pool_tokens: tuple[str, ...] = ()
    """Keys of a pool's tokens, in its order."""
    fill_in: bool = False
    """It is registered only so that others can refer to it, and changes nothing that is there."""


@dataclass(slots=True)
class Summary:
    """What became of the rows of one source."""

    source: str
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)
    seconds: float = 0.0
    begun: float = field(default_factory=time.monotonic)

    def refuse(self, place: Place, reason: str, message: str) -> None:
        """Count a row that is not registered."""
        self.problems.append(Problem(place, reason, message, refused=True))

    def leave_out(self, place: Place, reason: str, message: str) -> None:
        """Count a row that was read and never goes to the registry."""
        self.read += 1
        self.refuse(place, reason, message)

    def adapt(self, place: Place, reason: str, message: str) -> None:
        """Note that a row is registered otherwise than its source says."""
        self.problems.append(Problem(place, reason, message, refused=False))

    @property
    def refused(self) -> int:
        """Rows that are not registered."""
        return sum(problem.refused for problem in self.problems)

    def reasons(self, *, refused: bool) -> dict[str, int]:
        """How many rows each reason has, the most frequent first."""
        found = Counter(p.reason for p in self.problems if p.refused == refused)
        return dict(found.most_common())

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "source": self.source,
            "read": self.read,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "refused": self.refused,
            "refused_by_reason": self.reasons(refused=True),
            "adapted_by_reason": self.reasons(refused=False),
            "seconds": round(self.seconds, 3),
        }


# ------------------------------------------------------------------------------------------- files


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if path.suffix == ".gz" else data
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidArgument(f"{path}: {error}", reason="FILE_UNREADABLE") from None


def read_csv(path: Path, summary: Summary, *needed: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a CSV file (`.gz` too) by column, with the line that each begins at; names and values
    stripped. Text that is no UTF-8 is read as Windows-1252, in which ISO publishes its lists.

    A row that cannot be read, or has another number of values than there are columns, is refused
    (ROW_INVALID): which value is whose is not known.

    Raises:
        InvalidArgument: it cannot be read, or lacks a column (FILE_UNREADABLE, COLUMN_MISSING).
    """
    reader = csv.reader(io.StringIO(_text(path), newline=""))
    try:
        columns = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise InvalidArgument(f"{path}: {error}", reason="FILE_UNREADABLE") from None
    missing = [column for column in needed if column not in columns]
    if missing:
        raise InvalidArgument(
            f"{path}: no column {', '.join(missing)}", reason="COLUMN_MISSING", columns=missing[0]
        )
    while True:
        line = reader.line_num + 1
        label = ""
        try:
            values = [value.strip() for value in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:  # the reader goes on at the next line
            problem = str(error)
        else:
            if not values:
                continue
            if len(values) == len(columns):
                yield line, dict(zip(columns, values, strict=True))
                continue
            problem, label = f"{len(values)} values in {len(columns)} columns", values[0][:64]
        text = f"{problem}, up to line {reader.line_num}"
        summary.leave_out(Place(path.name, line, label), "ROW_INVALID", text)


def _text(path: Path) -> str:
    data = _bytes(path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        try:
            return data.decode("cp1252")
        except UnicodeDecodeError:
            raise InvalidArgument(f"{path}: {error}", reason="FILE_UNREADABLE") from None


def read_json(path: Path) -> Any:
    """The document of a JSON file (`.gz` too).

    Raises:
        InvalidArgument: it is none (FILE_UNREADABLE).
    """
    try:
        return orjson.loads(_bytes(path))
    except orjson.JSONDecodeError as error:
        raise InvalidArgument(f"{path}: {error}", reason="FILE_UNREADABLE") from None


def clean(text: str, limit: int = 256) -> str:
    """Without control characters and space around it, and cut to so many bytes."""
    plain = _CONTROL.sub(" ", text).strip()
    return plain.encode()[:limit].decode("utf-8", "ignore").strip()


def inside(document: Any, *names: str) -> Any:
    """What JSON has under these names, one in the other; None where there is no such thing."""
    for name in names:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def put(metadata: Struct, values: Mapping[str, str]) -> None:
    """Add the values that are not empty, each as `clean` makes it."""
    for name, value in values.items():
        if text := clean(value):
            metadata.fields[name].string_value = text


def write_report(path: Path, summaries: list[Summary]) -> None:
    """Every refused and every adapted row: JSON lines for `.jsonl`, else CSV."""
    problems = (problem for summary in summaries for problem in summary.problems)
    rows = (
        {
            "file": problem.place.file,
            "line": problem.place.line,
            "row": problem.place.label,
            "outcome": "refused" if problem.refused else "adapted",
            "reason": problem.reason,
            "message": problem.message,
        }
        for problem in problems
    )
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            if path.suffix == ".jsonl":
                file.writelines(orjson.dumps(row).decode() + "\n" for row in rows)
            else:
                writer = csv.DictWriter(file, _REPORT_FIELDS)
                writer.writeheader()
                writer.writerows(rows)
    except OSError as error:
        raise InvalidArgument(f"{path}: {error.strerror}", reason="FILE_UNWRITABLE") from None
