"""Rotas that are handed in, that hand over, and that come to be nobody's turn; under the virtual clock."""

from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import msgspec
import pytest
from stage import Scene, sighting

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind, State
from buzzwatch.model.input import EVERYTHING, ClockSet, Command, Gap, RotaSwapped, RulesSwapped, Silenced, Verb
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant, instant_of
from buzzwatch.model.rota import Shift
from buzzwatch.spine import Spine

BRAND = """
brand: acme
match: {any: [acme]}
rules:
  - {name: murmur, when: {mention: {negativity: 0.3}}, severity: warning, notify: people}
  - {name: shout, when: {mention: {negativity: 0.7}}, severity: critical, notify: oncall}
"""
ONCALL = """
timezone: Europe/Paris
people:
  ines: {name: Inès, reach: {push: console}}
  karim: {name: Karim, reach: {push: console}}
  sophie: {name: Sophie, reach: {sms: console}}
  lea: {name: Léa, reach: {push: console}}
rota:
  comms: COMMS
  direction: {people: [sophie, lea], starts: 2026-03-02, hand_over: wednesday 12:00}
routes:
  oncall:
    steps:
      - {after: 0m, tell: "rota:comms", by: [push, sms]}
      - {after: 10m, tell: "next:comms", by: [push, sms]}
      - {after: 30m, tell: "rota:direction"}
    repeat: every 15m
    copy: [console]
  people: {steps: [{after: 0m, tell: "rota:comms", by: [push, sms]}]}
  ops: {copy: [console]}
"""
WEEKLY = "{people: [ines, karim], starts: 2026-03-02, hand_over: monday 09:00}"
LISTED = "{ical: comms.ics, fallback: sophie}"


def at(text: str, fold: int = 0) -> Instant:
    return instant_of(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Paris"), fold=fold))


@cache
def rules(comms: str = WEEKLY, more: str = "") -> Ruleset:
    return compile_rules({"acme.yaml": BRAND, "oncall.yaml": ONCALL.replace("COMMS", comms) + more})


class Watch(Scene):
    """A spine that is dumped and loaded again before each thing that happens."""

    def __init__(self, start: str, comms: str = WEEKLY, more: str = "") -> None:
        super().__init__(at(start), rules(comms, more), "acme")

    def restart(self) -> None:
        packed = msgspec.msgpack.encode(self.spine.memory.dump())
        bare = rules_in_force(self.spine.memory.rules)
        self.spine = Spine(Memory.load(msgspec.msgpack.decode(packed), bare))
        assert msgspec.msgpack.encode(self.spine.memory.dump()) == packed

    def post(self, when: Instant, negativity: float = 0.9) -> None:
        self.restart()
        self.tell(sighting(when, f"w{when}", thread="x:a", negativity=negativity))
        self.run_to(when + SECOND)

    def goes_on(self, since: Instant, until: Instant) -> None:
        for when in range(since, until, 10 * MINUTE):
            self.post(when)
        self.run_to(until)

    def say(self, when: Instant, verb: Verb, by: str) -> None:
        self.restart()
        self.tell(Command(when, verb, self.live[0].id, by))

    def told(self, since: Instant = 0, until: Instant = 2**62) -> list[str]:
        return [str(n.target) for when, o in self.outcomes for n in o.notices if since <= when < until and n.target.by]

    @property
    def ops(self) -> list[tuple[Instant, str]]:
        """What the route `ops` heard of rotas, and when."""
        notices = [(when, n) for when, o in self.outcomes for n in o.notices if n.incident.id.startswith("ops-rota")]
        return [(when, n.incident.reason.says) for when, n in notices]


def rules_in_force(loaded: Ruleset) -> Ruleset:
    """As the record compiles them: without what calendars have said."""
    return next(each for each in BOOK if each.digest == loaded.digest)


ENDING = "{people: [ines, karim], starts: 2026-03-02, hand_over: monday 09:00, ends: 2026-03-20}"
LATER = ENDING.replace("03-20", "03-27")
BOOK = [rules(), rules(LISTED), rules(ENDING), rules(LATER)]
RULED = ENDING.replace("}", ", fallback: lea}")
BOOK.append(rules(RULED))


# Several layers.


def test_each_layer_is_told_in_its_time_and_each_by_its_own_rota():
    watch = Watch("2026-03-03 08:00")
    start = at("2026-03-03 10:00")
    watch.goes_on(start, start + 31 * MINUTE)
    assert watch.pages == [(0, "ines/push"), (10, "karim/push"), (30, "sophie/sms")]


def test_a_layer_that_hands_over_before_its_step_is_told_in_its_time_and_nobody_else_earlier():
    watch = Watch("2026-03-04 08:00")
    start = at("2026-03-04 11:45")  # the direction hands over at 12:00
    watch.goes_on(start, start + 31 * MINUTE)
    assert watch.pages == [(0, "ines/push"), (10, "karim/push"), (30, "lea/push")]


def test_a_layer_that_hands_over_after_its_step_pages_its_relief():
    watch = Watch("2026-03-04 08:00")
    start = at("2026-03-04 11:25")
    watch.goes_on(start, start + 36 * MINUTE)
    assert watch.pages == [(0, "ines/push"), (10, "karim/push"), (30, "sophie/sms"), (34, "lea/push")]


# Calendars.


def test_shifts_that_are_handed_in_say_who_is_paged_and_who_follows():
    watch = Watch("2026-03-03 08:00", LISTED)
    start = at("2026-03-03 10:00")
    watch.post(start)
    assert watch.told() == ["sophie/sms"], "not read yet: the fallback"
    turns = (Shift(start - DAY, start + 15 * MINUTE, "karim"), Shift(start + 15 * MINUTE, start + DAY, "ines"))
    watch.tell(RotaSwapped(start + MINUTE, "comms", turns))
    watch.goes_on(start + 2 * MINUTE, start + 16 * MINUTE)
    assert watch.told(start + MINUTE) == ["karim/push", "ines/push", "ines/push"], "relief, next, and a hand-over"


def test_the_same_shifts_again_change_nothing():
    watch = Watch("2026-03-03 08:00", LISTED)
    start = at("2026-03-03 10:00")
    turns = (Shift(start - DAY, start + 9 * DAY, "karim"),)
    watch.tell(RotaSwapped(start - HOUR, "comms", turns))
    watch.post(start)
    before = len(watch.notices)
    watch.tell(RotaSwapped(start + MINUTE, "comms", turns))
    watch.run_to(start + 2 * MINUTE)
    assert len(watch.notices) == before


def test_shifts_outlive_other_rules_and_whoever_is_gone_is_on_duty_no_more():
    watch = Watch("2026-03-03 08:00", LISTED)
    start = at("2026-03-03 10:00")
    watch.tell(
        RotaSwapped(start, "comms", (Shift(start, start + DAY, "karim"), Shift(start + DAY, start + 9 * DAY, "lea")))
    )
    gone = compile_rules(
        {
            "acme.yaml": BRAND,
            "oncall.yaml": ONCALL.replace("COMMS", LISTED).replace(
                "  karim: {name: Karim, reach: {push: console}}\n", ""
            ),
        }
    )
    watch.tell(RulesSwapped(start + MINUTE, gone))
    assert [shift.person for shift in watch.spine.memory.rules.rotas["comms"].shifts] == ["lea"]
    watch.tell(RulesSwapped(start + 2 * MINUTE, rules(LISTED)))
    assert [shift.person for shift in watch.spine.memory.rules.rotas["comms"].shifts] == ["karim", "lea"]
    watch.tell(RulesSwapped(start + 3 * MINUTE, rules()))
    assert watch.spine.memory.shifts == {}


# Nobody's turn.


def test_a_gap_without_a_fallback_is_told_a_week_before_and_again_the_day_before():
    watch = Watch("2026-03-02 12:00", ENDING)
    watch.run_to(at("2026-03-25 12:00"))
    assert [when for when, _ in watch.ops] == [at("2026-03-13 09:00"), at("2026-03-19 09:00")]
    assert watch.ops[0][1] == (
        "rota `comms`: it is nobody's turn from Fri 2026-03-20 09:00, and there is no `fallback`; ines is called then"
    )


def test_a_gap_is_told_at_the_swap_where_it_is_near_and_once_however_often_the_rules_are_read():
    watch = Watch("2026-03-16 12:00", ENDING)
    watch.run_to(at("2026-03-16 13:00"))
    assert len(watch.ops) == 1
    watch.tell(RulesSwapped(at("2026-03-16 14:00"), rules(ENDING, "help: [ines]")))
    watch.run_to(at("2026-03-16 15:00"))
    watch.tell(RulesSwapped(at("2026-03-16 16:00"), rules(ENDING)))
    watch.restart()
    watch.run_to(at("2026-03-17 12:00"))
    assert len(watch.ops) == 1


@pytest.mark.parametrize("comms", [LATER, RULED], ids=["later", "a fallback"])
def test_a_gap_that_is_mended_is_told_to_be_over(comms: str):
    watch = Watch("2026-03-16 12:00", ENDING)
    watch.run_to(at("2026-03-16 13:00"))
    watch.tell(RulesSwapped(at("2026-03-16 14:00"), rules(comms)))
    watch.run_to(at("2026-03-17 13:00"))
    assert [said for _, said in watch.ops][1:] == ["rota `comms`: it is somebody's turn all the time again"]


@pytest.mark.parametrize("comms", [WEEKLY, RULED], ids=["no end", "a fallback"])
def test_a_rota_that_always_has_somebody_is_told_of_to_nobody(comms: str):
    watch = Watch("2026-03-16 12:00", comms)
    watch.run_to(at("2026-04-16 13:00"))
    assert watch.ops == []


def test_a_calendar_that_ends_is_told_two_days_before_and_is_over_when_it_goes_on():
    watch = Watch("2026-03-02 12:00", LISTED)
    ends = at("2026-03-20 09:00")
    turns = (Shift(at("2026-03-02 09:00"), ends, "karim"),)
    watch.tell(RotaSwapped(at("2026-03-02 13:00"), "comms", turns))
    watch.restart()
    watch.run_to(ends - DAY)
    assert watch.ops == [
        (
            ends - 2 * DAY,
            "rota `comms`: its calendar names nobody any more from Fri 2026-03-20 09:00 on; sophie is called then",
        )
    ]
    watch.tell(RotaSwapped(ends - HOUR, "comms", (*turns, Shift(ends, ends + 30 * DAY, "ines"))))
    watch.run_to(ends)
    assert [said for _, said in watch.ops][1:] == ["rota `comms`: it is somebody's turn all the time again"]


def test_a_clock_that_is_set_back_does_not_make_a_gap_forgotten():
    watch = Watch("2026-03-12 12:00", ENDING)
    ahead = watch.spine.memory.now
    watch.tell(ClockSet(ahead - 3 * DAY, ahead))
    watch.run_to(at("2026-03-25 12:00"))
    assert [when for when, _ in watch.ops] == [at("2026-03-13 09:00"), at("2026-03-19 09:00")]


# Silences, and a clock that was wrong.


@pytest.mark.parametrize("what", ["brand", "incident"])
@pytest.mark.parametrize("ends", ["by itself", "early"])
def test_the_relief_of_a_taken_incident_hears_of_it_when_the_silence_ends(what: str, ends: str):
    watch = Watch("2026-03-09 08:00")
    turn = at("2026-03-09 09:00")
    watch.post(turn - 5 * MINUTE)
    watch.say(turn - 4 * MINUTE, Verb.TAKE, "ines")
    until = turn + 15 * MINUTE
    named = "acme" if what == "brand" else watch.live[0].id
    watch.tell(Silenced(turn - 3 * MINUTE, named, until, "exercice", "ines"))
    watch.run_to(turn + 12 * MINUTE)
    assert watch.told(turn - 3 * MINUTE) == []
    held = [h for _, o in watch.outcomes for h in o.held if h.why.startswith("silenced")]
    assert [(h.target, h.until) for h in held] == [("karim/push", until)]
    if ends == "early":
        until = turn + 13 * MINUTE
        watch.tell(Silenced(until, named, 0, "", "ines"))
    watch.run_to(turn + 20 * MINUTE)
    said = [(str(n.target), n.kind) for when, o in watch.outcomes for n in o.notices if when >= turn and n.target.by]
    assert said == [("karim/push", ChangeKind.TAKEN)]
    assert watch.told(until, until + 2 * SECOND) == ["karim/push"]


@pytest.mark.parametrize("held", [True, False], ids=["a step was held", "nothing was held"])
def test_an_open_incident_that_was_handed_over_in_a_silence_pages_the_relief_once_when_that_ends(held):
    watch = Watch("2026-03-09 08:00")
    turn = at("2026-03-09 09:00")
    watch.post(turn - 2 * MINUTE)
    until = turn + (30 if held else 5) * MINUTE
    watch.tell(Silenced(turn - MINUTE, "acme", until, "exercice", "ines"))
    watch.goes_on(turn + MINUTE, until + 2 * MINUTE)
    assert watch.told(turn - MINUTE, until) == []
    assert watch.told(until, until + MINUTE) == ["karim/push"]
    assert watch.live[0].state is State.OPEN


def test_what_waits_for_the_morning_is_moved_with_a_clock_that_is_set_back():
    night = 'night: {from: "22:00", until: "07:00"}'
    watch = Scene(at("2026-03-02 21:00"), rules(WEEKLY, night), "acme")
    loud = at("2026-03-03 04:00")
    watch.tell(sighting(loud, "w", negativity=0.4))
    watch.run_to(loud + 2 * HOUR)  # it died by itself, and is waited with
    (waiting,) = watch.spine.memory.overnight.incidents.values()
    assert waiting.state is State.RESOLVED
    now = watch.spine.memory.now
    watch.tell(ClockSet(now - HOUR, now))
    (moved,) = watch.spine.memory.overnight.incidents.values()
    assert (moved.closed_at, moved.opened_at) == (waiting.closed_at - HOUR, waiting.opened_at - HOUR)
    watch.run_to(at("2026-03-03 08:00"))
    (morning,) = [notice for notice in watch.notices if notice.night]
    assert morning.night[0].closed_at == moved.closed_at


@pytest.mark.parametrize("back", [15, 45, 60])
def test_pages_after_a_clock_was_set_back_are_messages_of_their_own(back: int):
    watch = Watch("2026-03-03 08:00")
    start = at("2026-03-03 10:00")
    watch.goes_on(start, start + 61 * MINUTE)
    before = watch.spine.memory.now
    watch.tell(ClockSet(before - back * MINUTE, before))
    watch.goes_on(before - back * MINUTE + SECOND, before + 61 * MINUTE)
    keys = [notice.key for notice in watch.notices]
    assert len(keys) == len(set(keys)), "one of the same key would be taken for a repeat, and not be sent"


# A week, both changes of the clocks, and nobody who answers.


@pytest.mark.parametrize(
    ("starts", "hand_over", "night_before", "person"),
    [
        ("2026-10-19", "2026-10-26 09:00", "2026-10-25 02:30", "ines"),  # the hour that comes twice
        ("2027-03-22", "2027-03-29 09:00", "2027-03-28 01:59", "ines"),  # before the hour that is skipped
    ],
)
def test_through_a_change_of_the_clocks_nobody_answers_and_each_page_reaches_whose_turn_it_is(
    starts: str, hand_over: str, night_before: str, person: str
):
    comms = WEEKLY.replace("2026-03-02", starts)
    start = at(night_before)
    night = 'night: {from: "22:00", until: "07:00"}'
    watch = Scene(start - HOUR, rules(comms, night), "acme")
    relief = {"ines": "karim"}[person]
    for when in range(start, start + 2 * HOUR, 10 * MINUTE):
        watch.tell(sighting(when, f"w{when}", thread="x:a", negativity=0.9))
    watch.run_to(start + 2 * HOUR)
    rounds = [minute for minute, target in watch.pages if target == f"{person}/push"]
    assert rounds == [0, 45, 90], "by the clock that does not jump"
    assert [minute for minute, target in watch.pages if target == f"{relief}/push"] == [10, 55, 100]
    turn = at(hand_over)
    again = Scene(turn - HOUR, rules(comms, night), "acme")
    for when in range(turn - 5 * MINUTE, turn + 10 * MINUTE, 5 * MINUTE):
        again.tell(sighting(when, f"w{when}", thread="x:a", negativity=0.9))
    again.run_to(turn + MINUTE)
    assert again.pages == [(0, f"{person}/push"), (5, f"{relief}/push")]


def test_a_night_in_which_the_clocks_change_ends_at_its_local_hour():
    night = 'night: {from: "22:00", until: "07:00"}'
    for evening, dawn, hours in (
        ("2026-10-24 23:00", "2026-10-25 07:00", 9),
        ("2027-03-27 23:00", "2027-03-28 07:00", 7),
        ("2026-11-24 23:00", "2026-11-25 07:00", 8),
    ):
        watch = Scene(at(evening) - HOUR, rules(WEEKLY.replace("2026-03-02", "2026-02-02"), night), "acme")
        watch.tell(sighting(at(evening), "w", negativity=0.4))
        watch.run_to(at(evening) + 12 * HOUR)
        (morning,) = [notice for notice in watch.notices if notice.night]
        assert (morning.due_at, morning.due_at - at(evening)) == (at(dawn), hours * HOUR)


def test_a_whole_week_pages_whose_turn_it_is_on_each_day():
    overridden = WEEKLY[:-1] + ', overrides: [{from: "2026-03-05 18:00", until: "2026-03-06 09:00", person: lea}]}'
    paged = []
    for day in range(2, 17):
        start = at(f"2026-03-{day:02} 20:00")
        watch = Scene(start - HOUR, rules(overridden), "acme")
        watch.tell(sighting(start, "w", negativity=0.9))
        watch.run_to(start + MINUTE)
        paged.append(watch.pages[0][1].partition("/")[0])
    assert paged == ["ines"] * 3 + ["lea"] + ["ines"] * 3 + ["karim"] * 7 + ["ines"]


def test_a_hand_over_that_fell_into_a_downtime_and_a_silence_is_told_once():
    watch = Watch("2026-03-09 08:00")
    turn = at("2026-03-09 09:00")
    watch.post(turn - 7 * MINUTE)
    watch.say(turn - 6 * MINUTE, Verb.TAKE, "ines")
    watch.tell(Silenced(turn - 5 * MINUTE, "acme", turn + 10 * MINUTE, "exercice", "ines"))
    down = watch.spine.memory.now
    watch.tell(Gap(turn + 5 * MINUTE, EVERYTHING, down, turn + 5 * MINUTE))
    watch.restart()
    watch.run_to(turn + 30 * MINUTE)
    assert watch.told(turn) == ["karim/push"]
