"""`buzzwatch match`: a text tried on rules, and what a brand's names found."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from stage import MONDAY, House, mention
from typer.testing import CliRunner

from buzzwatch.app.matching.found import Found, Period, look_into
from buzzwatch.app.matching.lines import tell_found
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.cli import app
from buzzwatch.clock import VirtualClock
from buzzwatch.model.input import Corrected, Mark, RulesSwapped
from buzzwatch.model.instant import DAY, HOUR, MINUTE
from buzzwatch.model.mention import Author
from buzzwatch.store.database import open_for_reading

ACME = """
brand: acme
name: Acme Airlines
timezone: Europe/Paris
language: fr
match: {any: [acme, "@acme_fr"], not_us: ["acme corporation"]}
official: ["x:@acme_fr"]
themes: {safety: [fumée]}
rules: [{name: angry, when: {negativity: {over: 1h, at_least: 50}}, severity: watch}]
"""
ORANGE = """
brand: orange
match: {any: [orange], near: [forfait, réseau]}
rules: [{name: angry, when: {negativity: {over: 1h, at_least: 50}}, severity: watch}]
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "acme.yaml").write_text(ACME)
    (folder / "orange.yaml").write_text(ORANGE)
    return folder


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")


def run(*arguments: object, given: str | None = None) -> str:
    done = CliRunner().invoke(app, ["match", *map(str, arguments)], input=given)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_text_says_which_brands_it_is_about_by_which_words_and_what_others_miss(rules: Path):
    said = run("Acme Corporation ? Non, #BoycottAcme : de la fumée, quel scandale ! orange", "--rules", rules)
    assert said.startswith("“Acme Corporation ? Non, [#BoycottAcme] : de la fumée")
    assert "acme (Acme Airlines): YES" in said
    assert "“acme” by name, but within “acme corporation”, which `not_us` strikes out" in said
    assert "“acme” by hashtag" in said
    assert "themes: safety" in said
    assert "orange (orange): no" in said
    assert "within 10 words one of these would be needed: forfait, réseau (`near`)" in said
    assert "% negative, French" in said
    assert "▲" in said
    assert "\x1b" not in said


def test_the_same_in_french_and_by_one_of_our_accounts(rules: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    said = run("Acme vous répond", "--rules", rules, "--source", "x", "--by", "@acme_fr", "--lang", "fr")
    assert "acme (Acme Airlines)\u00a0: OUI" in said
    assert "par un de nos comptes officiels" in said
    assert "pas nommées\u00a0: orange" in said


def test_lines_of_standard_input_get_a_verdict_each(rules: Path):
    said = run("-", "--rules", rules, given="acme nul\n\nbonjour\nAcme Corporation\nmon forfait orange et acme\n")
    assert said.splitlines() == [
        "acme\t[acme] nul",
        "-\tbonjour",
        "acme? (struck out: acme corporation)\tAcme Corporation",
        "acme, orange\tmon forfait [orange] et [acme]",
    ]


def test_a_text_cannot_write_over_the_terminal(rules: Path):
    assert "\x1b" not in run("acme \x1b[2J\u202e", "--rules", rules)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Two weeks: 30 posts in the first; in the second a noise of others, three replies, and a post its source names."""
    house = House(tmp_path, VirtualClock(MONDAY))
    house.open()
    await house.tell(RulesSwapped(0, compile_rules({"acme.yaml": ACME, "orange.yaml": ORANGE})))
    await house.move(MONDAY + DAY)
    await house.say(*(mention(house.clock.now(), f"calm{n}") for n in range(30)))
    await house.move(MONDAY + 7 * DAY)
    await house.say(mention(house.clock.now(), "root", text="Le vol d'Acme est annulé, écrivez à lea@mail.example"))
    for n in range(3):
        at = house.clock.now() + MINUTE
        await house.move(at)
        await house.say(mention(at, f"re{n}", root="x:root", text=f"pareil ici, quelle honte {n}"))
    texts = [f"l'Acme Tennis gagne encore, match numéro {n} {'abcdefgh'[n] * 4}" for n in range(8)]
    at = house.clock.now()
    await house.say(*(mention(at, f"tennis{n}", text=text, source="bluesky") for n, text in enumerate(texts)))
    await house.say(replace(mention(house.clock.now(), "sourced", text="rien de tel"), brand="acme"))
    await house.say(mention(house.clock.now(), "handle", text="@acme_fr bonjour", author=Author(id="7")))
    for n in range(8):
        await house.tell(Corrected(0, "acme", f"x:tennis{n}", Mark.NOT_US, "ines"))
    await house.move(MONDAY + 7 * DAY + HOUR)
    yield house
    await house.close()


def look(house: House, **asked: object) -> Found:
    """Four days, beside the four before."""
    db = open_for_reading(house.record.directory)
    brand, since = compile_rules({"acme.yaml": ACME}).brands["acme"], MONDAY + 4 * DAY
    try:
        return look_into(db, brand, Period(since, since + 4 * DAY, **asked))
    finally:
        db.close()


async def test_what_the_names_found_is_counted_by_way_by_word_and_beside_the_period_before(house: House):
    found = look(house)
    assert (found.now.posts, found.before.posts) == (14, 30)
    assert found.now.ways == {"name": 9, "thread": 3, "source": 1, "handle": 1}
    assert found.now.words == {"acme": 9, "@acme_fr": 1}
    assert found.now.sources == {"x": 6, "bluesky": 8}
    assert found.around
    assert found.around[0][:2] in {("tennis", 8), ("gagne", 8), ("encore", 8), ("match", 8), ("numero", 8)}
    assert {each.post.way for each in found.sample} == {"name", "thread", "source", "handle"}
    (each,) = found.suggested.suggestions
    assert (each.expression, len(each.struck), each.mistaken) == ("acme tennis", 8, ())
    text = "\n".join(tell_found(found, "en"))
    assert "by its conversation" in text
    assert "↳ answers: Le vol d'Acme est annulé, écrivez à […]" in text
    assert "lea@mail.example" not in text
    assert text.endswith('match:\n  not_us: ["acme corporation", "acme tennis"]')


async def test_other_rules_say_what_would_be_gone_and_what_stays_with_its_conversation(house: House):
    tried = compile_rules({"acme.yaml": ACME.replace('"acme corporation"', '"acme tennis"')}).brands["acme"]
    found = look(house, tried=tried, sample=4)
    assert (found.gone, found.stays) == (8, 6)
    text = "\n".join(tell_found(found, "en", "draft"))
    assert "By the rules of draft: 6 posts stay, 8 would be gone" in text
    assert "never stored" in text
    assert text.count("  gone · by name (acme)") == 1
    nothing = compile_rules({"acme.yaml": ACME.replace("any: [acme, ", "any: [acmee, ")}).brands["acme"]
    assert look(house, tried=nothing).gone == 12  # the root, what hangs on it, and the tennis


async def test_the_sample_is_the_same_each_time_and_a_week_of_nothing_says_so(house: House):
    assert look(house, sample=5).sample == look(house, sample=5).sample
    assert len(look(house, sample=5).sample) == 5
    db = open_for_reading(house.record.directory)
    brand = compile_rules({"acme.yaml": ACME}).brands["acme"]
    text = "\n".join(tell_found(look_into(db, brand, Period(0, DAY)), "fr"))
    db.close()
    assert "rien n’a été entendu dans ce temps" in text


async def test_too_few_marks_suggest_nothing_and_say_so(house: House):
    for n in range(4):
        await house.tell(Corrected(0, "acme", f"x:tennis{n}", Mark.WITHDRAWN, "ines"))
    text = "\n".join(tell_found(look(house), "en"))
    assert "too little to suggest anything: 4 different texts marked not-us, 5 are needed" in text


async def test_noise_that_nobody_has_marked_yet_is_shown_and_not_struck_out(house: House):
    for n in range(3):
        await house.tell(Corrected(0, "acme", f"x:tennis{n}", Mark.WITHDRAWN, "ines"))
    text = "\n".join(tell_found(look(house), "en"))
    assert "not suggested: acme tennis, which strikes out 5 of 5 marked posts but 3 of" in text
    assert "not_us:" not in text
    await house.tell(Corrected(0, "acme", "x:tennis0", Mark.NEGATIVE, "ines"))
    assert "acme tennis" not in "\n".join(tell_found(look(house), "en")).partition("Suggestions")[2]


async def test_a_brand_or_a_time_that_is_not_known_is_a_plain_fault(house: House, tmp_path: Path, rules: Path):
    (tmp_path / "buzzwatch.yaml").write_text(
        f"state: {tmp_path}\nrules: {rules}\nsources: {{push: {{http: {{listen: '127.0.0.1:8787'}}}}}}\n"
    )
    for arguments, said in (
        (["acne", "--since", "7d"], "did you mean `acme`?"),
        (["acme", "--since", "tomorrow"], "is no time"),
    ):
        done = CliRunner().invoke(app, ["match", *arguments, "--config", str(tmp_path / "buzzwatch.yaml")])
        assert done.exit_code == 1
        assert said in done.output
    assert "Acme Airlines: 0 posts" in run("acme", "--since", "7d", "--config", tmp_path / "buzzwatch.yaml")
