"""Compare the schemas with the last released ones, or release them.

    compatibility.py check --flatc FLATC      buf breaking and flatc --conform
    compatibility.py release VERSION          keep today's schemas as schemas/released/VERSION

A release holds the FlatBuffers sources and the protobuf image, so that neither check needs
the history of the repository. Until there is one, `check` says so and passes.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
SCHEMAS: Final = ROOT / "schemas"
RELEASED: Final = SCHEMAS / "released"
IMAGE: Final = "alphapulse.binpb"
# An image carries no buf.yaml; these are the rules that stand there for our module.
BREAKING_RULES: Final = '{"version":"v2","breaking":{"use":["FILE"]}}'
BUF: Final = Path(sys.executable).parent / "buf"


def latest() -> Path | None:
    """The newest release by version number."""
    found = [p for p in RELEASED.glob("*") if re.fullmatch(r"\d+\.\d+\.\d+", p.name)]
    return max(found, key=lambda p: tuple(map(int, p.name.split("."))), default=None)


def build_image(target: Path) -> None:
    """Our protobuf schemas and what they import, without comments and places."""
    command: list[str | Path] = [
        BUF,
        "build",
        "schemas/proto",
        "--exclude-source-info",
        "-o",
        target,
    ]
    subprocess.run(command, cwd=ROOT, check=True)


def check(flatc: str) -> int:
    released = latest()
    if released is None:
        print("compatibility: no released schemas yet, so there is nothing to compare with")
        return 0
    old = released / "flatbuffers/alphapulse"
    new = SCHEMAS / "flatbuffers/alphapulse"
    with tempfile.TemporaryDirectory() as scratch:
        # the workspace has two modules and a release is one image: compare image with image
        image = Path(scratch) / "today.binpb"
        build_image(image)
        return _compare(
            released.name,
            {
                "buf breaking": [
                    *(BUF, "breaking", image, "--exclude-imports", "--config", BREAKING_RULES),
                    *("--against", released / IMAGE),
                    *("--against-config", BREAKING_RULES),
                ],
                "flatc --conform": [
                    *(flatc, "--conform", old / "frame.fbs", "--conform-includes", old),
                    *("-I", new, new / "frame.fbs"),
                ],
            },
        )


def _compare(version: str, commands: dict[str, list[str | Path]]) -> int:
    failed = 0
    for name, command in commands.items():
        ok = subprocess.run(command, cwd=ROOT, check=False).returncode == 0
        print(f"compatibility: {name} against {version}: {'ok' if ok else 'BROKEN'}")
        failed += not ok
    return 1 if failed else 0


def release(version: str) -> int:
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        sys.exit(f"compatibility: {version!r} is no version like 0.1.0")
    target = RELEASED / version
    if target.exists():
        sys.exit(f"compatibility: {version} is released already and does not change")
    target.mkdir(parents=True)
    shutil.copytree(SCHEMAS / "flatbuffers", target / "flatbuffers")
    build_image(target / IMAGE)
    print(f"compatibility: released {target.relative_to(ROOT)}; commit it")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check").add_argument("--flatc", default="flatc")
    commands.add_parser("release").add_argument("version")
    arguments = parser.parse_args()
    if arguments.command == "check":
        return check(arguments.flatc)
    return release(arguments.version)


if __name__ == "__main__":
    sys.exit(main())
