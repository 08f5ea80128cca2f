"""What may come in: every field of an instrument or a venue checked by itself, without the
registry.

The checked copy is in normal form (decimals without trailing zeros, EVM addresses in lower case,
status filled in), so that equal data are equal messages. Each refusal has its own reason and names
the field. What needs the registry (does the venue exist, is the key free) is the planner's part.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from stdnum import cusip as stdnum_cusip
from stdnum import figi as stdnum_figi
from stdnum import isin as stdnum_isin
from stdnum.exceptions import ValidationError

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry import identity, venue_fields
from alphapulse_mesh.registry.currencies import check_currencies
from alphapulse_mesh.registry.model import time_ns
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf import struct_pb2
    from google.protobuf.timestamp_pb2 import Timestamp

__all__ = [
    "OUTPUT_ONLY",
    "check_address",
    "check_isin_prefix",
    "check_request_id",
    "check_time",
    "normal_address",
    "normalise_instrument",
    "normalise_venue",
]

OUTPUT_ONLY: Final = ("id", "id_text", "natural_key", "revision", "version")
"""Fields of an instrument that the registry gives."""

_SYMBOL_BYTES: Final = 64
_NAME_BYTES: Final = 256
_METADATA_BYTES: Final = 16 << 10
_METADATA_DEPTH: Final = 16
_POOL_TOKENS: Final = 8
_MAX_DECIMALS: Final = 255  # uint8 of ERC-20, and of the fixed record
_PPM: Final = 1_000_000
_MAX_SECONDS: Final = ((1 << 64) - 1) // 1_000_000_000  # times are u64 nanoseconds on the wire

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_DECIMAL: Final = re.compile(r"(0|[1-9][0-9]{0,19})(?:\.([0-9]{1,8}))?")
_SIGNED_DECIMAL: Final = re.compile(r"-?(0|[1-9][0-9]{0,4})(?:\.[0-9]{1,8})?")
_EVM_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_EVM_POOL_ID: Final = re.compile(r"0x[0-9a-fA-F]{64}")
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_SOLANA_ADDRESS: Final = re.compile(f"[{_BASE58}]{{32,44}}")
_ISIN_PREFIX: Final = re.compile(r"[A-Z0-9]{1,12}")
_REQUEST_ID: Final = re.compile(r"[\x21-\x7e]{1,128}")
_VENUE_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_MIC: Final = re.compile(r"[A-Z0-9]{4}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")

_MAX_I64: Final = (1 << 63) - 1
_MAX_U64: Final = (1 << 64) - 1
# field → largest value on the wire (in 1e-8), and whether it may be zero
_DECIMALS: Final = {
    "tick_size": (_MAX_I64, False),
    "lot_size": (_MAX_U64, False),
    "min_quantity": (_MAX_U64, True),
    "max_quantity": (_MAX_U64, False),
    "min_notional": (_MAX_I64, True),
    "contract_multiplier": (_MAX_U64, False),
    "strike_price": (_MAX_I64, False),
}
_TEXTS: Final = (("symbol", _SYMBOL_BYTES), ("name", _NAME_BYTES))
_TIMES: Final = ("expires_at", "valid_from", "valid_to")

_A = common_pb2.AssetType
_ASSET_TYPES: Final = frozenset(common_pb2.AssetType.values())
_STATUSES: Final = frozenset(pb.InstrumentStatus.values())
_WITH_UNDERLYING: Final = identity.DERIVATIVES | {
    _A.ASSET_TYPE_DEPOSITARY_RECEIPT,
    _A.ASSET_TYPE_TOKEN,
}
# field → the asset types that may have it
_ONLY_FOR: Final = {
    "underlying": _WITH_UNDERLYING,
    "isin": identity.SECURITIES | identity.DERIVATIVES,
    "cusip": identity.SECURITIES | identity.DERIVATIVES,
    "share_class_figi": identity.SECURITIES,
    "chain_id": identity.ON_CHAIN,
    "contract_address": identity.ON_CHAIN,
    "inverse": identity.DERIVATIVES,
    "contract_multiplier": identity.DERIVATIVES | {_A.ASSET_TYPE_COMMODITY},
    "expires_at": identity.DATED | {_A.ASSET_TYPE_BOND},
    "strike_price": {_A.ASSET_TYPE_OPTION},
    "option_right": {_A.ASSET_TYPE_OPTION},
    "pool_tokens": {_A.ASSET_TYPE_POOL},
    "pool_fee_ppm": {_A.ASSET_TYPE_POOL},
    "primary_listing": identity.SECURITIES,
}
# asset type → the fields that it cannot do without (securities: see identity.natural_key)
_NEEDED: Final = {
    _A.ASSET_TYPE_CURRENCY: ("symbol",),
    _A.ASSET_TYPE_FX_PAIR: ("base_currency", "quote_currency"),
    _A.ASSET_TYPE_CRYPTO_PAIR: ("symbol", "base_currency", "quote_currency", "venue"),
    _A.ASSET_TYPE_FUTURE: ("symbol", "venue", "expires_at"),
    _A.ASSET_TYPE_PERPETUAL: ("symbol", "venue"),
    _A.ASSET_TYPE_OPTION: ("symbol", "venue", "expires_at", "strike_price", "option_right"),
    _A.ASSET_TYPE_POOL: ("venue", "contract_address"),
    _A.ASSET_TYPE_SYNTHETIC: ("symbol",),
    _A.ASSET_TYPE_COMMODITY: ("symbol",),
}
_WITHOUT_VENUE: Final = {_A.ASSET_TYPE_CURRENCY, _A.ASSET_TYPE_SYNTHETIC}


def normalise_instrument(instrument: pb.Instrument) -> pb.Instrument:
    """A checked copy in normal form, without the fields that the registry gives.

    Raises:
        InvalidArgument: with the reason of the first thing that is wrong.
    """
    kind = instrument.asset_type
    if kind == common_pb2.ASSET_TYPE_UNSPECIFIED:
        raise InvalidArgument("asset_type is missing", reason=Reason.ASSET_TYPE_MISSING)
    if kind not in _ASSET_TYPES:
        raise InvalidArgument(
            f"asset type {kind} is not known", reason=Reason.ASSET_TYPE_UNKNOWN, asset_type=kind
        )
    normal = pb.Instrument()
    normal.CopyFrom(instrument)
    for field in OUTPUT_ONLY:
        normal.ClearField(field)
    _check_status(normal)
    given = {field.name for field, _ in normal.ListFields()}
    _check_fields(kind, given)
    for field, limit in _TEXTS:
        _check_text(field, getattr(normal, field), limit)
    _check_identifiers(normal)
    check_currencies(normal)
    for field in _DECIMALS.keys() & given:
        setattr(normal, field, _normal_decimal(field, getattr(normal, field)))
    _check_quantities(normal)
    _check_chain_fields(normal)
    _check_times(normal, given)
    if "metadata" in given:
        _check_metadata(normal.metadata)
    return normal


def _check_status(normal: pb.Instrument) -> None:
    if normal.status == pb.INSTRUMENT_STATUS_UNSPECIFIED:
        normal.status = pb.INSTRUMENT_STATUS_ACTIVE
    if normal.status not in _STATUSES:
        raise InvalidArgument(
            f"status {normal.status} is not known",
            reason=Reason.STATUS_UNKNOWN,
            status=normal.status,
        )


def _check_fields(kind: common_pb2.AssetType.ValueType, given: set[str]) -> None:
    name = common_pb2.AssetType.Name(kind).removeprefix("ASSET_TYPE_").lower()
    for field in _NEEDED.get(kind, ()):
        if field not in given:
            raise InvalidArgument(
                f"{field} is missing: a {name} needs it",
                reason=Reason.FIELD_MISSING,
                field=field,
                asset_type=name,
            )
    forbidden = {field for field in given if kind not in _ONLY_FOR.get(field, (kind,))}
    if kind in _WITHOUT_VENUE:
        forbidden |= given & {"venue"}
    if forbidden:
        field = min(forbidden)
        raise InvalidArgument(
            f"{field}: a {name} has none",
            reason=Reason.FIELD_FORBIDDEN,
            field=field,
            asset_type=name,
        )


def _check_text(field: str, value: str, limit: int) -> None:
    if len(value.encode()) > limit:
        raise InvalidArgument(
            f"{field}: longer than {limit} bytes",
            reason=Reason.TEXT_TOO_LONG,
            field=field,
            limit=limit,
        )
    if _CONTROL.search(value) or value != value.strip():
        raise InvalidArgument(
            f"{field}: control characters, or space around it: {value!r}",
            reason=Reason.TEXT_INVALID,
            field=field,
        )


# ------------------------------------------------------------------------------------- identifiers


def _check_identifiers(normal: pb.Instrument) -> None:
    if normal.isin:
        _check_number("isin", normal.isin, stdnum_isin.validate, Reason.ISIN_INVALID)
    if normal.cusip:
        _check_number("cusip", normal.cusip, stdnum_cusip.validate, Reason.CUSIP_INVALID)
    for field in ("figi", "share_class_figi", "composite_figi"):
        if value := getattr(normal, field):
            _check_number(field, value, stdnum_figi.validate, Reason.FIGI_INVALID)


def _check_number(field: str, value: str, validate: Callable[[str], str], reason: Reason) -> None:
    """By its own standard, and exactly as the standard writes it: no spaces, no lower case."""
    try:
        problem = "" if validate(value) == value else "not in its normal form"
    except ValidationError as error:
        problem = str(error)
    if problem:
        raise InvalidArgument(f"{field} {value[:32]!r}: {problem}", reason=reason, field=field)


# ----------------------------------------------------------------------------------------- numbers


def _normal_decimal(field: str, value: str) -> str:
    limit, zero = _DECIMALS[field]
    match = _DECIMAL.fullmatch(value)
    if match is None:
        raise InvalidArgument(
            f"{field}: {value[:64]!r} is not decimal text with at most 8 places",
            reason=Reason.DECIMAL_INVALID,
            field=field,
        )
    whole, places = match[1], (match[2] or "").rstrip("0")
    scaled = int(whole + places.ljust(8, "0"))
    if scaled > limit or (not scaled and not zero):
        raise InvalidArgument(
            f"{field}: {value} is not {'from' if zero else 'above'} 0 to {limit / 1e8:.8g}",
            reason=Reason.DECIMAL_OUT_OF_RANGE,
            field=field,
        )
    return f"{whole}.{places}" if places else whole


def _check_quantities(normal: pb.Instrument) -> None:
    least, most = normal.min_quantity, normal.max_quantity
    if least and most and Decimal(least) > Decimal(most):
        raise InvalidArgument(
            f"min_quantity {least} is above max_quantity {most}",
            reason=Reason.QUANTITY_RANGE_EMPTY,
        )
    if normal.decimals > _MAX_DECIMALS:
        raise InvalidArgument(
            f"decimals: {normal.decimals} is beyond {_MAX_DECIMALS}",
            reason=Reason.DECIMALS_OUT_OF_RANGE,
            limit=_MAX_DECIMALS,
        )
    if normal.pool_fee_ppm > _PPM:
        raise InvalidArgument(
            f"pool_fee_ppm: {normal.pool_fee_ppm} is beyond {_PPM}",
            reason=Reason.POOL_FEE_OUT_OF_RANGE,
            limit=_PPM,
        )


# ------------------------------------------------------------------------------------------ chains


def _check_chain_fields(normal: pb.Instrument) -> None:
    if len(normal.pool_tokens) > _POOL_TOKENS:
        raise InvalidArgument(
            f"pool_tokens: {len(normal.pool_tokens)} are more than {_POOL_TOKENS}",
            reason=Reason.FIELD_FORBIDDEN,
            field="pool_tokens",
        )
    normal.contract_address = normal_address(normal.contract_address)


def normal_address(address: str) -> str:
    """EVM addresses (20 bytes, or a pool id of 32) in lower case, others as they are."""
    return address.lower() if address[:2] in {"0x", "0X"} else address


def check_address(address: str, *, solana: bool, pool: bool) -> None:
    """Whether `address`, in normal form, can be one of that chain.

    Raises:
        InvalidArgument: it cannot (ADDRESS_INVALID).
    """
    if solana:
        good = _SOLANA_ADDRESS.fullmatch(address) is not None and _base58_bytes(address) == 32
        form = "32 bytes in base 58"
    else:
        good = _EVM_ADDRESS.fullmatch(address) is not None or (
            pool and _EVM_POOL_ID.fullmatch(address) is not None
        )
        good = good and int(address, 16) != 0
        form = "0x and 40 hexadecimal digits, not all zero"
    if not good:
        raise InvalidArgument(
            f"contract_address: {address[:80]!r} is not {form}",
            reason=Reason.ADDRESS_INVALID,
            field="contract_address",
        )


def _base58_bytes(text: str) -> int:
    """How many bytes base-58 text stands for; leading 1s are zero bytes."""
    number = 0
    for character in text:
        number = number * 58 + _BASE58.index(character)
    zeros = len(text) - len(text.lstrip("1"))
    return zeros + (number.bit_length() + 7) // 8


# ------------------------------------------------------------------------------- times and metadata


def _check_times(normal: pb.Instrument, given: set[str]) -> None:
    for field in _TIMES:
        if field in given:
            check_time(field, getattr(normal, field))
    start = time_ns(normal.valid_from)
    if "expires_at" in given and "valid_from" in given and time_ns(normal.expires_at) <= start:
        raise InvalidArgument(
            "expires_at is not after valid_from", reason=Reason.EXPIRY_BEFORE_START
        )
    if "valid_to" in given and time_ns(normal.valid_to) <= start:
        raise InvalidArgument("valid_to is not after valid_from", reason=Reason.VALIDITY_EMPTY)


def check_time(field: str, value: Timestamp) -> None:
    """From 1970 to 2554.

    Raises:
        InvalidArgument: it is not (TIME_INVALID).
    """
    if not (0 <= value.seconds < _MAX_SECONDS and 0 <= value.nanos < 1_000_000_000):
        raise InvalidArgument(
            f"{field}: not a time from 1970 to 2554", reason=Reason.TIME_INVALID, field=field
        )


def _check_metadata(metadata: struct_pb2.Struct) -> None:
    size = metadata.ByteSize()
    if size > _METADATA_BYTES:
        raise InvalidArgument(
            f"metadata: {size} bytes are more than {_METADATA_BYTES}",
            reason=Reason.METADATA_TOO_LARGE,
            limit=_METADATA_BYTES,
        )
    for value in metadata.fields.values():
        _check_value(value, 1)


def _check_value(value: struct_pb2.Value, depth: int) -> None:
    """JSON has neither infinite numbers nor missing values, and a reader's stack has an end."""
    kind = value.WhichOneof("kind")
    if (
        kind is None
        or depth > _METADATA_DEPTH
        or (kind == "number_value" and not math.isfinite(value.number_value))
    ):
        raise InvalidArgument(
            f"metadata: a value that JSON cannot say, or more than {_METADATA_DEPTH} levels",
            reason=Reason.METADATA_INVALID,
        )
    if kind == "struct_value":
        for inner in value.struct_value.fields.values():
            _check_value(inner, depth + 1)
    elif kind == "list_value":
        for inner in value.list_value.values:
            _check_value(inner, depth + 1)


# --------------------------------------------------------------------------------- venues, requests


def normalise_venue(venue: pb.Venue) -> pb.Venue:
    """A checked copy, without the revision.

    Raises:
        InvalidArgument: with the reason of the first thing that is wrong.
    """
    normal = pb.Venue()
    normal.CopyFrom(venue)
    normal.ClearField("revision")
    normal.ClearField("retired")
    if not _VENUE_NAME.fullmatch(venue.name):
        raise InvalidArgument(
            f"venue name {venue.name[:80]!r} is not upper snake case of at most 64 characters",
            reason=Reason.VENUE_NAME_INVALID,
        )
    if venue.kind == pb.VENUE_KIND_UNSPECIFIED or venue.kind not in pb.VenueKind.values():
        raise InvalidArgument(f"{venue.name}: kind is missing", reason=Reason.VENUE_KIND_MISSING)
    if venue.kind == pb.VENUE_KIND_CHAIN and not venue.chain_id:
        raise InvalidArgument(
            f"{venue.name}: a chain needs its chain_id", reason=Reason.VENUE_CHAIN_MISSING
        )
    if venue.mic and not _MIC.fullmatch(venue.mic):
        raise InvalidArgument(
            f"{venue.name}: MIC {venue.mic[:32]!r} is not 4 characters of A-Z and 0-9",
            reason=Reason.VENUE_MIC_INVALID,
        )
    if venue.country and not _COUNTRY.fullmatch(venue.country):
        raise InvalidArgument(
            f"{venue.name}: country {venue.country[:32]!r} is not an ISO 3166 code of two letters",
            reason=Reason.VENUE_COUNTRY_INVALID,
        )
    try:
        _check_text("title", venue.title, _NAME_BYTES)
    except InvalidArgument as error:
        raise InvalidArgument(
            f"{venue.name}: {error}", reason=Reason.VENUE_TEXT_INVALID, field="title"
        ) from None
    for field in ("maker_fee_bps", "taker_fee_bps"):
        setattr(normal, field, _normal_fee(field, getattr(venue, field)))
    venue_fields.check(normal, _normal_fee)
    if venue.HasField("metadata"):
        _check_metadata(venue.metadata)
    return normal


def _normal_fee(field: str, value: str) -> str:
    if not value:
        return value
    if not _SIGNED_DECIMAL.fullmatch(value) or abs(float(value)) > 10_000:
        raise InvalidArgument(
            f"{field}: {value[:32]!r} is not decimal text from -10000 to 10000",
            reason=Reason.VENUE_FEE_INVALID,
            field=field,
        )
    trimmed = value.rstrip("0").rstrip(".") if "." in value else value
    return "0" if trimmed == "-0" else trimmed


def check_request_id(request_id: str) -> None:
    """Empty, or up to 128 printable characters without space.

    Raises:
        InvalidArgument: REQUEST_ID_INVALID.
    """
    if request_id and not _REQUEST_ID.fullmatch(request_id):
        raise InvalidArgument(
            "request_id is up to 128 printable ASCII characters without space",
            reason=Reason.REQUEST_ID_INVALID,
        )


def check_isin_prefix(prefix: str) -> None:
    """Empty, or what an ISIN may begin with.

    Raises:
        InvalidArgument: WATCH_FILTER_INVALID.
    """
    if prefix and not _ISIN_PREFIX.fullmatch(prefix):
        raise InvalidArgument(
            f"isin_prefix: {prefix[:32]!r} begins no ISIN", reason=Reason.WATCH_FILTER_INVALID
        )
