"""Resume tokens: a client that was away goes on where it was, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alphapulse_client import FailedPrecondition, InvalidArgument, Publisher, Subscription
from alphapulse_mesh.runtime.names import Service
from alphapulse_testing.frames import numbers_of, trades
from alphapulse_testing.relays import RelayProcess, serve_relay

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig

PATIENCE = 30.0


async def publish(target: str, numbers: range) -> None:
    async with Publisher(target, "market_data", producer_name="test") as publisher:
        await publisher.publish([trades([number]) for number in numbers])
        await publisher.flush(PATIENCE)


async def read(target: str, count: int, **options: object) -> tuple[list[int], bytes]:
    """So many numbers, and the token behind them."""
    numbers: list[int] = []
    token = b""
    async with Subscription(target, "market_data", **options) as subscription:  # type: ignore[arg-type]  # of the tests here
        await subscription.ready(PATIENCE)
        while len(numbers) < count:
            batch = await anext(subscription)
            assert batch.gaps == []
            numbers += numbers_of(batch)
            token = batch.resume_token
    return numbers, token


async def test_a_token_goes_on_behind_its_batch_over_a_crash_of_the_relay(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = make_config(mesh={"run_dir": tmp_path / "r"})
    async with RelayProcess(config, Service.RELAY_MARKET_DATA, tmp_path) as relay:
        await publish(relay.target, range(100))
        seen, token = await read(relay.target, 1, start="oldest", max_batch_bytes=4096)
        assert seen == list(range(len(seen)))
        assert len(seen) < 100
        await relay.kill()
        await relay.start()
        await publish(relay.target, range(100, 120))
        rest, _ = await read(relay.target, 120 - len(seen), resume=token)
        assert seen + rest == list(range(120))


async def test_a_token_of_another_relay_is_refused(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    tokens = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        async with serve_relay(make_config(), "market-data", tmp_path / name) as (_, host):
            await publish(host.target, range(5))
            tokens.append((await read(host.target, 5, start="oldest"))[1])
            with pytest.raises(InvalidArgument) as broken:
                await read(host.target, 1, resume=tokens[-1][:-1] + b"?")
            assert broken.value.reason == "TOKEN_INVALID"
            if name == "other":
                with pytest.raises(FailedPrecondition) as foreign:
                    await read(host.target, 1, resume=tokens[0])
                assert foreign.value.reason == "TOKEN_FOREIGN"
    assert tokens[0] != tokens[1]
