"""`buzzwatch score`: texts in, negativity out, one answer for each question that is one."""

import gzip
import json
import os
import pty
import subprocess
import sys
import tty

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from buzzwatch.app.score import MOST_CAUSES, Judge, Question, one_text, read_questions
from buzzwatch.cli import app
from buzzwatch.ingest.decode import MAX_TEXT, decode
from buzzwatch.ingest.scorer import load
from buzzwatch.ingest.scorer.protocol import Cause
from buzzwatch.sources.file import Chunk

COMMAND = [sys.executable, "-m", "buzzwatch", "score"]
ANGRY = "Trois heures de retard, aucune réponse, c'est une honte"
ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202ehonte\r\n"


class Parrot:
    """A scorer that is told its answers."""

    name = "parrot@1"

    def __init__(self, *causes):
        self.causes = causes
        self.heard = []

    def score(self, text, lang):
        self.heard.append((text, lang))
        return 0.51234567

    def knows(self, lang):
        return lang == "fr"

    def why(self, _text, _lang):
        return self.causes


class Mute:
    """A scorer that cannot say why."""

    name = "mute@1"

    def score(self, _text, _lang):
        return 0.5


def score(*words):
    run = CliRunner().invoke(app, ["score", *map(str, words)])
    return run.exit_code, run.stdout, run.stderr


@pytest.fixture
def answers(tmp_path):
    """What the command answers to a file of these rows, of which it refuses none."""

    def ask(*rows, arguments=()):
        file = tmp_path / "texts.jsonl"
        file.write_text("\n".join(map(json.dumps, rows)))
        status, printed, complaints = score(file, *arguments)
        assert (status, complaints) == (0, "")
        return [json.loads(line) for line in printed.splitlines()]

    return ask


def test_each_text_is_answered_in_order_with_what_scored_it(answers):
    rows = [{"id": "a", "text": ANGRY, "lang": "fr"}, {"id": "b", "text": "Merci, vol parfait", "lang": "fr-CA"}]
    first, second = answers(*rows)
    assert first == {"id": "a", "negativity": first["negativity"], "lang": "fr", "scorer": load().name}
    assert second["id"] == "b"
    assert second["negativity"] < 0.5 < first["negativity"]


def test_a_language_that_is_not_told_is_guessed_from_the_words(answers):
    told = answers({"id": 1, "text": "Je ne sais pas ce que vous faites"}, {"id": 2, "text": "What is this and why"})
    assert [answer["lang"] for answer in told] == ["fr", "en"]


def test_an_unknown_language_falls_back_and_says_so(answers):
    (said,) = answers({"id": 1, "text": "Hver er munurinn", "lang": "is"})
    assert (said["lang"], said["fallback"]) == ("is", True)


def test_what_is_taken_for_the_language_may_be_told_for_the_whole_file(answers):
    said = answers({"id": 1, "text": "ok"}, {"id": 2, "text": "ok", "lang": "en"}, arguments=("--lang", "fr"))
    assert [answer["lang"] for answer in said] == ["fr", "en"]


def test_a_mention_is_judged_as_the_daemon_reads_it():
    parrot = Parrot()
    mention = {"id": "x:1", "text": "corps", "title": "Titre", "lang": "fr", "created_at": "2026-01-05T08:00:00Z",
               "author": {"id": "7"}, "engagement": {"likes": 3}}  # fmt: skip
    chunk = Chunk(1, json.dumps(mention).encode(), None)
    [questions] = read_questions([chunk], pytest.fail, lambda _: None)
    (answer,) = map(Judge(parrot).answer, questions)
    assert parrot.heard == [("Titre\ncorps", "fr")]
    assert answer.negativity == 0.512346
    assert not answer.fallback


def test_a_title_is_cut_as_the_daemon_cuts_it_however_long_it_is():
    told = {"id": "x:1", "text": "Acme", "title": "t" * (MAX_TEXT + 1), "created_at": "2026-01-05T08:00:00Z"}
    [(_, mention)] = decode(json.dumps(told).encode()).mentions
    [[question]] = read_questions([Chunk(1, json.dumps(told).encode(), None)], pytest.fail, lambda _: None)
    assert question.whole == mention.whole


@given(
    st.lists(
        st.binary() | st.builds(lambda text: json.dumps({"id": "1", "text": text}).encode(), st.text()), max_size=5
    )
)
@example([b"[", b"]"])
@example([b"\xef\xbb\xbf", b"\xef\xbb\xbf{}"])
@example([b"", b"\xef\xbb\xbf"])
def test_whatever_a_line_holds_it_is_answered_or_refused_with_its_number(lines):
    refused = {}
    payload = b"\n".join(line.replace(b"\n", b" ") for line in lines)
    [questions] = read_questions([Chunk(7, payload, None)], refused.setdefault, lambda _: None)
    asked = [number for number, line in enumerate(lines, 7) if line.removeprefix(b"\xef\xbb\xbf").strip()]
    assert len(questions) + len(refused) == len(asked)
    assert set(refused) <= set(asked)


def test_what_its_author_took_back_is_not_read():
    parrot = Parrot()
    answer = Judge(parrot).answer(Question("x:1", "secret", deleted=True))
    assert (answer.negativity, parrot.heard) == (0.0, [])


def test_bad_lines_are_named_and_their_good_neighbours_answered(tmp_path):
    file = tmp_path / "texts.jsonl"
    lines = [
        b'{"id": "1", "text": "ok"}', b"", b"{broken", b'{"id": "2"}', b'{"id": "3", "text": null}', b"[1, 2]",
        b'{"id": [], "text": "ok"}', b'{"id": "", "text": "ok"}', b'{"id": "4", "text": "caf\xe9"}',
        b'{"id": 1e400, "text": ""}', b'{"id": 9' + b"9" * 5_000 + b', "text": ""}', b"7", b'"text"',
        b'{"id": "5", "text": "' + b"x" * 10 + b'", "a": ' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"id": "6", "text": "ok"}\r',
    ]  # fmt: skip
    file.write_bytes(b"\n".join(lines))
    status, printed, complaints = score(str(file))
    assert status == 1
    assert [json.loads(line)["id"] for line in printed.splitlines()] == ["1", "6"]
    refused = complaints.splitlines()
    assert [line.split(": ")[0] for line in refused] == [f"{file}:{number}" for number in range(3, 15)]
    for number, words in {
        0: "broken JSON",
        1: "`text`",
        2: "text is null",
        6: "not UTF-8",
        11: "nested deeper",
    }.items():
        assert words in refused[number]
    assert all(line.isprintable() and len(line) < 500 for line in refused)


def test_odd_but_whole_texts_are_answered(answers):
    rows = [
        {"id": "empty", "text": ""}, {"id": "nul", "text": "a\0b"}, {"id": "half", "text": "\ud83d"},
        {"id": "half id \ud83d", "text": "a"}, {"id": "huge", "text": "nul " * 500_000},
        {"id": 7, "text": "x", "lang": ""},
        {"id": "deep", "text": "[" * 40}, {"id": "where", "text": "x", "lang": "klingon-\x1b"},
    ]  # fmt: skip
    said = answers(*rows)
    assert [answer["id"] for answer in said if answer["id"] != "half id \ufffd"] == [
        row["id"] for row in rows if row["id"] != "half id \ud83d"
    ]
    assert all(0 <= answer["negativity"] <= 1 for answer in said)


def test_a_line_of_many_megabytes_is_named_and_its_neighbours_answered(tmp_path):
    file = tmp_path / "texts.jsonl"
    good = b'{"id": "1", "text": "ok"}\n'
    file.write_bytes(good * 3_000 + b'{"id": "2", "text": "' + b"x" * 9_000_000 + b'"}\n' + good * 2)
    status, printed, complaints = score(file)
    assert status == 1
    assert len(printed.splitlines()) == 3_002
    assert complaints.startswith(f"{file}:3001: refused: over 8388608 bytes")


def test_a_gzipped_file_and_an_array_are_read_as_well(tmp_path):
    file = tmp_path / "texts.json.gz"
    file.write_bytes(gzip.compress(b'\xef\xbb\xbf[{"id": 1, "text": "ok"},\n {"id": 2}, {"id": 3, "text": "ok"}]'))
    status, printed, complaints = score(str(file))
    assert status == 1
    assert [json.loads(line)["id"] for line in printed.splitlines()] == [1, 3]
    assert complaints.startswith(f"{file}:2: refused")


def test_a_byte_order_mark_is_no_fault(tmp_path):
    file = tmp_path / "texts.jsonl"
    file.write_text('\ufeff{"id": 1, "text": "ok"}\n')
    assert score(file)[::2] == (0, "")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["none.jsonl"], "cannot be opened"),
        (["--lang", "français"], "names no language"),
        (["a.jsonl", "--text", "b"], "not both"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(words, complaint):
    status, printed, complaints = score(*words)
    assert (status, printed) == (1, "")
    assert complaint in complaints
    assert "Traceback" not in complaints


def test_in_a_pipe_each_line_is_answered_as_it_comes():
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        for number in range(3):
            run.stdin.write(json.dumps({"id": number, "text": "ok"}).encode() + b"\n")
            run.stdin.flush()
            assert json.loads(run.stdout.readline())["id"] == number
        run.stdin.close()
        assert run.wait() == 0


def test_answers_go_where_they_were_sent_while_a_terminal_shows_the_progress(tmp_path):
    file, out = tmp_path / "texts.jsonl", tmp_path / "out"
    file.write_text('{"id": 1, "text": "ok"}\n{broken\n')
    terminal, theirs = pty.openpty()
    tty.setraw(theirs)
    with out.open("wb") as answered:
        run = subprocess.run(
            [*COMMAND, file], stdout=answered, stderr=theirs, env=os.environ | {"TERM": "xterm"}, check=False
        )
    shown = os.read(terminal, 100_000).decode()
    os.close(terminal)
    os.close(theirs)
    assert run.returncode == 1
    assert len(out.read_text().splitlines()) == 1
    assert "texts.jsonl" in shown
    assert ":2: refused" in shown.replace("\n", "")


def test_the_words_that_weighed_most_are_shown_with_their_direction():
    causes = (Cause("honte", 1.5), Cause("nul", 0.75), Cause("merci", -0.3))
    shown = Judge(Parrot(*causes), lang="fr", explains=True).as_text(one_text(ANGRY)).decode()
    assert shown.splitlines() == [
        f"text: “{ANGRY}”",
        "  51% negative · French · parrot@1",
        "  what weighed most (▲ more negative, ▼ less):",
        f"  ▲ honte  {'█' * 20}",
        f"  ▲ nul    {'█' * 10}",
        f"  ▼ merci  {'█' * 4}",
    ]


def test_hostile_text_has_no_power_over_the_terminal():
    judge = Judge(Parrot(Cause(ESCAPES, 1.0), Cause("\x1b", 0.5)), explains=True)
    shown = judge.as_text([Question(f"x{ESCAPES}", ESCAPES * 1_000, lang="fr")]).decode()
    assert all(line.isprintable() for line in shown.splitlines())
    assert "\u202e" not in shown
    assert all(len(line) < 300 for line in shown.splitlines())
    assert shown.count("▲") == 2  # the legend and the one cause that has letters


@given(st.text() | st.text(st.characters(categories=["C", "Z"])), st.text(max_size=30))
def test_whatever_a_text_holds_its_explanation_is_printable_lines(text, words):
    judge = Judge(Parrot(Cause(words, 2.0), Cause(text, -1.0)), explains=True)
    shown = judge.as_text([Question("x", text)]).decode()
    assert all(line.isprintable() for line in shown.replace("\u200d", "").split("\n"))  # it joins emoji


def test_a_scorer_that_cannot_explain_still_scores():
    judge = Judge(Mute(), lang="is", explains=True)
    assert "mute@1 cannot say why" in judge.as_text(one_text("a")).decode()
    answer = msgspec.json.decode(judge.as_lines(one_text("a")))
    assert answer == {"id": "text", "negativity": 0.5, "lang": "is", "scorer": "mute@1"}


def test_a_text_without_weight_and_a_guess_are_said_to_be_so():
    shown = Judge(Parrot(), lang="is", explains=True).as_text(one_text("abc")).decode()
    assert "  a rough guess: parrot@1 was not fitted to this language" in shown
    assert "  no word of it weighs anything" in shown


def test_reasons_as_fields_are_few_and_the_heaviest_first():
    many = tuple(Cause(f"w{number}", 20.0 - number) for number in range(20))
    said = msgspec.json.decode(Judge(Parrot(*many), explains=True).as_lines(one_text("a")))
    assert said["why"] == [{"words": f"w{number}", "weight": 20.0 - number} for number in range(MOST_CAUSES)]


def test_one_text_on_the_command_line_is_explained():
    status, printed, complaints = score("--why", "--text", ANGRY)
    assert (status, complaints) == (0, "")
    assert "▲ c'est une honte" in printed
    status, printed, _ = score("--why", "--json", "--text", ANGRY)
    assert "c'est une honte" in {cause["words"] for cause in json.loads(printed)["why"]}
    assert json.loads(score("--text", ANGRY)[1])["lang"] == "fr"
