"""A venue's connectivity, fee tiers and calendar: each field checked by itself."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["check"]

_MIC: Final = re.compile(r"[A-Z0-9]{4}")
_CURRENCY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.$_\-]{0,31}")
_CALENDAR: Final = re.compile(r"[A-Za-z0-9_/\-]{1,32}")
_PURPOSE: Final = re.compile(r"[a-z][a-z0-9\-]{0,31}")
_VOLUME: Final = re.compile(r"(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,8})?")
_MOST: Final = 64
_URL_BYTES: Final = 512
_P = pb.EndpointProtocol
_SCHEMES: Final = {
    _P.ENDPOINT_PROTOCOL_REST: {"http", "https"},
    _P.ENDPOINT_PROTOCOL_WEBSOCKET: {"ws", "wss"},
    _P.ENDPOINT_PROTOCOL_FIX: {"tcp", "tls"},
    _P.ENDPOINT_PROTOCOL_RPC: {"http", "https", "ws", "wss"},
}


def check(normal: pb.Venue, normal_fee: Callable[[str, str], str]) -> None:
    """Check and put into normal form, in place.

    Raises:
        InvalidArgument: with the reason of the first thing that is wrong.
    """
    for endpoint in normal.endpoints:
        _check_endpoint(endpoint)
    if len(normal.endpoints) > _MOST or len(normal.fee_tiers) > _MOST:
        raise InvalidArgument(
            f"{normal.name}: more than {_MOST} endpoints or tiers",
            reason=Reason.VENUE_TIERS_INVALID,
            limit=_MOST,
        )
    _check_tiers(normal, normal_fee)
    if normal.fee_currency and not _CURRENCY.fullmatch(normal.fee_currency):
        raise InvalidArgument(
            f"{normal.name}: fee_currency {normal.fee_currency[:32]!r} is not a currency code",
            reason=Reason.VENUE_FEE_INVALID,
            field="fee_currency",
        )
    if normal.calendar and not _CALENDAR.fullmatch(normal.calendar):
        raise InvalidArgument(
            f"{normal.name}: calendar {normal.calendar[:32]!r} is no calendar's name",
            reason=Reason.VENUE_CALENDAR_INVALID,
        )
    if normal.operating_mic and not _MIC.fullmatch(normal.operating_mic):
        raise InvalidArgument(
            f"{normal.name}: operating_mic is not 4 characters of A-Z and 0-9",
            reason=Reason.VENUE_MIC_INVALID,
        )
    if normal.status not in pb.VenueStatus.values():
        raise InvalidArgument(
            f"{normal.name}: status {normal.status} is not known",
            reason=Reason.VENUE_STATUS_UNKNOWN,
        )


def _check_endpoint(endpoint: pb.VenueEndpoint) -> None:
    schemes = _SCHEMES.get(endpoint.protocol, set())
    try:
        parts = urlsplit(endpoint.url)
        good = (
            parts.scheme in schemes
            and bool(parts.hostname)
            and not parts.username  # no secrets in a registry
            and (parts.port is not None or "tcp" not in schemes)
        )
    except ValueError:
        good = False
    purpose = not endpoint.purpose or _PURPOSE.fullmatch(endpoint.purpose) is not None
    if not good or not purpose or len(endpoint.url) > _URL_BYTES:
        raise InvalidArgument(
            f"endpoint {endpoint.url[:80]!r}: a protocol, a URL of one of {sorted(schemes)} "
            "without a user, and a purpose in lower case",
            reason=Reason.VENUE_ENDPOINT_INVALID,
        )


def _check_tiers(normal: pb.Venue, normal_fee: Callable[[str, str], str]) -> None:
    last = Decimal(-1)
    for tier in normal.fee_tiers:
        if not _VOLUME.fullmatch(tier.min_volume) or Decimal(tier.min_volume) <= last:
            raise InvalidArgument(
                f"{normal.name}: tiers begin at decimal volumes that rise",
                reason=Reason.VENUE_TIERS_INVALID,
            )
        last = Decimal(tier.min_volume)
        for field in ("maker_fee_bps", "taker_fee_bps"):
            value = normal_fee(field, getattr(tier, field))
            if not value:
                raise InvalidArgument(
                    f"{normal.name}: a tier without {field}", reason=Reason.VENUE_TIERS_INVALID
                )
            setattr(tier, field, value)
