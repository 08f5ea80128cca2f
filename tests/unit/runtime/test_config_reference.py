"""docs/configuration.md is what the sections say, and what it says can be set."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from alphapulse_mesh.runtime.config import MeshConfig, load_config
from alphapulse_mesh.runtime.config.reference import markdown

if TYPE_CHECKING:
    import pytest

PAGE = Path(__file__).resolve().parents[3] / "docs/configuration.md"


def test_the_page_is_what_the_sections_say() -> None:
    assert PAGE.read_text("utf-8") == markdown(), (
        "stale: .venv/bin/python -m alphapulse_mesh.runtime.config.reference"
        " > docs/configuration.md"
    )


def test_the_example_loads(tmp_path: Path) -> None:
    example = tmp_path / "mesh.toml"
    example.write_text(markdown().split("```toml\n")[1].split("```")[0])
    config = load_config(example)
    assert config.mesh.name == "research"
    assert config.collectors[0].symbols == ("BTCUSDT",)


def test_variables_are_those_that_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each setting with a plain default, given that default through its variable, changes nothing;
    an unknown key would be refused."""
    rows = re.findall(
        r"^\| `\w+`<br>`(ALPHAPULSE_\w+)` \| .*? \| `([^`]+)` \|", markdown(), re.MULTILINE
    )
    assert len(rows) > 100
    plain = load_config()
    for variable, default in rows:
        monkeypatch.setenv(variable, default)
    assert load_config() == plain


def test_every_setting_of_every_section_is_there() -> None:
    page = markdown()
    for section in MeshConfig.model_fields:
        assert re.search(rf"^## `\[+{section}\b", page, re.MULTILINE), section
    assert "`ALPHAPULSE_CREDENTIALS__<VENUE>__API_KEY`" in page
