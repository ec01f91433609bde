"""How a test writes many mentions: `120/h, 80% negative, by 60 authors, for 20m`, `root + 40 replies in 10m`.

A number first, then phrases in any order, each at most once, with or without commas.
"""

import re
from fractions import Fraction
from typing import Annotated, Any, TypeAlias

from msgspec import Struct
from pydantic import PlainValidator, WithJsonSchema
from pydantic import ValidationInfo as Info

from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Span
from buzzwatch.rules.units import mistake, nearest, read_span, shown
from buzzwatch.rules.when import defined
from buzzwatch.rules.written import Outline

MOST_MENTIONS = 200_000
"""Invented for one test."""
USUALLY_NEGATIVE = 0.2
"""How surely each mention is negative where a part does not say: a fifth of them by their sum, and no complaint."""
USUAL_FOLLOWERS = 100
USUAL_SOURCE = "x"

_RATES: dict[str, Span] = {"m": MINUTE, "h": HOUR, "d": DAY}
_KINDS = {
    "mentions": "post",
    "posts": "post",
    "copies": "post",
    "reposts": "repost",
    "reviews": "review",
    "articles": "article",
    "messages": "message",
}
_REPLIES = {"replies": "reply", "quotes": "quote", "reposts": "repost"}
CROWD_EXAMPLE = "120/h, 80% negative, by 60 authors, for 20m"
THREAD_EXAMPLE = "root + 40 replies in 10m by 30 authors"


class Crowd(Struct, frozen=True):
    """So many mentions, evenly over a time. None: as is usual.

    `alike`: they all say the same. `answered`: how long after each negative one, or after the root of a conversation,
    our own account replies.
    """

    count: int
    span: Span
    kind: str = "post"
    alike: bool = False
    negative: float | None = None
    authors: int | None = None
    voice: str = ""
    theme: str = ""
    source: str = USUAL_SOURCE
    followers: int = USUAL_FOLLOWERS
    answered: Span | None = None


_PHRASES: dict[str, tuple[re.Pattern[str], str]] = {
    "span": (re.compile(r"(for|in) ([0-9]{1,6}[smhd])"), "for 20m"),
    "negative": (re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?) ?% negative"), "80% negative"),
    "authors": (re.compile(r"by ([0-9]{1,7}) authors?(?: of ([a-z0-9_-]+))?"), "by 60 authors"),
    "theme": (re.compile(r"about ([a-z0-9_-]+)"), "about safety"),
    "source": (re.compile(r"on ([\w.:-]{1,60})"), "on bluesky"),
    "followers": (re.compile(r"with ([0-9]{1,9}) followers?"), "with 5000 followers"),
    "answered": (re.compile(r"answered after ([0-9]{1,6}[smhd])"), "answered after 10m"),
}
"""What may follow the number of mentions, in any order, each once, and an example of it."""
_NUMBER = re.compile(r"([0-9]{1,9})(?: ([a-z]+))?(?:/([mhd]))?(?![\w/])")
_ROOT = re.compile(r"root ?\+ ?([0-9]{1,9}) (replies|reply|quotes|quote|reposts|repost)(?!\w)")
_NOTHING = re.compile(r"nothing(?!\w)")


def _crowd(value: object, info: Info) -> Crowd:
    """`120/h, 80% negative, by 60 authors, for 20m`, `40 reposts in 10m` or `nothing for 6h`."""
    text = _text(value, CROWD_EXAMPLE)
    if found := _NOTHING.match(text):
        span, how, fields = _phrases(text[found.end() :], info, "nothing for 6h")
        if fields or how != "for":
            raise mistake(f"{shown(text)} says more than for how long", "write such as `nothing for 6h`")
        return Crowd(0, span)
    if any(shape.fullmatch(text) for shape, _ in _PHRASES.values()):
        raise mistake(f"{shown(text)} is a piece of a part", f'a comma ends it unless it is quoted: "{CROWD_EXAMPLE}"')
    found = _NUMBER.match(text)
    if found is None:
        raise mistake(f"{shown(text)} does not begin with a number of mentions", f'write such as "{CROWD_EXAMPLE}"')
    number, noun, unit = int(found[1]), found[2] or "mentions", found[3]
    end = found.end()
    if noun in {"in", "by", "about", "on", "with", "for", "answered"}:  # `40 in 10m`
        noun, end = "mentions", found.start(2)
    noun = next((each for each in _KINDS if noun in {each, each.removesuffix("s"), each[:-3] + "y"}), noun)
    if noun not in _KINDS:
        raise mistake(f"{shown(noun)} is no kind of mention", nearest(noun, tuple(_KINDS)))
    span, how, fields = _phrases(text[end:], info, CROWD_EXAMPLE)
    if how != ("for" if unit else "in"):
        right = (
            f"`{number}/{unit} for {_spelt(text)}`" if unit else f"`{number} in {_spelt(text)}`, or `{number}/h for …`"
        )
        raise mistake("a rate lasts `for` a time, a number comes `in` a time", f"write {right}")
    count = round(Fraction(number * span, _RATES[unit])) if unit else number
    alike = noun in {"copies", "reposts"}
    return _bounded(Crowd(count, span, _KINDS[noun], alike, **fields), text)


def _thread(value: object, info: Info) -> Crowd:
    """`root + 40 replies in 10m by 30 authors`: a conversation; its root comes first."""
    text = _text(value, THREAD_EXAMPLE)
    found = _ROOT.match(text)
    if found is None:
        raise mistake(f"{shown(text)} is not a conversation", f"write such as `{THREAD_EXAMPLE}`")
    span, how, fields = _phrases(text[found.end() :], info, THREAD_EXAMPLE)
    if how != "in":
        raise mistake("a number of replies comes `in` a time", f"write such as `{THREAD_EXAMPLE}`")
    kind = next(kind for noun, kind in _REPLIES.items() if found[2] in {noun, kind})
    return _bounded(Crowd(int(found[1]), span, kind, alike=kind == "repost", **fields), text)


def _text(value: object, example: str) -> str:
    if not isinstance(value, str):
        raise mistake(f"expected text, found {shown(value)}", f'write such as "{example}"')
    if len(value) > 300:  # noqa: PLR2004 - as a line
        raise mistake("longer than 300 characters", "shorten it")
    return " ".join(value.replace(",", " , ").split()).replace(" ,", ",")


def _phrases(text: str, info: Info, example: str) -> tuple[Span, str, dict[str, Any]]:
    """How long, whether `for` or `in`, and what else the phrases say."""
    found: dict[str, re.Match[str]] = {}
    rest = text.lstrip(" ,")
    while rest:
        name, match = next(
            ((name, match) for name, (shape, _) in _PHRASES.items() if (match := shape.match(rest))), ("", None)
        )
        if match is None or rest[match.end() : match.end() + 1] not in {"", " ", ","}:
            raise mistake(f"{shown(rest)} is not understood", _phrase_like(rest))
        if name in found:
            raise mistake(f"{shown(match[0])} comes second: `{found[name][0]}` is there already", "keep one of them")
        found[name] = match
        rest = rest[match.end() :].lstrip(" ,")
    if "span" not in found:
        raise mistake("for how long is not said", f'write such as "{example}"')
    span = _positive(found["span"][2])
    return span, found["span"][1], _fields(found, info)


def _phrase_like(rest: str) -> str:
    """The phrase that was probably meant, or all of them."""
    examples = [example for _, example in _PHRASES.values()]
    close = nearest(rest.partition(",")[0], examples)
    return close if close.startswith("did") else f"what may follow: {', '.join(f'`{example}`' for example in examples)}"


def _fields(found: dict[str, re.Match[str]], info: Info) -> dict[str, Any]:
    outline = info.context if isinstance(info.context, Outline) else Outline()
    fields: dict[str, Any] = {}
    for name, match in found.items():
        match name:
            case "negative":
                fields[name] = _share(match[1])
            case "authors":
                fields |= _writers(match, outline)
            case "theme":
                fields[name] = defined(match[1], "themes", "[word]", outline.themes)
            case "source":
                fields[name] = match[1]
            case "followers":
                fields[name] = int(match[1])
            case "answered":
                fields[name] = _answer(match[1], outline)
    return fields


def _share(digits: str) -> float:
    if float(digits) > 100:  # noqa: PLR2004 - per cent
        raise mistake(f"`{digits}%` is more than all", "write 0% to 100%")
    return float(digits) / 100


def _writers(match: re.Match[str], outline: Outline) -> dict[str, Any]:
    if not int(match[1]):
        raise mistake("somebody must have written them", "write `by 1 author` or more")
    voice = defined(match[2], "voices", '["x:@name"]', outline.voices) if match[2] else ""
    return {"authors": int(match[1]), "voice": voice}


def _answer(text: str, outline: Outline) -> Span:
    if outline.answers is False:
        raise mistake("no account is known to answer", 'add `official: ["x:@name"]` to the file')
    return _positive(text)


def _positive(text: str) -> Span:
    span = read_span(text) or 0
    if not SECOND <= span <= 30 * DAY:
        raise mistake(f"`{text}` is too {'short' if span < SECOND else 'long'}", "write 1s to 30d")
    return span


def _spelt(text: str) -> str:
    found = re.search(r"(?:for|in) ([0-9]{1,6}[smhd])", text)
    return found[1] if found else "20m"


def _bounded(crowd: Crowd, text: str) -> Crowd:
    if not crowd.count:
        raise mistake(f"{shown(text)} comes to no mention at all", "write more, or `nothing for 6h`")
    if crowd.count > MOST_MENTIONS:
        raise mistake(
            f"{shown(text)} comes to {crowd.count:,} mentions",
            f"a test may hold {MOST_MENTIONS:,}: lower or shorten it",
        )
    return crowd


def _written_as(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": list(examples)})


CrowdText: TypeAlias = Annotated[
    Crowd,
    PlainValidator(_crowd),
    _written_as("^ *([0-9]|nothing)", "5/h for 3d", CROWD_EXAMPLE, "40 reposts in 10m", "nothing for 6h"),
]
ThreadText: TypeAlias = Annotated[
    Crowd,
    PlainValidator(_thread),
    _written_as(r"^ *root *\+", THREAD_EXAMPLE, "root + 60 quotes in 1h, 70% negative, answered after 10m"),
]
