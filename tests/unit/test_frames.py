"""Frames in Python: the core's functions over every kind of buffer, and the client's typed view."""

from __future__ import annotations

import json
import mmap
import zlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import alphapulse_core as core
from alphapulse_client import frames
from alphapulse_client.context import NO_SPAN, FrameContext
from alphapulse_client.errors import FrameError
from alphapulse_fbs.Frame import Frame as FbsFrame
from alphapulse_fbs.TradeRows import TradeRows as FbsTradeRows
from alphapulse_layout import DTYPES
from alphapulse_layout.enums import Compression, FrameFlag, MessageType, SourceType, TlvType

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY = Path(__file__).resolve().parents[2]
GOLDEN = REPOSITORY / "schemas/golden"
CONTEXT = FrameContext(b"0123456789abcdef", b"ABCDEFGH", b"abcdefgh", True)
CODECS = [Compression.LZ4, Compression.ZSTD, Compression.SNAPPY]


def trades(count: int) -> frames.Rows:
    rows = frames.rows(MessageType.TRADE, count)
    rows["price"] = np.arange(count) * 10**8
    rows["instrument_id"]["asset_id"] = np.arange(count) % 3
    rows["instrument_id"]["venue"] = 1
    return rows


def encoded(count: int = 5, **options: Any) -> bytes:
    options = {
        "source": SourceType.BINANCE_COLLECTOR,
        "context": CONTEXT,
        "timestamp": 7,
        **options,
    }
    return frames.encode(MessageType.TRADE, trades(count), **options)


class TestEncoding:
    """What is encoded reads back, in place."""

    @pytest.mark.parametrize("message_type", sorted(DTYPES))
    @pytest.mark.parametrize("compression", list(Compression))
    def test_every_type(self, message_type: int, compression: Compression) -> None:
        rows = frames.rows(message_type, 3)
        data = frames.encode(
            message_type, rows, source=1, context=CONTEXT, timestamp=9, compression=compression
        )
        frame = frames.Frame.parse(data)
        assert frame.message_type == message_type
        assert frame.rows.dtype == DTYPES[message_type]
        assert np.array_equal(frame.rows, rows)
        assert frame.context == CONTEXT
        assert (frame.source, frame.timestamp, frame.sequence) == (1, 9, 0)
        assert len(frame) == len(data)
        assert bytes(frame) == data

    def test_rows_are_a_view(self) -> None:
        data = encoded()
        rows = frames.Frame.parse(data).rows
        assert np.shares_memory(rows, np.frombuffer(data, dtype=np.uint8))
        assert not rows.flags.writeable
        assert rows["price"].tolist() == [0, 10**8, 2 * 10**8, 3 * 10**8, 4 * 10**8]

    def test_flatc_reads_it(self) -> None:
        data = encoded()
        frame = FbsFrame.GetRootAs(data)
        assert FbsFrame.FrameBufferHasIdentifier(data, 0)
        assert frame.Header().MessageType() == MessageType.TRADE
        table = frame.Records()
        rows = FbsTradeRows()
        rows.Init(table.Bytes, table.Pos)
        assert [rows.Rows(i).Price() for i in range(rows.RowsLength())] == [
            i * 10**8 for i in range(5)
        ]

    def test_flags(self) -> None:
        frame = frames.Frame.parse(encoded(priority=3, snapshot=True, replayed=True))
        assert frame.info.priority == 3
        assert frame.info.flags == 0b1100 | FrameFlag.SNAPSHOT | FrameFlag.REPLAY
        with pytest.raises(FrameError, match="priority 4"):
            encoded(priority=4)

    def test_causes_and_other_tlvs(self) -> None:
        causes = [(bytes([i] * 16), bytes([i] * 8)) for i in range(1, 4)]
        extra = core.encode_tlv(TlvType.CUSTOM_STRATEGY, b"payload")
        frame = frames.Frame.parse(encoded(causes=causes, extensions=extra))
        assert frame.causes == tuple(frames.Cause(*cause) for cause in causes)
        assert frame.tlv(TlvType.CUSTOM_STRATEGY) == b"payload"
        assert frame.tlv(TlvType.MEV_BUNDLE) is None
        assert frames.Frame.parse(encoded()).causes == ()
        with pytest.raises(FrameError) as caught:
            encoded(causes=[(b"short", bytes(8))])
        assert caught.value.reason == "FRAME_BAD_TLV"

    def test_blob_and_components(self) -> None:
        found = frames.rows(MessageType.INSTRUMENT_DISCOVERED, 1)
        found["metadata_offset"], found["metadata_length"] = 2, 5
        for compression in Compression:
            frame = frames.Frame.parse(
                frames.encode(
                    MessageType.INSTRUMENT_DISCOVERED,
                    found,
                    source=1,
                    context=CONTEXT,
                    blob=b"..hello",
                    compression=compression,
                )
            )
            assert frame.blob.tobytes() == b"..hello"
        update = frames.rows(MessageType.SYNTHETIC_UPDATE, 1)
        update["component_count"] = 2
        components = np.zeros(2, dtype=frames.Frame.parse(encoded()).components.dtype)
        components["value"] = [4, 5]
        data = frames.encode(
            MessageType.SYNTHETIC_UPDATE, update, source=1, context=CONTEXT, components=components
        )
        assert frames.Frame.parse(data).components["value"].tolist() == [4, 5]

    def test_registered_types(self) -> None:
        layout = np.dtype([("a", "<u4"), ("b", "<f8"), ("c", "<u4")])
        rows = np.array([(1, 2.5, 3), (4, 5.5, 6)], dtype=layout)
        for compression in Compression:
            data = frames.encode(
                222, rows, source=1, context=CONTEXT, schema_hash=77, compression=compression
            )
            frame = frames.Frame.parse(data)
            assert np.array_equal(frame.rows.view(layout), rows)
        plain = frames.encode(
            222, rows.tobytes(), source=1, context=CONTEXT, stride=16, schema_hash=77
        )
        info = frames.Frame.parse(plain).info
        assert (info.stride, info.record_count, info.schema_hash) == (16, 2, 77)

    def test_no_rows(self) -> None:
        frame = frames.Frame.parse(encoded(0))
        assert frame.rows.shape == (0,)
        assert frame.rows.dtype == DTYPES[MessageType.TRADE]

    def test_registry_records(self) -> None:
        rows = frames.rows(frames.REGISTRY_RECORDS, 2)
        data = frames.encode(frames.REGISTRY_RECORDS, rows, source=30, context=CONTEXT)
        assert frames.Frame.parse(data).rows.dtype == frames.dtype_of(0)

    def test_a_root_has_no_cause(self) -> None:
        data = core.encode_frame(
            1, trades(1), source=1, timestamp=0, trace_id=bytes(16), message_id=bytes(8)
        )
        assert core.inspect_frame(data).causation_id == NO_SPAN

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"message_type": 4}, "FRAME_BAD_TYPE"),
            ({"message_type": 2}, "FRAME_BAD_SIZE"),
            ({"rows": np.zeros(5, dtype=np.uint64)}, "FRAME_BAD_SIZE"),
            ({"rows": b"x" * 63}, "FRAME_BAD_SIZE"),
            ({"message_type": 200, "rows": b"x" * 64}, "FRAME_BAD_SIZE"),
            ({"flags": 1}, "FRAME_BAD_COMPRESSION"),
            ({"blob": b"x"}, "FRAME_TYPE_MISMATCH"),
            ({"components": b"x" * 24}, "FRAME_TYPE_MISMATCH"),
            ({"extensions": b"x"}, "FRAME_BAD_TLV"),
            ({"trace_id": b"short"}, "FRAME_BAD_SIZE"),
            ({"message_id": b"short"}, "FRAME_BAD_SIZE"),
            ({"causation_id": b"short"}, "FRAME_BAD_SIZE"),
        ],
    )
    def test_refusals(self, change: dict[str, Any], reason: str) -> None:
        arguments: dict[str, Any] = {
            "message_type": 1,
            "rows": trades(1),
            "source": 1,
            "timestamp": 1,
            "trace_id": bytes(16),
            "message_id": bytes(8),
        }
        core.encode_frame(**arguments)
        with pytest.raises(core.FrameError) as caught:
            core.encode_frame(**{**arguments, **change})
        assert caught.value.reason == reason
        assert str(caught.value).startswith(reason)

    def test_rows_must_be_contiguous(self) -> None:
        rows = trades(4)[::2]
        with pytest.raises((BufferError, ValueError), match="contiguous"):
            frames.encode(1, rows, source=1, context=CONTEXT)

    def test_unknown_types_have_no_dtype(self) -> None:
        with pytest.raises(FrameError) as caught:
            frames.dtype_of(199)
        assert caught.value.reason == "FRAME_BAD_TYPE"


@dataclass(frozen=True)
class Golden:
    """A frame of Python's FlatBuffers builder with what is in it."""

    name: str
    data: bytes
    described: dict[str, Any]


def golden() -> list[Golden]:
    manifest = json.loads((GOLDEN / "manifest.json").read_text("utf-8"))
    return [
        Golden(f["file"], (GOLDEN / f["file"]).read_bytes(), f)
        for f in manifest["frames"]
        if f["frame"]
    ]


@pytest.mark.parametrize("case", golden(), ids=lambda case: case.name)
def test_golden_frames_are_read(case: Golden) -> None:
    frame = frames.Frame.parse(case.data)
    header, context = case.described["header"], case.described["context"]
    assert frame.message_type == header["message_type"]
    assert frame.sequence == int(header["sequence"])
    assert frame.timestamp == int(header["timestamp"])
    assert frame.info.checksum == header["checksum"]
    assert frame.context.trace_hex == context["trace_id"]
    assert frame.context.message_hex == context["message_id"]
    assert len(frame.rows) * frame.info.stride == header["payload_size"]


class TestChecks:
    """What is refused, and what the batch functions say about it."""

    def test_the_checksum_is_zlibs(self) -> None:
        data = bytearray(encoded())
        info = core.inspect_frame(data)
        data[info.header_offset + 12 : info.header_offset + 24] = bytes(12)
        assert zlib.crc32(data) == info.checksum == core.frame_checksum(data)

    def test_a_changed_byte(self) -> None:
        data = bytearray(encoded())
        data[-1] ^= 1
        core.inspect_frame(data)
        core.verify_frame(data, checksum=False)
        frames.Frame.parse(data, checksum=False)
        with pytest.raises(core.FrameError) as caught:
            core.verify_frame(data)
        assert (caught.value.reason, caught.value.offset) == ("FRAME_BAD_CHECKSUM", 44)
        with pytest.raises(FrameError) as refused:
            frames.Frame.parse(data)
        assert refused.value.reason == "FRAME_BAD_CHECKSUM"
        assert refused.value.values["offset"] == 44

    def test_a_batch_never_raises(self) -> None:
        good = encoded(3)
        bad = bytearray(good)
        bad[36] = 99
        batch = core.verify_frames([good, bad, b"", memoryview(good)[:50], good])
        assert len(batch) == 5
        assert batch.errors == 3
        assert (batch.error > 0).tolist() == [False, True, True, True, False]
        assert batch.record_count.tolist() == [3, 0, 0, 0, 3]
        assert batch.message_type.tolist() == [1, 0, 0, 0, 1]
        assert batch.source.tolist() == [1, 0, 0, 0, 1]
        assert batch.timestamp.tolist() == [7, 0, 0, 0, 7]
        assert batch.sequence.tolist() == [0] * 5
        assert batch.flags.tolist() == [0] * 5
        assert batch.error_offset.tolist() == [0, 36, 0, 28, 0]
        assert [batch.reason(i) for i in range(5)] == [
            "",
            "FRAME_BAD_TYPE",
            "FRAME_TRUNCATED",
            "FRAME_TRUNCATED",
            "",
        ]
        assert batch.reason(-4) == "FRAME_BAD_TYPE"
        assert "message type 99" in batch.message(1)
        assert batch.message(0) == ""
        with pytest.raises(IndexError):
            batch.reason(5)
        assert len(core.verify_frames([])) == 0

    def test_a_block(self) -> None:
        one, two = encoded(1), encoded(2)
        block = b"12345678" + one + two
        offsets = np.array([8, 8 + len(one)], dtype=np.uint64)
        lengths = np.array([len(one), len(two)], dtype=np.uint32)
        batch = core.verify_block(block, offsets, lengths)
        assert batch.record_count.tolist() == [1, 2]
        with pytest.raises(ValueError, match="entry 1 lies outside"):
            core.verify_block(block, offsets + np.uint64(1), lengths)
        with pytest.raises(ValueError, match="2 offsets and 1 lengths"):
            core.verify_block(block, offsets, lengths[:1])

    @given(st.integers(0, 2**64 - 1), st.binary(max_size=12), st.integers(0, 300))
    def test_damage_is_found(self, seed: int, patch: bytes, cut: int) -> None:
        data = bytearray(encoded(2))
        at = seed % len(data)
        data[at : at + len(patch)] = patch
        if cut < len(data) // 2:
            del data[len(data) - cut :]
        batch = core.verify_frames([data])
        intact = bytes(data) == encoded(2)
        stamped = bytearray(data)
        stamped[48:56] = bytes(8)
        assert (batch.errors == 0) == (intact or bytes(stamped) == encoded(2))


class TestSequences:
    """Stamps change the sequence and nothing else."""

    def test_one(self) -> None:
        data = bytearray(encoded())
        core.stamp_sequence(data, 2**64 - 1)
        assert core.verify_frame(data).sequence == 2**64 - 1
        core.stamp_sequence(data, 0)
        assert data == encoded()

    def test_many_in_place(self) -> None:
        block, bounds = core.join_frames([encoded(1), encoded(2), encoded(3)])
        core.stamp_sequences(block, bounds[:-1], 100)
        lengths = np.diff(bounds).astype(np.uint32)
        batch = core.verify_block(block, bounds[:-1], lengths)
        assert batch.sequence.tolist() == [100, 101, 102]
        assert batch.errors == 0

    def test_while_joining(self) -> None:
        block, bounds = core.join_frames([encoded(1), encoded(2)], first_sequence=5)
        assert [
            core.verify_frame(block[start:end]).sequence for start, end in pairwise(bounds)
        ] == [5, 6]
        assert core.join_frames([])[1].tolist() == [0]

    def test_what_cannot_be_stamped(self) -> None:
        with pytest.raises(BufferError):
            core.stamp_sequence(encoded(), 1)
        with pytest.raises(core.FrameError):
            core.stamp_sequence(bytearray(100), 1)
        with pytest.raises(ValueError, match="offset 999 lies outside"):
            core.stamp_sequences(bytearray(encoded(1)), np.array([999], dtype=np.uint64), 1)
        with pytest.raises(core.FrameError, match="frame 1") as caught:
            core.join_frames([encoded(1), b"not a frame"], first_sequence=1)
        assert caught.value.reason == "FRAME_BAD_IDENTIFIER"


def lent_by_mmap(data: bytes) -> mmap.mmap:
    lent = mmap.mmap(-1, len(data))
    lent[:] = data
    return lent


@pytest.mark.parametrize(
    "lend",
    [
        bytes,
        bytearray,
        memoryview,
        lent_by_mmap,
        lambda data: np.frombuffer(data, dtype=np.uint8),
        lambda data: memoryview(b"x" + data)[1:],
    ],
    ids=["bytes", "bytearray", "memoryview", "mmap", "array", "unaligned"],
)
def test_any_buffer_will_do(lend: Callable[[bytes], Any]) -> None:
    data = encoded()
    lent = lend(data)
    assert core.verify_frame(lent).record_count == 5
    frame = frames.Frame.parse(lent)
    assert np.array_equal(frame.rows, trades(5))
    assert bytes(frame) == data


class TestFilters:
    """The Python face of the filter; its rules are tested beside it in Rust."""

    wanted = cast("np.ndarray[Any, np.dtype[np.void]]", trades(1)["instrument_id"])

    def test_part_whole_and_nothing(self) -> None:
        data = encoded(6)
        assert core.filter_frame(data) is data
        assert core.filter_frame(data, venues=[1]) is data
        assert core.filter_frame(data, venues=[2]) is None
        part = core.filter_frame(data, instruments=self.wanted)
        assert part is not None
        frame = frames.Frame.parse(part)
        assert frame.rows["price"].tolist() == [0, 3 * 10**8]
        assert frame.context == CONTEXT

    def test_a_set_is_made_once(self) -> None:
        wanted = core.InstrumentSet(self.wanted)
        assert len(wanted) == 1
        assert self.wanted.tobytes() in wanted
        assert bytes(16 * [9]) not in wanted
        assert b"short" not in wanted
        flt = core.FrameFilter(instruments=wanted, message_types=[1], sources=[1], asset_types=[0])
        assert not flt.passes_all
        assert flt.apply(encoded(1)) is not None
        assert flt.apply(frames.encode(2, frames.rows(2, 1), source=1, context=CONTEXT)) is None
        with pytest.raises(ValueError, match="16 bytes"):
            core.InstrumentSet(b"x" * 17)

    def test_empty_parts_pass_everything(self) -> None:
        flt = core.FrameFilter(
            message_types=[],
            sources=(),
            instruments=b"",
            venues=None,
            asset_types=[],
            predicate=" ",
        )
        assert flt.passes_all

    def test_entries_of_a_block(self) -> None:
        prefix = bytes(32)
        entries = [prefix + encoded(n) for n in (1, 0, 4)]
        block, bounds = core.join_frames(entries)
        lengths = np.diff(bounds).astype(np.uint32)
        flt = core.FrameFilter(predicate="price >= 1 and price < 3")
        out, out_bounds, origin = flt.apply_block(block, bounds[:-1], lengths, skip=32)
        assert origin.tolist() == [1, 2]
        last = frames.Frame.parse(out[out_bounds[1] : out_bounds[2]])
        assert last.rows["price"].tolist() == [10**8, 2 * 10**8]
        with pytest.raises(ValueError, match="lies outside"):
            flt.apply_block(block, bounds[:-1], lengths, skip=10**6)

    def test_predicates(self) -> None:
        part = core.filter_frame(encoded(9), predicate="price / 2 > 3.9")
        assert part is not None
        assert frames.Frame.parse(part).rows["price"].tolist() == [8 * 10**8]
        with pytest.raises(core.PredicateError) as caught:
            core.FrameFilter(predicate="price > 5 and prize > 5")
        assert (caught.value.reason, caught.value.offset) == ("PREDICATE_UNKNOWN_NAME", 14)
        with pytest.raises(core.PredicateError, match="character 0"):
            core.FrameFilter(message_types=[MessageType.QUOTE], predicate="price > 5")

    @pytest.mark.parametrize("codec", CODECS)
    def test_compressed_frames(self, codec: Compression) -> None:
        part = core.filter_frame(encoded(6, compression=codec), instruments=self.wanted)
        assert part is not None
        frame = frames.Frame.parse(part)
        assert frame.info.codec == codec
        assert frame.rows["price"].tolist() == [0, 3 * 10**8]


class TestCompression:
    """Sizes are checked before memory is taken; content comes back byte for byte."""

    @pytest.mark.parametrize("codec", CODECS)
    def test_back_and_forth(self, codec: Compression) -> None:
        data = encoded(100)
        packed = core.compress_frame(data, codec)
        assert len(packed) < len(data)
        assert core.decompress_frame(packed) == data
        assert core.decompress_frame(data) is data
        assert frames.Frame.parse(packed).info.compressed

    def test_limits(self) -> None:
        packed = core.compress_frame(encoded(100), Compression.ZSTD, level=9)
        with pytest.raises(core.FrameError) as caught:
            core.decompress_frame(packed, max_bytes=6399)
        assert caught.value.reason == "FRAME_TOO_LARGE"
        core.decompress_frame(packed, max_bytes=6400)

    def test_refusals(self) -> None:
        for codec in (0, 4):
            with pytest.raises(core.FrameError) as caught:
                core.compress_frame(encoded(), codec)
            assert caught.value.reason == "FRAME_BAD_COMPRESSION"

    def test_other_implementations_read_zstd(self) -> None:
        zstandard = pytest.importorskip("zstandard")
        packed = core.compress_frame(encoded(50), Compression.ZSTD)
        start = packed.index((0xFD2FB528).to_bytes(4, "little"))
        content = zstandard.ZstdDecompressor().decompress(packed[start:], max_output_size=50 * 64)
        assert content == trades(50).tobytes()

    def test_damaged_content_is_a_client_error(self) -> None:
        packed = bytearray(core.compress_frame(encoded(50), Compression.SNAPPY))
        packed[160:170] = b"\xff" * 10
        frame = frames.Frame.parse(packed, checksum=False)
        with pytest.raises(FrameError) as caught:
            _ = frame.rows
        assert caught.value.reason == "FRAME_BAD_COMPRESSION"


def test_tlvs() -> None:
    extensions = core.encode_tlv(1, b"abc") + core.encode_tlv(200, b"") + core.encode_tlv(1, b"x")
    assert core.walk_tlv(extensions) == [(1, 2, 3), (200, 7, 0), (1, 9, 1)]
    assert core.find_tlv(extensions, 1) == b"abc"
    assert core.find_tlv(extensions, 200) == b""
    assert core.find_tlv(extensions, 2) is None
    assert core.walk_tlv(b"") == []
    with pytest.raises(core.FrameError) as caught:
        core.walk_tlv(extensions + b"\x07")
    assert (caught.value.reason, caught.value.offset) == ("FRAME_BAD_TLV", 10)
    with pytest.raises(core.FrameError, match="at most 255"):
        core.encode_tlv(1, bytes(256))


def test_a_frame_describes_itself() -> None:
    frame = frames.Frame.parse(encoded(2))
    assert repr(frame) == "<Frame TRADE sequence=0 records=2 bytes=272>"
    assert "record_count=2" in repr(frame.info)
    custom = frames.encode(201, b"12345678", source=1, context=CONTEXT, stride=8)
    assert repr(frames.Frame.parse(custom)).startswith("<Frame 201 ")
