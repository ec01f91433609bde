"""Notices waiting to leave."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from stage import MONDAY, Scene, crowd, rules

from buzzwatch.model.incident import Drill, Severity
from buzzwatch.model.input import Delivered
from buzzwatch.model.instant import HOUR, MINUTE, SECOND
from buzzwatch.model.notification import Notice, Target
from buzzwatch.store.database import open_database
from buzzwatch.store.outbox import OutboxTable, finish_notice, forget_instants, read_deliveries, write_notice

NOON = MONDAY + 12 * HOUR


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_database(tmp_path)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def template() -> Notice:
    scene = Scene(MONDAY, rules())
    scene.tell(*crowd(NOON, 12, 6 * MINUTE))
    scene.run_to(NOON + 6 * MINUTE)
    return scene.notices[0]


@pytest.fixture
def write(db: sqlite3.Connection, template: Notice) -> Callable[..., None]:
    def write(key: str, at: int = 0, target: str = "mail", **changes: object) -> None:
        write_notice(db, replace(template, key=key, target=Target(target), **changes), at)

    return write


def states(db: sqlite3.Connection) -> dict[str, str]:
    return dict(db.execute("SELECT key, state FROM outbox"))


def keys(outbox: OutboxTable, now: int, limit: int = 10) -> list[str]:
    return [lease.notice.key for lease in outbox.lease(now, limit, MINUTE, {})]


def test_an_older_unsent_message_of_the_incident_to_the_same_target_gives_way(db: sqlite3.Connection, write):
    write("one")
    write("two", target="sms")
    write("three")
    write("four")
    assert states(db) == {"one": "superseded", "two": "waiting", "three": "superseded", "four": "waiting"}
    replaced = {lease.notice.key: lease.replaces for lease in OutboxTable(db).lease(0, 10, MINUTE, {})}
    assert replaced == {"two": 0, "four": 2}


def test_one_of_another_incident_does_not(db: sqlite3.Connection, write, template: Notice):
    write("one")
    write("two", incident=replace(template.incident, id="acme-2"))
    assert set(states(db).values()) == {"waiting"}


def test_one_that_somebody_is_sending_now_does_not(db: sqlite3.Connection, write):
    write("one")
    assert keys(OutboxTable(db), 0) == ["one"]
    write("two", at=SECOND)
    assert states(db) == {"one": "waiting", "two": "waiting"}


def test_the_same_key_is_kept_once_whatever_became_of_it(db: sqlite3.Connection, write):
    write("one")
    finish_notice(db, Delivered(5, "one", "acme-1", Target("mail"), sent=True))
    write("one", at=9)
    assert states(db) == {"one": "sent"}


def test_a_lease_keeps_others_away_until_it_runs_out_or_the_process_is_started_again(db: sqlite3.Connection, write):
    outbox = OutboxTable(db)
    write("one")
    assert keys(outbox, 0) == ["one"]
    assert keys(outbox, MINUTE - 1) == []
    assert keys(outbox, MINUTE) == ["one"]
    assert keys(outbox, MINUTE) == []
    assert keys(OutboxTable(db), MINUTE) == ["one"]


def test_the_worst_leaves_first_then_the_oldest(db: sqlite3.Connection, write, template: Notice):
    for number, severity in enumerate((Severity.WATCH, Severity.CRITICAL, Severity.WARNING, Severity.CRITICAL)):
        write(f"n{number}", at=number, target=f"t{number}", severity=severity)
    assert keys(OutboxTable(db), 10, limit=3) == ["n1", "n3", "n2"]


def test_a_postponed_one_is_not_due_before_its_time_and_counts_its_attempts(db: sqlite3.Connection, write):
    outbox = OutboxTable(db)
    write("one")
    keys(outbox, 0)
    outbox.postpone("one", HOUR, "421 try later")
    assert keys(outbox, HOUR - 1) == []
    (lease,) = outbox.lease(HOUR, 10, MINUTE, {})
    assert (lease.attempts, lease.first_at) == (1, 0)
    assert outbox.waiting()[0] == 1


def test_what_was_sent_or_given_up_is_never_leased_again(db: sqlite3.Connection, write, template: Notice):
    write("one")
    write("two", target="sms")
    finish_notice(db, Delivered(5, "one", "acme-1", Target("mail"), sent=True))
    finish_notice(db, Delivered(6, "two", "acme-1", Target("sms"), sent=False, why="no such number"))
    outbox = OutboxTable(db)
    assert keys(outbox, HOUR) == []
    assert outbox.waiting() == (0, None)
    told = [(each["key"], each["state"], each["why"]) for each in read_deliveries(db, template.incident.id)]
    assert told == [("one", "sent", ""), ("two", "failed", "no such number")]


def test_a_clock_set_back_lets_nothing_wait_for_a_time_that_was_a_mistake(db: sqlite3.Connection, write):
    outbox = OutboxTable(db)
    write("one", at=80 * 365 * 24 * HOUR)
    write("two", at=80 * 365 * 24 * HOUR, target="sms")
    keys(outbox, 80 * 365 * 24 * HOUR, limit=1)
    forget_instants(db, NOON)
    assert sorted(keys(outbox, NOON)) == ["one", "two"]


def test_each_target_gets_its_next_and_one_that_is_left_alone_only_what_is_new(db: sqlite3.Connection, write, template):
    outbox = OutboxTable(db)
    for number, target in enumerate(("mail", "mail", "sms", "sms")):
        write(f"n{number}", number, target, incident=replace(template.incident, id=f"acme-{number}"))
    (lease,) = outbox.lease(9, 10, MINUTE, {Target("mail"): 1, Target("sms"): 2})
    assert lease.notice.key == "n3"
    assert keys(outbox, 9) == ["n0", "n2"]


def test_what_a_postponement_delayed_keeps_its_age(db: sqlite3.Connection, write, template: Notice):
    outbox = OutboxTable(db)
    write("old")
    write("new", 1, incident=replace(template.incident, id="acme-2"))
    assert keys(outbox, 1) == ["old"]
    outbox.postpone("old", MINUTE, "429")
    assert keys(outbox, MINUTE) == ["old"]


def test_what_a_dead_process_held_may_have_left_and_stays_doubtful_until_it_is_known(db: sqlite3.Connection, write):
    write("one")
    write("two", target="sms")
    keys(OutboxTable(db), 0, limit=1)
    restarted = OutboxTable(db)
    doubtful = {lease.notice.key: lease.doubtful for lease in restarted.lease(0, 10, MINUTE, {})}
    assert doubtful == {"one": True, "two": False}
    restarted.postpone("two", MINUTE, "no answer", doubtful=True)
    (lease,) = restarted.lease(MINUTE, 10, MINUTE, {Target("mail"): MINUTE})
    assert lease.doubtful


def test_what_a_receiver_calls_a_message_is_known_to_the_next_of_its_incident(db: sqlite3.Connection, write, template):
    write("one")
    finish_notice(db, Delivered(5, "one", template.incident.id, Target("mail"), sent=True, sent_as="C1/17.5"))
    write("two")
    write("three", target="sms")
    known = {lease.notice.key: lease.sent_as for lease in OutboxTable(db).lease(9, 10, MINUTE, {})}
    assert known == {"two": "C1/17.5", "three": ""}


def test_the_page_of_a_drill_waits_behind_whatever_is_real(db: sqlite3.Connection, template: Notice, write):
    drill = replace(template.incident, id="drill-acme-1", drill=Drill("karim", (0,)))
    write("drill", page=True, severity=Severity.WATCH, incident=drill)
    write("real", at=1, severity=Severity.WARNING, page=False)
    assert keys(OutboxTable(db), 2) == ["real"]
