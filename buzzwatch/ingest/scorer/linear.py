"""The scorer that ships: logistic regression on words, pairs of them, parts of words, and what word lists say.

n-grams are hashed into one table (feature hashing, Weinberger et al. 2009), words once for all languages and once for
the text's own (Daumé 2007), so that what languages share is learnt from all. What a word brings is computed once and
remembered. Probabilities are calibrated per language (Platt 1999).
"""

import re
from array import array
from collections.abc import Callable, Iterable
from math import exp, sqrt
from operator import add, itemgetter, mul
from typing import cast

from buzzwatch.ingest.normalise import bare, fold
from buzzwatch.ingest.scorer.shipped import ANY, Fitted, Shipped
from buzzwatch.ingest.scorer.speech import MOST_REMEMBERED, PAUSE, PLACES, READ_CHARACTERS, SHOUT, Ear, Speech, key_of
from buzzwatch.ingest.scorer.valence import Lexicon, Weighed, features, valence_of, weigh
from buzzwatch.model.cause import Cause

GRAM = 3
"""Characters of the parts of words."""
BLOCKS = 16
"""Of a table, so that 15 languages have a place of their own for what all share."""

PAIR_VALUE = sqrt(2)
"""Of a pair of words beside a word's 1: pairs are in the table once, words twice."""
_BEGINS = 1
_NO_PAIR = 0
"""Where the same word comes twice, which says nothing."""
_STEEPEST = 30.0
_MOST_PARTS = 20_000
_MOST_CAUSES = 12
_PIECE = re.compile(r"[^\W_]+")


def parts_of(word: str) -> list[str]:
    """The parts of a word, with its ends marked."""
    ends = f"^{word}$"
    return [ends[start : start + GRAM] for start in range(len(ends) - GRAM + 1)]


def salt_of(fitted: Fitted) -> int:
    """What turns the place that all languages share in a table into one of this language's own: whole blocks change."""
    return fitted.block * (PLACES // BLOCKS)


def words_of(shipped: Shipped) -> frozenset[str]:
    """The single words of all its lists."""
    return frozenset(said for fitted in shipped.languages.values() for said in fitted.tenths if " " not in said)


class LinearScorer:
    """What `shipped` holds, at work. A language that it was not fitted to is scored by what all languages share."""

    def __init__(self, shipped: Shipped) -> None:
        self.name = shipped.name
        self._languages = shipped.languages.keys() - {ANY}
        self._tongues = _Tongues(shipped)

    def knows(self, lang: str) -> bool:
        """Whether it was fitted to texts of this language."""
        return lang in self._languages

    def score(self, text: str, lang: str) -> float:
        """The probability, 0..1, that a text is negative; of an empty text, how often any text is."""
        tongue = self._tongues[lang if lang in self._languages else ANY]
        return tongue.probability(tongue.logit(tongue.ear.hear(text)))

    def why(self, text: str, lang: str) -> tuple[Cause, ...]:
        """The words and marks that weighed most, heaviest first, as their author wrote them where they are found."""
        tongue = self._tongues[lang if lang in self._languages else ANY]
        weights = tongue.weights(tongue.ear.hear(text))
        heaviest = sorted(weights.items(), key=lambda item: (-abs(item[1]), item[0]))[:_MOST_CAUSES]
        said = bare(text[:READ_CHARACTERS])
        return tuple(Cause(_as_written(words, said), weight) for words, weight in heaviest)


def _as_written(words: str, said: str) -> str:
    """Folded words as their author wrote them first; as they are where they were respelt."""
    wanted = words.split(" ")
    pieces = list(_PIECE.finditer(said))
    folded = [fold(piece[0]) for piece in pieces]
    for place in range(len(folded) - len(wanted) + 1):
        if folded[place : place + len(wanted)] == wanted:
            return said[pieces[place].start() : pieces[place + len(wanted) - 1].end()]
    return words


class _Tongues(dict[str, "_Tongue"]):
    """Languages, each made ready when its first text comes."""

    def __init__(self, shipped: Shipped) -> None:
        super().__init__()
        self._shipped = shipped
        self._known = words_of(shipped)

    def __missing__(self, lang: str) -> "_Tongue":
        self[lang] = _Tongue(self._shipped.languages[lang], self._shipped, self._known, self._room)
        return self[lang]

    def _room(self) -> int:
        """How many words each may remember."""
        return MOST_REMEMBERED // len(self)


class _Tongue:
    """One language of the model."""

    def __init__(self, fitted: Fitted, shipped: Shipped, known: frozenset[str], room: Callable[[], int]) -> None:
        self._fitted = fitted
        self._lexicon = Lexicon.of(fitted.valences, fitted.roles)
        self._table = _Table(shipped, fitted)
        self._pairs = _Pairs(shipped, self._lexicon.starts)
        self.ear = Ear(known, self._lexicon.roles, self._weigh, room)

    def logit(self, speech: Speech) -> float:
        """How much speaks for negative, before calibration."""
        read = self._pairs.read(speech.pairs)
        begins = [place for place, twice in enumerate(read, -1) if twice & _BEGINS]
        grams = sum(speech.weights, self._pairs.weight * (sum(read) - len(begins)))
        if speech.marks:
            grams += sum(map(self.ear.weight_of, speech.marks))
        return self._judge(speech, weigh(speech, self._lexicon, begins)) + grams / sqrt(len(speech.words))

    def probability(self, logit: float) -> float:
        """A logit calibrated."""
        calibrated = self._fitted.intercept + self._fitted.slope * logit
        return 1 / (1 + exp(-max(-_STEEPEST, min(_STEEPEST, calibrated))))

    def weights(self, speech: Speech) -> dict[str, float]:
        """What each word, expression and mark adds to the calibrated logit."""
        scale = self._fitted.slope / sqrt(len(speech.words))
        pairs = [self._pairs.weight * (twice & ~_BEGINS) / 2 for twice in self._pairs.read(speech.pairs)[1:]]
        before, after = [0.0, *pairs], [*pairs, 0.0]
        found: dict[str, float] = {}
        for word, *weights in zip(speech.words, speech.weights, before, after, strict=False):
            if word != PAUSE:
                found[word] = found.get(word, 0.0) + scale * sum(weights)
        for mark in speech.marks:
            if mark != SHOUT:  # its words are named
                found[mark] = found.get(mark, 0.0) + scale * self.ear.weight_of(mark)
        return self._with_lists(speech, found)

    def _with_lists(self, speech: Speech, found: dict[str, float]) -> dict[str, float]:
        """What the lists add: the difference that leaving out a word makes."""
        weighed = weigh(speech, self._lexicon)
        whole = self._judge(speech, weighed)
        marks = [mark for mark in speech.marks if valence_of(mark, self._lexicon) is not None]
        for place, hit in enumerate(weighed.hits):
            others = weighed._replace(hits=weighed.hits[:place] + weighed.hits[place + 1 :])
            words = speech.words[hit.place : hit.place + hit.length] if hit.place >= 0 else (marks.pop(0),)
            of_lists = self._fitted.slope * (whole - self._judge(speech, others))
            found[" ".join(words)] = of_lists + sum(found.pop(word, 0.0) for word in dict.fromkeys(words))
        return found

    def _weigh(self, word: str) -> float:
        """What a word or mark brings with its parts."""
        parts = parts_of(word)
        return self._table.weigh(f"={word}") + sum(map(self._table.__getitem__, parts)) / sqrt(len(parts) or 1)

    def _judge(self, speech: Speech, weighed: Weighed) -> float:
        return sum(map(mul, features(speech, weighed), self._fitted.weights), self._fitted.base)


class _Pairs:
    """Weights of pairs of words: twice what the table of all languages says, and `_BEGINS` where an expression begins.

    In one place, since to look into memory is what takes the time.
    """

    def __init__(self, shipped: Shipped, starts: Iterable[int]) -> None:
        table = array("b", shipped.table)
        self._doubled = array("h", map(add, table, table))
        for start in starts:
            self._doubled[start] += _BEGINS
        self._doubled[_NO_PAIR] = 0
        self.weight: float = shipped.step * PAIR_VALUE / 2

    def read(self, pairs: list[int]) -> tuple[int, ...]:
        """What the table holds for each; before all, a 0 for no pair."""
        return cast("tuple[int, ...]", itemgetter(_NO_PAIR, *pairs)(self._doubled))


class _Table(dict[str, float]):
    """Weights of words and their parts: those that all languages share, and this one's, the same in another order.

    As a dictionary it remembers those of parts, of which there are few.
    """

    def __init__(self, shipped: Shipped, fitted: Fitted) -> None:
        super().__init__()
        self._table = array("b", shipped.table)
        self._step = shipped.step
        self._salt = salt_of(fitted)

    def weigh(self, gram: str) -> float:
        """The weight of a word or part."""
        place = key_of(gram)
        return self._step * (self._table[place] + (self._table[place ^ self._salt] if self._salt else 0))

    def __missing__(self, part: str) -> float:
        if len(self) >= _MOST_PARTS:
            self.clear()
        self[part] = weight = self.weigh(part)
        return weight
