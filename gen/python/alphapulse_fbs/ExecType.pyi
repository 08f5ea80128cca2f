from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class ExecType(object):
  NONE = cast(int, ...)
  PENDING_NEW = cast(int, ...)
  NEW = cast(int, ...)
  TRADE = cast(int, ...)
  PENDING_CANCEL = cast(int, ...)
  CANCELED = cast(int, ...)
  PENDING_REPLACE = cast(int, ...)
  REPLACED = cast(int, ...)
  REJECTED = cast(int, ...)
  EXPIRED = cast(int, ...)
  RESTATED = cast(int, ...)
  TRADE_CORRECT = cast(int, ...)
  TRADE_CANCEL = cast(int, ...)
  ORDER_STATUS = cast(int, ...)
  SUSPENDED = cast(int, ...)
  CANCEL_REJECTED = cast(int, ...)

