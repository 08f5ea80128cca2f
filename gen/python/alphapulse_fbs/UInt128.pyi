from __future__ import annotations

import flatbuffers
import numpy as np

import typing

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class UInt128(object):
  @classmethod
  def SizeOf(cls) -> int: ...

  def Init(self, buf: bytes, pos: int) -> None: ...
  def Lo(self) -> int: ...
  def Hi(self) -> int: ...

def CreateUInt128(builder: flatbuffers.Builder, lo: int, hi: int) -> uoffset: ...

