"""One subject of `bench feed` with its hub and its subscribers, measured on command.

    feed_peers.py SUBJECT SUBSCRIBERS each|packed [stalled] [probe=RECORDS]

This process is the publisher. Commands, one a line, answered by a line of numbers:
    rate N      N frames as fast as they go: seconds, and processor seconds of the publisher, the
                hub and the subscribers
    paced N     the same with N frames at a rate that many subscribers keep up with, each frame a
                message
    latency N   N probes, paced: p50 p99 p99.9 max in ns, end to end, to the hub, from the hub
                (-1 where a stage is not known)
    memory      resident bytes of hub, publisher, one subscriber
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import records
from mesh_subjects import Alphapulse, NatsTransport, Shm, ShmPolling
from peer_subjects import Limit, Nats, Redis, Zmq

if TYPE_CHECKING:
    from subject import Subject

SUBJECTS: dict[str, type[Subject]] = {
    "alphapulse": Alphapulse, "alphapulse-shm": Shm, "alphapulse-shm-polling": ShmPolling,
    "alphapulse-nats": NatsTransport, "limit": Limit, "nats-py": Nats, "pyzmq": Zmq,
    "redis": Redis,
}  # fmt: skip
PROBE_SECONDS = 0.002
PROBE_SECONDS_EACH = 0.0005
FRAME_SECONDS = 0.05
"""Of `paced`: 40,000 records a second."""
PRELOAD = ("alphapulse_client", "grpc.aio", "nats", "zmq", "redis.asyncio", "uvloop")
ROUND_SECONDS = 100.0


class Counting:
    """A subscriber process: counts what arrives, reports when it has what it was told to expect."""

    def __init__(self, pipe: Connection, subject: Subject) -> None:
        self._pipe = pipe
        self._subject = subject
        self._want = 0
        self._got = 0
        self._cpu = 0.0
        self._late: list[int] = []
        self._made: list[int] = []

    def run(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            asyncio.run(self._count())
        except Exception as error:  # noqa: BLE001  # whatever it is, the parent says so in a line
            self._pipe.send(("error", f"{type(error).__name__}: {error}"))

    def _listen(self) -> None:
        """Each command is a number of records to wait for; nothing is on the way meanwhile."""
        while True:
            try:
                want = self._pipe.recv()
            except EOFError:
                os._exit(0)
            self._got, self._late, self._made = 0, [], []
            self._cpu = time.process_time()
            self._want = want
            self._pipe.send(("armed",))

    async def _count(self) -> None:
        async for arrivals in self._subject.subscribe(lambda: self._pipe.send(("ready",))):
            now = time.time_ns()
            for count, made in arrivals:
                self._got += count
                if made:
                    self._late.append(now - made)
                    self._made.append(made)
            if self._want and self._got >= self._want:
                end = time.monotonic_ns()
                cpu = time.process_time() - self._cpu
                self._want = 0
                self._pipe.send(("done", end, cpu, self._late, self._made))


def subscriber(
    name: str, place: str, packed: bool, probe: int, stalled: bool, pipe: Connection
) -> None:
    """Entry point of a subscriber process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # a user's own loop, where there is one to choose
    with contextlib.suppress(ImportError):
        import uvloop

        uvloop.install()
    subject = SUBJECTS[name](place, packed=packed)
    subject.probe_records = probe
    if stalled:
        subject.slow_consumer = "drop_oldest"
    Counting(pipe, subject).run()


class Bench:
    """The publisher's side, and the commands."""

    def __init__(self, name: str, count: int, packed: bool, stalled: bool, probe: int) -> None:
        self.name = name
        self.count = count
        self.packed = packed
        self.stalled = stalled
        self.probe = probe
        self.pipes: list[Connection] = []
        self.processes: list[Any] = []
        self.hubs: list[psutil.Process] = []
        # one thread hears all subscribers: what it costs is the bench's, not the publisher's
        self._hearing = ThreadPoolExecutor(1)
        self._hearing_clock = 0

    async def main(self, stack: contextlib.AsyncExitStack) -> None:
        """Start everything, then answer commands until standard input ends."""
        self.place = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="alphapulse-bench.", ignore_cleanup_errors=True)
        )
        self.subject = subject = SUBJECTS[self.name](self.place, packed=self.packed)
        subject.probe_records = self.probe
        stack.callback(self._end_subscribers)
        context = multiprocessing.get_context("forkserver")
        # subscribers are forked from a process that has imported everything and used nothing
        os.environ["PYTHONPATH"] = str(Path(__file__).parent)
        context.set_forkserver_preload(["feed_peers", *PRELOAD])
        subject.prepare()
        hub = stack.enter_context(subject.serve())
        self.hubs = [psutil.Process(pid) for pid in (hub, *subject.other_hubs) if pid]
        await stack.enter_async_context(subject.publisher())
        for _ in range(self.count + self.stalled):
            ours, theirs = context.Pipe()
            stalls = len(self.pipes) == self.count
            process = context.Process(
                target=subscriber,
                args=(self.name, self.place, self.packed, self.probe, stalls, theirs),
                daemon=True,
            )
            process.start()
            theirs.close()
            self.pipes.append(ours)
            self.processes.append(process)
        await self._answers("ready")
        await subject.subscribers_are_here(self.count)
        if self.stalled:
            os.kill(self.processes[-1].pid, signal.SIGSTOP)
            self.pipes.pop()
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            print(await self._answer(line.split()), flush=True)

    def _end_subscribers(self) -> None:
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.join()

    async def _answer(self, words: list[str]) -> str:
        gc.collect()
        try:
            match words:
                case ["rate", count]:
                    numbers = await self.rate(int(count))
                case ["paced", count]:
                    numbers = await self.rate(int(count), FRAME_SECONDS)
                case ["latency", count]:
                    numbers = await self.latency(int(count))
                case ["memory"]:
                    numbers = self.memory()
                case _:
                    raise RuntimeError(f"no such command: {' '.join(words)}")
        except (RuntimeError, OSError, EOFError, TimeoutError) as error:
            return told(error)
        return " ".join(repr(float(number)) for number in numbers)

    async def _answers(self, what: str) -> list[Any]:
        """One message of every subscriber."""

        def collect() -> list[Any]:
            self._hearing_clock = time.pthread_getcpuclockid(threading.get_ident())
            left = {pipe: index for index, pipe in enumerate(self.pipes)}
            found: list[Any] = [None] * len(left)
            deadline = time.monotonic() + ROUND_SECONDS
            while left:
                ready = wait(list(left), max(deadline - time.monotonic(), 0))
                if not ready:
                    raise RuntimeError(f"{len(left)} subscribers were not {what} in time")
                for pipe in ready:
                    assert isinstance(pipe, Connection)
                    said = pipe.recv()
                    if said[0] == "error":
                        raise RuntimeError(said[1])
                    if said[0] == what:
                        found[left.pop(pipe)] = said[1:]
            return found

        return await asyncio.get_running_loop().run_in_executor(self._hearing, collect)

    async def _arm(self, want: int) -> None:
        for pipe in self.pipes:
            pipe.send(want)
        await self._answers("armed")

    def _own_cpu(self) -> float:
        return time.process_time() - time.clock_gettime(self._hearing_clock)

    def _hub_cpu(self) -> float:
        # Linux's clock of another process, as clock_getcpuclockid(3) gives it: nanoseconds, where
        # /proc counts in hundredths of a second
        return sum(time.clock_gettime(~hub.pid << 3 | 2) for hub in self.hubs)

    async def rate(self, count: int, pace: float = 0.0) -> list[float]:
        """`pace`: seconds from one frame to the next; 0: as fast as they go."""
        await self._arm(count * records.FRAME_RECORDS)
        waiting = asyncio.ensure_future(self._answers("done"))
        await asyncio.sleep(0)
        hub, own = self._hub_cpu(), self._own_cpu()
        start = time.monotonic_ns()
        send = self.subject.send_now if pace else self.subject.send
        for index in range(count):
            if pace:
                await asyncio.sleep(index * pace - (time.monotonic_ns() - start) / 1e9)
            await send(index % records.FRAMES)
        await self.subject.flush()
        own = self._own_cpu() - own
        done = await waiting
        end = max(one[0] for one in done)
        return [(end - start) / 1e9, own, self._hub_cpu() - hub, sum(one[1] for one in done)]

    async def latency(self, count: int) -> list[float]:
        await self._arm(count * self.probe)
        waiting = asyncio.ensure_future(self._answers("done"))
        # a probe is to be with all of its subscribers before the next one comes
        pace = max(PROBE_SECONDS, self.count * PROBE_SECONDS_EACH)
        for _ in range(count):
            await self.subject.send_probe()
            await asyncio.sleep(pace)
        done = await waiting
        late = np.concatenate([np.array(one[2], np.int64) for one in done])
        answer = [float(np.quantile(late, q)) for q in (0.5, 0.99, 0.999, 1.0)]
        made = done[0][3]
        at_hub = self.subject.stages(0, made)
        if not at_hub:
            return answer + [-1.0] * 8
        known = np.array(at_hub, np.int64)
        before, arrived = np.array(made, np.int64), np.array(done[0][2], np.int64)
        seen = known > 0
        if not seen.any():
            return answer + [-1.0] * 8
        for stage in ((known - before)[seen], (before + arrived - known)[seen]):
            answer += [float(np.quantile(stage, q)) for q in (0.5, 0.99, 0.999, 1.0)]
        return answer

    def memory(self) -> list[float]:
        own = psutil.Process().memory_info().rss
        others = [psutil.Process(p.pid).memory_info().rss for p in self.processes[: self.count]]
        hub = sum(one.memory_info().rss for one in self.hubs)
        return [hub, own, sum(others) / len(others)]


def told(error: BaseException) -> str:
    """An error as an answer."""
    return f"error {type(error).__name__}: {error}".replace("\n", " ")


async def serve(bench: Bench) -> None:
    try:
        async with contextlib.AsyncExitStack() as stack:
            await bench.main(stack)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is this subject's line
        text = told(error)
        # every question gets the reason
        for _ in sys.stdin:
            print(text, flush=True)


def main() -> None:
    """Answer commands until standard input ends."""
    name, count, how, *options = sys.argv[1:]
    probe = next((int(o[6:]) for o in options if o.startswith("probe=")), records.PROBE_RECORDS)
    bench = Bench(name, int(count), how == "packed", "stalled" in options, probe)
    with contextlib.suppress(ImportError):
        import uvloop

        uvloop.install()
    asyncio.run(serve(bench))


if __name__ == "__main__":
    main()
