"""Frames of the SystemRelay as Python values: heartbeats, errors, configuration updates, answers.

`…_frame` makes a frame of what a service says, `read_…` reads one. A row has room for 16 characters
of a service's name; the whole name stands in the frame's SERVICE_INFO extension, with the version
and the epoch. When frames are sent, and who may send them, is the services' part.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

import alphapulse_core as core
from alphapulse_client.context import FrameContext, new_context
from alphapulse_client.errors import FrameError, InvalidArgument
from alphapulse_client.frames import Frame, encode, rows
from alphapulse_layout import SourceType
from alphapulse_layout.dtypes import FEED_LAG_TLV, SERVICE_INFO_TLV
from alphapulse_layout.enums import ConfigOutcome, MessageType, TlvType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = [
    "ConfigChange",
    "FeedLag",
    "Heartbeat",
    "ReportedError",
    "Sender",
    "SnapshotMark",
    "config_result_frame",
    "config_update_frame",
    "error_frame",
    "heartbeat_frame",
    "read_config_results",
    "read_config_updates",
    "read_errors",
    "read_heartbeat",
    "read_snapshots",
    "sender_of",
    "snapshot_frame",
]

_MAX_LAGS: Final = 8
_ENDS: Final = 2
"""Phase of a snapshot that is whole."""
_MAX_TEXT: Final = 2048
"""Bytes of an error's text, and of the explanation in an answer."""
_MAX_REASON: Final = 63
MAX_KEY: Final = 128
"""Bytes of a setting's name."""
MAX_VALUE: Final = 4096
"""Bytes of a setting's value, as JSON."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends a system frame."""

    service: str
    """Service id; 32 characters travel."""
    version: str = ""
    epoch: int = 0
    """Of a relay's memory, else of the process: another number is another life."""
    config_version: int = 0
    """Newest configuration update that it has answered."""
    source: SourceType = SourceType.EXTERNAL


class FeedLag(NamedTuple):
    """How far behind a feed is."""

    feed: str
    """The domain that a service reads; a subscriber of a relay."""
    lag_frames: int
    lost_frames: int = 0
    backlog_frames: int = 0
    """Of a relay: what waits for its slowest blocking subscriber."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A service is alive. Counts are since its start, times nanoseconds."""

    sender: Sender
    created_at: int
    started_at: int
    pid: int
    interval_ms: int
    state: int
    """`ServiceState`: 1 starting, 2 serving, 3 draining, 4 stopped, 5 failed."""
    frames_in: int = 0
    frames_out: int = 0
    records_in: int = 0
    records_out: int = 0
    resident_bytes: int = 0
    cpu_ns: int = 0
    lags: Sequence[FeedLag] = ()


@dataclass(frozen=True, slots=True)
class ReportedError:
    """A fault that others should know of."""

    service: str
    reason: str
    text: str
    code: int
    """Number of the gRPC status code that a caller would have seen."""
    severity: int
    """1 note, 2 warning, 3 error, 4 the service cannot go on."""
    created_at: int


@dataclass(frozen=True, slots=True)
class SnapshotMark:
    """A service has kept its state up to `sequence`: its next start begins there."""

    service: str
    sequence: int
    """Of its journal."""
    records: int
    """What the state has: instruments of a registry, orders in memory of an execution."""
    created_at: int


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """One setting of a configuration update; as an answer with what became of it."""

    key: str
    version: int
    value: Any = None
    """Of an update: what JSON gives."""
    service: str = ""
    """Of an answer: whose."""
    outcome: ConfigOutcome = field(default=ConfigOutcome.NONE)
    reason: str = ""
    detail: str = ""


def sender_of(frame: Frame) -> Sender:
    """Who sent a system frame; an empty name where the frame does not say."""
    value = frame.tlv(TlvType.SERVICE_INFO)
    if value is None or len(value) != SERVICE_INFO_TLV.itemsize:
        return Sender("")
    row = np.frombuffer(value, SERVICE_INFO_TLV)[0]
    return Sender(
        _text(row["service"]),
        _text(row["version"]),
        int(row["epoch"]),
        int(row["config_version"]),
    )


def _text(value: bytes) -> str:
    return value.decode("ascii", "replace")


def _ascii(text: str, limit: int) -> bytes:
    return text.encode("ascii", "replace")[:limit]


def _info(sender: Sender) -> bytes:
    row = np.zeros(1, SERVICE_INFO_TLV)
    row["service"] = _ascii(sender.service, 32)
    row["version"] = _ascii(sender.version, 32)
    row["epoch"] = sender.epoch
    row["config_version"] = sender.config_version
    return core.encode_tlv(TlvType.SERVICE_INFO, row.tobytes())


# ---------------------------------------------------------------------------------------- heartbeat


def heartbeat_frame(beat: Heartbeat) -> bytes:
    """One HEARTBEAT frame, with a FEED_LAG extension for each lag (the first eight)."""
    row = rows(MessageType.HEARTBEAT, 1)
    for name in (
        "created_at", "started_at", "pid", "interval_ms", "state", "frames_in", "frames_out",
        "records_in", "records_out", "resident_bytes", "cpu_ns",
    ):  # fmt: skip
        row[name] = getattr(beat, name)
    row["service"] = _ascii(beat.sender.service, 16)
    row["source"] = beat.sender.source
    extensions = _info(beat.sender) + b"".join(_lag(lag) for lag in beat.lags[:_MAX_LAGS])
    return encode(
        MessageType.HEARTBEAT,
        row,
        source=beat.sender.source,
        context=new_context(sampled=False),
        timestamp=beat.created_at,
        extensions=extensions,
    )


def _lag(lag: FeedLag) -> bytes:
    row = np.zeros(1, FEED_LAG_TLV)
    row["feed"] = _ascii(lag.feed, 32)
    row["lag_frames"] = lag.lag_frames
    row["lost_frames"] = lag.lost_frames
    row["backlog_frames"] = lag.backlog_frames
    return core.encode_tlv(TlvType.FEED_LAG, row.tobytes())


def read_heartbeat(frame: Frame) -> Heartbeat | None:
    """The heartbeat of a frame; None where it has no row. Raises FrameError for broken ones."""
    if not len(frame.rows):
        return None
    row = frame.rows[0]
    sender = sender_of(frame)
    if not sender.service:
        sender = Sender(_text(row["service"]))
    extensions = bytes(frame.extensions)
    lags = []
    for kind, at, length in core.walk_tlv(extensions):
        if kind == TlvType.FEED_LAG and length == FEED_LAG_TLV.itemsize:
            lag = np.frombuffer(extensions[at : at + length], FEED_LAG_TLV)[0]
            lags.append(
                FeedLag(
                    _text(lag["feed"]),
                    int(lag["lag_frames"]),
                    int(lag["lost_frames"]),
                    int(lag["backlog_frames"]),
                )
            )
    return Heartbeat(
        sender=sender,
        lags=tuple(lags),
        **{
            name: int(row[name])
            for name in (
                "created_at", "started_at", "pid", "interval_ms", "state", "frames_in",
                "frames_out", "records_in", "records_out", "resident_bytes", "cpu_ns",
            )
        },
    )  # fmt: skip


# ---------------------------------------------------------------------------------------- snapshots


def snapshot_frame(sender: Sender, *, sequence: int, records: int) -> bytes:
    """One SNAPSHOT frame: the sender has kept its state up to `sequence` of its journal."""
    row = rows(MessageType.SNAPSHOT, 1)
    row["created_at"] = now = time.time_ns()
    row["sequence"] = sequence
    row["record_count"] = records
    row["phase"] = _ENDS
    return encode(
        MessageType.SNAPSHOT,
        row,
        source=sender.source,
        context=new_context(sampled=False),
        timestamp=now,
        extensions=_info(sender),
    )


def read_snapshots(frame: Frame) -> list[SnapshotMark]:
    """The snapshots that a frame tells of."""
    service = sender_of(frame).service
    return [
        SnapshotMark(
            service, int(row["sequence"]), int(row["record_count"]), int(row["created_at"])
        )
        for row in frame.rows
        if row["phase"] == _ENDS
    ]


# ------------------------------------------------------------------------------------------- errors


def error_frame(
    sender: Sender,
    *,
    reason: str,
    text: str,
    code: int,
    severity: int,
    cause: FrameContext | None = None,
) -> bytes:
    """One ERROR frame, caused by `cause` where that is known. Long texts are cut."""
    said, why = _utf8(text, _MAX_TEXT), _ascii(reason, _MAX_REASON)
    row = rows(MessageType.ERROR, 1)
    row["created_at"] = time.time_ns()
    row["service"] = _ascii(sender.service, 16)
    row["code"] = code
    row["text_length"] = len(said)
    row["reason_length"] = len(why)
    row["severity"] = severity
    return encode(
        MessageType.ERROR,
        row,
        source=sender.source,
        context=new_context(cause),
        blob=said + why,
        extensions=_info(sender),
    )


def read_errors(frame: Frame) -> list[ReportedError]:
    """The errors of a frame."""
    blob = bytes(frame.blob)
    whole = sender_of(frame).service
    found = []
    for row in frame.rows:
        start, middle = int(row["text_offset"]), int(row["text_offset"]) + int(row["text_length"])
        found.append(
            ReportedError(
                service=whole or _text(row["service"]),
                reason=_text(blob[middle : middle + int(row["reason_length"])]),
                text=blob[start:middle].decode("utf-8", "replace"),
                code=int(row["code"]),
                severity=int(row["severity"]),
                created_at=int(row["created_at"]),
            )
        )
    return found


def _utf8(text: str, limit: int) -> bytes:
    """At most `limit` bytes, whole characters."""
    data = text.encode("utf-8", "replace")
    return data if len(data) <= limit else data[:limit].decode("utf-8", "ignore").encode()


# ------------------------------------------------------------------------------------ configuration


def config_update_frame(
    values: Mapping[str, Any], *, version: int, source: SourceType = SourceType.EXTERNAL
) -> bytes:
    """One CONFIG_UPDATE frame: settings by full name, to be applied all or none.

    Raises:
        InvalidArgument: a name or value is too long (`CONFIG_TOO_LARGE`) or no JSON value.
    """
    row = rows(MessageType.CONFIG_UPDATE, len(values))
    row["created_at"] = time.time_ns()
    row["version"] = version
    blob = b""
    for i, (key, value) in enumerate(values.items()):
        name, text = key.encode(), json.dumps(value, allow_nan=False).encode()
        if len(name) > MAX_KEY or len(text) > MAX_VALUE:
            raise InvalidArgument(
                f"setting {key[:MAX_KEY]!r}: names have at most {MAX_KEY} bytes, values"
                f" {MAX_VALUE}",
                reason="CONFIG_TOO_LARGE",
            )
        row["key_offset"][i] = len(blob)
        row["key_length"][i] = len(name)
        row["value_length"][i] = len(text)
        blob += name + text
    return encode(
        MessageType.CONFIG_UPDATE, row, source=source, context=new_context(sampled=True), blob=blob
    )


def read_config_updates(frame: Frame) -> list[ConfigChange]:
    """The settings of an update, as far as they can be read.

    Raises:
        FrameError: a value is no JSON, or too long (`FRAME_BAD_CONTENT`).
    """
    blob = bytes(frame.blob)
    found = []
    for row in frame.rows:
        start, length = int(row["key_offset"]), int(row["key_length"])
        end = start + length + int(row["value_length"])
        if length > MAX_KEY or int(row["value_length"]) > MAX_VALUE:
            raise FrameError("a setting is too long", reason="FRAME_BAD_CONTENT")
        try:
            key = blob[start : start + length].decode()
            value = json.loads(blob[start + length : end])
        except (ValueError, RecursionError) as error:
            raise FrameError(
                f"a setting is no JSON value: {error}", reason="FRAME_BAD_CONTENT"
            ) from None
        found.append(ConfigChange(key, int(row["version"]), value))
    return found


def config_result_frame(
    sender: Sender, changes: Iterable[ConfigChange], cause: FrameContext | None = None
) -> bytes:
    """One CONFIG_RESULT frame: what became of each setting."""
    changes = list(changes)
    row = rows(MessageType.CONFIG_RESULT, len(changes))
    row["created_at"] = time.time_ns()
    row["service"] = _ascii(sender.service, 16)
    blob = b""
    for i, change in enumerate(changes):
        parts = (
            _utf8(change.key, MAX_KEY),
            _ascii(change.reason, _MAX_REASON),
            _utf8(change.detail, _MAX_TEXT),
        )
        row["version"][i] = change.version
        row["key_offset"][i] = len(blob)
        row["key_length"][i], row["reason_length"][i], row["detail_length"][i] = map(len, parts)
        row["outcome"][i] = change.outcome
        blob += b"".join(parts)
    return encode(
        MessageType.CONFIG_RESULT,
        row,
        source=sender.source,
        context=new_context(cause),
        blob=blob,
        extensions=_info(sender),
    )


def read_config_results(frame: Frame) -> Iterator[ConfigChange]:
    """The answers of a frame."""
    blob = bytes(frame.blob)
    whole = sender_of(frame).service
    for row in frame.rows:
        at = int(row["key_offset"])
        parts = []
        for name in ("key_length", "reason_length", "detail_length"):
            parts.append(blob[at : at + int(row[name])].decode("utf-8", "replace"))
            at += int(row[name])
        key, reason, detail = parts
        yield ConfigChange(
            key,
            int(row["version"]),
            service=whole or _text(row["service"]),
            outcome=_outcome(int(row["outcome"])),
            reason=reason,
            detail=detail,
        )


def _outcome(number: int) -> ConfigOutcome:
    try:
        return ConfigOutcome(number)
    except ValueError:
        return ConfigOutcome.NONE
