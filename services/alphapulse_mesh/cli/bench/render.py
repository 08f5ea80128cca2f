"""A result file as a page and a plot: `python -m alphapulse_mesh.cli.bench.render RESULTS.jsonl`.

Writes NAME.md and NAME.svg beside NAME.jsonl. What the page says about a bench that no run can say
(what is done, why a target is missed) stands in NAME.notes.md and is put into the page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib import pyplot as plt

from alphapulse_mesh.cli.bench import feed, registry, ring
from alphapulse_mesh.cli.bench.results import Result, read
from alphapulse_mesh.cli.bench.targets import Target, judge

__all__ = ["page", "plot"]

TARGETS: Final[dict[str, tuple[Target, ...]]] = {
    "ring": ring.TARGETS,
    "feed": feed.TARGETS,
    "registry": registry.TARGETS,
}
COLOURS: Final = {
    "alphapulse": "#1f77b4", "limit": "#7f7f7f", "lmax": "#d62728", "iceoryx2": "#2ca02c",
    "pyzmq": "#9467bd", "pipe": "#bcbd22", "redis": "#d62728", "sqlite": "#17becf",
    "nats-kv": "#2ca02c", "dict": "#8c564b", "nats-py": "#2ca02c",
    "unstalled": "#8c564b", "one-sub": "#8c564b",
}  # fmt: skip


def page(results: Sequence[Result], targets: Iterable[Target], notes: str) -> str:
    """The page in Markdown."""
    bench = results[0].bench
    machines = sorted({f"{one.machine}, {one.cpus} CPUs" for one in results if one.machine})
    out = [
        f"# Benchmark: {bench}",
        "",
        (
            "Made from "
            f"[{bench}.jsonl]({bench}.jsonl) by `python -m alphapulse_mesh.cli.bench.render`; "
            "no figure here is typed in. To measure anew:"
        ),
        "",
        "```sh",
        "make setup-dev bench-peers",
        f".venv/bin/alphapulse bench {bench} --json > docs/benchmarks/{bench}.jsonl",
        f".venv/bin/python -m alphapulse_mesh.cli.bench.render docs/benchmarks/{bench}.jsonl",
        "```",
        "",
        *(f"Machine: {name}." for name in machines),
        "",
        "## Targets",
        "",
        "| case | ratio | target | measured | |",
        "| --- | --- | ---: | ---: | --- |",
    ]
    for verdict in judge(results, targets):
        target = verdict.target
        ratio = f"alphapulse / {target.peer}" if target.peer else "alphapulse"
        value = "—" if verdict.ratio is None else _number(verdict.ratio)
        sign = "≥" if target.bound == "at least" else "≤"
        word = verdict.word if verdict.word == "ok" else f"**{verdict.word}**"
        out.append(
            f"| {target.case} | {ratio}, {target.metric} | {sign} {target.ratio:g} "
            f"| {value} | {word} |"
        )
    if notes:
        out += ["", notes.strip()]
    out += ["", f"![{bench}]({bench}.svg)"]
    out += ["", "## Latency", "", *_latencies(results)]
    out += ["", "## Throughput", "", *_rates(results)]
    costs = _costs(results)
    if costs:
        out += ["", "## Processor time and memory", "", *costs]
    missing = [one for one in results if one.value is None]
    if missing:
        out += ["", "## Not measured", ""]
        out += [f"- {one.case}, {one.subject}: {one.detail}" for one in missing]
    return "\n".join(out) + "\n"


def _latencies(results: Sequence[Result]) -> list[str]:
    out = [
        "Nanoseconds: medians of the rounds, with the range of the median; the largest maximum.",
        "",
        "| case | subject | p50 | (range) | p99 | p99.9 | max | rounds | how |",
        "| --- | --- | ---: | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for one in results:
        if one.metric != "p50_ns" or one.value is None:
            continue
        others = {
            other.metric: other.value
            for other in results
            if (other.case, other.subject) == (one.case, one.subject)
        }
        tail = (_number(others.get(metric)) for metric in ("p99_ns", "p999_ns", "max_ns"))
        out.append(
            f"| {one.case} | {one.subject} | {_number(one.value)} | {_range(one)} "
            f"| {' | '.join(tail)} | {one.samples} | {one.detail} |"
        )
    return out


def _rates(results: Sequence[Result]) -> list[str]:
    said = (
        "Millions of records a second, each counted once however many consumers got it; a delivery "
        "is one record at one consumer. Medians of the rounds and their range."
    )
    out = [
        said,
        "",
        "| case | subject | M records/s | (range) | M deliveries/s | rounds | how |",
        "| --- | --- | ---: | --- | ---: | ---: | --- |",
    ]
    deliveries = {
        (one.case, one.subject): one.value
        for one in results
        if one.metric == "deliveries_per_second"
    }
    for one in results:
        if one.metric != "per_second" or one.value is None:
            continue
        got = deliveries.get((one.case, one.subject), one.value)
        out.append(
            f"| {one.case} | {one.subject} | {_number(one.value / 1e6)} | {_range(one, 1e6)} "
            f"| {_number((got or 0) / 1e6)} | {one.samples} | {one.detail} |"
        )
    return out


def _costs(results: Sequence[Result]) -> list[str]:
    """Processor time of a record and resident memory; nothing where a bench has neither."""
    found = {
        (one.case, one.subject, one.metric): one.value
        for one in results
        if one.metric in ("cpu_ns_each", "bytes_each") and one.value is not None
    }
    rows = dict.fromkeys((case, subject) for case, subject, _ in found)
    if not any(metric == "cpu_ns_each" for _, _, metric in found):
        return []
    out = [
        "| case | subject | processor ns a record | MB |",
        "| --- | --- | ---: | ---: |",
    ]
    for case, subject in rows:
        memory = found.get((case, subject, "bytes_each"))
        out.append(
            f"| {case} | {subject} | {_number(found.get((case, subject, 'cpu_ns_each')))} "
            f"| {_number(None if memory is None else memory / 1e6)} |"
        )
    return out


def _number(value: float | None) -> str:
    if value is None:
        return "—"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _range(one: Result, unit: float = 1.0) -> str:
    if one.low is None or one.high is None:
        return ""
    return f"{_number(one.low / unit)} … {_number(one.high / unit)}"


def plot(results: Sequence[Result], path: Path) -> None:
    """Median latencies and rates, with the range of the rounds, on logarithmic axes."""
    mpl.use("svg")
    # the same results give the same file
    mpl.rcParams["svg.hashsalt"] = "alphapulse"
    kinds = (("p50_ns", "p50, ns", 1.0), ("per_second", "million records a second", 1e6))
    cases = [list(dict.fromkeys(one.case for one in results if one.metric == m))
             for m, _, _ in kinds]  # fmt: skip
    figure, axes = plt.subplots(
        2, 1, figsize=(10, 2 + 0.42 * sum(map(len, cases))),
        height_ratios=[max(len(names), 1) for names in cases], layout="constrained",
    )  # fmt: skip
    for axis, (metric, label, unit), names in zip(axes, kinds, cases, strict=True):
        shown = [one for one in results if one.metric == metric and one.value is not None]
        for subject in dict.fromkeys(one.subject for one in shown):
            own = [one for one in shown if one.subject == subject]
            middles = [(one.value or 0) / unit for one in own]
            spread = [
                [max(m - (one.low or 0) / unit, 0) for m, one in zip(middles, own, strict=True)],
                [max((one.high or 0) / unit - m, 0) for m, one in zip(middles, own, strict=True)],
            ]
            axis.errorbar(
                middles, [names.index(one.case) for one in own], xerr=spread, fmt="o",
                capsize=2, label=subject, color=COLOURS.get(subject),
            )  # fmt: skip
        axis.set_yticks(range(len(names)), names)
        axis.invert_yaxis()
        axis.set_xscale("log")
        axis.set_xlabel(label)
        axis.grid(visible=True, axis="x", alpha=0.3)
        axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def main(source: Path) -> None:
    """Write the page and the plot beside the results."""
    results = read(source)
    if not results:
        sys.exit(f"{source} has no results")
    notes = source.with_suffix(".notes.md")
    said = notes.read_text() if notes.exists() else ""
    targets = TARGETS.get(results[0].bench, ())
    source.with_suffix(".md").write_text(page(results, targets, said))
    plot(results, source.with_suffix(".svg"))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
