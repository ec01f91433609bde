"""The files that people write: looked at, put in force."""

import os
import stat
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from buzzwatch.cli.frame import (
    ConfigOption,
    ask_daemon,
    fail,
    language,
    load_config,
    look_up_rotas,
    now,
    plain_errors,
    progress_bar,
    read_rules,
    tell_head,
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
    no_secrets: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--no-secrets", help="Take every secret for present: for a laptop, or for CI.")
    ] = False,
) -> None:
    """Read every rule file and say all that is wrong, with places and remedies."""
    from buzzwatch.app.checking import as_lines, closing, in_force, left_out  # noqa: PLC0415 - kept out of the way of the other commands
    from buzzwatch.app.checking import check as look  # noqa: PLC0415 - likewise
    from buzzwatch.app.secret import Secrets, Withheld  # noqa: PLC0415 - likewise
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
        secrets = Withheld() if no_secrets else Secrets()
        state = loaded.state if loaded else None
        known = look_up_rotas(rules, now(), where, state, online=fetch, secrets=secrets)
        wary = unwise(understood)
        if state and (before := in_force(state)) and before.digest != rules.digest:
            wary += renamed(understood, before)
        found = look(known, files, loaded, now(), wary, secrets)
        for line in as_lines(found, language()):
            typer.echo(line, err=True)
        withheld = [left_out(rules, loaded)] if no_secrets else []
        for note in (*found.notes, *withheld, closing(str(where), rules, found)):
            typer.echo(in_language(note, language()))
        if loaded and loaded.scorer and not no_secrets:
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
    from buzzwatch.app.rehearsal.trying import try_rules  # noqa: PLC0415 - as in `check`
    from buzzwatch.rules.faults import RuleFaults  # noqa: PLC0415 - as in `check`

    with plain_errors():
        try:
            status = try_rules(where, keyword, junit, language(), typer.echo, partial(progress_bar, "tests"))
        except RuleFaults as refused:
            typer.echo(refused.said(language()), err=True)
            raise typer.Exit(2) from None
    raise typer.Exit(status)


@app.command()
def match(  # noqa: PLR0913 - each is an option of the command
    text: Annotated[
        str, typer.Argument(help="A text; - reads one a line from standard input; with --since the key of a brand.")
    ],
    since: Annotated[
        str | None,
        typer.Option(help="What the brand's names found: so far back, such as 7d; or since a day.", show_default=False),
    ] = None,
    rules: Annotated[
        Path | None, typer.Option("--rules", "-r", help="Rules directory; else the configuration's, or ./rules.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Where the text stands, such as x.", show_default=False)] = None,
    by: Annotated[str | None, typer.Option(help="Who wrote it, such as @lea.", show_default=False)] = None,
    lang: Annotated[
        str | None, typer.Option(help="Its language, such as fr; else guessed.", show_default=False)
    ] = None,
    *,
    sample: Annotated[int, typer.Option(min=0, max=1_000, help="With --since: posts to show.")] = 10,
    config: ConfigOption = None,
) -> None:
    """Say which brands a text is about, by which words, and why not; or with --since what a brand's names found."""
    if since is not None:
        if source or by or lang:
            fail("--source, --by and --lang are of one text; with --since name the brand alone")
        _match_record(text, since, rules, sample, config)
        return
    _match_texts(text, rules, config, (source, by, lang))


def _match_texts(
    text: str, rules: Path | None, config: Path | None, of: tuple[str | None, str | None, str | None]
) -> None:
    from buzzwatch.app.matching.trial import Said, Trial, read_lines, tell, tell_line  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.ingest.language import is_code  # noqa: PLC0415 - likewise
    from buzzwatch.ingest.scorer import load as load_scorer  # noqa: PLC0415 - likewise

    source, by, lang = of
    if lang is not None and not is_code(lang):
        fail(
            "'{text}' names no language: write a code such as fr, en or pt-BR, or leave it out to have it guessed",
            text=lang,
        )
    coloured = sys.stdout.isatty()
    with plain_errors():
        trial = Trial(read_rules(rules or _rules_of(config)).brands, load_scorer(), now())
        if text != "-":
            said = text.encode("utf-8", "replace").decode()
            for line in tell(trial, trial.judge(Said(said, source, by, lang)), language(), coloured=coloured):
                typer.echo(line)
            return
        with progress_bar("match", shown=not coloured) as progress:
            size = _size_of_input()
            read = 0
            for each in read_lines(sys.stdin.buffer):
                read += len(each.encode()) + 1
                typer.echo(tell_line(trial.judge(Said(each, source, by, lang)), language(), coloured=coloured))
                progress(min(1.0, read / size) if size else 0.0)


def _match_record(brand: str, since: str, rules: Path | None, sample: int, config: Path | None) -> None:
    from buzzwatch.app.history import rules_on_record, since_of  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.app.matching.found import Period, look_into  # noqa: PLC0415 - likewise
    from buzzwatch.app.matching.lines import tell_found  # noqa: PLC0415 - likewise
    from buzzwatch.rules.units import nearest  # noqa: PLC0415 - likewise
    from buzzwatch.store.database import open_for_reading  # noqa: PLC0415 - likewise

    with plain_errors():
        loaded = load_config(config)
        db = open_for_reading(loaded.state)
        until = now()
        started = since_of(since, until)
        if started is None:
            fail("'{text}' is no time: write so far back, such as 7d or 12h, or a day such as 2026-11-20", text=since)
        if started >= until:
            fail("there is no time between '{text}' and now", text=since)
        tell_head(db, started - (until - started))  # what was before is compared
        known = rules_on_record(db) or read_rules(loaded.rules)
        tried = read_rules(rules).brands if rules is not None else known.brands
        for brands in (known.brands, tried):
            if brand not in brands:
                fail("there is no brand '{name}'; {hint}", name=brand, hint=nearest(brand, tuple(brands)))
        period = Period(started, until, sample, tried[brand] if rules is not None else None)
        with progress_bar(brand) as progress:
            found = look_into(db, known.brands[brand], period, progress)
        for line in tell_found(found, language(), str(rules or "")):
            typer.echo(line)


def _rules_of(config: Path | None) -> Path:
    """The rules directory of a configuration that is named or at hand; else the usual one."""
    if config is None and Path("rules").is_dir():
        return Path("rules")
    return load_config(config).rules


def _size_of_input() -> int:
    """How many bytes wait on standard input; 0 where that cannot be told."""
    try:
        status = os.fstat(sys.stdin.fileno())
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


@app.command()
def reload(
    by: Annotated[str, typer.Option("--as", help="Your key under `people` in oncall.yaml, for the record.")] = "",
    config: ConfigOption = None,
) -> None:
    """Let the running daemon read its rules again; waits for its answer."""
    ask_daemon(load_config(config), "/reload", {"by": by, "language": language()})


@app.command()
def schema(
    files: Annotated[
        Literal["rules", "daemon", "http"],
        typer.Argument(
            help="rules: every file of a rules directory. daemon: buzzwatch.yaml. http: OpenAPI of what is served."
        ),
    ] = "rules",
) -> None:
    """Print the JSON Schema of the files that people write, for editors; or the description of our HTTP API."""
    from importlib.resources import files as parts  # noqa: PLC0415 - as in `daemon.run`

    import msgspec  # noqa: PLC0415 - as in `daemon.run`

    if files == "http":
        typer.echo(parts("buzzwatch.web").joinpath("openapi.json").read_text("utf-8"), nl=False)
        return

    from buzzwatch.app.config import Config  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.rules.editor import rules_schema, schema_of  # noqa: PLC0415 - as in `daemon.run`

    told = rules_schema() if files == "rules" else schema_of(Config)
    typer.echo(msgspec.json.format(msgspec.json.encode(told)))


def _try_scorer(scorer: "Scorer") -> None:
    import asyncio  # noqa: PLC0415 - as in `daemon.run`

    from buzzwatch.app.scorer_trial import try_out  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.clock import SystemClock  # noqa: PLC0415 - as in `daemon.run`

    for line in asyncio.run(try_out(scorer, SystemClock())):
        typer.echo(line, err=line.startswith("warning"))
