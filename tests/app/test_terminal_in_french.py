"""Who sits at a French terminal reads French when a command cannot do what was asked."""

import ast
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from buzzwatch import cli
from buzzwatch.cli import app
from buzzwatch.rules.french import FRENCH
from buzzwatch.store.database import open_database

BRAND = "brand: acme\nmatch: {any: [acme]}\nrules: [{name: silence, when: {quiet: {over: 12h}}, severity: watch}]\n"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/acme.yaml").write_text(BRAND)
    (tmp_path / "buzzwatch.yaml").write_text(
        'state: state\nrules: rules\nsources: {push: {http: {listen: "127.0.0.1:8787"}}}\n'
    )
    (tmp_path / "one.jsonl").write_text('{"id": "x:1", "text": "Acme", "created_at": "2026-03-02T10:00:00Z"}\n')
    (tmp_path / "state").mkdir()
    open_database(tmp_path / "state").close()
    return tmp_path


def ask(*arguments: str, language: str = "fr_FR.UTF-8") -> str:
    told = CliRunner().invoke(app, [*arguments], env={"LC_ALL": language}, catch_exceptions=False)
    assert told.exit_code == 1
    return told.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["replay"], "le journal est vide : rien n'a encore été entendu"),
        (["replay", "none.jsonl"], "ouverture impossible (ce fichier ou ce dossier n'existe pas)"),
        (["replay", "one.jsonl", "--since", "soon"], "'soon' n'est pas un moment"),
        (["replay", "one.jsonl", "--brand", "acne"], "la marque 'acne' n'existe pas ; les marques sont : acme"),
        (["replay", "one.jsonl", "--since", "2026-03-05"], "rien n'est connu de cette période"),
        (["replay", "one.jsonl", "--report", "rules"], "rules : écriture impossible : c'est un dossier"),
        (["replay", "--against", "rules"], "dites ce qui est comparé"),
        (["replay", "one.jsonl", "--brand", "acme", "--rules", "none"], "ce fichier ou ce dossier n'existe pas"),
        (["match", "acme", "--lang", "zzzzzz"], "ne désigne aucune langue"),
        (["match", "acne", "--since", "7d"], "la marque 'acne' n'existe pas ; "),
        (["match", "acme", "--since", "0d"], "entre '0d' et maintenant, il n'y a rien"),
        (["match", "acme", "--since", "soon"], "'soon' n'est pas un moment"),
        (["explain", "acme-1"], "pas d'incident 'acme-1' ; aucun n'est encore consigné"),
        (["explain"], "nommez un incident ; ou une marque et une heure"),
        (["history", "acme"], "'acme' n'est ni un incident ni une marque"),
        (["history", "--since", "soon"], "'soon' n'est pas un moment"),
    ],
)
def test_what_cannot_be_done_is_said_in_french(desk: Path, arguments: list[str], said: str):
    assert said in ask(*arguments)


def test_and_elsewhere_in_english(desk: Path):
    assert "'0d' and now" in ask("match", "acme", "--since", "0d", language="C")
    assert "rules: cannot be written: Is a directory" in ask("replay", "one.jsonl", "--report", "rules", language="C")


def test_what_was_typed_cannot_steer_the_terminal(desk: Path):
    assert "\x1b" not in ask("explain", "\x1b[31m")
    assert "\x1b" not in ask("replay", "one.jsonl", "--brand", "\x1b[2J")


def test_one_page_a_month_is_one_page(desk: Path):
    (desk / "rules/acme.yaml").write_text(BRAND.replace("severity: watch", "severity: critical"))
    (desk / "rules/oncall.yaml").write_text(
        "people: {ines: {name: Inès, reach: {sms: console}}}\nroutes: {oncall: {steps: [{after: 0m, tell: ines}]}}\n"
    )
    for language, said in (("fr", "Inès : au pire 1 appel par mois pour rien"), ("C", "Inès: at worst 1 page a month")):
        assert said in CliRunner().invoke(app, ["check", "rules"], env={"LC_ALL": language}).stdout


def test_numbers_of_a_check_have_their_plural(desk: Path):
    told = [
        CliRunner().invoke(app, ["check", "rules"], env={"LC_ALL": language}).stdout.splitlines()[-1]
        for language in ("fr_FR.UTF-8", "C")
    ]
    assert told == ["rules : 1 marque, 1 règle, 0 erreur", "rules: 1 brand, 1 rule, 0 faults"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["backup", "none/b.tar"], "ce dossier n'existe pas ; créez-le"),
        (["backup", "one.jsonl"], "existe déjà, et c'est peut-être tout ce que vous avez"),
        (["backup", "b.tar", "--keep", "3"], "--keep vaut pour un dossier de sauvegardes"),
        (["restore"], "nommez une sauvegarde, ou donnez --undo-migration"),
        (["restore", "none.tar", "--replace"], "lecture impossible (ce fichier ou ce dossier n'existe pas)"),
        (["restore", "b.tar"], "il y a déjà un état ; avec --replace il est mis de côté"),
        (["restore", "one.jsonl", "--replace", "--yes"], "pas une sauvegarde"),
    ],
)
def test_what_becomes_of_no_backup_is_said_in_french(desk: Path, arguments: list[str], said: str):
    assert said in ask(*arguments)


def test_a_backup_and_a_restore_are_told_in_french_to_the_last_line(desk: Path):
    def tell(*arguments: str) -> str:
        told = CliRunner().invoke(app, [*arguments], env={"LC_ALL": "fr_FR.UTF-8"}, catch_exceptions=False)
        assert told.exit_code == 0, told.stderr
        return told.stdout

    assert re.fullmatch(r"b\.tar : [\d.]+ Mo, entendu jusqu'au jamais\n", tell("backup", "b.tar"))
    tell("restore", "b.tar", "--replace", "--yes")
    tell("restore", "b.tar", "--replace", "--yes")
    lines = tell("restore", "b.tar", "--replace", "--yes").splitlines()
    for line, said in zip(
        lines, ("la sauvegarde", "l'état en place", "restauré", "l'état d'avant", "des états", "de là"), strict=True
    ):
        assert line.startswith(said)


def test_every_sentence_of_backups_and_of_the_state_directory_has_its_french():
    files = (*("cli/backups", "cli/persons", "app/restoring", "app/backing_up", "app/oblivion"),)
    files += ("store/archive", "store/company", "store/copying", "store/database", "store/forgotten")
    root = Path(cli.__file__).parent.parent
    for file in files:
        told = {
            node.value
            for node in ast.walk(ast.parse((root / f"{file}.py").read_text("utf-8")))
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.search(r"\{(file|place|n)\}", node.value)
        }
        assert {each for each in told if " " in each} <= set(FRENCH), file
