"""What a publisher keeps: priorities before the first sending, numbers ever after."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from alphapulse_client._reports import ProducerGap
from alphapulse_client._sending import SendQueue, priority_of
from alphapulse_testing.frames import trades


def queue(*priorities: int, by_priority: bool = True) -> SendQueue:
    made = SendQueue(100, 1 << 20, by_priority=by_priority)
    for number, priority in enumerate(priorities, 1):
        frame = trades([number], priority=priority)
        made.add(frame, made.priority(frame))
    return made


def test_the_flags_of_a_frame_say_its_priority() -> None:
    assert [priority_of(trades([1], priority=priority)) for priority in range(4)] == [0, 1, 2, 3]
    assert priority_of(b"no frame") == 0
    assert priority_of(b"") == 0


def test_higher_priorities_go_first_and_each_keeps_its_order() -> None:
    waiting = queue(0, 3, 0, 1, 3)
    first, frames = waiting.take(1 << 20)
    assert first == 1
    assert [waiting.number_of(wire) for wire in range(1, 6)] == [2, 5, 4, 1, 3]
    assert [priority_of(frame) for frame in frames] == [3, 3, 1, 0, 0]
    in_order = queue(0, 3, 0, 1, 3, by_priority=False)
    assert [priority_of(frame) for frame in in_order.take(1 << 20)[1]] == [0, 3, 0, 1, 3]


def test_acknowledged_is_what_has_no_hole_before_it() -> None:
    waiting = queue(0, 3, 0)
    waiting.take(1 << 20)
    steps = []
    for wire in range(1, 4):
        waiting.acknowledge(wire)
        steps.append((waiting.acknowledged, len(waiting)))
    assert steps == [(0, 2), (2, 1), (3, 0)]


def test_what_was_sent_keeps_its_number_whatever_comes() -> None:
    waiting = queue(0, 0)
    waiting.take(1)
    waiting.broken()
    urgent = trades([3], priority=3)
    waiting.add(urgent, 3)
    first, frames = waiting.take(1 << 20)
    assert first == 1
    assert [waiting.number_of(wire) for wire in (1, 2, 3)] == [1, 3, 2]
    assert frames[1] == urgent


def test_a_range_that_never_came_is_told_by_what_publish_returned() -> None:
    waiting = queue(0, 0, 3, 0, 3)
    waiting.take(1 << 20)  # 3 5 1 2 4
    assert waiting.gaps_of(2, 4) == [ProducerGap(1, 2), ProducerGap(5, 5)]
    assert waiting.gaps_of(7, 9) == [ProducerGap(7, 9)], "of frames that are not known here"


def test_urgent_frames_have_room_when_others_have_not() -> None:
    waiting = SendQueue(8, 1 << 20, by_priority=True)
    for number in range(8):
        waiting.add(trades([number]), 0)
    assert waiting.full(0)
    assert not waiting.full(1)
    waiting.add(trades([8], priority=1), 1)
    assert waiting.full(1), "bounded too"


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.integers(0, 1 << 30))
def test_each_frame_is_sent_until_it_is_acknowledged(priorities: list[int], seed: int) -> None:
    """Whatever breaks: wire numbers stay with their frames, and none is left out."""
    chance = random.Random(seed)  # of a test
    waiting = queue()
    wires: dict[int, int] = {}
    left = list(priorities)
    taken = 0
    while left or len(waiting):
        for _ in range(chance.randint(0, len(left))):
            frame = trades([waiting.last + 1], priority=left.pop(0))
            waiting.add(frame, waiting.priority(frame))
        first, frames = waiting.take(chance.randint(1, 2000))
        for wire in range(first, first + len(frames)):
            number = waiting.number_of(wire)
            assert wires.setdefault(wire, number) == number
            taken = max(taken, wire)
        waiting.acknowledge(chance.randint(0, taken))
        if chance.random() < 0.3:
            waiting.broken()
    assert sorted(wires.values()) == list(range(1, len(priorities) + 1))
    assert waiting.acknowledged == len(priorities)
    for priority in range(4):
        mine = [number for _, number in sorted(wires.items()) if priorities[number - 1] == priority]
        assert mine == sorted(mine)
