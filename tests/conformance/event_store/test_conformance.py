"""What every event store must do. A new implementation adds itself to `stores` and passes."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from alphapulse_mesh.runtime.errors import (
    Conflict,
    InvalidArgument,
    OutOfRange,
    Unavailable,
)
from alphapulse_mesh.runtime.event_store import (
    EventStore,
    NewEvent,
    RecordedEvent,
    SqliteEventStore,
)
from alphapulse_mesh.runtime.event_store.jetstream import JetStreamEventStore
from alphapulse_testing.nats_server import nats_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

Open = Callable[[], Awaitable[EventStore]]
"""Opens the same store again and again: what one wrote the next one reads."""


def open_sqlite(directory: Path) -> Open:
    return lambda: SqliteEventStore.open(directory / "events.db")


@pytest.fixture(scope="module")
def nats_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with nats_server(tmp_path_factory.mktemp("nats")) as url:
        yield url


names = itertools.count()


def open_jetstream(url: str) -> Open:
    name = f"test{next(names)}"
    return lambda: JetStreamEventStore.open(url, name)


stores = ("sqlite", "jetstream")


@pytest_asyncio.fixture(params=stores)
async def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Open]:
    opened: list[EventStore] = []
    if request.param == "sqlite":
        open_store = open_sqlite(tmp_path)
    else:
        open_store = open_jetstream(request.getfixturevalue("nats_url"))

    async def open_and_note() -> EventStore:
        opened.append(await open_store())
        return opened[-1]

    yield open_and_note
    for store in opened:
        await store.close()


@pytest_asyncio.fixture
async def store(reopen: Open) -> EventStore:
    return await reopen()


def events(*names: str) -> list[NewEvent]:
    return [NewEvent(f"test.{name}", name.encode()) for name in names]


async def read_all(store: EventStore, stream: str, from_version: int = 1) -> list[RecordedEvent]:
    return [event async for event in store.read(stream, from_version)]


async def take(followed: AsyncIterator[RecordedEvent], count: int) -> list[RecordedEvent]:
    return [await asyncio.wait_for(anext(followed), 10) for _ in range(count)]


async def test_is_an_event_store(store: EventStore) -> None:
    assert isinstance(store, EventStore)


class TestAppendAndRead:
    async def test_an_unknown_stream_is_empty(self, store: EventStore) -> None:
        assert await store.version("s") == 0
        assert await read_all(store, "s") == []

    async def test_what_was_appended_is_read_in_order(self, store: EventStore) -> None:
        assert await store.append("s", events("a", "b")) == 2
        assert await store.append("s", events("c")) == 3
        found = await read_all(store, "s")
        assert [(e.stream, e.version, e.type, e.data) for e in found] == [
            ("s", 1, "test.a", b"a"),
            ("s", 2, "test.b", b"b"),
            ("s", 3, "test.c", b"c"),
        ]
        assert found[0].recorded_ns > 1_600_000_000 * 10**9
        assert await store.version("s") == 3

    async def test_reading_from_the_middle_and_from_the_end(self, store: EventStore) -> None:
        await store.append("s", events("a", "b", "c"))
        assert [e.data for e in await read_all(store, "s", 2)] == [b"b", b"c"]
        assert await read_all(store, "s", 4) == []

    async def test_reading_from_beyond_the_end_names_the_end(self, store: EventStore) -> None:
        await store.append("s", events("a"))
        with pytest.raises(OutOfRange) as caught:
            await read_all(store, "s", 3)
        assert caught.value.reason == "VERSION_OUT_OF_RANGE"
        assert caught.value.values["head"] == 1

    @pytest.mark.parametrize("version", [0, -1])
    async def test_versions_begin_at_one(self, store: EventStore, version: int) -> None:
        with pytest.raises(InvalidArgument):
            await read_all(store, "s", version)

    async def test_streams_are_apart(self, store: EventStore) -> None:
        await store.append("one", events("a"))
        assert await store.append("two", events("b")) == 1
        assert [e.data for e in await read_all(store, "one")] == [b"a"]
        assert [e.data for e in await read_all(store, "two")] == [b"b"]

    async def test_any_bytes_and_large_ones(self, store: EventStore) -> None:
        values = [b"", b"\0" * 100, bytes(range(256)), bytes(3 << 20)]
        await store.append("s", [NewEvent("t", value) for value in values])
        assert [e.data for e in await read_all(store, "s")] == values

    async def test_more_events_than_fit_a_page(self, store: EventStore) -> None:
        count = 5000
        await store.append("s", [NewEvent("t", b"%d" % n) for n in range(count)])
        found = await read_all(store, "s")
        assert [e.version for e in found] == list(range(1, count + 1))
        assert [e.data for e in found] == [b"%d" % n for n in range(count)]

    async def test_an_append_of_nothing_is_refused(self, store: EventStore) -> None:
        for stream, batch in (("s", []), ("", events("a")), ("\ud800", events("a"))):
            with pytest.raises(InvalidArgument):
                await store.append(stream, batch)

    @pytest.mark.parametrize(
        "event", [("", b"x"), ("ä", b"x"), ("t", "text"), ("t", None), (1, b"")]
    )
    async def test_a_bad_event_harms_nobody_else(
        self, store: EventStore, event: tuple[str, bytes]
    ) -> None:
        good = asyncio.create_task(store.append("s", events("good")))
        with pytest.raises(InvalidArgument):
            await store.append("s", [NewEvent("t", b"first"), NewEvent(*event)])
        assert await good == 1
        assert [e.data for e in await read_all(store, "s")] == [b"good"]


class TestExpectedVersion:
    async def test_holds(self, store: EventStore) -> None:
        assert await store.append("s", events("a"), expected_version=0) == 1
        assert await store.append("s", events("b"), expected_version=1) == 2

    @pytest.mark.parametrize("expected", [0, 2, 7])
    async def test_is_stale(self, store: EventStore, expected: int) -> None:
        await store.append("s", events("a"))
        with pytest.raises(Conflict) as caught:
            await store.append("s", events("b", "c"), expected_version=expected)
        assert caught.value.reason == "VERSION_CONFLICT"
        assert caught.value.values == {"stream": "s", "expected": expected, "actual": 1}
        assert [e.data for e in await read_all(store, "s")] == [b"a"]

    async def test_one_of_many_at_once_wins(self, store: EventStore) -> None:
        names = [f"writer{number}" for number in range(50)]
        outcomes = await asyncio.gather(
            *(store.append("s", events(name), expected_version=0) for name in names),
            return_exceptions=True,
        )
        assert outcomes.count(1) == 1
        assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 49
        [winner] = await read_all(store, "s")
        assert winner.data.decode() == names[outcomes.index(1)]

    async def test_a_conflict_leaves_the_rest_of_the_group_alone(self, store: EventStore) -> None:
        outcomes = await asyncio.gather(
            store.append("a", events("1"), expected_version=0),
            store.append("a", events("2"), expected_version=0),
            store.append("b", events("3"), expected_version=0),
            store.append("a", events("4"), expected_version=1),
            return_exceptions=True,
        )
        assert outcomes[0] == outcomes[2] == 1
        assert isinstance(outcomes[1], Conflict)
        assert outcomes[3] == 2

    async def test_two_openers_of_one_store_see_each_other(self, reopen: Open) -> None:
        first, second = await reopen(), await reopen()
        await first.append("s", events("a"), expected_version=0)
        with pytest.raises(Conflict):
            await second.append("s", events("b"), expected_version=0)
        assert await second.append("s", events("b"), expected_version=1) == 2
        assert [e.data for e in await read_all(first, "s")] == [b"a", b"b"]


class TestConcurrency:
    async def test_appends_of_one_caller_keep_their_order(self, store: EventStore) -> None:
        versions = await asyncio.gather(*(store.append("s", events(str(n))) for n in range(500)))
        assert versions == list(range(1, 501))
        assert [int(e.data) for e in await read_all(store, "s")] == list(range(500))

    async def test_versions_are_dense_whoever_appends(self, store: EventStore) -> None:
        async def writer(name: str) -> list[int]:
            return [await store.append("s", events(f"{name}-{n}", "x")) for n in range(40)]

        given = await asyncio.gather(*(writer(str(number)) for number in range(8)))
        assert sorted(itertools.chain(*given)) == list(range(2, 641, 2))
        found = await read_all(store, "s")
        assert [e.version for e in found] == list(range(1, 641))
        for number in range(8):
            own = [e.data for e in found if e.data.startswith(b"%d-" % number)]
            assert own == [b"%d-%d" % (number, n) for n in range(40)]

    async def test_a_cancelled_append_breaks_nothing(self, store: EventStore) -> None:
        tasks = [asyncio.create_task(store.append("s", events(str(n)))) for n in range(100)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        kept = {n for n, outcome in enumerate(outcomes) if isinstance(outcome, int)}
        assert set(range(1, 100, 2)) <= kept
        stored = [int(e.data) for e in await read_all(store, "s")]
        assert kept <= set(stored)
        assert stored == sorted(stored)


class TestFollow:
    async def test_past_then_present(self, store: EventStore) -> None:
        await store.append("s", events("a", "b"))
        followed = store.follow("s")
        assert [e.data for e in await take(followed, 2)] == [b"a", b"b"]
        later = asyncio.create_task(take(followed, 2))
        await asyncio.sleep(0.1)
        assert not later.done()
        await store.append("s", events("c", "d"))
        assert [e.version for e in await later] == [3, 4]

    async def test_a_stream_that_does_not_exist_yet(self, store: EventStore) -> None:
        first = asyncio.create_task(take(store.follow("s"), 1))
        await store.append("other", events("x"))
        await store.append("s", events("a"))
        assert [e.data for e in await first] == [b"a"]

    async def test_from_a_version(self, store: EventStore) -> None:
        await store.append("s", events("a", "b", "c"))
        assert [e.version for e in await take(store.follow("s", 3), 1)] == [3]
        with pytest.raises(OutOfRange):
            await take(store.follow("s", 5), 1)

    async def test_nothing_is_missed_or_doubled_under_load(self, store: EventStore) -> None:
        total = 600
        followers = [asyncio.create_task(take(store.follow("s"), total)) for _ in range(3)]

        async def writer(count: int) -> None:
            for _ in range(count):
                await store.append("s", events("x", "y"))

        await asyncio.gather(*(writer(50) for _ in range(6)))
        for follower in followers:
            assert [e.version for e in await follower] == list(range(1, total + 1))

    async def test_another_openers_appends_are_seen(self, reopen: Open) -> None:
        first, second = await reopen(), await reopen()
        seen = asyncio.create_task(take(first.follow("s"), 2))
        await second.append("s", events("a", "b"))
        assert [e.data for e in await seen] == [b"a", b"b"]

    async def test_closing_ends_it(self, store: EventStore) -> None:
        await store.append("s", events("a"))

        async def collect() -> list[RecordedEvent]:
            return [event async for event in store.follow("s")]

        following = asyncio.create_task(collect())
        await asyncio.sleep(0.1)
        await store.close()
        assert len(await asyncio.wait_for(following, 10)) == 1


class TestReopening:
    async def test_everything_is_still_there(self, reopen: Open) -> None:
        store = await reopen()
        await store.append("s", events("a", "b"))
        await store.save_snapshot("s", 2, b"state")
        before = await read_all(store, "s")
        await store.close()
        again = await reopen()
        assert await read_all(again, "s") == before
        assert await again.append("s", events("c"), expected_version=2) == 3
        snapshot = await again.load_snapshot("s")
        assert snapshot is not None
        assert (snapshot.version, snapshot.data) == (2, b"state")

    async def test_closing_finishes_what_was_begun(self, reopen: Open) -> None:
        store = await reopen()
        tasks = [asyncio.create_task(store.append("s", events(str(n)))) for n in range(50)]
        await asyncio.sleep(0)
        await store.close()
        assert await asyncio.gather(*tasks) == list(range(1, 51))
        assert await (await reopen()).version("s") == 50

    async def test_a_closed_store_says_so(self, store: EventStore) -> None:
        await store.close()
        await store.close()
        for operation in (
            store.append("s", events("a")),
            store.version("s"),
            read_all(store, "s"),
            store.save_snapshot("s", 0, b""),
            store.load_snapshot("s"),
        ):
            with pytest.raises(Unavailable) as caught:
                await operation
            assert caught.value.reason == "STORE_CLOSED"


class TestSnapshots:
    async def test_none_at_first(self, store: EventStore) -> None:
        assert await store.load_snapshot("s") is None

    async def test_the_newest_is_loaded(self, store: EventStore) -> None:
        await store.append("s", events("a", "b", "c"))
        await store.save_snapshot("s", 1, b"one")
        await store.save_snapshot("s", 3, b"three")
        await store.save_snapshot("s", 2, b"two")
        snapshot = await store.load_snapshot("s")
        assert snapshot is not None
        assert (snapshot.stream, snapshot.version, snapshot.data) == ("s", 3, b"three")
        assert await store.load_snapshot("other") is None

    async def test_of_events_that_do_not_exist_is_refused(self, store: EventStore) -> None:
        await store.append("s", events("a"))
        with pytest.raises(OutOfRange):
            await store.save_snapshot("s", 2, b"x")

    async def test_snapshot_and_rest_give_the_same_fold(self, store: EventStore) -> None:
        await store.append("s", [NewEvent("add", b"%d" % n) for n in range(100)])

        def fold(state: int, found: list[RecordedEvent]) -> int:
            for event in found:
                state = state * 31 + int(event.data)
            return state

        whole = await read_all(store, "s")
        await store.save_snapshot("s", 60, str(fold(0, whole[:60])).encode())
        snapshot = await store.load_snapshot("s")
        assert snapshot is not None
        rest = await read_all(store, "s", snapshot.version + 1)
        assert fold(int(snapshot.data), rest) == fold(0, whole)
