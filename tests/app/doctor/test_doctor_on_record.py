"""What the doctor finds in files, database, disk, clock, and of people."""

import os

import pytest
from clinic import NOW, ONCALL, keep, levels, said, site

from buzzwatch.app.doctor import clock, database, disk, files, people
from buzzwatch.app.doctor.finding import Level, told
from buzzwatch.app.doctor.patient import Patient
from buzzwatch.model.instant import DAY, HOUR, SECOND
from buzzwatch.store.database import FILE


@pytest.mark.parametrize(
    ("name", "mode", "remedy"),
    [
        ("state/links.key", 0o640, "chmod 600"),
        (f"state/{FILE}", 0o644, "chmod o="),
        ("rules/oncall.yaml", 0o666, "chmod o-w"),
        ("buzzwatch.yaml", 0o646, "chmod o-w"),
    ],
)
def test_what_is_open_to_those_whom_it_is_not_for_is_told_with_the_command(patient, name, mode, remedy):
    keep(patient).close()
    assert patient.state is not None
    assert patient.file is not None
    patient.state.chmod(0o755)
    for path in (patient.state, *patient.state.iterdir()):
        path.chmod(0o750 if path.is_dir() else 0o640)
    (patient.state / "links.key").touch(0o600)
    (patient.state / "links.key").chmod(0o600)
    patient.file.chmod(0o644)
    assert levels(files.check_modes(patient)) == {Level.FINE}
    patient.state.chmod(0o755)
    path = patient.file.parent / name
    path.chmod(mode)
    found = [each for each in files.check_modes(patient) if str(path) in told(each.said, "en")]
    assert [each.level for each in found] == [Level.WRONG]
    assert told(found[0].remedy, "en") == f"{remedy} {path}"


def test_a_database_that_is_damaged_is_wrong(patient):
    db = keep(patient)
    db.execute("INSERT INTO refused (seen_at, source, reason, head) SELECT 1, 'a', 'b', zeroblob(200000)")
    db.close()
    assert patient.state is not None
    path = patient.state / FILE
    raw = bytearray(path.read_bytes())
    raw[8192:12_000] = os.urandom(3808)
    path.write_bytes(raw)
    (found, *_) = database.check_database(patient)
    assert found.level is Level.WRONG
    assert "the database is damaged" in told(found.said, "en")


def test_a_look_through_the_database_is_bounded_and_shows_how_far_it_is(patient, monkeypatch):
    keep(patient).close()
    shown: list[float] = []
    patient.progress = shown.append
    monkeypatch.setattr(database, "_STEPS", 1)
    monkeypatch.setattr(database, "_LONGEST_LOOK_S", -1.0)
    (found, *_) = database.check_database(patient)
    assert found.level is Level.ASIDE
    assert "PRAGMA quick_check" in told(found.remedy, "en")
    assert shown
    assert all(0 <= each < 1 for each in shown)


def test_an_old_copy_is_told_when_nobody_goes_back_to_it(patient):
    keep(patient).close()
    assert patient.state is not None
    copy = patient.state / f"{FILE}.before-0013"
    copy.write_bytes(b"x")
    os.utime(copy, (NOW / SECOND, NOW / SECOND))
    assert levels(database.check_old_copies(patient)) == {Level.FINE}
    patient.now = NOW + 40 * DAY
    (found,) = database.check_old_copies(patient)
    assert (found.level, told(found.remedy, "en")) == (Level.WARNING, f"rm {copy}")


def test_a_state_from_before_a_restore_is_told_and_after_a_month_to_be_removed(patient):
    aside = patient.state / "before-restore-20260301T000000000000Z"
    aside.mkdir(parents=True)
    (aside / FILE).write_bytes(bytes(2_000_000))
    os.utime(aside, (NOW / SECOND, NOW / SECOND))
    (found,) = database.check_old_copies(patient)
    assert found.level is Level.FINE
    assert "2.0 MB" in told(found.said, "en") or "2 MB" in told(found.said, "en")
    patient.now = NOW + 40 * DAY
    (found,) = database.check_old_copies(patient)
    assert (found.level, told(found.remedy, "en")) == (Level.WARNING, f"rm -r {aside}")


@pytest.mark.parametrize(
    ("off", "level", "words"),
    [
        (-10 * 365 * DAY, Level.WRONG, "behind the last instant on record"),
        (-DAY, Level.WRONG, "1 d behind"),
        (10 * 365 * DAY, Level.WARNING, "runs ahead, or nobody has watched"),
    ],
)
def test_a_clock_that_disagrees_with_the_record_is_told(patient, monkeypatch, off, level, words):
    db = keep(patient)
    db.execute("UPDATE position SET seq = 1, now = ?", (NOW,))
    db.close()
    monkeypatch.setattr(clock, "is_kept", lambda: True)
    assert levels(clock.check_clock(patient)) == {Level.FINE}
    patient.now = NOW + off
    found = [each for each in clock.check_clock(patient) if each.level is not Level.FINE]
    assert [each.level for each in found] == [level]
    assert words in told(found[0].said, "en")


def test_a_full_disk_is_wrong_and_one_that_fills_is_foretold(patient, monkeypatch):
    db = keep(patient)
    rows = ((seq, NOW - 8 * DAY + seq * HOUR) for seq in range(1, 190))
    db.executemany("INSERT INTO journal (seq, kind, seen_at, body) VALUES (?, 'gap', ?, zeroblob(4000))", rows)
    assert disk._seq_at(db, NOW - 7 * DAY, 1, 189) == 23
    db.close()
    told_by = os.statvfs("/")

    def statvfs(_path):
        return os.statvfs_result((4096, 4096, 1_000, 10, free, 1_000, 900, 900, told_by[8], 255))

    monkeypatch.setattr(disk.os, "statvfs", statvfs)
    free = 10
    first, second = disk.check_room(patient)
    assert first.level is Level.WRONG
    assert "41 kB free of 4.1 MB" in told(first.said, "en")
    assert "41 ko libres sur 4,1 Mo" in told(first.said, "fr")
    assert second.level is Level.WARNING
    free = 900
    assert next(disk.check_room(patient)).level is Level.FINE


def test_people_who_can_be_reached_in_one_way_or_not_at_all_are_named(patient):
    text = said(people.check_reach(patient))
    assert "reached by one means alone: karim" in text
    assert "nobody knows which means wake people" in text
    assert levels(people.check_rota(patient)) == {Level.FINE}


def test_a_gap_of_the_rota_is_wrong_where_nobody_is_called(tmp_path, monkeypatch):
    monkeypatch.setattr("buzzwatch.app.doctor.patient.ask_systemd", lambda: None)
    ends = ONCALL.replace("starts: 2026-11-23", "starts: 2026-11-23, ends: 2026-12-01")
    for oncall, level in ((ends, Level.WRONG), (ends.replace("ends:", "fallback: karim, ends:"), Level.WARNING)):
        folder = tmp_path / level
        folder.mkdir()
        (found,) = people.check_rota(Patient(site(folder, oncall=oncall), NOW, environment={}))
        assert found.level is level


def test_what_was_delivered_last_and_the_last_drill_are_told_from_the_record(patient):
    db = keep(patient)
    db.execute(
        "INSERT INTO outbox (key, incident, target, severity, state, written_at, due_at, done_at, body) "
        "VALUES ('k', 'i', 'ines/sms', 1, 'sent', 0, 0, ?, '')",
        (NOW - 3 * HOUR,),
    )
    db.close()
    assert "last message to ines/sms: 3 h ago" in said(people.check_delivered(patient))
    assert "no drill is on record" in said(people.check_drill(patient))
