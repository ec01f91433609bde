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
    from buzzwatch.app.checking import as_lines, closing, in_force  # noqa: PLC0415 - kept out of the way of the other commands
    from buzzwatch.app.checking import check as look  # noqa: PLC0415 - likewise
    from buzzwatch.app.unwise import renamed, unwise  # noqa: PLC0415 - likewise
    from buzzwatch.rules.files import read  # noqa: PLC0415 - likewise
    from buzzwatch.rules.ruleset import put_together, understand  # noqa: PLC0415 - likewise
    from buzzwatch.rules.words import in_language  # noqa: PLC0415 - likewise

    loaded = None if directory is not None and config is None else load_config(config)
    where = directory or (loaded.rules if loaded else Path("rules"))
    with plain_errors():
        files = read(where)
        understood = understand(files)
        rules = put_together(files, understood)
        known = look_up_rotas(rules, now(), where, loaded.state if loaded else None, online=fetch)
        wary = unwise(understood)
        if loaded and (before := in_force(loaded.state)) and before.digest != rules.digest:
            wary += renamed(understood, before)
        found = look(known, files, loaded, now(), wary)
        for line in as_lines(found, language()):
            typer.echo(line, err=True)
        for note in (*found.notes, closing(str(where), rules, found)):
            typer.echo(in_language(note, language()))
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
            typer.echo(refused.in_language(language()), err=True)
            raise typer.Exit(2) from None
    raise typer.Exit(status)


@app.command()
def reload(config: ConfigOption = None) -> None:
    """Let the running daemon read its rules again; waits for its answer."""
    ask_daemon(load_config(config), f"/reload?language={language()}")


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
