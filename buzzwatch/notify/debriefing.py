"""The debriefing of an incident: what happened, who did what when, and what the record says went otherwise."""

from collections.abc import Iterator

from msgspec import Struct

from buzzwatch.model.incident import Change, ChangeKind, Incident, Severity, State
from buzzwatch.model.input import Silenced
from buzzwatch.model.instant import DAY, Instant, Span
from buzzwatch.model.notification import Held, Notice, Sample
from buzzwatch.model.response import ResponseTimes
from buzzwatch.notify.course import Axes, Course, Moment, draw, ticks
from buzzwatch.notify.debriefing_words import WORDS, Words
from buzzwatch.notify.digest_words import NEEDLESS, reason_of
from buzzwatch.notify.facts import LONGEST_NAME, Facts
from buzzwatch.notify.letter import why
from buzzwatch.notify.quoting import clean, mask, quote, safe_link

MOST_SAMPLES = 10
_MOST_ROWS = 400
_LONGEST_SAMPLE = 600
_LONGEST_WHY = 300
_TAKES = frozenset({ChangeKind.TAKEN, ChangeKind.WAITING, ChangeKind.HELP})


class Delivery(Struct, frozen=True):
    """What became of a message about it: `state` as the outbox knows it, `failures` before that."""

    notice: Notice
    written_at: Instant
    state: str
    done_at: Instant | None
    failures: int
    why: str


class Crowd(Struct, frozen=True):
    """The mentions of the incident, counted."""

    course: Course | None
    angry: bool
    """Whether only angry ones are counted."""
    peak: int
    peak_at: Instant
    peak_span: Span
    authors: int
    reach: int | None
    complaints: int
    unanswered: int
    first_answer_at: Instant | None


class Debriefing(Struct, frozen=True):
    """Everything that the record says of an incident. `notice` stands for it: its language, zone and names."""

    notice: Notice
    now: Instant
    changes: tuple[Change, ...]
    deliveries: tuple[Delivery, ...]
    held: tuple[tuple[Instant, Held], ...]
    silences: tuple[Silenced, ...]
    crowd: Crowd
    samples: tuple[Sample, ...]
    unanswered: tuple[Sample, ...]
    answered: ResponseTimes | None
    marks: int
    """Posts of it that people marked as not negative or not ours."""

    @property
    def incident(self) -> Incident:
        """As it stands."""
        return self.notice.incident


class Post(Struct, frozen=True):
    """A post to show, made harmless: what it says, and who when."""

    text: str
    signed: str
    link: str | None


class Part(Struct, frozen=True):
    """A heading and what stands under it."""

    heading: str
    lines: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    head: tuple[str, ...] = ()
    posts: tuple[Post, ...] = ()
    picture: bool = False


class Sheet(Struct, frozen=True):
    """The whole, ready to be written in a format."""

    language: str
    title: str
    subtitle: str
    parts: tuple[Part, ...]
    picture: str
    """SVG; empty where there is too little to draw."""
    picture_says: str


def compose(told: Debriefing) -> Sheet:
    """The debriefing in words."""
    return _Writer(told).sheet()


class _Writer:
    def __init__(self, told: Debriefing) -> None:
        self.told = told
        self.facts = Facts(told.notice, told.now)
        self.w: Words = WORDS[self.facts.phrases.language]
        self.figures = self.facts.figures

    def sheet(self) -> Sheet:
        incident, facts = self.told.incident, self.facts
        picture, says = self._picture()
        parts = (
            Part(self.w.short, tuple(self._short())),
            Part(self.w.course, tuple(self._legend()), picture=bool(picture)),
            Part(self.w.times, rows=tuple(self._times()), head=self.w.times_head),
            Part(self.w.timeline, rows=tuple(self._timeline()), head=self.w.timeline_head),
            Part(self.w.decisions, tuple(self._decisions()) or (self.w.none,)),
            Part(self.w.why, tuple(why(facts))),
            Part(self.w.posts, posts=tuple(map(self._post, self.told.samples[:MOST_SAMPLES]))),
            Part(self.w.unanswered, tuple(self._unanswered()), posts=tuple(map(self._post, self.told.unanswered))),
            Part(self.w.again, tuple(self._again()) or (self.w.nothing_again,)),
        )
        shown = tuple(part for part in parts if part.lines or part.rows or part.posts or part.picture)
        title = self.w.title.format(brand=facts.brand, id=incident.id)
        subtitle = self.w.subtitle.format(now=self._stamp(self.told.now), zone=self.told.notice.timezone)
        return Sheet(facts.phrases.language, title, subtitle, shown, picture, says)

    def _short(self) -> Iterator[str]:
        incident, facts, crowd = self.told.incident, self.facts, self.told.crowd
        yield f"{facts.phrases.severity[self._worst()]}. {facts.says}".strip()
        end = self._ended_at()
        until = self.w.until.format(until=self._stamp(end)) if end else self.w.goes_on
        span = self.figures.span((end or self.told.now) - incident.began_at)
        yield self.w.lasted.format(since=self._stamp(incident.began_at), until=until, span=span)
        if crowd.peak:
            noun = facts.phrases.angry if crowd.angry else facts.phrases.posts
            yield self.w.peak.format(
                count=facts.phrases.count(crowd.peak, noun),
                span=self.figures.span(crowd.peak_span),
                at=self._stamp(crowd.peak_at),
            )
        if crowd.authors:
            yield self.w.authors.format(authors=facts.phrases.count(crowd.authors, facts.phrases.authors))
        if crowd.reach:
            yield self.w.reach.format(followers=facts.phrases.count(crowd.reach, facts.phrases.followers))
        yield from facts.beside()
        if incident.press:
            yield self.w.press.format(at=self._stamp(incident.press.at), source=facts.name(incident.press.source))

    def _worst(self) -> Severity:
        known = (change.incident.severity for change in self.told.changes)
        return max(known, default=self.told.incident.severity)

    def _ended_at(self) -> Instant | None:
        incident = self.told.incident
        return incident.closed_at if incident.state is State.RESOLVED else None

    def _first(self, kinds: frozenset[ChangeKind]) -> Instant | None:
        return next((change.at for change in self.told.changes if change.kind in kinds), None)

    def _first_sent(self, *, page: bool) -> Instant | None:
        sent = (d.done_at for d in self.told.deliveries if d.state == "sent" and (d.notice.page or not page))
        return min((at for at in sent if at is not None), default=None)

    def _steps(self) -> list[tuple[str, Instant | None]]:
        """What the picture marks and the table lists."""
        w = self.w
        paged = self._first_sent(page=True)
        told = (w.first_message, self._first_sent(page=False)) if paged is None else (w.first_page, paged)
        return [
            (w.onset, self.told.incident.began_at),
            told,
            (w.taken, self._first(_TAKES)),
            (w.first_answer, self.told.crowd.first_answer_at),
            (w.ended, self._ended_at()),
        ]

    def _times(self) -> Iterator[tuple[str, ...]]:
        began = self.told.incident.began_at
        for name, at in self._steps():
            after = "" if at is None or at == began else self.figures.span(at - began)
            yield name, self.w.never if at is None else self._stamp(at), after

    def _picture(self) -> tuple[str, str]:
        course = self.told.crowd.course
        if course is None:
            return "", ""
        w = self.w
        says = w.picture.format(
            since=self._stamp(course.since),
            until=self._stamp(course.until),
            span=self.figures.span(course.width),
            most=self.figures.number(max(course.counts)),
        )
        seen = w.seen_angry if self.told.crowd.angry else w.seen
        days = course.until - course.since > 2 * DAY
        times = tuple((at, self._stamp(at)[:-6] if days else self._stamp(at)[-5:]) for at in ticks(course))
        return draw(course, self._moments(), Axes(times, seen, w.usual, says)), says

    def _moments(self) -> list[Moment]:
        return [Moment(at, name) for name, at in self._steps() if at is not None]

    def _legend(self) -> Iterator[str]:
        """What the picture shows, in words."""
        course = self.told.crowd.course
        if course is None:
            return
        yield self._picture()[1]
        yield ", ".join(f"{n} {moment.label} {self._stamp(moment.at)}" for n, moment in enumerate(self._moments(), 1))
        if not any(value is not None for value in course.usual):
            yield self.w.without_usual

    def _timeline(self) -> Iterator[tuple[str, ...]]:
        rows: list[tuple[Instant, int, tuple[str, str]]] = []
        told_elsewhere = tuple(f"{each.notice.target}: " for each in self.told.deliveries)
        for change in self.told.changes:
            if change.kind is not ChangeKind.NOTED:
                rows.append((change.at, 0, (self._who(change.by), self._did(change))))
            elif change.why and not change.why.startswith(("silence: ", *told_elsewhere)):
                rows.append((change.at, 1, (self._who(change.by), mask(change.why, _LONGEST_WHY))))
        rows += [
            (each.done_at or each.written_at, 2, (self._target(str(each.notice.target)), self._became(each)))
            for each in self.told.deliveries
        ]
        rows += [(each.seen_at, 1, (self._who(each.by), self._hushed(each))) for each in self.told.silences]
        rows.sort(key=lambda row: row[:2])
        for at, _, told in rows[:_MOST_ROWS]:
            yield self._stamp(at), *told
        if len(rows) > _MOST_ROWS:
            yield "", "", self.w.more.format(n=self.figures.number(len(rows) - _MOST_ROWS))

    def _did(self, change: Change) -> str:
        incident = change.incident
        return self.w.changes.get(change.kind, change.kind.value).format(
            severity=self.facts.phrases.severity[incident.severity],
            until=self._stamp(incident.wait_until or change.at),
            why=clean(change.why or incident.wait_why, _LONGEST_WHY),
        )

    def _became(self, each: Delivery) -> str:
        w, notice = self.w, each.notice
        match each.state:
            case "sent":
                late = (
                    ""
                    if notice.late_since is None
                    else f", {self.facts.phrases.late.format(time=self._stamp(notice.late_since))}"
                )
                return (w.paged if notice.page else w.messaged).format(
                    by=notice.target.by or notice.target.name, late=late
                )
            case "superseded":
                return w.superseded
            case "failed":
                return w.given_up.format(why=mask(each.why, _LONGEST_WHY))
            case _:
                return w.waits.format(why=mask(each.why, _LONGEST_WHY)).rstrip(" :\u00a0")

    def _decisions(self) -> Iterator[str]:
        w = self.w
        said: list[tuple[Instant, str]] = []
        for change in self.told.changes:
            at, by = self._stamp(change.at), self._who(change.by)
            if change.kind is ChangeKind.WAITING:
                until = self._stamp(change.incident.wait_until or change.at)
                why = clean(change.incident.wait_why, _LONGEST_WHY)
                said.append((change.at, w.waited.format(at=at, by=by, until=until, why=why)))
            elif change.kind is ChangeKind.DISMISSED:
                said.append((change.at, w.dismissed.format(at=at, by=by)))
        for silence in self.told.silences:
            at, by = self._stamp(silence.seen_at), self._who(silence.by)
            said.append((silence.seen_at, w.said.format(at=at, by=by, what=self._hushed(silence))))
        return (line for _, line in sorted(said))

    def _hushed(self, silence: Silenced) -> str:
        phrase = self.w.silence_ended if silence.until <= silence.seen_at else self.w.silenced
        until, why = self._stamp(silence.until), clean(silence.why, _LONGEST_WHY)
        return phrase.format(what=silence.what, until=until, why=why)

    def _unanswered(self) -> Iterator[str]:
        crowd = self.told.crowd
        number = self.figures.number
        if not crowd.complaints:
            yield self.w.no_complaints
        elif crowd.unanswered:
            yield self._many(self.w.unanswered_some, crowd.unanswered, all=number(crowd.complaints))
        else:
            yield self._many(self.w.unanswered_none, crowd.complaints)
        if (times := self.told.answered) is not None and times.median is not None and times.p90 is not None:
            yield self.w.response.format(
                median=self.figures.span(times.median),
                p90=self.figures.span(times.p90),
                quick=self.figures.share(times.quick or 0.0),
            )

    def _again(self) -> Iterator[str]:
        """Facts only."""
        yield from self._missed()
        yield from self._failures()
        yield from self._turns()
        reasons: dict[str, int] = {}
        for _, held in self.told.held:
            if not held.why.startswith(NEEDLESS):
                said = reason_of(held.why, self.facts.phrases.language)
                reasons[said] = reasons.get(said, 0) + 1
        for said, number in reasons.items():
            yield self._many(self.w.held, number, why=mask(said, _LONGEST_WHY))
        if self.told.marks:
            yield self._many(self.w.marks, self.told.marks)

    def _missed(self) -> Iterator[str]:
        """Pages that left more than a step before anybody answered."""
        taken = self._first(_TAKES | {ChangeKind.RESOLVED, ChangeKind.DISMISSED})
        pages = [d for d in self.told.deliveries if d.notice.page and d.state == "sent"]
        rounds = sorted({d.notice.due_at for d in pages})
        last = rounds[-1:] if taken is None else [at for at in rounds if at <= taken][-1:]
        missed = [d for d in pages if (taken is None or d.notice.due_at < (last[0] if last else 0))]
        if missed:
            names = ", ".join(dict.fromkeys(self._target(str(d.notice.target)) for d in missed))
            phrase = self.w.nobody if taken is None else self.w.missed
            yield self._many(phrase, len(missed), names=names)

    def _failures(self) -> Iterator[str]:
        failures: dict[str, int] = {}
        lost: dict[tuple[str, str], int] = {}
        for each in self.told.deliveries:
            target = self._target(str(each.notice.target))
            if each.failures:
                failures[target] = failures.get(target, 0) + each.failures
            if each.state == "failed":
                given_up = (target, mask(each.why, _LONGEST_WHY))
                lost[given_up] = lost.get(given_up, 0) + 1
            if each.notice.late_since is not None:
                at, due = self._stamp(each.written_at), self._stamp(each.notice.late_since)
                yield self.w.late.format(at=at, target=target, due=due)
        for (target, why_lost), number in lost.items():
            yield self._many(self.w.lost, number, target=target, why=why_lost)
        for target, number in failures.items():
            yield self._many(self.w.failed, number, target=target)

    def _turns(self) -> Iterator[str]:
        w, incident = self.w, self.told.incident
        for change in self.told.changes:
            if change.kind is ChangeKind.RELEASED:
                yield w.lapsed.format(at=self._stamp(change.at))
            elif change.kind is ChangeKind.REOPENED:
                yield w.rebound.format(at=self._stamp(change.at))
            elif change.kind is ChangeKind.DISMISSED:
                yield w.false_alarm.format(by=self._who(change.by))
        if heard_late := incident.reason.heard_late:
            yield w.deaf.format(since=self._stamp(heard_late[0]), until=self._stamp(heard_late[1]))
        over = self._ended_at()
        if over is not None and incident.closed_by is None and self._first(_TAKES) is None:
            yield w.false_start.format(span=self.figures.span(over - incident.opened_at))

    def _many(self, noun: tuple[str, str], number: int, **filled: str) -> str:
        return noun[number not in self.facts.phrases.singular].format(n=self.figures.number(number), **filled)

    def _post(self, sample: Sample) -> Post:
        phrases = self.facts.phrases
        text = quote(sample.text, _LONGEST_SAMPLE) if sample.text else ""
        author = quote(sample.author, LONGEST_NAME) if sample.author else phrases.unknown_author
        if sample.followers is not None:
            followers = phrases.count(sample.followers, phrases.followers)
            author = phrases.with_followers.format(author=author, followers=followers)
        link = safe_link(sample.url) if text else None
        gone = phrases.let_go if sample.let_go else phrases.erased
        return Post(text or gone, f"{author}, {self._stamp(sample.posted_at)}", link)

    def _who(self, person: str | None) -> str:
        return self.facts.name(person) if person else self.w.machine

    def _target(self, target: str) -> str:
        name, _, by = target.partition("/")
        return f"{self.facts.name(name)} ({clean(by, LONGEST_NAME)})" if by else self.facts.name(name)

    def _stamp(self, at: Instant) -> str:
        """Day and hour: a debriefing is read later."""
        return self.facts.figures.clock(at, self.facts.zone, at - 2 * DAY)
