"""Conditions of the rule files, compiled so that the common "no" is found at the first cheap requirement.

A check reads one value and compares it; `judge` and `explain` share the same checks, so they cannot disagree.
"""

import operator
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.model.instant import EVERY_WINDOW, HOUR, Span
from buzzwatch.model.mention import OURS, Sighting
from buzzwatch.model.signal import (
    LEAST_CEILING,
    UNANSWERED,
    Clause,
    Comparator,
    Comparison,
    Detector,
    Finding,
    Signal,
    Trend,
)
from buzzwatch.model.view import View
from buzzwatch.rules.when import Leaf, Mention, Negativity, Quiet, Spread, Thread, Unanswered, Volume, When

NO = Finding(passed=False, clauses=())
LEAST_USUAL = 1.0
"""`times` compares with at least this many usual mentions: twice nearly nothing is nothing yet."""

Known: TypeAlias = float | str
Optional = TypeVar("Optional", Known, Known | None)


def _unknown(_: View) -> None:
    return None


class Check(Struct, frozen=True):
    """One requirement: what is read (None: unknown, never satisfies), what is needed, how the two compare.

    What is needed is never less than the `floor`, so that less is refused before that is worked out.
    """

    name: str
    read: Callable[[View], Known | None]
    need: Callable[[View], Known]
    fits: Callable[[Any, Any], bool] = operator.ge
    usual: Callable[[View], float | None] = _unknown
    by: Comparator | None = None
    floor: float | None = None

    def holds(self, view: View) -> bool:
        """Whether it is satisfied now."""
        value = self.read(view)
        return value is not None and self.fits(value, self.need(view))

    def clause(self, view: View) -> Clause:
        """The same, in numbers."""
        value, needed = self.read(view), self.need(view)
        passed = value is not None and self.fits(value, needed)
        return Clause(self.name, passed, _real(value), _real(needed), self.usual(view), self.by)


class Terms(Struct, frozen=True):
    """Checks of which every one must hold, the cheapest first; `signal` is what they are about."""

    checks: tuple[Check, ...]
    signal: Callable[[View], Signal] | None = None

    def holds(self, view: View) -> bool:
        """Whether all checks are satisfied; stops at the first that is not."""
        for check in self.checks:  # as `Check.holds`, whose call costs as much again: nearly every "no" comes from here
            value: Any = check.read(view)
            if value is None or (check.floor is not None and value < check.floor):
                return False
            if not check.fits(value, check.need(view)):
                return False
        return True

    def clauses(self, view: View) -> tuple[Clause, ...]:
        """All checks in numbers."""
        return tuple(check.clause(view) for check in self.checks)

    def signals(self, view: View) -> list[Signal]:
        """The signal, if the checks hold."""
        return [self.signal(view)] if self.signal and self.holds(view) else []


class Every(Struct, frozen=True):
    """Holds when all parts hold."""

    parts: "tuple[Part, ...]"

    def holds(self, view: View) -> bool:
        """Whether all parts hold; stops at the first that does not."""
        return all(part.holds(view) for part in self.parts)

    def clauses(self, view: View) -> tuple[Clause, ...]:
        """Of all parts."""
        return tuple(clause for part in self.parts for clause in part.clauses(view))

    def signals(self, view: View) -> list[Signal]:
        """Of the parts that hold."""
        return [signal for part in self.parts for signal in part.signals(view)]


class Some(Every, frozen=True):
    """Holds when a part holds."""

    def holds(self, view: View) -> bool:
        """Whether a part holds; stops at the first that does."""
        return any(part.holds(view) for part in self.parts)


class Neither(Every, frozen=True):
    """Holds when no part holds; its clauses are turned round, and it is no reason for a signal."""

    def holds(self, view: View) -> bool:
        """Whether no part holds; stops at the first that does."""
        return not any(part.holds(view) for part in self.parts)

    def clauses(self, view: View) -> tuple[Clause, ...]:
        """Of all parts; one that is not satisfied passes here."""
        return tuple(
            replace(clause, name=f"none.{clause.name}", passed=not clause.passed)
            for part in self.parts
            for clause in part.clauses(view)
        )

    def signals(self, view: View) -> list[Signal]:  # noqa: ARG002 - the shape of a part
        """None."""
        return []


Part: TypeAlias = Terms | Every


class Unasked(Struct, frozen=True):
    """Of a rule that is not judged by what it reads: a detector of its own rings it."""

    def judge(self, view: View) -> Finding:  # noqa: ARG002 - the shape of a condition
        """No."""
        return NO


class Compiled:
    """A `when`, ready to be judged; equal to another one if the same was written with the same budget."""

    __slots__ = ("_gatherings", "_root", "_written", "gathers")

    def __init__(self, when: When, rule: str, rate: float) -> None:
        self._gatherings: list[Check] = []
        self.gathers: dict[str, str] = {}
        """See `Rule`."""
        self._written = (when, rule, rate)
        self._root = self._compile(when, rate)

    def judge(self, view: View) -> Finding:
        """Whether it holds now: with every clause if so, with none if not."""
        for gathering in self._gatherings:  # every fitting mention is noted, whatever else is asked
            gathering.read(view)
        return self._explained(view, passed=True) if self._root.holds(view) else NO

    def explain(self, view: View) -> Finding:
        """Whether it holds now, with every clause in numbers either way."""
        return self._explained(view, passed=self._root.holds(view))

    @property
    def when(self) -> When:
        """What was written."""
        return self._written[0]

    def over(self, name: str) -> Span | None:
        """The trailing window of volume or negativity that a clause is about; None: of neither, or of several."""
        kind = name.removeprefix("none.").partition(".")[0]
        asked = [leaf for leaf in self._written[0].leaves if isinstance(leaf, Volume | Negativity)]
        spans = {leaf.over for leaf in asked if type(leaf).__name__.lower() == kind}
        return spans.pop() if len(spans) == 1 else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Compiled) and self._written == other._written

    def __hash__(self) -> int:
        return hash(self._written)

    def _explained(self, view: View, *, passed: bool) -> Finding:
        signals = self._root.signals(view) if passed else []
        strongest = max(signals, key=lambda signal: signal.score, default=None)
        return Finding(passed, self._root.clauses(view), strongest)

    def _compile(self, when: When, rate: float) -> Part:
        """Several keys mean all; the cheapest to refuse come first."""
        leaves = (when.mention, when.thread, when.quiet, when.unanswered, when.spread, when.volume, when.negativity)
        parts: list[Part] = [self._terms(leaf, rate) for leaf in leaves if leaf is not None]
        if when.all:
            parts.append(Every(self._group(when.all, rate)))
        if when.any:
            sharing = sum(any(_is_budgeted(leaf) for leaf in each.leaves) for each in when.any)
            parts.append(Some(self._group(when.any, rate / max(1, sharing))))
        if when.none:
            parts.append(Neither(self._group(when.none, rate)))
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _group(self, whens: Iterable[When], rate: float) -> tuple[Part, ...]:
        return tuple(self._compile(when, rate) for when in whens)

    def _terms(self, leaf: Leaf, rate: float) -> Terms:
        match leaf:
            case Volume():
                return _window(leaf, Detector.VOLUME, None, rate)
            case Negativity():
                return _window(leaf, Detector.NEGATIVITY, leaf.share, rate)
            case Thread():
                return _thread(leaf, rate)
            case Quiet() | Spread() | Unanswered():
                return Terms(tuple(_of_the_brand(leaf)))
            case Mention():
                return self._mentioned(leaf)

    def _mentioned(self, leaf: Mention) -> Terms:
        checks = _mention(leaf)
        key = f"{self._written[1]}.{len(self._gatherings)}"
        gathering = _gathering(leaf, key, checks)
        self._gatherings += gathering
        if gathering:
            self.gathers[key] = leaf.model_dump_json(exclude={"authors", "over"})
        return Terms((*checks, *gathering))


def _real(value: Optional) -> Optional:
    """A count as the float that it is once it was stored and read again."""
    return float(value) if isinstance(value, int) else value


def _is_budgeted(leaf: Leaf) -> bool:
    match leaf:
        case Volume() | Negativity():
            return bool(leaf.unusual)
        case Thread():
            return bool(leaf.escalating)
        case _:
            return False


def _minimum(
    name: str,
    read: Callable[[View], Known | None],
    needed: float | None,
    usual: Callable[[View], float | None] = _unknown,
) -> list[Check]:
    """The check of a number that may have been left out."""
    return [] if needed is None else [Check(name, read, lambda _: needed, usual=usual, floor=needed)]


def _of_the_brand(leaf: Quiet | Spread | Unanswered) -> list[Check]:
    over = leaf.over
    match leaf:
        case Quiet():
            return _minimum("quiet.over", lambda view: view.silence(), over)
        case Spread():
            return _minimum("spread.sources", lambda view: len(view.sources(over)), leaf.sources)
        case Unanswered():
            return _minimum(UNANSWERED, lambda view: view.unanswered(over), leaf.at_least)


def _window(leaf: Volume | Negativity, detector: Detector, share: float | None, rate: float) -> Terms:
    """Checks of a trailing window; counting its authors is the dearest and comes last."""
    over, name, by = leaf.over or HOUR, detector.value, leaf.comparator
    span = EVERY_WINDOW if leaf.over is None and by is None else over

    def signal(view: View) -> Signal:
        return view.signal(detector, over)

    def surprise(view: View) -> Signal:
        return view.signal(detector, span) if by is None else view.signal(detector, span, by)

    def score(view: View) -> float:
        return view.score(detector, span) if by is None else surprise(view).score

    def ceiling(view: View) -> float:
        return view.ceiling(detector, span, rate) if by is None else view.ceiling(detector, span, rate, by)

    checks = [
        *_minimum(
            f"{name}.at_least", lambda v: v.observed(detector, over), leaf.at_least, lambda v: signal(v).expected
        ),
        *_minimum(f"{name}.times", lambda v: _times(signal(v)), leaf.times),
        *_minimum(f"{name}.share", lambda v: signal(v).share, share, lambda v: signal(v).usual_share),
    ]
    if leaf.unusual:
        checks.append(Check(f"{name}.unusual", score, ceiling, by=by, floor=LEAST_CEILING))
    checks += _minimum(f"{name}.authors", lambda v: v.authors(detector, over), leaf.authors)
    return Terms(tuple(checks), surprise if leaf.unusual else signal)


def comparisons(when: When) -> tuple[Comparison, ...]:
    """What a condition asks comparators."""
    asked = []
    for leaf in when.leaves:
        if isinstance(leaf, Volume | Negativity) and leaf.comparator is not None:
            detector = Detector.VOLUME if isinstance(leaf, Volume) else Detector.NEGATIVITY
            asked.append(Comparison(leaf.comparator, detector, leaf.over or HOUR))
    return tuple(asked)


def _times(signal: Signal) -> float:
    return signal.observed / max(signal.expected, LEAST_USUAL)


def _thread(leaf: Thread, rate: float) -> Terms:
    def about(name: str, needed: float | None) -> list[Check]:
        read = operator.attrgetter(name)
        return _minimum(f"thread.{name}", lambda view: None if view.thread is None else read(view.thread), needed)

    checks = [
        *about("mentions", leaf.mentions),
        *about("authors", leaf.authors),
        *about("negative_share", leaf.negative_share),
        *about("reach", leaf.reach),
        *about("forecast", leaf.forecast),
    ]
    if leaf.answered is not None:
        wanted = _yes_or_no(leaf.answered)
        checks.append(Check("thread.answered", _answered, lambda _: wanted, operator.eq))
    if leaf.escalating:
        checks.append(
            Check(
                "thread.escalating",
                _escalation,
                lambda view: view.ceiling(Detector.THREAD, 0, rate),
                floor=LEAST_CEILING,
            )
        )
    return Terms(tuple(checks))


def _escalation(view: View) -> float | None:
    """The score; none while it fades, however large it was."""
    if view.thread is None:
        return None
    return 0.0 if view.thread.trend is Trend.FADING else view.thread.score


def _answered(view: View) -> str | None:
    return None if view.thread is None else _yes_or_no(view.thread.answered)


def _yes_or_no(value: bool) -> str:  # noqa: FBT001 - it is the whole content
    return "yes" if value else "no"


def _mention(leaf: Mention) -> tuple[Check, ...]:
    heard = _heard(leaf)

    def about(name: str) -> Callable[[View], Known | None]:
        read = operator.attrgetter(name)

        def value(view: View) -> Known | None:
            mention = heard(view)
            return None if mention is None else read(mention)

        return value

    def theme(view: View) -> Known | None:
        mention = heard(view)
        touched = mention.themes if mention is not None else ()
        if not touched:
            return None
        return next((theme for theme in touched if theme in (leaf.theme or ())), ", ".join(touched) or None)

    return (
        *_minimum("mention.negativity", about("negativity"), leaf.negativity),
        *_minimum("mention.followers", about("followers"), leaf.followers),
        *_one_of("mention.kind", about("kind.value"), leaf.kind),
        *_one_of("mention.source", about("source"), leaf.source),
        *_one_of("mention.theme", theme, leaf.theme),
        *_one_of("mention.voice", about("voice"), leaf.voice),
    )


def _heard(leaf: Mention) -> Callable[[View], Sighting | None]:
    """Gives the mention in focus, unless it is by our own accounts, or by our people who were not asked for."""
    is_passed_over = operator.attrgetter("official" if OURS in (leaf.voice or ()) else "is_ours")

    def heard(view: View) -> Sighting | None:
        mention = view.mention
        return None if mention is None or is_passed_over(mention) else mention

    return heard


def _one_of(name: str, read: Callable[[View], Known | None], words: tuple[str, ...] | None) -> list[Check]:
    if words is None:
        return []
    return [Check(name, read, lambda _: ", ".join(words), lambda value, _: value in words)]


def _gathering(leaf: Mention, key: str, others: tuple[Check, ...]) -> list[Check]:
    """The check of how many authors wrote such mentions; only one that fits the others is noted."""
    heard, over = _heard(leaf), leaf.over or HOUR

    def read(view: View) -> Known | None:
        fitting = heard(view) is not None and all(check.holds(view) for check in others)
        return view.gather(key, over) if fitting else None

    return _minimum("mention.authors", read, leaf.authors)
