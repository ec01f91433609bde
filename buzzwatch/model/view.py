"""What a rule may read: one brand at one instant, perhaps with one thread or one mention in focus."""

from typing import Protocol

from buzzwatch.model.instant import Instant, Span
from buzzwatch.model.mention import Sighting
from buzzwatch.model.signal import Comparator, Detector, Finding, Signal
from buzzwatch.model.thread import ThreadView

MOST_REMEMBERED = 1_000
"""Authors kept for one `mention` condition with `authors`."""


class View(Protocol):
    """The spine implements it; rules only read it."""

    @property
    def now(self) -> Instant:
        """The instant of the decision."""

    @property
    def thread(self) -> ThreadView | None:
        """The conversation in focus."""

    @property
    def mention(self) -> Sighting | None:
        """The fresh mention in focus."""

    def signal(self, detector: Detector, over: Span, by: Comparator | None = None) -> Signal:
        """Volume or negativity over one of the standard windows, scored by our own detector or by a comparator."""

    def score(self, detector: Detector, over: Span) -> float:
        """That of the signal by our own detector: all that is asked of it on an ordinary day."""

    def observed(self, detector: Detector, over: Span) -> float:
        """That of the signal over a standard window, for less: most rules ask for no more of an ordinary moment."""

    def authors(self, detector: Detector, over: Span) -> int:
        """Distinct authors in the window; for negativity only those of negative mentions."""

    def ceiling(self, detector: Detector, over: Span, rate: float, by: Comparator | None = None) -> float:
        """The score that ordinary traffic of this brand reaches `rate` times a day; `over` is ignored for threads."""

    def silence(self) -> Span | None:
        """Time since the last mention, None while a source is deaf or before the first one."""

    def unanswered(self, over: Span) -> int | None:
        """Complaints that have waited for an official answer for at least so long.

        None where that is not known: no account is official, or a source is deaf or was a moment ago.
        """

    def sources(self, over: Span) -> tuple[str, ...]:
        """The sources that carried talk of the brand in the trailing `over`, by name."""

    def gather(self, key: str, over: Span) -> int:
        """Note that the mention in focus fits `key`; distinct authors that did so in the trailing `over`."""


class Condition(Protocol):
    """A compiled `when`."""

    def judge(self, view: View) -> Finding:
        """Whether it holds now, clause by clause."""
