"""`alphapulse registry`: get, search, fees, sessions, route, watch, opportunities, history,
metrics, records.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.markup import escape

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.decimals import fixed_text
from alphapulse_client.errors import InvalidArgument
from alphapulse_client.frames import REGISTRY_RECORDS, rows
from alphapulse_client.instrument_ids import id_message
from alphapulse_layout import MessageType
from alphapulse_mesh.cli import output
from alphapulse_mesh.cli.gateway import connect
from alphapulse_mesh.cli.registry import COLUMNS, app, asset_type, row
from alphapulse_mesh.cli.venue_names import VenueNames, venue_names

if TYPE_CHECKING:
    from alphapulse_client.frames import Rows

__all__ = ["app", "number_named", "short_name"]


def short_name(name: str, prefix: str) -> str:
    """The name of a value of an enumeration, without the prefix and in lower case."""
    return name.removeprefix(prefix).lower()


def number_named(enum: Any, prefix: str, text: str) -> Any:
    """The value of an enumeration by its name without the prefix."""
    try:
        return enum.Value(f"{prefix}{text.upper()}")
    except ValueError:
        names = ", ".join(short_name(name, prefix) for name in enum.keys()[1:])
        raise InvalidArgument(
            f"{text!r} is none of {names}", reason="NAME_UNKNOWN", name=text
        ) from None


@app.command("get")
@output.command
async def get(
    instrument: Annotated[str, typer.Argument(help="An instrument id, 32 hexadecimal digits.")],
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Show everything that is known of one instrument."""
    async with connect(target, name, config) as mesh:
        found = await mesh.registry.get(instrument)
        names = await venue_names(mesh, [found.venue])
    if as_json:
        output.print_json(output.as_dict(found))
        return
    shown = output.fields(found)
    shown["id"] = shown.pop("id text", shown.get("id", ""))
    if found.venue:
        shown["venue"] = f"{names[found.venue]} ({found.venue})"
    output.console.print(output.key_values(shown))


@app.command("search")
@output.command
async def search(
    words: Annotated[list[str] | None, typer.Argument(help="Words of name or identifiers.")] = None,
    kind: Annotated[list[str] | None, typer.Option("--type", help="Asset types.")] = None,
    venue: Annotated[list[str] | None, typer.Option(help="Venues: name, MIC or number.")] = None,
    prefix: Annotated[str, typer.Option(help="Symbols that begin so.")] = "",
    isin: Annotated[str, typer.Option(help="ISINs that begin so.")] = "",
    chain_id: Annotated[int, typer.Option(help="EIP-155 number.")] = 0,
    currency: Annotated[str, typer.Option(help="Base, quote or settlement currency.")] = "",
    limit: Annotated[int, typer.Option(help="At most this many.")] = 100,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Find instruments by words and filters."""
    found: list[pb.Instrument] = []
    async with connect(target, name, config) as mesh:
        async for instrument in mesh.registry.search(
            " ".join(words or ()),
            symbol_prefix=prefix,
            asset_types=[asset_type(each) for each in kind or ()],
            venues=venue or (),
            isin_prefix=isin,
            chain_id=chain_id,
            currency=currency,
            page_size=min(limit, 1000),
        ):
            found.append(instrument)
            if len(found) >= limit:
                break
        names = await venue_names(mesh, (one.venue for one in found))
    if as_json:
        output.print_json({"instruments": [output.as_dict(each) for each in found]})
        return
    lines = ((each.name, *row(each, names)) for each in found)
    output.console.print(output.table(["name", *COLUMNS], lines, markup=False))


@app.command("fees")
@output.command
async def fees(
    venue: Annotated[str, typer.Argument(help="Name, MIC or number.")],
    volume: Annotated[str, typer.Option(help="Your volume of 30 days.")] = "",
    notional: Annotated[str, typer.Option(help="Price times quantity of a trade.")] = "",
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Say what a trade costs on a venue."""
    async with connect(target, name, config) as mesh:
        answer = await mesh.registry.quote_fees(venue, volume=volume, notional=notional)
    if as_json:
        output.print_json(output.as_dict(answer))
        return
    output.console.print(output.key_values(output.fields(answer)))


@app.command("sessions")
@output.command
async def sessions(
    venue: Annotated[str, typer.Argument(help="Name, MIC or number.")],
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Say whether a venue trades now, and when it opens and closes next."""
    async with connect(target, name, config) as mesh:
        answer = await mesh.registry.sessions(venue)
    if as_json:
        output.print_json(output.as_dict(answer))
        return
    shown = {"open": "yes" if answer.open else "no", **output.fields(answer)}
    output.console.print(output.key_values(shown))


@app.command("route")
@output.command
async def route(
    instrument: Annotated[str, typer.Argument(help="An instrument id, of any of its venues.")],
    side: Annotated[str, typer.Argument(help="buy or sell")],
    quantity: Annotated[str, typer.Argument(help="How much.")],
    urgency: Annotated[str, typer.Option(help="patient, normal or immediate")] = "normal",
    limit: Annotated[str, typer.Option(help="Limit price.")] = "",
    max_venues: Annotated[int, typer.Option(help="At most on so many venues; 0: any.")] = 0,
    volume: Annotated[
        list[str] | None,
        typer.Option(help="Your volume of 30 days, for the fee tier: 5000000, or BINANCE=5000000."),
    ] = None,
    depth: Annotated[int, typer.Option(help="At most so many levels of a book; 0: all.")] = 0,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Choose venues for an order by live quotes, and say why."""
    request = pb.RouteOrderRequest(
        instrument_id=id_message(instrument),
        side=number_named(pb.RouteSide, "ROUTE_SIDE_", side),
        urgency=number_named(pb.RouteUrgency, "ROUTE_URGENCY_", urgency),
        quantity=quantity,
        limit_price=limit,
        max_venues=max_venues,
        depth=depth,
    )
    for each in volume or ():
        venue, named, amount = each.rpartition("=")
        if named:
            request.volumes.add(venue=venue, volume=amount)
        else:
            request.volume = amount
    async with connect(target, name, config) as mesh:
        answer = await mesh.registry.route(request)
        names = await venue_names(mesh, (each.venue for each in answer.choices))
    if as_json:
        output.print_json(output.as_dict(answer))
        return
    legs = (
        (names[e.venue], e.quantity, e.limit_price, e.average_price, e.fee) for e in answer.legs
    )
    columns = ["venue", "quantity>", "limit>", "average>", "fee>"]
    output.console.print(output.table(columns, legs, markup=False))
    choices = (
        (
            names[e.venue], "yes" if e.chosen else e.excluded, e.price, e.available, e.fee_bps,
            f"{e.latency_ns / 1e6:g} ms", e.reliability_score, e.penalty_bps, e.effective_price,
        )
        for e in answer.choices
    )  # fmt: skip
    columns = ["venue", "chosen", "price>", "available>", "fee bps>", "latency>", "reliability>",
               "penalty bps>", "effective>"]  # fmt: skip
    output.console.print(output.table(columns, choices, markup=False))
    if answer.unrouted_quantity not in {"", "0"}:
        output.errors.print(f"nobody takes {answer.unrouted_quantity}", style="yellow")


@app.command("watch")
@output.command
async def watch(
    start: Annotated[int, typer.Option("--from", help="Events after this revision.")] = 0,
    kind: Annotated[list[str] | None, typer.Option("--type", help="Asset types.")] = None,
    venue: Annotated[list[str] | None, typer.Option(help="Venues: name, MIC or number.")] = None,
    isin: Annotated[str, typer.Option(help="ISINs that begin so.")] = "",
    chain_id: Annotated[int, typer.Option(help="EIP-155 number.")] = 0,
    link: Annotated[list[str] | None, typer.Option(help="Link types: links alone.")] = None,
    event: Annotated[
        list[str] | None,
        typer.Option(help="instrument, link, venue, collision, synthetic, opportunity"),
    ] = None,
    min_bps: Annotated[
        int, typer.Option(help="Opportunities of so many basis points: these alone.")
    ] = 0,
    count: Annotated[int, typer.Option(help="End after so many; 0: never.")] = 0,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Follow the changes of the registry, a line each."""
    seen = 0
    async with connect(target, name, config) as mesh:
        names = VenueNames(mesh)
        async for change in mesh.registry.watch(
            start,
            asset_types=[asset_type(each) for each in kind or ()],
            venues=venue or (),
            isin_prefix=isin,
            chain_id=chain_id,
            link_types=[number_named(pb.LinkType, "LINK_TYPE_", each) for each in link or ()],
            kinds=[number_named(pb.EventKind, "EVENT_KIND_", each) for each in event or ()],
            min_opportunity_bps=min_bps,
        ):
            if as_json:
                output.print_json(output.as_dict(change))
            else:
                if change.HasField("opportunity"):
                    told = change.opportunity
                    await names.learn((told.buy_venue, told.sell_venue))
                output.console.print(_change(change, names))
            seen += 1
            if seen == count:
                return


def _change(change: pb.WatchRegistryResponse, names: VenueNames) -> str:
    what = change.WhichOneof("event") or ""
    told = getattr(change, what)
    match told:
        case pb.Instrument():
            text = f"{told.natural_key} {told.name}"
        case pb.Venue():
            text = f"{told.name} {short_name(pb.VenueStatus.Name(told.status), 'VENUE_STATUS_')}"
        case pb.Link():
            start, end = (output.id_text(side) for side in output.link_ends(told))
            text = f"{start} {short_name(pb.LinkType.Name(told.type), 'LINK_TYPE_')} {end}"
        case pb.Synthetic():
            text = f"{told.name} = {told.formula}"
        case pb.Opportunity():
            text = (
                f"{told.spread_bps} bps  buy {told.max_quantity} on {names[told.buy_venue]} "
                f"at {told.buy_price} {told.buy_currency}, sell on {names[told.sell_venue]} "
                f"at {told.sell_price} {told.sell_currency}"
            )
        case _:
            text = f"{told.existing_key} | {told.colliding_key}"
    return escape(f"{change.revision:>9}  {what.replace('_', ' ')}  {text}")


@app.command("opportunities")
@output.command
async def opportunities(
    min_bps: Annotated[int, typer.Option(help="At least so many basis points.")] = 1,
    count: Annotated[int, typer.Option(help="End after so many; 0: never.")] = 0,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Follow what the registry finds cheaper on one venue than on another, fees taken off."""
    seen = 0
    async with (
        connect(target, name, config) as mesh,
        mesh.feed("market_data", message_types=[MessageType.CROSS_VENUE_OPPORTUNITY]) as feed,
    ):
        names = VenueNames(mesh)
        async for batch in feed:
            for frame in batch.frames:
                for found in frame.rows[frame.rows["spread_bps"] >= min_bps]:
                    await names.learn((int(found["venue_a"]), int(found["venue_b"])))
                    _show(found, names, as_json=as_json)
                    seen += 1
                    if seen == count:
                        return


def _show(found: Any, names: VenueNames, *, as_json: bool) -> None:
    line = {
        "buy": names[int(found["venue_a"])],
        "instrument_a": found["instrument_a_id"].tobytes().hex(),
        "price_a": fixed_text(int(found["price_a"])),
        "sell": names[int(found["venue_b"])],
        "instrument_b": found["instrument_b_id"].tobytes().hex(),
        "price_b": fixed_text(int(found["price_b"])),
        "size": fixed_text(int(found["max_size"])),
        "bps": int(found["spread_bps"]),
        "confidence": int(found["confidence"]),
    }
    if as_json:
        output.print_json(line)
        return
    output.console.print(
        f"{line['bps']:>6} bps  buy {line['size']} on {line['buy']} at {line['price_a']}, "
        f"sell on {line['sell']} at {line['price_b']}  {line['instrument_a']}"
    )


@app.command("history")
@output.command
async def history(
    instrument: Annotated[str, typer.Argument(help="An instrument id.")],
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Show every period of validity of an instrument: what it was called when."""
    async with connect(target, name, config) as mesh:
        found = await mesh.registry.history(instrument)
    if as_json:
        output.print_json({"instruments": [output.as_dict(each) for each in found]})
        return
    lines = (
        (
            each.version,
            each.symbol,
            each.name,
            short_name(pb.InstrumentStatus.Name(each.status), "INSTRUMENT_STATUS_"),
            each.valid_from.ToJsonString() if each.HasField("valid_from") else "",
            each.valid_to.ToJsonString() if each.HasField("valid_to") else "",
        )
        for each in found
    )
    columns = ["version>", "symbol", "name", "status", "from", "to"]
    output.console.print(output.table(columns, lines, markup=False))


@app.command("metrics")
@output.command
async def metrics(
    venue: Annotated[str, typer.Argument(help="Name, MIC or number.")],
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Show what was measured of a venue, on the replica that answers."""
    async with connect(target, name, config) as mesh:
        found = await mesh.registry.venue_metrics(venue)
    if as_json:
        output.print_json(output.as_dict(found))
        return
    if not found.metrics:
        output.console.print(f"nothing was measured of {venue} here", markup=False)
        return
    output.console.print(
        output.key_values(
            {
                "measurements": len(found.metrics),
                "median latency": f"{found.median_latency_ns / 1e6:g} ms",
                "median order answer": f"{found.median_order_ack_latency_ns / 1e6:g} ms",
                "failed": f"{found.mean_error_ppm} ppm",
                "refused": f"{found.reject_ppm} ppm of {found.orders} orders",
                "gaps": found.gaps,
                "reliability": found.mean_reliability_score,
                "health": found.health_score,
            }
        )
    )


@app.command("records")
@output.command
async def records(
    file: Annotated[Path, typer.Argument(help="A .npy file to write.")],
    kind: Annotated[list[str] | None, typer.Option("--type", help="Asset types.")] = None,
    venue: Annotated[list[str] | None, typer.Option(help="Venues: name, MIC or number.")] = None,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Write the fixed records of all instruments, as of one revision, as a NumPy array."""
    parts: list[Rows] = []
    revision = 0
    async with connect(target, name, config) as mesh:
        async for batch in mesh.registry.stream_records(
            asset_types=[asset_type(each) for each in kind or ()], venues=venue or ()
        ):
            parts.append(batch.rows)
            revision = batch.revision
    made = np.concatenate(parts) if parts else rows(REGISTRY_RECORDS, 0)
    try:
        with file.open("wb") as out:
            np.save(out, made, allow_pickle=False)
    except OSError as error:
        raise InvalidArgument(f"{file}: {error.strerror}", reason="FILE_UNWRITABLE") from None
    if as_json:
        output.print_json({"records": len(made), "revision": revision})
        return
    output.console.print(f"{len(made):,} records of revision {revision}")
