from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class Compression(object):
  NONE = cast(int, ...)
  LZ4 = cast(int, ...)
  ZSTD = cast(int, ...)
  SNAPPY = cast(int, ...)

