"""Faults of the files that people write, shown as a compiler shows them."""

from collections.abc import Iterable
from unicodedata import category, east_asian_width

from msgspec import Struct

from buzzwatch.rules.words import Language, Words, in_language, printable

_SHOWN = 100
"""Characters of a source line that are shown; a longer one is cut around the place."""


class Fault(Struct, frozen=True):
    """One mistake: where (`line` and `column` count from 1; 0 means the whole file), what, and how to mend it."""

    file: str
    line: int
    column: int
    source: str
    message: Words
    remedy: Words = ""

    def __str__(self) -> str:
        return self.said("en")

    def said(self, language: Language, kind: Words = "{said}") -> str:
        """The fault for who reads it, on one line, and below it the line of the file; `kind` goes around `{said}`."""
        if not self.source.strip() or not self.line:
            return self.head(language, kind)
        return f"{self.head(language, kind)}\n{_excerpt(self.line, self.column, self.source)}"

    def head(self, language: Language, kind: Words = "{said}") -> str:
        """The place, what is wrong and how to mend it, on one line."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        told = [in_language(words, language) for words in (self.message, self.remedy) if words]
        line = in_language(kind, language).replace("{said}", (" ; " if language == "fr" else "; ").join(told))
        return f"{printable(place)}: {line}"


class RuleFaults(Exception):  # noqa: N818 - it carries faults, and is named for them
    """Files are refused, with everything that is wrong with them."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.file, fault.line, fault.column)))
        super().__init__(self.faults)

    def __str__(self) -> str:
        return self.said("en")

    def said(self, language: Language) -> str:
        """All of them, for who reads it."""
        return "\n".join(fault.said(language) for fault in self.faults)


def _width(char: str) -> int:
    """Cells of a terminal that a character takes."""
    if category(char) in {"Mn", "Me"}:
        return 0
    return 2 if east_asian_width(char) in {"W", "F"} else 1


def _excerpt(line: int, column: int, source: str) -> str:
    """The source line with a caret under the place, whatever the width of what stands before it."""
    start = max(0, column - 1 - _SHOWN // 2) if len(source) > _SHOWN else 0
    window = printable(source)[start : start + _SHOWN]
    indent = "".join("\t" if char == "\t" else " " * _width(char) for char in window[: column - 1 - start])
    number = f"{line:>5}"
    return f"{number} | {window.rstrip()}\n{' ' * len(number)} | {indent}^"
