"""Whatever is wrong with a file, the place, the fault and the remedy are told in both languages, and nothing breaks."""

import re
from pathlib import Path
from unicodedata import category, east_asian_width

import pytest
from wrong_files import GOOD, WRONG, Wrong, write_good

from buzzwatch.rules import files as reading
from buzzwatch.rules.faults import Fault, RuleFaults
from buzzwatch.rules.files import read
from buzzwatch.rules.ruleset import load


def refused(folder: Path) -> RuleFaults:
    with pytest.raises(RuleFaults) as caught:
        load(read(folder))
    return caught.value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_good(tmp_path / "rules")
    return tmp_path / "rules"


def test_the_good_files_are_right_and_the_table_is_long(folder):
    assert list(load(read(folder)).brands) == ["acme"]
    assert len(WRONG) >= 60
    assert len({wrong.name for wrong in WRONG}) == len(WRONG)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_a_wrong_file_is_told_with_its_place_and_remedy_in_both_languages(folder: Path, wrong: Wrong):
    if wrong.file == "calendar.yml":
        (folder / "calendar.yaml").write_text("campaigns: []\n")
    wrong.write(folder)
    faults = refused(folder)
    fault = next((each for each in faults.faults if each.head("en").startswith(wrong.where)), None)
    assert fault, str(faults)
    for language, (message, remedy) in (("en", wrong.english), ("fr", wrong.french)):
        said, mended = fault.head(language).removeprefix(wrong.where).rsplit(" ; " if language == "fr" else "; ", 1)
        assert message in said
        assert remedy in mended
        assert not re.search(r"[^\S\t\n ]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", faults.said(language))


def cells(text: str) -> int:
    return sum(0 if category(c) in {"Mn", "Me"} else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def test_the_caret_stands_under_the_place_also_after_wide_and_combining_letters(folder):
    (folder / "acme.yaml").write_text("{brand: acme, name: 東京e\u0301😀, naer: []}\n")
    _, line, caret = refused(folder).faults[1].said("en").split("\n")[:3]
    assert cells(caret.partition("^")[0]) == cells(line.partition("naer")[0])


def test_a_file_that_vanishes_between_listing_and_reading_is_a_fault(folder, monkeypatch):
    listed = reading.read_text

    def read_late(path: Path) -> str:
        path.unlink()
        return listed(path)

    monkeypatch.setattr(reading, "read_text", read_late)
    assert [fault.said("fr") for fault in refused(folder).faults] == [
        "acme.yaml: illisible : ce fichier ou ce dossier n'existe pas ; vérifiez son chemin et ses droits d'accès",
        "oncall.yaml: illisible : ce fichier ou ce dossier n'existe pas ; vérifiez son chemin et ses droits d'accès",
    ]


def test_a_directory_that_is_gone_is_a_fault(folder):
    said = refused(folder / "gone").said("fr")
    assert said.endswith("le dossier des règles ne peut pas être lu : ce fichier ou ce dossier n'existe pas ; "
                         "vérifiez `rules` dans buzzwatch.yaml")  # fmt: skip


@pytest.mark.parametrize("at", range(1, len(GOOD), 7))
def test_a_file_saved_to_any_part_is_right_or_told_without_a_traceback(folder, at):
    (folder / "acme.yaml").write_text(GOOD[:at])
    found: tuple[Fault, ...] = ()
    try:
        load(read(folder))
    except RuleFaults as faults:
        found = faults.faults
    assert all(fault.line and fault.remedy for fault in found)


def test_all_faults_of_all_files_are_told_at_once(folder):
    (folder / "acme.yaml").write_text(GOOD.replace("critical", "critique").replace("oncall", "ines"))
    (folder / "beta.yaml").write_text("marque: beta\nmatch: {any: [beta]\n")
    (folder / "oncall.yaml").write_text("people:\n  ines: {nom: Inès, reach: {sms: console}}\nroutes: {oncall: {}}\n")
    assert [fault.head("fr").partition(" ;")[0] for fault in refused(folder).faults] == [
        "acme.yaml:9:15: `critique` n'est pas une valeur possible ici",
        "acme.yaml:10:13: `ines` est une personne, or il faut ici une route",
        "beta.yaml:2:8: ce { n'est jamais fermé",
        "oncall.yaml:2:10: clé inconnue : `nom`",
        "oncall.yaml:3:18: cette route ne mène nulle part",
    ]
