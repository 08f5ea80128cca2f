"""Binance's rules for applying depth diffs, in the words of its documentation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphapulse_mesh.collectors.sequence import BookSequence, Diff, Verdict


def diff(first: int, last: int, previous: int = 0) -> Diff[None]:
    return Diff(first, last, previous, None)


def spot(snapshot: int) -> BookSequence[None]:
    sequence: BookSequence[None] = BookSequence(chained=False)
    assert sequence.snapshot(snapshot) == []
    return sequence


def futures(snapshot: int) -> BookSequence[None]:
    sequence: BookSequence[None] = BookSequence(chained=True)
    assert sequence.snapshot(snapshot) == []
    return sequence


@pytest.mark.parametrize(
    ("first", "last", "verdict"),
    [
        (90, 99, Verdict.OLD),
        (95, 100, Verdict.OLD),  # u <= lastUpdateId
        (95, 105, Verdict.APPLY),  # U <= lastUpdateId + 1 <= u
        (101, 105, Verdict.APPLY),
        (102, 105, Verdict.GAP),  # U > local + 1
    ],
)
def test_spot_first_diff_after_a_snapshot(first: int, last: int, verdict: Verdict) -> None:
    sequence = spot(100)
    assert sequence.diff(diff(first, last)) is verdict
    assert sequence.valid is (verdict is not Verdict.GAP)
    assert sequence.local == (last if verdict is Verdict.APPLY else 100)


@pytest.mark.parametrize(
    ("first", "last", "previous", "verdict"),
    [
        (90, 99, 89, Verdict.OLD),  # u < lastUpdateId
        (95, 100, 94, Verdict.APPLY),  # u = lastUpdateId still bridges
        (95, 120, 94, Verdict.APPLY),
        (110, 120, 98, Verdict.APPLY),  # the snapshot fell between two diffs
        (110, 120, 105, Verdict.GAP),
    ],
)
def test_futures_first_diff_after_a_snapshot(
    first: int, last: int, previous: int, verdict: Verdict
) -> None:
    assert futures(100).diff(diff(first, last, previous)) is verdict


def test_futures_diffs_are_chained_by_pu() -> None:
    sequence = futures(100)
    assert sequence.diff(diff(95, 120, 94)) is Verdict.APPLY
    assert sequence.diff(diff(150, 170, 120)) is Verdict.APPLY
    assert sequence.diff(diff(150, 170, 120)) is Verdict.OLD
    assert sequence.diff(diff(190, 200, 171)) is Verdict.GAP
    assert not sequence.valid


def test_diffs_before_the_snapshot_are_kept_and_given_back_in_order() -> None:
    sequence: BookSequence[None] = BookSequence(chained=False)
    early = [diff(90, 95), diff(96, 101), diff(102, 110)]
    assert [sequence.diff(item) for item in early] == [Verdict.WAIT] * 3
    assert sequence.snapshot(97) == early[1:]
    assert sequence.local == 110
    assert sequence.diff(diff(111, 112)) is Verdict.APPLY


def test_a_snapshot_older_than_the_first_kept_diff_is_of_no_use() -> None:
    sequence: BookSequence[None] = BookSequence(chained=False)
    sequence.diff(diff(96, 101))
    assert sequence.snapshot(90) is None
    assert not sequence.valid
    assert sequence.snapshot(95) == [diff(96, 101)]


def test_after_a_gap_the_diff_that_showed_it_waits_for_the_next_snapshot() -> None:
    sequence = spot(100)
    assert sequence.diff(diff(105, 110)) is Verdict.GAP
    assert sequence.diff(diff(111, 112)) is Verdict.WAIT
    assert sequence.snapshot(99) is None
    assert sequence.snapshot(107) == [diff(105, 110), diff(111, 112)]
    assert sequence.valid


def test_a_late_snapshot_does_not_turn_the_book_back() -> None:
    sequence = spot(100)
    sequence.diff(diff(101, 150))
    assert sequence.snapshot(120) is None
    assert (sequence.local, sequence.valid) == (150, True)


@given(
    st.lists(st.integers(min_value=1, max_value=5), min_size=1, max_size=30),
    st.sets(st.integers(min_value=0, max_value=29)),
    st.integers(min_value=0, max_value=30),
    st.booleans(),
)
def test_a_book_is_valid_exactly_as_long_as_nothing_is_missing(
    sizes: list[int], dropped: set[int], snapshot_after: int, chained: bool
) -> None:
    """Diffs cover 1..n without hole; drop some, take one snapshot: what is applied is a run of
    neighbours that begins at the snapshot, and the verdict turns at the first one dropped after it.
    """
    sequence: BookSequence[None] = BookSequence(chained=chained)
    diffs, last = [], 0
    for size in sizes:
        diffs.append(diff(last + 1, last + size, last))
        last += size
    at = min(snapshot_after, len(diffs) - 1)
    covered = diffs[at].last  # the snapshot is taken when this one had just been made
    applied: list[int] = []
    lost = False
    for number, item in enumerate(diffs):
        if number not in dropped:
            verdict = sequence.diff(item)
            lost |= verdict is Verdict.GAP
            if verdict is Verdict.APPLY:
                applied.append(number)
        if number == at:
            following = sequence.snapshot(covered)
            assert following is not None
            applied += [diffs.index(kept) for kept in following]
    new = [number for number in applied if diffs[number].first > covered]
    assert new == list(range(at + 1, at + 1 + len(new)))
    missing = [number for number in range(at + 1, len(diffs)) if number in dropped]
    seen_after = (
        any(number not in dropped for number in range(missing[0] + 1, len(diffs)))
        if missing
        else False
    )
    assert lost == seen_after
    assert sequence.valid is not lost
