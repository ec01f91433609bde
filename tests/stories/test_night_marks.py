"""What people mark at night counts once they confirm it by day."""

import asyncio

import msgspec
from stage import House, mention
from test_nights import DAWN, DUSK, MURMUR, Night, rules, words

from buzzwatch.app.marks import Marks
from buzzwatch.clock import VirtualClock
from buzzwatch.incidents.proposals import LAPSE, MOST_PROPOSALS, Proposals
from buzzwatch.model.input import ClockSet, Corrected, Mark, Proposed, RulesSwapped
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND
from buzzwatch.model.notification import Sample
from buzzwatch.notify.render import render

LATE = DUSK + 2 * HOUR
"""23:00 in Paris."""


def propose(night, at, mention="x:1", mark=Mark.NOT_NEGATIVE, by="ines"):
    night.restart()
    night.tell(Proposed(at, "acme-1", "acme", mention, mark, by))


def marked(night):
    return [notice for notice in night.notices if notice.marks]


def test_a_mark_of_the_night_teaches_nothing_and_is_told_in_the_morning_once():
    night = Night()
    propose(night, LATE)
    assert night.spine.memory.lessons == {}
    night.run_to(DAWN - 1)
    assert night.notices == []
    night.run_to(DAWN + 3 * DAY)
    [notice] = marked(night)
    assert (str(notice.target), notice.due_at) == ("ines/push", DAWN)
    shown = Sample("x:1", "Acme, merci pour <b>ce vol</b>", "@lea", None, None, LATE, 0.8)
    message = render(notice, [shown], "https://bw.example/i/K7Q2MXWP/marks", DAWN)
    assert message.title.replace("\u00a0", " ") == "La nuit : 1 marque à confirmer"
    text = message.text.replace("\u00a0", " ")
    assert "pas négatif, 02/03 23:00 : « Acme, merci pour" in text
    assert "Confirmer ou abandonner : https://bw.example/i/K7Q2MXWP/marks" in text
    assert "<b>" not in message.html
    assert message.short.endswith("https://bw.example/i/K7Q2MXWP/marks")
    assert message.severity is None


def test_marks_come_in_the_same_message_as_what_waited():
    night = Night()
    night.post(LATE, MURMUR)
    propose(night, LATE + MINUTE, mark=Mark.NOT_US)
    propose(night, LATE + 2 * MINUTE, "x:2", by="karim")
    night.goes_on(LATE + 3 * MINUTE, DAWN + HOUR, MURMUR)
    told = {str(notice.target): words(notice) for notice in night.notices if notice.night or notice.marks}
    assert set(told) == {"ines/push", "karim/push"}
    assert "Toujours en cours" in told["ines/push"]
    assert "pas sur nous, " in told["ines/push"]
    assert "Your marks of the night" in told["karim/push"]
    assert "Still going on" not in told["karim/push"]


def test_five_presses_of_one_mark_are_one_and_another_mark_takes_its_place():
    night = Night()
    for second in range(5):
        propose(night, LATE + second * SECOND)
    assert len(night.spine.memory.proposals.kept) == 1
    propose(night, LATE + MINUTE, mark=Mark.NOT_US, by="karim")
    [kept] = night.spine.memory.proposals.kept.values()
    assert (kept.mark, kept.by) == ("not-us", "karim")


def test_what_is_taken_back_at_night_is_not_told():
    night = Night()
    propose(night, LATE)
    propose(night, LATE + MINUTE, mark=Mark.WITHDRAWN)
    night.run_to(DAWN + HOUR)
    assert night.notices == []
    assert night.spine.memory.proposals.kept == {}


def test_a_mark_that_nobody_confirms_is_forgotten_after_seven_days_and_that_is_told():
    night = Night()
    propose(night, LATE)
    night.run_to(DAWN + LAPSE - SECOND)
    assert len(night.spine.memory.proposals.kept) == 1
    night.run_to(DAWN + LAPSE + DAY)
    assert night.spine.memory.proposals.kept == {}
    assert night.spine.memory.lessons == {}
    _, last = marked(night)
    assert last.due_at - DAWN == LAPSE
    assert "Oubliées : sept jours sans confirmation" in words(last)
    assert render(last, (), None, last.due_at).title.startswith("La nuit")


def test_a_confirmed_mark_counts_from_then_on_and_is_not_told_as_forgotten():
    night = Night()
    propose(night, LATE)
    night.run_to(DAWN + HOUR)
    night.tell(Corrected(DAWN + 2 * HOUR, "acme", "x:1", Mark.NOT_NEGATIVE, "ines", confirmed_by="karim"))
    assert night.spine.memory.proposals.kept == {}
    assert list(night.spine.memory.lessons["acme"].kept) == ["x:1"]
    night.run_to(DAWN + LAPSE + DAY)
    assert len(marked(night)) == 1


def test_who_has_left_the_list_is_not_told_and_stops_nobody_elses_message():
    night = Night()
    propose(night, LATE, by="zoe")
    propose(night, LATE, "x:2")
    night.run_to(DAWN + HOUR)
    assert [str(notice.target) for notice in marked(night)] == ["ines/push"]


def test_a_mark_that_is_journalled_after_dawn_is_told_at_once():
    night = Night()
    propose(night, DAWN + MINUTE)
    night.run_to(DAWN + 2 * MINUTE)
    assert len(marked(night)) == 1


def test_marks_move_with_a_clock_that_was_ahead():
    night = Night()
    propose(night, LATE)
    night.tell(ClockSet(LATE - HOUR))
    [kept] = night.spine.memory.proposals.kept.values()
    assert kept.at == LATE - HOUR
    night.run_to(DAWN + HOUR)
    assert len(marked(night)) == 1


def test_no_more_are_kept_than_anybody_confirms():
    proposals = Proposals()
    for number in range(MOST_PROPOSALS + 3):
        proposals.hear(Proposed(number, "acme-1", "acme", f"x:{number}", Mark.NOT_US, "ines"), 0)
    assert len(proposals.kept) == MOST_PROPOSALS
    assert ("acme", "x:2") not in proposals.kept
    assert Proposals.load(msgspec.msgpack.decode(msgspec.msgpack.encode(proposals.dump()))).kept == proposals.kept


class Desk:
    """The marks of a drive on a real record, at night, with one post on it."""

    def __init__(self, folder, clock):
        self.house = House(folder, clock)
        self.house.open()
        self.marks = Marks(self.house.drive, self.house.record)

    @property
    def lessons(self):
        lessons = self.house.drive.spine.memory.lessons.get("acme")
        return {} if lessons is None else {key: (kept.mark, kept.by) for key, kept in lessons.kept.items()}

    @property
    def waiting(self):
        return {key: kept.mark for (_, key), kept in self.house.drive.spine.memory.proposals.kept.items()}

    async def press(self, mark, name="x:a", by="ines", incident="acme-1"):
        return await self.marks.correct("acme", name, mark, by, incident)


async def begin(folder, at=LATE):
    clock = VirtualClock(at)
    desk = Desk(folder, clock)
    await desk.house.tell(RulesSwapped(0, rules()))
    await desk.house.say(mention(at, "a", text="Acme, quel bonheur ce vol de malade"))
    return desk


async def test_what_is_pressed_at_night_outlives_a_power_cut_and_is_confirmed_by_day(tmp_path):
    desk = await begin(tmp_path)
    assert (await desk.press(Mark.NOT_NEGATIVE)).lines == ("x:a: waits for a confirmation by day",)
    assert (desk.lessons, desk.waiting) == ({}, {"x:a": "not-negative"})
    await desk.house.kill()
    desk = Desk(tmp_path, desk.house.clock)
    assert desk.waiting == {"x:a": "not-negative"}
    refused = await desk.marks.confirm([("acme", "x:a")], "karim")
    assert (refused.done, refused.why) == (False, "night")
    await desk.house.move(DAWN + HOUR)
    assert (await desk.marks.confirm([("acme", "x:a")], "karim")).done
    assert (desk.lessons, desk.waiting) == ({"x:a": (Mark.NOT_NEGATIVE, "ines")}, {})
    assert desk.house.drive.spine.memory.lessons["acme"].kept["x:a"].confirmed_by == "karim"
    again = await desk.marks.confirm([("acme", "x:a")], "karim")
    assert (again.done, again.why) == (False, "unmarked")
    await desk.house.close()


async def test_by_day_and_from_the_command_line_a_mark_counts_at_once(tmp_path):
    desk = await begin(tmp_path)
    assert (await desk.press(Mark.NOT_US, incident="")).done
    assert (desk.lessons, desk.waiting) == ({"x:a": (Mark.NOT_US, "ines")}, {})
    await desk.house.move(DAWN + HOUR)
    assert (await desk.press(Mark.NOT_NEGATIVE)).done
    assert (desk.lessons, desk.waiting) == ({"x:a": (Mark.NOT_NEGATIVE, "ines")}, {})
    await desk.house.close()


async def test_a_mark_that_stands_is_taken_back_at_night_by_a_proposal_too(tmp_path):
    desk = await begin(tmp_path)
    await desk.press(Mark.NOT_US, incident="")
    assert (await desk.press(Mark.WITHDRAWN)).done
    assert (desk.lessons, desk.waiting) == ({"x:a": (Mark.NOT_US, "ines")}, {"x:a": "withdraw"})
    await desk.house.move(DAWN + HOUR)
    await desk.marks.confirm([("acme", "x:a")], "ines")
    assert (desk.lessons, desk.waiting) == ({}, {})
    await desk.house.close()


async def test_what_waits_is_dropped_at_once_and_what_stands_is_left_as_it_is(tmp_path):
    desk = await begin(tmp_path)
    await desk.press(Mark.NEGATIVE, incident="")
    await desk.press(Mark.NOT_US)
    assert (await desk.press(Mark.WITHDRAWN)).lines == ("x:a: is marked no more",)
    assert (desk.lessons, desk.waiting) == ({"x:a": (Mark.NEGATIVE, "ines")}, {})
    await desk.house.close()


async def test_a_text_that_was_erased_meanwhile_is_not_marked_any_more(tmp_path):
    desk = await begin(tmp_path)
    await desk.press(Mark.NOT_NEGATIVE)
    await desk.house.say(mention(LATE, "a", text="", deleted=True))
    await desk.house.move(DAWN + HOUR)
    said = await desk.marks.confirm([("acme", "x:a")], "ines")
    assert said.lines == ("x:a: its text was erased, the mark is dropped",)
    assert (desk.lessons, desk.waiting) == ({}, {})
    await desk.house.close()


async def test_a_button_that_is_pressed_five_times_at_once_marks_once(tmp_path):
    desk = await begin(tmp_path, DAWN + HOUR)
    said = await asyncio.gather(*(desk.press(Mark.NOT_NEGATIVE) for _ in range(5)))
    assert all(each.done for each in said)
    assert desk.house.drive.spine.memory.lessons["acme"].revision == 1
    await desk.house.close()
