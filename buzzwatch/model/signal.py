"""What detectors say (Signal) and what a rule found (Clause, Finding)."""

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from buzzwatch.model.instant import Instant, Span

LEAST_CEILING = 2.0
"""What ordinary traffic reaches so and so often is never less than this score: one that is lower is nothing."""
UNANSWERED = "unanswered.at_least"
"""The clause that counts complaints without an answer."""


class Detector(StrEnum):
    """A way of being unusual; the word is the same in YAML, in metrics and in the docs."""

    VOLUME = "volume"
    NEGATIVITY = "negativity"
    THREAD = "thread"
    SLOW = "slow"


class Comparator(StrEnum):
    """A detector of river's that a rule may ask in the place of ours; the word is the one of the rule file."""

    GAUSSIAN = "gaussian"
    HALF_SPACE_TREES = "half_space_trees"
    ONE_CLASS_SVM = "one_class_svm"


class Comparison(NamedTuple):
    """What a comparator is asked about: volume or negativity over one standard window."""

    by: Comparator
    detector: Detector
    over: Span


class Trend(StrEnum):
    """Where it is going, by the last minutes against those before."""

    RISING = "rising"
    STEADY = "steady"
    FADING = "fading"


class Signal(Struct, frozen=True, gc=False):
    """One detector over one trailing window at one instant.

    `observed` and `expected` are mentions in the window (for negativity: negative mentions, copies once, as a sum of
    probabilities; for slow signals: voices, one for each author on each day). `score` is unbounded, about 0 on ordinary
    traffic, higher is worse. `share` and `usual_share` are fractions, None where the detector has none. `learning`: the
    brand's own past is too short, a prior speaks. `by` gave the score in the place of our own detector.
    """

    detector: Detector
    over: Span
    observed: float
    expected: float
    score: float
    share: float | None = None
    usual_share: float | None = None
    learning: bool = False
    by: Comparator | None = None


class Clause(Struct, frozen=True, gc=False):
    """One requirement of a rule: what was needed, what was seen. `observed` None is unknown: never satisfies.

    `name` is the path in the rule file ("negativity.at_least"). `expected` is the usual value beside the observed one.
    Values are in the unit of the rule file: counts, fractions for shares, ratios, milliseconds for durations, scores
    for `unusual` and `escalating` (needed = the score that ordinary traffic passes as often as the budget allows). `by`
    gave the score of an `unusual` in the place of our own detector.
    """

    name: str
    passed: bool
    observed: float | str | None
    needed: float | str
    expected: float | None = None
    by: Comparator | None = None


class Finding(Struct, frozen=True):
    """What one rule says of its brand, thread or mention at one instant."""

    passed: bool
    clauses: tuple[Clause, ...]
    signal: Signal | None = None
    """The strongest signal among the clauses that passed, for the reason in numbers."""


class Onset(Struct, frozen=True, gc=False):
    """When a rise began, in the authors' time, and which mentions show it best (ids, the most telling first)."""

    began_at: Instant
    samples: tuple[str, ...]
