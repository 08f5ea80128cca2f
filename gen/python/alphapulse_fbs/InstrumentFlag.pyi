from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class InstrumentFlag(object):
  INVERSE = cast(int, ...)
  PRIMARY_LISTING = cast(int, ...)
  SYMBOL_TRUNCATED = cast(int, ...)
  COLLISION = cast(int, ...)

