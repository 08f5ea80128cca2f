from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class OrderFlag(object):
  POST_ONLY = cast(int, ...)
  REDUCE_ONLY = cast(int, ...)

