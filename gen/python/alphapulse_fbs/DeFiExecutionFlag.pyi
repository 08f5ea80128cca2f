from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class DeFiExecutionFlag(object):
  PRIVATE_TRANSACTION = cast(int, ...)
  ALLOW_PARTIAL = cast(int, ...)
  NEEDS_APPROVAL_A = cast(int, ...)
  NEEDS_APPROVAL_B = cast(int, ...)
  USE_FLASH_LOAN = cast(int, ...)
  HIGH_PRIORITY = cast(int, ...)

