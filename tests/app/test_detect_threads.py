"""`detect threads` judges conversations as the daemon does, and says what is wrong with a file."""

import json
import random
from math import isfinite

import pytest
from typer.testing import CliRunner

from buzzwatch.app.detect_threads import judge
from buzzwatch.cli import app
from buzzwatch.detect.thread import Escalation
from buzzwatch.model.instant import DAY, HOUR, SECOND
from buzzwatch.model.mention import Kind, Sighting
from buzzwatch.sources.file import FileFaultError
from buzzwatch.threads.tracker import Tracker

BEGIN = 1_767_571_200
QUARTER = 250 / 1_000
SMALL, BIG = 12, 300


def conversations(number, seed=3):
    """One an hour, of a few mentions within two hours; each tenth is big."""
    dice = random.Random(seed)
    for root in range(number):
        size = BIG if root % 10 == 9 else 1 + int(dice.expovariate(1 / SMALL))
        since = BEGIN + root * HOUR / SECOND
        yield from ((since + dice.uniform(0, 7_200), f"t{root}") for _ in range(size))


def written(path, events):
    path.write_text("".join(json.dumps({"thread": thread, "at": at}) + "\n" for at, thread in sorted(events)))
    return path


def judged(path, budget="50 per 1000 threads"):
    return [json.loads(line) for line in judge(path, budget)]


def rung(rows):
    return [row["thread"] for row in rows if row["alarm"]]


def test_every_event_is_answered_in_order_and_every_thread_alarmed_once_at_most(tmp_path):
    events = list(conversations(400))
    rows = judged(written(tmp_path / "events.jsonl", events))
    assert [row["thread"] for row in rows] == [thread for _, thread in sorted(events)]
    assert all(isfinite(row["score"]) and isfinite(row["forecast"]) for row in rows)
    alarmed = rung(rows)
    assert len(set(alarmed)) == len(alarmed) > 0


def test_about_the_budgeted_part_of_ordinary_threads_rings_and_nearly_all_big_ones(tmp_path):
    path = written(tmp_path / "events.jsonl", conversations(2_000))
    for share, budget in ((0.05, "50 per 1000 threads"), (QUARTER, "1 per 4 threads")):
        later = {int(thread[1:]) for thread in rung(judged(path, budget)) if int(thread[1:]) >= 1_000}
        big = {number for number in later if number % 10 == 9}
        assert len(big) >= 95
        assert len(later - big) / 900 == pytest.approx(share, rel=0.4)


def test_what_comes_later_in_the_file_changes_nothing_before_it(tmp_path):
    events = sorted(conversations(300))
    whole = judged(written(tmp_path / "whole.jsonl", events))
    part = judged(written(tmp_path / "part.jsonl", events[: len(events) // 2]))
    assert whole[: len(part)] == part


def test_the_daemon_gives_the_same_scores_under_a_budget_of_its_own(tmp_path):
    events = sorted(conversations(200))
    rows = judged(written(tmp_path / "events.jsonl", events), "1 per day")
    tracker, alarmed = Tracker(Escalation()), []
    for (at, thread), row in zip(events, rows, strict=True):
        now = int(at * SECOND)
        slot = tracker.count(
            Sighting(now, now, thread, "acme", "x", thread, None, Kind.POST, 0, None, False, 0.5, "s", "en", 0)
        )
        assert tracker.score(slot, now) == row["score"]
        if thread not in alarmed and row["score"] >= tracker.thread_ceiling("acme", 1.0):
            alarmed.append(thread)
    assert rung(rows) == alarmed != []


def test_an_event_older_than_the_one_before_it_is_late(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text('{"thread": "a", "at": 90000}\n\n{"thread": "a", "at": 3600}\n')
    rows = judged(path)
    assert len(rows) == 2
    assert rows[1]["score"] < 1


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{", "truncated"),
        ("[]", "Expected `object`"),
        ('{"thread": "a"}', "`at`"),
        ('{"at": 1}', "`thread`"),
        ('{"thread": "", "at": 1}', "length >= 1"),
        ('{"thread": "a", "at": "noon"}', "Expected `float`, got `str`"),
        ('{"thread": "a", "at": -1}', ">= 0"),
        ('{"thread": "a", "at": 1e99}', "<= "),
        ('{"thread": "a", "at": NaN}', "malformed"),
        ('{"thread": "a", "at": 1e400}', "out of range"),
        ('{"thread": "a", "at": true}', "got `bool`"),
        ('{"thread": 5, "at": 1}', "got `int`"),
        ("null", "got `null`"),
        ('{"thread": "a", "at": 1}{"thread": "a", "at": 1}', "trailing characters"),
        ('{"thread": "a", "at"', "truncated"),
        pytest.param(f'{{"thread": "{"x" * 1_000_000}", "at": 1}}', "length <= 500", id="a megabyte of thread"),
        pytest.param(f'{{"at": 1, "x": {"[" * 50_000}', "recursion", id="nested deeply"),
        ("\x00\x01\x02", "malformed"),
    ],
)
def test_a_line_that_is_no_event_is_named_with_its_number(tmp_path, line, fault):
    path = tmp_path / "events.jsonl"
    path.write_text('{"thread": "a", "at": 1}\n' + line + "\n")
    told = CliRunner().invoke(app, ["detect", "threads", str(path)])
    assert told.exit_code == 1
    assert f"{path}, line 2: " in told.stderr
    assert fault in told.stderr
    assert 'write {"thread"' in told.stderr


def test_a_byte_order_mark_empty_lines_and_crlf_are_passed_over(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"thread": "a", "at": 1}\r\n\r\n  \n{"thread": "a", "at": 2, "more": []}')
    assert [row["thread"] for row in judged(path)] == ["a", "a"]


def test_an_empty_file_has_no_answers(tmp_path):
    path = tmp_path / "events.jsonl"
    for nothing in (b"", b"\n\n", b"\xef\xbb\xbf"):
        path.write_bytes(nothing)
        assert judged(path) == []


def test_the_same_line_twice_is_two_mentions(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text('{"thread": "a", "at": 0}\n' * 2 + '{"thread": "a", "at": 90000}\n')
    rows = judged(path)
    assert rows[1]["score"] > rows[0]["score"] == 0


def test_text_that_is_not_utf_8_is_named_with_its_line(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"thread": "\xff", "at": 1}\n')
    with pytest.raises(FileFaultError, match="line 1: "):
        judged(path)


@pytest.mark.parametrize("budget", ["50", "0 per 1000 threads", "50 per 50 threads", "1 per fortnight", ""])
def test_a_budget_that_is_none_is_refused_with_an_example(tmp_path, budget):
    path = written(tmp_path / "events.jsonl", [(BEGIN, "a")])
    with pytest.raises(FileFaultError, match="50 per 1000 threads"):
        judged(path, budget)


def test_a_file_that_is_not_there_is_named(tmp_path):
    told = CliRunner().invoke(app, ["detect", "threads", str(tmp_path / "none.jsonl")])
    assert told.exit_code == 1
    assert "none.jsonl: cannot be read" in told.stderr


def test_a_conversation_that_wakes_up_is_not_a_new_one(tmp_path):
    naps = [(BEGIN + nap * 10 * DAY / SECOND, "a") for nap in range(4)]
    rows = judged(written(tmp_path / "events.jsonl", naps))
    assert rows[-1]["forecast"] >= 4
