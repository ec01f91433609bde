"""What grows fast is told as something one more severe, once; what merely jumped is not."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from stage import MONDAY, ONCALL, Scene, sighting

from buzzwatch import lookout
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind, Severity, State
from buzzwatch.model.input import Command, Verb
from buzzwatch.model.instant import HOUR, MINUTE, Instant, Span
from buzzwatch.model.mention import Kind, Sighting
from buzzwatch.model.signal import Trend
from buzzwatch.model.thread import Phase, ThreadView
from buzzwatch.notify.render import render

NOON = MONDAY + 12 * HOUR
LATE = MONDAY + 23 * HOUR
BRAND = """
brand: acme
timezone: Europe/Paris
language: fr
{more}
match: {{any: [acme]}}
rules:
  - {{name: many, when: {{volume: {{over: 1h, at_least: 15}}}}, severity: {severity}, notify: {route}}}
  - {{name: talk, when: {{thread: {{mentions: 400}}}}, severity: critical, notify: oncall}}
"""
NIGHT = 'night: {from: "22:00", until: "07:00"}\n'


def world(severity: str = "warning", more: str = "", *, route: str = "room", night: str = "") -> Ruleset:
    text = BRAND.format(more=more, severity=severity, route=route)
    return compile_rules({"acme.yaml": text, "oncall.yaml": ONCALL + night})


def growing(since: Instant, doubles_in: Span = 6 * MINUTE, count: int = 70) -> Iterator[Sighting]:
    """Posts that come ever faster."""
    return (
        sighting(since + int(doubles_in * 5 * (number / count) ** 0.25), f"g{number}", negativity=0.2)
        for number in range(count)
    )


def steady(since: Instant, each: Span = 30_000, count: int = 60) -> list[Sighting]:
    """A new level from one moment on."""
    return [sighting(since + number * each, f"s{number}", negativity=0.2) for number in range(count)]


def play(ruleset: Ruleset, *sightings: Sighting, until: Instant = NOON + HOUR) -> Scene:
    scene = Scene(MONDAY, ruleset, "acme")
    scene.tell(*sightings)
    scene.run_to(until)
    return scene


def test_a_warning_that_grows_fast_pages_by_the_route_of_the_brands_critical_rules():
    scene = play(world(), *growing(NOON), until=NOON + 40 * MINUTE)
    assert [change.kind for change in scene.changes][:2] == [ChangeKind.OPENED, ChangeKind.WORSENED]
    (incident,) = scene.live
    assert (incident.severity, incident.loudness, incident.route) == (Severity.WARNING, Severity.CRITICAL, "oncall")
    assert [target for _, target in scene.pages][:2] == ["ines/push", "ines/sms"]


def test_a_jump_to_a_new_level_is_told_and_pages_nobody():
    scene = play(world(), *steady(NOON))
    assert scene.changes[0].kind is ChangeKind.OPENED
    assert not scene.pages
    assert not any(change.incident.urgent for change in scene.changes)


def test_a_watch_that_grows_fast_becomes_a_message_and_no_page():
    scene = play(world("watch"), *growing(NOON), until=NOON + 40 * MINUTE)
    assert {str(notice.target) for notice in scene.notices} == {"console"}
    assert scene.notices[0].severity is Severity.WATCH
    assert not scene.pages


def test_a_critical_one_pages_as_ever_though_it_does_not_grow():
    scene = play(world("critical", route="oncall"), *steady(NOON))
    assert scene.pages[0] == (0, "ines/push")
    assert not scene.changes[0].incident.urgent


def test_a_competitor_pages_nobody_however_fast_it_grows():
    scene = play(world(more="role: competitor"), *growing(NOON))
    assert scene.notices
    assert not scene.pages


def test_at_night_speed_alone_wakes_nobody_whom_the_rule_lets_sleep():
    scene = play(world(night=NIGHT), *growing(LATE), until=LATE + HOUR)
    assert not scene.pages
    assert {str(notice.target) for notice in scene.notices} == {"console"}
    waits = [held for _, outcome in scene.outcomes for held in outcome.held if held.night]
    assert {held.target for held in waits} == {"ines/push"}


def test_a_rule_that_wakes_pages_at_night_where_it_grows_fast():
    awake = world(night=NIGHT, more="").brands["acme"].rules
    assert not awake[0].wakes
    text = BRAND.format(more="", severity="warning, at_night: wake", route="room")
    ruleset = compile_rules({"acme.yaml": text, "oncall.yaml": ONCALL + NIGHT})
    scene = play(ruleset, *growing(LATE), until=LATE + HOUR)
    assert scene.pages[0][1] == "ines/push"


def test_what_was_taken_before_it_became_urgent_pages_again():
    scene = Scene(MONDAY, world(), "acme")
    posts = list(growing(NOON))
    scene.tell(*posts[:20])
    scene.run_to(posts[19].seen_at + 1000)
    (incident,) = scene.live
    scene.tell(Command(posts[19].seen_at + 2000, Verb.TAKE, incident.id, "karim"), *posts[20:])
    scene.run_to(NOON + 40 * MINUTE)
    assert scene.live[0].state is State.OPEN
    assert scene.pages


def test_once_calm_it_counts_for_what_it_is():
    scene = play(world(), *growing(NOON), until=NOON + 4 * HOUR)
    assert scene.changes[-1].kind is ChangeKind.OVER
    pages = len(scene.pages)
    scene.tell(*steady(NOON + 4 * HOUR + 30 * MINUTE))
    scene.run_to(NOON + 5 * HOUR)
    assert scene.live[0].loudness is Severity.WARNING
    assert len(scene.pages) == pages


def test_a_memory_loaded_amid_the_rise_goes_on_the_same():
    posts = list(growing(NOON))
    whole, halves = Scene(MONDAY, world(), "acme"), Scene(MONDAY, world(), "acme")
    whole.tell(*posts)
    halves.tell(*posts[:30])
    halves.spine = type(halves.spine)(Memory.load(halves.spine.memory.dump(), world()))
    halves.tell(*posts[30:])
    for scene in (whole, halves):
        scene.run_to(NOON + 40 * MINUTE)
    assert halves.spine.memory.digest() == whole.spine.memory.digest()
    assert halves.pages == whole.pages


@pytest.mark.parametrize(("language", "title", "line"), [
    ("fr", ", double en ", "Urgent\u00a0: oui, double en "),
    ("en", ", doubles in ", "Urgent: yes, doubles in "),
])  # fmt: skip
def test_every_alarm_says_how_urgent_it_is_in_both_languages(language, title, line):
    scene = play(world(more=""), *growing(NOON), until=NOON + 40 * MINUTE)
    notice = next(notice for notice in scene.notices if notice.incident.reason.is_urgent)
    notice = type(notice)(**{name: getattr(notice, name) for name in notice.__struct_fields__} | {"language": language})
    message = render(notice, (), None, notice.due_at)
    assert title in message.title
    assert line in message.text


RISING = """
brand: acme
timezone: Europe/Paris
language: fr
match: {any: [acme]}
rules:
  - {name: many, when: {volume: {over: 1h, at_least: 15}}, severity: watch, notify: room}
  - {name: more, when: {volume: {over: 1h, at_least: 60}}, severity: warning, notify: room}
  - {name: talk, when: {thread: {mentions: 400}}, severity: critical, notify: oncall}
"""


@pytest.mark.parametrize("by", ["a rule", "the press"])
def test_what_was_urgent_as_a_watch_and_rises_once_it_no_longer_grows_is_as_loud_as_any_warning(by: str):
    scene = Scene(MONDAY, compile_rules({"acme.yaml": RISING, "oncall.yaml": ONCALL}), "acme")
    posts = list(growing(NOON))[:50]
    ended = posts[-1].seen_at
    article = sighting(ended + 20 * MINUTE, "article", kind=Kind.ARTICLE, source="press", negativity=0.0)
    slow = steady(ended + MINUTE, each=MINUTE, count=30) if by == "a rule" else [article]
    scene.tell(*posts, *slow)
    scene.run_to(ended + 40 * MINUTE)
    assert any(change.incident.urgent for change in scene.changes)
    (incident,) = scene.live
    assert (incident.severity, incident.loudness) == (Severity.WARNING, Severity.WARNING)
    assert not scene.pages


@pytest.mark.parametrize("fast", [True, False])
def test_what_rises_while_it_grows_fast_pages_in_the_same_second(fast: bool):  # noqa: FBT001 - a parameter of the test
    scene = Scene(MONDAY, compile_rules({"acme.yaml": RISING, "oncall.yaml": ONCALL}), "acme")
    scene.tell(*(growing(NOON) if fast else steady(NOON, count=70)))
    scene.run_to(NOON + 40 * MINUTE)
    assert bool(scene.pages) is fast


def test_a_conversation_is_urgent_by_its_pace_unless_it_was_answered_or_is_small_or_fades():
    talk = ThreadView("x:1", "acme", 40, 30, 0.8, None, 240.0, 90.0, 6.0, False, Trend.RISING, 0, 1, Phase.RISING)
    assert lookout._doubling(talk) == 10 * MINUTE
    assert lookout._doubling(replace(talk, rate=60.0)) == 40 * MINUTE
    for other in ({"answered": True}, {"mentions": 19}, {"phase": Phase.PEAKING}, {"rate": 0.0}):
        assert lookout._doubling(replace(talk, **other)) is None
