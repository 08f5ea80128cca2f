"""The benches' own logic: result lines, turns, targets, pages. What is measured is not judged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from alphapulse_mesh.cli.bench import ring
from alphapulse_mesh.cli.bench.interleave import Case, Effort, Latency, Rate, Subject, run_case
from alphapulse_mesh.cli.bench.peers import Peer, PeerError
from alphapulse_mesh.cli.bench.render import page
from alphapulse_mesh.cli.bench.results import Result, of_rounds, read, unavailable
from alphapulse_mesh.cli.bench.targets import Target, judge
from alphapulse_mesh.cli.main import app

if TYPE_CHECKING:
    from pathlib import Path

BRIEF = Effort(rounds=3, seconds=0.001, warm_up=0.0)


def rate(subject: str, value: float, case: str = "1p1c-64B-batch1", rounds: int = 3) -> Result:
    return of_rounds("ring", case, subject, "per_second", "records/s", [value] * rounds)


def test_a_line_is_json_with_the_promised_keys_and_reads_back(tmp_path: Path) -> None:
    result = of_rounds("ring", "handover", "limit", "p50_ns", "ns", [3.0, 1.0, 2.0], "how")
    fields = json.loads(result.line())
    assert {"bench", "case", "subject", "metric", "value", "unit", "samples"} <= fields.keys()
    assert (fields["value"], fields["low"], fields["high"], fields["samples"]) == (2.0, 1.0, 3.0, 3)
    assert fields["cpus"] >= 1
    file = tmp_path / "ring.jsonl"
    file.write_text(result.line() + "\n")
    assert read(file) == [result]


def test_a_maximum_is_the_largest_of_the_rounds() -> None:
    assert of_rounds("ring", "handover", "limit", "max_ns", "ns", [5.0, 9.0, 7.0]).value == 9.0


@pytest.mark.parametrize("text", ["[]", "{}", '{"bench":"ring"}', "not json"])
def test_a_file_with_another_line_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    file = tmp_path / "ring.jsonl"
    file.write_text(rate("lmax", 1.0).line() + "\n" + text + "\n")
    with pytest.raises(ValueError, match=r"ring\.jsonl:2: not a result"):
        read(file)


def test_a_figure_needs_a_known_metric_and_a_missing_one_its_reason() -> None:
    with pytest.raises(ValueError, match="no such metric"):
        of_rounds("ring", "handover", "limit", "p75_ns", "ns", [1.0])
    with pytest.raises(ValueError, match="reason"):
        unavailable("ring", "handover", "limit", "p50_ns", "ns", "")


def test_targets_compare_with_the_peer_of_the_same_case_in_both_directions() -> None:
    targets = (
        Target("1p1c-64B-batch1", "per_second", "lmax", "at least", 1.5),
        Target("1p1c-64B-batch1", "per_second", "iceoryx2", "at least", 5),
        Target("1p1c-64B-batch1", "per_second", "", "at most", 10),
        Target("1p1c-64B-batch1", "per_second", "pyzmq", "at least", 2),
    )
    results = [rate("lmax", 999.0, "other"), rate("alphapulse", 30.0), rate("lmax", 20.0)]
    results += [rate("iceoryx2", 10.0)]
    verdicts = judge(results, targets)
    assert [(v.ratio, v.word) for v in verdicts] == [
        (1.5, "ok"), (3.0, "missed"), (30.0, "missed"), (None, "not measured"),
    ]  # fmt: skip


def test_one_round_is_no_verdict() -> None:
    target = Target("1p1c-64B-batch1", "per_second", "lmax", "at least", 1.5)
    results = [rate("alphapulse", 30.0), rate("lmax", 10.0, rounds=1)]
    assert [(v.ratio, v.word) for v in judge(results, [target])] == [(3.0, "too few rounds")]


def test_subjects_take_turns_and_one_that_fails_is_a_line_with_its_reason() -> None:
    turns: list[str] = []

    def measure(name: str) -> Rate:
        def seconds(count: int) -> float:
            turns.append(name)
            return count / 1e6

        return Rate(seconds, records=2, consumers=3, step=10, start=1000, most=1000)

    def fails(_count: int) -> float:
        raise PeerError("not built")

    subjects = (
        Subject("alphapulse", measure("a")), Subject("lmax", measure("b")),
        Subject("iceoryx2", Rate(fails)),
    )  # fmt: skip
    results = list(run_case("ring", Case("1p3c-64B", subjects), BRIEF))
    assert turns[-6:] == ["a", "b", "b", "a", "a", "b"]
    by = {(one.subject, one.metric): one for one in results}
    assert by["alphapulse", "per_second"].value == pytest.approx(2e6)
    assert by["alphapulse", "deliveries_per_second"].value == pytest.approx(6e6)
    assert (by["iceoryx2", "per_second"].value, by["iceoryx2", "per_second"].detail) == (
        None, "not built",
    )  # fmt: skip


def test_a_latency_gives_its_four_figures() -> None:
    probe = Latency(lambda n: (1.0, 2.0, 3.0, float(n)), start=100, most=200)
    results = list(run_case("ring", Case("handover", (Subject("limit", probe),)), BRIEF))
    assert [one.metric for one in results] == ["p50_ns", "p99_ns", "p999_ns", "max_ns"]
    assert [one.value for one in results] == [1.0, 2.0, 3.0, 200.0]


def test_a_peer_says_why_it_cannot_measure(tmp_path: Path) -> None:
    with pytest.raises(PeerError, match="is not here"):
        Peer(["no-such-program"], cwd=tmp_path).ask("throughput")
    unbuilt = Peer(["sh"], built=tmp_path / "peer.jar", hint="run make", cwd=tmp_path)
    with pytest.raises(PeerError, match=r"peer\.jar is not built; run make"):
        unbuilt.ask("throughput")
    script = 'while read line; do echo "error $line refused"; done'
    refusing = Peer(["sh", "-c", script], cwd=tmp_path)
    with pytest.raises(PeerError, match="work refused"):
        refusing.ask("work")
    refusing.close()
    silent = Peer(["sleep", "30"], cwd=tmp_path)
    with pytest.raises(PeerError, match="no answer within"):
        silent.ask("work", timeout=0.05)


def test_the_page_shows_targets_figures_and_what_is_missing() -> None:
    results = [
        rate("alphapulse", 40e6), rate("lmax", 20e6),
        of_rounds("ring", "handover", "limit", "p50_ns", "ns", [150.0]),
        unavailable("ring", "python-64B", "pyzmq", "per_second", "records/s", "not installed"),
    ]  # fmt: skip
    text = page(results, ring.TARGETS, "## Why\n\nBecause.")
    assert "| 1p1c-64B-batch1 | alphapulse / lmax, per_second | ≥ 1.5 | 2 | ok |" in text
    assert "| 1p1c-64B-batch1 | lmax | 20 |" in text
    assert "| handover | limit | 150 |" in text
    assert "- python-64B, pyzmq: not installed" in text
    assert "Because." in text


def test_every_target_belongs_to_a_case() -> None:
    assert {target.case for target in ring.TARGETS} <= set(ring.CASES)


def test_a_bench_that_is_not_there_yet_says_so() -> None:
    result = CliRunner().invoke(app, ["bench", "backtest"])
    assert result.exit_code == 4
    assert "the bench backtest is not there yet" in result.output
