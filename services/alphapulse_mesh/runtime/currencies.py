"""The currencies of ISO 4217, those of today and those withdrawn, and the hundredths of some that
venues quote in.

The list is Unicode CLDR's, as Babel brings it: an instrument of 1998 was priced in DEM, and codes
are withdrawn faster than data is rewritten. CNH, which is no code of ISO's, is in it: yuan traded
outside China have another price.
"""

from __future__ import annotations

from typing import Final

from babel.numbers import list_currencies

__all__ = ["CURRENCIES", "MINOR_UNITS"]

CURRENCIES: Final = frozenset(list_currencies()) - {"XTS", "XXX"}
"""Without the codes for tests and for no currency."""
MINOR_UNITS: Final = {"GBX": "GBP", "ILA": "ILS", "USX": "USD", "ZAC": "ZAR"}
"""Hundredth → currency. Conventions of venues and data vendors, which no standard lists."""
