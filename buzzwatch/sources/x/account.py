"""What is known of our account at X, and what was read with it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec

from buzzwatch.model.instant import HOUR, SECOND, Instant, Span
from buzzwatch.model.mention import Mention
from buzzwatch.sources.intake import Intake
from buzzwatch.sources.x.spend import Spend
from buzzwatch.sources.x.wire import first_id, instant_of_id

_OVERLAP: Span = 30 * SECOND
"""Posts do not come in the order of their ids: X promises them within some seconds."""

_WRONG: Span = HOUR
"""So far the clocks may differ, ours and that of X; what is dated later than that has no date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How X is reached, what the plan allows and what may be spent. `allow` are hosts that need not be public."""

    token: str = field(repr=False)
    posts_a_day: int
    posts_a_month: int | None = None
    rules: int = 1_000
    rule_length: int = 1_024
    query_length: int = 512
    catch_up: bool = True
    backfill_minutes: int | None = None
    url: str = "https://api.x.com"
    allow: tuple[str, ...] = ()


class Progress:
    """How far we have come, and what it cost: all that is remembered from start to start, in cursors.

    In silence it moves on by the time that `now` gives, as `Api.now` does: by a clock that is ahead, what is posted
    later would be passed over.

    `newest` is the highest id handed over, or one before which nothing is missing; from `behind` on something may be
    missing before it, 0: nothing is.
    """

    def __init__(self, source: str, account: Account, intake: Intake, now: Callable[[], Instant]) -> None:
        self._now = now
        self._source = source
        self._intake = intake
        cursors = intake.cursors(source)
        self.spend = Spend(account.posts_a_day, account.posts_a_month, cursors.get("spent", ""))
        self.newest = _number(cursors.get("newest", ""))
        self.behind = _number(cursors.get("behind", ""))

    def fall_behind(self) -> None:
        """A connection begins: what lies between the newest post and it is to be caught up with."""
        if not self.newest:
            self.newest = first_id(self._now())
            self._submit(b"")
        elif not self.behind:
            self.behind = max(1, first_id(instant_of_id(self.newest) - _OVERLAP))

    def hear_nothing(self) -> None:
        """The connection stands, and nobody said anything: nothing is missing of what was posted long before."""
        now = self._now()
        if self.newest and instant_of_id(self.newest) < now - 2 * _WRONG:
            self.newest = first_id(now - _WRONG)
            self._submit(b"")

    def hand_over(self, mentions: list[Mention], posts: int, heard: Iterable[int], now: Instant) -> None:
        """Give the intake what was delivered: `posts` are paid for, wanted or not; ids `heard` move the cursor."""
        self.spend.count(posts, now)
        plausible = (post for post in heard if instant_of_id(post) < now + _WRONG)
        self.newest = max(self.newest, *plausible, 0)
        self._submit(msgspec.json.encode(mentions) if mentions else b"")

    def catch_up(self) -> None:
        """Nothing is missing any more, or what is will not come."""
        self.behind = 0
        self._submit(b"")

    def give_up(self) -> None:
        """What was not heard until now will not be asked for."""
        self.newest = self.behind = 0
        self._submit(b"")

    def _submit(self, payload: bytes) -> None:
        at = {"newest": self.newest or "", "behind": self.behind or "", "spent": self.spend.cursor}
        self._intake.submit(self._source, payload, {name: str(value) for name, value in at.items()})


def _number(cursor: str) -> int:
    return int(cursor) if cursor.isascii() and cursor.isdigit() else 0
