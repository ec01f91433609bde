"""What words are worth: valences from lists, turned round by negation and weighed by their neighbours.

The way of VADER (Hutto and Gilbert 2014), in six languages and with expressions of several words; what the counts
are worth is learnt.
"""

from collections.abc import Iterable
from enum import IntEnum
from itertools import compress, count
from math import sqrt
from typing import NamedTuple

from msgspec import Struct

from buzzwatch.ingest.scorer.speech import PAUSE, PLACES, SHOUT, Speech, key_of, pairs_of

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


class Role(IntEnum):
    """What a word is to the lists."""

    VALENCE = 1
    NEGATION = 2
    STRONGER = 3
    WEAKER = 4
    CONTRAST = 5


class Lexicon(Struct, frozen=True):
    """The words of one language. `starts` hash the first two words of expressions."""

    valences: dict[str, float]
    roles: dict[str, int]
    starts: frozenset[int]

    @classmethod
    def of(cls, valences: dict[str, float], roles: dict[str, Role]) -> "Lexicon":
        """Keys are folded words, and expressions with single spaces between theirs; valences lie in -4..4.

        A word that does something to others has no valence of its own.
        """
        words = {said: int(Role.VALENCE) for said in valences if " " not in said}
        beginnings = {tuple(said.split(" ", 2)[:2]) for said in valences.keys() - words.keys()}
        starts = frozenset(pairs_of(list(map(key_of, beginning)))[0] % PLACES for beginning in beginnings)
        return cls(valences, words | roles, starts)


_VALENCE, _NEGATION, _STRONGER, _WEAKER, _CONTRAST = map(int, Role)
"""As integers, which are told apart faster."""


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


def weigh(speech: Speech, lexicon: Lexicon, begins: Iterable[int] | None = None) -> Weighed:
    """Find what has a valence. An expression goes before its words; one that denies by itself is denied by nothing.

    `begins` are the places of pairs that are among the lexicon's `starts`, where they are known already.
    """
    words, roles = speech.words, speech.roles
    if begins is None:
        begins = (place for place, pair in enumerate(speech.pairs) if pair % PLACES in lexicon.starts)
    hits = _expressions(words, roles, begins, lexicon.valences)
    taken = {place for hit in hits for place in range(hit.place, hit.place + hit.length)}
    denials, turn = 0, -1
    for place in compress(count(), roles):
        role = roles[place]
        if place in taken:
            continue
        if role == _VALENCE:
            valence = lexicon.valences[words[place]]
            negated = words[place + 1] == "pas"  # French negates verbs from behind: "je n'aime pas"
            hits.append(Hit(place, 1, _in_place(valence, words, roles, place, negated=negated)))
        elif role == _NEGATION:
            denials += 1
        elif role == _CONTRAST:
            turn = place
    if speech.marks:
        hits += [Hit(-1, 1, worth) for mark in speech.marks if (worth := valence_of(mark, lexicon)) is not None]
    return Weighed(hits, denials, turn)


def _expressions(
    words: tuple[str, ...], roles: tuple[int, ...], begins: Iterable[int], valences: dict[str, float]
) -> list[Hit]:
    """The expressions of a text, the longest at each place."""
    hits, seen = [], 0
    for place in begins:
        for length in range(min(LONGEST_EXPRESSION, len(words) - place), 1, -1):
            valence = valences.get(" ".join(words[place : place + length]))
            if valence is not None and place >= seen:
                denies = _NEGATION in roles[place : place + length]
                hits.append(Hit(place, length, valence if denies else _in_place(valence, words, roles, place)))
                seen = place + length
                break
    return hits


def valence_of(mark: str, lexicon: Lexicon) -> float | None:
    """The valence of an emoticon or emoji."""
    return _EMOTICONS.get(mark) or lexicon.valences.get(mark)


def _in_place(
    valence: float, words: tuple[str, ...], roles: tuple[int, ...], place: int, *, negated: bool = False
) -> float:
    for before in range(place - 1, max(0, place - _REACH - 1), -1):
        role = roles[before]
        if role == _NEGATION:
            negated = True
        elif role == _STRONGER:
            valence += _INTENSIFIED if valence > 0 else -_INTENSIFIED
        elif role == _WEAKER:
            valence -= _INTENSIFIED if valence > 0 else -_INTENSIFIED
        elif words[before] == PAUSE:
            break
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


_NOTHING = (0.0,) * len(FEATURES)


def features(speech: Speech, weighed: Weighed) -> tuple[float, ...]:
    """The counts that the model weighs, each about -2..3, most of them 0 where nothing has a valence."""
    words, marks = len(speech.words), speech.marks
    if not (weighed.hits or marks or weighed.denials):
        return _NOTHING
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
        words = _PLAIN_LENGTH
    return (
        sqrt(bad),
        sqrt(good),
        (bad - good) / (1 + bad + good),
        (bad - good) / sqrt(max(_SHORTEST, words)),
        -worst / 2,
        best / 2,
        _bounded(close / 4) if close else 0.0,
        _bounded(after / 4) if after else 0.0,
        min(weighed.denials, _MOST_DENIALS) / 2 if weighed.denials else 0.0,
        *(_of_marks(marks) if marks else (0.0, 0.0, 0.0)),
    )


def _bounded(value: float) -> float:
    return max(-2.0, min(2.0, value))


def _of_marks(marks: list[str]) -> tuple[float, float, float]:
    exclaims = 2.0 if "!!" in marks else float("!" in marks)
    asks = 2.0 if "??" in marks else float("?" in marks)
    return exclaims, asks, float(SHOUT in marks)
