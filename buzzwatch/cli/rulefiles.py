"""The files that people write: looked at, put in force."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from buzzwatch.cli.frame import (
    ConfigOption,
    ask_daemon,
    language,
    load_config,
    look_up_rotas,
    now,
    plain_errors,
)

if TYPE_CHECKING:
    from buzzwatch.app.config import Scorer

app = typer.Typer()


@app.command()
def check(
    directory: Annotated[Path | None, typer.Argument(help="Rules directory; else the configuration's.")] = None,
    config: ConfigOption = None,
    fetch: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--fetch", help="Ask the addresses of rotas too; else nothing is asked of anybody.")
    ] = False,
) -> None:
    """Read every rule file and say all that is wrong, with places and remedies."""
    from buzzwatch.app.checking import check as look  # noqa: PLC0415 - kept out of the way of the other commands
    from buzzwatch.rules.files import read  # noqa: PLC0415 - likewise
    from buzzwatch.rules.ruleset import load  # noqa: PLC0415 - likewise

    loaded = None if directory is not None and config is None else load_config(config)
    where = directory or (loaded.rules if loaded else Path("rules"))
    with plain_errors():
        files = read(where)
        rules = load(files)
        known = look_up_rotas(rules, now(), where, loaded.state if loaded else None, online=fetch)
        found = look(known, files, loaded, now())
        for line in found.errors:
            typer.echo(line, err=True)
        for line in found.warnings:
            typer.echo(f"warning: {line}", err=True)
        for line in found.notes:
            typer.echo(line)
        number = sum(len(brand.rules) for brand in rules.brands.values())
        typer.echo(f"{where}: {len(rules.brands)} brands, {number} rules, {len(found.errors)} faults")
        if loaded and loaded.scorer:
            _try_scorer(loaded.scorer)
        raise typer.Exit(1 if found.errors else 0)


@app.command()
def reload(
    by: Annotated[str, typer.Option("--as", help="Your key under `people` in oncall.yaml, for the record.")] = "",
    config: ConfigOption = None,
) -> None:
    """Let the running daemon read its rules again; waits for its answer."""
    ask_daemon(load_config(config), "/reload", {"by": by, "language": language()})


@app.command()
def schema() -> None:
    """Print the JSON Schema of the rule files, for editors."""
    import msgspec  # noqa: PLC0415 - as in `daemon.run`

    from buzzwatch.rules.schema import json_schema  # noqa: PLC0415 - as in `daemon.run`

    typer.echo(msgspec.json.format(msgspec.json.encode(json_schema())))


def _try_scorer(scorer: "Scorer") -> None:
    import asyncio  # noqa: PLC0415 - as in `daemon.run`

    from buzzwatch.app.scorer_trial import try_out  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.clock import SystemClock  # noqa: PLC0415 - as in `daemon.run`

    for line in asyncio.run(try_out(scorer, SystemClock())):
        typer.echo(line, err=line.startswith("warning"))
