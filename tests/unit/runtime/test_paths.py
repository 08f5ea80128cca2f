"""Where a mesh keeps its files, and what clean-up may take."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from alphapulse_mesh.runtime.errors import DataLoss
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.paths import MeshPaths, Ready, pid_start_time, write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig


def ready_of(service: str, pid: int, started: int, socket: str | None = None) -> Ready:
    return Ready(service, pid, started, "127.0.0.1", 4000, socket, 9000)


@pytest.fixture
def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture
def paths(mesh_config: MeshConfig) -> MeshPaths:
    made = MeshPaths(mesh_config)
    made.create()
    return made


def test_directories_are_private(paths: MeshPaths) -> None:
    assert paths.run_dir.stat().st_mode & 0o777 == 0o700
    paths.create()


def test_ready_file_round_trip(paths: MeshPaths) -> None:
    assert paths.read_ready(Service.REGISTRY) is None
    ready = ready_of("registry", os.getpid(), pid_start_time(os.getpid()) or 0)
    paths.write_ready(ready)
    assert paths.read_ready(Service.REGISTRY) == ready
    assert ready.alive()
    assert ready.target == "127.0.0.1:4000"
    paths.write_ready(ready_of("collector-a", 1, 0))
    assert [found.service for found in paths.all_ready()] == ["collector-a", "registry"]
    paths.remove_ready(Service.REGISTRY)
    paths.remove_ready(Service.REGISTRY)
    assert paths.read_ready(Service.REGISTRY) is None
    assert paths.read_ready(Service.COLLECTOR, "a") is not None


def test_a_later_process_with_the_same_pid_is_another(paths: MeshPaths, dead_pid: int) -> None:
    started = pid_start_time(os.getpid())
    assert started is not None
    assert not ready_of("registry", os.getpid(), started + 1).alive()
    assert not ready_of("registry", dead_pid, 5).alive()
    assert pid_start_time(dead_pid) is None


def test_a_zombie_serves_nobody() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert pid_start_time(process.pid) is None
    process.wait()


def test_foreign_ready_file_is_named(paths: MeshPaths) -> None:
    for content in (b"{", b"[]", b'{"service": "x"}'):
        paths.ready_file(Service.REGISTRY).write_bytes(content)
        with pytest.raises(DataLoss, match=r"registry\.ready\.json"):
            paths.read_ready(Service.REGISTRY)


@pytest.fixture
def shm_names(paths: MeshPaths) -> Iterator[tuple[Path, Path]]:
    mine = paths.shm_path("market-data")
    neighbour = mine.with_name(f"alphapulse-{paths.mesh}-b-market-data")
    for path in (mine, neighbour):
        path.write_bytes(b"ring")
    yield mine, neighbour
    for path in (mine, neighbour):
        path.unlink(missing_ok=True)


def test_clean_takes_what_is_dead_and_nothing_else(
    paths: MeshPaths, dead_pid: int, shm_names: tuple[Path, Path]
) -> None:
    sockets = paths.run_dir / "sockets"
    sockets.mkdir()
    living_socket, dead_socket = sockets / "registry.sock", sockets / "execution.sock"
    for socket in (living_socket, dead_socket):
        socket.touch()
    started = pid_start_time(os.getpid()) or 0
    paths.write_ready(ready_of("registry", os.getpid(), started, str(living_socket)))
    paths.write_ready(ready_of("execution", dead_pid, 5, str(dead_socket)))
    journal = paths.data_dir / "execution.db"
    journal.touch()

    removed = paths.clean(rings=("market-data", "signal"))

    mine, neighbour = shm_names
    assert set(removed) == {paths.ready_file(Service.EXECUTION), dead_socket, mine}
    assert living_socket.exists()
    assert paths.read_ready(Service.REGISTRY) is not None
    assert journal.exists()
    assert neighbour.exists(), "another mesh's, although its name begins with ours"
    assert paths.clean(rings=("market-data", "signal")) == []


def test_atomic_write_leaves_the_old_content_on_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sub" / "file"
    write_atomically(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.replace", fail)
        with pytest.raises(OSError, match="Input/output"):
            write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_meshes_of_different_names_share_nothing(make_config: Callable[..., MeshConfig]) -> None:
    from alphapulse_mesh.runtime.config import load_config

    one, two = (MeshPaths(load_config(mesh={"name": name})) for name in ("one", "two"))
    assert one.run_dir != two.run_dir
    assert one.data_dir != two.data_dir
    assert one.shm_name("x") != two.shm_name("x")
