"""What happened, who was told, what they answered: the record in lines, in the order of time."""

import re
import sqlite3
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.app import in_shadow, rule_records
from buzzwatch.app.explain.incident_words import WORDS
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import Change
from buzzwatch.model.input import ClockSet, Corrected, Gap, RulesMended, RulesRefused, Silenced
from buzzwatch.model.instant import DAY, SECOND, Instant, Span, instant_of, moment_of
from buzzwatch.model.notification import Held, Notice
from buzzwatch.notify.quoting import mask
from buzzwatch.rules.faults import RuleFaults
from buzzwatch.rules.units import read_span
from buzzwatch.rules.words import Language, Said, Words, in_language
from buzzwatch.store.history import Asked, Attempt, Entry, RulesInForce, Shadow, read_history
from buzzwatch.store.journal import last_rules, read_incident, read_rules

PAGE = 500
"""Lines at once; more may follow where many things happened at one instant."""
USUAL_SPAN: Span = 7 * DAY
_LONGEST_WHY = 200
_STAMP = re.compile(r"20\d\d-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{3})?Z)?")


class Event(Struct, frozen=True, omit_defaults=True):
    """One line of the history. `at` is UTC, `local` the time of the brand's place."""

    at: str
    local: str
    what: str
    says: str
    incident: str = ""
    brand: str = ""
    target: str = ""
    by: str = ""
    why: str = ""
    until: str = ""
    key: str = ""
    lines: tuple[str, ...] = ()
    """Of rule files: the faults, or the unified diffs."""


class Page(Struct, frozen=True):
    """Some lines, and the `--since` of those that follow; empty where none do."""

    events: tuple[Event, ...]
    following: str = ""


class Names(Struct, frozen=True):
    """Whose clock is meant, by brand."""

    zones: dict[str, tzinfo]
    ours: tzinfo
    language: Language = "en"

    def zone(self, brand: str) -> tzinfo:
        """That of a brand, or of oncall.yaml."""
        return self.zones.get(brand, self.ours)


def rules_on_record(db: sqlite3.Connection) -> Ruleset | None:
    """The rules last in force; None where there are none, or they are such as this version refuses."""
    digest = last_rules(db)
    try:
        return compile_rules(read_rules(db, digest)) if digest else None
    except RuleFaults:
        return None


def since_of(text: str, now: Instant) -> Instant | None:
    """The instant that `--since` names: so long ago, a day (UTC), or an instant as the page before named it."""
    if _STAMP.fullmatch(text):
        try:
            return instant_of(datetime.fromisoformat(text if "T" in text else f"{text}T00:00:00Z"))
        except ValueError:
            return None
    span = read_span(text)
    return None if span is None else now - span


def history(
    db: sqlite3.Connection,
    what: str,
    since: Instant | None,
    now: Instant,
    limit: int = PAGE,
    language: Language = "en",
) -> Page | None:
    """A page of the history of everything (""), a brand, or an incident; None where there is no such thing on record.

    `since` None: the last week; of an incident, all of it. It is said in `language`, and names are as they are kept.
    """
    rules = rules_on_record(db)
    brands = dict(rules.brands) if rules else {}
    asked = Asked(now - USUAL_SPAN if since is None else since)
    if what and (found := read_incident(db, what)) is not None:
        incident, _ = found
        asked = Asked(since or 0, incident.subject.brand, what, incident.opened_at)
    elif what:
        if what not in brands and not db.execute("SELECT 1 FROM incident WHERE brand = ?", (what,)).fetchone():
            return None
        asked = Asked(asked.since, what)
    zones = {key: brand.zone for key, brand in brands.items()}
    names = Names(zones, _zone(rules, asked.brand), language)
    entries, following = read_history(db, asked, limit)
    return Page(tuple(_event(entry, names) for entry in entries), "" if following is None else _exact(following))


def as_line(event: Event) -> str:
    """For a terminal."""
    return "  ".join(part for part in (event.local, event.incident or event.brand or "-", event.says) if part)


def about_rules(event: Event) -> bool:
    """Whether it is of the rule files."""
    return event.what.startswith("rules")


def known_names(db: sqlite3.Connection) -> list[str]:
    """Brands and the latest incidents, for who asked for another."""
    brands = [row[0] for row in db.execute("SELECT DISTINCT brand FROM incident ORDER BY brand LIMIT 20")]
    return [*brands, *(row[0] for row in db.execute("SELECT id FROM incident ORDER BY opened_at DESC LIMIT 10"))]


def _zone(rules: Ruleset | None, brand: str) -> tzinfo:
    """Of what concerns no brand: that of the one asked about, else of the people's clock."""
    if rules is None:
        return UTC
    return rules.brands[brand].zone if brand in rules.brands else ZoneInfo(rules.timezone)


def _event(entry: Entry, names: Names) -> Event:  # noqa: C901, PLR0911 - one for each sort of entry
    what = entry.what
    match what:
        case Change():
            return _of_change(entry.at, what, names)
        case Notice():
            return _of_notice(entry.at, what, names)
        case Attempt():
            return _of_attempt(entry.at, what, names)
        case Held():
            return _of_held(entry, what, names)
        case Silenced():
            return _of_silence(entry.at, what, names)
        case Corrected():
            by = mask(what.by, _LONGEST_WHY)
            post = mask(what.mention, _LONGEST_WHY)
            said = Said("{by} marked {post} as {mark}", {"by": by, "post": post, "mark": what.mark})
            return _made(entry.at, names, "corrected", said, brand=what.brand, by=by)
        case RulesInForce() | RulesRefused() | RulesMended():
            return _of_rules(entry.at, what, names)
        case Shadow():
            return _of_shadow(entry.at, what, names)
        case Gap():
            since = _local(what.since, names.ours)
            said = Said("started again; the last thing known before is of {since}", {"since": since})
            return _made(entry.at, names, "down", said)
        case ClockSet():
            return _made(entry.at, names, "clock", Said("the clock had run ahead and was set back"))


def _of_rules(at: Instant, what: RulesInForce | RulesRefused | RulesMended, names: Names) -> Event:
    kinds = {RulesInForce: "rules", RulesRefused: "rules-refused", RulesMended: "rules-accepted"}
    told = rule_records.say(what, names.language)
    return replace(_made(at, names, kinds[type(what)], told.says, by=told.by), lines=told.lines)


def _of_change(at: Instant, change: Change, names: Names) -> Event:
    incident = change.incident
    brand = incident.subject.brand
    until = "" if incident.wait_until is None else _local(incident.wait_until, names.zone(brand))
    why = mask(change.why or incident.wait_why, _LONGEST_WHY)
    w = WORDS[names.language]
    by = w.by_whom.format(by=mask(change.by, _LONGEST_WHY)) if change.by else ""
    said = f"{w.changes[change.kind]}{by}{w.until.format(until=until) if until else ''}"
    said += f"{w.why.format(why=why) if why else ''} ({w.severity[incident.severity]})"
    return _made(
        at, names, change.kind.value, said, incident=incident.id, brand=brand, by=change.by or "", why=why, until=until
    )


def _of_notice(at: Instant, notice: Notice, names: Names) -> Event:
    zone = names.zone(notice.incident.subject.brand)
    values: dict[str, object] = {
        "sort": Said("test" if notice.test else "page" if notice.page else "message"),
        "target": notice.target,
        "told": WORDS[names.language].changes[notice.kind],
        "several": Said(", about {n} incidents", {"n": len(notice.night)}) if notice.night else "",
        "late": "",
    }
    if notice.digest_since is not None or notice.outage:
        values["told"] = Said("outage" if notice.digest_since is None else "digest")
    if notice.late_since is not None:
        values["late"] = Said(", late, due {due}", {"due": _local(notice.late_since, zone)})
    said = Said("{sort} to {target}: {told}{several}{late}", values)
    return _made(at, names, "notified", said, **_whom(notice))


def _of_attempt(at: Instant, attempt: Attempt, names: Names) -> Event:
    notice, why = attempt.notice, mask(attempt.why, _LONGEST_WHY)
    values = {"target": notice.target, "why": why}
    said = {
        "sent": Said("sent to {target}", values),
        "failed": Said("not sent to {target}, to be tried again: {why}", values),
        "given up": Said("given up for {target}: {why}", values),
        "doubtful": Said("perhaps sent to {target}, to be tried again: {why}", values),
        "superseded": Said("not sent to {target}: a later message takes its place", values),
    }[attempt.became]
    why = "" if attempt.became == "superseded" else why
    return _made(at, names, attempt.became.replace(" ", "-"), said, **_whom(notice), why=why)


def _whom(notice: Notice) -> dict[str, str]:
    brand = notice.incident.subject.brand
    return {"incident": notice.incident.id, "brand": brand, "target": str(notice.target), "key": notice.key}


def _of_held(entry: Entry, held: Held, names: Names) -> Event:
    until = "" if held.until is None else _local(held.until, names.zone(entry.brand))
    why = mask(held.why, _LONGEST_WHY)
    end = WORDS[names.language].until.format(until=until) if until else ""
    said = Said("held for {target}: {why}{until}", {"target": held.target, "why": why, "until": end})
    told = {"incident": held.incident, "brand": entry.brand, "target": held.target}
    return _made(entry.at, names, "held", said, **told, why=why, until=until)


def _of_silence(at: Instant, silenced: Silenced, names: Names) -> Event:
    why, by = mask(silenced.why, _LONGEST_WHY), mask(silenced.by, _LONGEST_WHY)
    if silenced.until <= at:
        ended = Said("{by} ended the silence of {what}", {"by": by, "what": silenced.what})
        return _made(at, names, "silence-ended", ended, by=by)
    until = _local(silenced.until, names.zone(silenced.what))
    values = {"what": silenced.what, "by": by, "until": until, "why": why}
    said = Said("{what} silenced by {by} until {until}: {why}", values)
    return _made(at, names, "silenced", said, by=by, why=why, until=until)


def _of_shadow(at: Instant, shadow: Shadow, names: Names) -> Event:
    """What nobody was told; the id is not that of an incident."""
    ring, what = shadow.ring, "shadow-over" if shadow.over else "shadow"
    says = in_shadow.event(ring, over=shadow.over, language=names.language)
    return _made(at, names, what, says, brand=ring.subject.brand, key=ring.id)


def _made(at: Instant, names: Names, what: str, says: Words, **told: str) -> Event:
    zone = names.zone(told.get("brand", ""))
    event = Event(_exact(at), _local(at, zone), what, in_language(says, names.language))
    return replace(event, **told)


def _local(at: Instant, zone: tzinfo) -> str:
    return f"{moment_of(at // SECOND * SECOND).astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _exact(at: Instant) -> str:
    return moment_of(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
