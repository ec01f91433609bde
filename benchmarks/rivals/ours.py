"""The daemon's own Pulse, fed post by post and looked at once a tick, as everybody else."""

from collections.abc import Sequence
from datetime import UTC

from buzzwatch.detect.pulse import Pulse
from buzzwatch.model.instant import MINUTE, SECOND, Instant, Span
from buzzwatch.model.mention import Kind, Sighting
from buzzwatch.model.signal import Detector
from rivals import TICK

_AUTHOR_STEP = 2_654_435_761  # keys of 32 bits that look like chance


class Ours:
    """Negativity over some windows at once; every post is another author's, and nobody's copy."""

    def __init__(self, began_at: Instant, overs: Sequence[Span], rates: Sequence[float]) -> None:
        self.pulse = Pulse(UTC, began_at)
        self._now, self._told = began_at, 0
        self._overs, self._rates = overs, rates

    def step(self, posts: Sequence[int]) -> list[float]:
        """For each window its score, then for each budget (alarms a day) the score over the daemon's own ceiling."""
        apart = TICK * MINUTE // (len(posts) + 1)
        for place, milli in enumerate(posts, start=1):
            self.pulse.count(self._sighting(self._now + place * apart, milli / 1_000))
        self._now += TICK * MINUTE
        self.pulse.look(self._now - SECOND)
        told = []
        for over in self._overs:
            score = self.pulse.signal(Detector.NEGATIVITY, over).score
            told.append(score)
            told += [
                score / self.pulse.ceiling(Detector.NEGATIVITY, over, rate) if score else 0.0 for rate in self._rates
            ]
        return told

    def __deepcopy__(self, memo: object) -> "Ours":
        twin = Ours(self._now, self._overs, self._rates)
        twin.pulse, twin._told = Pulse.load(self.pulse.dump(), UTC), self._told
        return twin

    def _sighting(self, at: Instant, negativity: float) -> Sighting:
        self._told += 1
        key = self._told * _AUTHOR_STEP % (1 << 32) or 1
        return Sighting(
            at, at, "x:1", "acme", "x", "x:1", None, Kind.POST, key, None, False, negativity, "bench", "en", key
        )  # fmt: skip
