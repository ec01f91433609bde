"""After a downtime: what was due meanwhile, or had not left before, is one message for each target."""

from collections.abc import Iterable, Mapping

from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind, Incident, Reason, Severity, State, Subject
from buzzwatch.model.input import Delivered
from buzzwatch.model.instant import Instant
from buzzwatch.model.notification import Notice, Target
from buzzwatch.model.signal import Trend
from buzzwatch.notify.night import MORNING

OUTAGE = "outage"
"""What the ids of these messages and the timer for them begin with."""
MOST_UNSENT = 5_000
"""Messages known to be under way; of more the oldest are forgotten, which only means that they leave by themselves."""
MOST_INCIDENTS = 500
"""In one message: of more the least bad are left to messages of their own."""


class Unsent:
    """Which messages have not turned out to be sent or given up: by target and incident, the key of the latest."""

    def __init__(self, keys: Iterable[tuple[str, str, str]] = ()) -> None:
        self._keys = {(target, incident): key for target, incident, key in keys}

    def put(self, notices: Iterable[Notice]) -> None:
        """Messages were queued. Those of no brand and no incident are nobody's alarm."""
        for notice in notices:
            for incident in incidents_of(notice):
                self._keys.pop((str(notice.target), incident.id), None)
                self._keys[str(notice.target), incident.id] = notice.key
        while len(self._keys) > MOST_UNSENT:
            del self._keys[next(iter(self._keys))]

    def finish(self, delivered: Delivered) -> list[str]:
        """Know what became of one; the incidents that it was of, where it was of several."""
        pair = (str(delivered.target), delivered.incident)
        if self._keys.get(pair) == delivered.key:
            del self._keys[pair]
        if not delivered.incident.startswith((OUTAGE, MORNING)):
            return []
        found = [pair for pair, key in self._keys.items() if key == delivered.key]
        for pair in found:
            del self._keys[pair]
        return [incident for _, incident in found]

    def by_target(self) -> dict[str, dict[str, str]]:
        """Keys by incident, for each target."""
        targets: dict[str, dict[str, str]] = {}
        for (target, incident), key in self._keys.items():
            targets.setdefault(target, {})[incident] = key
        return targets

    def dump(self) -> list[tuple[str, str, str]]:
        """Words only; `Unsent` of it is the same."""
        return [(target, incident, key) for (target, incident), key in self._keys.items()]


def incidents_of(notice: Notice) -> tuple[Incident, ...]:
    """What a message is about that another may tell in its stead. Marks to confirm have no place in another."""
    if notice.digest_since is not None or notice.marks:
        return ()
    if notice.night:
        return notice.night
    told = notice.incident.subject.brand and not notice.test and notice.incident.drill is None
    return (notice.incident,) if told else ()


def gather(
    notices: Iterable[Notice],
    unsent: Unsent,
    known: Mapping[str, Incident],
    outage: tuple[Instant, Instant],
    rules: Ruleset,
    now: Instant,
) -> list[Notice]:
    """The messages of the first decision after an outage, those of several incidents to one target as one."""
    left = unsent.by_target()
    fresh: dict[str, list[Notice]] = {}
    gathered: list[Notice] = []
    for notice in notices:
        if incidents_of(notice):
            fresh.setdefault(str(notice.target), []).append(notice)
        else:
            gathered.append(notice)
    for target in dict.fromkeys((*fresh, *left)):
        mine = fresh.get(target, [])
        incidents = {incident: known[incident] for incident in left.get(target, {}) if incident in known}
        incidents |= {incident.id: incident for notice in mine for incident in incidents_of(notice)}
        if len(incidents) > 1:
            worst = sorted(incidents.values(), key=_urgency)[:MOST_INCIDENTS]
            gathered.append(_together(target, worst, mine, left.get(target, {}), (outage, rules, now)))
        else:
            gathered += mine
    return gathered


def _urgency(incident: Incident) -> tuple[bool, int, int, Instant, str]:
    """What goes on before what has ended, the loudest first, of those the worst, then the oldest."""
    ended = incident.state is State.RESOLVED
    return ended, -incident.loudness, -incident.severity, incident.opened_at, incident.id


def _together(
    target: str,
    incidents: list[Incident],
    mine: list[Notice],
    left: Mapping[str, str],
    frame: tuple[tuple[Instant, Instant], Ruleset, Instant],
) -> Notice:
    outage, rules, now = frame
    name, _, by = target.partition("/")
    going_on = [incident for incident in incidents if incident.state is not State.RESOLVED]
    told = {incident.id for incident in incidents}
    needless = dict.fromkeys(key for incident, key in left.items() if incident in told)
    brands = {incident.subject.brand for incident in incidents}
    names = {key: brand.name for key, brand in rules.brands.items() if key in brands}
    people = {who for incident in incidents for who in (incident.taken_by, incident.closed_by)}
    names |= {key: person.name for key, person in rules.people.items() if key in people}
    standing_for = _frame(outage, going_on, incidents, now)
    return Notice(
        key=f"{standing_for.id}.{target}",
        due_at=now,
        target=Target(name, by),
        kind=ChangeKind.OPENED if going_on else ChangeKind.OVER,
        severity=standing_for.severity,
        language=_language(target, mine, incidents, rules),
        brand_name="",
        timezone=rules.timezone,
        incident=standing_for,
        names=names,
        page=any(incident.state is State.OPEN and target in incident.paged for incident in going_on),
        late_since=min((notice.late_since for notice in mine if notice.late_since is not None), default=None),
        night=tuple(incidents),
        outage=outage,
        instead_of=tuple(needless),
    )


def _language(target: str, mine: list[Notice], incidents: list[Incident], rules: Ruleset) -> str:
    """As that of the messages whose place it takes."""
    person = rules.people.get(target.partition("/")[0]) if "/" in target else None
    if person is not None:
        return person.language
    brand = rules.brands.get(incidents[0].subject.brand)
    return mine[0].language if mine else brand.language if brand else "en"


def _frame(
    outage: tuple[Instant, Instant], going_on: list[Incident], incidents: list[Incident], now: Instant
) -> Incident:
    """An incident of no brand that stands for all of them."""
    return Incident(
        id=f"{OUTAGE}-{outage[1]}",
        subject=Subject(brand=""),
        state=State.OPEN if going_on else State.RESOLVED,
        severity=max((incident.severity for incident in going_on), default=Severity.WATCH),
        began_at=min(incident.began_at for incident in incidents),
        opened_at=now,
        true_at=now,
        rules=(OUTAGE,),
        reason=Reason(OUTAGE, "", (), None, Trend.STEADY, 0, 0, None, None, answered=False),
        samples=(),
        route="",
        worst=0.0,
    )
