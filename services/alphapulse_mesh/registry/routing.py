"""Smart order routing: the books of the moment, fees at the caller's tier, latency, reliability and
the state of venues, to a venue or a split; and how every line was judged. Exact decimals, no clock.

Levels are taken in the order of what they cost: price in the instrument's currency, with the taker
fee and a penalty in basis points for latency and failures, which urgency scales. A greedy take by
that order is the cheapest split, because the cost of a level is linear; each line gets whole lots.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Final

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry import identity, queries
from alphapulse_mesh.registry.fees import Fees, amount, line_fees, plain, price_currency, price_unit
from alphapulse_mesh.registry.quotes import LiveBook
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.search import listings
from alphapulse_mesh.registry.venue_metrics import summary
from alphapulse_mesh.runtime.errors import InvalidArgument, UnknownInstrument

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alphapulse_mesh.registry.model import InstrumentEntry
    from alphapulse_mesh.registry.quotes import LiveQuotes
    from alphapulse_mesh.registry.state import RegistryState
    from alphapulse_mesh.registry.venue_metrics import VenueMetrics

__all__ = ["route"]

_BOOKS: Final = 100
_LEVELS: Final = 1000
_BPS: Final = Decimal(10_000)
_FULL: Final = 10_000
_ARITHMETIC: Final = Context(prec=50, rounding=ROUND_HALF_EVEN)
_STEP: Final = Decimal("1e-8")
_U = pb.RouteUrgency
_WEIGHT: Final = {
    _U.ROUTE_URGENCY_UNSPECIFIED: 1,
    _U.ROUTE_URGENCY_PATIENT: 0,
    _U.ROUTE_URGENCY_NORMAL: 1,
    _U.ROUTE_URGENCY_IMMEDIATE: 10,
}
_SHUT: Final = {
    pb.VENUE_STATUS_CLOSED: "VENUE_CLOSED",
    pb.VENUE_STATUS_HALTED: "VENUE_HALTED",
    pb.VENUE_STATUS_DOWN: "VENUE_DOWN",
}
_LATENCY_BPS_PER_SECOND: Final = Decimal(1)
"""What a second of latency costs at normal urgency."""
_FAILURE_BPS: Final = Decimal(10)
"""What certain failure would cost at normal urgency."""


Level = tuple[Decimal, Decimal]
"""Price and quantity."""
Rate = Callable[[str, str], Decimal | None]
"""What one unit of a currency is worth in another, where that is known."""


@dataclass(slots=True)
class _Line:
    """One line on a venue, as it is judged."""

    entry: InstrumentEntry
    levels: list[Level]
    choice: pb.RouteChoice
    fees: Fees | None
    rate: Decimal | None
    """Of its currency in that of the instrument."""
    lot: Decimal
    """0 where it has none."""
    penalty_bps: Decimal = Decimal(0)
    taken: list[Level] = field(default_factory=list)


@dataclass(slots=True)
class _Order:
    """What is asked, read."""

    state: RegistryState
    metrics: VenueMetrics
    request: pb.RouteOrderRequest
    now_ns: int
    buy: bool
    limit: Decimal | None
    unit: tuple[str, Decimal]
    """Currency of the instrument's price, and how much of it a price of 1 is."""
    volumes: Mapping[int, str]
    rate: Rate


def route(
    state: RegistryState,
    metrics: VenueMetrics,
    request: pb.RouteOrderRequest,
    now_ns: int,
    live: LiveQuotes | None = None,
) -> pb.RouteOrderResponse:
    """`RouteOrderResponse`. `live` has the books when the request has none, and rates.

    Raises:
        InvalidArgument: no side, quantity or books, or a book of another instrument or out of order
            (ROUTE_INVALID); no decimal text (AMOUNT_INVALID).
        UnknownInstrument: no such instrument.
    """
    entry = state.instruments.get(identity.from_message(request.instrument_id))
    if entry is None:
        raise UnknownInstrument(
            "instrument_id: no such instrument", reason=Reason.INSTRUMENT_UNKNOWN
        )
    if request.side not in {pb.ROUTE_SIDE_BUY, pb.ROUTE_SIDE_SELL}:
        raise _invalid("side is missing")
    if request.urgency not in _WEIGHT:
        raise _invalid("urgency is not known")
    quantity = amount("quantity", request.quantity)
    if not quantity:
        raise _invalid("quantity is missing")
    buy = request.side == pb.ROUTE_SIDE_BUY
    books = [_given(book) for book in request.books]
    if not books and live is not None:
        books = live.books(entry, now_ns)
    if not 0 < len(books) <= _BOOKS:
        raise _invalid(
            f"1 to {_BOOKS} books are needed, or fresh quotes of its lines: there "
            "are none that are fresh"
        )
    order = _Order(
        state,
        metrics,
        request,
        now_ns,
        buy,
        amount("limit_price", request.limit_price) if request.limit_price else None,
        price_unit(state, entry),
        _volumes(state, request),
        _rates(request, now_ns, live),
    )
    same = {other.id: other for other, _ in listings(state, entry)}
    lines = [_line(order, book, same) for book in books]
    if len({line.entry.id for line in lines}) < len(lines):
        raise _invalid("an instrument has two books")
    usable = [line for line in lines if not line.choice.excluded]
    rest = _take(usable, quantity, request.max_venues, buy=buy)
    for line in usable:
        line.choice.chosen = bool(line.taken)
        line.choice.levels_taken = len(line.taken)
        line.choice.taken = plain(sum((size for _, size in line.taken), Decimal(0)))
        if not line.taken and rest and not line.choice.excluded:
            line.choice.excluded = "MAX_VENUES"
    usable.sort(key=lambda line: _effective(line, line.levels[0][0], buy=buy), reverse=not buy)
    excluded = [line for line in lines if line not in usable]
    return pb.RouteOrderResponse(
        legs=[_leg(line, buy=buy) for line in usable if line.taken],
        unrouted_quantity=plain(rest),
        choices=[line.choice for line in (*usable, *excluded)],
        revision=state.revision,
    )


def _volumes(state: RegistryState, request: pb.RouteOrderRequest) -> dict[int, str]:
    """The caller's volume by venue, where the request says it venue by venue."""
    if len(request.volumes) > _BOOKS:
        raise _invalid(f"at most {_BOOKS} volumes")
    return {
        queries.find_venue(state, each.venue).message.venue: each.volume for each in request.volumes
    }


def _rates(request: pb.RouteOrderRequest, now_ns: int, live: LiveQuotes | None) -> Rate:
    """The request's rates, either way round, before the live ones."""
    if len(request.rates) > _BOOKS:
        raise _invalid(f"at most {_BOOKS} rates")
    said: dict[tuple[str, str], Decimal] = {}
    for each in request.rates:
        value = amount("rate", each.rate)
        if not value or not each.source or not each.target:
            raise _invalid("a rate has a source, a target and a value above 0")
        said[each.source, each.target] = value

    def rate(source: str, target: str) -> Decimal | None:
        if source == target:
            return Decimal(1)
        if (source, target) in said:
            return said[source, target]
        if (target, source) in said:
            return _ARITHMETIC.divide(Decimal(1), said[target, source])
        return live.rate(source, target, now_ns) if live is not None else None

    return rate


def _given(book: pb.RouteBook) -> LiveBook:
    """A book of the request."""
    bids, asks = _levels(book.bids, rising=False), _levels(book.asks, rising=True)
    instrument_id = identity.from_message(book.instrument_id)
    return LiveBook(instrument_id, bids, asks, pb.BOOK_SOURCE_REQUEST, 0, book.volume)


def _invalid(message: str) -> InvalidArgument:
    return InvalidArgument(message, reason=Reason.ROUTE_INVALID)


def _line(order: _Order, book: LiveBook, same: dict[bytes, InstrumentEntry]) -> _Line:
    """What a line is judged by."""
    entry = same.get(book.instrument_id)
    if entry is None or not entry.venue:
        raise _invalid("a book is not one of the instrument or of a line of the same")
    state, request = order.state, order.request
    venue = state.venues[entry.venue].message
    currency, unit = price_unit(state, entry)
    rate = order.rate(currency, order.unit[0])
    if rate is not None and unit != order.unit[1]:  # pence against pounds
        rate = _ARITHMETIC.divide(rate * unit, order.unit[1])
    levels = _within(order, book, rate)
    volume = amount("volume", book.volume or order.volumes.get(entry.venue, request.volume))
    fees = line_fees(state, entry, volume)
    hour_ago = order.now_ns - 3_600_000_000_000
    measured = summary(order.metrics.of(entry.venue, hour_ago, order.now_ns + 1))
    reliability = measured.mean_reliability_score or _FULL
    latency_ns = measured.median_order_ack_latency_ns or measured.median_latency_ns
    weight = _WEIGHT[request.urgency]
    latency_bps = weight * _LATENCY_BPS_PER_SECOND * latency_ns / 1_000_000_000
    failure_bps = weight * (
        _FAILURE_BPS * (_FULL - reliability) / _FULL
        + _FAILURE_BPS * measured.reject_ppm / 1_000_000
    )
    penalty = latency_bps + failure_bps
    choice = pb.RouteChoice(
        instrument_id=identity.to_message(entry.id),
        venue=entry.venue,
        available=plain(sum((each[1] for each in levels), Decimal(0))),
        levels=len(levels),
        taken="0",
        latency_ns=measured.median_latency_ns,
        order_ack_latency_ns=measured.median_order_ack_latency_ns,
        reliability_score=reliability,
        reject_ppm=measured.reject_ppm,
        latency_penalty_bps=plain(latency_bps),
        failure_penalty_bps=plain(failure_bps),
        penalty_bps=plain(penalty),
        status=venue.status,
        fee_bps=plain(fees.taker_bps) if fees else "",
        fee_tier=fees.tier if fees else -1,
        volume=plain(volume),
        book_source=book.source,
        book_age_ns=book.age_ns,
        currency=price_currency(entry),
        rate=plain(_rounded(rate)) if rate else "",
    )
    lot = Decimal(entry.message().lot_size or 0)
    line = _Line(entry, levels, choice, fees, rate, lot, penalty)
    choice.excluded = _exclusion(line, venue, order.now_ns)
    if levels:
        choice.price = plain(levels[0][0])
        if rate:
            best = _effective(line, levels[0][0], buy=order.buy)
            choice.effective_price = plain(_rounded(best))
    return line


def _within(order: _Order, book: LiveBook, rate: Decimal | None) -> list[Level]:
    """The levels of the side that is taken, to the depth and within the limit that is asked for."""
    levels = (book.asks if order.buy else book.bids)[: order.request.depth or None]
    if order.limit is None or rate is None:
        return levels
    limit = order.limit
    prices = [_ARITHMETIC.multiply(price, rate) for price, _ in levels]
    return [
        level
        for level, price in zip(levels, prices, strict=True)
        if (price <= limit if order.buy else price >= limit)
    ]


def _exclusion(line: _Line, venue: pb.Venue, now_ns: int) -> str:
    entry = line.entry
    if venue.status in _SHUT:
        return _SHUT[venue.status]
    if entry.status != pb.INSTRUMENT_STATUS_ACTIVE:
        return "INSTRUMENT_NOT_ACTIVE"
    if not entry.valid_from_ns <= now_ns < entry.valid_until_ns:
        return "INSTRUMENT_NOT_VALID"
    if line.fees is None:
        return "FEES_UNKNOWN"  # it could be the dearest of all
    if line.rate is None:
        return "RATE_UNKNOWN"
    return "" if line.levels else "NO_LIQUIDITY"


def _levels(given: Iterable[pb.RouteLevel], *, rising: bool) -> list[Level]:
    levels = [(amount("price", each.price), amount("quantity", each.quantity)) for each in given]
    prices = [price for price, _ in levels]
    if len(levels) > _LEVELS or any(not price or not size for price, size in levels):
        raise _invalid(f"a level has a price and a quantity, a book at most {_LEVELS} levels")
    if prices != sorted(prices, reverse=not rising):
        raise _invalid("the levels of a book begin with the best")
    return levels


def _effective(line: _Line, price: Decimal, *, buy: bool) -> Decimal:
    """What a unit costs, or brings, with fee and penalty, in the instrument's currency."""
    bps = (line.fees.taker_bps if line.fees else Decimal(0)) + line.penalty_bps
    factor = 1 + bps / _BPS if buy else 1 - bps / _BPS
    assert line.rate is not None, "lines without a rate are excluded"
    return _ARITHMETIC.multiply(_ARITHMETIC.multiply(price, line.rate), factor)


def _rounded(price: Decimal) -> Decimal:
    return price.quantize(_STEP, context=_ARITHMETIC)


def _take(lines: list[_Line], quantity: Decimal, max_venues: int, *, buy: bool) -> Decimal:
    """Take levels, the cheapest first; what remains. With a bound on venues the lines that would
    fill most, then best, are kept.
    """
    if max_venues and len(lines) > max_venues:
        kept: list[_Line] = []
        while len(kept) < max_venues:
            kept.append(
                min(
                    (line for line in lines if line not in kept),
                    key=lambda line: _cost(kept, line, quantity, buy=buy),
                )
            )
        lines = kept
    rest, taken = _fill(lines, quantity, buy=buy)
    for line in lines:
        line.taken = taken.get(line.entry.id, [])
        if rest and not line.taken:
            line.choice.excluded = "LOT_SIZE"  # only that keeps it from taking of the rest
    return rest


def _fill(
    lines: list[_Line], quantity: Decimal, *, buy: bool
) -> tuple[Decimal, dict[bytes, list[Level]]]:
    """Take what is cheapest, in whole lots; what remains, and the levels by line."""
    offers = []
    for position, line in enumerate(lines):
        for parts in _in_lots(line):
            total = sum((size for _, size in parts), Decimal(0))
            cost = _effective(line, _average(parts, total), buy=buy)
            offers.append((cost, position, total, parts))
    offers.sort(key=lambda offer: (offer[0] if buy else -offer[0], offer[1]))
    taken: defaultdict[bytes, list[Level]] = defaultdict(list)
    rest = quantity
    for _, position, total, parts in offers:
        if not rest:
            break
        line = lines[position]
        got = _whole(line, min(rest, total))
        if got:
            # what is cut is of one level: a lot of several is taken or not
            _add(taken[line.entry.id], parts if got == total else [(parts[0][0], got)])
            rest -= got
    return rest, taken


def _average(parts: list[Level], total: Decimal) -> Decimal:
    """The price of all of it."""
    if len(parts) == 1:
        return parts[0][0]
    notional = sum((price * size for price, size in parts), Decimal(0))
    return _ARITHMETIC.divide(notional, total)


def _whole(line: _Line, size: Decimal) -> Decimal:
    """As much of a size as is whole lots."""
    return size - _ARITHMETIC.remainder(size, line.lot) if line.lot else size


def _in_lots(line: _Line) -> Iterator[list[Level]]:
    """The levels of a line as whole lots: those within one level together, one across levels for
    itself. What is no whole lot at the end is nobody's.
    """
    begun: list[Level] = []
    for price, size in line.levels:
        left = size
        if begun:
            part = min(left, line.lot - sum((each for _, each in begun), Decimal(0)))
            begun.append((price, part))
            left -= part
            if not _whole(line, sum((each for _, each in begun), Decimal(0))):
                continue
            yield begun
            begun = []
        whole = _whole(line, left)
        if whole:
            yield [(price, whole)]
        if left > whole:
            begun = [(price, left - whole)]


def _add(taken: list[Level], parts: list[Level]) -> None:
    """A level of which lots were taken before is one level still."""
    for price, size in parts:
        if taken and taken[-1][0] == price:
            taken[-1] = (price, taken[-1][1] + size)
        else:
            taken.append((price, size))


def _cost(kept: list[_Line], line: _Line, quantity: Decimal, *, buy: bool) -> tuple[Decimal, ...]:
    """What stays open with this line added, then what the rest costs."""
    lines = [*kept, line]
    rest, taken = _fill(lines, quantity, buy=buy)
    total = sum(
        (
            _effective(each, price, buy=buy) * size
            for each in lines
            for price, size in taken.get(each.entry.id, ())
        ),
        Decimal(0),
    )
    return rest, total if buy else -total


def _leg(line: _Line, *, buy: bool) -> pb.RouteLeg:
    quantity = sum((size for _, size in line.taken), Decimal(0))
    notional = sum((price * size for price, size in line.taken), Decimal(0))
    prices = [price for price, _ in line.taken]
    assert line.fees is not None, "lines without fees are excluded"
    return pb.RouteLeg(
        instrument_id=identity.to_message(line.entry.id),
        venue=line.entry.venue,
        quantity=plain(quantity),
        limit_price=plain(max(prices) if buy else min(prices)),
        average_price=plain(_rounded(_ARITHMETIC.divide(notional, quantity))),
        fee=plain(notional * line.fees.taker_bps / _BPS),
        levels=[
            pb.RouteLevel(price=plain(price), quantity=plain(size)) for price, size in line.taken
        ],
    )
