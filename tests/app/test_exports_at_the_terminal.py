"""`learn` and `replay` on what a listening tool exports."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from buzzwatch.cli import app

BRAND = "brand: acme\nmatch: {any: [acme]}\nrules: [{name: silence, when: {quiet: {over: 12h}}, severity: watch}]\n"
RECORDED = Path(__file__).parents[1] / "sources/exports"
HEADER = "Date,Headline,URL,Opening Text,Hit Sentence,Source,Influencer\n"
OWN = 'id: Number\ntext: Words\ncreated_at: {at: When, dates: "%d/%m/%Y %H:%M"}\n'


@pytest.fixture
def desk(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/acme.yaml").write_text(BRAND)
    (tmp_path / "buzzwatch.yaml").write_text(
        'state: state\nrules: rules\nsources: {push: {http: {listen: "127.0.0.1:8787"}}}\n'
    )
    return tmp_path


def ask(*arguments: str, language: str = "C"):
    return CliRunner().invoke(app, [*arguments], env={"LC_ALL": language}, catch_exceptions=False)


@pytest.mark.parametrize("name", ["talkwalker-export.csv", "meltwater-export.csv", "brandwatch-api.json"])
def test_replay_reads_an_export(desk, name):
    told = ask("replay", str(RECORDED / name), "--as", name.partition("-")[0])
    assert told.exit_code == 0
    assert "refused 0" in told.stdout
    assert "read 0" not in told.stdout


def test_replay_compares_rules_on_an_export(desk):
    told = ask("replay", str(RECORDED / "talkwalker-export.csv"), "--as", "talkwalker", "--brand", "acme")
    assert told.exit_code == 0


def test_an_export_that_is_not_named_as_one_is_recognised(desk):
    told = ask("replay", str(RECORDED / "meltwater-export.csv"))
    assert (told.exit_code, told.stdout) == (1, "")
    assert "meltwater-export.csv looks like an export of meltwater: add --as meltwater" in told.stderr
    told = ask("learn", str(RECORDED / "visibrain-export.csv"), language="fr_FR.UTF-8")
    assert "ressemble à un export de visibrain : ajoutez --as visibrain" in told.stderr


def test_a_faulty_row_is_told_by_its_line_in_the_language_of_the_terminal(desk):
    Path("export.csv").write_text(
        f'{HEADER}never,,https://p.example/a,"Acme\nagain",,,\n,,https://p.example/b,Acme,,,\n'
    )
    told = ask("replay", "export.csv", "--as", "meltwater")
    assert "export.csv:2: `created_at` at Date is 'never': no date as iso" in told.stderr
    assert "export.csv:4: `created_at` is missing" in told.stderr
    assert "refused 2" in told.stdout
    told = ask("replay", "export.csv", "--as", "meltwater", language="fr_FR.UTF-8")
    assert "export.csv:2 : `created_at` à Date vaut 'never' : ce n'est pas une date" in told.stderr


def test_a_mapping_of_your_own_reads_what_no_other_does(desk):
    Path("own.yaml").write_text(OWN)
    Path("export.csv").write_text("Number;Words;When\n1;Acme;02/03/2026 10:00\n2;Acme;02/03/2026 11:00\n")
    told = ask("replay", "export.csv", "--mapping", "own.yaml", "--zone", "Europe/Paris", "--json")
    assert told.exit_code == 0
    assert '"matched":2,"refused":0' in told.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--as", "talkwaker"], "no tool is called `talkwaker` here: did you mean `talkwalker`?"),
        (["--as", "talkwalker", "--mapping", "own.yaml"], "give --as or --mapping, not both"),
        (["--as", "talkwalker", "--zone", "Paris"], "'Paris' is not a time zone"),
        (["--as", "brandwatch"], "no row names a column for `text`"),
        (["--mapping", "none.yaml"], "none.yaml"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(desk, arguments, said):
    Path("export.csv").write_text("a;url;c\n1;2;3\n")
    told = ask("replay", "export.csv", *arguments)
    assert told.exit_code == 1
    assert said in told.stderr


def test_learn_reads_an_export_and_says_so_where_no_brand_is_in_it(desk):
    Path("export.csv").write_text(f"{HEADER}2026-11-25T10:00:00Z,,https://p.example/a,Nothing of ours,,,\n")
    told = ask("learn", "export.csv", "--as", "meltwater")
    assert "none of these mentions names a watched brand" in told.stderr
