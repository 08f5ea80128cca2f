"""The whole data set through Envoy: imported once, then watched and queried by the clients of three
languages, which must say the same of it to the byte.

A language whose tools are not installed is a skipped test of its own, with the reason; one that is
installed and cannot be built fails.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client import Mesh
from alphapulse_testing.running_mesh import running_mesh

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ALPHAPULSE_DATA", ROOT / "../shared/data")).resolve()
AUDIT_SECONDS = 600.0
LANGUAGES = ("python", "go", "typescript")
pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not (DATA / "instruments_financedatabase").is_dir(),
        reason="no data set: ALPHAPULSE_DATA names no directory that has it",
    ),
]

Answer = list[dict[str, Any]]


def program(language: str) -> tuple[Path, Sequence[str | Path]] | str:
    """Where a language's audit runs, and how; or what is missing."""
    match language:
        case "python":
            return ROOT / "clients/python/examples", (sys.executable, "registry_audit.py")
        case "go":
            go = shutil.which("go")
            command = ("run", "./examples/registry-audit")
            return "go is not installed" if go is None else (ROOT / "clients/go", (go, *command))
        case _:
            node, npm = shutil.which("node"), shutil.which("npm")
            if node is None or npm is None:
                return "node is not installed"
            if not (ROOT / "node_modules").is_dir():
                return "the packages of TypeScript are not installed (make test does)"
            # also where it was built before: what is compared is what is here now
            subprocess.run(
                [npm, "run", "build", "--workspaces", "--silent"], cwd=ROOT, check=True, timeout=300
            )
            return ROOT / "clients/typescript", (node, "dist/examples/registry-audit.js")


async def audit(place: Path, command: Sequence[str | Path], target: str) -> Answer:
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


async def change(target: str) -> None:
    """What an import leaves out: a synthetic, an update, a link that came and went."""
    async with Mesh.connect(target, timeout=60) as mesh:
        registry = mesh.registry
        apple = await registry.resolve("AAPL", venue="XNAS")
        other = await registry.resolve("MSFT", venue="XNAS")
        await registry.define_synthetic("AUDIT", "a / b", [("a", apple), ("b", other)])
        await registry.link(apple, other, pb.LINK_TYPE_SAME_SECURITY)
        assert await registry.unlink(apple, other, pb.LINK_TYPE_SAME_SECURITY)
        first = await anext(registry.list())  # of every sample
        await registry.update(pb.Instrument(id_text=first.id_text, name="Audited"))


async def answers_of(
    wanted: dict[str, tuple[Path, Sequence[str | Path]]], target: str
) -> dict[str, Answer]:
    """All at once: that is a load of readers, too."""
    await change(target)
    found = await asyncio.gather(*(audit(*how, target) for how in wanted.values()))
    return dict(zip(wanted, found, strict=True))


@pytest.fixture(scope="module")
def audits() -> dict[str, Answer | str]:
    """By language: what its program says of the same registry, or why it has none."""
    with ThreadPoolExecutor(1) as pool, running_mesh("languages", collectors=[]) as mesh:
        building = pool.submit(lambda: {language: program(language) for language in LANGUAGES})
        done = mesh.call("registry", "import", "all", DATA, "--json", timeout=300)
        imports = json.loads(done.stdout)["imports"]
        programs = building.result()
        wanted = {name: how for name, how in programs.items() if not isinstance(how, str)}
        missing = {name: how for name, how in programs.items() if isinstance(how, str)}
        found = asyncio.run(answers_of(wanted, mesh.gateway))
    created = sum(one["created"] for one in imports if "venue" not in one["source"])
    parts = {part["part"]: part["count"] for part in found["python"]}
    assert parts["instruments"] >= created > 100_000
    assert parts["records"] == parts["instruments"]
    assert min(parts.values()) > 0, parts
    (changes,) = [count for name, count in parts.items() if name.startswith("changes")]
    assert changes >= parts["instruments"]
    return {**found, **missing}


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_language_reads_the_same_registry(
    language: str, audits: dict[str, Answer | str]
) -> None:
    answer = audits[language]
    if isinstance(answer, str):
        pytest.skip(f"{language} is not compared: {answer}")
    assert answer == audits["python"]
