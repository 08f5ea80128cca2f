"""Read a whole registry, print a fingerprint of each part: equal data, equal lines, any language.

    python registry_audit.py --target localhost:10000

The Go and TypeScript clients have the same program: compare replicas, meshes, or clients.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
from datetime import UTC, datetime

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client import Mesh, MeshError, id_text

SAMPLE = 997
"""Each so manieth instrument is also asked for by its identifiers, links and venues."""
WHEN = datetime(2026, 1, 5, 15, tzinfo=UTC)
WORDS = ("apple inc", "bitcoin", "usd coin", "vanguard", "no such thing")


RECORD_FIELDS = (
    "symbol", "isin", "figi", "cusip", "tick_size", "lot_size", "chain_id", "decimals", "status",
    "flags",
)  # fmt: skip


class Part:
    """A fingerprint over lines."""

    def __init__(self, name: str) -> None:
        self._name, self._count, self._hash = name, 0, hashlib.sha256()

    def add(self, *fields: object) -> None:
        self._count += 1
        self._hash.update("|".join(map(str, fields)).encode() + b"\n")

    def tell(self) -> None:
        line = {"part": self._name, "count": self._count, "sha256": self._hash.hexdigest()}
        print(json.dumps(line, separators=(",", ":")), flush=True)


def instrument_fields(one: pb.Instrument) -> tuple[object, ...]:
    return (
        id_text(one), int(one.asset_type), one.venue, one.symbol, one.name, int(one.status),
        one.natural_key, one.base_currency, one.quote_currency, one.isin, one.cusip, one.figi,
        one.share_class_figi, one.composite_figi, one.chain_id, one.contract_address, one.decimals,
        one.tick_size, one.lot_size, int(one.primary_listing), one.valid_from.seconds, one.revision,
    )  # fmt: skip


def link_fields(link: pb.Link) -> tuple[object, ...]:
    ends = (id_text(getattr(link, "from")), id_text(link.to))
    return (*ends, int(link.type), link.revision)


def venue_fields(venue: pb.Venue) -> tuple[object, ...]:
    return (
        venue.venue, venue.name, int(venue.kind), venue.mic, venue.title, venue.country,
        venue.chain_id, venue.calendar, venue.operating_mic, int(venue.status), venue.revision,
    )  # fmt: skip


def event_fields(event: pb.WatchRegistryResponse) -> tuple[object, ...]:
    kind = event.WhichOneof("event")
    match kind:
        case "instrument_registered" | "instrument_updated":
            return instrument_fields(getattr(event, kind))
        case "link_added" | "link_removed":
            return link_fields(getattr(event, kind))
        case "venue_registered" | "venue_updated":
            return venue_fields(getattr(event, kind))
        case _:
            return (kind,)


async def sessions(mesh: Mesh, venue: str) -> tuple[object, ...]:
    try:
        found = await mesh.registry.sessions(venue, time=WHEN)
    except MeshError as error:
        return (error.reason,)
    return int(found.open), found.next_open.seconds, found.next_close.seconds


async def fees(mesh: Mesh, venue: str) -> tuple[object, ...]:
    try:
        found = await mesh.registry.quote_fees(venue, volume="1000000", notional="10000")
    except MeshError as error:
        return (error.reason,)
    return found.maker_fee_bps, found.taker_fee_bps, found.maker_fee, found.taker_fee, found.tier


async def audit(mesh: Mesh) -> None:
    registry = mesh.registry
    part = Part("instruments")
    sample: list[pb.Instrument] = []
    newest = position = 0
    async for one in registry.list():
        part.add(*instrument_fields(one))
        newest = max(newest, one.revision)
        if position % SAMPLE == 0:
            sample.append(one)
        position += 1
    part.tell()

    part = Part("records")
    async for batch in registry.stream_records():
        ids = batch.rows["instrument_id"].tobytes().hex()
        columns = (batch.rows[name].tolist() for name in RECORD_FIELDS)
        for i, fields in enumerate(zip(*columns, strict=True)):
            texts = (f.decode() if isinstance(f, bytes) else f for f in fields)
            part.add(ids[32 * i : 32 * (i + 1)], *texts)
    part.tell()

    part = Part("by id")
    for found in await registry.get_many(sample):
        part.add(*instrument_fields(found) if found is not None else ("missing",))
    part.tell()

    part = Part("history")
    for one in sample:
        for period in await registry.history(one):
            part.add(id_text(period), period.version, period.symbol, period.revision)
    part.tell()

    part = Part("resolved")
    for one in sample:
        wanted = pb.ResolveInstrumentRequest()
        if one.isin:
            wanted.isin = one.isin
        elif one.contract_address:
            wanted.contract_address, wanted.chain_id = one.contract_address, one.chain_id
        else:
            wanted.symbol, wanted.venue = one.symbol, str(one.venue or "")
        for candidate in (await registry.resolve_all(wanted)).candidates:
            part.add(id_text(candidate))
    part.tell()

    part = Part("links")
    for one in sample:
        async for link in registry.links(one):
            part.add(*link_fields(link))
    part.tell()

    part = Part("listings")
    for one in sample:
        for listing in await registry.find_all_venues(one):
            part.add(id_text(listing.instrument), listing.venue.name, int(listing.link))
    part.tell()

    part = Part("search")
    for words in WORDS:
        async for one in registry.search(words):
            part.add(words, id_text(one))
    part.tell()

    part = Part("venues")
    async for venue in registry.venues():
        part.add(*venue_fields(venue))
    part.tell()

    part = Part("synthetics")
    async for synthetic in registry.synthetics():
        part.add(synthetic.name, synthetic.formula, synthetic.formula_hash, synthetic.version)
    part.tell()

    part = Part("sessions and fees")
    for name in ("XNAS", "XLON", "BINANCE", "UNISWAP_V3"):
        part.add(name, *await sessions(mesh, name), *await fees(mesh, name))
    part.tell()

    part = Part(f"changes to {newest}")
    async for event in registry.watch(0, bookmarks=True):
        if event.revision <= newest and event.WhichOneof("event") is not None:
            part.add(event.revision, *event_fields(event))
        # several changes may share a revision: the last one is done when another follows
        if event.revision >= newest + (event.WhichOneof("event") is not None):
            break
    part.tell()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", default="localhost:10000", help="address of the mesh's gateway")
    async with Mesh.connect(parser.parse_args().target, timeout=60) as mesh:
        await audit(mesh)


if __name__ == "__main__":
    asyncio.run(main())
