"""What waits for the morning: held at night for each person, and told in one message at its end."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from zlib import crc32

import msgspec

from buzzwatch.model.brand import Ruleset
from buzzwatch.model.forgotten import turn_of
from buzzwatch.model.incident import ChangeKind, Incident, Reason, Severity, State, Subject
from buzzwatch.model.instant import Instant
from buzzwatch.model.notification import Held, Notice, Target
from buzzwatch.model.proposal import Proposal
from buzzwatch.model.signal import Trend

MORNING = "morning"
"""What the ids of these messages and the timer for them begin with."""
MOST_INCIDENTS = 500
"""Of more in one night the oldest are left out: the list of incidents has them."""


class Overnight:
    """Incidents of which persons were not told at night, as they stood last, and whom to tell by which means."""

    def __init__(self) -> None:
        self.incidents: dict[str, Incident] = {}
        self.targets: dict[str, dict[str, None]] = {}

    def hold(self, held: Iterable[Held], incident: Incident) -> Instant | None:
        """Keep what waits for the morning; when that is, None if nothing does."""
        until: Instant | None = None
        for each in held:
            if each.night:
                until = each.until
                self.incidents[incident.id] = incident
                self.targets.setdefault(incident.id, {})[each.target] = None
        while len(self.incidents) > MOST_INCIDENTS:
            oldest = next(iter(self.incidents))
            del self.incidents[oldest], self.targets[oldest]
        return until

    def follow(self, touched: Iterable[Incident]) -> None:
        """Know how incidents stand now: one that ended is gone from the desk by the morning."""
        for incident in touched:
            if incident.id in self.incidents:
                self.incidents[incident.id] = incident

    def by_person(self, but: Collection[tuple[str, str]]) -> dict[Target, list[Incident]]:
        """What to tell each person, by the first means that was held; who is in `but` (incident, person) knows it."""
        means: dict[str, Target] = {}
        told: dict[str, dict[str, None]] = {}
        for key, targets in self.targets.items():
            for target in targets:
                person, _, by = target.partition("/")
                if (key, person) not in but:
                    means.setdefault(person, Target(person, by))
                    told.setdefault(person, {})[key] = None
        return {means[person]: [self.incidents[key] for key in told[person]] for person in sorted(told)}

    def dump(self) -> list[Any]:
        """Words and numbers only; `load` gives the same."""
        return [[msgspec.to_builtins(incident), list(self.targets[key])] for key, incident in self.incidents.items()]

    @classmethod
    def load(cls, dumped: list[Any]) -> "Overnight":
        """What was dumped."""
        overnight = cls()
        for body, targets in dumped:
            incident = msgspec.convert(body, Incident)
            overnight.incidents[incident.id] = incident
            overnight.targets[incident.id] = dict.fromkeys(targets)
        return overnight


def leave(
    overnight: Overnight,
    but: Collection[tuple[str, str]],
    rules: Ruleset,
    now: Instant,
    marks: Mapping[str, Sequence[Proposal]] = {},
) -> list[Notice]:
    """One message for each person: what waited, what of it still goes on, what ended, and the `marks` of theirs."""
    waited = overnight.by_person(but)
    known = {target.name for target in waited}
    others = [(name, rules.people[name]) for name in marks if name in rules.people and name not in known]
    waited |= {Target(name, next(iter(person.reach))): [] for name, person in others if person.reach}
    return [_notice(target, incidents, marks.get(target.name, ()), rules, now) for target, incidents in waited.items()]


def _notice(
    target: Target, incidents: list[Incident], marks: Sequence[Proposal], rules: Ruleset, now: Instant
) -> Notice:
    person = rules.people.get(target.name)
    going_on = [incident for incident in incidents if incident.state is not State.RESOLVED]
    frame = _frame(now, going_on, incidents, marks)
    brands = {incident.subject.brand for incident in incidents} | {mark.brand for mark in marks}
    names = {key: brand.name for key, brand in rules.brands.items() if key in brands}
    mentioned = {name for incident in incidents for name in (incident.taken_by, incident.closed_by)}
    names |= {key: each.name for key, each in rules.people.items() if key in mentioned}
    return Notice(
        key=f"{frame.id}.{_content(incidents, marks)}.{target}",
        due_at=now,
        target=target,
        kind=ChangeKind.OPENED if going_on else ChangeKind.OVER,
        severity=frame.severity,
        language=person.language if person else "en",
        brand_name="",
        timezone=rules.timezone,
        incident=frame,
        names=names,
        night=tuple(incidents),
        marks=tuple(marks),
    )


def _content(incidents: list[Incident], marks: Sequence[Proposal]) -> str:
    """Names what is told: where the clock is set back behind a morning, the same second tells something else."""
    told = [
        *(f"{each.id}.{each.revision}" for each in incidents),
        *(f"{turn_of(mark.mention)}.{mark.at}" for mark in marks),
    ]
    return f"{crc32(' '.join(told).encode()):x}"


def _frame(now: Instant, going_on: list[Incident], incidents: list[Incident], marks: Sequence[Proposal]) -> Incident:
    """An incident of no brand that stands for all of them: nobody can take it. Its posts are those marked."""
    reason = Reason(MORNING, "", (), None, Trend.STEADY, 0, 0, None, None, answered=False)
    return Incident(
        id=f"{MORNING}-{now // 1000}",
        subject=Subject(brand=""),
        state=State.OPEN if going_on else State.RESOLVED,
        severity=max((incident.severity for incident in going_on), default=Severity.WATCH),
        began_at=min((incident.began_at for incident in incidents), default=now),
        opened_at=now,
        true_at=now,
        rules=(MORNING,),
        reason=reason,
        samples=tuple(mark.mention for mark in marks),
        route="",
        worst=0.0,
    )
