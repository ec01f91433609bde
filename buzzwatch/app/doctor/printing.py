"""Findings for who reads them at a terminal, or with a program."""

from collections import Counter
from collections.abc import Sequence

import msgspec
import typer

from buzzwatch import __version__
from buzzwatch.app.doctor.finding import MARKS, Finding, Level, as_builtins, fine, told
from buzzwatch.app.doctor.french import SUBJECTS
from buzzwatch.app.doctor.round import exit_code
from buzzwatch.model.instant import Instant, moment_of
from buzzwatch.rules.words import Language

_COLOURS = {Level.FINE: "green", Level.ASIDE: "blue", Level.WARNING: "yellow", Level.WRONG: "red"}
_WIDTH = 10


def line(finding: Finding, language: Language, *, colours: bool = False) -> str:
    """The mark, the subject, what is so; and below it what to do."""
    subject = SUBJECTS.get(finding.subject, finding.subject) if language == "fr" else finding.subject
    mark = MARKS[finding.level]
    head = typer.style(mark, fg=_COLOURS[finding.level], bold=True) if colours else mark
    said = f"{head} {subject:<{_WIDTH}} {told(finding.said, language)}"
    return f"{said}\n{'':<{_WIDTH + 3}}→ {told(finding.remedy, language)}" if finding.remedy else said


def closing(found: Sequence[Finding], language: Language) -> str:
    """How many of each there are."""
    number = Counter(finding.level for finding in found)
    values: dict[str, object] = {
        "wrong": number[Level.WRONG],
        "warnings": number[Level.WARNING],
        "fine": number[Level.FINE],
        "aside": number[Level.ASIDE],
    }
    return told(fine(_CLOSING, **values).said, language)


_CLOSING = "to mend: {wrong}, to look at: {warnings}, well: {fine}, not seen from here: {aside}"


def as_json(found: Sequence[Finding], language: Language, now: Instant) -> str:
    """One object: when, which version, the exit code, every finding."""
    told_all = {
        "version": __version__,
        "at": moment_of(now).isoformat(),
        "exit": exit_code(list(found)),
        "findings": [as_builtins(finding, language) for finding in found],
    }
    return msgspec.json.format(msgspec.json.encode(told_all)).decode()
