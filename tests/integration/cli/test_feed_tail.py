"""`feed tail`: every option on real relays, as a table, lines, JSON and CSV, and how it ends."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from alphapulse_client import connect_sync, encode, new_context
from alphapulse_layout import AssetType, SourceType, VenueId
from alphapulse_mesh.cli.main import app
from alphapulse_testing.custom_types import (
    NOTE,
    SENTIMENT,
    note,
    note_frame,
    sentiment_frame,
    sentiments,
)
from alphapulse_testing.frames import instrument, quotes, signals, trades

if TYPE_CHECKING:
    from typer.testing import Result

    from .conftest import Relays

COMMAND = [sys.executable, "-m", "alphapulse_mesh.cli.main", "feed", "tail"]
TOKEN = re.compile(r"--token (\S+)")


def tail(relays: Relays, *arguments: str, code: int = 0) -> Result:
    """The command in this process; standard output is no terminal."""
    result = CliRunner().invoke(
        app, ["feed", "tail", *arguments, "--target", relays.target], catch_exceptions=False
    )
    assert result.exit_code == code, result.stderr
    return result


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def ids(result: Result) -> list[int]:
    return [line["trade_id"] for line in lines(result)]


def test_a_pipe_gets_json_lines_and_a_count_ends_it(relays: Relays) -> None:
    relays.publish("market_data", [trades(range(at, at + 2)) for at in range(0, 10, 2)])
    result = tail(relays, "--start", "oldest", "--count", "5")
    assert ids(result) == [0, 1, 2, 3, 4]
    assert [line["sequence"] for line in lines(result)] == [1, 1, 2, 2, 3]
    assert {line["type"] for line in lines(result)} == {"TRADE"}

    # the third frame was shown by half: it comes again, and nothing is left out
    [token] = TOKEN.findall(result.stderr)
    result = tail(relays, "--token", token, "--count", "6")
    assert ids(result) == [4, 5, 6, 7, 8, 9]
    [token] = TOKEN.findall(result.stderr)
    relays.publish("market_data", [trades([10])])
    assert ids(tail(relays, "--token", f"market_data:{token}", "--count", "1")) == [10]


def test_starts(relays: Relays) -> None:
    relays.publish("market_data", [trades([number]) for number in range(3)])
    time.sleep(0.01)
    moment = datetime.now(UTC).isoformat()
    time.sleep(0.01)
    relays.publish("market_data", [trades([number]) for number in range(3, 6)])
    assert ids(tail(relays, "--start", "3", "--count", "4")) == [2, 3, 4, 5]
    assert ids(tail(relays, "--start", moment, "--count", "3")) == [3, 4, 5]
    assert ids(tail(relays, "--start", "-1h", "--count", "6")) == list(range(6))
    assert ids(tail(relays, "--start", "snapshot", "--count", "1")) == [5], "the last trade"
    # and no other; on a busy machine it may not have come by then
    assert ids(tail(relays, "--start", "snapshot", "--seconds", "0.5")) in ([5], [])
    assert ids(tail(relays, "--start", "latest", "--seconds", "0.3")) == []


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (["--type", "trade", "--instrument", instrument(2).hex()], [2]),
        (["--type", "trade", "--venue", "kraken"], [1]),
        (["--type", "trade", "--venue", str(int(VenueId.KRAKEN)) + ",BINANCE"], [0, 1, 2]),
        (["--type", "trade", "--source", "kraken-collector"], [3]),
        (["--type", "trade", "--asset-type", "perpetual"], [3]),
        (["--where", "trade_id >= 2 and price > 0"], [2, 3]),
        (["--type", "trade,order_book"], [0, 1, 2, 3]),
    ],
)
def test_filters(relays: Relays, options: list[str], wanted: list[int]) -> None:
    names = [instrument(1), instrument(1, venue=VenueId.KRAKEN), instrument(2)]
    future = instrument(3, venue=VenueId.KRAKEN_FUTURES, asset_type=AssetType.PERPETUAL)
    other = trades([3], instruments=[future], source=SourceType.KRAKEN_COLLECTOR)
    relays.publish("market_data", [trades(range(3), instruments=names), quotes(2), other])
    result = tail(relays, "--start", "oldest", *options, "--count", str(len(wanted)))
    assert ids(result) == wanted


def test_types_registered_at_run_time_are_decoded(relays: Relays) -> None:
    rows = sentiments([0.25, 0.75])
    rows["price"] = 150_000_000
    relays.publish("market_data", [sentiment_frame(rows[:1])])
    before = lines(tail(relays, "--start", "oldest", "--count", "1"))
    assert before[0]["record"] == rows[:1].tobytes().hex(), "nobody has said what it is"
    with connect_sync(relays.target) as mesh:
        mesh.register_schema("market_data", 200, SENTIMENT)
        mesh.register_schema("market_data", 201, NOTE)
    relays.publish("market_data", [sentiment_frame(rows), note_frame(note("hello", votes=3))])
    chosen = ["--start", "2", "--type", "200", "--where", "score > 0.5", "--count", "1"]
    [found] = lines(tail(relays, *chosen))
    assert (found["score"], found["price"], found["type"]) == (0.75, "1.5", "CUSTOM")
    [found] = lines(tail(relays, "--start", "3", "--count", "1"))
    assert (found["text"], found["author"]) == ("hello", {"name": "ada", "karma": 7})


def test_several_domains_are_merged_and_each_has_its_token(relays: Relays) -> None:
    for number in range(4):
        relays.publish("market_data", [trades([number])])
        relays.publish("signal", [signals([number])])
    result = tail(relays, "market_data", "signal", "--start", "oldest", "--count", "5")
    assert [line["domain"] for line in lines(result)] == ["market_data", "signal"] * 2 + [
        "market_data"
    ]
    tokens = [part for token in TOKEN.findall(result.stderr) for part in ("--token", token)]
    assert len(tokens) == 4
    rest = tail(relays, "market_data,signal", *tokens, "--count", "3")
    assert [(line["domain"], line["sequence"]) for line in lines(rest)] == [
        ("signal", 3), ("market_data", 4), ("signal", 4),
    ]  # fmt: skip
    both = tail(relays, "market_data", "signal", "--type", "trade,arbitrage_opportunity",
                "--start", "oldest", "--order", "arrival", "--count", "8")  # fmt: skip
    assert len(lines(both)) == 8


def test_csv_has_a_column_a_field_where_one_type_is_asked_for(relays: Relays) -> None:
    relays.publish("market_data", [trades(range(2), price=150_000_000), quotes(1)])
    result = tail(relays, "--start", "oldest", "--type", "trade", "--format", "csv", "--count", "2")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["trade_id"] for row in rows] == ["0", "1"]
    assert {row["price"] for row in rows} == {"1.5"}
    result = tail(relays, "--start", "oldest", "--format", "csv", "--count", "3")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["type"] for row in rows] == ["trade", "trade", "quote"]
    assert json.loads(rows[0]["record"])["price"] == "1.5"


def test_lines_for_people_say_names(relays: Relays) -> None:
    relays.publish("market_data", [trades([7], instruments=[instrument(42)])])
    said = tail(relays, "--start", "oldest", "--format", "table", "--count", "1").stdout
    assert "42 BINANCE" in said
    assert "trade_id=7" in said


def test_types_registered_at_run_time_are_shown_as_bytes(relays: Relays) -> None:
    frame = encode(
        201, b"\x01\x02\x03\x04" * 2, source=SourceType.EXTERNAL, context=new_context(), stride=4
    )
    relays.publish("market_data", [frame])
    found = lines(tail(relays, "--start", "oldest", "--count", "2"))
    assert [(line["type"], line["record"]) for line in found] == [("CUSTOM_201", "01020304")] * 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "DOMAIN_UNKNOWN"),
        (["--type", "trades"], "MESSAGE_TYPE_UNKNOWN"),
        (["--type", "fill"], "--type fill is of the execution domain"),
        (["market_data", "signal", "--type", "trade"], "none of the signal domain"),
        (["--venue", "MARS"], "--venue 'MARS'"),
        (["--source", "me"], "--source 'me'"),
        (["--asset-type", "gold"], "--asset-type 'gold'"),
        (["--start", "yesterday"], "--start 'yesterday'"),
        (["--start", "2026-01-31T08:00:00"], "needs its zone"),
        (["market_data", "signal", "--start", "5"], "--start 5"),
        (["--policy", "wait"], "--policy 'wait'"),
        (["--token", "xyz"], "--token 'xyz'"),
        (["--token", "00"], "TOKEN_INVALID"),
        (["--token", "signal:00"], "signal is not read here"),
        (["market_data", "signal", "--token", "00"], "of which domain"),
        (["--order", "size"], "--order 'size'"),
        (["--where", "price >"], "PREDICATE_SYNTAX"),
        (["market_data", "signal", "--where", "colour > 1"], "PREDICATE_UNKNOWN_NAME"),
        (["--json", "--format", "csv"], "FORMAT_UNCLEAR"),
    ],
)
def test_errors_name_the_thing(relays: Relays, arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["feed", "tail", *arguments, "--target", relays.target])
    assert result.exit_code in (1, 2, 3), result.output
    assert said in " ".join(result.stderr.split())


def test_ctrl_c_ends_it_cleanly_with_a_token(relays: Relays) -> None:
    relays.publish("market_data", [trades([1])])
    process = subprocess.Popen(
        [*COMMAND, "--start", "oldest", "--target", relays.target],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["trade_id"] == 1
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    [token] = TOKEN.findall(said)
    assert "Traceback" not in said
    relays.publish("market_data", [trades([2])])
    assert ids(tail(relays, "--token", token, "--count", "1")) == [2]


def test_a_reader_that_has_had_enough_is_no_failure(relays: Relays) -> None:
    relays.publish("market_data", [trades(range(at, at + 1000)) for at in range(0, 5000, 1000)])
    process = subprocess.Popen(
        [*COMMAND, "--start", "oldest", "--target", relays.target],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == 0
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()


def test_a_terminal_gets_a_table(relays: Relays) -> None:
    relays.publish("market_data", [trades([77], instruments=[instrument(42)])])
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "market_data", "signal", "--start", "oldest", "--target", relays.target],
        stdout=slave, stderr=subprocess.PIPE, env={**os.environ, "COLUMNS": "200", "LINES": "40"},
    )  # fmt: skip
    os.close(slave)
    seen = b""
    deadline = time.monotonic() + 60
    while b"trade_id=77" not in seen and time.monotonic() < deadline:
        if select.select([master], [], [], 0.2)[0]:
            seen += os.read(master, 65536)
    process.send_signal(signal.SIGINT)
    with contextlib.suppress(OSError):  # how a terminal says that its last user has gone
        while data := os.read(master, 65536):
            seen += data
    _, said = process.communicate(timeout=60)
    os.close(master)
    text = seen.decode()
    assert "42 BINANCE" in text
    assert "market_data 1 frames" in text
    assert process.returncode == 0
    assert TOKEN.findall(said.decode())
