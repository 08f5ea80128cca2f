"""The Python side of `alphapulse bench ring`: one process sends 64-byte records to another.

One command a line on standard input, one line of answer: `throughput SUBJECT BATCH RECORDS` gives
the seconds from the start until the receiving process has had every record. Subjects: `alphapulse`
(blocks of BATCH records published as BATCH entries, read as NumPy views), `pyzmq` (push-pull over
ipc, a message a record), `pipe` (a write a block, the fastest that a pipe can do) and `iceoryx2`
(its Python package, a sample a record). With `packed` behind the subject one message carries BATCH
records. `error REASON` where it cannot be done.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

RECORD = 64
WORDS = RECORD // 8
RING_BYTES = 1 << 22
CONTEXT = multiprocessing.get_context("spawn")


def records(batch: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """(batch, 8) words; the first of each record counts up."""
    block = np.zeros((batch, WORDS), np.uint64)
    block[:, 0] = np.arange(batch, dtype=np.uint64)
    return block


# Each receiver says "ready" when it listens, and the monotonic time when it has had all.


def receive_alphapulse(pipe: Connection, place: str, packed: bool, batch: int, total: int) -> None:
    from alphapulse_core import Ring

    with Ring.attach(place) as ring, ring.reader("sink", gating=True, wait="yield") as reader:
        pipe.send("ready")
        got, seen, entry = 0, 0, RECORD * (batch if packed else 1)
        # a batch at a time: what is taken is given back with the next poll, not the whole ring
        most = max(batch, 256)
        while got < total:
            found = reader.poll(most, timeout=1.0)
            if len(found):
                # one view over all entries: they are 64-byte aligned and need no padding here
                rows = found.block.view(np.uint64).reshape(-1, WORDS)
                seen += int(rows[:, 0].sum())
                got += len(found) * entry // RECORD
        end = time.monotonic_ns()
        reader.commit()
        pipe.send((end, seen))


@contextlib.contextmanager
def send_alphapulse(place: str, packed: bool, batch: int) -> Iterator[Callable[[], object]]:
    from alphapulse_core import Ring

    ring = Ring.attach(place)
    block = records(batch)
    if packed:
        data = block.tobytes()
        yield lambda: ring.publish(data)
    else:
        offsets = np.arange(batch + 1, dtype=np.uint64) * np.uint64(RECORD)
        yield lambda: ring.publish_block(block.data, offsets)
    ring.close()


def receive_pyzmq(pipe: Connection, place: str, packed: bool, batch: int, total: int) -> None:
    import zmq

    with zmq.Context() as context, context.socket(zmq.PULL) as socket:
        socket.set_hwm(100_000)
        socket.bind(f"ipc://{place}.ipc")
        pipe.send("ready")
        receive = socket.recv
        for _ in range(total // batch if packed else total):
            receive()
        pipe.send((time.monotonic_ns(), None))


@contextlib.contextmanager
def send_pyzmq(place: str, packed: bool, batch: int) -> Iterator[Callable[[], object]]:
    import zmq

    block = records(batch).tobytes()
    single = [block[at : at + RECORD] for at in range(0, len(block), RECORD)]
    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        socket.set_hwm(100_000)
        socket.connect(f"ipc://{place}.ipc")
        send = socket.send

        def each() -> None:
            for record in single:
                send(record)

        yield (lambda: send(block)) if packed else each


def receive_pipe(pipe: Connection, place: str, packed: bool, batch: int, total: int) -> None:
    pipe.send("ready")
    with Path(place + ".fifo").open("rb", buffering=0) as source:
        left = total * RECORD
        while left:
            left -= len(source.read(min(left, 1 << 16)) or b"")
    pipe.send((time.monotonic_ns(), None))


@contextlib.contextmanager
def send_pipe(place: str, packed: bool, batch: int) -> Iterator[Callable[[], object]]:
    block = records(batch).tobytes()
    single = [block[at : at + RECORD] for at in range(0, len(block), RECORD)]
    with Path(place + ".fifo").open("wb", buffering=0) as sink:

        def whole() -> None:
            view = memoryview(block)
            while view:
                view = view[sink.write(view) :]

        def each() -> None:
            sink.writelines(single)

        yield whole if packed else each


class Record(ctypes.Structure):
    """64 bytes as iceoryx2's Python package takes them."""

    _fields_ = (("words", ctypes.c_uint64 * WORDS),)


def iceoryx_service(iox: Any, place: str) -> tuple[Any, Any]:
    iox.set_log_level(iox.LogLevel.Fatal)
    node = iox.NodeBuilder.new().create(iox.ServiceType.Ipc)
    name = iox.ServiceName.new(f"alphapulse-bench.{Path(place).name}")
    builder = node.service_builder(name).publish_subscribe(Record)
    builder = builder.enable_safe_overflow(False).subscriber_max_buffer_size(4096)
    return node, builder.open_or_create()


def receive_iceoryx2(pipe: Connection, place: str, packed: bool, batch: int, total: int) -> None:
    import iceoryx2 as iox

    _node, service = iceoryx_service(iox, place)
    subscriber = service.subscriber_builder().create()
    pipe.send("ready")
    got = 0
    while got < total:
        sample = subscriber.receive()
        if sample is None:
            os.sched_yield()
            continue
        sample.delete()
        got += 1
    pipe.send((time.monotonic_ns(), None))


@contextlib.contextmanager
def send_iceoryx2(place: str, packed: bool, batch: int) -> Iterator[Callable[[], object]]:
    import iceoryx2 as iox

    _node, service = iceoryx_service(iox, place)
    builder = service.publisher_builder()
    builder = builder.backpressure_strategy(iox.BackpressureStrategy.RetryUntilDelivered)
    publisher = builder.create()
    single = [Record((ctypes.c_uint64 * WORDS)(value)) for value in range(batch)]

    def each() -> None:
        for record in single:
            publisher.send_copy(record)

    yield each


RECEIVERS = {
    "alphapulse": receive_alphapulse,
    "pyzmq": receive_pyzmq,
    "pipe": receive_pipe,
    "iceoryx2": receive_iceoryx2,
}
SENDERS = {
    "alphapulse": send_alphapulse,
    "pyzmq": send_pyzmq,
    "pipe": send_pipe,
    "iceoryx2": send_iceoryx2,
}
PACKAGES = {"alphapulse": "alphapulse_core", "pyzmq": "zmq", "iceoryx2": "iceoryx2"}


def throughput(subject: str, packed: bool, batch: int, total: int) -> float:
    """Seconds for `total` records, rounded down to whole batches by the caller."""
    package = PACKAGES.get(subject)
    if package and importlib.util.find_spec(package) is None:
        raise RuntimeError(f"the Python package {package} is not installed")
    if subject == "iceoryx2" and packed:
        raise RuntimeError("not measured: a slice of ctypes structures is filled one by one")
    with tempfile.TemporaryDirectory(prefix="alphapulse-bench.", dir=shared_memory()) as folder:
        place = str(Path(folder) / "ring")
        if subject == "alphapulse":
            from alphapulse_core import Ring

            Ring.create(place, RING_BYTES).close()
        elif subject == "pipe":
            os.mkfifo(place + ".fifo")
        ours, theirs = CONTEXT.Pipe()
        receiver = CONTEXT.Process(
            target=RECEIVERS[subject], args=(theirs, place, packed, batch, total), daemon=True
        )
        receiver.start()
        theirs.close()
        try:
            assert ours.recv() == "ready"
            with SENDERS[subject](place, packed, batch) as send:
                start = time.monotonic_ns()
                for _ in range(total // batch):
                    send()
                end, seen = ours.recv()
        finally:
            receiver.join(5.0)
            if receiver.is_alive():
                receiver.kill()
    expected = total // batch * (batch * (batch - 1) // 2)
    if seen is not None and seen != expected:
        raise RuntimeError(f"what arrived adds up to {seen}, not {expected}")
    return float(end - start) / 1e9


def shared_memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def main() -> None:
    """Answer commands until standard input ends."""
    for line in sys.stdin:
        words = line.split()
        try:
            if len(words) < 4 or words[0] != "throughput" or words[1] not in RECEIVERS:
                raise RuntimeError(f"no such command: {line.strip()}")
            packed = words[2] == "packed"
            answer = repr(throughput(words[1], packed, int(words[-2]), int(words[-1])))
        except (RuntimeError, OSError, EOFError, ImportError, AttributeError) as error:
            answer = f"error {type(error).__name__}: {error}".replace("\n", " ")
        print(answer, flush=True)


if __name__ == "__main__":
    main()
