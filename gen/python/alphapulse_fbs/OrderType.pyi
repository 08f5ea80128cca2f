from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class OrderType(object):
  NONE = cast(int, ...)
  MARKET = cast(int, ...)
  LIMIT = cast(int, ...)
  STOP = cast(int, ...)
  STOP_LIMIT = cast(int, ...)

