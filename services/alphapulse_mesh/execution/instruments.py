"""What the registry says of instruments, as the rows that engine and venues check orders against.

An instrument is fetched when the first order for it comes, and followed from then on. The registry
owns precision: what it leaves open is not guessed. An instrument that cannot be traded safely (no
currency to settle in, a derivative without its multiplier) is known but not tradable.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from alphapulse.common.v1 import instrument_id_pb2 as common_pb
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.decimals import SCALE, to_fixed
from alphapulse_client.instrument_ids import id_bytes
from alphapulse_mesh.execution.rows import INSTRUMENT_RULES
from alphapulse_mesh.runtime.errors import InvalidArgument, MeshError, OutOfRange

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

    from numpy.typing import NDArray

    Rows = NDArray[np.void]

__all__ = ["InstrumentCache", "Registry", "rules_row"]

_log = logging.getLogger(__name__)

_TRADABLE: Final = 1
_INVERSE: Final = 2
_TRADED_TYPES: Final = frozenset(
    {
        common_pb.ASSET_TYPE_TOKEN,
        common_pb.ASSET_TYPE_STOCK,
        common_pb.ASSET_TYPE_ETF,
        common_pb.ASSET_TYPE_BOND,
        common_pb.ASSET_TYPE_FX_PAIR,
        common_pb.ASSET_TYPE_CRYPTO_PAIR,
        common_pb.ASSET_TYPE_FUTURE,
        common_pb.ASSET_TYPE_PERPETUAL,
        common_pb.ASSET_TYPE_OPTION,
        common_pb.ASSET_TYPE_DEPOSITARY_RECEIPT,
        common_pb.ASSET_TYPE_FUND,
        common_pb.ASSET_TYPE_COMMODITY,
    }
)
_DERIVATIVES: Final = frozenset(
    {common_pb.ASSET_TYPE_FUTURE, common_pb.ASSET_TYPE_PERPETUAL, common_pb.ASSET_TYPE_OPTION}
)
_RETRY_SECONDS: Final = 1.0
_CURRENCY_BYTES: Final = 8


class Registry(Protocol):
    """What is needed of `alphapulse_client.registry.RegistryClient`."""

    async def get_many(self, instruments: Iterable[bytes]) -> list[pb.Instrument | None]:
        """Instruments by their ids, in order; None for an unknown one."""
        ...

    def watch(self, from_revision: int = 0) -> AsyncIterator[pb.WatchRegistryResponse]:
        """Every change after `from_revision`, then live."""
        ...


def rules_row(instrument: pb.Instrument) -> Rows:
    """The (1,) INSTRUMENT_RULES row of a registry entry.

    Raises:
        InvalidArgument: a number of it is none.
    """
    row = np.zeros(1, INSTRUMENT_RULES)
    row["instrument_id"] = np.void(id_bytes(instrument.id_text))
    for field in ("tick_size", "lot_size", "min_quantity", "max_quantity", "min_notional"):
        text = getattr(instrument, field)
        row[field] = to_fixed(text) if text else 0
    currency = (
        instrument.settlement_currency
        or (instrument.base_currency if instrument.inverse else instrument.quote_currency)
    ).encode("ascii", "replace")[:_CURRENCY_BYTES]
    row["settlement_currency"] = currency
    multiplier = instrument.contract_multiplier
    if multiplier:
        row["multiplier"] = to_fixed(multiplier)
    elif instrument.asset_type not in _DERIVATIVES:
        row["multiplier"] = SCALE  # one unit of a spot instrument is one unit
    tradable = (
        instrument.status == pb.INSTRUMENT_STATUS_ACTIVE
        and instrument.asset_type in _TRADED_TYPES
        and bool(currency)
        and int(row["multiplier"][0]) > 0
    )
    row["flags"] = (_TRADABLE if tradable else 0) | (_INVERSE if instrument.inverse else 0)
    if not row["multiplier"][0]:
        row["multiplier"] = SCALE  # the core refuses 0; the row is not tradable anyway
    return row


class InstrumentCache:
    """Fetches and follows the instruments that orders name, and tells `listeners` their rows."""

    def __init__(self, registry: Registry, listeners: Sequence[Callable[[Rows], None]]) -> None:
        self._registry = registry
        self._listeners = tuple(listeners)
        self._revisions: dict[bytes, int] = {}
        self._lock = asyncio.Lock()
        self._first = asyncio.Event()

    def __contains__(self, instrument_id: bytes) -> bool:
        return instrument_id in self._revisions

    def __len__(self) -> int:
        return len(self._revisions)

    async def ensure(self, instrument_ids: Iterable[bytes]) -> None:
        """Fetch those that are not known yet. Unknown ones stay so: the engine refuses them.

        Raises:
            MeshError: the registry does not answer.
        """
        known = self._revisions
        if all(instrument_id in known for instrument_id in instrument_ids):
            return
        async with self._lock:
            missing = [one for one in dict.fromkeys(instrument_ids) if one not in known]
            if not missing:
                return
            for found in await self._registry.get_many(missing):
                if found is not None:
                    self._take(found)

    async def follow(self) -> None:
        """Keep what is held at the registry's newest revision; runs until it is cancelled."""
        await self._first.wait()
        # No change of a held instrument lies between its own revision and the time it was fetched.
        revision = min(self._revisions.values())
        while True:
            try:
                async for event in self._registry.watch(revision):
                    revision = event.revision
                    kind = event.WhichOneof("event")
                    if kind in {"instrument_registered", "instrument_updated"}:
                        changed = getattr(event, kind)
                        if id_bytes(changed.id_text) in self._revisions:
                            self._take(changed)
            except OutOfRange:
                async with self._lock:
                    for found in await self._registry.get_many(list(self._revisions)):
                        if found is not None:
                            self._take(found)
                revision = max(self._revisions.values())
            except MeshError as error:
                _log.warning("the registry cannot be followed: %s (%s)", error, error.reason)
            await asyncio.sleep(_RETRY_SECONDS)

    def _take(self, instrument: pb.Instrument) -> None:
        key = id_bytes(instrument.id_text)
        if self._revisions.get(key, -1) > instrument.revision:
            return
        try:
            row = rules_row(instrument)
        except InvalidArgument as error:
            _log.error(
                "instrument %s cannot be used: %s", instrument.id_text, error
            )  # the story is in the message
            return
        for listener in self._listeners:
            listener(row)
        self._revisions[key] = instrument.revision
        self._first.set()
