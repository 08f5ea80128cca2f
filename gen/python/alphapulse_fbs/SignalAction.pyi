from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class SignalAction(object):
  NONE = cast(int, ...)
  ENTER = cast(int, ...)
  EXIT = cast(int, ...)
  UPDATE = cast(int, ...)

