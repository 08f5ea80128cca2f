from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class DeFiVenueType(object):
  NONE = cast(int, ...)
  UNISWAP_V2 = cast(int, ...)
  UNISWAP_V3 = cast(int, ...)
  CURVE = cast(int, ...)
  BALANCER = cast(int, ...)

