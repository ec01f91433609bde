import io

import pytest
from msgspec.structs import replace
from rich.console import Console

from buzzwatch.delivery.channels.console import ConsoleChannel


@pytest.mark.parametrize("terminal", [True, False])
async def test_everything_is_printed_and_nothing_is_taken_for_markup(message, terminal):
    page = io.StringIO()
    console = Console(file=page, force_terminal=terminal, width=120)
    await ConsoleChannel(console).send(replace(message, text=f"{message.text}\n[bold red]x[/]\x1b[31m"))
    printed = page.getvalue()
    assert message.title in printed
    assert "[bold red]x[/]" in printed
    assert "\x1b[31m" not in printed
    assert "Ref. acme-1.1.0.mail" in printed
    assert ("╭" in printed) is terminal


async def test_who_waits_for_the_page_is_told(message):
    shown = []
    await ConsoleChannel(Console(file=io.StringIO()), shown.append).send(message)
    assert shown == [message]
