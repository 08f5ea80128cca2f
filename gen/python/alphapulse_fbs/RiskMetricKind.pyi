from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class RiskMetricKind(object):
  NONE = cast(int, ...)
  VALUE_AT_RISK = cast(int, ...)
  EXPECTED_SHORTFALL = cast(int, ...)
  GROSS_EXPOSURE = cast(int, ...)
  NET_EXPOSURE = cast(int, ...)
  LEVERAGE = cast(int, ...)
  DRAWDOWN = cast(int, ...)
  VOLATILITY = cast(int, ...)
  CONCENTRATION = cast(int, ...)
  MARGIN_USED = cast(int, ...)

