"""What happened, in the order of time: rows of several tables, a page at a time."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from buzzwatch.model.incident import Change, Incident
from buzzwatch.model.input import EVERYTHING, ClockSet, Corrected, Gap, RulesMended, RulesRefused, Silenced
from buzzwatch.model.instant import Instant
from buzzwatch.model.notification import Held, Notice
from buzzwatch.model.reading import Origin
from buzzwatch.store.outbox import SEVERAL

_Said = Silenced | Corrected | Gap | ClockSet | RulesRefused | RulesMended
_decode_said = msgspec.json.Decoder(_Said).decode
_decode_change = msgspec.json.Decoder(Change).decode
_decode_notice = msgspec.json.Decoder(Notice).decode
_decode_incident = msgspec.json.Decoder(Incident).decode

_OURS = "incident IN (SELECT id FROM incident WHERE brand = :brand)"
_TOGETHER = f"{SEVERAL} AND instr(CAST(body AS TEXT), :named)"
_FILTERS = {
    "": {"journal": "1", "refused": "1", "rows": "1", "outbox": "1", "shadow": "1"},
    "brand": {
        "journal": "(kind IN ('rules', 'gap', 'clockset') OR brand = :brand OR "
        "kind = 'silenced' AND (CAST(body AS TEXT) ->> 'what' = :brand OR EXISTS "
        "(SELECT 1 FROM incident WHERE id = CAST(journal.body AS TEXT) ->> 'what' AND incident.brand = :brand)))",
        "refused": "1",
        "rows": _OURS,
        "outbox": f"({_OURS} OR {_TOGETHER})",
        "shadow": "brand = :brand",
    },
    "incident": {
        "journal": "kind = 'silenced' AND CAST(body AS TEXT) ->> 'what' IN (:incident, :brand) AND seen_at >= :opened",
        "refused": "0",
        "rows": "incident = :incident",
        "outbox": f"(incident = :incident OR {_TOGETHER})",
        "shadow": "0",
    },
}
_QUERY = """
SELECT seen_at AS at, 0 AS place, 'journal' AS kept, seq AS key FROM journal
  WHERE kind IN ('silenced', 'rules', 'corrected', 'gap', 'clockset') AND skipped IS NULL AND seen_at >= :since
  AND (kind != 'gap' OR CAST(body AS TEXT) ->> 'source' = :everything) AND {journal}
UNION ALL SELECT seen_at, 0, 'journal', seq FROM journal
  WHERE kind IN ('rulesrefused', 'rulesmended') AND skipped IS NULL AND seen_at >= :since AND {refused}
UNION ALL SELECT at, 1, 'change', json_array(incident, revision) FROM change WHERE at >= :since AND {rows}
UNION ALL SELECT at, 2, 'held', rowid FROM held WHERE at >= :since AND {rows}
UNION ALL SELECT written_at, 3, 'outbox', key FROM outbox WHERE written_at >= :since AND {outbox}
UNION ALL SELECT attempt.at, 4, 'attempt', attempt.rowid FROM attempt JOIN outbox USING (key)
  WHERE attempt.at >= :since AND {outbox}
UNION ALL SELECT done_at, 5, 'superseded', key FROM outbox
  WHERE state = 'superseded' AND done_at >= :since AND {outbox}
UNION ALL SELECT rang_at, 6, 'shadow', id FROM shadow WHERE rang_at >= :since AND {shadow}
UNION ALL SELECT over_at, 7, 'shadow over', id FROM shadow WHERE over_at >= :since AND {shadow}
ORDER BY at, place, key LIMIT :limit
"""


class Attempt(Struct, frozen=True):
    """What became of one attempt to send a notice."""

    notice: Notice
    became: str
    """`sent`, `failed`, `given up`, `doubtful`, `superseded`."""
    why: str


class Shadow(Struct, frozen=True):
    """A rule in shadow would have rung, or would have been over; as it stands now."""

    ring: Incident
    over: bool


class RulesInForce(Struct, frozen=True):
    """Other rules were put in force: the texts that differ, before and after; and where they came from, if known."""

    old: dict[str, str]
    new: dict[str, str]
    origin: Origin | None = None


class Entry(Struct, frozen=True):
    """Something that happened."""

    at: Instant
    what: _Said | RulesInForce | Change | Held | Notice | Attempt | Shadow
    brand: str = ""
    """Of what does not say itself whose it is."""


class Asked(Struct, frozen=True):
    """Which part of the record: from an instant on, of everything, one brand, or one incident and its brand."""

    since: Instant
    brand: str = ""
    incident: str = ""
    opened: Instant = 0
    """When that incident opened."""


def read_history(db: sqlite3.Connection, asked: Asked, limit: int) -> tuple[list[Entry], Instant | None]:
    """Some `limit` entries in order, never part of an instant; and where the next page begins, None after the last."""
    keys = db.execute(_query(asked), {**_parameters(asked), "limit": limit + 1}).fetchall()
    if len(keys) <= limit:
        return [_entry(db, *key) for key in keys], None
    last = keys[-1][0]
    shown = [key for key in keys if key[0] < last]
    if not shown:  # more than a page at one instant
        shown = [key for key in db.execute(_query(asked), {**_parameters(asked), "limit": -1}) if key[0] == last]
        last += 1
    return [_entry(db, *key) for key in shown], last


def _parameters(asked: Asked) -> dict[str, Any]:
    name = f'"id":"{asked.incident}"' if asked.incident else f'"brand":"{asked.brand}"'
    return {
        "since": asked.since,
        "brand": asked.brand,
        "incident": asked.incident,
        "opened": asked.opened,
        "named": name,
        "everything": EVERYTHING,
    }


def _query(asked: Asked) -> str:
    """Instant, table and key of each entry, in order."""
    return _QUERY.format(**_FILTERS["incident" if asked.incident else "brand" if asked.brand else ""])


def _entry(db: sqlite3.Connection, at: Instant, _place: int, kept: str, key: Any) -> Entry:  # noqa: ANN401, PLR0911 - a number or a text; a table each
    def row(query: str, *values: object) -> Any:  # noqa: ANN401 - as SQLite gives it
        return db.execute(query, values or (key,)).fetchone()

    match kept:
        case "journal":
            kind, body = row("SELECT kind, body FROM journal WHERE seq = ?")
            return Entry(at, _rules(db, key, body) if kind == "rules" else _decode_said(body))
        case "change":
            (body,) = row("SELECT body FROM change WHERE incident = ? AND revision = ?", *msgspec.json.decode(key))
            return Entry(at, _decode_change(body))
        case "held":
            incident, target, why, until, brand = row(
                "SELECT incident, target, why, until, (SELECT brand FROM incident WHERE id = incident) "
                "FROM held WHERE rowid = ?"
            )
            return Entry(at, Held(incident, target, why, until), brand or "")
        case "outbox":
            return Entry(at, _decode_notice(row("SELECT body FROM outbox WHERE key = ?")[0]))
        case "attempt":
            body, became, why = row(
                "SELECT body, became, attempt.why FROM attempt JOIN outbox USING (key) WHERE attempt.rowid = ?"
            )
            return Entry(at, Attempt(_decode_notice(body), became, why))
        case "shadow" | "shadow over":
            (body,) = row("SELECT body FROM shadow WHERE id = ?")
            return Entry(at, Shadow(_decode_incident(body), kept == "shadow over"))
        case _:
            body, why = row("SELECT body, why FROM outbox WHERE key = ?")
            return Entry(at, Attempt(_decode_notice(body), "superseded", why))


def _rules(db: sqlite3.Connection, seq: int, digest: bytes) -> RulesInForce:
    """What differs from the rules before."""
    before = db.execute(
        "SELECT body FROM journal WHERE kind IN ('silenced', 'rules', 'corrected', 'gap', 'clockset') "
        "AND kind = 'rules' AND seq < ? ORDER BY seq DESC LIMIT 1",
        (seq,),
    ).fetchone()
    old, new = _files(db, before[0] if before else b""), _files(db, digest)
    row = db.execute("SELECT body FROM reading WHERE seq = ?", (seq,)).fetchone()
    origin = msgspec.json.decode(row[0], type=Origin) if row else None
    same = {name for name in old.keys() & new.keys() if old[name] == new[name]}
    before, after = ({name: text for name, text in each.items() if name not in same} for each in (old, new))
    return RulesInForce(before, after, origin)


def _files(db: sqlite3.Connection, digest: bytes) -> dict[str, str]:
    row = db.execute("SELECT files FROM ruleset WHERE digest = ?", (digest.decode(),)).fetchone()
    return msgspec.json.decode(row[0], type=dict[str, str]) if row else {}


def read_silences(db: sqlite3.Connection, whats: tuple[str, ...], since: Instant, until: Instant) -> Iterator[Silenced]:
    """What people asked of silences over some brands or incidents in a time, oldest first."""
    rows = db.execute(
        "SELECT body FROM journal WHERE kind IN ('silenced', 'rules', 'corrected', 'gap', 'clockset') "
        "AND kind = 'silenced' AND skipped IS NULL AND seen_at BETWEEN ? AND ? ORDER BY seq",
        (since, until),
    )
    for (body,) in rows:
        said = msgspec.json.decode(body, type=Silenced)
        if said.what in whats:
            yield said
