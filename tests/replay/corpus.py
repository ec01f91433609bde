"""Two days in a small world with everything that has ever been awkward, and a fortnight later a slow one."""

import asyncio
import random
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec
from stage import MONDAY, ONCALL, House, mention, own_words, poisson, rules, warmed

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.clock import VirtualClock
from buzzwatch.memory import NO_RULES
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import State
from buzzwatch.model.input import (
    ClockSet,
    Command,
    Corrected,
    Drilled,
    Gap,
    Input,
    Mark,
    Outcome,
    Proposed,
    RotaSwapped,
    RulesMended,
    RulesRefused,
    RulesSwapped,
    Silenced,
    Trouble,
    Verb,
)
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant, Span, moment_of
from buzzwatch.model.mention import Author, Kind, Mention
from buzzwatch.model.notification import Notice
from buzzwatch.model.reading import How, Origin, Saved
from buzzwatch.model.rota import Shift
from buzzwatch.spine import Spine
from buzzwatch.store.journal import read_journal, read_mentions, read_sighting
from buzzwatch.store.record import Record

SEED = 20
BEGIN = MONDAY + 6 * HOUR
FOREVER: Instant = 2**62
UNANSWERED = """
  - {name: unanswered, when: {unanswered: {for: 14h, at_least: 4}}, severity: watch, notify: room}
  - {mode: shadow, name: s-many, when: {volume: {over: 1h, at_least: 8}}, severity: critical, notify: oncall}
  - {mode: shadow, name: s-talk, when: {thread: {mentions: 3}}, severity: warning, notify: room}
  - {mode: shadow, name: s-quiet, when: {quiet: {over: 4h}}, severity: warning, notify: room}
  - {mode: shadow, name: s-wait, when: {unanswered: {for: 6h, at_least: 2}}, severity: warning, notify: room}
  - {mode: shadow, name: s-angry, when: {mention: {negativity: 0.6, authors: 3, over: 2h}}, severity: critical}
  - {mode: shadow, name: s-wide, when: {spread: {sources: 2, over: 1h}, volume: {at_least: 3}}, severity: watch}
"""
FIRST = compile_rules(rules().files | {"acme.yaml": rules().files["acme.yaml"].rstrip() + UNANSWERED})
OTHER = rules("America/New_York", "zephyr.yaml")
CALENDAR = """
campaigns:
  - {from: "2026-03-02 10:30", until: "2026-03-02 20:15", expect: 1.5x, why: Soldes}
  - {brand: rival, from: "2026-03-02 10:30", until: "2026-03-03 20:15", expect: 0.5x, why: Grève}
"""
DATED = compile_rules(FIRST.files | {"calendar.yaml": CALENDAR})
LISTED = compile_rules(
    OTHER.files
    | {
        "oncall.yaml": ONCALL.replace("tell: ines, by: [push]", 'tell: "rota:comms", by: [push, sms]')
        + "rota: {comms: {ical: comms.ics, fallback: sophie}}"
    }
)
BOOK: dict[str, Ruleset] = {each.digest: each for each in (NO_RULES, FIRST, DATED, OTHER, LISTED)}

Act = Callable[[House], Awaitable[object]]
Script = list[tuple[Instant, Act]]


def corpus() -> Script:
    """Acts and when they happen, in order; what falls into a downtime happens after it."""
    first = [
        *_quiet_morning(),
        *_awkward_dates(),
        *_conversation(),
        *_crisis(),
        *_deaf_afternoon(),
        *_smoke(),
        *_marks(),
    ]
    days = _second_day() + _comes_back() + _answers() + _rehearsals()
    return sorted([*first, *_refusals(), *_evening()], key=lambda each: each[0]) + days


def _say(*mentions: Mention) -> Act:
    return lambda house: house.say(*mentions)


def _tell(item: Input) -> Act:
    return lambda house: house.tell(item)


def _answer(verb: Verb, by: str, wait: Span = 0) -> Act:
    async def answer(house: House) -> None:
        for incident in list(house.drive.spine.memory.desk.incidents.values()):
            if incident.state is not State.RESOLVED:
                await house.tell(Command(0, verb, incident.id, by, house.clock.now() + wait if wait else 0, "x"))

    return answer


def _mark(name: str, mark: Mark) -> Act:
    """As `Reception.correct` does; what nobody has heard of is marked by nobody."""

    async def correct(house: House) -> None:
        told = house.record.write_now(lambda db: read_mentions(db, [f"x:{name}"]))[f"x:{name}"][0]
        sighted = house.record.write_now(lambda db: read_sighting(db, f"x:{name}", "acme"))
        assert sighted is not None
        await house.tell(house.drive.hearing.reader.mark(told, sighted, mark, "ines"))

    return correct


def _marks() -> Script:
    """Amid the crisis some posts are angry, others not, one is taken back, and copies are about somebody else."""
    at = BEGIN + 7 * HOUR
    script = [(at + n * 2 * MINUTE + SECOND, _mark(f"mob{n * 4}", list(Mark)[n % 2])) for n in range(1, 6)]
    stray = "Acme, la quincaillerie de la rue Basse, vend de mauvais clous"
    strays = [(at + n * MINUTE, _say(mention(at + n * MINUTE, f"stray{n}", text=stray))) for n in range(36, 40)]
    return [
        *script,
        (at + 9 * MINUTE, _tell(Corrected(0, "acme", "x:mob8", Mark.WITHDRAWN, "karim"))),
        (at + 13 * MINUTE, _mark("root", Mark.NEGATIVE)),
        *strays,
        (at + 37 * MINUTE + SECOND, _mark("stray36", Mark.NOT_US)),
        (at + 20 * HOUR, _mark("mob40", Mark.NOT_NEGATIVE)),
    ]


def _quiet_morning() -> Script:
    dice = random.Random(SEED)
    swapped = RulesSwapped(0, FIRST)
    script = [(BEGIN, _tell(swapped)), (BEGIN, _tell(warmed(0))), (BEGIN, _tell(Gap(0, "push", BEGIN, BEGIN)))]
    for brand, per_hour in (("acme", 4.0), ("zephyr", 2.0), ("rival", 1.0)):
        for at in poisson(dice, BEGIN, BEGIN + 30 * HOUR, per_hour):
            told = mention(at, f"{brand}{at}", brand, angry=dice.random() < 0.1)
            script.append((at + dice.randrange(20) * SECOND, _say(told)))
    script.append((BEGIN + 5 * HOUR, _tell(RulesSwapped(0, DATED))))
    return [*script, (BEGIN + HOUR, _say(mention(BEGIN + HOUR, "last", "mute")))]


def _awkward_dates() -> Script:
    at = BEGIN + 2 * HOUR
    seen = mention(at, "seen", angry=True)
    return [
        (at, _say(seen)),
        (at + SECOND, _say(seen, seen)),
        (at + 2 * SECOND, _say(mention(at, "seen", text="Acme : finalement merci"))),
        (at + 3 * SECOND, _say(mention(at, "seen", text="", deleted=True))),
        (at + 4 * SECOND, _say(mention(at + DAY, "tomorrow"), mention(at - 13 * HOUR, "stale", angry=True))),
        (at + 5 * SECOND, _say(mention(at - 11 * HOUR, "old"), mention(at - 30 * DAY, "ancient"))),
        (at + 6 * SECOND, _say(mention(at, "both", text="acme ou zephyr ?"), mention(at, "neither", text="bonjour"))),
    ]


def _conversation() -> Script:
    at = BEGIN + 4 * HOUR
    official = Author(id="acme", handle="@acme_fr")
    script = [(at, _say(mention(at, "root", angry=True)))]
    for number in range(40):
        when = at + (number + 1) * 25 * SECOND
        script.append((when, _say(mention(when, f"re{number}", angry=number % 4 > 0, root="x:root", text="honteux !"))))
    for minute in (8, 20):
        when = at + minute * MINUTE + SECOND
        script.append((when, _say(mention(when, f"us{minute}", root="x:root", author=official, text="Désolés."))))
    return script


def _crisis() -> Script:
    at = BEGIN + 7 * HOUR
    loud = Author(id="paper", handle="@paper", followers=250_000)
    script = [(at + MINUTE, _say(mention(at + MINUTE, "paper", angry=True, author=loud)))]
    for number in range(70):
        when = at + number * 25 * SECOND
        script.append((when, _say(mention(when, f"mob{number}", angry=True))))
    text = "Honte à acme et à tous ses chefs, scandale sans nom {}"
    storm = [mention(at + 33 * MINUTE, f"copy{n}", angry=True, text=text.format(n % 7)) for n in range(60)]
    script += [(at + 12 * MINUTE, _answer(Verb.TAKE, "ines")), (at + 34 * MINUTE, _say(*storm))]
    rival = [mention(at, f"rival-mob{number}", "rival", angry=True) for number in range(12)]
    others = [mention(at + MINUTE, f"other-mob{number}", "zephyr", angry=True, source="forum") for number in range(7)]
    return [*script, (at + 3 * MINUTE, _say(*rival, *others)), (at + 50 * MINUTE, _answer(Verb.RESOLVE, "ines"))]


def _deaf_afternoon() -> Script:
    since, until = BEGIN + 9 * HOUR, BEGIN + 11 * HOUR
    backlog = [mention(since + number * MINUTE, f"backlog{number}", "zephyr") for number in range(30)]
    backlog += [mention(until - number * 20 * SECOND, f"zmob{number}", "zephyr", angry=True) for number in range(40)]
    again = [until + 45 * MINUTE + number * 20 * SECOND for number in range(25)]
    return [
        *((at, _say(mention(at, f"zagain{at}", "zephyr", angry=True))) for at in again),
        (since, _tell(Gap(0, "push", since, FOREVER))),
        (since, _tell(Trouble(0, "source-push", since, "deaf"))),
        (until, _tell(Gap(0, "push", since, until))),
        (until + SECOND, _say(*backlog)),
        (until + 9 * MINUTE, _answer(Verb.TAKE, "karim")),
        (until + 2 * HOUR, _say(mention(until + 2 * HOUR, "heard", "mute"))),
    ]


def _smoke() -> Script:
    at = BEGIN + 11 * HOUR + 30 * MINUTE
    paper = Author(id="paper", handle="@paper")
    strike = mention(at + 20 * MINUTE, "strike", text="Appel au boycott d'acme", author=paper)
    script = [(at + 20 * MINUTE, _say(strike))]
    for number in range(4):
        when = at + number * 9 * MINUTE
        script.append((when, _say(mention(when, f"smoke{number}", text=f"De la fumée dans un avion acme ({number})"))))
    return script


def _refusals() -> Script:
    """Faults, others an hour later, amid a downtime and a clock that is set back, mended twice."""
    said = ({"fr": "acme.yaml:3:1 : clé inconnue", "en": "acme.yaml:3:1: unknown key"},)
    origin = Origin(How.ITSELF, saved=(Saved("acme.yaml", "ines", BEGIN),))

    def refused(digest: str) -> Act:
        return _tell(RulesRefused(0, digest, said, 2, BEGIN, origin))

    return [
        (BEGIN + 8 * HOUR, refused("a")),
        (BEGIN + 8 * HOUR + MINUTE, refused("b")),
        (BEGIN + 14 * HOUR, refused("b")),
        (BEGIN + 15 * HOUR, _tell(RulesMended(0))),
        (BEGIN + 15 * HOUR + SECOND, _tell(RulesMended(0))),
        (BEGIN + 31 * HOUR, refused("a")),
        (BEGIN + 33 * HOUR, refused("c")),
    ]


def _evening() -> Script:
    at = BEGIN + 13 * HOUR
    script = [(at, _tell(RulesSwapped(0, OTHER)))]
    for number in range(50):
        when = at + HOUR + number * 15 * SECOND
        script.append((when, _say(mention(when, f"eve{number}", angry=True))))
    down = at + 80 * MINUTE
    return [
        *script,
        (down, _power_cut),
        (down + 56 * MINUTE, _answer(Verb.RESOLVE, "karim")),
        (at + 5 * HOUR, _tell(RulesSwapped(0, FIRST))),
    ]


def _second_day() -> Script:
    at = BEGIN + 31 * HOUR
    script: Script = [(at + HOUR, _set_back)]
    for number in range(90):
        when = at + (number - 20) * MINUTE // 2
        script.append((when, _say(mention(when, f"again{number}", "zephyr", angry=number > 30))))
    for number in range(60):
        when = at + 3 * HOUR + number * 12 * SECOND
        script.append((when, _say(mention(when, f"talk{number}"))))
    article = mention(at + 3 * HOUR + 13 * MINUTE, "article", source="press", kind=Kind.ARTICLE)
    script.append((at + 3 * HOUR + 13 * MINUTE, _say(article)))
    return [*script, (at + 5 * HOUR, _say(mention(at + 5 * HOUR, "end"))), (at + 15 * HOUR, _tell(warmed(0, "rival")))]


def _comes_back() -> Script:
    """A few a day for five days, and then no more."""
    script = []
    for day in range(10, 15):
        for number in range(5):
            when = BEGIN + day * DAY + number * 2 * HOUR
            name = f"back{day}-{number}"
            script.append((when, _say(mention(when, name, text=f"Boycott d'acme ! {own_words(name)}"))))
    at = BEGIN + 20 * DAY
    text = "Rien de neuf chez acme, la ligne de Lisbonne ouvre au printemps avec deux vols par jour"
    echoes = [(at + n * MINUTE, _say(mention(at + n * MINUTE, f"echo{n}", text=text))) for n in range(1, 4)]
    return [*script, (at, _say(mention(at, "calm again"))), *echoes]


def _answers() -> Script:
    """A crisis that is let wait, silenced, taken, forgotten while it grows, and dismissed in the end.

    Who is on duty stands in a calendar, which is changed meanwhile.
    """
    at = BEGIN + 22 * DAY
    turns = (Shift(at - DAY, at + 9 * MINUTE, "ines"), Shift(at + 9 * MINUTE, at + 3 * DAY, "karim"))
    script: Script = [
        (at - HOUR, _tell(RulesSwapped(0, LISTED))),
        (at - 50 * MINUTE, _tell(RotaSwapped(0, "comms", turns))),
        (at + 66 * MINUTE, _tell(RotaSwapped(0, "comms", (*turns[:1], Shift(turns[1].since, at + DAY, "sophie"))))),
        (at + 6 * MINUTE + SECOND, _answer(Verb.WAIT, "ines", 10 * MINUTE)),
        (at + 18 * MINUTE + SECOND, _tell(Silenced(0, "acme", at + 32 * MINUTE, "exercice", "karim"))),
        (at + 18 * MINUTE + SECOND, _tell(Silenced(0, "zephyr", at + DAY, "travaux", "ines"))),
        (at + 34 * MINUTE + SECOND, _answer(Verb.HELP, "karim")),
        (at + 85 * MINUTE + SECOND, _answer(Verb.SNOOZE, "ines", 2 * MINUTE)),
        (at + 88 * MINUTE + SECOND, _answer(Verb.NO_MATTER, "ines")),
        (at + 86 * MINUTE, _propose("x:mob1", "ines")),
        (at + 86 * MINUTE + SECOND, _propose("x:mob1", "ines")),
        (at + 87 * MINUTE, _propose("x:mob2", "karim")),
        (at + 89 * MINUTE, _tell(Silenced(0, "zephyr", 0, "", "ines"))),
    ]
    paces = ((0, 5, 2.0), (5, 17, 0.3), (17, 65, 0.7), (65, 70, 1.5), (70, 75, 2.5), (75, 87, 4.0))
    for since, until, per_minute in paces:
        for number in range(round((until - since) * per_minute)):
            when = at + since * MINUTE + round(number * MINUTE / per_minute)
            script.append((when, _say(mention(when, f"ans{when}", angry=True))))
    return sorted(script, key=lambda each: each[0])


def _propose(name: str, by: str) -> Act:
    """At night, as far as the daemon can tell."""
    return _tell(Proposed(0, "acme-1", "acme", name, Mark.NOT_NEGATIVE, by))


def _rehearsals() -> Script:
    """A drill with a short power cut that nobody answers, one that something real ends, and what hides behind that."""
    at = BEGIN + 23 * DAY
    loud = mention(at + 51 * MINUTE, "loud", angry=True, author=Author(id="loud", followers=400_000))
    smoke = [mention(at + (45 + n) * MINUTE, f"smoke{n}", text=f"De la fumée dans acme ! ({n})") for n in range(10, 14)]
    return [
        (at, _tell(Drilled(0, "acme", "oncall", "karim"))),
        (at + 7 * MINUTE, partial(_power_cut, down=2 * MINUTE)),
        (at + 40 * MINUTE, _tell(Drilled(0, "acme", "oncall", "ines", copies=False))),
        *((at + (45 + n) * MINUTE, _say(told)) for n, told in enumerate(smoke, 10)),
        (at + 62 * MINUTE, _say(loud)),
        (at + 75 * MINUTE, _answer(Verb.RESOLVE, "ines")),
    ]


async def _power_cut(house: House, down: Span = 55 * MINUTE) -> House:
    """Down for so long."""
    await house.kill()
    await house.clock.advance(down)
    risen = House(house.record.directory, house.clock, Keeping)
    risen.outcomes, risen.record.kept = house.outcomes, house.record.kept
    risen.open()
    return risen


async def _set_back(house: House) -> None:
    """The hands had been an hour ahead."""
    house.clock._now -= HOUR
    await house.tell(ClockSet(0))


class Keeping(Record):
    """A record that keeps a copy of every snapshot."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.kept: list[tuple[int, bytes]] = []

    async def snapshot(self, seq: int, dumped: dict[str, Any]) -> None:
        """See `Record`."""
        self.kept.append((seq, msgspec.msgpack.encode(dumped)))
        await super().snapshot(seq, dumped)


class Lived(NamedTuple):
    """What came of the corpus when it was lived through, and what was kept of it."""

    outcomes: list[tuple[Instant, Outcome]]
    inputs: list[tuple[int, Input]]
    snapshots: list[tuple[int, bytes]]
    sent: list[Notice]
    spine: Spine
    folder: Path


def live(folder: Path) -> Lived:
    """Live through the corpus with a drive on a real record; every fifth message to a person cannot be delivered."""
    return asyncio.run(_live(folder))


async def _live(folder: Path) -> Lived:
    clock = VirtualClock(BEGIN)
    house = House(folder, clock, Keeping)
    house.open()
    sent: list[Notice] = []
    for at, act in corpus():
        step = 10 * MINUTE if at < BEGIN + 2 * DAY else 6 * HOUR
        while clock.now() + step < at:
            await house.move(clock.now() + step)
            sent += await house.deliver(fails=_unlucky(len(sent)))
        await house.move(max(at, clock.now()))
        done = await act(house)
        house = done if isinstance(done, House) else house
    spine, rows = house.drive.spine, house.record
    inputs = rows.write_now(lambda db: list(read_journal(db, 0, 1 << 62, swaps())))
    kept = house.record.kept
    await house.close()
    return Lived(house.outcomes, inputs, kept, sent, spine, folder)


def _unlucky(before: int) -> Callable[[Notice], bool]:
    count = iter(range(before, before + 10_000))
    return lambda notice: next(count) % 5 == 3 and bool(notice.target.by)


def swaps() -> dict[str, RulesSwapped]:
    """The rules of the corpus, as the journal asks for them."""
    return {digest: RulesSwapped(0, ruleset) for digest, ruleset in BOOK.items()}


def name_of(moment: Instant) -> str:
    """For reading what a test prints."""
    return f"{moment_of(moment):%a %H:%M:%S}"


if __name__ == "__main__":
    with TemporaryDirectory() as scratch:
        lived = live(Path(scratch))
    outcomes = msgspec.json.encode(lived.outcomes)
    sys.stdout.buffer.write(outcomes + lived.spine.memory.digest().encode())
