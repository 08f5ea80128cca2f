"""Markets straight from an exchange, through ccxt where it is installed (`alphapulse[ccxt]`).

What becomes of them is `ccxt_markets`' part, which reads files of the same without ccxt.
"""

from __future__ import annotations

import importlib
import re
from typing import Any, Final

from alphapulse_client.errors import FailedPrecondition, InvalidArgument, Unavailable

__all__ = ["EXCHANGE_ID", "fetch_markets"]

EXCHANGE_ID: Final = re.compile(r"[a-z][a-z0-9]{1,31}")
"""What ccxt calls exchanges: `binance`, `krakenfutures`."""


async def fetch_markets(exchange_id: str) -> tuple[Any, int]:
    """`markets` of an exchange, and ccxt's number of how it writes precisions.

    Raises:
        FailedPrecondition: ccxt is not installed (CCXT_NOT_INSTALLED).
        InvalidArgument: it knows no such exchange (EXCHANGE_UNKNOWN).
        Unavailable: the exchange did not answer (EXCHANGE_UNREACHABLE).
    """
    try:
        library = importlib.import_module("ccxt.async_support")
    except ImportError:
        raise FailedPrecondition(
            f"{exchange_id} is no file, and to ask an exchange takes ccxt: "
            "pip install 'alphapulse[ccxt]', or give a JSON file of its load_markets()",
            reason="CCXT_NOT_INSTALLED",
        ) from None
    if exchange_id not in library.exchanges:
        raise InvalidArgument(
            f"ccxt knows no exchange {exchange_id!r}, and there is no file of that name",
            reason="EXCHANGE_UNKNOWN",
        )
    exchange = getattr(library, exchange_id)({"enableRateLimit": True})
    try:
        return await exchange.load_markets(), exchange.precisionMode
    except library.BaseError as error:
        # its messages carry whole answers of the exchange
        problem = f"{type(error).__name__}: {error}"[:300]
        raise Unavailable(f"{exchange_id}: {problem}", reason="EXCHANGE_UNREACHABLE") from None
    finally:
        await exchange.close()
