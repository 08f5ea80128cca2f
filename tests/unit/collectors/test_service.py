"""The run loop without a mesh: what is published, counted, skipped and reported."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from opentelemetry.sdk.resources import Resource

from alphapulse_client.frames import Frame
from alphapulse_client.publisher import Rejection
from alphapulse_layout import BookAction, MessageType, QuoteFlag, SourceType, VenueId
from alphapulse_mesh.collectors.counters import CollectorCounters
from alphapulse_mesh.collectors.service import Collector
from alphapulse_mesh.collectors.sources.base import (
    Disconnected,
    Feed,
    Message,
    RestSnapshot,
    Slice,
)
from alphapulse_mesh.runtime.agent import AgentStatus
from alphapulse_mesh.runtime.metrics import Metrics
from alphapulse_mesh.runtime.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import pytest

    from alphapulse_mesh.collectors.markets import Market

T0 = 1_700_000_000_000_000_000


def quote(number: int, symbol: str = "BTCUSDT") -> bytes:
    data = {"u": number, "s": symbol, "b": "1", "B": "2", "a": "3", "A": "4"}
    return orjson.dumps({"stream": f"{symbol.lower()}@bookTicker", "data": data})


def trade(number: int) -> bytes:
    data = {"e": "trade", "s": "BTCUSDT", "t": number, "p": "1", "q": "2", "T": 5, "m": True}
    return orjson.dumps({"stream": "btcusdt@trade", "data": data})


class FakePublisher:
    """Takes everything; acknowledges when told."""

    def __init__(self, resumed: int = 0) -> None:
        self.resumed_sequence = resumed
        self.frames: list[bytes] = []
        self.acknowledged = 0
        self.flushed = False

    async def ready(self) -> None: ...

    async def publish(self, frame: bytes) -> int:
        self.frames.append(frame)
        return len(self.frames)

    async def flush(self) -> None:
        self.acknowledged = len(self.frames)
        self.flushed = True


class FakeUniverse:
    """Gives ids in the order of asking."""

    def __init__(self) -> None:
        self.ids: dict[tuple[int, str], bytes] = {}

    def __len__(self) -> int:
        return len(self.ids)

    async def ensure(self, markets: Sequence[Market]) -> list[bytes]:
        return [
            self.ids.setdefault((item.venue, item.symbol), bytes([len(self.ids) + 1]) * 16)
            for item in markets
        ]


class Listed:
    """A source of given slices."""

    bounded = True
    repeatable = True
    measured = False

    def __init__(self, *parts: Sequence[Message], feed: Feed | None = None) -> None:
        self.feed = feed or Feed("test", VenueId.BINANCE)
        self._parts = parts
        self.behind: list[bool] = []
        self.closed = False

    async def open(self) -> Sequence[Feed]:
        return [self.feed]

    def catch_up(self, behind: bool) -> None:
        self.behind.append(behind)

    async def slices(self) -> AsyncIterator[Slice]:
        for number, messages in enumerate(self._parts):
            times = [T0 + number * 1000 + n for n in range(len(messages))]
            yield Slice([0] * len(times), times, messages, partial("file:{}.{}".format, number))

    @property
    def progress(self) -> float | None:
        return 0.5

    async def close(self) -> None:
        self.closed = True


class Run:
    """One collector with fakes around it."""

    def __init__(self, source: Any, *, resumed: int = 0, resume: bool = False) -> None:
        self.agent = AgentStatus("collector", "0")
        self.publisher = FakePublisher(resumed)
        self.universe = FakeUniverse()
        self.source = source
        metrics = Metrics("collector", "collector")
        self.telemetry = Telemetry("collector", [], resource=Resource.create({}))
        self.collector = Collector(
            [source],
            self.universe,  # type: ignore[arg-type]  # stands in
            self.publisher,  # type: ignore[arg-type]  # stands in
            self.agent,
            CollectorCounters(self.agent, metrics),
            self.telemetry,
            resume=resume,
        )

    async def __call__(self) -> list[Frame]:
        await self.collector.run()
        return [Frame.parse(data) for data in self.publisher.frames]


async def test_one_frame_a_type_and_slice_each_the_root_of_a_trace() -> None:
    run = Run(Listed([quote(1), trade(1), quote(2)], [quote(3)]))
    frames = await run()
    assert [(frame.message_type, len(frame.rows)) for frame in frames] == [
        (MessageType.QUOTE, 2),
        (MessageType.TRADE, 1),
        (MessageType.QUOTE, 1),
    ]
    assert [frame.source for frame in frames] == [SourceType.BINANCE_COLLECTOR] * 3
    assert len({frame.context.trace_id for frame in frames}) == 3
    assert {frame.context.causation_id for frame in frames} == {bytes(8)}
    assert frames[0].timestamp <= frames[1].timestamp <= frames[2].timestamp
    counters = run.agent.counters
    assert counters == {
        "frames": 3, "records": 4, "trades": 1, "quotes": 3, "book_levels": 0, "messages": 4,
        "ignored": 0, "corrupt_lines": 0, "instruments": 1, "book_gaps": 0, "lost": 0,
        "discovered": 0, "progress_percent": 50,
    }  # fmt: skip
    assert run.agent.finished
    assert run.publisher.flushed
    assert run.source.closed


async def test_bad_messages_are_counted_and_named_and_the_others_taken(
    caplog: pytest.LogCaptureFixture,
) -> None:
    run = Run(Listed([b"{", quote(1), b'{"s":"BTCUSDT","u":1,"B":2}', quote(2), b"x"]))
    (frame,) = await run()
    assert frame.rows["update_id"].tolist() == [1, 2]
    assert run.agent.counters["corrupt_lines"] == 3
    assert [record.getMessage().split(": ")[0] for record in caplog.records] == [
        "file:0.0",
        "file:0.2",
        "file:0.4",
    ]


async def test_a_symbol_is_registered_when_it_is_first_seen() -> None:
    run = Run(Listed([quote(1), quote(2, "ETHUSDT"), quote(3, "WHATEVER"), quote(4, "ETHUSDT")]))
    (frame,) = await run()
    assert list(run.universe.ids) == [(1, "BTCUSDT"), (1, "ETHUSDT")]
    assert frame.rows["update_id"].tolist() == [1, 2, 4]
    assert run.agent.counters["instruments"] == 2
    assert run.agent.counters["ignored"] == 1


async def test_only_wanted_symbols() -> None:
    feed = Feed("test", VenueId.BINANCE, wanted=frozenset({"ETHUSDT"}))
    run = Run(Listed([quote(1), quote(2, "ETHUSDT")], feed=feed))
    (frame,) = await run()
    assert frame.rows["update_id"].tolist() == [2]


async def test_snapshots_and_disconnections_of_a_live_feed() -> None:
    body = b'{"lastUpdateId":7,"bids":[["1","1"]],"asks":[["2","1"]]}'
    feed = Feed("test", VenueId.BINANCE, symbols=("BTCUSDT", "ETHUSDT"))
    diff = {"e": "depthUpdate", "E": 1, "s": "ETHUSDT", "U": 7, "u": 9, "b": [["1", "0"]], "a": []}
    run = Run(
        Listed(
            [quote(1), orjson.dumps(diff)],
            [RestSnapshot("ETHUSDT", body)],
            [Disconnected("reset")],
            feed=feed,
        )
    )
    frames = await run()
    books = [frame.rows for frame in frames if frame.message_type == MessageType.ORDER_BOOK]
    assert books[0]["action"].tolist() == [BookAction.CLEAR] + [BookAction.SET] * 3
    assert books[1]["action"].tolist() == [BookAction.CLEAR]
    quotes = [frame.rows for frame in frames if frame.message_type == MessageType.QUOTE]
    assert [rows["flags"].tolist() for rows in quotes] == [[0], [QuoteFlag.STALE]]
    assert feed.needs_snapshot == set()


async def test_a_refused_frame_counts_its_records_as_lost() -> None:
    run = Run(Listed([quote(1), quote(2), trade(1)]))

    async def refuse(frame: bytes) -> int:
        number = await FakePublisher.publish(run.publisher, frame)
        if number == 2:  # told later, as a relay does
            run.collector.rejected(Rejection(1, "FRAME_BAD_CHECKSUM", 0, "no"))
        return number

    run.publisher.publish = refuse  # type: ignore[method-assign]  # stands in
    await run()
    assert run.agent.counters["lost"] == 2


async def test_a_restart_goes_on_after_what_the_relay_has() -> None:
    def source() -> Listed:
        return Listed([quote(1), trade(1)], [quote(2)], [trade(2), quote(3)])

    whole = await Run(source())()
    again = Run(source(), resumed=3, resume=True)
    rest = await again()
    assert [frame.rows.tobytes() for frame in rest] == [frame.rows.tobytes() for frame in whole[3:]]
    assert again.agent.counters["records"] == 5  # all of them are in the relay
    assert again.source.behind == [True, True, False, False]


async def test_without_a_supervisor_nothing_is_skipped() -> None:
    assert len(await Run(Listed([quote(1)], [quote(2)]), resumed=5)()) == 2


async def test_a_snapshot_of_thousands_of_levels_is_several_frames() -> None:
    levels = [[str(n), "1"] for n in range(1, 5001)]
    body = orjson.dumps({"lastUpdateId": 1, "bids": levels, "asks": []})
    feed = Feed("test", VenueId.BINANCE, symbols=("BTCUSDT",))
    frames = await Run(Listed([RestSnapshot("BTCUSDT", body)], feed=feed))()
    assert [len(frame.rows) for frame in frames] == [4096, 905]
