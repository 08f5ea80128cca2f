"""What a strategy remembers over a crash: how far it has read, and its state there.

The file belongs to one run of the mesh, because sequences do: of another run it is not taken up. It
is written in one step; a killed process leaves the one before. Frames after the checkpoint are read
again and lead to the same signals with the same ids, which the portfolio knows again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from alphapulse_mesh.runtime.paths import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Checkpoint", "CheckpointFile"]

_log = logging.getLogger(__name__)
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A moment between two frames."""

    sequence: int
    """Every market-data frame up to this one is in the state."""
    state: dict[str, Any]
    counters: dict[str, int]


class CheckpointFile:
    """One strategy's file. `run`: see `supervised_run`."""

    def __init__(self, path: Path, run: str) -> None:
        self._path = path
        self._run = run

    def load(self) -> Checkpoint | None:
        """The checkpoint of this run, None when there is none or it cannot be read."""
        try:
            document = orjson.loads(self._path.read_bytes())
            if document["version"] != _VERSION or document["run"] != self._run:
                return None
            return Checkpoint(
                int(document["sequence"]), dict(document["state"]), dict(document["counters"])
            )
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            _log.warning("%s: not a checkpoint (%s): starting without", self._path, error)
            return None

    def save(self, checkpoint: Checkpoint) -> None:
        """Replace the file."""
        document = {
            "version": _VERSION,
            "run": self._run,
            "sequence": checkpoint.sequence,
            "state": checkpoint.state,
            "counters": checkpoint.counters,
        }
        write_atomically(self._path, orjson.dumps(document))
