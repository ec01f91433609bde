"""What the commands share: options, the configuration, the running daemon, and errors in plain words."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    import sqlite3

    from buzzwatch.app.config import Config
    from buzzwatch.app.past import Past
    from buzzwatch.app.rota.known import Known
    from buzzwatch.app.secret import Secrets
    from buzzwatch.model.brand import Ruleset
    from buzzwatch.rules.words import Language
    from buzzwatch.web.desk import Answer

_CONFIG_FILES = (Path("buzzwatch.yaml"), Path("/etc/buzzwatch/buzzwatch.yaml"))
ConfigOption = Annotated[
    Path | None, typer.Option("--config", "-c", help="buzzwatch.yaml; else ./ or /etc/buzzwatch/.", show_default=False)
]
AsOption = Annotated[str, typer.Option("--as", help="Your key under `people` in oncall.yaml.")]
ToolOption = Annotated[
    str | None,
    typer.Option(
        "--as", help="Whose export it is: brandwatch, meltwater, talkwalker, trustpilot, visibrain.", show_default=False
    ),
]
MappingOption = Annotated[
    Path | None, typer.Option("--mapping", help="A mapping of your own to read it by.", show_default=False)
]
ZoneOption = Annotated[str, typer.Option("--zone", help="The time zone of an export's dates, where they bear none.")]
IncidentArgument = Annotated[str, typer.Argument(help="As messages and `explain` name it, such as acme-261122-2104.")]


def find_config(path: Path | None) -> Path | None:
    """The configuration named, or else the first of the usual places; None where there is none."""
    return path or next((known for known in _CONFIG_FILES if known.exists()), None)


def load_config(path: Path | None) -> "Config":
    """The configuration named, or else the first of the usual places; fails in words."""
    from buzzwatch.app.config import load  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.rules.words import either  # noqa: PLC0415 - likewise

    found = find_config(path)
    if found is None:
        fail("no configuration: write {files}, or name one with --config", files=either([*map(str, _CONFIG_FILES)]))
    with plain_errors():
        return load(found)


def read_rules(directory: Path) -> "Ruleset":
    """The rules of a directory."""
    from buzzwatch.app.rulebook import read_rules  # noqa: PLC0415 - as in `daemon.run`

    return read_rules(directory)


def look_up_rotas(
    rules: "Ruleset",
    at: int,
    directory: Path,
    state: Path | None,
    *,
    online: bool = False,
    secrets: "Secrets | None" = None,
) -> "Known":
    """The rules with what is known of calendars elsewhere."""
    from buzzwatch.app.rota.known import look_up  # noqa: PLC0415 - as in `daemon.run`

    return look_up(rules, at, directory, state, online=online, secrets=secrets)


def open_past(file: str, tool: str | None, mapping: Path | None, zone: str) -> "Past":
    """A file of past mentions, as it is to be read; fails in words."""
    from zoneinfo import ZoneInfo, available_timezones  # noqa: PLC0415 - as in `daemon.run`

    from buzzwatch.app.past import open_past  # noqa: PLC0415 - as in `daemon.run`

    if tool is not None and mapping is not None:
        fail("give --as or --mapping, not both")
    if zone not in available_timezones():
        fail("'{text}' is not a time zone: write one such as Europe/Paris", text=zone)
    with plain_errors():
        return open_past(file, tool, mapping, ZoneInfo(zone))


def tell_refused(past: "Past") -> None:
    """What of an export could not be used, by line."""
    for line, why in past.refused:
        typer.echo(speak("{file}:{line}: {why}", file=past.file, line=line, why=why), err=True)
    if past.unread > len(past.refused):
        typer.echo(speak("and {n} more like these", n=past.unread - len(past.refused)), err=True)


def language() -> "Language":
    """The language of who sits at the terminal, by the usual variables; English where it is not French."""
    named = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "fr" if named.lower().startswith("fr") else "en"


def now() -> int:
    """This instant, by the system's clock; without a `SystemClock`, which would bring asyncio along."""
    return time.time_ns() // 1_000_000


def ask_daemon(config: "Config", path: str, body: object = None) -> None:
    """Ask the running daemon something and print its answer."""
    from buzzwatch.app.control import ask  # noqa: PLC0415 - as in `daemon.run`

    with plain_errors():
        print_answer(ask(config, path, body or {}))


def print_answer(answer: "Answer") -> None:
    """What the daemon said; exit 1 if it refused."""
    for line in answer.lines:
        typer.echo(line, err=not answer.done)
    if not answer.done:
        raise typer.Exit(1)


@contextmanager
def plain_errors() -> Iterator[None]:
    """What a person can mend is said in words, without a traceback."""
    try:
        yield
    except typer.Exit:
        raise
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except Exception as error:
        from buzzwatch.app.faults import EXPECTED  # noqa: PLC0415 - most of the program is loaded for it
        from buzzwatch.rules.faults import RuleFaults  # noqa: PLC0415 - likewise
        from buzzwatch.rules.words import in_language, words_of  # noqa: PLC0415 - likewise

        if not isinstance(error, EXPECTED):
            raise
        told = error.said(language()) if isinstance(error, RuleFaults) else in_language(words_of(error), language())
        typer.echo(told, err=True)
        raise typer.Exit(1) from None


@contextmanager
def progress_bar(label: str, *, shown: bool = True) -> Iterator[Callable[[float], None]]:
    """A progress bar on a terminal, nothing elsewhere."""
    if not shown or not sys.stderr.isatty():
        yield lambda _fraction: None
        return
    from rich.console import Console  # noqa: PLC0415 - as in `daemon.run`
    from rich.progress import Progress  # noqa: PLC0415 - as in `daemon.run`

    # What is printed meanwhile is shown above the bar only if it is to be shown: a file gets it itself.
    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty()) as bar:
        task = bar.add_task(Path(label).name, total=1.0)
        yield lambda fraction: bar.update(task, completed=fraction)


def speak(sentence: str, **values: object) -> str:
    """A sentence with its values, in the language of who sits at the terminal."""
    from buzzwatch.rules.words import Said, in_language  # noqa: PLC0415 - as in `daemon.run`

    return in_language(Said(sentence, values), language())


def tell_head(db: "sqlite3.Connection", since: int) -> None:
    """Say where the record begins, if more is asked about than it has."""
    from buzzwatch.model.instant import moment_of  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.store.keeping import read_head  # noqa: PLC0415 - likewise

    if since < (head := read_head(db).at):
        told = "mentions from before {day} are totals by hour (see `counts`): texts are gone"
        typer.echo(speak(told, day=f"{moment_of(head):%Y-%m-%d}"), err=True)


def fail(sentence: str, **values: object) -> NoReturn:
    """Say what is wrong, and exit 1."""
    typer.echo(speak(sentence, **values), err=True)
    raise typer.Exit(1)
