"""The registry without a call: every instrument of this host's mesh, read from shared memory.

    registry = get_instrument_registry()
    for line in registry.by_isin("US0378331005"):
        print(line.symbol, line.venue, line.tick_size)
    records, found = registry.lookup(trades["instrument_id"])

The registry keeps the index beside its journal, a few milliseconds behind what it acknowledges; any
number of processes read it without locks. What it does not hold (names, validity, links, composite
FIGIs) and other hosts are `RegistryClient`'s part. The layout is docs/index-layout.md.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

import alphapulse_core as core
from alphapulse_client.decimals import from_fixed
from alphapulse_client.errors import (
    DeadlineExceeded,
    FailedPrecondition,
    InvalidArgument,
    Unavailable,
    UnknownInstrument,
)
from alphapulse_client.instrument_ids import InstrumentKey, id_bytes
from alphapulse_layout import AssetType, InstrumentFlag, InstrumentStatus
from alphapulse_layout.dtypes import INSTRUMENT_RECORD

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from numpy.typing import NDArray

__all__ = ["IndexedInstrument", "InstrumentIndex", "get_instrument_registry", "index_path"]

_SHM: Final = Path("/dev/shm")  # noqa: S108  # where POSIX shared memory is
_LOOK_SECONDS: Final = 0.001
_CODE_BYTES: Final = 12
_ADDRESS_BYTES: Final = 20


def index_path(mesh: str = "alphapulse") -> Path:
    """Where a mesh of this name has its index."""
    return _SHM / f"alphapulse-{mesh}-registry-index"


def get_instrument_registry(
    mesh: str = "alphapulse", *, path: Path | str | None = None
) -> InstrumentIndex:
    """The index of this host's mesh.

    Args:
        mesh: the mesh's name (`[mesh] name`).
        path: of the index; None: where the mesh has it.

    Raises:
        Unavailable: there is none (reason `INDEX_MISSING`).
        FailedPrecondition: what is there is none that this program can read (`INDEX_LAYOUT`).
    """
    return InstrumentIndex(index_path(mesh) if path is None else Path(path))


class IndexedInstrument:
    """One instrument as the index had it: a view of its record."""

    __slots__ = ("record",)

    def __init__(self, record: np.void) -> None:
        self.record = record
        """Scalar of dtype `InstrumentRecord`; prices and sizes in 1e-8."""

    @property
    def id(self) -> bytes:
        """16 bytes, as records hold it."""
        return bytes(self.record["instrument_id"].tobytes())

    @property
    def id_text(self) -> str:
        """32 hexadecimal digits."""
        return self.id.hex()

    @property
    def asset_type(self) -> AssetType:
        """What it is."""
        return AssetType(int(self.record["instrument_id"]["asset_type"]))

    @property
    def venue(self) -> int:
        """The venue's number; 0 for what has none."""
        return int(self.record["instrument_id"]["venue"])

    @property
    def symbol(self) -> str:
        """At the venue; its first 32 characters where `SYMBOL_TRUNCATED` is among the flags."""
        return _text(self.record["symbol"])

    @property
    def isin(self) -> str:
        """Or empty, as the other codes."""
        return _text(self.record["isin"])

    @property
    def cusip(self) -> str:
        """Or empty."""
        return _text(self.record["cusip"])

    @property
    def figi(self) -> str:
        """Of the venue line, or empty."""
        return _text(self.record["figi"])

    @property
    def address(self) -> bytes:
        """Of the contract, 20 bytes; zeros for what has none."""
        return bytes(self.record["address"].tobytes())

    @property
    def chain_id(self) -> int:
        """EIP-155 number of the chain; 0 for what is on none."""
        return int(self.record["chain_id"])

    @property
    def decimals(self) -> int:
        """Of a token's smallest unit."""
        return int(self.record["decimals"])

    @property
    def tick_size(self) -> Decimal:
        """Smallest step of prices; 0 where it is not known."""
        return from_fixed(int(self.record["tick_size"]))

    @property
    def lot_size(self) -> Decimal:
        """Smallest step of sizes; 0 where it is not known."""
        return from_fixed(int(self.record["lot_size"]))

    @property
    def status(self) -> InstrumentStatus:
        """Where it is in its life."""
        return InstrumentStatus(int(self.record["status"]))

    @property
    def flags(self) -> InstrumentFlag:
        """Primary listing, inverse, truncated symbol, collision."""
        return InstrumentFlag(int(self.record["flags"]))

    def __eq__(self, other: object) -> bool:
        """Equal records."""
        if not isinstance(other, IndexedInstrument):
            return NotImplemented
        return bool(self.record.tobytes() == other.record.tobytes())

    def __hash__(self) -> int:
        """By id."""
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<{self.asset_type.name} {self.symbol} of venue {self.venue}, {self.id_text}>"


class InstrumentIndex:
    """Look-ups in a mesh's shared-memory index; for any number of threads."""

    def __init__(self, path: Path) -> None:
        """Attach. Raises like `get_instrument_registry`."""
        try:
            self._index = core.InstrumentIndex.attach(str(path))
        except core.InstrumentIndexError as error:
            raise _unusable(error, path) from None

    @property
    def revision(self) -> int:
        """Everything up to this revision of the registry is there."""
        return self._index.revision

    @property
    def path(self) -> Path:
        """Its file."""
        return Path(self._index.path)

    @property
    def file_bytes(self) -> int:
        """Size of its file."""
        return self._index.file_bytes

    def __len__(self) -> int:
        """Instruments."""
        return len(self._index)

    def __contains__(self, instrument: InstrumentKey) -> bool:
        return self._index.get(id_bytes(instrument)) is not None

    def __getitem__(self, instrument: InstrumentKey) -> IndexedInstrument:
        """Raises UnknownInstrument."""
        found = self.get(instrument)
        if found is None:
            raise UnknownInstrument(
                f"the index at revision {self.revision} has no instrument"
                f" {id_bytes(instrument).hex()}",
                revision=self.revision,
            )
        return found

    def get(self, instrument: InstrumentKey) -> IndexedInstrument | None:
        """The instrument of an id; None where there is none."""
        record = self._index.get(id_bytes(instrument))
        return None if record is None else _handle(record)

    def by_symbol(self, symbol: str, venue: int) -> list[IndexedInstrument]:
        """All that had the symbol at the venue (a number) last, in the order of registration."""
        if not 0 <= venue < 1 << 16:
            raise InvalidArgument(f"venue {venue} is not in 0..65535", reason="VENUE_INVALID")
        return self._find("symbol", int(venue).to_bytes(2, "little") + symbol.encode())

    def by_isin(self, isin: str) -> list[IndexedInstrument]:
        """All lines and receipts with the ISIN, in the order of registration."""
        return self._find("isin", isin.encode())

    def by_cusip(self, cusip: str) -> list[IndexedInstrument]:
        """All with the CUSIP."""
        return self._find("cusip", cusip.encode())

    def by_figi(self, figi: str) -> list[IndexedInstrument]:
        """All whose venue line has the FIGI."""
        return self._find("figi", figi.encode())

    def by_address(
        self, address: str | bytes, chain_id: int | None = None
    ) -> list[IndexedInstrument]:
        """All at a contract's address (20 bytes, or 0x and 40 digits), on one chain or on any.

        Raises:
            InvalidArgument: it is no address (reason `ADDRESS_INVALID`).
        """
        found = self._find("address", _address(address))
        return [one for one in found if chain_id is None or one.chain_id == chain_id]

    def lookup(
        self, instruments: NDArray[np.void] | bytes | Iterable[InstrumentKey]
    ) -> tuple[NDArray[np.void], NDArray[np.bool_]]:
        """Records by ids, in their order.

        Args:
            instruments: (n,) array of ids as records hold them, or bytes of 16 each: quickest; or
                any ids one by one.

        Returns:
            (n,) array of dtype `InstrumentRecord`, zeros for an unknown id; (n,) what was found.
        """
        if isinstance(instruments, np.ndarray):
            ids: bytes | NDArray[np.void] = np.ascontiguousarray(instruments)
            if instruments.dtype.itemsize != 16:  # of an id
                raise InvalidArgument(
                    f"an array of {instruments.dtype} does not hold ids of 16 bytes",
                    reason="INSTRUMENT_ID_INVALID",
                )
        elif isinstance(instruments, bytes):
            ids = instruments
            if len(ids) % 16:
                raise InvalidArgument(
                    f"{len(ids)} bytes are no whole number of ids", reason="INSTRUMENT_ID_INVALID"
                )
        else:
            ids = b"".join(map(id_bytes, instruments))
        found, missing = self._index.gather(ids)
        records = found.view(INSTRUMENT_RECORD)
        known = np.ones(len(records), np.bool_)
        known[missing] = False
        return records, known

    def lookup_isin(
        self, isins: NDArray[np.bytes_] | Iterable[str]
    ) -> tuple[NDArray[np.void], NDArray[np.uint32]]:
        """For each ISIN the record of its primary listing, else of what was registered first.

        Returns:
            (n,) array of dtype `InstrumentRecord`, zeros for none; (n,) how many have the ISIN.
        """
        return self._lookup_code("isin", isins)

    def lookup_figi(
        self, figis: NDArray[np.bytes_] | Iterable[str]
    ) -> tuple[NDArray[np.void], NDArray[np.uint32]]:
        """The same by FIGI of the venue line."""
        return self._lookup_code("figi", figis)

    def lookup_cusip(
        self, cusips: NDArray[np.bytes_] | Iterable[str]
    ) -> tuple[NDArray[np.void], NDArray[np.uint32]]:
        """The same by CUSIP."""
        return self._lookup_code("cusip", cusips)

    def snapshot(self, timeout: float = 5.0) -> tuple[int, NDArray[np.void]]:
        """A revision, and (n,) all records as they were then, in the order of registration.

        Raises:
            Unavailable: the registry was writing for `timeout` seconds, or died while it did.
        """
        try:
            revision, records = self._index.snapshot(timeout)
        except ValueError as error:
            raise Unavailable(str(error), reason="INDEX_BUSY") from None
        return revision, records.view(INSTRUMENT_RECORD)

    def wait(self, revision: int, timeout: float = 5.0) -> int:
        """Wait until the index has come to a revision, as an answer of the registry says; its own.

        Raises:
            DeadlineExceeded: not within `timeout` seconds (reason `REPLICA_BEHIND`).
        """
        deadline = time.monotonic() + timeout
        while (own := self.revision) < revision:
            if time.monotonic() >= deadline:
                raise DeadlineExceeded(
                    f"the index is at revision {own}, not {revision}, after {timeout} s",
                    reason="REPLICA_BEHIND",
                    revision=own,
                )
            time.sleep(_LOOK_SECONDS)
        return own

    def __repr__(self) -> str:
        return f"<InstrumentIndex {self.path} revision {self.revision}, {len(self)} instruments>"

    def _find(self, kind: str, key: bytes) -> list[IndexedInstrument]:
        return [_handle(record) for record in self._index.find(kind, key)]

    def _lookup_code(
        self, kind: str, codes: NDArray[np.bytes_] | Iterable[str]
    ) -> tuple[NDArray[np.void], NDArray[np.uint32]]:
        if isinstance(codes, np.ndarray):
            keys = np.ascontiguousarray(codes)
        else:
            keys = np.array([code.encode() for code in codes], dtype=np.bytes_)
        if keys.dtype.itemsize > _CODE_BYTES or keys.dtype.kind != "S":
            keys = keys.astype(f"S{_CODE_BYTES + 1}")  # one more: too long a code is nobody's
        width = max(keys.dtype.itemsize, 1)
        found, counts = self._index.find_many(kind, keys.tobytes(), width)
        return found.view(INSTRUMENT_RECORD), counts


def _handle(record: bytes) -> IndexedInstrument:
    return IndexedInstrument(np.frombuffer(record, INSTRUMENT_RECORD)[0])


def _text(value: object) -> str:
    return bytes(value).rstrip(b"\0").decode()  # type: ignore[call-overload,no-any-return]  # bytes of a fixed text


def _address(address: str | bytes) -> bytes:
    try:
        raw = bytes.fromhex(address.removeprefix("0x")) if isinstance(address, str) else address
    except ValueError:
        raw = b""
    if len(raw) != _ADDRESS_BYTES:
        raise InvalidArgument(
            f"{address!r} is not an address of 20 bytes", reason="ADDRESS_INVALID"
        )
    return raw


def _unusable(error: core.InstrumentIndexError, path: Path) -> Unavailable | FailedPrecondition:
    if error.reason == "INDEX_LAYOUT":
        return FailedPrecondition(str(error), reason=error.reason, path=str(path))
    return Unavailable(
        f"{error}: is the mesh up on this host, with [registry] shared_index? From elsewhere use"
        " `mesh.registry`",
        reason=error.reason,
        path=str(path),
    )
