"""Types registered at run time: read and written from their binary schema alone."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

import alphapulse_core as core
from alphapulse_client.context import new_context
from alphapulse_client.errors import FrameError, InvalidArgument
from alphapulse_client.frames import Frame, encode
from alphapulse_client.schemas import RecordSchema
from alphapulse_layout import SourceType
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
from alphapulse_testing.frames import instrument

if TYPE_CHECKING:
    from collections.abc import Sequence


def passing(text: str, frame: bytes, schema: RecordSchema) -> Sequence[int] | None:
    """`created_at` of the rows that pass a predicate."""
    compiled = core.Schema(schema.schema, schema.root)
    passed = core.FrameFilter(predicate=text, schemas=[(schema.message_type, compiled)]).apply(
        frame
    )
    if passed is None:
        return None
    return schema.rows(Frame.parse(passed))["created_at"].tolist()  # type: ignore[no-any-return]  # NumPy says Any


def test_rows_of_a_struct_are_an_array_over_the_frame() -> None:
    rows = sentiments([0.1, 0.9])
    rows["tag"] = [b"", b"abcdefgh"]
    rows["curve"][1] = [1, 2, 3, 4]
    rows["mood"] = [-1, 1]
    schema = RecordSchema(200, SENTIMENT)
    for compression in Compression:
        frame = Frame.parse(sentiment_frame(rows, compression=compression))
        read = schema.rows(frame)
        assert read.dtype == schema.dtype
        assert read.tobytes() == rows.tobytes()
        assert not read.flags.writeable
        assert read["top"]["size"].tolist() == [0, 0]
    assert schema.dtype.itemsize == 104


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("score > 0.5", [2, 3]),
        ("score >= 0.5 and live", [1, 3]),
        ("not live", [0, 2]),
        ("price > 1.5", [2, 3]),
        ("votes == 2", [2]),
        ("votes * 4 > price * 3", [1, 2, 3]),
        ("mood == WILD", [0]),
        ("mood != WILD and mood == CALM", [2]),
        ("marks.FORCED", [1, 3]),
        ("tag == 'c'", [2]),
        ("top.price == 3", [3]),
        ("weight / 2 == 1", [2]),
        ("digest == '0100000000000000'", [1]),
        ("instrument_id.venue == KRAKEN", [3]),
        ("created_at < 1", [0]),
        ("score > 5", None),
    ],
)
def test_predicates_are_about_its_fields(text: str, expected: list[int] | None) -> None:
    rows = sentiments([0.25, 0.5, 0.75, 1.0], names=[*[instrument(1)] * 3, instrument(1, venue=4)])
    number = np.arange(4)
    rows["price"] = number * 100_000_000
    rows["votes"] = number
    rows["mood"] = [-1, 0, 1, 0]
    rows["marks"] = [1, 2, 0, 3]
    rows["live"] = number % 2
    rows["tag"] = [b"a", b"b", b"c", b"d"]
    rows["top"]["price"] = number * 100_000_000
    rows["weight"] = number
    rows["digest"] = [bytes([n]) + bytes(7) for n in range(4)]
    frame = sentiment_frame(rows)
    assert passing(text, frame, RecordSchema(200, SENTIMENT)) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("curve > 1", "PREDICATE_UNKNOWN_NAME"),
        ("nothing > 1", "PREDICATE_UNKNOWN_NAME"),
        ("mood == ANGRY", "PREDICATE_UNKNOWN_NAME"),
        ("digest == 'zz'", "PREDICATE_TYPE"),
        ("tag > 1", "PREDICATE_TYPE"),
        ("score", "PREDICATE_TYPE"),
    ],
)
def test_predicates_that_do_not_fit_are_refused(text: str, reason: str) -> None:
    schema = core.Schema(SENTIMENT)
    with pytest.raises(core.PredicateError) as refused:
        core.FrameFilter(message_types=[200], predicate=text, schemas=[(200, schema)])
    assert refused.value.reason == reason


def test_instruments_of_its_rows_are_filtered() -> None:
    names = [instrument(1), instrument(2), instrument(1, venue=4)]
    frame = sentiment_frame(sentiments([0, 0, 0], names=names))
    known = [(200, core.Schema(SENTIMENT))]
    schema = RecordSchema(200, SENTIMENT)
    passed = core.FrameFilter(instruments=names[1], schemas=known).apply(frame)
    assert passed is not None
    assert schema.rows(Frame.parse(passed))["created_at"].tolist() == [1]
    assert core.FrameFilter(venues=[77], schemas=known).apply(frame) is None
    assert core.FrameFilter(venues=[77]).apply(frame) is not None, "nobody knows where ids are"


def test_rows_of_another_schema_do_not_pass_a_predicate() -> None:
    rows = sentiments([1.0])
    context = new_context()
    foreign = encode(
        200, rows, source=SourceType.EXTERNAL, context=context, stride=104, schema_hash=5
    )
    compiled = core.FrameFilter(predicate="score > 0", schemas=[(200, core.Schema(SENTIMENT))])
    assert compiled.apply(foreign) is None
    with pytest.raises(FrameError) as refused:
        RecordSchema(200, SENTIMENT).rows(Frame.parse(foreign))
    assert refused.value.reason == "FRAME_SCHEMA_MISMATCH"


def test_records_as_plain_values() -> None:
    rows = sentiments([0.25, 0.5], names=[instrument(1), instrument(2)])
    rows["price"], rows["votes"], rows["tag"] = [150_000_000, -1], [-3, 2**40], [b"abc", b""]
    rows["top"]["size"], rows["digest"] = 25_000_000, bytes(range(8))
    rows["curve"], rows["live"] = [1, 2, 3, 4], [True, False]
    frame = Frame.parse(sentiment_frame(rows))
    [first, second] = json.loads(json.dumps(RecordSchema(200, SENTIMENT).plain(frame)))
    assert first == {
        "instrument_id": instrument(1).hex(), "created_at": 0, "score": 0.25, "price": "1.5",
        "votes": -3, "top": {"price": "0", "size": "0.25"}, "weight": 0.0, "mood": 0, "marks": 0,
        "live": True, "spare": 0, "tag": "abc", "digest": "0001020304050607",
        "curve": [1.0, 2.0, 3.0, 4.0],
    }  # fmt: skip
    assert (second["price"], second["votes"]) == ("-0.00000001", 2**40)
    assert RecordSchema(200, SENTIMENT).plain(frame, slice(1, None)) == [second]


def test_a_table_as_plain_values() -> None:
    schema = RecordSchema(201, NOTE)
    frame = Frame.parse(note_frame(note("größe", votes=3, replies=["a"])))
    [read] = json.loads(json.dumps(schema.plain(frame)))
    assert (read["text"], read["author"]) == ("größe", {"name": "ada", "karma": 7})
    assert read["points"] == [{"x": 1.0, "y": 2.0}, {"x": 3.0, "y": 4.0}]
    assert (read["replies"][0]["text"], read["replies"][0]["replies"]) == ("a", None)


def test_a_table_is_read_field_by_field() -> None:
    schema = RecordSchema(201, NOTE)
    frame = Frame.parse(note_frame(note("größe", votes=3, replies=["a", "b"])))
    record = schema.record(frame)
    assert record.text == "größe"
    assert (record.votes, record.score, record.sealed, record.kind) == (3, 0.5, True, 1)
    assert (record.author.name, record.author.karma) == ("ada", 7)
    assert record.points["x"].tolist() == [1.0, 3.0]
    assert record.tags == ["fbs"]
    assert float(record.at["y"]) == 8.0
    assert [reply.text for reply in record.replies] == ["a", "b"]
    assert record.replies[0].replies is None
    assert record.as_dict()["replies"][1]["author"] == {"name": "ada", "karma": 7}
    with pytest.raises(AttributeError, match="no field 'nothing'"):
        _ = record.nothing
    with pytest.raises(InvalidArgument) as refused:
        schema.rows(frame)
    assert refused.value.reason == "SCHEMA_IS_TABLE"


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("votes > 2", True),
        ("votes > 3", False),
        ("score == 0.5", True),
        ("sealed and at.x == 7", True),
        ("kind == QUESTION", True),
        ("kind == ANSWER", False),
    ],
)
def test_predicates_look_into_tables(text: str, passes: bool) -> None:
    compiled = core.FrameFilter(predicate=text, schemas=[(201, core.Schema(NOTE))])
    frame = note_frame(note("x", votes=3))
    assert (compiled.apply(frame) is not None) == passes


def test_what_is_no_such_table_is_refused_or_harmless() -> None:
    """Every bit of a table flipped: refused, or read without harm."""
    schema = RecordSchema(201, NOTE)
    whole = note("text", votes=1, replies=["r"])
    compiled = core.FrameFilter(
        predicate="votes > 0 and at.x > 1", schemas=[(201, core.Schema(NOTE))]
    )
    refused = 0
    for bit in range(len(whole) * 8):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << (bit % 8)
        frame = encode(
            201,
            bytes(damaged),
            source=SourceType.EXTERNAL,
            context=new_context(),
            stride=len(damaged),
            schema_hash=schema.hash,
        )
        compiled.apply(frame)
        parsed = Frame.parse(frame)
        try:
            schema.check(parsed)
        except FrameError:
            refused += 1
        else:
            schema.record(parsed).as_dict()
    assert refused > 100


def test_a_frame_of_tables_holds_one() -> None:
    whole = note("x")
    schema = RecordSchema(201, NOTE)
    two = encode(
        201,
        whole * 2,
        source=SourceType.EXTERNAL,
        context=new_context(),
        stride=len(whole),
        schema_hash=schema.hash,
    )
    with pytest.raises(FrameError):
        schema.record(Frame.parse(two))


@pytest.mark.parametrize(
    ("schema", "root", "reason"),
    [
        (b"", "", "SCHEMA_MALFORMED"),
        (b"not a schema at all", "", "SCHEMA_MALFORMED"),
        (SENTIMENT[:-40], "", "SCHEMA_MALFORMED"),
        (SENTIMENT + bytes(1 << 16), "", "SCHEMA_TOO_LARGE"),
        (SENTIMENT, "desk.Nothing", "SCHEMA_ROOT_UNKNOWN"),
        (NOTE, "desk.Author", "SCHEMA_UNSUPPORTED"),
        (UNIONS, "", "SCHEMA_UNSUPPORTED"),
    ],
)
def test_schemas_that_cannot_be_used_are_refused(schema: bytes, root: str, reason: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        RecordSchema(200, schema, root)
    assert refused.value.reason == reason


def test_random_bytes_are_never_a_schema() -> None:
    dice = random.Random(5)
    for _ in range(300):
        garbage = dice.randbytes(dice.randrange(400))
        for schema in (garbage, b"\x18\0\0\0BFBS" + garbage):
            with pytest.raises(core.SchemaError):
                core.Schema(schema)
