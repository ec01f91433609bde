"""What one wing does where another one is at work: the press, stories, slow signals, the calendar, other rules."""

from array import array

import pytest
from msgspec.structs import replace
from stage import MONDAY, ONCALL, Scene, crowd, rules, sighting, warmed

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import Severity
from buzzwatch.model.input import RulesSwapped, Warmed
from buzzwatch.model.instant import DAY, HOUR, MINUTE, Instant
from buzzwatch.model.mention import Kind, Sighting
from buzzwatch.model.story import StoryKeys

NOON = MONDAY + 12 * HOUR
BRAND = """
brand: acme
timezone: UTC
language: en
{more}
match: {{any: [acme]}}
rules:
{rules}
"""


def world(*written: str, more: str = "", calendar: str = "") -> Ruleset:
    files = {"acme.yaml": BRAND.format(more=more, rules="\n".join(f"  - {{{rule}}}" for rule in written))}
    return compile_rules(files | {"oncall.yaml": ONCALL} | ({"calendar.yaml": calendar} if calendar else {}))


def telling(first: int, last: int = 0) -> StoryKeys:
    return StoryKeys(pairs=array("I", [*range(first, first + 19), *([last] if last else [])]).tobytes())


def article(at: Instant, keys: StoryKeys) -> Sighting:
    return sighting(at, f"article{at}", kind=Kind.ARTICLE, source="press", negativity=0.0, keys=keys)


@pytest.mark.parametrize("notify", ["room", "oncall"])
def test_what_the_press_and_a_worse_rule_make_critical_together_pages(notify: str):
    some, many, talk = (
        "name: some, when: {volume: {over: 1h, at_least: 10}}, severity: watch, notify: room",
        f"name: many, when: {{volume: {{over: 1h, at_least: 20}}}}, severity: warning, notify: {notify}",
        "name: talk, when: {thread: {mentions: 20}}, severity: critical, notify: oncall",
    )
    scene = Scene(MONDAY, world(some, many, talk), "acme")
    posts = [*crowd(NOON, 40, 40 * MINUTE, negativity=0.2), article(NOON + 12 * MINUTE, StoryKeys())]
    scene.tell(*sorted(posts, key=lambda each: each.seen_at))
    scene.run_to(NOON + 50 * MINUTE)
    assert [incident.severity for incident in scene.live] == [Severity.CRITICAL]
    assert scene.pages


@pytest.mark.parametrize(("keys", "severity"), [(telling(9_000), Severity.WARNING), (telling(1), Severity.CRITICAL)])
def test_an_article_joins_a_story_only_by_telling_it(keys: StoryKeys, severity: Severity):
    scene = Scene(MONDAY, world("name: tale, when: {thread: {mentions: 8}}, severity: warning, notify: room"), "acme")
    scene.tell(*(sighting(NOON + each * MINUTE, f"s{each}", keys=telling(1), negativity=0.8) for each in range(12)))
    scene.tell(article(NOON + 20 * MINUTE, keys))
    scene.run_to(NOON + 30 * MINUTE)
    assert [(incident.subject.story, incident.severity) for incident in scene.live] == [("x:s0", severity)]


def test_copies_with_a_word_changed_are_one_voice_of_a_slow_signal():
    scene = Scene(MONDAY, rules(), "acme")
    for each in range(12):
        at = NOON + each * MINUTE
        scene.tell(sighting(at, f"s{each}", keys=telling(1, 1_000 + each), copy=100 + each, themes=("safety",)))
    (said,) = scene.spine.memory.diaries["acme"]._said.values()
    assert {subject: one.voices.number for subject, one in said.items()} == {"": 1, "theme:safety": 1}


@pytest.mark.parametrize("over", ["27h", "3d"])
def test_a_campaign_is_not_learnt_whoever_asks_in_the_silence_after_it(over: str):
    began = MONDAY + 9 * DAY + 8 * HOUR
    calendar = "campaigns: [{from: 2026-03-11 08:00, until: 2026-03-11 20:00, expect: 3x, why: sale}]"
    scene = Scene(MONDAY, world(f"name: q, when: {{quiet: {{over: {over}}}}}, severity: watch", calendar=calendar))
    calm = [sighting(at, f"c{at}") for at in range(MONDAY, began, 30 * MINUTE)]
    sale = [sighting(began + at, f"s{at}") for at in range(0, 12 * HOUR, 10 * MINUTE)]
    later = [sighting(began + 40 * HOUR + each * HOUR, f"l{each}") for each in range(14)]
    scene.tell(*calm, *sale, *later)
    assert scene.spine.memory.pulses["acme"]._baseline.level() == pytest.approx(2.0, rel=0.1)


def test_a_brand_that_becomes_a_competitor_pages_no_more():
    loud = "name: loud, when: {volume: {over: 1h, at_least: 10}}, severity: critical, notify: oncall"
    scene = Scene(MONDAY, world(loud), "acme")
    scene.tell(*crowd(NOON, 12, 12 * MINUTE))
    scene.run_to(NOON + 13 * MINUTE)
    before = list(scene.pages)
    scene.tell(RulesSwapped(NOON + 14 * MINUTE, world(loud, more="role: competitor")))
    scene.run_to(NOON + HOUR)
    assert before
    assert scene.pages == before
    assert [incident.severity for incident in scene.live] == [Severity.WARNING]


@pytest.mark.parametrize("known", [True, False])
def test_what_another_version_had_learnt_is_passed_over(*, known: bool):
    scene, strange = Scene(MONDAY, rules(), "zephyr"), warmed(NOON, "acme")
    strange = replace(strange, habits={"acme": strange.habits["acme"].replace(b"tempers", b"tantrum")})
    assert isinstance(strange, Warmed)
    first, last = sighting(NOON - 1, "one"), sighting(NOON + 1, "two")
    scene.tell(*((first, strange, last) if known else (strange, last)))
    assert scene.spine.memory.pulses["acme"].habits()["baseline"]["numbers"][0] == 0
