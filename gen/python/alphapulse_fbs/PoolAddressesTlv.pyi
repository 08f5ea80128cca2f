from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from alphapulse_fbs.Address import Address

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class PoolAddressesTlv(object):
  @classmethod
  def SizeOf(cls) -> int: ...

  def Init(self, buf: bytes, pos: int) -> None: ...
  def VenueAPool(self, obj: Address) -> Address: ...
  def VenueBPool(self, obj: Address) -> Address: ...

def CreatePoolAddressesTlv(builder: flatbuffers.Builder, venueAPool_w0: int, venueAPool_w1: int, venueAPool_w2: int, venueAPool_w3: int, venueAPool_w4: int, venueBPool_w0: int, venueBPool_w1: int, venueBPool_w2: int, venueBPool_w3: int, venueBPool_w4: int) -> uoffset: ...

