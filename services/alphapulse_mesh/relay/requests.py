"""What a request says beside its filters, checked: names, policy, where a subscription starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_mesh.relay.tokens import read_token
from alphapulse_mesh.runtime.errors import InvalidArgument, OutOfRange, Unimplemented

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

    from alphapulse_mesh.relay.window import Window

__all__ = ["check_name", "nanoseconds_of", "policy_of", "start_of"]

_MAX_NAME: Final = 256
_POLICIES: Final = {
    pb.SLOW_CONSUMER_POLICY_UNSPECIFIED: pb.SLOW_CONSUMER_POLICY_BLOCK,
    pb.SLOW_CONSUMER_POLICY_BLOCK: pb.SLOW_CONSUMER_POLICY_BLOCK,
    pb.SLOW_CONSUMER_POLICY_DROP_OLDEST: pb.SLOW_CONSUMER_POLICY_DROP_OLDEST,
    pb.SLOW_CONSUMER_POLICY_CONFLATE: pb.SLOW_CONSUMER_POLICY_CONFLATE,
    pb.SLOW_CONSUMER_POLICY_DISCONNECT: pb.SLOW_CONSUMER_POLICY_DISCONNECT,
}


def check_name(name: str) -> None:
    """Of a producer or subscriber.

    Raises:
        InvalidArgument: it is too long to be kept and shown (`NAME_TOO_LONG`).
    """
    if len(name) > _MAX_NAME:
        raise InvalidArgument(
            f"a name of {len(name)} characters: at most {_MAX_NAME} are taken",
            reason="NAME_TOO_LONG",
            limit=_MAX_NAME,
        )


def policy_of(request: pb.SubscribeRequest) -> pb.SlowConsumerPolicy.ValueType:
    """What happens when the subscriber falls behind.

    Raises:
        Unimplemented: there is no such policy (`POLICY_UNSUPPORTED`).
    """
    policy = _POLICIES.get(request.slow_consumer_policy)
    if policy is None:
        raise Unimplemented(
            f"policy {request.slow_consumer_policy} is not supported by this relay",
            reason="POLICY_UNSUPPORTED",
        )
    return policy


def start_of(request: pb.SubscribeRequest, window: Window, domain: str) -> int:
    """The first sequence to deliver; what has left the window is reported by the subscriber.

    Raises:
        InvalidArgument: no token of a relay, or no time (`START_TIME_INVALID`).
        FailedPrecondition: a resume token of another relay or time (`TOKEN_FOREIGN`).
        OutOfRange: beyond the newest sequence (`SEQUENCE_AHEAD`).
        Unimplemented: there is no such start (`START_UNSUPPORTED`).
    """
    if request.resume_token:
        done = read_token(request.resume_token, window.epoch, domain)
        return _existing(done + 1, window)
    match request.start:
        case pb.START_POSITION_UNSPECIFIED | pb.START_POSITION_LATEST | pb.START_POSITION_SNAPSHOT:
            return window.head + 1
        case pb.START_POSITION_OLDEST:
            return window.oldest
        case pb.START_POSITION_SEQUENCE:
            return _existing(max(request.start_sequence, 1), window)
        case pb.START_POSITION_TIME:
            return window.first_received_at(nanoseconds_of(request.start_time))
        case _:
            raise Unimplemented(
                f"start {request.start} is not supported by this relay",
                reason="START_UNSUPPORTED",
            )


def _existing(start: int, window: Window) -> int:
    head = window.head
    if start > head + 1:
        raise OutOfRange(
            f"sequence {start} is ahead of the newest, {head}",
            reason="SEQUENCE_AHEAD",
            oldest=window.oldest,
            newest=head,
        )
    return start


def nanoseconds_of(time_of_start: Timestamp) -> int:
    """Since the epoch.

    Raises:
        InvalidArgument: it is no time (`START_TIME_INVALID`).
    """
    try:
        return time_of_start.ToNanoseconds()
    except ValueError as error:
        raise InvalidArgument(f"start_time: {error}", reason="START_TIME_INVALID") from None
