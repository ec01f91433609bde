"""What is known of each author of a brand: when they were first heard, how much they said, whether we answered.

Numbers by the key that sightings carry, which names nobody. They are written with the journal, in its transaction, and
read when a message leaves. See migration 5 for how a month is kept.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from buzzwatch.model.author import Past
from buzzwatch.model.input import Input
from buzzwatch.model.instant import DAY, Instant, moment_of
from buzzwatch.model.mention import OURS, Mention, Sighting

MONTHS = 12
KEPT = 366 * DAY
"""An author is forgotten so long after their last mention."""
MOST_AUTHORS = 1_000_000
"""Kept in all; who was heard last the longest ago goes first."""
EXCHANGE = DAY
"""A mention that comes later than this after the last one begins another exchange."""

_MONTH, _ANSWER = 40, 24
"""By how many bits a slot's month and its answers are shifted; its mentions lie below."""
_MENTIONS, _ANSWERS = (1 << _ANSWER) - 1, (1 << _MONTH - _ANSWER) - 1
_BRAND = 32
"""By how many bits a brand's number is shifted; the key of the author lies below."""
_SLOTS = tuple(f"month_{slot}" for slot in range(MONTHS))

_NEW = f"excluded.first_at - last_at > {EXCHANGE}"


def _statements(template: str) -> tuple[str, ...]:
    """One for the slot of each month."""
    return tuple(template.replace("{slot}", slot) for slot in _SLOTS)


_COUNTS = _statements(
    f"""
    INSERT INTO author (key, first_at, last_at, since, {{slot}}) VALUES (?1, ?2, ?3, ?2, ?4)
    ON CONFLICT DO UPDATE SET
        first_at = min(first_at, excluded.first_at),
        last_at = max(last_at, excluded.last_at),
        since = CASE WHEN {_NEW} THEN excluded.since ELSE since END,
        answered = CASE WHEN {_NEW} THEN NULL ELSE answered END,
        before_at = CASE WHEN {_NEW} THEN since ELSE before_at END,
        before_answered = CASE WHEN {_NEW} THEN answered ELSE before_answered END,
        {{slot}} = CASE
            WHEN {{slot}} >> {_MONTH} = excluded.{{slot}} >> {_MONTH} THEN {{slot}} + (excluded.{{slot}} & {_MENTIONS})
            ELSE max({{slot}}, excluded.{{slot}})
        END
    """  # noqa: S608 - our own columns, likewise below
)
_ANSWERED = _statements(
    f"""
    UPDATE author SET
        answered = CASE WHEN ?2 >= since THEN coalesce(answered, ?3 - ?2) ELSE answered END,
        before_answered = CASE WHEN ?2 < since AND ?2 >= before_at
            THEN coalesce(before_answered, ?3 - ?2) ELSE before_answered END,
        {{slot}} = CASE
            WHEN {{slot}} >> {_MONTH} = ?4 THEN {{slot}} + {1 << _ANSWER}
            ELSE max({{slot}}, ?4 << {_MONTH} | {1 << _ANSWER})
        END
    WHERE key = ?1
    """  # noqa: S608
)
_TAKEN_BACK = _statements(
    f"UPDATE author SET {{slot}} = {{slot}} - 1 WHERE key = ?1 AND {{slot}} >> {_MONTH} = ?2 "  # noqa: S608
    f"AND {{slot}} & {_MENTIONS} > 0"
)
_SAYS_NOTHING = f"DELETE FROM author WHERE key = ? AND ({' | '.join(_SLOTS)}) & {_MENTIONS} = 0"  # noqa: S608
_decode = msgspec.json.Decoder(Sighting).decode


class _Keys(dict[str, int]):
    """What the keys of a brand's authors begin with."""

    def __init__(self, db: sqlite3.Connection) -> None:
        super().__init__()
        self._db = db

    def __missing__(self, brand: str) -> int:
        self._db.execute("INSERT INTO author_brand (brand) VALUES (?) ON CONFLICT DO NOTHING", (brand,))
        (number,) = self._db.execute("SELECT number FROM author_brand WHERE brand = ?", (brand,)).fetchone()
        self[brand] = int(number) << _BRAND
        return self[brand]


def count_authors(db: sqlite3.Connection, inputs: Iterable[tuple[int, Input]]) -> None:
    """Count new mentions and official answers, which the journal has already. On the way of every mention."""
    brands = _Keys(db)
    heard: dict[tuple[int, int], tuple[Instant, Instant, int]] = {}
    answers: list[Sighting] = []
    for _, item in inputs:
        if type(item) is not Sighting or not item.author:
            continue
        if item.official or item.voice == OURS:
            if item.official and item.parent:
                answers.append(item)
            continue
        at = min(item.posted_at, item.seen_at)
        key = brands[item.brand] | item.author, _month(at // DAY)
        if key in heard:
            first, last, number = heard[key]
            heard[key] = min(at, first), max(at, last), number + 1
        else:
            heard[key] = at, at, 1
    slots: dict[int, list[tuple[int, Instant, Instant, int]]] = {}
    for (author, month), (first, last, number) in heard.items():
        slots.setdefault(month % MONTHS, []).append((author, first, last, month << _MONTH | number))
    for slot, rows in slots.items():
        db.executemany(_COUNTS[slot], sorted(rows))
    for answer in answers:
        _note_answer(db, answer, brands[answer.brand])


def _note_answer(db: sqlite3.Connection, answer: Sighting, brand: int) -> None:
    row = db.execute(
        "SELECT body FROM journal WHERE mention = ? AND brand = ?", (answer.parent, answer.brand)
    ).fetchone()
    if row is None or (asked := _decode(row[0])).is_ours or not asked.author:
        return
    at = answer.counted_at
    month = _month(at // DAY)
    db.execute(_ANSWERED[month % MONTHS], (brand | asked.author, min(asked.counted_at, at), at, month))


def forget_taken_back(db: sqlite3.Connection, erased: Iterable[Mention], gone: int) -> None:
    """Count mentions no more whose authors take them back; who has no other is forgotten.

    To be called before their texts are erased: `gone` is the digest of what is erased already.
    """
    brands = _Keys(db)
    for mention in erased:
        rows = db.execute(
            "SELECT j.body FROM content c JOIN journal j ON j.mention = c.mention "
            "WHERE c.mention = ? AND c.digest != ?",
            (mention.id, gone),
        ).fetchall()
        for sighting in map(_decode, (body for (body,) in rows)):
            month, key = _month(sighting.counted_at // DAY), brands[sighting.brand] | sighting.author
            db.execute(_TAKEN_BACK[month % MONTHS], (key, month))
            db.execute(_SAYS_NOTHING, (key,))


def forget_authors(db: sqlite3.Connection, now: Instant, most: int = MOST_AUTHORS) -> None:
    """Forget who has said nothing for a year, and of too many those who were heard last the longest ago."""
    newest = db.execute("SELECT last_at FROM author ORDER BY last_at DESC LIMIT 1 OFFSET ?", (most,)).fetchone()
    before = now - KEPT if newest is None else max(now - KEPT, newest[0] + 1)
    db.execute("DELETE FROM author WHERE last_at < ?", (before,))


def read_pasts(db: sqlite3.Connection, mentions: Iterable[str], brand: str, now: Instant) -> dict[str, Past]:
    """What is known of the authors of mentions of a brand, by mention; nothing of those who are not known."""
    rows = db.execute(
        "SELECT j.mention, a.first_at, a.since, a.answered, a.before_at, a.before_answered, "  # noqa: S608 - our own columns
        f"{', '.join(_SLOTS)} FROM json_each(?) e JOIN journal j ON j.mention = e.value AND j.brand = ? "
        f"JOIN author_brand b ON b.brand = j.brand "
        f"JOIN author a ON a.key = b.number << {_BRAND} | CAST(j.body AS TEXT) ->> 'author'",
        (msgspec.json.encode(list(mentions)).decode(), brand),
    )
    return {mention: _past(row, now) for mention, *row in rows}


def _past(row: list[int | None], now: Instant) -> Past:
    first_at, since, answered, before_at, before_answered, *slots = row
    recent = list(_recent((slot or 0 for slot in slots), now))
    exchange = (since, answered) if answered is not None else (before_at, before_answered)
    return Past(
        first_at=first_at or 0,
        mentions=sum(slot & _MENTIONS for slot in recent),
        answers=sum(slot >> _ANSWER & _ANSWERS for slot in recent),
        asked_at=exchange[0],
        answered_after=exchange[1],
    )


def _recent(slots: Iterable[int], now: Instant) -> Iterator[int]:
    """Those of the last twelve months, this one among them."""
    present = _month(now // DAY)
    return (slot for slot in slots if present - MONTHS < slot >> _MONTH <= present)


@lru_cache(maxsize=1_024)
def _month(day: int) -> int:
    """The number of a day's month, counted from the year 0."""
    moment = moment_of(day * DAY)
    return moment.year * 12 + moment.month - 1
