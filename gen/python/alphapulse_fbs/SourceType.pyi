from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class SourceType(object):
  NONE = cast(int, ...)
  BINANCE_COLLECTOR = cast(int, ...)
  KRAKEN_COLLECTOR = cast(int, ...)
  COINBASE_COLLECTOR = cast(int, ...)
  POLYGON_COLLECTOR = cast(int, ...)
  ALPACA_COLLECTOR = cast(int, ...)
  SIMULATOR_COLLECTOR = cast(int, ...)
  MARKET_DATA_RELAY = cast(int, ...)
  SIGNAL_RELAY = cast(int, ...)
  EXECUTION_RELAY = cast(int, ...)
  SYSTEM_RELAY = cast(int, ...)
  REGISTRY = cast(int, ...)
  ARBITRAGE_STRATEGY = cast(int, ...)
  MOMENTUM_STRATEGY = cast(int, ...)
  MARKET_MAKING_STRATEGY = cast(int, ...)
  PORTFOLIO_MANAGER = cast(int, ...)
  RISK_MANAGER = cast(int, ...)
  EXECUTION_ENGINE = cast(int, ...)
  VENUE_CONNECTOR = cast(int, ...)
  EXTERNAL = cast(int, ...)

