"""What words are worth: valences from lists, turned round by negation and weighed by their neighbours.

The way of VADER (Hutto and Gilbert 2014), in six languages and with expressions of several words; what the counts
are worth is learnt.
"""

from enum import StrEnum
from math import sqrt
from typing import NamedTuple

from msgspec import Struct

from buzzwatch.ingest.scorer.speech import BEGINS, LISTED, PAUSE, SHOUT, Speech

LONGEST_EXPRESSION = 5

_NEGATED = -0.6
_INTENSIFIED = 0.3
_REACH = 3
"""How many words on a negation or an intensifier works."""
_PLAIN_LENGTH = 30
"""Words of an ordinary post; a longer text is judged by what it says in so many."""
_SHORTEST = 4
_CLOSE = 0.7
"""Where the end of a text begins."""
_MOST_DENIALS = 4
_EMOTICONS = {
    **dict.fromkeys((":)", ":]", ":d", ":p", ":*", ":3"), 2.0),
    **dict.fromkeys((":(", ":[", ":@"), -2.0),
    **dict.fromkeys((":/", ":\\", ":|"), -1.0),
}


class Role(StrEnum):
    """What a word does to others."""

    NEGATION = "negation"
    STRONGER = "stronger"
    WEAKER = "weaker"
    CONTRAST = "contrast"


class Lexicon(Struct, frozen=True):
    """The words of one language. `words` have a valence or a role, `expressions` are the second words by the first."""

    valences: dict[str, float]
    roles: dict[str, Role]
    words: frozenset[str]
    expressions: dict[str, set[str]]

    @classmethod
    def of(cls, valences: dict[str, float], roles: dict[str, Role]) -> "Lexicon":
        """Keys are folded words, and expressions with single spaces between theirs; valences lie in -4..4."""
        words = frozenset(said for said in valences if " " not in said) | roles.keys()
        expressions: dict[str, set[str]] = {}
        for said in valences:
            if " " in said:
                first, second, *_ = said.split(" ")
                expressions.setdefault(first, set()).add(second)
        return cls(valences, roles, words, expressions)


class Hit(NamedTuple):
    """A word or expression with a valence as it stands in its sentence; marks have the place -1."""

    place: int
    length: int
    valence: float


class Weighed(NamedTuple):
    """What was found in a text: `turn` is the place of its last "but", -1 for none."""

    hits: list[Hit]
    denials: int
    turn: int


def weigh(speech: Speech, lexicon: Lexicon) -> Weighed:
    """Find what has a valence. An expression goes before its words, and is worth the same wherever it stands."""
    words, roles, valences = speech.words, lexicon.roles, lexicon.valences
    hits = _expressions(speech, lexicon)
    taken = {place for hit in hits for place in range(hit.place, hit.place + hit.length)}
    denials, turn = 0, -1
    for place, known in speech.known:
        if place in taken or not known & LISTED:
            continue
        word = words[place]
        role = roles.get(word)
        if role is None:
            hits.append(Hit(place, 1, _in_place(valences[word], words, place, roles)))
        elif role is Role.NEGATION:
            denials += 1
        elif role is Role.CONTRAST:
            turn = place
    for mark in speech.marks:
        if (valence := valence_of(mark, lexicon)) is not None:
            hits.append(Hit(-1, 1, valence))
    return Weighed(hits, denials, turn)


def _expressions(speech: Speech, lexicon: Lexicon) -> list[Hit]:
    """The expressions of a text, the longest at each place."""
    words, valences = speech.words, lexicon.valences
    hits, seen, last = [], 0, len(words) - 1
    for place, known in speech.known:
        if known < BEGINS or place < seen or place == last:
            continue
        if words[place + 1] not in lexicon.expressions[words[place]]:
            continue
        for length in range(min(LONGEST_EXPRESSION, len(words) - place), 1, -1):
            valence = valences.get(" ".join(words[place : place + length]))
            if valence is not None:
                hits.append(Hit(place, length, valence))
                seen = place + length
                break
    return hits


def valence_of(mark: str, lexicon: Lexicon) -> float | None:
    """The valence of an emoticon or emoji."""
    return _EMOTICONS.get(mark) or lexicon.valences.get(mark)


def _in_place(valence: float, words: tuple[str, ...], place: int, roles: dict[str, Role]) -> float:
    negated = words[place + 1 : place + 2] == ("pas",)  # French negates verbs from behind: "je n'aime pas"
    for word in reversed(words[max(0, place - _REACH) : place]):
        if word == PAUSE:
            break
        role = roles.get(word)
        if role is Role.NEGATION:
            negated = True
        elif role is Role.STRONGER:
            valence += _INTENSIFIED if valence > 0 else -_INTENSIFIED
        elif role is Role.WEAKER:
            valence -= _INTENSIFIED if valence > 0 else -_INTENSIFIED
    return valence * _NEGATED if negated else valence


FEATURES = (
    "bad",
    "good",
    "balance",
    "lean",
    "worst",
    "best",
    "close",
    "after",
    "denials",
    "exclaims",
    "asks",
    "shouts",
)
"""What `features` gives, in its order."""


def features(speech: Speech, weighed: Weighed) -> tuple[float, ...]:
    """The counts that the model weighs, each about -2..3, most of them 0 where nothing has a valence."""
    words, marks = len(speech.words), speech.marks
    bad = good = worst = best = close = after = 0.0
    closing = _CLOSE * words
    for place, _, valence in weighed.hits:
        if valence < 0:
            bad -= valence
            worst = min(worst, valence)
        else:
            good += valence
            best = max(best, valence)
        if place >= closing:
            close += valence
        if place > weighed.turn >= 0:
            after += valence
    if words > _PLAIN_LENGTH:
        bad, good = bad * _PLAIN_LENGTH / words, good * _PLAIN_LENGTH / words
    return (
        sqrt(bad),
        sqrt(good),
        (bad - good) / (1 + bad + good),
        (bad - good) / sqrt(min(max(words, _SHORTEST), _PLAIN_LENGTH)),
        -worst / 2,
        best / 2,
        max(-2.0, min(2.0, close / 4)),
        max(-2.0, min(2.0, after / 4)),
        min(weighed.denials, _MOST_DENIALS) / 2,
        float(("!" in marks) + 2 * ("!!" in marks)),
        float(("?" in marks) + 2 * ("??" in marks)),
        float(SHOUT in marks),
    )
