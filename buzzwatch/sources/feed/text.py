"""The words of a summary, out of the HTML that feeds put into it.

The standard library's parser takes time with the square of what a hostile text is long; here a tag ends before the next
`<`, whatever its quotes say, so that the time is linear.
"""

import re
from html import unescape

LONGEST = 60_000
"""Characters of HTML that are read; several times what is kept of a text."""
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*+)[^<>]*+>|<[!?][^<>]*+>")
_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r"\n\s*\n\s*")
_BLOCKS = frozenset({"p", "br", "div", "li", "ul", "ol", "tr", "table", "blockquote", "pre", "section", "article"})
_BLOCKS |= {f"h{size}" for size in range(1, 7)}
_MUTE = frozenset({"script", "style"})


def read_html(html: str) -> str:
    """The text: a line for each paragraph or break, nothing of scripts and styles, entities decoded."""
    html = html[:LONGEST]
    parts, end, mute = [], 0, ""
    for tag in _TAG.finditer(html):
        if not mute:
            parts.append(html[end : tag.start()])
        end = tag.end()
        name = (tag[2] or "").lower()
        if mute:
            mute = "" if tag[1] and name == mute else mute
        elif name in _MUTE and not tag[1]:
            mute = name
        elif name in _BLOCKS:
            parts.append("\n")
    if not mute:
        parts.append(html[end:])
    return tidy(unescape("".join(parts)))


def tidy(text: str) -> str:
    """Without runs of spaces and empty lines."""
    text = _SPACES.sub(" ", text.replace("\r", "\n"))
    return "\n".join(line.strip() for line in _BREAKS.sub("\n", text).strip().split("\n"))
