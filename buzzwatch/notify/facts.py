"""What an incident is in one line: the same words in the title, in the text and in the SMS."""

import re
from datetime import tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from buzzwatch.model.incident import ChangeKind, Incident, Reason, State
from buzzwatch.model.instant import DAY, HOUR, Instant, Span
from buzzwatch.model.notification import Notice
from buzzwatch.model.signal import UNANSWERED, Detector, Signal
from buzzwatch.notify.phrases import Phrases, phrases_of
from buzzwatch.notify.quoting import clean, cut, disarm

LONGEST_NAME = 40
_LONGEST_LINE = 300
_MOST_NAMES = 6
_HALF_A_DAY = 12 * HOUR
_CLOSINGS = frozenset({ChangeKind.RESOLVED, ChangeKind.DISMISSED})
_ANSWERS = frozenset({ChangeKind.TAKEN, ChangeKind.WAITING, ChangeKind.SNOOZING, ChangeKind.OVER, *_CLOSINGS})
_PLACEHOLDER = re.compile(r"\{(brand|rule|observed|expected|share|over)\}")


class Headline(Struct, frozen=True):
    """One line in parts: of whom, what (the part to shorten), where it is going, and an aside where there is room."""

    start: str
    what: str
    end: str
    aside: str = ""

    def within(self, limit: int) -> str:
        """The whole line, `what` cut so that it has at most `limit` characters."""
        whole = f"{self.start}{self.what}{self.end}{self.aside}"
        if len(whole) <= limit:
            return whole
        room = limit - len(self.start) - len(self.end)
        return cut(self.start + cut(self.what, max(room, 1)) + self.end, limit)


class Facts:
    """A notice put into words, piece by piece, for one reader at one instant."""

    def __init__(self, notice: Notice, now: Instant) -> None:
        self.notice = notice
        self.now = now
        self.phrases: Phrases = phrases_of(notice.language)
        self.figures = self.phrases.figures
        self.zone = _zone(notice.timezone)

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
        return self.notice.kind not in _ANSWERS

    @property
    def brand(self) -> str:
        """Its name, or ours."""
        return self.name(self.notice.brand_name or "buzzwatch")

    @property
    def mark(self) -> str:
        """What stands before everything else where it is not in earnest."""
        return "TEST " if self.notice.test else ""

    def name(self, name: str | None) -> str:
        """A person's or a brand's name, by key where one is known."""
        return disarm(clean(self.notice.names.get(name or "", name) or "?", LONGEST_NAME))

    def clock(self, instant: Instant | None) -> str:
        """A time of the brand's place."""
        return self.figures.clock(self.now if instant is None else instant, self.zone, self.now)

    def stamp(self, instant: Instant) -> str:
        """A time of the brand's place with its date, the same whenever it is told."""
        return self.figures.stamp(instant, self.zone)

    def day_of(self, instant: Instant) -> str:
        """A date of the brand's place with its year."""
        return self.figures.day_of(instant, self.zone)

    @property
    def course(self) -> str:
        """Where it is going: a conversation by the phase of its life, a brand by its trend."""
        reason = self.reason
        return self.phrases.phase_sentence[reason.phase] if reason.phase else self.phrases.trend_sentence[reason.trend]

    @property
    def unanswered_for(self) -> Span | None:
        """How long the first complaint had waited for an official answer when the notice was due; None: none did."""
        since = self.incident.unanswered_since
        return None if since is None else max(0, self.notice.due_at - since)

    def ahead(self, instant: Instant | None) -> str:
        """A time to come, without its date if that is understood: at 23:40, 00:15 is soon."""
        soon = instant is not None and instant - self.now < _HALF_A_DAY
        return self.figures.clock(instant, self.zone, instant) if soon and instant else self.clock(instant)

    def headline(self) -> Headline:
        """The title in its parts."""
        phrases = self.phrases
        if self.incident.drill is not None:
            return Headline(phrases.start.format(severity=phrases.drill, brand=self.brand), self.drill_event(), "")
        severity = phrases.severity[self.notice.severity] if self.is_alarm else ""
        start = self.mark + phrases.start.format(severity=severity, brand=self.brand).lstrip()
        shows_trend = self.is_alarm and not self.incident.subject.quiet and not (self.is_ours or self.is_waiting)
        end = f", {self._pace}" if shows_trend else ""
        if self.is_alarm and self.incident.press:
            end = f", {phrases.press_joined}{end}"
        aside = f", {self._sector(phrases.sector_short)}" if self.is_alarm and self.reason.sector else ""
        return Headline(start, self._event(), end, aside)

    @property
    def _pace(self) -> str:
        """Where it is going, in a word or two; how fast, where that is urgent."""
        if self.reason.is_urgent:
            return self.phrases.doubles.format(span=self.figures.span(self.reason.doubling or 0))
        return self.phrases.trend[self.reason.trend]

    def urgency(self) -> str:
        """How much time is left, beside how important it is."""
        return self.phrases.urgent.format(pace=self._pace) if self.reason.is_urgent else self.phrases.not_urgent

    def _event(self) -> str:
        incident = self.incident
        by, at = incident.taken_by, incident.taken_at
        if self.notice.kind in _CLOSINGS:
            by, at = incident.closed_by, incident.closed_at
        return self._event_phrase().format(
            facts=self.line(),
            name=self.name(by),
            time=self.clock(at),
            until=self.ahead(incident.wait_until or incident.snooze_until),
            span=self.figures.span(incident.lasted),
        )

    def drill_event(self) -> str:
        """How an exercise stands."""
        phrases, incident = self.phrases, self.incident
        if self.is_alarm or incident.drill is None:
            return phrases.drill_calls
        if incident.closed_by is None:
            return phrases.drill_cut if incident.drill.cut else phrases.drill_unanswered
        span = self.figures.span((incident.closed_at or self.now) - incident.opened_at)
        return phrases.drill_answered.format(name=self.name(incident.closed_by), span=span)

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
            if self.reason.story:
                return (phrases.story_runaway if runs_away else phrases.story).format(facts=facts)
            return (phrases.runaway if runs_away else phrases.conversation).format(facts=facts)
        signal = self.window_signal
        if signal is None:
            return self._waiting() or self.says or self.name(self.reason.rule)
        if incident.subject.topic:
            return self._recurring(signal)
        phrase = phrases.in_window_estimated if signal.learning else phrases.in_window
        return phrase.format(
            count=self.counted(signal),
            span=self.figures.span(signal.over),
            usual=self.usual(signal),
        )

    @property
    def is_waiting(self) -> bool:
        """It is of complaints that nobody answered, and of nothing louder: how the talk goes is beside the point."""
        return self.reason.signal is None and bool(self._waiting())

    def _waiting(self) -> str:
        """Of complaints that nobody answered: how many had waited when that was found, and for how long by now."""
        counts = [each.observed for each in self.reason.clauses if each.name == UNANSWERED and each.passed]
        told = [count for count in counts if isinstance(count, float)]
        if not told:
            return ""
        counted, span = self.phrases.count(max(told), self.phrases.waiting), self.unanswered_for
        return counted if span is None else self.phrases.waiting_for.format(count=counted, span=self.figures.span(span))

    def _recurring(self, signal: Signal) -> str:
        spoken = next((clause.observed for clause in self.reason.clauses if clause.name == "slow.days"), "?")
        return self.phrases.recurring.format(
            topic=self.name(self.incident.subject.topic_name),
            count=self.counted(signal),
            span=self.figures.span(signal.over),
            usual=self.usual(signal),
            authors=self.phrases.count(self.reason.authors, self.phrases.authors),
            spoken=spoken if isinstance(spoken, str) or spoken is None else self.figures.number(spoken),
            days=signal.over // DAY,
        )

    def _conversation(self) -> list[str]:
        phrases, reason = self.phrases, self.reason
        posts = phrases.separate if reason.story else phrases.posts
        parts = [phrases.count(reason.mentions, posts), phrases.count(reason.authors, phrases.authors)]
        if reason.negative_share is not None:
            parts.append(phrases.angry_share.format(share=self.figures.share(reason.negative_share)))
        return parts

    @property
    def is_conversation(self) -> bool:
        """Its numbers are those of one conversation, or of one story."""
        return any(clause.name.startswith("thread.") for clause in self.reason.clauses)

    @property
    def window_signal(self) -> Signal | None:
        """What was unusual about the brand as a whole."""
        signal = self.reason.signal
        return signal if signal and signal.detector is not Detector.THREAD else None

    def counted(self, signal: Signal) -> str:
        """What it observed, with its noun."""
        nouns = {Detector.NEGATIVITY: self.phrases.angry, Detector.SLOW: self.phrases.voices}
        return self.phrases.count(signal.observed, nouns.get(signal.detector, self.phrases.posts))

    def usual(self, signal: Signal) -> str:
        """What it expected: whole posts, unless that would hide how few they are."""
        return self.figures.number(round(signal.expected) if signal.expected >= 1 else signal.expected)

    def beside(self) -> list[str]:
        """What puts the numbers into their place: a campaign, the sources, the sector."""
        phrases, reason, lines = self.phrases, self.reason, []
        if reason.campaign:
            factor, why = self.figures.number(reason.campaign.factor), disarm(clean(reason.campaign.why, _LONGEST_LINE))
            lines.append(phrases.campaign.format(factor=factor, why=why))
        if len(reason.sources) > 1:
            names = [self.name(source) for source in reason.sources[:_MOST_NAMES]]
            if (more := len(reason.sources) - _MOST_NAMES) > 0:
                names.append(phrases.more.format(n=more))
            lines.append(phrases.sources.format(n=len(reason.sources), names=", ".join(names)))
        if reason.sector:
            lines.append(self._sector(phrases.sector))
        return lines

    def _sector(self, phrase: str) -> str:
        sector = self.reason.sector
        return phrase.format(rising=sector.rising, known=sector.known, name=self.name(sector.name)) if sector else ""

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


def with_names(says: str, brand: str, rule: str) -> str:
    """A sentence of a rule with the names that it asks for; what only an alert knows stays as it is written."""
    names = {"brand": brand, "rule": rule}
    return _PLACEHOLDER.sub(lambda found: names.get(found[1], found[0]), says)


@lru_cache(maxsize=256)
def _zone(name: str) -> tzinfo:
    return ZoneInfo(name)
