"""When a whole sector rises the alert says so, and nothing else changes."""

import msgspec
from stage import MONDAY, Scene, crowd, habits, sighting

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.model.incident import ChangeKind, Incident, Sector, Severity
from buzzwatch.model.input import Warmed
from buzzwatch.model.instant import HOUR, MINUTE, SECOND, Span
from buzzwatch.notify.render import render

NOON = MONDAY + 12 * HOUR
TEXT = """
brand: {key}
language: fr
role: {role}
sector: {sector}
match: {{any: [{key}]}}
rules: [{{name: many, when: {{volume: {{over: 1h, at_least: 40}}}}, severity: critical}}]
"""
ROLES = {"acme": "ours", "beta": "competitor", "gamma": "competitor", "delta": "competitor"}


def play(*rising: str, apart: Span = 0, sector: str = "airlines") -> Scene:
    """Each of these brands rises, the next one a while later; the others are heard of once."""
    files = {
        f"{key}.yaml": TEXT.format(key=key, role=role, sector="airlines" if key == "acme" else sector)
        for key, role in ROLES.items()
    }
    scene = Scene(MONDAY, compile_rules(files))
    scene.tell(Warmed(MONDAY, dict.fromkeys(ROLES, habits())))
    told = [sighting(NOON - HOUR, f"calm-{key}", key) for key in ROLES]
    for number, key in enumerate(rising):
        told += crowd(NOON + number * apart + number * SECOND, 60, 20 * MINUTE, key, negativity=0.2)
    scene.tell(*sorted(told, key=lambda each: each.seen_at))
    scene.run_to(NOON + len(rising) * apart + 21 * MINUTE)
    return scene


def of(scene: Scene, brand: str) -> Incident:
    return next(i for i in scene.spine.memory.desk.incidents.values() if i.subject.brand == brand)


def test_three_of_four_that_rise_together_are_the_whole_sector():
    scene = play("delta", "beta", "acme")
    incident = of(scene, "acme")
    assert incident.reason.sector == Sector("airlines", 3, 4)
    assert incident.severity is Severity.CRITICAL


def test_two_of_four_are_not():
    assert of(play("beta", "acme"), "acme").reason.sector is None


def test_neither_are_brands_of_another_sector():
    assert of(play("delta", "beta", "gamma", "acme", sector="telecom"), "acme").reason.sector is None


def test_a_brand_that_was_last_looked_at_a_while_ago_is_not_rising():
    assert of(play("delta", "beta", "acme", apart=40 * MINUTE), "acme").reason.sector is None


def test_comparing_changes_nothing_about_the_others():
    together, alone = play("delta", "beta", "acme"), play("delta", "beta", sector="airlines")
    for key in ("delta", "beta", "gamma"):
        pulses = [scene.spine.memory.pulses[key].dump() for scene in (together, alone)]
        assert pulses[0] == pulses[1]


def test_the_message_says_so_in_both_languages_and_the_sms_where_it_has_room():
    notice = next(n for n in play("delta", "beta", "acme").notices if n.incident.subject.brand == "acme")
    for language, line, short in (
        ("fr", "Tout le secteur, pas vous seuls\u00a0: 3 marques sur 4 (airlines).", "tout le secteur (3 sur 4)"),
        ("en", "The whole sector, not you alone: 3 of 4 brands (airlines).", "the whole sector (3 of 4)"),
    ):
        said = render(msgspec.structs.replace(notice, language=language), (), None, notice.due_at)
        assert line in said.text
        assert short in said.title
        assert short in said.short
    long = msgspec.structs.replace(notice, brand_name="A" * 40)
    link = "https://buzzwatch.example/i/" + "A" * 60
    assert "secteur" not in render(long, (), link, notice.due_at).short
    over = msgspec.structs.replace(notice, kind=ChangeKind.OVER)
    assert "secteur" not in render(over, (), None, notice.due_at).title
