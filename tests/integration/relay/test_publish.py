"""The Publish stream, message by message, as the schema promises it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
import pytest

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client import Frame, Publisher, Subscription
from alphapulse_client.errors import MeshError, from_rpc_error
from alphapulse_testing.frames import numbers_of, quotes, signals, trades
from alphapulse_testing.relays import serve_relay

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig

    from .conftest import StartRelay


async def failure_of(call: Any) -> MeshError:
    """What ended the stream."""

    async def drain() -> None:
        while await call.read() is not grpc.aio.EOF:
            pass

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await drain()
    return from_rpc_error(caught.value)


async def test_the_first_answer_says_what_the_relay_knows(start_relay: StartRelay) -> None:
    relay = await start_relay()
    stream = relay.publish()
    hello = await stream.name(77, incarnation=5)
    assert (hello.hello, hello.acknowledged_sequence) == (True, 0)
    answer = await stream.send(1, trades([1]), trades([2]))
    assert (answer.hello, answer.acknowledged_sequence, answer.relay_sequence) == (False, 2, 2)
    again = await relay.publish().name(77, incarnation=5)
    assert (again.hello, again.acknowledged_sequence) == (True, 2)


async def test_frames_may_come_with_the_first_message(start_relay: StartRelay) -> None:
    relay = await start_relay()
    call = relay.publish().call
    await call.write(pb.PublishRequest(producer_id=5, first_sequence=1, frames=[trades([1])]))
    assert (await call.read()).hello
    assert (await call.read()).acknowledged_sequence == 1


async def test_what_is_here_already_is_dropped_and_counted(start_relay: StartRelay) -> None:
    relay = await start_relay()
    stream = relay.publish()
    await stream.name(1)
    await stream.send(1, trades([1]), trades([2]))
    answer = await stream.send(1, trades([1]), trades([2]), trades([3]))
    assert (answer.duplicates, answer.acknowledged_sequence, answer.relay_sequence) == (2, 3, 3)
    answer = await stream.send(2, trades([2]))
    assert (answer.duplicates, answer.acknowledged_sequence) == (1, 3)
    status = await relay.status()
    assert status.published_frames == 3
    assert status.producers[0].duplicates == 3


async def test_a_jump_is_reported_and_taken(start_relay: StartRelay) -> None:
    relay = await start_relay(require_sequence=False)
    stream = relay.publish()
    await stream.name(1)
    await stream.send(1, trades([1]))
    answer = await stream.send(5, trades([5]))
    assert [(gap.first, gap.last) for gap in answer.gaps] == [(2, 4)]
    assert answer.acknowledged_sequence == 5


async def test_a_strict_domain_refuses_a_jump(start_relay: StartRelay) -> None:
    relay = await start_relay("market-data", require_sequence=True)
    stream = relay.publish()
    await stream.name(1)
    await stream.send(1, trades([1]))
    answer = await stream.send(3, trades([3]), trades([4]))
    assert [(one.producer_sequence, one.reason) for one in answer.rejections] == [
        (3, "SEQUENCE_GAP"),
        (4, "SEQUENCE_GAP"),
    ]
    assert answer.acknowledged_sequence == 1
    answer = await stream.send(2, trades([2]), trades([3]), trades([4]))
    assert (answer.acknowledged_sequence, list(answer.rejections)) == (4, [])


async def test_refusals_of_a_jump_are_told_in_bounded_answers(start_relay: StartRelay) -> None:
    relay = await start_relay("market-data", require_sequence=True)
    stream = relay.publish()
    await stream.name(1)
    await stream.send(1, trades([1]))
    count = 3000
    answers = [await stream.send(10, *[trades([number]) for number in range(count)])]
    while sum(len(answer.rejections) for answer in answers) < count:
        answers.append(await stream.call.read())
    refused = [one.producer_sequence for answer in answers for one in answer.rejections]
    assert refused == list(range(10, 10 + count))
    assert max(len(answer.rejections) for answer in answers) <= 512


async def test_refusals_in_a_message_whose_fields_another_encoder_ordered(
    start_relay: StartRelay,
) -> None:
    relay = await start_relay()
    call: Any = relay.channel.stream_stream(
        f"/{relay.service}/Publish", response_deserializer=pb.PublishResponse.FromString
    )()
    relay.stack.callback(call.cancel)
    await call.write(pb.PublishRequest(producer_id=1).SerializeToString())
    await call.read()
    frames = [trades([1]), b"no frame", trades([2])]
    # the small fields first: legal
    numbered = pb.PublishRequest(first_sequence=1).SerializeToString()
    await call.write(numbered + pb.PublishRequest(frames=frames).SerializeToString())
    answer = await call.read()
    assert [one.producer_sequence for one in answer.rejections] == [2]
    assert answer.acknowledged_sequence == 3
    feed = relay.subscription(start="oldest")
    batch = await anext(feed)
    assert numbers_of(batch) == [1, 2]


async def test_a_known_producer_may_begin_anywhere_once(start_relay: StartRelay) -> None:
    relay = await start_relay(require_sequence=True)
    stream = relay.publish()
    await stream.name(1)
    assert (await stream.send(1000, trades([1]))).acknowledged_sequence == 1000


@pytest.mark.parametrize(
    ("instance", "frame"), [("market-data", signals([1])), ("signal", quotes(1))]
)
async def test_a_frame_of_another_domain_is_refused(
    start_relay: StartRelay, instance: str, frame: bytes
) -> None:
    relay = await start_relay(instance)
    stream = relay.publish()
    await stream.name(1)
    answer = await stream.send(1, frame)
    assert [one.reason for one in answer.rejections] == ["DOMAIN_MISMATCH"]
    assert answer.acknowledged_sequence == 1
    assert (await relay.status()).rejected_frames == {"DOMAIN_MISMATCH": 1}


async def test_a_frame_beyond_the_window_is_refused(start_relay: StartRelay) -> None:
    relay = await start_relay(ring_bytes=1 << 18)
    stream = relay.publish()
    await stream.name(1)
    answer = await stream.send(1, trades(range(2000)), trades([1]))
    assert [(one.producer_sequence, one.reason) for one in answer.rejections] == [
        (1, "FRAME_TOO_LARGE")
    ]
    assert (answer.acknowledged_sequence, answer.relay_sequence) == (2, 1)


async def test_no_batch_exceeds_the_message_limit(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    """Else one big frame would end every subscription, again and again."""
    limit = 100_000
    config = make_config(
        server={"max_message_bytes": limit}, relays={"market_data": {"ring_bytes": 16 << 20}}
    )
    async with (
        serve_relay(config, "market-data", tmp_path) as (_, host),
        Publisher(
            host.target, "market_data", producer_name="p", on_rejection=lambda _: None
        ) as publisher,
        Subscription(
            host.target, "market_data", start="oldest", max_batch_bytes=1 << 30, reconnect=None
        ) as subscription,
    ):
        largest = range(49_000 // 64)
        for frame in (trades(largest), trades(range(limit // 64 - 20)), trades(largest)):
            await publisher.publish(frame)  # each in a message of its own
            await publisher.flush(10)
        assert [one.producer_sequence for one in publisher.rejections] == [2]
        received = 0
        while received < 2:
            received += len(await anext(subscription))


async def test_checksums_are_not_looked_at_where_the_policy_says_so(
    start_relay: StartRelay,
) -> None:
    good = trades([1])
    at = Frame.parse(good).info.header_offset + 12
    bad = good[:at] + b"\0\0\0\0" + good[at + 4 :]
    for validate, refused in ((True, 1), (False, 0)):
        relay = await start_relay(
            "market-data" if validate else "signal", validate_checksums=validate
        )
        stream = relay.publish()
        await stream.name(1)
        frame = bad if validate else _broken_signal()
        assert len((await stream.send(1, frame)).rejections) == refused


def _broken_signal() -> bytes:
    good = signals([1])
    at = Frame.parse(good).info.header_offset + 12
    return good[:at] + b"\0\0\0\0" + good[at + 4 :]


async def test_a_producer_without_an_id_is_refused(start_relay: StartRelay) -> None:
    relay = await start_relay()
    stream = relay.publish()
    await stream.call.write(_naming(0))
    assert (await failure_of(stream.call)).reason == "PRODUCER_ID_INVALID"


async def test_a_stream_keeps_its_producer(start_relay: StartRelay) -> None:
    relay = await start_relay()
    stream = relay.publish()
    await stream.name(1)
    await stream.call.write(_naming(2))
    assert (await failure_of(stream.call)).reason == "PRODUCER_ID_INVALID"


def _naming(producer_id: int) -> Any:
    return pb.PublishRequest(producer_id=producer_id)


async def test_a_newer_stream_of_a_producer_ends_the_older_one(start_relay: StartRelay) -> None:
    relay = await start_relay()
    older, newer = relay.publish(), relay.publish()
    await older.name(1, incarnation=5)
    await newer.name(1, incarnation=5)
    failure = await failure_of(older.call)
    assert failure.reason == "PRODUCER_REPLACED"
    assert (await newer.send(1, trades([1]))).acknowledged_sequence == 1


@pytest.mark.parametrize(
    "message",
    [b"\x0a", b"\x0a\xff\xff\xff\xff\xff\xff", b"\x0a\x05ab", b"\xff\xff", b"\x22\x02\xff"],
)
async def test_bytes_that_are_no_message_end_the_stream_with_a_reason(
    start_relay: StartRelay, message: bytes
) -> None:
    relay = await start_relay()
    call: Any = relay.channel.stream_stream(f"/{relay.service}/Publish")()
    await call.write(message)
    failure = await failure_of(call)
    assert failure.reason == "REQUEST_MALFORMED"


async def test_a_message_of_too_many_frames_costs_no_more_than_its_bytes(
    start_relay: StartRelay,
) -> None:
    """What is noted of an empty frame is twenty times as large as the frame itself."""
    relay = await start_relay()
    call: Any = relay.channel.stream_stream(f"/{relay.service}/Publish")()
    await call.write(_naming(1).SerializeToString())
    await call.read()
    await call.write(b"\x0a\x00" * ((1 << 17) + 1))
    failure = await failure_of(call)
    assert failure.reason == "REQUEST_MALFORMED"
    assert "at most 131072 frames" in failure.message
    assert not (await relay.status()).rejected_frames


async def test_what_a_producer_does_not_want_to_hear_takes_bounded_memory(
    start_relay: StartRelay,
) -> None:
    relay = await start_relay(require_sequence=False)
    session = relay.hub.open_producer(9, "deaf")
    await relay.hub.take(session, _frames(1))
    count, heard = 3000, []

    async def jump() -> None:
        for number in range(3, 3 + 2 * count, 2):
            await relay.hub.take(session, _frames(number))

    jumping = asyncio.ensure_future(jump())
    most = 0
    async with asyncio.timeout(60):
        while not jumping.done() or session.untold:
            await asyncio.sleep(0)
            if session.untold == most:  # it goes on only when it is told
                told = pb.PublishResponse.FromString(session.acknowledgement())
                heard += [gap.first for gap in told.gaps]
                most = 0
            most = max(most, session.untold)
            assert most <= 512
    await jumping
    assert heard == list(range(2, 2 + 2 * count, 2))
    relay.hub.producers.close(session)


def _frames(number: int) -> bytes:
    return pb.PublishRequest(first_sequence=number, frames=[trades([number])]).SerializeToString()


async def test_fields_in_another_order_are_the_same_message(start_relay: StartRelay) -> None:
    relay = await start_relay()
    frame = trades([1])
    call: Any = relay.channel.stream_stream(f"/{relay.service}/Publish")()
    numbers = pb.PublishRequest(first_sequence=1, producer_id=9).SerializeToString()
    await call.write(numbers + pb.PublishRequest(frames=[frame]).SerializeToString())
    assert pb.PublishResponse.FromString(await call.read()).hello
    answer = pb.PublishResponse.FromString(await call.read())
    assert (answer.acknowledged_sequence, answer.relay_sequence) == (1, 1)


async def test_half_closing_gets_the_last_acknowledgement_and_ok(start_relay: StartRelay) -> None:
    relay = await start_relay()
    stream = relay.publish()
    await stream.name(1)
    await stream.send(1, trades([1]))
    await stream.call.done_writing()
    last = await stream.call.read()
    assert last.acknowledged_sequence == 1
    assert await stream.call.read() is grpc.aio.EOF
    assert await stream.call.code() is grpc.StatusCode.OK


async def test_a_burst_of_bad_frames_harms_nobody_else(start_relay: StartRelay) -> None:
    relay = await start_relay()
    subscription, good = relay.subscription(), relay.publisher()
    await subscription.ready(10)
    bad = relay.publisher(on_rejection=lambda _: None)
    await bad.publish([b"\xde\xad" * 20] * 20_000)
    await good.publish([trades([number]) for number in range(100)])
    await good.flush(30)
    await bad.flush(30)
    assert bad.rejected == 20_000
    assert good.rejected == 0
    received = 0
    while received < 100:
        received += len(await anext(subscription))
    assert (await relay.status()).rejected_frames == {"FRAME_BAD_IDENTIFIER": 20_000}


@pytest.mark.parametrize("first", [(1 << 64) - 1, 1 << 63, (1 << 63) - 2])
async def test_a_number_that_none_can_follow_ends_the_stream(
    start_relay: StartRelay, first: int
) -> None:
    relay = await start_relay(require_sequence=False)
    stream = relay.publish()
    await stream.name(1)
    await stream.send(1, trades([1]))
    await stream.call.write(
        pb.PublishRequest(first_sequence=first, frames=[trades([2]), trades([3])])
    )
    assert (await failure_of(stream.call)).reason == "PRODUCER_SEQUENCE_INVALID"
    again = relay.publish()
    assert (await again.name(1)).acknowledged_sequence == 1, "as if it had not been"
    far = (1 << 63) - 10
    answer = await again.send(far, trades([2]))
    assert [(gap.first, gap.last) for gap in answer.gaps] == [(2, far - 1)]
    [known] = (await relay.status()).producers
    assert (known.acknowledged_sequence, known.missing) == (far, far - 2)


async def test_a_name_that_cannot_be_kept_is_refused(start_relay: StartRelay) -> None:
    relay = await start_relay()
    stream = relay.publish()
    await stream.call.write(pb.PublishRequest(producer_id=1, producer_name="p" * 1000))
    assert (await failure_of(stream.call)).reason == "NAME_TOO_LONG"
    assert not (await relay.status()).producers
