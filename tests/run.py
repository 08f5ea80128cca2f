"""Run the tests of every language whose toolchain is here: `make test`.

    run.py [python|rust|go|typescript|java ...]

Each suite is its language's own runner; this page starts them, counts what they say and prints one
table. The last line is `N passed, N failed, N skipped`; the exit code is 1 if anything failed. A
language without its tools is named and left out. Standard library only, so that it runs without
the project's environment.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
# Folders that may hold a package of the language; those that do not exist yet are passed over.
CRATES: Final = ("gen/rust", "core", "clients/rust")
GO_MODULES: Final = ("gen/go", "clients/go")
MAVEN_MODULES: Final = ("gen/java", "clients/java")
COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one runner said; `failed` counts at least 1 where it ended in an error."""

    suite: str
    passed: int
    failed: int
    skipped: int
    seconds: float


def run(
    suite: str,
    *command: str,
    cwd: str = ".",
    count: Callable[[str], list[int]],
    show: Callable[[str], str] = str,
) -> Outcome:
    """Run one suite, passing on what `show` makes of each line; `count` reads the totals."""
    print(f"\n── {suite} ──  {' '.join(command)}", flush=True)
    started = time.monotonic()
    lines = []
    with subprocess.Popen(
        command, cwd=ROOT / cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            plain = COLOURS.sub("", line)
            lines.append(plain)
            print(show(plain), end="", flush=True)
    passed, failed, skipped = count("".join(lines))
    if process.returncode != 0 or passed + failed + skipped == 0:
        failed = max(failed, 1)
    return Outcome(suite, passed, failed, skipped, time.monotonic() - started)


def here(folders: tuple[str, ...], manifest: str) -> list[str]:
    return [f for f in folders if (ROOT / f / manifest).is_file()]


def junit(*patterns: str) -> Callable[[str], list[int]]:
    """Counts from JUnit reports, which pytest and Surefire both write."""

    def count(_output: str) -> list[int]:
        tests = failed = skipped = 0
        for report in (p for pattern in patterns for p in ROOT.glob(pattern)):
            for suite in ET.parse(report).getroot().iter("testsuite"):
                tests += int(suite.get("tests", 0))
                failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
                skipped += int(suite.get("skipped", 0))
        return [tests - failed - skipped, failed, skipped]

    return count


def totals(*patterns: str) -> Callable[[str], list[int]]:
    """Passed, failed, skipped: the sums of what three patterns capture, or of their hits."""

    def count(output: str) -> list[int]:
        found = (re.findall(p, output, re.MULTILINE) for p in patterns)
        return [sum(int(n) if n.isdigit() else 1 for n in numbers) for numbers in found]

    return count


def python() -> Iterator[Outcome]:
    # tests of the supervisor fork beside gRPC's threads, as it does itself (see its package)
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    with tempfile.TemporaryDirectory(dir=ROOT / ".venv") as scratch:
        report = Path(scratch) / "report.xml"
        yield run(
            "python",
            str(ROOT / ".venv/bin/python"), "-m", "pytest", "-q", f"--junitxml={report}",
            count=junit(str(report.relative_to(ROOT))),
        )  # fmt: skip


CARGO_COUNTS: Final = tuple(
    rf"^test result: .*?(\d+) {word}" for word in ("passed", "failed", "ignored")
)


def rust() -> Iterator[Outcome]:
    for crate in here(CRATES, "Cargo.toml"):
        yield run(
            f"rust {crate}", "cargo", "test", "--quiet", "--locked", cwd=crate,
            count=totals(*CARGO_COUNTS),
        )  # fmt: skip


def go() -> Iterator[Outcome]:
    for module in here(GO_MODULES, "go.mod"):
        yield run(
            f"go {module}", "go", "test", "-v", "-count=1", "./...", cwd=module, show=_but_passes,
            count=totals(r"^ *--- PASS", r"^ *--- FAIL", r"^ *--- SKIP"),
        )  # fmt: skip


def _but_passes(line: str) -> str:
    """Go and Node count only when they are verbose; their passes are not worth a line each."""
    go_noise = r"=== |\s*--- PASS|PASS$|.*no test files"
    tap_noise = r"\s*(?:ok \d|# Subtest|---$|\.\.\.$|duration_ms|type: '|TAP version)"
    return "" if re.match(f"{go_noise}|{tap_noise}", line) else line


def typescript() -> Iterator[Outcome]:
    stamp, lock = ROOT / "node_modules/.package-lock.json", ROOT / "package-lock.json"
    if not stamp.is_file() or stamp.stat().st_mtime < lock.stat().st_mtime:
        installed = run("typescript npm ci", "npm", "ci", "--silent", count=lambda _: [1, 0, 0])
        if installed.failed:
            yield installed
            return
    built = run("typescript build", "npm", "run", "build", "--workspaces", "--if-present",
                "--silent", count=lambda _: [1, 0, 0])  # fmt: skip
    if built.failed:
        yield built
        return
    yield run(
        "typescript", "npm", "test", "--workspaces", "--if-present", "--silent",
        show=_but_passes,
        count=totals(r"^\S pass (\d+)$", r"^\S fail (\d+)$", r"^\S skipped (\d+)$"),
    )  # fmt: skip


def java() -> Iterator[Outcome]:
    for module in here(MAVEN_MODULES, "pom.xml"):
        reports = ROOT / module / "target/surefire-reports"
        shutil.rmtree(reports, ignore_errors=True)
        yield run(
            f"java {module}",
            "mvn", "--batch-mode", "--quiet", "-Dstyle.color=never", "test", cwd=module,
            count=junit(f"{module}/target/surefire-reports/*.xml"),
        )  # fmt: skip


# language -> (its suites, the tools that it needs)
LANGUAGES: Final[dict[str, tuple[Callable[[], Iterator[Outcome]], tuple[str, ...]]]] = {
    "rust": (rust, ("cargo",)),
    "go": (go, ("go",)),
    "typescript": (typescript, ("node", "npm")),
    "java": (java, ("java", "mvn")),
    "python": (python, ()),
}


def main(wanted: list[str]) -> int:
    unknown = set(wanted) - LANGUAGES.keys()
    if unknown:
        sys.exit(f"run.py: no such language: {', '.join(sorted(unknown))}")
    outcomes: list[Outcome] = []
    left_out: list[str] = []
    for language in wanted or LANGUAGES:
        suites, tools = LANGUAGES[language]
        missing = [tool for tool in tools if shutil.which(tool) is None]
        if missing:
            left_out.append(f"{language} ({', '.join(missing)} not found)")
        else:
            outcomes += suites()
    print(f"\n{'suite':<24}{'passed':>8}{'failed':>8}{'skipped':>8}{'seconds':>9}")
    for o in outcomes:
        print(f"{o.suite:<24}{o.passed:>8}{o.failed:>8}{o.skipped:>8}{o.seconds:>9.1f}")
    for line in left_out:
        print(f"left out: {line}")
    passed, failed, skipped = (
        sum(getattr(o, word) for o in outcomes) for word in ("passed", "failed", "skipped")
    )
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
