"""What a request says against what is there: the same again, other data, or what came later."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from google.protobuf.message import Message

from alphapulse_mesh.registry import identity
from alphapulse_mesh.registry.model import time_ns
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.validation import OUTPUT_ONLY
from alphapulse_mesh.runtime.errors import AlreadyExists, InvalidArgument

if TYPE_CHECKING:
    from alphapulse.registry.v1 import registry_pb2 as pb
    from alphapulse_mesh.registry.model import InstrumentEntry, VenueEntry

__all__ = [
    "begins_after",
    "differences",
    "refuse_other_data",
    "requested_id",
    "venue_conflict",
]

_MessageT = TypeVar("_MessageT", bound=Message)


def begins_after(entry: InstrumentEntry, normal: pb.Instrument) -> bool:
    """Whether `normal` begins when `entry` no longer had its symbol: over, or renamed."""
    if not normal.HasField("valid_from"):
        return False
    end = entry.valid_until_ns if entry.symbol == normal.symbol else entry.valid_from_ns
    return time_ns(normal.valid_from) >= end


def requested_id(instrument: pb.Instrument) -> bytes | None:
    """The id that a caller gave as message or as text, if any.

    Raises:
        InvalidArgument: the two are not one (ID_MISMATCH), or no id.
    """
    requested = identity.from_message(instrument.id) if instrument.HasField("id") else None
    if requested == bytes(identity.ID_BYTES):
        requested = None
    if instrument.id_text:
        by_text = identity.parse_id(instrument.id_text, "id_text")
        if requested is not None and by_text != requested:
            raise InvalidArgument(
                f"id is {requested.hex()}, but id_text {by_text.hex()}",
                reason=Reason.ID_MISMATCH,
                id=requested,
            )
        requested = by_text
    return requested


def refuse_other_data(entry: InstrumentEntry, normal: pb.Instrument) -> None:
    """Equal data is the same instrument again.

    Raises:
        AlreadyExists: other data (INSTRUMENT_CONFLICT, value `fields`).
    """
    ignored = set(OUTPUT_ONLY)
    if entry.version and not normal.HasField("valid_from"):
        ignored.add("valid_from")  # the registry set it when the data changed as of that time
    fields = differences(normal, entry.message(), ignored=ignored)
    if fields:
        raise AlreadyExists(
            f"{entry.natural_key} is registered with other data: {', '.join(fields)}",
            reason=Reason.INSTRUMENT_CONFLICT,
            id=entry.id,
            natural_key=entry.natural_key,
            fields=",".join(fields),
        )


def venue_conflict(entry: VenueEntry, fields: list[str]) -> AlreadyExists:
    """The refusal of a venue that is there with other data."""
    venue = entry.message
    return AlreadyExists(
        f"venue {venue.venue} ({venue.name}) is registered with other data: {', '.join(fields)}",
        reason=Reason.VENUE_CONFLICT,
        venue=venue.venue,
        name=venue.name,
        fields=",".join(fields),
    )


def differences(one: _MessageT, other: _MessageT, *, ignored: set[str]) -> list[str]:
    """Names of the fields that differ, in the order of the schema."""
    mine = {field.name: value for field, value in one.ListFields()}
    theirs = {field.name: value for field, value in other.ListFields()}
    return [
        field.name
        for field in one.DESCRIPTOR.fields
        if field.name not in ignored and mine.get(field.name) != theirs.get(field.name)
    ]
