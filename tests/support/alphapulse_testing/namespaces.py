"""Two hosts on one machine: the test's network and a namespace behind a cable that is pulled."""

from __future__ import annotations

import contextlib
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FarHost", "far_host"]


@dataclass(frozen=True)
class FarHost:
    """A network namespace and the cable to it."""

    name: str
    device: str
    """The near end."""
    near: str
    """Address of this side."""
    far: str

    @property
    def within(self) -> tuple[str, ...]:
        """Runs a command there."""
        return ("ip", "netns", "exec", self.name)

    def pull(self) -> None:
        """The cable is out: packets go nowhere, and nobody is told."""
        _run("ip", "link", "set", self.device, "down")

    def plug(self) -> None:
        """And in again."""
        _run("ip", "link", "set", self.device, "up")

    def disturb(self, *netem: str) -> bool:
        """Delay or loss by the kernel's `netem`; False where it has none."""
        command = ["tc", "qdisc", "replace", "dev", self.device, "root", "netem", *netem]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def far_host() -> Iterator[FarHost]:
    """Skips where namespaces cannot be made, with what the system said."""
    number = os.getpid() % 16384
    net = f"10.213.{number // 64}.{number % 64 * 4}"
    base, last = net.rsplit(".", 1)
    host = FarHost(
        f"alphapulse-{os.getpid()}",
        f"apn{os.getpid()}",
        f"{base}.{int(last) + 1}",
        f"{base}.{int(last) + 2}",
    )
    far_end = f"apf{os.getpid()}"
    try:
        _run("ip", "netns", "add", host.name)
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        pytest.skip(f"no network namespaces here: {_said(error)}")
    try:
        try:
            _run("ip", "link", "add", host.device, "type", "veth", "peer", "name", far_end)
            _run("ip", "link", "set", far_end, "netns", host.name)
            _run("ip", "addr", "add", f"{host.near}/30", "dev", host.device)
            _run("ip", "link", "set", host.device, "up")
            _run(*host.within, "ip", "addr", "add", f"{host.far}/30", "dev", far_end)
            _run(*host.within, "ip", "link", "set", far_end, "up")
            _run(*host.within, "ip", "link", "set", "lo", "up")
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no cable between network namespaces here: {_said(error)}")
        yield host
    finally:
        subprocess.run(["ip", "link", "del", host.device], capture_output=True, check=False)
        subprocess.run(["ip", "netns", "del", host.name], capture_output=True, check=False)


def _run(*command: str) -> None:
    subprocess.run(command, capture_output=True, check=True)


def _said(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return str(error.stderr.decode(errors="replace").strip())
    return str(error)
