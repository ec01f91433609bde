"""What the YAML parser cannot read, in the words of who wrote it, at the place where it went wrong.

The parser says where it gave up, which is often the line below; the line that it could not make sense of tells more.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from ruamel.yaml.error import MarkedYAMLError, StreamMark

from buzzwatch.rules.words import Said, Words, either

Place: TypeAlias = tuple[int, int]
"""Line and column, from 1."""

_CONFLICT = re.compile(r"(<<<<<<<|\|\|\|\|\|\|\||=======|>>>>>>>)( |$)")
_REFUSED = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML lets nobody write (YAML 1.2, section 5.1)."""
ODD_SPACE = re.compile("[ \t]*([\xa0\u1680\u2000-\u200f\u202f\u205f\u2060\u3000\ufeff])")
"""A beginning of a line that looks like spaces and is none."""
_CURLY = re.compile("[“”„«»]")
_KEY = re.compile(r"\s*(?:- +)?([\w-]{1,40})")
_TIGHT = re.compile(r"\s*(?:- +)?([\w-]+):([^\s:/].*)")
_TIGHT_DASH = re.compile(r"\s*-([\w-]+):")
_TOKEN = re.compile(r"[^\s,\]}]+")


_ESCAPE: "tuple[Words, Words]" = (
    Said("a backslash in double quotes means something else here"),
    Said("put the text in single quotes, or write two backslashes"),
)


class Flaw(NamedTuple):
    """Where it went wrong, what is wrong there, and how to mend it."""

    place: Place
    message: Words
    remedy: Words


class _Error(NamedTuple):
    """What the parser said, and the lines that it read; `quotable`: whether a fault may repeat their values."""

    said: str
    at: Place
    since: Place
    lines: Sequence[str]
    quotable: bool

    def line(self, number: int) -> str:
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


def unreadable(text: str, lines: Sequence[str]) -> Flaw | None:
    """The first character that no YAML holds."""
    if not _REFUSED.search(text):
        return None
    number, column = next((n, found.start() + 1) for n, line in enumerate(lines, 1) if (found := _REFUSED.search(line)))
    code = f"U+{ord(lines[number - 1][column - 1]):04X}"
    remedy = "remove it, and save the file as plain UTF-8 text"
    return Flaw((number, column), Said("a character stands here that no text holds ({code})", {"code": code}), remedy)


def odd_space(line: str, number: int) -> Flaw | None:
    """The first of the spaces that a line begins with that is not a usual one."""
    if not (found := ODD_SPACE.match(line)):
        return None
    code = f"U+{ord(found[1]):04X}"
    said = Said("a space stands here that is not the usual one ({code})", {"code": code})
    return Flaw((number, found.start(1) + 1), said, "delete it, and type the spaces of this line again")


def explain(error: MarkedYAMLError, lines: Sequence[str], *, quotable: bool) -> Flaw:
    """What is wrong with a file that the parser refused."""
    for number, line in enumerate(lines, 1):
        if _CONFLICT.match(line):
            remedy = "keep one of the two versions, and remove the lines that begin with <<<<<<<, ======= and >>>>>>>"
            return Flaw((number, 1), "two versions of this file were merged, and this mark was left", remedy)
    said = ", ".join(part for part in (error.context, error.problem) if part)
    at = place_of(error.problem_mark or error.context_mark)
    found = _Error(said, at, place_of(error.context_mark) if error.context_mark else at, lines, quotable)
    return _by_line(found) or _by_problem(found) or Flaw(at, *_unknown(said))


def escaped(lines: Sequence[str]) -> Flaw:
    """The first backslash: what comes of it is no character."""
    place = next(((n, line.index("\\") + 1) for n, line in enumerate(lines, 1) if "\\" in line), (1, 1))
    return Flaw(place, *_ESCAPE)


def _unknown(said: str) -> tuple[Words, Words]:
    return Said("not valid YAML: {why}", {"why": said}), "check the indentation"


def _by_line(error: _Error) -> Flaw | None:
    """What the line at fault, and the one above, show by themselves."""
    number, column = error.at
    line = error.line(number)
    for each in (number, number - 1):
        if flaw := odd_space(error.line(each), each):
            return flaw
    if line[column - 1 : column] == "\t":
        return Flaw(error.at, "a tab stands here, and YAML takes none", "use spaces in its place")
    if any(each.startswith("%") for each in error.lines[:number]):
        first = next(n for n, each in enumerate(error.lines, 1) if each.startswith("%"))
        return Flaw((first, 1), "a line that begins with % means nothing here", "remove this line")
    if curly := _CURLY.search(line):
        place = (number, curly.start() + 1)
        return Flaw(place, "these are not the quotes that YAML knows", 'write " before and after the text')
    return None


def _by_problem(error: _Error) -> Flaw | None:
    return next((judge(error) for words, judge in _PROBLEMS.items() if words in error.said), None)


def _quote_needed(error: _Error) -> Flaw:
    line, column = error.line(error.at[0]), error.at[1]
    token = _TOKEN.match(line, column - 1)
    remedy = Said("put it in quotes: {right}", {"right": f'"{token[0][:40]}"'}) if token and error.quotable else None
    said = Said("a text cannot begin with {sign}", {"sign": line[column - 1 : column]})
    return Flaw(error.at, said, remedy or "put it in quotes")


def _colon_missing(error: _Error, number: int) -> Flaw:
    line = error.line(number)
    start = len(line) - len(line.lstrip()) + 1
    if tight := _TIGHT.match(line):
        said, key = "there is no space after the colon", tight[1]
        remedy: Words = Said("write {right}", {"right": f"`{key}: {tight[2][:40] if error.quotable else '…'}`"})
        return Flaw((number, tight.end(1) + 1), said, remedy)
    key = found[1] if (found := _KEY.match(line)) and error.quotable else ""
    if not key:
        return Flaw((number, start), "a colon is missing on this line", "write `key: value`")
    here = Said("a colon is missing after `{key}`", {"key": key})
    return Flaw((number, start), here, Said("write {right}", {"right": f"`{key}: …`"}))


def _misplaced_key(error: _Error) -> Flaw:
    number, column = error.at
    line, above = error.line(number), _above(error)
    if ": " in line[: column - 1]:
        text = line[line.index(": ") + 2 :].strip()[:40]
        remedy: Words = (
            Said("put it in quotes: {right}", {"right": f'"{text}"'}) if error.quotable else "put it in quotes"
        )
        return Flaw(error.at, "a text that holds `: ` must stand in quotes", remedy)
    if above and (dash := _TIGHT_DASH.match(error.line(above))):
        place = (above, dash.start(1) + 1)
        return Flaw(place, "there is no space after the dash", Said("write {right}", {"right": f"`- {dash[1]}: …`"}))
    if above and not re.search(r":( |$)", error.line(above)):
        return _colon_missing(error, above)
    start = len(line) - len(line.lstrip()) + 1
    under = _KEY.match(error.line(above))
    remedy = Said("let it begin under `{key}`", {"key": under[1]}) if under else "check the indentation"
    return Flaw((number, start), "this line begins too far to the right", remedy)


def _brackets(error: _Error) -> Flaw | None:
    number = error.at[0]
    opened = error.since if error.line(error.since[0])[error.since[1] - 1 : error.since[1]] in "[{" else None
    if "stream end" in error.said or (opened and opened[0] < number):
        place = (opened if opened and opened != error.at else None) or _opened(error.lines)
        if place is not None:
            sign = error.line(place[0])[place[1] - 1]
            close = Said("close it with {sign}", {"sign": "]" if sign == "[" else "}"})
            return Flaw(place, Said("this {sign} is never closed", {"sign": sign}), close)
    if "expected ','" in error.said:
        return Flaw(
            error.at, "a comma or a closing bracket is missing before this", "check the brackets and the commas"
        )
    if "node content" in error.said:
        return Flaw(error.at, "a value is missing here", "check the brackets and the commas")
    return None


def _opened(lines: Sequence[str]) -> Place | None:
    """The last bracket that nothing closes; quotes and comments are left out."""
    opened: list[Place] = []
    for number, line in enumerate(lines, 1):
        for found in re.finditer(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|(?:^|(?<=[\s\[{,]))#.*|[\[\]{}]", line):
            if found[0] in {"[", "{"}:
                opened.append((number, found.start() + 1))
            elif found[0] in {"]", "}"} and opened:
                opened.pop()
    return opened[-1] if opened else None


def _out_of_line(error: _Error) -> Flaw | None:  # noqa: PLR0911 - one for each kind of token
    """A token where the block around it should have ended or gone on."""
    found = re.search(r"but found (?:'(.+?)'|\('(.+?)')", error.said)
    what = (found[1] or found[2]) if found else ""
    number, column = error.at
    line = error.line(number)
    before = line[: column - 1].rstrip()
    match what:
        case "<scalar>":
            return _trailing(error, before)
        case "?":
            key = _KEY.match(line)
            remedy = Said("write {right}", {"right": f"`- {key[1]}: …`"}) if key else "check the indentation"
            return Flaw(error.at, "a dash is missing here", remedy)
        case "-":
            return Flaw(error.at, "a list begins here, where none belongs", "check the indentation, and the line above")
        case "<block mapping start>":
            columns = either([str(each) for each in _columns(error)])
            begin = Said("let it begin at column {columns}", {"columns": columns})
            return Flaw(error.at, "this line begins where no line around it does", begin)
        case "]" | "}" | "," if before.endswith((":", "-")):
            return Flaw(error.at, "a value is missing here", "put text that begins with a sign in quotes")
        case "]" | "}" | ",":
            return Flaw(error.at, Said("there is one {sign} too many", {"sign": what}), "remove it")
    return None


def _trailing(error: _Error, before: str) -> Flaw | None:
    """Text after the end of a text in quotes, or of a bracket."""
    if before.endswith(("'", '"')):
        remedy = "put all of it in quotes, with \" outside where ' stands inside"
        return Flaw(error.at, "something follows the quotes", remedy)
    if before.endswith(("}", "]")):
        return Flaw(error.at, "something follows the bracket", "put all of it in quotes if it is a text")
    return None


def _columns(error: _Error) -> list[int]:
    """Where the lines around begin in which this one may stand, from 1."""
    columns: list[int] = []
    for number in range(error.at[0] - 1, 0, -1):
        line = error.line(number)
        plain = re.sub(r"^( *)- ", r"\1  ", line)
        column = len(plain) - len(plain.lstrip(" ")) + 1
        if line.strip() and not line.lstrip().startswith("#") and (not columns or column < columns[0]):
            columns.insert(0, column)
    return columns or [1]


def _above(error: _Error) -> int:
    """The last line above that is not empty; 0 where there is none."""
    return next((number for number in range(error.at[0] - 1, 0, -1) if error.line(number).strip()), 0)


def place_of(mark: StreamMark | None) -> Place:
    """Where a mark of the parser stands."""
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _unclosed(error: _Error) -> Flaw:
    return Flaw(error.since, "these quotes are never closed", "close the quotes")


def _misread_escape(error: _Error) -> Flaw:
    return Flaw(error.at, *_ESCAPE)


def _block_text(error: _Error) -> Flaw:
    return Flaw(error.at, "after | or > the text begins on the next line", "put the text in quotes")


def _keyless(error: _Error) -> Flaw:
    return _colon_missing(error, error.since[0])


_PROBLEMS: dict[str, Callable[[_Error], Flaw | None]] = {
    "cannot start any token": _quote_needed,
    "could not find expected ':'": _keyless,
    "mapping values are not allowed": _misplaced_key,
    "quoted scalar, found unexpected end": _unclosed,
    "escape": _misread_escape,
    "block scalar": _block_text,
    "flow": _brackets,
    "but found": _out_of_line,
}
"""By what the parser says of them, the first that fits."""
