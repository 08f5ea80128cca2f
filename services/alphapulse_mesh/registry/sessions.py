"""When venues trade, from exchange_calendars. Its import takes a second and brings pandas, so it
waits until somebody asks about a session, and calendars are made in a thread and kept.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.runtime.errors import NotFound, OutOfRange

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar

__all__ = ["ALWAYS", "calendar_name", "sessions"]

ALWAYS: Final = "24/7"
_ROUND_THE_CLOCK: Final = {
    pb.VENUE_KIND_CRYPTO_EXCHANGE,
    pb.VENUE_KIND_DEX,
    pb.VENUE_KIND_CHAIN,
    pb.VENUE_KIND_SIMULATED,
}
_SAME_AS: Final = {
    **dict.fromkeys(("XNAS", "ARCX", "XASE", "BATS", "IEXG"), "XNYS"),
    **dict.fromkeys(("XCME", "XCBT", "XNYM", "XCEC"), "CMES"),
}
"""MICs whose sessions are those of another calendar of the library."""


def calendar_name(venue: pb.Venue) -> str:
    """The calendar that a venue trades by; empty where none is known."""
    if venue.calendar:
        return venue.calendar
    if venue.kind in _ROUND_THE_CLOCK:
        return ALWAYS
    return _SAME_AS.get(venue.mic, venue.mic)


@lru_cache(maxsize=64)
def _calendar(name: str) -> ExchangeCalendar:
    import exchange_calendars  # noqa: PLC0415  # a second, and pandas: only for who asks
    from exchange_calendars.errors import InvalidCalendarName  # noqa: PLC0415  # likewise

    try:
        return exchange_calendars.get_calendar(name)
    except InvalidCalendarName:
        raise NotFound(
            f"there is no trading calendar {name!r}",
            reason=Reason.VENUE_CALENDAR_UNKNOWN,
            calendar=name,
        ) from None


def sessions(venue: pb.Venue, time_ns: int) -> pb.GetSessionsResponse:
    """Whether `venue` trades at a time and what comes next, without the revision. Blocks: the first
    question about a calendar takes up to seconds.

    Raises:
        NotFound: no calendar is known for it (VENUE_CALENDAR_UNKNOWN).
        OutOfRange: the calendar does not reach that far (SESSION_OUT_OF_RANGE).
    """
    name = calendar_name(venue)
    if name == ALWAYS:
        return pb.GetSessionsResponse(calendar=ALWAYS, open=True, always_open=True, time_zone="UTC")
    if not name:
        raise NotFound(
            f"no trading calendar is known for {venue.name}",
            reason=Reason.VENUE_CALENDAR_UNKNOWN,
            venue=venue.venue,
        )
    calendar = _calendar(name)
    import pandas as pd  # noqa: PLC0415  # it is there by now

    moment: Any = pd.Timestamp(time_ns, tz="UTC").floor("min")
    if not calendar.first_minute <= moment < calendar.last_minute:
        raise OutOfRange(
            f"{name} is known from {calendar.first_minute} to {calendar.last_minute}",
            reason=Reason.SESSION_OUT_OF_RANGE,
            calendar=name,
        )
    answer = pb.GetSessionsResponse(
        calendar=name,
        open=bool(calendar.is_open_on_minute(moment)),
        time_zone=str(calendar.tz),
    )
    answer.next_open.FromNanoseconds(calendar.next_open(moment).value)
    answer.next_close.FromNanoseconds(calendar.next_close(moment).value)
    return answer
