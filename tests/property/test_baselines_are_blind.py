"""What is normal follows from mentions alone: rules, incidents and what people say to them teach nothing."""

import pytest
from stage import MONDAY, ONCALL, Scene, crowd, ordinary_days, rules

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.model.input import Command, RulesSwapped, Verb
from buzzwatch.model.instant import DAY, HOUR, MINUTE

SILENT = """
brand: acme
timezone: Europe/Paris
language: fr
match: {any: [acme]}
rules: [{name: never, when: {volume: {times: 1000x, at_least: 100000}}, severity: watch, notify: room}]
"""
JUMPY = """
brand: acme
timezone: Europe/Paris
language: fr
match: {any: [acme]}
rules:
  - {name: loud, when: {volume: {unusual: true}}, budget: 1 per day, severity: warning, notify: room}
  - {name: angry, when: {negativity: {unusual: true, over: 1h}}, budget: 1 per day, severity: critical, notify: oncall}
  - {name: silence, when: {quiet: {over: 1h}}, severity: warning, notify: room}
"""
CRISIS = MONDAY + 3 * DAY + 10 * HOUR


def mentions():
    told = [*ordinary_days(MONDAY + 1, MONDAY + 6 * DAY, 6, 9), *crowd(CRISIS, 90, 40 * MINUTE)]
    return sorted(told, key=lambda each: (each.seen_at, each.mention))


def lived(ruleset, *warm, answer=False, swap=None):
    """What acme learnt in six days, and how many incidents there were."""
    scene = Scene(MONDAY, ruleset, *warm)
    taken = set()
    for item in mentions():
        scene.tell(item)
        for incident in scene.live if answer else []:
            if incident.id not in taken:
                taken.add(incident.id)
                verb = Verb.TAKE if len(taken) % 2 else Verb.RESOLVE
                scene.tell(Command(scene.spine.memory.now + 1, verb, incident.id, "ines"))
        if swap is not None and item.seen_at > CRISIS:
            scene.tell(RulesSwapped(scene.spine.memory.now + 1, swap))
            swap = None
    scene.run_to(MONDAY + 6 * DAY + HOUR)
    pulse = scene.spine.memory.pulses.get("acme")
    pulse.look(MONDAY + 8 * DAY)
    return pulse.habits(), len({change.incident for change in scene.changes})


def only(text):
    return compile_rules({"acme.yaml": text, "oncall.yaml": ONCALL})


@pytest.mark.parametrize("warm", ["acme", "zephyr"], ids=["with a past", "young"])
def test_rules_incidents_and_answers_change_nothing_of_what_is_normal(warm):
    habits, rung = lived(only(SILENT), warm)
    jumpy, often = lived(only(JUMPY), warm, answer=True)
    swapped, _ = lived(rules(), warm, answer=True, swap=only(JUMPY))
    assert rung == 0
    assert often > 3
    assert jumpy == habits
    assert swapped == habits
