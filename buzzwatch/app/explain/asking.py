"""What a person asks about the past of a brand: which, when, by which rules."""

import difflib
import sqlite3
from collections.abc import Collection
from datetime import UTC, datetime, tzinfo

from msgspec import Struct

from buzzwatch.app.explain.absence_words import WORDS
from buzzwatch.app.history import rules_on_record
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.instant import MINUTE, SECOND, Instant, instant_of, moment_of
from buzzwatch.notify.quoting import mask
from buzzwatch.store.journal import rows_until
from buzzwatch.store.keeping import read_head

_LONGEST = 60


class QuestionError(Exception):
    """There is no answer to this; the text says why and what may be asked."""


class Asked(Struct, frozen=True):
    """One brand, one instant, perhaps one rule, perhaps other rules than those then in force."""

    brand: str
    at: Instant
    rule: str = ""
    rules: Ruleset | None = None
    where: str = ""
    """The directory of those rules."""


class Wanted(Struct, frozen=True):
    """The same as a person writes it; `at` is a local time of the brand's place."""

    brand: str
    at: str
    rule: str = ""
    rules: Ruleset | None = None
    where: str = ""


def read_asked(db: sqlite3.Connection, wanted: Wanted, now: Instant, language: str) -> tuple[Asked, str]:
    """What is asked, and what is to be said of how its time was read, if anything.

    Raises:
        QuestionError: there is no such brand or rule, or the record holds nothing of that time.
    """
    words = WORDS[language]
    rules = wanted.rules or rules_on_record(db)
    if rules is None:
        raise QuestionError(words.empty)
    brand = rules.brands.get(wanted.brand)
    if brand is None:
        raise QuestionError(_unknown(words.no_brand, words.nearest_name, wanted.brand, rules.brands))
    if wanted.rule and wanted.rule not in (names := [rule.name for rule in (*brand.rules, *brand.shadows)]):
        raise QuestionError(_unknown(words.no_rule, words.nearest_name, wanted.rule, names))
    found = read_when(wanted.at, brand.zone, language)
    if found is None:
        raise QuestionError(words.no_time.format(text=mask(wanted.at, _LONGEST)))
    at, note = found
    first, _ = rows_until(db, at)
    first = None if first is None else max(first, read_head(db).at)
    if at > now:
        raise QuestionError(words.future.format(text=mask(wanted.at, _LONGEST)))
    if first is None or at < first:
        begun = moment_of(-(-(first or 0) // MINUTE) * MINUTE).astimezone(brand.zone)  # its first whole minute
        begins = "-" if first is None else f"{begun:%Y-%m-%d %H:%M}"
        raise QuestionError(words.too_early.format(text=mask(wanted.at, _LONGEST), first=begins))
    return Asked(wanted.brand, at, wanted.rule, wanted.rules, wanted.where), note


def _unknown(said: str, nearest: str, name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name[:_LONGEST].lower(), known, n=1)
    hint = nearest.format(name=close[0]) if close else ", ".join(known)
    return said.format(name=mask(name, _LONGEST), known=hint)


def read_when(text: str, zone: tzinfo, language: str) -> tuple[Instant, str] | None:
    """A local time of a place, or one that names its own offset, and what is to be said of it; None if it is neither.

    An hour that comes twice is read as the first, one that does not exist as the clock shows it afterwards.
    """
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return instant_of(moment), ""
        first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        at = instant_of(first)
        shown = moment_of(at // SECOND * SECOND).astimezone(zone)
    except (ValueError, OverflowError):
        return None
    words = WORDS[language]
    if shown.replace(tzinfo=None) != moment.replace(microsecond=0):
        return at, words.skipped.format(text=text, first=f"{shown:%H:%M}")
    if instant_of(second.astimezone(UTC)) != instant_of(first.astimezone(UTC)):
        both = (each.isoformat(sep=" ", timespec="minutes") for each in (first, second))
        return at, words.doubled.format(**dict(zip(("first", "second"), both, strict=True)), text=text)
    return at, ""
