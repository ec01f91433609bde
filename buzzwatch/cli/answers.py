"""What people answer: to an incident, to a post, and that nothing be said for a while."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from buzzwatch.cli.frame import (
    AsOption,
    ConfigOption,
    IncidentArgument,
    ask_daemon,
    fail,
    load_config,
    now,
    plain_errors,
    print_answer,
)

if TYPE_CHECKING:
    from buzzwatch.app.config import Config

app = typer.Typer()


class MarkArgument(StrEnum):
    """As `model.input.Mark`, which takes longer to load."""

    NEGATIVE = "negative"
    NOT_NEGATIVE = "not-negative"
    NOT_US = "not-us"
    WITHDRAWN = "withdraw"


@app.command()
def ack(incident: IncidentArgument, by: AsOption, config: ConfigOption = None) -> None:
    """Take an incident: the escalation stops, and everybody who was told hears it."""
    _answer("take", incident, by, config)


@app.command()
def wait(
    incident: IncidentArgument,
    until: Annotated[str, typer.Option(help="A time of the brand's place, such as 23:40; at most 24 hours.")],
    because: Annotated[str, typer.Option(help="Why it may wait: everybody who was told hears it.")],
    by: AsOption,
    config: ConfigOption = None,
) -> None:
    """Take an incident and let it wait: it rings again at that time, or when it worsens."""
    _answer("wait", incident, by, config, until=until, why=because)


@app.command()
def snooze(
    incident: IncidentArgument,
    by: AsOption,
    span: Annotated[str, typer.Option("--for", help="How long: 15m, 30m, or 1h at most.")] = "15m",
    config: ConfigOption = None,
) -> None:
    """Take an incident and be rung again soon, or when it worsens; decides nothing, and needs no reason."""
    _answer("snooze", incident, by, config, span=span)


@app.command("help")
def ask_for_help(incident: IncidentArgument, by: AsOption, config: ConfigOption = None) -> None:
    """Take an incident and ask for help: the people under `help` in oncall.yaml are told."""
    _answer("help", incident, by, config)


@app.command("no-matter")
def no_matter(incident: IncidentArgument, by: AsOption, config: ConfigOption = None) -> None:
    """Close an incident that is true and does not matter; corrects nothing."""
    _answer("no-matter", incident, by, config)


@app.command()
def resolve(incident: IncidentArgument, by: AsOption, config: ConfigOption = None) -> None:
    """Close an incident."""
    _answer("resolve", incident, by, config)


@app.command()
def silence(
    what: Annotated[
        str | None, typer.Argument(help="A brand or an incident; left out: lists what is silenced.")
    ] = None,
    until: Annotated[str, typer.Option(help="A time of the brand's place: 23:40, or 2026-11-26 08:00.")] = "",
    because: Annotated[str, typer.Option(help="Why: whoever looks for what is not said reads it.")] = "",
    by: Annotated[str, typer.Option("--as", help="Your key under `people` in oncall.yaml.")] = "",
    end: Annotated[bool, typer.Option("--end", help="End it now.")] = False,  # noqa: FBT002 - a flag
    config: ConfigOption = None,
) -> None:
    """Let nothing be said of a brand or an incident until a time; what still lives then is said."""
    if what is None:
        ask_daemon(load_config(config), "/silences")
        return
    if not by:
        fail("say who you are: --as, your key under `people` in oncall.yaml")
    body = {"what": what, "by": by, "until": until, "why": because, "ends": end}
    ask_daemon(load_config(config), "/silence", body)


@app.command()
def drill(
    what: Annotated[
        str, typer.Argument(help="A brand or a route; left out: the first brand that pages.", show_default=False)
    ] = "",
    by: Annotated[str, typer.Option("--as", help="Your key under `people` in oncall.yaml.")] = "",
    route: Annotated[str, typer.Option(help="Another route than the brand's.", show_default=False)] = "",
    silent_copy: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--silent-copy", help="Tell nothing to the channels under `copy`.")
    ] = False,
    at_night: Annotated[bool, typer.Option("--at-night", help="Even if it wakes people.")] = False,  # noqa: FBT002 - a flag
    last: Annotated[bool, typer.Option("--last", help="Begin none: report on the latest.")] = False,  # noqa: FBT002 - a flag
    config: ConfigOption = None,
) -> None:
    """Call people as a real alert would, marked as a drill from the first word on; report who answered how soon."""
    loaded = load_config(config)
    with plain_errors():
        if last:
            _report_drill(loaded, None, waits=False)
            return
        if not by:
            fail("say who you are: --as, your key under `people` in oncall.yaml")
        from buzzwatch.app.control import ask  # noqa: PLC0415 - as in `daemon.run`

        body = {"by": by, "what": what, "route": route, "copies": not silent_copy, "at_night": at_night}
        answer = ask(loaded, "/drill", body)
        print_answer(answer)
        _report_drill(loaded, answer.lines[0], waits=True)


def _report_drill(config: "Config", name: str | None, *, waits: bool) -> None:
    """Print what became of a drill, or of the latest; wait for its end first, with a line for each message."""
    import time  # noqa: PLC0415 - as in `daemon.run`

    from buzzwatch.app.drill import last_drill, progress, read_course, report  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.store.database import open_for_reading  # noqa: PLC0415 - as in `daemon.run`

    db = open_for_reading(config.state)
    course = read_course(db, name or last_drill(db) or "")
    if course is None:
        fail("there has been no drill yet")
    if waits:
        typer.echo("under way: Ctrl-C leaves it alone, and `buzzwatch drill --last` tells how it ended")
    shown: set[str] = set()
    while waits and course is not None:
        for line in progress(course):
            if line not in shown:
                shown.add(line)
                typer.echo(line)
        if course.over:
            break
        if course.is_overdue(now()):
            typer.echo("it ought to be over: does the daemon run? `buzzwatch drill --last` tells more later", err=True)
            break
        time.sleep(1)
        course = read_course(db, course.incident.id)
    for line in report(course) if course else ():
        typer.echo(line)


@app.command()
def links(
    revoke: Annotated[str, typer.Option(help="The incident whose links must lead nowhere any more.")],
    config: ConfigOption = None,
) -> None:
    """Revoke the links of an incident: later messages carry others."""
    ask_daemon(load_config(config), "/revoke", {"incident": revoke})


@app.command()
def correct(
    mention: Annotated[str, typer.Argument(help="The post's id, such as x:1790.")],
    mark: Annotated[MarkArgument, typer.Argument(help="What it is; `withdraw` takes a mark back.")],
    brand: Annotated[str, typer.Option("--brand", "-b", help="Whose post it is.")],
    by: AsOption,
    config: ConfigOption = None,
) -> None:
    """Mark a post: scores of the brand's later posts learn from it."""
    ask_daemon(load_config(config), "/correct", {"brand": brand, "mention": mention, "mark": mark, "by": by})


def _answer(verb: str, incident: str, by: str, config: Path | None, **more: str) -> None:
    ask_daemon(load_config(config), "/answer", {"verb": verb, "incident": incident, "by": by, **more})
