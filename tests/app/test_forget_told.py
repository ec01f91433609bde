"""What `forget` says of what it deletes beside the database, and of what it cannot reach."""

from pathlib import Path

import pytest
from stage import MONDAY, House, mention, rules
from typer.testing import CliRunner

from buzzwatch.app import backing_up
from buzzwatch.cli import app
from buzzwatch.clock import VirtualClock
from buzzwatch.model.input import RulesSwapped
from buzzwatch.model.instant import HOUR

NOON = MONDAY + 12 * HOUR


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state at rest with a post, an earlier state and a copy of the database."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/acme.yaml").write_text("brand: acme\nmatch: {any: [acme]}\nrules: []\n")
    (tmp_path / "buzzwatch.yaml").write_text("state: state\nrules: rules\nsources: {push: {http: {}}}\n")
    house = House(tmp_path / "state", VirtualClock(NOON))
    house.open()
    await house.tell(RulesSwapped(0, rules()))
    await house.say(mention(NOON, "one"))
    await house.close()
    (tmp_path / "state/before-restore-20260301T000000000000Z").mkdir()
    (tmp_path / "state/before-restore-20260301T000000000000Z/buzzwatch.db").write_bytes(b"x:@a-one")
    (tmp_path / "state/buzzwatch.db.before-0013").write_bytes(b"x:@a-one")
    monkeypatch.setattr(backing_up, "PLACE", tmp_path / "backups")
    return tmp_path


def forget(*arguments: str, language: str = "C") -> tuple[int, list[str]]:
    told = CliRunner().invoke(app, ["forget", *arguments], env={"LC_ALL": language}, catch_exceptions=False)
    return told.exit_code, told.stdout.splitlines()


def test_it_names_the_copies_and_counts_the_backups_before_it_asks(desk: Path):
    (desk / "backups").mkdir()
    for name in ("buzzwatch-1.tar", "buzzwatch-2.tar.zst", "notes.txt"):
        (desk / "backups" / name).touch()
    status, lines = forget("x:@a-one", "--as", "ines", "--yes")
    assert status == 0
    assert (
        "earlier states and copies in the state directory are deleted with it: "
        "before-restore-20260301T000000000000Z, buzzwatch.db.before-0013" in lines
    )
    assert any(line.startswith(f"2 backups in {desk}/backups may hold them") for line in lines)
    assert lines[-1] == "no byte of them is left in the state directory"
    assert not [path.name for path in (desk / "state").iterdir() if "before" in path.name]


def test_of_whom_nothing_is_held_it_says_that_earlier_states_were_not_looked_at(desk: Path):
    status, lines = forget("x:@a-nobody", "--as", "ines", "--yes")
    assert status == 1
    assert any("were not looked at, and stay" in line for line in lines)
    assert (desk / "state/buzzwatch.db.before-0013").exists()


def test_where_it_may_not_look_it_says_so(desk: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(_: Path) -> int:
        raise PermissionError

    monkeypatch.setattr(backing_up, "count_backups", refuse)
    _, lines = forget("x:@a-one", "--as", "ines", "--yes", language="fr_FR.UTF-8")
    assert any(line.startswith("vous ne pouvez pas compter les sauvegardes") for line in lines)
    assert any(
        line.startswith("les états et copies antérieurs du dossier d'état sont supprimés avec") for line in lines
    )
