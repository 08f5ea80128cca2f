"""The spans of the walk and the parent → child edges that a trace of a filled order must have.

The end-to-end test finds every edge in what an OTLP receiver got; `alphapulse trace show` orders
its tree by this table. Span names are used from here, never typed again.

    collector.publish ─┬─ relay.publish (relay-market-data)
                       └─ strategy.decide ── signal.publish ─┬─ relay.publish (relay-signal)
                                                             └─ portfolio.decide ── order.submit
    order.submit ── execution.accept ─┬─ execution.risk
                                      └─ venue.submit ── execution.fill ─┬─ relay.publish
                                                                         └─ portfolio.fill
"""

from __future__ import annotations

from typing import Final, NamedTuple

from alphapulse_mesh.runtime.names import Service

__all__ = [
    "COLLECTOR_PUBLISH",
    "EDGES",
    "EXECUTION_ACCEPT",
    "EXECUTION_FILL",
    "EXECUTION_RISK",
    "ORDER_SUBMIT",
    "PORTFOLIO_DECIDE",
    "PORTFOLIO_FILL",
    "RELAY_PUBLISH",
    "SIGNAL_PUBLISH",
    "STRATEGY_DECIDE",
    "VENUE_SUBMIT",
    "Edge",
    "SpanKey",
]

COLLECTOR_PUBLISH: Final = "collector.publish"
"""Message id of the market-data frame."""
RELAY_PUBLISH: Final = "relay.publish"
"""In each relay, child of the span whose id is the frame's message id."""
STRATEGY_DECIDE: Final = "strategy.decide"
SIGNAL_PUBLISH: Final = "signal.publish"
"""Message id of the signal frame."""
PORTFOLIO_DECIDE: Final = "portfolio.decide"
ORDER_SUBMIT: Final = "order.submit"
"""Message id of the order frame."""
EXECUTION_ACCEPT: Final = "execution.accept"
EXECUTION_RISK: Final = "execution.risk"
VENUE_SUBMIT: Final = "venue.submit"
EXECUTION_FILL: Final = "execution.fill"
"""Message id of the fill frame."""
PORTFOLIO_FILL: Final = "portfolio.fill"


class SpanKey(NamedTuple):
    """A span name in a service."""

    name: str
    service: Service


class Edge(NamedTuple):
    """`child` has `parent` as its parent span."""

    parent: SpanKey
    child: SpanKey


_TICK = SpanKey(COLLECTOR_PUBLISH, Service.COLLECTOR)
_DECISION = SpanKey(STRATEGY_DECIDE, Service.STRATEGY)
_SIGNAL = SpanKey(SIGNAL_PUBLISH, Service.STRATEGY)
_SIZING = SpanKey(PORTFOLIO_DECIDE, Service.PORTFOLIO)
_ORDER = SpanKey(ORDER_SUBMIT, Service.PORTFOLIO)
_ACCEPT = SpanKey(EXECUTION_ACCEPT, Service.EXECUTION)
_VENUE = SpanKey(VENUE_SUBMIT, Service.EXECUTION)
_FILL = SpanKey(EXECUTION_FILL, Service.EXECUTION)

EDGES: Final[tuple[Edge, ...]] = (
    Edge(_TICK, SpanKey(RELAY_PUBLISH, Service.RELAY_MARKET_DATA)),
    Edge(_TICK, _DECISION),
    Edge(_DECISION, _SIGNAL),
    Edge(_SIGNAL, SpanKey(RELAY_PUBLISH, Service.RELAY_SIGNAL)),
    Edge(_SIGNAL, _SIZING),
    Edge(_SIZING, _ORDER),
    Edge(_ORDER, _ACCEPT),
    Edge(_ACCEPT, SpanKey(EXECUTION_RISK, Service.EXECUTION)),
    Edge(_ACCEPT, _VENUE),
    Edge(_VENUE, _FILL),
    Edge(_FILL, SpanKey(RELAY_PUBLISH, Service.RELAY_EXECUTION)),
    Edge(_FILL, SpanKey(PORTFOLIO_FILL, Service.PORTFOLIO)),
)
