"""`alphapulse`: the command line's root. Each command has a module, imported when it is called."""

from __future__ import annotations

from typing import Final

import typer

from alphapulse_mesh.cli.lazy import Lazy, lazy_group

__all__ = ["COMMANDS", "app", "main"]

_CLI: Final = "alphapulse_mesh.cli"

COMMANDS: Final[dict[str, Lazy]] = {
    "up": Lazy(
        f"{_CLI}.mesh", "up",
        "Start every service and Envoy, wait until all are healthy, and keep them running.",
    ),
    "down": Lazy(
        f"{_CLI}.mesh", "down",
        "Drain and stop the running mesh, and remove its run files and shared memory.",
    ),
    "status": Lazy(
        f"{_CLI}.mesh", "status",
        "Every process of the mesh. Exit code 3 when it does not run, 1 when one is not well.",
    ),
    "top": Lazy(
        f"{_CLI}.top", "top",
        "The rings of a running mesh and their latencies, live. With --json, one look a line.",
    ),
    "demo": Lazy(
        f"{_CLI}.demo", "demo",
        "Run the whole mesh for a bounded time; the last line is one JSON object.",
    ),
    "doctor": Lazy(
        f"{_CLI}.doctor", "doctor",
        "Say what is missing and how to get it. Exit code 1 when something needed is missing.",
    ),
    "bench": Lazy(
        f"{_CLI}.bench.command", "bench",
        "Measure the project beside its peers: same work, same call, in turns.",
    ),
    "registry": Lazy(
        f"{_CLI}.registry_upkeep", "app",
        "Instruments, venues and links.",
    ),
    "feed": Lazy(
        f"{_CLI}.feed_schemas", "feed",
        "Watch and feed the four domains.",
    ),
    "config": Lazy(
        f"{_CLI}.config", "app",
        "Settings of a running mesh.",
    ),
    "order": Lazy(
        f"{_CLI}.orders", "app",
        "Submit, cancel and list orders.",
    ),
    "trace": Lazy(
        f"{_CLI}.trace", "app",
        "Follow one decision from tick to fill.",
    ),
}  # fmt: skip
"""Name → where it is. A group that several modules add to is named by the last of them."""

app = typer.Typer(
    cls=lazy_group(COMMANDS),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.callback()
def root() -> None:
    """A gRPC mesh for trading: registry, feeds, execution, one trace from tick to fill."""


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
