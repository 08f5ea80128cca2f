"""What all calls of the registry share: the stub, time-outs, the newest revision."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

from alphapulse.common.v1 import instrument_id_pb2 as common_pb
from alphapulse.registry.v1 import registry_pb2_grpc as rpc
from alphapulse_client._calls import Caller
from alphapulse_client.errors import InvalidArgument

if TYPE_CHECKING:
    from datetime import datetime

    import grpc.aio

    from alphapulse_client._channel import Metadata

__all__ = ["PAGE", "RegistryCalls", "asset_type_of", "repeatable", "set_time"]

PAGE: Final = 1000


class Written(Protocol):
    """The answer of a write."""

    @property
    def revision(self) -> int:
        """Revision of the registry after it."""
        ...


WrittenT = TypeVar("WrittenT", bound=Written)


class RegistryCalls:
    """One channel's calls of `RegistryService`."""

    def __init__(
        self, channel: grpc.aio.Channel, *, timeout: float = 10.0, metadata: Metadata = ()
    ) -> None:
        """`timeout` is seconds per call, over all attempts."""
        self._stub: rpc.RegistryServiceAsyncStub = rpc.RegistryServiceStub(channel)
        self._call = Caller(timeout, metadata)
        self._metadata = metadata
        self.revision = 0
        """Newest revision that a write of this client was answered with: as `min_revision` of a
        read, it makes any replica show what was written."""

    def _wrote(self, answer: WrittenT) -> WrittenT:
        """Keep the revision of a write's answer."""
        self.revision = max(self.revision, answer.revision)
        return answer


def repeatable(request_id: str, expected_revision: int) -> str:
    """The request id of a write that is repeated when its answer is lost: given an expected
    revision, the second one would find that of the first.
    """
    return request_id or (str(uuid.uuid4()) if expected_revision else "")


def set_time(field: Timestamp, time: Timestamp | datetime | None) -> None:
    """Leave `field` unset for None."""
    if isinstance(time, Timestamp):
        field.CopyFrom(time)
    elif time is not None:
        field.FromDatetime(time)


def asset_type_of(number: int) -> common_pb.AssetType.ValueType:
    """The protobuf value of a layout `AssetType`: they have the same numbers."""
    try:
        return common_pb.AssetType.Value(common_pb.AssetType.keys()[number])
    except IndexError:
        raise InvalidArgument(
            f"there is no asset type {number}", reason="ASSET_TYPE_UNKNOWN", asset_type=number
        ) from None
