"""The same spine under a virtual clock: what a file of mentions would have rung, and when."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.app.hearing import Hearing
from buzzwatch.app.quotes import sample_of
from buzzwatch.app.ticking import feed, run_to
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.input import Erased, Fault, Gap, Outcome, RulesSwapped
from buzzwatch.model.instant import DAY, Instant, instant_of
from buzzwatch.model.mention import Mention
from buzzwatch.model.notification import Notice, Sample
from buzzwatch.sources.file import Chunk
from buzzwatch.spine import Spine

REMEMBERED = 20_000
"""Mentions kept at hand for the messages to quote."""
MOST_REFUSALS = 100
FOREVER: Instant = 2**62


class Summary(Struct):
    """What a replay read. `late` mentions were over twelve hours old when their turn came: they enter no window."""

    read: int = 0
    matched: int = 0
    refused: int = 0
    mended: int = 0
    late: int = 0
    first_at: Instant | None = None
    last_at: Instant | None = None


class Refusal(Struct, frozen=True):
    """An item that was not taken, counted from 1 in the file (for JSON lines: the line)."""

    line: int
    reason: str


class Replay:
    """Steps a fresh spine through chunks of mentions; sends nothing.

    Each mention is seen when it was posted, or when the one before it was, if that is later. `horizon` is the latest
    instant believed: what is dated after it was dated wrongly.
    """

    def __init__(self, rules: Ruleset, horizon: Instant, spine: Spine | None = None) -> None:
        self.spine = spine or Spine()
        self.summary = Summary()
        self.refused: list[Refusal] = []
        self.faults: list[Fault] = []
        self._rules = rules
        self._horizon = horizon
        self._hearing = Hearing(rules)
        self._texts: OrderedDict[str, tuple[Mention, float]] = OrderedDict()

    def run(
        self, chunks: Iterable[Chunk], progress: Callable[[float], None] = lambda _: None
    ) -> Iterator[tuple[Instant, Outcome]]:
        """Every outcome with its instant; at the end the clock runs on until nothing is due, for a day at most."""
        for at, outcome in self._run(chunks, progress):
            self.faults += outcome.faults
            yield at, outcome

    def _run(self, chunks: Iterable[Chunk], progress: Callable[[float], None]) -> Iterator[tuple[Instant, Outcome]]:
        for chunk in chunks:
            yield from self._read(chunk)
            if chunk.fraction is not None:
                progress(chunk.fraction)
        if self.summary.first_at is None:
            return
        ended = self.spine.memory.now
        yield from feed(self.spine, Gap(ended, "end of file", ended, FOREVER))
        yield from run_to(self.spine, ended + DAY)

    def _read(self, chunk: Chunk) -> Iterator[tuple[Instant, Outcome]]:
        decoded = self._hearing.open(chunk.payload)
        self.summary.read += len(decoded.mentions) + len(decoded.refused)
        self.summary.refused += len(decoded.refused)
        self.summary.mended += decoded.mended
        room = MOST_REFUSALS - len(self.refused)
        self.refused += [Refusal(chunk.first_line + r.position, r.reason) for r in decoded.refused[:room]]
        for _, mention in decoded.mentions:
            yield from self._see(mention)

    def _see(self, mention: Mention) -> Iterator[tuple[Instant, Outcome]]:
        spine, summary = self.spine, self.summary
        seen_at = max(min(instant_of(mention.created_at), self._horizon), spine.memory.now)
        if summary.first_at is None:
            summary.first_at = seen_at
            rules = replace(self._rules, daily=None)  # what a digest tells is found in a record, and there is none
            yield from feed(spine, RulesSwapped(seen_at, rules))
        summary.last_at = seen_at
        if mention.deleted:
            if spine.memory.waits(mention.id):
                yield from feed(spine, Erased(seen_at, mention.id))
            return
        reading = self._hearing.see(mention, seen_at, spine.memory.tracker)
        self._hearing.forget_batch()
        sightings = reading.sightings
        summary.mended += reading.clamped
        if not sightings:
            return
        summary.matched += 1
        summary.late += sightings[0].late
        self._remember(mention, sightings[0].negativity)
        for sighting in sightings:
            due = spine.memory.next_due
            if due is not None and due < seen_at:
                yield from run_to(spine, seen_at)
            spine.step(sighting)

    def _remember(self, mention: Mention, negativity: float) -> None:
        self._texts[mention.id] = (mention, negativity)
        if len(self._texts) > REMEMBERED:
            self._texts.popitem(last=False)

    def sample(self, mention: str) -> Sample | None:
        """A post to show, without the words that weighed most; None where it is no longer at hand."""
        told = self._texts.get(mention)
        return told and sample_of(*told, None)

    def samples(self, notice: Notice) -> list[Sample]:
        """The posts that a notice quotes, as far as they are still at hand."""
        texts, scorer = self._texts, self._hearing.scorer
        return [sample_of(*texts[key], scorer) for key in notice.incident.shown if key in texts]


def learn_habits(
    chunks: Iterable[Chunk], rules: Ruleset, horizon: Instant, progress: Callable[[float], None] = lambda _: None
) -> dict[str, dict[str, Any]]:
    """What is normal for each brand, learnt from past mentions in the order of their times, as `Pulse.habits`."""
    replay = Replay(rules, horizon)
    for _ in replay.run(chunks, progress):
        pass
    pulses = {key: replay.spine.memory.pulses.get(key) for key in rules.brands}
    return {key: pulse.habits() for key, pulse in pulses.items() if pulse is not None}
