"""Natural keys and the ids made of them; docs/identity.md is the rule, the core does the
arithmetic.

A natural key is the text `v1:<asset type>:<venue>:<local key>`, and the id is a pure function of
that text alone (`make_id`): the scheme follows from the asset type and the shape of the local key.
Which local key an instrument has is decided here too (`natural_key`). Whether a key is free is the
planner's question.
"""

from __future__ import annotations

import datetime as dt
import re
import struct
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from stdnum import isin as stdnum_isin

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse_core import (
    instrument_id_hash,
    instrument_id_isin,
    instrument_id_numeric,
    instrument_id_pair,
    instrument_id_symbol,
)
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from alphapulse.registry.v1 import registry_pb2 as pb

__all__ = [
    "DATED",
    "DERIVATIVES",
    "ID_BYTES",
    "KEYED_BY_NAME",
    "KEYED_BY_SYMBOL",
    "ON_CHAIN",
    "PAIRS",
    "SECURITIES",
    "HashId",
    "NaturalKey",
    "from_message",
    "is_id",
    "is_isin",
    "make_id",
    "natural_key",
    "parse_id",
    "scheme_of",
    "successor",
    "to_message",
    "type_number",
]

ID_BYTES: Final = 16
_ID: Final = struct.Struct("<QHBBI")
_ID_TEXT: Final = re.compile(r"[0-9a-fA-F]{32}")

HashId = Callable[[int, int, str, int], bytes]
"""`instrument_id_hash`, or a stand-in for tests of collisions: (asset type, venue, key, attempt).
"""

_A = common_pb2.AssetType
SECURITIES: Final = frozenset(
    {
        _A.ASSET_TYPE_STOCK,
        _A.ASSET_TYPE_ETF,
        _A.ASSET_TYPE_INDEX,
        _A.ASSET_TYPE_BOND,
        _A.ASSET_TYPE_DEPOSITARY_RECEIPT,
        _A.ASSET_TYPE_FUND,
    }
)
"""What an ISIN can stand for."""
PAIRS: Final = frozenset({_A.ASSET_TYPE_FX_PAIR, _A.ASSET_TYPE_CRYPTO_PAIR})
ON_CHAIN: Final = frozenset({_A.ASSET_TYPE_TOKEN, _A.ASSET_TYPE_POOL})
DATED: Final = frozenset({_A.ASSET_TYPE_FUTURE, _A.ASSET_TYPE_OPTION})
DERIVATIVES: Final = DATED | {_A.ASSET_TYPE_PERPETUAL}
KEYED_BY_NAME: Final = frozenset(
    {
        _A.ASSET_TYPE_INDEX,
        _A.ASSET_TYPE_FUND,
        _A.ASSET_TYPE_COMMODITY,
        _A.ASSET_TYPE_SYNTHETIC,
        _A.ASSET_TYPE_CURRENCY,
    }
)
"""What may be named by its symbol alone, without a venue."""
KEYED_BY_SYMBOL: Final = SECURITIES | {_A.ASSET_TYPE_PERPETUAL, _A.ASSET_TYPE_COMMODITY}
"""What goes by a symbol that its venue may change, or give to another later."""
_SYMBOL: Final = re.compile(r"[A-Z0-9.\-]{1,12}")
_CODE: Final = re.compile(r"[A-Z0-9]{1,6}")
_ISIN: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,19}")
_MAX_U64: Final = (1 << 64) - 1

_TYPE_NAMES: Final[Mapping[int, str]] = {
    number: name.removeprefix("ASSET_TYPE_").lower()
    for name, number in common_pb2.AssetType.items()
    if number
}
_TYPE_NUMBERS: Final = {name: number for number, name in _TYPE_NAMES.items()}

NATIVE_COIN: Final = "native"
"""Local key of a chain's own coin, which has no contract address."""


class NaturalKey(NamedTuple):
    """What makes an instrument that instrument and no other."""

    asset_type: int
    venue: int
    local: str

    @property
    def text(self) -> str:
        """The canonical text, e.g. `v1:crypto_pair:1:BTC/USDT`; case is kept."""
        return f"v1:{_TYPE_NAMES[self.asset_type]}:{self.venue}:{self.local}"


def is_isin(text: str) -> bool:
    """Whether `text` has form and check digit of an ISIN (ISO 6166), whatever its country."""
    return _ISIN.fullmatch(text) is not None and (
        stdnum_isin.calc_check_digit(text[:-1]) == text[-1]
    )


def scheme_of(key: NaturalKey) -> int:
    """The `IdScheme` of a key: the first reversible one that its local key fits, else HASH."""
    asset_type, _, local = key
    if asset_type in DATED:
        return common_pb2.ID_SCHEME_NUMERIC if _is_number(local) else common_pb2.ID_SCHEME_HASH
    if asset_type in PAIRS:
        base, _, quote = local.partition("/")
        fits = _CODE.fullmatch(base) and _CODE.fullmatch(quote)
        return common_pb2.ID_SCHEME_PAIR if fits else common_pb2.ID_SCHEME_HASH
    if asset_type in ON_CHAIN or not _SYMBOL.fullmatch(local):
        return common_pb2.ID_SCHEME_HASH
    if asset_type in SECURITIES and is_isin(local):
        return common_pb2.ID_SCHEME_ISIN
    return common_pb2.ID_SCHEME_SYMBOL


def make_id(key: NaturalKey, attempt: int = 0, hash_id: HashId = instrument_id_hash) -> bytes:
    """The 16 bytes of a key. `attempt` n > 0 is the n-th fallback of a hashed key that lost a
    collision; reversible ids cannot collide and take no attempt.
    """
    asset_type, venue, local = key
    match scheme_of(key):
        case common_pb2.ID_SCHEME_HASH:
            return hash_id(asset_type, venue, key.text, attempt)
        case common_pb2.ID_SCHEME_SYMBOL:
            made = instrument_id_symbol(asset_type, venue, local)
        case common_pb2.ID_SCHEME_ISIN:
            made = instrument_id_isin(asset_type, venue, local)
        case common_pb2.ID_SCHEME_PAIR:
            made = instrument_id_pair(asset_type, venue, *local.split("/"))
        case _:
            made = instrument_id_numeric(asset_type, venue, int(local))
    assert attempt == 0, f"{key.text} has a reversible id"
    return made


def natural_key(instrument: pb.Instrument, requested: bytes | None = None) -> NaturalKey:
    """The key of an instrument that passed validation and has its venue.

    `requested` is the id that the caller gave, if any: for a dated contract one of scheme NUMERIC
    is the venue's own number, and that is the key.

    Raises:
        InvalidArgument: nothing in it names it uniquely (KEY_MISSING).
    """
    return NaturalKey(instrument.asset_type, instrument.venue, _local(instrument, requested))


def _local(instrument: pb.Instrument, requested: bytes | None) -> str:
    kind = instrument.asset_type
    if kind in PAIRS:
        return f"{instrument.base_currency}/{instrument.quote_currency}"
    if kind == common_pb2.ASSET_TYPE_TOKEN:
        return instrument.contract_address or NATIVE_COIN
    if kind == common_pb2.ASSET_TYPE_POOL:
        return f"{instrument.chain_id}:{instrument.contract_address}"
    if kind in DATED:
        if requested is not None:
            number, _, _, scheme, _ = _ID.unpack(requested)
            if scheme == common_pb2.ID_SCHEME_NUMERIC:
                return str(number)
        last = dt.datetime.fromtimestamp(instrument.expires_at.seconds, dt.UTC)
        return f"{instrument.symbol}@{last:%Y%m%d}"
    if kind in SECURITIES:
        return _security(instrument)
    return instrument.symbol


def _security(instrument: pb.Instrument) -> str:
    """A line on a venue goes by its symbol there; a security as such by its ISIN."""
    if instrument.venue and instrument.symbol:
        return instrument.symbol
    if instrument.isin:
        return instrument.isin
    figi = instrument.figi if instrument.venue else instrument.share_class_figi
    if figi:
        return f"figi:{figi}"
    if instrument.symbol and instrument.asset_type in KEYED_BY_NAME:
        return instrument.symbol
    raise InvalidArgument(
        "a security without a venue needs an ISIN or a share-class FIGI, one with a venue a symbol",
        reason=Reason.KEY_MISSING,
    )


def is_id(text: str) -> bool:
    """Whether `text` is 32 hexadecimal digits."""
    return _ID_TEXT.fullmatch(text) is not None


def type_number(name: str) -> int:
    """The asset type of a natural key's word; 0 for none."""
    return _TYPE_NUMBERS.get(name, 0)


def successor(key: NaturalKey, valid_from_ns: int) -> NaturalKey:
    """The key of the instrument that a venue gave a used symbol to: with the day that it did."""
    day = dt.datetime.fromtimestamp(valid_from_ns // 1_000_000_000, dt.UTC)
    return key._replace(local=f"{key.local}@{day:%Y%m%d}")


def _is_number(local: str) -> bool:
    return _NUMBER.fullmatch(local) is not None and int(local) <= _MAX_U64


# ------------------------------------------------------------------------------------------- forms


def to_message(instrument_id: bytes) -> common_pb2.InstrumentId:
    """The protobuf form of 16 bytes."""
    asset_id, venue, asset_type, scheme, salt = _ID.unpack(instrument_id)
    return common_pb2.InstrumentId(
        asset_id=asset_id, venue=venue, asset_type=asset_type, scheme=scheme, salt=salt
    )


def from_message(message: common_pb2.InstrumentId) -> bytes:
    """The 16 bytes of the protobuf form.

    Raises:
        InvalidArgument: a field beyond its width (ID_INVALID).
    """
    try:
        return _ID.pack(
            message.asset_id, message.venue, message.asset_type, message.scheme, message.salt
        )
    except struct.error:
        raise InvalidArgument(
            "an instrument id has a 16-bit venue, an 8-bit asset type and an 8-bit scheme",
            reason=Reason.ID_INVALID,
            venue=message.venue,
            asset_type=message.asset_type,
            scheme=message.scheme,
        ) from None


def parse_id(text: str, field: str = "id") -> bytes:
    """The 16 bytes of 32 hexadecimal digits.

    Raises:
        InvalidArgument: anything else (ID_INVALID).
    """
    if not _ID_TEXT.fullmatch(text):
        raise InvalidArgument(
            f"{field}: an instrument id is 32 hexadecimal digits, not {text[:64]!r}",
            reason=Reason.ID_INVALID,
            field=field,
        )
    return bytes.fromhex(text)
