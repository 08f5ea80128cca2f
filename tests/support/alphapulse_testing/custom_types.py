"""Types registered at run time, for tests: their binary schemas, rows and finished tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import flatbuffers
import numpy as np

from alphapulse_client.context import new_context
from alphapulse_client.schemas import RecordSchema
from alphapulse_layout import SourceType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["NOTE", "SENTIMENT", "UNIONS", "note", "note_frame", "sentiment_frame", "sentiments"]

_DATA = Path(__file__).parents[2] / "data" / "schemas"
SENTIMENT = (_DATA / "sentiment.bfbs").read_bytes()
"""`desk.Sentiment`, a struct with every kind of field."""
NOTE = (_DATA / "note.bfbs").read_bytes()
"""`desk.Note`, a table with texts, vectors and tables within."""
UNIONS = (_DATA / "unions.bfbs").read_bytes()
"""A table with a union, which rows must not have."""


def sentiments(scores: Sequence[float], *, names: Iterable[bytes] = ()) -> np.ndarray[Any, Any]:
    """(n,) rows of `desk.Sentiment`; `created_at` counts them, `names` are instrument ids."""
    rows = np.zeros(len(scores), RecordSchema(200, SENTIMENT).dtype)
    rows["score"] = scores
    rows["created_at"] = range(len(scores))
    for row, name in zip(rows, names, strict=False):
        row["instrument_id"] = np.frombuffer(name, row["instrument_id"].dtype)[0]
    return rows


def sentiment_frame(
    rows: np.ndarray[Any, Any], *, message_type: int = 200, compression: int = 0
) -> bytes:
    """A frame of such rows."""
    return RecordSchema(message_type, SENTIMENT).encode(
        rows,
        source=SourceType.EXTERNAL,
        context=new_context(sampled=False),
        compression=compression,
    )


def note(
    text: str, *, votes: int = 0, score: float | None = None, replies: Iterable[str] = ()
) -> bytes:
    """A finished FlatBuffer of `desk.Note`, written field by field as generated code does."""
    builder = flatbuffers.Builder(64)
    answers = [_note(builder, reply) for reply in replies]
    builder.StartVector(4, len(answers), 4)
    for answer in reversed(answers):
        builder.PrependUOffsetTRelative(answer)
    vector = builder.EndVector()
    builder.Finish(_note(builder, text, votes=votes, score=score, replies=vector))
    return bytes(builder.Output())


def _note(
    builder: flatbuffers.Builder,
    text: str,
    *,
    votes: int = 0,
    score: float | None = None,
    replies: int = 0,
) -> int:
    words = builder.CreateString(text)
    name = builder.CreateString("ada")
    builder.StartObject(2)
    builder.PrependUOffsetTRelativeSlot(0, name, 0)
    author = builder.EndObject()
    builder.StartVector(8, 2, 4)
    for x, y in ((3.0, 4.0), (1.0, 2.0)):  # back to front
        builder.Prep(4, 8)
        builder.PrependFloat32(y)
        builder.PrependFloat32(x)
    points = builder.EndVector()
    tag = builder.CreateString("fbs")
    builder.StartVector(4, 1, 4)
    builder.PrependUOffsetTRelative(tag)
    tags = builder.EndVector()
    builder.StartObject(10)
    builder.PrependUOffsetTRelativeSlot(0, words, 0)
    builder.PrependUOffsetTRelativeSlot(1, author, 0)
    builder.PrependUOffsetTRelativeSlot(2, points, 0)
    builder.PrependUOffsetTRelativeSlot(3, tags, 0)
    if score is not None:
        builder.PrependFloat64Slot(4, score, 0.5)
    builder.PrependInt32Slot(5, votes, 0)
    builder.Prep(4, 8)
    builder.PrependFloat32(8.0)
    builder.PrependFloat32(7.0)
    builder.PrependStructSlot(6, builder.Offset(), 0)
    if replies:
        builder.PrependUOffsetTRelativeSlot(8, replies, 0)
    builder.PrependBoolSlot(9, votes > 0, 0)
    return int(builder.EndObject())


def note_frame(table: bytes, *, message_type: int = 201, **options: Any) -> bytes:
    """A frame that holds such a table."""
    return RecordSchema(message_type, NOTE).encode(
        table, source=SourceType.EXTERNAL, context=new_context(sampled=False), **options
    )
