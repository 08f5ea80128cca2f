"""From the configured limits to the order engine that keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import alphapulse_core as core
from alphapulse_client.decimals import to_fixed
from alphapulse_mesh.runtime.errors import ConfigError, InvalidArgument

if TYPE_CHECKING:
    from decimal import Decimal

    from alphapulse_mesh.runtime.config import ExecutionConfig

__all__ = ["fee_rate", "make_engine"]

_RATE_SCALE: Final = 10_000
"""The core's fees and bands are 1e-4 basis points."""


def make_engine(config: ExecutionConfig) -> core.OrderEngine:
    """An empty engine under the configured limits.

    Raises:
        ConfigError: a limit that the wire's numbers cannot hold.
    """
    risk = config.risk
    return core.OrderEngine(
        keep_closed_orders=config.keep_closed_orders,
        max_order_quantity=_fixed(risk.max_order_quantity, "max_order_quantity"),
        max_order_notional=_fixed(risk.max_order_notional, "max_order_notional"),
        max_open_orders=risk.max_open_orders,
        max_position_notional=_fixed(risk.max_position_notional, "max_position_notional"),
        max_orders_per_second=risk.max_orders_per_second,
        price_band=fee_rate(risk.price_band_bps, "execution.risk.price_band_bps"),
        max_quote_age=int(risk.max_quote_age_seconds * 1e9),
        require_quote=risk.require_quote,
    )


def fee_rate(basis_points: Decimal, key: str) -> int:
    """Basis points as the core counts them.

    Raises:
        ConfigError: more than four decimals: it would have to be rounded.
    """
    scaled = basis_points * _RATE_SCALE
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise ConfigError(
            f"{key}: {basis_points} has more than four decimals",
            reason="CONFIG_INVALID_VALUE",
            key=key,
        )
    return int(scaled)


def _fixed(value: Decimal, name: str) -> int:
    try:
        return to_fixed(value)
    except InvalidArgument as error:
        key = f"execution.risk.{name}"
        raise ConfigError(
            f"{key}: {error.message}", reason="CONFIG_INVALID_VALUE", key=key
        ) from None
