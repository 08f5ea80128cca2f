"""How an instrument changes: fields corrected in place or as of a time, status, the end of it.

Its id and natural key never change. What an update as of a time replaces is kept as an earlier
period of validity, so that a name resolves as of any date.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry import identity
from alphapulse_mesh.registry.comparing import differences, requested_id
from alphapulse_mesh.registry.currencies import check_listed_currencies
from alphapulse_mesh.registry.masks import check_mask, copy_field
from alphapulse_mesh.registry.model import (
    END_OF_TIME,
    ChangeKind,
    InstrumentEntry,
    serialized,
    time_ns,
)
from alphapulse_mesh.registry.planning import Planner, underlying_of
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.validation import OUTPUT_ONLY, check_time, normalise_instrument
from alphapulse_mesh.runtime.errors import (
    Conflict,
    InvalidArgument,
    UnknownInstrument,
)

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

__all__ = ["LifecyclePlanner"]

_A = common_pb2.AssetType
_S = pb.InstrumentStatus
_FIXED_SYMBOL: Final = identity.DATED | {_A.ASSET_TYPE_CURRENCY, _A.ASSET_TYPE_SYNTHETIC}
"""What has its symbol in its key and is never called otherwise: a new symbol is a new one."""
_OVER: Final = {_S.INSTRUMENT_STATUS_EXPIRED, _S.INSTRUMENT_STATUS_DELISTED}
_CAN_EXPIRE: Final = identity.DATED | {_A.ASSET_TYPE_BOND}


class LifecyclePlanner(Planner):
    """Plans updates."""

    def update_instrument(
        self, request: pb.UpdateInstrumentRequest
    ) -> tuple[InstrumentEntry, bool]:
        """The entry after an update, and whether anything changed.

        Raises:
            InvalidArgument: a field that cannot change or be so (FIELD_IMMUTABLE,
                FIELD_MASK_INVALID, STATUS_TRANSITION, EFFECTIVE_TIME_INVALID, and all of
                registering).
            AlreadyExists: the new symbol is another's at that time (INSTRUMENT_CONFLICT).
            Conflict: it has another revision than the one expected (REVISION_CONFLICT).
            UnknownInstrument: no such instrument.
        """
        given = request.instrument
        requested = requested_id(given)
        if requested is None:
            raise InvalidArgument(
                "instrument.id or instrument.id_text says which one",
                reason=Reason.FIELD_MISSING,
                field="id",
            )
        entry = self._expected(requested, request.expected_revision)
        before = entry.message()
        paths = check_mask(request.update_mask, pb.Instrument.DESCRIPTOR) or [
            field.name for field, _ in given.ListFields() if field.name not in OUTPUT_ONLY
        ]
        set_fields = {field.name for field, _ in given.ListFields()}
        after = pb.Instrument()
        after.CopyFrom(before)
        for path in paths:
            after.ClearField(path)  # type: ignore[arg-type]  # checked against the schema
            if path in set_fields:
                copy_field(given, after, path)
        return self._change(entry, before, after, request)

    def _expected(self, instrument_id: bytes, expected_revision: int) -> InstrumentEntry:
        entry = self.instrument(instrument_id)
        if entry is None:
            raise UnknownInstrument(
                f"no instrument has the id {instrument_id.hex()}",
                reason=Reason.INSTRUMENT_UNKNOWN,
                id=instrument_id,
            )
        if expected_revision and entry.revision != expected_revision:
            raise Conflict(
                f"{entry.natural_key} is at revision {entry.revision}, not {expected_revision}",
                reason=Reason.REVISION_CONFLICT,
                id=instrument_id,
                revision=entry.revision,
                expected_revision=expected_revision,
            )
        return entry

    def _change(
        self,
        entry: InstrumentEntry,
        before: pb.Instrument,
        after: pb.Instrument,
        request: pb.UpdateInstrumentRequest,
    ) -> tuple[InstrumentEntry, bool]:
        normal = normalise_instrument(after)
        changed = differences(normal, before, ignored=set(OUTPUT_ONLY))
        if not changed:
            return entry, False
        _check_changeable(entry, changed)
        if normal.venue:
            check_listed_currencies(normal, self._venue(normal.venue).message)
        as_of = request.HasField("effective_time")
        self._check_references(normal)
        if as_of:
            _begin(normal, entry, request.effective_time)
        _check_status(before, normal, as_of=as_of)
        if entry.asset_type in identity.KEYED_BY_SYMBOL and normal.venue:
            until = time_ns(normal.valid_to) if normal.HasField("valid_to") else END_OF_TIME
            self.check_symbol(entry.id, normal, time_ns(normal.valid_from), until)
        normal.id.CopyFrom(before.id)
        normal.id_text = before.id_text
        normal.natural_key = before.natural_key
        normal.version = before.version + as_of
        return self._updated(normal), True

    def _updated(self, normal: pb.Instrument) -> InstrumentEntry:
        normal.revision = self.revision + 1
        entry = InstrumentEntry(normal, serialized(normal), ChangeKind.INSTRUMENT_UPDATED)
        self._plan(entry)
        self._derive_links(underlying_of(normal), entry)
        return entry

    def delist_instrument(
        self, instrument_id: bytes, request: pb.DelistInstrumentRequest, now_ns: int
    ) -> tuple[InstrumentEntry, bool]:
        """The entry after the end of its life, and whether anything changed.

        Raises:
            InvalidArgument: the time is not after its beginning (EFFECTIVE_TIME_INVALID).
            Conflict, UnknownInstrument: as `update_instrument`.
        """
        entry = self._expected(instrument_id, request.expected_revision)
        before = entry.message()
        if before.status == _S.INSTRUMENT_STATUS_DELISTED:
            return entry, False
        end_ns = now_ns
        if request.HasField("time"):
            check_time("time", request.time)
            end_ns = time_ns(request.time)
        if end_ns <= entry.valid_from_ns:
            raise _no_time("trading ends before it began", entry)
        after = pb.Instrument()
        after.CopyFrom(before)
        if not before.HasField("valid_to") or time_ns(before.valid_to) > end_ns:
            after.valid_to.FromNanoseconds(end_ns)
        if end_ns <= now_ns:
            after.status = _S.INSTRUMENT_STATUS_DELISTED
        if after == before:
            return entry, False
        return self._updated(after), True


def _check_changeable(entry: InstrumentEntry, changed: list[str]) -> None:
    """The key's fields stay, and so do references, whose links stay too."""
    fixed = {"asset_type", "venue"}
    if entry.asset_type in identity.PAIRS:
        fixed |= {"base_currency", "quote_currency"}
    if entry.asset_type in identity.ON_CHAIN:
        fixed |= {"chain_id", "contract_address", "pool_tokens"}
    if entry.asset_type in identity.DATED:
        fixed |= {"expires_at"}
    if entry.asset_type in _FIXED_SYMBOL:
        fixed |= {"symbol"}
    if entry.version:
        fixed |= {"valid_from"}  # the period before ends there
    message = entry.message()
    if message.HasField("underlying"):
        fixed |= {"underlying"}
    if identity.is_isin(message.natural_key.split(":", 3)[3]):
        fixed |= {"isin"}
    if message.symbol == "":
        fixed |= {"symbol"}  # it goes by another identifier
    for field in changed:
        if field in fixed:
            raise InvalidArgument(
                f"{field} of {entry.natural_key} cannot change",
                reason=Reason.FIELD_IMMUTABLE,
                field=field,
                id=entry.id,
            )


def _begin(normal: pb.Instrument, entry: InstrumentEntry, effective: Timestamp) -> None:
    """Let a new period begin."""
    check_time("effective_time", effective)
    begin_ns = time_ns(effective)
    if begin_ns <= entry.valid_from_ns:
        raise _no_time("effective_time is not after the beginning of the present period", entry)
    normal.valid_from.FromNanoseconds(begin_ns)
    if normal.HasField("valid_to") and time_ns(normal.valid_to) <= begin_ns:
        if normal.status in _OVER:
            raise _no_time("effective_time is after the end of its validity", entry)
        normal.ClearField("valid_to")  # listed again


def _no_time(problem: str, entry: InstrumentEntry) -> InvalidArgument:
    return InvalidArgument(
        f"{entry.natural_key}: {problem}", reason=Reason.EFFECTIVE_TIME_INVALID, id=entry.id
    )


def _check_status(before: pb.Instrument, after: pb.Instrument, *, as_of: bool) -> None:
    """Announced, then active and halted in turn, then over: back only in a new period."""
    old, new = before.status, after.status
    if old == new:
        return
    good = (
        (old not in _OVER or as_of)
        and new != _S.INSTRUMENT_STATUS_ANNOUNCED
        and (new != _S.INSTRUMENT_STATUS_EXPIRED or after.asset_type in _CAN_EXPIRE)
    )
    if not good:
        raise InvalidArgument(
            f"{before.natural_key} is {_S.Name(old)} and does not become {_S.Name(new)}",
            reason=Reason.STATUS_TRANSITION,
            status=old,
        )
