"""Strategies: market data in, signals out. `base` is what a strategy is, `service` runs one.

A strategy itself does no I/O and looks at no clock, so that the same object decides in the mesh and
in a backtest.
"""
