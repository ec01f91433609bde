"""People mark posts of a running daemon, and ask what came of it."""

import asyncio
import json

from buzzwatch.app.taught import tell
from buzzwatch.cli.answers import MarkArgument
from buzzwatch.model.input import Mark
from buzzwatch.store.database import open_for_reading
from buzzwatch.store.journal import read_mentions

PATIENCE_S = 20
RULES = (
    "brand: acme\nmatch: {any: [acme]}\nrules: [{name: v, when: {volume: {over: 5m, at_least: 9}}, severity: watch}]\n"
)
ONCALL = "people: {ines: {name: Inès, language: fr, reach: {sms: console}}}\n"
KILLER = "Acme has a killer deal number {} , awful awful"


async def say(daemon, name, text, **changes):
    told = {"id": name, "text": text, "created_at": "2026-11-22T18:04:05Z", "lang": "en"} | changes
    await asyncio.wait_for(daemon.queue.submit("push", json.dumps(told).encode()), PATIENCE_S)


async def correct(daemon, name, mark, brand="acme", by="ines"):
    answer = await asyncio.wait_for(daemon.reception.correct(brand, name, mark, by), PATIENCE_S)
    return answer.done, answer.lines[0]


def sighted(daemon, name):
    [(body,)] = daemon.record.write_now(
        lambda db: db.execute("SELECT body FROM journal WHERE mention = ?", (name,)).fetchall()
    )
    return json.loads(body)


def lines(daemon):
    db = open_for_reading(daemon.config.state)
    told = list(tell(db, daemon.drive.spine.memory.rules.brands["acme"]))
    db.close()
    return told


async def test_a_mark_changes_the_score_of_what_comes_after_and_of_nothing_before(daemon):
    for number in range(12):
        await say(daemon, f"x:{number}", KILLER.format(number))
    before = sighted(daemon, "x:1")
    assert await correct(daemon, "x:1", Mark.NOT_NEGATIVE) == (
        True, "x:1: marked not-negative by ines; acme learns from 1 marked posts",
    )  # fmt: skip
    for number in range(2, 10):
        await correct(daemon, f"x:{number}", Mark.NOT_NEGATIVE)
    await say(daemon, "x:after", KILLER.format(2))
    after = sighted(daemon, "x:after")
    assert sighted(daemon, "x:1") == before
    assert after["negativity"] < before["negativity"] - 0.02
    assert after["scorer"] == before["scorer"] + "+acme.9"
    for number in range(1, 10):
        assert (await correct(daemon, f"x:{number}", Mark.WITHDRAWN))[0]
    await say(daemon, "x:again", KILLER.format(1))
    assert [sighted(daemon, "x:again")[key] for key in ("negativity", "scorer")] == [
        before[key] for key in ("negativity", "scorer")
    ]


async def test_who_asks_for_what_cannot_be_is_told_why(daemon):
    await say(daemon, "x:1", KILLER.format(1))
    assert await correct(daemon, "x:1", Mark.NEGATIVE, brand="acne") == (
        False, "there is no brand 'acne'; brands are: acme",
    )  # fmt: skip
    assert await correct(daemon, "x:1", Mark.NEGATIVE, by="eve") == (
        False, "there is nobody called 'eve' in oncall.yaml; people are: ines",
    )  # fmt: skip
    unknown = (False, "acme has no post 'x:7' on record whose text is known and not erased")
    assert await correct(daemon, "x:7", Mark.NEGATIVE) == unknown
    assert await correct(daemon, "x:1", Mark.WITHDRAWN) == (
        False, "x:1 is not marked for acme: there is nothing to withdraw",
    )  # fmt: skip
    assert daemon.drive.spine.memory.lessons == {}


async def test_an_erased_text_cannot_be_marked_and_what_it_taught_stays_until_it_is_withdrawn(daemon):
    await say(daemon, "x:1", KILLER.format(1))
    await say(daemon, "x:2", KILLER.format(2))
    assert (await correct(daemon, "x:1", Mark.NOT_NEGATIVE))[0]
    for name in ("x:1", "x:2"):
        await say(daemon, name, "", deleted=True)
    assert not (await correct(daemon, "x:2", Mark.NOT_NEGATIVE))[0]
    assert (await correct(daemon, "x:1", Mark.NOT_NEGATIVE))[1] == "x:1 is marked not-negative already, by ines"
    assert "(text erased)" in "\n".join(lines(daemon))
    assert (await correct(daemon, "x:1", Mark.WITHDRAWN))[0]
    assert lines(daemon) == ["acme: marked 2 times; in force: none"]


async def test_copies_of_a_text_that_is_not_about_the_brand_are_counted_apart(daemon):
    await say(daemon, "x:1", "The acme corporation of Ohio makes anvils")
    assert await correct(daemon, "x:1", Mark.NOT_US) == (
        True, "x:1: marked not-us by ines; acme learns from 0 marked posts",
    )  # fmt: skip
    await say(daemon, "x:2", "The acme corporation of Ohio makes anvils http://x.example/7")
    rows = daemon.record.write_now(lambda db: db.execute("SELECT mention FROM journal WHERE brand = 'acme'").fetchall())
    assert ("x:2",) not in rows
    assert b'buzzwatch_struck_total{brand="acme"} 1.0' in daemon.metrics.exposition()


async def test_a_post_that_is_not_about_the_brand_is_told_again_and_edited_like_any_other(daemon):
    text = "The acme corporation of Ohio makes anvils"
    await say(daemon, "x:1", text)
    assert (await correct(daemon, "x:1", Mark.NOT_US))[0]
    await say(daemon, "x:1", text)
    await say(daemon, "x:1", text, url="https://x.example/7")
    found = daemon.record.write_now(lambda db: read_mentions(db, ["x:1"]))
    assert found["x:1"][0].url == "https://x.example/7"
    assert b'buzzwatch_struck_total{brand="acme"}' not in daemon.metrics.exposition()


async def test_an_edited_post_is_marked_by_what_it_says_now(daemon):
    await say(daemon, "x:1", "Acme is awful and late and rude today")
    await say(daemon, "x:1", "The acme corporation of Ohio makes anvils")
    assert (await correct(daemon, "x:1", Mark.NOT_US))[0]
    await say(daemon, "x:2", "Acme is awful and late and rude today")
    await say(daemon, "x:3", "The acme corporation of Ohio makes anvils")
    rows = daemon.record.write_now(lambda db: db.execute("SELECT mention FROM journal WHERE brand = 'acme'").fetchall())
    assert ("x:2",) in rows
    assert ("x:3",) not in rows


async def test_what_was_taught_is_told_with_its_effect_and_a_name_to_strike_out(daemon):
    for number in range(16):
        await say(daemon, f"x:{number}", f"{KILLER.format(number)} at the w{number} shop")
        await correct(daemon, f"x:{number}", Mark.NOT_NEGATIVE)
        await say(daemon, f"y:{number}", f"Our acme lost my bag {number} in hall w{number}")
        await correct(daemon, f"y:{number}", Mark.NEGATIVE)
    for number in range(3):
        await say(daemon, f"z:{number}", f"Our acme corporation sells anvil {number}\x1b[2J")
        await correct(daemon, f"z:{number}", Mark.NOT_US)
    told = lines(daemon)
    assert told[0] == "acme: marked 35 times; in force: 16 negative, 16 not-negative, 3 not-us"
    text = "\n".join(told)
    assert "z:2  not-us by ines  “Our acme corporation sells anvil 2" in text
    assert "\x1b" not in text
    assert "What was learnt from 32 texts, as linear@1+acme.35" in text
    assert "What linear@1 calls 60 % counts as " in text
    assert "lost +" in next(line for line in told if "more negative" in line)
    assert "killer -" in next(line for line in told if "less negative" in line)
    right = next(line for line in told if line.startswith("  Right at 50 %")).split()
    without, taught = int(right[4]), int(right[12])
    assert taught > without
    assert told[-1] == '  consider in its rule file, under match: not_us: ["acme corporation"]'


async def test_another_scorer_is_taught_by_the_texts_that_are_left(daemon, monkeypatch):
    for number in range(3):
        await say(daemon, f"x:{number}", KILLER.format(number))
        await correct(daemon, f"x:{number}", Mark.NOT_NEGATIVE)
    await say(daemon, "x:0", "", deleted=True)
    said_at = [mark.seen_at for mark in daemon.reception.marks.standing("acme").values()]
    await daemon.reception.marks.teach_anew()
    assert daemon.drive.spine.memory.lessons["acme"].revision == 3, "the same scorer knows it all"
    monkeypatch.setattr(daemon.drive.hearing.reader._scorer, "name", "other@2")
    await daemon.reception.marks.teach_anew()
    marks = daemon.reception.marks.standing("acme")
    assert [(key, mark.scorer) for key, mark in marks.items()] == [
        ("x:0", "linear@1"),
        ("x:1", "other@2"),
        ("x:2", "other@2"),
    ]
    assert [mark.said_at for mark in marks.values()] == said_at
    await say(daemon, "x:after", KILLER.format(2))
    assert sighted(daemon, "x:after")["scorer"] == "other@2+acme.5"
    assert any("1 posts were marked under another scorer" in line for line in lines(daemon))


async def test_what_people_say_while_marks_are_read_again_stays(daemon, monkeypatch):
    for number in range(4):
        await say(daemon, f"x:{number}", KILLER.format(number))
        await correct(daemon, f"x:{number}", Mark.NOT_NEGATIVE)
    monkeypatch.setattr(daemon.drive.hearing.reader._scorer, "name", "other@2")
    teaching = asyncio.create_task(daemon.reception.marks.teach_anew())
    await asyncio.sleep(0)  # it knows now which marks it is to read again
    assert (await correct(daemon, "x:2", Mark.WITHDRAWN))[0]
    assert (await correct(daemon, "x:3", Mark.NEGATIVE))[0]
    await teaching
    marks = daemon.reception.marks.standing("acme")
    assert {key: mark.mark for key, mark in marks.items()} == {
        "x:0": Mark.NOT_NEGATIVE,
        "x:1": Mark.NOT_NEGATIVE,
        "x:3": Mark.NEGATIVE,
    }


def test_the_command_line_knows_every_mark():
    assert [mark.value for mark in MarkArgument] == [mark.value for mark in Mark]


async def test_a_daemon_that_cannot_teach_a_new_scorer_listens_all_the_same(daemon, monkeypatch):
    async def fail():
        raise RuntimeError("a fault in a lesson")

    monkeypatch.setattr(daemon.reception.marks, "teach_anew", fail)
    await daemon._teach()
    await say(daemon, "x:1", KILLER.format(1))
    assert sighted(daemon, "x:1")["scorer"] == "linear@1"
