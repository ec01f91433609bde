"""Expressions for `not_us`: what posts about others of our name say around it, and ours do not.

From texts that people marked as not about the brand, and texts that they did not. A candidate is our name with the
words beside it, two to four in all, or a whole hashtag or handle in which our name was found. Copies of a text count
once.

What an expression would strike out is not guessed from counts: the brand is matched with it in place. It is suggested
only if it strikes out at least `FEWEST_STRUCK` marked texts, at most `MOST_MISTAKEN` of the others, none that a person
has marked as ours, and if the log-odds of standing in a marked text rather than in another (each count raised by a
half, Jeffreys' prior) are more than `SURE` standard errors above even. Of those the surest is taken, then the surest of
what still strikes out `FEWEST_STRUCK` texts that the ones before leave, and so on.

Most posts are never marked. What strikes out more of the others, none of them marked as ours, is not suggested but
named with an example: they may be the same noise, which somebody would have to mark first.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import log, sqrt

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.ingest.language import COMMON
from buzzwatch.ingest.match import Matcher, Way, lay_out
from buzzwatch.model.brand import Brand

FEWEST_MARKED = 5
"""Different marked texts, below which nothing is suggested."""
FEWEST_OTHERS = 20
"""Other texts, below which it cannot be told what is usual."""
FEWEST_STRUCK = 3
MOST_MISTAKEN = 0.01
"""The part of all other texts that a suggestion may strike out."""
SURE = 2.0
MOST_SUGGESTED = 5
MOST_DOUBTED = 3
LONGEST = 4
"""Words of an expression."""
_MOST_TRIED = 60


class Text(Struct, frozen=True):
    """A post that names the brand. `copy` is the same for copies; `ours`: a person has marked it as about us."""

    text: str
    title: str | None = None
    copy: int = 0
    ours: bool = False


class Suggestion(Struct, frozen=True):
    """An expression as a rule file has it, and what it would strike out."""

    expression: str
    struck: tuple[Text, ...]
    """Marked texts."""
    mistaken: tuple[Text, ...]
    """Others."""
    sureness: float
    """The log-odds over their standard error."""


class Suggested(Struct, frozen=True):
    """What was found in how many different texts."""

    marked: int
    others: int
    suggestions: tuple[Suggestion, ...] = ()
    doubted: tuple[Suggestion, ...] = ()
    """What strikes out too many that nobody has marked."""

    @property
    def is_too_little(self) -> bool:
        """Nothing can be said of so few texts."""
        return self.marked < FEWEST_MARKED or self.others < FEWEST_OTHERS


def suggest(brand: Brand, marked: Iterable[Text], others: Iterable[Text]) -> Suggested:
    """The expressions to add to the brand's `not_us`, the surest first."""
    known = Matcher({brand.key: brand})
    about_others = _different(known, marked)
    about_us = _different(known, others)
    found = Suggested(len(about_others), len(about_us))
    if found.is_too_little:
        return found
    tested = [
        each
        for expression in _candidates(brand, known, about_others)
        if (each := _test(brand, expression, about_others, about_us)) is not None
    ]
    sound = [each for each in tested if len(each.mistaken) <= MOST_MISTAKEN * len(about_us)]
    chosen = _choose(sound, about_others)
    left = [text for text in about_others if not any(text in each.struck for each in chosen)]
    doubted = _choose([each for each in tested if each not in sound], left)[:MOST_DOUBTED]
    return replace(found, suggestions=tuple(chosen), doubted=tuple(doubted))


def _choose(tried: list[Suggestion], marked: Sequence[Text]) -> list[Suggestion]:
    """The surest, then the surest by what the ones before leave."""
    left, chosen = list(marked), list[Suggestion]()
    while tried and len(chosen) < MOST_SUGGESTED:
        fresh = [(each, [text for text in each.struck if text in left]) for each in tried]
        fresh = [(each, new) for each, new in fresh if len(new) >= FEWEST_STRUCK]
        if not fresh:
            break
        best, struck = max(fresh, key=lambda each: (each[0].sureness, len(each[1]), -len(each[0].expression)))
        chosen.append(best)
        left = [text for text in left if text not in struck]
        tried = [each for each, _ in fresh if each is not best]
    return chosen


def _different(known: Matcher, texts: Iterable[Text]) -> list[Text]:
    """Those that name the brand now, each copy once; one that is marked as ours stands for its copies."""
    kept: dict[object, Text] = {}
    for text in texts:
        key = text.copy or (text.text, text.title)
        if (key not in kept or text.ours) and known.match(text.text, text.title):
            kept[key] = text
    return list(kept.values())


def _candidates(brand: Brand, known: Matcher, marked: Sequence[Text]) -> list[str]:
    """Those in the most texts first; of a hundred thousand possible ones few stand in several."""
    counted: dict[str, int] = {}
    for text in marked:
        for expression in set(_around(brand, known, text)):
            counted[expression] = counted.get(expression, 0) + 1
    several = [(-number, len(expression), expression) for expression, number in counted.items()]
    return [expression for number, _, expression in sorted(several) if -number >= FEWEST_STRUCK][:_MOST_TRIED]


def _around(brand: Brand, known: Matcher, text: Text) -> Iterator[str]:
    words = lay_out(text.text, text.title).replace("|", " | ").split()
    place = [index for index, word in enumerate(words) if word != "|"]
    for hit in known.explain(text.text, text.title):
        if hit.struck or hit.last >= len(place):
            continue
        first, last = place[hit.first], place[hit.last]
        if hit.way is not Way.NAME:
            written = words[first]
            if written[0] in "@#" and not _is_ours(brand, written):
                yield written
            continue
        for begin in range(max(0, last - LONGEST + 1), first + 1):
            for end in range(last, min(len(words), begin + LONGEST)):
                chosen = words[begin : end + 1]
                if len(chosen) > last - first + 1 and _is_whole(chosen, first - begin, end - last):
                    yield " ".join(chosen)


def _is_ours(brand: Brand, written: str) -> bool:
    """A handle or hashtag that the rule file spells out, or a hashtag that is our name and nothing more."""
    bare = written[1:].replace("_", "")
    names = {lay_out(name).strip().replace(" ", "").replace("_", "") for name in brand.match.any}
    official = {account.partition(":")[2].lstrip("@").replace("_", "") for account in brand.official}
    return f"{written[0]}{bare}" in names or (written[0] == "#" and bare in names) or bare in official


def _is_whole(chosen: Sequence[str], before: int, after: int) -> bool:
    """It neither begins nor ends with what says nothing by itself: an article, an elided l or d, a number."""
    edges = [*(chosen[:1] if before else ()), *(chosen[-1:] if after else ())]
    inside_text = all(word != "|" and word[0] not in "@#&" for word in chosen)
    return inside_text and all(len(word) > 1 and not word.isdigit() and word not in COMMON for word in edges)


def _test(brand: Brand, expression: str, marked: Sequence[Text], others: Sequence[Text]) -> Suggestion | None:
    """What it strikes out when it is in force; None where that is too little, or what is known to be ours."""
    match = replace(brand.match, not_us=(*brand.match.not_us, expression))
    tried = Matcher({brand.key: replace(brand, match=match)})
    struck = tuple(text for text in marked if not tried.match(text.text, text.title))
    if len(struck) < FEWEST_STRUCK:
        return None
    mistaken = tuple(text for text in others if not tried.match(text.text, text.title))
    if any(text.ours for text in mistaken):
        return None
    sureness = _sureness(len(struck), len(marked), len(mistaken), len(others))
    return Suggestion(expression, struck, mistaken, sureness) if sureness >= SURE else None


def _sureness(struck: int, marked: int, mistaken: int, others: int) -> float:
    """How far above even the log-odds are, in standard errors (Woolf, with Haldane's halves)."""
    a, b, c, d = (count + 0.5 for count in (struck, marked - struck, mistaken, others - mistaken))
    return (log(a / b) - log(c / d)) / sqrt(1 / a + 1 / b + 1 / c + 1 / d)
