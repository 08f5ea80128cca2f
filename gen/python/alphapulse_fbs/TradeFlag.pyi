from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class TradeFlag(object):
  OFF_BOOK = cast(int, ...)
  CORRECTION = cast(int, ...)
  LIQUIDATION = cast(int, ...)
  AUCTION = cast(int, ...)

