"""The digest: on its days, at its hour, once, to its route."""

from datetime import datetime
from functools import cache
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from stage import MONDAY, House, Scene, mention, sighting

from buzzwatch.app.digest import find
from buzzwatch.app.history import history
from buzzwatch.app.report import debrief
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.clock import VirtualClock
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.ear import Ail
from buzzwatch.model.input import EVERYTHING, ClockSet, Gap, RulesSwapped, Silenced
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant, instant_of
from buzzwatch.model.notification import Notice
from buzzwatch.model.response import ResponseTimes
from buzzwatch.model.silence import Silence
from buzzwatch.notify.digest_words import Ear, Found, Missed, Unseen
from buzzwatch.notify.render import render
from buzzwatch.rules.faults import RuleFaults
from buzzwatch.spine import Spine
from buzzwatch.store.batch import Batch
from buzzwatch.store.outbox import read_deliveries
from buzzwatch.store.record import Record

BRAND = """
brand: acme
name: Acme Airlines
timezone: Europe/Paris
language: fr
match: {any: [acme]}
rules:
  - {name: murmur, when: {mention: {negativity: 0.3}}, severity: watch, notify: people}
  - {name: grumble, when: {mention: {negativity: 0.6}}, severity: warning, notify: people}
"""
ONCALL = """
timezone: Europe/Paris
people:
  ines: {name: Inès, language: fr, reach: {push: console}}
night: {from: "22:00", until: "07:00"}
routes:
  people: {steps: [{after: 0m, tell: ines}]}
  care-desk: {copy: [console]}
"""
DIGEST = 'digest: {at: "08:30", days: weekdays, to: care-desk}\n'
TUESDAY = MONDAY + DAY + 7 * HOUR + 30 * MINUTE
"""08:30 in Paris."""
MURMUR, GRUMBLE = 0.4, 0.7


@cache
def rules(digest: str = DIGEST, oncall: str = ONCALL) -> Ruleset:
    return compile_rules({"acme.yaml": BRAND, "oncall.yaml": oncall + digest})


class Story(Scene):
    """A spine that is dumped and loaded again whenever time passes."""

    def __init__(self, digest: str = DIGEST, start: Instant = MONDAY + 9 * HOUR) -> None:
        super().__init__(start, rules(digest), "acme")

    def post(self, at: Instant, negativity: float) -> None:
        self.tell(sighting(at, f"d{at}", negativity=negativity))
        self.run_to(at + SECOND)

    def run_to(self, instant: Instant) -> None:
        packed = msgspec.msgpack.encode(self.spine.memory.dump())
        self.spine = Spine(Memory.load(msgspec.msgpack.decode(packed), self.spine.memory.rules))
        assert msgspec.msgpack.encode(self.spine.memory.dump()) == packed
        super().run_to(instant)

    @property
    def digests(self) -> list[tuple[Instant, Notice]]:
        return [(at, n) for at, outcome in self.outcomes for n in outcome.notices if n.digest_since is not None]


def instant(text: str) -> Instant:
    return instant_of(datetime.fromisoformat(text))


def test_it_leaves_on_working_days_at_its_local_hour_and_tells_of_the_time_since_the_last():
    story = Story()
    story.run_to(MONDAY + 8 * DAY)
    at = [when for when, _ in story.digests]
    assert at == [TUESDAY + day * DAY for day in (0, 1, 2, 3, 6)]
    assert [n.digest_since for _, n in story.digests] == [MONDAY + 9 * HOUR, *at[:-1]]
    assert {str(n.target) for _, n in story.digests} == {"console"}


@pytest.mark.parametrize(
    ("days", "expected"), [("daily", 7), ("[monday, thursday]", 2), ("sunday", 1), ("weekdays", 5)]
)
def test_its_days_are_those_that_are_named(days: str, expected: int):
    story = Story(DIGEST.replace("weekdays", days))
    story.run_to(MONDAY + 7 * DAY + 8 * HOUR)
    assert len(story.digests) == expected


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-03-28T12:00:00Z", "2026-03-29T06:30:00Z"),  # the clocks went forward that night
        ("2026-10-24T12:00:00Z", "2026-10-25T07:30:00Z"),  # back
    ],
)
def test_its_hour_is_the_local_one_whatever_the_clocks_do(start: str, due: str):
    story = Story(DIGEST.replace("weekdays", "daily"), instant(start))
    story.run_to(instant(due))
    assert [at for at, _ in story.digests] == [instant(due)]


def test_one_that_was_missed_leaves_once_and_says_so():
    story = Story()
    down, back = TUESDAY - HOUR, TUESDAY + 2 * DAY + 2 * HOUR
    story.run_to(down)
    story.tell(Gap(back, EVERYTHING, down, back))
    story.run_to(back + MINUTE)
    ((at, notice),) = story.digests
    assert at - back <= 2 * SECOND
    assert notice.late_since == TUESDAY
    assert "Ce point était dû à" in render(notice, (), None, at).text
    story.run_to(TUESDAY + 3 * DAY)
    assert len(story.digests) == 2
    assert story.digests[-1][1].late_since is None


def test_who_gets_the_morning_message_at_the_same_time_gets_one_message():
    story = Story('digest: {at: "07:00", days: daily, to: people}\n')
    story.post(MONDAY + 22 * HOUR, GRUMBLE)
    story.run_to(TUESDAY)
    persons = [n for _, outcome in story.outcomes for n in outcome.notices if n.night]
    ((_, digest),) = story.digests
    assert persons == [digest]
    assert len(digest.night) == 1
    text = render(digest, (), None, digest.due_at).text
    assert "Terminé dans la nuit" in text


def test_it_wakes_nobody():
    story = Story('digest: {at: "05:00", days: daily, to: people}\n')
    story.run_to(TUESDAY)
    ((at, notice),) = story.digests
    assert at == MONDAY + DAY + 6 * HOUR
    assert notice.late_since is None


def test_other_hours_hold_from_then_on():
    story = Story()
    later = rules(DIGEST.replace("08:30", "10:00"))
    story.tell(RulesSwapped(TUESDAY - HOUR, later))
    story.run_to(TUESDAY + 3 * HOUR)
    assert [at for at, _ in story.digests] == [TUESDAY + 90 * MINUTE]
    story.tell(RulesSwapped(TUESDAY + 4 * HOUR, rules("")))
    story.run_to(TUESDAY + 3 * DAY)
    assert len(story.digests) == 1


@pytest.mark.parametrize(
    ("digest", "said"),
    [
        ('digest: {at: "08:30", to: nowhere}\n', "`nowhere`, to which the digest goes, is not one of `routes`"),
        ('digest: {at: "8h30", to: care-desk}\n', "is not a time of day"),
        ('digest: {at: "08:30", days: [mardi], to: care-desk}\n', "`mardi` is not a day of the week"),
        ('digest: {at: "08:30", days: [], to: care-desk}\n', "is not a day of the week"),
        ('digest: {at: "08:30"}\n', "`to` is missing"),
    ],
)
def test_what_is_written_wrongly_is_refused(digest: str, said: str):
    with pytest.raises(RuleFaults) as faults:
        compile_rules({"acme.yaml": BRAND, "oncall.yaml": ONCALL + digest})
    assert said in str(faults.value.faults[0])


def blank(language: str = "fr") -> Notice:
    story = Story()
    story.run_to(TUESDAY)
    return replace(story.digests[0][1], language=language)


def text_of(notice: Notice, found: Found) -> str:
    message = render(notice, (), None, TUESDAY, found=found)
    return f"{message.title}\n{message.text}".replace("\u00a0", " ").replace("\u202f", " ")


EAR, DEAF = Ear("push", True, MONDAY), Ear("broker <b>", False, MONDAY + 2 * HOUR, Ail.AWAY)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", "Le point : rien à signaler\nRien à signaler depuis le 02/03 10:00. 1 source entendue.\n"),
        ("en", "Digest: nothing to report\nNothing to report since 2026-03-02 10:00. 1 source is heard.\n"),
    ],
)
def test_where_there_is_nothing_to_say_one_line_says_so(language: str, said: str):
    text = text_of(blank(language), Found(ears=(EAR,)))
    assert text.startswith(said)
    assert text.count("\n") == 3, text


def test_silences_response_times_and_deaf_sources_are_told_in_both_languages():
    found = Found(
        silences=(Silence("acme", MONDAY, TUESDAY + HOUR, "exercice <b>", "ines"),),
        response=(("Acme Airlines", ResponseTimes(30, 10, 12 * MINUTE, 3 * HOUR, 0.4)),),
        ears=(EAR, DEAF),
        told_at=TUESDAY - 90 * MINUTE,
    )
    french, english = text_of(blank(), found), text_of(blank("en"), found)
    assert "Le point : 1 silence, 1 source non entendue" in french
    assert "Acme Airlines : demandé par Inès jusqu’à 09:30, parce que : exercice ‹b›" in french
    assert "médiane 12 min, 90 % sous 3 h, 40 % en dix minutes (30 sur 40)" in french
    assert "broker ‹b› n’est pas entendue depuis 02/03 03:00 : injoignable" in french
    assert "vous a été dit à 07:00" in french
    assert "asked for by Inès until 09:30, because: exercice" in english
    assert "broker ‹b› has not been heard since" in english


async def test_what_is_to_be_watched_and_what_was_held_is_found_in_the_record(tmp_path: Path):
    house = House(tmp_path, VirtualClock(MONDAY + 20 * HOUR))
    house.open()
    await house.tell(RulesSwapped(0, rules()))
    await house.move(MONDAY + 22 * HOUR)
    await house.say(mention(house.clock.now(), "loud", angry=True))
    await house.move(MONDAY + 22 * HOUR + MINUTE)
    await house.tell(Silenced(0, "acme", TUESDAY + DAY, "exercice", "ines"))
    await house.say(mention(house.clock.now(), "louder", angry=True))
    await house.move(TUESDAY)
    digest = next(n for _, outcome in house.outcomes for n in outcome.notices if n.digest_since is not None)
    found = house.record.write_now(lambda db: find(db, digest, {"acme": "Acme"}, TUESDAY))
    to_ines = replace(digest, target=replace(digest.target, name="ines", by="push"))
    for_ines = house.record.write_now(lambda db: find(db, to_ines, {"acme": "Acme"}, TUESDAY))
    await house.close()
    whys = [held.why for held in found.held]
    assert "night: the rule waits for the morning" in whys
    assert "silenced by ines: exercice" in whys
    assert found.told_at is None
    assert for_ines.told_at == MONDAY + DAY + 6 * HOUR
    assert [held.why for held in for_ines.held] == ["silenced by ines: exercice"]
    text = text_of(digest, found)
    assert "Pour Inès : la nuit, la règle attend le matin, jusqu’à 07:00" in text
    assert "fini sans intervention" in text


async def test_what_a_digest_tells_instead_of_a_morning_message_is_on_the_record_of_each_incident(tmp_path: Path):
    house = House(tmp_path, VirtualClock(MONDAY + 20 * HOUR))
    house.open()
    await house.tell(RulesSwapped(0, rules('digest: {at: "07:00", days: daily, to: people}\n')))
    await house.move(MONDAY + 22 * HOUR)
    await house.say(mention(house.clock.now(), "loud", angry=True))
    await house.move(TUESDAY)
    (digest,) = [n for _, outcome in house.outcomes for n in outcome.notices if n.night]
    assert digest.digest_since is not None
    incident = digest.night[0].id
    keys = [each["key"] for each in house.record.write_now(lambda db: read_deliveries(db, incident))]
    pages = [
        house.record.write_now(lambda db, what=what: history(db, what, None, TUESDAY)) for what in (incident, "acme")
    ]
    told = house.record.write_now(lambda db: debrief(db, incident, TUESDAY))
    await house.close()
    assert digest.key in keys
    assert all(digest.key in {event.key for event in page.events} for page in pages if page)
    assert told is not None
    assert digest.key in {each.notice.key for each in told.deliveries}


async def test_a_signal_to_watch_is_found_until_the_digest_after(tmp_path: Path):
    story = Story()
    story.post(MONDAY + 12 * HOUR, MURMUR)
    batch = Batch(seq=0, now=TUESDAY)
    batch.outcomes += story.outcomes
    record = Record(tmp_path)
    await record.commit(batch)
    notice = blank()
    found = record.write_now(lambda db: find(db, notice, {}, TUESDAY))
    later = replace(notice, digest_since=TUESDAY)
    after = record.write_now(lambda db: find(db, later, {}, TUESDAY + DAY))
    record.close()
    assert [incident.severity.label for incident in found.watch] == ["watch"]
    assert (after.watch, found.held) == ((), ())
    assert "Le point : 1 signal à suivre" in text_of(notice, found)


def test_a_clock_set_back_behind_a_digest_brings_another_that_the_outbox_does_not_take_for_the_first():
    story = Story()
    story.run_to(TUESDAY + MINUTE)
    story.tell(ClockSet(TUESDAY - 20 * MINUTE, TUESDAY + MINUTE))
    story.run_to(TUESDAY + MINUTE)
    first, second = (notice for notice in story.notices if notice.digest_since is not None)
    assert second.digest_since == TUESDAY - 20 * MINUTE
    assert first.key != second.key


def test_the_digest_says_what_ails_what_was_missed_and_what_is_never_seen():
    late = Ear("push", True, MONDAY, Ail.LATE)
    refused = Ear("masto", False, MONDAY + 2 * HOUR, Ail.REFUSED)
    missed = (Missed("push", 1, 40 * MINUTE), Missed("*", 2, 3 * HOUR))
    unseen = (Unseen("Acme", "x:@acme_fr", None), Unseen("", "flux", MONDAY - 40 * DAY))
    found = Found(ears=(late, refused), missed=missed, unseen=unseen)
    french, english = text_of(blank(), found), text_of(blank("en"), found)
    assert "push has not been well since 2026-03-02 01:00: late" in english
    assert "masto has not been heard since 2026-03-02 03:00: access refused" in english
    assert "push was not heard for 40 min" in english
    assert "We were down 2 times, 3 h in all" in english
    assert "of Acme has said nothing for thirty days (never seen)" in english
    assert "The source flux has brought nothing for thirty days (last seen" in english
    assert "masto n’est pas entendue depuis 02/03 03:00 : accès refusé" in french
    assert "\nRien à signaler de ce que nous avons entendu depuis le" in french
    assert "\nNothing to report of what we have heard since" in english
    assert "Nous étions arrêtés à 2 reprises, 3 h en tout" in french
    assert "jamais vu" in french
