"""Rules in shadow: what they would have rung is on record, counted, and told to nobody."""

from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace
from stage import MONDAY, ONCALL, House, Scene, crowd, mention, sighting

from buzzwatch.app import in_shadow
from buzzwatch.app.checking import check
from buzzwatch.app.digest import find
from buzzwatch.app.explain.incident import explain
from buzzwatch.app.history import as_line, history
from buzzwatch.app.rehearsal.rehearsal import Rehearsal
from buzzwatch.app.rehearsal.verdict import judge
from buzzwatch.app.rota.known import Known
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.clock import VirtualClock
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind, Incident, Severity, State
from buzzwatch.model.input import ClockSet, Gap, RulesSwapped
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant
from buzzwatch.model.signal import Finding
from buzzwatch.model.view import View
from buzzwatch.notify.render import render
from buzzwatch.rules.changes import changes
from buzzwatch.rules.ruleset import load_with_trials
from buzzwatch.rules.words import in_language

NOON: Instant = MONDAY + 12 * HOUR
BRAND = """
brand: acme
name: Acme Airlines
timezone: Europe/Paris
language: fr
match: {any: [acme]}
rules:
"""
LIVE = (
    "  - {name: voices, when: {mention: {negativity: 0.6, authors: 3, over: 1h}}, severity: critical, notify: oncall}\n"
)
TRIED = LIVE.replace("name: voices", "name: fewer, mode: shadow").replace("authors: 3", "authors: 2")
SILENT = "  - {name: silent, mode: shadow, when: {quiet: {over: 1h}}, severity: warning, notify: room}\n"
DIGEST = 'digest: {at: "08:30", days: daily, to: room}\n'


@cache
def rules(*written: str) -> Ruleset:
    return compile_rules({"acme.yaml": BRAND + "".join(written), "oncall.yaml": ONCALL + DIGEST})


class Story(Scene):
    """A spine alone under some rules."""

    def __init__(self, *written: str) -> None:
        super().__init__(NOON, rules(*written), "acme")

    def angry(self, at: Instant, *names: str) -> None:
        for place, name in enumerate(names):
            self.tell(sighting(at + place * SECOND, name, negativity=0.9))
        self.run_to(at + MINUTE)

    @property
    def rings(self) -> list[Incident]:
        return [ring for _, outcome in self.outcomes for ring in outcome.shadows]


def test_it_is_kept_with_its_reason_from_the_instant_at_which_it_would_have_rung_until_it_is_over():
    story = Story(TRIED)
    story.angry(NOON + HOUR, "a", "b")
    story.run_to(NOON + 4 * HOUR)
    began, ended = story.rings
    assert began.id == "shadow-acme-fewer-260302-130001"
    assert (began.state, ended.state) == (State.OPEN, State.RESOLVED)
    assert began.opened_at == NOON + HOUR + SECOND
    assert ended.closed_at == began.opened_at + HOUR
    assert (began.severity, began.route, began.rules) == (Severity.CRITICAL, "oncall", ("fewer",))
    (negativity, authors) = began.reason.clauses
    assert (authors.name, authors.observed, authors.needed) == ("mention.authors", 2, 2)
    assert negativity.passed
    assert began.samples == ("x:b", "x:a")
    assert not story.changes
    assert not story.notices
    assert not story.live


def test_what_still_holds_is_one_ring_and_what_starts_again_afterwards_is_another():
    story = Story(TRIED)
    story.angry(NOON + HOUR, "a", "b")
    story.angry(NOON + 90 * MINUTE, "c")
    story.run_to(NOON + 2 * HOUR + 10 * MINUTE)
    assert len(story.rings) == 1
    story.run_to(NOON + 4 * HOUR)
    story.angry(NOON + 5 * HOUR, "d", "e")
    assert [ring.state for ring in story.rings] == [State.OPEN, State.RESOLVED, State.OPEN]
    assert story.rings[1].true_at == NOON + 90 * MINUTE + SECOND


def test_a_live_rule_rings_as_if_the_one_in_shadow_were_not_there_and_neither_knows_of_the_other():
    story = Story(LIVE, TRIED)
    story.angry(NOON + HOUR, "a", "b")
    assert (len(story.rings), len(story.changes)) == (1, 0)
    story.angry(NOON + HOUR + 5 * MINUTE, "c")
    (opened,) = story.changes
    assert opened.incident.rules == ("voices",)
    assert len(story.rings) == 1


def test_out_of_the_shadow_it_rings_as_new_if_it_still_holds_and_back_there_it_is_told_as_over():
    story = Story(TRIED)
    story.angry(NOON + HOUR, "a", "b")
    story.tell(RulesSwapped(NOON + HOUR + 2 * MINUTE, rules(TRIED.replace(", mode: shadow", ""))))
    assert story.rings[-1].state is State.RESOLVED
    assert not story.changes
    story.angry(NOON + HOUR + 3 * MINUTE, "c")
    assert [change.kind for change in story.changes] == [ChangeKind.OPENED]
    story.tell(RulesSwapped(NOON + HOUR + 5 * MINUTE, rules(TRIED)))
    story.run_to(NOON + 4 * HOUR)
    assert story.changes[-1].kind is ChangeKind.OVER


def test_a_rule_in_shadow_that_is_edited_goes_on():
    story = Story(TRIED)
    story.angry(NOON + HOUR, "a", "b")
    story.tell(RulesSwapped(NOON + HOUR + 2 * MINUTE, rules(TRIED.replace("authors: 2", "authors: 5"))))
    assert [ring.state for ring in story.rings] == [State.OPEN]
    story.run_to(NOON + 4 * HOUR)
    assert [ring.state for ring in story.rings] == [State.OPEN, State.RESOLVED]


def test_a_silence_lasts_until_somebody_is_heard_and_half_an_hour_more():
    story = Story(SILENT)
    story.tell(sighting(NOON + MINUTE, "last"))
    story.run_to(NOON + 5 * HOUR)
    (ring,) = story.rings
    assert (ring.began_at, ring.opened_at) == (NOON + MINUTE, NOON + HOUR + MINUTE)
    story.tell(sighting(NOON + 6 * HOUR, "again"))
    story.run_to(NOON + 6 * HOUR + 40 * MINUTE)
    assert story.rings[-1].closed_at == NOON + 6 * HOUR + 30 * MINUTE


def test_what_nobody_heard_does_not_end_it():
    story = Story(TRIED)
    story.angry(NOON + HOUR, "a", "b")
    story.tell(Gap(NOON + 80 * MINUTE, "push", NOON + 80 * MINUTE, 2**62))
    story.run_to(NOON + 5 * HOUR)
    assert len(story.rings) == 1
    story.tell(Gap(NOON + 5 * HOUR, "push", NOON + 80 * MINUTE, NOON + 5 * HOUR))
    story.run_to(NOON + 7 * HOUR)
    assert story.rings[-1].closed_at == NOON + 5 * HOUR + 40 * MINUTE + SECOND


def test_a_clock_that_is_set_back_takes_it_along():
    story = Story(TRIED)
    story.angry(NOON + HOUR, "a", "b")
    story.tell(ClockSet(NOON, NOON + HOUR + SECOND))
    assert story.rings[-1].opened_at == NOON
    story.run_to(NOON + 2 * HOUR)
    assert story.rings[-1].closed_at == NOON + HOUR


def test_nothing_is_decided_sooner_for_an_instant_that_is_due_for_the_shadow():
    loud = "  - {name: loud, when: {mention: {negativity: 0.6}}, severity: warning, notify: room}\n"
    for written in ((loud,), (loud, SILENT)):
        story = Story(*written)
        story.tell(sighting(NOON + MINUTE, "last"))
        story.run_to(NOON + MINUTE + SECOND)
        story.tell(sighting(NOON + HOUR + MINUTE, "loud", negativity=0.9))  # when the silence would have been an hour
        story.run_to(NOON + 2 * HOUR)
        assert [change.at for change in story.changes if change.kind is ChangeKind.OPENED] == [
            NOON + HOUR + MINUTE + SECOND
        ]


class Broken:
    """A condition that fails."""

    def judge(self, view: View) -> Finding:
        raise KeyError(view.now)


def test_one_that_fails_is_set_aside_alone_and_nobody_is_told():
    brand = rules(LIVE, TRIED).brands["acme"]
    broken = replace(brand, shadows=(replace(brand.shadows[0], when=Broken()),))
    story = Story(LIVE)
    story.tell(RulesSwapped(NOON + 1, replace(rules(LIVE, TRIED), brands={"acme": broken})))
    story.angry(NOON + HOUR, "a", "b", "c", "d")
    assert [change.incident.rules for change in story.changes] == [("voices",)]
    assert story.spine.memory.set_aside == {"acme.fewer": None}
    assert not story.rings


def test_too_many_at_once_end_with_the_oldest(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("buzzwatch.incidents.shadows.MOST_LIVE", 3)
    story = Story(TRIED.replace(", authors: 2, over: 1h", ""))
    story.angry(NOON + HOUR, "a", "b", "c", "d", "e")
    assert len(story.spine.memory.shadows.live) == 3
    assert [ring.samples[0] for ring in story.rings if ring.state is State.RESOLVED] == ["x:b", "x:a"]


def test_too_many_of_all_rules_end_with_the_oldest(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("buzzwatch.incidents.shadows.MOST_OF_ALL", 3)
    each = TRIED.replace(", authors: 2, over: 1h", "")
    story = Story(each, each.replace("fewer", "other"))
    story.angry(NOON + HOUR, "a", "b")
    assert [ring.samples[0] for ring in story.rings if ring.state is State.RESOLVED] == ["x:b"]


def test_what_ends_and_rings_again_within_a_minute_is_two_on_record(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("buzzwatch.incidents.shadows.MOST_LIVE", 1)
    story = Story(TRIED.replace(", authors: 2, over: 1h", ""))
    story.angry(NOON + HOUR, "a", "b", "c", "d")
    assert len({ring.id for ring in story.rings}) == 4


def test_the_difference_of_two_rule_sets_names_who_came_out_of_the_shadow_and_who_went_there():
    live = rules(TRIED.replace(", mode: shadow", ""))
    assert changes(rules(TRIED), live)["en"] == ("acme: rule `fewer`: `mode` shadow → live",)
    assert changes(live, rules(TRIED))["en"] == ("acme: rule `fewer`: `mode` live → shadow",)
    assert changes(rules(LIVE), rules(LIVE, TRIED))["en"] == ("acme: rule `fewer` added",)


def test_check_counts_them_apart_and_leaves_them_out_of_what_people_bear():
    alone, both = (check(Known(rules(*each)), {}, None, NOON, []) for each in ((LIVE,), (LIVE, TRIED)))
    assert list(map(str, both.notes)) == [*map(str, alone.notes), "one rule in shadow, telling nobody: acme/fewer"]
    assert both.warnings == alone.warnings
    (french,) = in_shadow.note(rules(LIVE, TRIED, SILENT))
    assert in_language(french, "fr") == "2 règles à l'essai, qui ne préviennent personne : acme/fewer, acme/silent"


async def lived(folder: Path) -> House:
    """A crisis on record, of which a rule in shadow knew before."""
    house = House(folder, VirtualClock(NOON))
    house.open()
    await house.tell(RulesSwapped(0, rules(LIVE, TRIED)))
    for minute, name in ((1, "a"), (2, "b"), (9, "c")):
        await house.move(NOON + minute * MINUTE)
        await house.say(mention(house.clock.now(), name, angry=True))
    await house.move(NOON + 10 * MINUTE)
    return house


async def test_the_record_the_metric_the_history_explain_and_the_digest_know_of_it(tmp_path: Path):
    house = await lived(tmp_path)
    (notice,) = [n for _, outcome in house.outcomes for n in outcome.notices if n.target.name == "console"]
    ring, now = "shadow-acme-fewer-260302-120201", house.clock.now()
    assert house.rows("SELECT id, brand, rule, over_at FROM shadow") == [(ring, "acme", "fewer", None)]
    assert b'buzzwatch_shadow_rings_total{brand="acme",rule="fewer"} 1.0' in house.metrics.exposition()
    page = house.record.write_now(lambda db: history(db, "acme", None, now))
    assert page is not None
    said = (
        f"2026-03-02 13:02:01  acme  in shadow: fewer would have rung (critical, for oncall); nobody was told: {ring}"
    )
    assert said in [as_line(event) for event in page.events]
    lines = house.record.write_now(lambda db: explain(db, ring))
    assert lines is not None
    assert lines[0] == f"{ring}: in shadow, critical, acme; nobody was told"
    assert lines[1] == "  began 2026-03-02 13:01:00, would have rung 2026-03-02 13:02:01 for oncall, it goes on"
    assert "  ✓ authors: 2, at least 2 needed" in lines
    lines = house.record.write_now(lambda db: explain(db, notice.incident.id))
    assert lines is not None
    assert lines[-1] == f"  2026-03-02 13:02:01  fewer would have rung (critical): {ring}"
    await house.move(NOON + DAY)
    (digest,) = [n for _, outcome in house.outcomes for n in outcome.notices if n.digest_since is not None]
    budgets = {("acme", "fewer"): 1 / 30}
    found = house.record.write_now(
        lambda db: find(db, digest, {"acme": "Acme Airlines"}, house.clock.now(), shadows=budgets)
    )
    french = render(digest, (), None, digest.due_at, found=found).text
    assert "À l’essai, sans alerter personne" in french
    assert "Acme Airlines, fewer : aurait sonné 1 fois, 1 en trente jours (budget : 1 par mois)" in french.replace(
        "\u00a0", " "
    )
    english = render(replace(digest, language="en"), (), None, digest.due_at, found=found).text
    assert "Acme Airlines, fewer: would have rung once, 1 in thirty days (budget 1 per month)" in english
    await house.close()


async def test_a_clock_that_is_set_back_counts_no_ring_twice(tmp_path: Path):
    house = await lived(tmp_path)
    house.clock._now -= HOUR
    await house.tell(ClockSet(0))
    ((opened_at,),) = house.rows("SELECT rang_at FROM shadow")
    assert opened_at < NOON
    assert b'buzzwatch_shadow_rings_total{brand="acme",rule="fewer"} 1.0' in house.metrics.exposition()
    await house.close()


async def test_after_a_power_cut_it_goes_on_and_is_neither_counted_nor_kept_again(tmp_path: Path):
    house = await lived(tmp_path)
    before = house.drive.spine.memory.digest()
    await house.kill()
    again = House(tmp_path, house.clock)
    assert again.drive.spine.memory.digest() == before
    assert b"buzzwatch_shadow_rings_total{" not in again.metrics.exposition()
    again.open()
    await again.move(NOON + 3 * HOUR)
    ((state, over_at),) = again.rows("SELECT body ->> 'state', over_at FROM shadow")
    assert state == "resolved"
    assert over_at is not None
    await again.close()


def test_a_crisis_of_many_conversations_is_one_trouble_to_the_rule_itself():
    story = Story("  - {name: grows, mode: shadow, when: {volume: {over: 1h, at_least: 8}}, severity: critical}\n")
    story.tell(*crowd(NOON + HOUR, 60, 20 * MINUTE))
    story.run_to(NOON + 90 * MINUTE)
    assert len(story.rings) == 1


TRIALS = """tests:
  - {given: ["2 posts in 10m, 90% negative"], expect: nothing}
  - {given: ["2 posts in 10m, 90% negative"], expect: [{rule: fewer, severity: critical, notify: oncall, times: 1}]}
  - {given: ["3 posts in 10m, 90% negative"], expect: [{rule: fewer}, {rule: voices}]}
  - {given: ["2 posts in 10m, 90% negative"], expect: [{rule: fewer, times: 0}]}
  - {given: ["1 post in 10m, 90% negative"], expect: [{rule: fewer}]}
"""


def test_a_test_of_a_rule_file_may_expect_one_in_shadow_and_passes_over_one_that_nobody_expects():
    compiled, trials = load_with_trials({"acme.yaml": BRAND + LIVE + TRIED + TRIALS, "oncall.yaml": ONCALL})
    rehearsal = Rehearsal(compiled)
    assert [bool(judge(rehearsal.play(each))) for each in trials] == [False, False, False, True, True]
