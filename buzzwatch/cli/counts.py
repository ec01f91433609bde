"""What is kept for ever: counts by hour."""

from typing import Annotated

import typer

from buzzwatch.cli.frame import ConfigOption, fail, load_config, now, plain_errors

app = typer.Typer()


@app.command()
def counts(
    brand: Annotated[str, typer.Argument(help="As its rule file names it.", show_default=False)],
    since: Annotated[
        str, typer.Option(help="So far back, such as 90d; or since a day such as 2025-11-20.", show_default=True)
    ] = "90d",
    config: ConfigOption = None,
) -> None:
    """Print how much was said of a brand hour by hour (UTC), as CSV: also of times whose mentions are gone."""
    from buzzwatch.app.counts import as_rows, count_hours  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.app.history import since_of  # noqa: PLC0415 - likewise
    from buzzwatch.store.database import open_for_reading  # noqa: PLC0415 - likewise

    with plain_errors():
        db = open_for_reading(load_config(config).state)
        until = now()
        if (started := since_of(since, until)) is None:
            fail("'{text}' is no time: write so far back, such as 7d or 12h, or a day such as 2026-11-20", text=since)
        hours = count_hours(db, brand, started, until)
        if not hours:
            fail("nothing was heard of '{name}' in that time", name=brand)
        for row in as_rows(hours):
            typer.echo(row)
