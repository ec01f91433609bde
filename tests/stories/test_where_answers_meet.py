"""What one part of the way to the person on call does where another is at work: drills, outages, marks, urgency."""

import pytest
from msgspec.structs import replace
from stage import MONDAY, ONCALL, Scene, sighting
from test_nights import DAWN, DUSK, GRUMBLE, HAND_OVER, MURMUR, Night
from test_outages import MURMUR as LOW
from test_outages import START, Story

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.model.incident import ChangeKind
from buzzwatch.model.input import (
    EVERYTHING,
    ClockSet,
    Command,
    Drilled,
    Gap,
    Mark,
    Proposed,
    RulesSwapped,
    Silenced,
    Verb,
)
from buzzwatch.model.instant import HOUR, MINUTE, SECOND
from buzzwatch.notify.morning import split


def test_after_an_outage_a_drill_is_told_alone_and_never_as_something_that_burns():
    story = Story()
    story.post(START - 3 * MINUTE, "x:a", LOW)
    story.tell(Drilled(START - 2 * MINUTE, "acme", "oncall", "karim"))
    told = story.back(START + 7 * MINUTE)
    drill = next(incident for incident in story.live if incident.drill)
    assert [notice.incident for notice in told["karim/push"]] == [drill]
    assert "console" not in told, "neither message to it is taken in by another"


def test_after_an_outage_no_page_is_written_of_what_was_silenced_before():
    story = Story()
    story.post(START - 4 * MINUTE, "x:a")
    story.post(START - 3 * MINUTE, "x:b")
    story.tell(Silenced(START - MINUTE, "acme", START + 5 * HOUR, "known", "karim"))
    assert story.back(START + 7 * MINUTE) == {}


def test_after_an_outage_a_morning_message_with_marks_still_leaves_itself():
    night = Night()
    night.post(DUSK + 2 * HOUR, MURMUR)
    night.tell(Proposed(DUSK + 2 * HOUR + MINUTE, "acme-1", "acme", "x:1", Mark.NOT_US, "ines"))
    night.goes_on(DUSK + 2 * HOUR + 2 * MINUTE, DAWN + 2 * MINUTE, MURMUR)
    (morning,) = (notice for notice in night.notices if notice.marks)
    assert morning.night
    down = night.spine.memory.now
    night.tell(Gap(down + 5 * MINUTE, EVERYTHING, down, down + 5 * MINUTE))
    night.tell(*(sighting(down + 5 * MINUTE + 1, name, thread=f"x:{name}", negativity=0.9) for name in ("o", "p")))
    night.run_to(down + 10 * MINUTE)
    assert [notice for notice in night.notices if notice.outage]
    assert morning.key not in {key for notice in night.notices for key in notice.instead_of}


def test_a_clock_set_back_right_after_an_outage_holds_its_message_up_no_longer():
    story = Story()
    story.post(START - 3 * MINUTE, "x:a", LOW)
    story.post(START - 2 * MINUTE, "x:b", LOW)
    back = START + 7 * MINUTE
    story.tell(Gap(back, EVERYTHING, START, back), ClockSet(back - 5 * MINUTE, back))
    story.run_to(back - 5 * MINUTE + 2 * SECOND)
    (notice,) = (notice for notice in story.notices if notice.outage)
    assert notice.outage == (START - 5 * MINUTE, back - 5 * MINUTE)


def test_after_an_outage_what_pages_for_its_speed_comes_before_an_older_warning():
    story = Story()
    story.post(START - 3 * MINUTE, "x:a", LOW)
    story.post(START - 2 * MINUTE, "x:b", LOW)
    fast = story.live[1]
    desk = story.spine.memory.desk
    desk.put(replace(fast, urgent=True))
    (notice,) = story.back(START + 7 * MINUTE)["console"]
    assert notice.night[0].id == fast.id
    assert split(notice)[0][0].id == fast.id


def test_what_worsens_in_the_second_of_a_hand_over_is_told_to_the_relief_as_one_message():
    night = Night(HAND_OVER - HOUR)
    night.post(HAND_OVER - HOUR + MINUTE, GRUMBLE)
    night.tell(Command(HAND_OVER - HOUR + 2 * MINUTE, Verb.TAKE, night.live[0].id, "karim"))
    down = night.spine.memory.now
    night.tell(Gap(HAND_OVER + MINUTE, EVERYTHING, down, HAND_OVER + MINUTE))
    night.post(HAND_OVER + MINUTE + 1, GRUMBLE)
    keys = [notice.key for notice in night.notices]
    assert len(keys) == len(set(keys))
    (last,) = (notice for notice in night.notices if str(notice.target) == "karim/push")
    assert last.kind is ChangeKind.WORSENED


WAITING = "  - {name: waiting, when: {unanswered: {for: 20m, at_least: 2}}, severity: warning, notify: room}\n"
SHOUTED = "  - {name: shout, when: {mention: {negativity: 0.8}}, severity: critical, notify: oncall}\n"


@pytest.mark.parametrize("why", ["the rule is new", "the brand was set aside"])
def test_complaints_that_have_waited_too_long_by_the_time_that_rules_are_read_ring_though_nothing_is_heard(why: str):
    brand = 'brand: acme\nofficial: ["x:@acme"]\nmatch: {any: [acme]}\nrules:\n'
    before, after = (
        compile_rules({"acme.yaml": brand + asked + SHOUTED, "oncall.yaml": ONCALL})
        for asked in ("" if why == "the rule is new" else WAITING, WAITING)
    )
    scene = Scene(MONDAY, before, "acme")
    scene.tell(*(sighting(START + number, f"c{number}", negativity=0.7) for number in range(2)))
    scene.run_to(START + MINUTE)
    if why == "the brand was set aside":
        scene.spine.memory.set_aside["acme"] = None
    scene.run_to(START + HOUR)
    assert not scene.changes
    scene.tell(RulesSwapped(START + HOUR, after))
    scene.run_to(START + HOUR + 2 * SECOND)
    assert [incident.rules for incident in scene.live] == [("waiting",)]
