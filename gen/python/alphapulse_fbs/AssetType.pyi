from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class AssetType(object):
  NONE = cast(int, ...)
  TOKEN = cast(int, ...)
  STOCK = cast(int, ...)
  ETF = cast(int, ...)
  INDEX = cast(int, ...)
  BOND = cast(int, ...)
  CURRENCY = cast(int, ...)
  FX_PAIR = cast(int, ...)
  CRYPTO_PAIR = cast(int, ...)
  FUTURE = cast(int, ...)
  PERPETUAL = cast(int, ...)
  OPTION = cast(int, ...)
  POOL = cast(int, ...)
  SYNTHETIC = cast(int, ...)
  DEPOSITARY_RECEIPT = cast(int, ...)
  FUND = cast(int, ...)
  COMMODITY = cast(int, ...)

