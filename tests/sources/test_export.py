import codecs
import csv
import gzip
import json
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from buzzwatch.app.mapping_file import load_mapping, load_preset, preset_names
from buzzwatch.ingest.decode import decode
from buzzwatch.rules.words import in_language
from buzzwatch.sources.export import looks_like, read_export
from buzzwatch.sources.file import FileFaultError

HERE = Path(__file__).parent / "exports"
PARIS = ZoneInfo("Europe/Paris")
OWN = """
id: {at: Number, prefix: "own:"}
text: Words
created_at: {at: When, dates: "%d/%m/%Y %H:%M"}
author: {handle: Who, followers: Fans}
"""
HEADER, FIRST, SECOND = (
    "Number;Words;When;Who;Fans",
    "1;Acme, jamais;02/03/2026 10:00;@lea;12",
    "2;Merci;02/03/2026 09:00;@ana;7",
)


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    return load_mapping(path, UTC)


def write(folder, content, name="export.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read_all(path, mapping):
    """Its mentions, and what was refused, in words."""
    refused = []
    chunks = list(read_export(path, mapping, lambda line, why: refused.append((line, in_language(why, "en")))))
    fractions = [chunk.fraction for chunk in chunks]
    assert fractions == sorted(fractions)
    return [mention for chunk in chunks for _, mention in decode(chunk.payload).mentions], refused


def ids(path, mapping):
    mentions, refused = read_all(path, mapping)
    assert refused == []
    return [mention.id for mention in mentions]


def fault_of(path, mapping):
    with pytest.raises(FileFaultError) as fault:
        read_all(path, mapping)
    return in_language(fault.value.args[0], "en")


# Tables


def test_mentions_come_in_the_order_of_their_times_whatever_that_of_the_rows(tmp_path, own):
    mentions, _ = read_all(write(tmp_path, f"{HEADER}\n{FIRST}\n{SECOND}"), own)
    assert [mention.id for mention in mentions] == ["own:2", "own:1"]
    assert (mentions[1].text, mentions[1].author.handle, mentions[1].author.followers) == ("Acme, jamais", "@lea", 12)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_cells_may_be_parted_by_what_tools_part_them_by(tmp_path, own, delimiter, newline):
    rows = [row.replace(",", "").replace(";", delimiter) for row in (HEADER, FIRST, SECOND)]
    assert ids(write(tmp_path, newline.join(rows)), own) == ["own:2", "own:1"]


@pytest.mark.parametrize("told", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;"])
def test_excels_first_line_is_believed_and_is_no_row(tmp_path, own, told):
    path = write(tmp_path, f"{told}\r\n{HEADER}\r\nx;Acme;never;;\r\n{FIRST}")
    mentions, refused = read_all(path, own)
    assert [mention.id for mention in mentions] == ["own:1"]
    assert [line for line, _ in refused] == [3]


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8"),
        lambda text: codecs.BOM_UTF8 + text.encode("utf-8"),
        lambda text: text.encode("utf-16"),
        lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.encode("cp1252"),
        lambda text: gzip.compress(text.encode("utf-16")),
    ],
)
def test_the_encoding_is_told_by_the_bytes(tmp_path, own, encode):
    path = write(tmp_path, encode("\n".join([HEADER, FIRST.replace("Acme, jamais", "Où est l’été à 5 €"), SECOND])))
    mentions, refused = read_all(path, own)
    assert (mentions[1].text, refused) == ("Où est l’été à 5 €", [])


def test_quoted_cells_hold_line_breaks_delimiters_and_quotes_and_lines_are_counted_right(tmp_path, own):
    rows = [HEADER, '1;"Acme;\njamais ""plus""\n";02/03/2026 10:00;@lea;1', "2;late;never;;", "3;x;;;"]
    mentions, refused = read_all(write(tmp_path, "\n".join(rows)), own)
    assert mentions[0].text == 'Acme;\njamais "plus"'
    assert refused == [
        (5, "`created_at` at When is 'never': no date as %d/%m/%Y %H:%M"),
        (6, "`created_at` is missing: nothing stands at When"),
    ]


def test_the_header_may_stand_below_other_rows(tmp_path, own):
    above = ["Report;Acme", "From;01/03/2026", "", "Label;" * 9]
    assert ids(write(tmp_path, "\n".join([*above, HEADER, FIRST])), own) == ["own:1"]


def test_case_spaces_and_underscores_of_columns_do_not_matter(tmp_path, own):
    assert ids(write(tmp_path, f" NUMBER ;words;When;who;fans;fans\n{FIRST};9\n"), own) == ["own:1"]


def test_short_long_and_empty_rows_are_borne(tmp_path, own):
    rows = [HEADER, "", ";;;;", "1;Acme;02/03/2026 10:00", "2;Acme;02/03/2026 10:01;a;1;more;and more"]
    assert ids(write(tmp_path, "\n".join(rows)), own) == ["own:1", "own:2"]


def test_a_cell_that_can_be_left_out_costs_no_mention_and_is_told(tmp_path, own):
    mentions, refused = read_all(write(tmp_path, f"{HEADER}\n1;Acme;02/03/2026 10:00;@lea;many\n"), own)
    assert (mentions[0].author.followers, len(refused)) == (None, 1)
    assert refused == [(2, "kept, without this: `author.followers` at Fans is 'many': no number")]


def test_an_id_that_cannot_be_is_refused_by_its_line(tmp_path, own):
    mentions, refused = read_all(write(tmp_path, f"{HEADER}\n{'9' * 600};Acme;02/03/2026 10:00;;\n"), own)
    assert mentions == []
    assert refused[0][0] == 2
    assert "id is " in refused[0][1]


def test_a_file_without_such_columns_is_told_what_it_lacks_and_has(tmp_path, own):
    told = fault_of(write(tmp_path, "Number;Verbatim;Day\n1;2;3\n"), own)
    assert "export.csv: no row names a column for `text`, `created_at`: found Number, Verbatim, Day" in told


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\0" * 500, b"\xff" * 500, b"a" * 2_000_000, b'"' * 70_001])
def test_garbage_is_a_fault_in_words(tmp_path, own, content):
    assert "export.csv" in fault_of(write(tmp_path, content), own)


def test_a_quote_left_open_is_named_by_its_line(tmp_path, own):
    path = write(tmp_path, f'{HEADER}\n{FIRST}\n2;"never closed;' + "x\n" * 600_000)
    assert "export.csv, line 2: field larger than field limit" in fault_of(path, own)


def test_what_other_readers_of_csv_are_held_to_stays(tmp_path, own):
    before = csv.field_size_limit()
    ids(write(tmp_path, f"{HEADER}\n{FIRST}"), own)
    assert csv.field_size_limit() == before


def test_a_file_that_is_not_there_is_named(tmp_path, own):
    assert "nowhere.csv: cannot be opened (No such file or directory)" in fault_of(tmp_path / "nowhere.csv", own)


def test_a_cut_off_gzip_is_a_fault(tmp_path, own):
    assert "export.csv" in fault_of(write(tmp_path, gzip.compress(HEADER.encode() * 99)[:-9]), own)


def test_a_file_that_is_too_large_is_refused(tmp_path, own, monkeypatch):
    monkeypatch.setattr("buzzwatch.sources.export.LARGEST_EXPORT", 100)
    path = write(tmp_path, gzip.compress(b"x" * 101))
    assert "over 100 bytes" in fault_of(path, own)


def test_many_rows_show_their_progress(tmp_path, own):
    rows = [f"{number};Acme;02/03/2026 10:{number % 60:02};;" for number in range(4_100)]
    chunks = list(read_export(write(tmp_path, "\n".join([HEADER, *rows])), own, lambda *_: None))
    fractions = [chunk.fraction for chunk in chunks]
    assert 0 < fractions[1] < 0.5 < fractions[-2] < 1
    assert fractions[-1] == 1
    assert sum(len(decode(chunk.payload).mentions) for chunk in chunks) == 4_100


# JSON


def post(number):
    return {"Number": number, "Words": "Acme", "When": f"02/03/2026 10:{number:02}"}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps([post(2), post(1)]),
        "\n".join(json.dumps(post(number)) for number in (2, 1)),
        "\ufeff" + json.dumps([post(2), post(1)], indent=1),
    ],
)
def test_json_may_be_whole_or_one_a_line(tmp_path, own, content):
    assert ids(write(tmp_path, content), own) == ["own:1", "own:2"]


def test_faulty_items_of_json_are_named_by_their_number(tmp_path, own):
    mentions, refused = read_all(write(tmp_path, json.dumps([post(1), {"Number": 2}, 7, post(3)])), own)
    assert [mention.id for mention in mentions] == ["own:1", "own:3"]
    assert [line for line, _ in refused] == [2, 3]


def test_a_broken_line_of_json_costs_itself_alone_and_is_named(tmp_path, own):
    lines = [json.dumps(post(2)), '{"Number": ', "", json.dumps(post(1))]
    mentions, refused = read_all(write(tmp_path, "\n".join(lines)), own)
    assert [mention.id for mention in mentions] == ["own:1", "own:2"]
    assert [line for line, _ in refused] == [2]


@pytest.mark.parametrize("content", ["{", "[" * 100_000, '{"a":' * 100_000, '{"Number": }'])
def test_broken_json_is_a_fault_in_words(tmp_path, own, content):
    assert "export.csv: " in fault_of(write(tmp_path, content), own)


# The tools


RECORDED = sorted(HERE.glob("*.*"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_what_a_tool_exports_is_known_as_its_own_and_read_whole(path):
    tool = path.name.partition("-")[0]
    assert looks_like(path, [load_preset(name, UTC) for name in preset_names()]) == tool
    mentions, refused = read_all(path, load_preset(tool, PARIS))
    assert refused == []
    told = [
        [
            mention.id,
            mention.source,
            mention.kind,
            mention.text[:20],
            mention.created_at.astimezone(UTC).isoformat(),
            mention.author and mention.author.handle,
            mention.author and mention.author.followers,
            mention.stars,
        ]
        for mention in mentions
    ]
    assert told == EXPECTED[path.name]


def test_every_preset_has_something_recorded():
    assert {path.name.partition("-")[0] for path in RECORDED} == set(preset_names())


def test_what_is_of_no_tool_is_known_as_none(tmp_path, own):
    known = [load_preset(name, UTC) for name in preset_names()]
    for content in ("", "a;b\n1;2\n", '{"id": "x:1", "text": "Acme", "created_at": "2026-03-02T10:00:00Z"}', "\0\xff"):
        assert looks_like(write(tmp_path, content), known) is None
    assert looks_like(tmp_path / "nowhere", known) is None


EXPECTED = {
    "brandwatch-api.json": [
        ["x:1795", "x", "reply", "Acme never answers", "2026-11-25T12:00:00+00:00", "bob", 1500, None]
    ],
    "brandwatch-export.csv": [
        ["brandwatch:aa2", "web", "post", "They never answer", "2026-11-24T07:00:00+00:00", "nick", None, None],
        ["x:1792", "x", "reply", "Acme, three hours on", "2026-11-25T11:00:00+00:00", "bob", 1500, None],
    ],
    "meltwater-explore.csv": [
        ["x:1791", "x", "reply", "Acme, j'attends touj", "2026-11-25T11:05:00+00:00", "@ana", None, None]
    ],
    "meltwater-export.csv": [
        ["x:1789", "x", None, "Acme, encore en reta", "2026-11-25T10:00:00+00:00", "@ana", None, None],
        [
            "web:https://paper.example/acme",
            "web",
            None,
            "Thirty flights were ",
            "2026-11-25T11:05:00+00:00",
            "C. Pen",
            None,
            None,
        ],
    ],
    "meltwater-stream.json": [
        [
            "web:https://paper.example/b",
            "web",
            "article",
            "More flights cancell",
            "2026-11-25T11:00:00+00:00",
            None,
            None,
            None,
        ],
        ["x:1794", "x", "repost", "Acme, quelle honte", "2026-11-25T12:00:00+00:00", "@lea", None, None],
    ],
    "talkwalker-api.json": [
        [
            "web:https://reddit.com/r/voyage/comments/1abc/acme",
            "reddit",
            None,
            "Trois jours sans val",
            "2026-11-25T10:36:40+00:00",
            "valise_perdue",
            None,
            None,
        ],
        [
            "web:https://gazette.example/economie/acme-annule",
            "web",
            "article",
            "La compagnie Acme a ",
            "2026-11-25T12:00:00+00:00",
            None,
            None,
            None,
        ],
    ],
    "talkwalker-export.csv": [
        [
            "web:https://blog.example/acme",
            "web",
            "article",
            "Un long billet.",
            "2026-11-25T08:30:00+00:00",
            None,
            None,
            None,
        ],
        ["x:1790", "x", None, "Acme, plus jamais\nde", "2026-11-25T11:00:00+00:00", "lea", None, None],
    ],
    "trustpilot-webhook.json": [
        [
            "trustpilot:53bffd360000640002975387",
            "trustpilot",
            "review",
            "Trois heures au télé",
            "2026-11-25T09:34:44+00:00",
            None,
            None,
            1,
        ],
        [
            "trustpilot:53bffd360000640002975388",
            "trustpilot",
            "review",
            "They called back.",
            "2026-11-25T10:00:00+00:00",
            None,
            None,
            4,
        ],
    ],
    "visibrain-export.csv": [
        ["x:1788", "x", "repost", "RT @lea: Acme", "2026-11-25T11:00:00+00:00", "@max", 80, None],
        ["x:1793", "x", "post", "Acme, c'est fini ; p", "2026-11-25T12:00:00+00:00", "@lea", 1200, None],
    ],
    "visibrain-webhook.json": [
        ["x:1796", "x", None, "Acme, encore une pan", "2026-11-25T12:00:00+00:00", "lea", 1200, None]
    ],
}
