"""A program that measures on command: one line in, one line of numbers out."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

__all__ = ["Peer", "PeerError"]


class PeerError(Exception):
    """Why a peer cannot measure; the text goes into the result line."""


class Peer:
    """Starts with the first question and serves all rounds, so that its code is warm by then.

    `command[0]` is looked up on PATH; `built` must exist, or else `hint` says how to make it.
    """

    def __init__(
        self, command: Sequence[str], *, built: Path | None = None, hint: str = "", cwd: Path
    ) -> None:
        self._command = command
        self._built = built
        self._hint = hint
        self._cwd = cwd
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, question: str, timeout: float = 60.0) -> list[float]:
        """The numbers of the answer. Raises PeerError: not here, not built, refused, too slow."""
        process = self._running()
        assert process.stdin is not None
        try:
            process.stdin.write(question.encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError as error:
            self.close()
            raise PeerError(f"{self._command[0]} ended") from error
        answer = self._line(process, timeout)
        if answer.startswith("error "):
            raise PeerError(answer.removeprefix("error "))
        try:
            return [float(word) for word in answer.split()]
        except ValueError as error:
            raise PeerError(f"not an answer: {answer}") from error

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            if shutil.which(self._command[0]) is None and not Path(self._command[0]).exists():
                raise PeerError(f"{self._command[0]} is not here{self._hint and '; ' + self._hint}")
            if self._built is not None and not self._built.exists():
                raise PeerError(f"{self._built.name} is not built; {self._hint}")
            self._process = subprocess.Popen(
                self._command,
                cwd=self._cwd,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                start_new_session=True,
            )
        return self._process

    def _line(self, process: subprocess.Popen[bytes], timeout: float) -> str:
        assert process.stdout is not None
        deadline = time.monotonic() + timeout
        said = b""
        while not said.endswith(b"\n"):
            left = deadline - time.monotonic()
            ready, _, _ = select.select([process.stdout], [], [], max(left, 0))
            if not ready:
                self.close()
                raise PeerError(f"no answer within {timeout:.0f} s")
            got = process.stdout.read(4096)
            if not got:
                self.close()
                raise PeerError(f"{Path(self._command[0]).name} ended without an answer")
            said += got
        return said.decode().strip()

    def close(self) -> None:
        """End the program and what it started."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(1.0)
        if process.poll() is None:
            with suppress(ProcessLookupError):
                # its workers are in its session
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
