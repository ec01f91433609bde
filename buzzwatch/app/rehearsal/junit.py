"""Results of tests as JUnit XML, the way continuous integration reads them."""

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct

from buzzwatch.rules.words import printable

_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document may hold, escaped or not."""
_KEPT = "\t\n\r\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
"""Of what cannot be seen: the rest could turn the line of a viewer around."""


class Result(Struct, frozen=True):
    """How one test ended: by its file, its name, the seconds it took, and what was wrong, in one line and at length."""

    file: str
    line: int
    name: str
    seconds: float
    failure: str = ""
    details: str = ""


def as_junit(results: Iterable[Result]) -> str:
    """A document with a suite for each file."""
    suites: dict[str, list[Result]] = {}
    for result in results:
        suites.setdefault(result.file, []).append(result)
    every = [result for suite in suites.values() for result in suite]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="buzzwatch" {_totals(every)}>']
    for file, suite in suites.items():
        lines.append(f"  <testsuite name={_quoted(file)} {_totals(suite)}>")
        for result in suite:
            lines += _case(result)
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _totals(results: list[Result]) -> str:
    failed = sum(bool(result.failure) for result in results)
    seconds = sum(result.seconds for result in results)
    return f'tests="{len(results)}" failures="{failed}" errors="0" time="{seconds:.3f}"'


def _case(result: Result) -> list[str]:
    head = f'    <testcase name={_quoted(result.name)} classname={_quoted(result.file)} time="{result.seconds:.3f}"'
    if not result.failure:
        return [f"{head}/>"]
    text = escape(_writable(result.details))
    return [
        f"{head}>",
        f'      <failure message={_quoted(result.failure)} type="expectation">{text}</failure>',
        "    </testcase>",
    ]


def _quoted(text: str) -> str:
    return quoteattr(_writable(text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _writable(text: str) -> str:
    return printable(
        _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text), "\t\n\r\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
    )
