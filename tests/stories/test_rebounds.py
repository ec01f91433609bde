"""What has ended is watched until noon of the next day: what starts again by then is the same trouble."""

from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from stage import MONDAY, House, Scene, mention, sighting

from buzzwatch.app.explain.incident import explain
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.clock import VirtualClock
from buzzwatch.incidents import desk
from buzzwatch.incidents.rebound import noon_after
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind, Severity, State
from buzzwatch.model.input import Command, RulesSwapped, Verb
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant, instant_of
from buzzwatch.model.notification import Notice
from buzzwatch.notify.render import render
from buzzwatch.spine import Spine

BRAND = """
brand: acme
name: Acme Airlines
timezone: {zone}
match: {{any: [acme]}}
rules:
  - {{name: murmur, when: {{mention: {{negativity: 0.3}}}}, severity: warning, notify: room}}
  - {{name: shout, when: {{mention: {{negativity: 0.8}}}}, severity: critical, notify: oncall}}
"""
HUSH = "  - {{name: hush, when: {{quiet: {{over: 3h}}}}, severity: warning, notify: room}}\n"
ONCALL = """
timezone: Europe/Paris
people:
  ines: {name: Inès, language: fr, reach: {push: console, sms: console}}
  karim: {name: Karim, language: en, reach: {push: console}}
night: {from: "22:00", until: "07:00"}
routes:
  oncall: {steps: [{after: 0m, tell: ines, by: [push]}, {after: 5m, tell: karim}], copy: [console]}
  room: {copy: [console]}
"""
AFTERNOON = MONDAY + 14 * HOUR
NOON = MONDAY + DAY + 11 * HOUR
"""Tuesday, in Paris."""
MURMUR, SHOUT = 0.4, 0.9


@cache
def rules(zone: str = "Europe/Paris", more: str = "") -> Ruleset:
    return compile_rules({"acme.yaml": (BRAND + more).format(zone=zone), "oncall.yaml": ONCALL})


class Story(Scene):
    """A spine that is dumped and loaded again before each post."""

    def __init__(self, start: Instant = MONDAY, ruleset: Ruleset | None = None) -> None:
        super().__init__(start, ruleset or rules(), "acme")

    def post(self, at: Instant, negativity: float = SHOUT, thread: str = "x:a") -> None:
        packed = msgspec.msgpack.encode(self.spine.memory.dump())
        self.spine = Spine(Memory.load(msgspec.msgpack.decode(packed), self.spine.memory.rules))
        assert msgspec.msgpack.encode(self.spine.memory.dump()) == packed
        self.tell(sighting(at, f"r{at}{thread}", thread=thread, negativity=negativity))
        self.run_to(at + SECOND)

    def say(self, at: Instant, verb: Verb, by: str = "karim") -> None:
        self.tell(Command(at, verb, self.live[0].id, by))

    @property
    def kinds(self) -> list[ChangeKind]:
        return [change.kind for change in self.changes]

    def told(self, since: Instant) -> dict[str, Notice]:
        return {str(n.target): n for at, outcome in self.outcomes for n in outcome.notices if at >= since}


def instant(text: str) -> Instant:
    return instant_of(datetime.fromisoformat(text))


def ended(by: str | None, start: Instant = AFTERNOON) -> Story:
    """A story of one trouble that has ended: closed by somebody after five minutes, or over by itself."""
    story = Story(start - DAY)
    story.post(start)
    if by:
        story.say(start + 2 * MINUTE, Verb.TAKE, by)
        story.say(start + 5 * MINUTE, Verb.RESOLVE, by)
    story.run_to(start + HOUR)
    assert story.live == []
    return story


@pytest.mark.parametrize("by", ["karim", None], ids=["closed", "over"])
def test_what_starts_again_the_next_morning_is_the_same_incident_told_as_a_rebound(by: str | None):
    story = ended(by)
    again = NOON - HOUR
    story.post(again)
    (incident,) = story.live
    assert len({change.incident.id for change in story.changes}) == 1
    assert ChangeKind.REOPENED in story.kinds
    assert (incident.had_by, incident.watch_until) == (by, None)
    told = story.told(again)
    assert set(told) == ({"console", "ines/push", "karim/push"} if by else {"console", "ines/push"})
    assert told["ines/push"].page
    assert not any(notice.page for target, notice in told.items() if target != "ines/push")
    for target, words in (("ines/push", "ça repart"), ("console", "started again")):
        text = render(told[target], (), None, again)
        assert words in text.title + text.text, text


def test_after_noon_it_is_another_incident():
    story = ended(None)
    story.post(NOON - SECOND)
    assert ChangeKind.REOPENED in story.kinds
    story = ended(None)
    story.post(NOON + MINUTE)
    assert ChangeKind.REOPENED not in story.kinds
    assert len({change.incident.id for change in story.changes}) == 2


def test_who_closed_it_is_not_woken_by_what_merely_goes_on():
    story = Story()
    for seconds in range(10):
        story.post(AFTERNOON + 2 * seconds * SECOND)
    story.say(AFTERNOON + 2 * MINUTE, Verb.RESOLVE)
    before = len(story.notices)
    for minutes in range(10, 100, 10):
        story.post(AFTERNOON + minutes * MINUTE)
    assert len(story.notices) == before
    story.run_to(AFTERNOON + 4 * HOUR)
    story.post(AFTERNOON + 4 * HOUR + MINUTE)
    assert ChangeKind.REOPENED in story.kinds


def test_at_night_who_had_it_hears_of_a_lesser_rebound_in_the_morning():
    story = ended("karim")
    night = MONDAY + DAY + HOUR
    story.post(night, MURMUR)
    assert story.live[0].severity is Severity.WARNING
    assert set(story.told(night)) == {"console"}
    story.run_to(MONDAY + DAY + 7 * HOUR)
    assert [str(notice.target) for notice in story.notices if notice.night] == ["ines/push", "karim/push"], (
        "who was paged hears in the morning that it ended again"
    )


def test_at_night_a_critical_rebound_pages_who_is_on_duty_alone():
    story = ended("karim")
    night = MONDAY + DAY + HOUR
    story.post(night)
    assert set(story.told(night)) == {"console", "ines/push"}


def test_a_silence_that_comes_again_is_another_one():
    story = Story(MONDAY, rules(more=HUSH))
    story.post(AFTERNOON, 0.1)
    story.run_to(AFTERNOON + 3 * HOUR)
    story.post(AFTERNOON + 4 * HOUR, 0.1)
    story.run_to(AFTERNOON + 7 * HOUR + MINUTE)
    assert [kind for kind in story.kinds if kind is ChangeKind.OPENED] == [ChangeKind.OPENED] * 2


@pytest.mark.parametrize(
    ("at", "zone", "noon"),
    [
        ("2026-03-28T21:00:00Z", "Europe/Paris", "2026-03-29T10:00:00Z"),  # the clocks go forward in between
        ("2026-03-28T23:30:00Z", "Europe/Paris", "2026-03-30T10:00:00Z"),  # it is the 29th there already
        ("2026-10-24T20:00:00Z", "Europe/Paris", "2026-10-25T11:00:00Z"),  # back
        ("2026-03-02T00:30:00Z", "America/New_York", "2026-03-02T17:00:00Z"),
    ],
)
def test_noon_is_that_of_the_next_day_of_the_brands_calendar(at: str, zone: str, noon: str):
    assert noon_after(instant(at), ZoneInfo(zone)) == instant(noon)


def test_the_watch_ends_at_that_noon_over_a_change_of_clocks():
    saturday = instant("2026-03-28T15:00:00Z")
    story = ended(None, saturday)
    (incident,) = story.spine.memory.desk.incidents.values()
    assert incident.watch_until == instant("2026-03-29T10:00:00Z")
    story.run_to(instant("2026-03-29T10:00:01Z"))
    assert story.spine.memory.desk.incidents == {}


def test_the_desk_keeps_no_more_closed_incidents_than_it_says(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(desk, "MOST_CLOSED", 3)
    story = Story()
    for number in range(5):
        story.post(AFTERNOON + number * MINUTE, thread=f"x:{number}")
        story.say(AFTERNOON + number * MINUTE + 30 * SECOND, Verb.RESOLVE)
    kept = [incident.subject.thread for incident in story.spine.memory.desk.incidents.values()]
    assert kept == ["x:2", "x:3", "x:4"]
    stored = {i.id for _, outcome in story.outcomes for i in outcome.touched if i.state is State.RESOLVED}
    assert len(stored) == 5, "what is let go of is on record all the same"


async def test_after_a_restart_it_is_watched_still_and_explained(tmp_path: Path):
    house = House(tmp_path, VirtualClock(AFTERNOON))
    house.open()
    await house.tell(RulesSwapped(0, rules()))
    await house.say(mention(AFTERNOON, "loud", angry=True))
    await house.move(AFTERNOON + 2 * MINUTE)
    (key,) = house.drive.spine.memory.desk.incidents
    await house.tell(Command(0, Verb.RESOLVE, key, "karim"))
    await house.kill()
    await house.clock.advance(3 * HOUR)
    again = House(tmp_path, house.clock)
    again.open()
    await again.move(house.clock.now() + MINUTE)
    lines = again.record.write_now(lambda db: explain(db, key))
    assert lines is not None
    assert any("what starts again until 2026-03-03 12:00:00 is the same incident" in line for line in lines)
    await again.say(mention(again.clock.now(), "loud-2", angry=True, root="x:loud"))
    await again.move(again.clock.now() + 2 * SECOND)
    lines = again.record.write_now(lambda db: explain(db, key))
    await again.close()
    assert lines is not None
    assert any("a rebound: it had ended at 2026-03-02 15:02:00, karim had it" in line for line in lines), lines
