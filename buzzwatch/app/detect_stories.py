"""Look-alike mentions of a file put together, as the daemon would: to try it on an export of one's own."""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from buzzwatch.ingest.decode import decode
from buzzwatch.ingest.likeness import keys_of
from buzzwatch.model.instant import instant_of
from buzzwatch.sources.file import Chunk
from buzzwatch.threads.stories import Stories


class Placed(Struct, frozen=True, gc=False):
    """A mention and the story that it tells, named by the mention that told it first."""

    id: str
    story: str


class Refusal(Struct, frozen=True, gc=False):
    """An item that was not taken, counted from 1 in the file (for JSON lines: the line)."""

    line: int
    reason: str


def place(chunks: Iterable[Chunk], refused: list[Refusal]) -> Iterator[list[Placed]]:
    """Mentions with their stories, in the order of the file; what is no mention goes to `refused`.

    Each is seen when it was posted, or when the one before it was, if that is later. An id that comes again is placed
    again by what it says then.
    """
    stories, now = Stories(), 0
    for chunk in chunks:
        decoded = decode(chunk.payload)
        refused += [Refusal(chunk.first_line + item.position, item.reason) for item in decoded.refused]
        placed = []
        for _, mention in decoded.mentions:
            now = max(now, instant_of(mention.created_at))
            placed.append(Placed(mention.id, stories.place(mention.id, keys_of(mention), now).story))
        yield placed


def as_lines(placed: list[Placed]) -> bytes:
    """One object a line."""
    return msgspec.json.Encoder().encode_lines(placed)
