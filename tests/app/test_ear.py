"""What follows from how one source stands: gaps in the journal, messages to `ops`, and their end."""

import json
from datetime import UTC

from stage import MONDAY

from buzzwatch.app.ear import AGAIN, Ear
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
