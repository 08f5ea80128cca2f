"""Cross-venue opportunities: the same thing, or a thing and its derivative, that can be bought in
one place for less than it can be sold for in another, fees and currencies taken off.

Incremental: a quote is held against the quotes of its counterparts alone, which the registry's
links and pairs name. A share is compared across currencies at the live rate of an FX pair; where
there is none, or a venue's fees are not known, nothing is claimed.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from blake3 import blake3

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client import frames
from alphapulse_client.context import format_traceparent
from alphapulse_client.decimals import fixed_text
from alphapulse_layout import MessageType, SourceType
from alphapulse_mesh.registry import identity
from alphapulse_mesh.registry.counterparts import counterparts
from alphapulse_mesh.registry.fees import line_fees, plain, price_currency, price_unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alphapulse_client.context import FrameContext
    from alphapulse_mesh.registry.model import InstrumentEntry
    from alphapulse_mesh.registry.quotes import LiveQuotes, Quote
    from alphapulse_mesh.registry.state import RegistryState

__all__ = ["LEAST_BPS", "Opportunities", "Opportunity", "opportunity_frame", "opportunity_message"]

LEAST_BPS: Final = Decimal(1)
"""What is worth telling."""
_BPS: Final = Decimal(10_000)
_FULL: Final = 10_000
_STEP: Final = Decimal("1e-8")
_I32: Final = (1 << 31) - 1
_LIVES_NS: Final = 1_000_000_000
"""How long an opportunity is held for real without a further quote."""


class Opportunity(NamedTuple):
    """Buy `a` at its ask, sell `b` at its bid."""

    a: InstrumentEntry
    b: InstrumentEntry
    ask: Quote
    bid: Quote
    bps: Decimal
    """What remains of the price, in basis points of what is paid."""
    rate: Decimal
    """What a price of 1 at `b` is in `a`'s price: of currencies, and of hundredths of them."""
    fees_bps: tuple[Decimal, Decimal]
    """Taker fees of the two venues."""
    currencies: tuple[str, str]
    """What the two prices are in."""

    @property
    def size(self) -> int:
        """What both sides show, 1e-8."""
        return min(self.ask.ask_size, self.bid.bid_size)

    @property
    def key(self) -> tuple[bytes, bytes]:
        """The two instruments."""
        return self.a.id, self.b.id

    @property
    def number(self) -> int:
        """The same for the same two quotes, wherever it is found."""
        times = (self.ask.exchange_time, self.bid.exchange_time)
        digest = blake3(self.a.id + self.b.id + repr(times).encode()).digest()
        return int.from_bytes(digest[:8], "little")

    @property
    def kind(self) -> pb.OpportunityKind.ValueType:
        """What makes the two comparable."""
        kinds = {self.a.asset_type, self.b.asset_type}
        if kinds & identity.DERIVATIVES:
            return pb.OPPORTUNITY_KIND_BASIS
        if kinds & identity.PAIRS:
            return pb.OPPORTUNITY_KIND_SAME_PAIR
        if kinds & identity.ON_CHAIN:
            return pb.OPPORTUNITY_KIND_SAME_TOKEN
        return pb.OPPORTUNITY_KIND_SAME_SECURITY

    def confidence(self, now_ns: int) -> int:
        """0 to 10,000, by the age of the older quote."""
        oldest = min(self.ask.receive_time, self.bid.receive_time)
        age = min(max(now_ns - oldest, 0) / _LIVES_NS, 1.0)
        return round(_FULL * (1 - age))


class Opportunities:
    """Finds them as quotes move."""

    def __init__(
        self, state: RegistryState, quotes: LiveQuotes, least_bps: Decimal = LEAST_BPS
    ) -> None:
        """Nothing is known yet."""
        self._state = state
        self._quotes = quotes
        self._least_bps = least_bps
        self._counterparts: dict[bytes, list[InstrumentEntry]] = {}
        self._units: dict[bytes, tuple[str, Decimal]] = {}
        self._across: defaultdict[frozenset[str], set[bytes]] = defaultdict(set)
        """Two currencies → instruments that are compared at a rate between them."""
        self._revision = -1
        self._told: dict[tuple[bytes, bytes], tuple[int, int, int]] = {}

    def move(self, moved: Iterable[bytes], now_ns: int) -> list[Opportunity]:
        """What there is now that these instruments' quotes have moved, the best first; the same
        prices are not told twice, unless a rate between them makes it other basis points.
        """
        if self._revision != self._state.revision:  # links and listings may be others
            self._counterparts.clear()
            self._units.clear()
            self._revision = self._state.revision
        found: dict[tuple[bytes, bytes], Opportunity] = {}
        for instrument_id in self._with_rates(moved):
            entry = self._state.instruments.get(instrument_id)
            if entry is None:
                continue
            for other in self._others(entry):
                for a, b in ((entry, other), (other, entry)):
                    key = (a.id, b.id)
                    if key not in found:
                        opportunity = self._between(a, b, now_ns)
                        if opportunity is None:
                            self._told.pop(key, None)
                        elif self._news(key, opportunity):
                            found[key] = opportunity
        return sorted(found.values(), key=lambda each: each.bps, reverse=True)

    def _with_rates(self, moved: Iterable[bytes]) -> Iterable[bytes]:
        """What moved, and what is compared at a rate that moved."""
        every = dict.fromkeys(moved)
        for instrument_id in list(every):
            entry = self._state.instruments.get(instrument_id)
            if entry is not None and entry.asset_type == common_pb2.ASSET_TYPE_FX_PAIR:
                currencies = frozenset(entry.natural_key.split(":", 3)[3].split("/"))
                every.update(dict.fromkeys(self._across.get(currencies, ())))
        return every

    def standing(self, now_ns: int) -> list[Opportunity]:
        """What was told and is there still, by the quotes of this moment, the best first."""
        found = []
        for one, other in list(self._told):
            a, b = self._state.instruments[one], self._state.instruments[other]
            opportunity = self._between(a, b, now_ns)
            if opportunity is None:
                del self._told[one, other]
            else:
                found.append(opportunity)
        return sorted(found, key=lambda each: each.bps, reverse=True)

    def _news(self, key: tuple[bytes, bytes], opportunity: Opportunity) -> bool:
        prices = (opportunity.ask.ask, opportunity.bid.bid, int(opportunity.bps))
        if self._told.get(key) == prices:
            return False
        self._told[key] = prices
        return True

    def _others(self, entry: InstrumentEntry) -> list[InstrumentEntry]:
        """The same on other venues, and what derives from it or what it derives from."""
        known = self._counterparts.get(entry.id)
        if known is None:
            known = self._counterparts[entry.id] = counterparts(self._state, entry)
        return known

    def _between(self, a: InstrumentEntry, b: InstrumentEntry, now_ns: int) -> Opportunity | None:
        if not (_tradable(a, now_ns) and _tradable(b, now_ns)):
            return None
        ask, bid = self._quotes.quote(a.id, now_ns), self._quotes.quote(b.id, now_ns)
        if ask is None or bid is None or ask.ask <= 0 or bid.bid <= 0:
            return None
        bought, sold = (line_fees(self._state, each, Decimal(0)) for each in (a, b))
        if bought is None or sold is None:
            return None
        (currency, unit), (other, other_unit) = self._unit(a), self._unit(b)
        if other != currency:
            self._across[frozenset((other, currency))].add(a.id)
        rate = self._quotes.rate(other, currency, now_ns)
        if rate is None:
            return None
        if unit != other_unit:
            rate = rate * other_unit / unit
        paid = ask.ask * (1 + bought.taker_bps / _BPS)
        got = bid.bid * rate * (1 - sold.taker_bps / _BPS)
        bps = (got - paid) / paid * _BPS
        if bps < self._least_bps:
            return None
        fees = (bought.taker_bps, sold.taker_bps)
        currencies = (price_currency(a), price_currency(b))
        return Opportunity(a, b, ask, bid, bps, rate, fees, currencies)

    def _unit(self, entry: InstrumentEntry) -> tuple[str, Decimal]:
        """What its price is in: as registered, without asking what that is worth elsewhere."""
        known = self._units.get(entry.id)
        if known is None:
            known = self._units[entry.id] = price_unit(self._state, entry)
        return known


def _tradable(entry: InstrumentEntry, now_ns: int) -> bool:
    valid = entry.valid_from_ns <= now_ns < entry.valid_until_ns
    return valid and entry.status == pb.INSTRUMENT_STATUS_ACTIVE and entry.venue != 0


def opportunity_message(
    opportunity: Opportunity, context: FrameContext, now_ns: int
) -> pb.Opportunity:
    """What a watcher is told; `context` is that of the frame that says the same."""
    a, b, ask, bid = opportunity.a, opportunity.b, opportunity.ask, opportunity.bid
    message = pb.Opportunity(
        opportunity_id=opportunity.number,
        kind=opportunity.kind,
        buy_instrument_id=identity.to_message(a.id),
        buy_venue=a.venue,
        buy_price=fixed_text(ask.ask),
        buy_currency=opportunity.currencies[0],
        buy_fee_bps=plain(opportunity.fees_bps[0]),
        sell_instrument_id=identity.to_message(b.id),
        sell_venue=b.venue,
        sell_price=fixed_text(bid.bid),
        sell_currency=opportunity.currencies[1],
        sell_fee_bps=plain(opportunity.fees_bps[1]),
        rate=plain(_rounded(opportunity.rate)),
        spread_bps=plain(_rounded(opportunity.bps)),
        max_quantity=fixed_text(opportunity.size),
        confidence=opportunity.confidence(now_ns),
        traceparent=format_traceparent(context),
    )
    message.time.FromNanoseconds(max(ask.receive_time, bid.receive_time))
    message.expires_at.FromNanoseconds(now_ns + _LIVES_NS)
    return message


def _rounded(number: Decimal) -> Decimal:
    return number.quantize(_STEP, rounding=ROUND_HALF_EVEN)


def opportunity_frame(
    found: Sequence[Opportunity],
    context: FrameContext,
    now_ns: int,
    causes: Iterable[tuple[bytes, bytes]] = (),
) -> bytes:
    """One frame of CrossVenueOpportunity rows: `a` is bought at `price_a`, `b` sold at `price_b`,
    each in its own currency; `spread_bps` is what remains after fees, in `a`'s currency. `causes`:
    (trace id, span id) of the frames with the other sides' quotes.
    """
    rows = frames.rows(MessageType.CROSS_VENUE_OPPORTUNITY, len(found))
    ids = [b"".join(getattr(each, side).id for each in found) for side in ("a", "b")]
    rows["instrument_a_id"] = np.frombuffer(ids[0], rows.dtype["instrument_a_id"])
    rows["instrument_b_id"] = np.frombuffer(ids[1], rows.dtype["instrument_b_id"])
    for row, each in zip(rows, found, strict=True):
        row["opportunity_id"] = each.number
        row["exchange_time"] = max(each.ask.exchange_time, each.bid.exchange_time)
        row["receive_time"] = max(each.ask.receive_time, each.bid.receive_time)
        row["expires_at"] = now_ns + _LIVES_NS
        row["price_a"], row["price_b"] = each.ask.ask, each.bid.bid
        row["max_size"] = each.size
        row["isin"] = (each.a.isin or each.b.isin).encode()
        row["spread_bps"] = min(int(each.bps), _I32)
        row["venue_a"], row["venue_b"] = each.a.venue, each.b.venue
        row["confidence"] = each.confidence(now_ns)
    return frames.encode(
        MessageType.CROSS_VENUE_OPPORTUNITY,
        rows,
        source=SourceType.REGISTRY,
        context=context,
        timestamp=now_ns,
        causes=causes,
    )
