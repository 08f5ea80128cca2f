"""Formatting, lint, types and contracts of every language that is here: `make lint`, `make fix`.

    lint.py check|fix

Every step of `check` that a tool can repair has its pair in `fix`. A tool that is not installed is
named and its steps are left out; all other steps run even after one failed.
"""

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
BIN: Final = ROOT / ".venv/bin"
PYTHON: Final = ("services", "clients/python", "tests", "schemas/tools")
CRATES: Final = ("gen/rust", "core", "clients/rust")
GO_MODULES: Final = ("gen/go", "clients/go")


@dataclass(frozen=True, slots=True)
class Step:
    """`check` says what is wrong, `fix` repairs it where it can; `cwd` must exist."""

    name: str
    check: tuple[str, ...]
    fix: tuple[str, ...] = ()
    cwd: str = "."


def tool(name: str) -> str:
    """A tool of the environment before one of the machine."""
    return str(BIN / name) if (BIN / name).exists() else name


def steps() -> list[Step]:
    ruff, buf, python = tool("ruff"), tool("buf"), tool("python")
    out = [
        Step("ruff format", (ruff, "format", "--check", "."), (ruff, "format", ".")),
        Step("ruff", (ruff, "check", "."), (ruff, "check", "--fix", ".")),
        Step("mypy", (tool("mypy"), *PYTHON)),
        Step("import contracts", (tool("lint-imports"), "--no-logo")),
        Step("stub of alphapulse_core", (python, "-m", "mypy.stubtest", "alphapulse_core")),
        Step("buf lint", (buf, "lint")),
        Step("buf format", (buf, "format", "-d", "--exit-code"), (buf, "format", "-w")),
    ]
    for crate in here(CRATES, "Cargo.toml"):
        clippy = ("cargo", "clippy", "--quiet", "--locked", "--all-targets", "--all-features")
        out += [
            Step(f"rustfmt {crate}", ("cargo", "fmt", "--check"), ("cargo", "fmt"), cwd=crate),
            Step(f"clippy {crate}", (*clippy, "--", "-D", "warnings"), cwd=crate),
        ]
    for module in here(GO_MODULES, "go.mod"):
        out += [
            Step(f"gofmt {module}", ("gofmt", "-l", "."), ("gofmt", "-w", "."), cwd=module),
            Step(f"go vet {module}", ("go", "vet", "./..."), cwd=module),
        ]
    out += [
        # the packages of the workspace see one another's built declarations
        Step("tsc build", ("npm", "run", "--silent", "build", "--workspaces", "--if-present")),
        Step("tsc", ("npm", "run", "--silent", "check", "--workspaces", "--if-present")),
    ]
    return out


def here(folders: tuple[str, ...], manifest: str) -> list[str]:
    return [f for f in folders if (ROOT / f / manifest).is_file()]


def run(name: str, command: tuple[str, ...], cwd: str) -> bool:
    """Run one step quietly; its output is shown where it failed."""
    started = time.monotonic()
    result = subprocess.run(
        command, cwd=ROOT / cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False,
    )  # fmt: skip
    # gofmt lists unformatted files and still exits with 0
    ok = result.returncode == 0 and not (command[0] == "gofmt" and result.stdout.strip())
    print(f"{'ok  ' if ok else 'FAIL'} {name} ({time.monotonic() - started:.1f} s)", flush=True)
    if not ok:
        print(result.stdout, flush=True)
    return ok


def prepare_node() -> None:
    """tsc is a package of the workspace."""
    if shutil.which("npm") is not None and not (ROOT / "node_modules/.package-lock.json").exists():
        subprocess.run(["npm", "ci", "--silent"], cwd=ROOT, check=True)


def main(mode: str) -> int:
    prepare_node()
    failed = []
    missing = set()
    for step in steps():
        command = step.check if mode == "check" else step.fix
        if not command:
            continue
        if shutil.which(command[0]) is None:
            missing.add(command[0])
        elif not run(step.name, command, step.cwd):
            failed.append(step.name)
    for name in sorted(missing):
        print(f"left out: steps of {name}, which is not installed")
    print(f"{mode}: " + (f"{len(failed)} failed: {', '.join(failed)}" if failed else "all good"))
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:] not in (["check"], ["fix"]):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
