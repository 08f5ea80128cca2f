"""A process on a disk that is soon full, as /dev/shm of a container is."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["on_small_disk"]

_SECONDS = 120


def on_small_disk(place: Path, script: str, *, kib: int = 256) -> str:
    """What Python `script` prints with a tmpfs of `kib` KiB at `HERE`, a Path; nobody else sees it.

    Skips where mounts of one's own are not allowed, with what the system said.
    """
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(place)]
    try:
        _in_own_mounts(mount)
    except FileNotFoundError as error:
        pytest.skip(f"no mounts of one's own here: {error}")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no mounts of one's own here: {error.stderr.strip()}")
    whole = (
        "import subprocess, pathlib\n"
        f"subprocess.run({mount!r}, check=True)\n"
        f"HERE = pathlib.Path({str(place)!r})\n{script}"
    )
    done = _in_own_mounts([sys.executable, "-c", whole], check=False)
    assert done.returncode == 0, f"ended with {done.returncode}: {done.stderr}"
    return done.stdout.strip()


def _in_own_mounts(command: list[str], *, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["unshare", "--map-root-user", "--mount", *command],
        capture_output=True,
        text=True,
        check=check,
        timeout=_SECONDS,
    )
