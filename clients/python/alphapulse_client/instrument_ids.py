"""The forms of an instrument id and the ways between them.

Frames hold 16 bytes (the FlatBuffers struct), JSON and command lines 32 hexadecimal digits of the
same bytes, RPC answers a protobuf message. How an id is made from a natural key is the core's part.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from alphapulse.common.v1 import instrument_id_pb2 as common_pb
from alphapulse.registry.v1 import registry_pb2 as registry_pb
from alphapulse_client.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["InstrumentKey", "id_bytes", "id_message", "id_text", "join_ids"]

InstrumentKey = bytes | str | common_pb.InstrumentId | registry_pb.Instrument
"""16 bytes, 32 hexadecimal digits, the protobuf id, or a whole instrument."""

_STRUCT: Final = struct.Struct("<QHBBI")


def id_bytes(key: InstrumentKey) -> bytes:
    """The 16 bytes of an id, as they stand in records.

    Raises:
        InvalidArgument: wrong length, not hexadecimal, or an instrument without an id
            (reason `INSTRUMENT_ID_INVALID`).
    """
    if isinstance(key, registry_pb.Instrument):
        key = key.id if key.HasField("id") else key.id_text
    if isinstance(key, common_pb.InstrumentId):
        try:
            return _STRUCT.pack(key.asset_id, key.venue, key.asset_type, key.scheme, key.salt)
        except struct.error:
            raise _invalid(repr(key)) from None
    if isinstance(key, str):
        try:
            raw = bytes.fromhex(key)
        except ValueError:
            raise _invalid(key) from None
        if len(raw) != 16 or len(key) != 32:
            raise _invalid(key)
        return raw
    raw = bytes(key)
    if len(raw) != 16:
        raise _invalid(raw.hex())
    return raw


def id_text(key: InstrumentKey) -> str:
    """The id as 32 lower-case hexadecimal digits. Raises like `id_bytes`."""
    return id_bytes(key).hex()


def id_message(key: InstrumentKey) -> common_pb.InstrumentId:
    """The id as protobuf. Raises like `id_bytes`."""
    asset_id, venue, asset_type, scheme, salt = _STRUCT.unpack(id_bytes(key))
    return common_pb.InstrumentId(
        asset_id=asset_id,
        venue=venue,
        asset_type=asset_type,
        scheme=scheme,
        salt=salt,
    )


def join_ids(keys: Iterable[InstrumentKey]) -> bytes:
    """Many ids one after the other, 16 bytes each, as requests carry them."""
    return b"".join(id_bytes(key) for key in keys)


def _invalid(text: str) -> InvalidArgument:
    return InvalidArgument(
        f"{text!r} is no instrument id: 16 bytes or 32 hexadecimal digits are wanted",
        reason="INSTRUMENT_ID_INVALID",
        id=text,
    )
