"""Faults of the files that people write, shown as a compiler shows them."""

from collections.abc import Iterable

from msgspec import Struct

_SHOWN = 100
"""Characters of a source line that are shown; a longer one is cut around the place."""


class Fault(Struct, frozen=True):
    """One mistake: where (`line` and `column` count from 1; 0 means the whole file), what, and how to mend it."""

    file: str
    line: int
    column: int
    source: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        said = f"{self.message}; {self.remedy}" if self.remedy else self.message
        if not self.line:
            return f"{self.file}: {said}"
        head = f"{self.file}:{self.line}:{self.column}: {said}"
        return f"{head}\n{_excerpt(self.line, self.column, self.source)}" if self.source.strip() else head


class RuleFaults(Exception):  # noqa: N818 - it carries faults, and is named for them
    """Files are refused, with everything that is wrong with them."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.file, fault.line, fault.column)))
        super().__init__(self.faults)

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


def _excerpt(line: int, column: int, source: str) -> str:
    """The source line with a caret under the place; tabs stay, so that the caret stands right."""
    printable = "".join(char if char == "\t" or char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in source)
    start = max(0, column - 1 - _SHOWN // 2) if len(printable) > _SHOWN else 0
    window = printable[start : start + _SHOWN]
    indent = "".join("\t" if char == "\t" else " " for char in window[: column - 1 - start])
    number = f"{line:>5}"
    return f"{number} | {window.rstrip()}\n{' ' * len(number)} | {indent}^"
