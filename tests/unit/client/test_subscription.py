"""The subscription against a relay that answers by a script: resuming, gaps, giving up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse.relay.v1 import relay_pb2_grpc as rpc
from alphapulse_client import (
    Backoff,
    DeadlineExceeded,
    FrameError,
    Gap,
    InvalidArgument,
    OutOfRange,
    Subscription,
    Unavailable,
)
from alphapulse_client.errors import ResourceExhausted
from alphapulse_layout import MessageType
from alphapulse_testing.frames import instrument, numbers_of, quotes, trades
from alphapulse_testing.waiting import eventually

from .conftest import ScriptedRelay, Serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FAST = Backoff(initial=0.005, maximum=0.02)


def saying(*responses: pb.SubscribeResponse, then: Exception | None = None) -> Any:
    """A stream that says these and ends, or waits when there is nothing to end it with."""

    async def stream(request: pb.SubscribeRequest, context: Any) -> None:
        for response in responses:
            await context.write(response)
        if then is None:
            await asyncio.Event().wait()
        else:
            raise then

    return stream


def response(
    *numbers: int, delivered: int, gaps: list[tuple[int, int, str]] | None = None
) -> pb.SubscribeResponse:
    return pb.SubscribeResponse(
        frames=[trades([number]) for number in numbers],
        delivered_sequence=delivered,
        head_sequence=100,
        gaps=[
            pb.Gap(range=pb.SequenceRange(first=first, last=last), reason=reason)
            for first, last, reason in gaps or ()
        ],
    )


@pytest_asyncio.fixture
async def relay(serve: Serve) -> AsyncIterator[tuple[ScriptedRelay, Any]]:
    scripted = ScriptedRelay()
    target = await serve(rpc.add_MarketDataRelayServicer_to_server, scripted)
    made: list[Subscription] = []

    def subscription(**options: Any) -> Subscription:
        made.append(Subscription(target, "market_data", **{"reconnect": FAST, **options}))
        return made[-1]

    yield scripted, subscription
    for one in made:
        await one.close()


async def test_what_it_asks_for(relay: tuple[ScriptedRelay, Any]) -> None:
    scripted, make = relay
    scripted.subscribe_streams = [saying(response(delivered=7))] * 3
    names = [instrument(1), instrument(2)]
    subscription = make(
        message_types=[MessageType.TRADE],
        instruments=names,
        venues=[1],
        sources=[2],
        asset_types=[8],
        predicate="price > 1",
        start=5,
        policy="drop_oldest",
        name="who",
        max_batch_bytes=1000,
    )
    assert await subscription.ready(30) == 7
    await make().ready(30)
    moment = datetime(2024, 8, 8, 12, tzinfo=UTC)
    await make(start=moment).ready(30)
    full, plain, timed = scripted.subscribe_requests
    assert full == pb.SubscribeRequest(
        message_types=[1],
        instrument_ids=b"".join(names),
        start=pb.START_POSITION_SEQUENCE,
        start_sequence=5,
        slow_consumer_policy=pb.SLOW_CONSUMER_POLICY_DROP_OLDEST,
        max_batch_bytes=1000,
        subscriber_name="who",
        venues=[1],
        sources=[2],
        asset_types=[8],
        predicate="price > 1",
    )
    assert (plain.start, plain.slow_consumer_policy) == (
        pb.START_POSITION_LATEST,
        pb.SLOW_CONSUMER_POLICY_BLOCK,
    )
    assert timed.start == pb.START_POSITION_TIME
    assert timed.start_time.ToDatetime(tzinfo=UTC) == moment


async def test_it_resumes_after_what_it_was_told(relay: tuple[ScriptedRelay, Any]) -> None:
    scripted, make = relay
    scripted.subscribe_streams = [
        saying(response(delivered=10), then=Unavailable("gone")),
        saying(response(1, 2, delivered=12), response(delivered=15), then=Unavailable("gone")),
        saying(response(delivered=15), then=RuntimeError("a defect there")),
        saying(response(3, delivered=16)),
    ]
    subscription = make()
    numbers: list[int] = []
    while len(numbers) < 3:
        numbers += numbers_of(await anext(subscription))
    assert numbers == [1, 2, 3]
    assert [request.start_sequence for request in scripted.subscribe_requests] == [0, 11, 16, 16]
    assert subscription.reconnects == 3
    assert (subscription.delivered_sequence, subscription.lag) == (16, 84)


async def test_progress_is_not_a_batch_a_gap_is(relay: tuple[ScriptedRelay, Any]) -> None:
    scripted, make = relay
    lost = [(11, 14, "SLOW_CONSUMER"), (16, 16, "PRODUCER_DIED")]
    scripted.subscribe_streams = [
        saying(response(delivered=10), response(delivered=20, gaps=lost), response(5, delivered=21))
    ]
    subscription = make()
    batch = await anext(subscription)
    assert (batch.frames, batch.gaps) == ([], [Gap(*gap) for gap in lost])
    assert subscription.lost == 5
    assert numbers_of(await anext(subscription)) == [5]


async def test_ready_keeps_what_came_with_it(relay: tuple[ScriptedRelay, Any]) -> None:
    scripted, make = relay
    scripted.subscribe_streams = [saying(response(1, delivered=1), response(2, delivered=2))]
    subscription = make(start="oldest")
    await subscription.ready(30)
    assert numbers_of(await anext(subscription)) == [1]
    assert numbers_of(await anext(subscription)) == [2]


async def test_a_relay_that_counts_anew_is_a_gap_of_unknown_size(
    relay: tuple[ScriptedRelay, Any],
) -> None:
    scripted, make = relay
    scripted.subscribe_streams = [
        saying(response(1, delivered=50), then=Unavailable("gone")),
        saying(then=OutOfRange("ahead", reason="SEQUENCE_AHEAD")),
        saying(response(2, delivered=1)),
    ]
    subscription = make()
    assert numbers_of(await anext(subscription)) == [1]
    [gap] = (await anext(subscription)).gaps
    assert (gap.first, gap.reason, gap.count) == (51, "RELAY_RESTARTED", 0)
    assert numbers_of(await anext(subscription)) == [2]
    assert scripted.subscribe_requests[-1].start == pb.START_POSITION_OLDEST


async def test_a_start_ahead_is_an_error(relay: tuple[ScriptedRelay, Any]) -> None:
    scripted, make = relay
    scripted.subscribe_streams = [saying(then=OutOfRange("ahead", reason="SEQUENCE_AHEAD"))]
    with pytest.raises(OutOfRange):
        await anext(make(start=1000))


async def test_a_refusal_is_raised(relay: tuple[ScriptedRelay, Any]) -> None:
    scripted, make = relay
    scripted.subscribe_streams = [saying(then=InvalidArgument("no", reason="FILTER_INVALID"))]
    with pytest.raises(InvalidArgument) as caught:
        await make().ready(30)
    assert caught.value.reason == "FILTER_INVALID"


async def test_too_slow_is_raised_only_where_it_was_asked_for(
    relay: tuple[ScriptedRelay, Any],
) -> None:
    scripted, make = relay
    slow = ResourceExhausted("too slow", reason="SLOW_CONSUMER")
    scripted.subscribe_streams = [saying(then=slow)]
    with pytest.raises(ResourceExhausted):
        await anext(make(policy="disconnect"))
    scripted.subscribe_streams = [saying(then=slow), saying(response(1, delivered=1))]
    assert numbers_of(await anext(make(policy="block"))) == [1]


async def test_without_reconnecting_the_first_failure_is_raised(
    relay: tuple[ScriptedRelay, Any],
) -> None:
    scripted, make = relay
    scripted.subscribe_streams = [saying(response(1, delivered=1), then=Unavailable("gone"))]
    subscription = make(reconnect=None)
    assert numbers_of(await anext(subscription)) == [1]
    with pytest.raises(Unavailable):
        await anext(subscription)


async def test_closing_ends_the_iteration(relay: tuple[ScriptedRelay, Any]) -> None:
    scripted, make = relay
    scripted.subscribe_streams = [saying(response(1, delivered=1))]
    subscription = make()
    seen: list[int] = []

    async def read_all() -> None:
        async for batch in subscription:
            seen.extend(numbers_of(batch))

    reading = asyncio.create_task(read_all())
    await eventually(lambda: bool(seen))
    await subscription.close()
    await asyncio.wait_for(reading, 30)
    with pytest.raises(StopAsyncIteration):
        await anext(subscription)


async def test_cancelling_the_reader_is_not_swallowed(relay: tuple[ScriptedRelay, Any]) -> None:
    scripted, make = relay
    scripted.subscribe_streams = [saying(response(delivered=0))]
    subscription = make()
    await subscription.ready(30)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await anext(subscription)


async def test_ready_has_a_time_limit(relay: tuple[ScriptedRelay, Any]) -> None:
    scripted, make = relay
    scripted.subscribe_streams = [saying()]
    with pytest.raises(DeadlineExceeded) as caught:
        await make().ready(0.05)
    assert caught.value.reason == "RELAY_NOT_READY"


async def test_checksums_are_looked_at_where_one_asks(relay: tuple[ScriptedRelay, Any]) -> None:
    scripted, make = relay
    frame = bytearray(trades([1]))
    frame[-1] ^= 1
    broken = pb.SubscribeResponse(frames=[bytes(frame)], delivered_sequence=1)
    scripted.subscribe_streams = [saying(broken), saying(broken)]
    assert len(await anext(make())) == 1
    with pytest.raises(FrameError) as caught:
        await anext(make(verify_checksums=True))
    assert caught.value.reason == "FRAME_BAD_CHECKSUM"


async def test_a_batch_gives_rows_by_type(relay: tuple[ScriptedRelay, Any]) -> None:
    scripted, make = relay
    scripted.subscribe_streams = [
        saying(pb.SubscribeResponse(frames=[trades([1, 2]), quotes(3)], delivered_sequence=2))
    ]
    batch = await anext(make())
    assert batch.records == 5
    assert [len(rows) for rows in batch.rows()] == [2, 3]
    [only] = batch.rows(MessageType.TRADE)
    assert only["trade_id"].tolist() == [1, 2]
    assert not only.flags.writeable


@pytest.mark.parametrize(
    "options",
    [
        {"start": "somewhere"},
        {"start": datetime(2024, 8, 8)},  # noqa: DTZ001  # without a time zone: what is refused
        {"policy": "hope"},
        {"instruments": ["no id"]},
    ],
)
async def test_options_that_cannot_be_meant(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        Subscription("127.0.0.1:1", "market_data", **options)
