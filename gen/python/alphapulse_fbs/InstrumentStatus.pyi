from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class InstrumentStatus(object):
  NONE = cast(int, ...)
  ANNOUNCED = cast(int, ...)
  ACTIVE = cast(int, ...)
  HALTED = cast(int, ...)
  EXPIRED = cast(int, ...)
  DELISTED = cast(int, ...)

