from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class OrderReason(object):
  NONE = cast(int, ...)
  UNKNOWN_INSTRUMENT = cast(int, ...)
  INSTRUMENT_NOT_TRADABLE = cast(int, ...)
  INVALID_PRICE = cast(int, ...)
  PRICE_OFF_TICK = cast(int, ...)
  INVALID_QUANTITY = cast(int, ...)
  QUANTITY_OFF_LOT = cast(int, ...)
  QUANTITY_TOO_SMALL = cast(int, ...)
  QUANTITY_TOO_LARGE = cast(int, ...)
  NOTIONAL_TOO_SMALL = cast(int, ...)
  NOTIONAL_TOO_LARGE = cast(int, ...)
  UNSUPPORTED_ORDER_TYPE = cast(int, ...)
  UNSUPPORTED_TIME_IN_FORCE = cast(int, ...)
  EXPIRY_IN_PAST = cast(int, ...)
  DUPLICATE_CLIENT_ORDER_ID = cast(int, ...)
  UNKNOWN_ORDER = cast(int, ...)
  ORDER_CLOSED = cast(int, ...)
  RATE_LIMIT = cast(int, ...)
  TRADING_HALTED = cast(int, ...)
  REDUCE_ONLY = cast(int, ...)
  EXPOSURE_LIMIT = cast(int, ...)
  PRICE_COLLAR = cast(int, ...)
  STALE_MARKET_DATA = cast(int, ...)
  SELF_TRADE = cast(int, ...)
  NO_LIQUIDITY = cast(int, ...)
  INSUFFICIENT_BALANCE = cast(int, ...)
  RECONCILING = cast(int, ...)
  VENUE_REJECTED = cast(int, ...)
  VENUE_UNAVAILABLE = cast(int, ...)
  USER_REQUESTED = cast(int, ...)
  FILL_OR_KILL = cast(int, ...)
  INVALID_SIDE = cast(int, ...)

