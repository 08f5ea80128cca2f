"""Files of recordings, tables of records, paces and plans, without a relay."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from alphapulse_client import Frame, Gap, encode, new_context
from alphapulse_client.frames import rows
from alphapulse_layout import DTYPES, MessageType, Side, SourceType
from alphapulse_mesh.recording import (
    Recording,
    RecordingWriter,
    export,
    last_sequence,
    parts_of,
    repair,
)
from alphapulse_mesh.recording.reader import RecordedGap
from alphapulse_mesh.recording.replay import Pace, plan, producer_id
from alphapulse_mesh.recording.tables import batch_of
from alphapulse_mesh.runtime.errors import AlreadyExists, DataLoss, InvalidArgument, NotFound
from alphapulse_testing.frames import instrument, trades

if TYPE_CHECKING:
    from pathlib import Path


def parsed(count: int, records: int = 2) -> list[Frame]:
    return [Frame.parse(trades(range(records), price=n + 1)) for n in range(count)]


def test_what_is_written_is_read_with_gaps_in_their_places(tmp_path: Path) -> None:
    path = tmp_path / "a.arrow"
    frames = parsed(5)
    with RecordingWriter(path, "market_data") as writer:
        writer.add(frames[:3], 10)
        writer.add_gaps([Gap(4, 9, "SLOW_CONSUMER"), Gap(8, 7, "RELAY_RESTARTED")], 11)
        writer.flush()
        writer.add(frames[3:], 12)
    recording = Recording(path)
    assert recording.complete
    assert recording.domain == "market_data"
    assert recording.count() == (5, 10)
    got = list(recording)
    assert got[3:5] == [
        RecordedGap(4, 9, "SLOW_CONSUMER", 11),
        RecordedGap(8, None, "RELAY_RESTARTED", 11),
    ]
    assert [row.data for row in recording.frames()] == [bytes(frame) for frame in frames]
    assert [row.timestamp for row in recording.frames()] == [frame.timestamp for frame in frames]
    assert (writer.gaps, writer.lost) == (2, 6)


def test_a_writer_asks_to_be_flushed_and_begins_new_parts(tmp_path: Path) -> None:
    frames = parsed(40)
    writer = RecordingWriter(
        tmp_path / "day.arrow", "market_data", rotate_bytes=2000, flush_bytes=1000
    )
    flushes = 0
    for frame in frames:
        writer.add([frame], 1)
        if writer.due:
            writer.flush()
            flushes += 1
    writer.close()
    assert flushes > 3
    assert [path.name for path in writer.paths[:2]] == ["day.arrow", "day.1.arrow"]
    parts = [Recording(path) for path in writer.paths]
    assert [part.identity.part for part in parts] == list(range(len(parts)))
    assert len({part.identity.recording_id for part in parts}) == 1
    assert [row.data for part in parts for row in part.frames()] == [bytes(f) for f in frames]
    assert writer.file_bytes == sum(path.stat().st_size for path in writer.paths)
    plan(parts, "market_data", 40, {})
    with pytest.raises(InvalidArgument) as wrong:
        plan(parts[::-1], "market_data", 40, {})
    assert wrong.value.reason == "PARTS_MIXED"


def test_a_file_cut_anywhere_gives_a_whole_number_of_batches(tmp_path: Path) -> None:
    path = tmp_path / "a.arrow"
    writer = RecordingWriter(path, "market_data")
    frames = parsed(6)
    ends = []
    for frame in frames:
        writer.add([frame], 1)
        writer.flush()
        ends.append(path.stat().st_size)
    whole = path.read_bytes()
    cut = tmp_path / "cut.arrow"
    for size in range(ends[0], len(whole) + 1, 37):
        cut.write_bytes(whole[:size])
        recording = Recording(cut)
        assert not recording.complete
        flushed = sum(end <= size for end in ends)
        assert [row.data for row in recording.frames()] == [bytes(f) for f in frames[:flushed]]
    writer.close()


def test_damage_in_the_middle_of_a_complete_file_is_no_silent_end(tmp_path: Path) -> None:
    path = tmp_path / "a.arrow"
    with RecordingWriter(path, "market_data") as writer:
        writer.add(parsed(3), 1)
        writer.flush()
        first = path.stat().st_size
        writer.add(parsed(3), 1)
    data = bytearray(path.read_bytes())
    data[first : first + 8] = b"\xff\xff\xff\xff\xff\xff\xff\x7f"
    path.write_bytes(data)
    with pytest.raises(DataLoss) as damaged:
        list(Recording(path))
    assert damaged.value.reason == "RECORDING_DAMAGED"


def test_other_files_are_refused_with_a_reason(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        Recording(tmp_path / "none.arrow")
    for name, content in {"text": b"sequence,frame\n", "empty": b""}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataLoss) as refused:
            Recording(tmp_path / name)
        assert refused.value.reason == "RECORDING_INVALID"
    with pa.ipc.new_file(tmp_path / "other.arrow", pa.schema([("x", pa.int8())])):
        pass
    with pytest.raises(DataLoss):
        Recording(tmp_path / "other.arrow")
    (tmp_path / "there.arrow").touch()
    with pytest.raises(AlreadyExists):
        RecordingWriter(tmp_path / "there.arrow", "signal")


def test_repairing_a_complete_file_leaves_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.arrow"
    with RecordingWriter(path, "market_data") as writer:
        writer.add(parsed(3), 1)
    before = path.read_bytes()
    assert repair(path) == 3
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", [int(kind) for kind in DTYPES])
def test_every_type_has_a_column_for_every_field(kind: int) -> None:
    records = rows(kind, 3)
    raw = records.view(np.uint8).reshape(3, -1)
    raw[:] = np.arange(raw.size, dtype=np.uint8).reshape(raw.shape) % 7
    frame = encode(kind, rows(kind, 2), source=SourceType.EXTERNAL, context=new_context())
    batch = batch_of(kind, [Frame.parse(frame), Frame.parse(frame)])
    assert batch.num_rows == 4
    wanted = {n for n in DTYPES[MessageType(kind)].names or () if not n.startswith("reserved")}
    assert wanted <= set(batch.schema.names)
    assert batch.column("row").to_pylist() == [0, 1, 0, 1]


def test_columns_mean_what_their_names_say() -> None:
    records = rows(MessageType.TRADE, 2)
    records["instrument_id"] = np.frombuffer(instrument(7) * 2, records["instrument_id"].dtype)
    records["price"] = [6_123_456_789_012, -5]
    records["size"] = [2**63, 150_000_000]
    records["side"] = [Side.BUY, 99]
    records["exchange_time"] = [1_700_000_000_123_456_789, 0]
    context = new_context()
    frame = Frame.parse(
        encode(
            MessageType.TRADE, records, source=SourceType.BINANCE_COLLECTOR, context=context,
            timestamp=5,
        )
    )  # fmt: skip
    columns = batch_of(MessageType.TRADE, [frame]).to_pydict()
    assert columns["price"] == [61234.56789012, -5e-8]
    assert columns["price_e8"] == [6_123_456_789_012, -5]
    assert columns["size_e8"] == [2**63, 150_000_000]
    assert columns["side"] == ["BUY", "99"]
    assert columns["venue"] == ["BINANCE"] * 2
    assert columns["symbol"] == ["7", "7"]
    assert columns["trace_id"] == [context.trace_hex] * 2
    times = batch_of(MessageType.TRADE, [frame]).column("exchange_time")
    assert times.cast(pa.int64()).to_pylist() == [1_700_000_000_123_456_789, None]


def test_a_type_of_run_time_exports_its_bytes(tmp_path: Path) -> None:
    records = np.frombuffer(bytes(range(48)), dtype="V24")
    frame = encode(
        201, records, source=SourceType.EXTERNAL, context=new_context(), stride=24, schema_hash=1
    )
    path = tmp_path / "custom.arrow"
    with RecordingWriter(path, "signal") as writer:
        writer.add([Frame.parse(frame)], 1)
    assert export([Recording(path)], tmp_path) == {"custom_201": 2}
    table = pa.parquet.read_table(tmp_path / "custom_201.parquet")
    assert table.column("record").to_pylist() == [bytes(range(24)), bytes(range(24, 48))]


def test_a_plan_goes_on_with_the_run_that_is_not_complete(tmp_path: Path) -> None:
    path = tmp_path / "a.arrow"
    with RecordingWriter(path, "market_data") as writer:
        writer.add(parsed(3), 1)
    files = [Recording(path)]
    ids = [producer_id(files, "market_data", run) for run in range(3)]
    assert len({*ids, producer_id(files, "signal", 0)}) == 4
    assert plan(files, "market_data", 3, {}).run == 0
    assert plan(files, "market_data", 3, {ids[0]: 2}).done == 2
    chosen = plan(files, "market_data", 3, {ids[0]: 3, ids[1]: 1})
    assert (chosen.run, chosen.producer_id, chosen.done) == (1, ids[1], 1)


def test_a_pace_keeps_recorded_distances_divided_by_the_speed() -> None:
    pace = Pace(10.0)
    assert pace.due_in(1_000_000_000_000) == 0.0
    began = time.monotonic()
    wait = pace.due_in(1_100_000_000_000)
    assert 10.0 - (time.monotonic() - began) - 1.0 < wait <= 10.0
    assert pace.due_in(900_000_000_000) == 0.0
    assert Pace(float("inf")).due_in(5_000_000_000_000) == 0.0
    for speed in (0.0, -1.0, float("nan")):
        with pytest.raises(InvalidArgument):
            Pace(speed)


def test_times_that_cannot_be_are_recorded_as_none_and_the_frame_as_it_came(tmp_path: Path) -> None:
    records = rows(MessageType.TRADE, 1)
    records["exchange_time"] = 2**64 - 1
    records["receive_time"] = 5
    data = encode(
        MessageType.TRADE, records, source=SourceType.EXTERNAL, context=new_context(),
        timestamp=2**64 - 1,
    )  # fmt: skip
    with RecordingWriter(tmp_path / "a.arrow", "market_data") as writer:
        writer.add([Frame.parse(data)], 1)
    [batch] = Recording(tmp_path / "a.arrow").batches()
    assert batch.column("exchange_time").null_count == 1
    assert batch.column("receive_time").cast(pa.int64()).to_pylist() == [5]
    [row] = Recording(tmp_path / "a.arrow").frames()
    assert row.data == data


def test_a_recording_is_gone_on_with_in_its_next_part(tmp_path: Path) -> None:
    first = tmp_path / "day.arrow"
    with RecordingWriter(first, "market_data") as writer:
        writer.add_gaps([Gap(1, 7, "WINDOW_EXPIRED")], 1)
    assert last_sequence(parts_of(first)) == 7
    with RecordingWriter(first, "market_data", after=writer.identity) as writer:
        writer.add(parsed(1), 2)
    parts = parts_of(first)
    assert [part.path.name for part in parts] == ["day.arrow", "day.1.arrow"]
    assert [part.identity.part for part in parts] == [0, 1]
    with RecordingWriter(tmp_path / "day.2.arrow", "market_data"):
        pass  # another recording has taken the name
    with pytest.raises(DataLoss) as caught:
        parts_of(first)
    assert caught.value.reason == "PARTS_MIXED"
    with RecordingWriter(tmp_path / "empty.arrow", "market_data"):
        pass
    assert last_sequence(parts_of(tmp_path / "empty.arrow")) is None
