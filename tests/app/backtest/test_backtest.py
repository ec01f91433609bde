"""How often rules would have rung on a journal: counted, compared with the rules in force, told in two languages."""

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from stage import MONDAY, ONCALL, mention, own_words, poisson, says
from typer.testing import CliRunner

from buzzwatch.app.backtest import backtest
from buzzwatch.app.backtest.backtest import Period, of_file, of_journal
from buzzwatch.app.backtest.page import page
from buzzwatch.app.backtest.printout import as_lines, as_objects
from buzzwatch.app.backtest.rings import Fate, Ring, compare
from buzzwatch.app.backtest.sheet import compose
from buzzwatch.app.explain.asking import QuestionError
from buzzwatch.app.hearing import Hearing
from buzzwatch.app.past import Past
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.app.ticking import feed, run_to
from buzzwatch.cli import app
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import Severity, Subject
from buzzwatch.model.input import Command, Input, RulesSwapped, Tick, Verb
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND
from buzzwatch.model.mention import Mention
from buzzwatch.spine import Spine
from buzzwatch.store.batch import Batch, Heard, content_digest
from buzzwatch.store.database import StateError, open_database, open_for_reading
from buzzwatch.store.journal import Ledger

ALWAYS = Period(since="2026-01-01")
BRAND = """
brand: {brand}
name: "{brand} <b>& Co</b>"
timezone: Europe/Paris
language: en
match: {{any: [{brand}]}}
themes: {{fire: [smoke]}}
rules:
  - {{name: angry, when: {{negativity: {{over: 15m, at_least: 8, authors: 6}}}}, severity: critical, notify: oncall}}
  - {{name: fire, when: {{mention: {{theme: fire, authors: 3, over: 1h}}}}, severity: warning, notify: room}}
"""
NIGHT = ONCALL + "night: {from: '22:00', until: '07:00'}\n"
FILES = {name: BRAND.format(brand=name.removesuffix(".yaml")) for name in ("acme.yaml", "zephyr.yaml")}
FILES["oncall.yaml"] = NIGHT
BUSY = MONDAY + DAY + 10 * HOUR
LATE = MONDAY + 2 * DAY + 1 * HOUR


def edited(name: str, old: str, new: str) -> Ruleset:
    assert old in FILES[name]
    return compile_rules(FILES | {name: FILES[name].replace(old, new)})


IN_FORCE = compile_rules(FILES)
SLOWER = edited("acme.yaml", "at_least: 8", "at_least: 14")


class Journal:
    """A journal as a daemon would have written it, without the waiting."""

    def __init__(self, folder: Path) -> None:
        self.db = open_database(folder)
        self.spine = Spine()
        self.seq = 0
        self.hearing = Hearing(IN_FORCE)
        self.tell(RulesSwapped(MONDAY, IN_FORCE))

    def tell(self, item: Input, said: Mention | None = None, skipped: str | None = None) -> None:
        outcomes = [each for each in feed(self.spine, item) if says(each[1])]
        self.seq += 1
        heard = [] if said is None else [Heard(item, said, content_digest(said))]
        batch = Batch(self.seq, self.spine.memory.now, [(self.seq, item)], heard, [], outcomes)
        batch.skipped = {self.seq: skipped} if skipped else {}
        Ledger(self.db).commit(batch)

    def say(self, *mentions: Mention) -> None:
        for said in sorted(mentions, key=lambda each: (each.created_at, each.id)):
            at = int(said.created_at.timestamp() * 1_000)
            for each in self.hearing.see(said, at, self.spine.memory.tracker).sightings:
                self.tell(each, said)
            self.hearing.forget_batch()

    def erase(self, said: Mention) -> None:
        gone = Mention(said.id, "", said.created_at, said.source, deleted=True)
        Ledger(self.db).commit(Batch(self.seq, self.spine.memory.now, erased=[gone]))

    def end(self, at: int) -> None:
        outcomes = [each for each in run_to(self.spine, at + 1) if says(each[1])]
        self.spine.memory.advance(Tick(at))
        Ledger(self.db).commit(Batch(self.seq, at, outcomes=outcomes))


def ordinary(until: int = MONDAY + 3 * DAY) -> list[Mention]:
    dice = random.Random(3)
    told = []
    for brand in ("acme", "zephyr"):
        told += [mention(at, f"{brand}{at}", brand) for at in poisson(dice, MONDAY + HOUR, until, 0.7)]
    return told


def mob(at: int, number: int, brand: str = "acme", text: str = "") -> list[Mention]:
    """Angry posts, two a minute; each says what is told in words of its own."""
    names = [(at + n * 30 * SECOND, f"{brand}-mob{at}-{n}") for n in range(number)]
    said = [{"text": f"{text} {own_words(name)}"} if text else {} for _, name in names]
    return [mention(when, name, brand, angry=True, **told) for (when, name), told in zip(names, said, strict=True)]


def smoke(at: int) -> list[Mention]:
    return [mention(at + n * MINUTE, f"haze{at}-{n}", text=f"acme: haze in the cabin, {n} rows") for n in range(4)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Three days: a crowd by day, one at night, the same text about both brands, a haze."""
    folder = tmp_path_factory.mktemp("state")
    journal = Journal(folder)
    shared = "the {} desk lost all our bags again today and nobody at all answers the phone"
    told = [(n, shared.format(("acme", "zephyr")[n % 2])) for n in range(6)]
    copies = [mention(BUSY + HOUR + n * MINUTE, f"copy{n}", text=text) for n, text in told]
    crowds = [*mob(BUSY, 20), *mob(LATE, 12), *mob(BUSY + 3 * HOUR, 10, "zephyr"), *smoke(BUSY + 6 * HOUR)]
    journal.say(*ordinary(), *crowds, *copies)
    journal.end(MONDAY + 3 * DAY)
    journal.db.close()
    return folder


@pytest.fixture
def db(folder):
    connection = open_for_reading(folder)
    yield connection
    connection.close()


def rungs(rings) -> list[tuple[str, str, int]]:
    return [(ring.brand, ring.rule, ring.at) for ring in rings]


def test_a_slower_rule_rings_later_or_not_and_the_report_says_which(db):
    told = of_journal(db, SLOWER, None, ALWAYS)
    acme = [pair for pair in told.pairs if pair.told.brand == "acme"]
    assert [(pair.told.rule, pair.fate) for pair in acme] == [("angry", Fate.MOVED), ("angry", Fate.GONE)]
    assert acme[0].moved == 3 * MINUTE
    assert [pair.fate for pair in told.pairs if pair.told.brand == "zephyr"] == [Fate.SAME]
    assert compose(told, "en").headline == (
        "Over 3\u00a0days, these rules would have rung 2\u00a0times; the rules in force: 3. 1 is gone, 1 has moved."
    )
    assert compose(told, "fr").headline == (
        "Sur 3\u00a0jours, ces règles auraient sonné 2\u00a0fois\u00a0; les règles en vigueur\u00a0: 3. "
        "1 disparaît, 1 est décalée."
    )


def test_brands_that_did_not_change_are_not_run_twice_and_what_is_told_is_the_same_as_if_they_were(db, monkeypatch):
    quick = of_journal(db, SLOWER, None, ALWAYS)
    assert quick.facts.unchanged == ("zephyr",)
    monkeypatch.setattr(backtest, "same_brands", lambda *_: frozenset())
    slow = of_journal(db, SLOWER, None, ALWAYS)
    assert slow.facts.unchanged == ()
    assert quick.pairs == slow.pairs
    assert quick.these.rings == slow.these.rings
    assert quick.these.joined == slow.these.joined
    assert quick.these.curves["zephyr"].posts == slow.these.curves["zephyr"].posts


def test_a_brand_is_run_again_where_one_of_its_sector_or_who_is_called_has_changed():
    trade = {
        name: text.replace("timezone:", "sector: air\ntimezone:") for name, text in FILES.items() if name[0] != "o"
    }
    peers = compile_rules(FILES | trade)
    slower = compile_rules(FILES | trade | {"acme.yaml": trade["acme.yaml"].replace("at_least: 8", "at_least: 9")})
    assert backtest.same_brands(slower, peers) == frozenset()
    assert backtest.same_brands(SLOWER, IN_FORCE) == {"zephyr"}
    assert backtest.same_brands(edited("oncall.yaml", "tell: karim", "tell: ines"), IN_FORCE) == frozenset()
    assert backtest.same_brands(edited("acme.yaml", "any: [acme]", "any: [acme, acmé air]"), IN_FORCE) == frozenset()


def test_one_brand_alone_rings_as_it_does_among_all(db):
    alone, together = of_journal(db, SLOWER, None, ALWAYS, "acme"), of_journal(db, SLOWER, None, ALWAYS)
    assert alone.brands == ("acme",)
    assert alone.pairs == tuple(pair for pair in together.pairs if pair.told.brand == "acme")


def test_themes_sought_by_other_words_are_found_in_the_stored_texts_and_the_report_calls_the_count_a_floor(db):
    told = of_journal(db, edited("acme.yaml", "fire: [smoke]", "fire: [smoke, haze]"), None, ALWAYS)
    assert [(pair.told.rule, pair.fate) for pair in told.pairs if pair.fate is not Fate.SAME] == [("fire", Fate.ADDED)]
    assert told.facts.reread == ("acme",)
    assumed = " ".join(compose(told, "en").assumes)
    assert "never stored: these counts are a floor" in assumed
    assert "minimum" in " ".join(compose(told, "fr").assumes)


def test_a_new_name_is_found_in_what_was_stored_for_another_brand_and_erased_texts_count_as_they_did(tmp_path):
    journal = Journal(tmp_path)
    crowd = mob(BUSY, 10, text="acme, nimbus : scandale, honteux")
    journal.say(*ordinary(BUSY), *crowd)
    journal.end(BUSY + HOUR)
    nimbus = compile_rules(FILES | {"nimbus.yaml": BRAND.format(brand="nimbus")})
    told = of_journal(journal.db, nimbus, None, ALWAYS)
    added = [pair.told for pair in told.pairs if pair.fate is Fate.ADDED]
    assert [(ring.brand, ring.rule) for ring in added] == [("nimbus", "angry")]
    assert (told.facts.reread, told.facts.erased) == (("nimbus",), 0)
    for said in crowd[:5]:
        journal.erase(said)
    less = of_journal(journal.db, nimbus, None, ALWAYS)
    assert less.facts.erased == 5
    assert not [pair for pair in less.pairs if pair.fate is Fate.ADDED]
    assert [pair.fate for pair in less.pairs] == [Fate.SAME]
    assert "5 texts were erased" in " ".join(compose(less, "en").assumes)
    journal.db.close()


def test_what_people_answered_is_left_out_and_what_they_found_to_be_nothing_is_told(tmp_path):
    journal = Journal(tmp_path)
    journal.say(*ordinary(BUSY), *mob(BUSY, 12))
    (incident,) = journal.spine.memory.desk.real
    journal.tell(Command(BUSY + 10 * MINUTE, Verb.NO_MATTER, incident.id, "ines"))
    journal.end(BUSY + 2 * HOUR)
    told = of_journal(journal.db, SLOWER, None, ALWAYS)
    assert told.facts.dropped == {"command": 1}
    assert "Left out, since they answered other alarms: 1\u00a0answer." in compose(told, "en").assumes
    assert [pair.fate for pair in told.pairs] == [Fate.GONE]
    assert "People marked this trouble as nothing." in compose(told, "en").brands[0].rings[0].lines
    exact = of_journal(journal.db, IN_FORCE, None, ALWAYS)
    assert exact.facts.exact
    assert exact.facts.dropped == {}
    journal.db.close()


def test_rules_that_were_not_in_force_all_the_time_are_supposed_to_have_been(tmp_path):
    journal = Journal(tmp_path)
    journal.say(*mob(BUSY, 12))
    journal.tell(RulesSwapped(BUSY + HOUR, SLOWER))
    journal.say(*mob(BUSY + 8 * HOUR, 12))
    journal.end(BUSY + 12 * HOUR)
    was = of_journal(journal.db, None, None, ALWAYS)
    assert (was.facts.exact, len(was.these.rings)) == (True, 1)
    supposed = of_journal(journal.db, SLOWER, None, ALWAYS)
    assert (supposed.facts.exact, len(supposed.these.rings), supposed.others) == (False, 0, None)
    assert any("changed 1 time" in line for line in compose(supposed, "en").assumes)
    between = of_journal(journal.db, IN_FORCE, SLOWER, ALWAYS)
    assert (len(between.these.rings), len(between.others.rings)) == (2, 0)
    assert "the other rules: 0" in compose(between, "en").headline
    journal.db.close()


def test_who_would_be_called_at_night_and_how_far_from_the_peak_is_told_of_each_ring(db):
    told = of_journal(db, None, None, ALWAYS)
    by_day, by_night = (ring for ring in told.these.rings if ring.brand == "acme")
    assert (by_day.woken, by_night.woken) == ((), ("ines",))
    assert "Called at night: Inès." in compose(told, "en").brands[0].rings[1].lines
    assert BUSY < by_day.at < by_day.peak_at < BUSY + 15 * MINUTE
    assert by_day.began_at == BUSY


def test_the_daemon_may_write_meanwhile_and_the_progress_is_that_of_the_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(backtest, "_ROWS", 5)
    journal = Journal(tmp_path)
    journal.say(*mob(BUSY, 12))
    journal.db.execute("BEGIN IMMEDIATE")
    journal.db.execute("DELETE FROM journal")
    reading, done = open_for_reading(tmp_path), []
    told = of_journal(reading, SLOWER, None, ALWAYS, progress=done.append)
    journal.db.execute("ROLLBACK")
    assert done == [5 / 13, 10 / 13, 1.0]
    assert [pair.fate for pair in told.pairs] == [Fate.GONE]
    reading.close()
    journal.db.close()


def test_only_rings_of_the_time_that_is_asked_about_are_told(db):
    told = of_journal(db, SLOWER, None, Period(since="2026-03-04"))
    assert {(pair.told.brand, pair.fate) for pair in told.pairs} == {("acme", Fate.GONE)}
    assert not of_journal(db, SLOWER, None, Period(until="2026-03-03")).pairs
    for wrong in (Period(since="soon"), Period(since="2027-01-01"), Period(until="2020-01-01")):
        with pytest.raises(QuestionError, match=r"no time|nothing is known of that time"):
            of_journal(db, SLOWER, None, wrong)


def written(folder: Path) -> str:
    connection = open_for_reading(folder)
    told = of_journal(connection, SLOWER, None, ALWAYS)
    connection.close()
    sheets = [compose(told, language) for language in ("en", "fr")]
    lines = [line for sheet in sheets for line in as_lines(sheet)]
    objects = [msgspec.json.encode(each).decode() for each in as_objects(told, sheets[0])]
    return "\n".join((*lines, *objects, *(page(told, sheet) for sheet in sheets)))


def test_two_runs_on_one_journal_give_the_same_bytes_whatever_the_process(folder):
    text = written(folder)
    assert str(folder) not in text
    here = Path(__file__).parent
    seed = "1" if os.environ.get("PYTHONHASHSEED") == "0" else "0"
    run = subprocess.run(
        [sys.executable, here / "test_backtest.py", folder],
        env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(here.parents[1]), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=True,
    )
    assert run.stdout.decode() == text


def test_a_page_shows_a_chart_a_brand_in_words_too_and_nothing_in_it_is_markup_of_others(tmp_path):
    journal = Journal(tmp_path)
    journal.say(*mob(BUSY, 12, text="acme horrible scandal <script>alert(1)</script> <!channel> shame"))
    journal.end(BUSY + HOUR)
    told = of_journal(journal.db, SLOWER, None, ALWAYS)
    journal.db.close()
    for language, words in (
        ("en", "The rules in force ring: 1"),
        ("fr", "Alertes avec les règles en vigueur\u00a0: 1"),
    ):
        text = page(told, compose(told, language))
        assert f'<html lang="{language}">' in text
        assert "<script" not in text
        assert "<b>" not in text
        assert "<!channel>" not in text
        assert len(re.findall(r'<svg [^>]*role="img" aria-label="', text)) == 1
        assert words in re.search(r'aria-label="([^"]*)"', text)[1]
        assert words in re.search(r"<figcaption>(.*?)</figcaption>", text)[1]
        assert not re.search(r'(src|href)="(?!https?:)', text)


def ring(at: int, rule: str = "angry", **changes: object) -> Ring:
    fields = {
        "brand": "acme", "rule": rule, "at": at, "began_at": at - MINUTE, "until": at + HOUR,
        "subject": Subject("acme"), "incident": "i", "severity": Severity.WARNING, "over": 0, "detector": None,
        "observed": 1.0, "expected": None, "shown": (),
    }  # fmt: skip
    return Ring(**(fields | changes))


def test_rings_are_paired_by_rule_and_time_with_the_same_subject_first():
    thread = Subject("acme", "x:1")
    mine = [ring(BUSY), ring(BUSY + 5 * MINUTE, subject=thread), ring(BUSY, "fire"), ring(BUSY + DAY)]
    yours = [ring(BUSY + 4 * MINUTE, subject=thread), ring(BUSY + 9 * MINUTE), ring(BUSY + 3 * DAY), ring(BUSY + DAY)]
    pairs = [(pair.told.rule, pair.told.at - BUSY, pair.fate, pair.moved) for pair in compare(mine, yours)]
    assert pairs == [
        ("angry", 0, Fate.MOVED, -9 * MINUTE),
        ("fire", 0, Fate.ADDED, 0),
        ("angry", 5 * MINUTE, Fate.MOVED, MINUTE),
        ("angry", DAY, Fate.SAME, 0),
        ("angry", 3 * DAY, Fate.GONE, 0),
    ]


@pytest.fixture
def export(tmp_path) -> Path:
    file = tmp_path / "mentions.jsonl"
    told = [*mob(BUSY, 20), *mob(LATE, 12)]
    file.write_bytes(b"\n".join(msgspec.json.encode(each) for each in told))
    return file


def test_a_ring_after_the_last_mention_of_a_file_counts_and_what_is_no_mention_is_said(tmp_path):
    file = tmp_path / "short.jsonl"
    lines = [*(msgspec.json.encode(each) for each in mob(BUSY, 9)), b"{}"]
    file.write_bytes(b"\n".join(lines))
    told = of_file(Past(str(file)), IN_FORCE, None, Period(), MONDAY + 9 * DAY)
    assert rungs(told.these.rings) == [("acme", "angry", BUSY + 4 * MINUTE + SECOND)]
    assert "1 item of the file is no mention and is left out." in compose(told, "en").assumes
    file.write_bytes(b"{}")
    with pytest.raises(QuestionError, match="no mention in it"):
        of_file(Past(str(file)), IN_FORCE, None, Period(), MONDAY + 9 * DAY)


def test_a_brand_of_which_a_decision_fails_is_named(db, monkeypatch):
    monkeypatch.setattr("buzzwatch.lookout.Lookout.evidence", lambda *_: 1 / 0)
    told = of_journal(db, SLOWER, None, ALWAYS)
    assert told.facts.failed == ("acme", "zephyr")
    assert any("a decision about acme, zephyr failed" in line for line in compose(told, "en").assumes)


def test_two_rule_sets_are_compared_on_a_file(export):
    told = of_file(Past(str(export)), SLOWER, IN_FORCE, Period(), MONDAY + 9 * DAY)
    assert [pair.fate for pair in told.pairs] == [Fate.MOVED, Fate.GONE]
    assert told.posts.keys() >= set(told.pairs[0].told.shown)
    assert "the other rules: 2" in compose(told, "en").headline
    alone = of_file(Past(str(export)), IN_FORCE, None, Period(since="2026-03-04"), MONDAY + 9 * DAY)
    assert (len(alone.these.rings), alone.others) == (1, None)


def invoke(tmp_path: Path, *arguments: object, language: str = "en"):
    for name, text in FILES.items():
        (tmp_path / "rules").mkdir(exist_ok=True)
        (tmp_path / "rules" / name).write_text(text)
    config = tmp_path / "buzzwatch.yaml"
    config.write_text('state: state\nsources: {push: {http: {listen: "127.0.0.1:8787"}}}\n')
    wanted = [str(each) for each in ("replay", *arguments)]
    return CliRunner().invoke(app, wanted, env={"LC_ALL": language}, catch_exceptions=False)


def test_the_command_prints_lines_or_objects_and_writes_a_page(tmp_path, export):
    rules = ("--rules", tmp_path / "rules")
    plain = invoke(tmp_path, export, *rules)
    assert "── 2026-03-03T10:" in plain.output
    assert ", matched " in plain.output
    asked = invoke(tmp_path, export, *rules, "--report", tmp_path / "page.html", language="fr")
    assert asked.stdout.startswith("Sur 15\u00a0heures, ces règles auraient sonné 2\u00a0fois.\n")
    assert "<!doctype html>" in (tmp_path / "page.html").read_text()
    objects = [
        msgspec.json.decode(line)
        for line in invoke(tmp_path, export, *rules, "--brand", "acme", "--json").stdout.splitlines()
    ]
    assert [next(iter(each)) for each in objects] == ["rule", "rule", "rule", "ring", "ring", "summary"]
    assert objects[-1]["summary"]["rings"] == 2


def test_what_cannot_be_replayed_is_said_in_words(tmp_path, export):
    config = ("--config", tmp_path / "buzzwatch.yaml")
    rules = ("--rules", tmp_path / "rules")
    assert "no database here" in invoke(tmp_path, *config).output
    (tmp_path / "state").mkdir()
    database = open_database(tmp_path / "state")
    assert "the journal is empty" in invoke(tmp_path, *config, *rules).output
    database.execute("PRAGMA user_version = 999")
    database.close()
    refused = invoke(tmp_path, *config)
    assert (refused.exit_code, "written by a newer buzzwatch" in refused.output) == (1, True)
    assert "'soon' is no time" in invoke(tmp_path, export, *rules, "--since", "soon").output
    assert "there is no brand 'nimbus'" in invoke(tmp_path, export, *rules, "--brand", "nimbus").output
    assert "read once only" in invoke(tmp_path, "-", *rules, "--against", tmp_path / "rules").output
    assert "name it with --rules" in invoke(tmp_path, *config, "--against", tmp_path / "rules").output


def test_a_database_that_cannot_be_read_is_said_in_words(db):
    db.close()
    with pytest.raises(Exception, match="closed") as caught:
        of_journal(db, SLOWER, None, ALWAYS)
    assert isinstance(caught.value, StateError)


if __name__ == "__main__":
    sys.stdout.write(written(Path(sys.argv[1])))
