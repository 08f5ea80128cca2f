"""Settings of a running relay: changed under load without a lost frame, absurd ones refused."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from alphapulse_client import Publisher, Subscription
from alphapulse_client.system_frames import (
    ConfigChange,
    config_update_frame,
    read_errors,
    read_heartbeat,
    read_snapshots,
)
from alphapulse_layout.enums import ConfigOutcome, MessageType
from alphapulse_mesh.relay.settings import RelaySettings
from alphapulse_mesh.runtime.errors import ConfigError, PermissionDenied
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.system import OPERATOR_METADATA, OperatorToken
from alphapulse_mesh.runtime.system.asking import change_settings
from alphapulse_testing.frames import numbers_of, trades
from alphapulse_testing.relays import RelayProcess
from alphapulse_testing.system import feed_of
from alphapulse_testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig

PREFIX = "relays.market_data."
RELAY = "relay-market-data"


@dataclass
class Pair:
    """The MarketDataRelay and the SystemRelay of one mesh, as processes."""

    market: RelayProcess
    system: RelayProcess

    @property
    def operator(self) -> OperatorToken:
        return OperatorToken.of(self.system.paths)

    async def set(self, **values: Any) -> list[ConfigChange]:
        named = {PREFIX + key: value for key, value in values.items()}
        answers = await change_settings(
            self.system.target,
            self.operator,
            named,
            answers=[(RELAY, key) for key in named],
            patience=30,
        )
        assert {one.service for one in answers} == {RELAY}
        assert [one.key for one in answers] == list(named)
        return answers

    async def listens(self) -> bool:
        """Whether the MarketDataRelay hears updates: it subscribes once it serves."""
        status = await self.system.status()
        return any(one.name == f"{RELAY}-settings" for one in status.subscribers)


@pytest_asyncio.fixture
async def pair(make_config: Callable[..., MeshConfig], tmp_path: Path) -> AsyncIterator[Pair]:
    config = make_config(
        server={"transport": "unix", "drain_seconds": 1.0},
        mesh={"run_dir": tmp_path / "r"},
        system={"heartbeat_seconds": 0.1},
        relays={
            "market_data": {
                "max_queue_frames": 5000,
                "circuit_breaker_frames": 4000,
                "subscriber_lease_seconds": 50.0,  # readers here may be slow, on a busy machine too
            }
        },
    )
    async with AsyncExitStack() as stack:
        system = await stack.enter_async_context(
            RelayProcess(config, Service.RELAY_SYSTEM, tmp_path)
        )
        market = await stack.enter_async_context(
            RelayProcess(config, Service.RELAY_MARKET_DATA, tmp_path)
        )
        found = Pair(market, system)
        await eventually(found.listens)
        yield found


async def test_limits_change_under_load_and_no_frame_is_lost(pair: Pair) -> None:
    """Two slow blocking readers and one publisher at full speed; the limits go down and up."""
    last = 1 << 40
    all_changed = asyncio.Event()
    changes: list[dict[str, Any]] = [
        {"circuit_breaker_frames": 100, "max_queue_frames": 120},
        {"validate_checksums": False},
        {"max_queue_frames": 100_000, "circuit_breaker_frames": 90_000},
        {"circuit_breaker_frames": 8, "max_queue_frames": 16, "max_subscribers": 1},
        {"subscriber_lease_seconds": 60, "validate_checksums": True},
        {"max_queue_frames": 5000, "circuit_breaker_frames": 4000, "max_subscribers": 50},
    ]

    async def publish(publisher: Publisher) -> None:
        start = 0
        while not all_changed.is_set() or start < 5000:
            # in messages that are longer than the lowest limit
            await publisher.publish([trades([n]) for n in range(start, start + 500)])
            start += 500
            await asyncio.sleep(0)
        await publisher.publish(trades([last]))
        await publisher.flush(120)

    async def read(feed: Subscription) -> list[int]:
        numbers: list[int] = []
        async for batch in feed:
            assert not batch.gaps
            numbers += numbers_of(batch)
            if len(numbers) % 7 == 0:
                await asyncio.sleep(0.001)  # behind the publisher, again and again
            if numbers[-1] == last:
                break
        return numbers

    async with (
        Publisher(pair.market.target, "market_data", producer_name="p") as publisher,
        Subscription(
            pair.market.target, "market_data", name="a", max_batch_bytes=4096, transports=()
        ) as one,
        Subscription(pair.market.target, "market_data", name="b", transports=()) as other,
        asyncio.timeout(150),
    ):
        await asyncio.gather(one.ready(30), other.ready(30))
        async with asyncio.TaskGroup() as group:
            readers = [group.create_task(read(feed)) for feed in (one, other)]
            group.create_task(publish(publisher))
            for values in changes:
                answers = await pair.set(**values)
                assert all(one.outcome == ConfigOutcome.APPLIED for one in answers), answers
                policy = (await pair.market.status()).policy
                for key, value in values.items():
                    expected = str(value).lower() if isinstance(value, bool) else str(value)
                    assert policy[key] in {expected, f"{expected}.0"}
            all_changed.set()
        for reader in readers:
            numbers = reader.result()
            assert numbers == [*range(len(numbers) - 1), last]
            assert len(numbers) == publisher.published
        assert (one.reconnects, other.reconnects, publisher.reconnects) == (0, 0, 0)
        assert publisher.rejected == publisher.missing == 0
    status = await pair.market.status()
    assert len(status.config_changes) == 13
    assert all(change.applied for change in status.config_changes)
    assert status.config_version == status.config_changes[-1].version


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"max_queue_frames": 0}, "CONFIG_INVALID_VALUE"),
        ({"max_queue_frames": -5}, "CONFIG_INVALID_VALUE"),
        ({"max_queue_frames": 10**18}, "CONFIG_INVALID_VALUE"),
        ({"max_queue_frames": "5000"}, "CONFIG_INVALID_VALUE"),
        ({"max_queue_frames": 5000.5}, "CONFIG_INVALID_VALUE"),
        ({"max_queue_frames": True}, "CONFIG_INVALID_VALUE"),
        ({"max_queue_frames": None}, "CONFIG_INVALID_VALUE"),
        ({"max_queue_frames": [1]}, "CONFIG_INVALID_VALUE"),
        ({"max_queue_frames": 100}, "CONFIG_INVALID_VALUE"),  # below the circuit breaker
        ({"circuit_breaker_frames": 5001}, "CONFIG_INVALID_VALUE"),
        ({"validate_checksums": 1}, "CONFIG_INVALID_VALUE"),
        ({"subscriber_lease_seconds": 1e9}, "CONFIG_INVALID_VALUE"),
        ({"ring_bytes": 1 << 30}, "CONFIG_NOT_AT_RUN_TIME"),
        ({"port": 1}, "CONFIG_NOT_AT_RUN_TIME"),
        ({"transport": "shm"}, "CONFIG_NOT_AT_RUN_TIME"),
        ({"queue_frames": 5}, "CONFIG_UNKNOWN_KEY"),
        ({"__class__": 5}, "CONFIG_UNKNOWN_KEY"),
        ({"max_subscribers": 5, "max_queue_frames": 0}, "CONFIG_INVALID_VALUE"),
    ],
)
async def test_absurd_settings_are_refused_and_nothing_changes(
    start_relay: Any, values: dict[str, Any], reason: str
) -> None:
    relay = await start_relay(max_queue_frames=5000, circuit_breaker_frames=4000)
    before = relay.hub.config
    with pytest.raises(ConfigError) as refused:
        RelaySettings(relay.hub).change(values)
    assert refused.value.reason == reason
    assert relay.hub.config == before
    assert relay.hub.window.max_frames == 5000


async def test_a_shorter_window_waits_for_who_still_needs_it(start_relay: Any) -> None:
    relay = await start_relay(max_queue_frames=5000, circuit_breaker_frames=4000)
    settings = RelaySettings(relay.hub)
    reader = relay.subscription(name="slow", max_batch_bytes=1, transports=())
    await reader.ready(30)
    publisher = relay.publisher()
    await publisher.publish([trades([n]) for n in range(2000)])
    await publisher.flush(30)
    settings.change({"max_queue_frames": 50, "circuit_breaker_frames": 40})
    assert relay.hub.window.max_frames == 5000
    seen: list[int] = []
    async for batch in reader:
        assert not batch.gaps
        seen += numbers_of(batch)
        if len(seen) == 2000:
            break
    assert seen == list(range(2000))
    await eventually(lambda: relay.hub.window.max_frames == 50)
    settings.close()


async def test_a_refusal_is_answered_with_its_reason(pair: Pair) -> None:
    (answer,) = await pair.set(max_queue_frames=0)
    assert (answer.outcome, answer.reason) == (ConfigOutcome.REFUSED, "CONFIG_INVALID_VALUE")
    assert "max_queue_frames" in answer.detail
    status = await pair.market.status()
    assert [(one.applied, one.reason) for one in status.config_changes] == [
        (False, "CONFIG_INVALID_VALUE")
    ]
    assert status.policy["max_queue_frames"] == "5000"


async def test_only_the_operator_is_obeyed(pair: Pair) -> None:
    values = {PREFIX + "max_subscribers": 1}
    for metadata in ((), ((OPERATOR_METADATA, "guess"),)):
        async with Publisher(
            pair.system.target,
            "system",
            producer_name="intruder",
            metadata=metadata,
            on_rejection=lambda _: None,
        ) as publisher:
            await publisher.publish(config_update_frame(values, version=1 << 62))
            await publisher.flush(30)
            assert [one.reason for one in publisher.rejections] == ["CONFIG_NOT_AUTHORIZED"]
    with pytest.raises(PermissionDenied) as refused:
        await change_settings(pair.system.target, None, values, answers=())
    assert refused.value.reason == "CONFIG_NOT_AUTHORIZED"
    assert not (await pair.market.status()).config_changes


async def test_heartbeats_come_and_stop_with_their_service(pair: Pair) -> None:
    async with (
        Subscription(
            pair.system.target, "system", message_types=[MessageType.HEARTBEAT], start="oldest"
        ) as feed,
        Publisher(pair.market.target, "market_data", producer_name="p") as publisher,
        asyncio.timeout(60),
    ):
        await publisher.publish([trades([1, 2]), trades([3])])
        await publisher.flush(30)
        epoch = 0
        async for batch in feed:
            beats = [beat for frame in batch if (beat := read_heartbeat(frame)) is not None]
            told = [b for b in beats if b.sender.service == RELAY and b.records_in == 3]
            if told:
                epoch = told[0].sender.epoch
                assert told[0].frames_in == 2
                assert told[0].state == 2
                assert told[0].sender.version
                break
        assert epoch
        await pair.market.kill()
        head = (await pair.system.status()).head_sequence
        others = 0
        async for batch in feed:
            beats = [
                beat
                for frame in batch
                if frame.sequence > head and (beat := read_heartbeat(frame)) is not None
            ]
            assert RELAY not in {beat.sender.service for beat in beats}
            others += len(beats)
            if others >= 5:  # the SystemRelay's own go on
                break
        await pair.market.start()
        async for batch in feed:
            beats = [beat for frame in batch if (beat := read_heartbeat(frame)) is not None]
            again = [beat for beat in beats if beat.sender.service == RELAY]
            if again:
                assert again[0].sender.epoch == epoch, "the relay's memory outlived its process"
                break


async def test_a_change_ends_with_the_process(pair: Pair) -> None:
    await pair.set(max_subscribers=7)
    assert (await pair.market.status()).policy["max_subscribers"] == "7"
    await pair.market.kill()
    await pair.market.start()
    status = await pair.market.status()
    assert status.policy["max_subscribers"] == "1000"
    assert not status.config_changes
    await eventually(pair.listens)
    (answer,) = await pair.set(max_subscribers=8)
    assert answer.outcome == ConfigOutcome.APPLIED


async def test_what_a_service_logs_as_an_error_is_published(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    """A ring that another process writes to is such a fault; here it is logged by hand."""
    config = make_config(system={"errors_per_minute": 5, "heartbeat_seconds": 0})
    async with AsyncExitStack() as stack:
        relay = await stack.enter_async_context(
            RelayProcess(config, Service.RELAY_SYSTEM, tmp_path)
        )
        feed = await stack.enter_async_context(
            Subscription(relay.target, "system", message_types=[MessageType.ERROR])
        )
        await feed.ready(30)
        system, log = await stack.enter_async_context(feed_of(config, Service.PORTFOLIO))
        for number in range(50):
            log.error("order %d went wrong", number)
        await eventually(lambda: system.sent == 5)
        texts: list[str] = []
        async with asyncio.timeout(30):
            async for batch in feed:
                texts += [error.text for frame in batch for error in read_errors(frame)]
                if len(texts) >= 5:
                    break
        assert texts == [f"order {number} went wrong" for number in range(5)]
        assert (await relay.status()).published_frames == 5


async def test_kept_snapshots_are_published(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = make_config(system={"heartbeat_seconds": 0})
    async with AsyncExitStack() as stack:
        relay = await stack.enter_async_context(
            RelayProcess(config, Service.RELAY_SYSTEM, tmp_path)
        )
        feed = await stack.enter_async_context(
            Subscription(relay.target, "system", message_types=[MessageType.SNAPSHOT])
        )
        await feed.ready(30)
        system, _ = await stack.enter_async_context(feed_of(config, Service.REGISTRY))
        system.kept(77, 12)
        async with asyncio.timeout(30):
            batch = await anext(aiter(feed))
        (mark,) = read_snapshots(next(iter(batch)))
        assert (mark.service, mark.sequence, mark.records) == ("registry", 77, 12)
