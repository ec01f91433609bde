"""A care desk from complaint to answer: the public clock, the rule for those who wait, the record."""

import random
from pathlib import Path

import msgspec
import pytest
from stage import MONDAY, ONCALL, House, Scene, crowd, mention, rules, says, sighting

from buzzwatch.app.queue import read_queue, tell_incident_times, tell_queue, tell_times
from buzzwatch.app.response import incident_response_times, response_times
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.clock import VirtualClock
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind, State
from buzzwatch.model.input import EVERYTHING, ClockSet, Command, Corrected, Erased, Gap, Mark, RulesSwapped, Verb
from buzzwatch.model.instant import HOUR, MINUTE, SECOND, Instant
from buzzwatch.model.mention import Author, Engagement, Kind
from buzzwatch.model.response import ResponseTimes
from buzzwatch.notify.facts import Facts
from buzzwatch.notify.render import render
from buzzwatch.spine import Spine
from buzzwatch.threads.complaints import KEPT

NOON = MONDAY + 12 * HOUR
BRAND = """
brand: acme
name: Acme Airlines
timezone: Europe/Paris
language: fr
match: {any: [acme]}
official: ["x:@acme_fr"]
rules:
  - {name: unanswered, when: WHEN, severity: warning, notify: room}
"""
WAITED = "{unanswered: {for: 30m, at_least: 3}}"
PROMISE = ONCALL + "answer_within: 10m\n"


def promised(when: str = WAITED, oncall: str = PROMISE) -> Ruleset:
    return compile_rules({"acme.yaml": BRAND.replace("WHEN", when), "oncall.yaml": oncall})


def angry(at: Instant, name: str, **changes):
    return sighting(at, name, **({"negativity": 0.9} | changes))


def answer(at: Instant, to: str, thread: str = ""):
    thread = thread or to
    name = f"us to {to}"
    return sighting(at, name, thread=f"x:{thread}", parent=f"x:{to}", kind=Kind.REPLY, official=True)


def scene(when: str = WAITED) -> Scene:
    return Scene(MONDAY, promised(when), "acme")


def rung(played: Scene) -> list[tuple[ChangeKind, Instant]]:
    return [(change.kind, at - NOON) for at, outcome in played.outcomes for change in outcome.changes]


def test_complaints_ring_when_they_have_waited_though_nothing_more_is_heard():
    played = scene()
    played.tell(*(angry(NOON + n * MINUTE, f"c{n}") for n in range(3)))
    played.run_to(NOON + 40 * MINUTE)
    assert rung(played) == [(ChangeKind.OPENED, 32 * MINUTE)]
    (incident,) = played.live
    assert incident.began_at == NOON
    assert set(incident.samples) == {"x:c0", "x:c1", "x:c2"}
    (notice,) = played.notices
    message = render(notice, (), None, notice.due_at)
    title = "ALERTE Acme Airlines : 3 plaintes sans réponse, la première depuis 32 min"
    assert message.title.replace("\u00a0", " ") == title
    assert "Depuis 13:00 (32 min)." in message.text.replace("\u00a0", " ")
    assert "Sans réponse officielle depuis 32 min, objectif 10 min." in message.text.replace("\u00a0", " ")
    assert "plaintes sans réponse : 3, minimum 3" in message.text.replace("\u00a0", " ")


def test_it_stays_one_incident_while_they_wait_and_calms_down_once_they_are_answered():
    played = scene()
    played.tell(*(angry(NOON + n * MINUTE, f"c{n}") for n in range(3)))
    played.run_to(NOON + 9 * HOUR)
    assert [kind for kind, _ in rung(played)] == [ChangeKind.OPENED]
    assert played.live
    played.tell(answer(NOON + 9 * HOUR + SECOND, "c1"))
    played.run_to(NOON + 10 * HOUR)
    assert [kind for kind, _ in rung(played)] == [ChangeKind.OPENED, ChangeKind.OVER]
    assert not played.live


def test_an_answer_in_time_rings_nothing():
    played = scene()
    played.tell(*(angry(NOON + n * MINUTE, f"c{n}") for n in range(3)), answer(NOON + 31 * MINUTE, "c0"))
    played.run_to(NOON + 3 * HOUR)
    assert rung(played) == []


def test_who_waits_for_days_is_let_go_and_so_is_the_incident():
    played = scene()
    played.tell(*(angry(NOON + n * MINUTE, f"c{n}") for n in range(3)))
    played.run_to(NOON + KEPT + 2 * HOUR)
    assert [kind for kind, _ in rung(played)] == [ChangeKind.OPENED, ChangeKind.OVER]
    assert rung(played)[1][1] >= KEPT


def test_a_post_that_is_taken_back_or_marked_as_calm_waits_no_more():
    for item in (
        Erased(NOON + 5 * MINUTE, "x:c1"),
        Corrected(NOON + 5 * MINUTE, "acme", "x:c1", Mark.NOT_NEGATIVE, "ines"),
        Corrected(NOON + 5 * MINUTE, "acme", "x:c1", Mark.NOT_US, "ines"),
    ):
        played = scene()
        played.tell(*(angry(NOON + n * MINUTE, f"c{n}") for n in range(3)), item)
        played.run_to(NOON + 2 * HOUR)
        assert rung(played) == []
        assert [each.mention for _, o in played.outcomes for each in o.complaints if each.gone] == ["x:c1"]


def test_nothing_is_said_of_answers_while_we_are_deaf_and_until_they_have_come_in():
    played = scene()
    played.tell(*(angry(NOON + n * MINUTE, f"c{n}") for n in range(3)))
    played.tell(Gap(NOON + 20 * MINUTE, "push", NOON + 20 * MINUTE, 2**62))
    played.run_to(NOON + 2 * HOUR)
    assert rung(played) == []
    played.tell(Gap(NOON + 2 * HOUR, "push", NOON + 20 * MINUTE, NOON + 2 * HOUR))
    played.tell(answer(NOON + 2 * HOUR + SECOND, "c0"))
    played.run_to(NOON + 3 * HOUR)
    assert rung(played) == []
    played.tell(angry(NOON + 3 * HOUR, "c9"))
    played.run_to(NOON + 4 * HOUR)
    assert rung(played) == [(ChangeKind.OPENED, 3 * HOUR + 30 * MINUTE)]


def test_after_a_downtime_those_who_wait_still_ring_once():
    played = scene()
    played.tell(*(angry(NOON + n * MINUTE, f"c{n}") for n in range(3)))
    packed = msgspec.msgpack.encode(played.spine.memory.dump())
    played.spine = Spine(Memory.load(msgspec.msgpack.decode(packed), played.spine.memory.rules))
    since = played.spine.memory.now
    played.tell(Gap(NOON + 2 * HOUR, EVERYTHING, since, NOON + 2 * HOUR))
    played.run_to(NOON + 5 * HOUR)
    assert rung(played) == [(ChangeKind.OPENED, 2 * HOUR + 5 * MINUTE)]


def test_a_clock_set_back_and_other_rules_keep_those_who_wait():
    played = scene()
    played.tell(*(angry(NOON + n * MINUTE, f"c{n}") for n in range(3)))
    played.tell(
        ClockSet(NOON - HOUR, NOON + 3 * MINUTE), RulesSwapped(NOON - 50 * MINUTE, promised("{unanswered: {for: 1h}}"))
    )
    played.run_to(NOON + HOUR)
    assert rung(played) == [(ChangeKind.OPENED, 0)]


@pytest.mark.parametrize(
    ("when", "rings"),
    [
        ("{all: [{unanswered: {for: 30m, at_least: 3}}, {volume: {at_least: 3, over: 1h}}]}", True),
        ("{all: [{unanswered: {for: 30m, at_least: 3}}, {volume: {at_least: 4, over: 1h}}]}", False),
        ("{any: [{unanswered: {for: 30m, at_least: 3}}, {volume: {at_least: 4, over: 1h}}]}", True),
        ("{volume: {at_least: 3, over: 1h}, none: [{unanswered: {for: 30m, at_least: 2}}]}", True),
        ("{unanswered: {for: 30m, at_least: 3}, none: [{unanswered: {for: 20m, at_least: 3}}]}", False),
    ],
)
def test_it_combines_with_other_conditions(when, rings):
    played = scene(when)
    played.tell(*(angry(NOON + n * MINUTE, f"c{n}") for n in range(3)))
    played.run_to(NOON + 40 * MINUTE)
    assert bool(played.changes) is rings


@pytest.mark.parametrize("seed", range(12))
def test_the_rule_holds_exactly_when_a_naive_count_says_so(seed):
    """Whatever comes in whatever order, the rule has rung by the first second at which a recount finds it true."""
    dice = random.Random(seed)
    played, waiting, due = scene("{unanswered: {for: 10m, at_least: 4}}"), {}, None
    at, names = NOON, []
    for number in range(60):
        before, at = at, at + dice.randrange(1, 240) * SECOND + dice.randrange(1_000)
        for second in range(before // SECOND + 1, at // SECOND + 1):
            held = sum(second * SECOND - posted >= 10 * MINUTE for posted in waiting.values()) >= 4
            if held and due is None and second * SECOND < at:
                due = second * SECOND
        if names and dice.random() < 0.35:
            to = dice.choice(names)
            waiting.pop(to, None)
            played.tell(answer(at, to))
        elif names and dice.random() < 0.1:
            gone = dice.choice(names)
            if played.spine.memory.waits(f"x:{gone}"):
                played.tell(Erased(at, f"x:{gone}"))
            waiting.pop(gone, None)
        else:
            name = f"s{seed}-{number}"
            posted = at - dice.choice((0, 0, 90 * SECOND, 20 * MINUTE))
            early = f"us to {name}" if dice.random() < 0.1 else ""
            if early:
                played.tell(answer(at, name))
            else:
                waiting[name] = posted
                names.append(name)
            played.tell(angry(at, name, posted_at=posted))
        if due is not None:
            break
    played.run_to(at)
    opened = [when for when, outcome in played.outcomes for c in outcome.changes if c.kind is ChangeKind.OPENED]
    assert opened[:1] == ([] if due is None else [due])


def test_the_public_clock_runs_from_the_first_complaint_to_the_answer_and_stands_while_a_person_lets_it_wait():
    played = Scene(MONDAY, compile_rules({**rules().files, "oncall.yaml": PROMISE}))
    played.tell(*crowd(NOON, 12, 6 * MINUTE))
    played.run_to(NOON + 7 * MINUTE)
    incident = played.live[0]
    first = min(each.complained_at for _, o in played.outcomes for each in o.complaints)
    assert incident.unanswered_since == max(first, incident.began_at)
    claimed = {each.mention for _, o in played.outcomes for each in o.complaints if each.incident == incident.id}
    assert len(claimed) >= 10
    page = next(notice for notice in played.notices if notice.page)
    assert Facts(page, page.due_at).unanswered_for == page.due_at - incident.unanswered_since
    played.tell(Command(NOON + 8 * MINUTE, Verb.WAIT, incident.id, "ines", NOON + 20 * MINUTE, "on vérifie"))
    assert played.live[0].unanswered_since is None
    played.tell(*crowd(NOON + 19 * MINUTE, 4, MINUTE))
    played.run_to(NOON + 20 * MINUTE)
    assert played.live[0].unanswered_since == incident.unanswered_since
    again = next(notice for notice in played.notices if notice.kind is ChangeKind.WAITED)
    assert Facts(again, again.due_at).unanswered_for == NOON + 20 * MINUTE - incident.unanswered_since


def test_a_message_that_leaves_late_states_what_was_so_when_it_was_due():
    played = scene()
    played.tell(*(angry(NOON + n * MINUTE, f"c{n}") for n in range(3)))
    played.run_to(NOON + 40 * MINUTE)
    (notice,) = played.notices
    text = render(notice, (), None, notice.due_at + HOUR).text.replace("\u00a0", " ")
    assert "Sans réponse officielle depuis 32 min, objectif 10 min." in text
    assert "État de 13:32" in text


def test_a_brand_without_official_accounts_has_no_clock():
    played = Scene(MONDAY, rules())
    played.tell(*crowd(NOON, 12, 6 * MINUTE, "zephyr"))
    played.run_to(NOON + 7 * MINUTE)
    assert played.live[0].unanswered_since is None
    assert not any(outcome.complaints for _, outcome in played.outcomes)


async def test_a_care_desk_from_complaint_to_answer_and_over_a_power_cut(tmp_path: Path):
    clock = VirtualClock(NOON)
    ours = Author(id="acme", handle="@acme_fr")
    house = House(tmp_path, clock)
    house.open()
    await house.tell(RulesSwapped(0, promised()))
    loud = Author(id="lea", handle="@lea<b>", followers=12_000)
    seen = Engagement(views=9_000)
    await house.say(mention(NOON, "one", angry=True, author=loud, url="https://x.example/1", engagement=seen))
    await house.move(NOON + 5 * MINUTE)
    await house.say(*(mention(NOON + 5 * MINUTE, f"c{n}", angry=True) for n in range(3)))
    await house.say(mention(NOON + 5 * MINUTE, "happy"))
    brand = house.drive.spine.memory.rules.brands["acme"]
    waiting, more = house.record.write_now(lambda db: read_queue(db, brand, clock.now()))
    assert [each.complained_at for each in waiting] == [NOON, *[NOON + 5 * MINUTE] * 3]
    first = waiting[0]
    assert (first.author, first.followers, first.views, first.known, more) == ("@lea<b>", 12_000, 9_000, 1, 0)
    lines = house.record.write_now(lambda db: list(tell_queue(db, promised(), [brand], NOON + 12 * MINUTE)))
    assert lines[0] == "acme: 4 complaints without an answer, the oldest first, target 10\u00a0min"
    assert lines[1].startswith("! 2026-03-02 13:00")
    assert "12,000 followers, 9,000 views" in lines[1]
    await house.move(NOON + 8 * MINUTE)
    await house.say(mention(NOON + 8 * MINUTE, "us", root="x:one", author=ours, text="Désolés."))
    await house.say(mention(NOON + 8 * MINUTE, "c2", text="", deleted=True))
    await house.move(NOON + 20 * MINUTE)
    kept = house.drive.spine.memory.complaints["acme"].dump()
    await house.kill()
    risen = House(tmp_path, clock)
    risen.open()
    assert risen.drive.spine.memory.complaints["acme"].dump() == kept
    await clock.advance(MINUTE)
    await risen.say(mention(NOON + 21 * MINUTE, "us2", root="x:c0", author=ours, text="Nous revenons vers vous."))
    await risen.move(NOON + 30 * MINUTE)
    rows = risen.rows("SELECT mention, answered_at FROM complaint ORDER BY mention")
    assert rows == [("x:c0", NOON + 21 * MINUTE), ("x:c1", None), ("x:one", NOON + 8 * MINUTE)]
    times = risen.record.write_now(lambda db: response_times(db, "acme", NOON, NOON + HOUR))
    assert times == ResponseTimes(2, 1, 8 * MINUTE, 16 * MINUTE, 1 / 3)
    (told,) = risen.record.write_now(lambda db: list(tell_times(db, [brand], NOON + HOUR)))
    assert told == (
        "acme, 30 days: 2 answered, 1 not; half within 8\u00a0min, nine of ten within 16\u00a0min; "
        "33% of all within 10 min"
    )
    assert risen.record.write_now(lambda db: response_times(db, "acme", NOON + 6 * MINUTE, NOON + HOUR)).quick is None
    await risen.close()


async def test_the_complaints_of_an_incident_are_known_by_it(tmp_path: Path):
    clock = VirtualClock(NOON)
    house = House(tmp_path, clock)
    house.open()
    await house.tell(RulesSwapped(0, promised("{unanswered: {for: 30m, at_least: 3}}")))
    await house.say(*(mention(NOON, f"c{n}", angry=True) for n in range(4)))
    await house.move(NOON + 31 * MINUTE)
    (incident,) = house.drive.spine.memory.desk.incidents.values()
    assert incident.state is State.OPEN
    ours = Author(id="acme", handle="@acme_fr")
    await house.say(mention(NOON + 31 * MINUTE, "us", root="x:c0", author=ours, text="Désolés."))
    times = house.record.write_now(lambda db: incident_response_times(db, incident.id))
    assert (times.answered, times.unanswered, times.median) == (1, 3, 31 * MINUTE)
    (line,) = house.record.write_now(lambda db: list(tell_incident_times(db, incident.id)))
    assert "1 answered, 3 not" in line
    await house.close()


def test_every_outcome_with_a_complaint_is_kept():
    played = scene()
    played.tell(angry(NOON, "one"))
    assert says(played.outcomes[-1][1])
