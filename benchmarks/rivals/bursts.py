"""Everybody on counts of brands with labelled bursts, laid out as the Numenta Anomaly Benchmark does."""

import csv
import json
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

from buzzwatch.app.detect_volume import judge
from rivals import HOUR, TICK, WEEK, rules
from rivals.alarms import onsets

try:
    from rivals import learners
except ImportError:
    learners = None

BUDGETS = {"1 per week": 1 / 7, "1 per 4 weeks": 1 / 28}
RIVALS: dict[str, type] = dict(rules.BY_NAME)
if learners:
    RIVALS |= {
        "river GaussianScorer": learners.Gaussian,
        "river StandardAbsoluteDeviation": learners.Absolute,
        "river HalfSpaceTrees": learners.Trees,
        "river OneClassSVM": learners.Svm,
    }


class Brand(NamedTuple):
    """One file: its counts, its windows as first and last row, and the rows before which nothing is judged."""

    path: Path
    counts: list[float]
    windows: list[tuple[int, int]]
    judged: int

    def outside(self, scores: Sequence[float]) -> list[float]:
        """The scores that could be false alarms; 0 elsewhere."""
        kept = list(scores)
        kept[: self.judged] = [0.0] * self.judged
        for first, last in self.windows:
            kept[first : last + 1] = [0.0] * (last + 1 - first)
        return kept

    def found(self, scores: Sequence[float], threshold: float) -> list[float]:
        """For each window with an alarm in it, the hours that it was old."""
        rung = [
            next((row - first for row in range(first, last + 1) if scores[row] >= threshold), None)
            for first, last in self.windows
        ]
        return [rows / HOUR for rows in rung if rows is not None]

    @property
    def quiet(self) -> float:
        """Weeks outside of windows."""
        inside = sum(last + 1 - first for first, last in self.windows)
        return (len(self.counts) - self.judged - inside) / WEEK


def read(folder: Path) -> list[Brand]:
    """Every brand of a folder. SystemExit where rows are not five minutes apart."""
    windows = {
        name.split("/")[-1]: spans for name, spans in json.loads((folder / "combined_windows.json").read_text()).items()
    }
    return [_read(path, windows[path.name]) for path in sorted(folder.glob("*.csv"))]


def _read(path: Path, spans: list[list[str]]) -> Brand:
    with path.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    instants = [datetime.fromisoformat(row["timestamp"]) for row in rows]
    steps = sorted((after - before).total_seconds() for before, after in pairwise(instants))
    if steps[len(steps) // 2] != TICK * 60:
        raise SystemExit(f"{path}: the rows are {steps[len(steps) // 2] / 60:g} minutes apart: {TICK} are needed")
    place = {instant: row for row, instant in reversed(list(enumerate(instants)))}
    windows = [(place[datetime.fromisoformat(first)], place[datetime.fromisoformat(last)]) for first, last in spans]
    return Brand(path, [float(row["value"]) for row in rows], windows, min(750, len(rows) * 15 // 100))


def ours(brand: Brand, rate: float) -> tuple[list[float], list[float]]:
    """What `buzzwatch detect volume` says of a file: its scores, and its own alarms."""
    rows = list(csv.DictReader(judge(brand.path, rate)))
    return [float(row["score"]) for row in rows], [float(row["alarm"]) for row in rows]


def follow(rival: type, brand: Brand) -> list[float]:
    """A rival's scores."""
    lives = rival()
    return [lives.step(count) for count in brand.counts]


def show(name: str, brands: list[Brand], scores: list[list[float]], threshold: float) -> str:
    """One row of the table."""
    pairs = list(zip(brands, scores, strict=True))
    false = sum(len(onsets(brand.outside(each), threshold)) for brand, each in pairs)
    hours = [hour for brand, each in pairs for hour in brand.found(each, threshold)]
    windows, quiet = sum(len(brand.windows) for brand in brands), sum(brand.quiet for brand in brands)
    return f"| {name} | {len(hours)} of {windows} | {median(hours or [0]):.0f} h | {false / quiet:.2f} |"
