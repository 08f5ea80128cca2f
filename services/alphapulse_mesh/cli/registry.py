"""`alphapulse registry`: instruments, venues and links, looked up and registered."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from google.protobuf.json_format import Parse, ParseError

from alphapulse.registry.v1 import registry_pb2
from alphapulse_layout import AssetType
from alphapulse_mesh.cli import output, registry_import
from alphapulse_mesh.cli.gateway import connect
from alphapulse_mesh.cli.venue_names import venue_names
from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alphapulse_mesh.cli.venue_names import VenueNames

app = typer.Typer(help="Instruments, venues and links.", no_args_is_help=True)
app.command("import")(registry_import.import_command)

COLUMNS = ["symbol", "venue", "type", "base/quote", "status", "isin", "id"]


def row(instrument: registry_pb2.Instrument, names: VenueNames) -> tuple[object, ...]:
    """A line of a table of instruments, under COLUMNS."""
    pair = "/".join(filter(None, (instrument.base_currency, instrument.quote_currency)))
    return (
        instrument.symbol,
        names[instrument.venue],
        AssetType(instrument.asset_type).name.lower(),
        pair,
        registry_pb2.InstrumentStatus.Name(instrument.status)
        .removeprefix("INSTRUMENT_STATUS_")
        .lower(),
        instrument.isin,
        instrument.id_text,
    )


_KINDS = {AssetType.STOCK: "share"}


def grouped_rows(
    answer: registry_pb2.ResolveInstrumentResponse, names: VenueNames
) -> Iterator[tuple[object, ...]]:
    """The candidates by what they really are, each group's primary line first and named so."""
    for group in answer.groups:
        kind = AssetType(group.asset_type)
        name = _KINDS.get(kind, kind.name.lower().replace("_", " "))
        for position in group.candidates:
            several = len(group.candidates) > 1 and position == group.primary
            yield (
                f"{name}, primary" if several else name,
                *row(answer.candidates[position], names),
            )


def asset_type(text: str | None) -> int:
    """Number of an asset type by name, 0 for none.

    Raises:
        InvalidArgument: there is no such type.
    """
    if not text:
        return 0
    try:
        return AssetType[text.upper()]
    except KeyError:
        names = ", ".join(t.name.lower() for t in AssetType if t)
        raise InvalidArgument(
            f"no asset type {text!r}; there are {names}", reason="ASSET_TYPE_UNKNOWN"
        ) from None


@app.command("resolve")
@output.command
async def resolve(
    key: Annotated[
        str, typer.Argument(help="A symbol, ISIN, CUSIP, FIGI, contract address or instrument id.")
    ],
    venue: Annotated[
        str, typer.Option("--venue", help="Name, MIC or number; else a symbol on any venue.")
    ] = "",
    chain_id: Annotated[int, typer.Option(help="EIP-155 number of the chain.")] = 0,
    kind: Annotated[str | None, typer.Option("--type", help="Only this asset type.")] = None,
    as_of: Annotated[
        str, typer.Option(help="What had that name then: 2021-06-30, or with a time; UTC.")
    ] = "",
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Find the instrument behind an identifier; where several fit, all are shown, best first."""
    request = identifier_request(key, venue=venue, chain_id=chain_id, anywhere=True)
    if request is not None and as_of:
        request.as_of.FromDatetime(_moment(as_of))
    async with connect(target, name, config) as mesh:
        if request is None:
            answer = registry_pb2.ResolveInstrumentResponse(
                candidates=[await mesh.registry.get(key)]
            )
        else:
            if number := asset_type(kind):
                request.asset_type = number  # type: ignore[assignment]  # the same numbers
            answer = await mesh.registry.resolve_all(request)
        names = await venue_names(mesh, (one.venue for one in answer.candidates))
    if as_json:
        output.print_json(output.as_dict(answer))
        return
    if answer.groups:
        output.console.print(
            output.table(["is", *COLUMNS], grouped_rows(answer, names), markup=False)
        )
    else:
        lines = (row(one, names) for one in answer.candidates)
        output.console.print(output.table(COLUMNS, lines, markup=False))
    if answer.ambiguous:
        output.errors.print(
            "several fit equally well; narrow it with --venue or --type", style="yellow"
        )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidArgument(
            f"--as-of: {text!r} is no date such as 2021-06-30", reason="TIME_INVALID"
        ) from None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def identifier_request(
    key: str, *, venue: str, chain_id: int, anywhere: bool = False
) -> registry_pb2.ResolveInstrumentRequest | None:
    """What kind of identifier `key` is, by its form; None for an instrument id. What looks like a
    symbol needs a venue, unless it is looked for `anywhere`.
    """
    text = key.strip()
    request = registry_pb2.ResolveInstrumentRequest(venue=venue)
    hexadecimal = all(c in "0123456789abcdefABCDEF" for c in text)
    if len(text) == 32 and hexadecimal:
        return None
    if text.startswith("0x"):
        request.contract_address, request.chain_id = text, chain_id
    elif venue:
        request.symbol = text
    elif len(text) == 12 and text[:2].isalpha() and text[2:].isalnum() and text[-1].isdigit():
        if text.upper().startswith("BBG"):
            request.figi = text.upper()
        else:
            request.isin = text.upper()
    elif len(text) == 9 and text.isalnum() and text[-1].isdigit() and not text.isdigit():
        request.cusip = text.upper()
    elif len(text) == 9 and text.isdigit():
        request.cusip = text
    elif anywhere:
        request.identifier, request.chain_id = text, chain_id
    else:
        raise InvalidArgument(
            f"{text!r} looks like a symbol: say its venue with --venue (name, MIC or number)",
            reason="VENUE_MISSING",
            key=text,
        )
    return request


@app.command("list")
@output.command
async def list_instruments(
    kind: Annotated[str | None, typer.Option("--type", help="Only this asset type.")] = None,
    venue: Annotated[str, typer.Option(help="Only this venue: name, MIC or number.")] = "",
    prefix: Annotated[str, typer.Option(help="Only symbols that begin so.")] = "",
    limit: Annotated[int, typer.Option(help="At most this many.")] = 100,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """List instruments in the order of their registration."""
    found: list[registry_pb2.Instrument] = []
    async with connect(target, name, config) as mesh:
        async for instrument in mesh.registry.list(
            asset_type=asset_type(kind), venue=venue, symbol_prefix=prefix
        ):
            found.append(instrument)
            if len(found) >= limit:
                break
        names = await venue_names(mesh, (one.venue for one in found))
    if as_json:
        output.print_json({"instruments": [output.as_dict(i) for i in found]})
        return
    output.console.print(output.table(COLUMNS, (row(one, names) for one in found), markup=False))


@app.command("venues")
@output.command
async def venues(
    instrument: Annotated[
        str | None, typer.Argument(help="Where this instrument id is listed; all venues without.")
    ] = None,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """List venues, or the places where an instrument is listed."""
    if instrument is not None:
        async with connect(target, name, config) as mesh:
            listings = await mesh.registry.find_all_venues(instrument)
            names = await venue_names(mesh, (each.instrument.venue for each in listings))
        if as_json:
            output.print_json({"listings": [output.as_dict(each) for each in listings]})
            return
        rows = ((each.venue.name, *row(each.instrument, names)) for each in listings)
        output.console.print(output.table(["listed on", *COLUMNS], rows, markup=False))
        return
    async with connect(target, name, config) as mesh:
        found = [venue async for venue in mesh.registry.venues()]
    if as_json:
        output.print_json({"venues": [output.as_dict(v) for v in found]})
        return
    output.console.print(
        output.table(
            ["number>", "name", "kind", "MIC", "title"],
            (
                (
                    v.venue,
                    v.name,
                    registry_pb2.VenueKind.Name(v.kind).removeprefix("VENUE_KIND_").lower(),
                    v.mic,
                    v.title,
                )
                for v in found
            ),
            markup=False,
        )
    )


@app.command("links")
@output.command
async def links(
    instrument: Annotated[str | None, typer.Argument(help="An instrument id; all without.")] = None,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """List typed links between instruments."""
    async with connect(target, name, config) as mesh:
        found = [link async for link in mesh.registry.links(instrument)]
        ends = {output.id_text(end): end for link in found for end in output.link_ends(link)}
        known = dict(zip(ends, await mesh.registry.get_many(ends.values()), strict=True))
        names = await venue_names(mesh, (one.venue for one in known.values() if one is not None))
    if as_json:
        output.print_json({"links": [output.as_dict(link) for link in found]})
        return

    def label(key: str) -> str:
        found_one = known[key]
        if found_one is None:
            return key
        return f"{found_one.symbol} {names[found_one.venue]}".strip()

    rows: list[tuple[str, ...]] = []
    for link in found:
        start, end = (label(output.id_text(side)) for side in output.link_ends(link))
        word = registry_pb2.LinkType.Name(link.type).removeprefix("LINK_TYPE_").lower()
        rows.append((start, word.replace("_", " "), end))
    output.console.print(output.table(["from", "", "to"], rows, markup=False))


@app.command("register")
@output.command
async def register(
    file: Annotated[
        Path | None, typer.Argument(help="JSON of one instrument, or of a list; - reads stdin.")
    ] = None,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Register instruments given as JSON, with the field names of the schema."""
    instruments = _read_instruments(file)
    async with connect(target, name, config) as mesh:
        outcomes = await mesh.registry.register_many(instruments)
    if as_json:
        output.print_json({"outcomes": [output.as_dict(o) for o in outcomes]})
    else:
        output.console.print(
            output.table(
                ["symbol", "outcome", "id"],
                (
                    (
                        instrument.symbol,
                        o.message or ("registered" if o.created else "was there"),
                        output.id_text(o.id) if o.HasField("id") else "",
                    )
                    for instrument, o in zip(instruments, outcomes, strict=True)
                ),
                markup=False,
            )
        )
    if any(outcome.reason for outcome in outcomes):
        raise typer.Exit(5)


def _read_instruments(file: Path | None) -> list[registry_pb2.Instrument]:
    try:
        text = sys.stdin.read() if file is None or str(file) == "-" else file.read_text("utf-8")
    except OSError as error:
        raise InvalidArgument(f"{file}: {error.strerror}", reason="FILE_UNREADABLE") from None
    wrapped: Any = text if text.lstrip().startswith("[") else f"[{text}]"
    request = registry_pb2.BatchRegisterInstrumentsRequest()
    try:
        Parse(f'{{"instruments": {wrapped}}}', request)
    except ParseError as error:
        raise InvalidArgument(f"{file or 'stdin'}: {error}", reason="INVALID_JSON") from None
    return list(request.instruments)
