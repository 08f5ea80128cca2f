"""Several feeds as one: the order, silent and broken domains, bounds."""

from __future__ import annotations

import asyncio
import itertools
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphapulse_client import Batch, Gap, InvalidArgument, MergedFeed, NotFound
from alphapulse_client._tokens import make_token
from alphapulse_client.merged import _MOST_FRAMES

if TYPE_CHECKING:
    from alphapulse_client import MergedBatch, MeshError

PATIENCE = 30.0
LONG = 1000.0
"""So patient that only a later frame lets one go."""


class Told:
    """A subscription that says what a test tells it."""

    def __init__(self, *batches: Batch, end: bool = False) -> None:
        self.queue: asyncio.Queue[Batch | MeshError | None] = asyncio.Queue()
        self.read = 0
        self.closed = False
        for batch in batches:
            self.queue.put_nowait(batch)
        if end:
            self.queue.put_nowait(None)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Batch:
        said = await self.queue.get()
        if said is None:
            raise StopAsyncIteration
        if not isinstance(said, Batch):
            raise said
        self.read += 1
        return said

    async def close(self) -> None:
        self.closed = True


def batch(*times: int, gaps: tuple[Gap, ...] = ()) -> Batch:
    """Frames that were made at these times."""
    frames: list[Any] = [SimpleNamespace(timestamp=made) for made in times]
    return Batch(frames, list(gaps))


def times(merged: MergedBatch) -> list[tuple[str, int]]:
    return [(domain, frame.timestamp) for domain, frame in merged]


async def all_of(feed: MergedFeed) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    async with asyncio.timeout(PATIENCE), feed:
        async for merged in feed:
            found += times(merged)
    return found


async def test_frames_come_in_the_order_of_their_making() -> None:
    a, b = Told(batch(1, 4, 9)), Told(batch(2, 3, 7))
    async with MergedFeed({"a": a, "b": b}, patience=LONG) as feed:
        async with asyncio.timeout(PATIENCE):
            found = times(await anext(feed))
            while len(found) < 5:
                found += times(await anext(feed))
        assert found == [("a", 1), ("b", 2), ("b", 3), ("a", 4), ("b", 7)], "9 waits for b"
        b.queue.put_nowait(batch(8, 12))
        async with asyncio.timeout(PATIENCE):
            assert times(await anext(feed)) == [("b", 8), ("a", 9)]
    assert a.closed
    assert b.closed


async def test_a_silent_domain_holds_nobody_back_for_long() -> None:
    async with MergedFeed({"a": Told(batch(1, 2)), "b": Told()}, patience=0.01) as feed:
        async with asyncio.timeout(PATIENCE):
            assert times(await anext(feed)) == [("a", 1), ("a", 2)]


async def test_what_comes_too_late_is_handed_over_and_counted() -> None:
    b = Told()
    async with MergedFeed({"a": Told(batch(5)), "b": b}, patience=0.01) as feed:
        async with asyncio.timeout(PATIENCE):
            assert times(await anext(feed)) == [("a", 5)]
            b.queue.put_nowait(batch(3))
            assert times(await anext(feed)) == [("b", 3)]
        assert feed.states["b"].late == 1


async def test_a_clock_that_is_ahead_does_not_hold_its_domain_back() -> None:
    ahead = time.time_ns() + 3600 * 10**9
    b = Told(batch(1))
    async with MergedFeed({"a": Told(batch(ahead)), "b": b}, patience=LONG) as feed:
        async with asyncio.timeout(PATIENCE):
            assert times(await anext(feed)) == [("b", 1)]
            b.queue.put_nowait(batch(ahead + 1))
            assert times(await anext(feed)) == [("a", ahead)]


async def test_one_domains_end_leaves_the_others_running() -> None:
    a, b = Told(batch(1)), Told(batch(2))
    a.queue.put_nowait(NotFound("gone", reason="GONE"))
    async with MergedFeed({"a": a, "b": b}, patience=LONG) as feed:
        async with asyncio.timeout(PATIENCE):
            found: list[tuple[str, int]] = []
            failures: list[tuple[str, MeshError]] = []
            while len(found) < 2 or not failures:
                merged = await anext(feed)
                found += times(merged)
                failures += merged.failures
            assert [(domain, error.reason) for domain, error in failures] == [("a", "GONE")]
            b.queue.put_nowait(batch(3))
            assert times(await anext(feed)) == [("b", 3)]
            b.queue.put_nowait(NotFound("gone too", reason="GONE"))
            assert (await anext(feed)).failures
            with pytest.raises(NotFound):
                await anext(feed)
    assert feed.states["a"].error is not None


async def test_gaps_name_their_domain() -> None:
    gap = Gap(3, 7, "SLOW_CONSUMER")
    for order in ("time", "arrival"):
        feed = MergedFeed(
            {"a": Told(batch(1, gaps=(gap,)), end=True)},
            order=order,
        )
        async with asyncio.timeout(PATIENCE), feed:
            assert (await anext(feed)).gaps == [("a", gap)]
        assert feed.states["a"].lost == 5


async def test_arrival_is_batch_by_batch() -> None:
    a, b = Told(batch(9, 1)), Told(batch(2))
    async with MergedFeed({"a": a, "b": b}, order="arrival") as feed:
        async with asyncio.timeout(PATIENCE):
            assert times(await anext(feed)) == [("a", 9), ("a", 1)]
            assert times(await anext(feed)) == [("b", 2)]


async def test_what_waits_is_bounded() -> None:
    many = [batch(*range(start, start + 512)) for start in range(0, 8 * _MOST_FRAMES, 512)]
    a = Told(*many)
    async with MergedFeed({"a": a, "b": Told(batch(0))}, patience=LONG) as feed:
        async with asyncio.timeout(PATIENCE):
            await anext(feed)
            while feed.states["a"].waiting < _MOST_FRAMES:  # noqa: ASYNC110 - its reader goes on
                await asyncio.sleep(0)
        for _ in range(100):
            await asyncio.sleep(0)
        assert feed.states["a"].waiting < _MOST_FRAMES + 512
        assert a.read < len(many) / 2


async def test_what_cannot_be_merged_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="needs a domain"):
        MergedFeed({})
    with pytest.raises(InvalidArgument, match="neither"):
        MergedFeed({"a": Told()}, order="size")  # type: ignore[arg-type]  # what is tested
    with pytest.raises(InvalidArgument, match="negative"):
        MergedFeed({"a": Told()}, patience=-1)


domains = st.lists(st.lists(st.lists(st.integers(1, 50), max_size=4), max_size=6), max_size=3)


@given(domains.filter(bool))
@settings(deadline=None, max_examples=60)
def test_the_order_is_a_function_of_what_came(domains: list[list[list[int]]]) -> None:
    """However the batches are cut: by time, each domain in its own order, everything once."""
    named = {f"d{index}": sorted(itertools.chain(*one)) for index, one in enumerate(domains)}

    async def merged(cut: int) -> list[tuple[str, int]]:
        sources = {}
        for name, made in named.items():
            pieces = [batch(*made[at : at + cut]) for at in range(0, len(made), cut)]
            sources[name] = Told(*pieces, end=True)
        return await all_of(MergedFeed(sources, patience=LONG))

    found = asyncio.run(merged(3))
    assert [made for _, made in found] == sorted(itertools.chain(*named.values()))
    for name, made in named.items():
        assert [at for domain, at in found if domain == name] == made
    assert found == asyncio.run(merged(1)) == asyncio.run(merged(100))


async def test_the_token_is_of_what_was_handed_over_not_of_what_came() -> None:
    first = Batch(list(batch(1, 4, 9).frames), [], 5, 5, make_token(7, 5))
    for frame, sequence in zip(first.frames, (2, 3, 5), strict=True):
        frame.sequence = sequence  # type: ignore[misc]  # a stand-in for a frame
    b = Told(batch(6))
    async with MergedFeed({"a": Told(first), "b": b}, patience=LONG) as feed:
        assert feed.states["a"].resume_token == b""
        async with asyncio.timeout(PATIENCE):
            assert times(await anext(feed)) == [("a", 1), ("a", 4), ("b", 6)]
            assert feed.states["a"].resume_token == make_token(7, 3)
            b.queue.put_nowait(batch(10))
            assert times(await anext(feed)) == [("a", 9)]
        assert feed.states["a"].resume_token == make_token(7, 5)
