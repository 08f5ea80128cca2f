"""Types of the compiled module. One section per area; checked against the module by stubtest."""

from collections.abc import Sequence
from typing import Any, Literal, Self, final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Buffer

__version__: str

# --------------------------------------------------------------------------------------------- ring
#
# RingError
# ├── RingFull              no room and no time left to wait (back-pressure)
# ├── RingTooLarge          entry above a quarter, or batch above half, of the ring (also ValueError)
# ├── RingHalted            the ring was halted: no more publishing; readers drain, then see this
# ├── RingClosedError       this handle was closed, or belongs to a parent process
# ├── RingEvicted           this reader was ejected (dead by lease, too slow, or by an operator)
# ├── RingDependencyLost    a reader this one runs behind has gone
# ├── RingBusy              a live single producer, or a live reader of that name, exists already
# ├── RingTableFull         no free producer or reader slot
# ├── RingMissing           no such file (also FileNotFoundError)
# ├── RingExists            the file exists already (also FileExistsError)
# ├── RingLayoutError       foreign, torn, or wrong-version file; `.reason` says which
# └── RingSystemError       the operating system refused (also OSError)

class RingError(Exception):
    """Base of every ring error. `reason` is a stable upper-case code such as ``RING_FULL``."""

    reason: str

class RingFull(RingError): ...
class RingTooLarge(RingError, ValueError): ...
class RingHalted(RingError): ...
class RingClosedError(RingError): ...
class RingEvicted(RingError): ...
class RingDependencyLost(RingError): ...
class RingBusy(RingError): ...
class RingTableFull(RingError): ...
class RingMissing(RingError, FileNotFoundError): ...
class RingExists(RingError, FileExistsError): ...
class RingLayoutError(RingError): ...
class RingSystemError(RingError, OSError): ...

WaitStrategy = Literal["busy-spin", "yield", "back-off", "block", "phased"]

@final
class Gap:
    """Entry sequences `first..=last` that this reader did not get.

    `reason`: ``"overrun"`` (a non-gating reader was lapped) or ``"producer-lost"`` (claimed by a
    producer that died, or gave the claim up, before it published; nothing published was lost).
    """

    @property
    def first(self) -> int: ...
    @property
    def last(self) -> int: ...
    @property
    def count(self) -> int: ...
    @property
    def reason(self) -> Literal["overrun", "producer-lost"]: ...

@final
class Ring:
    """A shared-memory ring: one file, many producers, broadcast readers.

    Entries are byte strings of any length up to `max_entry`, each with a dense sequence 0, 1, 2, …
    The file outlives its processes: `attach` continues with window, sequences and contents intact.
    A handle may be shared by threads. After `os.fork` the child must attach anew.
    """

    @staticmethod
    def create(
        path: str,
        capacity: int,
        *,
        producers: Literal["single", "multi"] = "single",
        max_readers: int = 128,
        max_producers: int = 32,
        huge_pages: bool = False,
        prefault: bool = True,
        lock_memory: bool = False,
        numa_node: int | None = None,
    ) -> Ring:
        """Create the file at `path`; `capacity` is bytes of data, a power of two, 4 KiB … 4 GiB.

        Raises RingExists when a file is there, RingSystemError when memory is refused.
        """
    @staticmethod
    def attach(path: str) -> Ring:
        """Attach to an existing ring. Raises RingMissing or RingLayoutError."""
    @staticmethod
    def open_or_create(
        path: str,
        capacity: int,
        *,
        producers: Literal["single", "multi"] = "single",
        max_readers: int = 128,
        max_producers: int = 32,
        huge_pages: bool = False,
        prefault: bool = True,
        lock_memory: bool = False,
        numa_node: int | None = None,
        replace_stale: bool = True,
    ) -> Ring:
        """Attach when an intact ring of this capacity and producer mode is there, else create it.

        A file that does not fit is replaced only when it is a ring of ours and nobody alive is
        registered in it (`replace_stale`); a foreign file is refused with RingLayoutError.
        """
    @property
    def path(self) -> str: ...
    @property
    def capacity(self) -> int: ...
    @property
    def max_entry(self) -> int:
        """Largest payload in bytes: a quarter of the capacity."""
    @property
    def max_batch(self) -> int:
        """Largest batch in bytes, each payload rounded up to 64: half of the capacity."""
    @property
    def producers(self) -> Literal["single", "multi"]: ...
    @property
    def created(self) -> bool:
        """True when this handle made the file, False when it attached."""
    @property
    def incarnation(self) -> int:
        """Random 64-bit number of this file; differs after the file was recreated."""
    @property
    def next_sequence(self) -> int:
        """The sequence that the next claim will get (all entries before it are claimed)."""
    @property
    def oldest_sequence(self) -> int:
        """The oldest entry still readable; equals `next_sequence` when the ring is empty."""
    @property
    def halted(self) -> bool: ...
    def publish(self, payload: Buffer, *, timeout: float | None = None) -> int:
        """Publish one entry, return its sequence. See `publish_batch` for `timeout` and errors."""
    def publish_batch(
        self,
        payloads: Sequence[Buffer],
        *,
        prefixes: Buffer | None = None,
        timeout: float | None = None,
    ) -> tuple[int, int]:
        """Publish the payloads as one claim; return their (first, last) sequences.

        `prefixes`: C-contiguous buffer whose size is a multiple of `len(payloads)`; its i-th part is
        written in front of payload i in the same entry (one entry = prefix + payload).
        `timeout`: seconds to wait for gating readers; None waits for ever, 0 does not wait.
        Raises RingFull (nothing was published), RingTooLarge, RingHalted, ValueError when empty.
        """
    def publish_block(
        self,
        block: Buffer,
        offsets: NDArray[np.uint64],
        *,
        prefixes: Buffer | None = None,
        timeout: float | None = None,
    ) -> tuple[int, int]:
        """Publish `block[offsets[i]:offsets[i + 1]]` for i in 0..n as n entries of one claim.

        `offsets` has n + 1 ascending values; otherwise like `publish_batch`.
        """
    def try_publish_batch(
        self, payloads: Sequence[Buffer], *, prefixes: Buffer | None = None
    ) -> tuple[int, int] | None:
        """`publish_batch` that never waits: None when there is no room (nothing was published)."""
    def reader(
        self,
        name: str = "",
        *,
        gating: bool = False,
        start: Literal["latest", "oldest", "resume"] | int = "latest",
        after: Sequence[str] = (),
        wait: WaitStrategy = "block",
        lease: float = 5.0,
    ) -> RingReader:
        """Register a reader.

        `gating`: producers wait for this reader (lossless). Otherwise it never slows them and losses
        are reported as gaps.
        `start`: first sequence to deliver. ``"resume"`` continues where a reader of the same name
        stopped (its slot is kept for `lease` seconds after its death), else from the oldest. An
        integer already overwritten is reported as an overrun gap; one in the future waits for it.
        `after`: names of readers that must have finished an entry before this one sees it.
        An empty `name` gets a unique one. Raises RingBusy, RingTableFull, RingDependencyLost.
        """
    def evict(self, name: str) -> bool:
        """Eject a reader by name; it gets RingEvicted. False when there is none."""
    def recover(self) -> int:
        """Free claims of dead producers and evict dead gating readers now; returns what was freed.

        Blocked producers and readers do this by themselves within milliseconds.
        """
    def halt(self) -> None:
        """Stop publishing for good; readers drain what is there and then get RingHalted."""
    def stats(self) -> dict[str, Any]:
        """Counters and tables; keys are listed in docs/ring-layout.md."""
    def close(self) -> None: ...
    def unlink(self) -> None:
        """Remove the file; attached processes keep their mapping."""
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...

@final
class RingReader:
    """A reader with its own cursor in shared memory. Not for concurrent use by two threads."""

    @property
    def name(self) -> str: ...
    @property
    def gating(self) -> bool: ...
    @property
    def sequence(self) -> int:
        """Next sequence to be delivered."""
    @property
    def lag(self) -> int:
        """Entries claimed by producers and not yet delivered to this reader."""
    @property
    def lost(self) -> int:
        """Entries lost to overruns since this reader was registered."""
    def poll(
        self,
        max_entries: int = 65536,
        max_bytes: int = 1 << 30,
        *,
        timeout: float | None = 0.0,
        copy: bool | None = None,
    ) -> Batch:
        """All that is ready, up to the limits (at least one entry when one is ready).

        Commits the batch before. `timeout`: seconds to wait for the first entry by the reader's wait
        strategy, GIL released; None for ever; 0 not at all. `copy=None` means views into the ring
        for gating readers and a validated private copy for the others; `copy=False` on a non-gating
        reader gives raw views whose `Batch.intact()` must be asked after use.
        Raises RingEvicted, RingDependencyLost, and RingHalted once a halted ring is drained.
        """
    def poll_bytes(
        self, max_entries: int = 65536, max_bytes: int = 1 << 20, *, timeout: float | None = 0.0
    ) -> Packed:
        """Like `poll`, copied into one `bytes` and committed at once."""
    def poll_into(
        self, buffer: Buffer, max_entries: int = 65536, *, timeout: float | None = 0.0
    ) -> Packed:
        """Like `poll_bytes` into the caller's writable buffer; `Packed.data` is then that buffer.

        Raises RingTooLarge when the next entry alone does not fit.
        """
    def commit(self) -> None:
        """Give the last batch back to the producers now instead of at the next poll."""
    def wait(self, timeout: float | None = None) -> bool:
        """Wait by the reader's wait strategy until something can be polled; GIL released."""
    def seek(self, sequence: int) -> None:
        """Continue at `sequence` (non-gating readers only)."""
    def heartbeat(self) -> None:
        """Renew the lease without polling."""
    def fileno(self) -> int:
        """An eventfd that becomes readable after `arm()`, once something can be polled."""
    def arm(self) -> bool:
        """Ask to be woken through `fileno()`. False: something is ready now, nothing was armed."""
    def clear(self) -> None:
        """Take the readiness off `fileno()`."""
    def close(self) -> None:
        """Deregister: a gating reader stops holding producers back."""
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...

@final
class Batch:
    """Entries of one poll. Views stay valid until the reader's next poll or commit."""

    @property
    def first(self) -> int:
        """Sequence of the first entry (of the reader's position when empty)."""
    @property
    def sequences(self) -> NDArray[np.uint64]:
        """(n,) entry sequences; dense except at gaps."""
    @property
    def offsets(self) -> NDArray[np.uint64]:
        """(n,) start of each entry within `block`, multiples of 64."""
    @property
    def lengths(self) -> NDArray[np.uint32]:
        """(n,) payload sizes in bytes."""
    @property
    def block(self) -> NDArray[np.uint8]:
        """Read-only view over all entries of the batch, 64-byte aligned, padding between entries."""
    @property
    def gaps(self) -> list[Gap]: ...
    @property
    def copied(self) -> bool: ...
    @property
    def more(self) -> bool:
        """True when limits, not the end of the ring, ended this batch."""
    def intact(self) -> bool:
        """True while no producer may have begun to overwrite any entry of the batch."""
    def entry(self, index: int) -> memoryview:
        """Read-only view of one payload."""
    def entries(self) -> list[memoryview]:
        """Read-only views of all payloads."""
    def __len__(self) -> int: ...
    def __bool__(self) -> bool:
        """True when there is an entry or a gap to look at."""
    def __getitem__(self, index: int) -> memoryview: ...

@final
class Packed:
    """Entries of one poll, copied: entry i is `data[offsets[i]:offsets[i] + lengths[i]]`."""

    @property
    def data(self) -> bytes: ...
    @property
    def first(self) -> int: ...
    @property
    def sequences(self) -> NDArray[np.uint64]: ...
    @property
    def offsets(self) -> NDArray[np.uint64]: ...
    @property
    def lengths(self) -> NDArray[np.uint32]: ...
    @property
    def gaps(self) -> list[Gap]: ...
    @property
    def more(self) -> bool: ...
    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...

def ring_inspect(path: str) -> dict[str, Any]:
    """What is at `path`, without attaching: `state` is ``"missing"``, ``"foreign"``, ``"torn"``,
    ``"version"``, ``"live"`` or ``"stale"`` (intact, nobody alive registered in it)."""

def ring_reclaim(directory: str, mesh: str) -> list[str]:
    """Remove the stale and torn rings named ``<mesh>.*`` in `directory`; returns the paths removed."""
