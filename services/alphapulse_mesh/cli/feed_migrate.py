"""`alphapulse feed migrate`: fixed arbitrage records become DeFi signals with TLVs, and back.

Of a recording it makes another one; beside a live domain it runs as a bridge, until the last
producer speaks the new type. What a record becomes is `alphapulse_client.defi_signals`' part.
"""

from __future__ import annotations

import os
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from alphapulse_client import DOMAINS, FeedOptions, Mesh
from alphapulse_client.decimals import to_halves
from alphapulse_client.defi_signals import KNOWN_FIELDS, MIGRATES
from alphapulse_layout import MessageType
from alphapulse_layout.dtypes import DEFI_SIGNAL
from alphapulse_mesh.cli import output
from alphapulse_mesh.cli.feed_recording import app
from alphapulse_mesh.cli.feed_values import start_of
from alphapulse_mesh.cli.gateway import connect
from alphapulse_mesh.cli.stopping import stopped_by_signals, until
from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from alphapulse_mesh.recording.migration import Summary

__all__ = ["app", "known_fields"]

_ADDRESS_BYTES: Final = 20


class To(StrEnum):
    """The type that shall be."""

    DEFI_SIGNAL = "defi_signal"
    ARBITRAGE_OPPORTUNITY = "arbitrage_opportunity"

    @property
    def message_type(self) -> MessageType:
        """Its number."""
        return MessageType[self.name]


@app.command("migrate")
@output.command
async def migrate(
    source: Annotated[str, typer.Argument(help="A recording to read, or a domain to bridge live.")],
    into: Annotated[
        str | None,
        typer.Argument(help="The recording to make; of a live domain: another domain."),
    ] = None,
    to: Annotated[To, typer.Option(help="Type that is made of the other one.")] = To.DEFI_SIGNAL,
    known: Annotated[
        list[str] | None,
        typer.Option("--set", help="A field that a record does not say, e.g. chain_id=1."),
    ] = None,
    start: Annotated[
        str, typer.Option(help="Live: latest, oldest, snapshot, a sequence or a time.")
    ] = "latest",
    state: Annotated[
        Path | None,
        typer.Option(help="Live: file that keeps the place, over crashes too; made where missing."),
    ] = None,
    count: Annotated[
        int | None, typer.Option(help="Live: stop after so many records.", min=1)
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Live: stop after this time.")] = None,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Migrate arbitrage records to DeFi signals with TLVs (or back), in a recording or live.

    Each loss is told, with the rows that it happened in. Live results are caused by their frames
    and come after them in the same domain, unless another one is named.
    """
    fields = known_fields(known or [], to)
    if source.replace("-", "_") in DOMAINS:
        call = _Live(source, into or source, to, fields, start, state, count, seconds)
        said = await _live(call, connect(target, name, config))
    else:
        said = _recording(Path(source), into, to, fields, shown=not as_json)
    if as_json:
        output.print_json(said)
    else:
        _show(said)
    if said.get("rejected"):
        raise typer.Exit(5)


def known_fields(texts: list[str], to: To) -> dict[str, Any]:
    """`name=value` of `--set`: numbers, addresses as 0x…, amounts (`…_q`) as decimals.

    Raises:
        InvalidArgument: not of that form, no such field, a value that does not fit it.
    """
    if texts and to is not To.DEFI_SIGNAL:
        raise InvalidArgument("--set is for --to defi_signal", reason="ARGUMENT_INVALID")
    fields: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or name not in KNOWN_FIELDS:
            raise InvalidArgument(
                f"--set {text!r}: FIELD=VALUE, with one of {', '.join(sorted(KNOWN_FIELDS))}",
                reason="FIELD_UNKNOWN",
            )
        try:
            fields[name] = _value(name, value)
        except (ValueError, OverflowError) as error:
            raise InvalidArgument(f"--set {text!r}: {error}", reason="FIELD_INVALID") from None
    return fields


def _value(name: str, text: str) -> Any:
    kind = DEFI_SIGNAL[name]
    if kind.kind == "V" and kind.names is None:
        data = bytes.fromhex(text.removeprefix("0x"))
        if len(data) != _ADDRESS_BYTES:
            raise ValueError(f"an address is {_ADDRESS_BYTES} bytes, not {len(data)}")
        return data
    if kind.names is not None:
        whole, _, fraction = text.partition(".")
        if not (whole.isdigit() and (fraction.isdigit() or not fraction)):
            raise ValueError("an amount is a decimal number that is not negative")
        scaled = (int(whole + fraction) << 64) // 10 ** len(fraction)
        return to_halves(scaled)
    number = int(text, 0)
    if not 0 <= number < 1 << 8 * kind.itemsize:
        raise ValueError(f"not in 0..{(1 << 8 * kind.itemsize) - 1}")
    return number


# --------------------------------------------------------------------------------------- recording


def _recording(
    source: Path, into: str | None, to: To, known: dict[str, Any], *, shown: bool
) -> dict[str, Any]:
    from alphapulse_mesh.recording import Recording  # noqa: PLC0415  # pyarrow
    from alphapulse_mesh.recording.migration import migrate_recording  # noqa: PLC0415  # pyarrow

    if into is None:
        raise InvalidArgument(f"name the recording to make of {source}", reason="ARGUMENT_INVALID")
    recording = Recording(source)
    columns = (TextColumn("migrating"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=output.errors, disable=not shown) as progress:
        task = progress.add_task("", total=recording.count()[0])
        summary = migrate_recording(
            [recording],
            Path(into),
            to.message_type,
            known,
            progress=lambda done: progress.update(task, completed=done),
        )
    return {"from": str(source), "into": into, **_said(summary)}


# -------------------------------------------------------------------------------------------- live


@dataclass(frozen=True, slots=True)
class _Live:
    """What a live migration was asked for."""

    source: str
    into: str
    to: To
    known: dict[str, Any]
    start: str
    state: Path | None
    count: int | None
    seconds: float | None

    @property
    def name(self) -> str:
        """For people, and for the relay's memory of who blocks."""
        return f"alphapulse feed migrate {self.source} to {self.to}"


async def _live(call: _Live, connection: AbstractAsyncContextManager[Mesh]) -> dict[str, Any]:
    from alphapulse_mesh.recording.migration import (  # noqa: PLC0415  # pyarrow
        Checkpoint,
        Summary,
        migrate_live,
    )

    place = Checkpoint.load(call.state) if call.state is not None else None
    where: FeedOptions = {"start": start_of(call.start)}
    if place is not None:
        where = {"resume": place.token} if place.token else {"start": place.sequence + 1}
    last = place

    def save(checkpoint: Checkpoint) -> None:
        nonlocal last
        last = checkpoint
        if call.state is not None:
            checkpoint.save(call.state)

    summary = Summary()
    async with connection as mesh:
        where |= {
            "message_types": [MIGRATES[call.to.message_type]],
            "policy": "block",
            "name": call.name,
        }
        feed = mesh.feed(call.source, **where)
        begins = await feed.ready(30)
        if place is None:
            place = Checkpoint(int.from_bytes(os.urandom(8), "little") or 1, begins)
            save(place)
        publisher = mesh.publisher(
            call.into, producer_name=call.name, producer_id=place.producer_id
        )
        with stopped_by_signals(call.seconds) as stop:
            await migrate_live(
                until(feed, stop),
                publisher,
                call.to.message_type,
                call.known,
                since=place,
                summary=summary,
                records=call.count,
                saved=save,
            )
    assert last is not None, "saved at the latest before the first batch"
    return {
        "from": call.source,
        "into": call.into,
        **_said(summary),
        "lost": sum(gap.count for gap in summary.gaps),
        "rejected": [f"{one.reason}: {one.message}" for one in publisher.rejections],
        "resume_token": last.token.hex(),
    }


def _said(summary: Summary) -> dict[str, Any]:
    return {
        "frames": summary.frames,
        "migrated": summary.migrated,
        "made": summary.made,
        "records": summary.records,
        "losses": [asdict(loss) for loss in summary.losses],
    }


def _show(said: dict[str, Any]) -> None:
    plain = {key: value for key, value in said.items() if key not in {"losses", "rejected"}}
    output.console.print(output.key_values(plain))
    if said["losses"]:
        output.console.print(
            output.table(
                ["field", "rows>", "what is lost", "whole in the TLV"],
                [
                    (one["field"], f"{one['rows']:,}", one["why"],
                     "yes" if one["recoverable"] else "no")
                    for one in said["losses"]
                ],
            )
        )  # fmt: skip
    for line in said.get("rejected", [])[:20]:
        output.errors.print(f"refused: {line}", style="red", markup=False)
