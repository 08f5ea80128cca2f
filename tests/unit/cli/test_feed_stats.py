"""What `feed stats` makes of two answers of a relay and the frames in between, and draws of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client import Batch, Frame, Gap, InvalidArgument
from alphapulse_layout import MessageType, SourceType, VenueId
from alphapulse_mesh.cli.feed_plot import Plot
from alphapulse_mesh.cli.feed_sampling import OWN_NAME, Sample, look
from alphapulse_mesh.cli.feed_stats import render
from alphapulse_testing.frames import instrument, signals, trades

if TYPE_CHECKING:
    from pathlib import Path


def status(frames: int, records: int, **more: Any) -> pb.GetStatusResponse:
    return pb.GetStatusResponse(
        domain="market_data",
        oldest_sequence=1,
        head_sequence=frames,
        published_frames=frames,
        published_records=records,
        records_by_type={MessageType.TRADE: records},
        policy={"max_queue_frames": "1000"},
        **more,
    )


def sampled(*frames: bytes, latency: int = 5000, gaps: tuple[Gap, ...] = ()) -> Sample:
    parsed = [Frame.parse(frame) for frame in frames]
    sample = Sample(lambda: max(frame.timestamp for frame in parsed) + latency)
    sample.add(Batch(parsed, list(gaps)))
    return sample


def test_rates_are_differences_over_the_time_between() -> None:
    found = look(status(100, 1000), status(150, 2000), 2.0, Sample())
    assert (found["frames_per_second"], found["records_per_second"]) == (25, 500)
    assert found["types"]["trade"]["records_per_second"] == 500
    assert found["types"]["trade"]["p50_us"] is None
    assert found["seen"] == 0


def test_a_relay_that_lost_its_memory_counts_from_the_beginning() -> None:
    found = look(status(100, 1000), status(10, 30), 1.0, Sample())
    assert (found["frames_per_second"], found["records_per_second"]) == (10, 30)


def test_venues_sources_latencies_and_gaps_come_from_the_frames() -> None:
    names = [instrument(1), instrument(1, venue=VenueId.KRAKEN), instrument(2)]
    sample = sampled(
        trades(range(3), instruments=names),
        trades([4], source=SourceType.KRAKEN_COLLECTOR),
        gaps=(Gap(5, 9, "SLOW_CONSUMER"),),
    )
    found = look(status(0, 0), status(4, 40), 2.0, sample)
    assert found["venues"] == {"BINANCE": 1.5, "KRAKEN": 0.5}
    assert found["sources"] == {"BINANCE_COLLECTOR": 1.5, "KRAKEN_COLLECTOR": 0.5}
    assert found["gaps"] == {"SLOW_CONSUMER": 5}
    assert found["seen"] == 0.5
    assert found["types"]["trade"]["max_us"] >= found["types"]["trade"]["p50_us"] >= 5


def test_frames_from_a_clock_that_is_ahead_count_as_now() -> None:
    found = look(status(0, 0), status(1, 1), 1.0, sampled(trades([1]), latency=-(10**9)))
    assert found["types"]["trade"]["max_us"] == 0


def test_producers_subscribers_circuit_and_queue() -> None:
    def with_parts(acknowledged: int, delivered: int) -> pb.GetStatusResponse:
        return status(
            acknowledged,
            delivered,
            producers=[
                pb.ProducerStatus(
                    producer_id=7, name="p", acknowledged_sequence=acknowledged, missing=2
                )
            ],
            subscribers=[
                pb.SubscriberStatus(
                    name="s", delivered_records=delivered, lag_frames=3, lost_frames=1,
                    policy=pb.SLOW_CONSUMER_POLICY_DROP_OLDEST,
                ),
                pb.SubscriberStatus(name=OWN_NAME),
            ],
            circuit_open=True,
            backlog_frames=12,
            rejected_frames={"FRAME_BAD_CHECKSUM": 4},
        )  # fmt: skip

    found = look(with_parts(10, 100), with_parts(30, 500), 2.0, Sample())
    assert found["circuit"] == "open"
    assert (found["queue_frames"], found["queue_limit"]) == (12, 1000)
    assert found["rejected"] == {"FRAME_BAD_CHECKSUM": 4}
    [producer] = found["producers"]
    assert (producer["frames_per_second"], producer["missing"]) == (10, 2)
    [subscriber] = found["subscribers"]
    assert (subscriber["name"], subscriber["policy"]) == ("s", "drop_oldest")
    assert (subscriber["records_per_second"], subscriber["lag_frames"]) == (200, 3)

    console = Console(width=200, record=True)
    console.print(render({"domains": {"market_data": found, "signal": {
        "error": "nobody answers", "reason": "UNAVAILABLE"}}}))  # fmt: skip
    text = console.export_text()
    for said in ("12 of 1,000", "open", "FRAME_BAD_CHECKSUM 4", "drop_oldest", "nobody answers"):
        assert said in text


def test_types_without_instruments_or_rows_are_counted_all_the_same() -> None:
    found = look(status(0, 0), status(2, 3), 1.0, sampled(trades([]), signals([1, 2])))
    assert found["seen"] == 1
    assert found["types"]["arbitrage_opportunity"]["p50_us"] is not None


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_a_plot_shows_rates_lags_and_latencies(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"stats.{suffix}"
    plot = Plot(path)
    for second in range(5):
        found = look(
            status(0, 0), status(4, 10 * second, subscribers=[pb.SubscriberStatus(name="desk")]),
            1.0, sampled(trades([1])),
        )  # fmt: skip
        state = {"domains": {"market_data": found, "signal": {"error": "x", "reason": "Y"}}}
        plot.add(100.0 + second, state)
    assert plot.rates["market_data"] == ([0, 1, 2, 3, 4], [0, 10, 20, 30, 40])
    assert set(plot.lags) == {"market_data queue", "market_data: desk"}
    assert set(plot.medians) == set(plot.tails) == {"trade"}
    plot.save()
    content = path.read_bytes()
    assert b"<svg" in content[:1000] if suffix == "svg" else content.startswith(b"\x89PNG")
    if suffix == "svg":
        assert content.count(b'<g id="axes_') == 3


def test_a_plot_that_nobody_measured_anything_for_is_empty_but_there(tmp_path: Path) -> None:
    plot = Plot(tmp_path / "empty.svg")
    plot.save()
    assert (tmp_path / "empty.svg").stat().st_size > 0


@pytest.mark.parametrize("name", ["stats.txt", "nowhere/stats.svg"])
def test_a_plot_that_cannot_be_is_refused_before_anything_is_measured(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(InvalidArgument, match="--plot"):
        Plot(tmp_path / name)
