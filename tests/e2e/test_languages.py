"""The whole data set through Envoy: imported once, then watched and queried by the clients of three
languages, which must say the same of it to the byte.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from alphapulse_testing.running_mesh import running_mesh

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ALPHAPULSE_DATA", ROOT / "../shared/data")).resolve()
AUDIT_SECONDS = 400.0
LANGUAGES = ("python", "go", "typescript")


def programs() -> dict[str, tuple[Path, Sequence[str | Path]]]:
    """Language → where its program runs, and how."""
    found: dict[str, tuple[Path, Sequence[str | Path]]] = {
        "python": (ROOT / "clients/python/examples", (sys.executable, "registry_audit.py"))
    }
    go, node = shutil.which("go"), shutil.which("node")
    built = ROOT / "clients/typescript/dist/examples/registry-audit.js"
    if go is not None:
        found["go"] = (ROOT / "clients/go", (go, "run", "./examples/registry-audit"))
    if node is not None and built.exists():
        found["typescript"] = (ROOT / "clients/typescript", (node, built))
    return found


async def audit(place: Path, command: Sequence[str | Path], target: str) -> list[dict[str, Any]]:
    """The fingerprints that a program prints."""
    process = await asyncio.create_subprocess_exec(
        *command, "--target", target, cwd=place,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(AUDIT_SECONDS):
            out, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, errors.decode()
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.skipif(
    not (DATA / "instruments_financedatabase").is_dir(),
    reason="no data set: ALPHAPULSE_DATA names no directory that has it",
)
@pytest.mark.timeout(900)
async def test_every_language_reads_the_same_registry() -> None:
    wanted = programs()
    if len(wanted) == 1:
        pytest.skip("go is not installed, and clients/typescript is not built (make test does)")
    with running_mesh("languages", collectors=[]) as mesh:
        done = mesh.call("registry", "import", "all", DATA, "--json", timeout=300)
        imports = json.loads(done.stdout)["imports"]
        # all at once: that is a load of readers, too
        answers = await asyncio.gather(
            *(audit(place, command, mesh.gateway) for place, command in wanted.values())
        )
    parts = {part["part"]: part["count"] for part in answers[0]}
    assert parts["instruments"] >= sum(one["created"] for one in imports if _of(one)) > 100_000
    assert min(parts.values()) > 0
    (changes,) = [count for name, count in parts.items() if name.startswith("changes")]
    assert changes >= parts["instruments"]
    for language, answer in zip(wanted, answers, strict=True):
        assert answer == answers[0], f"{language} reads otherwise than python"
    if len(wanted) < len(LANGUAGES):
        pytest.skip(f"only {', '.join(wanted)} compared: no go, or TypeScript is not built")


def _of(summary: dict[str, Any]) -> bool:
    """Whether an import made instruments, not venues."""
    return "venue" not in summary["source"]
