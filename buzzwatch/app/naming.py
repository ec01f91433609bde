"""One post told by several sources is one mention: each goes by the name that all of them can tell.

Most names follow from the id and the address alone (`ingest.identity`). What does not, is on record or is told by
another mention of the same batch: posts that share a name are one, whichever comes first.
"""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.ingest.decode import Refused, decode
from buzzwatch.ingest.identity import name_of, names_of
from buzzwatch.model.mention import Mention


class Opened(Struct):
    """A payload taken apart: mentions with their position in it, and the names of each."""

    mentions: list[tuple[int, Mention]]
    names: list[tuple[str, ...]]
    refused: list[Refused]
    mended: int

    @property
    def has_names(self) -> bool:
        """Whether some mention has a name besides its id."""
        return any(len(names) > 1 for names in self.names)


def open_payload(payload: bytes) -> Opened:
    """Take a payload apart; each mention goes by the best of its names."""
    decoded = decode(payload)
    names = [names_of(mention) for _, mention in decoded.mentions]
    mentions = [(at, rename(each, all_of[0])) for (at, each), all_of in zip(decoded.mentions, names, strict=True)]
    return Opened(mentions, names, decoded.refused, decoded.mended)


def rename(mention: Mention, name: str, known: Mapping[str, str] | None = None) -> Mention:
    """The mention under a name; what it hangs on goes by its name too, or by the one that is `known` for it."""
    own = mention.id
    parent, thread = mention.parent, mention.thread
    if parent:
        parent = _resolved(parent, own, name, known)
    if thread:
        thread = _resolved(thread, own, name, known)
    if name == own and parent == mention.parent and thread == mention.thread:
        return mention
    return replace(mention, id=name, parent=parent, thread=thread)


def _resolved(reference: str, own: str, name: str, known: Mapping[str, str] | None) -> str:
    if reference == own:
        return name
    named = name_of(reference)
    return known.get(named, named) if known else named


def names_asked(parts: list[Opened]) -> tuple[set[str], set[str]]:
    """Every name that a batch tells or refers to; and of mentions with several names, all of them."""
    asked: set[str] = set()
    several: set[str] = set()
    for part in parts:
        for (_, mention), names in zip(part.mentions, part.names, strict=True):
            asked.update(names)
            asked.update(each for each in (mention.parent, mention.thread) if each)
            if len(names) > 1:
                several.update(names)
    return asked, several


def join(parts: list[Opened], known: Mapping[str, str]) -> None:
    """Let all mentions of a batch go by the names under which they are `known`, or meet in it.

    Of the names of each, those are left that are not on record yet.
    """
    same = _Same()
    for part in parts:
        for names in part.names:
            same.unite(names)
    same.settle(known)
    resolved = {**known, **same.chosen}
    for part in parts:
        part.mentions = [(at, rename(each, resolved.get(each.id, each.id), resolved)) for at, each in part.mentions]
        part.names = [
            names if len(names) == 1 else tuple(name for name in names if name not in known) for names in part.names
        ]


class _Same:
    """Which names of a batch are of the same post."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}
        self._rank: dict[str, int] = {}
        self.chosen: dict[str, str] = {}
        """By name, the mention that goes by it; of posts with several names."""

    def unite(self, names: tuple[str, ...]) -> None:
        if len(names) == 1:
            return
        for rank, name in enumerate(names):
            self._above.setdefault(name, name)
            self._rank[name] = min(rank, self._rank.get(name, rank))
            self._above[self._root(name)] = self._root(names[0])

    def settle(self, known: Mapping[str, str]) -> None:
        """Choose for each post: the mention on record, else the best name; the order of the batch does not count."""
        posts: dict[str, list[str]] = {}
        for name in self._above:
            posts.setdefault(self._root(name), []).append(name)
        for names in posts.values():
            on_record = [known[name] for name in names if name in known]
            best = min(on_record) if on_record else min(names, key=lambda name: (self._rank[name], name))
            self.chosen |= dict.fromkeys(names, best)

    def _root(self, name: str) -> str:
        while (above := self._above[name]) != name:
            self._above[name] = self._above[above]
            name = above
        return name
