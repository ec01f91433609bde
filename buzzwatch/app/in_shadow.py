"""What is said of rules in shadow: by `check`, in the history, and when somebody asks why."""

import sqlite3
from collections.abc import Iterator
from datetime import tzinfo

from msgspec import Struct

from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import Incident
from buzzwatch.model.instant import SECOND, Instant, moment_of
from buzzwatch.rules.words import Said
from buzzwatch.store.shadows import read_shadows

FOREVER: Instant = 2**62


class Words(Struct, frozen=True):
    """One language."""

    rang: str
    over: str
    head: str
    times: str
    goes_on: str
    was_over: str
    meanwhile: str
    ring: str
    severities: tuple[str, str, str]


WORDS: dict[str, Words] = {
    "fr": Words(
        rang="à l’essai, sans prévenir personne\u00a0: {rule} aurait sonné ({severity}, pour {route})\u00a0: {id}",
        over="à l’essai\u00a0: {rule} aurait pris fin\u00a0: {id}",
        head="{id}\u00a0: à l’essai, {severity}, {brand}\u00a0; personne n’a été prévenu",
        times="  commencé à {began}, aurait sonné à {rang} pour {route}, {over}",
        goes_on="dure encore",
        was_over="fini à {at}",
        meanwhile="À l’essai pendant ce temps, sans prévenir personne",
        ring="  {at}  {rule} aurait sonné ({severity})\u00a0: {id}",
        severities=("à suivre", "alerte", "critique"),
    ),
    "en": Words(
        rang="in shadow: {rule} would have rung ({severity}, for {route}); nobody was told: {id}",
        over="in shadow: {rule} would have been over: {id}",
        head="{id}: in shadow, {severity}, {brand}; nobody was told",
        times="  began {began}, would have rung {rang} for {route}, {over}",
        goes_on="it goes on",
        was_over="over {at}",
        meanwhile="In shadow meanwhile, told to nobody",
        ring="  {at}  {rule} would have rung ({severity}): {id}",
        severities=("watch", "warning", "critical"),
    ),
}


def note(rules: Ruleset) -> list[Said]:
    """Which rules are in shadow; nothing where none are."""
    names = [f"{brand.key}/{rule.name}" for brand in rules.brands.values() for rule in brand.shadows]
    if not names:
        return []
    if len(names) == 1:
        return [Said("one rule in shadow, telling nobody: {names}", {"names": names[0]})]
    return [Said("{n} rules in shadow, telling nobody: {names}", {"n": len(names), "names": ", ".join(names)})]


def event(ring: Incident, *, over: bool, language: str = "en") -> str:
    """What happened, for the history."""
    words = WORDS[language]
    return _filled(words.over if over else words.rang, ring, words)


def head(ring: Incident, zone: tzinfo, language: str = "en") -> list[str]:
    """What would have rung, and when."""
    words = WORDS[language]
    closed_at = ring.closed_at
    over = words.goes_on if closed_at is None else words.was_over.format(at=_at(closed_at, zone))
    times = words.times.format(
        began=_at(ring.began_at, zone), rang=_at(ring.opened_at, zone), route=ring.route, over=over
    )
    return [_filled(words.head, ring, words), times]


def meanwhile(db: sqlite3.Connection, incident: Incident, zone: tzinfo, language: str = "en") -> Iterator[str]:
    """What rules in shadow would have rung about the brand of an incident while it lasted, after an empty line."""
    words = WORDS[language]
    rings = list(read_shadows(db, incident.subject.brand, incident.began_at, incident.closed_at or FOREVER))
    if rings:
        yield ""
        yield words.meanwhile
    for ring in rings:
        yield _filled(words.ring.replace("{at}", _at(ring.opened_at, zone)), ring, words)


def _filled(line: str, ring: Incident, words: Words) -> str:
    severity = words.severities[ring.severity - 1]
    return line.format(id=ring.id, rule=ring.rules[0], severity=severity, brand=ring.subject.brand, route=ring.route)


def _at(instant: Instant, zone: tzinfo) -> str:
    return f"{moment_of(instant // SECOND * SECOND).astimezone(zone):%Y-%m-%d %H:%M:%S}"
