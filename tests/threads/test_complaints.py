"""Which posts complain, what answers them, and what is kept of it."""

import random

import msgspec
import pytest
from msgspec.structs import replace
from stage import MONDAY, sighting

from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND
from buzzwatch.model.mention import Kind
from buzzwatch.threads.complaints import KEPT, LINE, MOST_OURS, MOST_WAITING, Complaints

NOON = MONDAY + 12 * HOUR


def angry(name: str, at: int = NOON, **changes):
    return sighting(at, name, **({"negativity": 0.9} | changes))


def reply(name: str, to: str, at: int, thread: str | None = None, **changes):
    return angry(name, at, **({"thread": f"x:{thread or to}", "parent": f"x:{to}", "kind": Kind.REPLY} | changes))


def official(name: str, to: str, at: int, thread: str | None = None, **changes):
    return reply(name, to, at, thread, **({"official": True, "negativity": 0.1} | changes))


def told(*posts) -> tuple[Complaints, list]:
    complaints = Complaints("acme")
    return complaints, [each for post in posts for each in complaints.hear(post, post.copy)]


def again(complaints: Complaints) -> Complaints:
    return Complaints.load("acme", msgspec.msgpack.decode(msgspec.msgpack.encode(complaints.dump())))


@pytest.mark.parametrize(
    ("changes", "complains"),
    [
        ({}, True),
        ({"negativity": LINE}, True),
        ({"negativity": LINE - 0.01}, False),
        ({"voice": "ours"}, False),
        ({"voice": "press"}, False),
        ({"voice": "fans"}, True),
        ({"kind": Kind.ARTICLE}, False),
        ({"kind": Kind.REPOST}, False),
        ({"kind": Kind.REVIEW}, True),
        ({"author": 0}, True),
        ({"unnamed": True}, False),
        ({"unnamed": True, "parent": "x:our-post"}, True),
        ({"unnamed": True, "thread": "x:our-post"}, True),
        ({"posted_at": NOON - 11 * HOUR}, True),
        ({"posted_at": NOON - 13 * HOUR}, False),
        ({"posted_at": NOON + DAY}, True),
    ],
    ids=str,
)
def test_a_complaint_is_a_customers_own_negative_words_to_the_brand(changes, complains):
    complaints, _ = told(official("our-post", "our-post", NOON - HOUR), angry("one", **changes))
    assert complaints.count(0, NOON) == complains


@pytest.mark.parametrize(
    ("answer", "met"),
    [
        (official("us", "one", NOON + 7 * MINUTE), True),
        (official("us", "one", NOON + 7 * MINUTE, parent=None), True),
        (official("us", "one", NOON + 7 * MINUTE, kind=Kind.QUOTE), True),
        (official("us", "one", NOON + 7 * MINUTE, kind=Kind.REPOST), False),
        (official("us", "other", NOON + 7 * MINUTE, "one"), False),
        (official("us", "us", NOON + 7 * MINUTE), False),
        (reply("somebody", "one", NOON + 7 * MINUTE, negativity=0.1), False),
        (reply("employee", "one", NOON + 7 * MINUTE, negativity=0.1, voice="ours"), False),
    ],
    ids=["reply", "no parent", "quote", "repost", "to another", "root", "customer", "employee"],
)
def test_only_an_official_reply_to_it_answers(answer, met):
    complaints, records = told(angry("one"), answer)
    assert complaints.count(0, NOON + HOUR) == (not met)
    assert [each.answered_at for each in records] == [None, *([NOON + 7 * MINUTE] if met else [])]


def test_a_reply_to_the_first_post_speaks_to_all_who_had_complained_in_the_conversation_by_then():
    complaints, records = told(
        angry("root"),
        reply("two", "root", NOON + MINUTE),
        official("us", "root", NOON + 5 * MINUTE),
        reply("late", "root", NOON + 9 * MINUTE),
    )
    assert [each.mention for each in records if each.answered_at] == ["x:root", "x:two"]
    assert complaints.count(0, NOON + HOUR) == 1


def test_a_reply_to_one_of_many_answers_that_one():
    complaints, records = told(
        official("offer", "offer", NOON),
        *(reply(f"c{n}", "offer", NOON + n * MINUTE) for n in range(1, 9)),
        official("us", "c3", NOON + HOUR, "offer"),
    )
    assert [each.mention for each in records if each.answered_at] == ["x:c3"]
    assert complaints.count(0, NOON + HOUR) == 7


def test_what_a_customer_adds_is_the_same_complaint_and_may_be_what_is_answered():
    _, records = told(
        angry("one", author=7),
        reply("more", "one", NOON + MINUTE, author=7),
        reply("number", "one", NOON + 2 * MINUTE, author=7, negativity=0.1),
        official("us", "number", NOON + 3 * MINUTE, "one"),
        reply("thanks for nothing", "us", NOON + 4 * MINUTE, "one", author=7),
    )
    assert [(each.mention, each.answered_at) for each in records] == [
        ("x:one", None), ("x:one", NOON + 3 * MINUTE), ("x:thanks for nothing", None),
    ]  # fmt: skip


def test_copies_count_once_while_the_first_waits_and_an_answer_to_any_of_them_answers():
    copies = [angry(f"copy{n}", NOON + n * SECOND, copy=99) for n in range(20)]
    complaints, records = told(*copies)
    assert (complaints.count(0, NOON + HOUR), len(records)) == (1, 1)
    (answered,) = complaints.hear(official("us", "copy4", NOON + MINUTE))
    assert (answered.mention, answered.answered_at) == ("x:copy0", NOON + MINUTE)
    complaints.hear(angry("copy again", NOON + HOUR, copy=99), 99)
    assert complaints.count(0, NOON + HOUR) == 1


def test_an_answer_that_comes_before_its_complaint_answers_it():
    complaints, (record,) = told(official("us", "one", NOON + 4 * MINUTE), angry("one"))
    assert (record.complained_at, record.answered_at) == (NOON, NOON + 4 * MINUTE)
    assert len(complaints) == 0
    complaints, (record,) = told(official("us", "root", NOON + 4 * MINUTE), reply("two", "root", NOON + 3 * MINUTE))
    assert record.answered_at == NOON + 4 * MINUTE
    complaints, (record,) = told(official("us", "root", NOON + 4 * MINUTE), reply("two", "root", NOON + 5 * MINUTE))
    assert record.answered_at is None


def test_an_answer_by_a_clock_that_is_slow_took_no_time():
    _, (_, record) = told(angry("one"), official("us", "one", NOON - MINUTE))
    assert record.answered_at == record.complained_at == NOON


def test_a_late_answer_still_answers():
    answer = replace(official("us", "one", NOON + MINUTE), seen_at=NOON + 20 * HOUR)
    _, (_, record) = told(angry("one"), answer)
    assert record.answered_at == NOON + MINUTE


def test_what_is_taken_back_leaves_with_its_record_and_what_was_only_added_to_it_does_not():
    complaints, _ = told(angry("one", author=7), reply("more", "one", NOON + MINUTE, author=7))
    assert complaints.leave("x:unknown") == complaints.leave("x:more") == ()
    assert len(complaints) == 1
    (record,) = complaints.leave("x:one")
    assert (record.mention, record.gone) == ("x:one", True)
    assert complaints.dump() == Complaints("acme").dump()


def test_the_earliest_post_is_the_complaint_in_whatever_order_they_come():
    posts = [angry(f"p{n}", NOON, author=n % 9 + 1, copy=n % 5 + 1, thread=f"x:t{n % 3}") for n in range(40)]
    posts += [angry(f"q{n}", NOON, author=0, copy=100 + n, thread=f"x:t{n % 3}") for n in range(9)]
    dice, ends = random.Random(3), set()
    for _ in range(20):
        dice.shuffle(posts)
        complaints, _ = told(*posts)
        oldest = complaints.oldest(NOON)
        ends.add((oldest, complaints.first({"x:t0"}, (), None), "x:p0" if complaints.knows("x:p0") else ""))
    assert len(ends) == 1


def test_too_many_let_the_least_followed_go_but_never_the_oldest():
    complaints = Complaints("acme")
    for number in range(MOST_WAITING + 1):
        complaints.hear(angry(f"c{number}", NOON + number, followers=number), number + 1)
    assert (len(complaints), complaints.let_go) == (MOST_WAITING - MOST_WAITING // 4 + 1, MOST_WAITING // 4)
    assert complaints.oldest(NOON + HOUR) == NOON
    kept = [number for number in range(MOST_WAITING) if complaints.knows(f"x:c{number}")]
    assert kept == [*range(MOST_WAITING // 4), *range(MOST_WAITING // 2, MOST_WAITING)]


def test_memory_is_bounded_whatever_comes():
    complaints = Complaints("acme")
    for number in range(5_000):
        at = NOON + number * SECOND
        complaints.hear(angry(f"c{number}", at, copy=number), number)
        complaints.hear(official(f"us{number}", f"gone{number}", at, "elsewhere"))
        complaints.hear(reply(f"more{number}", "c0", at, author=sighting(0, "c0").author))
    dumped = complaints.dump()
    assert len(dumped["waiting"]) <= MOST_WAITING
    assert len(dumped["ours"]) <= MOST_OURS >= len(dumped["answered"])
    assert sum(len(each[6]) for each in dumped["waiting"]) <= 8 * MOST_WAITING


def test_what_has_waited_for_days_counts_no_more():
    complaints, _ = told(angry("old"), angry("young", NOON + DAY))
    assert complaints.count(HOUR, NOON + KEPT) == 2
    assert complaints.count(HOUR, NOON + KEPT + 1) == 1
    assert complaints.oldest(NOON + KEPT + 1) == NOON + DAY
    complaints.hear(angry("new", NOON + KEPT + 1))
    assert not complaints.knows("x:old")


def test_waiting_counts_from_its_very_millisecond():
    complaints, _ = told(angry("one"), angry("two", NOON + 1))
    assert [complaints.count(HOUR, NOON + HOUR + late) for late in (-1, 0, 1)] == [0, 1, 2]
    assert complaints.due(HOUR, 2, NOON) == NOON + 1 + HOUR
    assert complaints.due(HOUR, 3, NOON) is None


def test_the_first_of_a_conversation_a_story_or_the_brand_is_found_and_claimed_once():
    complaints = Complaints("acme")
    complaints.hear(angry("one"), 1, "x:tale")
    complaints.hear(angry("two", NOON + MINUTE), 2, "x:other")
    complaints.hear(reply("three", "two", NOON + 2 * MINUTE), 3, "x:tale")
    assert complaints.first({"x:two"}, (), None) == NOON + MINUTE
    assert complaints.first((), {"x:tale"}, None) == NOON
    assert complaints.first((), (), NOON + 1) == NOON + MINUTE
    assert complaints.first({"x:nowhere"}, (), None) is None
    assert [each.mention for each in complaints.claim("acme-1", {"x:two"}, (), None)] == ["x:two", "x:three"]
    assert [each.mention for each in complaints.claim("acme-2", (), (), NOON)] == ["x:one"]
    (answered,) = complaints.hear(official("us", "three", NOON + HOUR, "two"))
    assert answered.incident == "acme-1"


def test_who_has_claimed_all_gets_what_is_added_later():
    complaints = Complaints("acme")
    complaints.hear(angry("one"), 1)
    claims = [complaints.claim("acme-1", (), (), NOON) for _ in range(2)]
    complaints.hear(angry("two", NOON + MINUTE), 2)
    claims.append(complaints.claim("acme-1", (), (), NOON))
    assert [[each.mention for each in claimed] for claimed in claims] == [["x:one"], [], ["x:two"]]


def test_a_clock_set_back_leaves_nothing_in_the_future():
    complaints, _ = told(angry("one"), angry("two", NOON + HOUR), official("us", "x", NOON + HOUR))
    complaints.set_back(NOON + MINUTE)
    assert complaints.count(0, NOON + MINUTE) == 2
    assert again(complaints).dump() == complaints.dump()
    assert [each.mention for each in complaints.hear(official("us2", "two", NOON + 2 * MINUTE))] == ["x:two"]


def test_dump_and_load_at_any_time_change_nothing_of_what_is_told():
    dice = random.Random(11)
    live, kept = Complaints("acme"), Complaints("acme")
    for number in range(1_500):
        at, to = NOON + number * SECOND, f"c{dice.randrange(max(1, number))}"
        kind = dice.randrange(4)
        post = (
            angry(f"c{number}", at, author=dice.randrange(40), copy=dice.randrange(1, 300)) if kind == 0
            else reply(f"c{number}", to, at, f"c{dice.randrange(30)}", author=dice.randrange(40)) if kind == 1
            else official(f"c{number}", to, at) if kind == 2
            else reply(f"c{number}", to, at, negativity=0.2, unnamed=True)
        )  # fmt: skip
        if not number % 7:
            kept = again(kept)
        assert live.hear(post, post.copy, to) == kept.hear(post, post.copy, to)
        if not number % 13:
            assert live.leave(f"x:{to}") == kept.leave(f"x:{to}")
    assert live.dump() == kept.dump()
    assert len(live) > 50
