"""What a relay shows of itself: status, metrics, one span for each sampled frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest

from alphapulse_client import new_context
from alphapulse_mesh.relay.domains import BY_INSTANCE
from alphapulse_mesh.relay.metrics import HubCollector
from alphapulse_mesh.relay.tracing import PublishTracer
from alphapulse_mesh.runtime import attributes
from alphapulse_mesh.runtime.edges import RELAY_PUBLISH
from alphapulse_mesh.runtime.telemetry import Telemetry
from alphapulse_testing.frames import quotes, trades
from alphapulse_testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from alphapulse_mesh.runtime.config import MeshConfig

    from .conftest import StartRelay


async def test_status_tells_policy_and_counters(start_relay: StartRelay) -> None:
    relay = await start_relay("execution", max_queue_frames=500, circuit_breaker_frames=400)
    status = await relay.status()
    assert status.domain == "execution"
    assert status.policy["max_queue_frames"] == "500"
    assert status.policy["circuit_breaker_frames"] == "400"
    assert status.policy["require_sequence"] == "true"
    assert (status.oldest_sequence, status.head_sequence) == (1, 0)
    assert status.ring_bytes == 1 << 20


async def test_status_tells_who_is_connected(start_relay: StartRelay) -> None:
    relay = await start_relay()
    subscription = relay.subscription(name="reader", policy="drop_oldest")
    await subscription.ready(10)
    stream = relay.publish()
    await stream.name(42, "writer")
    await stream.send(1, trades(range(3)), b"bad", quotes(2))
    records = 0
    while records < 5:
        records += (await anext(subscription)).records
    [read] = relay.hub.subscribers
    await eventually(lambda: read.position == 2)  # the relay's end may be a moment later
    status = await relay.status()
    [producer] = status.producers
    assert (producer.producer_id, producer.name, producer.connected) == (42, "writer", True)
    assert (producer.acknowledged_sequence, producer.rejected) == (3, 1)
    [subscriber] = status.subscribers
    assert (subscriber.name, subscriber.delivered_sequence, subscriber.lag_frames) == (
        "reader",
        2,
        0,
    )
    assert (subscriber.delivered_records, subscriber.lost_frames) == (5, 0)
    assert status.records_by_type == {1: 3, 2: 2}
    assert dict(status.rejected_frames) == {"FRAME_TRUNCATED": 1}


async def test_metrics(start_relay: StartRelay) -> None:
    relay = await start_relay()
    registry = CollectorRegistry()
    registry.register(HubCollector(relay.hub))
    subscription = relay.subscription(name="reader")
    await subscription.ready(10)
    stream = relay.publish()
    await stream.name(42)
    await stream.send(1, trades(range(3)), b"bad")
    text = generate_latest(registry).decode()
    assert 'alphapulse_relay_records_total{message_type="TRADE"} 3.0' in text
    assert 'alphapulse_relay_rejected_frames_total{reason="FRAME_TRUNCATED"} 1.0' in text
    assert "alphapulse_relay_frames_total 1.0" in text
    assert 'alphapulse_relay_subscriber_lag_frames{subscriber="reader"}' in text


async def test_each_sampled_frame_has_one_span_under_the_one_that_made_it(
    start_relay: StartRelay, make_config: Callable[..., MeshConfig], otlp_receiver: Any
) -> None:
    domain = BY_INSTANCE["market-data"]
    config = make_config(telemetry={"otlp_endpoint": otlp_receiver.endpoint})
    sampled = [new_context(new_context(), sampled=True) for _ in range(2)]
    with Telemetry.start(domain.service, config) as telemetry:
        relay = await start_relay(tracer=PublishTracer(telemetry, domain))
        stream = relay.publish()
        await stream.name(1)
        await stream.send(
            1,
            trades([1]),
            trades(range(5), context=sampled[0]),
            trades([2]),
            trades([3], context=sampled[1]),
        )
    spans = otlp_receiver.named(RELAY_PUBLISH)
    assert [service for service, _ in spans] == ["relay-market-data"] * 2
    for (_, span), context in zip(spans, sampled, strict=True):
        assert span.trace_id == context.trace_id
        assert span.parent_span_id == context.message_id
    told = {
        item.key: item.value.int_value or item.value.string_value for item in spans[0][1].attributes
    }
    assert told[attributes.SEQUENCE] == 2
    assert told[attributes.MESSAGING_BATCH_COUNT] == 5
    assert told[attributes.MESSAGE_TYPE] == "TRADE"
    assert set(told) <= attributes.DECLARED
