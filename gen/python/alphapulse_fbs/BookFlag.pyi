from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class BookFlag(object):
  LAST_IN_EVENT = cast(int, ...)
  SNAPSHOT = cast(int, ...)
  VALID = cast(int, ...)

