"""What the readers of files hand to the loader, and what the loader says of it."""

from __future__ import annotations

import csv
import gzip
import io
import re
import time
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
    "Place", "Problem", "Row", "Summary", "clean", "put", "read_csv", "read_json", "write_report",
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
    except (OSError, EOFError) as error:
        raise InvalidArgument(f"{path}: {error}", reason="FILE_UNREADABLE") from None


def read_csv(path: Path, *needed: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a CSV file (`.gz` too) with the line that each begins at; all values stripped. A row
    with another number of values than the header is answered as it is, missing ones as "".

    Raises:
        InvalidArgument: it cannot be read, or lacks a column (FILE_UNREADABLE, COLUMN_MISSING).
    """
    try:
        text = _bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidArgument(f"{path}: {error}", reason="FILE_UNREADABLE") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="", restkey="")
    missing = [column for column in needed if column not in (reader.fieldnames or ())]
    if missing:
        raise InvalidArgument(
            f"{path}: no column {', '.join(missing)}", reason="COLUMN_MISSING", columns=missing[0]
        )
    line = reader.line_num + 1
    for row in reader:
        yield line, {name: value.strip() for name, value in row.items() if name}
        line = reader.line_num + 1


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


def put(metadata: Struct, values: Mapping[str, str]) -> None:
    """Add the values that are not empty."""
    for name, value in values.items():
        if value:
            metadata.fields[name].string_value = value


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
