"""Types registered at run time, on every transport: registered, published, filtered, decoded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
import pytest

from alphapulse_client import AlreadyExists, Frame, InvalidArgument, Mesh, new_context
from alphapulse_client.frames import encode
from alphapulse_layout import MessageType, SourceType
from alphapulse_layout.enums import Compression
from alphapulse_testing.custom_types import (
    NOTE,
    SENTIMENT,
    UNIONS,
    note,
    note_frame,
    sentiment_frame,
    sentiments,
)
from alphapulse_testing.frames import trades

if TYPE_CHECKING:
    from alphapulse_client import Subscription

    from .conftest import Feed, OpenFeed

DOMAIN = "market_data"


async def next_frames(subscription: Subscription, count: int) -> list[Frame]:
    frames: list[Frame] = []
    async with asyncio.timeout(30):
        while len(frames) < count:
            batch = await anext(subscription)
            assert batch.gaps == []
            frames += batch.frames
    return frames


async def test_a_registered_type_is_published_filtered_and_decoded(feed: Feed) -> None:
    async with Mesh(feed.target) as mesh:
        registered = await mesh.register_schema(DOMAIN, 200, SENTIMENT)
        await mesh.register_schema(DOMAIN, 201, NOTE)
        feed.custom_types = True
        known = await mesh.schemas(DOMAIN)
    assert {number: schema.root for number, schema in known.items()} == {
        200: "desk.Sentiment",
        201: "desk.Note",
    }
    assert known[200].hash == registered.hash
    high = feed.subscription(message_types=[200], predicate="score > 0.5 and live")
    everything = feed.subscription()
    liked = feed.subscription(predicate="votes >= 3")
    await asyncio.gather(*(one.ready(30) for one in (high, everything, liked)))
    rows = sentiments(np.linspace(0, 1, 11).tolist())
    rows["live"] = np.arange(11) % 2
    rows["votes"] = 2
    publisher = feed.publisher()
    await publisher.publish(
        [
            trades([1]),
            sentiment_frame(rows),
            note_frame(note("dull", votes=1)),
            note_frame(note("liked", votes=5)),
            sentiment_frame(rows, compression=Compression.ZSTD),
        ]
    )
    await publisher.flush(30)
    assert publisher.rejected == 0
    for frame in await next_frames(high, 2):
        assert known[200].rows(frame)["created_at"].tolist() == [7, 9]
    (only,) = await next_frames(liked, 1)
    assert known[201].record(only).text == "liked"
    frames = await next_frames(everything, 5)
    assert [frame.message_type for frame in frames] == [MessageType.TRADE, 200, 201, 201, 200]
    assert known[200].rows(frames[1]).tobytes() == rows.tobytes()


async def test_frames_against_the_schema_are_refused_and_the_stream_lives(feed: Feed) -> None:
    async with Mesh(feed.target) as mesh:
        schema = await mesh.register_schema(DOMAIN, 200, SENTIMENT)
        table = await mesh.register_schema(DOMAIN, 201, NOTE)
    rows = sentiments([0.5])
    context = new_context(sampled=False)

    def frame(number: int, data: bytes, stride: int, schema_hash: int) -> bytes:
        return encode(
            number,
            data,
            source=SourceType.EXTERNAL,
            context=context,
            stride=stride,
            schema_hash=schema_hash,
        )

    publisher = feed.publisher(on_rejection=lambda _: None)
    subscription = feed.subscription()
    await subscription.ready(30)
    good = sentiment_frame(rows)
    await publisher.publish(
        [
            good,
            frame(200, rows.tobytes(), 104, schema.hash ^ 1),
            frame(200, rows.tobytes(), 52, schema.hash),
            frame(201, b"no table", 8, table.hash),
            frame(202, b"12345678", 8, 0),  # nobody has registered it
            good,
        ]
    )
    await publisher.flush(30)
    assert [(one.producer_sequence, one.reason) for one in publisher.rejections] == [
        (2, "FRAME_SCHEMA_MISMATCH"),
        (3, "FRAME_SCHEMA_MISMATCH"),
        (4, "FRAME_SCHEMA_MISMATCH"),
    ]
    frames = await next_frames(subscription, 3)
    assert [frame.message_type for frame in frames] == [200, 202, 200]


async def test_a_type_keeps_its_schema(feed: Feed) -> None:
    async with Mesh(feed.target) as mesh:
        first = await mesh.register_schema(DOMAIN, 210, SENTIMENT)
        again = await mesh.register_schema(DOMAIN, 210, SENTIMENT, "desk.Sentiment")
        assert again.hash == first.hash
        for other, root in ((NOTE, ""), (SENTIMENT, "desk.Level")):
            with pytest.raises(AlreadyExists) as conflict:
                await mesh.register_schema(DOMAIN, 210, other, root)
            assert conflict.value.reason == "SCHEMA_CONFLICT"
        for number, schema, root, reason in (
            (199, SENTIMENT, "", "SCHEMA_TYPE_INVALID"),
            (256, SENTIMENT, "", "SCHEMA_TYPE_INVALID"),
            (211, b"garbage", "", "SCHEMA_MALFORMED"),
            (211, SENTIMENT[:-9], "", "SCHEMA_MALFORMED"),
            (211, bytes(70_000), "", "SCHEMA_TOO_LARGE"),
            (211, SENTIMENT, "desk.Nothing", "SCHEMA_ROOT_UNKNOWN"),
            (211, UNIONS, "", "SCHEMA_UNSUPPORTED"),
        ):
            with pytest.raises(InvalidArgument) as refused:
                await mesh.register_schema(DOMAIN, number, schema, root)
            assert refused.value.reason == reason
        assert list(await mesh.schemas(DOMAIN)) == [210]


async def test_schemas_outlive_the_relay(open_feed: OpenFeed) -> None:
    feed = await open_feed(process=True)
    async with Mesh(feed.target) as mesh:
        await mesh.register_schema(DOMAIN, 200, SENTIMENT)
    publisher = feed.publisher(on_rejection=lambda _: None)
    await publisher.publish(sentiment_frame(sentiments([0.1, 0.9])))
    await publisher.flush(30)
    await feed.crash()
    await feed.recover()
    async with Mesh(feed.target) as mesh:
        schema = (await mesh.schemas(DOMAIN))[200]
    subscription = feed.subscription(message_types=[200], predicate="score > 0.5", start="oldest")
    (frame,) = await next_frames(subscription, 1)
    assert schema.rows(frame)["created_at"].tolist() == [1]
    await publisher.publish(
        encode(
            200,
            bytes(104),
            source=SourceType.EXTERNAL,
            context=new_context(),
            stride=104,
            schema_hash=7,
        )
    )
    await publisher.flush(30)
    assert [one.reason for one in publisher.rejections] == ["FRAME_SCHEMA_MISMATCH"]
    assert [info.root for info in (await feed.status()).schemas] == ["desk.Sentiment"]
