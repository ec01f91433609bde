"""What is new, what is written, and what is read again."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace
from stage import MONDAY, Scene, crowd, mention, rules, sighting

from buzzwatch.incidents.desk import COOL_DOWN
from buzzwatch.model.incident import Incident, State
from buzzwatch.model.input import Gap, RulesSwapped
from buzzwatch.model.instant import DAY, HOUR, MINUTE
from buzzwatch.model.mention import Mention
from buzzwatch.store.batch import Batch, Heard, RefusedPayload, Verdict, content_digest
from buzzwatch.store.database import open_database
from buzzwatch.store.journal import (
    MOST_REFUSED,
    Ledger,
    last_rules,
    read_incident,
    read_journal,
    read_mentions,
    read_rules,
)

NOON = MONDAY + 12 * HOUR


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_database(tmp_path)
    yield connection
    connection.close()


def heard(name: str, brand: str = "acme", **changes: object) -> Heard:
    told = mention(NOON, name, **changes)
    return Heard(sighting(NOON, name, brand), told, content_digest(told))


def keep(db: sqlite3.Connection, *items: Heard, first: int = 1) -> None:
    inputs = [(first + number, item.sighting) for number, item in enumerate(items)]
    Ledger(db).commit(Batch(first + len(items) - 1, NOON, inputs, list(items)))


def test_a_mention_is_new_once_for_each_brand_then_an_edit_or_a_repeat(db: sqlite3.Connection):
    keep(db, heard("one"))
    verdicts = Ledger(db).sift(
        [heard("one"), heard("one", "zephyr"), heard("one", text="other"), heard("two"), heard("two")]
    )
    assert verdicts == [Verdict.REPEAT, Verdict.NEW, Verdict.EDIT, Verdict.NEW, Verdict.REPEAT]


def test_an_edit_is_compared_with_the_earlier_ones_of_its_batch(db: sqlite3.Connection):
    once, again = heard("one"), heard("one", text="other")
    assert Ledger(db).sift([once, again, again, once]) == [Verdict.NEW, Verdict.EDIT, Verdict.REPEAT, Verdict.EDIT]


def test_an_erased_text_does_not_come_back_with_a_later_copy(db: sqlite3.Connection):
    keep(db, heard("one", text="secret"))
    erased = replace(mention(NOON, "one", text=""), deleted=True)
    Ledger(db).commit(Batch(1, NOON, erased=[erased]))
    assert Ledger(db).sift([heard("one", text="secret")]) == [Verdict.REPEAT]
    Ledger(db).commit(Batch(1, NOON, heard=[heard("one", text="secret")]))
    assert read_mentions(db, ["x:one"])["x:one"][0].text == ""


def test_a_commit_that_fails_leaves_nothing_and_may_be_given_again(db: sqlite3.Connection):
    batch = Batch(2, NOON, [(1, heard("one").sighting), (2, heard("one").sighting)], [heard("one")])
    with pytest.raises(sqlite3.IntegrityError):
        Ledger(db).commit(batch)
    assert db.execute("SELECT count(*) FROM journal").fetchone() == (0,)
    assert read_mentions(db, ["x:one"]) == {}
    assert Ledger(db).position() == (0, 0)
    del batch.inputs[1]
    Ledger(db).commit(batch)
    assert Ledger(db).position() == (2, NOON)


def test_inputs_are_read_as_they_were_without_those_that_were_skipped(db: sqlite3.Connection):
    swapped, gap = RulesSwapped(NOON, rules()), Gap(NOON, "push", MONDAY, NOON)
    inputs = [(1, swapped), (2, sighting(NOON, "one")), (3, sighting(NOON, "bad")), (4, gap)]
    Ledger(db).commit(Batch(4, NOON, inputs, skipped={3: "KeyError: 'x'"}))
    book = {rules().digest: RulesSwapped(0, rules())}
    assert list(read_journal(db, 0, 9, book)) == [inputs[0], inputs[1], inputs[3]]
    assert list(read_journal(db, 1, 3, book)) == [inputs[1]]
    assert read_rules(db, last_rules(db)) == rules().files


def test_only_the_newest_refusals_are_kept(db: sqlite3.Connection):
    refused = [RefusedPayload(NOON, "push", "broken", b"%d" % number) for number in range(MOST_REFUSED + 5)]
    Ledger(db).commit(Batch(0, NOON, refused=refused))
    assert db.execute("SELECT count(*), min(CAST(head AS INTEGER)) FROM refused").fetchone() == (MOST_REFUSED, 5)


@pytest.fixture
def rung() -> tuple[Scene, Incident]:
    scene = Scene(MONDAY, rules())
    scene.tell(*crowd(NOON, 12, 6 * MINUTE))
    scene.run_to(NOON + 6 * MINUTE)
    return scene, scene.live[0]


def test_an_incident_is_kept_with_its_history_and_its_messages(db: sqlite3.Connection, rung: tuple[Scene, Incident]):
    scene, incident = rung
    Ledger(db).commit(Batch(0, NOON, outcomes=scene.outcomes))
    kept, history = read_incident(db, incident.id)
    assert kept == incident
    assert history == [change for change in scene.changes if change.incident.id == incident.id]
    assert read_incident(db, "acme-1") is None
    keys = {notice.key for notice in scene.notices}
    assert {key for (key,) in db.execute("SELECT key FROM outbox")} == keys


def test_incidents_that_may_still_matter_are_those_that_live_ended_lately_or_were_closed_while_they_went_on(
    db: sqlite3.Connection, rung: tuple[Scene, Incident]
):
    scene, incident = rung
    now = NOON + 30 * DAY

    def keep_as(name: str, **changes: object) -> None:
        each = replace(incident, id=name, **changes)
        outcome = replace(scene.outcomes[-1][1], changes=(), notices=(), held=(), touched=(each,))
        Ledger(db).commit(Batch(0, NOON, outcomes=[(NOON, outcome)]))

    closed = {"state": State.RESOLVED, "true_at": NOON}
    keep_as("old-and-open")
    keep_as("long-over", closed_at=NOON + HOUR, **closed)
    keep_as("opened-long-ago-just-over", closed_at=now - COOL_DOWN // 2, **closed)
    keep_as("closed-and-still-true", state=State.RESOLVED, closed_at=NOON, true_at=now - MINUTE)
    found = {each.id for each in Ledger(db).incidents(now, COOL_DOWN)}
    assert found == {"old-and-open", "opened-long-ago-just-over", "closed-and-still-true"}


def test_other_stars_are_an_edit_and_no_stars_change_no_digest_of_before():
    plain = Mention(id="x:1", text="Acme", created_at=datetime(2026, 11, 22, tzinfo=UTC))
    assert content_digest(replace(plain, stars=1)) != content_digest(replace(plain, stars=2))
    assert content_digest(replace(plain, stars=1)) != content_digest(plain)
    assert content_digest(plain) == 6363568778617070974  # as it always was
