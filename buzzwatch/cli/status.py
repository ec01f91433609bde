"""How everything stands, at a terminal, and the links to the page that says the same."""

import sys
from typing import Annotated

import typer

from buzzwatch.cli.frame import ConfigOption, ask_daemon, fail, language, load_config, plain_errors

app = typer.Typer()
_WIDE = 160
"""Columns of what goes to a file."""


@app.command()
def status(
    *,
    link: Annotated[bool, typer.Option("--link", help="Print the link to the status page, of a person.")] = False,
    wall: Annotated[bool, typer.Option("--wall", help="Print the link to the status page, for a wall screen.")] = False,
    by: Annotated[str, typer.Option("--as", help="With --link: your key under `people`.", show_default=False)] = "",
    json: Annotated[bool, typer.Option("--json", help="Print what the daemon says as JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """Say how everything stands: incidents, brands, sources, messages, rules, silences."""
    from rich.console import Console  # noqa: PLC0415 - as in `daemon.run`

    from buzzwatch.app.status.table import ask_status, draw  # noqa: PLC0415 - as in `daemon.run`

    with plain_errors():
        loaded = load_config(config)
        if link or wall:
            if link == wall or link != bool(by):
                fail("say whose link: buzzwatch status --link --as ines, or buzzwatch status --wall for a screen")
            ask_daemon(loaded, "/status-link", {"by": by})
            return
        body, view = ask_status(loaded)
        if json:
            sys.stdout.write(f"{body.decode()}\n")
            return
        Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False).print(draw(view, language()))
