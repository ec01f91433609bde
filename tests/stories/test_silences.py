"""Silences that begin and end at each point of an incident's life, under the virtual clock."""

import msgspec
import pytest
from stage import MONDAY, Scene, crowd, rules

from buzzwatch.memory import Memory
from buzzwatch.model.incident import ChangeKind, Incident
from buzzwatch.model.input import EVERYTHING, ClockSet, Command, Gap, Silenced, Verb
from buzzwatch.model.instant import HOUR, MINUTE, SECOND, Instant, Span
from buzzwatch.spine import Spine

NOON = MONDAY + 12 * HOUR


class Night(Scene):
    """A bad buzz of acme, and people who want quiet."""

    def __init__(self) -> None:
        super().__init__(MONDAY, rules())
        self.fed_to = NOON

    def burst(self) -> None:
        self.feed(5 * MINUTE, 2)

    def feed(self, span: Span, per_minute: float) -> None:
        self.tell(*crowd(self.fed_to, round(span / MINUTE * per_minute), span))
        self.fed_to += span
        self.run_to(self.fed_to)

    def go_on_to(self, at: Instant) -> None:
        """No more than before, so that it is not over."""
        while self.fed_to < at:
            self.feed(min(10 * MINUTE, at - self.fed_to), 0.7)

    @property
    def now(self) -> Instant:
        """The last instant stepped to; a little before noon at first."""
        return max(self.spine.memory.now, self.fed_to - MINUTE)

    @property
    def incident(self) -> Incident:
        (incident,) = self.spine.memory.desk.incidents.values()
        return incident

    def silence(self, what: str, span: Span) -> Instant:
        until = self.now + SECOND + span if span else 0
        self.tell(Silenced(self.now + SECOND, what, until, "exercice", "karim"))
        return until

    def said_from(self, since: Instant, until: Instant = 2**62) -> list[str]:
        return [str(n.target) for at, o in self.outcomes for n in o.notices if since <= at < until]

    @property
    def held(self) -> list[tuple[str, str, Instant | None]]:
        return [(held.target, held.why, held.until) for _, o in self.outcomes for held in o.held]

    def restart(self) -> None:
        packed = msgspec.msgpack.encode(self.spine.memory.dump())
        loaded = Memory.load(msgspec.msgpack.decode(packed), self.spine.memory.rules)
        assert loaded.digest() == self.spine.memory.digest()
        since, self.spine = self.now, Spine(loaded)
        self.tell(Gap(since + SECOND, EVERYTHING, since, since + SECOND))


@pytest.mark.parametrize("restarts", [False, True], ids=["no restart", "a restart"])
def test_what_begins_in_the_silence_of_its_brand_is_held_with_the_reason_and_rings_when_that_ends(restarts):
    night = Night()
    until = night.silence("acme", 25 * MINUTE)
    night.burst()
    assert night.notices == []
    assert night.held[0] == ("console", "silenced by karim: exercice", until)
    assert night.held[1][0] == "ines/push"
    if restarts:
        night.restart()
        night.fed_to = night.now
    night.go_on_to(until + 6 * MINUTE)
    assert night.said_from(0, until) == []
    assert night.said_from(until) == ["console", "ines/push", "ines/sms"]
    assert ChangeKind.UNSILENCED in [change.kind for change in night.changes]


@pytest.mark.parametrize("minute", [0, 4, 9, 14, 21])
def test_a_silence_that_begins_during_the_steps_holds_those_to_come_and_then_begins_anew(minute: int):
    night = Night()
    night.burst()
    night.go_on_to(night.incident.opened_at + minute * MINUTE + 30 * SECOND)
    since = night.now
    until = night.silence(night.incident.id, 40 * MINUTE)
    night.go_on_to(until + MINUTE)
    assert night.said_from(since + SECOND, until) == []
    assert night.said_from(until) == ["console", "ines/push"]


def test_a_silence_that_is_ended_before_its_time_rings_at_once():
    night = Night()
    night.silence("acme", 5 * HOUR)
    night.burst()
    at = night.now
    night.silence("acme", 0)
    assert night.said_from(at) == ["console", "ines/push"]
    assert night.spine.memory.silences.all == ()


def test_what_was_told_before_and_not_held_since_is_not_told_again_when_the_silence_ends():
    night = Night()
    night.burst()
    night.go_on_to(night.incident.opened_at + MINUTE)
    at = night.now
    until = night.silence("acme", 2 * MINUTE)
    night.go_on_to(until + MINUTE)
    assert night.said_from(at) == []


def test_what_somebody_takes_in_the_silence_rings_for_nobody_afterwards():
    night = Night()
    until = night.silence("acme", 20 * MINUTE)
    night.burst()
    night.tell(Command(night.now + SECOND, Verb.TAKE, night.incident.id, "ines"))
    night.go_on_to(until + 5 * MINUTE)
    assert night.notices == []


def test_what_ends_in_the_silence_is_told_to_those_who_knew_of_it_alone():
    knew, did_not = Night(), Night()
    knew.burst()
    for night in (knew, did_not):
        night.silence("acme", 5 * HOUR)
        since = night.now
        if night is did_not:
            night.burst()
        night.tell(Command(night.now + SECOND, Verb.RESOLVE, night.incident.id, "ines"))
        night.run_to(NOON + 6 * HOUR)
        assert night.said_from(since) == (["console", "ines/push"] if night is knew else [])


def test_a_wait_that_ends_in_a_silence_rings_when_that_ends():
    night = Night()
    night.burst()
    night.tell(Command(night.now + SECOND, Verb.WAIT, night.incident.id, "ines", night.now + 10 * MINUTE, "x"))
    at = night.now
    until = night.silence("acme", 20 * MINUTE)
    night.go_on_to(until + MINUTE)
    assert night.said_from(at + SECOND, until) == []
    assert night.said_from(until) == ["console", "ines/push"]


def test_the_silence_of_another_brand_or_incident_holds_nothing():
    night = Night()
    night.silence("zephyr", HOUR)
    night.silence("acme-1", HOUR)
    night.burst()
    assert night.said_from(0) == ["console", "ines/push"]


@pytest.mark.parametrize("span", [-MINUTE, 31 * 24 * HOUR], ids=["past", "too long"])
def test_a_silence_without_an_end_in_reach_is_none(span: Span):
    night = Night()
    night.silence("acme", span)
    assert night.spine.memory.silences.all == ()


def test_a_silence_is_kept_in_the_record_of_what_it_hides():
    night = Night()
    night.burst()
    night.silence("acme", HOUR)
    assert [(c.why, c.by) for c in night.changes if c.kind is ChangeKind.NOTED][-1] == ("silence: exercice", "karim")


def test_a_clock_that_is_set_back_takes_the_silences_with_it():
    night = Night()
    until = night.silence("acme", HOUR)
    night.tell(ClockSet(night.now - HOUR, night.now))
    assert [silence.until for silence in night.spine.memory.silences.all] == [until - HOUR]
    night.run_to(until - HOUR + SECOND)
    assert night.spine.memory.silences.all == ()


def test_a_step_that_became_overdue_while_we_were_down_is_held_by_a_silence_that_comes_before_it_leaves():
    night = Night()
    night.burst()
    since = night.now
    at = since + 7 * MINUTE
    night.tell(Gap(at, EVERYTHING, since, at), Silenced(at, "acme", at + 2 * MINUTE, "exercice", "karim"))
    night.run_to(at + 3 * MINUTE)
    assert night.said_from(at, at + 2 * MINUTE) == []
    assert night.said_from(at + 2 * MINUTE) == ["console", "ines/push"]
