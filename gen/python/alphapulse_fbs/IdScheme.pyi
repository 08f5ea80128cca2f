from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class IdScheme(object):
  NONE = cast(int, ...)
  SYMBOL = cast(int, ...)
  ISIN = cast(int, ...)
  PAIR = cast(int, ...)
  NUMERIC = cast(int, ...)
  HASH = cast(int, ...)

