import gzip
import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from buzzwatch.app.detect_stories import place
from buzzwatch.cli import app
from buzzwatch.sources.file import Chunk, read

LOST = "Three hours on the tarmac in Lisbon and nobody at Acme tells us anything"


def mention(number, text=LOST, day=5):
    return {"id": f"x:{number}", "text": text, "created_at": f"2026-01-{day:02}T08:00:00Z"}


def detect(path):
    return subprocess.run(
        [sys.executable, "-m", "buzzwatch", "detect", "stories", path], capture_output=True, text=True, check=False
    )


def test_each_mention_is_answered_in_order_with_the_first_one_of_its_story(tmp_path):
    file = tmp_path / "export.jsonl"
    rows = [mention(1), mention(2, "Lovely crew, thank you Acme for the flight"), mention(3, f"RT @lea: {LOST}")]
    file.write_text("\n".join(map(json.dumps, rows)))
    run = detect(file)
    assert (run.returncode, run.stderr) == (0, "")
    assert [json.loads(line) for line in run.stdout.splitlines()] == [
        {"id": "x:1", "story": "x:1"}, {"id": "x:2", "story": "x:2"}, {"id": "x:3", "story": "x:1"},
    ]  # fmt: skip


def test_bad_lines_are_named_by_their_numbers_and_the_others_answered(tmp_path):
    file = tmp_path / "export.jsonl"
    file.write_text("\n\n".join([json.dumps(mention(1)), "{broken", '{"id": 7}', json.dumps(mention(2))]))
    run = detect(file)
    assert run.returncode == 1
    assert [json.loads(line)["id"] for line in run.stdout.splitlines()] == ["x:1", "x:2"]
    refused = run.stderr.splitlines()
    assert [line.split(": ")[0] for line in refused] == [f"{file}:3", f"{file}:5"]
    assert "broken JSON" in refused[0]
    assert "id" in refused[1]


def test_a_file_that_is_not_there_is_said_in_words(tmp_path):
    run = detect(tmp_path / "none.jsonl")
    assert run.returncode == 1
    assert "cannot be opened" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("days", [(9, 5, 9), (5, 9, 9)])
def test_unsorted_mentions_are_taken_at_the_latest_instant_so_far(days):
    rows = [mention(number, day=day) for number, day in enumerate(days)]
    chunk = Chunk(1, "\n".join(map(json.dumps, rows)).encode(), None)
    [placed] = place([chunk], [])
    assert [each.story for each in placed][-1] == ("x:0" if days[0] == 9 else "x:1")


def test_an_id_that_comes_again_tells_the_same_story(tmp_path):
    file = tmp_path / "export.json"
    file.write_text(json.dumps([mention(1), mention(1)]))
    [placed] = place(read(file), [])
    assert [each.story for each in placed] == ["x:1", "x:1"]


FIRST, SECOND = (json.dumps(mention(number)).encode() for number in (1, 2))
BAD_FILES = {
    "broken JSON": (FIRST + b'\n{"id": "x:2", "te\n' + SECOND, 2, ["2: refused: broken JSON"]),
    "a line of a table": (b"id,text\n1,hello\n", 0, ["1: refused: broken JSON"]),
    "a wrong type": (b'{"id": 7}\n' + FIRST, 1, ["1: refused: id is 7"]),
    "a missing field": (FIRST + b'\n{"id": "x:2", "text": "y"}', 1, ["2: refused: Object missing required field"]),
    "no time zone": (FIRST.replace(b"00Z", b"00"), 0, ["1: refused: created_at is"]),
    "no object": (FIRST + b"\n[1, 2]\nnull\n", 1, ["2: refused: Expected `object`", "3: refused: Expected `object`"]),
    "bytes that are no text": (FIRST + b"\n\xff\xfe\x00{}\n" + SECOND, 2, ["2: refused: broken JSON"]),
    "nothing but bytes": (bytes(range(128, 256)) * 9, 0, ["1: refused: broken JSON"]),
    "blank lines": (b"\n\n" + FIRST + b"\n\n", 1, []),
    "nothing": (b"", 0, []),
    "an item of an array": (b"[" + FIRST + b',{"id": 3},' + SECOND + b"]", 2, ["2: refused: id is 3"]),
    "an array cut short": (b"[" + FIRST + b"," + SECOND[:-9], 0, [": no whole JSON array"]),
    "gzip cut short": (
        gzip.compress(b"\n".join(json.dumps(mention(number)).encode() for number in range(500)))[:-200],
        None,
        [", line "],
    ),
    "the same id twice": (FIRST + b"\n" + FIRST, 2, []),
}


@pytest.mark.parametrize(("content", "answered", "faults"), BAD_FILES.values(), ids=BAD_FILES)
def test_whatever_a_file_holds_faults_are_named_with_their_lines_and_the_rest_is_answered(
    tmp_path, content, answered, faults
):
    file = tmp_path / "export"
    file.write_bytes(content)
    run = CliRunner().invoke(app, ["detect", "stories", str(file)])
    assert run.exit_code == (1 if faults else 0)
    said = run.stderr.splitlines()
    assert len(said) == len(faults)
    for line, fault in zip(said, faults, strict=True):
        assert line.startswith((f"{file}:{fault}", f"{file}{fault}")), line
    assert answered in (None, len(run.stdout.splitlines()))
