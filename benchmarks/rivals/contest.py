"""Everybody on the same calm streams and the same injections of anger, judged at as many alarms."""

import copy
import random
from array import array
from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean, median
from typing import NamedTuple

from buzzwatch.model.instant import EVERY_WINDOW, MINUTE
from rivals import HOUR, TICK, WEEK, rules
from rivals.alarms import equal_thresholds, onsets
from rivals.ours import Ours
from rivals.streams import MONDAY, Calm, Texts, inject

try:
    from rivals import learners
except ImportError:
    learners = None

FACTORS = (1.5, 2.0, 5.0)
LEARN, JUDGE = 4 * WEEK, 4 * WEEK
LASTS = 2 * HOUR
BUDGETS = {"1 per week": 1 / 7, "1 per 4 weeks": 1 / 28}
OVERS = {"**ours**": EVERY_WINDOW, "ours, over: 15m": 15 * MINUTE}
NEVER = LASTS * TICK
COUNTING: dict[str, type] = dict(rules.BY_NAME)
SUMMING: dict[str, type] = {}
"""Those that are told sums of probabilities only: dear, and worse with the others."""
if learners:
    COUNTING |= {"river GaussianScorer": learners.Gaussian, "river StandardAbsoluteDeviation": learners.Absolute}
    SUMMING = {"river HalfSpaceTrees": learners.Trees, "river OneClassSVM": learners.Svm}


class Trial(NamedTuple):
    """One injection as one detector saw it: its scores in the hour before, and in the two hours from its beginning."""

    before: Sequence[float]
    during: Sequence[float]

    def delay(self, threshold: float) -> int:
        """Minutes until an alarm began; more than NEVER if none did."""
        begun = [tick for tick in onsets([*self.before, *self.during], threshold) if tick >= len(self.before)]
        return (begun[0] - len(self.before) + 1) * TICK if begun else NEVER + 1


class Field:
    """Everybody, on one stream."""

    def __init__(self) -> None:
        self._ours = Ours(MONDAY, tuple(OVERS.values()), tuple(BUDGETS.values()))
        self._soft = [rival() for rival in (*COUNTING.values(), *SUMMING.values())]
        self._hard = [rival() for rival in COUNTING.values()]
        self._points = rules.Points(), rules.Points()

    @staticmethod
    def names() -> list[tuple[str, str]]:
        """The columns of `step`: who, and what he is told; for ours also at its own alarms under a budget."""
        ours = [(name, which) for name in OVERS for which in ("soft", *BUDGETS)]
        theirs = [*((name, "soft") for name in (*COUNTING, *SUMMING)), *((name, "hard") for name in COUNTING)]
        return [*ours, *theirs, ("Sightlabs +5 points", "soft"), ("Sightlabs +5 points", "hard")]

    def step(self, posts: Sequence[int]) -> list[float]:
        """What everybody says once these posts are in."""
        soft, hard, mentions = sum(posts) / 1_000, float(sum(milli >= 500 for milli in posts)), float(len(posts))
        return [
            *self._ours.step(posts),
            *(rival.step(soft) for rival in self._soft),
            *(rival.step(hard) for rival in self._hard),
            self._points[0].step(soft, mentions),
            self._points[1].step(hard, mentions),
        ]


class Heard(NamedTuple):
    """What one column of `Field.names` said: of calm weeks, one series a stream, and of injections by strength."""

    calm: list["array[float]"]
    trials: dict[float, list[Trial]]


def everybody() -> dict[tuple[str, str], Heard]:
    """A place for what everybody will say, by name and by what he is told."""
    return {name: Heard([], {factor: [] for factor in FACTORS}) for name in Field.names()}


def follow(stream: Calm, seed: str, texts: Texts, heard: list[Heard]) -> None:
    """Live through one stream, trying injections on the way."""
    field, chance = Field(), random.Random(seed)
    weeks = range(LEARN, LEARN + JUDGE, WEEK)
    instants = {week + chance.randrange(2 * HOUR, WEEK - LASTS) for week in weeks}
    for column in heard:
        column.calm.append(array("d"))
    for tick, posts in enumerate(stream.posts):
        if tick in instants:
            for factor in FACTORS:
                during = try_out(field, stream, tick, f"{seed} {tick} {factor}", texts, factor)
                for column, scores in zip(heard, during, strict=True):
                    column.trials[factor].append(Trial(column.calm[-1][-HOUR:], scores))
        told = field.step(posts)
        if tick >= LEARN:
            for column, score in zip(heard, told, strict=True):
                column.calm[-1].append(score)


def try_out(field: Field, stream: Calm, tick: int, seed: str, texts: Texts, factor: float) -> Iterable[Sequence[float]]:
    """Everybody's scores during one injection, on a copy of everybody."""
    twin, span = copy.deepcopy(field), slice(tick, tick + LASTS)
    more = inject(seed, stream.usual[span], texts, factor)
    return zip(*(twin.step([*came, *added]) for came, added in zip(stream.posts[span], more, strict=True)), strict=True)


class Result(NamedTuple):
    """One detector at one threshold: delays in minutes by strength, more than NEVER where it heard nothing."""

    name: str
    told: str
    false: float
    delays: dict[float, list[int]]

    def wait(self, *factors: float) -> float:
        """Minutes until it is heard, on average; the whole length of the injection where it is not."""
        return fmean(min(delay, NEVER) for factor in factors for delay in self.delays[factor])

    def row(self) -> str:
        """Of the table."""
        cells = []
        for factor in FACTORS:
            delays = self.delays[factor]
            middle = median(delays)
            heard = fmean(delay <= NEVER for delay in delays)
            cells += [f"{heard:.0%}", f"{middle:g}" if middle <= NEVER else "never", f"{self.wait(factor):.0f}"]
        return " | ".join(
            ["", self.name, self.told, f"{self.false:.1f}", *cells, f"{self.wait(*FACTORS):.0f}", ""]
        ).strip()


def judge(heard: dict[tuple[str, str], Heard]) -> dict[str, list[Result]]:
    """Everybody at equal alarms, and ours at its own, under each budget; of soft and hard counts the better."""
    weeks = len(next(iter(heard.values())).calm) * JUDGE / WEEK
    allowed = [round(rate * 7 * weeks) for rate in BUDGETS.values()]
    results: dict[str, list[Result]] = {budget: [] for budget in BUDGETS}
    for (name, told), column in heard.items():
        if told in BUDGETS:
            results[told].append(measure(name + ", at its own alarms", "soft", column, 1.0))
            continue
        for budget, threshold in zip(BUDGETS, equal_thresholds(column.calm, allowed), strict=True):
            results[budget].append(measure(name, told, column, threshold))
    return {budget: best_of_each(of_budget) for budget, of_budget in results.items()}


def measure(name: str, told: str, column: Heard, threshold: float) -> Result:
    """One detector at one threshold."""
    false = sum(len(onsets(scores, threshold)) for scores in column.calm)
    months = len(column.calm) * JUDGE / WEEK * 7 / 30
    delays = {factor: [trial.delay(threshold) for trial in trials] for factor, trials in column.trials.items()}
    return Result(name, told, false / months, delays)


def best_of_each(results: list[Result]) -> list[Result]:
    """The better of soft and hard of each name, the soonest first."""
    ranked = sorted(results, key=lambda result: result.wait(*FACTORS))
    return [result for place, result in enumerate(ranked) if result.name not in {each.name for each in ranked[:place]}]


def show(per_hour: int, results: dict[str, list[Result]]) -> None:
    """The tables of one size, and who is ahead of ours by more than a tick anywhere."""
    strengths = " | ".join(f"x{factor:g}: heard | after | wait" for factor in FACTORS)
    for budget, of_budget in results.items():
        print(f"\n**{per_hour} posts an hour, {budget}**\n")
        print(f"| | counts | false/month | {strengths} | wait, all |\n|{'---|' * (4 + 3 * len(FACTORS))}")
        for result in of_budget:
            print(result.row())
        ahead = [words for result in of_budget for words in lead(result, of_budget)]
        print(f"\nSooner than ours by more than {TICK} minutes: {', '.join(ahead) or 'nobody'}.", flush=True)


def lead(result: Result, of_budget: list[Result]) -> Iterator[str]:
    """Where another is sooner than ours by more than a tick, and by how many minutes."""
    ours = next(each for each in of_budget if each.name == next(iter(OVERS)))
    for cell in (*((factor,) for factor in FACTORS), FACTORS):
        minutes = ours.wait(*cell) - result.wait(*cell)
        if minutes > TICK and not result.name.startswith(tuple(OVERS)):
            yield f"{result.name} at {'/'.join(f'x{factor:g}' for factor in cell)} by {minutes:.0f}"
