from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class TlvType(object):
  NONE = cast(int, ...)
  POOL_ADDRESSES = cast(int, ...)
  TERTIARY_VENUE = cast(int, ...)
  MEV_BUNDLE = cast(int, ...)
  SLIPPAGE_MODEL = cast(int, ...)
  FLASH_LOAN_PARAMS = cast(int, ...)
  LIQUIDATION_TARGET = cast(int, ...)
  SANDWICH_PARAMS = cast(int, ...)
  GAS_OPTIMIZATION = cast(int, ...)
  CROSS_CHAIN = cast(int, ...)
  LAYER2_PARAMS = cast(int, ...)
  CAUSE = cast(int, ...)
  CUSTOM_STRATEGY = cast(int, ...)
  RESERVED = cast(int, ...)

