"""What the registry holds and what changes it. Every change is one event of the journal and one
revision; an entry keeps the encoding that clients get and the few fields that questions are asked
by.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_core import instrument_fields
from alphapulse_mesh.registry import formula, identity, records, wire

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

__all__ = [
    "END_OF_TIME",
    "Change",
    "ChangeKind",
    "CollisionEntry",
    "Fields",
    "InstrumentEntry",
    "LinkEntry",
    "LinkKey",
    "LinkRemoval",
    "RequestEntry",
    "SyntheticEntry",
    "VenueEntry",
    "decode_change",
    "serialized",
    "time_ns",
]

END_OF_TIME: Final = (1 << 64) - 1

Fields = tuple[
    bytes, str, int, int, str, str, int, str, str, tuple[str, str, str], int, str, bool, str, int,
    int, int, int, bytes,
]  # fmt: skip
"""What `alphapulse_core.instrument_fields` reads of an encoded instrument."""


class ChangeKind(IntEnum):
    """What an event says. From 3 on the numbers are the fields of `WatchRegistryResponse.event`."""

    REQUEST_RECORDED = 0
    INSTRUMENT_REGISTERED = 3
    INSTRUMENT_UPDATED = 4
    LINK_ADDED = 5
    VENUE_REGISTERED = 6
    COLLISION_DETECTED = 7
    VENUE_UPDATED = 8
    SYNTHETIC_DEFINED = 9
    LINK_REMOVED = 10


def time_ns(timestamp: Timestamp) -> int:
    """Nanoseconds since the epoch."""
    return timestamp.seconds * 1_000_000_000 + timestamp.nanos


def serialized(
    message: pb.Instrument | pb.Link | pb.Venue | pb.Collision | pb.Synthetic,
) -> bytes:
    """The one encoding of a message: the same bytes in every run (maps ordered by key)."""
    return message.SerializeToString(deterministic=True)


class InstrumentEntry:
    """One period of validity of an instrument, as stored; most have but one."""

    __slots__ = (
        "_record",
        "asset_type",
        "chain_id",
        "contract_address",
        "cusip",
        "figis",
        "id",
        "isin",
        "kind",
        "name",
        "natural_key",
        "ordinal",
        "pair_base",
        "primary",
        "revision",
        "status",
        "symbol",
        "valid_from_ns",
        "valid_until_ns",
        "venue",
        "version",
        "wire",
    )

    def __init__(
        self,
        instrument: pb.Instrument,
        body: bytes,
        kind: ChangeKind = ChangeKind.INSTRUMENT_REGISTERED,
    ) -> None:
        """`body` is the encoding of `instrument`; `kind` is that of the change that it comes by."""
        self.kind = kind
        self._record: bytes | None = None
        self.wire = wire.item(body)
        self.id = identity.from_message(instrument.id)
        self.revision = instrument.revision
        self.ordinal = -1
        """Place in the order of registration; given by the state."""
        self.natural_key = instrument.natural_key
        self.asset_type: int = instrument.asset_type
        self.venue = instrument.venue
        self.symbol = instrument.symbol
        self.status: int = instrument.status
        self.version = instrument.version
        self.name = instrument.name
        self.isin = instrument.isin
        self.cusip = instrument.cusip
        self.figis = (instrument.figi, instrument.composite_figi, instrument.share_class_figi)
        """Of the venue line, of the country, of the share class: the narrowest first."""
        self.chain_id = instrument.chain_id
        self.contract_address = instrument.contract_address
        self.primary = instrument.primary_listing
        self.pair_base = instrument.base_currency if self.asset_type in identity.PAIRS else ""
        self.valid_from_ns = time_ns(instrument.valid_from)
        ends = []
        if instrument.HasField("valid_to"):
            ends.append(time_ns(instrument.valid_to))
        if instrument.HasField("expires_at"):
            ends.append(time_ns(instrument.expires_at) + 1)  # the last moment still counts
        self.valid_until_ns = min(ends, default=END_OF_TIME)
        """First moment at which it is no longer valid: end of validity or expiry."""

    @classmethod
    def of_fields(
        cls, fields: Fields, encoded: bytes, kind: ChangeKind, revision: int
    ) -> InstrumentEntry:
        """The same of what the core read (`instrument_fields`), without a message in between;
        `encoded` is the instrument as field 1.
        """
        entry = cls.__new__(cls)
        (
            entry.id,
            entry.natural_key,
            entry.asset_type,
            entry.venue,
            entry.symbol,
            entry.name,
            entry.status,
            entry.isin,
            entry.cusip,
            entry.figis,
            entry.chain_id,
            entry.contract_address,
            entry.primary,
            entry.pair_base,
            entry.valid_from_ns,
            entry.valid_until_ns,
            entry.version,
            _,
            entry._record,  # noqa: SLF001  # made here
        ) = fields
        entry.kind = kind
        entry.wire = encoded
        entry.revision = revision
        entry.ordinal = -1
        return entry

    @property
    def words(self) -> str:
        """The name, as a search compares it."""
        return self.name.casefold()

    @property
    def share_class(self) -> str:
        """FIGI of the share class."""
        return self.figis[2]

    def message(self) -> pb.Instrument:
        """The instrument, parsed anew."""
        return pb.Instrument.FromString(wire.body_of(self.wire))

    def record(self) -> bytes:
        """The fixed record of 128 bytes, made once."""
        if self._record is None:
            self._record = records.instrument_record(self.message())
        return self._record

    def closed(self, at_ns: int) -> InstrumentEntry:
        """The same, valid up to `at_ns` at most."""
        message = self.message()
        if not message.HasField("valid_to") or time_ns(message.valid_to) > at_ns:
            message.valid_to.FromNanoseconds(at_ns)
        entry = InstrumentEntry(message, serialized(message), self.kind)
        entry.ordinal = self.ordinal
        return entry


class LinkKey(NamedTuple):
    """What makes a link that link."""

    source: bytes
    target: bytes
    type: int


class LinkEntry(NamedTuple):
    """One link, as stored."""

    key: LinkKey
    revision: int
    wire: bytes

    @property
    def kind(self) -> ChangeKind:
        """LINK_ADDED."""
        return ChangeKind.LINK_ADDED

    @classmethod
    def of(cls, key: LinkKey, revision: int) -> LinkEntry:
        """A new link."""
        message = pb.Link(
            type=pb.LinkType.ValueType(key.type),
            to=identity.to_message(key.target),
            revision=revision,
            # `from` is a word of Python
            **{"from": identity.to_message(key.source)},
        )
        return cls(key, revision, wire.item(serialized(message)))

    @classmethod
    def parse(cls, body: bytes) -> LinkEntry:
        """A stored one."""
        message = pb.Link.FromString(body)
        key = LinkKey(
            identity.from_message(getattr(message, "from")),
            identity.from_message(message.to),
            message.type,
        )
        return cls(key, message.revision, wire.item(body))


class LinkRemoval(NamedTuple):
    """That a link was taken away."""

    key: LinkKey
    revision: int
    wire: bytes
    """The link as it was."""

    @property
    def kind(self) -> ChangeKind:
        """LINK_REMOVED."""
        return ChangeKind.LINK_REMOVED


class VenueEntry(NamedTuple):
    """One venue, as stored; revision 0 is one that was always there."""

    message: pb.Venue
    wire: bytes
    kind: ChangeKind = ChangeKind.VENUE_REGISTERED
    """The change that it came by last."""

    @property
    def revision(self) -> int:
        """Of its last change."""
        return self.message.revision

    @classmethod
    def of(cls, message: pb.Venue, kind: ChangeKind = ChangeKind.VENUE_REGISTERED) -> VenueEntry:
        """A new or a changed venue."""
        return cls(message, wire.item(serialized(message)), kind)

    @classmethod
    def parse(cls, body: bytes, kind: ChangeKind = ChangeKind.VENUE_REGISTERED) -> VenueEntry:
        """A stored one."""
        return cls(pb.Venue.FromString(body), wire.item(body), kind)


class SyntheticEntry:
    """One synthetic's present definition."""

    kind: ClassVar = ChangeKind.SYNTHETIC_DEFINED
    __slots__ = ("formula", "id", "inputs", "message", "revision", "wire")

    def __init__(self, message: pb.Synthetic, body: bytes) -> None:
        """`body` is the encoding of `message`.

        Raises:
            ValueError: its formula is none.
        """
        self.message = message
        self.wire = wire.item(body)
        self.revision = message.revision
        self.id = identity.from_message(message.id)
        self.inputs = {each.alias: identity.from_message(each.id) for each in message.inputs}
        self.formula = formula.parse(message.formula)

    @classmethod
    def of(cls, message: pb.Synthetic) -> SyntheticEntry:
        """A new definition."""
        return cls(message, serialized(message))


class CollisionEntry(NamedTuple):
    """Two natural keys that met in one id."""

    id: bytes
    assigned_id: bytes
    existing_key: str
    colliding_key: str
    revision: int
    wire: bytes

    @property
    def kind(self) -> ChangeKind:
        """COLLISION_DETECTED."""
        return ChangeKind.COLLISION_DETECTED

    @classmethod
    def of(
        cls, existing: InstrumentEntry, colliding: InstrumentEntry, revision: int
    ) -> CollisionEntry:
        """`colliding` came later and got another id."""
        message = pb.Collision(
            id=identity.to_message(existing.id),
            existing_key=existing.natural_key,
            colliding_key=colliding.natural_key,
            assigned_id=identity.to_message(colliding.id),
        )
        return cls.parse(serialized(message), revision)

    @classmethod
    def parse(cls, body: bytes, revision: int) -> CollisionEntry:
        """A stored one."""
        message = pb.Collision.FromString(body)
        return cls(
            identity.from_message(message.id),
            identity.from_message(message.assigned_id),
            message.existing_key,
            message.colliding_key,
            revision,
            wire.item(body),
        )


class RequestEntry(NamedTuple):
    """The answer that a request id got, kept to be given again (AIP-155). In the journal it has
    four length-delimited fields, in the order of the attributes.
    """

    request_id: str
    method: str
    digest: bytes
    """BLAKE3 of the request without its id."""
    response: bytes
    revision: int
    wire: bytes

    @property
    def kind(self) -> ChangeKind:
        """REQUEST_RECORDED."""
        return ChangeKind.REQUEST_RECORDED

    @classmethod
    def of(
        cls, request_id: str, method: str, digest: bytes, response: bytes, revision: int
    ) -> RequestEntry:
        """A new one."""
        fields = (request_id.encode(), method.encode(), digest, response)
        body = b"".join(wire.message(number, field) for number, field in enumerate(fields, 1))
        return cls(request_id, method, digest, response, revision, wire.item(body))

    @classmethod
    def parse(cls, body: bytes, revision: int) -> RequestEntry:
        """A stored one.

        Raises:
            ValueError, IndexError: it has another form.
        """
        fields, at = [], 0
        for number in range(1, 5):
            tag, at = wire.read_varint(body, at)
            size, at = wire.read_varint(body, at)
            if tag != (number << 3 | 2) or at + size > len(body):
                raise ValueError(f"field {number} of a recorded request is not there")
            fields.append(body[at : at + size])
            at += size
        if at != len(body):
            raise ValueError("bytes after a recorded request")
        request_id, method, digest, response = fields
        return cls(
            request_id.decode(), method.decode(), digest, response, revision, wire.item(body)
        )


Change = (
    InstrumentEntry
    | LinkEntry
    | LinkRemoval
    | VenueEntry
    | CollisionEntry
    | RequestEntry
    | SyntheticEntry
)
"""One event of the journal: what it added."""


def decode_change(revision: int, kind: ChangeKind, body: bytes) -> Change:
    """The change that `body` encodes.

    Raises:
        ValueError, IndexError, DecodeError: the bytes are not of that kind.
    """
    match kind:
        case ChangeKind.INSTRUMENT_REGISTERED | ChangeKind.INSTRUMENT_UPDATED:
            fields = instrument_fields(body)
            if fields is not None:
                return InstrumentEntry.of_fields(fields, wire.item(body), kind, fields[17])
            return InstrumentEntry(pb.Instrument.FromString(body), body, kind)
        case ChangeKind.LINK_ADDED:
            return LinkEntry.parse(body)
        case ChangeKind.LINK_REMOVED:
            link = LinkEntry.parse(body)
            return LinkRemoval(link.key, revision, link.wire)
        case ChangeKind.VENUE_REGISTERED:
            return VenueEntry.parse(body)
        case ChangeKind.VENUE_UPDATED:
            return VenueEntry.parse(body, kind)
        case ChangeKind.SYNTHETIC_DEFINED:
            return SyntheticEntry(pb.Synthetic.FromString(body), body)
        case ChangeKind.COLLISION_DETECTED:
            return CollisionEntry.parse(body, revision)
        case ChangeKind.REQUEST_RECORDED:
            return RequestEntry.parse(body, revision)
