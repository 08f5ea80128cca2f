"""A recorder that is killed, or whose disk is full, is gone on with; starts and policies."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from alphapulse_client import Publisher, encode, new_context
from alphapulse_layout import MessageType, SourceType
from alphapulse_layout.dtypes import TRADE
from alphapulse_mesh.recording import Recording, last_sequence, parts_of
from alphapulse_mesh.runtime.errors import DataLoss, NotFound
from alphapulse_testing.frames import quotes, trades
from alphapulse_testing.relays import serve_relay
from alphapulse_testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig

DOMAIN = "market_data"
PATIENCE = 60.0


@pytest.fixture
async def target(make_config: Callable[..., MeshConfig], tmp_path: Path) -> AsyncIterator[str]:
    config = make_config(
        server={"transport": "tcp", "drain_seconds": 1.0},
        relays={DOMAIN: {"ring_bytes": 16 << 20}},
    )
    (tmp_path / "relay").mkdir()
    async with serve_relay(config, "market-data", tmp_path / "relay") as (_, host):
        yield host.target


def command(*arguments: str) -> list[str]:
    return [
        sys.executable, "-m", "alphapulse_mesh.cli.main", "feed", "record", DOMAIN, *arguments,
        "--json",
    ]  # fmt: skip


async def run(*words: str, code: int = 0) -> Any:
    process = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(2 * PATIENCE):
        out, err = await process.communicate()
    assert process.returncode == code, err.decode()
    assert b"Traceback" not in err, err.decode()
    return json.loads(out) if out.strip() else err.decode()


async def publish(target: str, frames: list[bytes]) -> None:
    async with Publisher(target, DOMAIN, producer_name="test") as publisher:
        await publisher.publish(frames)
        await publisher.flush(PATIENCE)


def count(file: Path) -> int:
    """Frames that were flushed so far."""
    try:
        return Recording(file).count()[0]
    except (NotFound, DataLoss):
        return 0


def noise(records: int) -> bytes:
    """A frame that no compression makes smaller."""
    return encode(
        MessageType.TRADE,
        os.urandom(records * TRADE.itemsize),
        source=SourceType.EXTERNAL,
        context=new_context(),
    )


async def test_a_killed_recorder_is_gone_on_with_in_a_new_part(target: str, tmp_path: Path) -> None:
    file = tmp_path / "day.arrow"
    await publish(target, [trades([number]) for number in range(20)])
    process = await asyncio.create_subprocess_exec(
        *command(str(file), "--start", "oldest", "--target", target),
        stdout=asyncio.subprocess.DEVNULL,
    )
    await eventually(lambda: count(file) == 20, seconds=PATIENCE)
    process.kill()
    await process.wait()
    await publish(target, [trades([number]) for number in range(20, 50)])
    said = await run(*command(str(file), "--resume", "--records", "30", "--target", target))
    assert said["files"] == [str(tmp_path / "day.1.arrow")]
    assert (said["frames"], said["gaps"]) == (30, 0)
    parts = parts_of(file)
    assert [part.complete for part in parts] == [True, True]
    assert len({part.identity.recording_id for part in parts}) == 1
    sequences = [row.sequence for part in parts for row in part.frames()]
    assert sequences == list(range(1, 51))
    assert last_sequence(parts) == 50

    # once more, and what the command cannot mean
    await publish(target, [trades([50])])
    said = await run(*command(str(file), "--resume", "--records", "1", "--target", target))
    assert said["files"] == [str(tmp_path / "day.2.arrow")]
    assert "FILE_EXISTS" in await run(*command(str(file), "--target", target), code=5)
    missing = tmp_path / "other.arrow"
    assert "FILE_NOT_FOUND" in await run(
        *command(str(missing), "--resume", "--target", target), code=4
    )


async def test_a_full_disk_ends_it_with_its_name_and_all_that_was_whole(
    target: str, tmp_path: Path
) -> None:
    file = tmp_path / "full.arrow"
    await publish(target, [trades([1])])
    process = await asyncio.create_subprocess_exec(
        # no file larger than 64 KiB: what a full disk is to who writes
        "bash", "-c", 'ulimit -f 64; exec "$@"', "bash",
        *command(str(file), "--start", "oldest", "--target", target),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    await eventually(lambda: count(file) == 1, seconds=PATIENCE)
    await publish(target, [noise(4000)])
    async with asyncio.timeout(PATIENCE):
        _, err = await process.communicate()
    said = err.decode()
    assert process.returncode == 1, said
    assert "FILE_WRITE_FAILED" in said
    assert "full.arrow" in said
    assert "Traceback" not in said
    assert [row.sequence for row in Recording(file).frames()] == [1]
    await run(*command(str(file), "--resume", "--records", "4000", "--target", target))
    rows = [row.sequence for part in parts_of(file) for row in part.frames()]
    assert rows == [1, 2]
    assert Recording(file).complete


@pytest.mark.parametrize(
    ("options", "sequences"),
    [
        (["--start", "3", "--records", "2"], [3, 4]),
        (["--start", "-1h", "--policy", "block", "--records", "5"], [1, 2, 3, 4, 5]),
        (["--start", "snapshot", "--policy", "conflate", "--seconds", "1"], [4, 5]),
        (["--start", "oldest", "--policy", "disconnect", "--type", "quote", "--records", "1"], [5]),
        (["--start", "oldest", "--where", "trade_id > 1", "--records", "2"], [3, 4]),
    ],
)
async def test_starts_policies_and_filters(
    target: str, tmp_path: Path, options: list[str], sequences: list[int]
) -> None:
    await publish(target, [*(trades([number]) for number in range(4)), quotes(1)])
    file = tmp_path / "some.arrow"
    await run(*command(str(file), *options, "--target", target))
    # a recorder ends with the batch in which it has enough
    found = [row.sequence for row in Recording(file).frames()]
    assert found[: len(sequences)] == sequences


async def test_a_typing_error_leaves_no_file(target: str, tmp_path: Path) -> None:
    for wrong in (["--policy", "wait"], ["--start", "soon"], ["--where", "price >"]):
        await run(*command(str(tmp_path / "no.arrow"), *wrong, "--target", target), code=2)
    assert not (tmp_path / "no.arrow").exists()
