"""Watches for kinds of event: links of a type, collisions of ids, and what goes with what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.registry import RegistryClient
from alphapulse_layout import AssetType, VenueId
from alphapulse_mesh.registry.service import add_registry_service
from alphapulse_testing.registry import (
    APPLE_SHARE_CLASS,
    colliding,
    currency,
    pair,
    perpetual,
    running_registry,
    stock,
)

if TYPE_CHECKING:
    from pathlib import Path

K, L = pb.EventKind, pb.LinkType


async def events(registry: RegistryClient, upto: int, **filters: Any) -> list[str]:
    """The events of a watch from the beginning up to a revision, in words."""
    said: list[str] = []
    async for event in registry.watch(bookmarks=True, **filters):
        kind = event.WhichOneof("event")
        if kind is not None:
            assert event.revision <= upto
            said.append(words(event, kind))
        elif event.revision >= upto:
            break
    return said


def words(event: pb.WatchRegistryResponse, kind: str) -> str:
    told = getattr(event, kind)
    if isinstance(told, pb.Link):
        return f"{kind} {L.Name(told.type).removeprefix('LINK_TYPE_').lower()}"
    if isinstance(told, pb.Collision):
        return f"{kind} {told.existing_key} {told.colliding_key}"
    return f"{kind} {told.symbol if isinstance(told, pb.Instrument) else told.name}"


async def fill(registry: RegistryClient) -> None:
    """Links of three types, one of which goes again, a venue, a synthetic and a collision."""
    share: dict[str, Any] = {"share_class_figi": APPLE_SHARE_CLASS}
    bitcoin = (await registry.register(currency("BTC"))).instrument
    spot = (await registry.register(pair())).instrument
    await registry.register(perpetual(underlying=bitcoin.id))
    home = (await registry.register(stock("AAPL", **share))).instrument
    await registry.register(stock("APC", VenueId.XETRA, **share))
    other = (await registry.register(stock("ACME"))).instrument
    await registry.link(home, other, L.LINK_TYPE_SAME_SECURITY)
    await registry.unlink(home, other, L.LINK_TYPE_SAME_SECURITY)
    await registry.define_synthetic("TWICE", "2 * a", [("a", spot)])
    for code in ("btc", "eth"):  # hashed, and under the hash of this test with one first id
        await registry.register(currency(code))
    await registry.register_venue(pb.Venue(name="DESK", kind=pb.VENUE_KIND_BROKER))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"link_types": [L.LINK_TYPE_DERIVATIVE_OF]}, ["link_added derivative_of"]),
        (
            {"link_types": [L.LINK_TYPE_SAME_SECURITY]},
            [
                "link_added same_security",
                "link_added same_security",
                "link_removed same_security",
            ],
        ),
        (
            {"link_types": [L.LINK_TYPE_BASE_OF, L.LINK_TYPE_COMPONENT_OF]},
            ["link_added base_of", "link_added component_of"],
        ),
        ({"link_types": [L.LINK_TYPE_WRAPS]}, []),
        ({"link_types": [L.LINK_TYPE_BASE_OF], "venues": ["KRAKEN"]}, []),
        ({"link_types": [L.LINK_TYPE_BASE_OF], "venues": ["BINANCE"]}, ["link_added base_of"]),
        (
            {
                "link_types": [L.LINK_TYPE_DERIVATIVE_OF],
                "kinds": [K.EVENT_KIND_LINK, K.EVENT_KIND_SYNTHETIC],
            },
            ["link_added derivative_of", "synthetic_defined TWICE"],
        ),
        ({"kinds": [K.EVENT_KIND_VENUE]}, ["venue_registered DESK"]),
        (
            {"kinds": [K.EVENT_KIND_COLLISION]},
            ["collision v1:currency:0:btc v1:currency:0:eth"],
        ),
        ({"kinds": [K.EVENT_KIND_COLLISION], "venues": ["BINANCE"]}, []),
        (
            {"kinds": [K.EVENT_KIND_COLLISION], "asset_types": [AssetType.CURRENCY]},
            ["collision v1:currency:0:btc v1:currency:0:eth"],
        ),
    ],
)
async def test_kinds_and_link_types(
    tmp_path: Path, aio_server: Any, filters: dict[str, Any], expected: list[str]
) -> None:
    async with running_registry(tmp_path / "registry.db", hash_id=colliding) as running:
        _, channel = await aio_server((add_registry_service, running.service))
        registry = RegistryClient(channel)
        await fill(registry)
        assert len(running.service.state.collisions) == 1
        assert await events(registry, running.service.state.revision, **filters) == expected
