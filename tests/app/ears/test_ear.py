"""What follows from how one source stands: gaps in the journal, messages to `ops`, and their end."""

import json
from datetime import UTC

from stage import MONDAY

from buzzwatch.app.ears.ear import AGAIN, SOONEST, Ear
from buzzwatch.model.ear import Ail
from buzzwatch.model.input import Gap, Trouble
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND

FOREVER = 2**62
WEEKS = 11 * DAY


class Listener:
    """An ear that hears a post every other minute for eleven days, and all that it told."""

    def __init__(self, days=11):
        self.now, self.ear, self.told = MONDAY, Ear("tap", MONDAY, UTC), []
        self.told.append(self.ear.begin(MONDAY))
        self.note(connected=True)
        self.hear(days * DAY, every=2 * MINUTE)

    def note(self, why="", ail=None, *, connected):
        self.told += self.ear.note(self.now, why, ail, connected=connected)

    def hear(self, span, every, posts=1, deletes=0, lags=()):
        until = self.now + span
        while self.now < until:
            self.now += every
            self.told += self.ear.hear(self.now, posts, deletes, lags)

    def look(self, span):
        """Nothing comes for so long."""
        until = self.now + span
        while self.now < until:
            self.now += MINUTE
            self.told += self.ear.look(self.now)

    def troubles(self):
        found = [each for each in self.told if isinstance(each, Trouble)]
        self.told = [each for each in self.told if isinstance(each, Gap)]
        return found

    def gaps(self):
        gaps = [each for each in self.told if isinstance(each, Gap)]
        return [(each.since - MONDAY, each.until if each.until == FOREVER else each.until - MONDAY) for each in gaps]


def test_one_that_hears_tells_nothing():
    listener = Listener()
    listener.look(5 * MINUTE)
    assert listener.troubles() == []
    assert listener.gaps() == [(0, FOREVER), (0, 0)]
    assert (listener.ear.ail, listener.ear.is_deaf) == (None, False)


def test_a_silent_one_is_deaf_from_the_last_post_until_the_next():
    listener = Listener()
    listener.look(2 * HOUR)
    assert listener.ear.ail is Ail.SILENT
    assert listener.ear.connected
    assert listener.ear.is_deaf
    (trouble,) = listener.troubles()
    assert (trouble.key, trouble.since) == ("source-tap", MONDAY + WEEKS)
    assert "has brought nothing for" in trouble.text
    assert "n’apporte plus rien depuis" in trouble.said["fr"]
    assert listener.gaps()[2:] == [(WEEKS, FOREVER)]
    listener.hear(MINUTE, every=MINUTE)
    assert listener.gaps()[2:] == [(WEEKS, FOREVER), (WEEKS, WEEKS + 2 * HOUR + MINUTE)]
    (over,) = listener.troubles()
    assert over.over
    assert over.since == trouble.since
    assert over.said["fr"] == "la source tap est de nouveau entendue"


def test_one_that_goes_away_while_it_is_silent_stays_one_gap():
    listener = Listener()
    listener.look(2 * HOUR)
    listener.note("gone", connected=False)
    listener.look(HOUR)
    listener.note(connected=True)
    assert listener.ear.ail is Ail.SILENT
    listener.hear(MINUTE, every=MINUTE)
    assert listener.gaps()[2:] == [(WEEKS, FOREVER), (WEEKS, WEEKS + 3 * HOUR + MINUTE)]


def test_ops_are_told_of_one_that_is_away_after_five_minutes_and_again_after_hours():
    listener = Listener()
    listener.note("connection refused", connected=False)
    listener.look(4 * MINUTE)
    assert listener.troubles() == []
    listener.look(MINUTE)
    (first,) = listener.troubles()
    absent = "source tap is deaf: out of reach (connection refused). To do: "
    assert first.text == f"{absent}look at the network and the other side; it goes on trying"
    listener.look(AGAIN - MINUTE)
    assert listener.troubles() == []
    listener.look(2 * MINUTE)
    (again,) = listener.troubles()
    assert (again.key, again.since, again.again) == (first.key, first.since, 1)
    assert again.text.startswith("still, for 6")
    assert again.said["fr"].startswith("toujours, depuis 6")
    listener.note(connected=True)
    (over,) = listener.troubles()
    assert (over.over, over.again) == (True, 1)


def come_and_go(listener, times, away, heard):
    for _ in range(times):
        listener.note("reset", connected=False)
        listener.look(away)
        listener.note(connected=True)
        listener.hear(heard, every=MINUTE)
        listener.look(0)


def test_one_that_comes_and_goes_is_told_of_thrice_then_every_six_hours_and_is_over_after_an_hour():
    listener = Listener()
    come_and_go(listener, 40, away=6 * MINUTE, heard=6 * MINUTE)
    told = [(each.over, each.text.partition(". To do")[0]) for each in listener.troubles()]
    assert told[:3] == [
        (False, "source tap is deaf: out of reach (reset)"),
        (True, "source tap is heard again"),
        (False, "source tap comes and goes: out of reach (reset)"),
    ]
    assert [over for over, _ in told[3:]] == [False], "eight hours in all"
    assert "comes and goes" in told[3][1]
    for _ in range(SOONEST // MINUTE - 7):
        listener.hear(MINUTE, every=MINUTE)
        listener.look(0)
        listener.told += listener.ear.look(listener.now)
    assert listener.troubles() == []
    for _ in range(10):
        listener.hear(MINUTE, every=MINUTE)
        listener.told += listener.ear.look(listener.now)
    assert [(each.over, each.said["fr"]) for each in listener.troubles()] == [
        (True, "la source tap est de nouveau entendue")
    ]


def test_short_absences_that_come_to_five_minutes_in_an_hour_are_told():
    listener = Listener()
    come_and_go(listener, 2, away=2 * MINUTE, heard=3 * MINUTE)
    assert listener.troubles() == []
    come_and_go(listener, 4, away=2 * MINUTE, heard=3 * MINUTE)
    (told,) = listener.troubles()
    assert told.text.startswith("source tap comes and goes: out of reach (reset). To do: look")
    assert told.said["fr"].startswith("la source tap va et vient\u00a0: injoignable (reset). À faire")


def test_losses_are_told_once_an_hour():
    listener = Listener()
    for _ in range(90):
        listener.note("the cursor was too old", Ail.GAP, connected=True)
        listener.hear(MINUTE, every=MINUTE)
    assert len(listener.troubles()) == 2


def test_what_was_lost_is_a_part_of_the_gap_that_is_open_or_one_before_it():
    listener = Listener()
    gone = listener.now
    listener.note("gone", connected=False)
    listener.look(HOUR)
    told = len(listener.told)
    for since, until in ((gone, gone + HOUR), (gone - MINUTE, gone + HOUR), (gone - HOUR, gone - 2 * MINUTE)):
        listener.told += listener.ear.lose(since, until)
    listener.note(connected=True)
    listener.told += listener.ear.lose(gone, gone + HOUR)
    gaps = [each for each in listener.told[told:] if isinstance(each, Gap)]
    assert [(gap.since - gone, gap.until if gap.until == FOREVER else gap.until - gone) for gap in gaps] == [
        (-MINUTE, FOREVER),
        (-HOUR, -2 * MINUTE),
        (-MINUTE, HOUR),
        (0, HOUR),
    ]


def test_after_the_clock_is_set_back_nothing_is_dated_in_the_future():
    listener = Listener()
    listener.note("401", Ail.REFUSED, connected=False)
    listener.troubles()
    listener.now -= DAY
    listener.ear.set_back(listener.now)
    assert listener.ear.since == listener.now
    assert listener.ear.state(listener.now)["last_event"] == listener.now
    listener.look(AGAIN)
    assert [each.again for each in listener.troubles()] == [1]
    listener.note(connected=True)
    assert listener.gaps()[-1][0] == WEEKS - DAY


def test_a_refusal_is_told_at_once_and_after_an_ordinary_absence_too():
    listener = Listener()
    listener.note("401: the token expired", Ail.REFUSED, connected=False)
    (told,) = listener.troubles()
    refused = (
        "access refused (401: the token expired). To do: renew the credential or the right, then restart the service"
    )
    assert told.text == f"source tap is deaf: {refused}"
    listener = Listener()
    listener.note("reset", connected=False)
    listener.look(10 * MINUTE)
    listener.note("401", Ail.REFUSED, connected=False)
    assert [each.again for each in listener.troubles()] == [0, 1]


def test_what_was_lost_for_good_is_told_once_and_is_over_by_itself():
    listener = Listener()
    listener.note("the cursor was too old", Ail.GAP, connected=True)
    (told,) = listener.troubles()
    assert told.key == "source-tap-gap"
    assert "lost for good" in told.text
    assert (listener.ear.ail, listener.ear.is_deaf) == (Ail.GAP, False)
    listener.hear(2 * HOUR, every=MINUTE)
    listener.look(MINUTE)
    assert listener.ear.ail is None
    assert listener.troubles() == []


def test_one_that_ails_and_hears_leaves_no_gap():
    listener = Listener()
    listener.note("only deletes reach this token", Ail.LATE, connected=True)
    assert (listener.ear.ail, listener.ear.is_deaf) == (Ail.LATE, False)
    assert listener.gaps() == [(0, FOREVER), (0, 0)]
    (told,) = listener.troubles()
    late = "late (only deletes reach this token). To do: nothing; alerts come as late as this source does"
    assert told.text == f"source tap is not well: {late}"


def test_only_deletes_count_as_deaf():
    listener = Listener()
    listener.hear(2 * HOUR, every=MINUTE, posts=0, deletes=1)
    listener.look(MINUTE)
    assert (listener.ear.ail, listener.ear.is_deaf) == (Ail.ONLY_DELETES, True)


def test_what_is_kept_between_runs_is_what_was_learnt_and_told():
    listener = Listener()
    listener.look(2 * HOUR)
    listener.troubles()
    kept = json.loads(json.dumps(listener.ear.dump()))
    again = Listener(days=0)
    again.now = listener.now + MINUTE
    again.ear = Ear("tap", again.now, UTC)
    again.ear.adopt(kept, again.now)
    again.ear.begin(again.now)
    again.note(connected=True)
    again.look(MINUTE)
    assert again.ear.ail is Ail.SILENT
    assert again.ear.since == MONDAY + WEEKS
    assert again.troubles() == []
    again.hear(MINUTE, every=MINUTE)
    assert [each.over for each in again.troubles()] == [True]


def test_one_never_heard_in_thirty_days_is_a_warning():
    ear = Ear("tap", MONDAY, UTC)
    assert ear.warnings(MONDAY + 29 * DAY) == ()
    assert ear.warnings(MONDAY + 31 * DAY) == ("never",)
    list(ear.note(MONDAY, "", None, connected=True))
    list(ear.hear(MONDAY + SECOND, 1, 0, ()))
    assert ear.warnings(MONDAY + 31 * DAY) == ("unseen",)
