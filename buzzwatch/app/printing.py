"""A replay's outcomes as a person or a program reads them."""

from collections.abc import Iterator
from typing import Any

from buzzwatch.app.explain.incident import describe
from buzzwatch.app.replay import Replay
from buzzwatch.model.input import Outcome
from buzzwatch.model.instant import SECOND, Instant, moment_of
from buzzwatch.model.notification import Notice
from buzzwatch.notify.render import render


def as_object(at: Instant, notice: Notice) -> dict[str, Any]:
    """One message that would have been sent."""
    incident = notice.incident
    signal = incident.reason.signal
    return {
        "at": _stamp(at),
        "brand": incident.subject.brand,
        "incident": incident.id,
        "rule": incident.reason.rule,
        "reason": "; ".join(describe(clause) for clause in incident.reason.clauses),
        "severity": incident.severity.label,
        "subject": incident.subject.thread
        or incident.subject.topic
        or incident.subject.story
        or ("quiet" if incident.subject.quiet else "brand"),
        "observed": round(signal.observed, 2) if signal else incident.worst,
        "expected": round(signal.expected, 2) if signal else None,
        "to": str(notice.target),
        "title": render(notice, (), None, at).title,
    }


def as_text(replay: Replay, at: Instant, outcome: Outcome) -> Iterator[str]:
    """The messages of one instant, the same words for several targets once."""
    spoken: dict[tuple[str, str], tuple[Notice, list[str]]] = {}
    for notice in outcome.notices:
        _, targets = spoken.setdefault((notice.incident.id, notice.language), (notice, []))
        targets.append(str(notice.target))
    for notice, targets in spoken.values():
        message = render(notice, replay.samples(notice), None, at)
        yield f"── {_stamp(at)} · {notice.kind} · to {', '.join(targets)}"
        yield message.title
        yield message.text
        yield ""


def summary(replay: Replay) -> dict[str, Any]:
    """The closing line. `seconds` is the time of the file, from its first to its last mention, not ours."""
    first, last = replay.summary.first_at, replay.summary.last_at
    seconds = 0.0 if first is None or last is None else (last - first) / SECOND
    return {
        "summary": {
            "mentions": replay.summary.read,
            "matched": replay.summary.matched,
            "refused": replay.summary.refused,
            "mended": replay.summary.mended,
            "late": replay.summary.late,
            "seconds": seconds,
        }
    }


def _stamp(at: Instant) -> str:
    return moment_of(at).isoformat(timespec="seconds").replace("+00:00", "Z")
