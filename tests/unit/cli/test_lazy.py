"""Commands are imported when they are called; the lines of help that stand for them are true."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.main import get_group
from typer.testing import CliRunner

from alphapulse_mesh.cli.main import COMMANDS, app


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_of_help_is_that_of_the_command(name: str) -> None:
    entry = COMMANDS[name]
    command = entry.load(name)
    assert command.name == name
    assert " ".join((command.help or "").split("\n\n")[0].split()) == entry.help


def test_help_lists_all_and_a_typing_error_says_what_was_meant() -> None:
    said = CliRunner().invoke(app, ["--help"]).output
    assert [line for name in COMMANDS for line in said.splitlines() if f" {name} " in line]
    for name in COMMANDS:
        assert f" {name} " in said
    result = CliRunner().invoke(app, ["staus"])
    assert result.exit_code == 2
    assert "status" in result.output


def test_a_command_within_a_group_is_found() -> None:
    for arguments in (["registry", "synthetic"], ["feed", "tail"], ["config", "set"]):
        result = CliRunner().invoke(app, [*arguments, "--help"])
        assert result.exit_code == 0, result.output
        assert arguments[-1] in result.output


def test_loading_one_does_not_load_the_others() -> None:
    group = get_group(app)
    with group.make_context("alphapulse", ["trace", "--help"]) as context:
        group.resolve_command(context, ["trace"])
    loaded = [
        name for name, one in group.commands.items() if one.callback or hasattr(one, "commands")
    ]
    assert loaded == ["trace"]


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], {"numpy", "grpc", "pydantic", "google.protobuf", "alphapulse_client"}),
        (["feed", "tail", "--help"], {"pyarrow", "matplotlib", "pandas", "pydantic_settings"}),
        (["registry", "resolve", "--help"], {"pyarrow", "databento_dbn", "pandas"}),
    ],
)  # fmt: skip
def test_what_is_not_needed_is_not_imported(arguments: list[str], absent: set[str]) -> None:
    """What a command costs before it does anything is what it imports: this keeps it down."""
    code = (
        "import sys\n"
        "from alphapulse_mesh.cli.main import app\n"
        f"try:\n    app({arguments!r})\n"
        "except SystemExit:\n    pass\n"
        f"print(sorted({absent!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stderr.strip() == "[]"
