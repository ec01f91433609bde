"""Somebody edits rules while things go on: the rest knows what it knew, and whoever was called hears the end."""

import msgspec
from stage import ACME, MONDAY, MUTE, ONCALL, RIVAL, ZEPHYR, Scene, crowd, rules, sighting

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind, State
from buzzwatch.model.input import RulesMended, RulesRefused, RulesSwapped
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND
from buzzwatch.model.reading import How, Origin
from buzzwatch.spine import Memory, Spine

NOON = MONDAY + 12 * HOUR
SMOKE = "  - name: smoke\n"


def edited(before: str = "", after: str = "", oncall: str = ONCALL, *, without: str = "") -> Ruleset:
    acme = ACME.format(zone="Europe/Paris")
    assert before in acme
    files = {"acme.yaml": acme.replace(before, after) if before else acme, "zephyr.yaml": ZEPHYR}
    files |= {"mute.yaml": MUTE, "rival.yaml": RIVAL, "oncall.yaml": oncall}
    return compile_rules({name: text for name, text in files.items() if name != without})


def kept(scene: Scene) -> dict:
    """The memory without what says which rules are in force."""
    return {key: value for key, value in scene.spine.memory.dump().items() if key != "rules"}


def smoky(at: int, name: str):
    return sighting(at, name, negativity=0.9, themes=("safety",))


def test_an_edit_of_one_rule_resets_nothing_of_the_others():
    scene = Scene(MONDAY, rules())
    scene.tell(*crowd(NOON, 30, 20 * MINUTE), smoky(NOON + 21 * MINUTE, "a"), smoky(NOON + 22 * MINUTE, "b"))
    scene.run_to(NOON + 23 * MINUTE)
    assert scene.live
    before = kept(scene)
    now = NOON + 23 * MINUTE + SECOND // 2
    scene.tell(RulesSwapped(now, edited("at_least: 15, authors: 10", "at_least: 16, authors: 11")))
    after = kept(scene)
    for name in before.keys() - {"now", "timers"}:
        assert msgspec.msgpack.encode(after[name]) == msgspec.msgpack.encode(before[name]), name


def test_an_edited_number_keeps_the_authors_that_were_counted_and_another_question_begins_anew():
    for before, after, expected in (
        ("theme: safety, authors: 3", "theme: safety, authors: 4", 2),
        ("theme: safety, authors: 3", "theme: boycott, authors: 3", 0),
        ("name: smoke", "name: fumes", 0),
        ("at_least: 15", "at_least: 16", 2),
    ):
        scene = Scene(MONDAY, rules())
        scene.tell(smoky(NOON, "a"), smoky(NOON + MINUTE, "b"))
        scene.run_to(NOON + 2 * MINUTE)
        scene.tell(RulesSwapped(NOON + 2 * MINUTE + 1, edited(before, after)))
        gathered = scene.spine.memory.recollection
        assert (
            sum(len(who) for key, who in gathered.items() if key.startswith(("acme.smoke", "acme.fumes"))) == expected
        )


def opened(scene: Scene):
    scene.tell(smoky(NOON, "a"), smoky(NOON + MINUTE, "b"), smoky(NOON + 2 * MINUTE, "c"))
    scene.run_to(NOON + 3 * MINUTE)
    (incident,) = scene.live
    assert incident.rules == ("smoke",)
    return incident


def rings_to_the_end(rules_then: Ruleset) -> None:
    scene = Scene(MONDAY, rules())
    incident = opened(scene)
    scene.tell(RulesSwapped(NOON + 3 * MINUTE + 1, rules_then))
    paged = len(scene.pages)
    scene.run_to(NOON + 30 * MINUTE)
    assert len(scene.pages) > paged  # nobody has taken it, and an edit is no answer
    scene.run_to(NOON + 6 * HOUR)
    assert scene.spine.memory.desk.incidents.get(incident.id, incident).state is not State.TAKEN
    ends = [change for change in scene.changes if change.kind is ChangeKind.OVER]
    assert [change.incident.id for change in ends] == [incident.id]
    told = {str(notice.target) for notice in scene.notices if notice.kind is ChangeKind.OVER}
    assert "ines/push" in told


def test_an_open_incident_of_a_renamed_rule_is_told_to_its_end():
    rings_to_the_end(edited("name: smoke", "name: fumes"))


def test_one_whose_brand_is_watched_no_more_too():
    rings_to_the_end(edited(without="acme.yaml"))


def test_a_silence_of_a_brand_that_is_watched_no_more_does_not_stay_open():
    scene = Scene(MONDAY, rules())
    scene.tell(sighting(NOON, "m", "mute"))
    scene.run_to(NOON + 7 * HOUR)
    (incident,) = scene.live
    scene.tell(RulesSwapped(NOON + 7 * HOUR + 1, edited(without="mute.yaml")))
    scene.run_to(NOON + 3 * DAY)
    assert scene.live == []
    assert [c.incident.id for c in scene.changes if c.kind is ChangeKind.OVER] == [incident.id]


def test_a_silence_whose_rule_is_gone_does_not_stay_open():
    scene = Scene(MONDAY, rules())
    scene.tell(sighting(NOON, "m", "mute"))
    scene.run_to(NOON + 7 * HOUR)
    (incident,) = scene.live
    loud = MUTE.replace("name: silence, when: {quiet: {over: 6h}}", "name: loud, when: {volume: {at_least: 9}}")
    files = edited().files | {"mute.yaml": loud}
    scene.tell(RulesSwapped(NOON + 7 * HOUR + 1, compile_rules(files)))
    scene.run_to(NOON + 3 * DAY)
    assert [c.incident.id for c in scene.changes if c.kind is ChangeKind.OVER] == [incident.id]


def test_a_refusal_survives_dump_and_load():
    scene = Scene(MONDAY, rules())
    fault = ({"en": "acme.yaml:1:1: no"},)
    scene.tell(RulesRefused(NOON, "one", fault, 1, MONDAY, Origin(How.ITSELF)))
    scene.spine = Spine(Memory.load(scene.spine.memory.dump(), rules()))
    scene.tell(RulesRefused(NOON + MINUTE, "one", fault, 1, MONDAY, Origin(How.START)))
    scene.tell(RulesMended(NOON + 2 * MINUTE))
    assert [notice.kind for notice in scene.notices] == [ChangeKind.OPENED, ChangeKind.OVER]
