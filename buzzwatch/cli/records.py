"""What is known: why an incident rang, what a brand has taught, who is on duty."""

import sys
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from buzzwatch.cli.frame import ConfigOption, IncidentArgument, fail, load_config, now, plain_errors, read_rules

app = typer.Typer()


@app.command()
def explain(incident: IncidentArgument, config: ConfigOption = None) -> None:
    """Say why an incident rang, who was told, and what was held."""
    from buzzwatch.app.explain import explain as lines_of  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.store.database import open_for_reading  # noqa: PLC0415 - as in `daemon.run`

    with plain_errors():
        db = open_for_reading(load_config(config).state)
        lines = lines_of(db, incident)
        if lines is None:
            known = [row[0] for row in db.execute("SELECT id FROM incident ORDER BY opened_at DESC LIMIT 10")]
            fail(f"no incident {incident!r}; the latest are: {', '.join(known) or 'none'}")
        for line in lines:
            typer.echo(line)


@app.command()
def brand(
    key: Annotated[str, typer.Argument(help="As its rule file names it.")],
    learnt: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--learnt", help="Who has marked what, what was learnt from it, and what it brings.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Say what people have taught about the posts of a brand."""
    from buzzwatch.app.taught import tell  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.store.database import open_for_reading  # noqa: PLC0415 - as in `daemon.run`

    with plain_errors():
        loaded = load_config(config)
        brands = read_rules(loaded.rules).brands
        if key not in brands:
            fail(f"there is no brand {key!r}; brands are: {', '.join(brands)}")
        lines = tell(open_for_reading(loaded.state), brands[key])
        for line in islice(lines, None if learnt else 1):
            typer.echo(line)


@app.command()
def oncall(
    at: Annotated[
        str | None, typer.Option(help='A local time, such as "2026-12-24 20:00".', show_default=False)
    ] = None,
    week: Annotated[bool, typer.Option("--week", help="The seven days from then on, as a table.")] = False,  # noqa: FBT002 - a flag
    ics: Annotated[bool, typer.Option("--ics", help="The eight weeks from then on, as a calendar.")] = False,  # noqa: FBT002 - a flag
    rules: Annotated[
        Path | None, typer.Option("--rules", "-r", help="Rules directory; else the configuration's.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Say who is on duty."""
    from buzzwatch.app.duty import as_calendar, as_lines, as_table, read_time  # noqa: PLC0415 - as in `daemon.run`

    with plain_errors():
        known = read_rules(rules or load_config(config).rules)
        then = now() if at is None else read_time(at, known)
        if then is None:
            fail(f'{at!r} is not a local time: write it such as "2026-12-24 20:00"')
        if not known.rotas:
            fail("there is no `rota` in oncall.yaml")
        show = as_calendar if ics else as_table if week else as_lines
        for line in show(known, then):
            sys.stdout.write(f"{line}\r\n" if ics else f"{line}\n")
