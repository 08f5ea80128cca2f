from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from alphapulse_fbs.InstrumentId import InstrumentId

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class SyntheticComponent(object):
  @classmethod
  def SizeOf(cls) -> int: ...

  def Init(self, buf: bytes, pos: int) -> None: ...
  def InstrumentId(self, obj: InstrumentId) -> InstrumentId: ...
  def Value(self) -> int: ...

def CreateSyntheticComponent(builder: flatbuffers.Builder, instrumentId_assetId: int, instrumentId_venue: int, instrumentId_assetType: int, instrumentId_scheme: int, instrumentId_salt: int, value: int) -> uoffset: ...

