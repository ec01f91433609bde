"""The debriefing: what the record says of an incident, as a page and as Markdown."""

import asyncio
import sqlite3
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from msgspec.structs import replace
from stage import MONDAY, House, mention

from buzzwatch.app.pseudonyms import letters
from buzzwatch.app.report import debrief, write_report
from buzzwatch.app.response import incident_response_times
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.clock import VirtualClock
from buzzwatch.model.input import Command, RulesSwapped, Silenced, Verb
from buzzwatch.model.instant import HOUR, MINUTE, SECOND
from buzzwatch.model.mention import Author
from buzzwatch.model.response import ResponseTimes
from buzzwatch.notify.debriefing import compose
from buzzwatch.store.complaints import read_waiting

NIGHT = MONDAY + 21 * HOUR
BRAND = """
brand: acme
name: Acme <Airlines>
timezone: Europe/Paris
language: fr
match: {any: [acme]}
official: ["x:@acme_fr"]
rules:
  - name: bad-buzz
    says: Bien plus de posts en colère que d'habitude
    when: {negativity: {over: 15m, at_least: 8, authors: 6}}
    severity: critical
    notify: oncall
    do: [Lire les trois posts]
"""
ONCALL = """
timezone: Europe/Paris
people:
  ines: {name: Inès, language: fr, reach: {push: console, sms: console}}
  karim: {name: Karim, language: fr, reach: {push: console}}
routes:
  oncall: {steps: [{after: 0m, tell: ines, by: [push]}, {after: 5m, tell: karim}], copy: [console]}
"""
HOSTILE = "Acme <script>alert(1)</script> | **arnaque** [clic](https://evil.example) scandaleux, honteux, nul #honte"


async def told(folder: Path) -> tuple[House, str]:
    """A record of one incident that was missed once, taken, waited upon, and answered."""
    house = House(folder, VirtualClock(NIGHT - 2 * HOUR))
    house.open()
    await house.tell(RulesSwapped(0, compile_rules({"acme.yaml": BRAND, "oncall.yaml": ONCALL})))
    for number in range(12):
        await house.move(NIGHT - 2 * HOUR + number * 10 * MINUTE)
        await house.say(mention(house.clock.now(), f"calm{number}", angry=number % 5 == 4))
    for number in range(40):
        await house.move(NIGHT + number * 30 * SECOND)
        author = Author(id=f"b{number}", handle=f"@client_{number}", followers=number * 100)
        more = {"text": HOSTILE} if number == 30 else {}
        posts = [mention(house.clock.now(), f"angry{number}", angry=True, author=author, **more)]
        if number == 38:
            author = Author(id="us", handle="@acme_fr", followers=90_000)
            posts.append(mention(house.clock.now(), "us", root="x:angry1", author=author))
        await house.say(*posts)
        await house.deliver(fails=lambda notice: str(notice.target) == "ines/push")
        live = list(house.drive.spine.memory.desk.incidents)
        if number == 24:
            await house.tell(Command(0, Verb.TAKE, live[0], "karim"))
        if number == 32:
            until = house.clock.now() + HOUR
            await house.tell(Command(0, Verb.WAIT, live[0], "karim", until, "le | communiqué <b>part</b> à 23 h"))
            await house.tell(Silenced(0, "acme", until, "exercice", "ines"))
    await house.move(NIGHT + 45 * MINUTE)
    await house.tell(Command(0, Verb.RESOLVE, live[0], "karim"))
    await house.move(NIGHT + 50 * MINUTE)
    return house, live[0]


def forget_snapshots(folder: Path) -> None:
    for snapshot in folder.glob("snapshot-*"):
        snapshot.unlink()


async def files(folder: Path) -> dict[str, str]:
    house, incident = await told(folder / "state")
    found = {}
    for language in ("fr", "en"):
        paths = house.record.write_now(
            lambda db, language=language: write_report(db, incident, folder / language, house.clock.now(), language)
        )
        found |= {f"{language}{path.suffix}": path.read_text("utf-8").replace("\u00a0", " ") for path in paths}
    named = house.record.write_now(
        lambda db: write_report(db, incident, folder / "named", house.clock.now(), "en", names=True)
    )
    found["named.md"] = next(path for path in named if path.suffix == ".md").read_text("utf-8")
    await house.kill()
    return found


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The files, by ending, in French and in English."""
    return asyncio.run(files(tmp_path_factory.mktemp("report")))


def test_both_languages_and_forms_are_written(written: dict[str, str]):
    assert set(written) == {"fr.html", "fr.md", "fr.svg", "en.html", "en.md", "en.svg", "named.md"}


def test_authors_are_letters_unless_their_names_are_asked_for(written: dict[str, str]):
    assert "auteur A (" in written["fr.md"]
    assert "author A (" in written["en.md"]
    assert "client" not in "".join(written[name] for name in written if name != "named.md")
    assert "client" in written["named.md"]
    assert "author A" not in written["named.md"]


@pytest.mark.parametrize(("number", "letter"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (702, "AAA")])
def test_letters_go_on_after_z(number: int, letter: str):
    assert letters(number) == letter


@pytest.mark.parametrize(
    "line",
    [
        "| Début | 02/03 22:",
        "| Pris | 02/03 22:12 |",
        "| Première réponse officielle | 02/03 22:19 |",
        "| Karim | le prend |",
        "on attend jusqu’à 02/03 23:16, parce que : le \\| communiqué \\<b\\>part\\</b\\> à 23 h",
        "Inès : silence sur acme jusqu’à 02/03 23:16, parce que : exercice",
        " messages à Inès (push) ont été abandonnés : no such number.",
        "réclamations sur",
        "Règle bad-buzz",
    ],
)
def test_it_says_who_did_what_when_and_what_was_decided(written: dict[str, str], line: str):
    assert line in written["fr.md"], written["fr.md"]


def test_what_others_wrote_is_text_in_every_form(written: dict[str, str]):
    assert "<script>" not in written["fr.html"]
    assert "<script>" not in written["fr.md"]
    assert "**arnaque**" not in written["fr.md"]
    assert "(https://evil" not in written["fr.md"]
    assert "Acme &lt;Airlines&gt;" in written["en.html"] or "Acme ‹Airlines›" in written["en.html"]


def test_the_page_needs_nothing_from_outside_and_its_picture_is_well_formed(written: dict[str, str]):
    for part in ("<link", "<img", "<script", "@import", "url("):
        assert part not in written["fr.html"]
    for language in ("fr", "en"):
        root = ET.fromstring(written[f"{language}.svg"])  # of our own making
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-label"]
    assert "d’habitude" in written["fr.svg"]


async def test_complaints_and_their_answers_are_those_that_the_queue_and_the_response_times_count(tmp_path: Path):
    house, incident = await told(tmp_path)
    found = house.record.write_now(lambda db: debrief(db, incident, house.clock.now()))
    times = house.record.write_now(lambda db: incident_response_times(db, incident))
    waiting = house.record.write_now(lambda db: read_waiting(db, "acme", 0))
    await house.kill()
    assert found is not None
    assert (times.answered, found.answered) == (1, times)
    assert (found.crowd.complaints, found.crowd.unanswered) == (times.answered + times.unanswered, times.unanswered)
    assert {each.mention for each in found.unanswered} <= {each.mention for each in waiting}


async def test_what_a_version_that_kept_no_complaints_left_is_on_record_after_the_first_start(tmp_path: Path):
    house, incident = await told(tmp_path)

    def all_of(db: sqlite3.Connection) -> list[tuple[object, ...]]:
        return db.execute("SELECT * FROM complaint ORDER BY mention").fetchall()

    before = house.record.write_now(all_of)
    house.record.write_now(lambda db: db.execute("DELETE FROM complaint"))
    await house.kill()
    forget_snapshots(tmp_path)
    again = House(tmp_path, house.clock)
    after = again.record.write_now(all_of)
    assert again.record.write_now(lambda db: incident_response_times(db, incident)).answered == 1
    await again.kill()
    assert before
    assert after == before


async def test_an_erased_post_says_so_and_response_times_are_shown_where_they_are_known(tmp_path: Path):
    house, incident = await told(tmp_path)
    found = house.record.write_now(lambda db: debrief(db, incident, house.clock.now()))
    assert found is not None
    shown = found.samples[0].mention
    erased = mention(NIGHT, shown.removeprefix("x:"), deleted=True, text="")
    await house.say(erased)
    again = house.record.write_now(lambda db: debrief(db, incident, house.clock.now()))
    await house.kill()
    assert again is not None
    sheet = compose(again)
    posts = next(part for part in sheet.parts if part.posts)
    assert posts.posts[0].text == "(texte effacé depuis)"
    crowd = replace(again.crowd, complaints=1, unanswered=0)
    told_of_one = [line for part in compose(replace(again, crowd=crowd)).parts for line in part.lines]
    assert "La seule réclamation a eu une réponse officielle dans sa conversation." in told_of_one
    times = ResponseTimes(10, 2, 12 * MINUTE, 3 * HOUR, 0.4)
    lines = [line for part in compose(_with(again, times)).parts for line in part.lines]
    assert any("médiane 12\u00a0min" in line for line in lines)


def _with(told: object, times: ResponseTimes) -> object:
    return replace(told, answered=times)


async def test_of_an_incident_that_is_not_on_record_nothing_is_written(tmp_path: Path):
    house = House(tmp_path, VirtualClock(NIGHT))
    house.open()
    assert house.record.write_now(lambda db: write_report(db, "acme-1", tmp_path / "out", NIGHT)) == []
    assert not (tmp_path / "out").exists()
    await house.kill()
