"""A backtest for a terminal, and for programs."""

from collections.abc import Iterator
from typing import Any

import msgspec

from buzzwatch.app.backtest.backtest import Backtest
from buzzwatch.app.backtest.figures import a_month, budget_of, figures_of, is_nothing
from buzzwatch.app.backtest.rings import Ring
from buzzwatch.app.backtest.sheet import BrandPart, RingLines, Sheet
from buzzwatch.model.instant import DAY, SECOND, Instant, moment_of

_GAP = "  "


def as_lines(sheet: Sheet) -> Iterator[str]:
    """For a terminal: the sentence that says it all, a table a brand, each ring, and what it rests on."""
    yield sheet.headline
    yield sheet.subtitle
    for brand in sheet.brands:
        yield ""
        yield f"── {brand.name} ──"
        yield from _table(brand)
        if not brand.rings:
            yield f"{_GAP}{sheet.no_rings}"
        for ring in brand.rings:
            yield ""
            yield from _ring(ring)
    yield ""
    yield f"── {sheet.assumes_heading} ──"
    yield from (f"{_GAP}- {line}" for line in sheet.assumes)


def _table(brand: BrandPart) -> Iterator[str]:
    rows = [brand.head, *brand.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(brand.head))]
    for first, *others in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        yield _GAP + _GAP.join(cells).rstrip()


def _ring(ring: RingLines) -> Iterator[str]:
    fate = f" · {ring.fate_says}" if ring.fate_says else ""
    yield f"{_GAP}{ring.when} · {ring.rule} ({ring.severity}){fate}"
    yield from (f"{_GAP * 2}{line}" for line in ring.lines)
    yield from (f"{_GAP * 2}“{post.text}” ({post.signed})" for post in ring.posts)


def as_objects(told: Backtest, sheet: Sheet) -> Iterator[dict[str, Any]]:
    """One object a line: each rule, each ring, and a summary at the end."""
    for brand in told.brands:
        for each in figures_of(told, brand):
            yield {"rule": _seconds(msgspec.to_builtins(each))}
    for pair in told.pairs:
        ring = pair.told
        yield {
            "ring": {
                **_as_object(ring),
                "fate": pair.fate.value if told.others is not None else None,
                "moved_seconds": pair.moved / SECOND if pair.ring and pair.other else None,
                "found_nothing": is_nothing(told, ring),
                "posts": [key for key in ring.shown if key in told.posts],
            }
        }
    rings = len(told.these.rings)
    yield {
        "summary": {
            "says": sheet.headline,
            "since": _stamp(told.facts.since),
            "until": _stamp(told.facts.until),
            "days": round((told.facts.until - told.facts.since) / DAY, 3),
            "mentions": told.facts.mentions,
            "rings": rings,
            "a_month": a_month(told, rings),
            "budget_a_month": sum(budget_of(told.these, brand) for brand in told.brands),
            "others": None if told.others is None else len(told.others.rings),
            "exact": told.facts.exact,
            "assumes": list(sheet.assumes),
        }
    }


def _as_object(ring: Ring) -> dict[str, Any]:
    subject = ring.subject
    return {
        "brand": ring.brand,
        "rule": ring.rule,
        "severity": ring.severity.label,
        "at": _stamp(ring.at),
        "began_at": _stamp(ring.began_at),
        "peak_at": None if ring.peak_at is None else _stamp(ring.peak_at),
        "subject": subject.thread or subject.topic or subject.story or ("quiet" if subject.quiet else "brand"),
        "over_seconds": ring.over // SECOND,
        "observed": round(ring.observed, 2),
        "expected": None if ring.expected is None else round(ring.expected, 2),
        "called_at_night": list(ring.woken),
    }


def _seconds(figures: dict[str, Any]) -> dict[str, Any]:
    for name in ("after_onset", "before_peak"):
        span = figures.pop(name)
        figures[f"{name}_seconds"] = None if span is None else span / SECOND
    return figures


def _stamp(at: Instant) -> str:
    return moment_of(at).isoformat(timespec="seconds").replace("+00:00", "Z")
