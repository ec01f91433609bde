"""A test that failed, to read: what was expected beside what happened, how near it came, and the mentions as bars."""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from math import ceil

from msgspec import Struct

from buzzwatch.app.rehearsal.closest import Approach
from buzzwatch.app.rehearsal.rehearsal import Played, Ring
from buzzwatch.app.rehearsal.verdict import Failure, Flaw
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant, Span, moment_of
from buzzwatch.model.signal import Clause
from buzzwatch.rules.trial import Expected
from buzzwatch.rules.units import spell

_WIDTHS: tuple[Span, ...] = (MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, DAY)
_MOST_BARS = 20
_BAR = 40
_MOST_RINGS = 12
_SIDE = 46
"""Columns of what was expected."""


class Words(Struct, frozen=True):
    """What is written around the numbers, in one language."""

    expected: str
    happened: str
    nothing: str
    rings: str
    never: str
    within: str
    not_before: str
    times: str
    nobody: str
    rang: str
    joined: str
    usual: str
    further: str
    closest: str
    why: str
    needed: str
    usually: str
    unknown: str
    mentions: str
    negative: str
    unheard: str
    flaws: dict[str, str]
    counted: dict[str, str]
    """What a detector counts."""
    days: tuple[str, ...]
    """Monday first."""
    point: str
    """Before decimals."""


WORDS = {
    "en": Words(
        expected="expected",
        happened="happened",
        nothing="no rule rings",
        rings="{rule} rings",
        never="{rule} does not ring",
        within=" by {at}",
        not_before=" from {at} on",
        times=", {times} times",
        nobody="no rule rang",
        rang="{rule} rang ({severity}, to {route})",
        joined="{rule} joined it ({severity})",
        usual="{observed} {detector} in {over}, usual {expected}",
        further="… and {number} more",
        closest="{rule} came nearest at {at}:",
        why="{rule} rang at {at}, since:",
        needed="{name}: {observed} of {needed}",
        usually=", usual {expected}",
        unknown="unknown",
        mentions="mentions in {width}, █ negative, ░ others; ◀ the counted part begins",
        negative="{total} ({negative} negative)",
        unheard="{number} mentions name no brand described here: they were not counted",
        flaws={
            "silent": "{rule} did not ring",
            "early": "{rule} rang too early, at {at}",
            "late": "{rule} rang too late, at {at}",
            "severity": "{rule} rang as {severity}, not as {wanted}",
            "route": "{rule} rang for {route}, not for {wanted}",
            "times": "{rule} rang {times} times, not {wanted}",
            "unexpected": "{rule} rang at {at} and was not expected",
            "broken": "a decision failed, which is a fault of buzzwatch: {fault}",
        },
        counted={"volume": "mentions", "negativity": "negative mentions", "thread": "mentions", "slow": "voices"},
        days=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        point=".",
    ),
    "fr": Words(
        expected="attendu",
        happened="arrivé",
        nothing="aucune règle ne sonne",
        rings="{rule} sonne",
        never="{rule} ne sonne pas",
        within=" avant {at}",
        not_before=" pas avant {at}",
        times=", {times} fois",
        nobody="aucune règle n'a sonné",
        rang="{rule} a sonné ({severity}, vers {route})",
        joined="{rule} s'y est jointe ({severity})",
        usual="{observed} {detector} en {over}, d'habitude {expected}",
        further="… et {number} de plus",
        closest="{rule} est passée au plus près à {at} :",
        why="{rule} a sonné à {at}, car :",
        needed="{name} : {observed} sur {needed}",
        usually=", d'habitude {expected}",
        unknown="inconnu",
        mentions="mentions par {width}, █ négatives, ░ autres ; ◀ début de la partie comptée",
        negative="{total} (dont {negative} négatives)",
        unheard="{number} mentions ne nomment aucune marque décrite ici : elles n'ont pas été comptées",
        flaws={
            "silent": "{rule} n'a pas sonné",
            "early": "{rule} a sonné trop tôt, à {at}",
            "late": "{rule} a sonné trop tard, à {at}",
            "severity": "{rule} a sonné en {severity}, et non en {wanted}",
            "route": "{rule} a sonné pour {route}, et non pour {wanted}",
            "times": "{rule} a sonné {times} fois, et non {wanted}",
            "unexpected": "{rule} a sonné à {at} sans être attendue",
            "broken": "une décision a échoué, c'est un défaut de buzzwatch : {fault}",
        },
        counted={"volume": "mentions", "negativity": "mentions négatives", "thread": "mentions", "slow": "voix"},
        days=("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."),
        point=",",
    ),
}


class Timeline:
    """Writes a test that failed in one language."""

    def __init__(self, played: Played, language: str) -> None:
        self._played = played
        self._words = WORDS[language]

    def lines(self, failures: list[Failure], approaches: Mapping[str, Approach]) -> Iterator[str]:
        """All of it."""
        for failure in failures:
            yield f"  {self.flaw(failure)}"
        yield ""
        yield from self._sides(failures)
        for rule, approach in approaches.items():
            yield ""
            yield from self._closest(rule, approach)
        for failure in failures:
            if failure.ring is not None and failure.ring.reason.rule == failure.rule:
                yield ""
                yield from self._why(failure.ring)
        if self._played.unheard:
            yield ""
            yield f"  {self._words.unheard.format(number=self._played.unheard)}"
        yield ""
        yield from self._bars()

    def flaw(self, failure: Failure) -> str:
        """One line for one thing that is not as expected."""
        ring, expected = failure.ring, failure.expected
        wanted: object = ""
        if expected is not None:
            wanted = {Flaw.SEVERITY: expected.severity, Flaw.ROUTE: expected.notify, Flaw.TIMES: expected.times}.get(
                failure.flaw, ""
            )
        return self._words.flaws[failure.flaw].format(
            rule=failure.rule,
            at=self._at(ring.at) if ring else "",
            severity=ring.severity.label if ring else "",
            route=ring.route if ring else "",
            times=failure.times,
            wanted=wanted,
            fault=failure.fault,
        )

    def _sides(self, failures: list[Failure]) -> Iterator[str]:
        """What was expected, and what happened, beside each other, with a mark at what is wrong."""
        words, rings = self._words, self._played.rings
        missed = {failure.rule for failure in failures if failure.expected is not None}
        wrong = [failure.ring for failure in failures if failure.expected is None]
        left = [f"  {words.expected}"]
        left += [_marked(self._wanted(each), each.rule in missed) for each in self._played.placed.trial.expect]
        left += [] if len(left) > 1 else [_marked(words.nothing, bool(rings))]
        right = [f"  {words.happened}"]
        right += [f"{'✗' if ring in wrong else ' '} {self._rang(ring)}" for ring in rings[:_MOST_RINGS]]
        right += [] if rings else [f"  {words.nobody}"]
        if (more := len(rings) - _MOST_RINGS) > 0:
            right.append(f"  {words.further.format(number=more)}")
        for one, other in zip_longest(left, right, fillvalue=""):
            yield f"  {one:<{_SIDE}} | {other}".rstrip()

    def _wanted(self, expected: Expected) -> str:
        words, zero = self._words, self._played.zero
        if expected.times == 0:
            return words.never.format(rule=expected.rule)
        said = words.rings.format(rule=expected.rule)
        if expected.not_before is not None:
            said += words.not_before.format(at=self._at(zero + expected.not_before))
        if expected.within is not None:
            said += words.within.format(at=self._at(zero + expected.within))
        if expected.times is not None:
            said += words.times.format(times=expected.times)
        extra = ", ".join(each for each in (expected.severity, expected.notify) if each)
        return f"{said} ({extra})" if extra else said

    def _rang(self, ring: Ring) -> str:
        words, signal = self._words, ring.reason.signal
        shape = words.joined if ring.joined else words.rang
        said = shape.format(rule=ring.rule, severity=ring.severity.label, route=ring.route)
        if signal is not None and ring.reason.rule == ring.rule and signal.over:
            numbers = {
                "observed": f"{signal.observed:.0f}",
                "expected": f"{signal.expected:.1f}".replace(".", words.point),
            }
            said += (
                f": {words.usual.format(**numbers, detector=words.counted[signal.detector], over=spell(signal.over))}"
            )
        return f"{self._at(ring.at)}  {said}"

    def _closest(self, rule: str, approach: Approach) -> Iterator[str]:
        yield f"  {self._words.closest.format(rule=rule, at=self._at(approach.at))}"
        for clause in approach.clauses:
            yield f"    {'✓' if clause.passed else '✗'} {self._clause(clause)}"

    def _why(self, ring: Ring) -> Iterator[str]:
        yield f"  {self._words.why.format(rule=ring.rule, at=self._at(ring.at))}"
        for clause in ring.reason.clauses:
            yield f"    {'✓' if clause.passed else '✗'} {self._clause(clause)}"

    def _clause(self, clause: Clause) -> str:
        words = self._words
        said = words.needed.format(
            name=clause.name, observed=self._figure(clause, clause.observed), needed=self._figure(clause, clause.needed)
        )
        usual = "" if clause.expected is None else words.usually.format(expected=self._figure(clause, clause.expected))
        return said + usual

    def _figure(self, clause: Clause, value: float | str | None) -> str:
        """A value in the unit of the rule file."""
        if value is None or isinstance(value, str):
            return self._words.unknown if value is None else value
        return _number(clause.name, value).replace(".", self._words.point)

    def _bars(self) -> Iterator[str]:
        """Mentions over time: the counted part, and as much again before it."""
        played = self._played
        since = max(played.start, played.zero - max(HOUR, played.end - played.zero) // 2)
        width = next((width for width in _WIDTHS if (played.end - since) / width <= _MOST_BARS), DAY)
        counts: dict[int, list[int]] = {}
        for minute, (total, negative) in played.minutes.items():
            bucket = counts.setdefault((minute * MINUTE - played.zero) // width, [0, 0])
            bucket[0] += total
            bucket[1] += negative
        first, last = (since - played.zero) // width, ceil((played.end - played.zero) / width)
        shown = range(max(first, last - 3 * _MOST_BARS), max(last, 1))
        most = max([1, *(counts.get(number, (0, 0))[0] for number in shown)])
        yield f"  {self._words.mentions.format(width=spell(width))}"
        for number in shown:
            total, negative = counts.get(number, (0, 0))
            dark = round(_BAR * negative / most)
            bar = "█" * dark + "░" * (round(_BAR * total / most) - dark)
            begins = " ◀" if number == 0 else ""
            figures = self._words.negative.format(total=total, negative=negative) if total else "0"
            yield f"  {self._at(played.zero + number * width)}  {bar} {figures}{begins}"

    def _at(self, instant: Instant) -> str:
        """Local time, with the day."""
        moment = moment_of(instant // SECOND * SECOND).astimezone(self._played.brand.zone)
        return f"{self._words.days[moment.weekday()]} {moment:%H:%M}{f':{moment:%S}' if moment.second else ''}"


def _marked(said: str, missed: bool) -> str:  # noqa: FBT001 - it is what the mark says
    return f"{'✗' if missed else '✓'} {said}"


def _number(name: str, value: float) -> str:
    if name.endswith("share"):
        return f"{value:.0%}"
    if name.endswith("quiet.over"):
        return spell(round(value) // MINUTE * MINUTE)
    if value == int(value) or abs(value) >= 1_000:  # noqa: PLR2004 - where digits stop helping
        return f"{value:.0f}"
    return f"{value:.3g}"
