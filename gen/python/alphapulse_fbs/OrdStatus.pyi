from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class OrdStatus(object):
  NONE = cast(int, ...)
  PENDING_NEW = cast(int, ...)
  NEW = cast(int, ...)
  PARTIALLY_FILLED = cast(int, ...)
  FILLED = cast(int, ...)
  PENDING_CANCEL = cast(int, ...)
  CANCELED = cast(int, ...)
  PENDING_REPLACE = cast(int, ...)
  REJECTED = cast(int, ...)
  EXPIRED = cast(int, ...)
  SUSPENDED = cast(int, ...)
  STOPPED = cast(int, ...)
  DONE_FOR_DAY = cast(int, ...)
  CALCULATED = cast(int, ...)

