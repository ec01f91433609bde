"""One brand at one instant, and the evidence for what its rules found."""

import pytest
from msgspec.structs import replace
from stage import MONDAY, Scene, crowd, rules, sighting

from buzzwatch.gaps import Deafness, Gaps
from buzzwatch.lookout import Lookout, silent_since
from buzzwatch.model.incident import Subject
from buzzwatch.model.input import Gap
from buzzwatch.model.instant import HOUR, MINUTE
from buzzwatch.model.signal import Clause, Detector, Finding
from buzzwatch.model.view import MOST_REMEMBERED

NOON = MONDAY + 12 * HOUR
FOUND = Finding(passed=True, clauses=())


@pytest.fixture
def scene() -> Scene:
    scene = Scene(MONDAY, rules())
    scene.tell(*crowd(NOON, 10, 5 * MINUTE, thread="x:root", parent="x:root"))
    scene.run_to(NOON + 5 * MINUTE)
    return scene


def look(scene: Scene, *gaps: Gap, now: int = NOON + 6 * MINUTE) -> Lookout:
    memory = scene.spine.memory
    memory.gaps = Gaps(map(Deafness, gaps))
    return Lookout(now, rules().brands["acme"], memory)


def test_the_subject_is_the_conversation_in_focus_the_mentions_own_or_the_brand(scene: Scene):
    lookout = look(scene)
    lookout.focus("")
    assert lookout.subject(FOUND) == Subject("acme")
    lookout.focus("x:root")
    assert lookout.subject(FOUND) == Subject("acme", "x:root")
    lookout.focus("x:gone", sighting(NOON, "gone"))
    assert lookout.subject(FOUND) == Subject("acme", "x:gone")
    gathered = replace(FOUND, clauses=(Clause("mention.authors", True, 3.0, 3.0),))
    assert lookout.subject(gathered) == Subject("acme")


def test_silence_counts_from_the_last_mention_or_the_end_of_the_last_gap(scene: Scene):
    last = scene.spine.memory.pulses.get("acme").last_at
    assert look(scene).silence() == NOON + 6 * MINUTE - last
    closed = Gap(NOON, "push", MONDAY, NOON + 5 * MINUTE + 1)
    assert look(scene, closed).silence() == MINUTE - 1
    assert look(scene, Gap(NOON, "push", NOON, 2**62)).silence() is None
    assert silent_since(scene.spine.memory.pulses.get("acme"), ()) == last


def test_authors_are_gathered_once_each_within_the_time_and_the_unknown_one_never(scene: Scene):
    lookout = look(scene)
    memory = scene.spine.memory.recollection
    for at, author in ((0, 1), (1, 2), (2, 1), (3, 0)):
        lookout.focus("", sighting(NOON + at, f"g{at}", author=author))
        count = lookout.gather("rule.0", HOUR)
    assert count == 2
    lookout.now = NOON + HOUR + 1
    assert lookout.gather("rule.0", HOUR) == 1, "the one who wrote last"
    for author in range(1, MOST_REMEMBERED + 50):
        lookout.focus("", sighting(lookout.now, f"m{author}", author=author))
        count = lookout.gather("rule.0", HOUR)
    assert count == len(memory["acme.rule.0"]) == MOST_REMEMBERED


def test_evidence_shows_first_the_posts_whose_authors_the_rule_counts(scene: Scene):
    lookout, rule = look(scene), rules().brands["acme"].rules[-2]
    scene.spine.memory.recollection = {
        "acme.smoke.0": {at: (NOON + at, f"x:smoke{at}") for at in (3, 1)},
        "acme.smoke-alarm.0": {5: (NOON + 5, "x:other-rule")},
        "zephyr.smoke.0": {6: (NOON + 6, "x:other-brand")},
    }
    onset = lookout.evidence(rule, Subject("acme"), FOUND).onset
    assert rule.name == "smoke"
    assert onset.samples[:2] == ("x:smoke3", "x:smoke1")
    assert len(set(onset.samples)) == 3
    assert onset.samples[2] not in {"x:other-rule", "x:other-brand"}
    assert onset.began_at == NOON + 1


def test_evidence_names_the_deaf_time_between_the_beginning_and_the_hearing(scene: Scene):
    rule = rules().brands["acme"].rules[0]
    gap = Gap(NOON + 5 * MINUTE, "push", NOON - HOUR, NOON + 5 * MINUTE)
    still_open = Gap(NOON, "other", NOON, 2**62)

    def heard_late(*gaps: Gap) -> object:
        lookout = look(scene, *gaps)
        lookout.focus("")
        signal = lookout.signal(Detector.NEGATIVITY, 15 * MINUTE)
        return lookout.evidence(rule, Subject("acme"), replace(FOUND, signal=signal)).reason.heard_late

    assert heard_late() is None
    assert heard_late(still_open) is None
    assert heard_late(gap) == (NOON - HOUR, NOON + 5 * MINUTE)
    assert heard_late(replace(gap, until=NOON - MINUTE)) is None, "it began after that"


def test_evidence_of_a_conversation_is_counted_in_it(scene: Scene):
    lookout = look(scene)
    lookout.focus("x:root")
    found = lookout.evidence(rules().brands["acme"].rules[1], Subject("acme", "x:root"), FOUND)
    assert (found.reason.thread, found.reason.mentions, found.observed) == ("x:root", 10, 10.0)
    assert found.onset.began_at == NOON
    assert len(found.onset.samples) == 3


def test_numbers_are_refreshed_and_the_beginning_and_the_rule_stay(scene: Scene):
    scene.tell(*crowd(NOON + 6 * MINUTE, 10, 2 * MINUTE, thread="x:root", parent="x:root"))
    scene.run_to(NOON + 8 * MINUTE)
    (incident,) = scene.live
    scene.tell(*crowd(NOON + 9 * MINUTE, 10, 2 * MINUTE, thread="x:root", parent="x:root"))
    scene.run_to(NOON + 11 * MINUTE)
    fresh = look(scene, now=NOON + 11 * MINUTE).refreshed(incident)
    assert fresh.reason.mentions > incident.reason.mentions
    assert (fresh.began_at, fresh.reason.rule, fresh.reason.clauses) == (
        incident.began_at,
        incident.reason.rule,
        incident.reason.clauses,
    )
