"""The errors of AlphaPulse, the one table to gRPC codes, and the way back from an RPC error.

Every failure that crosses a process boundary carries one `google.rpc.ErrorInfo`: a stable reason
(UPPER_SNAKE, at most 63 characters), the domain `alphapulse`, and the values that explain it. Match
errors by class or by `reason`, never by message text.

    MeshError
    ├── InvalidArgument          INVALID_ARGUMENT     the request can never succeed as sent
    │   ├── FrameError                                a frame that the codec refuses (FRAME_…)
    │   └── ConfigError                               a configuration that cannot be used (CONFIG_…)
    ├── NotFound                 NOT_FOUND
    │   └── UnknownInstrument                         (INSTRUMENT_…)
    ├── AlreadyExists            ALREADY_EXISTS
    ├── Conflict                 ABORTED              another writer was first: read again, retry
    ├── FailedPrecondition       FAILED_PRECONDITION  the system's state forbids it
    │   └── OrderRejected                             validation, risk or venue said no (ORDER_…)
    ├── OutOfRange               OUT_OF_RANGE         e.g. older than the window
    ├── PermissionDenied         PERMISSION_DENIED
    ├── Unauthenticated          UNAUTHENTICATED
    ├── ResourceExhausted        RESOURCE_EXHAUSTED   a limit; slow down
    ├── DeadlineExceeded         DEADLINE_EXCEEDED
    ├── Cancelled                CANCELLED
    ├── Unimplemented            UNIMPLEMENTED
    ├── Unavailable              UNAVAILABLE          not now; safe to retry what is idempotent
    ├── DataLoss                 DATA_LOSS            stored bytes are missing or changed
    └── InternalError            INTERNAL             a defect; the server's log has the story

The subclasses with a prefix in parentheses accept only reasons that begin with it, which is how a
client finds the class again. What the services add (building the status, logging) is in
`alphapulse_mesh.runtime.errors`.
"""

# ruff: noqa: N818  # named for the gRPC codes that they stand for, as users know them

from __future__ import annotations

import re
from typing import ClassVar, Final

import grpc
from google.rpc import error_details_pb2, status_pb2

__all__ = [
    "CODES",
    "DOMAIN",
    "AlreadyExists",
    "Cancelled",
    "ConfigError",
    "Conflict",
    "DataLoss",
    "DeadlineExceeded",
    "FailedPrecondition",
    "FrameError",
    "InternalError",
    "InvalidArgument",
    "MeshError",
    "NotFound",
    "OrderRejected",
    "OutOfRange",
    "PermissionDenied",
    "ResourceExhausted",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "UnknownInstrument",
    "code_of",
    "from_rpc_error",
]

DOMAIN: Final = "alphapulse"
STATUS_DETAILS_KEY: Final = "grpc-status-details-bin"

_REASON = re.compile(r"[A-Z][A-Z0-9_]{0,61}[A-Z0-9]\Z")

Value = str | int | float | bool | bytes


class MeshError(Exception):
    """Base of every error that AlphaPulse raises on purpose.

    `reason` is stable and UPPER_SNAKE; `values` explain this one case (an id, a limit, an offset)
    and travel as text in `ErrorInfo.metadata`, so on the client side every value is a `str`.
    """

    default_reason: ClassVar[str] = "INTERNAL"
    reason_prefix: ClassVar[str] = ""

    def __init__(self, message: str, *, reason: str | None = None, **values: Value) -> None:
        super().__init__(message)
        self.message = message
        self.reason = self.default_reason if reason is None else reason
        self.values: dict[str, Value] = values
        if not _REASON.match(self.reason):
            raise ValueError(f"reason {self.reason!r} is not UPPER_SNAKE of at most 63 characters")
        if not self.reason.startswith(self.reason_prefix):
            raise ValueError(
                f"{type(self).__name__} takes reasons that begin with {self.reason_prefix!r}, "
                f"not {self.reason!r}"
            )

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        values = "".join(f", {key}={value!r}" for key, value in self.values.items())
        return f"{type(self).__name__}({self.message!r}, reason={self.reason!r}{values})"


class InvalidArgument(MeshError):
    """The request is wrong in itself: sending it again cannot help."""

    default_reason = "INVALID_ARGUMENT"


class FrameError(InvalidArgument):
    """A frame that the codec refuses: magic, size, checksum, type, version or a truncated TLV."""

    default_reason = "FRAME_INVALID"
    reason_prefix = "FRAME_"


class ConfigError(InvalidArgument):
    """A configuration that cannot be used: unknown key, impossible value, missing file."""

    default_reason = "CONFIG_INVALID"
    reason_prefix = "CONFIG_"


class NotFound(MeshError):
    """The named thing does not exist."""

    default_reason = "NOT_FOUND"


class UnknownInstrument(NotFound):
    """No instrument of the registry answers to this id, symbol or identifier."""

    default_reason = "INSTRUMENT_UNKNOWN"
    reason_prefix = "INSTRUMENT_"


class AlreadyExists(MeshError):
    """The thing to be made exists with other data."""

    default_reason = "ALREADY_EXISTS"


class Conflict(MeshError):
    """A concurrent change came first: the expected version or revision is stale."""

    default_reason = "CONFLICT"


class FailedPrecondition(MeshError):
    """The system is not in the state that this needs."""

    default_reason = "FAILED_PRECONDITION"


class OrderRejected(FailedPrecondition):
    """Validation, a risk limit or the venue refused an order or a cancel."""

    default_reason = "ORDER_REJECTED"
    reason_prefix = "ORDER_"


class OutOfRange(MeshError):
    """A position outside what is kept; the values name the oldest and newest that can be had."""

    default_reason = "OUT_OF_RANGE"


class PermissionDenied(MeshError):
    """The caller is known and may not do this."""

    default_reason = "PERMISSION_DENIED"


class Unauthenticated(MeshError):
    """The caller is not known."""

    default_reason = "UNAUTHENTICATED"


class ResourceExhausted(MeshError):
    """A limit was met: message size, concurrency, rate, memory, disk."""

    default_reason = "RESOURCE_EXHAUSTED"


class DeadlineExceeded(MeshError):
    """The answer was not ready in time; whether the request took effect is not known."""

    default_reason = "DEADLINE_EXCEEDED"


class Cancelled(MeshError):
    """The caller gave up, or the connection was closed on purpose."""

    default_reason = "CANCELLED"


class Unimplemented(MeshError):
    """The server does not know this method."""

    default_reason = "UNIMPLEMENTED"


class Unavailable(MeshError):
    """The service cannot be reached or is draining; idempotent calls may be retried."""

    default_reason = "UNAVAILABLE"


class DataLoss(MeshError):
    """Stored bytes are missing or were changed: a person has to look."""

    default_reason = "DATA_LOSS"


class InternalError(MeshError):
    """A defect in the service."""

    default_reason = "INTERNAL"


CODES: Final[dict[type[MeshError], grpc.StatusCode]] = {
    InvalidArgument: grpc.StatusCode.INVALID_ARGUMENT,
    FrameError: grpc.StatusCode.INVALID_ARGUMENT,
    ConfigError: grpc.StatusCode.INVALID_ARGUMENT,
    NotFound: grpc.StatusCode.NOT_FOUND,
    UnknownInstrument: grpc.StatusCode.NOT_FOUND,
    AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    Conflict: grpc.StatusCode.ABORTED,
    FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    OrderRejected: grpc.StatusCode.FAILED_PRECONDITION,
    OutOfRange: grpc.StatusCode.OUT_OF_RANGE,
    PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    ResourceExhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    DeadlineExceeded: grpc.StatusCode.DEADLINE_EXCEEDED,
    Cancelled: grpc.StatusCode.CANCELLED,
    Unimplemented: grpc.StatusCode.UNIMPLEMENTED,
    Unavailable: grpc.StatusCode.UNAVAILABLE,
    DataLoss: grpc.StatusCode.DATA_LOSS,
    InternalError: grpc.StatusCode.INTERNAL,
    # The base stands for "no better class": UNKNOWN, which is also what an unknown code comes back
    # as.
    MeshError: grpc.StatusCode.UNKNOWN,
}
"""The one table: domain error → gRPC code. A class that is not listed takes its nearest base's
code."""


def code_of(error: MeshError | type[MeshError]) -> grpc.StatusCode:
    """The gRPC code of an error or error class, through its nearest listed base."""
    cls = error if isinstance(error, type) else type(error)
    for base in cls.__mro__:
        code = CODES.get(base)
        if code is not None:
            return code
    raise LookupError(cls)  # unreachable: MeshError itself is listed


def _class_for(code: grpc.StatusCode, reason: str) -> type[MeshError]:
    """The most specific class with this code whose reason prefix fits (longest prefix wins)."""
    fitting = [
        cls
        for cls, listed in CODES.items()
        if listed is code and reason.startswith(cls.reason_prefix)
    ]
    return max(fitting, key=lambda cls: len(cls.reason_prefix), default=MeshError)


def _status_details(rpc_error: grpc.RpcError) -> bytes | None:
    trailing = getattr(rpc_error, "trailing_metadata", None)
    metadata = trailing() if callable(trailing) else None
    for key, value in metadata or ():
        if key == STATUS_DETAILS_KEY and isinstance(value, bytes):
            return value
    return None


def _error_info(details: bytes | None) -> error_details_pb2.ErrorInfo | None:
    if details is None:
        return None
    status = status_pb2.Status.FromString(details)
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            detail.Unpack(info)
            if info.domain == DOMAIN:
                return info
    return None


def from_rpc_error(rpc_error: grpc.RpcError) -> MeshError:
    """Turn what gRPC raised (`grpc.RpcError`, also `grpc.aio.AioRpcError`) into our hierarchy.

    Without our `ErrorInfo` (a proxy or gRPC itself made the error) the reason is the code's name.
    Use it as `raise from_rpc_error(error) from error`.
    """
    code_method = getattr(rpc_error, "code", None)
    code = code_method() if callable(code_method) else None
    if not isinstance(code, grpc.StatusCode):
        code = grpc.StatusCode.UNKNOWN
    details_method = getattr(rpc_error, "details", None)
    message = (
        (details_method() if callable(details_method) else None) or str(rpc_error) or code.name
    )
    info = _error_info(_status_details(rpc_error))
    if info is None:
        return _rebuild(_class_for(code, code.name), message, code.name, {})
    return _rebuild(_class_for(code, info.reason), message, info.reason, dict(info.metadata))


def _rebuild(cls: type[MeshError], message: str, reason: str, values: dict[str, str]) -> MeshError:
    error = cls.__new__(cls)
    Exception.__init__(error, message)
    error.message = message
    error.reason = reason  # taken as sent: a newer server may use reasons that we do not know
    error.values = {**values}
    return error
