"""What trading costs on a venue: the fee schedule and the tier of a volume. Exact decimals."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry import identity
from alphapulse_mesh.registry.currencies import is_listed
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.runtime.currencies import MINOR_UNITS
from alphapulse_mesh.runtime.errors import FailedPrecondition, InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alphapulse_mesh.registry.model import InstrumentEntry
    from alphapulse_mesh.registry.state import RegistryState

__all__ = [
    "Fees",
    "amount",
    "fees_at",
    "line_fees",
    "plain",
    "price_currency",
    "price_unit",
    "quote_fees",
]

_AMOUNT: Final = re.compile(r"[0-9]{1,24}(?:\.[0-9]{1,18})?")
_BPS: Final = Decimal(10_000)
_ONE: Final = Decimal(1)
_HUNDREDTH: Final = Decimal("0.01")


class Fees(NamedTuple):
    """Fees at one volume, basis points."""

    maker_bps: Decimal
    taker_bps: Decimal
    tier: int
    """Position in the venue's tiers, -1 below the first."""


def amount(field: str, text: str) -> Decimal:
    """A number that is not negative; 0 when empty.

    Raises:
        InvalidArgument: it is not decimal text (AMOUNT_INVALID).
    """
    if text and not _AMOUNT.fullmatch(text):
        raise InvalidArgument(
            f"{field}: {text[:64]!r} is not decimal text from 0 on",
            reason=Reason.AMOUNT_INVALID,
            field=field,
        )
    return Decimal(text or 0)


def plain(number: Decimal) -> str:
    """Decimal text without exponent and trailing zeros."""
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text


def fees_at(venue: pb.Venue, volume: Decimal) -> Fees | None:
    """The fees at a volume of 30 days; None where the venue's schedule says nothing of it."""
    tiers: Sequence[pb.FeeTier] = venue.fee_tiers
    tier = -1
    for position, step in enumerate(tiers):
        if volume >= Decimal(step.min_volume or 0):
            tier = position
    found = tiers[tier] if tier >= 0 else venue
    if not found.maker_fee_bps or not found.taker_fee_bps:
        return None
    return Fees(Decimal(found.maker_fee_bps), Decimal(found.taker_fee_bps), tier)


def line_fees(state: RegistryState, entry: InstrumentEntry, volume: Decimal) -> Fees | None:
    """The fees of a line at a volume of 30 days: its venue's, or the pool's own."""
    if entry.asset_type == common_pb2.ASSET_TYPE_POOL:
        own_ppm = entry.message().pool_fee_ppm
        if own_ppm:
            bps = Decimal(own_ppm) / 100
            return Fees(bps, bps, -1)
    return fees_at(state.venues[entry.venue].message, volume)


def price_currency(entry: InstrumentEntry) -> str:
    """What a line's price is in: its quote currency, and for a pool its second token."""
    message = entry.message()
    if entry.asset_type == common_pb2.ASSET_TYPE_POOL and len(message.pool_tokens) == 2:
        return identity.from_message(message.pool_tokens[1]).hex()
    return message.quote_currency


def price_unit(state: RegistryState, entry: InstrumentEntry) -> tuple[str, Decimal]:
    """The currency of a line's price, and how much of it a price of 1 is: a hundredth of GBP for a
    share in GBX. What crypto venues call `USX` is a currency of its own.
    """
    code = price_currency(entry)
    if code in MINOR_UNITS:
        venue = state.venues[entry.venue].message if entry.venue else pb.Venue()
        if is_listed(entry.asset_type, venue):
            return MINOR_UNITS[code], _HUNDREDTH
    return code, _ONE


def quote_fees(venue: pb.Venue, request: pb.QuoteFeesRequest) -> pb.QuoteFeesResponse:
    """What a trade costs, without the revision.

    Raises:
        InvalidArgument: volume or notional are no numbers (AMOUNT_INVALID).
        FailedPrecondition: the venue's fees are not known (VENUE_FEES_UNKNOWN).
    """
    volume = amount("volume", request.volume)
    notional = amount("notional", request.notional)
    fees = fees_at(venue, volume)
    if fees is None:
        raise FailedPrecondition(
            f"the fees of {venue.name} at that volume are not known: set them with UpdateVenue, or "
            "import ccxt's markets of it",
            reason=Reason.VENUE_FEES_UNKNOWN,
            venue=venue.venue,
        )
    following = venue.fee_tiers[fees.tier + 1 :]
    return pb.QuoteFeesResponse(
        maker_fee_bps=plain(fees.maker_bps),
        taker_fee_bps=plain(fees.taker_bps),
        maker_fee=plain(notional * fees.maker_bps / _BPS),
        taker_fee=plain(notional * fees.taker_bps / _BPS),
        tier=fees.tier,
        next_tier_volume=following[0].min_volume if following else "",
    )
