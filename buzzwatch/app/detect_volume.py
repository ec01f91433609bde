"""Counts of a file judged as the daemon would judge the mentions: to try it on an export of one's own."""

import csv
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
_GAPS = 100  # kept: what lies in them is not learnt yet, or will never be
_SHOWN = 40  # characters
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a time without a zone is UTC
_ODD = 0.1  # of the distances: more that are far under the step, and there is no step


class Count(NamedTuple):
    """A row: so many mentions from an instant on. The two texts are those of the file."""

    timestamp: str
    value: str
    at: Instant
    mentions: int


def judge(path: Path, rate: float) -> Iterator[str]:
    """Lines of CSV, one for each row: what was usual, how unusual it was at the end of the row, whether it rang.

    The score is that of an onset, 0 elsewhere; the alarm is raised when a rule `volume: {unusual: true}` begins to hold
    that accepts so many false alarms a day.

    A row lasts as long as most rows are apart, in whole minutes. Rows of one time are added up, each judged with those
    before it; so are rows that overlap. Where rows are missing, nobody listened: nothing is learnt from it. A time
    without a zone is UTC; zones may differ from row to row. Other columns, empty lines, a byte order mark and either
    line ending are accepted. A file without rows, or with one, rings nothing.

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
    try:
        header = next(reader, [])
        if not {"timestamp", "value"} <= set(header):
            raise FileFaultError(
                f"{path}, line 1: the columns are {','.join(header)[:80] or 'missing'}: write timestamp,value"
            )
        when, what, width = header.index("timestamp"), header.index("value"), len(header)
        before, minute, heard = None, None, 0
        for row in reader:
            if not row:
                continue
            if len(row) != width:
                raise _fault(path, reader.line_num, f"{len(row)} columns where line 1 has {width}: mend it")
            timestamp, value = row[when], row[what]
            at, mentions = _instant(timestamp), _number(value)
            if at is None or at < 0:
                raise _fault(
                    path, reader.line_num, f"{_short(timestamp)} is no time since 1970: write 2026-11-22T18:04:05Z, say"
                )
            if before is not None and at < before:
                raise _fault(path, reader.line_num, f"{timestamp} comes before the line above: sort the file by time")
            heard = mentions if at // MINUTE != minute else heard + mentions
            if mentions < 0 or heard > _MOST:
                wanted = f"write a whole number, 0 to {_MOST:,} a minute"
                raise _fault(path, reader.line_num, f"{_short(value)} is not a number of mentions: {wanted}")
            before, minute = at, at // MINUTE
            yield Count(timestamp, value, at, mentions)
    except csv.Error as error:
        raise _fault(path, reader.line_num, f"this is no CSV ({error}): check quotes and separators") from None


def _fault(path: Path, line: int, what: str) -> FileFaultError:
    return FileFaultError(f"{path}, line {line}: {what}")


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _instant(text: str) -> Instant | None:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo:
            return instant_of(moment)
    except (ValueError, OverflowError):
        return None
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds // 1_000


def _number(text: str) -> int:
    """Mentions; -1 if it is no number of them."""
    try:
        number = float(text)
    except ValueError:
        return -1
    return int(number) if 0 <= number <= _MOST and number.is_integer() and "_" not in text else -1


def _step(path: Path, rows: list[Count]) -> Span:
    """How long a row lasts: the most usual distance between two of them, in whole minutes."""
    distances = Counter(after.at - before.at for before, after in pairwise(rows) if after.at > before.at)
    if not distances:
        return 5 * MINUTE
    step = round(distances.most_common(1)[0][0] / MINUTE) * MINUTE
    if not MINUTE <= step <= LONGEST_WINDOW:
        apart = distances.most_common(1)[0][0] / MINUTE
        raise FileFaultError(f"{path}: the rows are {apart:g} minutes apart: from 1 minute to 12 hours will do")
    closer = sum(times for distance, times in distances.items() if 2 * distance < step)
    if closer > _ODD * distances.total():
        least = min(distances)
        line = 2 + next(place for place, (one, two) in enumerate(pairwise(rows), 1) if two.at - one.at == least)
        raise _fault(
            path,
            line,
            f"{least / MINUTE:g} minutes after the row above, where most rows are {step / MINUTE:g} apart: "
            "write one file for each distance",
        )
    return step


def _judged(rows: list[Count], step: Span, rate: float) -> Iterator[str]:
    yield HEADER
    if not rows:
        return
    pulse, held, until = Pulse(UTC, rows[0].at), False, rows[0].at
    gaps: list[tuple[Instant, Instant]] = []
    minutes = step // MINUTE
    for timestamp, value, at, mentions in rows:
        if at - until >= step // 2:
            gaps = [*gaps[1 - _GAPS :], (until, at)]
        until = at + step
        first = at // MINUTE
        pulse.spread(first, minutes, mentions)
        pulse.look((first + minutes) * MINUTE - SECOND, gaps)
        score = pulse.score(Detector.VOLUME, EVERY_WINDOW)
        holds = score > 0 and score >= pulse.ceiling(Detector.VOLUME, EVERY_WINDOW, rate)
        if not pulse.onset_at_last_look:
            score = 0.0
        yield f"{timestamp},{value},{pulse.usual(step):.3f},{score:.4f},{'1' if holds and not held else '0'}\n"
        held = holds
