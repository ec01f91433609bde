"""The files that people write: looked at, put in force."""

from functools import partial
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
    progress_bar,
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
    from buzzwatch.rules.ruleset import load_with_trials, untested  # noqa: PLC0415 - likewise

    loaded = None if directory is not None and config is None else load_config(config)
    where = directory or (loaded.rules if loaded else Path("rules"))
    with plain_errors():
        files = read(where)
        rules, trials = load_with_trials(files)
        known = look_up_rotas(rules, now(), where, loaded.state if loaded else None, online=fetch)
        found = look(known, files, loaded, now())
        for line in found.errors:
            typer.echo(line, err=True)
        for line in [*found.warnings, *untested(rules, trials)]:
            typer.echo(f"warning: {line}", err=True)
        for line in found.notes:
            typer.echo(line)
        number = sum(len(brand.rules) for brand in rules.brands.values())
        typer.echo(f"{where}: {len(rules.brands)} brands, {number} rules, {len(found.errors)} faults")
        if loaded and loaded.scorer:
            _try_scorer(loaded.scorer)
        raise typer.Exit(1 if found.errors else 0)


@app.command("test")
def rehearse(
    where: Annotated[Path, typer.Argument(help="Rules directory, or one file of it.")] = Path("rules"),
    keyword: Annotated[
        str, typer.Option("-k", help="Only tests with this in their name or file.", show_default=False)
    ] = "",
    junit: Annotated[
        Path | None, typer.Option("--junit", help="Write the results to this file as JUnit XML.", show_default=False)
    ] = None,
) -> None:
    """Play the tests of rule files. Exit 0: all passed. 1: one failed. 2: a file is wrong, or there are no tests."""
    from buzzwatch.app.trying import try_rules  # noqa: PLC0415 - as in `check`
    from buzzwatch.rules.faults import RuleFaults  # noqa: PLC0415 - as in `check`

    with plain_errors():
        try:
            status = try_rules(where, keyword, junit, language(), typer.echo, partial(progress_bar, "tests"))
        except RuleFaults as refused:
            typer.echo(str(refused), err=True)
            raise typer.Exit(2) from None
    raise typer.Exit(status)


@app.command()
def reload(config: ConfigOption = None) -> None:
    """Let the running daemon read its rules again; waits for its answer."""
    ask_daemon(load_config(config), "/reload")


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
