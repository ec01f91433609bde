"""What a check finds, and how it is said in French and in English."""

from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.app.doctor.french import FRENCH
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import Span
from buzzwatch.notify import ear_words, figures
from buzzwatch.rules.faults import Fault
from buzzwatch.rules.words import Language, Said, Words, in_language

_FIGURES = {"fr": figures.FRENCH, "en": figures.ENGLISH}
_UNITS = {"fr": ("o", "ko", "Mo", "Go", "To"), "en": ("B", "kB", "MB", "GB", "TB")}
_THOUSAND = 1000
_PLAIN = {0xA0: " ", 0x202F: " "}
"""Spaces that a terminal would show as something odd."""


class Level(StrEnum):
    """How bad it is."""

    FINE = "fine"
    ASIDE = "not-looked-at"
    """Nobody knows: it cannot be seen from here."""
    WARNING = "warning"
    """It works, and will not for ever; or nobody would notice."""
    WRONG = "wrong"
    """It does not work, or gives away what is private."""


MARKS = {Level.FINE: "✓", Level.ASIDE: "·", Level.WARNING: "!", Level.WRONG: "✗"}


class Bytes(Struct, frozen=True):
    """A size, said in the unit that suits it."""

    number: float


class Lasting(Struct, frozen=True):
    """A length of time in milliseconds, said in its two largest units."""

    span: Span


class Ailing(Struct, frozen=True):
    """How a source does not do well."""

    ail: Ail


class Finding(Struct, frozen=True):
    """One line: how bad, what (the place and the value), and where something is to be done, a command to paste."""

    level: Level
    said: Words
    remedy: Words = ""
    subject: str = ""
    """Of the check that found it."""
    check: str = ""
    """Its function's name, for programs."""


def fine(sentence: str, **values: object) -> Finding:
    """As it should be."""
    return Finding(Level.FINE, Said(sentence, values))


def aside(sentence: str, remedy: str = "", **values: object) -> Finding:
    """What cannot be seen from here."""
    return Finding(Level.ASIDE, Said(sentence, values), _remedy(remedy, values))


def wary(sentence: str, remedy: str = "", **values: object) -> Finding:
    """What should be looked at by day."""
    return Finding(Level.WARNING, Said(sentence, values), _remedy(remedy, values))


def wrong(sentence: str, remedy: str = "", **values: object) -> Finding:
    """What must be mended."""
    return Finding(Level.WRONG, Said(sentence, values), _remedy(remedy, values))


def _remedy(remedy: str, values: dict[str, object]) -> Words:
    return Said(remedy, values) if remedy else ""


def told(words: object, language: Language) -> str:
    """Words, sizes and times for who reads them."""
    if isinstance(words, Bytes):
        return _size(words.number, language)
    if isinstance(words, Lasting):
        return _FIGURES[language].span(words.span)
    if isinstance(words, Ailing):
        return ear_words.WORDS[language].reasons[words.ail]
    if isinstance(words, Fault):
        return words.head(language)
    if not isinstance(words, Said):
        return in_language(str(words), language)
    sentence = FRENCH.get(words.sentence, words.sentence) if language == "fr" else words.sentence
    values = {name: _value(value, language) for name, value in words.values.items()}
    return in_language(Said(sentence, values), language)


def _value(value: object, language: Language) -> object:
    if isinstance(value, (Said, Bytes, Lasting, Ailing, Fault)):
        said = told(value, language)
    elif isinstance(value, (int, float)):
        said = _FIGURES[language].number(value)
    else:
        return value
    return said.translate(_PLAIN)


def _size(number: float, language: Language) -> str:
    size, unit = float(max(0.0, number)), 0
    while size >= _THOUSAND and unit < len(_UNITS[language]) - 1:
        size, unit = size / _THOUSAND, unit + 1
    return f"{_FIGURES[language].number(size)}{_FIGURES[language].space}{_UNITS[language][unit]}"


def as_builtins(finding: Finding, language: Language) -> dict[str, Any]:
    """For programs: the sentences beside names that do not change with the language."""
    return {
        "level": finding.level,
        "subject": finding.subject,
        "check": finding.check,
        "said": told(finding.said, language),
        "remedy": told(finding.remedy, language),
    }


def signed(finding: Finding, subject: str, check: str) -> Finding:
    """A finding with who found it."""
    return replace(finding, subject=subject, check=check)
