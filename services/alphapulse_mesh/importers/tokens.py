"""Token lists (the schema of Uniswap's) and pools of decentralised exchanges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.errors import InvalidArgument
from alphapulse_mesh.importers.loading import AS_OF
from alphapulse_mesh.importers.rows import Place, Row, Summary, clean, put, read_csv, read_json

if TYPE_CHECKING:
    from pathlib import Path

    from alphapulse_mesh.importers.loading import Loader
    from alphapulse_mesh.importers.places import Places

__all__ = ["import_pools", "import_tokens"]

_SOLANA: Final = 501000101
_SOLANA_LIST: Final = {101: _SOLANA}
"""Solana's own lists count its networks 101 (main), 102 and 103 (for tests)."""
_TOKEN_FIELDS: Final = frozenset({"symbol", "name", "decimals", "metadata", "underlying"})
_POOL_FIELDS: Final = frozenset({"symbol", "name", "pool_fee_ppm", "metadata"})
_POOL_COLUMNS: Final = ("chain_id", "dex", "pool_address", "token0", "token1", "fee_ppm")
_DEXES: Final = {
    "uniswap_v2": "UNISWAP_V2",
    "uniswap_v3": "UNISWAP_V3",
    "sushiswap_v2": "SUSHISWAP",
}


def token_key(chain_id: int, address: str) -> str:
    """What rows of an import call a token."""
    return f"{chain_id}:{address.lower() if address.startswith('0x') else address}"


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
    as_of = str(document.get("timestamp", ""))[:10]
    listed = {
        token_key(token.get("chainId", 0), str(token.get("address", ""))): token
        for token in tokens
        if isinstance(token, dict)
    }
    native: list[Row] = []
    bridged: list[Row] = []
    for number, token in enumerate(tokens, 1):
        row = await _token_row(places, Place(path.name, number, _label(token)), token, summary)
        if row is None:
            continue
        put(row.message.metadata, {AS_OF: as_of})
        origin = _origin(token)
        if origin in listed:
            row.underlying = origin
            theirs = listed[origin].get("decimals")
            if theirs != row.message.decimals:
                summary.adapt(
                    row.place,
                    "DECIMALS_DIFFER",
                    f"{row.message.decimals} here, {theirs} on Ethereum: linked, each its own",
                )
        (bridged if row.underlying else native).append(row)
    await loader.load(native, _TOKEN_FIELDS, summary)
    await loader.load(bridged, _TOKEN_FIELDS, summary)
    return summary


def _label(token: Any) -> str:
    return str(token.get("symbol", ""))[:64] if isinstance(token, dict) else ""


def _origin(token: dict[str, Any]) -> str:
    """The key of the token of Ethereum that this one is a bridged form of; "" for none."""
    if token.get("chainId") == 1:
        return ""
    bridges = (token.get("extensions") or {}).get("bridgeInfo") or {}
    address = (bridges.get("1") or {}).get("tokenAddress")
    return token_key(1, address) if address else ""


async def _token_row(places: Places, place: Place, token: Any, summary: Summary) -> Row | None:
    try:
        chain_id, address = int(token["chainId"]), str(token["address"])
        decimals = int(token["decimals"])
        symbol, name = str(token["symbol"]), str(token["name"])
    except (TypeError, KeyError, ValueError) as error:
        summary.read += 1
        summary.refuse(place, "ROW_INVALID", f"no token: {error!r}")
        return None
    if not address.startswith("0x") and chain_id != _SOLANA:
        if chain_id not in _SOLANA_LIST:
            summary.read += 1
            summary.refuse(place, "TEST_NETWORK", f"network {chain_id} of Solana is for tests")
            return None
        chain_id = _SOLANA_LIST[chain_id]
    if not 0 <= decimals <= 255:
        summary.read += 1
        summary.refuse(place, "INSTRUMENT_DECIMALS_OUT_OF_RANGE", f"{decimals} decimals")
        return None
    chain = await places.chain(chain_id)
    message = _token(chain, address, symbol, name, decimals)
    return Row(place, message, key=token_key(chain_id, address))


async def import_pools(loader: Loader, places: Places, path: Path) -> Summary:
    """Pools, and the tokens of theirs that no list has told of."""
    summary = Summary(f"pools {path.name}")
    tokens: dict[str, Row] = {}
    pools: list[Row] = []
    for line, row in read_csv(path, *_POOL_COLUMNS):
        place = Place(path.name, line, row["pool_address"])
        name = _DEXES.get(row["dex"])
        if name is None or not row["chain_id"].isdigit() or not row["fee_ppm"].isdigit():
            summary.read += 1
            reason = "DEX_UNKNOWN" if name is None else "ROW_INVALID"
            summary.refuse(place, reason, f"{row['dex']}, {row['chain_id']}, {row['fee_ppm']}")
            continue
        chain = await places.chain(int(row["chain_id"]))
        keys = []
        for side in ("token0", "token1"):
            key = token_key(chain.chain_id, row[side])
            keys.append(key)
            decimals = row.get(f"{side}_decimals", "")
            symbol = row.get(f"{side}_symbol", "")
            if key not in tokens:
                known = int(decimals) if decimals.isdigit() else 0
                message = _token(chain, row[side], symbol, "", known)
                if not decimals:
                    put(message.metadata, {"decimals": "unknown"})
                tokens[key] = Row(place, message, key=key, fill_in=True)
        symbols = [row.get("token0_symbol", ""), row.get("token1_symbol", "")]
        pools.append(
            Row(
                place,
                pb.Instrument(
                    asset_type=common_pb2.ASSET_TYPE_POOL,
                    venue=places.by_name[name].venue,
                    chain_id=chain.chain_id,
                    contract_address=row["pool_address"],
                    symbol=clean("/".join(symbols), 64) if all(symbols) else "",
                    pool_fee_ppm=int(row["fee_ppm"]),
                ),
                pool_tokens=tuple(keys),
            )
        )
    await loader.load(list(tokens.values()), frozenset(), summary)
    await loader.load(pools, _POOL_FIELDS, summary)
    return summary
