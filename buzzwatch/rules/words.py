"""Sentences about files, kept apart from their values until it is known who reads them.

A sentence is written in English where it is needed, with `{names}` where its values go; its French stands beside the
same English in `rules.french`. What has no French is shown in English.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from buzzwatch.rules.french import FRENCH

Language: TypeAlias = Literal["fr", "en"]

_NAME = re.compile(r"\{([a-z_]+)\}")
_LONGEST = 300
"""Characters of a value that are shown."""
_UNSEEN = "\N{REPLACEMENT CHARACTER}"
_FRENCH_SPACES = "\t\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
"""Stand before some of our own marks."""
_SPACE = "\N{OPEN BOX}"
"""For a space that is not the usual one, such as a non-breaking one."""


class Said(Struct, frozen=True):
    """An English sentence and what goes in it; a value may be a sentence itself."""

    sentence: str
    values: Mapping[str, object] = {}

    def __str__(self) -> str:
        return in_language(self, "en")

    def without(self, private: str) -> "Said":
        """The same, with `this` or `…` where a value holds a text that is not to be repeated."""
        return Said(self.sentence, {name: _blotted(value, private) for name, value in self.values.items()})


Words: TypeAlias = Said | str
"""A sentence; text alone is one without values."""


def said(words: Words, values: Mapping[str, object]) -> Words:
    """Words with their values; those that have them already stay."""
    return Said(words, values) if values and isinstance(words, str) else words


def either(words: Sequence[str]) -> Words:
    """`a, b or c`."""
    return Said("{first} or {last}", {"first": ", ".join(words[:-1]), "last": words[-1]}) if words[1:] else words[0]


def words_of(error: Exception) -> Words:
    """What an error says that was raised with words."""
    told = error.args[0] if error.args else ""
    return told if isinstance(told, (Said, str)) else str(error)


def why_of(error: OSError) -> Words:
    """Why a file cannot be had, for who reads it; the system's own words for what is rare."""
    match error:
        case FileNotFoundError():
            return Said("No such file or directory")
        case PermissionError():
            return Said("Permission denied")
        case NotADirectoryError():
            return Said("Not a directory")
        case IsADirectoryError():
            return Said("Is a directory")
    return error.strerror or str(error)


def in_language(words: Words, language: Language) -> str:
    """The sentence for who reads it, fit to be shown: no control character of a file is left in it."""
    sentence, values = (words.sentence, words.values) if isinstance(words, Said) else (words, {})
    if language == "fr":
        sentence = FRENCH.get(sentence, sentence)

    def put(found: re.Match[str]) -> str:
        value = values.get(found[1], found[0])
        told = in_language(value, language) if isinstance(value, Said) else printable(str(value))
        return told if len(told) <= _LONGEST else f"{told[:_LONGEST]}…"

    return printable(_NAME.sub(put, sentence) if values else sentence, _FRENCH_SPACES)


def printable(text: str, kept: str = "\t") -> str:
    """Text as it may be written to a terminal, as long as it was, and with what is kept."""
    if text.isprintable():
        return text
    return "".join(
        char if char in kept or char.isprintable() else _SPACE if char.isspace() else _UNSEEN for char in text
    )


def _blotted(value: object, private: str) -> object:
    if isinstance(value, Said):
        return value.without(private)
    if not isinstance(value, str) or not private or private not in value:
        return value
    return Said("this") if value.startswith("`") else "…"
