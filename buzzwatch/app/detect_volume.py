"""Counts of a file judged as the daemon would judge the mentions: to try it on an export of one's own."""

import csv
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from buzzwatch.detect.pulse import Pulse
from buzzwatch.model.instant import EVERY_WINDOW, LONGEST_WINDOW, MINUTE, SECOND, Instant, Span, instant_of
from buzzwatch.model.signal import Detector
from buzzwatch.sources.file import FileFaultError

HEADER = "timestamp,value,expected,score,alarm\n"
_MOST = 1_000_000_000


class Count(NamedTuple):
    """A row: so many mentions from an instant on. The two texts are those of the file."""

    timestamp: str
    value: str
    at: Instant
    mentions: int


def judge(path: Path, rate: float) -> Iterator[str]:
    """Lines of CSV, one for each row: what was usual, how unusual it was at the end of the row, whether it rang.

    The score is that of an onset, 0 elsewhere; the alarm is raised when a rule `volume: {unusual: true}` begins to hold
    that accepts so many false alarms a day. Rows of one instant are added up, each judged with those before it. Where
    rows are missing, nobody listened: nothing is learnt from it.

    Raises:
        FileFaultError: a row is not to be understood or out of order, or rows are too close or too far apart.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            rows = list(_rows(path, lines))
    except (OSError, UnicodeDecodeError) as error:
        raise FileFaultError(f"{path}: cannot be read ({error}): check path, rights and encoding") from None
    return _judged(rows, _step(path, rows), rate)


def _rows(path: Path, lines: Iterable[str]) -> Iterator[Count]:
    reader = csv.reader(lines)
    header = next(reader, [])
    if not {"timestamp", "value"} <= set(header):
        raise FileFaultError(f"{path}, line 1: the columns are {','.join(header) or 'missing'}: write timestamp,value")
    when, what, before = header.index("timestamp"), header.index("value"), None
    for row in reader:
        if not row:
            continue
        place = f"{path}, line {reader.line_num}"
        if len(row) != len(header):
            raise FileFaultError(f"{place}: {len(row)} columns where line 1 has {len(header)}: mend it")
        at, mentions = _instant(row[when]), _number(row[what])
        if at is None:
            raise FileFaultError(f"{place}: {row[when]!r} is not a time: write one such as 2026-11-22T18:04:05Z")
        if mentions is None:
            raise FileFaultError(f"{place}: {row[what]!r} is not a number of mentions: write a whole number, 0 or more")
        if before is not None and at < before:
            raise FileFaultError(f"{place}: {row[when]} comes before the line above: sort the file by time")
        before = at
        yield Count(row[when], row[what], at, mentions)


def _instant(text: str) -> Instant | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant_of(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _number(text: str) -> int | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if 0 <= number <= _MOST and not math.fmod(number, 1) else None


def _step(path: Path, rows: list[Count]) -> Span:
    """How long a row lasts: the most usual distance between two of them, in whole minutes."""
    distances = Counter(after.at - before.at for before, after in pairwise(rows) if after.at > before.at)
    step = distances.most_common(1)[0][0] if distances else 5 * MINUTE
    if step % MINUTE or not MINUTE <= step <= LONGEST_WINDOW:
        raise FileFaultError(f"{path}: the rows are {step / MINUTE:g} minutes apart: from 1 minute to 12 hours will do")
    return step


def _judged(rows: list[Count], step: Span, rate: float) -> Iterator[str]:
    yield HEADER
    if not rows:
        return
    pulse, held, until = Pulse(UTC, rows[0].at), False, rows[0].at
    gaps: list[tuple[Instant, Instant]] = []
    for row in rows:
        if row.at - until >= step // 2:
            gaps = [gap for gap in gaps if gap[1] > row.at - 2 * LONGEST_WINDOW]
            gaps.append((until, row.at))
        until = row.at + step
        first, minutes = row.at // MINUTE, step // MINUTE
        pulse.spread(first, minutes, row.mentions)
        pulse.look((first + minutes) * MINUTE - SECOND, gaps)
        score = pulse.score(Detector.VOLUME, EVERY_WINDOW)
        holds = score > 0 and score >= pulse.ceiling(Detector.VOLUME, EVERY_WINDOW, rate)
        if not pulse.onset_at_last_look:
            score = 0.0
        yield f"{row.timestamp},{row.value},{pulse.usual(step):.3f},{score:.4f},{int(holds and not held)}\n"
        held = holds
