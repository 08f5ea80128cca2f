"""The ring from Python: publishing, polling, gaps, errors, files, one process."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import numpy as np
import pytest

from alphapulse_core import (
    Ring,
    RingBusy,
    RingClosedError,
    RingDependencyLost,
    RingEvicted,
    RingExists,
    RingFull,
    RingHalted,
    RingLayoutError,
    RingMissing,
    RingTableFull,
    RingTooLarge,
    ring_inspect,
    ring_reclaim,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CAPACITY = 1 << 16


@pytest.fixture(params=["single", "multi"])
def ring(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ring]:
    with Ring.create(str(tmp_path / "mesh.ring"), CAPACITY, producers=request.param) as made:
        yield made


def test_a_batch_comes_back_in_order_with_its_sequences(ring: Ring) -> None:
    reader = ring.reader("r", gating=True)
    payloads = [bytes([i]) * (i * 37) for i in range(20)]
    assert ring.publish(payloads[0]) == 0
    assert ring.publish_batch(payloads[1:]) == (1, 19)
    batch = reader.poll()
    assert len(batch) == 20
    assert not batch.copied
    assert [bytes(entry) for entry in batch.entries()] == payloads
    assert batch.sequences.tolist() == list(range(20))
    assert batch.lengths.tolist() == [len(p) for p in payloads]
    assert (batch.offsets % 64 == 0).all()
    for offset, length, payload in zip(batch.offsets, batch.lengths, payloads, strict=True):
        assert batch.block[int(offset) : int(offset) + int(length)].tobytes() == payload
    assert bytes(batch[-1]) == payloads[-1]
    with pytest.raises(IndexError):
        batch[20]
    assert batch.intact()
    assert not reader.poll()


def test_prefixes_are_written_in_front_of_each_payload(ring: Ring) -> None:
    reader = ring.reader()
    prefix = np.zeros(3, dtype=[("producer", "<u8"), ("sequence", "<u8")])
    prefix["sequence"] = [7, 8, 9]
    ring.publish_batch([b"a", b"bb", b""], prefixes=prefix)
    seen = [bytes(e) for e in reader.poll().entries()]
    assert seen == [prefix[i : i + 1].tobytes() + body for i, body in enumerate([b"a", b"bb", b""])]
    with pytest.raises(ValueError, match="divide"):
        ring.publish_batch([b"a", b"b"], prefixes=b"123")


def test_a_block_is_cut_at_its_offsets(ring: Ring) -> None:
    reader = ring.reader()
    block = np.arange(100, dtype=np.uint8)
    assert ring.publish_block(block, np.array([0, 10, 10, 100], dtype=np.uint64)) == (0, 2)
    assert [e.tolist() for e in reader.poll().entries()] == [
        list(range(10)),
        [],
        list(range(10, 100)),
    ]
    with pytest.raises(ValueError, match="ascending"):
        ring.publish_block(block, np.array([50, 10], dtype=np.uint64))
    with pytest.raises(ValueError, match="ascending"):
        ring.publish_block(block, np.array([0, 101], dtype=np.uint64))


def test_packed_entries_are_cut_by_offset_and_length(ring: Ring) -> None:
    reader = ring.reader(gating=True)
    payloads = [bytes([i]) * (1 + i * 11) for i in range(50)]
    ring.publish_batch(payloads)
    packed = reader.poll_bytes(max_entries=30)
    assert packed.more
    rest = reader.poll_bytes()
    assert not rest.more
    assert isinstance(packed.data, bytes)
    seen = [
        part.data[int(o) : int(o) + int(n)]
        for part in (packed, rest)
        for o, n in zip(part.offsets, part.lengths, strict=True)
    ]
    assert seen == payloads
    assert rest.first == 30


def test_poll_into_fills_the_callers_buffer(ring: Ring) -> None:
    reader = ring.reader()
    ring.publish_batch([b"x" * 100, b"y" * 100, b"z" * 100])
    buffer = bytearray(300)
    packed = reader.poll_into(buffer)
    assert packed.data is buffer
    assert len(packed) == 2
    assert packed.more
    assert buffer[:100] == b"x" * 100
    assert buffer[128:228] == b"y" * 100
    with pytest.raises(RingTooLarge) as refusal:
        reader.poll_into(bytearray(99))
    assert (refusal.value.size, refusal.value.limit) == (100, 99)
    assert len(reader.poll_into(bytearray(100))) == 1
    with pytest.raises(BufferError):
        reader.poll_into(b"read-only")


def test_views_end_with_the_next_poll(ring: Ring) -> None:
    reader = ring.reader(gating=True)
    ring.publish(b"first")
    batch = reader.poll()
    kept = batch[0]
    reader.poll()
    with pytest.raises(ValueError, match="given back"):
        batch.entry(0)
    # The memory behind a view that was kept stays mapped whatever happens to the handles.
    reader.close()
    ring.close()
    del batch, reader
    gc.collect()
    assert len(kept) == 5


def test_a_gating_reader_makes_publishers_wait(ring: Ring) -> None:
    reader = ring.reader("slow", gating=True)
    payload = bytes(CAPACITY // 4)
    for _ in range(4):
        ring.publish(payload)
    with pytest.raises(RingFull) as refusal:
        ring.publish(b"x", timeout=0)
    assert refusal.value.slowest == "slow"
    assert refusal.value.reason == "RING_FULL"
    with pytest.raises(RingFull):
        ring.publish(b"x", timeout=0.05)
    assert ring.try_publish_batch([b"x"]) is None
    assert len(reader.poll(max_entries=1)) == 1
    assert ring.try_publish_batch([b"x"]) is None, "not given back before the next poll"
    reader.commit()
    assert ring.try_publish_batch([b"x"]) == (4, 4)
    assert ring.stats()["readers"][0]["lag"] == 4


def test_losses_are_reported_as_exact_ranges(ring: Ring) -> None:
    reader = ring.reader("late")
    total = 3000
    for first in range(0, total, 100):
        ring.publish_batch([i.to_bytes(8, "little") for i in range(first, first + 100)])
    seen: list[int] = []
    lost: list[int] = []
    while batch := reader.poll(max_entries=77):
        for gap in batch.gaps:
            assert gap.reason == "overrun"
            lost.extend(range(gap.first, gap.last + 1))
        seen.extend(int.from_bytes(entry, "little") for entry in batch.entries())
    assert lost + seen == list(range(total))
    assert lost
    assert reader.lost == len(lost)


def test_a_raw_view_tells_when_it_was_overwritten(ring: Ring) -> None:
    reader = ring.reader()
    ring.publish(b"old")
    batch = reader.poll(copy=False)
    assert batch.intact()
    for _ in range(5):
        ring.publish(bytes(CAPACITY // 4))
    assert not batch.intact()


@pytest.mark.parametrize("gating", [True, False])
def test_readers_start_where_they_are_told(ring: Ring, gating: bool) -> None:
    ring.publish_batch([bytes([i]) for i in range(10)])
    latest = ring.reader("latest", gating=gating)
    oldest = ring.reader("oldest", gating=gating, start="oldest")
    middle = ring.reader("middle", gating=gating, start=4)
    future = ring.reader("future", gating=gating, start=12)
    assert not latest.poll()
    assert oldest.poll().sequences.tolist() == list(range(10))
    assert [bytes(e)[0] for e in middle.poll().entries()] == list(range(4, 10))
    ring.publish_batch([b"a", b"b"])
    assert not future.poll()
    ring.publish(b"c")
    assert future.poll().sequences.tolist() == [12]
    assert latest.poll().sequences.tolist() == [10, 11, 12]


def test_a_reader_resumes_under_its_name(ring: Ring) -> None:
    reader = ring.reader("strategy", gating=True)
    ring.publish_batch([b"a", b"b", b"c"])
    assert len(reader.poll(max_entries=2)) == 2
    reader.commit()
    reader.close()
    again = ring.reader("strategy", gating=True, start="resume")
    assert again.poll().sequences.tolist() == [2]


def test_seeking_is_for_readers_that_hold_nobody_back(ring: Ring) -> None:
    ring.publish_batch([bytes([i]) for i in range(5)])
    reader = ring.reader()
    reader.seek(3)
    assert reader.poll().sequences.tolist() == [3, 4]
    with pytest.raises(ValueError, match="seek"):
        ring.reader(gating=True).seek(0)


def test_a_reader_runs_behind_others(ring: Ring) -> None:
    first = ring.reader("first", gating=True)
    other = ring.reader("other", gating=True)
    join = ring.reader("join", gating=True, after=["first", "other"])
    ring.publish_batch([b"a", b"b", b"c"])
    first.poll()
    first.commit()
    assert not join.poll()
    other.poll(max_entries=2)
    other.commit()
    assert join.poll().sequences.tolist() == [0, 1]
    other.close()
    with pytest.raises(RingDependencyLost) as lost:
        join.poll()
    assert lost.value.dependency == "other"
    join.drop_dependency("other")
    assert join.poll().sequences.tolist() == [2]
    with pytest.raises(RingDependencyLost):
        ring.reader("x", after=["nobody"])


def test_names_and_slots_are_exclusive(tmp_path: Path) -> None:
    with Ring.create(str(tmp_path / "r"), CAPACITY, max_readers=2) as ring:
        ring.publish(b"makes this handle the producer")
        second = Ring.attach(ring.path)
        with pytest.raises(RingBusy, match="single-producer"):
            second.publish(b"x")
        ring.reader("a")
        kept = ring.reader("a")  # the first was dropped at once, so its name is free
        with pytest.raises(RingBusy, match="'a'"):
            second.reader("a")
        other = second.reader("b")
        with pytest.raises(RingTableFull):
            ring.reader("c")
        assert {kept.name, other.name} == {"a", "b"}
        ring.close()
        assert second.publish(b"now mine") == 1


def test_an_evicted_reader_is_told(ring: Ring) -> None:
    reader = ring.reader("r", gating=True)
    for _ in range(4):
        ring.publish(bytes(CAPACITY // 4))
    assert ring.evict("r")
    assert not ring.evict("r")
    ring.publish(b"goes on")
    with pytest.raises(RingEvicted) as evicted:
        reader.poll()
    assert (evicted.value.name, evicted.value.sequence) == ("r", 0)
    assert ring.stats()["readers_evicted"] == 1


def test_a_halted_ring_drains(ring: Ring) -> None:
    reader = ring.reader("r", gating=True)
    ring.publish_batch([b"a", b"b"])
    ring.halt()
    with pytest.raises(RingHalted):
        ring.publish(b"c")
    assert reader.poll().sequences.tolist() == [0, 1]
    with pytest.raises(RingHalted):
        reader.poll()


def test_sizes_are_checked(ring: Ring) -> None:
    reader = ring.reader()
    with pytest.raises(RingTooLarge):
        ring.publish(bytes(ring.max_entry + 1))
    with pytest.raises(RingTooLarge):
        ring.publish_batch([b"x"] * (ring.max_batch // 64 + 1))
    with pytest.raises(ValueError, match="at least one"):
        ring.publish_batch([])
    with pytest.raises(TypeError):
        ring.publish("text")  # type: ignore[arg-type]  # what the test is about
    ring.publish(bytes(ring.max_entry))
    assert reader.poll().lengths.tolist() == [ring.max_entry]
    with pytest.raises(ValueError, match="max_entries"):
        reader.poll(0)


def test_closed_handles_say_so(ring: Ring) -> None:
    reader = ring.reader()
    reader.close()
    reader.close()
    with pytest.raises(RingClosedError):
        reader.poll()
    ring.close()
    with pytest.raises(RingClosedError):
        ring.publish(b"x")
    assert ring.capacity == CAPACITY


# ---------------------------------------------------------------------------------------- files


def test_a_ring_outlives_its_handles(tmp_path: Path) -> None:
    path = str(tmp_path / "m.market")
    with Ring.open_or_create(path, CAPACITY) as ring:
        assert ring.created
        incarnation = ring.incarnation
        ring.publish_batch([b"a", b"b"])
    with Ring.open_or_create(path, CAPACITY) as ring:
        assert not ring.created
        assert ring.incarnation == incarnation
        assert ring.next_sequence == 2
        assert ring.publish(b"c") == 2
        assert [bytes(e) for e in ring.reader(start="oldest").poll().entries()] == [
            b"a",
            b"b",
            b"c",
        ]


def test_a_ring_of_another_shape_is_replaced_only_when_nobody_uses_it(tmp_path: Path) -> None:
    path = str(tmp_path / "m.market")
    old = Ring.create(path, CAPACITY)
    reader = old.reader("user")
    with pytest.raises(RingLayoutError) as refusal:
        Ring.open_or_create(path, 2 * CAPACITY)
    assert refusal.value.reason == "RING_GEOMETRY"
    assert "user" in str(refusal.value)
    reader.close()
    with pytest.raises(RingLayoutError):
        Ring.open_or_create(path, 2 * CAPACITY, replace_stale=False)
    new = Ring.open_or_create(path, 2 * CAPACITY)
    assert new.created
    assert new.capacity == 2 * CAPACITY
    old.unlink()  # its name belongs to the new ring now
    assert ring_inspect(path)["incarnation"] == new.incarnation
    new.unlink()
    assert ring_inspect(path)["state"] == "missing"


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: b"something else".ljust(len(data)), "RING_FOREIGN"),
        (lambda _: b"", "RING_FOREIGN"),
        (lambda data: data[:8] + b"\x63\0\0\0" + data[12:], "RING_VERSION"),
        (lambda data: data[:20] + b"\x01" + data[21:], "RING_TORN"),
        (lambda data: data[: len(data) // 2], "RING_TORN"),
        (lambda data: data[:100], "RING_TORN"),
        (lambda data: data + b"more", "RING_TORN"),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, damage: object, reason: str) -> None:
    path = tmp_path / "m.ring"
    Ring.create(str(path), CAPACITY).close()
    assert callable(damage)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(RingLayoutError) as refusal:
        Ring.attach(str(path))
    assert refusal.value.reason == reason
    if reason in {"RING_FOREIGN", "RING_VERSION"}:
        with pytest.raises(RingLayoutError):
            Ring.open_or_create(str(path), CAPACITY)
    else:
        assert Ring.open_or_create(str(path), CAPACITY).created


def test_missing_and_existing_files_are_told_apart(tmp_path: Path) -> None:
    path = str(tmp_path / "r")
    with pytest.raises(FileNotFoundError) as missing:
        Ring.attach(path)
    assert isinstance(missing.value, RingMissing)
    Ring.create(path, CAPACITY)
    with pytest.raises(RingExists):
        Ring.create(path, CAPACITY)
    with pytest.raises(RingLayoutError):
        Ring.attach(str(tmp_path))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r"], "no temporary file stays"


@pytest.mark.parametrize("capacity", [0, 1000, 2048, 3 << 12, 1 << 33])
def test_impossible_capacities_are_refused(tmp_path: Path, capacity: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        Ring.create(str(tmp_path / "r"), capacity)
    assert list(tmp_path.iterdir()) == []


def test_only_rings_of_the_named_mesh_are_reclaimed(tmp_path: Path) -> None:
    living = Ring.create(str(tmp_path / "mesh.live"), CAPACITY)
    reader = living.reader("r")
    Ring.create(str(tmp_path / "meshes.other"), CAPACITY).close()
    (tmp_path / "mesh.foreign").write_bytes(b"not a ring")
    torn = tmp_path / "mesh.torn"
    Ring.create(str(torn), CAPACITY).close()
    torn.write_bytes(torn.read_bytes()[:5000])
    # `living` and its creator are this very process, which lives.
    assert ring_reclaim(str(tmp_path), "mesh.") == [str(torn)]
    assert ring_inspect(living.path)["state"] == "live"
    reader.close()
    assert ring_inspect(living.path)["state"] == "stale"
    assert ring_inspect(str(tmp_path / "mesh.foreign"))["state"] == "foreign"


def test_refused_system_requests_become_one_warning_and_a_status(tmp_path: Path) -> None:
    with pytest.warns(RuntimeWarning, match="numa_node") as warned:
        ring = Ring.create(str(tmp_path / "r"), CAPACITY, numa_node=63)
    assert len(warned) == 1
    system = ring.stats()["system"]
    assert not system["numa_node"]["granted"]
    assert system["prefault"]["granted"]
    assert ring.publish(b"works") == 0
