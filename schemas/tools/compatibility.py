"""Compare the schemas with the last released ones, or release them.

    compatibility.py check --flatc FLATC      buf breaking and flatc --conform
    compatibility.py release VERSION          keep today's schemas as schemas/released/VERSION

A release holds the FlatBuffers sources and the protobuf descriptor set, so that neither check needs
the history of the repository. Until there is one, `check` says so and passes.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
SCHEMAS: Final = ROOT / "schemas"
RELEASED: Final = SCHEMAS / "released"
DESCRIPTOR: Final = ROOT / "gen/descriptor/alphapulse.binpb"
BUF: Final = Path(sys.executable).parent / "buf"


def latest() -> Path | None:
    """The newest release by version number."""
    found = [p for p in RELEASED.glob("*") if re.fullmatch(r"\d+\.\d+\.\d+", p.name)]
    return max(found, key=lambda p: tuple(map(int, p.name.split("."))), default=None)


def check(flatc: str) -> int:
    released = latest()
    if released is None:
        print("compatibility: no released schemas yet, so there is nothing to compare with")
        return 0
    old = released / "flatbuffers/alphapulse"
    new = SCHEMAS / "flatbuffers/alphapulse"
    commands: dict[str, list[str | Path]] = {
        "buf breaking": [
            *(BUF, "breaking", "."),
            *("--against", released / "alphapulse.binpb"),
        ],
        "flatc --conform": [
            *(flatc, "--conform", old / "frame.fbs", "--conform-includes", old),
            *("-I", new, new / "frame.fbs"),
        ],
    }
    failed = 0
    for name, command in commands.items():
        ok = subprocess.run(command, cwd=ROOT, check=False).returncode == 0
        print(f"compatibility: {name} against {released.name}: {'ok' if ok else 'BROKEN'}")
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
    shutil.copyfile(DESCRIPTOR, target / DESCRIPTOR.name)
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
