from __future__ import annotations

import flatbuffers
import numpy as np

import typing
from typing import cast

uoffset: typing.TypeAlias = flatbuffers.number_types.UOffsetTFlags.py_type

class Records(object):
  NONE = cast(int, ...)
  TradeRows = cast(int, ...)
  QuoteRows = cast(int, ...)
  BookLevelRows = cast(int, ...)
  InstrumentDiscoveredRows = cast(int, ...)
  PoolDiscoveredRows = cast(int, ...)
  VenueUpdateRows = cast(int, ...)
  InstrumentDiscoveryRows = cast(int, ...)
  CrossVenueOpportunityRows = cast(int, ...)
  SyntheticUpdateRows = cast(int, ...)
  ArbitrageOpportunityRows = cast(int, ...)
  PositionUpdateRows = cast(int, ...)
  StrategyAlertRows = cast(int, ...)
  RebalanceSignalRows = cast(int, ...)
  RiskMetricRows = cast(int, ...)
  PerformanceUpdateRows = cast(int, ...)
  PoolArbitrageSignalRows = cast(int, ...)
  LiquidityImbalanceRows = cast(int, ...)
  ImpermanentLossAlertRows = cast(int, ...)
  MevOpportunityRows = cast(int, ...)
  FlashLoanSignalRows = cast(int, ...)
  YieldFarmingUpdateRows = cast(int, ...)
  GasOptimizationSignalRows = cast(int, ...)
  DeFiSignalRows = cast(int, ...)
  OrderRequestRows = cast(int, ...)
  OrderStatusRows = cast(int, ...)
  FillRows = cast(int, ...)
  OrderCancelRows = cast(int, ...)
  OrderModifyRows = cast(int, ...)
  ExecutionReportRows = cast(int, ...)
  HeartbeatRows = cast(int, ...)
  SnapshotRows = cast(int, ...)
  SystemErrorRows = cast(int, ...)
  ConfigUpdateRows = cast(int, ...)
  InstrumentRecordRows = cast(int, ...)
  CustomRows = cast(int, ...)
  CompressedRows = cast(int, ...)

