"""A calendar that comes, changes and goes while the daemon runs."""

import msgspec
import pytest
from stage import ACME, MONDAY, ONCALL, Scene, crowd, ordinary_days

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.input import RulesSwapped
from buzzwatch.model.instant import HOUR, MINUTE
from buzzwatch.model.mention import Sighting
from buzzwatch.model.signal import Detector
from buzzwatch.notify.render import render
from buzzwatch.spine import Spine

NOON = MONDAY + 12 * HOUR


def world(*campaigns: str, zone: str = "Europe/Paris") -> Ruleset:
    files = {"acme.yaml": ACME.format(zone=zone), "oncall.yaml": ONCALL}
    if campaigns:
        files["calendar.yaml"] = "campaigns:\n" + "".join(f"  - {{{each}, why: Soldes}}\n" for each in campaigns)
    return compile_rules(files)


SALES = 'brand: acme, from: "2026-03-02 10:00", until: "2026-03-02 23:00", expect: 8x'


def busy(since: int, minutes: int) -> list[Sighting]:
    return crowd(since, minutes, minutes * MINUTE, negativity=0.1)


def play(ruleset: Ruleset, *told: Sighting | RulesSwapped) -> Scene:
    scene = Scene(MONDAY, ruleset, "acme")
    day = [*ordinary_days(MONDAY, NOON, 6.0, seed=4), *told]
    scene.tell(*sorted(day, key=lambda each: each.seen_at))
    return scene


def test_what_the_calendar_expects_rings_nothing_and_the_same_without_it_rings():
    assert play(world(SALES), *busy(NOON, 90)).changes == []
    assert play(world(), *busy(NOON, 90)).changes[0].at < NOON + 30 * MINUTE


def test_an_entry_put_in_force_in_the_middle_counts_from_then_on_and_one_taken_away_no_more():
    scene = play(world(), *busy(NOON, 60))
    expected = [scene.spine.memory.pulses["acme"].signal(Detector.VOLUME, HOUR).expected]
    for ruleset in (world(SALES), world(SALES.replace("8x", "4x")), world()):
        scene.tell(RulesSwapped(scene.spine.memory.now, ruleset))
        expected.append(scene.spine.memory.pulses["acme"].signal(Detector.VOLUME, HOUR).expected)
    assert [value / expected[0] for value in expected[1:]] == pytest.approx([8, 4, 1], rel=0.02)


def test_a_calendar_follows_the_brand_into_another_zone():
    scene = play(world(SALES), *busy(NOON, 30))
    before = scene.spine.memory.pulses["acme"].campaigns
    scene.tell(RulesSwapped(scene.spine.memory.now, world(SALES, zone="America/New_York")))
    (moved,) = scene.spine.memory.pulses["acme"].campaigns
    assert moved.since - before[0].since == 6 * HOUR


def test_a_memory_dumped_amid_a_campaign_lives_on_the_same():
    scene = play(world(SALES), *busy(NOON, 30))
    packed = msgspec.msgpack.encode(scene.spine.memory.dump())
    again = Scene(MONDAY, world(SALES), "acme")
    again.spine = Spine(Memory.load(msgspec.msgpack.decode(packed), world(SALES)))
    for each in (scene, again):
        each.tell(*busy(NOON + HOUR, 200))
        each.run_to(NOON + 5 * HOUR)
    assert again.spine.memory.digest() == scene.spine.memory.digest()


def test_an_alarm_within_a_campaign_says_what_was_expected_in_both_languages():
    scene = play(world(SALES.replace("8x", "2.5x")), *busy(NOON, 120))
    notice = next(n for n in scene.notices if n.incident.reason.campaign)
    for language, line in (("fr", "Attendu ×2,5\u00a0: Soldes."), ("en", "Expected ×2.5: Soldes.")):
        assert line in render(msgspec.structs.replace(notice, language=language), (), None, notice.due_at).text
