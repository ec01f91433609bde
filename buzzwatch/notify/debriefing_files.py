"""A debriefing as files: a page, and Markdown."""

import re
from collections.abc import Iterator
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from buzzwatch.notify.debriefing import Part, Post, Sheet

_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|!&~]")


def page(sheet: Sheet) -> str:
    """For a browser or a printer: one file that needs nothing from outside."""
    return _template().render(sheet=sheet)


@cache
def _template() -> Template:
    loader = PackageLoader("buzzwatch.notify")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("report.html")


def markdown(sheet: Sheet, picture: str) -> str:
    """For a wiki. `picture` is the name of the file that holds the picture."""
    blocks = [f"# {_escaped(sheet.title)}", _escaped(sheet.subtitle)]
    for part in sheet.parts:
        blocks.append(f"## {_escaped(part.heading)}")
        if part.picture:
            blocks.append(f"![{_escaped(sheet.picture_says)}]({picture})")
        if part.lines:
            blocks.append("\n".join(f"- {_escaped(line.removeprefix('- '))}" for line in part.lines))
        if part.rows:
            blocks.append("\n".join(_table(part)))
        blocks += [_quoted(post) for post in part.posts]
    return "\n\n".join(blocks) + "\n"


def _table(part: Part) -> Iterator[str]:
    yield f"| {' | '.join(map(_escaped, part.head))} |"
    yield f"|{' --- |' * len(part.head)}"
    for row in part.rows:
        yield f"| {' | '.join(map(_escaped, row))} |"


def _quoted(post: Post) -> str:
    link = f" <{post.link}>" if post.link else ""
    return f"> {_escaped(post.text)}\n>\n> — {_escaped(post.signed)}{link}"


def _escaped(text: str) -> str:
    """Nothing in a line is markup."""
    return _MARKUP.sub(r"\\\g<0>", text)
