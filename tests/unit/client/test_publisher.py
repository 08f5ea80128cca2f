"""The publisher against a relay that answers by a script: numbering, resending, giving up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse.relay.v1 import relay_pb2_grpc as rpc
from alphapulse_client import (
    Backoff,
    DeadlineExceeded,
    FailedPrecondition,
    FrameError,
    InvalidArgument,
    PermissionDenied,
    Publisher,
    Unavailable,
)
from alphapulse_client.publisher import MAX_FRAME_BYTES
from alphapulse_testing.waiting import eventually

from .conftest import ScriptedRelay, Serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FAST = Backoff(initial=0.005, maximum=0.02)


class Taking:
    """A stream that greets, then acknowledges what comes; ends as told."""

    def __init__(
        self,
        known: int = 0,
        *,
        frames_until: int | None = None,
        failure: Exception | None = None,
        acknowledge: bool = True,
    ) -> None:
        self.known = known
        self.frames_until = frames_until
        self.failure = failure
        self.acknowledge = acknowledge
        self.got: list[tuple[int, bytes]] = []
        self.naming: pb.PublishRequest | None = None

    async def __call__(self, requests: Any, context: Any) -> None:
        self.naming = await anext(requests)
        await context.write(pb.PublishResponse(hello=True, acknowledged_sequence=self.known))
        async for request in requests:
            self.got += [
                (request.first_sequence + index, frame)
                for index, frame in enumerate(request.frames)
            ]
            if self.frames_until is not None and len(self.got) >= self.frames_until:
                break
            if self.acknowledge:
                last = self.got[-1][0]
                await context.write(
                    pb.PublishResponse(acknowledged_sequence=last, relay_sequence=last)
                )
        if self.failure is not None:
            raise self.failure


@pytest_asyncio.fixture
async def relay(serve: Serve) -> AsyncIterator[tuple[ScriptedRelay, Any]]:
    scripted = ScriptedRelay()
    target = await serve(rpc.add_MarketDataRelayServicer_to_server, scripted)
    made: list[Publisher] = []

    def publisher(**options: Any) -> Publisher:
        options = {"producer_name": "test", "reconnect": FAST, **options}
        made.append(Publisher(target, "market_data", **options))
        return made[-1]

    yield scripted, publisher
    for one in made:
        await one.close(flush=None)


async def test_it_names_itself_and_numbers_from_one(relay: tuple[ScriptedRelay, Any]) -> None:
    scripted, make = relay
    scripted.publish_streams = [stream := Taking()]
    publisher = make(producer_id=77)
    assert await publisher.publish([b"a", b"b"]) == 2
    assert await publisher.publish(bytearray(b"c")) == 3
    await publisher.flush(30)
    assert stream.naming is not None
    assert (stream.naming.producer_id, stream.naming.producer_name) == (77, "test")
    assert stream.got == [(1, b"a"), (2, b"b"), (3, b"c")]
    assert (publisher.acknowledged, publisher.relay_sequence) == (3, 3)


async def test_a_successor_goes_on_after_the_last_number(relay: tuple[ScriptedRelay, Any]) -> None:
    scripted, make = relay
    scripted.publish_streams = [stream := Taking(known=500)]
    publisher = make(producer_id=77)
    assert await publisher.publish(b"a") == 1
    await publisher.flush(30)
    assert stream.got == [(501, b"a")]
    assert publisher.acknowledged == 1


async def test_what_is_not_acknowledged_is_sent_again(relay: tuple[ScriptedRelay, Any]) -> None:
    scripted, make = relay
    lost = Taking(frames_until=3, failure=Unavailable("gone"), acknowledge=False)
    scripted.publish_streams = [lost, again := Taking(known=1)]
    publisher = make()
    await publisher.publish([b"a", b"b", b"c"])
    await publisher.flush(30)
    assert lost.got == [(1, b"a"), (2, b"b"), (3, b"c")]
    assert again.got == [(2, b"b"), (3, b"c")], "the greeting acknowledged the first"
    assert publisher.reconnects == 1


async def test_a_relay_that_has_forgotten_is_gone_on_with(
    relay: tuple[ScriptedRelay, Any],
) -> None:
    scripted, make = relay
    first = Taking(frames_until=3, failure=Unavailable("gone"))
    scripted.publish_streams = [first, again := Taking(known=0)]
    publisher = make()
    await publisher.publish([b"a", b"b"])
    await publisher.flush(30)
    await publisher.publish(b"c")
    await publisher.flush(30)
    assert again.got == [(1, b"c")], "numbers follow what the relay knows"
    assert publisher.acknowledged == 3


async def test_a_broken_stream_is_taken_up_again_by_any_transient_error(
    relay: tuple[ScriptedRelay, Any],
) -> None:
    scripted, make = relay
    scripted.publish_streams = [
        Taking(frames_until=1, acknowledge=False),  # ended in peace, without acknowledgement
        Taking(frames_until=1, failure=Unavailable("gone"), acknowledge=False),
        Taking(frames_until=1, failure=RuntimeError("a defect there"), acknowledge=False),
        last := Taking(),
    ]
    publisher = make()
    await publisher.publish(b"a")
    await publisher.flush(30)
    assert last.got == [(1, b"a")]


async def test_a_refusal_is_final_and_said_to_every_caller(
    relay: tuple[ScriptedRelay, Any],
) -> None:
    scripted, make = relay

    async def refuse(requests: Any, context: Any) -> None:
        raise PermissionDenied("not you", reason="NOT_YOU")

    scripted.publish_streams = [refuse]
    publisher = make()
    await publisher.publish(b"a")
    for call in (publisher.flush(30), publisher.publish(b"b"), publisher.ready(30)):
        with pytest.raises(PermissionDenied) as caught:
            await call
        assert caught.value.reason == "NOT_YOU"


async def test_publishing_waits_while_too_much_is_unacknowledged(
    relay: tuple[ScriptedRelay, Any],
) -> None:
    scripted, make = relay
    release = asyncio.Event()

    async def acknowledge_late(requests: Any, context: Any) -> None:
        await anext(requests)
        await context.write(pb.PublishResponse(hello=True))
        await release.wait()
        async for request in requests:
            last = request.first_sequence + len(request.frames) - 1
            await context.write(pb.PublishResponse(acknowledged_sequence=last))

    scripted.publish_streams = [acknowledge_late]
    publisher = make(max_unacked=4)
    publishing = asyncio.create_task(publisher.publish([b"x"] * 10))
    await eventually(lambda: publisher.published == 4)
    await asyncio.sleep(0.05)
    assert publisher.published == 4
    release.set()
    assert await publishing == 10
    await publisher.flush(30)
    assert publisher.acknowledged == 10


async def test_a_window_in_bytes(relay: tuple[ScriptedRelay, Any]) -> None:
    scripted, make = relay
    scripted.publish_streams = [Taking(acknowledge=False)]
    publisher = make(max_unacked_bytes=1000)
    publishing = asyncio.create_task(publisher.publish([bytes(400)] * 10))
    await eventually(lambda: publisher.published == 3)
    await asyncio.sleep(0.05)
    assert publisher.published == 3
    publishing.cancel()


async def test_refused_frames_are_kept_and_told(relay: tuple[ScriptedRelay, Any]) -> None:
    scripted, make = relay

    async def refuse_one(requests: Any, context: Any) -> None:
        await anext(requests)
        await context.write(pb.PublishResponse(hello=True, acknowledged_sequence=100))
        request = await anext(requests)
        bad = pb.FrameRejection(
            producer_sequence=request.first_sequence,
            reason="FRAME_BAD_MAGIC",
            offset=16,
            message="m",
        )
        other = pb.FrameRejection(
            producer_sequence=request.first_sequence + 1, reason="DOMAIN_MISMATCH", message="d"
        )
        await context.write(pb.PublishResponse(acknowledged_sequence=102, rejections=[bad, other]))
        await anext(requests, None)

    scripted.publish_streams = [refuse_one]
    told: list[Any] = []
    publisher = make(on_rejection=told.append)
    await publisher.publish([b"a", b"b"])
    await publisher.flush(30)
    assert publisher.rejections == told
    assert [(one.producer_sequence, one.reason, one.offset) for one in told] == [
        (1, "FRAME_BAD_MAGIC", 16),
        (2, "DOMAIN_MISMATCH", 0),
    ]
    assert isinstance(told[0].error(), FrameError)
    assert told[0].error().values["offset"] == 16
    assert type(told[1].error()) is InvalidArgument


async def test_flush_has_a_time_limit_and_drops_nothing(relay: tuple[ScriptedRelay, Any]) -> None:
    scripted, make = relay
    scripted.publish_streams = [Taking(acknowledge=False)]
    publisher = make()
    await publisher.publish(b"a")
    with pytest.raises(DeadlineExceeded) as caught:
        await publisher.flush(0.05)
    assert caught.value.values["unacknowledged"] == 1
    assert publisher.unacknowledged == 1


async def test_closing_says_what_was_not_acknowledged(relay: tuple[ScriptedRelay, Any]) -> None:
    scripted, make = relay
    scripted.publish_streams = [Taking(acknowledge=False)]
    publisher = make()
    await publisher.publish(b"a")
    with pytest.raises(DeadlineExceeded):
        await publisher.close(flush=0.05)
    with pytest.raises(FailedPrecondition) as caught:
        await publisher.publish(b"b")
    assert caught.value.reason == "PUBLISHER_CLOSED"
    await publisher.close()


async def test_a_frame_that_no_relay_takes(relay: tuple[ScriptedRelay, Any]) -> None:
    _, make = relay
    with pytest.raises(FrameError) as caught:
        await make().publish(bytes(MAX_FRAME_BYTES + 1))
    assert caught.value.reason == "FRAME_TOO_LARGE"


@pytest.mark.parametrize("producer_id", [0, -1, 1 << 64])
async def test_an_impossible_producer_id(producer_id: int) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Publisher("127.0.0.1:1", "signal", producer_name="p", producer_id=producer_id)
    assert caught.value.reason == "PRODUCER_ID_INVALID"


async def test_nobody_there(free_port: int) -> None:
    publisher = Publisher(f"127.0.0.1:{free_port}", "signal", producer_name="p", reconnect=None)
    with pytest.raises(Unavailable):
        await publisher.ready(30)
    await publisher.close(flush=None)
    patient = Publisher(f"127.0.0.1:{free_port}", "signal", producer_name="p", reconnect=FAST)
    with pytest.raises(DeadlineExceeded) as caught:
        await patient.ready(0.2)
    assert caught.value.reason == "RELAY_NOT_READY"
    await patient.close(flush=None)
