"""From the statuses of one instance to mentions: what concerns us, and in which conversation.

A status is taken if its words, its content warning, its poll or the description of its pictures name a brand, if it
answers, quotes or boosts one that we know, or if it was taken before and is edited. Only what its author shows to
everybody (`public`) is looked at: `unlisted` is kept out of all timelines at the author's wish. An account is left
alone that asks search engines to leave it out (`noindex`), or bots (#nobot, #nobots or #noindex in its profile, as was
the custom before there were settings).
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from buzzwatch.ingest.decode import MAX_TEXT, MAX_TITLE
from buzzwatch.ingest.match import Matcher
from buzzwatch.ingest.wild import is_wild
from buzzwatch.model.mention import Author, Engagement, Kind, Mention
from buzzwatch.sources.html import read_html
from buzzwatch.sources.intake import Wanted
from buzzwatch.sources.mastodon.memory import Memory, Place
from buzzwatch.sources.mastodon.wire import Account, Status

SOURCE = "mastodon"
_PUBLIC = "public"
_NO_BOTS = re.compile(r"#(?:<span>)?(?:nobots?|noindex)\b", re.IGNORECASE)
_LONGEST_LANGUAGE = 35
_LONGEST_URL = 4_000


class Sieve:
    """Takes what concerns us. `ask` gives the ancestors of a status from the root on, None where they cannot be had."""

    def __init__(
        self,
        wanted: Wanted,
        memory: Memory,
        domain: str,
        ask: Callable[[str], Awaitable[list[Status] | None]],
        *,
        only_indexable: bool = False,
    ) -> None:
        self._wanted = wanted
        self._memory = memory
        self._domain = domain
        self._ask = ask
        self._only_indexable = only_indexable
        self._digest = ""
        self._matcher = Matcher({})

    async def sift(self, status: Status) -> tuple[Mention | None, dict[str, str]]:
        """The mention that a status is, None if it is none of ours, and the cursors that go with it."""
        version = status.edited_at or ""
        if self._memory.was_heard(status.id, version):
            return None, {}
        parent, root = self._conversation(status)
        place = Place(status.uri, root or status.uri, version)
        subject = status.reblog or status
        if not (self._is_open(status) and self._is_open(subject)):
            return self._pass(status, place)
        title, text = (subject.spoiler_text or "")[:MAX_TITLE] or None, say(subject)[:MAX_TEXT]
        if is_wild(text) or is_wild(title or ""):
            return self._pass(status, place)
        if not (self._named(text, title) or self._belongs(status, parent, root)):
            if not self._memory.was_handed(status.id):
                return self._pass(status, place)
            if status.edited_at:  # what it said is not to be read here any more
                return self._take_back(status, place)
        if parent is None and status.in_reply_to_id:
            parent, root = await self._look_up(status)  # which may be cut off: it has not been heard before this
            place = Place(status.uri, root or status.uri, version)
        self._memory.hear(status.id, place)
        return self._mention(status, title, text, parent, place.root), self._memory.hand(status.id, place)

    def _take_back(self, status: Status, place: Place) -> tuple[Mention | None, dict[str, str]]:
        taken = self.erase(status.id, status.created_at)
        self._memory.hear(status.id, place)
        return taken

    def _pass(self, status: Status, place: Place) -> tuple[None, dict[str, str]]:
        self._memory.hear(status.id, place)
        return None, {}

    def erase(self, local: str, now: datetime) -> tuple[Mention | None, dict[str, str]]:
        """The mention that takes back one of ours, with the cursors that go with it."""
        place, moved = self._memory.forget(local)
        if place is None:
            return None, {}
        return Mention(name(place.uri), "", now, source=SOURCE, deleted=True), moved

    def _named(self, text: str, title: str | None) -> bool:
        if self._digest != self._wanted.digest:
            self._matcher, self._digest = Matcher(dict(self._wanted.brands)), self._wanted.digest
        return bool(self._matcher.match(text, title))

    def _belongs(self, status: Status, parent: str | None, root: str | None) -> bool:
        """Whether it hangs on a conversation that is known, or on a mention that is on its way to be."""
        if any(local and self._memory.was_handed(local) for local in _related(status)):
            return True
        return any(uri is not None and self._wanted.knows(name(uri)) for uri in (parent, root))

    def _conversation(self, status: Status) -> tuple[str | None, str | None]:
        """The uris of what it answers, quotes or boosts, and of the root of that."""
        subject = status.reblog or (status.quote.quoted_status if status.quote and not status.in_reply_to_id else None)
        if subject is not None:
            known = self._memory.find(subject.id)
            return subject.uri, known.root if known else subject.uri
        known = self._memory.find(status.in_reply_to_id) if status.in_reply_to_id else None
        return (known.uri, known.root) if known else (None, None)

    async def _look_up(self, status: Status) -> tuple[str | None, str | None]:
        ancestors = await self._ask(status.id)
        if not ancestors:
            return None, None
        root, parent = ancestors[0].uri, ancestors[-1].uri
        for each in ancestors:
            self._memory.hear(each.id, Place(each.uri, root))
        return parent, root

    def _is_open(self, status: Status) -> bool:
        """Whether everybody may read it, and its author has not asked to be left alone."""
        account = status.account
        if status.visibility != _PUBLIC or account.noindex or _NO_BOTS.search(account.note or ""):
            return False
        return not (self._only_indexable and account.indexable is False)

    def _mention(self, status: Status, title: str | None, text: str, parent: str | None, root: str) -> Mention:
        subject = status.reblog or status
        language, url = subject.language, status.url or status.uri
        return Mention(
            id=name(status.uri),
            text=text,
            created_at=status.created_at,
            source=SOURCE,
            author=self._author(status.account),
            lang=language if language and len(language) <= _LONGEST_LANGUAGE else None,
            url=url if url.startswith(("https://", "http://")) and len(url) <= _LONGEST_URL else None,
            thread=name(root),
            parent=name(parent) if parent else None,
            kind=_kind(status),
            engagement=Engagement(status.favourites_count, status.reblogs_count, status.replies_count),
            title=title,
        )

    def _author(self, account: Account) -> Author:
        """Under a name that is the same on every instance: a local account is named without its domain."""
        whole = account.acct if "@" in account.acct else f"{account.acct}@{self._domain}"
        followers = account.followers_count
        known = followers if followers is not None and followers >= 0 else None  # hidden ones are below 0
        return Author(whole.casefold(), whole, account.display_name or None, known)


def name(uri: str) -> str:
    """The mention id of a status."""
    return f"{SOURCE}:{uri}"


def say(status: Status) -> str:
    """All that it says but its content warning: its words, what a poll offers, what pictures show."""
    parts = [read_html(status.content or "")]
    parts += [option.title for option in status.poll.options] if status.poll else []
    parts += [media.description for media in status.media_attachments if media.description]
    return "\n".join(part for part in parts if part)


def _related(status: Status) -> Iterable[str | None]:
    quoted = status.quote.quoted_status if status.quote else None
    return status.in_reply_to_id, status.reblog.id if status.reblog else None, quoted.id if quoted else None


def _kind(status: Status) -> Kind:
    if status.reblog:
        return Kind.REPOST
    if status.in_reply_to_id:
        return Kind.REPLY
    return Kind.QUOTE if status.quote and status.quote.quoted_status else Kind.POST
