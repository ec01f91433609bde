"""A theme that comes back for days is a line on the list, and nothing ever makes it more than that."""

from array import array

import msgspec
import pytest
from stage import ACME, MONDAY, ONCALL, Scene, crowd, rules, sighting

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.detect.recurring import DEAF
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind, Incident, Severity, Subject
from buzzwatch.model.input import EVERYTHING, Gap, RulesSwapped
from buzzwatch.model.instant import DAY, HOUR, MINUTE, Instant
from buzzwatch.model.mention import Sighting
from buzzwatch.model.notification import Notice, Target
from buzzwatch.model.story import StoryKeys
from buzzwatch.notify.facts import Facts
from buzzwatch.notify.render import render

SUBJECT = Subject("acme", topic="theme:boycott")
BEGIN = MONDAY - HOUR
"""Midnight in Paris."""


def acme(*more: str, without: str = "-", instead: str = "-") -> Ruleset:
    text = ACME.format(zone="Europe/Paris").replace(without, instead)
    return compile_rules({"acme.yaml": "\n".join((text, *more)), "oncall.yaml": ONCALL})


def talk(days: range, a_day: int, themes: tuple[str, ...] = ("boycott",)) -> list[Sighting]:
    """Calm posts, an hour apart."""
    instants = [BEGIN + day * DAY + (9 + number) * HOUR for day in days for number in range(a_day)]
    return [sighting(at, f"talk{at}{themes}", themes=themes) for at in instants]


def play(ruleset: Ruleset, *posts: Sighting, until: Instant = BEGIN + 40 * DAY) -> Scene:
    scene = Scene(BEGIN, ruleset)
    everyday = talk(range(40), 4, ())
    scene.tell(*sorted((*everyday, *posts), key=lambda each: each.seen_at))
    scene.run_to(until)
    return scene


def slow(scene: Scene) -> list[tuple[ChangeKind, Incident]]:
    return [(change.kind, change.incident) for change in scene.changes if change.incident.subject == SUBJECT]


def test_it_is_opened_when_a_day_has_ended_told_to_nobody_and_over_after_days_of_calm():
    scene = play(rules(), *talk(range(20, 26), 6))
    (opened, incident), (over, ended) = slow(scene)
    assert (opened, over) == (ChangeKind.OPENED, ChangeKind.OVER)
    assert incident.opened_at == BEGIN + 23 * DAY
    assert (incident.severity, incident.rules, incident.route) == (Severity.WATCH, ("slow",), "oncall")
    assert incident.began_at == BEGIN + 20 * DAY
    assert len(incident.samples) == 3
    assert BEGIN + 29 * DAY <= (ended.closed_at or 0) <= BEGIN + 32 * DAY
    assert scene.notices == []
    held = [held for _, outcome in scene.outcomes for held in outcome.held]
    assert [(each.incident, each.target) for each in held] == [(incident.id, "oncall")]


def test_its_reason_is_in_numbers_in_both_languages():
    _, incident = slow(play(rules(), *talk(range(20, 26), 6)))[0]
    notice = Notice(
        key="k",
        due_at=incident.opened_at,
        target=Target("console"),
        kind=ChangeKind.OPENED,
        severity=incident.severity,
        language="en",
        brand_name="Acme Airlines",
        timezone="Europe/Paris",
        incident=incident,
    )
    usual = f"{incident.reason.signal.expected:.1f}" if incident.reason.signal else ""
    assert (
        Facts(notice, 0).line()
        == f"“boycott”: 18\u00a0voices in 3\u00a0d (usually {usual}), 18\u00a0authors, on 3 of 3 days"
    )
    french = msgspec.structs.replace(notice, language="fr")
    assert "« boycott »\u00a0: 18\u00a0voix en 3\u00a0j" in Facts(french, 0).line().replace("«\u00a0", "« ").replace(
        "\u00a0»", " »"
    )
    assert "days with posts: 3, at least 3 needed" in render(notice, (), None, incident.opened_at).text
    assert "jours avec des posts\u00a0: 3, minimum 3" in render(french, (), None, incident.opened_at).text


def test_a_crisis_of_the_brand_opens_beside_it_and_pages():
    mob = crowd(BEGIN + 24 * DAY + 12 * HOUR, 60, 20 * MINUTE, themes=("boycott",), voice="press")
    scene = play(rules(), *talk(range(20, 26), 6), *mob)
    assert {incident.severity for _, incident in slow(scene)} == {Severity.WATCH}
    crisis = [change.incident for change in scene.changes if change.incident.severity is Severity.CRITICAL]
    assert crisis
    assert {incident.subject.topic for incident in crisis} == {""}
    assert all(SUBJECT not in incident.covers for incident in crisis)


def test_slow_off_says_nothing_and_learns_all_the_same():
    scene = play(acme("slow: off"), *talk(range(20, 26), 6))
    assert slow(scene) == []
    on = play(acme(), *talk(range(20, 26), 6))
    assert scene.spine.memory.diaries["acme"].dump() == on.spine.memory.diaries["acme"].dump()


def test_a_rival_and_a_strict_budget_are_treated_as_they_are_written():
    rival = play(acme("role: competitor", "slow: {notify: room}"), *talk(range(20, 26), 6))
    assert [(incident.severity, incident.route) for _, incident in slow(rival)] == [(Severity.WATCH, "room")] * 2
    few = talk(range(20, 26), 3)
    assert slow(play(acme("slow: {budget: 1 per day}"), *few))[0][1].opened_at < BEGIN + 26 * DAY


def test_a_theme_sought_by_other_words_begins_anew():
    posts, wider = talk(range(20, 26), 6), acme(without="boycott: [boycott]", instead="boycott: [boycott, scandale]")
    scene = Scene(BEGIN, wider)
    scene.tell(*talk(range(20), 4, ()), RulesSwapped(BEGIN + 20 * DAY, rules()), *posts)
    scene.run_to(BEGIN + 27 * DAY)
    assert slow(scene) == []


def test_the_days_of_a_downtime_are_passed_over_and_those_around_it_closed_once():
    scene = Scene(BEGIN, rules())
    down, up = BEGIN + 22 * DAY + 20 * HOUR, BEGIN + 25 * DAY + 8 * HOUR
    scene.tell(*talk(range(23), 4, ()), Gap(up, EVERYTHING, down, up), *talk(range(25, 27), 4, ()))
    scene.run_to(BEGIN + 27 * DAY)
    diary = scene.spine.memory.diaries["acme"].dump()
    assert diary["brand"][-6:] == [4, 4, DEAF, DEAF, 4, 4]
    assert diary["said"] == {}


@pytest.mark.parametrize("a_day", [0, 1])
def test_a_brand_without_news_keeps_no_timer_running(a_day):
    scene = play(rules(), *talk(range(20, 26), a_day))
    assert [key for _, kind, key in scene.spine.memory.dump()["timers"] if kind == "day"] == []


def test_a_story_that_comes_back_for_days_is_a_line_and_one_of_a_single_day_is_none():
    def told(days: range, a_day: int, word: int) -> list[Sighting]:
        keys = StoryKeys(pairs=array("I", range(word, word + 12)).tobytes())
        posts = talk(days, a_day, ())
        return [msgspec.structs.replace(post, mention=f"{post.mention}-{word}", keys=keys) for post in posts]

    coming_back, once = told(range(20, 27), 6, 100), told(range(20, 21), 12, 500)
    scene = play(rules(), *coming_back, *once)
    topics = [change.incident.subject.topic for change in scene.changes if change.kind is ChangeKind.OPENED]
    assert topics == [f"story:{coming_back[0].mention}"]
