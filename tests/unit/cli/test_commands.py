"""The command line's own logic: identifiers, recordings, trees, exit codes."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from alphapulse_client import encode, new_context, rows
from alphapulse_client.errors import (
    CODES,
    AlreadyExists,
    ConfigError,
    InternalError,
    MeshError,
    NotFound,
    OrderRejected,
    Unavailable,
)
from alphapulse_client.frames import Frame
from alphapulse_layout import MessageType, Side, SourceType
from alphapulse_mesh.cli import feed, feed_values, mesh, output
from alphapulse_mesh.cli.demo import venue_of
from alphapulse_mesh.cli.main import app
from alphapulse_mesh.cli.registry import identifier_request
from alphapulse_mesh.cli.trace import tree
from alphapulse_mesh.runtime.errors import InvalidArgument
from alphapulse_mesh.runtime.trace_files import SpanRecord

if TYPE_CHECKING:
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig

RUNNER = CliRunner()
COMMANDS = ("up", "down", "status", "demo", "doctor", "registry", "feed", "order", "trace")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    result = RUNNER.invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert len(result.output) > 100


@pytest.mark.parametrize(
    ("key", "venue", "field"),
    [
        ("US0378331005", "", "isin"),
        ("us0378331005", "", "isin"),
        ("037833100", "", "cusip"),
        ("38259P508", "", "cusip"),
        ("BBG000B9XRY4", "", "figi"),
        ("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "", "contract_address"),
        ("BTCUSDT", "BINANCE", "symbol"),
        ("US0378331005", "XNAS", "symbol"),
    ],
)
def test_an_identifier_is_known_by_its_form(key: str, venue: str, field: str) -> None:
    request = identifier_request(key, venue=venue, chain_id=1)
    assert request is not None
    assert getattr(request, field).lower() == key.lower()


def test_an_id_needs_no_resolving_and_a_symbol_needs_a_venue() -> None:
    assert identifier_request("00" * 16, venue="", chain_id=0) is None
    with pytest.raises(InvalidArgument, match="--venue"):
        identifier_request("BTCUSDT", venue="", chain_id=0)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFound("x"), 4),
        (Unavailable("x"), 3),
        (AlreadyExists("x"), 5),
        (OrderRejected("x", reason="ORDER_REFUSED"), 5),
        (ConfigError("x"), 2),
        (InternalError("x"), 1),
        (MeshError("x"), 1),
    ],
)
def test_every_kind_of_failure_has_its_exit_code(
    error: MeshError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BaseException) as ended:  # noqa: PT011  # typer's Exit is private to it
        output.fail(error)
    assert getattr(ended.value, "exit_code", None) == code
    assert "error: x" in capsys.readouterr().err


def test_the_exit_codes_cover_every_class_of_error() -> None:
    for kind in CODES:
        assert any(issubclass(kind, known) for known, _ in output.EXIT_CODES)


@pytest.mark.parametrize(
    ("lines", "venue"),
    [
        (b'1 {"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT"}}\n', "BINANCE"),
        (b'1 {"stream":"x@depth@0ms","data":{"e":"depthUpdate","pu":5}}\n', "BINANCE_FUTURES"),
        (b'1 {"stream":"x@bookTicker","data":{"e":"bookTicker"}}\n', "BINANCE_FUTURES"),
    ],
)
def test_a_recording_says_which_venue_it_is_of(tmp_path: Path, lines: bytes, venue: str) -> None:
    for name, data in (("plain.txt", lines), ("packed.gz", gzip.compress(lines))):
        path = tmp_path / name
        path.write_bytes(data)
        assert venue_of(path) == venue


def test_what_is_no_recording_is_refused_by_name(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gz"
    broken.write_bytes(b"not gzip at all")
    for path in (tmp_path / "absent.gz", broken, tmp_path):
        with pytest.raises(ConfigError, match=path.name):
            venue_of(path)


def span(name: str, number: int, parent: int = 0, **fields: object) -> SpanRecord:
    return SpanRecord(
        trace_id="ab" * 16,
        span_id=f"{number:016x}",
        parent_span_id=f"{parent:016x}" if parent else "",
        name=name,
        kind="INTERNAL",
        service="execution",
        instance="execution",
        start_ns=1000 + number,
        end_ns=2000 + number,
        **fields,  # type: ignore[arg-type]  # of the record's own fields
    )


def drawn(spans: list[SpanRecord]) -> list[str]:
    console = Console(width=200)
    with console.capture() as text:
        console.print(tree(spans))
    return text.get().splitlines()


def test_the_tree_follows_the_parents_and_shows_failures() -> None:
    lines = drawn(
        [
            span("order.submit", 1),
            span("execution.accept", 2, 1, attributes={"alphapulse.order_id": "7"}),
            span("execution.risk", 3, 2, status={"code": "ERROR", "message": "too large"}),
            span("orphan", 9, 8),
        ]
    )
    assert "4 spans" in lines[0]
    depth = {word: line.index(word) for line in lines for word in line.split() if "." in word}
    assert depth["order.submit"] < depth["execution.accept"] < depth["execution.risk"]
    assert "order_id=7" in "\n".join(lines)
    assert any("execution.risk" in line and "too large" in line for line in lines)
    assert any("orphan" in line for line in lines)


def test_spans_that_name_each_other_as_parents_do_not_hang_the_tree() -> None:
    assert drawn([span("a", 1, 2), span("b", 2, 1), span("c", 3)])


def test_records_survive_the_way_through_json_lines(tmp_path: Path) -> None:
    """What `feed tail --json` prints, `feed publish` takes."""
    trades = rows(MessageType.TRADE, 2)
    trades["instrument_id"] = np.frombuffer(bytes(range(16)), trades["instrument_id"].dtype)[0]
    trades["price"] = [6_183_763_000_000, -1]
    trades["size"] = [2_000_000, 2**63]
    trades["side"] = [Side.BUY, Side.SELL]
    data = encode(
        MessageType.TRADE, trades, source=SourceType.EXTERNAL, context=new_context(), timestamp=1
    )
    frame = Frame.parse(data)
    path = tmp_path / "records.jsonl"
    path.write_text(
        "\n".join(
            json.dumps({"sequence": 5, "type": "TRADE", "trace_id": "x", **feed_values.plain(row)})
            for row in frame.rows
        )
    )
    (again,) = feed._frames(path, batch=512)
    assert Frame.parse(again).rows.tobytes() == frame.rows.tobytes()


@pytest.mark.parametrize(
    "line",
    ['{"type": "trade", "colour": 1}', '{"type": "nothing"}', "{", '{"price": "1"}', "[1]",
     '{"type": "trade", "price": "1.123456789"}', '{"type": "trade", "instrument_id": "zz"}'],
)  # fmt: skip
def test_a_wrong_record_is_named_by_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text('{"type": "trade", "price": "1"}\n' + line)
    with pytest.raises(MeshError, match=r"records\.jsonl:2"):
        list(feed._frames(path, batch=1))


def test_doctor_says_how_to_get_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alphapulse_mesh.cli.doctor.find_program", lambda name: None)
    result = RUNNER.invoke(app, ["doctor", "--json"])
    assert result.exit_code == 1
    checks = {check["name"]: check for check in json.loads(result.stdout)["checks"]}
    assert checks["Envoy"]["ok"] is False
    assert "make setup" in checks["Envoy"]["advice"]
    assert checks["go"]["needed"] is False


def test_symbols_may_follow_live_one_after_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`up --live A B` as the README has it; nothing is started here."""
    monkeypatch.chdir(tmp_path)
    seen: list[tuple[str, tuple[str, ...]]] = []

    def start(config: MeshConfig, **_: bool) -> None:
        seen.extend((source.venue, source.symbols) for source in config.collectors)
        raise Unavailable("not in this test")

    monkeypatch.setattr(mesh, "start_supervisor", start)
    result = RUNNER.invoke(app, ["up", "--live", "BTCUSDT", "ETHUSDT"])
    assert result.exit_code == 3
    both = ("BTCUSDT", "ETHUSDT")
    assert seen == [("BINANCE", both), ("BINANCE_FUTURES", both)]
    assert RUNNER.invoke(app, ["up", "BTCUSDT"]).exit_code == 2


def test_an_id_in_a_table_is_whole_on_a_narrow_terminal() -> None:
    narrow = Console(width=60, record=True)
    narrow.print(
        output.table(["symbol", "name", "id"], [("BTCUSDT", "a long name " * 5, "5" * 32)])
    )
    assert "5" * 32 in narrow.export_text()
