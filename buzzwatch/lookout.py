"""One brand at one instant, as its rules read it, and the evidence for what they found."""

from msgspec.structs import replace

from buzzwatch.detect.pulse import Pulse
from buzzwatch.gaps import Gaps
from buzzwatch.incidents.desk import Evidence
from buzzwatch.incidents.mute import severity_for
from buzzwatch.model.brand import Brand, Rule
from buzzwatch.model.incident import Incident, Reason, Subject
from buzzwatch.model.instant import HOUR, LONGEST_WINDOW, Instant, Span
from buzzwatch.model.mention import Sighting
from buzzwatch.model.signal import Clause, Detector, Finding, Onset, Signal
from buzzwatch.model.thread import ThreadView
from buzzwatch.threads.tracker import Tracker

MOST_REMEMBERED = 1_000
"""Authors kept for one `mention` condition with `authors`."""
HALF = 0.5
"""The part of an excess that makes a conversation and a brand-wide trouble the same trouble."""

ANGRY = 0.3
"""The negative share from which on a conversation is shown by its angry posts."""

Recollection = dict[str, dict[int, tuple[Instant, str]]]
"""By condition: author's key to the last mention of theirs that fitted, after its instant."""
MOST_SHOWN = 3
"""Posts that an alarm shows."""


class Lookout:
    """Implements `model.view.View`; the spine puts a thread or a mention in focus."""

    __slots__ = ("_gaps", "_pulse", "_recollection", "_thread", "_tracker", "_views", "brand", "mention", "now")

    def __init__(
        self,
        now: Instant,
        brand: Brand,
        pulse: Pulse,
        tracker: Tracker,
        gaps: Gaps,
        recollection: Recollection,
    ) -> None:
        self.now = now
        self.brand = brand
        self._pulse = pulse
        self._tracker = tracker
        self._gaps = gaps
        self._recollection = recollection
        self._thread = ""
        self._views: dict[str, ThreadView | None] = {}
        self.mention: Sighting | None = None

    def size(self, thread: str) -> int:
        """Mentions of a live conversation."""
        slot = self._tracker.slot_of(self.brand.key, thread)
        return 0 if slot is None else self._tracker.mentions(slot)

    def focus(self, thread: str, mention: Sighting | None = None) -> None:
        """Put a conversation (gone from memory: none), and perhaps a mention of it, in focus; "" for neither."""
        self._thread, self.mention = thread, mention

    @property
    def thread(self) -> ThreadView | None:
        """See `View`; worked out when it is first asked for: most rules say no before."""
        if self._thread and self._thread not in self._views:
            slot = self._tracker.slot_of(self.brand.key, self._thread)
            self._views[self._thread] = None if slot is None else self._tracker.view(slot, self.now)
        return self._views.get(self._thread)

    def signal(self, detector: Detector, over: Span) -> Signal:
        """See `View`."""
        return self._pulse.signal(detector, over)

    def authors(self, detector: Detector, over: Span) -> int:
        """See `View`."""
        return self._pulse.authors(detector, over)

    def ceiling(self, detector: Detector, over: Span, rate: float) -> float:
        """See `View`."""
        if detector is Detector.THREAD:
            return self._tracker.thread_ceiling(self.brand.key, rate)
        return self._pulse.ceiling(detector, over, rate)

    def silence(self) -> Span | None:
        """See `View`; what was silent because we were deaf does not count."""
        since = silent_since(self._pulse, self._gaps)
        return None if since is None or since > self.now else self.now - since

    def gather(self, key: str, over: Span) -> int:
        """See `View`. A mention whose author is unknown counts for nobody."""
        authors = self._recollection.setdefault(f"{self.brand.key}.{key}", {})
        if self.mention is not None and self.mention.author:
            last = authors.pop(self.mention.author, (0, ""))
            authors[self.mention.author] = max(last, (self.mention.counted_at, self.mention.mention))
        for author in [a for a, (at, _) in authors.items() if at <= self.now - over]:
            del authors[author]
        while len(authors) > MOST_REMEMBERED:
            del authors[next(iter(authors))]
        return len(authors)

    def subject(self, finding: Finding) -> Subject:
        """What a finding is about: the conversation in focus, or the brand when authors were gathered from several."""
        gathered = any(clause.name == "mention.authors" for clause in finding.clauses)
        if gathered or (self.thread is None and self.mention is None):
            return Subject(self.brand.key)
        return Subject(self.brand.key, self.thread.id if self.thread else self.mention.thread if self.mention else "")

    def is_same_trouble(self, subject: Subject, incident: Incident, finding: Finding) -> bool:
        """Whether a new trouble and an open one are one: a conversation that explains half of the brand's excess."""
        if incident.subject.quiet or subject.quiet:
            return False
        thread = subject.thread or incident.subject.thread
        if not thread or (subject.thread and incident.subject.thread):
            return False
        signal = finding.signal if not subject.thread else incident.reason.signal
        over = signal.over if signal and signal.over else HOUR
        slot = self._tracker.slot_of(self.brand.key, thread)
        if slot is None:
            return False
        volume = self._pulse.signal(Detector.VOLUME, over)
        return self._tracker.recent(slot, over, self.now) >= HALF * max(1.0, volume.observed - volume.expected)

    def evidence(self, rule: Rule, subject: Subject, finding: Finding) -> Evidence:
        """What people will be told, in numbers."""
        thread = self.thread if subject.thread else None
        detector, over = _measure(finding.signal)
        onset = self._onset(subject, detector, over)
        if (gathered := self._gathered(rule)) and not subject.thread:
            shown = dict.fromkeys((*(mention for _, mention in gathered), *onset.samples))
            onset = Onset(onset.began_at if finding.signal else gathered[-1][0], tuple(shown)[:MOST_SHOWN])
        reason = self._reason(rule.name, rule.says, finding.clauses, finding.signal, thread)
        reason = replace(reason, heard_late=self._heard_late(onset.began_at))
        observed = float(reason.mentions) if finding.signal is None or thread else finding.signal.observed
        return Evidence(reason, onset, observed, severity_for(self.brand, rule.severity, answered=reason.answered))

    def refreshed(self, incident: Incident) -> Incident:
        """The incident with the numbers of now; its rule, its clauses and its beginning stay."""
        before = incident.reason
        self.focus(before.thread)
        if before.thread and self.thread is None:
            return incident
        signal = before.signal and self._pulse.signal(before.signal.detector, before.signal.over)
        reason = self._reason(before.rule, before.says, before.clauses, signal, self.thread)
        return replace(incident, reason=replace(reason, heard_late=before.heard_late))

    def _reason(
        self, rule: str, says: str, clauses: tuple[Clause, ...], signal: Signal | None, thread: ThreadView | None
    ) -> Reason:
        detector, over = _measure(signal)
        if thread is not None:
            return Reason(
                rule=rule,
                says=says,
                clauses=clauses,
                signal=signal,
                trend=thread.trend,
                mentions=thread.mentions,
                authors=thread.authors,
                negative_share=thread.negative_share,
                reach=thread.reach,
                answered=thread.answered,
                thread=thread.id,
                phase=thread.phase,
                forecast=thread.likely,
                milestone=thread.milestone,
            )
        return Reason(
            rule=rule,
            says=says,
            clauses=clauses,
            signal=signal,
            trend=self._pulse.trend(detector),
            mentions=self._pulse.mentions(over),
            authors=self._pulse.authors(Detector.VOLUME, over),
            negative_share=self._pulse.share(over),
            reach=None,
            answered=False,
        )

    def _gathered(self, rule: Rule) -> list[tuple[Instant, str]]:
        """The mentions by whose authors a rule counts, the newest first."""
        mine = f"{self.brand.key}.{rule.name}."
        return sorted(
            (last for key, authors in self._recollection.items() if key.startswith(mine) for last in authors.values()),
            reverse=True,
        )

    def _onset(self, subject: Subject, detector: Detector, over: Span) -> Onset:
        if subject.quiet:
            return Onset(silent_since(self._pulse, self._gaps) or self.now, ())
        if not subject.thread:
            return self._pulse.onset(detector, over)
        angry = self.thread is not None and self.thread.negative_share >= ANGRY
        shown_by = Detector.NEGATIVITY if angry else detector
        samples = self._pulse.onset(shown_by, LONGEST_WINDOW, subject.thread).samples
        mine = (self.mention.mention,) if self.mention else ()
        began_at = self.thread.first_at if self.thread else self.mention.counted_at if self.mention else self.now
        return Onset(began_at, tuple(dict.fromkeys((*mine, *samples)))[:MOST_SHOWN])

    def _heard_late(self, began_at: Instant) -> tuple[Instant, Instant] | None:
        deaf = [gap for gap in self._gaps if gap.since < self.now and gap.until > began_at and gap.until <= self.now]
        return (deaf[-1].since, deaf[-1].until) if deaf else None


def silent_since(pulse: Pulse, gaps: Gaps) -> Instant | None:
    """The instant from which silence counts: the last mention or the end of the last gap; None before any mention."""
    if pulse.last_at is None:
        return None
    return max([pulse.last_at, *(gap.until for gap in gaps)])


def _measure(signal: Signal | None) -> tuple[Detector, Span]:
    """What a reason without a window of its own is measured by: volume over an hour."""
    return (signal.detector, signal.over) if signal and signal.over else (Detector.VOLUME, HOUR)
