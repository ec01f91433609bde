"""Other names for posts and other keys for authors, in all that a memory dumps: what was counted stays as it was."""

import re
from array import array
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from ahocorasick_rs import AhoCorasick
from msgspec import Struct

from buzzwatch.detect.distinct import rekey_places
from buzzwatch.detect.slow import STORY
from buzzwatch.model.forgotten import forgotten_id
from buzzwatch.threads.authors import rekey_authors
from buzzwatch.threads.tales import rename_opening

BLOT = "[…]"
"""What stands in a sentence where somebody forgotten was named."""
_KEY = (1 << 32) - 1
_FIELDS_OF_CANDIDATE = 6
_SPACE = re.compile(r"\s")
_BYTES = (bytes,)


class Renaming(Struct):
    """What posts and authors are called from now on.

    `traces` are patterns of whatever names somebody, each by something in lower case that is part of every match: an id
    that holds one is renamed, a sentence is blotted. `posts` grows by such ids as they are met; `chance` gives sixteen
    random hexadecimal digits for each.
    """

    posts: dict[str, str]
    authors: dict[int, int]
    traces: dict[str, str]
    chance: Callable[[], str]
    _hooks: AhoCorasick | None = None
    _pattern: re.Pattern[str] | None = None

    def __post_init__(self) -> None:
        if self.traces:
            self._hooks = AhoCorasick(list(self.traces))
            self._pattern = re.compile("|".join(self.traces.values()), re.IGNORECASE)

    def call(self, post: str) -> str:
        """The other name of a post; it is given one if it has none."""
        if post not in self.posts:
            self.posts[post] = forgotten_id(post, self.chance())
        return self.posts[post]

    def word(self, word: str) -> str:
        """A post, a story as a subject, or any words, as they are called from now on."""
        if (known := self.posts.get(word)) is not None:
            return known
        if word.startswith(STORY):
            return STORY + self.word(word.removeprefix(STORY))
        if not self.names(word):
            return word
        return self.blot(word) if _SPACE.search(word) else self.call(word)

    def names(self, text: str) -> bool:
        """Whether a text holds anything that names somebody forgotten."""
        if self._hooks is None or self._pattern is None or not self._hooks.find_matches_as_indexes(text.lower()):
            return False
        return self._pattern.search(text) is not None

    def blot(self, text: str) -> str:
        """The text without what names them."""
        return self._pattern.sub(BLOT, text) if self._pattern is not None and self.names(text) else text

    def walk(self, value: Any) -> Any:  # noqa: ANN401 - whatever can be dumped
        """Builtins with every word in them renamed."""
        match value:
            case str():
                return self.word(value)
            case dict():
                return {self.walk(key): self.walk(each) for key, each in value.items()}
            case list() | tuple():
                return [*map(self.walk, value)]
            case Struct():
                return self.walk(msgspec.to_builtins(value, builtin_types=_BYTES))
            case _:
                return value


def rename_dump(dumped: Mapping[str, Any], renaming: Renaming) -> dict[str, Any]:
    """What `Memory.dump` gave, as if posts and authors had been called so from the beginning."""
    authors = renaming.authors
    told = {
        key: value if key in {"adopted", "shifts", "roads"} else renaming.walk(value) for key, value in dumped.items()
    }
    for tracker in (told["tracker"], told["tales"]["tracker"]):
        tracker["authors"] = rekey_authors(tracker["authors"], authors)
    stories = told["tales"]["stories"]

    def rename(opening: bytes) -> bytes:
        return rename_opening(opening, renaming.word, authors)

    stories["texts"]["openings"] = [*map(rename, stories["texts"]["openings"])]
    for age in ("young", "old"):
        stories["marks"][age] = {
            mark: (story, rename(opening), since) for mark, (story, opening, since) in stories["marks"][age].items()
        }
    for pulse in told["pulses"].values():
        _rekey_pulse(pulse, authors)
    for diary in told["diaries"].values():
        _rekey_diary(diary, authors)
    for complaints in told["complaints"].values():
        complaints["waiting"] = [_rekey_complaint(waiting, authors) for waiting in complaints["waiting"]]
    told["recollection"] = {
        key: [(authors.get(author, author), last) for author, last in known]
        for key, known in told["recollection"].items()
    }
    for _, mentions, _ in told["dirty"].values():
        for sighting in mentions:
            sighting["author"] = authors.get(sighting["author"], sighting["author"])
    return told


def _rekey_pulse(pulse: dict[str, Any], authors: Mapping[int, int]) -> None:
    log = array("Q", pulse["windows"]["log"])
    if not authors.keys().isdisjoint(entry & _KEY for entry in log):
        kept = (entry & ~_KEY | authors.get(entry & _KEY, entry & _KEY) for entry in log)
        pulse["windows"]["log"] = array("Q", kept).tobytes()
    for pool in ("angry", "calm"):
        pulse["samples"][pool] = [
            (*candidate[: _FIELDS_OF_CANDIDATE - 1], authors.get(candidate[-1], candidate[-1]))
            for candidate in pulse["samples"][pool]
        ]


def _rekey_diary(diary: dict[str, Any], authors: Mapping[int, int]) -> None:
    for said in diary["said"].values():
        for key, (voices, best) in said.items():
            said[key] = [[rekey_places(each, authors) for each in voices], best]
    for subject in diary["subjects"].values():
        subject[1] = [rekey_places(each, authors) for each in subject[1]]


def _rekey_complaint(waiting: Iterable[Any], authors: Mapping[int, int]) -> list[Any]:
    """See `threads.complaints.Waiting`, which is an array."""
    at, mention, author, followers, story, copies, posts, places, incident = waiting
    places = [(thread, authors.get(who, who)) for thread, who in places]
    return [at, mention, authors.get(author, author), followers, story, copies, posts, places, incident]
