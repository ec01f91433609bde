"""Where in a text, as its author wrote it, the folded words stand that were found in it."""

import re
from collections.abc import Iterator

from buzzwatch.ingest.normalise import tokens, unescape, words

_PIECE = re.compile(r"&(?:amp|lt|gt|quot|apos|#39|#x27|nbsp);|\S")
"""An entity, or one character."""


def places(text: str) -> list[tuple[int, int]]:
    """Begin and end in the text of each of its folded words (`normalise.words`), in order.

    A word that cannot be set off from its neighbours, as in scripts without spaces, has the place of all of them; where
    the words cannot be counted out at all, there are no places.
    """
    found: list[tuple[int, int]] = []
    for start, end in _runs(text):
        found += [(start, end)] * len(tokens(unescape(text[start:end])))
    return found if len(found) == len(words(text).split()) else []


def _runs(text: str) -> Iterator[tuple[int, int]]:
    """Stretches of what belongs to words."""
    start, end = -1, -1
    for piece in _PIECE.finditer(text):
        kept = _is_kept(piece[0])
        if start >= 0 and (piece.start() > end or not kept):
            yield start, end
            start = -1
        if kept:
            start = piece.start() if start < 0 else start
            end = piece.end()
    if start >= 0:
        yield start, end


def _is_kept(piece: str) -> bool:
    """Whether it is part of a word, or only changes how one looks: an accent, an invisible character."""
    return piece in "+_" or tokens(f"a{unescape(piece)}a") != ["a", "a"]


def marked(text: str, spots: list[tuple[int, int]], before: str, after: str) -> str:
    """The text with something before and after each spot; spots that touch or overlap are one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spots):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    parts, at = [], 0
    for start, end in merged:
        parts += [text[at:start], before, text[start:end], after]
        at = end
    return "".join((*parts, text[at:]))
