"""One connection to the filtered stream, from the attempt to its end."""

from collections.abc import Callable
from typing import NoReturn

import msgspec
import structlog

from buzzwatch.clock import Clock
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import SECOND, Instant, Span
from buzzwatch.model.mention import Mention
from buzzwatch.sources.intake import Intake
from buzzwatch.sources.x.account import Account, Progress
from buzzwatch.sources.x.agreement import Agreement
from buzzwatch.sources.x.api import Api, Pace, XError, explain
from buzzwatch.sources.x.wire import LINE, Line, mention_of

STALE: Span = 60 * SECOND
"""X sends an empty line every 20 s: when three have not come, the connection is dead and has not said so."""
_RETRY_RULES: Span = 60 * SECOND
_LONGEST_LINE = 1024 * 1024

log = structlog.get_logger()


class Lines:
    """Puts lines together from pieces; one that is absurdly long is dropped, and counted as `None`."""

    def __init__(self) -> None:
        self._rest = b""
        self._dropping = False

    def feed(self, piece: bytes) -> list[bytes | None]:
        """The lines that are whole now."""
        *whole, self._rest = (self._rest + piece).split(b"\n")
        lines: list[bytes | None] = list(whole)
        if lines and self._dropping:
            lines[0], self._dropping = None, False
        if len(self._rest) > _LONGEST_LINE:
            self._rest, self._dropping = b"", True
        return lines


class Listener:
    """Connects, says `opened`, and hands over what comes."""

    def __init__(
        self, source: str, account: Account, agreement: Agreement, progress: Progress, intake: Intake, clock: Clock
    ) -> None:
        self._source = source
        self._account = account
        self._agreement = agreement
        self._progress = progress
        self._intake = intake
        self._clock = clock
        self._lines = Lines()
        self._digest = ""
        self._rules_due: Instant = 0
        self._waits = False
        self.heard_at = clock.now()
        self.opened_at: Instant | None = None

    async def hear(self, api: Api, opened: Callable[[], None]) -> NoReturn:
        """Hear until it ends, and say `opened` when it begins. Raises `XError`."""
        self._digest = self._intake.wanted.digest
        if not await self._agreement.reach(api, self._intake.wanted.brands):
            raise XError("no brand has a name that X could be asked for", Pace.RATE, hopeless=True, ail=Ail.REFUSED)
        async with api.stream(self._account.backfill_minutes) as content:
            self.opened_at = self.heard_at = self._clock.now()
            opened()
            self._tell()
            async for piece in content.iter_any():
                self.heard_at = self._clock.now()
                self._take(piece)
                await self._see_to_the_rest(api)
        raise XError("X has ended the stream", Pace.NETWORK)

    async def watch(self) -> NoReturn:
        """Raise `XError` once nothing has come for too long."""
        while True:
            await self._clock.wait_until(self.heard_at + STALE)
            if self._waits:
                self.heard_at = self._clock.now()
            elif self._clock.now() - self.heard_at >= STALE:
                raise XError(f"nothing came from X for {STALE // SECOND} s, not even a sign of life", Pace.NETWORK)

    def lasted(self) -> Span:
        """How long we were connected."""
        return 0 if self.opened_at is None else self._clock.now() - self.opened_at

    def _take(self, piece: bytes) -> None:
        """Hand over the posts of the lines that are whole; raises `XError` when one says that this is the end."""
        mentions: list[Mention] = []
        heard: list[int] = []
        posts = dropped = 0
        end: XError | None = None
        for text in self._lines.feed(piece):
            if text is not None and not text.strip():
                continue
            line = _read(text)
            if line is None:
                posts, dropped = posts + 1, dropped + 1  # it may well have been a post, and paid for
            elif post := line.data:
                heard.append(int(post.id))
                posts += not post.delete
                mentions.append(mention_of(post, line.includes.users, self._brands(line)))
            elif (problem := line.problem) and (problem.ends_stream or problem.is_spent):
                end = explain(problem)
            else:
                dropped += 1
        if dropped:
            self._intake.passed(self._source, dropped)
        if mentions or posts:
            self._progress.hand_over(mentions, posts, heard, self._clock.now())
            self._mind_the_spend()
        else:
            self._progress.hear_nothing()
        if end:
            raise end

    def _brands(self, line: Line) -> tuple[str, ...]:
        brands = {self._agreement.brand_of(rule.tag) for rule in line.matching_rules}
        return tuple(sorted(brand for brand in brands if brand))

    def _mind_the_spend(self) -> None:
        spend, now = self._progress.spend, self._clock.now()
        if spend.is_worth_a_warning(now):
            log.warning("posts_nearly_spent", source=self._source, spent=spend.told)
        if not spend.left(now):
            raise XError(spend.told, Pace.NETWORK, ail=Ail.SPENT)

    async def _see_to_the_rest(self, api: Api) -> None:
        """Nothing is read meanwhile; that is no sign of a dead connection."""
        self._waits = True
        if self._intake.full:
            await self._intake.room()
        await self._follow_rules(api)
        self._waits = False

    def _tell(self) -> None:
        note = self._agreement.note
        self._intake.status(self._source, connected=True, why=note, ail=Ail.GAP if note else None)

    async def _follow_rules(self, api: Api) -> None:
        """Other rule files are in force: ask X for what they want. What it cannot do now is tried again."""
        wanted, now = self._intake.wanted, self._clock.now()
        if wanted.digest == self._digest or now < self._rules_due:
            return
        digest, note = wanted.digest, self._agreement.note
        try:
            await self._agreement.reach(api, wanted.brands)
        except XError as error:
            self._rules_due = now + max(_RETRY_RULES, error.asked(now))
            log.warning("rules_not_followed", source=self._source, why=str(error))
            return
        self._digest = digest
        if self._agreement.note != note:
            self._tell()


def _read(text: bytes | None) -> Line | None:
    """A line, or None if it makes no sense."""
    if text is None:
        return None
    try:
        line = LINE.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return None if line.data and line.data.id == "0" and not line.data.delete else line
