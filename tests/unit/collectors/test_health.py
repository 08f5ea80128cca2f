"""What is measured of venues, reckoned by hand."""

from __future__ import annotations

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client import frames
from alphapulse_layout import MessageType, VenueId
from alphapulse_mesh.collectors.binance import NormalizerCounters
from alphapulse_mesh.collectors.health import VenueHealth
from alphapulse_mesh.collectors.rows import RowBatch
from alphapulse_mesh.collectors.sources.base import Connection, Feed

SECOND = 1_000_000_000
T0 = 1_700_000_000 * SECOND
BINANCE, FUTURES = VenueId.BINANCE, VenueId.BINANCE_FUTURES


def trades(*late_ns: int, venue: int = BINANCE) -> RowBatch:
    rows = frames.rows(MessageType.TRADE, len(late_ns))
    rows["instrument_id"]["venue"] = venue
    rows["exchange_time"] = T0
    rows["receive_time"] = [T0 + late for late in late_ns]
    return RowBatch(MessageType.TRADE, rows)


class Watched:
    """A health of one feed or several."""

    def __init__(self, *feeds: Feed) -> None:
        self.health = VenueHealth("collector", T0)
        self.feeds = feeds
        self.counters = [NormalizerCounters() for _ in feeds]
        for feed, counters in zip(feeds, self.counters, strict=True):
            self.health.watch(feed, counters)

    def measure(self, seconds: float) -> dict[int, pb.VenueMetric]:
        return dict(self.health.measure(T0 + int(seconds * SECOND)))


def test_of_an_interval_each_venue() -> None:
    watched = Watched(Feed("a", BINANCE), Feed("b", BINANCE), Feed("c", FUTURES))
    assert watched.measure(1) == {}  # nothing was heard of anybody
    for count, counters in zip((60, 30, 10), watched.counters, strict=True):
        counters.messages = count
    watched.health.sample([trades(5, 30), trades(9), trades(2, 40)])  # the last of each batch
    watched.health.sample([trades(7, venue=FUTURES)])
    found = watched.measure(11)
    assert set(found) == {BINANCE, FUTURES}
    spot = found[BINANCE]
    assert spot.latency_ns == 30  # of 9, 30 and 40
    assert spot.messages_per_second == 9
    assert (spot.error_ppm, spot.gaps, spot.reliability_score) == (0, 0, 10_000)
    assert (spot.status, spot.source) == (pb.VENUE_STATUS_OPEN, "collector")
    assert spot.time.ToNanoseconds() == T0 + 11 * SECOND
    assert found[FUTURES].latency_ns == 7
    # the next interval is its own: nothing came, which is no failure
    quiet = watched.measure(21)[BINANCE]
    assert (quiet.latency_ns, quiet.messages_per_second) == (0, 0)
    assert (quiet.status, quiet.reliability_score) == (pb.VENUE_STATUS_OPEN, 10_000)


def quotes(*prices: tuple[int, int], venue: int = BINANCE) -> RowBatch:
    rows = frames.rows(MessageType.QUOTE, len(prices))
    rows["instrument_id"]["venue"] = venue
    rows["bid_price"], rows["ask_price"] = zip(*prices, strict=True)
    return RowBatch(MessageType.QUOTE, rows)


def test_liquidity_is_of_the_median_spread() -> None:
    watched = Watched(Feed("a", BINANCE), Feed("c", FUTURES))
    for counters in watched.counters:
        counters.messages = 1
    # 1, 9 and 40 basis points; a side that is not there and a crossed book say nothing
    wide = [quotes((1, 1000), (99_950, 99_960)), quotes((99_955, 100_045))]
    watched.health.sample([*wide, quotes((99_800, 100_200)), quotes((0, 5)), quotes((7, 5))])
    found = watched.measure(10)
    assert found[BINANCE].liquidity_score == 1000
    assert found[FUTURES].liquidity_score == 0
    assert watched.measure(20)[BINANCE].liquidity_score == 0


def test_clocks_that_differ_say_nothing() -> None:
    watched = Watched(Feed("a", BINANCE))
    watched.counters[0].messages = 1
    early = trades(-5)  # before it was traded
    watched.health.sample([early, trades(3600 * SECOND)])
    assert watched.measure(1)[BINANCE].latency_ns == 0


def test_failures_and_holes() -> None:
    feed = Feed("a", BINANCE)
    watched = Watched(feed, Feed("b", FUTURES))
    watched.counters[0].messages = 90
    for _ in range(10):
        watched.health.failed(feed)
    metric = watched.measure(10)[BINANCE]
    assert (metric.error_ppm, metric.reliability_score) == (100_000, 9000)
    assert metric.status == pb.VENUE_STATUS_DEGRADED
    watched.counters[0].messages += 10
    watched.counters[0].book_gaps = 3
    metric = watched.measure(20)[BINANCE]
    assert (metric.error_ppm, metric.gaps) == (0, 3)
    assert (metric.reliability_score, metric.status) == (9700, pb.VENUE_STATUS_DEGRADED)
    watched.counters[0].book_gaps = 1003
    assert watched.measure(30)[BINANCE].reliability_score == 1  # 0 would be: not said


def test_a_connection_that_goes_and_comes() -> None:
    link = Connection()
    watched = Watched(Feed("a", BINANCE, connection=link))
    link.came(T0)
    watched.counters[0].messages = 5
    assert watched.measure(10)[BINANCE].status == pb.VENUE_STATUS_OPEN
    link.lost(T0 + 15 * SECOND)
    link.lost(T0 + 17 * SECOND)  # and could not be made again: the same loss
    down = watched.measure(20)[BINANCE]
    assert (down.status, down.reliability_score) == (pb.VENUE_STATUS_DOWN, 5000)
    assert watched.measure(30)[BINANCE].reliability_score == 1
    link.came(T0 + 35 * SECOND)
    back = watched.measure(40)[BINANCE]
    assert (back.status, back.reliability_score) == (pb.VENUE_STATUS_DEGRADED, 5000)
    assert watched.measure(50)[BINANCE].status == pb.VENUE_STATUS_OPEN


def test_a_venue_that_is_never_reached_is_down() -> None:
    link = Connection()
    watched = Watched(Feed("a", BINANCE, connection=link))
    assert watched.measure(5) == {}  # it has not been tried
    link.lost(T0 + 6 * SECOND)
    assert watched.measure(10)[BINANCE].status == pb.VENUE_STATUS_DOWN


def test_one_of_two_connections_is_half_a_venue() -> None:
    one, other = Connection(), Connection()
    watched = Watched(Feed("a", BINANCE, connection=one), Feed("b", BINANCE, connection=other))
    one.came(T0)
    other.came(T0)
    watched.counters[0].messages = 1
    other.lost(T0 + 5 * SECOND)
    metric = watched.measure(10)[BINANCE]
    # 5 of 20 seconds of connection
    assert (metric.status, metric.reliability_score) == (pb.VENUE_STATUS_DEGRADED, 7500)
