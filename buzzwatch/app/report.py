"""The debriefing of an incident, gathered from the record and written to files."""

import sqlite3
from collections import deque
from collections.abc import Iterable
from pathlib import Path

import msgspec

from buzzwatch.app.history import rules_on_record
from buzzwatch.app.pseudonyms import Pseudonyms
from buzzwatch.app.quotes import find_samples, sample_of
from buzzwatch.app.response import summarise
from buzzwatch.ingest.scorer import load
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import Change, ChangeKind, Incident, State
from buzzwatch.model.input import Mark
from buzzwatch.model.instant import DAY, HOUR, MINUTE, Instant, Span
from buzzwatch.model.mention import Sighting
from buzzwatch.model.notification import Held, Notice, Sample, Target
from buzzwatch.model.response import Complaint
from buzzwatch.model.signal import Detector
from buzzwatch.notify.course import Course
from buzzwatch.notify.debriefing import Crowd, Debriefing, Delivery, compose
from buzzwatch.notify.debriefing_files import markdown, page
from buzzwatch.store.complaints import read_of_incident
from buzzwatch.store.history import read_silences
from buzzwatch.store.journal import read_corrections, read_incident, read_mentions, read_sightings
from buzzwatch.store.outbox import SEVERAL

MOST_SHOWN = 5
"""Complaints without an answer."""
_STEPS = 72
_WIDTHS = (MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY)
_NEGATIVE = 0.5


def write_report(
    db: sqlite3.Connection, incident_id: str, folder: Path, now: Instant, language: str = "", *, names: bool = False
) -> list[Path]:
    """Write `ID.html`, `ID.md` and the picture that the latter shows; none where there is no such incident.

    Authors are letters unless `names` are asked for.

    Raises:
        OSError: the folder cannot be written.
    """
    told = debrief(db, incident_id, now, language, names=names)
    if told is None:
        return []
    sheet = compose(told)
    files = {f"{incident_id}.html": page(sheet), f"{incident_id}.md": markdown(sheet, f"{incident_id}.svg")}
    if sheet.picture:
        files[f"{incident_id}.svg"] = sheet.picture
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return [folder / name for name in files]


def debrief(
    db: sqlite3.Connection, incident_id: str, now: Instant, language: str = "", *, names: bool = False
) -> Debriefing | None:
    """Everything that the record says of an incident; `language` empty: the brand's. Authors as in `write_report`."""
    found = read_incident(db, incident_id)
    if found is None:
        return None
    incident, history = found
    rules = rules_on_record(db)
    began, ended = incident.began_at, incident.closed_at if incident.state is State.RESOLVED else now
    ended = max(ended or now, began)
    heard = read_sightings(db, incident.subject.brand, began - _before(began, ended), ended + _after(began, ended))
    about = [each for each in heard if _is_about(each, incident)]
    complaints = read_of_incident(db, incident_id)
    notice = _notice(incident, rules, history, language)
    hide = iter if names else Pseudonyms(db, incident.subject.brand, notice.language).hide
    return Debriefing(
        notice=notice,
        now=now,
        changes=tuple(history),
        deliveries=tuple(_deliveries(db, incident)),
        held=tuple(_held(db, incident_id)),
        silences=tuple(read_silences(db, (incident_id, incident.subject.brand), began, ended)),
        crowd=_crowd(incident, history, about, complaints, (began, ended)),
        samples=tuple(hide(find_samples(db, incident, load()))),
        unanswered=tuple(hide(_loudest(db, complaints))),
        answered=summarise(each.waited for each in complaints),
        marks=_marks(db, incident),
    )


def _before(began: Instant, ended: Instant) -> Span:
    """How much of what was before is shown."""
    return max(HOUR, (ended - began) // 4)


def _after(began: Instant, ended: Instant) -> Span:
    return max(15 * MINUTE, (ended - began) // 10)


def _is_about(sighting: Sighting, incident: Incident) -> bool:
    threads = {subject.thread for subject in (incident.subject, *incident.covers)} - {""}
    if sighting.is_ours or sighting.late:
        return False
    return not incident.subject.thread or sighting.thread in threads


def _crowd(
    incident: Incident,
    history: list[Change],
    about: list[Sighting],
    complaints: list[Complaint],
    lasted: tuple[Instant, Instant],
) -> Crowd:
    signal, (began, ended) = incident.reason.signal, lasted
    angry = not incident.subject.thread and signal is not None and signal.detector is Detector.NEGATIVITY
    counted = sorted(each.counted_at for each in about if not angry or each.negativity >= _NEGATIVE)
    during = [each for each in about if began <= each.counted_at <= ended]
    span = signal.over if signal is not None and signal.over else HOUR
    peak, peak_at = _peak([at for at in counted if began <= at <= ended], span)
    followers: dict[int, int] = {}
    for each in during:
        followers[each.author] = max(followers.get(each.author, 0), each.followers or 0)
    answers = [each.answered_at for each in complaints if each.answered_at is not None]
    return Crowd(
        course=_course(incident, history, counted, began - _before(began, ended), ended + _after(began, ended)),
        angry=angry,
        peak=peak,
        peak_at=peak_at,
        peak_span=span,
        authors=len(followers),
        reach=sum(followers.values()) or None,
        complaints=len(complaints),
        unanswered=len(complaints) - len(answers),
        first_answer_at=min(answers, default=None),
    )


def _peak(instants: list[Instant], span: Span) -> tuple[int, Instant]:
    """The most within any stretch of that length, and when it ended."""
    window: deque[Instant] = deque()
    most, at = 0, 0
    for instant in instants:
        window.append(instant)
        while window[0] <= instant - span:
            window.popleft()
        if len(window) > most:
            most, at = len(window), instant
    return most, at


def _course(
    incident: Incident, history: list[Change], counted: list[Instant], since: Instant, until: Instant
) -> Course | None:
    if not counted:
        return None
    width = next((width for width in _WIDTHS if (until - since) // width < _STEPS), DAY)
    since = since // width * width
    counts = [0] * ((until - since) // width + 1)
    for at in counted:
        if since <= at < since + width * len(counts):
            counts[(at - since) // width] += 1
    usual = tuple(_usual(incident, history, since + number * width, width) for number in range(len(counts)))
    return Course(since, width, tuple(counts), usual)


def _usual(incident: Incident, history: list[Change], at: Instant, width: Span) -> float | None:
    """What such a step held usually, as the last alert before it knew; before the first, as that did."""
    if incident.subject.thread:
        return None
    known = [change for change in history if change.kind is not ChangeKind.NOTED] or history
    latest = [change for change in known if change.at <= at][-1:] or known[:1]
    signal = latest[0].incident.reason.signal if latest else None
    if signal is None or not signal.over or signal.detector is Detector.THREAD:
        return None
    return signal.expected * width / signal.over


def _loudest(db: sqlite3.Connection, complaints: list[Complaint]) -> Iterable[Sample]:
    """Of those without an answer the ones that most people may have read."""
    waiting = [each.mention for each in complaints if each.answered_at is None]
    texts = read_mentions(db, waiting)
    samples = [sample_of(*texts[mention], None) for mention in waiting if mention in texts]
    return sorted(samples, key=lambda each: (-(each.followers or 0), each.posted_at))[:MOST_SHOWN]


def _marks(db: sqlite3.Connection, incident: Incident) -> int:
    last = {each.mention: each.mark for each in read_corrections(db, incident.subject.brand)}
    return sum(last.get(mention) in {Mark.NOT_NEGATIVE, Mark.NOT_US} for mention in incident.shown)


def _deliveries(db: sqlite3.Connection, incident: Incident) -> Iterable[Delivery]:
    rows = db.execute(
        "SELECT body, written_at, state, done_at, why, (SELECT count(*) FROM attempt WHERE attempt.key = outbox.key "  # noqa: S608 - our own words
        f"AND became IN ('failed', 'doubtful')) FROM outbox WHERE incident = ? OR {SEVERAL} "
        "AND instr(CAST(body AS TEXT), ?) ORDER BY written_at, key",
        (incident.id, f'"id":"{incident.id}"'),
    )
    for body, written_at, state, done_at, why, failures in rows:
        notice = msgspec.json.decode(body, type=Notice)
        yield Delivery(notice, written_at, state, done_at, failures, "" if state == "superseded" else why)


def _held(db: sqlite3.Connection, incident: str) -> Iterable[tuple[Instant, Held]]:
    rows = db.execute("SELECT at, target, why, until FROM held WHERE incident = ? ORDER BY at", (incident,))
    for at, target, why, until in rows:
        yield at, Held(incident, target, why, until)


def _notice(incident: Incident, rules: Ruleset | None, history: list[Change], language: str) -> Notice:
    """What the words are found for: the incident as it opened, in the language and the hours of its brand."""
    brand = rules.brands.get(incident.subject.brand) if rules else None
    names = {key: person.name for key, person in rules.people.items()} if rules else {}
    return Notice(
        key=incident.id,
        due_at=history[0].at if history else incident.opened_at,
        target=Target("report"),
        kind=ChangeKind.OPENED,
        severity=incident.severity,
        language=language or (brand.language if brand else "en"),
        brand_name=brand.name if brand else incident.subject.brand,
        timezone=brand.timezone if brand else "UTC",
        incident=incident,
        names=names,
    )
