"""On how many sources a brand is talked of, whatever the volume."""

from stage import MONDAY, Scene, sighting

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.model.incident import Subject
from buzzwatch.model.instant import HOUR, MINUTE, SECOND
from buzzwatch.model.mention import Sighting
from buzzwatch.notify.render import render

NOON = MONDAY + 12 * HOUR
RULES = """
brand: acme
language: fr
match: {any: [acme]}
rules:
  - {name: wide, when: {spread: {sources: 3, over: 2h}}, severity: warning}
  - {name: wide-talk, when: {all: [{spread: {sources: 3, over: 2h}}, {thread: {mentions: 4}}]}, severity: watch}
"""


def play(*told: Sighting) -> Scene:
    scene = Scene(MONDAY, compile_rules({"acme.yaml": RULES}), "acme")
    scene.tell(*told)
    scene.run_to(NOON + 3 * HOUR)
    return scene


def on(source: str, minute: int, **changes: object) -> Sighting:
    return sighting(NOON + minute * MINUTE, f"{source}{minute}", source=source, **changes)


def test_three_sources_within_two_hours_ring_and_are_named():
    scene = play(on("x", 0), on("bluesky", 40), on("x", 60), on("reddit", 119))
    (opened, *_) = scene.changes
    assert (opened.at, opened.incident.subject) == (NOON + 119 * MINUTE + SECOND, Subject("acme"))
    assert opened.incident.calm == 2 * HOUR
    (notice,) = scene.notices
    said = render(notice, (), None, notice.due_at).text
    assert "Sur 3 sources\u00a0: bluesky, reddit, x." in said
    assert "sources\u00a0: 3, minimum 3" in said


def test_what_lies_further_apart_or_is_our_own_does_not():
    assert play(on("x", 0), on("bluesky", 40), on("reddit", 121)).changes == []
    assert play(on("x", 0), on("bluesky", 40), on("reddit", 60, official=True)).changes == []
    assert play(on("x", 0), on("bluesky", 40), on("reddit", 60, voice="ours")).changes == []


def test_together_with_a_conversation_it_is_judged_upon_that_conversation():
    talk = [on("x", minute, thread="x:root", parent="x:root") for minute in range(50, 54)]
    scene = play(on("bluesky", 0), on("reddit", 40), *talk)
    assert any("wide-talk" in change.incident.rules for change in scene.changes)
    apart = play(on("bluesky", 0), *talk)
    assert apart.changes == []
