"""Groups of frames in JetStream: what is written is read again, and nothing else is taken."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphapulse_client.errors import DataLoss
from alphapulse_client.transports.base import HOLE_REASONS, Gap
from alphapulse_client.transports.groups import PIECE_BYTES, Group, Index, Part, encode_part

KEYS = st.tuples(st.integers(1, 255), st.integers(0, 65535))
FRAMES = st.lists(st.tuples(KEYS, st.binary(max_size=300), st.booleans()), max_size=40)


def written(
    frames: list[tuple[tuple[int, int], bytes, bool]], first: int, piece: int = PIECE_BYTES
) -> tuple[Index, list[bytes]]:
    """A group as a relay writes it; a frame with True has a hole before it."""
    sequences: list[int] = []
    holes: list[Gap] = []
    following = first
    for _, _, hole in frames:
        if hole:
            holes.append(Gap(following, following, "PRODUCER_DIED"))
        following += 1 + hole
        sequences.append(following - 1)
    parts: list[Part] = []
    payloads: list[bytes] = []
    for key in sorted({key for key, _, _ in frames}):
        chosen = [index for index, one in enumerate(frames) if one[0] == key]
        payload = encode_part(
            [frames[index][1] for index in chosen],
            np.array([sequences[index] for index in chosen], np.uint64),
            np.array([index * 10 for index in chosen], np.uint64),
            np.array([len(frames[index][1]) for index in chosen], np.uint32),
        )
        for at in range(0, len(payload), piece):
            cut = payload[at : at + piece]
            parts.append(Part(*key, len(cut), continues=at > 0))
            payloads.append(cut)
    last = max(following - 1, first)
    return Index(7, first, last, 0, 0, len(frames), parts, holes), payloads


@given(FRAMES, st.integers(1, 1 << 40), st.sampled_from([64, 4096, PIECE_BYTES]))
def test_a_group_is_read_as_it_was_written(
    frames: list[tuple[tuple[int, int], bytes, bool]], first: int, piece: int
) -> None:
    index, payloads = written(frames, first, piece)
    again = Index.decode(index.encode())
    assert again == index
    group = Group.decode(again, again.parts, payloads)
    block = group.block.tobytes()
    read = [
        block[at : at + size]
        for at, size in zip(group.offsets.tolist(), group.lengths.tolist(), strict=True)
    ]
    assert read == [frame for _, frame, _ in frames]
    assert group.types.tolist() == [key[0] for key, _, _ in frames]
    assert group.received_ns.tolist() == [index * 10 for index in range(len(frames))]
    assert group.records.tolist() == [len(frame) for _, frame, _ in frames]
    told = {gap.first for gap in again.holes} | set(group.sequences.tolist())
    assert told == set(range(index.first, index.last + 1)) or not frames


@given(st.binary(max_size=400))
def test_bytes_that_are_no_index_are_refused(data: bytes) -> None:
    with pytest.raises(DataLoss) as caught:
        Index.decode(data)
    assert caught.value.reason == "STREAM_MALFORMED"


@given(st.data())
def test_what_is_broken_is_refused_and_never_misread(data: st.DataObject) -> None:
    frames = [((1, 2), b"x" * 40, False), ((1, 3), b"y" * 20, True), ((1, 2), b"z", False)]
    index, payloads = written(frames, 5)
    which = data.draw(st.integers(0, len(payloads) - 1))
    how = data.draw(st.sampled_from(["short", "long", "count", "length", "sequence"]))
    broken = bytearray(payloads[which])
    if how == "short":
        del broken[data.draw(st.integers(0, len(broken) - 1)) :]
    elif how == "long":
        broken += b"\0" * data.draw(st.integers(1, 100))
    else:
        at = {"count": 0, "length": 8 + 16, "sequence": 8}[how]
        broken[at : at + 4] = data.draw(st.integers(1000, (1 << 32) - 1)).to_bytes(4, "little")
    payloads[which] = bytes(broken)
    with pytest.raises(DataLoss) as caught:
        Group.decode(index, index.parts, payloads)
    assert caught.value.reason == "STREAM_MALFORMED"


def test_reasons_keep_their_numbers() -> None:
    assert HOLE_REASONS == (
        "WINDOW_EXPIRED",
        "PRODUCER_DIED",
        "RELAY_RESTARTED",
        "SLOW_CONSUMER",
        "FRAME_REFUSED",
    )
