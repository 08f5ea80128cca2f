from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from alphapulse_fbs.SpanId import SpanId
from alphapulse_fbs.TraceId import TraceId

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class CauseTlv(object):
  @classmethod
  def SizeOf(cls) -> int: ...

  def Init(self, buf: bytes, pos: int) -> None: ...
  def TraceId(self, obj: TraceId) -> TraceId: ...
  def SpanId(self, obj: SpanId) -> SpanId: ...

def CreateCauseTlv(builder: flatbuffers.Builder, traceId_w0: int, traceId_w1: int, spanId_w0: int) -> uoffset: ...

