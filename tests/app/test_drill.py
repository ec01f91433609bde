"""What a person asks for, and the report of what came of it."""

import pytest
from stage import MONDAY, ONCALL, House, mention

from buzzwatch.app.drill import last_drill, progress, read_course, read_rehearsal, report
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.clock import VirtualClock
from buzzwatch.memory import Memory
from buzzwatch.model.input import Command, Drilled, RulesSwapped, Verb
from buzzwatch.model.instant import MINUTE, SECOND
from buzzwatch.web.desk import Answer, Rehearsal

RULES = "rules: [{{name: shout, when: {{mention: {{negativity: 0.7}}}}, severity: {severity}, notify: {route}}}]"
BRAND = "brand: {brand}\nlanguage: en\nmatch: {{any: [{brand}]}}\n" + RULES
FILES = {
    f"{brand}.yaml": BRAND.format(brand=brand, severity=severity, route=route)
    for brand, severity, route in (("acme", "warning", "room"), ("zephyr", "critical", "oncall"))
} | {"oncall.yaml": ONCALL}


@pytest.fixture
def memory():
    memory = Memory()
    memory.rules = compile_rules(FILES)
    return memory


@pytest.mark.parametrize(
    ("what", "route", "brand", "taken"),
    [
        ("", "", "zephyr", "oncall"),
        ("zephyr", "", "zephyr", "oncall"),
        ("oncall", "", "zephyr", "oncall"),
        ("acme", "oncall", "acme", "oncall"),
        ("", "oncall", "zephyr", "oncall"),
    ],
)
def test_a_brand_or_a_route_is_enough(memory, what, route, brand, taken):
    asked = read_rehearsal(Rehearsal("ines", what, route), memory, MONDAY)
    assert isinstance(asked, Drilled)
    assert (asked.brand, asked.route) == (brand, taken)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("acme", "'' is no route with steps, so nobody would be called; such routes are: oncall"),
        ("room", "'room' is no route with steps, so nobody would be called; such routes are: oncall"),
        ("nobody", "there is no brand 'nobody'; brands are: acme, zephyr"),
    ],
)
def test_what_calls_nobody_is_refused_in_words(memory, what, why):
    assert read_rehearsal(Rehearsal("ines", what), memory, MONDAY) == Answer(done=False, lines=(why,))


async def rehearse(folder, *, answer_at=None, real_at=None):
    """A drill whose second step cannot be delivered, after a kill in its middle; the lines of its report."""
    clock = VirtualClock(MONDAY)
    house = House(folder, clock)
    house.open()
    await house.tell(RulesSwapped(0, compile_rules(FILES)))
    await house.tell(Drilled(0, "zephyr", "oncall", "karim"))
    await house.move(MONDAY + 2 * SECOND)
    await house.deliver()
    await house.kill()
    house = House(folder, clock)
    house.open()
    for second in range(60, 30 * 60, 60):
        at = MONDAY + second * SECOND
        await house.move(at)
        await house.deliver(fails=lambda notice: notice.target.by == "sms" and notice.page)
        if at == answer_at:
            await house.tell(Command(0, Verb.HELP, house.rows("SELECT id FROM incident")[0][0], "karim"))
        if at == real_at:
            await house.say(mention(at, "real", "zephyr", angry=True))
    course = house.record.write_now(lambda db: read_course(db, last_drill(db)))
    assert course.over
    assert house.record.write_now(lambda db: read_course(db, "nothing")) is None
    assert {line.strip() for line in report(course) if "  " in line} == {line.strip() for line in progress(course)}
    await house.close()
    return list(report(course))


async def test_the_report_tells_who_was_told_when_how_and_who_answered(tmp_path):
    lines = await rehearse(tmp_path, answer_at=MONDAY + 11 * MINUTE)
    assert lines == [
        "drill-zephyr-260302-0000: drill of the route oncall for zephyr, asked for by karim",
        "Who was told, counted from its beginning",
        "     0:00  console told: delivered at 0:02",
        "     0:00  ines/push called: delivered at 0:02",
        "     5:01  ines/sms called: FAILED at 6:00: no such number",
        "     6:00  karim/push called: delivered at 6:00",
        "    11:00  console told that it is over: delivered at 12:00",
        "    11:00  ines/push told that it is over: delivered at 12:00",
        "    11:00  ines/sms told that it is over: delivered at 12:00",
        "    11:00  karim/push told that it is over: delivered at 12:00",
        "Answered by karim (help) after 11:00, 5:00 after the first message to them",
        "Called and did not answer: ines",
        "Could not be reached: ines/sms",
        "Steps reached: 3 of 4",
    ]


async def test_the_report_tells_that_nobody_answered_or_that_something_real_came(tmp_path):
    alone = await rehearse(tmp_path / "alone")
    assert "Nobody answered within 5 minutes of the last step" in alone
    assert "Called and did not answer: ines, karim, sophie" in alone
    assert alone[-1] == "Steps reached: 4 of 4"
    cut = await rehearse(tmp_path / "cut", real_at=MONDAY + 7 * MINUTE)
    assert any(line.startswith("Cut short after 7:0") and line.endswith(" is real") for line in cut)


async def test_a_drill_that_ought_to_be_over_is_waited_for_no_longer(tmp_path):
    house = House(tmp_path, VirtualClock(MONDAY))
    house.open()
    await house.tell(RulesSwapped(0, compile_rules(FILES)))
    await house.tell(Drilled(0, "zephyr", "oncall", "karim"))
    await house.move(MONDAY + 2 * SECOND)
    course = house.record.write_now(lambda db: read_course(db, last_drill(db)))
    await house.kill()
    last_step_and_grace = 25 * MINUTE
    assert not course.is_overdue(MONDAY + last_step_and_grace)
    assert course.is_overdue(MONDAY + last_step_and_grace + 2 * MINUTE)
