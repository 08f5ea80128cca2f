"""The Python client's calls on a real server: change, end, search, places, fixed records."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.errors import Conflict
from alphapulse_client.registry import RegistryClient
from alphapulse_mesh.registry.service import add_registry_service
from alphapulse_testing.registry import pair, running_registry, stock

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

RENAMED = dt.datetime(2022, 6, 9, tzinfo=dt.UTC)


async def test_change_end_search_places_and_records(tmp_path: Path, aio_server: Any) -> None:
    async with running_registry(tmp_path / "registry.db") as running:
        _, channel = await aio_server((add_registry_service, running.service))
        registry = RegistryClient(channel)
        known = (await registry.register(stock("FB", name="Facebook"))).instrument
        meta = await registry.update(
            pb.Instrument(id_text=known.id_text, symbol="META"),
            expected_revision=known.revision,
            effective_time=RENAMED,
        )
        assert (meta.symbol, meta.version) == ("META", 1)
        cleared = await registry.update(pb.Instrument(id_text=known.id_text), fields=["name"])
        assert cleared.name == ""
        with pytest.raises(Conflict) as caught:
            await registry.delist(meta.id, expected_revision=known.revision)
        assert caught.value.reason == "REVISION_CONFLICT"
        await registry.register(pair("BTC", "USDT"))
        found = [i.symbol async for i in registry.search(symbol_prefix="M", page_size=1)]
        assert found == ["META"]
        (place,) = await registry.find_all_venues(meta.id)
        assert place.venue.name == "NASDAQ"
        rows = await registry.records([meta.id, b"\x07" * 16])
        assert rows["symbol"].tolist() == [b"META", b""]
        gone = await registry.delist(meta.id)
        assert gone.status == pb.INSTRUMENT_STATUS_DELISTED
        assert len(await registry.records([])) == 0
