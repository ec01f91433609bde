"""Exercises, under the virtual clock: as a real alarm, marked everywhere, and in nobody's way."""

import re
from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from stage import MONDAY, ONCALL, Scene, rules, sighting

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind, Incident, State
from buzzwatch.model.input import EVERYTHING, Command, Delivered, Drilled, Gap, Input, RulesSwapped, Silenced, Verb
from buzzwatch.model.instant import HOUR, MINUTE, SECOND, Instant
from buzzwatch.notify.render import render
from buzzwatch.spine import Spine

NOON = MONDAY + 12 * HOUR
DUSK = MONDAY + 20 * HOUR + 50 * MINUTE
"""21:50 in Paris, ten minutes before the night."""
BRAND = """
brand: acme
name: Acme Airlines
language: fr
match: {any: [acme]}
rules:
  - {name: murmur, when: {mention: {negativity: 0.3}}, severity: warning, notify: room}
  - {name: shout, when: {mention: {negativity: 0.7}}, severity: critical, notify: oncall}
"""
ASKED = Drilled(NOON, "acme", "oncall", "karim")


@cache
def ruleset(night: str = 'night: {from: "22:00", until: "07:00"}\n') -> Ruleset:
    return compile_rules({"acme.yaml": BRAND, "oncall.yaml": night + ONCALL})


class Practice(Scene):
    def __init__(self, at: Instant = NOON) -> None:
        super().__init__(at - HOUR, ruleset(), "acme")

    @property
    def drill(self) -> Incident:
        """As it stood last."""
        return [change.incident for change in self.changes if change.incident.drill][-1]

    @property
    def told(self) -> list[tuple[int, str, ChangeKind]]:
        """Minutes since noon, to whom, and why."""
        return [
            ((at - NOON) // MINUTE, str(n.target), n.kind)
            for at, o in self.outcomes
            for n in o.notices
            if n.incident.drill
        ]

    def restart(self, since: Instant, until: Instant) -> None:
        """Down from one instant to another."""
        packed = msgspec.msgpack.encode(self.spine.memory.dump())
        self.spine = Spine(Memory.load(msgspec.msgpack.decode(packed), self.spine.memory.rules))
        self.tell(Gap(until, EVERYTHING, since, until))


@pytest.mark.parametrize("restarts", [False, True], ids=["no restart", "a restart"])
def test_a_drill_takes_the_steps_once_and_ends_five_minutes_after_the_last(restarts):
    scene = Practice()
    scene.tell(ASKED)
    if restarts:
        scene.run_to(NOON + 7 * MINUTE)
        scene.restart(NOON + 7 * MINUTE, NOON + 7 * MINUTE + SECOND)
    scene.run_to(NOON + 3 * HOUR)
    opened, ended = ChangeKind.OPENED, ChangeKind.OVER
    everybody = ["console", "ines/push", "ines/sms", "karim/push", "sophie/sms"]
    steps = [(0, "console"), (0, "ines/push"), (5, "ines/sms"), (10, "karim/push"), (20, "sophie/sms")]
    assert scene.told == [*((at, who, opened) for at, who in steps), *((25, who, ended) for who in everybody)]
    assert scene.drill.state is State.RESOLVED
    assert scene.drill.id == "drill-acme-260302-1200"


@pytest.mark.parametrize("verb", list(Verb))
def test_whatever_is_answered_ends_it_and_is_told_to_all_who_were_told(verb):
    scene = Practice()
    scene.tell(ASKED, Command(NOON + 130 * SECOND, verb, "drill-acme-260302-1200", "ines", NOON + HOUR, "x"))
    scene.run_to(NOON + HOUR)
    assert scene.told[2:] == [(2, "console", ChangeKind.RESOLVED), (2, "ines/push", ChangeKind.RESOLVED)]
    assert (scene.drill.taken_by, scene.drill.closed_by) == ("ines", "ines")
    assert "Inès a répondu en 2\u00a0min" in render(scene.notices[-1], (), None, NOON + 3 * MINUTE).title


def test_channels_are_left_out_where_that_was_asked():
    scene = Practice()
    scene.tell(replace(ASKED, copies=False))
    scene.run_to(NOON + HOUR)
    assert "console" not in {who for _, who, _ in scene.told}


def test_a_step_of_which_nothing_arrives_makes_the_next_one_due():
    scene = Practice()
    scene.tell(ASKED)
    push = scene.notices[1]
    scene.tell(Delivered(NOON + 30 * SECOND, push.key, push.incident.id, push.target, sent=False, why="no such device"))
    scene.run_to(NOON + MINUTE)
    assert scene.told[2] == (0, "ines/sms", ChangeKind.WORSENED)


@pytest.mark.parametrize(
    ("asked", "before", "refused"),
    [
        (replace(ASKED, brand="nobody"), (), True),
        (replace(ASKED, route="room"), (), True),
        (replace(ASKED, route="nowhere"), (), True),
        (ASKED, (replace(ASKED, seen_at=NOON - MINUTE),), True),
        (ASKED, (Silenced(NOON - MINUTE, "acme", NOON + HOUR, "x", "ines"),), True),
        (ASKED, (sighting(NOON - MINUTE, "a", negativity=0.9),), True),
        (ASKED, (sighting(NOON - MINUTE, "a", negativity=0.4),), False),
        (replace(ASKED, seen_at=DUSK), (), True),
        (replace(ASKED, seen_at=DUSK, at_night=True), (), False),
        (replace(ASKED, seen_at=DUSK + HOUR), (), True),
        (replace(ASKED, seen_at=DUSK + HOUR, at_night=True), (), False),
    ],
)
def test_what_keeps_a_drill_from_beginning(asked: Drilled, before: tuple[Input, ...], *, refused: bool):
    scene = Practice()
    scene.tell(*before)
    scene.run_to(asked.seen_at - SECOND)
    number = len(scene.changes)
    scene.tell(asked)
    assert (scene.changes[number:] == []) is refused


def test_at_night_its_end_wakes_nobody_and_is_no_morning_message():
    scene = Practice()
    scene.tell(replace(ASKED, seen_at=DUSK, at_night=True))
    scene.run_to(DUSK + 12 * HOUR)
    assert [who for _, who, kind in scene.told if kind is ChangeKind.OVER] == ["console"]
    assert not [notice for notice in scene.notices if notice.night]


def test_a_real_alarm_that_pages_ends_the_drill_in_the_same_second():
    scene = Practice()
    scene.tell(ASKED, sighting(NOON + 6 * MINUTE - SECOND, "a", negativity=0.9))
    scene.run_to(NOON + 3 * HOUR)
    assert scene.drill.closed_at == NOON + 6 * MINUTE
    assert scene.drill.drill is not None
    assert scene.drill.drill.cut == "acme-260302-1206"
    assert {at for at, _, kind in scene.told if kind is not ChangeKind.OVER} == {0, 5}
    at_once = [n for at, o in scene.outcomes for n in o.notices if at == NOON + 6 * MINUTE]
    assert [str(n.target) for n in at_once if not n.incident.drill] == ["console", "ines/push"]
    assert all("vraie alerte" in render(n, (), None, NOON).title for n in at_once if n.incident.drill)


def test_the_drill_waits_behind_everything_real_in_the_outbox():
    scene = Practice()
    scene.tell(ASKED)
    assert {notice.severity.label for notice in scene.notices} == {"watch"}


@pytest.mark.parametrize(("language", "word"), [("fr", "EXERCICE"), ("en", "DRILL")])
def test_every_form_of_every_message_says_from_its_first_word_that_it_is_one(language, word):
    forms: list[str] = []
    for answer in ((), (Command(NOON + MINUTE, Verb.TAKE, "drill-acme-260302-1200", "ines"),)):
        scene = Practice()
        scene.tell(ASKED, *answer)
        scene.run_to(NOON + HOUR)
        for notice in scene.notices:
            message = render(replace(notice, language=language), (), "https://bw.acme.fr/i/K7Q2MXWP", NOON + HOUR)
            forms += [message.title, message.text, message.short, message.subject]
            shown = re.sub(r"<(title|style)>.*?</\1>|<[^>]+>", "", message.html, flags=re.DOTALL)
            forms.append(shown.strip())
    assert len(forms) > 30
    assert {form.split()[0].rstrip("\u00a0:") for form in forms} == {word}


def test_the_clock_set_back_and_new_rules_begin_no_drill_anew():
    scene = Practice()
    scene.tell(ASKED)
    scene.run_to(NOON + 22 * MINUTE)
    number = len(scene.told)
    scene.tell(RulesSwapped(NOON + 23 * MINUTE, rules()))
    scene.tell(RulesSwapped(NOON + 24 * MINUTE, ruleset()))
    scene.run_to(NOON + HOUR)
    assert {kind for _, _, kind in scene.told[number:]} == {ChangeKind.OVER}


def real(scene: Scene) -> list[tuple[Instant, list[object]]]:
    """All that was decided of what is no drill."""
    decided = [
        (
            at,
            [
                *(change for change in o.changes if not change.incident.drill),
                *(notice for notice in o.notices if not notice.incident.drill),
                *(held for held in o.held if not held.incident.startswith("drill-")),
                *(incident for incident in o.touched if not incident.drill),
            ],
        )
        for at, o in scene.outcomes
    ]
    return [(at, found) for at, found in decided if found]


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("post"), st.sampled_from([0.1, 0.4, 0.9])),
        st.tuples(st.just("pass"), st.integers(1, 30)),
        st.tuples(st.just("answer"), st.sampled_from(list(Verb))),
        st.tuples(st.just("fail"), st.none()),
        st.tuples(st.just("restart"), st.integers(0, 20)),
    ),
    max_size=25,
)


@settings(max_examples=60)
@given(ACTS, st.integers(0, 25), st.booleans())
def test_what_is_real_goes_on_as_if_there_were_no_drill(acts, where, copies):
    assert real(play(acts, where, copies=copies)) == real(play(acts, None))


def play(acts: list[tuple[str, object]], drill: int | None, *, copies: bool = True) -> Practice:
    """The acts at fixed instants, a drill asked for before one of them."""
    scene, at = Practice(), NOON
    for number, (act, how) in enumerate(acts):
        at += 10 * SECOND
        if number == drill:
            scene.tell(replace(ASKED, seen_at=at, copies=copies, at_night=True))
        at += SECOND
        scene.run_to(at - 1)
        live = [i for i in scene.live if not i.drill]
        match act:
            case "post":
                scene.tell(sighting(at, f"p{at}", negativity=how))
            case "pass":
                at += int(str(how)) * MINUTE
            case "answer" if live:
                scene.tell(Command(at, Verb(how), live[0].id, "ines", at + 20 * MINUTE, "x"))
            case "fail":
                for notice in [n for n in scene.notices if not n.incident.drill][-1:]:
                    scene.tell(Delivered(at, notice.key, notice.incident.id, notice.target, sent=False, why="no"))
            case "restart":
                scene.run_to(at)
                since, at = at, at + int(str(how)) * MINUTE + SECOND
                scene.restart(since, at)
            case _:
                pass
    scene.run_to(at + 3 * HOUR)
    return scene
