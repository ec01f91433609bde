"""The command line: parse, call the app, print."""

from typing import Annotated

import typer

from buzzwatch import __version__
from buzzwatch.cli import (
    answers,
    backups,
    counts,
    daemon,
    doctor,
    last_resort,
    persons,
    records,
    rulefiles,
    status,
    trials,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for part in (daemon, rulefiles, trials, records, counts, answers, status, doctor, backups, persons, last_resort):
    app.add_typer(part.app)


def main() -> None:
    """Run the command line."""
    app()


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - as typer calls it
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[  # noqa: FBT002 - typer acts on it before any command
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Hear every mention of a brand, and tell the person on call when it is not normal."""
