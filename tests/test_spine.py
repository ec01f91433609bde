"""What the spine promises where its parts meet."""

import pytest
from stage import MONDAY, ONCALL, Scene, crowd, rules, sighting

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.lookout import Lookout
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind
from buzzwatch.model.input import ClockSet, Command, Corrected, Gap, Mark, RulesSwapped, Verb
from buzzwatch.model.instant import HOUR, MINUTE, SECOND

BEGIN = MONDAY + 10 * HOUR
FOREVER = 2**62


def rules_with(**files: str) -> Ruleset:
    return compile_rules(dict(rules().files) | {name.replace("_", "."): text for name, text in files.items()})


def angry_scene(ruleset: Ruleset) -> Scene:
    scene = Scene(MONDAY, ruleset)
    scene.tell(*crowd(BEGIN, 60, 20 * MINUTE))
    scene.run_to(BEGIN + 21 * MINUTE)
    assert [incident.route for incident in scene.live] == ["oncall"]
    return scene


def test_a_brand_that_falls_silent_rings_though_nothing_else_ever_happens():
    scene = Scene(MONDAY, rules())
    scene.tell(*[sighting(MONDAY + hour * HOUR, f"m{hour}", "mute") for hour in range(4)])
    scene.run_to(MONDAY + 12 * HOUR)
    assert [(change.kind, change.at) for change in scene.changes] == [(ChangeKind.OPENED, MONDAY + 9 * HOUR)]


def test_a_mark_touches_no_window_no_incident_and_no_decision():
    marked, plain = angry_scene(rules()), angry_scene(rules())
    at = marked.spine.memory.now
    marked.tell(Corrected(at, "acme", "x:acme1", Mark.NOT_NEGATIVE, "ines", "test@1", "fr", 2.0, b"", 7))
    after = marked.spine.memory.dump()
    assert after.pop("lessons").keys() == {"acme"}
    assert after == {key: value for key, value in plain.spine.memory.dump().items() if key != "lessons"}
    assert marked.outcomes == plain.outcomes


def test_a_source_that_comes_and_goes_leaves_one_timer_of_each_kind():
    scene = Scene(MONDAY, rules())
    scene.tell(sighting(MONDAY, "m", "mute"))
    for minute in range(1, 40):
        at = MONDAY + minute * MINUTE
        scene.tell(Gap(at, "push", at, FOREVER), Gap(at + SECOND, "push", at, at + SECOND))
    assert [kind for _, kind, _ in scene.spine.memory.dump()["timers"]] == ["quiet", "day"]


def test_paging_goes_on_when_its_fresh_numbers_cannot_be_had(monkeypatch: pytest.MonkeyPatch):
    undisturbed, scene = angry_scene(rules()), angry_scene(rules())
    with monkeypatch.context() as broken:
        broken.delattr(Lookout, "refreshed")
        scene.run_to(BEGIN + HOUR)
    undisturbed.run_to(BEGIN + HOUR)
    assert scene.pages == undisturbed.pages
    assert list(scene.spine.memory.dump()["set_aside"]) == ["acme"]


def test_steps_due_at_the_same_time_are_all_sent():
    together = ONCALL.replace("{after: 5m, tell: ines, by: [sms]}", "{after: 0m, tell: karim, by: [push]}")
    scene = angry_scene(rules_with(oncall_yaml=together))
    assert scene.pages[:2] == [(0, "ines/push"), (0, "karim/push")]


def test_paging_goes_on_when_its_route_is_given_another_name():
    scene = angry_scene(rules())
    renamed = {name: text.replace("oncall", "first-line") for name, text in rules().files.items()}
    paged = len(scene.pages)
    scene.tell(RulesSwapped(scene.spine.memory.now + 1, compile_rules(renamed)))
    scene.run_to(BEGIN + HOUR)
    assert (20, "sophie/sms") in scene.pages[paged:]


def test_a_route_that_loses_its_steps_is_told_a_last_time():
    scene = angry_scene(rules())
    paged = len(scene.pages)
    without = ONCALL[: ONCALL.index("    steps:")] + ONCALL[ONCALL.index("    copy:") :]
    scene.tell(RulesSwapped(scene.spine.memory.now + 1, rules_with(oncall_yaml=without)))
    scene.run_to(BEGIN + HOUR)
    assert [target for _, target in scene.pages[paged:]] == ["console"]


def test_what_an_incident_covered_stays_closed_with_it():
    scene = Scene(MONDAY, rules())
    scene.tell(*crowd(BEGIN, 100, 30 * MINUTE, thread="x:root", parent="x:root"))
    scene.run_to(BEGIN + 31 * MINUTE)
    [incident] = scene.live
    assert incident.covers
    scene.tell(Command(scene.spine.memory.now + 1, Verb.RESOLVE, incident.id, "ines"))
    scene.tell(*crowd(BEGIN + 32 * MINUTE, 15, 5 * MINUTE, thread="x:root", parent="x:root"))
    scene.run_to(BEGIN + 40 * MINUTE)
    assert scene.live == []


def test_a_clock_set_back_to_after_the_last_input_moves_nothing():
    scene = angry_scene(rules())
    before, now = scene.live, scene.spine.memory.now
    scene.tell(ClockSet(now + 5 * SECOND, now))
    assert scene.live == before
