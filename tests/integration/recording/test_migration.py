"""Migrating signals through the command: a recording, and a live domain, over a kill -9 too."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from alphapulse_client import Frame, Gap, Publisher, Subscription
from alphapulse_client.defi_signals import migrate
from alphapulse_layout import MessageType
from alphapulse_mesh.cli.main import app
from alphapulse_mesh.recording import Recording, RecordingWriter
from alphapulse_mesh.recording.reader import RecordedFrame
from alphapulse_testing.frames import signals
from alphapulse_testing.relays import serve_relay
from alphapulse_testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig

TO = MessageType.DEFI_SIGNAL
PATIENCE = 60.0


def command(*arguments: str) -> list[str]:
    return [
        sys.executable, "-m", "alphapulse_mesh.cli.main", "feed", "migrate", *arguments, "--json",
    ]  # fmt: skip


async def run(*arguments: str, code: int = 0) -> Any:
    """The command's JSON, or what it said of its failure."""
    process = await asyncio.create_subprocess_exec(
        *command(*arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(90):
        out, err = await process.communicate()
    assert process.returncode == code, err.decode()
    return json.loads(out) if out.strip() else err.decode()


@pytest.fixture
async def target(make_config: Callable[..., MeshConfig], tmp_path: Path) -> AsyncIterator[str]:
    """A signal relay."""
    config = make_config(server={"transport": "tcp", "drain_seconds": 1.0})
    (tmp_path / "relay").mkdir()
    async with serve_relay(config, "signal", tmp_path / "relay") as (_, host):
        yield host.target


def stamped(data: bytes, sequence: int) -> Frame:
    import alphapulse_core as core

    buffer = bytearray(data)
    core.stamp_sequence(buffer, sequence)
    return Frame.parse(bytes(buffer))


async def test_a_recording_there_and_back(tmp_path: Path) -> None:
    old, new, back = (tmp_path / name for name in ("old.arrow", "new.arrow", "back.arrow"))
    frames = [stamped(signals(range(at, at + 3)), at + 1) for at in range(5)]
    with RecordingWriter(old, "signal") as writer:
        writer.add(frames[:3], 1)
        writer.add_gaps([Gap(4, 9, "SLOW_CONSUMER"), Gap(10, 9, "RELAY_RESTARTED")], 2)
        writer.add(frames[3:], 3)
    said = await run(
        str(old), str(new), "--set", "chain_id=1", "--set", f"base_token=0x{'ab' * 20}"
    )
    assert (said["frames"], said["migrated"], said["made"], said["records"]) == (5, 5, 5, 15)
    assert said["losses"] == []
    rows = list(Recording(new))
    kinds = [row.message_type if isinstance(row, RecordedFrame) else row.reason for row in rows]
    assert kinds == [TO, TO, TO, "SLOW_CONSUMER", "RELAY_RESTARTED", TO, TO]
    assert [(row.recorded_at) for row in rows] == [1, 1, 1, 2, 2, 3, 3]
    made = [row.frame() for row in rows if isinstance(row, RecordedFrame)]
    assert [frame.sequence for frame in made] == [frame.sequence for frame in frames]
    assert [frame.context for frame in made] == [frame.context for frame in frames]
    assert {chain for frame in made for chain in frame.rows["chain_id"].tolist()} == {1}
    assert made[0].rows["base_token"][0].tobytes() == b"\xab" * 20

    said = await run(str(new), str(back), "--to", "arbitrage_opportunity")
    assert {loss["field"]: loss["rows"] for loss in said["losses"]} == {
        "chain_id": 15, "base_token": 15,
    }  # fmt: skip
    assert [row.data for row in Recording(back).frames()] == [bytes(frame) for frame in frames]

    said = await run(str(old), str(new), code=5)
    assert "FILE_EXISTS" in said


@pytest.mark.parametrize(
    ("arguments", "reason", "code"),
    [
        (["signal", "--set", "chain=1"], "FIELD_UNKNOWN", 2),
        (["signal", "--set", "base_token=0x12"], "FIELD_INVALID", 2),
        (["signal", "--set", "fee_a_ppm=-1"], "FIELD_INVALID", 2),
        (["signal", "--set", "signal_id=1"], "FIELD_UNKNOWN", 2),
        (["missing.arrow", "new.arrow"], "FILE_NOT_FOUND", 4),
        (["missing.arrow"], "ARGUMENT_INVALID", 2),
    ],
)
def test_errors_name_the_thing(arguments: list[str], reason: str, code: int) -> None:
    result = CliRunner().invoke(app, ["feed", "migrate", *arguments])
    assert (result.exit_code, reason in result.stderr) == (code, True), result.stderr


def test_a_damaged_recording_leaves_no_file(tmp_path: Path) -> None:
    from alphapulse_mesh.recording.migration import migrate_recording
    from alphapulse_mesh.runtime.errors import FrameError

    old = tmp_path / "old.arrow"
    with RecordingWriter(old, "signal") as writer:
        frame = stamped(signals([1]), 1)
        broken = bytearray(bytes(frame))
        broken[-20] ^= 1
        writer.add([Frame(bytes(broken), frame.info)], 1)
    with pytest.raises(FrameError):
        migrate_recording([Recording(old)], tmp_path / "new.arrow", TO, {})
    assert [path.name for path in tmp_path.iterdir()] == ["old.arrow"]


async def test_a_live_domain_over_a_kill(target: str, tmp_path: Path) -> None:
    state = tmp_path / "place.json"
    arguments = ["signal", "--state", str(state), "--start", "oldest", "--target", target]
    frames = [signals([number]) for number in range(60)]
    async with (
        Publisher(target, "signal", producer_name="strategy") as publisher,
        Subscription(target, "signal", message_types=[TO], start="oldest") as reader,
    ):
        await publisher.publish(frames[:20])
        await publisher.flush(PATIENCE)
        process = await asyncio.create_subprocess_exec(
            *command(*arguments), stdout=asyncio.subprocess.PIPE
        )
        received = await read(reader, 20)
        process.kill()
        await process.wait()
        # the crash came between the relay's answer and the file: an older place is what is left
        kept = json.loads(state.read_bytes())
        state.write_text(json.dumps(kept | {"token": "", "sequence": 0, "published": 0}))

        await publisher.publish(frames[20:])
        await publisher.flush(PATIENCE)
        process = await asyncio.create_subprocess_exec(
            *command(*arguments), stdout=asyncio.subprocess.PIPE
        )
        received += await read(reader, 40)
        await eventually(
            lambda: json.loads(state.read_bytes())["published"] == 60, seconds=PATIENCE
        )
        process.send_signal(signal.SIGINT)
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 0
    said = json.loads(out)
    assert (said["records"], said["lost"], said["rejected"]) == (60, 0, [])
    assert said["resume_token"] == json.loads(state.read_bytes())["token"]
    assert [frame.rows["signal_id"].tolist() for frame in received] == [[n] for n in range(60)]
    for before, after in zip(map(Frame.parse, frames), received, strict=True):
        assert after.context.causation_id == before.context.message_id
        assert after.context.trace_id == before.context.trace_id
        [expected] = migrate(before, TO, caused=True).frames
        assert after.info.checksum == Frame.parse(expected).info.checksum


async def read(reader: Subscription, count: int) -> list[Frame]:
    found: list[Frame] = []
    async with asyncio.timeout(PATIENCE):
        while len(found) < count:
            found += (await anext(reader)).frames
    assert len(found) == count
    return [Frame.parse(bytes(frame)) for frame in found]
