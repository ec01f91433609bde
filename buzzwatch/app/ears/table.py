"""How each source does, for a terminal."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from rich.console import Group
from rich.table import Table
from rich.text import Text

from buzzwatch.app.config import Config
from buzzwatch.app.control import NoDaemonError, fetch
from buzzwatch.model.instant import Instant, Span
from buzzwatch.notify import ear_words
from buzzwatch.notify.figures import ENGLISH, FRENCH, Figures
from buzzwatch.notify.quoting import clean
from buzzwatch.rules.words import Said
from buzzwatch.web.desk import SourceRow, Sources

_LONGEST = 80
_STATE, _NARROWEST = 2, 12
"""The column of the state, and how wide it is at least: at 80 columns its words are not broken."""


class Words(Struct, frozen=True):
    """One language."""

    figures: Figures
    columns: tuple[str, ...]
    well: str
    learning: str
    never: str
    ago: str
    none: str
    usual: str
    silence: str
    remedy: str
    says: str
    unseen: str
    account: str
    seen: str


WORDS = {
    "fr": Words(
        figures=FRENCH,
        columns=("source", "genre", "état", "depuis", "vu il y a", "en 1 h (usuel)", "retard", "repère"),
        well="bien",
        learning="apprend encore",
        never="jamais",
        ago="{span}",
        none="aucune source n’est configurée",
        usual="{n} ({usual})",
        silence="{name}\u00a0: {due} posts attendus depuis le dernier, silence dit à partir de {patience}",
        remedy="{name}\u00a0: {remedy}{why}",
        says=". Elle dit\u00a0: {why}",
        unseen="{name} n’a rien apporté depuis trente jours ({seen})\u00a0: vérifiez sa configuration",
        account="le compte officiel {name} de {brand} n’a rien dit depuis trente jours ({seen})\u00a0: bien écrit ?",
        seen="vu le {at}",
    ),
    "en": Words(
        figures=ENGLISH,
        columns=("source", "kind", "state", "since", "last sign", "in 1 h (usual)", "lag", "cursor"),
        well="well",
        learning="still learning",
        never="never",
        ago="{span} ago",
        none="no source is configured",
        usual="{n} ({usual})",
        silence="{name}: {due} posts expected since the last, a silence is told from {patience} on",
        remedy="{name}: {remedy}{why}",
        says=". It says: {why}",
        unseen="{name} has brought nothing for thirty days ({seen}): look at its configuration",
        account="the official account {name} of {brand} has said nothing for thirty days ({seen}): is it spelt right?",
        seen="seen {at}",
    ),
}


def ask_sources(config: Config) -> tuple[bytes, Sources]:
    """What the running daemon says, as JSON and read. Raises `NoDaemonError`."""
    body = fetch(config, "/sources")
    try:
        return body, msgspec.json.decode(body, type=Sources)
    except msgspec.DecodeError as error:
        told = "the daemon did not answer to the end ({why}); see its log"
        raise NoDaemonError(Said(told, {"why": error})) from error


def draw(told: Sources, language: str) -> Group:
    """A table, and a line for each thing that a person should look at."""
    words, zone = WORDS[language], ZoneInfo(told.timezone)
    if not told.sources:
        return Group(Text(words.none))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in words.columns:
        narrowest = _NARROWEST if column == words.columns[_STATE] else max(map(len, column.split()))
        table.add_column(column, overflow="fold", min_width=narrowest)
    for row in told.sources:
        style = "red" if row.deaf else "yellow" if row.ail else ""
        table.add_row(*map(Text, _cells(row, words, language, told.now, zone)), style=style)
    return Group(table, *(Text(line, style="yellow") for line in notes(told, language)))


def notes(told: Sources, language: str) -> Iterator[str]:
    """What to do, reasons in the sources' own words, silences that grow, and what was not seen for long."""
    words, zone = WORDS[language], ZoneInfo(told.timezone)
    number = words.figures.number
    for row in told.sources:
        name = clean(row.name, _LONGEST)
        if row.ail is not None:
            own = clean(ear_words.own_words(row.ail, row.why), 2 * _LONGEST)
            why = words.says.format(why=own) if own else ""
            yield words.remedy.format(name=name, remedy=ear_words.WORDS[language].remedies[row.ail], why=why)
        if row.due > row.patience / 2:
            yield words.silence.format(name=name, due=number(round(row.due)), patience=number(round(row.patience)))
        if row.warnings:
            yield words.unseen.format(name=name, seen=_seen(row.last_event, words, zone))
    for each in told.accounts:
        seen = _seen(each.seen_at, words, zone)
        yield words.account.format(name=clean(each.account, _LONGEST), brand=clean(each.brand, _LONGEST), seen=seen)


def _seen(at: Instant | None, words: Words, zone: ZoneInfo) -> str:
    return words.never if at is None else words.seen.format(at=words.figures.day_of(at, zone))


def _cells(row: SourceRow, words: Words, language: str, now: Instant, zone: ZoneInfo) -> Iterator[str]:
    number, span = words.figures.number, words.figures.span
    state = words.well if row.ail is None else ear_words.WORDS[language].reasons[row.ail]
    yield clean(row.name, _LONGEST)
    yield row.kind
    yield f"{state}, {words.learning}" if row.learning and not row.deaf else state
    yield words.figures.clock(row.since, zone, now)
    yield words.never if row.last_event is None else words.ago.format(span=span(now - row.last_event))
    yield words.usual.format(n=number(row.last_hour), usual=number(round(row.usual_hour, 1)))
    yield _lag(row.lag, words)
    yield "" if row.cursor_age is None else words.ago.format(span=span(row.cursor_age))


def _lag(lag: Span | None, words: Words) -> str:
    if lag is None:
        return ""
    return f"-{words.figures.span(-lag)}" if lag < 0 else words.figures.span(lag)
