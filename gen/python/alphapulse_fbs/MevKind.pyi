from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class MevKind(object):
  NONE = cast(int, ...)
  SANDWICH = cast(int, ...)
  BACKRUN = cast(int, ...)
  LIQUIDATION = cast(int, ...)
  ARBITRAGE = cast(int, ...)
  JIT_LIQUIDITY = cast(int, ...)

