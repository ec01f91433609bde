"""What people answer: to an incident, to a post, and that nothing be said for a while."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from buzzwatch.cli.frame import AsOption, ConfigOption, IncidentArgument, ask_daemon, fail, load_config

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
