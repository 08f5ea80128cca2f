"""What `bench registry` registers and looks up: shares with every identifier, and their records."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from alphapulse.common.v1 import instrument_id_pb2 as common_pb
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_core import InstrumentNormaliser
from alphapulse_layout import VenueId
from alphapulse_mesh.runtime.currencies import CURRENCIES, MINOR_UNITS

__all__ = ["Data", "quantiles", "share", "timed"]

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VENUE: Final = int(VenueId.NASDAQ)


def share(number: int) -> pb.Instrument:
    """Share `number`, unlike any other."""
    return pb.Instrument(
        asset_type=common_pb.ASSET_TYPE_STOCK,
        venue=_VENUE,
        symbol=f"S{number}",
        name=f"Company number {number} Incorporated",
        isin=_isin(f"US{number:09d}"),
        quote_currency="USD",
        tick_size="0.01",
        lot_size="1",
    )


def _isin(body: str) -> str:
    """With its check digit (Luhn over letters spelled out, ISO 6166)."""
    digits = "".join(str(_DIGITS.index(one)) for one in body)
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 - index % 2)
        total += value // 10 + value % 10
    return body + str(-total % 10)


class Data:
    """`count` shares: requests to register them, their ids and their records."""

    def __init__(self, count: int) -> None:
        """Made once, before anything is measured."""
        self.count = count
        self._next = count
        shares = [share(number) for number in range(count)]
        self.isins = [one.isin for one in shares]
        self.requests = [_request(shares[at : at + 10_000]) for at in range(0, count, 10_000)]
        self.ids, self.records = self.known(b"".join(self.requests))
        order = np.random.default_rng(1).permutation(count).tolist()
        self._order = [self.ids[at] for at in order]

    @staticmethod
    def known(request: bytes) -> tuple[list[bytes], list[bytes]]:
        """Ids and records of what a request registers, as the registry makes them."""
        read = InstrumentNormaliser(
            [(_VENUE, pb.VENUE_KIND_EXCHANGE, 0)], sorted(CURRENCIES), sorted(MINOR_UNITS)
        ).batch(request)
        assert read is not None, "made here"
        items = [item for item in read[0] if isinstance(item, tuple)]
        return [item[0][0] for item in items], [item[0][18] for item in items]

    def fresh(self, count: int) -> list[pb.Instrument]:
        """Shares that were not registered before."""
        first, self._next = self._next, self._next + count
        return [share(number) for number in range(first, self._next)]

    def fresh_request(self, count: int) -> bytes:
        """A batch of shares that were not registered before."""
        return _request(self.fresh(count))

    def batches(self, count: int, size: int) -> Iterator[Sequence[bytes]]:
        """`count` ids in random order, `size` at a time."""
        size = min(size, self.count)
        for done in range(0, count, size):
            at = done % (self.count - size + 1)
            yield self._order[at : at + min(size, count - done)]

    def some(self, count: int) -> list[bytes]:
        """`count` ids in random order."""
        return [self._order[at % self.count] for at in range(count)]

    def id_array(self) -> np.ndarray[tuple[int], np.dtype[np.void]]:
        """All ids in random order, 16 bytes each."""
        return np.frombuffer(b"".join(self._order), "V16")

    def dict_bytes_each(self) -> tuple[float, str]:
        """What a dict of ids and records takes."""
        held = dict(zip(self.ids, self.records, strict=True))
        total = sys.getsizeof(held) + sum(
            sys.getsizeof(key) + sys.getsizeof(value) for key, value in held.items()
        )
        return total / len(held), "table, keys and records; by id alone"


def _request(shares: Sequence[pb.Instrument]) -> bytes:
    return pb.BatchRegisterInstrumentsRequest(instruments=shares).SerializeToString()


def timed(count: int, once: Callable[[int], object]) -> list[float]:
    """Quantiles of `count` calls, ns."""
    times = []
    clock = time.perf_counter_ns
    for index in range(count):
        before = clock()
        once(index)
        times.append(clock() - before)
    return quantiles(times)


def quantiles(times: Sequence[float]) -> list[float]:
    """p50, p99, p99.9 and the maximum."""
    found = np.quantile(np.asarray(times, np.float64), [0.5, 0.99, 0.999, 1.0])
    return [float(value) for value in found]
