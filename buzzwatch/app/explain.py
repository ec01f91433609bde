"""Why an incident rang, who was told, and what was held, from the record."""

import sqlite3
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from buzzwatch.app import in_shadow
from buzzwatch.app.queue import tell_incident_times
from buzzwatch.app.quotes import find_samples
from buzzwatch.ingest.scorer import load
from buzzwatch.model.incident import Change, Incident, Reason, Subject
from buzzwatch.model.instant import DAY, MINUTE, SECOND, Instant, moment_of
from buzzwatch.model.notification import Sample
from buzzwatch.model.signal import Clause, Signal
from buzzwatch.notify.quoting import clean
from buzzwatch.store.journal import read_incident
from buzzwatch.store.outbox import read_deliveries
from buzzwatch.store.shadows import read_shadow

_LONGEST = 300
_LONGEST_POST = 120


def explain(db: sqlite3.Connection, incident_id: str, timezone: str = "UTC") -> list[str] | None:
    """Lines for a person at a terminal; None where there is no such incident, nor anything in shadow of that name."""
    found, zone = read_incident(db, incident_id), ZoneInfo(timezone)
    if found is None:
        shadow = read_shadow(db, incident_id)
        return None if shadow is None else list(_shadow(db, shadow, zone))
    incident, history = found
    return [
        *_head(incident, zone),
        "",
        *_why(incident.reason),
        *_company(incident),
        *tell_incident_times(db, incident_id),
        *_posts(find_samples(db, incident, load())),
        "",
        "History",
        *(f"  {_at(change.at, zone)}  {_event(change)}" for change in history),
        "",
        "Who was told",
        *_deliveries(db, incident_id, zone),
        *_held(db, incident_id, zone),
        *in_shadow.meanwhile(db, incident, zone),
    ]


def _shadow(db: sqlite3.Connection, ring: Incident, zone: ZoneInfo) -> Iterator[str]:
    """Why a rule in shadow would have rung."""
    yield from in_shadow.head(ring, zone)
    yield ""
    yield from _why(ring.reason)
    yield from _company(ring)
    yield from _posts(find_samples(db, ring, load()))


def _head(incident: Incident, zone: ZoneInfo) -> Iterator[str]:
    about = _about(incident.subject)
    yield f"{incident.id}: {incident.severity.label}, {incident.state}, {incident.subject.brand}, about {about}"
    began, opened, true = (_at(at, zone) for at in (incident.began_at, incident.opened_at, incident.true_at))
    yield f"  began {began}, opened {opened}, true until {true}"
    if incident.taken_by:
        yield f"  taken by {incident.taken_by} at {_at(incident.taken_at or 0, zone)}"
    if incident.watch_until is not None:
        ended, until = _at(incident.closed_at or 0, zone), _at(incident.watch_until, zone)
        yield f"  ended {ended}; what starts again until {until} is the same incident"
    if incident.ended_at is not None:
        had = f", {incident.had_by} had it" if incident.had_by else ""
        yield f"  a rebound: it had ended at {_at(incident.ended_at, zone)}{had}, and started again"


def _about(subject: Subject) -> str:
    if subject.story:
        return f"the story that {subject.story} told first"
    return subject.thread or subject.topic or ("silence" if subject.quiet else "the brand as a whole")


def _why(reason: Reason) -> Iterator[str]:
    yield f"Rule {reason.rule}: {reason.says}"
    if reason.signal is not None:
        signal = reason.signal
        learning = " (still learning: a prior speaks)" if signal.learning else ""
        days = signal.over // DAY
        over = f" in {days} days" if days else f" in {signal.over // MINUTE} min" if signal.over else ""
        numbers = f"{signal.observed:.1f}{over}, usual {signal.expected:.1f}, score {signal.score:.1f}"
        yield f"  {signal.detector}{_by(signal)}: {numbers}{learning}"
    for clause in reason.clauses:
        yield f"  {'yes' if clause.passed else 'no '}  {describe(clause)}"
    if reason.doubling is not None:
        yield f"  it doubles in {reason.doubling // MINUTE} min{', which is urgent' if reason.is_urgent else ''}"
    if reason.copies:
        yield f"  {reason.copies} of {reason.mentions} mentions are copies of one text; they count once for negativity"
    if reason.answered:
        yield "  an official answer was given and it has not sped up since: critical is lowered to warning"
    if reason.heard_late:
        since, until = reason.heard_late
        yield f"  we were deaf from {moment_of(since):%H:%M} to {moment_of(until):%H:%M} UTC"


def _company(incident: Incident) -> Iterator[str]:
    """What puts the numbers into their place."""
    reason, press = incident.reason, incident.press
    if press is not None:
        raised = ": severity one up" if incident.raised else ""
        who = clean(f"{press.mention} ({press.source})", _LONGEST)
        yield f"  the press joined at {moment_of(press.at):%H:%M} UTC with {who}{raised}"
    if reason.campaign is not None:
        yield f"  expected ×{reason.campaign.factor:g}: {reason.campaign.why}"
    if len(reason.sources) > 1:
        yield f"  on {len(reason.sources)} sources: {clean(', '.join(reason.sources), _LONGEST)}"
    if (sector := reason.sector) is not None:
        yield f"  the whole sector, not you alone: {sector.rising} of {sector.known} brands ({sector.name})"


def _posts(samples: list[Sample]) -> Iterator[str]:
    """What is shown of it, how negative it was found, and by which words."""
    if samples:
        yield ""
        yield "Posts shown"
    for sample in samples:
        said = "its text was erased since" if sample.text is None else f"“{clean(sample.text, _LONGEST_POST)}”"
        yield f"  {sample.negativity:4.0%} negative  {clean(sample.mention, _LONGEST_POST)}: {said}"
        if sample.why:
            yield f"       weighs most: {', '.join(cause.words for cause in sample.why)}"


def describe(clause: Clause) -> str:
    """A clause in one line: what was seen, what was needed, what is usual."""
    usual = "" if clause.expected is None else f", usual {_number(clause.expected)}"
    return f"{clause.name}{_by(clause)}: {_number(clause.observed)} (needed {_number(clause.needed)}{usual})"


def _by(judged: Signal | Clause) -> str:
    return "" if judged.by is None else f" by {judged.by}"


def _event(change: Change) -> str:
    by = f" by {change.by}" if change.by else ""
    why = f": {change.why}" if change.why else ""
    return f"{change.kind}{by}{why} ({change.incident.severity.label})"


def _deliveries(db: sqlite3.Connection, incident: str, zone: ZoneInfo) -> Iterator[str]:
    rows = read_deliveries(db, incident)
    if not rows:
        yield "  nobody yet"
    for row in rows:
        done = f" at {_at(row['done_at'], zone)}" if row["done_at"] else ""
        why = f": {row['why']}" if row["why"] else ""
        state = f"{row['state']}{done}, attempts {row['attempts']}{why}"
        yield f"  {_at(row['written_at'], zone)}  {row['target']}: {state}"


def _held(db: sqlite3.Connection, incident: str, zone: ZoneInfo) -> Iterator[str]:
    rows = db.execute("SELECT at, target, why, until FROM held WHERE incident = ? ORDER BY at", (incident,)).fetchall()
    if rows:
        yield ""
        yield "What was held"
    for at, target, why, until in rows:
        yield f"  {_at(at, zone)}  {target}: {why}{f', until {_at(until, zone)}' if until else ''}"


def _at(instant: Instant, zone: ZoneInfo) -> str:
    return f"{moment_of(instant // SECOND * SECOND).astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _number(value: float | str | None) -> str:
    if value is None:
        return "unknown"
    return value if isinstance(value, str) else f"{value:.3g}" if abs(value) < 1_000 else f"{value:.0f}"  # noqa: PLR2004 - where digits stop helping
