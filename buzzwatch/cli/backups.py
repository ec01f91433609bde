"""Backups of the state, and the way back to one."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from buzzwatch.cli.frame import ConfigOption, fail, load_config, now, plain_errors, progress_bar, speak

if TYPE_CHECKING:
    from buzzwatch.app.restoring import Restored

app = typer.Typer()


@app.command()
def backup(
    where: Annotated[str, typer.Argument(metavar="FILE", help="A new file, a directory, or - for standard output.")],
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, help="In a directory: let go of all but so many.", show_default=False)
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Write all of the state into one file, while the daemon runs or not."""
    from buzzwatch.app.backing_up import STDOUT, back_up  # noqa: PLC0415 - as in `daemon.run`

    if where == STDOUT and sys.stdout.isatty():
        fail("a backup is no text: name a file, or send it somewhere, as in `buzzwatch backup - | zstd > FILE`")
    if keep is not None and not Path(where).is_dir():
        fail("--keep is for a directory of backups, and {file} is none; make it first, with mode 0700", file=where)
    with plain_errors():
        state = load_config(config).state
        with progress_bar("backup") as progress:
            manifest, path = back_up(state, where, now(), keep, progress)
        if path is not None:
            size = f"{path.stat().st_size / 1e6:.1f}"
            until = _moment(manifest.heard_until)
            typer.echo(speak("{file}: {size} MB, heard until {until}", file=path, size=size, until=until))


@app.command()
def restore(
    file: Annotated[
        Path | None,
        typer.Argument(help="What `buzzwatch backup` wrote, or a copy of the database.", show_default=False),
    ] = None,
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Move the state that is there aside.")] = False,
    undo_migration: Annotated[
        bool,
        typer.Option("--undo-migration", help="Take the copy from before a newer version migrated the database."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigOption = None,
) -> None:
    """Put a backup in the place of the state; of what waits in it, only the youngest messages leave."""
    import logging  # noqa: PLC0415 - as in `daemon.run`

    from buzzwatch.app.logs import configure_logs  # noqa: PLC0415 - likewise
    from buzzwatch.app.restoring import copy_to_return_to  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.app.restoring import restore as put_back  # noqa: PLC0415 - likewise

    configure_logs(logging.ERROR)
    if (file is None) != undo_migration:
        fail("name a backup, or give --undo-migration, not both")
    with plain_errors():
        state = load_config(config).state
        found = file or (copy_to_return_to(state) if (state / "buzzwatch.db").exists() else None)
        if found is None:
            typer.echo(speak("{place}: this version can read it as it is", place=state))
            return
        with ExitStack() as bar:
            progress = bar.enter_context(progress_bar("restore"))

            def agree(each: "Restored") -> bool:
                bar.close()  # it would be drawn over the question
                return _agree(each, yes=yes)

            restored = put_back(state, found, now(), agree, progress, replace=replace)
        if restored is None:
            fail("nothing was changed")
        _tell(restored)


def _agree(restored: "Restored", *, yes: bool) -> bool:
    """Say what gives way and, where something does, ask."""
    typer.echo(speak("the backup: heard until {until}", until=_moment(restored.heard_until)))
    if restored.replaced_until is not None:
        until, number = _moment(restored.replaced_until), restored.replaced_inputs
        told = "the state that is there: heard until {until}; what came between the two is moved aside with it"
        counted = (
            "the state that is there: heard until {until}; {n} inputs came between the two, and are moved aside with it"
        )
        typer.echo(speak(counted if number else told, until=until, n=number))
    if yes or restored.replaced_until is None:
        return True
    if not sys.stdin.isatty():
        fail("nobody can be asked here; say --yes")
    return typer.confirm(speak("put the backup in its place?"), err=True)


def _tell(restored: "Restored") -> None:
    typer.echo(speak("restored: the record goes on from {until}", until=_moment(restored.heard_until)))
    if restored.aside is not None:
        typer.echo(speak("the state from before is in {place}; remove it when you are sure", place=restored.aside))
    if restored.removed:
        names = ", ".join(path.name for path in restored.removed)
        typer.echo(speak("of states from before earlier restores only the latest stay; removed: {names}", names=names))
    if restored.old:
        told = "messages that are older than an hour and are not sent again: {n}"
        typer.echo(speak(told, n=len(restored.old)))
        for each in restored.old:
            typer.echo(f"  {_moment(each.written_at)}  {each.incident}  {each.target}")
    if restored.young:
        told = "younger messages that leave when the daemon starts, and say that they may come twice: {n}"
        typer.echo(speak(told, n=restored.young))
    if restored.returned:
        told = (
            "accounts that were forgotten, and are on record again by this: {n}; "
            "erase them with `buzzwatch forget --again --as YOUR_KEY`"
        )
        typer.echo(speak(told, n=restored.returned))
    typer.echo(speak("from then until the daemon starts is reported as a gap: start it now"))


def _moment(instant: int) -> str:
    from buzzwatch.model.instant import moment_of  # noqa: PLC0415 - as in `daemon.run`

    return f"{moment_of(instant):%Y-%m-%d %H:%M:%S} UTC" if instant else speak("never")
