"""Rules in shadow, whatever they ask, change nothing that anybody is told and nothing that stands on the desk."""

import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from stage import MONDAY, ONCALL, Scene, sighting

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Ruleset, Scope
from buzzwatch.model.input import EVERYTHING, ClockSet, Command, Gap, Input, Outcome, RulesSwapped, Silenced, Verb
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant
from buzzwatch.model.mention import PRESS, Kind
from buzzwatch.spine import Spine

BEGIN: Instant = MONDAY + 7 * HOUR
BRAND = """
brand: {brand}
timezone: Europe/Paris
sector: trade
match: {{any: [{brand}]}}
official: ["x:@{brand}"]
themes: {{safety: [fumée]}}
rules:
  - name: bad-buzz
    when: {{negativity: {{unusual: true, over: 15m, at_least: 5}}}}
    severity: critical
    notify: oncall
  - {{name: many, when: {{volume: {{unusual: true, over: 1h, at_least: 8}}}}, severity: warning, notify: room}}
  - {{name: talk, when: {{thread: {{mentions: 6, negative_share: 40%}}}}, severity: warning, notify: room}}
  - {{name: voice, when: {{mention: {{negativity: 0.6, followers: 50000}}}}, severity: watch, notify: room}}
  - {{name: silence, when: {{quiet: {{over: 3h}}}}, severity: warning, notify: room}}
  - {{name: waiting, when: {{unanswered: {{for: 2h, at_least: 2}}}}, severity: watch, notify: room}}
"""
SHADOWS = """
  - {mode: shadow, name: s-buzz, when: {negativity: {over: 5m, at_least: 2}}, severity: critical, notify: oncall}
  - {mode: shadow, name: s-many, when: {volume: {over: 1h, at_least: 3}}, budget: 1 per day, severity: critical}
  - {mode: shadow, name: s-talk, when: {thread: {mentions: 2}}, severity: critical, notify: oncall}
  - {mode: shadow, name: s-voice, when: {mention: {negativity: 0.2}}, severity: critical, notify: oncall}
  - {mode: shadow, name: s-smoke, when: {mention: {theme: safety, authors: 2, over: 1h}}, severity: critical}
  - {mode: shadow, name: s-silence, when: {quiet: {over: 20m}}, severity: critical, notify: oncall}
  - {mode: shadow, name: s-waiting, when: {unanswered: {for: 30m, at_least: 1}}, severity: critical, notify: oncall}
  - mode: shadow
    name: s-any
    when: {any: [{volume: {unusual: true}}, {negativity: {unusual: true, over: 15m}}, {thread: {escalating: true}}]}
    budget: 3 per day
    severity: critical
  - {mode: shadow, name: s-spread, when: {spread: {sources: 2, over: 1h}, volume: {at_least: 2}}, severity: warning}
"""


@cache
def rules(*shadowed: str) -> Ruleset:
    """Two brands, some of them with rules in shadow."""
    files = {
        f"{brand}.yaml": BRAND.format(brand=brand) + (SHADOWS if brand in shadowed else "")
        for brand in ("acme", "zephyr", "rival")
    }
    return compile_rules({**files, "oncall.yaml": ONCALL})


def story(seed: int) -> Iterator[Input]:
    """A day of talk with its bursts, silences, deaf times, and people who answer."""
    dice = random.Random(seed)
    now, number, threads = BEGIN, 0, {}
    while now < BEGIN + 24 * HOUR:
        busy = dice.random() < 0.7
        now += int(dice.expovariate(1) * (2 * MINUTE if busy else 40 * MINUTE))
        if dice.random() < 0.6:
            now = -(-now // SECOND) * SECOND  # as files have them
        match dice.random():
            case roll if roll < 0.01:
                yield Gap(now, "push", now, now + HOUR)
                now += dice.choice((10 * MINUTE, 90 * MINUTE))
                yield Gap(now, "push", now - 10 * MINUTE, now)
            case roll if roll < 0.015:
                yield Gap(now + 2 * HOUR, EVERYTHING, now, now + 2 * HOUR)
                now += 2 * HOUR
            case roll if roll < 0.03:
                yield Silenced(now, dice.choice(("acme", "zephyr")), now + HOUR, "known", "ines")
            case roll if roll < 0.035:
                now -= 20 * MINUTE
                yield ClockSet(now)
            case roll if roll < 0.08:
                verb = dice.choice((Verb.TAKE, Verb.RESOLVE, Verb.NO_MATTER, Verb.WAIT))
                yield Command(now, verb, f"?{dice.randrange(4)}", "ines", now + HOUR, "we look")
            case _:
                number += 1
                brand = dice.choice(("acme", "acme", "zephyr", "rival"))
                yield _post(dice, now, f"{seed}-{number}", brand, threads.setdefault(brand, []))


def _post(dice: random.Random, now: Instant, name: str, brand: str, threads: list[str]) -> Input:
    told: dict[str, Any] = {
        "negativity": dice.choice((0.05, 0.1, 0.5, 0.9, 0.95)),
        "source": dice.choice(("x", "bluesky", "forum")),
        "followers": dice.choice((None, 20, 200_000)),
        "themes": dice.choice(((), ("safety",))),
        "voice": dice.choice(("", "", "", PRESS)),
        "official": dice.random() < 0.05,
    }
    if threads and dice.random() < 0.5:
        told |= {"thread": threads[-1], "parent": threads[-1], "kind": Kind.REPLY}
    else:
        threads.append(f"x:{name}")
    return sighting(now, name, brand, **told)


@cache
def lived(seed: int, *shadowed: str, between: str | None = None) -> Scene:
    """The story under rules that are swapped once half-way; who answers means the latest incidents."""
    scene = Scene(BEGIN, rules(*shadowed), "acme", "zephyr")
    swapped = False
    for item in story(seed):
        if not swapped and item.seen_at > BEGIN + 12 * HOUR:
            swapped = True
            scene.tell(RulesSwapped(item.seen_at, rules(*([between] if between else shadowed))))
        if isinstance(item, Command):
            known = list(scene.spine.memory.desk.incidents) or [""]
            scene.tell(replace(item, incident=known[-1 - int(item.incident[1:]) % len(known)]))
        else:
            scene.tell(item)
        if scene.spine.memory.now % 7 == 0:
            packed = msgspec.msgpack.encode(scene.spine.memory.dump())
            scene.spine = Spine(Memory.load(msgspec.msgpack.decode(packed), scene.spine.memory.rules))
            assert msgspec.msgpack.encode(scene.spine.memory.dump()) == packed
    scene.run_to(scene.spine.memory.now + DAY)
    return scene


def told(scene: Scene) -> list[tuple[Instant, Outcome]]:
    bare = ((at, replace(outcome, shadows=())) for at, outcome in scene.outcomes)
    return [(at, outcome) for at, outcome in bare if outcome != Outcome()]


def bare_memory(scene: Scene) -> dict[str, Any]:
    """All but what rules in shadow keep."""
    dumped = scene.spine.memory.dump()
    for key in ("shadows", "shadow_timers", "recollection", "rules", "now"):
        del dumped[key]
    return dumped


@pytest.mark.parametrize("seed", range(2))
def test_rules_in_shadow_change_no_notice_no_incident_and_nothing_that_is_learnt(seed: int):
    plain, shadowed = lived(seed), lived(seed, "acme", "zephyr", "rival")
    rang = [ring.rules[0] for _, outcome in shadowed.outcomes for ring in outcome.shadows]
    assert len(told(plain)) > 30
    assert len(rang) > 100
    assert told(shadowed) == told(plain)
    assert bare_memory(shadowed) == bare_memory(plain)


def test_to_put_rules_in_shadow_or_to_take_them_out_half_way_changes_nothing_either():
    plain = told(lived(1))
    assert told(lived(1, "acme", between="zephyr")) == plain
    assert told(lived(1, between="acme")) == plain


def test_the_stories_reach_every_kind_of_rule_in_shadow():
    scene = lived(0, "acme", "zephyr", "rival")
    rang = {ring.rules[0] for _, outcome in scene.outcomes for ring in outcome.shadows}
    assert rang == {rule.name for rule in rules("acme").brands["acme"].shadows}
    scopes = {rule.scope for rule in rules("acme").brands["acme"].shadows}
    assert scopes == {Scope.BRAND, Scope.THREAD, Scope.MENTION, Scope.QUIET}
