"""Types of the compiled module. One section per area; checked against the module by stubtest."""

from collections.abc import Sequence
from typing import Any, Final, Literal, Self, TypeAlias, TypedDict, final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Buffer

__version__: str

# --------------------------------------------------------------------------------------------- ring
# Errors: alphapulse_core.ring_errors

# numpy's arrays are a typing Buffer from Python 3.12 on only
_Bytes: TypeAlias = Buffer | NDArray[Any]
_WaitStrategy: TypeAlias = Literal["busy-spin", "yield", "back-off", "block", "phased"]

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
        """Largest batch in bytes, each entry rounded up to 64: a quarter of the capacity."""
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
    def publish(self, payload: _Bytes, *, timeout: float | None = None) -> int:
        """Publish one entry, return its sequence. See `publish_batch` for `timeout` and errors."""
    def publish_batch(
        self,
        payloads: Sequence[_Bytes],
        *,
        prefixes: _Bytes | None = None,
        timeout: float | None = None,
    ) -> tuple[int, int]:
        """Publish the payloads as one claim; return their (first, last) sequences.

        `prefixes`: C-contiguous buffer whose size is a multiple of `len(payloads)`; its i-th part
        is written in front of payload i in the same entry (one entry = prefix + payload).
        `timeout`: seconds to wait for gating readers; None waits for ever, 0 does not wait.
        Raises RingFull (nothing was published), RingTooLarge, RingHalted, ValueError when empty.
        """
    def publish_block(
        self,
        block: _Bytes,
        offsets: NDArray[np.uint64],
        *,
        prefixes: _Bytes | None = None,
        timeout: float | None = None,
    ) -> tuple[int, int]:
        """Publish `block[offsets[i]:offsets[i + 1]]` for i in 0..n as n entries of one claim.

        `offsets` has n + 1 ascending values; otherwise like `publish_batch`.
        """
    def try_publish_message(
        self,
        block: MessageBlock,
        first_sequence: int,
        *,
        producer_id: int,
        numbers: int | Sequence[int],
        received_ns: int,
    ) -> tuple[int, int] | None:
        """Publish the frames of a message as one claim, stamped from `first_sequence` on.

        Each entry begins with 32 bytes: producer id, the producer's number of the frame, time of
        reception (u64 each), message type, flags, trace flags, 0 (u8 each), record count (u32).
        `numbers`: that of the first frame, or one for each. Never waits: None when there is no room
        (nothing was published). Raises ValueError where a frame is refused.
        """
    def try_publish_batch(
        self, payloads: Sequence[_Bytes], *, prefixes: _Bytes | None = None
    ) -> tuple[int, int] | None:
        """`publish_batch` that never waits: None when there is no room (nothing was published)."""
    def reader(
        self,
        name: str = "",
        *,
        gating: bool = False,
        start: Literal["latest", "oldest", "resume"] | int = "latest",
        after: Sequence[str] = (),
        wait: _WaitStrategy = "block",
        lease: float = 5.0,
    ) -> RingReader:
        """Register a reader.

        `gating`: producers wait for this reader (lossless). Otherwise it never slows them and
        losses are reported as gaps.
        `start`: first sequence to deliver. ``"resume"`` continues where a reader of the same name
        stopped, without a gap if its slot is still held (a dead gating reader's is for `lease`
        seconds), else from the oldest. A fresh gating reader starts at most three quarters of the
        capacity back. An integer already overwritten is reported as an overrun gap; one in the
        future waits for it.
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
        max_bytes: int = ...,
        *,
        timeout: float | None = 0.0,
        copy: bool | None = None,
    ) -> Batch:
        """All that is ready, up to the limits (at least one entry when one is ready).

        Commits the batch before. `timeout`: seconds to wait for the first entry by the reader's
        wait strategy, GIL released; None for ever; 0 not at all. `copy=None` means views into the ring
        for gating readers and a validated private copy for the others; `copy=False` on a non-gating
        reader gives raw views whose `Batch.intact()` must be asked after use.
        Raises RingEvicted, RingDependencyLost, and RingHalted once a halted ring is drained.
        """
    def poll_bytes(
        self, max_entries: int = 65536, max_bytes: int = ..., *, timeout: float | None = 0.0
    ) -> Packed:
        """Like `poll`, copied into one `bytes` and committed at once."""
    def poll_into(
        self, buffer: _Bytes, max_entries: int = 65536, *, timeout: float | None = 0.0
    ) -> Packed:
        """Like `poll_bytes` into the caller's writable buffer; `Packed.data` is then that buffer.

        Raises RingTooLarge when the next entry alone does not fit.
        """
    def commit(self) -> None:
        """Give the last batch back to the producers now instead of at the next poll."""
    def wait(self, timeout: float | None = None) -> bool:
        """Wait by the reader's wait strategy until something can be polled; GIL released."""
    def drop_dependency(self, name: str) -> None:
        """Run no longer behind reader `name` (after RingDependencyLost). Ask for `fileno` anew."""
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
        """Read-only view over all entries of the batch, 64-byte aligned, padding between them."""
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
    def relayed(self) -> tuple[list[memoryview], int, int]:
        """Of a relay's ring: the frames without the 32 bytes before each, the sequence of the last,
        the records in all. Raises ValueError for an entry of another ring."""
    def __len__(self) -> int: ...
    def __bool__(self) -> bool:
        """True when there is an entry or a gap to look at."""
    def __getitem__(self, index: int, /) -> memoryview: ...

@final
class Packed:
    """Entries of one poll, copied: entry i is `data[offsets[i]:offsets[i] + lengths[i]]`."""

    @property
    def data(self) -> Any:
        """`bytes` from `poll_bytes`; the caller's buffer from `poll_into`."""
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

@final
class LatencyHistograms:
    """Latency histograms in shared memory, one for each (message type, stage), better than 1 %.

    Any process records, any process reads meanwhile; counts survive their processes.
    """

    @staticmethod
    def open_or_create(path: str, cells: int = 64) -> LatencyHistograms:
        """Attach, or make a file for up to `cells` histograms. Raises RingLayoutError."""
    @staticmethod
    def attach(path: str) -> LatencyHistograms:
        """Raises RingMissing, RingLayoutError."""
    @property
    def path(self) -> str: ...
    def record(self, message_type: int, stage: int, nanoseconds: NDArray[np.uint64]) -> None:
        """Count each value of (n,) nanoseconds. Raises RingTableFull when all cells are taken."""
    def record_message(self, block: MessageBlock, stage: int, now_ns: int) -> None:
        """Count for each frame the time since its making. Raises RingTableFull."""
    def snapshots(self) -> list[dict[str, Any]]:
        """Histograms with records, times in nanoseconds.

        Keys: `message_type`, `stage`, `count`, `mean`, `min`, `max`, `p50`, `p90`, `p99`, `p999`.
        """

# ------------------------------------------------------------------------------------------- inbox

INBOX_LAYOUT_VERSION: int

class _InboxNews(TypedDict):
    head: int
    """Newest sequence of the domain."""
    bytes: int
    """Of frames, published since the last look."""
    refused: list[tuple[str, int]]
    """Frames since the last look, by reason."""
    sampled: list[tuple[int, int, int]]
    """Sequence, ns when it was taken, ns when it was in the ring, of frames whose trace is sampled;
    the first 256."""
    lanes: list[tuple[int, int, int, int, int, str]]
    """Of those that have moved: lane, newest number, then since it was opened duplicates, refusals
    and numbers that never came, then why it was given up (empty where it was not)."""

@final
class InboxPump:
    """Publishes what producers of this host write into their inboxes, on a native thread.

    Frames are checked, numbered and put into the ring without the GIL; Python looks at `news`.
    """

    def __new__(
        cls,
        ring: Ring,
        *,
        base: int,
        domain: str,
        accepted: bytes,
        max_frame: int,
        max_run: int,
        checksum: bool = True,
        require_sequence: bool = False,
        spin: float = 0.0,
        counters: NDArray[np.uint64] | None = None,
        latencies: LatencyHistograms | None = None,
        stage: int = 0,
    ) -> Self:
        """Start the thread. It shares the ring's producer: publish there between `pause` and
        `resume` only.

        `base`: sequence in the domain = sequence in the ring + base. `accepted`: a byte for each of
        256 message types. `max_frame`, `max_run`: bytes of a frame, and of the ring for one claim.
        `spin`: seconds that it looks for work before it sleeps. `counters`: (261,) words kept up to
        date: newest sequence, frames, three others, records by message type; write to them between
        `pause` and `resume` only. `latencies`: counts each frame at `stage`.

        Raises RingSystemError.
        """
    def open(
        self,
        producer_id: int,
        sequence: int,
        *,
        kept: NDArray[np.uint64],
        owner: NDArray[np.uint64],
        incarnation: int,
    ) -> tuple[int, str, str, int]:
        """A new inbox: its lane, path, doorbell's path and incarnation.

        `sequence`: the producer's newest number. `kept`: (1,) a word that holds it from now on.
        `owner`: (1,) a word that gets the producer's `incarnation` before its first frame is taken.
        Raises RingTableFull, RingSystemError (no memory).
        """
    def close_lane(self, lane: int) -> int | None:
        """Take what is written, as far as there is room, and close the inbox; the newest number.

        None where there is no such lane."""
    def set_rules(self, checksum: bool, require_sequence: bool, spin: float) -> None:
        """For messages that are taken from now on."""
    def set_limit(self, limit: int) -> None:
        """Newest sequence of the domain that may be published; wakes who is held back."""
    @property
    def held(self) -> int | None:
        """The highest priority of what the limit or a gating reader of the ring holds back; None
        where nothing is."""
    def set_eager(self, eager: bool) -> None:
        """Ring the descriptor for each batch, not only for what must not wait."""
    def fileno(self) -> int:
        """An eventfd, readable when there is news, producers are held, or an inbox is given up."""
    def news(self) -> _InboxNews | None:
        """What has happened since the last call; None for nothing. Cheap then."""
    def pause(self) -> None:
        """Returns once nothing is being published. To be followed by `resume`."""
    def resume(self) -> None: ...
    def close(self) -> None:
        """End the thread, close all inboxes. Idempotent."""

@final
class InboxWriter:
    """A producer's side of an inbox. One thread at a time."""

    def __new__(cls, path: str, doorbell: str, incarnation: int) -> Self:
        """Raises RingMissing, RingLayoutError, RingSystemError (no permission)."""
    @property
    def closed(self) -> bool:
        """The relay has given it up."""
    @property
    def max_frame(self) -> int:
        """Bytes of the largest frame that fits."""
    def write(self, first: int, frames: list[bytes]) -> int:
        """Write frames, numbered from `first` on, as one message; how many there was room for."""
    @property
    def room(self) -> int:
        """Bytes that can be written now."""
    @property
    def acknowledged(self) -> int:
        """Every number up to here is in the relay, or refused and reported."""
    @property
    def relay_sequence(self) -> int:
        """Sequence of the last frame that was taken; 0 before the first."""
    @property
    def duplicates(self) -> int: ...
    def reports(self) -> list[tuple[Literal["refused", "missed"], int, int, int, str, str]]:
        """News since the last call: kind, first and last number, offset, reason, message."""
    def wait(self, number: int, timeout: float) -> bool:
        """Wait, without the GIL, until more than `number` is acknowledged or the inbox closed."""
    def close(self) -> None: ...

# -------------------------------------------------------------------------------- rings as files

def ring_inspect(path: str) -> dict[str, Any]:
    """What is at `path`, without attaching: `state` is ``"missing"``, ``"foreign"``, ``"torn"``,
    ``"version"``, ``"live"`` or ``"stale"`` (intact, nobody alive registered in it).
    """

def ring_reclaim(directory: str, prefix: str) -> list[str]:
    """Remove the stale and torn rings in `directory` whose names begin with `prefix`.

    Stale: nobody alive is registered and the creator is gone. Returns the removed paths.
    """

# -------------------------------------------------------------------------------------------- frames
#
# A buffer handed to these functions must not be changed by others while the call runs. Buffers must
# be C-contiguous; none needs to be aligned.

class FrameError(ValueError):
    """A frame that the codec refuses, or one that cannot be made.

    `reason`: FRAME_TRUNCATED, FRAME_BAD_IDENTIFIER, FRAME_BAD_MAGIC, FRAME_BAD_VERSION,
    FRAME_BAD_TYPE, FRAME_TYPE_MISMATCH, FRAME_BAD_SIZE, FRAME_BAD_CHECKSUM, FRAME_BAD_TLV,
    FRAME_BAD_OFFSET, FRAME_BAD_COMPRESSION or FRAME_TOO_LARGE. `offset`: the byte of the input where
    it was seen.
    """

    reason: str
    offset: int

class PredicateError(ValueError):
    """A filter predicate that does not parse or does not fit its record.

    `reason`: PREDICATE_SYNTAX, PREDICATE_UNKNOWN_NAME, PREDICATE_TYPE or PREDICATE_TOO_LARGE.
    `offset`: the character of the text where it was seen.
    """

    reason: str
    offset: int

@final
class FrameInfo:
    """What a frame says about itself. Offsets and lengths are bytes of the frame."""

    @property
    def message_type(self) -> int: ...
    @property
    def version(self) -> int: ...
    @property
    def source(self) -> int: ...
    @property
    def flags(self) -> int: ...
    @property
    def codec(self) -> int:
        """Compression: 0 none, 1 LZ4, 2 Zstd, 3 Snappy."""
    @property
    def priority(self) -> int:
        """0 normal … 3 highest."""
    @property
    def payload_size(self) -> int:
        """Bytes of the rows before compression."""
    @property
    def checksum(self) -> int: ...
    @property
    def sequence(self) -> int: ...
    @property
    def timestamp(self) -> int:
        """Nanoseconds since the epoch, UTC."""
    @property
    def trace_id(self) -> bytes: ...
    @property
    def message_id(self) -> bytes: ...
    @property
    def causation_id(self) -> bytes: ...
    @property
    def trace_flags(self) -> int: ...
    @property
    def record_count(self) -> int:
        """Rows; 0 for a compressed frame of a type registered at run time (its stride is inside)."""
    @property
    def stride(self) -> int:
        """Bytes of one row; 0 where `record_count` cannot be known."""
    @property
    def rows_offset(self) -> int:
        """Start of the rows; 0 when there are none in place (empty or compressed)."""
    @property
    def extensions_offset(self) -> int: ...
    @property
    def extensions_length(self) -> int: ...
    @property
    def blob_offset(self) -> int: ...
    @property
    def blob_length(self) -> int: ...
    @property
    def components_offset(self) -> int: ...
    @property
    def components_count(self) -> int: ...
    @property
    def header_offset(self) -> int:
        """Start of the 32-byte header: `sequence` is at +16, `checksum` at +12."""
    @property
    def schema_hash(self) -> int:
        """Of a type registered at run time (200-255), else 0."""
    @property
    def compressed(self) -> bool: ...

@final
class FrameBatch:
    """Columns over many frames, in their order. Where `error` is not 0 the other columns are 0."""

    @property
    def message_type(self) -> NDArray[np.uint8]: ...
    @property
    def source(self) -> NDArray[np.uint8]: ...
    @property
    def flags(self) -> NDArray[np.uint8]: ...
    @property
    def trace_flags(self) -> NDArray[np.uint8]:
        """Bit 0: the frame's trace is sampled."""
    @property
    def record_count(self) -> NDArray[np.uint32]: ...
    @property
    def timestamp(self) -> NDArray[np.uint64]: ...
    @property
    def sequence(self) -> NDArray[np.uint64]: ...
    @property
    def error(self) -> NDArray[np.uint8]:
        """0 for a good frame."""
    @property
    def error_offset(self) -> NDArray[np.uint32]: ...
    @property
    def errors(self) -> int:
        """How many frames were refused."""
    def reason(self, index: int) -> str:
        """The reason code of frame `index`, ``""`` for a good one."""
    def message(self, index: int) -> str:
        """Why frame `index` was refused, in words, ``""`` for a good one."""
    def __len__(self) -> int: ...

@final
class MessageBlock:
    """Consecutive frames of a producer's message, each checked once. Immutable; keeps the message.

    Columns are new arrays at each access.
    """

    @property
    def message(self) -> bytes:
        """What was read; the same object."""
    @property
    def end(self) -> int:
        """Where the message's other fields begin."""
    @property
    def size(self) -> int:
        """Bytes from the first frame's tag to the end of the last frame."""
    @property
    def errors(self) -> int:
        """How many frames are refused."""
    @property
    def offsets(self) -> NDArray[np.uint64]:
        """(n,) first byte of each frame in what `stamped` gives."""
    @property
    def lengths(self) -> NDArray[np.uint32]: ...
    @property
    def message_type(self) -> NDArray[np.uint8]:
        """(n,) 0 for a refused frame, like its record count."""
    @property
    def record_count(self) -> NDArray[np.uint32]: ...
    @property
    def records(self) -> int:
        """Records of all frames."""
    def reason(self, index: int) -> str:
        """The reason code of frame `index`, ``""`` for a good one."""
    def explanation(self, index: int) -> str:
        """Why frame `index` is refused, in words, ``""`` for a good one."""
    def error_offset(self, index: int) -> int: ...
    def all_good(self, accepted: bytes, max_frame: int) -> bool:
        """None is refused, of a type whose byte in (256,) `accepted` is 0, or above `max_frame`."""
    def totals(self) -> list[tuple[int, int, int]]:
        """(message type, frames, records) of each type."""
    def sampled(self) -> list[int]:
        """Indices of frames whose trace is sampled."""
    def part(self, start: int, stop: int) -> MessageBlock:
        """Frames `start:stop`; the bytes are shared. Raises ValueError where one is refused."""
    def stamped(self, first_sequence: int, tail: bytes | None = None) -> bytes:
        """A copy with the sequences, then `tail`. Raises ValueError where a frame is refused."""
    def __len__(self) -> int: ...

def read_message(message: bytes, *, checksum: bool = True) -> MessageBlock:
    """Find and check the frames that are field 1 of a serialized message, before its other fields.

    Raises ValueError, with the `offset` at which the message breaks.
    """

def join_stamped(blocks: Sequence[tuple[MessageBlock, int]], tail: bytes) -> bytes:
    """`stamped` of (block, first sequence) one after the other, then `tail`, in one new message."""

def encode_frame(
    message_type: int,
    rows: _Bytes,
    *,
    source: int,
    timestamp: int,
    trace_id: bytes,
    message_id: bytes,
    causation_id: bytes | None = None,
    trace_flags: int = 0,
    flags: int = 0,
    extensions: _Bytes | None = None,
    blob: _Bytes | None = None,
    components: _Bytes | None = None,
    stride: int = 0,
    schema_hash: int = 0,
) -> bytes:
    """One frame over `rows`, sequence 0, with size and checksum, a multiple of 8 bytes long.

    `rows`: C-contiguous structured array (or bytes) of whole records of `message_type`. A type of
    200-255 needs `stride` where `rows` is plain bytes. Message type 0 carries registry records.
    `blob`, `components`: only for record types that have them. `extensions`: TLVs, see `encode_tlv`.
    The codec bits of `flags` must be 0: see `compress_frame`. Raises FrameError.
    """

def inspect_frame(frame: _Bytes) -> FrameInfo:
    """Check the whole structure, not the checksum. Raises FrameError."""

def verify_frame(frame: _Bytes, *, checksum: bool = True) -> FrameInfo:
    """Check structure and checksum: whatever passes can be read without another check."""

def verify_frames(frames: Sequence[_Bytes], *, checksum: bool = True) -> FrameBatch:
    """`verify_frame` over many; a bad one is a row with its error and never raises."""

def verify_block(
    block: _Bytes,
    offsets: NDArray[np.uint64],
    lengths: NDArray[np.uint32],
    *,
    checksum: bool = True,
) -> FrameBatch:
    """`verify_frames` over frames `block[offsets[i]:offsets[i] + lengths[i]]`."""

def frame_checksum(frame: _Bytes) -> int:
    """CRC-32 of the frame with its sequence and checksum taken as zero. Raises FrameError."""

def stamp_sequence(buffer: _Bytes, sequence: int) -> None:
    """Write the sequence into the frame at the start of a writable buffer."""

def stamp_sequences(buffer: _Bytes, offsets: NDArray[np.uint64], first_sequence: int) -> None:
    """Write first_sequence + i into the frame that begins at `offsets[i]` of a writable buffer."""

def join_frames(
    frames: Sequence[_Bytes], *, first_sequence: int | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint64]]:
    """Copy frames one after the other: (block, n + 1 offsets), as `Ring.publish_block` takes them.

    With `first_sequence`, frame i of the copy is stamped with first_sequence + i.
    """

@final
class InstrumentSet:
    """A set of instrument ids, 16 bytes each."""

    def __new__(cls, ids: _Bytes) -> Self:
        """`ids`: any C-contiguous buffer of 16 n bytes, e.g. (n, 16) u1, (n,) V16 or joined bytes."""
    def __len__(self) -> int: ...
    def __contains__(self, instrument_id: bytes, /) -> bool: ...

@final
class FrameFilter:
    """What a subscriber wants. Compiled once; every part that is given must agree.

    `message_types`, `sources`: of the header. `instruments`, `venues`, `asset_types`: of the rows; a
    row passes when any of its instrument ids does (venue updates also by their `venue` field), and
    rows of a type without an instrument pass. `predicate`: see docs/predicates.md; rows of a type
    that lacks one of its fields do not pass. Raises PredicateError.
    """

    def __new__(
        cls,
        *,
        message_types: Sequence[int] | None = None,
        sources: Sequence[int] | None = None,
        instruments: InstrumentSet | _Bytes | None = None,
        venues: Sequence[int] | None = None,
        asset_types: Sequence[int] | None = None,
        predicate: str = "",
        schemas: Sequence[tuple[int, Schema]] | None = None,
        max_bytes: int = ...,
    ) -> Self:
        """Empty or None passes everything. `schemas`: message types registered at run time, whose
        fields a predicate may name. `max_bytes`: largest size to decompress a frame to."""
    @property
    def passes_all(self) -> bool:
        """True when nothing is filtered."""
    def apply(self, frame: _Bytes) -> _Bytes | None:
        """The frame itself when all rows pass, a smaller one (same sequence and context, new size
        and checksum) when some do, None when none does. Raises FrameError.
        """
    def apply_block(
        self,
        block: _Bytes,
        offsets: NDArray[np.uint64],
        lengths: NDArray[np.uint32],
        *,
        skip: int = 0,
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint64], NDArray[np.uint32]]:
        """The frames at `block[offsets[i] + skip:offsets[i] + lengths[i]]` that pass, joined.

        Returns (bytes, n + 1 offsets, index of the entry that each came from). `skip` steps over a
        prefix of each entry. Entries must hold verified frames; one that is not raises FrameError.
        """

class SchemaError(ValueError):
    """A binary schema that is refused."""

    reason: str
    """Stable: SCHEMA_MALFORMED, SCHEMA_TOO_LARGE, SCHEMA_ROOT_UNKNOWN, SCHEMA_UNSUPPORTED."""

MAX_SCHEMA_BYTES: Final[int]
"""Largest binary schema that is read."""

_Shape: TypeAlias = tuple[str, int, list[_ShapeField]]
"""Full name, bytes (0 for a table), fields by position."""
_ShapeField: TypeAlias = tuple[str, int, int, str, Any, int]
"""Name, byte (of a table: of its vtable), bytes in the row, kind, what the kind needs, default."""

@final
class Schema:
    """A binary schema (`.bfbs`) that was read and checked, for a type registered at run time.

    `root`: full name of the struct or of the root table that a row is; empty: the root table, or
    the struct that is in its only field, a vector. Raises SchemaError.
    """

    def __new__(cls, schema: _Bytes, root: str = "") -> Self: ...
    @property
    def root(self) -> str:
        """Full name of the struct or table."""
    @property
    def hash(self) -> int:
        """What frames of the type carry as `schema_hash`."""
    @property
    def stride(self) -> int:
        """Bytes of a row; 0 for a table, of which a frame holds one."""
    @property
    def is_table(self) -> bool:
        """The root is a table."""
    def shapes(self) -> list[_Shape]:
        """The struct, or the tables that can be reached, the root first.

        Kinds and what they need: unsigned and signed (decimals, or None), float, bool, bytes and
        text (None), enum (name, signed, flags, (name, value) pairs), struct (its shape), array
        (element, count), string (None), vector (element), table (its number in this list).
        """
    def check(self, frame: _Bytes) -> None:
        """Whether a verified frame is one of this schema. Raises FrameError
        (FRAME_SCHEMA_MISMATCH).
        """

def filter_frame(
    frame: _Bytes,
    *,
    message_types: Sequence[int] | None = None,
    sources: Sequence[int] | None = None,
    instruments: InstrumentSet | _Bytes | None = None,
    venues: Sequence[int] | None = None,
    asset_types: Sequence[int] | None = None,
    predicate: str = "",
) -> _Bytes | None:
    """`FrameFilter(...).apply(frame)` for a single use."""

def conflate_block(
    block: _Bytes,
    offsets: NDArray[np.uint64],
    lengths: NDArray[np.uint32],
) -> tuple[
    tuple[NDArray[np.uint8], NDArray[np.uint64], NDArray[np.uint32]],
    tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.bool_]],
]:
    """The last values in a batch of n frames: of each instrument and type, of each book level.

    Returns what is left as (block, (k + 1,) bounds, (k,) indices into the batch), and what has gone
    as (m,) sequences, records that went and whether the frame is there cut down; both ascending.
    Only trades, quotes, book levels and values of synthetics replace each other; frames of other
    types, and compressed ones, are left as they are.
    """

def walk_tlv(extensions: _Bytes) -> list[tuple[int, int, int]]:
    """(type, offset of the value, length) of each TLV. Raises FrameError (FRAME_BAD_TLV)."""

def find_tlv(extensions: _Bytes, tlv_type: int) -> bytes | None:
    """Value of the first TLV of that type."""

def encode_tlv(tlv_type: int, value: _Bytes) -> bytes:
    """One TLV; join several with `+`. The value is at most 255 bytes."""

def compress_frame(frame: _Bytes, codec: int, *, level: int = 0) -> bytes:
    """The frame with its rows (and blob or components) compressed; same sequence and context.

    `codec`: 1 LZ4 (block), 2 Zstd, 3 Snappy (raw). `level`: Zstd's, 0 its default.
    """

def decompress_frame(frame: _Bytes, *, max_bytes: int = ...) -> _Bytes:
    """The plain frame, `frame` itself when it is not compressed.

    Raises FrameError: FRAME_TOO_LARGE when it claims more than `max_bytes` of content (checked
    before anything is allocated), FRAME_BAD_COMPRESSION when the data are not what they claim.
    """

# ------------------------------------------------------------------------------------------ identity

class InstrumentIdError(ValueError):
    """A natural key that has no id, or bytes that are no id.

    `reason`: ID_EMPTY_KEY, ID_BAD_ASSET_TYPE, ID_BAD_CHARACTER, ID_BAD_KEY, ID_BAD_TEXT or ID_MALFORMED.
    """

    reason: str

def canonical_key(asset_type: int, venue: int, local_key: str) -> str:
    """`v1:<asset type, lower case>:<venue number>:<local key>`, e.g. ``v1:crypto_pair:1:BTCUSDT``."""

def instrument_id_symbol(asset_type: int, venue: int, symbol: str) -> bytes:
    """Id of a venue's symbol: reversible up to 12 characters of ``A-Z 0-9 . -``, else hashed."""

def instrument_id_isin(asset_type: int, venue: int, isin: str) -> bytes:
    """Id of an ISIN: two letters, nine letters or digits, one digit. The check digit is the caller's."""

def instrument_id_pair(asset_type: int, venue: int, base: str, quote: str) -> bytes:
    """Id of a pair: reversible for codes of up to 6 of ``A-Z 0-9``, else the hash of ``BASE/QUOTE``."""

def instrument_id_numeric(asset_type: int, venue: int, number: int) -> bytes:
    """Id of the venue's own number, 0 … 2⁶⁴-1."""

def instrument_id_hash(asset_type: int, venue: int, canonical_key: str, attempt: int = 0) -> bytes:
    """Id of a canonical key by BLAKE3. `attempt` > 0: the key lost a collision that many times.

    The key must begin as `canonical_key(asset_type, venue, …)` does.
    """

def instrument_id_address(asset_type: int, venue: int, address: str | bytes) -> bytes:
    """Hashed id of a 20-byte chain address: local key ``0x`` + 40 lower-case hex digits."""

def instrument_ids_symbol(
    asset_types: int | NDArray[np.uint8], venues: int | NDArray[np.uint16], symbols: Sequence[str]
) -> NDArray[np.uint8]:
    """(n, 16) ids of n symbols; asset types and venues are scalars or (n,)."""

def instrument_ids_isin(
    asset_types: int | NDArray[np.uint8], venues: int | NDArray[np.uint16], isins: Sequence[str]
) -> NDArray[np.uint8]:
    """(n, 16) ids of n ISINs."""

def instrument_ids_pair(
    asset_types: int | NDArray[np.uint8],
    venues: int | NDArray[np.uint16],
    bases: Sequence[str],
    quotes: Sequence[str],
) -> NDArray[np.uint8]:
    """(n, 16) ids of n pairs."""

def instrument_ids_numeric(
    asset_types: int | NDArray[np.uint8],
    venues: int | NDArray[np.uint16],
    numbers: NDArray[np.uint64],
) -> NDArray[np.uint8]:
    """(n, 16) ids of n native numbers."""

def instrument_ids_hash(
    asset_types: int | NDArray[np.uint8],
    venues: int | NDArray[np.uint16],
    canonical_keys: Sequence[str],
    attempt: int = 0,
) -> NDArray[np.uint8]:
    """(n, 16) ids of n canonical keys."""

def instrument_id_parse(text: str) -> bytes:
    """16 bytes of 32 hexadecimal digits."""

def instrument_id_text(instrument_id: bytes) -> str:
    """32 lower-case hexadecimal digits of the 16 bytes, in memory order."""

def instrument_ids_parse(texts: Sequence[str]) -> NDArray[np.uint8]:
    """(n, 16) ids of n texts."""

def instrument_ids_text(ids: _Bytes) -> list[str]:
    """Texts of 16 n bytes."""

def instrument_id_decode(instrument_id: bytes) -> tuple[int, str | None]:
    """(scheme, natural key) of an id; the key is None for a hashed one.

    The key is the symbol, the ISIN, ``BASE/QUOTE`` or the number in decimal. Raises
    InstrumentIdError (ID_MALFORMED) for bytes that no encoder of this module makes.
    """

def instrument_ids_decode(ids: _Bytes) -> list[tuple[int, str | None]]:
    """`instrument_id_decode` over 16 n bytes; a malformed id is (its scheme, None)."""

def instrument_id_fields(instrument_id: bytes) -> tuple[int, int, int, int, int]:
    """(asset_id, venue, asset_type, scheme, salt)."""

def instrument_id_from_fields(
    asset_id: int, venue: int, asset_type: int, scheme: int, salt: int
) -> bytes:
    """The 16 bytes of the five fields, unchecked."""

# --------------------------------------------------------------------------------- engine and book
#
# Rows cross as bytes or C-contiguous structured arrays; what comes back is bytes for `np.frombuffer`.
# Times are ns since the epoch, prices and quantities 1e-8, as in the FlatBuffers schemas.

_Fields: TypeAlias = tuple[list[str], list[str], list[int], int]
"""Names, NumPy formats, offsets and itemsize: what `np.dtype` takes."""

VENUE_REPORT_FIELDS: _Fields
"""One answer of a venue to the engine."""
INSTRUMENT_RULES_FIELDS: _Fields
"""What the checks and the exchange must know of an instrument. `flags`: bit 0 tradable, bit 1 inverse."""
OUTCOME_FIELDS: _Fields
"""What became of one command row. `order_id` 0: no such order. `duplicate` 1: it was here already."""
ORDER_VIEW_BYTES: int
"""Size of an order as readers see it: OrderRequest, OrderStatus, FrameContext, then accepted_at u8,
updated_at u8, stop_price i8, triggered u1, open u1, base u1, pending_cancel u1, pending_replace u1,
3 bytes reserved."""

class JournalError(ValueError):
    """A journal that does not continue the state, or bytes that are no snapshot."""

def derive_span_id(parent: bytes, step: int) -> bytes:
    """The 8-byte id of a span that `parent` causes: the same again on every replay, never zero."""

@final
class EngineOutput:
    """What the engine made of a batch. `len()` is the number of reports."""

    @property
    def outcomes(self) -> bytes:
        """One OUTCOME row a command row, in order; empty for reports of venues."""
    @property
    def reports(self) -> bytes:
        """The EXECUTION_REPORT rows."""
    @property
    def anomalies(self) -> list[tuple[str, bytes]]:
        """(name, VENUE_REPORT row) of what a venue should not have said: DUPLICATE_TRADE,
        CONFLICTING_TRADE, OVER_FILL, LATE_FILL, UNKNOWN_ORDER, UNEXPECTED_REPORT.
        """
    def frames(self) -> list[bytes]:
        """The frames to journal and then to publish, in order."""
    def routes(self) -> list[tuple[int, list[int], bytes]]:
        """(message type, order ids, rows) of the commands to give to venues, in order."""
    def fills(self) -> list[tuple[bytes, bytes, bytes, bool, bytes]]:
        """(trace id, message id, causation id, sampled, FILL rows) of each fill frame's context."""
    def __len__(self) -> int: ...

@final
class OrderEngine:
    """Deterministic order engine: commands and venue reports in, frames of events out.

    The state is a fold over those frames: `apply_events` of them on a new engine gives the same
    `snapshot` and `digest`. Not thread-safe.
    """

    def __new__(
        cls,
        *,
        keep_closed_orders: int,
        max_order_quantity: int,
        max_order_notional: int,
        max_open_orders: int,
        max_position_notional: int,
        max_orders_per_second: int,
        price_band: int,
        max_quote_age: int,
        require_quote: bool,
    ) -> Self:
        """Limits hold per account. Quantities and notionals are 1e-8, `price_band` 1e-4 basis points,
        `max_quote_age` ns (0: quotes never get stale). `keep_closed_orders` stay in memory.
        """
    def set_instruments(self, rules: _Bytes) -> None:
        """INSTRUMENT_RULES rows, new or changed. Raises ValueError without a multiplier."""
    def has_instrument(self, instrument_id: bytes) -> bool: ...
    def set_trading_state(
        self, trading_state: Literal["active", "reducing", "halted", "reconciling"]
    ) -> None: ...
    def quotes(self, rows: _Bytes, now: int) -> None:
        """QUOTE rows: what prices are compared with from now on."""
    def apply_commands(
        self,
        message_type: int,
        rows: _Bytes,
        *,
        now: int,
        trace_id: bytes,
        message_id: bytes,
        causation_id: bytes,
        sampled: bool = True,
    ) -> EngineOutput:
        """Decide ORDER_REQUEST, ORDER_CANCEL or ORDER_MODIFY rows of one command frame.

        The context is execution's: the command's trace, the span of the acceptance, and the
        command's message id as the cause. Raises ValueError for other rows.
        """
    def apply_reports(self, reports: _Bytes, now: int) -> EngineOutput:
        """Take VENUE_REPORT rows, in the order in which the venue said them."""
    def apply_events(self, frames: Sequence[Buffer]) -> None:
        """Take journaled frames again. Raises JournalError for one that does not continue the state,
        after which the engine must not be used.
        """
    def snapshot(self) -> bytes: ...
    def restore(self, data: Buffer) -> None:
        """Replace the state by a snapshot's. Raises JournalError."""
    def digest(self) -> bytes:
        """32 bytes that name the state."""
    def take_evicted(self) -> list[tuple[bytes, bytes, list[int]]]:
        """(view, FILL rows, client order ids) of closed orders that have left memory since the last
        call.
        """
    def order(self, order_id: int) -> bytes | None:
        """The order's view."""
    def find(self, account_id: int, client_order_id: int) -> int:
        """Order id, 0 where there is none in memory."""
    def orders(
        self,
        *,
        before: int = ...,
        limit: int = 100,
        account_id: int = 0,
        strategy_id: int = 0,
        instrument_id: bytes | None = None,
        status: int = 0,
        open_only: bool = False,
    ) -> bytes:
        """Views of orders with an id below `before`, newest first; 0 and None pass everything."""
    def working(self) -> bytes:
        """Views of the orders that a venue must know, in the order of their place in its queue; those
        that it has not acknowledged last.
        """
    def pending_modify(self, order_id: int) -> bytes | None:
        """The ORDER_MODIFY row that the venue has not answered."""
    def order_fills(self, order_id: int) -> bytes:
        """FILL rows of an order, oldest first."""
    def fills(self, *, before: int = ..., limit: int = 100) -> tuple[bytes, bytes]:
        """FILL rows with a journal sequence below `before`, newest first, and 16 bytes of trace id
        for each.
        """
    def venue_context(self, order_id: int) -> tuple[bytes, bytes, bytes, bool] | None:
        """(trace id, message id, causation id, sampled) of the order's submission to its venue."""
    def position(self, account_id: int, instrument_id: bytes) -> int:
        """Net traded quantity, 1e-8."""
    @property
    def sequence(self) -> int:
        """Journal sequence of the last report."""
    @property
    def next_order_id(self) -> int: ...
    @property
    def max_trade_id(self) -> int: ...
    @property
    def open_orders(self) -> int: ...
    @property
    def orders_in_memory(self) -> int: ...

@final
class SimulatedExchange:
    """Matching books with price-time priority over the liquidity that quotes show.

    Answers are VENUE_REPORT rows in the order in which things happened. Deterministic.
    """

    def __new__(
        cls,
        *,
        self_trade: Literal["cancel-newest", "cancel-oldest", "cancel-both"] = "cancel-newest",
    ) -> Self: ...
    def set_markets(self, rules: _Bytes, *, maker_fee: int, taker_fee: int) -> None:
        """Open a market for each INSTRUMENT_RULES row; fees in 1e-4 basis points, negative: rebate.
        Raises ValueError without a multiplier or a settlement currency.
        """
    def submit(self, order_ids: Sequence[int], requests: _Bytes, now: int) -> bytes:
        """Take ORDER_REQUEST rows; an id that is here already is passed over without an answer."""
    def cancel(self, order_ids: Sequence[int], now: int) -> bytes: ...
    def modify(self, rows: _Bytes, now: int) -> bytes:
        """Take ORDER_MODIFY rows (by `order_id`)."""
    def restore(self, views: _Bytes) -> list[int]:
        """Put working orders back without an answer, in the order of the views; returns the ids that
        could not be.
        """
    def quotes(self, rows: _Bytes, now: int) -> bytes:
        """QUOTE rows replace the liquidity of their instruments; a market that opens later opens with
        the last one."""
    def advance(self, now: int) -> bytes:
        """Expire what has ended by `now`."""
    def start_trade_ids_at(self, trade_id: int) -> None: ...
    @property
    def next_expiry(self) -> int | None: ...
    @property
    def open_orders(self) -> int: ...
    def depth(self, instrument_id: bytes, side: int) -> list[tuple[int, int, int]]:
        """(order id, price, quantity) of the resting orders of a side, best first, then oldest."""

# ------------------------------------------------------------------------------ registry instruments
#
# `alphapulse.registry.v1.Instrument` without an object a field. The registry's rules stay the
# authority: what is not plainly right is left to them.

def isin_is_valid(text: str) -> bool:
    """Shape, country and check digit (ISO 6166)."""

def cusip_is_valid(text: str) -> bool:
    """Nine characters with their check digit."""

def figi_is_valid(text: str) -> bool:
    """Twelve characters with their check digit."""

_InstrumentFields: TypeAlias = tuple[
    bytes,
    str,
    int,
    int,
    str,
    str,
    int,
    str,
    str,
    tuple[str, str, str],
    int,
    str,
    bool,
    str,
    int,
    int,
    int,
    int,
    bytes,
]

def instrument_fields(body: bytes) -> _InstrumentFields | None:
    """Of an encoded Instrument: id, natural key, asset type, venue, symbol, name, status, ISIN, CUSIP,
    the FIGIs (line, composite, share class), chain, address, primary, base of a pair, begin and end
    of validity (ns), version, revision, and the fixed record of 128 bytes. None where it is not plain.
    """

def instrument_event(data: bytes, revision: int) -> tuple[int, bytes, _InstrumentFields] | None:
    """Of an encoded WatchRegistryResponse with an instrument: the field number of the event, the
    instrument as field 1 of a message, and its fields. None for anything else.
    """

@final
class InstrumentNormaliser:
    """Brings instruments that clients send into normal form; knows the venues that they may be on, and the currencies."""

    def __new__(
        cls,
        venues: Sequence[tuple[int, int, int]],
        currencies: Sequence[str],
        minor_units: Sequence[str],
    ) -> Self:
        """`venues`: number, `VenueKind` and chain of each that is not retired. `currencies`: the
        codes that listed securities and pairs of currencies may be in; `minor_units`: what they may
        be quoted in besides.
        """
    def batch(
        self, request: bytes
    ) -> (
        tuple[list[tuple[_InstrumentFields, bytes, bytes, str, bytes | None, bytes] | bytes], str]
        | None
    ):
        """Each message of field 1 of `request`, in order, and the text of field 2. What is plain: its fields, its encoding up to
        the revision and after it, the local key, the id of its underlying, and its encoded
        `RegistrationOutcome` as field 1. Anything else: its bytes. None where `request` has other
        fields than 1 and 2.
        """

class InstrumentIndexError(Exception):
    """An index that cannot be used."""

    reason: str
    """`INDEX_MISSING`, `INDEX_LAYOUT`, `INDEX_BUSY` or `INDEX_SYSTEM`."""

@final
class InstrumentIndex:
    """The registry's index in shared memory, read-only: fixed records of 128 bytes
    (`alphapulse_layout.dtypes`), found without a call. Follows the index into larger files; for any
    number of threads. See docs/index-layout.md.

    `kind`: ``"id"`` (16 bytes), ``"symbol"`` (venue number u16 little-endian, then the symbol),
    ``"isin"``, ``"cusip"``, ``"figi"`` (ASCII) or ``"address"`` (20 bytes).
    """

    @staticmethod
    def attach(path: str) -> InstrumentIndex:
        """Raises InstrumentIndexError."""
    @property
    def path(self) -> str: ...
    @property
    def revision(self) -> int:
        """Everything up to this revision of the registry is there."""
    @property
    def generation(self) -> int:
        """Grows with each file that takes the path's name."""
    @property
    def file_bytes(self) -> int: ...
    def __len__(self) -> int: ...
    def get(self, instrument_id: bytes) -> bytes | None:
        """The record of an id of 16 bytes."""
    def find(self, kind: str, key: bytes) -> list[bytes]:
        """The records of all instruments with the key, in the order of registration."""
    def gather(self, ids: _Bytes) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
        """(128 n,) records of n ids of 16 bytes each, zeros for an unknown one; their positions."""
    def find_many(
        self, kind: str, keys: _Bytes, width: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
        """(128 n,) for n keys of `width` bytes, zero-padded: the record of the primary listing, else
        of the instrument registered first, zeros for none; (n,) how many instruments have the key.
        """
    def snapshot(self, timeout: float = 5.0) -> tuple[int, NDArray[np.uint8]]:
        """A revision, and (128 n,) all records as they were then, in the order of registration.

        Raises ValueError when the writer was busy, or died in a batch, for `timeout` seconds.
        """

@final
class InstrumentIndexWriter:
    """The one writer of an index. Instruments are numbered from 0 in the order of `extend`."""

    def __new__(cls, path: str, capacity: int = 1024) -> Self:
        """A new index, which takes the path's name at its first `commit`.

        Raises InstrumentIndexError: `INDEX_BUSY` while another process writes it.
        """
    @property
    def generation(self) -> int: ...
    @property
    def file_bytes(self) -> int: ...
    def __len__(self) -> int: ...
    def extend(self, records: bytes) -> None:
        """Add records of 128 bytes each. Raises ValueError for a length that is no multiple."""
    def replace(self, instrument: int, record: bytes) -> None:
        """Another record of an instrument that is there. Raises ValueError for another id."""
    def commit(self, revision: int) -> None:
        """What was added and replaced is everything up to this revision of the registry."""
    def close(self) -> None:
        """Let go of the lock; the index stays for its readers. Idempotent."""

def index_reclaim(path: str) -> bool:
    """Remove the index of a writer that has gone; False where a writer is alive.

    Readers that hold it keep what they have until another registry makes an index of this name.
    Raises InstrumentIndexError: `INDEX_SYSTEM` where the files cannot be removed.
    """

@final
class InstrumentRecords:
    """Fixed records of 128 bytes, found by the id that each begins with."""

    def __new__(cls) -> Self: ...
    def __len__(self) -> int: ...
    def extend(self, records: bytes) -> None:
        """Add records, one after the other. Raises ValueError for a length that is no multiple."""
    def replace(self, place: int, record: bytes) -> None:
        """Put another record of the same id in a place. Raises IndexError, ValueError."""
    def gather(self, ids: bytes) -> tuple[bytes, list[int]]:
        """Records of ids of 16 bytes each, zeros for an unknown one; and the positions of these."""
