"""`alphapulse order`: submit, cancel and list orders."""

from __future__ import annotations

from typing import Annotated

import typer

from alphapulse.execution.v1 import execution_pb2
from alphapulse_mesh.cli import output
from alphapulse_mesh.cli.gateway import connect
from alphapulse_mesh.cli.registry import identifier_request
from alphapulse_mesh.runtime.errors import InvalidArgument

app = typer.Typer(help="Submit, cancel and list orders.", no_args_is_help=True)

_COLUMNS = ["order>", "side", "quantity>", "price>", "done>", "average>", "status", "instrument"]
AccountOption = Annotated[int, typer.Option("--account", help="Whose order it is.")]


def _status(order: execution_pb2.Order) -> str:
    name = execution_pb2.OrderStatus.Name(order.status).removeprefix("ORDER_STATUS_").lower()
    return f"{name} ({order.reason})" if order.reason else name


def _row(order: execution_pb2.Order) -> tuple[object, ...]:
    return (
        order.order_id,
        execution_pb2.Side.Name(order.side).removeprefix("SIDE_").lower(),
        order.quantity,
        order.price or "market",
        order.cumulative_quantity,
        order.average_price,
        _status(order),
        order.instrument_id_text,
    )


def _show(orders: list[execution_pb2.Order], *, as_json: bool, one: bool) -> None:
    if as_json:
        found = [output.as_dict(order) for order in orders]
        output.print_json({"order": found[0]} if one else {"orders": found})
    else:
        output.console.print(output.table(_COLUMNS, map(_row, orders), markup=False))


@app.command("submit")
@output.command
async def submit(
    instrument: Annotated[str, typer.Argument(help="Instrument id, or a symbol with --venue.")],
    side: Annotated[str, typer.Argument(help="buy or sell.")],
    quantity: Annotated[str, typer.Argument(help="Decimal text.")],
    price: Annotated[str | None, typer.Option(help="Limit price; a market order without.")] = None,
    venue: Annotated[str, typer.Option(help="Name, MIC or number, for a symbol.")] = "",
    time_in_force: Annotated[str, typer.Option("--tif", help="day, gtc, ioc or fok.")] = "gtc",
    post_only: Annotated[bool, typer.Option("--post-only", help="Never take.")] = False,
    reduce_only: Annotated[bool, typer.Option("--reduce-only", help="Never add.")] = False,
    client_order_id: Annotated[int, typer.Option(help="Chosen by you; unique an account.")] = 0,
    account: AccountOption = 0,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Submit one order. Exit code 5 when it is refused."""
    force = f"TIME_IN_FORCE_{time_in_force.upper()}"
    if side.lower() not in ("buy", "sell"):
        raise InvalidArgument(f"side {side!r}: buy or sell", reason="INVALID_SIDE")
    if force not in execution_pb2.TimeInForce.keys():  # noqa: SIM118  # an enum wrapper, no dict
        raise InvalidArgument(
            f"time in force {time_in_force!r}: day, gtc, ioc or fok", reason="INVALID_TIME_IN_FORCE"
        )
    async with connect(target, name, config) as mesh:
        request = identifier_request(instrument, venue=venue, chain_id=0)
        if request is not None:
            answer = await mesh.registry.resolve_all(request)
            if answer.ambiguous:
                raise InvalidArgument(
                    f"{instrument!r} names {len(answer.candidates)} instruments; use an id "
                    "(`alphapulse registry resolve`)",
                    reason="INSTRUMENT_AMBIGUOUS",
                )
            instrument = answer.candidates[0].id_text
        order = await mesh.orders.submit(
            instrument,
            side.lower(),  # type: ignore[arg-type]  # checked above
            quantity,
            price=price,
            time_in_force=execution_pb2.TimeInForce.Value(force),
            client_order_id=client_order_id,
            account_id=account,
            post_only=post_only,
            reduce_only=reduce_only,
        )
    _show([order], as_json=as_json, one=True)
    if order.status == execution_pb2.ORDER_STATUS_REJECTED:
        raise typer.Exit(5)


@app.command("cancel")
@output.command
async def cancel(
    order_id: Annotated[int, typer.Argument(help="Given by execution.")] = 0,
    client_order_id: Annotated[int, typer.Option(help="Instead of the order id.")] = 0,
    account: AccountOption = 0,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Cancel a working order."""
    if not order_id and not client_order_id:
        raise InvalidArgument(
            "say which order: its id, or --client-order-id", reason="ORDER_MISSING"
        )
    async with connect(target, name, config) as mesh:
        order = await mesh.orders.cancel(
            order_id, account_id=account, client_order_id=client_order_id
        )
    _show([order], as_json=as_json, one=True)


@app.command("list")
@output.command
async def list_orders(
    open_only: Annotated[bool, typer.Option("--open", help="Only working orders.")] = False,
    limit: Annotated[int, typer.Option(help="At most this many.")] = 50,
    account: AccountOption = 0,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """List orders, newest first."""
    found: list[execution_pb2.Order] = []
    async with connect(target, name, config) as mesh:
        async for order in mesh.orders.list(account_id=account, open_only=open_only):
            found.append(order)
            if len(found) >= limit:
                break
    _show(found, as_json=as_json, one=False)
