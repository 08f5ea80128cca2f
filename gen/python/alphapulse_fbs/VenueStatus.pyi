from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class VenueStatus(object):
  NONE = cast(int, ...)
  OPEN = cast(int, ...)
  CLOSED = cast(int, ...)
  HALTED = cast(int, ...)
  AUCTION = cast(int, ...)
  DEGRADED = cast(int, ...)
  DOWN = cast(int, ...)

