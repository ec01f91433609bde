"""A plugged-in scorer behind a real drive: what it does in time counts, and what it does not costs no mention."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
from stage import MONDAY, House, mention, rule_set, rules, says, warmed

from buzzwatch.app import second_opinion
from buzzwatch.app.config import Scorer
from buzzwatch.app.recover import replay_journal
from buzzwatch.app.scorer_process import LOADING
from buzzwatch.app.second_opinion import FAILURES, REST, SecondOpinion
from buzzwatch.app.ticking import run_to
from buzzwatch.clock import VirtualClock
from buzzwatch.ingest.scorer import load
from buzzwatch.model.input import ClockSet, RulesSwapped
from buzzwatch.model.instant import HOUR, MINUTE, SECOND
from buzzwatch.model.mention import Sighting
from buzzwatch.model.receipt import Receipt
from buzzwatch.spine import Spine
from buzzwatch.store.database import open_for_reading
from buzzwatch.store.journal import Ledger

NOON = MONDAY + 12 * HOUR
PATIENCE_S = 20
OURS, BUILT_IN = "moody@1", load().name
MOODY = """
import os

GATE = os.environ["MOODY_GATE"]

class Plugged:
    name = "moody@1"

    def __init__(self):
        if os.path.exists(GATE + ".broken"):
            raise OSError("no weights here")
        if os.path.exists(GATE + ".stuck"):
            open(GATE + ".asked", "w").close()
            open(GATE).read()

    def score(self, texts, langs):
        for text in texts:
            if "slow" in text:
                open(GATE + ".asked", "w").close()
                open(GATE).read()  # a pipe: until somebody opens it at the other end
            elif "die" in text:
                os._exit(3)
            elif "fail" in text:
                raise ValueError(text)
        return [0.875 if "good" not in text else 0.125 for text in texts]
"""


class Office:
    """A house with a plug-in."""

    def __init__(self, folder: Path, gate: Path) -> None:
        self.house = House(folder, VirtualClock(NOON))
        self.clock = self.house.clock
        self.gate = gate
        self.asked, self.broken, self.stuck = (Path(f"{gate}.{name}") for name in ("asked", "broken", "stuck"))

    def employ(self, **settings: object) -> None:
        config = Scorer.model_validate({"use": "moody", **settings})
        self.opinion = SecondOpinion(config, self.clock, self.house.metrics, self.house.queue.tell)
        self.house.drive.reconsider = self.opinion.reconsider
        self.running = asyncio.create_task(self.opinion.run())

    async def until(self, fact: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not fact():
                await self.house.record.write(lambda _: None)

    async def until_it(self, state: str) -> None:
        await self.until(lambda: self.opinion.state()["state"] == state)

    async def say(self, *texts: str) -> Receipt:
        return await self.house.say(*[mention(NOON, text, text=f"acme: {text}") for text in texts])

    async def say_slow(self, *texts: str) -> Receipt:
        """Say something that it never answers in time."""
        saying = asyncio.create_task(self.say(*texts))
        await self.until(self.asked.exists)
        self.asked.unlink()
        await self.clock.advance(2 * SECOND - 1)
        assert not saying.done()
        await self.clock.advance(1)
        return await saying

    async def let_go(self) -> None:
        """Let it answer what it was asked long ago."""
        await asyncio.to_thread(self.gate.write_text, "")

    def scored(self) -> list[tuple[str, float, str]]:
        """Mentions on record in the order of their steps, with scores and scorers."""
        rows = self.house.rows("SELECT body FROM journal WHERE kind = 'sighting' ORDER BY seq")
        found = [msgspec.json.decode(body, type=Sighting) for (body,) in rows]
        return [(each.mention.removeprefix("x:"), each.negativity, each.scorer) for each in found]

    def scorers(self) -> dict[str, str]:
        return {name: scorer for name, _, scorer in self.scored()}

    def counted(self, outcome: str) -> float:
        return self.house.metrics.registry.get_sample_value("buzzwatch_scorer_texts_total", {"outcome": outcome}) or 0.0

    def troubles(self) -> list[tuple[str, bool]]:
        rows = self.house.rows("SELECT body FROM journal WHERE kind = 'trouble' ORDER BY seq")
        told = [msgspec.json.decode(body) for (body,) in rows]
        return [(each["text"], each.get("over", False)) for each in told]

    async def close(self) -> None:
        self.running.cancel()
        await asyncio.wait([self.running], timeout=PATIENCE_S)
        await self.house.kill()


@pytest.fixture
async def office(
    tmp_path: Path, plug_in: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    monkeypatch.setenv("MOODY_GATE", str(gate))
    plug_in("moody", MOODY)
    office = Office(tmp_path / "state", gate)
    office.house.open()
    await office.house.tell(RulesSwapped(0, rules()))
    yield office
    await office.close()


async def test_what_it_scores_in_time_carries_its_score_and_its_name(office):
    office.stuck.touch()
    office.employ()
    await office.say("before it is loaded")
    await office.until(office.asked.exists)
    await office.let_go()
    await office.until_it("working")
    receipt = await office.say("good", "bad")
    await office.house.say(mention(NOON, "other", text="nobody's brand"))
    await office.say("bad")
    await office.house.say(mention(NOON, "titled", text="acme", title="good"))
    assert receipt.accepted == 2
    [(first, _, scorer), *others] = office.scored()
    assert (first, scorer) == ("before it is loaded", BUILT_IN)
    assert others == [("good", 0.125, OURS), ("bad", 0.875, OURS), ("titled", 0.125, OURS)]
    assert (office.counted("scored"), office.counted("resting")) == (3, 1), "neither repeats nor what is nobody's"


async def test_an_edit_is_scored_again(office):
    office.employ()
    await office.until_it("working")
    await office.house.say(mention(NOON, "one", text="acme is bad"))
    await office.house.say(mention(NOON, "one", text="acme is good"))
    assert office.house.rows("SELECT negativity FROM content") == [(0.125,)]


async def test_a_batch_waits_no_longer_than_it_may_and_an_answer_that_comes_later_is_passed_over(office):
    office.employ(batch=1)
    await office.until_it("working")
    receipt = await office.say_slow("bad", "slow", "good")
    assert receipt.accepted == 3
    assert office.scorers() == {"bad": OURS, "slow": BUILT_IN, "good": BUILT_IN}
    assert office.counted("late") == 2
    assert office.opinion.state()["why"] == "", "one that answers at all is busy, and does not fail"
    await office.let_go()
    await office.say("good as well")
    assert office.scored()[-1] == ("good as well", 0.125, OURS)


async def test_one_that_hangs_is_put_to_rest_and_told_once_until_it_works_again(office):
    office.employ()
    await office.until_it("working")
    for number in range(FAILURES):
        assert office.troubles() == []
        if number == 0:
            await office.say_slow("slow")
        else:  # it still hangs on the first
            await office.clock.advance(2 * SECOND)  # to be asked again at all
            saying = asyncio.create_task(office.say(f"good {number}"))
            await office.until(lambda: office.house.clock._waiters[0][0] == office.clock.now() + 2 * SECOND)
            await office.clock.advance(2 * SECOND)
            await saying
    await office.say("good while it rests")
    assert set(office.scorers().values()) == {BUILT_IN}
    why = "it gave no answer for 1 texts in 2 s"
    text = f"scorer moody is put to rest, and the built-in one scores in its place: {why}"
    assert office.troubles() == [(text, False)]
    assert office.opinion.state()["state"] == "resting"
    await office.clock.advance(REST)
    await office.until_it("working")
    await office.say("good again")
    assert office.scorers()["good again"] == OURS
    await office.say("and on")
    assert office.troubles()[1:] == [("scorer moody works again", True)]


async def test_one_that_fails_is_tried_again_after_rests_that_grow(office, monkeypatch):
    monkeypatch.setattr(second_opinion, "LONGEST_REST", 3 * REST)
    office.employ(batch=1)
    await office.until_it("working")
    await office.say("fail 1", "fail 2", "good", "fail 3", "fail 4")
    assert office.scorers()["good"] == OURS
    assert office.opinion.state()["state"] == "working", "in a row means without a success between"
    receipt = await office.say("fail 5", "good too late")
    assert receipt.accepted == 2
    assert office.scorers()["good too late"] == BUILT_IN
    for number, rest in enumerate((REST, 2 * REST, 3 * REST, 3 * REST)):
        assert office.opinion.state()["until"] == office.clock.now() + rest
        await office.clock.advance(rest - 1)
        assert office.opinion.state()["state"] == "resting"
        await office.clock.advance(1)
        await office.until_it("working")
        await office.say(f"fail again {number}")
    await office.say("and on")
    [(told, over)] = office.troubles()
    assert not over
    assert "it raised ValueError at moody_scorer.py" in told
    assert "fail 5" not in told
    await office.clock.advance(3 * REST)
    await office.until_it("working")
    await office.say("good once", "fail 6", "fail 7", "fail 8")
    assert office.opinion.state()["until"] == office.clock.now() + REST, "a success makes the next rest short"


async def test_what_it_dies_of_is_not_lost_and_it_is_started_again(office):
    office.employ(batch=1)
    await office.until_it("working")
    receipt = await office.say("good 1", "good 2", "die", "good 3")
    assert receipt.accepted == 4
    assert [(name, scorer) for name, _, scorer in office.scored()] == [
        ("good 1", OURS),
        ("good 2", OURS),
        ("die", BUILT_IN),
        ("good 3", BUILT_IN),
    ]
    await office.until(lambda: office.opinion.state()["why"])
    assert office.opinion.state()["why"] == "its process ended with status 3"
    await office.until_it("working")
    await office.say("good 4")
    assert office.scorers()["good 4"] == OURS
    await office.say("and on")
    assert office.troubles() == []


async def test_one_that_cannot_be_loaded_leaves_all_to_the_built_in_one(office, monkeypatch):
    monkeypatch.setattr(second_opinion, "FAILURES", 1)
    office.broken.touch()
    office.employ()
    await office.until_it("resting")
    await office.say("good")
    assert office.scorers() == {"good": BUILT_IN}
    await office.say("and on")
    [(told, _)] = office.troubles()
    assert "it cannot be loaded: it raised OSError at moody_scorer.py:11: no weights here" in told
    office.broken.unlink()
    await office.clock.advance(REST)
    await office.until_it("working")
    await office.say("good again")
    await office.say("and on again")
    assert office.scorers()["good again"] == OURS
    assert office.troubles()[-1] == ("scorer moody works again", True)


async def test_one_that_never_comes_to_an_end_with_loading_is_put_to_rest(office, monkeypatch):
    monkeypatch.setattr(second_opinion, "FAILURES", 1)
    office.stuck.touch()
    office.employ()
    await office.until(office.asked.exists)
    await office.say("good")
    assert office.opinion.state()["state"] == "starting"
    await office.clock.advance(LOADING)
    await office.until_it("resting")
    await office.say("and on")
    [(told, _)] = office.troubles()
    assert told.endswith("it was not loaded after 120 s")


async def test_the_stream_waits_for_it_half_of_the_time_at_most(office):
    office.employ(batch=1)
    await office.until_it("working")
    for number in range(2):
        await office.say_slow(f"good {number}", f"slow {number}")
        await office.let_go()
    await office.say("good in between")
    await office.clock.advance(2 * SECOND - 1)
    await office.say("good and still too soon")
    assert office.scorers()["good in between"] == office.scorers()["good and still too soon"] == BUILT_IN
    assert office.counted("busy") == 2
    await office.clock.advance(1)
    await office.say("good afterwards")
    assert office.scorers()["good afterwards"] == OURS


async def test_what_is_owed_is_forgotten_when_the_clock_is_set_back(office):
    office.employ(batch=1)
    await office.until_it("working")
    for number in range(2):
        await office.say_slow(f"good {number}", f"slow {number}")
        await office.let_go()
    office.clock._now -= HOUR
    await office.house.tell(ClockSet(0))
    await office.say("good an hour ago")
    assert office.scorers()["good an hour ago"] == OURS


async def test_what_the_author_has_judged_in_stars_is_not_asked_of_it(office):
    office.employ()
    await office.until_it("working")
    text = "acme: good"
    await office.house.say(mention(NOON, "stars", text=text, stars=1), mention(NOON, "words", text=text))
    assert office.scorers() == {"stars": "stars", "words": OURS}


async def test_a_journal_of_mixed_scorers_gives_what_the_live_run_gave(office):
    house = office.house
    await house.tell(warmed(0))
    office.employ(batch=2)
    await office.until_it("working")
    for number in range(16):
        at = NOON + (number + 1) * 10 * SECOND
        await house.move(at)
        if number == 11:
            await office.until_it("working")
        posts = [mention(at, f"mob{number}-{each}", angry=True) for each in range(3)]
        if number == 8:
            posts[2] = mention(at, "die", text="acme, die !")
        await house.say(*posts)
    await house.move(NOON + 30 * MINUTE)
    found = list(office.scorers().values())
    assert found.count(OURS) > 20
    assert found.count(BUILT_IN) >= 1
    assert len(found) == 48
    assert any(change for _, outcome in house.outcomes for change in outcome.changes)
    spine, database = Spine(), open_for_reading(house.record.directory)
    seq, now = Ledger(database).position()
    stepped = replay_journal(spine, database, 0, seq, now, rule_set(rules()))
    assert [(at, outcome) for at, outcome in stepped if says(outcome)] == house.outcomes
    list(run_to(spine, house.drive.spine.memory.now + 1))
    assert spine.memory.digest() == house.drive.spine.memory.digest()
    database.close()
