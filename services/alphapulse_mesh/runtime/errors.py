"""The server's half of the errors: from a domain error to `google.rpc.Status`.

The hierarchy and the one table live in `alphapulse_client.errors`, because users catch these
classes too; services import them from here.
"""

from __future__ import annotations

from typing import Final

from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

from alphapulse_client.errors import (
    CODES,
    DOMAIN,
    STATUS_DETAILS_KEY,
    AlreadyExists,
    Cancelled,
    ConfigError,
    Conflict,
    DataLoss,
    DeadlineExceeded,
    FailedPrecondition,
    FrameError,
    InternalError,
    InvalidArgument,
    MeshError,
    NotFound,
    OrderRejected,
    OutOfRange,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
    Unimplemented,
    UnknownInstrument,
    Value,
    code_of,
    from_rpc_error,
)

__all__ = [
    "CODES",
    "DOMAIN",
    "STATUS_DETAILS_KEY",
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
    "to_status",
]

# gRPC peers refuse trailing metadata beyond 8 KiB by default, and the status travels there twice
# (grpc-message and grpc-status-details-bin).
_MESSAGE_LIMIT: Final = 1024
_VALUE_LIMIT: Final = 256


def to_status(error: MeshError) -> status_pb2.Status:
    """`google.rpc.Status` with exactly one `ErrorInfo`: reason, domain `alphapulse`, values as
    text.

    Over-long messages and values are cut, so that the status fits the peer's metadata limit.
    """
    info = error_details_pb2.ErrorInfo(
        reason=error.reason,
        domain=DOMAIN,
        metadata={key: _text(value) for key, value in error.values.items()},
    )
    detail = any_pb2.Any()
    detail.Pack(info)
    number, _ = code_of(error).value
    return status_pb2.Status(
        code=number, message=_cut(error.message, _MESSAGE_LIMIT), details=[detail]
    )


def _text(value: Value) -> str:
    if isinstance(value, bytes):
        return _cut(value.hex(), _VALUE_LIMIT)
    if isinstance(value, bool):
        return "true" if value else "false"
    return _cut(str(value), _VALUE_LIMIT)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
