"""A critical incident is told in the stead of the lesser ones of its brand, and those that outlast it are told then."""

from functools import cache

import msgspec
import pytest
from stage import MONDAY, ONCALL, Scene, sighting

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind, Incident, Severity
from buzzwatch.model.input import EVERYTHING, Command, Gap, Silenced, Verb
from buzzwatch.model.instant import HOUR, MINUTE, SECOND, Instant
from buzzwatch.notify.render import render
from buzzwatch.spine import Spine

NOON = MONDAY + 12 * HOUR
BRAND = """
brand: {key}
name: {name}
language: fr
match: {{any: [{key}]}}
rules:
  - {{name: hint, when: {{mention: {{negativity: 0.1}}}}, severity: watch, notify: room}}
  - {{name: murmur, when: {{mention: {{negativity: 0.3}}}}, severity: warning, notify: room}}
  - {{name: shout, when: {{mention: {{negativity: 0.7}}}}, severity: critical, notify: oncall}}
"""
LARGE, SMALL = "acme-260302-1200", "acme-260302-1205"


@cache
def ruleset() -> Ruleset:
    brands = {f"{key}.yaml": BRAND.format(key=key, name=key.title()) for key in ("acme", "zephyr")}
    return compile_rules(brands | {"oncall.yaml": ONCALL.replace("room: {copy: [console]}", "room: {copy: [lobby]}")})


class Crisis(Scene):
    """A critical incident of acme since noon, and a warning of it since five past."""

    def __init__(self, negativity: float = 0.4, brand: str = "acme") -> None:
        super().__init__(NOON - HOUR, ruleset(), "acme")
        self.tell(sighting(NOON, "large", negativity=0.9))
        self.tell(sighting(NOON + 5 * MINUTE, "small", brand, negativity=negativity))
        self.run_to(NOON + 6 * MINUTE)

    def go_on(self, until: Instant) -> None:
        """The lesser one does, so that it is not calm."""
        for at in range(self.spine.memory.now + MINUTE, until, 10 * MINUTE):
            self.tell(sighting(at, f"more{at}", thread="x:small", negativity=0.4))
        self.run_to(until)

    def told(self, incident: str) -> list[tuple[int, str, ChangeKind]]:
        """Minutes since noon, to whom, and why."""
        return [
            ((at - NOON) // MINUTE, str(n.target), n.kind)
            for at, o in self.outcomes
            for n in o.notices
            if n.incident.id == incident
        ]

    @property
    def held(self) -> list[tuple[str, str]]:
        return [(held.incident, held.target) for _, o in self.outcomes for held in o.held if "critical" in held.why]

    def now(self, incident: str) -> Incident:
        return self.spine.memory.desk.incidents[incident]

    def restart(self) -> None:
        packed = msgspec.msgpack.encode(self.spine.memory.dump())
        since = self.spine.memory.now
        self.spine = Spine(Memory.load(msgspec.msgpack.decode(packed), self.spine.memory.rules))
        self.tell(Gap(since + SECOND, EVERYTHING, since, since + SECOND))


@pytest.mark.parametrize("verb", [Verb.RESOLVE, Verb.NO_MATTER])
@pytest.mark.parametrize("restarts", [False, True], ids=["no restart", "a restart"])
def test_a_warning_beside_a_critical_incident_is_held_and_told_once_that_is_closed(verb: Verb, *, restarts: bool):
    crisis = Crisis()
    assert crisis.held == [(SMALL, "lobby")]
    assert crisis.told(SMALL) == []
    if restarts:
        crisis.restart()
    crisis.tell(Command(NOON + 12 * MINUTE, verb, LARGE, "ines"))
    assert crisis.told(SMALL) == [(12, "lobby", ChangeKind.OUTLASTED)]
    assert crisis.now(SMALL).behind == ""
    crisis.run_to(NOON + 2 * HOUR)
    assert [kind for _, _, kind in crisis.told(SMALL)] == [ChangeKind.OUTLASTED, ChangeKind.OVER]


def test_the_next_message_of_the_larger_one_tells_it():
    crisis = Crisis()
    crisis.run_to(NOON + 11 * MINUTE)
    pages = [n for n in crisis.notices if n.incident.id == LARGE and n.page]
    assert [[i.id for i in n.behind] for n in pages] == [[], [], [SMALL]]
    text = render(pages[-1], (), None, NOON).text
    assert "Aussi en ce moment, sans autre message\n- ALERTE Acme\u00a0: " in text
    assert "Also going on" in render(msgspec.structs.replace(pages[-1], language="en"), (), None, NOON).text


def test_it_is_told_when_the_larger_one_is_over_by_itself_and_not_if_it_was_over_first():
    crisis = Crisis()
    crisis.run_to(NOON + 3 * HOUR)
    assert {kind for _, _, kind in crisis.told(SMALL)} <= {ChangeKind.OUTLASTED, ChangeKind.OVER}
    outlived = Crisis()
    outlived.go_on(NOON + 3 * HOUR)
    assert outlived.told(SMALL)[0][2] is ChangeKind.OUTLASTED
    ended = Crisis()
    ended.tell(Command(NOON + 7 * MINUTE, Verb.RESOLVE, SMALL, "karim"))
    ended.tell(Command(NOON + 8 * MINUTE, Verb.RESOLVE, LARGE, "ines"))
    assert ended.told(SMALL) == []


def test_what_somebody_took_meanwhile_rings_for_nobody():
    crisis = Crisis()
    crisis.tell(Command(NOON + 7 * MINUTE, Verb.TAKE, SMALL, "karim"))
    crisis.tell(Command(NOON + 8 * MINUTE, Verb.RESOLVE, LARGE, "ines"))
    assert crisis.told(SMALL) == []


def test_a_second_critical_incident_holds_it_on_and_none_is_itself_held():
    crisis = Crisis()
    crisis.tell(sighting(NOON + 7 * MINUTE, "second", negativity=0.9))
    crisis.run_to(NOON + 8 * MINUTE)
    second = "acme-260302-1207"
    assert [who for _, who, _ in crisis.told(second)] == ["console", "ines/push"]
    crisis.tell(Command(NOON + 9 * MINUTE, Verb.RESOLVE, LARGE, "ines"))
    assert crisis.told(SMALL) == []
    crisis.run_to(NOON + 13 * MINUTE)
    assert [i.id for i in [n for n in crisis.notices if n.incident.id == second][-1].behind] == [SMALL]
    crisis.tell(Command(NOON + 14 * MINUTE, Verb.RESOLVE, second, "ines"))
    assert crisis.told(SMALL) == [(14, "lobby", ChangeKind.OUTLASTED)]


def test_what_worsens_to_a_page_speaks_for_itself():
    crisis = Crisis()
    crisis.tell(sighting(NOON + 7 * MINUTE, "worse", thread="x:small", negativity=0.9))
    crisis.run_to(NOON + 8 * MINUTE)
    assert crisis.now(SMALL).severity is Severity.CRITICAL
    assert [who for _, who, _ in crisis.told(SMALL)] == ["console", "ines/push"]
    assert crisis.now(SMALL).behind == ""


@pytest.mark.parametrize("silenced", [False, True])
def test_what_worsens_to_a_page_has_outlasted_nothing(*, silenced: bool):
    crisis = Crisis()
    if silenced:
        crisis.tell(Silenced(NOON + 7 * MINUTE, SMALL, NOON + 20 * MINUTE, "known", "karim"))
    crisis.tell(sighting(NOON + 10 * MINUTE, "loud", thread="x:small", negativity=0.9))
    crisis.run_to(NOON + 30 * MINUTE)
    kinds = [change.kind for change in crisis.changes if change.incident.id == SMALL]
    assert (ChangeKind.UNSILENCED in kinds) is silenced
    assert ChangeKind.OUTLASTED not in kinds
    assert any(notice.page for notice in crisis.notices if notice.incident.id == SMALL)


def test_another_brand_and_a_watch_are_as_ever():
    other = Crisis(brand="zephyr")
    assert other.told("zephyr-260302-1205") == [(5, "lobby", ChangeKind.OPENED)]
    watch = Crisis(negativity=0.15)
    assert watch.told(SMALL) == []
    assert watch.held == []


def test_the_end_of_a_wait_was_promised_and_is_told():
    crisis = Crisis()
    crisis.tell(Command(NOON + 7 * MINUTE, Verb.WAIT, SMALL, "karim", NOON + 17 * MINUTE, "x"))
    crisis.run_to(NOON + 18 * MINUTE)
    assert crisis.told(SMALL) == [(17, "lobby", ChangeKind.WAITED)]


def test_a_larger_one_that_is_silenced_speaks_for_nobody():
    crisis = Crisis()
    crisis.tell(Silenced(NOON + 7 * MINUTE, LARGE, NOON + HOUR, "x", "karim"))
    assert crisis.told(SMALL) == [(7, "lobby", ChangeKind.OUTLASTED)]


def test_a_silence_of_the_brand_comes_before_and_its_end_asks_again():
    crisis = Crisis()
    crisis.tell(Silenced(NOON + 7 * MINUTE, "acme", NOON + 20 * MINUTE, "x", "karim"))
    crisis.run_to(NOON + 21 * MINUTE)
    assert crisis.told(SMALL) == []
    crisis.tell(Command(NOON + 22 * MINUTE, Verb.RESOLVE, LARGE, "ines"))
    assert [kind for _, _, kind in crisis.told(SMALL)] == [ChangeKind.OUTLASTED]
