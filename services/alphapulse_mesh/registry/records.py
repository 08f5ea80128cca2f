"""The fixed record of an instrument: what fits 128 bytes, as the index and batch answers hold it
(schemas/flatbuffers/alphapulse/registry.fbs).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from alphapulse_layout import InstrumentFlag
from alphapulse_mesh.registry import identity

if TYPE_CHECKING:
    from alphapulse.registry.v1 import registry_pb2 as pb

__all__ = ["RECORD_BYTES", "instrument_record", "scaled"]

_RECORD: Final = struct.Struct("<16sqQ32s20s12s12s12sIBBH")
RECORD_BYTES: Final = _RECORD.size
_SYMBOL_BYTES: Final = 32
_PLACES: Final = 8


def scaled(decimal: str) -> int:
    """Decimal text in normal form as an integer of 1e-8; 0 when empty."""
    whole, _, places = decimal.partition(".")
    return int((whole or "0") + places.ljust(_PLACES, "0"))


def instrument_record(instrument: pb.Instrument) -> bytes:
    """The record of an instrument as the registry holds it. An address that is not 20 bytes (a
    32-byte pool id, base 58) is left out: such an instrument is found by its id.
    """
    symbol = instrument.symbol.encode()
    flags = 0
    if instrument.inverse:
        flags |= InstrumentFlag.INVERSE
    if instrument.primary_listing:
        flags |= InstrumentFlag.PRIMARY_LISTING
    if len(symbol) > _SYMBOL_BYTES:
        flags |= InstrumentFlag.SYMBOL_TRUNCATED
        symbol = symbol[:_SYMBOL_BYTES].decode(errors="ignore").encode()
    address = instrument.contract_address
    evm = address.startswith("0x") and len(address) == 42
    return _RECORD.pack(
        identity.from_message(instrument.id),
        scaled(instrument.tick_size),
        scaled(instrument.lot_size),
        symbol,
        bytes.fromhex(address[2:]) if evm else b"",
        instrument.isin.encode(),
        instrument.figi.encode(),
        instrument.cusip.encode(),
        instrument.chain_id,
        instrument.decimals,
        instrument.status,
        flags,
    )
