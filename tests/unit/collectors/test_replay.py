"""Replay: what is in the files, cut into slices that depend on nothing but the files."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import orjson
import pytest

from alphapulse_layout import VenueId
from alphapulse_mesh.collectors.sources.replay import (
    MAX_SLICE_MESSAGES,
    RecordedFile,
    ReplaySource,
)
from alphapulse_mesh.runtime.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from alphapulse_mesh.collectors.sources.base import Slice

T0 = 1_700_000_000_000_000_000
MS = 1_000_000


def no_report(where: str, what: str) -> None:
    raise AssertionError(f"{where}: {what}")


def trade(symbol: str, number: int) -> bytes:
    data = {"e": "trade", "s": symbol, "t": number}
    return orjson.dumps({"stream": f"{symbol.lower()}@trade", "data": data})


def diff(symbol: str, *, futures: bool) -> bytes:
    data = {"e": "depthUpdate", "s": symbol, "U": 1, "u": 2} | ({"pu": 0} if futures else {})
    return orjson.dumps({"stream": f"{symbol.lower()}@depth", "data": data})


def write(path: Path, *lines: tuple[int, bytes]) -> Path:
    path.write_bytes(gzip.compress(b"".join(b"%d %b\n" % (T0 + t, p) for t, p in lines)))
    return path


async def collect(source: ReplaySource) -> list[Slice]:
    await source.open()
    return [part async for part in source.slices()]


async def test_venue_and_symbols_are_told_from_the_messages(tmp_path: Path) -> None:
    spot = write(tmp_path / "a.gz", (0, trade("ETHUSDT", 1)), (1, diff("ETHUSDT", futures=False)))
    perp = write(tmp_path / "b.gz", (0, b"broken"), (1, diff("BTCUSDT", futures=True)))
    feeds = await ReplaySource([RecordedFile(spot), RecordedFile(perp)], no_report).open()
    assert [(feed.venue, feed.symbols) for feed in feeds] == [
        (VenueId.BINANCE, ("ETHUSDT",)),
        (VenueId.BINANCE_FUTURES, ("BTCUSDT",)),
    ]


async def test_a_named_venue_is_believed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gz", (0, trade("ETHUSDT", 1)))
    (feed,) = await ReplaySource([RecordedFile(path, VenueId.SIMULATOR)], no_report).open()
    assert feed.venue is VenueId.SIMULATOR


async def test_a_file_of_something_else_is_a_configuration_error(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gz", (0, b'{"channel":"l2Book"}'))
    with pytest.raises(ConfigError, match=r"a\.gz: no message of a known venue"):
        await ReplaySource([RecordedFile(path)], no_report).open()


async def test_slices_lie_in_one_cell_of_market_time_and_are_bounded(tmp_path: Path) -> None:
    lines = [(n * 10 * MS, trade("BTCUSDT", n)) for n in range(40)]
    lines += [(500 * MS, trade("BTCUSDT", 100 + n)) for n in range(MAX_SLICE_MESSAGES + 5)]
    path = write(tmp_path / "a.gz", *lines)
    parts = await collect(
        ReplaySource([RecordedFile(path, VenueId.BINANCE)], no_report, speed="max")
    )
    assert [len(part.messages) for part in parts] == [5] * 8 + [MAX_SLICE_MESSAGES, 5]
    for part in parts:
        cells = {time // (50 * MS) for time in part.times}
        assert len(cells) == 1
    assert [m for part in parts for m in part.messages] == [payload for _, payload in lines]


async def test_files_are_merged_and_messages_say_where_they_are_from(tmp_path: Path) -> None:
    one = write(tmp_path / "1.gz", (0, trade("A", 1)), (20, trade("A", 2)))
    two = write(tmp_path / "2.gz", (10, trade("B", 1)), (30, trade("B", 2)))
    files = [RecordedFile(path, VenueId.BINANCE) for path in (one, two)]
    (part,) = await collect(ReplaySource(files, no_report, speed="max"))
    assert list(part.feeds) == [0, 1, 0, 1]
    assert [part.origin(n) for n in range(4)] == [f"{one}:1", f"{two}:1", f"{one}:2", f"{two}:2"]


async def test_the_end_after_a_duration(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gz", *((n * MS, trade("A", n)) for n in range(200)))
    source = ReplaySource(
        [RecordedFile(path, VenueId.BINANCE)], no_report, speed="max", duration=100 * MS
    )
    assert sum(len(part.messages) for part in await collect(source)) == 100


@pytest.mark.parametrize("speed", [1.0, 250.0])
async def test_a_paced_replay_is_the_same_every_time(tmp_path: Path, speed: float) -> None:
    path = write(tmp_path / "a.gz", *((n * MS // 2, trade("A", n)) for n in range(60)))
    file = RecordedFile(path, VenueId.BINANCE)
    paced = await collect(ReplaySource([file], no_report, speed=speed))
    hurried = ReplaySource([file], no_report, speed=speed)
    hurried.catch_up(True)
    assert [list(part.times) for part in await collect(hurried)] == [
        list(part.times) for part in paced
    ]


async def test_recordings_of_2024(data_dir: Path) -> None:
    """Everything in the four files comes out once, in order of receipt."""
    folder = data_dir / "binance_raw_hftbacktest"
    paths = sorted(folder.glob("*usdt_20240808.gz"))
    source = ReplaySource([RecordedFile(path) for path in paths], no_report, speed="max")
    feeds = await source.open()
    assert [feed.venue for feed in feeds] == [VenueId.BINANCE] * 2 + [VenueId.BINANCE_FUTURES] * 2
    counts = [0] * len(paths)
    newest = 0
    async for part in source.slices():
        for feed in part.feeds:
            counts[feed] += 1
        assert newest <= part.times[0]
        newest = part.times[-1]
    assert source.progress == 1.0
    assert counts == [41_249, 33_618, 93_954, 74_655]  # SOURCE.txt
