"""Saying that the daemon is down, without it."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()
PATIENCE_S = 30
REACHED_NOBODY = 3
"""The exit status that tells last-resort.sh: this Python works, another one would reach nobody either."""


@app.command("last-resort")
def last_resort(
    to: Annotated[
        Path | None, typer.Option("--to", help="A file of Apprise URLs, one a line; else systemd's credential.")
    ] = None,
    patience: Annotated[float, typer.Option(help="Seconds to wait for all answers together.")] = PATIENCE_S,
) -> None:
    """Send what stands on standard input to the addresses of last resort. Needs no daemon, state or configuration."""
    from buzzwatch.app.last_resort import (  # noqa: PLC0415 - as in `daemon.run`
        NobodyNamedError,
        message_of,
        read_addresses,
        send_to_all,
    )

    try:
        addresses = read_addresses(to)
    except NobodyNamedError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    message = message_of(sys.stdin.buffer.read(65_536).decode(errors="replace"))
    outcomes = asyncio.run(send_to_all(addresses, message, patience))
    for outcome in outcomes:
        typer.echo(f"line {outcome.line}: {outcome.why or 'sent'}", err=bool(outcome.why))
    reached = any(not outcome.why for outcome in outcomes)
    if not addresses:
        typer.echo("no line is an Apprise URL", err=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(
        0 if reached else REACHED_NOBODY
    )  # a thread that waits for a dead receiver would keep the process otherwise
