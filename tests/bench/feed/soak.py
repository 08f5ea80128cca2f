"""A feed at full rate for a long time, with the memory of its processes: is it flat?

    soak.py SECONDS [RESULT.jsonl]

Rounds of some seconds at full rate over gRPC to one subscriber (`feed_peers`); after each the
resident memory of relay, publisher and subscriber. RESULT.jsonl gets a line a sample, RESULT.svg
the plot and RESULT.md the verdict.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from records import FRAME_RECORDS

from alphapulse_mesh.cli.bench.peers import Peer

HERE = Path(__file__).parent
WHO = ("relay", "publisher", "subscriber")
WARM = 1 / 3
"""The first part of a soak fills windows, caches and heaps; the verdict is on the rest."""
FLAT_SHARE = 0.02
"""Growth over the rest, by the line through it, that still is noise."""


@dataclass(frozen=True, slots=True)
class Sample:
    """After a round: seconds since the start, resident bytes, records so far."""

    at: float
    relay: float
    publisher: float
    subscriber: float
    records: int
    per_second: float


def run(seconds: float, *, round_seconds: float = 5.0) -> list[Sample]:
    """Samples over `seconds` at full rate. Raises PeerError when a record is lost."""
    samples: list[Sample] = []
    with tempfile.TemporaryDirectory(prefix="alphapulse-bench.") as cwd:
        command = [sys.executable, str(HERE / "feed_peers.py"), "alphapulse", "1", "packed"]
        with closing(Peer(command, cwd=Path(cwd))) as peer:
            frames = 64
            took = peer.ask(f"rate {frames}", 120.0)[0]
            begin, records = time.monotonic(), 0
            while time.monotonic() - begin < seconds:
                frames = max(int(frames * round_seconds / took), 16)
                took = peer.ask(f"rate {frames}", 120.0)[0]
                records += frames * FRAME_RECORDS
                relay, publisher, subscriber = peer.ask("memory")
                at = time.monotonic() - begin
                speed = frames * FRAME_RECORDS / took
                samples.append(Sample(at, relay, publisher, subscriber, records, speed))
    return samples


def growth(samples: list[Sample]) -> dict[str, tuple[float, float]]:
    """By process: growth over the part behind the warm-up, of the line through it, as a share of
    the memory there; and its slope in bytes an hour.
    """
    rest = [one for one in samples if one.at >= samples[-1].at * WARM]
    times = np.array([one.at for one in rest])
    found: dict[str, tuple[float, float]] = {}
    for who in WHO:
        values = np.array([getattr(one, who) for one in rest])
        slope = float(np.polyfit(times, values, 1)[0]) if len(rest) > 1 else 0.0
        found[who] = slope * float(times[-1] - times[0]) / float(values.mean()), slope * 3600
    return found


def flat(samples: list[Sample]) -> bool:
    """Nobody grows."""
    return all(share <= FLAT_SHARE for share, _ in growth(samples).values())


def page(samples: list[Sample], name: str) -> str:
    """The verdict in Markdown."""
    last = samples[-1]
    speeds = [one.per_second for one in samples]
    out = [
        "# Soak: a feed at full rate",
        "",
        (
            f"Made from [{name}.jsonl]({name}.jsonl) by `tests/bench/feed/soak.py`; "
            "no figure here is typed in. "
            "One publisher, the relay and one subscriber over gRPC, all on one machine."
        ),
        "",
        (
            f"{last.at:,.0f} s, {last.records / 1e9:,.3f} thousand million records, median "
            f"{float(np.median(speeds)) / 1e6:.3g} M records/s, none lost. "
            f"Memory is **{'flat' if flat(samples) else 'growing'}**: the line through the last "
            "two thirds of the samples, the first third being the warm-up."
        ),
        "",
        "| process | MB at the end | growth over that time | MB an hour |",
        "| --- | ---: | ---: | ---: |",
    ]
    for who, (share, slope) in growth(samples).items():
        end = getattr(last, who) / 1e6
        out.append(f"| {who} | {end:,.1f} | {share * 100:+.2f} % | {slope / 1e6:+,.2f} |")
    return "\n".join([*out, "", f"![memory and rate over time]({name}.svg)", ""])


def plot(samples: list[Sample], path: Path) -> None:
    """Memory and rate over time."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "alphapulse"
    figure, (memory, rate) = plt.subplots(2, 1, figsize=(9, 6), sharex=True, layout="constrained")
    times = [one.at for one in samples]
    for who in WHO:
        memory.plot(times, [getattr(one, who) / 1e6 for one in samples], label=who)
    memory.set_ylabel("resident MB")
    memory.set_ylim(bottom=0)
    memory.legend()
    rate.plot(times, [one.per_second / 1e6 for one in samples])
    rate.set_ylabel("million records a second")
    rate.set_ylim(bottom=0)
    rate.set_xlabel("seconds")
    for axis in (memory, rate):
        axis.grid(visible=True, alpha=0.3)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def write(samples: list[Sample], result: Path) -> None:
    """The samples, the plot and the page."""
    result.write_text("".join(json.dumps(asdict(one)) + "\n" for one in samples))
    plot(samples, result.with_suffix(".svg"))
    result.with_suffix(".md").write_text(page(samples, result.stem))


if __name__ == "__main__":
    found = run(float(sys.argv[1]))
    if len(sys.argv) > 2:
        write(found, Path(sys.argv[2]))
    print(page(found, "feed-soak"))
    sys.exit(not flat(found))
