"""Who is on duty, and what may wake them."""

from collections import defaultdict
from functools import cache
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import MONDAY, House, Scene, mention, sighting

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.clock import VirtualClock
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind, Incident, Severity, State
from buzzwatch.model.input import EVERYTHING, ClockSet, Command, Gap, RulesSwapped, Trouble, Verb
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant
from buzzwatch.model.notification import Held, Notice
from buzzwatch.notify.render import render
from buzzwatch.spine import Spine

BRAND = """
brand: acme
name: Acme Airlines
timezone: Europe/Paris
match: {any: [acme]}
rules:
  - {name: murmur, when: {mention: {negativity: 0.3}}, severity: warning, notify: people}
  - {name: grumble, when: {mention: {negativity: 0.6}}, severity: critical, at_night: wait, notify: oncall}
  - {name: shout, when: {mention: {negativity: 0.8}}, severity: critical, notify: oncall}
"""
ONCALL = """
timezone: Europe/Paris
people:
  ines: {name: Inès, language: fr, reach: {push: console, sms: console}}
  karim: {name: Karim, language: en, reach: {push: console}}
  sophie: {name: Sophie, language: en, reach: {sms: console}}
night: {from: "22:00", until: "07:00"}
rota:
  comms: {people: [ines, karim], starts: 2026-03-02, hand_over: monday 09:00,
          overrides: [{from: "2026-03-11 12:00", until: "2026-03-11 20:00", person: sophie, why: dentist}]}
routes:
  oncall:
    steps:
      - {after: 0m, tell: "rota:comms", by: [push, sms]}
      - {after: 10m, tell: "next:comms", by: [push, sms]}
      - {after: 20m, tell: sophie}
    copy: [console]
  people: {steps: [{after: 0m, tell: "rota:comms", by: [push, sms]}]}
  ops: {copy: [console], steps: [{after: 0m, tell: ines, by: [push]}]}
"""
MURMUR, GRUMBLE, SHOUT = 0.4, 0.7, 0.9
DUSK = MONDAY + 20 * HOUR
"""Monday, 21:00 in Paris."""
DAWN = MONDAY + DAY + 6 * HOUR
"""Tuesday, 07:00 there."""
HAND_OVER = MONDAY + 7 * DAY + 8 * HOUR
"""The Monday after, 09:00 there."""


@cache
def rules(oncall: str = ONCALL) -> Ruleset:
    return compile_rules({"acme.yaml": BRAND, "oncall.yaml": oncall})


class Night(Scene):
    """A spine that is dumped and loaded again before each thing that happens."""

    def __init__(self, start: Instant = MONDAY + 9 * HOUR, oncall: str = ONCALL) -> None:
        super().__init__(start, rules(oncall), "acme")

    def post(self, at: Instant, negativity: float, thread: str = "x:a") -> None:
        self.restart()
        self.tell(sighting(at, f"n{at}{thread}", thread=thread, negativity=negativity))
        self.run_to(at + SECOND)

    def goes_on(self, since: Instant, until: Instant, negativity: float, thread: str = "x:a") -> None:
        for at in range(since, until, 10 * MINUTE):
            self.post(at, negativity, thread)
        self.run_to(until)

    def say(self, at: Instant, verb: Verb, by: str) -> None:
        self.restart()
        self.tell(Command(at, verb, self.live[0].id, by))

    def restart(self) -> None:
        packed = msgspec.msgpack.encode(self.spine.memory.dump())
        self.spine = Spine(Memory.load(msgspec.msgpack.decode(packed), self.spine.memory.rules))
        assert msgspec.msgpack.encode(self.spine.memory.dump()) == packed

    def told(self, since: Instant, until: Instant) -> list[str]:
        """Persons reached in a stretch of time."""
        return [str(n.target) for at, o in self.outcomes for n in o.notices if since <= at < until and n.target.by]

    @property
    def mornings(self) -> list[Notice]:
        return [notice for notice in self.notices if notice.night]

    @property
    def held(self) -> list[Held]:
        return [held for _, outcome in self.outcomes for held in outcome.held if held.until is not None]


def words(notice: Notice) -> str:
    return render(notice, (), None, notice.due_at).text.replace("\u00a0", " ")


def test_a_warning_at_night_waits_for_the_morning_and_leaves_once():
    night = Night()
    night.post(DUSK + 2 * HOUR, MURMUR)
    night.goes_on(DUSK + 2 * HOUR + MINUTE, DAWN + 2 * HOUR, MURMUR)
    assert night.told(0, DAWN) == []
    assert {(held.target, held.until) for held in night.held} == {("ines/push", DAWN), ("ines/sms", DAWN)}
    assert "the rule waits for the morning" in night.held[0].why
    assert night.told(DAWN, DAWN + 2 * HOUR) == ["ines/push"]
    (morning,) = night.mornings
    assert "Toujours en cours" in words(morning)
    assert "ALERTE Acme Airlines" in words(morning)
    assert render(morning, (), None, DAWN).short == "La nuit : 1 alerte en cours"


def test_what_died_by_itself_is_told_in_the_morning_and_two_things_are_one_message():
    night = Night()
    night.post(DUSK + 2 * HOUR, MURMUR, "x:a")
    night.run_to(DUSK + 6 * HOUR)
    night.post(DUSK + 7 * HOUR, MURMUR, "x:b")
    night.goes_on(DUSK + 7 * HOUR + MINUTE, DAWN + HOUR, MURMUR, "x:b")
    assert night.told(0, DAWN) == []
    (morning,) = night.mornings
    assert [incident.state for incident in morning.night] == [State.RESOLVED, State.OPEN]
    assert "fini sans intervention à" in words(morning)
    assert "1 alerte en cours, 1 terminée" in render(morning, (), None, DAWN).title.replace("\u00a0", " ")


def test_a_critical_rule_that_waits_pages_at_dawn_and_needs_no_second_message():
    night = Night()
    night.goes_on(DUSK + 2 * HOUR, DAWN + 11 * MINUTE, GRUMBLE)
    assert night.told(0, DAWN) == []
    assert {str(notice.target) for notice in night.notices} >= {"console"}
    assert night.told(DAWN, DAWN + MINUTE) == ["ines/push", "ines/sms"]
    assert night.told(DAWN + MINUTE, DAWN + 11 * MINUTE) == ["karim/push"]
    assert night.mornings == []


def test_a_critical_rule_that_waits_and_dies_is_told_in_the_morning():
    night = Night()
    night.post(DUSK + 2 * HOUR, GRUMBLE)
    night.run_to(DAWN + HOUR)
    assert night.told(0, DAWN) == []
    assert night.pages == []
    assert [str(notice.target) for notice in night.mornings] == ["ines/push"]


def test_what_rises_to_what_may_wake_wakes_at_once():
    for before in (MURMUR, GRUMBLE):
        night = Night()
        night.post(DUSK + 2 * HOUR, before)
        night.post(DUSK + 3 * HOUR, SHOUT)
        assert night.told(0, DUSK + 3 * HOUR + MINUTE) == ["ines/push", "ines/sms"], before


def test_pages_of_a_rule_that_waits_stop_at_nightfall():
    night = Night()
    night.goes_on(DUSK + 55 * MINUTE, DAWN + MINUTE, GRUMBLE)
    assert night.told(0, DUSK + HOUR) == ["ines/push", "ines/sms"]
    assert night.told(DUSK + HOUR, DAWN) == []
    assert night.told(DAWN, DAWN + MINUTE) == ["karim/push"]


def test_nobody_answers_through_the_night_and_every_round_is_climbed():
    night = Night()
    night.goes_on(DUSK + 2 * HOUR, DAWN, SHOUT)
    told = night.told(0, DAWN)
    assert told[:4] == ["ines/push", "ines/sms", "karim/push", "sophie/sms"]
    assert len(told) > 40


def test_taken_closed_and_over_wake_nobody_and_are_told_once_in_the_morning():
    night = Night()
    night.goes_on(DUSK + 2 * HOUR, DUSK + 2 * HOUR + 12 * MINUTE, SHOUT)
    before = len(night.told(0, DAWN))
    night.say(DUSK + 2 * HOUR + 13 * MINUTE, Verb.TAKE, "karim")
    night.say(DUSK + 2 * HOUR + 30 * MINUTE, Verb.RESOLVE, "karim")
    assert len(night.told(0, DAWN)) == before
    assert {n.kind for n in night.notices if str(n.target) == "console"} >= {ChangeKind.TAKEN, ChangeKind.RESOLVED}
    night.run_to(DAWN + HOUR)
    assert [str(notice.target) for notice in night.mornings] == ["ines/push", "karim/push"]
    assert "clos par Karim à" in words(night.mornings[0])
    assert "closed by Karim at" in words(night.mornings[1])


def test_after_a_downtime_over_dawn_the_morning_is_told_once():
    night = Night()
    night.post(DUSK + 2 * HOUR, MURMUR)
    down = night.spine.memory.now
    night.tell(Gap(DAWN + 3 * HOUR, EVERYTHING, down, DAWN + 3 * HOUR))
    night.restart()
    night.run_to(DAWN + 5 * HOUR)
    assert len(night.mornings) == 1


def test_where_the_night_is_struck_from_the_rules_what_waited_leaves_at_its_former_end():
    night = Night()
    night.post(DUSK + 2 * HOUR, MURMUR)
    longer = rules(ONCALL.replace('"07:00"', '"08:00"'))
    night.tell(RulesSwapped(DUSK + 3 * HOUR, longer))
    night.run_to(DAWN + HOUR - SECOND)
    assert night.mornings == []
    night.run_to(DAWN + HOUR)
    assert len(night.mornings) == 1


def test_trouble_of_our_own_wakes_no_person():
    night = Night()
    night.tell(Trouble(DUSK + 2 * HOUR, "disk", DUSK + 2 * HOUR, "full"))
    assert [str(notice.target) for notice in night.notices] == ["console"]
    night.run_to(DAWN)
    assert [str(notice.target) for notice in night.mornings] == ["ines/push"]


def test_an_open_incident_passes_to_the_relief_who_is_paged_at_the_hand_over():
    night = Night(HAND_OVER - HOUR)
    night.goes_on(HAND_OVER - 7 * MINUTE, HAND_OVER + 15 * MINUTE, SHOUT)
    assert night.told(0, HAND_OVER) == ["ines/push", "ines/sms"]
    assert night.told(HAND_OVER, HAND_OVER + 2 * SECOND) == ["karim/push"]
    assert [c.why for c in night.changes if c.kind is ChangeKind.NOTED and "duty" in c.why] == [
        "on duty from now on, comms:karim"
    ]
    assert night.told(HAND_OVER + 2 * SECOND, HAND_OVER + 15 * MINUTE) == ["ines/push", "ines/sms"]


def test_a_taken_incident_is_announced_to_the_relief():
    night = Night(HAND_OVER - HOUR)
    night.goes_on(HAND_OVER - 7 * MINUTE, HAND_OVER - 5 * MINUTE, SHOUT)
    night.say(HAND_OVER - 4 * MINUTE, Verb.TAKE, "ines")
    night.goes_on(HAND_OVER - 3 * MINUTE, HAND_OVER + 15 * MINUTE, SHOUT)
    announced = [n for at, o in night.outcomes for n in o.notices if at >= HAND_OVER and n.target.by]
    assert [(str(n.target), n.kind, n.page) for n in announced] == [("karim/push", ChangeKind.TAKEN, False)]


def test_a_hand_over_that_fell_into_a_downtime_is_made_up_for():
    night = Night(HAND_OVER - HOUR)
    night.post(HAND_OVER - 7 * MINUTE, SHOUT)
    down = night.spine.memory.now
    night.tell(Gap(HAND_OVER + MINUTE, EVERYTHING, down, HAND_OVER + MINUTE))
    night.restart()
    night.run_to(HAND_OVER + 2 * MINUTE)
    assert night.told(HAND_OVER, HAND_OVER + 2 * MINUTE) == ["karim/push"]


def test_overrides_begin_and_end_as_a_hand_over_does():
    noon = MONDAY + 9 * DAY + 11 * HOUR
    night = Night(noon - HOUR)
    night.goes_on(noon - 5 * MINUTE, noon + MINUTE, SHOUT)
    assert night.told(0, noon + MINUTE) == ["karim/push", "sophie/sms"]


def test_a_rota_that_is_edited_hands_over_at_once():
    night = Night()
    noon = MONDAY + 12 * HOUR
    night.post(noon, SHOUT)
    night.tell(RulesSwapped(noon + MINUTE, rules(ONCALL.replace("[ines, karim]", "[karim, ines]"))))
    night.run_to(noon + 2 * MINUTE)
    assert night.told(0, noon + 2 * MINUTE) == ["ines/push", "ines/sms", "karim/push"]


@pytest.mark.parametrize("first", [MURMUR, None], ids=["after another", "alone"])
def test_a_clock_set_back_behind_a_morning_brings_another_that_the_outbox_does_not_take_for_the_first(first):
    night = Night()
    if first is not None:
        night.goes_on(DAWN - 55 * MINUTE, DAWN + MINUTE, first)
    night.run_to(DAWN + MINUTE)
    night.tell(ClockSet(DAWN - 20 * MINUTE, DAWN + MINUTE))
    night.post(DAWN - 10 * MINUTE, MURMUR, "x:other")
    night.run_to(DAWN + MINUTE)
    keys = [notice.key for notice in night.mornings]
    assert len(keys) == len(set(keys)) == (1 if first is None else 2)


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("post"), st.sampled_from(["x:a", "x:b"]), st.sampled_from([MURMUR, GRUMBLE, SHOUT])),
        st.tuples(st.just("wait"), st.integers(1, 240), st.none()),
        st.tuples(st.just("answer"), st.sampled_from(list(Verb)), st.sampled_from(["ines", "karim"])),
        st.tuples(st.just("down"), st.integers(1, 90), st.none()),
    ),
    max_size=30,
)


def play(night: Night, act: str, one: object, two: object) -> None:
    now = night.spine.memory.now + SECOND
    live = night.live
    match act, one, two:
        case "post", str() as thread, float() as negativity:
            night.post(now, negativity, thread)
        case "wait", int() as minutes, _:
            night.run_to(now + minutes * MINUTE)
        case "answer", Verb() as verb, str() as by if live:
            night.tell(Command(now, verb, live[0].id, by))
        case "down", int() as minutes, _:
            night.restart()
            night.tell(Gap(now + minutes * MINUTE, EVERYTHING, now - SECOND, now + minutes * MINUTE))


@pytest.mark.parametrize("start", [DUSK, HAND_OVER - 2 * HOUR], ids=["nightfall", "hand-over"])
def test_no_critical_incident_ends_without_a_person_told_unless_taken_or_resolved(start: Instant):
    @settings(max_examples=40)
    @given(ACTS)
    def check(acts: list[tuple[str, object, object]]) -> None:
        night = Night(start)
        for act in acts:
            play(night, *act)
        night.run_to(night.spine.memory.now + 2 * DAY)
        keys = [notice.key for notice in night.notices]
        assert len(keys) == len(set(keys)), "one key, one message"
        answered: dict[str, Incident] = {
            c.incident.id: c.incident for c in night.changes if c.kind in {ChangeKind.TAKEN, ChangeKind.RESOLVED}
        }
        told = defaultdict(set)
        for notice in night.notices:
            for incident in notice.night or (notice.incident,):
                if notice.target.by:
                    told[incident.id].add(notice.target.name)
        for change in night.changes:
            if change.incident.severity is Severity.CRITICAL and change.incident.id not in answered:
                assert told[change.incident.id], change
        assert night.spine.memory.overnight.incidents == {}

    check()


@pytest.mark.parametrize("back_at", [DUSK + 4 * HOUR, DAWN + HOUR], ids=["before dawn", "after dawn"])
async def test_after_a_power_cut_at_night_the_morning_is_told_once_to_each(tmp_path: Path, back_at: Instant):
    murmurs = compile_rules({"acme.yaml": BRAND.partition("  - {name: grumble")[0], "oncall.yaml": ONCALL})
    house = House(tmp_path, VirtualClock(DUSK))
    house.open()
    await house.tell(RulesSwapped(0, murmurs))
    await house.move(DUSK + 2 * HOUR)
    await house.say(mention(house.clock.now(), "loud", angry=True))
    await house.move(DUSK + 3 * HOUR)
    await house.kill()
    await house.clock.advance(back_at - house.clock.now())
    again = House(tmp_path, house.clock)
    again.open()
    await again.move(DAWN + 2 * HOUR)
    sent = await again.deliver()
    await again.kill()
    assert {held.until for _, outcome in house.outcomes for held in outcome.held} == {DAWN}
    assert [(str(notice.target), len(notice.night)) for notice in sent] == [("ines/push", 1)]
