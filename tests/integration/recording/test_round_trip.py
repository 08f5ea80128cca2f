"""Recording and replaying through the commands, with a real relay: every byte comes back."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alphapulse_client import Frame, Publisher, Subscription, encode, new_context
from alphapulse_client.frames import rows
from alphapulse_layout import Compression, MessageType, SourceType
from alphapulse_mesh.recording import Recording, repair
from alphapulse_mesh.recording.reader import RecordedGap
from alphapulse_mesh.recording.replay import plan
from alphapulse_mesh.runtime.errors import DataLoss, NotFound
from alphapulse_mesh.runtime.names import Service
from alphapulse_testing.frames import quotes, trades
from alphapulse_testing.relays import RelayProcess, serve_relay
from alphapulse_testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig

DOMAIN = "market_data"


def frames_of_all_kinds() -> list[bytes]:
    """Plain, empty, big, compressed, with extensions, of several types."""
    big = rows(MessageType.TRADE, 40_000)
    big["trade_id"] = range(40_000)
    frames = [
        trades(range(3)),
        trades(()),
        encode(MessageType.TRADE, big, source=SourceType.BINANCE_COLLECTOR, context=new_context()),
        quotes(500),
    ]
    for codec in (Compression.LZ4, Compression.ZSTD, Compression.SNAPPY):
        frames.append(
            encode(
                MessageType.TRADE,
                big[:2000],
                source=SourceType.BINANCE_COLLECTOR,
                context=new_context(),
                compression=codec,
            )
        )
    return [*frames, *(trades(range(i, i + 5)) for i in range(200))]


def unstamped(frame: bytes) -> bytes:
    """The frame without the one field that a relay writes."""
    info = Frame.parse(frame).info
    at = info.header_offset + frame[info.header_offset :].index(info.sequence.to_bytes(8, "little"))
    return frame[:at] + bytes(8) + frame[at + 8 :]


@pytest.fixture
async def relays(make_config: Callable[..., MeshConfig], tmp_path: Path) -> AsyncIterator[Any]:
    """Two relays on this loop: (target, target)."""
    config = make_config(
        server={"transport": "tcp", "drain_seconds": 1.0},
        relays={DOMAIN: {"ring_bytes": 16 << 20}},
    )
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with (
        serve_relay(config, "market-data", tmp_path / "a") as (_, first),
        serve_relay(config, "market-data", tmp_path / "b") as (_, second),
    ):
        yield first.target, second.target


async def run(*arguments: str, code: int = 0) -> dict[str, Any]:
    """A command as its own process; its JSON."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "alphapulse_mesh.cli.main", "feed", *arguments, "--json",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(90):
        out, err = await process.communicate()
    assert process.returncode == code, err.decode()
    said: dict[str, Any] = json.loads(out) if out.strip() else {"error": err.decode()}
    return said


def flushed(file: Path) -> int:
    """Frames that can be read of a file that is being written."""
    try:
        return Recording(file).count()[0]
    except (NotFound, DataLoss):  # nothing was flushed yet
        return 0


async def publish(target: str, frames: list[bytes]) -> None:
    async with Publisher(target, DOMAIN, producer_name="test") as publisher:
        await publisher.publish(frames)
        await publisher.flush(30)


async def test_record_replay_record_gives_the_same_bytes(
    relays: tuple[str, str], tmp_path: Path
) -> None:
    first, second = relays
    frames = frames_of_all_kinds()
    await publish(first, frames)
    total = sum(Frame.parse(frame).info.record_count for frame in frames)
    one, two = tmp_path / "one.arrow", tmp_path / "two.arrow"
    options = ("--start", "oldest", "--records", str(total), "--policy", "block")
    said = await run("record", DOMAIN, str(one), *options, "--target", first)
    assert (said["frames"], said["records"], said["lost"]) == (len(frames), total, 0)

    # something else is in the second relay first, so that its sequences differ
    await publish(second, [quotes(1), quotes(2)])
    said = await run("replay", str(one), "--speed", "max", "--target", second)
    assert (said["sent"], said["already_there"], said["rejected"]) == (len(frames), 0, 0)
    said = await run("record", DOMAIN, str(two), "--start", "3", *options[2:], "--target", second)
    assert said["frames"] == len(frames)

    before, after = (list(Recording(path).frames()) for path in (one, two))
    assert [row.sequence for row in before] == list(range(1, len(frames) + 1))
    assert [row.sequence for row in after] == list(range(3, len(frames) + 3))
    assert [unstamped(row.data) for row in before] == [unstamped(row.data) for row in after]
    assert [row.frame().info.checksum for row in before] == [
        Frame.parse(frame).info.checksum for frame in frames
    ]
    assert [row.frame().rows.tobytes() for row in after] == [
        Frame.parse(frame).rows.tobytes() for frame in frames
    ]

    # a second time is another run, not nothing
    said = await run("replay", str(one), "--speed", "max", "--target", second)
    assert (said["run"], said["sent"]) == (1, len(frames))


async def test_data_frames_read_a_recording_and_its_tables(
    relays: tuple[str, str], tmp_path: Path
) -> None:
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    pl = pytest.importorskip("polars", reason="polars is not installed")
    target, _ = relays
    frames = frames_of_all_kinds()
    await publish(target, frames)
    infos = [Frame.parse(frame).info for frame in frames]
    total = sum(info.record_count for info in infos)
    file = tmp_path / "day.arrow"
    await run(
        "record", DOMAIN, str(file), "--start", "oldest", "--records", str(total),
        "--target", target,
    )  # fmt: skip
    for counts in (
        pd.read_feather(file)["record_count"].tolist(),
        pl.read_ipc(file)["record_count"].to_list(),
    ):
        assert counts == [info.record_count for info in infos]
    said = await run("export", str(file), str(tmp_path / "tables"))
    expected = sum(info.record_count for info in infos if info.message_type == MessageType.TRADE)
    assert said == {"trade": expected, "quote": 500}
    ids = [number for f in frames for number in _trade_ids(f)]
    table = pl.read_parquet(tmp_path / "tables/trade.parquet")
    assert table["trade_id"].to_list() == ids
    assert table["price_e8"].dtype == pl.Int64
    assert pd.read_parquet(tmp_path / "tables/trade.parquet")["trade_id"].tolist() == ids
    # never over what is there already
    said = await run("export", str(file), str(tmp_path / "tables"), code=5)
    assert "FILE_EXISTS" in said["error"]


def _trade_ids(frame: bytes) -> list[int]:
    parsed = Frame.parse(frame)
    if parsed.message_type != MessageType.TRADE:
        return []
    ids: list[int] = parsed.rows["trade_id"].tolist()
    return ids


async def test_only_chosen_types_until_a_signal(relays: tuple[str, str], tmp_path: Path) -> None:
    target, _ = relays
    file = tmp_path / "quotes.arrow"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "alphapulse_mesh.cli.main", "feed", "record", DOMAIN, str(file),
        "--types", "quote", "--start", "oldest", "--target", target, "--json",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    await publish(target, [quotes(2), trades(range(5)), quotes(3)])
    await eventually(lambda: flushed(file) == 2, seconds=60)
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(30):
        out, _ = await process.communicate()
    assert process.returncode == 0
    assert json.loads(out)["records"] == 5
    recording = Recording(file)
    assert recording.complete
    assert {row.message_type for row in recording.frames()} == {MessageType.QUOTE}


async def test_a_killed_recorder_leaves_what_it_flushed(
    relays: tuple[str, str], tmp_path: Path
) -> None:
    target, _ = relays
    file = tmp_path / "cut.arrow"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "alphapulse_mesh.cli.main", "feed", "record", DOMAIN, str(file),
        "--start", "oldest", "--target", target, "--json", stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    frames = [trades(range(i, i + 3)) for i in range(50)]
    await publish(target, frames)
    await eventually(lambda: flushed(file) == 50, seconds=60)
    process.kill()
    await process.wait()
    # and one more batch that was half written
    with file.open("ab") as damaged:
        damaged.write(b"\xff\xff\xff\xff\x80\x01\x00\x00" + os.urandom(64))
    recording = Recording(file)
    assert not recording.complete
    assert [row.data[-8:] for row in recording.frames()] == [frame[-8:] for frame in frames]
    with pytest.raises(pa.ArrowInvalid):
        pa.ipc.open_file(file)
    assert repair(file) == 50
    assert pa.ipc.open_file(file).read_all().num_rows == 50
    assert Recording(file).complete


async def test_what_was_lost_is_a_row(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = make_config(
        server={"transport": "tcp", "drain_seconds": 1.0},
        relays={
            DOMAIN: {"ring_bytes": 1 << 20, "max_queue_frames": 10, "circuit_breaker_frames": 5}
        },
    )
    async with serve_relay(config, "market-data", tmp_path) as (_, host):
        await publish(host.target, [trades(range(i, i + 1)) for i in range(30)])
        file = tmp_path / "gap.arrow"
        said = await run(
            "record", DOMAIN, str(file), "--start", "1", "--records", "10", "--target", host.target
        )
    assert (said["frames"], said["gaps"], said["lost"]) == (10, 1, 20)
    first, *others = Recording(file)
    assert isinstance(first, RecordedGap)
    assert (first.first, first.last, first.reason) == (1, 20, "WINDOW_EXPIRED")
    assert [getattr(row, "sequence", None) for row in others] == list(range(21, 31))
    await run("export", str(file), str(tmp_path / "tables"))
    [gap] = pq.read_table(tmp_path / "tables/gaps.parquet").to_pylist()
    assert (gap["first"], gap["last"], gap["reason"]) == (1, 20, "WINDOW_EXPIRED")


async def test_an_interrupted_replay_goes_on_without_duplicates(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = make_config(
        server={"transport": "tcp", "drain_seconds": 1.0},
        relays={DOMAIN: {"ring_bytes": 16 << 20}},
        mesh={"run_dir": tmp_path / "r"},
    )
    frames = [trades(range(i, i + 2)) for i in range(400)]
    async with RelayProcess(config, Service.RELAY_MARKET_DATA, tmp_path) as relay:
        await publish(relay.target, frames)
        file = tmp_path / "day.arrow"
        await run(
            "record", DOMAIN, str(file), "--start", "oldest", "--records", "800",
            "--target", relay.target,
        )  # fmt: skip
        recordings = [Recording(file)]

        async def next_run() -> tuple[int, int, int]:
            status = await relay.status()
            known = {one.producer_id: one.acknowledged_sequence for one in status.producers}
            chosen = plan(recordings, DOMAIN, 400, known)
            return chosen.run, chosen.producer_id, chosen.done

        _, number, done = await next_run()
        assert done == 0
        # what `feed replay` does until it is stopped after 150 frames
        publisher = Publisher(relay.target, DOMAIN, producer_name="replay", producer_id=number)
        some = list(recordings[0].frames())[:150]
        await publisher.publish([row.data for row in some])
        await publisher.flush(30)
        await publisher.close()
        await relay.kill()
        await relay.start()
        assert await next_run() == (0, number, 150)
        said = await run("replay", str(file), "--speed", "1000", "--target", relay.target)
        assert (said["run"], said["already_there"], said["sent"]) == (0, 150, 250)
        async with Subscription(relay.target, DOMAIN, start=401) as feed:
            got: list[bytes] = []
            async with asyncio.timeout(30):
                async for batch in feed:
                    got.extend(bytes(frame) for frame in batch.frames)
                    if len(got) >= 400:
                        break
        assert [unstamped(frame) for frame in got] == [
            unstamped(row.data) for row in recordings[0].frames()
        ]
        assert (await next_run())[0] == 1
