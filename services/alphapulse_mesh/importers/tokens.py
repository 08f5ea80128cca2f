"""Token lists (the schema of Uniswap's) and pools of decentralised exchanges."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.errors import InvalidArgument, MeshError
from alphapulse_mesh.importers.checksums import OTHER_RULE, wrong_checksums
from alphapulse_mesh.importers.loading import AS_OF, BROKEN
from alphapulse_mesh.importers.rows import (
    Place,
    Row,
    Summary,
    clean,
    inside,
    put,
    read_csv,
    read_json,
)

if TYPE_CHECKING:
    from pathlib import Path

    from alphapulse_mesh.importers.loading import Loader
    from alphapulse_mesh.importers.places import Places

__all__ = ["import_pools", "import_tokens"]

_SOLANA: Final = 501000101
_SOLANA_LIST: Final = {101: _SOLANA}
_SOLANA_TESTS: Final = frozenset({102, 103})
"""Solana's own lists count its networks 101 (main), 102 and 103 (for tests)."""
_HEX: Final = ("0x", "0X")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MAX_U32: Final = (1 << 32) - 1
_MAX_DECIMALS: Final = 255
"""uint8 of ERC-20."""
_TOKEN_FIELDS: Final = frozenset({"symbol", "name", "decimals", "metadata", "underlying"})
_POOL_FIELDS: Final = frozenset({"symbol", "name", "pool_fee_ppm", "metadata"})
_POOL_COLUMNS: Final = ("chain_id", "dex", "pool_address", "token0", "token1", "fee_ppm")
_ADDRESSES: Final = ("pool_address", "token0", "token1")
_SIDE_COLUMNS: Final = ("", "_symbol", "_decimals")
_DEXES: Final = {
    "uniswap_v2": "UNISWAP_V2",
    "uniswap_v3": "UNISWAP_V3",
    "sushiswap_v2": "SUSHISWAP",
}


class _Side(NamedTuple):
    address: str
    symbol: str
    decimals: str


def token_key(chain_id: int, address: str) -> str:
    """What rows of an import call a token."""
    return f"{chain_id}:{address.lower() if address.startswith(_HEX) else address}"


def _whole(value: Any, field: str) -> int:
    """A whole number of JSON, or decimal digits.

    Raises:
        ValueError: it is anything else: half a decimal place or `true` is a mistake.
    """
    digits = isinstance(value, str) and value.isascii() and value.isdecimal()
    if not digits and (not isinstance(value, int) or isinstance(value, bool)):
        raise ValueError(f"{field} is {str(value)[:80]!r}")
    return int(value)


async def _chain(places: Places, place: Place, chain_id: int, summary: Summary) -> pb.Venue | None:
    """None, and the row refused, where there can be no such chain."""
    if not 0 < chain_id <= _MAX_U32:
        summary.leave_out(place, "ROW_INVALID", f"chain {chain_id} is not of 1 to {_MAX_U32}")
        return None
    try:
        return await places.chain(chain_id)
    except BROKEN:
        raise
    except MeshError as error:
        summary.leave_out(place, error.reason, error.message)
        return None


def _misspelt(summary: Summary, place: Place, address: str) -> None:
    text = f"the capitals of {address} are not its checksum (EIP-55)"
    summary.leave_out(place, "ADDRESS_CHECKSUM_INVALID", text)


def _token(chain: pb.Venue, address: str, symbol: str, name: str, decimals: int) -> pb.Instrument:
    return pb.Instrument(
        asset_type=common_pb2.ASSET_TYPE_TOKEN,
        venue=chain.venue,
        chain_id=chain.chain_id,
        contract_address=address,
        symbol=clean(symbol, 64),
        name=clean(name),
        decimals=decimals,
    )


async def import_tokens(loader: Loader, places: Places, path: Path) -> Summary:
    """One list: tokens of Ethereum first, so that those bridged from there can refer to them."""
    summary = Summary(f"tokens {path.name}")
    document = read_json(path)
    tokens = document.get("tokens") if isinstance(document, dict) else None
    if not isinstance(tokens, list):
        raise InvalidArgument(f"{path}: no token list", reason="FILE_UNREADABLE")
    as_of = _DATE.match(str(document.get("timestamp")))
    wrong = wrong_checksums(str(inside(token, "address")) for token in tokens)
    listed: dict[str, Row] = {}
    origins: dict[str, str] = {}
    for number, token in enumerate(tokens, 1):
        place = Place(path.name, number, str(inside(token, "symbol") or "")[:64])
        row = await _token_row(places, place, token, summary)
        if row is None:
            continue
        message = row.message
        if message.contract_address in wrong and message.chain_id not in OTHER_RULE:
            _misspelt(summary, place, message.contract_address)
            continue
        if row.key in listed:
            summary.leave_out(place, "LISTED_TWICE", "the list has this address already")
            continue
        put(row.message.metadata, {AS_OF: as_of[0] if as_of else ""})
        listed[row.key] = row
        origins[row.key] = _origin(row, token)
    native: list[Row] = []
    bridged: list[Row] = []
    for key, row in listed.items():
        origin = listed.get(origins[key])
        if origin is None:
            native.append(row)
            continue
        row.underlying = origin.key
        bridged.append(row)
        ours, theirs = row.message.decimals, origin.message.decimals
        if ours != theirs:
            text = f"{ours} here, {theirs} on Ethereum: linked, each its own"
            summary.adapt(row.place, "DECIMALS_DIFFER", text)
    await loader.load(native, _TOKEN_FIELDS, summary)
    await loader.load(bridged, _TOKEN_FIELDS, summary)
    return summary


def _origin(row: Row, token: Any) -> str:
    """The key of the token of Ethereum that this one is a bridged form of; "" for none."""
    address = inside(token, "extensions", "bridgeInfo", "1", "tokenAddress")
    if row.message.chain_id == 1 or not isinstance(address, str):
        return ""
    return token_key(1, address)


async def _token_row(places: Places, place: Place, token: Any, summary: Summary) -> Row | None:
    try:
        chain_id = _whole(inside(token, "chainId"), "chainId")
        decimals = _whole(inside(token, "decimals"), "decimals")
        address, symbol, name = (_word(token, field) for field in ("address", "symbol", "name"))
    except ValueError as error:
        summary.leave_out(place, "ROW_INVALID", f"no token: {error}")
        return None
    if not address.startswith(_HEX):
        if chain_id in _SOLANA_TESTS:
            text = f"network {chain_id} of Solana is for tests"
            summary.leave_out(place, "TEST_NETWORK", text)
            return None
        chain_id = _SOLANA_LIST.get(chain_id, chain_id)
    if not 0 <= decimals <= _MAX_DECIMALS:
        summary.leave_out(place, "INSTRUMENT_DECIMALS_OUT_OF_RANGE", f"{decimals} decimals")
        return None
    chain = await _chain(places, place, chain_id, summary)
    if chain is None:
        return None
    message = _token(chain, address, symbol, name, decimals)
    return Row(place, message, key=token_key(chain_id, address))


def _word(token: Any, field: str) -> str:
    value = inside(token, field)
    if not isinstance(value, str):
        raise ValueError(f"{field} is {str(value)[:80]!r}")  # noqa: TRY004  # of a document
    return value


async def import_pools(loader: Loader, places: Places, path: Path) -> Summary:
    """Pools, and the tokens of theirs that no list has told of."""
    summary = Summary(f"pools {path.name}")
    tokens: dict[str, Row] = {}
    pools: dict[tuple[str, str], Row] = {}
    rows = list(read_csv(path, summary, *_POOL_COLUMNS))
    wrong = wrong_checksums(row[name] for _, row in rows for name in _ADDRESSES)
    for line, row in rows:
        place = Place(path.name, line, row["pool_address"])
        misspelt = [row[name] for name in _ADDRESSES if row[name] in wrong]
        if misspelt and row["chain_id"] not in map(str, OTHER_RULE):
            _misspelt(summary, place, misspelt[0])
            continue
        pool = await _pool(places, place, row, tokens, summary)
        if pool is None:
            continue
        key = (row["dex"], token_key(pool.message.chain_id, row["pool_address"]))
        if key in pools:
            summary.leave_out(place, "LISTED_TWICE", "the file has this pool already")
        else:
            pools[key] = pool
    await loader.load(list(tokens.values()), frozenset(), summary)
    await loader.load(list(pools.values()), _POOL_FIELDS, summary)
    return summary


async def _pool(
    places: Places, place: Place, row: dict[str, str], tokens: dict[str, Row], summary: Summary
) -> Row | None:
    """The pool of a row; its tokens go to `tokens`, where they are not yet."""
    name = _DEXES.get(row["dex"])
    if name is None:
        summary.leave_out(place, "DEX_UNKNOWN", row["dex"])
        return None
    sides = [_Side(*(row.get(f"token{n}{of}", "") for of in _SIDE_COLUMNS)) for n in (0, 1)]
    try:
        chain_id, fee_ppm = (_whole(row[name], name) for name in ("chain_id", "fee_ppm"))
        decimals = [_whole(side.decimals or "0", "decimals") for side in sides]
        if max(fee_ppm, *decimals) > _MAX_U32:
            raise ValueError(f"{max(fee_ppm, *decimals)} is too large")
    except ValueError as error:
        summary.leave_out(place, "ROW_INVALID", str(error))
        return None
    chain = await _chain(places, place, chain_id, summary)
    if chain is None:
        return None
    keys = tuple(token_key(chain_id, side.address) for side in sides)
    if keys[0] == keys[1]:
        summary.leave_out(place, "ROW_INVALID", f"{keys[0]} against itself")
        return None
    for key, side, places_of in zip(keys, sides, decimals, strict=True):
        if key not in tokens:
            message = _token(chain, side.address, side.symbol, "", places_of)
            if not side.decimals:
                put(message.metadata, {"decimals": "unknown"})
            tokens[key] = Row(place, message, key=key, fill_in=True)
    symbols = [side.symbol for side in sides]
    message = pb.Instrument(
        asset_type=common_pb2.ASSET_TYPE_POOL,
        venue=places.by_name[name].venue,
        chain_id=chain_id,
        contract_address=row["pool_address"],
        symbol=clean("/".join(symbols), 64) if all(symbols) else "",
        pool_fee_ppm=fee_ppm,
    )
    return Row(place, message, pool_tokens=keys)
