"""The examples of docs/clients.md are pieces of files that are compiled or type-checked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/clients.md").read_text(encoding="utf-8")
SOURCES = {
    "python": "clients/python/examples/calls.py",
    "go": "clients/go/example_test.go",
    "typescript": "clients/typescript/examples/calls.ts",
}


def plain(text: str) -> str:
    """Without indentation, which a page does not share with a function's body."""
    return "\n".join(line.strip() for line in text.strip().splitlines())


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("language", SOURCES)
def test_examples_are_in_the_compiled_file(language: str) -> None:
    source = plain((ROOT / SOURCES[language]).read_text(encoding="utf-8"))
    found = blocks(language)
    assert len(found) == PAGE.count("\n## ")
    for block in found:
        assert plain(block) in source, f"not in {SOURCES[language]}:\n{block}"
