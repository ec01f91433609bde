"""The journal and everything that is committed with it."""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from buzzwatch.model.incident import SHOWN, Change, ChangeKind, Incident, State
from buzzwatch.model.input import (
    EVERYTHING,
    Bodied,
    ClockSet,
    Corrected,
    Delivered,
    Gap,
    Input,
    Mark,
    Outcome,
    RotaSwapped,
    RulesSwapped,
)
from buzzwatch.model.instant import Instant, Span
from buzzwatch.model.mention import Kind, Mention, Sighting
from buzzwatch.model.rota import Shift
from buzzwatch.store.authors import count_authors
from buzzwatch.store.batch import Batch, Heard, Verdict
from buzzwatch.store.complaints import write_complaints
from buzzwatch.store.database import transaction
from buzzwatch.store.names import write_names
from buzzwatch.store.official import note_officials
from buzzwatch.store.outbox import finish_notice, forget_instants, release_leases, write_notice
from buzzwatch.store.texts import erase_named, find_taken_back, write_texts

MOST_REFUSED = 10_000
"""Refused payloads kept, the newest."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Bodied).decode
_decode_incident = msgspec.json.Decoder(Incident).decode
_decode_mention = msgspec.json.Decoder(Mention).decode


class Ledger:
    """Reads and writes on the writer thread's connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def position(self) -> tuple[int, Instant]:
        """The last row and the last instant stepped to."""
        seq, now = self._db.execute("SELECT seq, now FROM position").fetchone()
        return seq, now

    def sift(self, heard: Iterable[Heard]) -> list[Verdict]:
        """New, edit or repeat, for each in order; a later one of the batch is compared with the earlier ones.

        Only the source that brought a mention first edits it: a copy by another one may be cut or out of date.
        """
        heard = list(heard)
        names = _encode([h.sighting.mention for h in heard]).decode()
        rows = "SELECT {} FROM json_each(?) e JOIN {} t ON t.mention = e.value"
        known = set(self._db.execute(rows.format("t.mention, t.brand", "journal"), (names,)))
        told = {
            mention: (digest, road)
            for mention, digest, road in self._db.execute(
                rows.format("t.mention, t.digest, t.road", "content"), (names,)
            )
        }
        gone = find_taken_back(self._db, (item.text for item in heard))
        verdicts = []
        for item in heard:
            mention, road = item.sighting.mention, item.sighting.road
            key = mention, item.sighting.brand
            digest, first = told.setdefault(mention, (item.digest, road))
            mute = item.mention.kind is Kind.REPOST and not item.mention.text  # the platform tells not what it reposts
            edits = digest > 0 and digest != item.digest and first in ("", road) and not mute
            if key not in known:
                verdict = Verdict.GONE if mention in gone else Verdict.NEW
            else:
                verdict = Verdict.EDIT if edits else Verdict.REPEAT
            known.add(key)
            if edits:
                told[mention] = item.digest, first
            verdicts.append(verdict)
        return verdicts

    def commit(self, batch: Batch) -> None:
        """Write it all, or nothing and raise; the same batch may be given again."""
        with transaction(self._db):
            self._write(batch)

    def _write(self, batch: Batch) -> None:
        many = self._db.executemany
        many(
            "INSERT INTO ruleset VALUES (?, ?) ON CONFLICT DO NOTHING",
            [(i.rules.digest, _encode(i.rules.files)) for _, i in batch.inputs if isinstance(i, RulesSwapped)],
        )
        many(
            "INSERT INTO rota VALUES (?, ?) ON CONFLICT DO NOTHING",
            [(_shifts_digest(i), _encode(i.shifts)) for _, i in batch.inputs if isinstance(i, RotaSwapped)],
        )
        many(
            "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(*_row(seq, item), batch.skipped.get(seq)) for seq, item in batch.inputs],
        )
        many(
            "INSERT INTO reading VALUES (?, ?)",
            [(seq, _encode(i.origin)) for seq, i in batch.inputs if isinstance(i, RulesSwapped) and i.origin],
        )
        count_authors(self._db, batch.inputs)
        note_officials(self._db, batch.inputs, batch.heard)
        write_texts(self._db, [h.text for h in batch.heard], batch.erased, max(batch.at, batch.now))
        write_names(self._db, batch.names)
        erase_named(self._db, batch.names)
        for _, item in batch.inputs:
            if isinstance(item, Delivered):
                finish_notice(self._db, item)
            elif isinstance(item, ClockSet):
                forget_instants(self._db, item.seen_at)
            elif isinstance(item, Gap) and item.source == EVERYTHING:  # before the first look of this process's courier
                release_leases(self._db, item.until)
        for at, outcome in batch.outcomes:
            self._write_outcome(at, outcome)
        write_complaints(self._db, [each for _, outcome in batch.outcomes for each in outcome.complaints])
        many(
            "INSERT INTO refused (seen_at, source, reason, head) VALUES (?, ?, ?, ?)",
            [(r.seen_at, r.source, r.reason, r.head) for r in batch.refused],
        )
        many("INSERT OR REPLACE INTO cursor VALUES (?, ?, ?)", [(*key, at) for key, at in batch.cursors.items() if at])
        many("DELETE FROM cursor WHERE source = ? AND name = ?", [key for key, at in batch.cursors.items() if not at])
        if batch.refused:
            self._db.execute("DELETE FROM refused WHERE id <= (SELECT max(id) FROM refused) - ?", (MOST_REFUSED,))
        self._db.execute("UPDATE position SET seq = ?, now = ?", (batch.seq, batch.now))

    def _write_outcome(self, at: Instant, outcome: Outcome) -> None:
        many = self._db.executemany
        if outcome.shadows:
            many(
                "INSERT OR REPLACE INTO shadow VALUES (?, ?, ?, ?, ?, ?)",
                [(s.id, s.subject.brand, s.rules[0], s.opened_at, s.closed_at, _encode(s)) for s in outcome.shadows],
            )
        if not (outcome.changes or outcome.touched or outcome.held or outcome.notices):  # complaints alone, mostly
            return
        many(
            "INSERT INTO change VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [(c.incident.id, c.incident.revision, c.at, c.kind, _encode(c)) for c in outcome.changes],
        )
        many(
            "INSERT OR REPLACE INTO incident VALUES (?, ?, ?, ?, ?)",
            [(i.id, i.subject.brand, i.state, i.opened_at, _encode(i)) for i in outcome.touched],
        )
        many(
            "INSERT INTO held VALUES (?, ?, ?, ?, ?)",
            [(h.incident, at, h.target, h.why, h.until) for h in outcome.held],
        )
        for notice in outcome.notices:
            write_notice(self._db, notice, at)

    def incidents(self, now: Instant, cool_down: Span) -> list[Incident]:
        """Those that are live, ended less than `cool_down` ago or are watched, or were closed and are not calm."""
        rows = self._db.execute(
            "SELECT body FROM (SELECT *, CAST(body AS TEXT) AS json FROM incident) WHERE state != ? "
            "OR json ->> 'closed_at' + ? > ? OR json ->> 'watch_until' > ? "
            "OR json ->> 'true_at' + json ->> 'calm' > ? ORDER BY opened_at, id",
            (State.RESOLVED, cool_down, now, now, now),
        )
        return [_decode_incident(body) for (body,) in rows]

    def shadows(self) -> list[Incident]:
        """What rings in shadow."""
        rows = self._db.execute("SELECT body FROM shadow WHERE over_at IS NULL ORDER BY rang_at, id")
        return [_decode_incident(body) for (body,) in rows]


def read_cursors(connection: sqlite3.Connection) -> dict[str, dict[str, str]]:
    """How far each source has come, by source and name."""
    found: dict[str, dict[str, str]] = {}
    for source, name, value in connection.execute("SELECT source, name, value FROM cursor"):
        found.setdefault(source, {})[name] = value
    return found


def read_journal(
    connection: sqlite3.Connection, after: int, until: int, rulesets: "Mapping[str, RulesSwapped]"
) -> Iterator[tuple[int, Input]]:
    """Inputs with `after` < seq ≤ `until`, in order, without those that were skipped.

    `rulesets` gives the compiled rules by digest (see `read_rules`); their instants are taken from the journal.
    """
    rows = connection.execute(
        "SELECT seq, kind, seen_at, body FROM journal WHERE seq > ? AND seq <= ? AND skipped IS NULL ORDER BY seq",
        (after, until),
    )
    for seq, kind, seen_at, body in rows:
        if kind == "rules":
            if (swapped := rulesets.get(body.decode())) is not None:
                yield seq, msgspec.structs.replace(swapped, seen_at=seen_at)
        elif kind == "rota":
            name, digest = msgspec.json.decode(body, type=tuple[str, str])
            yield seq, RotaSwapped(seen_at, name, _read_shifts(connection, digest))
        else:
            yield seq, _decode(body)


def read_rules(connection: sqlite3.Connection, digest: str) -> dict[str, str]:
    """The files of a rule set that was in force."""
    (files,) = connection.execute("SELECT files FROM ruleset WHERE digest = ?", (digest,)).fetchone()
    return msgspec.json.decode(files, type=dict[str, str])


def rules_since(connection: sqlite3.Connection) -> Instant:
    """When the rule set last in force was put in force; 0 where there is none."""
    row = connection.execute(
        "SELECT seen_at FROM journal WHERE seq = (SELECT max(seq) FROM journal INDEXED BY journal_said "
        "WHERE kind IN ('silenced', 'rules', 'corrected', 'gap', 'clockset') AND kind = 'rules')"
    ).fetchone()
    return row[0] if row else 0


def last_rules(connection: sqlite3.Connection) -> str | None:
    """The digest of the rule set last in force."""
    row = connection.execute("SELECT body FROM journal WHERE kind = 'rules' ORDER BY seq DESC LIMIT 1").fetchone()
    return row[0].decode() if row else None


def read_swaps(connection: sqlite3.Connection) -> list[tuple[Instant, str]]:
    """When rule sets came into force, and their digests, in order."""
    rows = connection.execute(
        "SELECT seen_at, body FROM journal WHERE kind IN ('silenced', 'rules', 'corrected', 'gap', 'clockset') "
        "AND kind = 'rules' AND skipped IS NULL ORDER BY seq"
    )
    return [(seen_at, body.decode()) for seen_at, body in rows]


def read_mentions(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, tuple[Mention, float]]:
    """What mentions say and how negative it is, by id."""
    rows = connection.execute(
        "SELECT t.mention, t.body, t.negativity FROM json_each(?) e JOIN content t ON t.mention = e.value",
        (_encode(list(ids)).decode(),),
    )
    return {mention: (_decode_mention(body), negativity) for mention, body, negativity in rows}


def read_first_heard(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, tuple[Mention, int]]:
    """What mentions say, and the first row of each in the journal, by id."""
    rows = connection.execute(
        "SELECT t.body, (SELECT min(seq) FROM journal j WHERE j.mention = e.value AND j.skipped IS NULL)"
        " FROM json_each(?) e JOIN content t ON t.mention = e.value",
        (_encode(list(ids)).decode(),),
    )
    told = ((_decode_mention(body), first) for body, first in rows)
    return {mention.id: (mention, first) for mention, first in told}


def read_judgements(
    connection: sqlite3.Connection, ids: Iterable[str], brand: str
) -> dict[str, tuple[str, float | None]]:
    """Which scorer judged mentions of a brand when they were heard first, by id, and how negative it found them.

    The number is there for those alone that were journalled for another brand first: what people have taught is a
    brand's own, and `read_mentions` gives the number of the first one, as it is after edits.
    """
    rows = connection.execute(
        "SELECT j.mention, CAST(j.body AS TEXT) ->> 'scorer', CASE WHEN EXISTS"
        " (SELECT 1 FROM journal o WHERE o.mention = j.mention AND o.seq < j.seq)"
        " THEN CAST(j.body AS TEXT) ->> 'negativity' END"
        " FROM json_each(?) e JOIN journal j ON j.mention = e.value AND j.brand = ?",
        (_encode(list(ids)).decode(), brand),
    )
    return {mention: (scorer, negativity) for mention, scorer, negativity in rows}


def read_sighting(connection: sqlite3.Connection, mention: str, brand: str) -> Sighting | None:
    """A mention of a brand as it was counted; None where there is none."""
    row = connection.execute("SELECT body FROM journal WHERE mention = ? AND brand = ?", (mention, brand)).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=Sighting)


def read_sightings(connection: sqlite3.Connection, brand: str, since: Instant, until: Instant) -> Iterator[Sighting]:
    """The mentions of a brand heard in a stretch of time, in order; no index on time is needed for it."""
    first, last = (row_at(connection, instant) for instant in (since, until + 1))
    rows = connection.execute(
        "SELECT body FROM journal WHERE seq >= ? AND seq < ? AND kind = 'sighting' AND brand = ? AND skipped IS NULL "
        "ORDER BY seq",
        (first, last, brand),
    )
    return (msgspec.json.decode(body, type=Sighting) for (body,) in rows)


def rows_until(connection: sqlite3.Connection, instant: Instant) -> tuple[Instant | None, int]:
    """When the first row was seen, None where there is none; and the last row seen at an instant or before, 0: none."""
    (first,) = connection.execute("SELECT (SELECT seen_at FROM journal ORDER BY seq LIMIT 1)").fetchone()
    return first, row_at(connection, instant + 1) - 1


def read_gaps(connection: sqlite3.Connection, since: Instant) -> Iterator[Gap]:
    """What was journalled since then of times that could not be heard."""
    rows = connection.execute(
        "SELECT body FROM journal WHERE kind IN ('silenced', 'rules', 'corrected', 'gap', 'clockset') "
        "AND kind = 'gap' AND skipped IS NULL AND seen_at > ? ORDER BY seq",
        (since,),
    )
    return (msgspec.json.decode(body, type=Gap) for (body,) in rows)


def read_outages(connection: sqlite3.Connection) -> list[Gap]:
    """The times at which the daemon itself was down, in order."""
    rows = connection.execute(
        "SELECT body FROM journal WHERE kind IN ('silenced', 'rules', 'corrected', 'gap', 'clockset') "
        "AND kind = 'gap' AND skipped IS NULL AND CAST(body AS TEXT) ->> 'source' = ? ORDER BY seq",
        (EVERYTHING,),
    )
    return [msgspec.json.decode(body, type=Gap) for (body,) in rows]


def row_at(connection: sqlite3.Connection, instant: Instant) -> int:
    """The first row seen at an instant or later: rows are in the order of their instants."""
    low, high = connection.execute("SELECT coalesce(min(seq), 1), coalesce(max(seq), 0) + 1 FROM journal").fetchone()
    while low < high:
        middle = (low + high) // 2
        seq, seen_at = connection.execute(
            "SELECT seq, seen_at FROM journal WHERE seq >= ? ORDER BY seq LIMIT 1", (middle,)
        ).fetchone()
        if seen_at < instant:
            low = seq + 1
        else:
            high = middle
    return int(low)


def read_corrections(connection: sqlite3.Connection, brand: str) -> list[Corrected]:
    """What people have marked of a brand's posts, in the order in which they did."""
    rows = connection.execute(
        "SELECT body FROM journal WHERE kind = 'corrected' AND brand = ? AND skipped IS NULL ORDER BY seq", (brand,)
    )
    return [msgspec.json.decode(body, type=Corrected) for (body,) in rows]


def read_false_alarms(
    connection: sqlite3.Connection, of: Incident, since: Instant, marks: Mapping[str, Corrected]
) -> int:
    """How many other incidents of the same brand and rule, opened since, people found to be nothing.

    `marks` are those of the brand, by mention.
    """
    found = read_found_nothing(connection, of.subject.brand, since, marks)
    return sum(of.reason.rule in other.rules and other.id != of.id for other in found)


def read_found_nothing(
    connection: sqlite3.Connection, brand: str, since: Instant, marks: Mapping[str, Corrected]
) -> list[Incident]:
    """The incidents of a brand, opened since, that people found to be nothing.

    That is: one was closed as no matter, and did not come back; or at least half of the posts that its page lets people
    mark are marked as not about the brand or not negative. `marks` are those of the brand, by mention.
    """
    rows = connection.execute(
        "SELECT body, dismissed FROM (SELECT body, EXISTS "
        "(SELECT 1 FROM change c WHERE c.incident = id AND c.kind = ? AND NOT EXISTS "
        "(SELECT 1 FROM change l WHERE l.incident = id AND l.revision > c.revision AND l.kind = ?)) "
        "AS dismissed FROM incident WHERE state IN (?, ?, ?) AND opened_at >= ? AND brand = ?) "
        "WHERE dismissed OR ?",
        (ChangeKind.DISMISSED, ChangeKind.REOPENED, *State, since, brand, bool(marks)),
    )
    known = ((_decode_incident(body), bool(dismissed)) for body, dismissed in rows)
    return [incident for incident, dismissed in known if dismissed or _is_denied(incident, marks)]


def _is_denied(incident: Incident, marks: Mapping[str, Corrected]) -> bool:
    shown = incident.shown[:SHOWN]
    denied = [marks[key].mark in {Mark.NOT_US, Mark.NOT_NEGATIVE} for key in shown if key in marks]
    return bool(shown) and 2 * sum(denied) >= len(shown)


def read_incident(connection: sqlite3.Connection, incident: str) -> tuple[Incident, list[Change]] | None:
    """An incident and its history, oldest first."""
    row = connection.execute("SELECT body FROM incident WHERE id = ?", (incident,)).fetchone()
    if row is None:
        return None
    changes = connection.execute("SELECT body FROM change WHERE incident = ? ORDER BY revision", (incident,))
    return _decode_incident(row[0]), [msgspec.json.decode(body, type=Change) for (body,) in changes]


def _shifts_digest(swapped: RotaSwapped) -> str:
    return hashlib.blake2b(_encode(swapped.shifts), digest_size=16).hexdigest()


def _read_shifts(connection: sqlite3.Connection, digest: str) -> tuple[Shift, ...]:
    (shifts,) = connection.execute("SELECT body FROM rota WHERE digest = ?", (digest,)).fetchone()
    return msgspec.json.decode(shifts, type=tuple[Shift, ...])


def _row(seq: int, item: Input) -> tuple[int, str, Instant, str | None, str | None, bytes]:
    if isinstance(item, Sighting):
        return seq, "sighting", item.seen_at, item.mention, item.brand, _encode(item)
    if isinstance(item, Corrected):  # its mention is the sighting's, of which there is one
        return seq, "corrected", item.seen_at, None, item.brand, _encode(item)
    if isinstance(item, RulesSwapped):
        return seq, "rules", item.seen_at, None, None, item.rules.digest.encode()
    if isinstance(item, RotaSwapped):
        return seq, "rota", item.seen_at, None, None, _encode((item.rota, _shifts_digest(item)))
    return seq, type(item).__name__.lower(), item.seen_at, None, None, _encode(item)
