"""Errors of the ring, raised by the compiled module.

RingError
├── RingFull              no room, and no time left to wait (back-pressure)
├── RingTooLarge          an entry or batch above a quarter of the ring (also ValueError)
├── RingHalted            the ring was halted: no more publishing; readers drain, then see this
├── RingClosedError       this handle was closed, or belongs to the parent of a fork
├── RingEvicted           this reader was ejected: dead beyond its lease, or by an operator
├── RingDependencyLost    a reader that this one runs behind has gone
├── RingBusy              a live single producer, or a live reader of that name, exists already
├── RingTableFull         no free producer or reader slot
├── RingMissing           no such file (also FileNotFoundError)
├── RingExists            the file exists already (also FileExistsError)
├── RingLayoutError       a foreign, torn, wrong-version or differently shaped file
└── RingSystemError       the operating system refused (also OSError)

`reason` is the stable code of the error, the same in every language.
"""

from __future__ import annotations

__all__ = [
    "RingBusy",
    "RingClosedError",
    "RingDependencyLost",
    "RingError",
    "RingEvicted",
    "RingExists",
    "RingFull",
    "RingHalted",
    "RingLayoutError",
    "RingMissing",
    "RingSystemError",
    "RingTableFull",
    "RingTooLarge",
]


class RingError(Exception):
    """Base of every ring error."""

    reason: str = "RING_ERROR"

    def __init__(self, message: str, *, reason: str = "RING_ERROR", **facts: object) -> None:
        super().__init__(message)
        self.reason = reason
        for name, value in facts.items():
            setattr(self, name, value)

    def __str__(self) -> str:
        # OSError would print a tuple for the subclasses that are one.
        return str(self.args[0])


class RingFull(RingError):
    """No room for `needed` bytes behind the slowest gating reader (`slowest`, its name)."""

    needed: int
    slowest: str | None


class RingTooLarge(RingError, ValueError):
    """`size` bytes are above the ring's `limit`."""

    size: int
    limit: int


class RingHalted(RingError):
    """The ring was halted for good."""


class RingClosedError(RingError):
    """The handle was closed, or belongs to the parent of a fork."""


class RingEvicted(RingError):
    """The reader was ejected before it took entry `sequence`."""

    name: str
    sequence: int


class RingDependencyLost(RingError):
    """`dependency`, which the reader runs behind, has gone."""

    name: str
    dependency: str


class RingBusy(RingError):
    """Live process `pid` holds it."""

    pid: int


class RingTableFull(RingError):
    """All `limit` slots are taken."""

    limit: int


class RingMissing(RingError, FileNotFoundError):
    """No file at the path."""


class RingExists(RingError, FileExistsError):
    """A file is at the path."""


class RingLayoutError(RingError):
    """`reason` is RING_FOREIGN, RING_TORN, RING_VERSION or RING_GEOMETRY."""


class RingSystemError(RingError, OSError):
    """The operating system refused; `errno` says why."""
