"""What fell due while we were down, and what had not left before, is one message to each."""

from functools import cache
from pathlib import Path

import msgspec
import pytest
from stage import MONDAY, House, Scene, mention, sighting

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.clock import VirtualClock
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind, State
from buzzwatch.model.input import EVERYTHING, Command, Delivered, Gap, RulesSwapped, Verb
from buzzwatch.model.instant import HOUR, MINUTE, SECOND, Instant
from buzzwatch.model.notification import Notice
from buzzwatch.notify import outage
from buzzwatch.notify.outage import Unsent
from buzzwatch.notify.render import render
from buzzwatch.spine import Spine

BRAND = """
brand: acme
name: Acme Airlines
timezone: Europe/Paris
language: fr
match: {any: [acme]}
rules:
  - {name: murmur, when: {mention: {negativity: 0.3}}, severity: warning, notify: room}
  - {name: shout, when: {mention: {negativity: 0.8}}, severity: critical, notify: oncall}
"""
ONCALL = """
timezone: Europe/Paris
people:
  ines: {name: Inès, language: fr, reach: {push: console, sms: console}}
  karim: {name: Karim, language: en, reach: {push: console}}
routes:
  oncall: {steps: [{after: 0m, tell: ines, by: [push]}, {after: 5m, tell: karim}, {after: 10m, tell: ines, by: [sms]}],
           copy: [console]}
  room: {copy: [console]}
"""
START = MONDAY + HOUR + 10 * MINUTE
BACK = START + 21 * MINUTE
MURMUR, SHOUT = 0.4, 0.9


@cache
def rules() -> Ruleset:
    return compile_rules({"acme.yaml": BRAND, "oncall.yaml": ONCALL})


class Story(Scene):
    """A spine that goes down and comes back."""

    def __init__(self) -> None:
        super().__init__(MONDAY, rules(), "acme")

    def post(self, at: Instant, thread: str, negativity: float = SHOUT) -> None:
        self.tell(sighting(at, f"o{at}{thread}", thread=thread, negativity=negativity))
        self.run_to(at + SECOND)

    def deliver(self, *targets: str) -> None:
        """Everything has left but what goes to these."""
        for notice in self.notices:
            if str(notice.target) not in targets:
                now = self.spine.memory.now
                self.tell(Delivered(now, notice.key, notice.incident.id, notice.target, sent=True))

    def back(self, at: Instant, since: Instant = START) -> dict[str, list[Notice]]:
        """It comes back; what each target is told then."""
        before = len(self.notices)
        self.tell(Gap(at, EVERYTHING, since, at))
        packed = msgspec.msgpack.encode(self.spine.memory.dump())
        self.spine = Spine(Memory.load(msgspec.msgpack.decode(packed), self.spine.memory.rules))
        assert msgspec.msgpack.encode(self.spine.memory.dump()) == packed
        self.run_to(at + 2 * SECOND)
        told: dict[str, list[Notice]] = {}
        for notice in self.notices[before:]:
            told.setdefault(str(notice.target), []).append(notice)
        return told


def words(notice: Notice, **more: object) -> str:
    message = render(notice, (), None, notice.due_at, **more)
    return f"{message.title}\n{message.text}".replace("\u00a0", " ")


def two_burn() -> Story:
    story = Story()
    story.post(START - 2 * MINUTE, "x:a")
    story.post(START - MINUTE, "x:b")
    story.deliver()
    return story


def test_overdue_steps_of_several_incidents_are_one_page_to_each_the_latest_step_alone():
    story = two_burn()
    told = story.back(BACK)
    assert set(told) == {"ines/sms"}
    (notice,) = told["ines/sms"]
    assert notice.page
    assert len(notice.night) == 2
    assert notice.late_since == START + 3 * MINUTE + SECOND
    text = words(notice)
    assert "Pendant l’interruption (02:10–02:31), brûle encore : CRITIQUE Acme Airlines" in text
    assert text.count("\n- CRITIQUE") == 2
    story.run_to(BACK + 20 * MINUTE)
    assert all(not notice.outage for notice in story.notices[-4:]), "what follows is told as ever"


def test_one_incident_alone_is_told_as_ever_and_says_that_it_is_late():
    story = Story()
    story.post(START - 2 * MINUTE, "x:a")
    story.deliver()
    ((notice,),) = story.back(BACK).values()
    assert (notice.outage, notice.page) == (None, True)
    assert "nous étions arrêtés" in words(notice)


def test_what_had_not_left_before_is_part_of_it_and_its_rows_are_named():
    story = Story()
    story.post(START - 2 * MINUTE, "x:a", MURMUR)
    story.post(START - MINUTE, "x:b", MURMUR)
    told = story.back(BACK)
    ((notice,),) = told.values()
    assert str(notice.target) == "console"
    assert set(notice.instead_of) == {each.key for each in story.notices[:2]}
    assert not notice.page


def test_the_worst_comes_first_and_what_has_ended_is_one_line():
    story = Story()
    story.post(START - 5 * MINUTE, "x:a", MURMUR)
    story.post(START - 4 * MINUTE, "x:c", MURMUR)
    story.post(START - 3 * MINUTE, "x:b")
    story.tell(Command(START - MINUTE, Verb.RESOLVE, story.live[0].id, "karim"))
    told = story.back(BACK)
    (console,) = told["console"]
    assert [incident.state for incident in console.night] == [State.OPEN, State.OPEN, State.RESOLVED]
    assert [incident.severity.label for incident in console.night] == ["critical", "warning", "warning"]
    text = words(console)
    assert text.index("CRITIQUE") < text.index("- ALERTE")
    assert "Terminé : ALERTE Acme Airlines" in text
    assert "(+1), 1 terminée" in text.splitlines()[0]


def test_where_nothing_burns_it_is_no_alarm():
    story = Story()
    for number, thread in enumerate(("x:a", "x:b")):
        story.post(START - (5 - number) * MINUTE, thread, MURMUR)
    for incident in story.live:
        story.tell(Command(story.spine.memory.now + SECOND, Verb.RESOLVE, incident.id, "karim"))
    ((notice,),) = story.back(BACK).values()
    assert notice.kind is ChangeKind.OVER
    assert "plus rien ne brûle, 2 terminées" in words(notice)
    assert render(notice, (), None, BACK).severity is None


def test_each_that_burns_has_its_link_and_an_sms_that_of_the_worst():
    story = two_burn()
    (notice,) = story.back(BACK)["ines/sms"]
    links = {incident.id: f"https://bw.example/{n}" for n, incident in enumerate(notice.night)}
    text = words(notice, links=links)
    assert all(f"Je prends : {link}" in text for link in links.values())
    message = render(notice, (), "https://bw.example/0", BACK, links=links)
    assert message.short.endswith("https://bw.example/0")
    assert len(message.short) <= 160
    assert message.severity is notice.severity


def test_if_it_cannot_be_sent_the_next_step_of_each_is_due_at_once():
    story = two_burn()
    (notice,) = story.back(BACK)["ines/sms"]
    now = story.spine.memory.now
    story.tell(Delivered(now, notice.key, notice.incident.id, notice.target, sent=False, why="no such number"))
    noted = [change.incident.id for change in story.changes if "no such number" in change.why]
    assert sorted(noted) == sorted(incident.id for incident in notice.night)


def test_going_down_twice_tells_it_anew_in_the_place_of_what_had_not_left():
    story = two_burn()
    (first,) = story.back(BACK)["ines/sms"]
    (second,) = story.back(BACK + 2 * MINUTE, BACK + SECOND)["ines/sms"]
    assert second.instead_of == (first.key,)
    assert second.key != first.key
    (third,) = story.back(BACK + 2 * MINUTE + 3 * SECOND + 1, BACK + 2 * MINUTE + 3 * SECOND)["ines/sms"]
    assert third.instead_of == (second.key,)


def test_what_is_under_way_is_forgotten_beyond_a_bound(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(outage, "MOST_UNSENT", 2)
    story = Story()
    for number, thread in enumerate(("x:a", "x:b", "x:c")):
        story.post(START - (5 - number) * MINUTE, thread, MURMUR)
    assert len(story.spine.memory.unsent.dump()) == 2
    assert Unsent(story.spine.memory.unsent.dump()).by_target() == story.spine.memory.unsent.by_target()


@pytest.mark.parametrize("leased", [True, False], ids=["killed while it was being sent", "killed before"])
async def test_after_a_power_cut_nothing_is_lost_and_each_gets_one_message(tmp_path: Path, *, leased: bool):
    house = House(tmp_path, VirtualClock(START))
    house.open()
    await house.tell(RulesSwapped(0, rules()))
    for name in ("one", "two", "three"):
        await house.say(mention(house.clock.now(), name, angry=True))
    await house.move(START + 5 * SECOND)
    if leased:
        assert await house.record.lease(house.clock.now(), 9, {})
    await house.kill()
    await house.clock.advance(21 * MINUTE)
    again = House(tmp_path, house.clock)
    again.open()
    await again.move(house.clock.now() + SECOND)
    leases = await again.record.lease(again.clock.now(), 9, {})
    assert {str(lease.notice.target) for lease in leases} == {"console", "ines/push", "ines/sms"}
    assert all(len(lease.notice.night) == 3 for lease in leases)
    assert all(lease.doubtful is (leased and lease.notice.target.by != "sms") for lease in leases), leases
    assert (await again.record.waiting())[0] == len(leases), "what it stands for no longer waits"
    for lease in leases:
        if lease.doubtful:
            assert "peut-être déjà arrivé" in words(lease.notice, doubtful=True)
    await again.kill()
