"""One brand at one instant, as its rules read it, and the evidence for what they found."""

from collections.abc import Iterable

from msgspec.structs import replace

from buzzwatch.detect.budget import LINE
from buzzwatch.detect.pulse import Pulse
from buzzwatch.incidents.evidence import Evidence, Weight
from buzzwatch.incidents.mute import severity_for
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Brand, Rule, Scope
from buzzwatch.model.forgotten import by_turn
from buzzwatch.model.incident import URGENT, Incident, Press, Reason, Sector, Subject
from buzzwatch.model.input import Gap
from buzzwatch.model.instant import HOUR, LONGEST_WINDOW, MINUTE, Instant, Span
from buzzwatch.model.mention import Sighting
from buzzwatch.model.signal import UNANSWERED, Clause, Comparator, Detector, Finding, Onset, Signal
from buzzwatch.model.thread import Phase, ThreadView
from buzzwatch.model.view import MOST_REMEMBERED

HALF = 0.5
"""The part of an excess that makes a conversation and a brand-wide trouble the same trouble."""

ANGRY = 0.3
"""The negative share from which on a conversation is shown by its angry posts."""

MOST_SHOWN = 3
"""Posts that an alarm shows."""
FEWEST_PEERS = 2
"""Other brands of a sector that must rise as well, and half of those known, for it to be the sector's trouble."""
FEWEST_TO_DOUBLE = 20
"""Posts of a conversation by which its pace says anything."""
FRESH: Span = 5 * MINUTE
"""A brand not looked at for so long, or for a quarter of the window, is not rising."""


class Lookout:
    """Implements `model.view.View`; the spine puts a thread, a story or a mention in focus.

    What several rules ask of one instant is worked out once: nothing is counted while a brand is judged.
    """

    __slots__ = ("_authors", "_memory", "_pulse", "_signals", "_thread", "_told", "_views", "brand", "mention", "now")

    def __init__(self, now: Instant, brand: Brand, memory: Memory, pulse: Pulse | None = None) -> None:
        self.now = now
        self.brand = brand
        self._memory = memory
        self._pulse = pulse or memory.pulses[brand.key]
        self._thread = ""
        self._told = False
        self._views: dict[tuple[bool, str], ThreadView | None] = {}
        self._signals: dict[tuple[Detector, Span, Comparator | None], Signal] = {}
        self._authors: dict[tuple[Detector, Span], int] = {}
        self.mention: Sighting | None = None

    def size(self, thread: str, *, told: bool = False) -> int:
        """Mentions of a live conversation; `told`: of a story."""
        tracker = self._memory.tales.tracker if told else self._memory.tracker
        slot = tracker.slot_of(self.brand.key, thread)
        return 0 if slot is None else tracker.mentions(slot)

    def focus(self, thread: str, mention: Sighting | None = None, *, told: bool = False) -> None:
        """Put a conversation (gone from memory: none), and perhaps a mention of it, in focus; "" for neither.

        `told`: a story, which rules read as they do a conversation.
        """
        self._thread, self.mention, self._told = thread, mention, told

    @property
    def thread(self) -> ThreadView | None:
        """See `View`; worked out when it is first asked for: most rules say no before."""
        key = (self._told, self._thread)
        if self._thread and key not in self._views:
            tracker = self._memory.tales.tracker if self._told else self._memory.tracker
            slot = tracker.slot_of(self.brand.key, self._thread)
            self._views[key] = None if slot is None else tracker.view(slot, self.now)
        return self._views.get(key)

    def signal(self, detector: Detector, over: Span, by: Comparator | None = None) -> Signal:
        """See `View`."""
        key = detector, over, by
        found = self._signals.get(key)
        if found is None:
            found = self._signals[key] = self._pulse.signal(detector, over, by)
        return found

    def score(self, detector: Detector, over: Span) -> float:
        """See `View`."""
        return self._pulse.score(detector, over)

    def observed(self, detector: Detector, over: Span) -> float:
        """See `View`."""
        return self._pulse.amount(detector, over)

    def authors(self, detector: Detector, over: Span) -> int:
        """See `View`."""
        key = detector, over
        found = self._authors.get(key)
        if found is None:
            found = self._authors[key] = self._pulse.authors(detector, over)
        return found

    def ceiling(self, detector: Detector, over: Span, rate: float, by: Comparator | None = None) -> float:
        """See `View`."""
        if detector is Detector.THREAD:
            return self._memory.tracker.thread_ceiling(self.brand.key, rate)
        return self._pulse.ceiling(detector, over, rate, by)

    def silence(self) -> Span | None:
        """See `View`; what was silent because we were deaf does not count."""
        since = silent_since(self._pulse, self._memory.gaps.of(self.brand.key))
        return None if since is None or since > self.now else self.now - since

    def unanswered(self, over: Span) -> int | None:
        """See `View`."""
        complaints = self._memory.complaints.get(self.brand.key)
        if complaints is None or self.now < self._memory.gaps.caught_up_at(self.brand.key):
            return None
        return complaints.count(over, self.now)

    def sources(self, over: Span) -> tuple[str, ...]:
        """See `View`."""
        return self._memory.carriers[self.brand.key].sources(over, self.now)

    def gather(self, key: str, over: Span) -> int:
        """See `View`. A mention whose author is unknown counts for nobody."""
        authors = self._memory.recollection.setdefault(f"{self.brand.key}.{key}", {})
        if self.mention is not None and self.mention.author:
            last = authors.pop(self.mention.author, (0, ""))
            authors[self.mention.author] = max(last, (self.mention.counted_at, self.mention.mention), key=_turn)
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
        if self._told:
            return Subject(self.brand.key, story=self._thread)
        return Subject(self.brand.key, self.thread.id if self.thread else self.mention.thread if self.mention else "")

    def is_same_trouble(self, subject: Subject, incident: Incident, finding: Finding) -> bool:
        """Whether a new trouble and an open one are one.

        They are if a conversation or a story explains half of the brand's excess, or a conversation holds half of a
        story.
        """
        if incident.subject.quiet or subject.quiet or incident.subject.topic:
            return False
        told = subject.story or any(other.story for other in (incident.subject, *incident.covers))
        others = (incident.subject, *incident.covers) if told else (incident.subject,)
        return any(self._are_one(subject, other, incident, finding) for other in others)

    def _are_one(self, subject: Subject, other: Subject, incident: Incident, finding: Finding) -> bool:
        story, thread = subject.story or other.story, subject.thread or other.thread
        if story and thread:
            return self._is_of(story, thread)
        part, whole = (subject, other) if subject.story or subject.thread else (other, subject)
        if whole.story or whole.thread or not (part.story or part.thread):
            return False
        signal = finding.signal if whole is subject else incident.reason.signal
        over = signal.over if signal and signal.over else HOUR
        tracker = self._memory.tales.tracker if part.story else self._memory.tracker
        slot = tracker.slot_of(self.brand.key, part.story or part.thread)
        if slot is None:
            return False
        volume = self._pulse.signal(Detector.VOLUME, over)
        return tracker.recent(slot, over, self.now) >= HALF * max(1.0, volume.observed - volume.expected)

    def _is_of(self, story: str, thread: str) -> bool:
        """Whether a story is the conversation's: told first by its root, or half of the time in it."""
        return story == thread or self._memory.tales.share(self.brand.key, story, thread) >= HALF

    def evidence(self, rule: Rule, subject: Subject, finding: Finding) -> Evidence:
        """What people will be told, in numbers."""
        thread = self._about(subject)
        detector, over = _measure(finding.signal)
        onset = self._onset(subject, detector, over)
        if (gathered := self._gathered(rule)) and not (subject.thread or subject.story):
            shown = dict.fromkeys((*(mention for _, mention in gathered), *onset.samples))
            onset = Onset(onset.began_at if finding.signal else gathered[-1][0], tuple(shown)[:MOST_SHOWN])
        waiting = self._waiting(rule, finding)
        if waiting is not None:
            onset = waiting
        reason = self._reason(rule.name, rule.says, finding.clauses, finding.signal, thread)
        reason = replace(reason, heard_late=None if waiting else self._heard_late(onset.began_at))
        weight = self.weight(rule, subject, finding)
        return Evidence(reason, onset, weight.observed, weight.severity, weight.raised)

    def weight(self, rule: Rule, subject: Subject, finding: Finding) -> Weight:
        """That of the evidence; costs a hundredth of it."""
        thread = self._about(subject)
        if self._is_about_waiting(rule, finding):
            observed = max(_unanswered(finding))
        elif thread is not None:
            observed = float(thread.mentions)
        elif finding.signal is None:
            observed = float(self._pulse.mentions(_measure(None)[1]))
        else:
            observed = finding.signal.observed
        answered = thread is not None and thread.answered
        severity = severity_for(self.brand, rule.severity, answered=answered)
        return Weight(observed, severity, severity_for(self.brand, rule.severity, answered=answered, press=True))

    def _about(self, subject: Subject) -> ThreadView | None:
        """The conversation or story that a subject is, as far as it is in focus."""
        return self.thread if subject.thread or subject.story else None

    def press(self, incident: Incident) -> Press | None:
        """The press that has joined a trouble since it began on social media: its conversations, or the brand.

        What one mention made ring has begun with that mention: a rule about the press is not raised by it.
        """
        if incident.press is not None or incident.subject.quiet or incident.subject.topic:
            return None
        carriers, tales = self._memory.carriers[self.brand.key], self._memory.tales
        if not carriers.press or carriers.press[-1].at <= min(incident.opened_at, incident.runs_since):
            return None  # whichever it counts from below
        subjects = (incident.subject, *incident.covers)
        stories = {subject.story for subject in subjects} - {""}
        threads = {subject.thread for subject in subjects if not subject.story}
        if stories and "" not in threads:
            threads |= {post.thread for post in carriers.press if tales.story_of(post.mention) in stories}
        names = {clause.name for clause in incident.reason.clauses}
        by_one = any(name.startswith("mention.") for name in names) and "mention.authors" not in names
        since = max(incident.opened_at, incident.again_at or 0) if by_one else incident.runs_since
        post = carriers.jump(since, None if "" in threads else threads)
        return None if post is None else Press(post.mention, post.at, post.source)

    def refreshed(self, incident: Incident) -> Incident:
        """The incident with the numbers of now; its rule, its clauses and its beginning stay."""
        before = incident.reason
        self.focus(before.story or before.thread, told=bool(before.story))
        if self._thread and self.thread is None:
            return incident
        signal = before.signal and self._pulse.signal(before.signal.detector, before.signal.over, before.signal.by)
        reason = self._reason(before.rule, before.says, before.clauses, signal, self.thread)
        return replace(incident, reason=replace(reason, heard_late=before.heard_late))

    def is_urgent(self, incident: Incident) -> bool:
        """Whether the incident would be, once refreshed; asked at each tick of what is open."""
        before = incident.reason
        self.focus(before.story or before.thread, told=bool(before.story))
        doubling = before.doubling
        if self.thread is not None:
            doubling = _doubling(self.thread)
        elif not self._thread:
            signal = before.signal and self.signal(before.signal.detector, before.signal.over, before.signal.by)
            doubling = self._speed(signal)
        return doubling is not None and doubling <= URGENT

    def _speed(self, signal: Signal | None) -> Span | None:
        """The time in which a brand's excess doubles."""
        return self._pulse.doubling(*_measure(signal)) if signal and not signal.learning else None

    def _reason(
        self, rule: str, says: str, clauses: tuple[Clause, ...], signal: Signal | None, thread: ThreadView | None
    ) -> Reason:
        detector, over = _measure(signal)
        rules = (*self.brand.rules, *self.brand.shadows)
        asked = next((each.spread_over for each in rules if each.name == rule), None)
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
                thread="" if self._told else thread.id,
                story=thread.id if self._told else "",
                copies=self._copies(thread.first_at, thread.id),
                sources=self.sources(asked) if asked else (),
                phase=thread.phase,
                forecast=thread.likely,
                milestone=thread.milestone,
                doubling=_doubling(thread),
            )
        return Reason(
            rule=rule,
            says=says,
            clauses=clauses,
            signal=signal,
            trend=self._pulse.trend(detector),
            mentions=self._pulse.mentions(over),
            authors=self.authors(Detector.VOLUME, over),
            negative_share=self._pulse.share(over),
            reach=None,
            answered=False,
            copies=self._copies(self.now - over),
            sources=self.sources(asked or over),
            sector=self._sector(signal) if signal else None,
            campaign=self._pulse.campaign(over) if signal else None,
            doubling=self._speed(signal),
        )

    def _sector(self, signal: Signal) -> Sector | None:
        """The sector, if it rises with the brand, as far as the others were looked at."""
        others = [
            self._memory.pulses[key] for key in self.brand.peers if key in self._memory.pulses and key != self.brand.key
        ]
        recent = self.now - max(FRESH, signal.over // 4)
        rising = sum(
            other.looked_at > recent and other.signal(signal.detector, signal.over).score > LINE for other in others
        )
        if rising < FEWEST_PEERS or 2 * rising < len(others):
            return None
        return Sector(self.brand.sector or "", rising + 1, len(others) + 1)

    def _copies(self, since: Instant, thread: str = "") -> int:
        """Mentions that are copies of one text: of the conversation or the story in focus, or of the whole brand."""
        story, thread = (thread, "") if self._told else ("", thread)
        return self._memory.tales.copies(self.brand.key, since, story=story, thread=thread)

    def _gathered(self, rule: Rule) -> list[tuple[Instant, str]]:
        """The mentions by whose authors a rule counts, the newest first."""
        mine = f"{self.brand.key}.{rule.name}."
        return sorted(
            (
                last
                for key, authors in self._memory.recollection.items()
                if key.startswith(mine)
                for last in authors.values()
            ),
            key=_turn,
            reverse=True,
        )

    def _onset(self, subject: Subject, detector: Detector, over: Span) -> Onset:
        if subject.quiet:
            return Onset(silent_since(self._pulse, self._memory.gaps.of(self.brand.key)) or self.now, ())
        if not subject.thread and not subject.story:
            return self._pulse.onset(detector, over)
        angry = self.thread is not None and self.thread.negative_share >= ANGRY
        shown_by = Detector.NEGATIVITY if angry else detector
        mine = (self.mention.mention,) if self.mention else ()
        if subject.story:
            mine = (subject.story,)
            samples = self._pulse.show(lambda told: self._memory.tales.story_of(told) == subject.story, angry=angry)
        else:
            samples = self._pulse.onset(shown_by, LONGEST_WINDOW, subject.thread).samples
        began_at = self.thread.first_at if self.thread else self.mention.counted_at if self.mention else self.now
        return Onset(began_at, tuple(dict.fromkeys((*mine, *samples)))[:MOST_SHOWN])

    def _waiting(self, rule: Rule, finding: Finding) -> Onset | None:
        """Of a trouble that is complaints without an answer and nothing louder: since the first, and the loudest."""
        complaints = self._memory.complaints.get(self.brand.key)
        if complaints is None or not self._is_about_waiting(rule, finding):
            return None
        over = min(over for over, _ in rule.unanswered)
        began_at = complaints.oldest(self.now)
        return Onset(self.now if began_at is None else began_at, complaints.loudest(over, self.now, MOST_SHOWN))

    def _is_about_waiting(self, rule: Rule, finding: Finding) -> bool:
        known = self.brand.key in self._memory.complaints
        return known and rule.scope is Scope.BRAND and not finding.signal and bool(_unanswered(finding))

    def _heard_late(self, began_at: Instant) -> tuple[Instant, Instant] | None:
        deaf = [
            gap
            for gap in self._memory.gaps.of(self.brand.key)
            if gap.since < self.now and gap.until > began_at and gap.until <= self.now
        ]
        return (deaf[-1].since, deaf[-1].until) if deaf else None


def silent_since(pulse: Pulse, gaps: Iterable[Gap]) -> Instant | None:
    """The instant from which silence counts: the last mention or the end of the last gap; None before any mention."""
    if pulse.last_at is None:
        return None
    return max([pulse.last_at, *(gap.until for gap in gaps)])


def _doubling(thread: ThreadView) -> Span | None:
    """The time in which a rising conversation has twice as many posts, at the pace of its last ten minutes.

    One that was answered has not sped up since: whatever its pace, there is time to see whether the answer helps.
    """
    rises = thread.phase in {Phase.RISING, Phase.REBOUND} and thread.mentions >= FEWEST_TO_DOUBLE
    rises = rises and not thread.answered
    return round(HOUR * thread.mentions / thread.rate) if rises and thread.rate > 0 else None


def _unanswered(finding: Finding) -> list[float]:
    """How many complaints wait, for each time that was asked and has passed."""
    clauses = (clause for clause in finding.clauses if clause.name == UNANSWERED and clause.passed)
    return [clause.observed for clause in clauses if isinstance(clause.observed, float)]


def _measure(signal: Signal | None) -> tuple[Detector, Span]:
    """What a reason without a window of its own is measured by: volume over an hour."""
    return (signal.detector, signal.over) if signal and signal.over else (Detector.VOLUME, HOUR)


def _turn(last: tuple[Instant, str]) -> tuple[Instant, int, str]:
    """The newest comes last."""
    return last[0], *by_turn(last[1])
