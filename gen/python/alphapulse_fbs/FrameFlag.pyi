from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class FrameFlag(object):
  COMPRESSION_BIT_0 = cast(int, ...)
  COMPRESSION_BIT_1 = cast(int, ...)
  PRIORITY_BIT_0 = cast(int, ...)
  PRIORITY_BIT_1 = cast(int, ...)
  SNAPSHOT = cast(int, ...)
  REPLAY = cast(int, ...)

