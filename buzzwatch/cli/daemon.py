"""Running it, and the files it runs on."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from buzzwatch.cli.frame import (
    ConfigOption,
    ask_daemon,
    fail,
    load_config,
    now,
    plain_errors,
    print_answer,
    progress_bar,
    read_rules,
)

if TYPE_CHECKING:
    from buzzwatch.app.config import Scorer

app = typer.Typer()


@app.command()
def run(config: ConfigOption = None) -> None:
    """Listen, decide and tell, until stopped."""
    import asyncio  # noqa: PLC0415 - what only the daemon needs is not loaded for the other commands

    from buzzwatch.app.config import Secrets  # noqa: PLC0415 - likewise
    from buzzwatch.app.live import Daemon  # noqa: PLC0415 - likewise
    from buzzwatch.app.logs import configure_logs  # noqa: PLC0415 - likewise

    os.umask(0o027)  # what is kept holds people's words: for this user and group alone
    loaded = load_config(config)
    configure_logs()

    async def live() -> None:
        await Daemon(loaded, Secrets()).run()

    with plain_errors():
        asyncio.run(live())


@app.command()
def demo() -> None:
    """Play an ordinary day that turns into a bad buzz, through a whole daemon, until its page is delivered."""
    from buzzwatch.app.demo import play  # noqa: PLC0415 - it needs all of the daemon

    with plain_errors():
        raise typer.Exit(play())


@app.command()
def check(
    directory: Annotated[Path | None, typer.Argument(help="Rules directory; else the configuration's.")] = None,
    config: ConfigOption = None,
) -> None:
    """Read every rule file and say all that is wrong, with places and remedies."""
    from buzzwatch.app.config import Secrets, unreachable  # noqa: PLC0415 - kept out of the way of the other commands
    from buzzwatch.app.duty import burden, uncovered, unheard  # noqa: PLC0415 - likewise
    from buzzwatch.rules.ruleset import check_channels, dead_ends, load, read  # noqa: PLC0415 - likewise

    loaded = None if directory is not None and config is None else load_config(config)
    where = directory or (loaded.rules if loaded else Path("rules"))
    with plain_errors():
        files = read(where)
        rules = load(files)
        faults = check_channels(files, loaded.channels) if loaded else []
        for fault in faults:
            typer.echo(str(fault), err=True)
        for line in dead_ends(rules, loaded.channels) if loaded else []:
            typer.echo(f"warning: {line}", err=True)
        for line in unreachable(rules.people.values(), loaded, Secrets()) if loaded else []:
            typer.echo(f"warning: {line}", err=True)
        for line in loaded.web.too_long_for(rules.people.values()) if loaded else []:
            typer.echo(f"warning: {line}", err=True)
        for line in unheard(rules, loaded.wakes) if loaded else []:
            typer.echo(f"warning: {line}", err=True)
        missing, covered = uncovered(rules, now())
        for line in (*covered, *missing):
            typer.echo(f"{'error' if line in missing else 'warning'}: {line}", err=True)
        for line in burden(rules):
            typer.echo(line, err=line.startswith("warning"))
        number = sum(len(brand.rules) for brand in rules.brands.values())
        count = len(faults) + len(missing)
        typer.echo(f"{where}: {len(rules.brands)} brands, {number} rules, {count} faults")
        if loaded and loaded.scorer:
            _try_scorer(loaded.scorer)
        raise typer.Exit(1 if count else 0)


@app.command()
def reload(config: ConfigOption = None) -> None:
    """Let the running daemon read its rules again; waits for its answer."""
    ask_daemon(load_config(config), "/reload")


@app.command()
def learn(
    files: Annotated[list[str], typer.Argument(help="Exports of past mentions; JSON lines or array, .gz too.")],
    config: ConfigOption = None,
) -> None:
    """Teach the running daemon what is normal, from an export of the past. Rings nothing."""
    from buzzwatch.app.control import ask  # noqa: PLC0415 - as in `run`
    from buzzwatch.app.replay import learn_habits  # noqa: PLC0415 - as in `run`
    from buzzwatch.sources.file import read  # noqa: PLC0415 - as in `run`

    loaded = load_config(config)
    if loaded.scorer:
        typer.echo(f"warning: this is read with the built-in scorer, not with {loaded.scorer.use}", err=True)
    with plain_errors(), progress_bar(files[0]) as progress:
        chunks = (chunk for file in files for chunk in read(file))
        habits = learn_habits(chunks, read_rules(loaded.rules), now(), progress)
        if not habits:
            fail("none of these mentions names a watched brand: try `buzzwatch replay` on the file")
        print_answer(ask(loaded, "/learn", habits, packed=True))


@app.command("notify-test")
def notify_test(
    channel: Annotated[str, typer.Argument(help="A channel, or a person's means such as ines/sms.")],
    config: ConfigOption = None,
) -> None:
    """Send a message marked as a test the way a real one goes, and wait for what became of it."""
    ask_daemon(load_config(config), "/notify-test", {"channel": channel})


@app.command()
def schema() -> None:
    """Print the JSON Schema of the rule files, for editors."""
    import msgspec  # noqa: PLC0415 - as in `run`

    from buzzwatch.rules.schema import json_schema  # noqa: PLC0415 - as in `run`

    typer.echo(msgspec.json.format(msgspec.json.encode(json_schema())))


def _try_scorer(scorer: "Scorer") -> None:
    import asyncio  # noqa: PLC0415 - as in `run`

    from buzzwatch.app.scorer_trial import try_out  # noqa: PLC0415 - as in `run`
    from buzzwatch.clock import SystemClock  # noqa: PLC0415 - as in `run`

    for line in asyncio.run(try_out(scorer, SystemClock())):
        typer.echo(line, err=line.startswith("warning"))
