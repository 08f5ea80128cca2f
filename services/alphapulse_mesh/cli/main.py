"""`alphapulse`: the command line's root. Each group of commands has a module of its own."""

from __future__ import annotations

import typer

from alphapulse_mesh.cli import (
    config,
    demo,
    doctor,
    feed_migrate,
    mesh,
    orders,
    registry,
    registry_more,
    synthetics,
    top,
    trace,
)
from alphapulse_mesh.cli.bench import command

__all__ = ["app", "main"]

app = typer.Typer(
    help="A gRPC mesh for trading: registry, feeds, execution, one trace from tick to fill.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("up")(mesh.up)
app.command("down")(mesh.down)
app.command("status")(mesh.status)
app.command("top")(top.top)
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)
app.command("bench")(command.bench)
app.add_typer(registry_more.app, name="registry")  # that of `registry`, with its commands added
registry.app.add_typer(synthetics.app, name="synthetic")
app.add_typer(feed_migrate.app, name="feed")  # that of `feed`, with its commands added
app.add_typer(config.app, name="config")
app.add_typer(orders.app, name="order")
app.add_typer(trace.app, name="trace")


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
