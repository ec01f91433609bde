"""The words of a post or a summary, out of its HTML.

What Mastodon lets through is documented (https://docs.joinmastodon.org/spec/activitypub/#sanitization): paragraphs,
breaks, links with the classes `mention`, `hashtag`, `invisible` and `ellipsis`, lists, quotes. Other servers send what
they like, feeds too, and so may somebody who means harm. The standard library's parser takes half a minute over 60 kB
of `<a ` (measured, Python 3.11); here a tag ends before the next `<`, whatever its quotes say: the time is linear.
"""

import re
from html import unescape

LONGEST = 60_000
"""Characters of HTML that are read; several times what an accepted text may hold."""
_PLAIN = re.compile(r"<(?:/?p|br ?/?)>")
_BREAKS = re.compile(r"\n{3,}")
_SPACES = re.compile(r"[ \t\r\f\v]+")
_TAG = re.compile(
    r"""<(/?)([a-zA-Z][a-zA-Z0-9]*+)((?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+|[^<>]*+)>"""  # or a quote is left open
    "|<[!?][^<>]*+>"
)
_ATTRIBUTE = re.compile(r"""\b(class|href|alt)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""")
_BLOCKS = {
    "p": "\n\n",
    "br": "\n",
    "li": "\n",
    "div": "\n",
    "pre": "\n\n",
    "blockquote": "\n\n",
    **dict.fromkeys(("ul", "ol", "tr", "table", "section", "article"), "\n"),
} | {f"h{size}": "\n\n" for size in range(1, 7)}
_MUTE = frozenset({"script", "style"})
_SPEAKING = _MUTE | {"p", "a", "img"}
"""Tags whose attributes matter."""
_RESTATED = "quote-inline"
"""The class of a paragraph that says again, for old readers, which status is quoted."""
_NAMED = frozenset({"mention", "hashtag"})


def read_html(html: str, *, links: bool = True) -> str:
    """The text, with a line for each break and an empty one between paragraphs.

    With `links` the whole address of every link is in it, though it is shown shortened or under other words, and what
    pictures are said to show. Only the first `LONGEST` characters are read, up to the last whole tag.
    """
    if len(html) > LONGEST:
        html = html[:LONGEST].rpartition("<")[0] or html[:LONGEST]
    broken = _PLAIN.sub(_break, html)
    if "<" not in broken:
        return _tidy(unescape(broken))
    reader = _Reader(links=links)
    end = 0
    for tag in _TAG.finditer(html):
        reader.say(html[end : tag.start()])
        end = tag.end()
        if tag[2] is None:  # a comment, or a declaration
            continue
        name = tag[2].lower()
        if tag[1]:
            reader.close(name)
        else:
            reader.open(name, tag[3])
    reader.say(html[end:])
    return _tidy("".join(reader.parts))


def _break(tag: re.Match[str]) -> str:
    return _BLOCKS["br" if "br" in tag[0] else "p"]


def _tidy(text: str) -> str:
    lines = (line.strip() for line in _SPACES.sub(" ", text).split("\n"))
    return _BREAKS.sub("\n\n", "\n".join(lines)).strip()


class _Reader:
    """Gathers what is to be read, tag by tag."""

    def __init__(self, *, links: bool) -> None:
        self._links = links
        self.parts: list[str] = []
        self._muted = ""
        self._link = ""
        self._link_from = 0

    def open(self, tag: str, written: str) -> None:
        self.parts.append(_BLOCKS.get(tag, ""))
        if self._muted or tag not in _SPEAKING:
            return
        said = {found[1]: unescape(found[2] or found[3] or found[4] or "") for found in _ATTRIBUTE.finditer(written)}
        classes = said.get("class", "").split()
        if tag in _MUTE or (tag == "p" and _RESTATED in classes):
            self._muted = tag
        elif not self._links:
            return
        elif tag == "a":
            href = said.get("href", "")
            self._link = href if href.startswith(("https://", "http://")) and _NAMED.isdisjoint(classes) else ""
            self._link_from = len(self.parts)
        elif tag == "img":
            self.parts.append(said.get("alt", ""))

    def close(self, tag: str) -> None:
        if tag == self._muted:
            self._muted = ""
        elif tag == "a" and self._link:
            self._name_link()
        self.parts.append(_BLOCKS.get(tag, ""))

    def say(self, written: str) -> None:
        if not self._muted:
            self.parts.append(unescape(written))

    def _name_link(self) -> None:
        """The address instead of a part of it; beside other words, behind them."""
        shown = "".join(self.parts[self._link_from :]).strip()
        if "." in shown and shown in self._link:
            self.parts[self._link_from :] = [self._link]
        else:
            self.parts.append(f" {self._link}")
        self._link = ""
