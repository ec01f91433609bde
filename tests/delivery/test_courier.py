import asyncio

import pytest

from buzzwatch.clock import settle
from buzzwatch.delivery.channel import PermanentDeliveryError, Sent, TransientDeliveryError
from buzzwatch.delivery.courier import (
    AT_ONCE,
    FIRST_WAIT,
    GIVE_UP_AFTER,
    LONGEST_ASKED_WAIT,
    LONGEST_WAIT,
    LOOK_EVERY,
    SEND_TIMEOUT,
    Courier,
)
from buzzwatch.model.incident import Severity
from buzzwatch.model.instant import HOUR, MINUTE, SECOND

DOWN = TransientDeliveryError("mail:// answered 451")


async def test_what_waits_at_the_start_is_sent_and_reported(outbox, put, channels, start):
    notice = put("a")
    async with start():
        assert channels["mail"].sent == ["a"]
    [delivered] = outbox.delivered
    assert (delivered.key, delivered.sent, delivered.why) == ("a", True, "")
    assert (delivered.incident, delivered.target) == (notice.incident.id, notice.target)


async def test_a_new_row_is_sent_at_once_when_told_of_and_soon_when_not(put, channels, start, clock):
    async with start() as courier:
        put("told")
        courier.notify()
        await settle()
        assert channels["mail"].sent == ["told"]
        put("untold")
        await clock.advance(LOOK_EVERY)
        assert channels["mail"].sent == ["told", "untold"]


async def test_the_worst_goes_first_and_then_the_oldest(put, channels, start):
    put("watch", severity=Severity.WATCH)
    put("critical", severity=Severity.CRITICAL)
    put("older warning", severity=Severity.WARNING, due_at=-5)
    put("warning", severity=Severity.WARNING)
    async with start():
        assert channels["mail"].sent == ["critical", "older warning", "warning", "watch"]


async def test_one_target_gets_one_message_at_a_time_while_others_get_theirs(put, channels, start):
    channels["mail"].gate.clear()
    for n in range(3):
        put(f"m{n}")
    put("s", target="slack")
    async with start():
        assert channels["mail"].tried == ["m0"]
        assert channels["slack"].sent == ["s"]
        channels["mail"].gate.set()
        await settle()
        assert channels["mail"].sent == ["m0", "m1", "m2"]
    assert channels["mail"].most_at_once == 1


async def test_only_so_many_targets_are_served_at_once(put, start, channels):
    shared = channels["mail"]
    shared.gate.clear()
    for n in range(AT_ONCE + 4):
        put(f"k{n}", target=f"t{n}")
    async with start(lambda _: shared):
        assert shared.most_at_once == AT_ONCE
        shared.gate.set()
        await settle()
        assert len(shared.sent) == AT_ONCE + 4


async def test_what_failed_for_a_while_is_put_back_under_the_same_key(outbox, put, channels, start, clock):
    channels["mail"].failures = [DOWN]
    put("a")
    async with start():
        [(key, until, why)] = outbox.postponed
        assert (key, why) == ("a", "mail:// answered 451")
        assert FIRST_WAIT / 2 <= until <= FIRST_WAIT
        await clock.advance(until - 1)
        assert channels["mail"].tried == ["a"]
        await clock.advance(1)
        assert channels["mail"].sent == ["a"]
    assert [d.sent for d in outbox.delivered] == [True]


async def test_whom_a_sent_message_did_not_reach_is_reported_with_it(outbox, put, channels, start):
    channels["mail"].gives = Sent("<a@b>", lacking="mailto:// answered 550 for 1 of 3 recipients")
    put("a")
    async with start():
        pass
    [delivered] = outbox.delivered
    assert (delivered.sent, delivered.sent_as) == (True, "<a@b>")
    assert delivered.why == "mailto:// answered 550 for 1 of 3 recipients"


async def test_pauses_double_up_to_ten_minutes(outbox, put, channels, start, clock):
    channels["mail"].failures = [DOWN] * 14
    put("a")
    async with start():
        await clock.advance(2 * HOUR)
    untils = [until for _, until, _ in outbox.postponed]
    pauses = [later - earlier for earlier, later in zip([0, *untils], untils, strict=False)]
    for n, pause in enumerate(pauses):
        longest = min(LONGEST_WAIT, FIRST_WAIT * 2**n)
        assert longest / 2 <= pause <= longest
    assert channels["mail"].sent == ["a"]


async def test_two_targets_do_not_come_back_at_the_same_instant(outbox, put, channels, start):
    for name in ("mail", "slack"):
        channels[name].failures = [DOWN]
        put(name, target=name)
    async with start():
        first, second = (until for _, until, _ in outbox.postponed)
        assert first != second


@pytest.mark.parametrize(("asked", "obeyed"), [(90 * SECOND, 90 * SECOND), (48 * HOUR, LONGEST_ASKED_WAIT), (0, None)])
async def test_a_receiver_that_asks_for_time_gets_it_within_reason(outbox, put, channels, start, asked, obeyed):
    channels["mail"].failures = [TransientDeliveryError("429", retry_after=asked)]
    put("a")
    async with start():
        [(_, until, _)] = outbox.postponed
        assert until == obeyed if obeyed else until <= FIRST_WAIT


async def test_a_target_that_asked_for_time_is_not_bothered_with_new_messages(put, channels, start, clock):
    channels["mail"].failures = [TransientDeliveryError("429", retry_after=5 * MINUTE)]
    put("a")
    async with start() as courier:
        put("b")
        courier.notify()
        await clock.advance(5 * MINUTE - 1)
        assert channels["mail"].tried == ["a"]
        await clock.advance(1)
        assert sorted(channels["mail"].sent) == ["a", "b"]


async def test_a_new_message_tries_a_target_that_merely_failed(put, channels, start, clock):
    channels["mail"].failures = [DOWN] * 7
    put("a")
    async with start() as courier:
        await clock.advance(5 * MINUTE)
        put("b", due_at=clock.now())
        courier.notify()
        await settle()
        assert channels["mail"].sent == ["b"]


async def test_what_waits_behind_a_failure_keeps_its_place(outbox, put, channels, start, clock):
    channels["mail"].failures = [DOWN]
    for n in range(3):
        put(f"m{n}")
    async with start():
        assert channels["mail"].tried == ["m0"]
        assert {until for _, until, _ in outbox.postponed} == {outbox.postponed[0][1]}
        await clock.advance(FIRST_WAIT)
        assert channels["mail"].sent == ["m0", "m1", "m2"]


async def test_what_failed_for_good_is_reported_once_with_the_reason(outbox, put, channels, start, clock):
    channels["mail"].failures = [PermanentDeliveryError("mail:// answered 550")]
    put("a")
    async with start():
        await clock.advance(HOUR)
    assert [(d.sent, d.why) for d in outbox.delivered] == [(False, "mail:// answered 550")]
    assert channels["mail"].tried == ["a"]


async def test_a_day_of_failures_is_enough(outbox, put, channels, start, clock):
    channels["mail"].failures = [DOWN] * 1000
    put("a")
    async with start():
        await clock.advance(GIVE_UP_AFTER - MINUTE)
        assert outbox.delivered == []
        await clock.advance(LONGEST_WAIT + MINUTE)
    assert [(d.sent, d.why) for d in outbox.delivered] == [(False, "given up after 24 h: mail:// answered 451")]


async def test_a_clock_that_leaps_a_day_ahead_does_not_turn_one_failure_into_a_day_of_them(
    outbox, put, channels, start, clock
):
    channels["mail"].failures = [DOWN] * 3
    put("a", due_at=-2 * GIVE_UP_AFTER)
    async with start():
        await clock.advance(HOUR)
    assert channels["mail"].sent == ["a"]
    assert [d.sent for d in outbox.delivered] == [True]


async def test_what_waited_for_more_than_a_day_is_still_tried_once(outbox, put, channels, start):
    put("a", due_at=-2 * GIVE_UP_AFTER)
    async with start():
        assert channels["mail"].sent == ["a"]


async def test_a_send_that_hangs_is_left_after_a_minute_and_holds_up_nobody_else(outbox, put, channels, start, clock):
    channels["mail"].gate.clear()
    put("a")
    put("s", target="slack")
    async with start():
        assert channels["slack"].sent == ["s"]
        await clock.advance(SEND_TIMEOUT)
        assert [(key, why) for key, _, why in outbox.postponed] == [("a", "no answer within 60 s")]
        assert channels["mail"].at_once == 0
        channels["mail"].gate.set()
        await clock.advance(FIRST_WAIT)
        assert channels["mail"].sent == ["a"]


async def test_a_fault_of_a_channel_is_tried_again_and_its_text_told_to_nobody(outbox, put, channels, start):
    channels["mail"].failures = [ValueError("https://user:secret@host")]
    put("a")
    async with start():
        assert [why for _, _, why in outbox.postponed] == ["unexpected ValueError"]


async def test_an_unknown_target_is_given_up_and_the_others_go_on(outbox, put, channels, start):
    def channel_for(target):
        if target.name == "nobody":
            raise PermanentDeliveryError("nobody is in neither file")
        return channels[target.name]

    put("a", target="nobody")
    put("b")
    async with start(channel_for):
        assert channels["mail"].sent == ["b"]
    assert {d.key: d.why for d in outbox.delivered} == {"a": "nobody is in neither file", "b": ""}


async def test_stopping_lets_a_running_send_end_and_starts_no_other(outbox, put, channels, clock):
    async def compose(lease):
        return lease.notice

    mail = channels["mail"]
    mail.gate.clear()
    put("a")
    put("b")
    courier = Courier(outbox, compose, lambda _: mail, outbox.report, clock)
    running = asyncio.create_task(courier.run())
    await settle()
    courier.stop()
    await settle()
    assert not running.done()
    mail.gate.set()
    await running
    assert [d.key for d in outbox.delivered] == ["a"]
    assert mail.tried == ["a"]


async def test_stopping_does_not_wait_for_ever_and_what_hung_stays_in_the_outbox(outbox, put, channels, start):
    channels["mail"].gate.clear()
    put("a")
    async with start():
        pass
    assert outbox.delivered == []
    assert list(outbox.rows) == ["a"]
    assert channels["mail"].at_once == 0


async def test_a_crash_between_sending_and_marking_repeats_the_same_key(outbox, put, channels, start):
    async def die(_):
        raise OSError("killed")

    put("a")
    mark, outbox.report = outbox.report, die
    with pytest.raises(OSError, match="killed"):
        async with start():
            pass
    outbox.report = mark
    outbox.leased.clear()
    async with start():
        assert channels["mail"].sent == ["a", "a"]
    assert [d.key for d in outbox.delivered] == ["a"]


async def test_a_lease_that_runs_out_while_its_message_is_under_way_sends_it_no_second_time(
    outbox, put, channels, start, clock
):
    channels["mail"].gate.clear()
    put("a")
    async with start():
        outbox.leased.clear()
        await clock.advance(LOOK_EVERY)
        channels["mail"].gate.set()
        await settle()
        assert channels["mail"].tried == ["a"]


async def test_what_may_have_arrived_is_called_doubtful_until_it_is_known(outbox, put, channels, start, clock):
    for doubtful in (True, False):
        channels["mail"].failures.append(TransientDeliveryError("mail:// did not answer", doubtful=doubtful))
    put("a")
    async with start():
        assert outbox.rows["a"].doubtful
        await clock.advance(FIRST_WAIT)
        assert outbox.rows["a"].attempts == 2
        assert outbox.rows["a"].doubtful


async def test_a_receiver_that_wants_no_other_message_for_a_while_gets_none(put, channels, start, clock):
    channels["mail"].gives = Sent("C1/17.5", rest=SECOND)
    put("a")
    async with start() as courier:
        put("b", due_at=1)
        courier.notify()
        await clock.advance(SECOND - 1)
        assert channels["mail"].tried == ["a"]
        await clock.advance(1)
        assert channels["mail"].sent == ["a", "b"]


async def test_what_the_receiver_calls_a_message_is_reported_with_it(outbox, put, channels, start):
    channels["mail"].gives = Sent("C1/17.5")
    put("a")
    async with start():
        pass
    assert [delivered.sent_as for delivered in outbox.delivered] == ["C1/17.5"]


async def test_a_storm_behind_a_receiver_that_takes_one_a_second_leaves_the_worst_first_and_loses_none(
    outbox, put, channels, start, clock
):
    """Each second it takes one and answers 429 to the next; another incident that is worse overtakes all."""
    number, taken_at, order = 100, -SECOND, []

    async def send(message):
        nonlocal taken_at
        if clock.now() - taken_at < SECOND:
            raise TransientDeliveryError("429", retry_after=SECOND)
        taken_at = clock.now()
        order.append(message.key)

    channels["mail"].send = send
    for n in range(number):
        put(f"{n:03}", severity=Severity(1 + n % 3), due_at=n - number)
    async with start() as courier:
        await clock.advance(10 * SECOND)
        put("late", due_at=clock.now())
        courier.notify()
        await clock.advance(3 * number * SECOND)
    expected = sorted((f"{n:03}" for n in range(number)), key=lambda key: (-(int(key) % 3), key))
    worst = [key for key in order if key != "late"]
    assert worst == expected
    assert order.index("late") < number // 3 + 1
    assert {d.key for d in outbox.delivered} == {*expected, "late"}
