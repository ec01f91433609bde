"""What an incident is in one line: the same words in the title, in the text and in the SMS."""

import re
from datetime import tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from buzzwatch.model.incident import ChangeKind, Incident, Reason, State
from buzzwatch.model.instant import HOUR, Instant
from buzzwatch.model.notification import Notice
from buzzwatch.model.signal import Detector, Signal
from buzzwatch.notify.phrases import Phrases, phrases_of
from buzzwatch.notify.quoting import clean, cut, disarm

LONGEST_NAME = 40
_LONGEST_LINE = 300
_HALF_A_DAY = 12 * HOUR
_PLACEHOLDER = re.compile(r"\{(brand|rule|observed|expected|share|over)\}")


class Headline(Struct, frozen=True):
    """One line in three parts: of whom, what (the part to shorten), and where it is going."""

    start: str
    what: str
    end: str

    def within(self, limit: int) -> str:
        """The whole line, `what` cut so that it has at most `limit` characters."""
        room = limit - len(self.start) - len(self.end)
        return cut(self.start + cut(self.what, max(room, 1)) + self.end, limit)


class Facts:
    """A notice put into words, piece by piece, for one reader at one instant."""

    def __init__(self, notice: Notice, now: Instant) -> None:
        self.notice = notice
        self.now = now
        self.phrases: Phrases = phrases_of(notice.language)
        self.figures = self.phrases.figures
        self._zone = _zone(notice.timezone)

    @property
    def incident(self) -> Incident:
        """As it stood when the notice was due."""
        return self.notice.incident

    @property
    def reason(self) -> Reason:
        """Why it rang."""
        return self.incident.reason

    @property
    def is_ours(self) -> bool:
        """The trouble is of the daemon itself, not of a brand."""
        return not self.incident.subject.brand

    @property
    def is_alarm(self) -> bool:
        """It says that something is wrong, not that it was taken or has ended."""
        return self.notice.kind not in {ChangeKind.TAKEN, ChangeKind.RESOLVED, ChangeKind.OVER}

    @property
    def brand(self) -> str:
        """Its name, or ours."""
        return self.name(self.notice.brand_name or "buzzwatch")

    def name(self, name: str | None) -> str:
        """A person's or a brand's name, by key where one is known."""
        return disarm(clean(self.notice.names.get(name or "", name) or "?", LONGEST_NAME))

    def clock(self, instant: Instant | None) -> str:
        """A time of the brand's place."""
        return self.figures.clock(self.now if instant is None else instant, self._zone, self.now)

    @property
    def course(self) -> str:
        """Where it is going: a conversation by the phase of its life, a brand by its trend."""
        reason = self.reason
        return self.phrases.phase_sentence[reason.phase] if reason.phase else self.phrases.trend_sentence[reason.trend]

    def ahead(self, instant: Instant | None) -> str:
        """A time to come, without its date if that is understood: at 23:40, 00:15 is soon."""
        soon = instant is not None and instant - self.now < _HALF_A_DAY
        return self.figures.clock(instant, self._zone, instant) if soon and instant else self.clock(instant)

    def headline(self) -> Headline:
        """The title in its parts."""
        phrases = self.phrases
        severity = phrases.severity[self.notice.severity] if self.is_alarm else ""
        start = phrases.start.format(severity=severity, brand=self.brand).lstrip()
        if self.notice.test:
            start = f"TEST {start}"
        shows_trend = self.is_alarm and not self.incident.subject.quiet and not self.is_ours
        return Headline(start, self._event(), f", {phrases.trend[self.reason.trend]}" if shows_trend else "")

    def _event(self) -> str:
        incident = self.incident
        by, at = incident.taken_by, incident.taken_at
        if self.notice.kind is ChangeKind.RESOLVED:
            by, at = incident.closed_by, incident.closed_at
        return self._event_phrase().format(
            facts=self.line(), name=self.name(by), time=self.clock(at), span=self.figures.span(incident.lasted)
        )

    def _event_phrase(self) -> str:
        phrases, kind = self.phrases, self.notice.kind
        if kind is ChangeKind.OVER and self.is_ours:
            return phrases.repaired
        if kind is ChangeKind.OVER and self.incident.subject.quiet:
            return phrases.silence_over
        if kind is ChangeKind.WORSENED and self.notice.page:  # a page repeats: it need not be worse than the last one
            return "{facts}"
        return phrases.events.get(kind, "{facts}")

    def line(self) -> str:
        """What is seen, beside what is usual."""
        phrases, incident = self.phrases, self.incident
        if incident.subject.quiet:
            return phrases.silence.format(span=self.figures.span(self.notice.due_at - incident.began_at))
        if self.is_conversation:
            runs_away = any(clause.name == "thread.escalating" and clause.passed for clause in self.reason.clauses)
            facts = ", ".join(self._conversation())
            return (phrases.runaway if runs_away else phrases.conversation).format(facts=facts)
        signal = self.window_signal
        if signal is None:
            return self.says or self.name(self.reason.rule)
        phrase = phrases.in_window_estimated if signal.learning else phrases.in_window
        return phrase.format(
            count=self.counted(signal),
            span=self.figures.span(signal.over),
            usual=self.usual(signal),
        )

    def _conversation(self) -> list[str]:
        phrases, reason = self.phrases, self.reason
        parts = [phrases.count(reason.mentions, phrases.posts), phrases.count(reason.authors, phrases.authors)]
        if reason.negative_share is not None:
            parts.append(phrases.angry_share.format(share=self.figures.share(reason.negative_share)))
        return parts

    @property
    def is_conversation(self) -> bool:
        """Its numbers are those of one conversation."""
        return any(clause.name.startswith("thread.") for clause in self.reason.clauses)

    @property
    def window_signal(self) -> Signal | None:
        """What was unusual about the brand as a whole."""
        signal = self.reason.signal
        return signal if signal and signal.detector is not Detector.THREAD else None

    def counted(self, signal: Signal) -> str:
        """What it observed, with its noun."""
        noun = self.phrases.angry if signal.detector is Detector.NEGATIVITY else self.phrases.posts
        return self.phrases.count(signal.observed, noun)

    def usual(self, signal: Signal) -> str:
        """What it expected: whole posts, unless that would hide how few they are."""
        return self.figures.number(round(signal.expected) if signal.expected >= 1 else signal.expected)

    @property
    def says(self) -> str:
        """The rule's own sentence, or what an error of the outside world says."""
        return self.fill(disarm(clean(self.reason.says, _LONGEST_LINE)))

    def fill(self, template: str) -> str:
        """A clean text of a rule file, its placeholders filled; one that has no value here stays as it is written."""
        signal, figures = self.reason.signal, self.figures
        share = signal.share if signal and signal.share is not None else self.reason.negative_share
        values = {"brand": self.brand, "rule": self.name(self.reason.rule)}
        if signal:
            values |= {
                "observed": figures.number(round(signal.observed)),
                "expected": self.usual(signal),
                "over": figures.span(signal.over),
            }
        if share is not None:
            values["share"] = figures.share(share)
        return cut(_PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), template), _LONGEST_LINE)

    @property
    def waits_for_somebody(self) -> bool:
        """It pages, and nobody has taken it."""
        return self.notice.page and self.incident.state is State.OPEN


@lru_cache(maxsize=256)
def _zone(name: str) -> tzinfo:
    return ZoneInfo(name)
