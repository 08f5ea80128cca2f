"""Collectors: exchange messages in, trade, quote and book frames out on the MarketDataRelay.

`sources` brings raw exchange JSON (recorded, simulated or live), `binance` turns it into rows,
`universe` puts the instruments into the registry, `service` is the run loop.
"""
