from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class ServiceState(object):
  NONE = cast(int, ...)
  STARTING = cast(int, ...)
  SERVING = cast(int, ...)
  DRAINING = cast(int, ...)
  STOPPED = cast(int, ...)
  FAILED = cast(int, ...)

