"""The queue between sources and the drive."""

import pytest

from buzzwatch.app.intake import BATCH_BYTES, HIGH_WATER, LOW_WATER, IntakeQueue
from buzzwatch.clock import VirtualClock
from buzzwatch.model.ear import Ail
from buzzwatch.model.input import Gap
from buzzwatch.web.metrics import Metrics


@pytest.fixture
def queue() -> IntakeQueue:
    return IntakeQueue(VirtualClock(0), Metrics("test"))


async def test_payloads_are_taken_in_their_order_and_for_one_commit_at_most(queue: IntakeQueue):
    size = BATCH_BYTES // 2
    for letter in b"abc":
        queue.submit("push", bytes([letter]) * size)
    queue.arrival.clear()
    _, first = queue.take()
    assert [payload.body[:1] for payload in first] == [b"a", b"b"]
    assert queue.arrival.is_set(), "there is more"
    _, second = queue.take()
    assert [payload.body[:1] for payload in second] == [b"c"]
    assert queue.empty


async def test_sources_are_held_above_the_high_water_mark_until_the_low_one(queue: IntakeQueue):
    for _ in range(HIGH_WATER // 1_000_000 + 1):
        queue.submit("push", bytes(1_000_000))
    assert queue.full
    taken = 0
    while queue.full:
        taken += sum(len(payload.body) for payload in queue.take()[1])
    assert HIGH_WATER + 1_000_000 - taken <= LOW_WATER
    await queue.room()


async def test_a_closed_queue_takes_no_payload_and_still_what_is_told(queue: IntakeQueue):
    queue.close()
    assert queue.submit("push", b"{}").cancelled()
    queue.gap("push", 1, 2)
    assert not queue.empty
    assert [told.item for told in queue.take()[0]] == [Gap(0, "push", 1, 2)]


async def test_a_sources_state_goes_to_the_metrics_and_to_who_listens(queue: IntakeQueue):
    heard = []
    queue.on_status = lambda *status: heard.append(status)
    queue.status("push", connected=False, why="refused", ail=Ail.REFUSED)
    assert heard == [("push", False, "refused", Ail.REFUSED)]
    assert b'buzzwatch_source_connected{source="push"} 0.0' in queue._metrics.exposition()
