"""Messages on the terminal: for the demo, and where nobody named another way."""

from collections.abc import Callable

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from buzzwatch.model.notification import Message

WIDTH = 100
_CONTROLS = dict.fromkeys(code for code in (*range(0x20), *range(0x7F, 0xA0)) if code != ord("\n"))


class ConsoleChannel:
    """Prints to a terminal, in a frame, or plainly to anything else."""

    def __init__(self, console: Console | None = None, printed: Callable[[Message], None] | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._printed = printed

    async def send(self, message: Message) -> None:
        """Print the message; nothing in it is taken for markup or for control codes."""
        title, text = message.title.translate(_CONTROLS), message.text.translate(_CONTROLS)
        if self._console.is_terminal:
            width = min(WIDTH, self._console.width)
            framed = Panel(Text(text), title=Text(title, style="bold"), width=width)
            self._console.print(framed, soft_wrap=False)
        else:
            self._console.print(Text(f"{title}\n\n{text}\n"))
        if self._printed:
            self._printed(message)
