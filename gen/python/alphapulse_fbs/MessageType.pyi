from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class MessageType(object):
  NONE = cast(int, ...)
  TRADE = cast(int, ...)
  QUOTE = cast(int, ...)
  ORDER_BOOK = cast(int, ...)
  INSTRUMENT_DISCOVERED = cast(int, ...)
  POOL_DISCOVERED = cast(int, ...)
  VENUE_UPDATE = cast(int, ...)
  INSTRUMENT_DISCOVERY = cast(int, ...)
  CROSS_VENUE_OPPORTUNITY = cast(int, ...)
  SYNTHETIC_UPDATE = cast(int, ...)
  ARBITRAGE_OPPORTUNITY = cast(int, ...)
  POSITION_UPDATE = cast(int, ...)
  STRATEGY_ALERT = cast(int, ...)
  REBALANCE_SIGNAL = cast(int, ...)
  RISK_METRIC = cast(int, ...)
  PERFORMANCE_UPDATE = cast(int, ...)
  POOL_ARBITRAGE_SIGNAL = cast(int, ...)
  LIQUIDITY_IMBALANCE = cast(int, ...)
  IMPERMANENT_LOSS_ALERT = cast(int, ...)
  MEV_OPPORTUNITY = cast(int, ...)
  FLASH_LOAN_SIGNAL = cast(int, ...)
  YIELD_FARMING_UPDATE = cast(int, ...)
  GAS_OPTIMIZATION_SIGNAL = cast(int, ...)
  DEFI_SIGNAL = cast(int, ...)
  ORDER_REQUEST = cast(int, ...)
  ORDER_STATUS = cast(int, ...)
  FILL = cast(int, ...)
  ORDER_CANCEL = cast(int, ...)
  ORDER_MODIFY = cast(int, ...)
  EXECUTION_REPORT = cast(int, ...)
  HEARTBEAT = cast(int, ...)
  SNAPSHOT = cast(int, ...)
  ERROR = cast(int, ...)
  CONFIG_UPDATE = cast(int, ...)
  CUSTOM = cast(int, ...)

