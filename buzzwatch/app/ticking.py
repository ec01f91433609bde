"""How ticks and inputs follow each other: the same live, in a recovery, a replay, a backtest and a rehearsal."""

from collections.abc import Iterator

from buzzwatch.model.input import EVERYTHING, ClockSet, Gap, Input, Outcome, Tick
from buzzwatch.model.instant import Instant
from buzzwatch.spine import Spine


def run_to(spine: Spine, until: Instant) -> Iterator[tuple[Instant, Outcome]]:
    """Tick whatever is due before an instant, each at its own second."""
    while (due := spine.memory.next_due) is not None and due < until:
        yield due, spine.step(Tick(due))


def ticks_end(item: Input) -> Instant:
    """Which ticks come before an input: those due before this instant.

    After a downtime nothing is decided in the past: the first tick finds all that is overdue.
    """
    if isinstance(item, Gap) and item.source == EVERYTHING:
        return item.since + 1
    if isinstance(item, ClockSet):
        return max(item.was + 1, item.seen_at)
    return item.seen_at


def ticked_to(spine: Spine) -> Instant:
    """The last instant of which nothing is left to decide; an input of a whole second comes before its tick."""
    now = spine.memory.now
    return now - 1 if spine.memory.next_due == now else now


def feed(spine: Spine, item: Input) -> Iterator[tuple[Instant, Outcome]]:
    """Step one input, after the ticks that come before it."""
    yield from run_to(spine, ticks_end(item))
    yield item.seen_at, spine.step(item)
