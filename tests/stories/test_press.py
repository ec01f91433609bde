"""A trouble that the press joins is one more severe, once; and comes down as every trouble does."""

import msgspec
import pytest
from stage import MONDAY, ONCALL, Scene, crowd, ordinary_days, rules, sighting

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind, Incident, Severity, State
from buzzwatch.model.input import Command, Verb
from buzzwatch.model.instant import HOUR, MINUTE, SECOND, Instant
from buzzwatch.model.mention import Kind, Sighting
from buzzwatch.model.notification import Sample
from buzzwatch.notify.render import render

NOON = MONDAY + 12 * HOUR
ENDS = {ChangeKind.CALMED, ChangeKind.OVER}
BRAND = """
brand: acme
timezone: Europe/Paris
language: fr
{more}
match: {{any: [acme]}}
rules:
  - {{name: many, when: {{volume: {{over: 1h, at_least: 20}}}}, severity: warning, notify: room}}
  - {{name: some, when: {{volume: {{over: 1h, at_least: 10}}}}, severity: watch, notify: room}}
  - {{name: talk, when: {{thread: {{mentions: 20}}}}, severity: critical, notify: oncall}}
"""


def world(more: str = "") -> Ruleset:
    return compile_rules({"acme.yaml": BRAND.format(more=more), "oncall.yaml": ONCALL})


def play(*sightings: Sighting, until: Instant = NOON + HOUR, ruleset: Ruleset | None = None) -> Scene:
    scene = Scene(MONDAY, ruleset or world(), "acme")
    scene.tell(*sorted(sightings, key=lambda each: each.seen_at))
    scene.run_to(until)
    return scene


def article(at: Instant, name: str = "article", **changes: object) -> Sighting:
    return sighting(at, name, **({"kind": Kind.ARTICLE, "source": "press", "negativity": 0.2} | changes))


def story(scene: Scene) -> list[tuple[str, str]]:
    return [(change.kind.value, change.incident.severity.label) for change in scene.changes]


def only(scene: Scene) -> Incident:
    (incident,) = scene.spine.memory.desk.incidents.values()
    return incident


def some(minutes: int = 30) -> list[Sighting]:
    """A warning after twenty of them."""
    return crowd(NOON, 24, minutes * MINUTE, negativity=0.2)


def test_the_press_makes_a_warning_critical_and_pages_by_the_route_of_the_brands_critical_rules():
    scene = play(*some(), article(NOON + 32 * MINUTE))
    assert story(scene) == [("opened", "watch"), ("worsened", "warning"), ("worsened", "critical")]
    raised = next(change for change in scene.changes if change.why == "press")
    assert (raised.kind, raised.at) == (ChangeKind.WORSENED, NOON + 32 * MINUTE + SECOND)
    assert (raised.incident.severity, raised.incident.press.mention) == (Severity.CRITICAL, "x:article")
    assert raised.incident.route == "oncall"
    assert raised.incident.reason.mentions == 25, "as it stands now, the article among them"
    assert scene.pages[0][1] == "ines/push"
    assert [change.why for change in scene.changes].count("press") == 1


def test_a_watch_becomes_a_warning():
    scene = play(*crowd(NOON, 14, 20 * MINUTE, negativity=0.2), article(NOON + 21 * MINUTE))
    assert story(scene) == [("opened", "watch"), ("worsened", "warning")]
    assert scene.pages == []
    assert {str(notice.target) for notice in scene.notices} == {"console"}


def test_the_press_that_came_before_the_rule_rang_raises_the_trouble_as_it_opens():
    scene = play(*some(), article(NOON + 8 * MINUTE))
    opened = [change for change in scene.changes if change.at == scene.changes[0].at]
    assert [(change.kind, change.incident.severity) for change in opened] == [
        (ChangeKind.OPENED, Severity.WATCH), (ChangeKind.WORSENED, Severity.WARNING)
    ]  # fmt: skip
    first = [notice for notice in scene.notices if notice.due_at == opened[0].at]
    assert [(notice.kind, notice.severity) for notice in first] == [(ChangeKind.OPENED, Severity.WARNING)]


@pytest.mark.parametrize("earlier", [-3 * MINUTE, MINUTE, 11 * HOUR])
def test_a_trouble_that_began_with_an_article_is_not_raised_by_another(earlier: int):
    scene = play(article(NOON - earlier), *some(), article(NOON + 32 * MINUTE, "other"))
    assert only(scene).severity is Severity.WARNING
    assert only(scene).press is None


def test_a_second_article_changes_nothing_more():
    scene = play(*some(), article(NOON + 32 * MINUTE), article(NOON + 35 * MINUTE, "other"))
    assert [change.why for change in scene.changes].count("press") == 1


def test_a_competitor_never_pages():
    scene = play(*some(), article(NOON + 32 * MINUTE), ruleset=world("role: competitor"))
    assert only(scene).severity is Severity.WARNING
    assert scene.pages == []


def test_it_comes_down_as_every_trouble_does():
    fading = [*some(), *crowd(NOON + 40 * MINUTE, 40, 200 * MINUTE, negativity=0.2)]
    scene = play(*fading, article(NOON + 32 * MINUTE), until=NOON + 8 * HOUR)
    quiet = play(*fading, until=NOON + 8 * HOUR)
    ends = [[each for each in played.changes if each.kind in ENDS] for played in (scene, quiet)]
    assert [(end.kind, end.incident.severity) for end in ends[0]] == [
        (ChangeKind.CALMED, Severity.WARNING), (ChangeKind.OVER, Severity.WARNING)
    ]  # fmt: skip
    assert [(end.kind, end.incident.severity) for end in ends[1]] == [
        (ChangeKind.CALMED, Severity.WATCH), (ChangeKind.OVER, Severity.WATCH)
    ]  # fmt: skip
    assert [end.at - quiet.changes[0].at for end in ends[0]] == pytest.approx(
        [end.at - quiet.changes[0].at for end in ends[1]], abs=6 * MINUTE
    )


def test_what_was_taken_was_less_than_this():
    scene = play(*some(), until=NOON + 31 * MINUTE)
    scene.tell(Command(scene.spine.memory.now, Verb.TAKE, only(scene).id, "karim"))
    scene.tell(article(NOON + 32 * MINUTE))
    scene.run_to(NOON + 33 * MINUTE)
    assert (only(scene).state, only(scene).taken_by, only(scene).raised) == (State.OPEN, None, True)


def conversation(count: int = 24, **changes: object) -> list[Sighting]:
    told = {"thread": "x:root", "parent": "x:root", "kind": Kind.REPLY, "negativity": 0.2} | changes
    return [sighting(NOON, "root", negativity=0.2), *crowd(NOON + 1, count, 20 * MINUTE, **told)]


def test_a_critical_conversation_stays_critical_and_everybody_hears_of_the_press_once():
    scene = play(*conversation(), until=NOON + 20 * MINUTE)
    talk = next(i for i in scene.live if i.severity is Severity.CRITICAL)
    scene.tell(Command(scene.spine.memory.now, Verb.TAKE, talk.id, "karim"))
    scene.tell(article(NOON + 21 * MINUTE, thread="x:root", parent="x:root"))
    scene.run_to(NOON + 22 * MINUTE)
    heard = scene.changes[-1]
    assert (heard.kind, heard.why, heard.incident.id) == (ChangeKind.WORSENED, "press", talk.id)
    assert (heard.incident.state, heard.incident.raised) == (State.TAKEN, False)
    assert {str(notice.target) for notice in scene.notices if notice.due_at == heard.at} == {"console", "karim/push"}


def test_an_answer_in_the_conversation_is_none_to_the_readers_of_the_press():
    answer = sighting(NOON + 15 * MINUTE, "us", thread="x:root", parent="x:root", kind=Kind.REPLY, official=True)
    slow = conversation(22)
    answered = play(*slow, answer, until=NOON + 21 * MINUTE)
    assert max(i.severity for i in answered.live) is Severity.WARNING
    raised = play(
        *slow, answer, article(NOON + 20 * MINUTE, thread="x:root", parent="x:root"), until=NOON + 21 * MINUTE
    )
    assert max(i.severity for i in raised.live) is Severity.CRITICAL


def test_an_article_elsewhere_is_not_in_the_conversation():
    alone = compile_rules(
        {
            "acme.yaml": "brand: acme\\nmatch: {any: [acme]}\\nrules: [{name: talk, when: {thread: {mentions: 20}}, "
            "severity: warning}]".replace("\\n", "\n")
        }
    )
    scene = play(*conversation(), article(NOON + 21 * MINUTE), ruleset=alone)
    assert only(scene).press is None
    joined = article(NOON + 22 * MINUTE, "inside", thread="x:root", parent="x:root")
    assert only(play(*conversation(), joined, ruleset=alone)).press.mention == "x:inside"


def test_a_rule_about_one_post_of_the_press_is_not_raised_by_that_post():
    strike = article(NOON + 5 * MINUTE, "strike", thread="x:root", parent="x:root", voice="press", themes=("boycott",))
    scene = play(sighting(NOON, "root"), strike, ruleset=rules())
    assert story(scene) == [("opened", "warning"), ("over", "warning")]
    again = article(NOON + 9 * MINUTE, "again", thread="x:root", parent="x:root")
    assert story(play(sighting(NOON, "root"), strike, again, ruleset=rules())) == story(scene)


def test_a_brand_that_the_press_writes_of_all_day_is_raised_by_more_than_that_alone():
    daily = [article(MONDAY + hour * HOUR, f"daily{hour}") for hour in range(1, 13)]
    assert only(play(*daily, *some())).press is None
    many = [article(NOON + 32 * MINUTE + number * MINUTE, f"many{number}") for number in range(6)]
    assert only(play(*daily, *some(), *many)).press is not None


def test_the_message_says_who_and_when_in_both_languages():
    scene = play(*some(), article(NOON + 32 * MINUTE))
    page = next(notice for notice in scene.notices if notice.page)
    sample = Sample("x:article", "Acme en panne", "@afpfr", 900_000, None, NOON + 32 * MINUTE, 0.2)
    for language, line, title in (
        ("fr", "La presse s’en mêle\u00a0: @\u2060afpfr, 13:32.", "la presse s’en mêle"),
        ("en", "The press has joined: @\u2060afpfr, 13:32.", "the press has joined"),
    ):
        notice = msgspec.structs.replace(page, language=language)
        said = render(notice, [sample], None, notice.due_at)
        assert line in said.text
        assert title in said.title
        assert title.replace("’", "'").replace("ê", "e") in said.short
        assert line.replace("@\u2060afpfr", "press") in render(notice, [], None, notice.due_at).text
    assert page.incident.shown[0] == "x:article"


def test_ordinary_days_with_an_article_ring_nothing():
    day = list(ordinary_days(MONDAY, NOON, 6.0, seed=4))
    assert play(*day, article(NOON - HOUR), ruleset=rules()).changes == []
