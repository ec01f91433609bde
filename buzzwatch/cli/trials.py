"""Trying things out on files: rules, detectors, the scorer."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from buzzwatch.cli.frame import (
    ConfigOption,
    MappingOption,
    ToolOption,
    ZoneOption,
    fail,
    now,
    open_past,
    plain_errors,
    progress_bar,
    read_rules,
    tell_refused,
)

if TYPE_CHECKING:
    from buzzwatch.app.past import Past

app = typer.Typer()
detect = typer.Typer(no_args_is_help=True, help="Try the detectors on an export of your own.")
app.add_typer(detect, name="detect")


@app.command()
def replay(  # noqa: PLR0913 - each is an option
    file: Annotated[
        str | None,
        typer.Argument(
            help="JSON lines or array of mentions, or with --as a tool's export, .gz too; - is standard input. "
            "Left out: the daemon's journal.",
            show_default=False,
        ),
    ] = None,
    *,
    rules: Annotated[
        Path | None,
        typer.Option("--rules", "-r", help="Rule files. Of the journal, if left out: what rang.", show_default="rules"),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="So far back, such as 90d, or a day. All of a file.", show_default="90d"),
    ] = None,
    until: Annotated[str | None, typer.Option(help="Likewise; else to the end.", show_default=False)] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            help="Rule files to compare with. Of the journal, if left out: the rules in force.", show_default=False
        ),
    ] = None,
    brand: Annotated[str | None, typer.Option(help="One brand alone, which is quicker.", show_default=False)] = None,
    report: Annotated[Path | None, typer.Option(help="A page to write, with charts.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object a line, a summary at the end.")] = False,
    tool: ToolOption = None,
    mapping: MappingOption = None,
    zone: ZoneOption = "UTC",
    config: ConfigOption = None,
) -> None:
    """Say how often rules would have rung: on the journal of the daemon, or on a file of mentions. Sends nothing.

    On the journal, and on a file with --since, --until, --against, --brand or --report, it counts each rule's rings and
    compares them. On a file alone, it prints the messages that would have been sent, and when.
    """
    past = None if file is None else open_past(file, tool, mapping, zone)
    if past is not None and not any((since, until, against, brand, report)):
        _print_messages(past, rules or Path("rules"), as_json=as_json)
        return
    from buzzwatch.cli.backtest import Wanted, run  # noqa: PLC0415 - as in `daemon.run`

    run(Wanted(file, rules, since, until, against, brand, report, as_json, past), config)


def _print_messages(past: "Past", rules: Path, *, as_json: bool) -> None:
    """Step a file of mentions under a virtual clock; print what would have been sent, and when."""
    import msgspec  # noqa: PLC0415 - as in `daemon.run`

    from buzzwatch.app.printing import as_object, as_text, summary  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.app.replay import Replay  # noqa: PLC0415 - as in `daemon.run`

    with plain_errors(), progress_bar(past.file) as progress:
        replayed = Replay(read_rules(rules), now())
        for at, outcome in replayed.run(past.read(), progress):
            if as_json:
                for notice in outcome.notices:
                    typer.echo(msgspec.json.encode(as_object(at, notice)))
            else:
                for line in as_text(replayed, at, outcome):
                    typer.echo(line)
    tell_refused(past)
    for refusal in replayed.refused:
        typer.echo(f"{past.file}:{refusal.line}: refused: {refusal.reason}", err=True)
    for fault in replayed.faults:
        typer.echo(f"{fault.brand}: a decision failed, the brand was set aside: {fault.error}", err=True)
    replayed.summary.refused += past.unread
    closing = summary(replayed)
    if as_json:
        typer.echo(msgspec.json.encode(closing))
    else:
        typer.echo(", ".join(f"{name} {value}" for name, value in closing["summary"].items()))


@detect.command("volume")
def detect_volume(
    file: Annotated[Path, typer.Argument(help="CSV with the columns timestamp,value: say, mentions in 5 minutes.")],
    budget: Annotated[str, typer.Option(help="False alarms accepted on ordinary days.")] = "1 per 4 weeks",
) -> None:
    """Judge counts row by row: what was usual, how unusual it was, when a rule with this budget would ring."""
    from buzzwatch.app.detect_volume import judge  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.rules.units import read_budget  # noqa: PLC0415 - as in `daemon.run`

    rate = read_budget(budget)
    if rate is None:
        fail("'{text}' is not a budget of false alarms: write `1 per 4 weeks`, or per day, week, month", text=budget)
    with plain_errors():
        sys.stdout.writelines(judge(file, rate))
        sys.stdout.flush()


@detect.command("threads")
def detect_threads(
    file: Annotated[Path, typer.Argument(help='JSON lines of events: {"thread": "x:1790", "at": 1790000000.5}.')],
    budget: Annotated[
        str, typer.Option(help="False alarms accepted: of conversations that stay ordinary, or per time as in a rule.")
    ] = "50 per 1000 threads",
) -> None:
    """Judge conversations event by event: how worrying, whether a rule with this budget rings, how large it will be."""
    from buzzwatch.app.detect_threads import judge  # noqa: PLC0415 - as in `daemon.run`

    with plain_errors():
        for line in judge(file, budget):
            sys.stdout.buffer.write(line)
        sys.stdout.flush()


@detect.command("stories")
def detect_stories(
    file: Annotated[str, typer.Argument(help="JSON lines or array of mentions, .gz too; - is standard input.")],
) -> None:
    """Put look-alike mentions together; print for each, in order, the id of the first one of its story."""
    from buzzwatch.app.detect_stories import Refusal, as_lines, place  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.sources.file import read  # noqa: PLC0415 - as in `daemon.run`

    refused: list[Refusal] = []
    with plain_errors():
        for placed in place(read(file), refused):
            sys.stdout.buffer.write(as_lines(placed))
        sys.stdout.flush()
    for refusal in refused:
        typer.echo(f"{file}:{refusal.line}: refused: {refusal.reason}", err=True)
    if refused:
        raise typer.Exit(1)


@app.command()
def score(
    file: Annotated[
        str, typer.Argument(help='JSON lines: {"id": "1", "text": "…", "lang": "fr"}, or mentions; .gz too.')
    ] = "-",
    text: Annotated[str | None, typer.Option(help="One text, in the place of a file.", show_default=False)] = None,
    lang: Annotated[str | None, typer.Option(help="Of texts that do not tell it; else guessed.")] = None,
    why: Annotated[bool, typer.Option("--why", help="The words that weighed most, to read.")] = False,  # noqa: FBT002 - a flag
    as_json: Annotated[bool, typer.Option("--json", help="With --why: as fields.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Say how negative texts are, 0 to 1: one answer a line, in their order."""
    from buzzwatch.app.score import Judge, one_text, read_questions  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.ingest.language import is_code  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.ingest.scorer import load  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.sources.file import read  # noqa: PLC0415 - as in `daemon.run`

    if lang is not None and not is_code(lang):
        fail(
            "'{text}' names no language: write a code such as fr, en or pt-BR, or leave it out to have it guessed",
            text=lang,
        )
    if text is not None and file != "-":
        fail("give a file or --text, not both")
    refused: list[int] = []

    def refuse(line: int, reason: str) -> None:
        refused[:] = [line]
        typer.echo(f"{'standard input' if file == '-' else file}:{line}: refused: {reason}", err=True)

    judge = Judge(load(), lang=lang, explains=why)
    show = judge.as_text if why and not as_json else judge.as_lines
    with plain_errors(), progress_bar(file, shown=not sys.stdout.isatty()) as progress:
        for questions in [one_text(text)] if text is not None else read_questions(read(file), refuse, progress):
            sys.stdout.buffer.write(show(questions))
            sys.stdout.flush()
    if refused:
        raise typer.Exit(1)
