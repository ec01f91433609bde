"""Whatever people answer, whatever fails, whenever the machine restarts."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from stage import MONDAY, ONCALL, Scene, sighting

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Ruleset, Step
from buzzwatch.model.incident import Change, ChangeKind, Incident, Severity
from buzzwatch.model.input import (
    EVERYTHING,
    ClockSet,
    Command,
    Delivered,
    Drilled,
    Gap,
    Mark,
    Outcome,
    Proposed,
    RotaSwapped,
    Silenced,
    Verb,
)
from buzzwatch.model.instant import DAY, MINUTE, SECOND, Instant
from buzzwatch.model.notification import Notice
from buzzwatch.model.rota import Shift
from buzzwatch.notify.escalation import ALARMS
from buzzwatch.spine import Spine

ENDS = {ChangeKind.OVER, ChangeKind.RESOLVED, ChangeKind.DISMISSED}
BEGINNINGS = {ChangeKind.OPENED, ChangeKind.REOPENED, ChangeKind.WAITED, ChangeKind.RELEASED, ChangeKind.UNSILENCED}
"""What pages from the first step on."""
TAKES = {ChangeKind.TAKEN, ChangeKind.WAITING, ChangeKind.SNOOZING, ChangeKind.HELP}
BRAND = """
brand: acme
official: ["x:@acme"]
match: {any: [acme]}
rules:
  - {name: many, when: {volume: {over: 15m, at_least: 12}}, severity: warning, notify: room}
  - {name: waiting, when: {unanswered: {for: 20m, at_least: 2}}, severity: warning, notify: room}
  - {name: murmur, when: {mention: {negativity: 0.3}}, severity: warning, notify: room}
  - {name: shout, when: {mention: {negativity: 0.7}}, severity: critical, notify: oncall}
  - {name: silence, when: {quiet: {over: 1h}}, severity: critical, notify: oncall}
"""
FIRST_STEP_WAITS = ONCALL.replace("after: 0m", "after: 3m")
BY_TURNS = """
people:
  ines: {name: Inès, reach: {push: console}}
  karim: {name: Karim, reach: {push: console}}
  sophie: {name: Sophie, reach: {push: console}}
  lea: {name: Léa, reach: {push: console}}
  max: {name: Max, reach: {push: console}}
rota:
  comms: {ical: comms.ics, fallback: sophie}
  direction: {people: [lea, max], starts: 2026-02-23, hand_over: monday 00:30}
routes:
  oncall:
    steps:
      - {after: 0m, tell: "rota:comms"}
      - {after: 5m, tell: "next:comms"}
      - {after: 10m, tell: "rota:direction"}
    repeat: every 15m
    copy: [console]
  room: {copy: [console]}
  ops: {copy: [console]}
"""


def compiled(oncall: str) -> Ruleset:
    return compile_rules({"acme.yaml": BRAND, "oncall.yaml": oncall})


RULES = [compiled(ONCALL), compiled(FIRST_STEP_WAITS), compiled(BY_TURNS)]

ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("post"), st.sampled_from(["x:a", "x:b"]), st.sampled_from([0.1, 0.4, 0.9])),
        st.tuples(st.just("wait"), st.integers(1, 50), st.none()),
        st.tuples(st.just("answer"), st.sampled_from(list(Verb)), st.sampled_from(["ines", "karim"])),
        st.tuples(st.just("silence"), st.booleans(), st.sampled_from([0, 2, 15, 70])),
        st.tuples(st.just("deliver"), st.booleans(), st.none()),
        st.tuples(st.just("restart"), st.integers(0, 90), st.booleans()),
        st.tuples(st.just("back"), st.sampled_from([1, 15, 25, 35, 60]), st.none()),
        st.tuples(st.just("shift"), st.integers(1, 50), st.sampled_from(["ines", "karim", "sophie"])),
        st.tuples(st.just("drill"), st.booleans(), st.none()),
        st.tuples(st.just("rush"), st.sampled_from([0.1, 0.65]), st.none()),
        st.tuples(st.just("mark"), st.sampled_from(list(Mark)), st.sampled_from(["ines", "karim"])),
    ),
    max_size=40,
)

TAKEN_AND_RISING = [
    ("post", "x:a", 0.4),
    ("wait", 1, None),
    ("answer", Verb.TAKE, "ines"),
    ("post", "x:a", 0.9),
    ("wait", 30, None),
]
HANDED_OVER_IN_A_SILENCE = [
    ("shift", 5, "karim"), ("post", "x:a", 0.9), ("wait", 2, None), ("silence", True, 15), ("wait", 30, None),
]  # fmt: skip
SET_BACK_WHILE_IT_PAGES = [("post", "x:a", 0.9), ("wait", 20, None), ("post", "x:a", 0.9), ("wait", 20, None)]
SET_BACK_WHILE_IT_PAGES += [("back", 25, None), ("post", "x:a", 0.9), ("wait", 20, None), ("post", "x:a", 0.9)]


class World(Scene):
    """A spine that is restarted, a courier that fails, a clock that is set back, and a calendar that is changed.

    Instants of what came of it are those of a clock that was always right.
    """

    def __init__(self, ruleset: Ruleset) -> None:
        self.back = 0
        super().__init__(MONDAY, ruleset, "acme")
        self.waiting = self.down = 0
        self._hand_over(MONDAY + SECOND, MONDAY + DAY, "karim")
        self.record: dict[str, Incident] = {}
        self.quiet: dict[str, list[tuple[int, int]]] = defaultdict(list)
        """When each brand or incident was silenced, and until when."""

    def _keep(self, stepped: Iterable[tuple[Instant, Outcome]]) -> None:
        for at, outcome in stepped:
            notices = tuple(replace(notice, due_at=notice.due_at + self.back) for notice in outcome.notices)
            super()._keep([(at + self.back, replace(outcome, notices=notices))])

    def play(self, act: str, one: object, two: object) -> None:  # noqa: C901, PLR0912 - as many as there are acts
        now = self.spine.memory.now + SECOND
        match act:
            case "post":
                self.tell(sighting(now, f"p{now}", thread=one, negativity=two))
            case "wait":
                self.run_to(now + one * MINUTE)
            case "answer":
                for incident in self.live[:1]:
                    self.tell(Command(now, one, incident.id, two, now + 20 * MINUTE, "x"))
            case "silence":
                self._silence("acme" if one or not self.live else self.live[0].id, now, two * MINUTE)
            case "deliver":
                for notice in self.notices[self.waiting : self.waiting + 1]:
                    self.tell(Delivered(now, notice.key, notice.incident.id, notice.target, sent=one, why="no"))
                    self.waiting += 1
            case "restart":
                self._restart(now, one * MINUTE, from_snapshot=two)
            case "back":
                was = self.spine.memory.now
                self.run_to(was)
                self.back += one * MINUTE
                self.tell(ClockSet(was - one * MINUTE, was))
            case "shift":
                self._hand_over(now, now + one * MINUTE, two)
            case "drill":
                self.tell(Drilled(now, "acme", "oncall", "karim", copies=one))
            case "rush":
                for number in range(30):  # ever faster, within ten minutes
                    at = now + int(10 * MINUTE * (number / 30) ** 0.25)
                    self.tell(sighting(at, f"r{now}-{number}", negativity=one))
            case "mark":
                self.tell(Proposed(now, "acme-1", "acme", f"x:p{now}", one, two))

    def _hand_over(self, now: Instant, at: Instant, to: str) -> None:
        self.tell(RotaSwapped(now, "comms", (Shift(0, at, "ines"), Shift(at, at + 100 * DAY, to))))

    def _silence(self, what: str, now: int, span: int) -> None:
        at = now + self.back
        self.quiet[what] = [(since, min(until, at)) for since, until in self.quiet[what]]
        if span:
            self.quiet[what].append((at, at + span))
        self.tell(Silenced(now, what, now + span, "x", "karim"))

    def is_quiet(self, incident: str, at: int) -> bool:
        """Whether a silence held what was to be said of it then."""
        return any(since <= at < until for what in ("acme", incident) for since, until in self.quiet[what])

    def hushes(self, incident: str, since: int, until: int) -> bool:
        """Whether a silence held anything of it in a stretch of time."""
        return any(began < until and since < ended for what in ("acme", incident) for began, ended in self.quiet[what])

    def _restart(self, now: int, down: int, *, from_snapshot: bool) -> None:
        for _, outcome in self.outcomes:
            self.record |= {incident.id: incident for incident in outcome.touched}
        since = self.spine.memory.now
        self.down += down + SECOND
        if from_snapshot:
            packed = msgspec.msgpack.encode(self.spine.memory.dump())
            self.spine = Spine(Memory.load(msgspec.msgpack.decode(packed), self.spine.memory.rules))
        known = list(self.spine.memory.desk.incidents)
        self.spine.restore([self.record[key] for key in known])
        self.tell(Gap(now + down, EVERYTHING, since, now + down))


@pytest.mark.parametrize("ruleset", RULES, ids=["first step at once", "first step after 3 min", "by turns"])
def test_no_critical_incident_passes_without_a_person_told_unless_it_ended_or_was_taken_before(ruleset: Ruleset):
    wait = ruleset.routes["oncall"].steps[0].after

    @settings(max_examples=40)
    @given(ACTS)
    @example(TAKEN_AND_RISING)
    @example(HANDED_OVER_IN_A_SILENCE)
    @example(SET_BACK_WHILE_IT_PAGES)
    def check(acts: list[tuple[str, object, object]]) -> None:
        world = World(ruleset)
        for act in acts:
            world.play(*act)
        world.run_to(world.spine.memory.now + 2 * DAY)
        keys = [notice.key for notice in world.notices if not notice.incident.id.startswith("ops-")]
        assert len(keys) == len(set(keys)), "one key, one message"
        for incident, (changes, notices) in histories(world).items():
            assert_paged(world, incident, (changes, notices), wait + world.down)
            assert_climbed(world, incident, (changes, notices), ruleset.routes["oncall"].steps)
            assert_silences_kept(world, incident, notices)
            assert_rises_are_nobodys(changes)
            assert not [n for _, n in notices if n.page and n.incident.taken_by], "whoever has it has it"
            assert_ends_told(changes, notices)
            assert_snoozes_end(changes)
            assert_repeated_for_a_cause(changes, notices)
        assert_told_once_nothing_larger_is_left(world)

    check()


def histories(world: World) -> dict[str, tuple[list[Change], list[tuple[int, Notice]]]]:
    found: dict[str, tuple[list[Change], list[tuple[int, Notice]]]] = defaultdict(lambda: ([], []))
    for at, outcome in world.outcomes:
        for change in outcome.changes:
            found[change.incident.id][0].append(replace(change, at=at))
        for notice in outcome.notices:
            for each in unfolded(notice, found):
                found[each.incident.id][1].append((at, each))
    return found


def unfolded(notice: Notice, found: dict[str, tuple[list[Change], list[tuple[int, Notice]]]]) -> list[Notice]:
    """A message as one of each incident that it is of: after an outage several are one."""
    if notice.incident.id.startswith("ops-"):
        return []
    if not notice.outage:
        return [notice]
    pages = {each.id: str(notice.target) in each.paged and notice.page for each in notice.night}
    return [
        replace(notice, incident=each, kind=kind_of(each, found[each.id][0]), page=pages[each.id])
        for each in notice.night
    ]


def kind_of(incident: Incident, changes: list[Change]) -> ChangeKind:
    """The change by which it came to be as it is."""
    kinds = [change.kind for change in changes if change.incident.revision == incident.revision]
    return kinds[-1] if kinds else ChangeKind.OPENED


def assert_silences_kept(world: World, incident: str, notices: list[tuple[int, Notice]]) -> None:
    """No alarm and no page leaves while a named person wants none."""
    loud = [(at, n) for at, n in notices if (n.page or n.kind in ALARMS) and world.is_quiet(incident, at)]
    assert not loud, loud


def assert_paged(
    world: World, incident: str, history: tuple[list[Change], list[tuple[int, Notice]]], wait: int
) -> None:
    """Where an alarm left it critical and untaken, pages go out, or what makes them needless comes before.

    What a silence held is an alarm once more when that ends.
    """
    changes, notices = history
    for number, change in enumerate(changes):
        if change.kind in ALARMS and change.incident.loudness is Severity.CRITICAL and change.incident.taken_by is None:
            needless = {ChangeKind.CALMED, *TAKES, *ENDS}
            since = max((earlier.at for earlier in changes[:number] if earlier.kind in needless), default=0)
            pages = [at for at, notice in notices if notice.page and notice.target.by and at >= since]
            if any(world.is_quiet(incident, at) for at in (change.at, change.at + wait)):
                later_kinds = {later.kind for later in changes[number + 1 :]}
                assert pages or later_kinds & {ChangeKind.UNSILENCED, *needless}, (change, changes)
                continue
            before = [later.at for later in changes[number + 1 :] if later.kind in needless]
            assert pages or (before and before[0] <= change.at + wait), (change, notices)


def assert_climbed(
    world: World, incident: str, history: tuple[list[Change], list[tuple[int, Notice]]], steps: tuple[Step, ...]
) -> None:
    """Where nothing happens for long enough after it began to page, every step has paged somebody."""
    changes, notices = history
    ended = world.spine.memory.now + world.back
    for number, change in enumerate(changes):
        begins = change.kind in BEGINNINGS or not any(n.page and at < change.at for at, n in notices)
        critical = change.incident.loudness is Severity.CRITICAL and change.incident.taken_by is None
        if change.kind not in ALARMS or not begins or not critical:
            continue
        news = (later.at for later in changes[number + 1 :] if later.kind is not ChangeKind.NOTED or is_news(later))
        until = min(news, default=ended)
        if until > change.at + steps[-1].after + MINUTE and not (
            world.down or world.hushes(incident, change.at, until)
        ):
            paged = {str(n.target) for at, n in notices if n.page and change.at <= at < until}
            assert len(paged) >= len(steps), (change, paged)


def assert_rises_are_nobodys(changes: list[Change]) -> None:
    """What comes to critical is more than what somebody has taken."""
    for before, after in pairwise(changes):
        if before.incident.severity < after.incident.severity is Severity.CRITICAL:
            assert after.incident.taken_by is None, after


def assert_repeated_for_a_cause(changes: list[Change], notices: list[tuple[int, Notice]]) -> None:
    """Nobody is paged twice in the same way before the round is over, unless there is news.

    What a downtime made late counts from when it was due.
    """
    before: dict[str, int] = {}
    for at, notice in notices:
        since = before.get(str(notice.target))
        if notice.page and since is not None and notice.due_at - since < 15 * MINUTE:
            assert any(since <= change.at <= at and is_news(change) for change in changes), (since, notice)
        if notice.page:
            before[str(notice.target)] = notice.due_at


def is_news(change: Change) -> bool:
    """An alarm, or that others are on duty."""
    return change.kind in ALARMS or change.why.startswith("on duty from now on")


def assert_snoozes_end(changes: list[Change]) -> None:
    """Who is to be rung again is, unless they or somebody else answers before, it rings for all, or it ends."""
    for number, change in enumerate(changes):
        if change.kind is ChangeKind.SNOOZING:
            later = {each.kind for each in changes[number + 1 :]}
            assert later & {ChangeKind.SNOOZED, *TAKES, *ALARMS, *ENDS}, change


def assert_told_once_nothing_larger_is_left(world: World) -> None:
    """What was held behind a critical incident is told in the end, unless it was over, taken or critical first.

    Unless both go on still: nobody is heard, and complaints wait.
    """
    live = {each.id for each in world.live}
    waiting = {each.id for each in world.live if each.behind in live}
    held = [(at, each.incident) for at, o in world.outcomes for each in o.held if "told with it" in each.why]
    for at, incident in held:
        changes = (change for when, o in world.outcomes if when >= at for change in o.changes)
        later = [change for change in changes if change.incident.id == incident]
        needless = ENDS | TAKES | {ChangeKind.OUTLASTED}
        told = any(c.kind in needless or c.incident.loudness is Severity.CRITICAL for c in later)
        assert told or incident in waiting, (at, incident)


def assert_ends_told(changes: list[Change], notices: list[tuple[int, Notice]]) -> None:
    """Whoever was told of it hears of each end."""
    for change in changes:
        if change.kind in ENDS:
            revision = change.incident.revision
            before = {str(n.target) for _, n in notices if n.incident.revision < revision}
            ended = {str(n.target) for _, n in notices if n.incident.revision == revision and n.kind is change.kind}
            assert before == ended, change
