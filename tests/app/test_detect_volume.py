"""`detect volume` judges counts as the daemon judges mentions, and says what is wrong with a file."""

import csv
import json
import random
from datetime import datetime
from math import cos, pi
from pathlib import Path

import pytest
from stage import MONDAY, Scene, sighting
from typer.testing import CliRunner

from buzzwatch.app.detect_volume import judge
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.cli import app
from buzzwatch.model.incident import ChangeKind
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, moment_of
from buzzwatch.sources.file import FileFaultError

LABELLED = Path(__file__).parents[3] / "shared" / "bench" / "data" / "volume"
RULES = """
brand: acme
match: {any: [acme]}
rules: [{name: loud, severity: warning, when: {volume: {unusual: true}}, budget: 1 per week}]
"""
WEEKLY = 1 / 7
ROW = 5 * MINUTE
BURSTS = {9 * DAY + 10 * HOUR: 25, 13 * DAY + 3 * HOUR: 12, 17 * DAY + 20 * HOUR: 60}
"""Rows after which so many more mentions come, for an hour and a half."""


def counts(days=20, per_row=4.0, bursts=BURSTS):
    """Every row holds a mention at least."""
    dice = random.Random(11)
    for row in range(days * 288):
        after = row * ROW
        usual = per_row * (1 - 0.5 * cos(2 * pi * (after % DAY) / DAY))
        more = sum(extra for since, extra in bursts.items() if 0 <= after - since < 90 * MINUTE)
        yield max(1, round(dice.gauss(usual + more, (usual + more) ** 0.5)))


def written(path, rows, step=ROW):
    lines = [f"{moment_of(MONDAY + number * step):%Y-%m-%d %H:%M:%S},{count}" for number, count in enumerate(rows)]
    path.write_text("\n".join(["timestamp,value", *lines]) + "\n")
    return path


def judged(path, rate=WEEKLY):
    return list(csv.DictReader(judge(path, rate)))


def rung(rows):
    return [row["timestamp"] for row in rows if row["alarm"] == "1"]


def test_the_daemon_rings_at_the_same_rows_under_the_same_budget(tmp_path):
    alarms = rung(judged(written(tmp_path / "acme.csv", counts())))
    scene = Scene(MONDAY, compile_rules({"acme.yaml": RULES}), "nobody")
    for row, count in enumerate(counts()):
        since = MONDAY + row * ROW
        minutes = [since + number % 5 * MINUTE for number in range(count)]
        told_at = since + ROW - SECOND - 1
        scene.tell(
            *(sighting(told_at, f"m{row}-{n}", posted_at=at, negativity=0.0) for n, at in enumerate(sorted(minutes)))
        )
    opened = [change for change in scene.changes if change.kind in {ChangeKind.OPENED, ChangeKind.REOPENED}]
    assert len(alarms) >= 3
    assert [f"{moment_of(change.at - ROW + SECOND):%Y-%m-%d %H:%M:%S}" for change in opened] == alarms


def test_every_burst_rings_within_its_hour_and_little_else_does(tmp_path):
    alarms = [datetime.fromisoformat(text) for text in rung(judged(written(tmp_path / "acme.csv", counts())))]
    begins = [moment_of(MONDAY + since).replace(tzinfo=None) for since in BURSTS]
    hits = [[at for at in alarms if 0 <= (at - begin).total_seconds() < 3_600] for begin in begins]
    assert all(len(hit) == 1 for hit in hits)
    assert len(alarms) <= len(begins) + 3


def test_a_larger_budget_rings_sooner_and_leaves_the_scores_alone(tmp_path):
    path = written(tmp_path / "acme.csv", counts())
    rare, often = judged(path, 1 / 56), judged(path, 1.0)
    assert all(sooner < later for sooner, later in zip(rung(often), rung(rare), strict=True))
    assert [row["score"] for row in rare] == [row["score"] for row in often]


def test_no_row_knows_of_a_later_one(tmp_path):
    whole = judged(written(tmp_path / "whole.csv", counts()))
    part = judged(written(tmp_path / "part.csv", list(counts())[:4_000]))
    assert whole[:4_000] == part


def test_the_rows_come_back_as_they_were_written(tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text(
        "source,value,timestamp\nx,3,2026-03-02T00:00:00Z\n\nx,4.0,2026-03-02T01:05:00+01:00\nx,0,2026-03-02 00:10:00\n"
    )
    assert [(row["timestamp"], row["value"]) for row in judged(path)] == [
        ("2026-03-02T00:00:00Z", "3"), ("2026-03-02T01:05:00+01:00", "4.0"), ("2026-03-02 00:10:00", "0"),
    ]  # fmt: skip


@pytest.mark.parametrize("rows", [[], [7]])
def test_a_file_too_short_to_say_anything_rings_nothing(tmp_path, rows):
    assert rung(judged(written(tmp_path / "short.csv", rows))) == []


def test_zeros_alone_score_zero(tmp_path):
    assert {row["score"] for row in judged(written(tmp_path / "zero.csv", [0] * 3_000))} == {"0.0000"}


def test_hourly_counts_are_judged_too(tmp_path):
    rows = [50] * 400 + [600] + [50] * 20
    alarms = rung(judged(written(tmp_path / "hours.csv", rows, HOUR)))
    assert alarms == [f"{moment_of(MONDAY + 400 * HOUR):%Y-%m-%d %H:%M:%S}"]


def test_rows_that_are_missing_teach_nothing_and_rows_of_zero_do(tmp_path):
    lines = written(tmp_path / "all.csv", [6] * 288 * 12).read_text().splitlines()
    gap = slice(1 + 288 * 7, 1 + 288 * 10)
    silent = [f"{line.split(',')[0]},0" for line in lines[gap]]
    expected = {}
    for name, middle in (("missing", []), ("zero", silent)):
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join([*lines[: gap.start], *middle, *lines[gap.stop :]]))
        expected[name] = float(judged(path)[-1]["expected"])
    assert expected["missing"] == pytest.approx(6, rel=0.1)
    assert expected["zero"] < 0.9 * expected["missing"]


def test_rows_of_one_instant_are_added_up(tmp_path):
    text = written(tmp_path / "one.csv", counts(bursts={})).read_text()
    twice = "".join(f"{line}\n{line}\n" if line[0] == "2" else f"{line}\n" for line in text.splitlines())
    (tmp_path / "two.csv").write_text(twice)
    one, two = judged(tmp_path / "one.csv"), judged(tmp_path / "two.csv")
    assert float(two[-1]["expected"]) == pytest.approx(2 * float(one[-1]["expected"]), rel=0.02)


def test_two_distances_in_one_file_are_a_fault(tmp_path):
    path = written(tmp_path / "odd.csv", [3] * 20, HOUR)
    fine = written(tmp_path / "fine.csv", [3] * 20).read_text().replace("2026-03-02", "2026-03-04").splitlines()[1:]
    path.write_text("\n".join([*path.read_text().splitlines(), *fine[:8]]) + "\n")
    with pytest.raises(FileFaultError, match="line 23: 5 minutes after the row above, where most rows are 60 apart"):
        list(judge(path, WEEKLY))


@pytest.mark.parametrize(
    ("mark", "ends"), [("", "\r\n"), ("\ufeff", "\n"), ("\ufeff", "\r\n")], ids=["CRLF", "mark", "both"]
)
def test_a_byte_order_mark_and_other_line_ends_change_nothing(tmp_path, mark, ends):
    plain = written(tmp_path / "plain.csv", list(counts())[:600])
    other = tmp_path / "other.csv"
    other.write_bytes((mark + plain.read_text().replace("\n", ends)).encode())
    assert judged(other) == judged(plain)


def test_rows_that_come_some_seconds_early_or_late_are_judged_alike(tmp_path):
    plain, late = written(tmp_path / "plain.csv", list(counts())[:600]), tmp_path / "late.csv"
    lines = [
        f"{line.split(',')[0][:-2]}{number * 7 % 50:02},{line.split(',')[1]}" if number else line
        for number, line in enumerate(plain.read_text().splitlines())
    ]
    late.write_text("\n".join(lines))
    assert [row["expected"] for row in judged(late)] == [row["expected"] for row in judged(plain)]


def test_the_largest_counts_are_judged(tmp_path):
    rows = judged(written(tmp_path / "most.csv", [1_000_000_000] * 2_000, MINUTE))
    assert float(rows[-1]["expected"]) == pytest.approx(1e9, rel=0.05)


def test_the_last_years_of_the_calendar_are_judged(tmp_path):
    path = tmp_path / "late.csv"
    path.write_text("timestamp,value\n9999-12-31 23:50:00,5\n9999-12-31 23:55:00,5\n")
    assert len(judged(path)) == 2


def test_a_directory_or_nothing_at_all_is_named(tmp_path):
    for path in (tmp_path, tmp_path / "missing.csv"):
        with pytest.raises(FileFaultError, match="cannot be read"):
            list(judge(path, WEEKLY))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "line 1: the columns are missing: write timestamp,value"),
        ("time,count\n", "line 1: the columns are time,count: write timestamp,value"),
        ("timestamp;value\n2026-03-02;1\n", "line 1: the columns are timestamp;value: write timestamp,value"),
        ("timestamp,value\n2026-03-02,1\nyesterday,1\n", "line 3: 'yesterday' is no time since 1970"),
        ("timestamp,value\n1772409600,1\n", "line 2: '1772409600' is no time"),
        ("timestamp,value\n02/03/2026 00:00,1\n", "line 2: '02/03/2026 00:00' is no time"),
        ("timestamp,value\n0001-01-01T00:00:00+01:00,1\n", "line 2: '0001-01-01T00:00:00+01:00' is no time"),
        ("timestamp,value\n\0\0,1\n", "line 2: '\\x00\\x00' is no time"),
        (f"timestamp,value\n{'9' * 500},1\n", f"line 2: '{'9' * 40}…' is no time"),
        (f"timestamp,value\n2026-03-02,{'9' * 200_000}\n", "line 2: this is no CSV"),
        ("timestamp,value\n2026-03-02,inf\n", "line 2: 'inf' is not a number of mentions"),
        ("timestamp,value\n2026-03-02,1e999\n", "line 2: '1e999' is not a number of mentions"),
        ("timestamp,value\n2026-03-02,1_000\n", "line 2: '1_000' is not a number of mentions"),
        ("timestamp,value\n2026-03-02,1000000001\n", "line 2: '1000000001' is not a number of mentions: write a whole"),
        ("timestamp,value\n" + 3 * "2026-03-02,500000000\n", "line 4: '500000000' is not a number of mentions"),
        (
            "timestamp,value\n2026-03-02T01:00:00+02:00,1\n2026-03-02T00:59:00+03:00,1\n",
            "line 3: 2026-03-02T00:59:00+03:00 comes before the line above",
        ),
        ("timestamp,value\n2026-03-02,many\n", "line 2: 'many' is not a number of mentions"),
        ("timestamp,value\n2026-03-02,\n", "line 2: '' is not a number of mentions"),
        ("timestamp,value\n2026-03-02,-1\n", "line 2: '-1' is not a number of mentions"),
        ("timestamp,value\n2026-03-02,1.5\n", "line 2: '1.5' is not a number of mentions"),
        ("timestamp,value\n2026-03-02,nan\n", "line 2: 'nan' is not a number of mentions"),
        ("timestamp,value\n2026-03-02\n", "line 2: 1 columns where line 1 has 2"),
        ("timestamp,value\n2026-03-02 00:05,1\n\n2026-03-02 00:00,1\n", "line 4: 2026-03-02 00:00 comes before"),
        ("timestamp,value\n2026-03-02 00:00:00,1\n2026-03-02 00:00:30,1\n", "rows are 0.5 minutes apart"),
        ("timestamp,value\n2026-03-02,1\n2026-03-03,1\n", "rows are 1440 minutes apart: from 1 minute to 12 hours"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line(tmp_path, text, fault):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(FileFaultError) as raised:
        list(judge(path, WEEKLY))
    assert str(raised.value).startswith(str(path))
    assert fault in str(raised.value)


def test_a_file_that_is_no_text_is_named(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_bytes(b"timestamp,value\n\xff\xfe\n")
    with pytest.raises(FileFaultError, match="cannot be read"):
        list(judge(path, WEEKLY))


def test_the_command_prints_the_rows_and_refuses_another_budget(tmp_path):
    path = written(tmp_path / "acme.csv", [3, 4])
    printed = CliRunner().invoke(app, ["detect", "volume", str(path), "--budget", "1 per 2 weeks"])
    assert printed.stdout.splitlines()[0] == "timestamp,value,expected,score,alarm"
    assert len(printed.stdout.splitlines()) == 3
    refused = CliRunner().invoke(app, ["detect", "volume", str(path), "--budget", "sometimes"])
    assert refused.exit_code == 1
    assert "'sometimes' is not a budget of false alarms" in refused.stderr


@pytest.mark.shared
@pytest.mark.skipif(not LABELLED.exists(), reason="the measuring data is not beside the checkout")
def test_labelled_bursts_of_real_brands_ring_and_little_else_does():
    windows = json.loads((LABELLED / "combined_windows.json").read_text())
    found = false = weeks = 0
    for path in LABELLED.glob("*.csv"):
        rows = judged(path, 1 / 28)
        probation = rows[750]["timestamp"]
        alarms = [at for at in rung(rows) if at >= probation]
        spans = next(spans for name, spans in windows.items() if name.endswith(path.name))
        hits = [[at for at in alarms if since <= at <= until] for since, until in spans]
        found += sum(map(bool, hits))
        false += len(alarms) - sum(map(len, hits))
        weeks += (len(rows) - 750) / 288 / 7
    assert found >= 14
    assert false <= 0.3 * weeks
