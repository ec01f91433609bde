"""Do the volume detector's constants suit brands they were not chosen on? `python benchmarks/volume_transfer.py [DIR]`.

DIR is laid out as in the Numenta Anomaly Benchmark: a CSV a brand (timestamp,value), combined_windows.json; without it
six brands are invented. The detector's own constants are drawn at random around the shipped ones and every draw is
judged as `detect volume` judges, at its own alarms, one false alarm in four weeks. Each brand is then left out once: of
the draws that are best on the others, and keep to the budget there, the middle of each constant is taken, and judged on
the brand left out. Prints how the shipped constants do on all brands, how those chosen do where they were not, and how
the draws differ. What windows say depends on the baseline's constants alone: with each draw of these, the others are
drawn ten times.

Scores are NAB's: 0 is silence, 100 is every window at its first row and nothing else.
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import ceil, exp, floor, log
from multiprocessing import Pool
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from rig.volume_brands import write

from buzzwatch.app.detect_volume import judge
from buzzwatch.detect import baseline, budget, pulse, surge, unit, volume

BUDGET = 1 / 28
COSTS = {"standard": (0.11, 1.0), "low-FP": (0.22, 1.0)}  # of a false row, of a missed window
BEST = 0.1  # of the draws, that choose
LIMIT = 0.3  # false alerts a brand and week; the budget is 0.25
Setting = Mapping[str, float]

CONSTANTS = {
    "baseline": ("_LEVEL_KEEP", "_BIN_KEEP", "_DAY_NOISE", "_DAY_PULL", "_BIN_PULL", "_LINE", "_HELD", "_WINSOR"),
    "surge": ("_LOUDER", "_OVER", "HOLD"),
    "unit": ("_KEEP", "_CAP", "_PRIOR_DAYS"),
    "volume": ("_FEW",),
    "budget": ("_HALF_LIFE", "_CAP"),
    "ordinary": ("peaks", "days", "excess"),
    "belief": ("unit", "least"),
}
MODULES: dict[str, Any] = {
    "baseline": baseline,
    "surge": surge,
    "unit": unit,
    "volume": volume,
    "budget": budget,
}


class Worth(NamedTuple):
    """What the alarms of one brand earn: per price list, windows found and in all, false alerts, weeks scored."""

    standard: float
    low_fp: float
    found: int
    windows: int
    false: int
    weeks: float


def shipped() -> dict[str, float]:
    beliefs = {"ordinary": surge.ORDINARY._asdict(), "belief": surge.BELIEF._asdict()}
    names = {f"{module}.{name}": name for module, those in CONSTANTS.items() for name in those}
    modules = {key: key.split(".")[0] for key in names}
    return {
        key: beliefs[module][names[key]] if module in beliefs else getattr(MODULES[module], names[key])
        for key, module in modules.items()
    }


def take(setting: Setting) -> None:
    """Let the detector use these constants from now on."""
    for key, value in setting.items():
        module, name = key.split(".")
        if module in MODULES:
            setattr(MODULES[module], name, value)
    surge.HOLD = pulse.HOLD = int(setting["surge.HOLD"])
    surge.BELIEF = unit.Belief(*(setting[f"belief.{name}"] for name in unit.Belief._fields))
    surge.ORDINARY = pulse.ORDINARY = budget.Prior(*(setting[f"ordinary.{name}"] for name in budget.Prior._fields))


def drawn(dice: random.Random, around: Setting, width: float) -> dict[str, float]:
    """Each constant times or over `width` at most; those that fade, their half-life."""
    setting = {}
    for key, value in around.items():
        times = exp(dice.uniform(-1, 1) * log(width))
        setting[key] = value ** (1 / times) if key.endswith("KEEP") else value * times
        if key == "surge._OVER":
            setting[key] = min(setting[key], 0.9)
        elif key == "surge._LOUDER":
            setting[key] = max(1.0, setting[key])
    return setting


def sigmoid(place: float) -> float:
    return -1.0 if place > 3 else 2 / (1 + exp(5 * place)) - 1


def earn(alarms: Sequence[int], windows: Sequence[tuple[int, int]]) -> tuple[dict[str, float], int]:
    """NAB's points per price list, and the number of windows found; 1 point is a window at its first row."""
    early = [next((row for row in alarms if first <= row <= last), None) for first, last in windows]
    hits = [
        None if row is None else sigmoid((row - last - 1) / (last - first + 1)) / sigmoid(-1)
        for row, (first, last) in zip(early, windows, strict=True)
    ]
    outside = 0.0
    for row in alarms:
        before = [(first, last) for first, last in windows if first <= row]
        if not before:
            outside -= 1
        elif row > before[-1][1]:
            outside += sigmoid((row - before[-1][1]) / (before[-1][1] - before[-1][0]))
    return {
        name: sum(-missed if hit is None else hit for hit in hits) + false * outside
        for name, (false, missed) in COSTS.items()
    }, sum(hit is not None for hit in hits)


def judged(path: Path, spans: Sequence[Sequence[str]]) -> Worth:
    """One brand under the constants of the moment."""
    lines = list(judge(path, BUDGET))[1:]
    times = [line.split(",", 1)[0] for line in lines]
    return worth(times, [row for row, line in enumerate(lines) if line[-2] == "1"], spans)


def worth(times: Sequence[str], alarms: Sequence[int], spans: Sequence[Sequence[str]]) -> Worth:
    """Rows of the probation (15 %, at most 750) are not scored."""
    row_of = {time[:19]: row for row, time in reversed(list(enumerate(times)))}
    probation = ceil(min(floor(0.15 * len(times)), 750))
    windows = [(row_of[since[:19]], row_of[until[:19]]) for since, until in spans]
    windows = [window for window in windows if window[1] >= probation]
    alarms = [row for row in alarms if row >= probation]
    points, found = earn(alarms, windows)
    outside = [row for row in alarms if not any(first <= row <= last for first, last in windows)]
    false = len(outside) - sum(later - row <= 12 for row, later in pairwise(outside))
    return Worth(*points.values(), found, len(windows), false, (len(times) - probation) / 288 / 7)


class Heard(NamedTuple):
    """What the windows say at a row: each that is louder than usual, observed and expected."""

    row: int
    now: int
    windows: list[tuple[float, float]]


def heard(path: Path) -> tuple[list[str], list[Heard]]:
    """The times of all rows, and what is heard at those with mentions, under the baseline's constants of the moment."""
    times: list[str] = []
    told: list[Heard] = []
    windows: list[tuple[float, float]] = []
    rise, whole = volume.rise, pulse.Surge

    def listen(observed: float, expected: float) -> float:
        windows.append((observed, expected))
        return 0.0

    class Ear(surge.Surge):
        def hear(self, _: float, now: int, **_ordinary: bool) -> None:
            told.append(Heard(len(times), now, windows.copy()))
            windows.clear()

    volume.rise, pulse.Surge = listen, Ear
    try:
        for line in judge(path, BUDGET):
            if told or line[:4].isdecimal():
                times.append(line.split(",", 1)[0])
            windows.clear()
    finally:
        volume.rise, pulse.Surge = rise, whole
    return times, told


def alarms_of(told: Sequence[Heard]) -> list[int]:
    """As `Pulse` and `detect volume` come to them, with the real surge, tail and rise."""
    born = told[0].now - told[0].now % 60_000 - 4 * 60_000
    loud, tail, rung, held = surge.Surge(born), budget.Tail(born, surge.ORDINARY), [], False
    for row, now, windows in told:
        loud.hear(sum(volume.rise(observed, expected) for observed, expected in windows), now)
        tail.observe(loud.score, now, surge.HOLD)
        holds = loud.score > 0 and loud.score >= tail.ceiling(BUDGET, now)
        if holds and not held:
            rung.append(row)
        held = holds
    return rung


def brands(folder: Path) -> dict[Path, Sequence[Sequence[str]]]:
    named = json.loads((folder / "combined_windows.json").read_text())
    spans = {name.split("/")[-1]: windows for name, windows in named.items()}
    return {path: spans[path.name] for path in sorted(folder.glob("*.csv"))}


def judge_all(folder: Path) -> list[Worth]:
    return [judged(path, spans) for path, spans in brands(folder).items()]


def judge_draws(task: tuple[Path, Sequence[Setting]]) -> list[list[Worth]]:
    """Of settings that have the baseline's constants in common."""
    folder, settings = task
    take(settings[0])
    told = [(*heard(path), spans) for path, spans in brands(folder).items()]
    worths = []
    for setting in settings:
        take(setting)
        worths.append([worth(times, alarms_of(rows), spans) for times, rows, spans in told])
    return worths


def score(worths: Sequence[Worth], name: str = "standard") -> float:
    """Normalised as NAB does."""
    windows = sum(each.windows for each in worths)
    return 50 + 50 * sum(getattr(each, name) for each in worths) / windows


def false_rate(worths: Sequence[Worth]) -> float:
    """False alerts a brand and week."""
    return sum(each.false for each in worths) / sum(each.weeks for each in worths)


def told(worths: Sequence[Worth]) -> str:
    found, windows = sum(each.found for each in worths), sum(each.windows for each in worths)
    return (
        f"standard {score(worths):5.1f}, low-FP {score(worths, 'low_fp'):5.1f}, "
        f"{false_rate(worths):.2f} false a brand and week, {found} of {windows} windows"
    )


def chosen(settings: Sequence[Setting], worths: Sequence[Sequence[Worth]], without: int) -> dict[str, float]:
    """The middle of each constant among the draws that are best on all brands but one, and keep to the budget there."""
    others = [[*each[:without], *each[without + 1 :]] for each in worths]
    order = sorted(range(len(settings)), key=lambda place: (false_rate(others[place]) > LIMIT, -score(others[place])))
    best = [settings[place] for place in order[: max(3, round(BEST * len(settings)))]]
    return {key: median(each[key] for each in best) for key in settings[0]}


def transferred(settings: Sequence[Setting], worths: Sequence[Sequence[Worth]], folder: Path) -> Iterator[Worth]:
    for place, (path, spans) in enumerate(brands(folder).items()):
        take(chosen(settings, worths, place))
        yield judged(path, spans)


def compare(folder: Path, draws: int, width: float, seed: int, jobs: int) -> None:
    dice = random.Random(seed)
    start = shipped()
    groups: list[list[dict[str, float]]] = [[start]]
    for number in range(draws):
        setting = drawn(dice, start, width)
        if number % 10 == 0:
            groups.append([])
        elif groups[-1]:
            setting |= {key: value for key, value in groups[-1][0].items() if key[:9] == "baseline."}
        groups[-1].append(setting)
    with Pool(jobs) as pool:
        worths = [each for those in pool.map(judge_draws, [(folder, those) for those in groups], 1) for each in those]
    settings = [setting for those in groups for setting in those]
    if worths[0] != judge_all(folder):
        print(
            "what was heard does not come to the alarms of `detect volume`: look whether `alarms_of` still does as it"
        )
    print(f"{draws} draws, seed {seed}, up to {width:g} times; Python {sys.version.split()[0]}")
    print(f"shipped, all brands:    {told(worths[0])}")
    print(f"chosen without a brand: {told(list(transferred(settings[1:], worths[1:], folder)))}")
    scores = sorted(score(each) for each in worths[1:])
    falses = sorted(false_rate(each) for each in worths[1:])
    for name, place in (("lowest tenth", 0.1), ("middle", 0.5), ("highest tenth", 0.9)):
        at = int(place * draws)
        print(f"draws, {name}: standard {scores[at]:.1f}; {falses[at]:.2f} false a brand and week")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("folder", type=Path, nargs="?", metavar="DIR")
    options.add_argument("--draws", type=int, default=60)
    options.add_argument("--width", type=float, default=1.8, help="a constant is multiplied or divided by up to this")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--jobs", type=int, default=2)
    chose = options.parse_args()
    with TemporaryDirectory() as scratch:
        folder = chose.folder or Path(scratch)
        if chose.folder is None:
            write(folder, 6, chose.seed)
        compare(folder, chose.draws, chose.width, chose.seed, chose.jobs)


if __name__ == "__main__":
    main()
