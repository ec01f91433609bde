"""What is held of a person: shown to them, and erased when they ask."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from buzzwatch.cli.frame import ConfigOption, fail, language, load_config, now, plain_errors, print_answer, speak

if TYPE_CHECKING:
    import sqlite3

    from buzzwatch.app.config import Config
    from buzzwatch.store.persons import Person

app = typer.Typer()
_MOST_SHOWN = 20
"""Persons of whom it is said what was found, before it is asked."""
AuthorsArgument = Annotated[
    list[str] | None,
    typer.Argument(help="Accounts, as x:@lea, bluesky:did:plc:…, mastodon:@lea@piaille.fr.", show_default=False),
]


@app.command()
def forget(
    authors: AuthorsArgument = None,
    file: Annotated[Path | None, typer.Option("--from", help="A file of accounts, one a line.")] = None,
    by: Annotated[str, typer.Option("--as", help="Who does it, for the record: your key under `people`.")] = "",
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="All who were forgotten before and are on record again: after a restore.")
    ] = False,
    record: Annotated[bool, typer.Option("--list", help="Say when somebody was forgotten; erase nothing.")] = False,
    config: ConfigOption = None,
) -> None:
    """Erase authors everywhere: who they are and what they said. Counts, incidents and baselines stay as they are."""
    from buzzwatch.store.database import open_for_reading  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.store.forgetting import read_forgotten  # noqa: PLC0415 - likewise
    from buzzwatch.store.forgotten import find_returned  # noqa: PLC0415 - likewise

    with plain_errors():
        loaded = load_config(config)
        db = open_for_reading(loaded.state)
        if record:
            _list(read_forgotten(db))
            return
        asked = find_returned(db, loaded.state) if again else [*(authors or ()), *_lines(file)]
        if again and not asked:
            typer.echo(speak("nobody who was forgotten is on record"))
            return
        if not asked:
            fail("say who: buzzwatch forget x:@lea --as ines")
        if not by:
            fail("say who you are: --as, your key under `people` in oncall.yaml")
        found = _show(db, asked)
        db.close()
        _tell_copies(loaded.state, found=found)
        if not found:
            fail("nothing to erase")
        _tell_backups()
        if not (yes or typer.confirm(speak("Erase all of this? Nothing brings it back"))):
            raise typer.Exit(1)
        _erase(loaded, asked, by)


@app.command()
def export(
    author: Annotated[str, typer.Argument(help="An account, as x:@lea, bluesky:did:plc:…, mastodon:@lea@piaille.fr.")],
    to: Annotated[Path | None, typer.Option("--to", help="A file to write; else it is printed.")] = None,
    config: ConfigOption = None,
) -> None:
    """Write everything that is held of an author as JSON, for who asks to see it; a summary is told beside it."""
    import msgspec  # noqa: PLC0415 - as in `daemon.run`

    from buzzwatch.app.access import found_of, held_of  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.rules.words import why_of  # noqa: PLC0415 - likewise
    from buzzwatch.store.database import open_for_reading  # noqa: PLC0415 - likewise
    from buzzwatch.store.persons import find_persons  # noqa: PLC0415 - likewise

    with plain_errors():
        db = open_for_reading(load_config(config).state)
        [person] = find_persons(db, [author])
        for line in found_of(db, person, language()):
            typer.echo(line, err=True)
        body = msgspec.json.format(msgspec.json.encode(held_of(db, person, now())), indent=2)
        if to is None:
            sys.stdout.write(f"{body.decode()}\n")
            return
        try:
            to.touch(0o600)
            to.write_bytes(body + b"\n")
        except OSError as error:
            fail("{file}: cannot be written: {why}", file=to, why=why_of(error))


def _lines(file: Path | None) -> list[str]:
    from buzzwatch.rules.words import why_of  # noqa: PLC0415 - as in `daemon.run`

    if file is None:
        return []
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        fail("{file}: cannot be opened ({why}): check the path and its rights", file=file, why=why_of(error))
    except UnicodeDecodeError:
        fail("{file}: is not UTF-8 text", file=file)
    return [line.strip() for line in text.splitlines() if line.strip()]


def _show(db: "sqlite3.Connection", asked: list[str]) -> bool:
    """Say what was found; whether anything was."""
    from buzzwatch.app.access import found_of  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.store.persons import find_persons  # noqa: PLC0415 - likewise

    persons: list[Person] = find_persons(db, asked)
    for person in persons[:_MOST_SHOWN]:
        for line in found_of(db, person, language()):
            typer.echo(line)
    if (more := len(persons) - _MOST_SHOWN) > 0:
        typer.echo(speak("and {n} more like these", n=more))
    return any(person.posts for person in persons)


def _tell_copies(state: Path, *, found: bool) -> None:
    """Say which copies of the database and earlier states in its directory go as well, or would not."""
    from buzzwatch.store.forgetting import copies_beside  # noqa: PLC0415 - as in `daemon.run`

    if copies := copies_beside(state):
        goes = "earlier states and copies in the state directory are deleted with it: {names}"
        stays = "earlier states and copies in the state directory were not looked at, and stay: {names}"
        typer.echo(speak(goes if found else stays, names=", ".join(copy.name for copy in copies)))


def _tell_backups() -> None:
    """Say how many backups may hold them still, where the timer keeps them."""
    from buzzwatch.app.backing_up import PLACE, count_backups  # noqa: PLC0415 - as in `daemon.run`

    try:
        number = count_backups(PLACE)
    except OSError:
        typer.echo(
            speak("backups in {place} cannot be counted by you; they may hold them until they are gone", place=PLACE)
        )
        return
    if number:
        told = "{n} backups in {place} may hold them until they are gone; others that you keep, too"
        typer.echo(speak(told, n=number, place=PLACE))


def _list(forgotten: list[tuple[int, int, str]]) -> None:
    from buzzwatch.model.instant import moment_of  # noqa: PLC0415 - as in `daemon.run`

    for number, at, by in forgotten:
        when = f"{moment_of(at):%F %T}"
        typer.echo(speak("{n}: somebody was forgotten on {at} UTC by {by}", n=number, at=when, by=by))
    if not forgotten:
        typer.echo(speak("nobody was forgotten so far"))


def _erase(config: "Config", asked: list[str], by: str) -> None:
    """By the daemon that runs, else on its files, which nobody uses then."""
    from buzzwatch.app.control import NoDaemonError, ask  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.app.oblivion import forget_unattended  # noqa: PLC0415 - likewise

    body = {"authors": asked, "by": by, "language": language()}
    try:
        answer = ask(config, "/forget", body)
    except NoDaemonError:
        answer = forget_unattended(config, asked, by, now(), language())
    print_answer(answer)
