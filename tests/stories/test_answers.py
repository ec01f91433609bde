"""What people answer, at each point of an escalation, under the virtual clock."""

from collections.abc import Callable

import msgspec
import pytest
from msgspec.structs import replace
from stage import MONDAY, ONCALL, Scene, crowd, rules, sighting

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.incidents.answers import GRACE
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind, Incident, State
from buzzwatch.model.input import EVERYTHING, Command, Gap, Verb
from buzzwatch.model.instant import HOUR, MINUTE, SECOND, Instant, Span
from buzzwatch.model.notification import Notice
from buzzwatch.spine import Spine

NOON = MONDAY + 12 * HOUR
STEPS = {0: ["ines/push"], 5: ["ines/sms"], 10: ["karim/push"], 20: ["sophie/sms"], 35: ["ines/push"]}
"""Minutes after the alert, and who is paged then."""


class Drill(Scene):
    """A bad buzz of acme that goes on for as long as it is fed."""

    def __init__(self, ruleset: Ruleset | None = None) -> None:
        super().__init__(MONDAY, ruleset or rules())
        self.fed_to = NOON
        self.grow_for(5 * MINUTE, 2)
        self.began = self.incident.opened_at

    @property
    def incident(self) -> Incident:
        (incident,) = self.spine.memory.desk.incidents.values()
        return incident

    def grow_for(self, span: Span, per_minute: float) -> None:
        """Angry posts at a steady pace."""
        self.tell(*crowd(self.fed_to, round(span / MINUTE * per_minute), span))
        self.fed_to += span
        self.run_to(self.fed_to)

    def keep_alive_to(self, at: Instant) -> None:
        """Just as much as before, so that it is not over and does not grow."""
        lull = min(at, self.began + 12 * MINUTE)  # while what began it is still counted
        for until, per_minute in ((lull, 0.3), (at, 0.7)):
            if until > self.fed_to:
                self.grow_for(until - self.fed_to, per_minute)

    def answer(self, verb: Verb, by: str = "ines", until: Instant = 0, why: str = "") -> list[str]:
        """Who hears the answer."""
        at = self.spine.memory.now + SECOND
        before = len(self.notices)
        self.tell(Command(at, verb, self.incident.id, by, until, why))
        return [str(notice.target) for notice in self.notices[before:]]

    def wait(self, span: Span, by: str = "ines") -> Instant:
        """Let it wait; when that ends."""
        until = self.spine.memory.now + span
        self.answer(Verb.WAIT, by, until, "le communiqué part à 13 h")
        return until

    def paged_since(self, at: Instant) -> list[tuple[int, str]]:
        """Minutes since then, and who was paged."""
        return [((when - at) // MINUTE, str(n.target)) for when, o in self.outcomes for n in o.notices if n.page][
            sum(when < at for when, o in self.outcomes for n in o.notices if n.page) :
        ]

    def of_kind(self, kind: ChangeKind) -> list[Notice]:
        return [notice for notice in self.notices if notice.kind is kind]

    def restart(self, down: Span) -> None:
        """Stop, and start from a snapshot after so long."""
        since = self.spine.memory.now
        packed = msgspec.msgpack.encode(self.spine.memory.dump())
        self.spine = Spine(Memory.load(msgspec.msgpack.decode(packed), self.spine.memory.rules))
        self.fed_to = since + down
        self.tell(Gap(since + down, EVERYTHING, since, since + down))


@pytest.mark.parametrize("verb", [Verb.TAKE, Verb.HELP, Verb.NO_MATTER, Verb.RESOLVE, Verb.WAIT, Verb.SNOOZE])
@pytest.mark.parametrize("minute", STEPS)
def test_an_answer_at_any_step_stops_those_to_come_and_is_heard_by_all_who_were_told(verb: Verb, minute: int):
    drill = Drill()
    drill.keep_alive_to(drill.began + minute * MINUTE + 30 * SECOND)
    told_before = {str(notice.target) for notice in drill.notices}
    assert told_before == {"console", *(who for at, names in STEPS.items() if at <= minute for who in names)}
    until = drill.spine.memory.now + (HOUR if verb is Verb.SNOOZE else 12 * HOUR)
    heard = drill.answer(verb, "ines", until, "vu")
    helpers = {"karim/push", "sophie/sms"} if verb is Verb.HELP else set()
    assert set(heard) == told_before | helpers
    assert len(heard) == len(set(heard))
    answered_at = drill.spine.memory.now
    drill.run_to(answered_at + 20 * MINUTE)
    assert drill.paged_since(answered_at) == []


def test_the_first_who_takes_it_is_announced_and_so_is_who_takes_it_over():
    drill = Drill()
    assert drill.answer(Verb.TAKE, "ines") == ["console", "ines/push"]
    assert drill.answer(Verb.TAKE, "ines") == [], "it is theirs already"
    assert drill.answer(Verb.TAKE, "karim") == ["console", "ines/push"]
    assert drill.incident.taken_by == "karim"


def test_a_wait_is_announced_with_its_reason_and_rings_again_from_the_first_step_when_it_ends():
    drill = Drill()
    until = drill.wait(20 * MINUTE)
    (notice, *_) = drill.of_kind(ChangeKind.WAITING)
    assert (notice.incident.wait_until, notice.incident.wait_why) == (until, "le communiqué part à 13 h")
    drill.keep_alive_to(until + 6 * MINUTE)
    rung = next(at for at, o in drill.outcomes for c in o.changes if c.kind is ChangeKind.WAITED)
    assert until <= rung < until + SECOND
    assert drill.paged_since(until) == [(0, "ines/push"), (5, "ines/sms")]
    assert {str(notice.target) for notice in drill.of_kind(ChangeKind.WAITED)} == {"console", "ines/push"}
    assert (drill.incident.state, drill.incident.taken_by, drill.incident.wait_until) == (State.OPEN, None, None)


def test_what_gets_worse_during_a_wait_rings_at_once_and_not_again_at_its_end():
    drill = Drill()
    until = drill.wait(30 * MINUTE)
    now = drill.spine.memory.now
    drill.grow_for(5 * MINUTE, 20)
    assert [who for _, who in drill.paged_since(now)][:1] == ["ines/push"]
    assert drill.incident.state is State.OPEN
    drill.answer(Verb.TAKE, "karim")
    drill.keep_alive_to(until + MINUTE)
    assert drill.of_kind(ChangeKind.WAITED) == []


def test_what_ends_during_a_wait_is_over_and_rings_no_more():
    drill = Drill()
    until = drill.wait(5 * HOUR)
    drill.run_to(until + HOUR)
    assert drill.changes[-1].kind is ChangeKind.OVER
    assert drill.of_kind(ChangeKind.WAITED) == []


@pytest.mark.parametrize("span", [-MINUTE, 0, 25 * HOUR], ids=["past", "now", "too long"])
def test_a_wait_for_no_time_to_come_changes_nothing(span: Span):
    drill = Drill()
    assert drill.answer(Verb.WAIT, "ines", drill.spine.memory.now + SECOND + span, "x") == []
    assert drill.incident.state is State.OPEN


def test_help_is_asked_of_the_list_and_the_incident_stays_with_who_asks():
    listed = compile_rules({**rules().files, "oncall.yaml": ONCALL + "help: [sophie, ines]\n"})
    drill = Drill(listed)
    assert drill.answer(Verb.HELP, "ines") == ["console", "ines/push", "sophie/sms"]
    assert (drill.incident.state, drill.incident.taken_by) == (State.TAKEN, "ines")
    assert set(drill.answer(Verb.RESOLVE, "ines")) == {"console", "ines/push", "sophie/sms"}


def test_no_matter_closes_it_and_it_stays_closed_while_the_same_goes_on():
    drill = Drill()
    drill.answer(Verb.NO_MATTER, "karim")
    drill.keep_alive_to(drill.fed_to + 20 * MINUTE)
    assert (drill.incident.state, drill.incident.closed_by) == (State.RESOLVED, "karim")
    assert drill.changes[-1].kind is ChangeKind.DISMISSED


def growing(drill: Drill, span: Span) -> None:
    """As much as before, and in the last quarter of an hour ever more."""
    drill.keep_alive_to(drill.fed_to + span - 15 * MINUTE)
    for per_minute in (1.5, 3, 5):
        drill.grow_for(5 * MINUTE, per_minute)


def taken_and_growing() -> Drill:
    drill = Drill()
    drill.answer(Verb.TAKE, "ines")
    growing(drill, 46 * MINUTE)
    return drill


def test_what_still_grows_when_taken_for_ends_is_a_reminder_to_who_took_it_then_a_page_from_the_first_step():
    drill = taken_and_growing()
    reminded = drill.of_kind(ChangeKind.REMINDED)
    assert [str(notice.target) for notice in reminded] == ["ines/push"]
    at = reminded[0].due_at
    assert at == drill.of_kind(ChangeKind.TAKEN)[0].due_at + 45 * MINUTE
    drill.grow_for(10 * MINUTE, 8)
    assert [c.kind for c in drill.changes if c.kind is ChangeKind.RELEASED] == [ChangeKind.RELEASED]
    assert drill.paged_since(at) == [(GRACE // MINUTE, "ines/push"), (10, "ines/sms")]


def test_who_took_it_without_having_been_told_and_was_reminded_hears_of_its_end():
    drill = Drill()
    drill.answer(Verb.TAKE, "karim")
    growing(drill, 46 * MINUTE)
    assert [str(notice.target) for notice in drill.of_kind(ChangeKind.REMINDED)] == ["karim/push"]
    assert "karim/push" in drill.answer(Verb.RESOLVE, "ines")


@pytest.mark.parametrize(
    "answer",
    [
        lambda drill: drill.answer(Verb.TAKE, "ines"),
        lambda drill: drill.answer(Verb.TAKE, "karim"),
        lambda drill: drill.answer(Verb.HELP, "ines"),
        lambda drill: drill.wait(HOUR),
        lambda drill: drill.answer(Verb.RESOLVE, "ines"),
    ],
    ids=["take again", "taken over", "help", "wait", "resolve"],
)
def test_any_answer_to_the_reminder_keeps_it_from_ringing(answer: Callable[[Drill], object]):
    drill = taken_and_growing()
    assert drill.incident.reminded
    answer(drill)
    drill.grow_for(10 * MINUTE, 8)
    assert drill.of_kind(ChangeKind.RELEASED) == []


def test_what_does_not_grow_when_taken_for_ends_bothers_nobody():
    drill = Drill()
    drill.answer(Verb.TAKE, "ines")
    drill.keep_alive_to(drill.fed_to + 2 * HOUR)
    assert drill.incident.state is State.TAKEN
    assert drill.of_kind(ChangeKind.REMINDED) == []


def test_a_severity_that_rises_after_it_was_taken_pages_from_the_first_step():
    scene = Scene(MONDAY, rules())
    scene.tell(*crowd(NOON, 60, 6 * MINUTE, negativity=0.1))
    scene.run_to(NOON + 7 * MINUTE)
    (incident,) = scene.live
    scene.tell(Command(scene.spine.memory.now + SECOND, Verb.TAKE, incident.id, "karim"))
    assert scene.pages == []
    scene.tell(*crowd(NOON + 8 * MINUTE, 40, 6 * MINUTE))
    scene.run_to(NOON + 15 * MINUTE)
    assert [who for _, who in scene.pages][:1] == ["ines/push"]


@pytest.mark.parametrize("down", [MINUTE, 2 * HOUR], ids=["back before it ends", "back after it ended"])
def test_a_wait_outlives_a_restart(down: Span):
    drill = Drill()
    until = drill.wait(20 * MINUTE)
    drill.restart(down)
    drill.keep_alive_to(until + MINUTE)
    drill.run_to(drill.spine.memory.now + MINUTE)
    assert {str(notice.target) for notice in drill.of_kind(ChangeKind.WAITED)} == {"console", "ines/push"}


def test_what_was_taken_outlives_a_restart_and_is_asked_about_all_the_same():
    drill = Drill()
    drill.answer(Verb.TAKE, "ines")
    drill.keep_alive_to(drill.fed_to + 20 * MINUTE)
    drill.restart(SECOND)
    growing(drill, 26 * MINUTE)
    assert [str(notice.target) for notice in drill.of_kind(ChangeKind.REMINDED)] == ["ines/push"]


def test_old_incidents_without_a_time_for_news_are_given_one_at_their_next_answer():
    drill = Drill()
    drill.answer(Verb.TAKE, "ines")
    old = replace(drill.incident, remind_at=None)
    drill.spine.memory.desk.put(old)
    drill.answer(Verb.TAKE, "karim")
    assert drill.incident.remind_at == drill.spine.memory.now + 45 * MINUTE


def test_posts_of_other_brands_do_not_end_a_wait():
    drill = Drill()
    drill.wait(20 * MINUTE)
    drill.tell(sighting(drill.fed_to + SECOND, "z1", "zephyr", negativity=0.9))
    drill.run_to(drill.fed_to + MINUTE)
    assert drill.incident.wait_until is not None
