from __future__ import annotations

import flatbuffers
import numpy as np

import typing

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class TraceId(object):
  @classmethod
  def SizeOf(cls) -> int: ...

  def Init(self, buf: bytes, pos: int) -> None: ...
  def W0(self) -> int: ...
  def W1(self) -> int: ...

def CreateTraceId(builder: flatbuffers.Builder, w0: int, w1: int) -> uoffset: ...

