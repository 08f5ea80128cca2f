"""The registry's index in shared memory, with the registry as a process of its own."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest

from alphapulse_client import InstrumentIndex, Mesh, Unavailable, get_instrument_registry
from alphapulse_layout import InstrumentStatus
from alphapulse_mesh.runtime.config import dump_toml
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.paths import MeshPaths
from alphapulse_testing.registry import APPLE_ISIN, pair, stock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from alphapulse.registry.v1 import registry_pb2 as pb
    from alphapulse_mesh.runtime.config import MeshConfig

PATIENCE = 60.0


@asynccontextmanager
async def registry(
    config: MeshConfig, directory: Path, instance: str | None = None
) -> AsyncIterator[tuple[asyncio.subprocess.Process, Mesh]]:
    """A registry process and a connection to it."""
    path = directory / "mesh.toml"
    path.write_text(dump_toml(config), encoding="utf-8")
    command = ["-m", "alphapulse_mesh.registry", "--config", str(path)]
    if instance is not None:
        command += ["--instance", instance]
    log = directory / f"registry-{instance}.log"
    with log.open("ab") as out:
        process = await asyncio.create_subprocess_exec(sys.executable, *command, stderr=out)
    try:
        async with asyncio.timeout(PATIENCE):
            while (
                ready := MeshPaths(config).read_ready(Service.REGISTRY, instance)
            ) is None or ready.pid != process.pid:
                assert process.returncode is None, log.read_text()
                await asyncio.sleep(0.02)
        async with Mesh.connect(ready.target, timeout=PATIENCE) as mesh:
            yield process, mesh
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def register(mesh: Mesh, instruments: list[pb.Instrument]) -> int:
    """Register them; the revision after it."""
    outcomes = await mesh.registry.register_many(instruments)
    assert not [one.message for one in outcomes if one.reason]
    return mesh.registry.revision


async def attached(mesh_name: str) -> InstrumentIndex:
    """The index, once there is one."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return get_instrument_registry(mesh_name)
            except Unavailable:
                await asyncio.sleep(0.02)


async def test_what_is_registered_is_there_for_other_processes(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = make_config()
    async with registry(config, tmp_path) as (process, mesh):
        index = await attached(config.mesh.name)
        assert index.revision == 0
        shares = [stock(f"S{number}") for number in range(3000)]
        revision = await register(mesh, [stock("AAPL", isin=APPLE_ISIN), pair(), *shares])
        await asyncio.to_thread(index.wait, revision, PATIENCE)
        assert len(index) == 3002
        (apple,) = index.by_isin(APPLE_ISIN)
        assert apple.symbol == "AAPL"
        assert apple == index[apple.id]

        _, ids = index.snapshot()
        asked = ids["instrument_id"].tobytes()
        records, found = index.lookup(asked)
        assert found.all()
        over_grpc = await mesh.registry.records(asked)
        np.testing.assert_array_equal(records, over_grpc, "the same as the registry answers")

        delisted = await mesh.registry.delist(apple.id_text)
        await asyncio.to_thread(index.wait, delisted.revision, PATIENCE)
        assert index[apple.id].status == InstrumentStatus.DELISTED
        before = index.snapshot()[1].tobytes()

        process.send_signal(signal.SIGKILL)
        await process.wait()
        assert index[apple.id].symbol == "AAPL", "what was read goes on being there"
    async with registry(config, tmp_path) as (_, mesh):
        revision = await register(mesh, [stock("LATER")])
        await asyncio.to_thread(index.wait, revision, PATIENCE)
        assert index.snapshot()[1].tobytes()[: len(before)] == before, "made anew from the journal"
        assert len(index) == 3003


async def test_another_replica_takes_over_from_one_that_dies(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = make_config(
        registry={"replicas": 2},
        server={"transport": "unix"},
        mesh={"run_dir": tmp_path / "r"},
    )
    async with registry(config, tmp_path) as (process, first):
        revision = await register(first, [stock("ONE")])
        index = await attached(config.mesh.name)
        await asyncio.to_thread(index.wait, revision, PATIENCE)
        async with registry(config, tmp_path, "2") as (_, second):
            process.kill()
            await process.wait()
            revision = await register(second, [stock("TWO")])
            await asyncio.to_thread(index.wait, revision, PATIENCE)
            assert [len(index), index.revision] == [2, revision]


async def test_without_it_the_client_says_what_to_do(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = make_config(registry={"shared_index": False})
    async with registry(config, tmp_path) as (_, mesh):
        await register(mesh, [stock("ONE")])
        with pytest.raises(Unavailable, match="shared_index"):
            get_instrument_registry(config.mesh.name)
