"""Running it."""

import os
from typing import Annotated

import typer

from buzzwatch.cli.frame import (
    ConfigOption,
    MappingOption,
    ToolOption,
    ZoneOption,
    ask_daemon,
    fail,
    load_config,
    now,
    open_past,
    plain_errors,
    print_answer,
    progress_bar,
    read_rules,
    tell_refused,
)

app = typer.Typer()


@app.command()
def run(config: ConfigOption = None) -> None:
    """Listen, decide and tell, until stopped."""
    import asyncio  # noqa: PLC0415 - what only the daemon needs is not loaded for the other commands

    from buzzwatch.app.live import Daemon  # noqa: PLC0415 - likewise
    from buzzwatch.app.logs import configure_logs  # noqa: PLC0415 - likewise
    from buzzwatch.app.secret import Secrets  # noqa: PLC0415 - likewise

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
def learn(
    files: Annotated[
        list[str],
        typer.Argument(help="Exports of past mentions; JSON lines or array, or with --as a tool's export, .gz too."),
    ],
    tool: ToolOption = None,
    mapping: MappingOption = None,
    zone: ZoneOption = "UTC",
    config: ConfigOption = None,
) -> None:
    """Teach the running daemon what is normal, from an export of the past. Rings nothing."""
    from buzzwatch.app.control import ask  # noqa: PLC0415 - as in `run`
    from buzzwatch.app.replay import learn_habits  # noqa: PLC0415 - as in `run`

    loaded = load_config(config)
    if loaded.scorer:
        typer.echo(f"warning: this is read with the built-in scorer, not with {loaded.scorer.use}", err=True)
    pasts = [open_past(file, tool, mapping, zone) for file in files]
    with plain_errors(), progress_bar(files[0]) as progress:
        chunks = (chunk for past in pasts for chunk in past.read())
        habits = learn_habits(chunks, read_rules(loaded.rules), now(), progress)
        for past in pasts:
            tell_refused(past)
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
