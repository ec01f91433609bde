"""What was posted while we were away, asked of the recent search: seven days at most, and at most half of what is left.

The search has a post some 30 s after it was made ("Pagination": without a `since_id` it ends 30 s before now), so it is
asked that long after the stream is heard again, for what came before that. It answers the newest first. It does not
look into quoted posts, as the stream does.
"""

from collections.abc import Sequence

import structlog

from buzzwatch.clock import Clock
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import DAY, MINUTE, SECOND, Instant, Span
from buzzwatch.sources.backoff import Backoff
from buzzwatch.sources.intake import Intake
from buzzwatch.sources.x.account import Progress
from buzzwatch.sources.x.api import Api, XError
from buzzwatch.sources.x.wire import Page, first_id, instant_of_id, mention_of

_INDEXED_AFTER: Span = 30 * SECOND
_BEYOND: Span = 5 * SECOND
"""A rule, or a stream, may take some seconds to begin."""
_REACH: Span = 7 * DAY - 5 * MINUTE
_SMALLEST_PAGE, _LARGEST_PAGE = 10, 100
_PAGES = 200
_ATTEMPTS = 6

log = structlog.get_logger()


class CatchUp:
    """Fetches what lies between `progress.behind` and the stream's beginning; what it cannot is a gap."""

    def __init__(self, source: str, api: Api, progress: Progress, intake: Intake, clock: Clock) -> None:
        self._source = source
        self._api = api
        self._progress = progress
        self._intake = intake
        self._clock = clock
        self._backoff = Backoff(10 * SECOND, 320 * SECOND)
        self._pages = _PAGES
        self._attempts = _ATTEMPTS

    async def run(self, queries: Sequence[str], opened_at: Instant) -> None:
        """Return once all was fetched, or will not be; `queries` are one for each part of what is wanted."""
        if not self._progress.behind:
            return
        await self._clock.wait_until(opened_at + _INDEXED_AFTER)
        since, until = self._progress.behind, first_id(opened_at + _BEYOND)
        oldest_kept = first_id(self._api.now() - _REACH)
        missed = self._miss("it is too long ago for the search", since, oldest_kept) if since < oldest_kept else ""
        since = max(since, oldest_kept)
        posts = self._progress.spend.left(self._clock.now()) // 2
        for query in queries:
            oldest, why, posts = await self._fetch(query, since, until, posts)
            if why:
                missed = self._miss(why, since, oldest)
        self._progress.catch_up()
        if missed:
            self._intake.status(self._source, connected=True, why=missed, ail=Ail.GAP)

    async def _fetch(self, query: str, since: int, until: int, posts: int) -> tuple[int, str, int]:
        """Page after page; the oldest id that was reached, why no older one was, and how many posts may still be.

        `until`, which our clock says, is for what is told: a clock that is behind must not leave the newest out. What
        the stream has brought since is known already.
        """
        token, reached, before = "", until, 0  # a token is good for the very question that it answered
        while True:
            if self._intake.full:
                await self._intake.room()
            size = min(_LARGEST_PAGE, posts, self._progress.spend.left(self._clock.now()))
            if size < _SMALLEST_PAGE or not self._pages:
                return reached, "it would cost more than half of what may be read today", posts
            try:
                page = await self._api.search(query, since, before, size, token)
            except XError as error:
                self._attempts -= 1
                log.warning("catching_up_failed", source=self._source, why=str(error))
                if error.hopeless or self._attempts <= 0:
                    return reached, str(error), posts
                now = self._clock.now()
                await self._clock.wait_until(now + self._backoff.fail(at_least=error.asked(now)))
                token, before = "", reached if reached < until else 0
                continue
            self._pages -= 1
            posts -= len(page.data)
            reached = self._hand_over(page, reached)
            token = page.meta.next_token
            if not token:
                return since, "", posts

    def _hand_over(self, page: Page, reached: int) -> int:
        """Give the intake what a page holds; the lowest id of all so far."""
        if not page.data:
            return reached
        ids = [int(post.id) for post in page.data if post.id != "0"]
        mentions = [mention_of(post, page.includes.users) for post in page.data if post.id != "0"]
        self._progress.hand_over(mentions, len(page.data), (), self._clock.now())
        return min([reached, *ids])

    def _miss(self, why: str, since: int, until: int) -> str:
        """Report what will not come; what to say of it."""
        self._intake.gap(self._source, instant_of_id(since), instant_of_id(until))
        log.warning("posts_missed", source=self._source, why=why)
        return f"what was posted on X while we were away is not all here: {why}"
