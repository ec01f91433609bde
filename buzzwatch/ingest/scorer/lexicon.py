"""A scorer by word lists: English and French words with their valence, turned round by negation, weighed by a logistic.

Words and valences are VADER's (see NOTICE) and, over them, those of complaints in `complaints.tsv`. The weights are
fitted per language by logistic regression on 59,904 public labelled tweets. Neither capitals nor the length of the
text told anything there beyond what is counted here.
"""

import re
from importlib.resources import files
from math import exp, sqrt
from unicodedata import normalize

from msgspec import Struct

from buzzwatch.ingest.normalise import bare, tokens
from buzzwatch.model.cause import Cause

READ_CHARACTERS = 2_000
"""Of a longer text only the beginning is scored."""

_NEGATED = -0.74
_INTENSIFIED = 0.3
_REACH = 3
"""How many words on a negation or an intensifier works."""
_PAUSE = "&"
"""Where a negation ends; as `normalise.words` has it, a word of its own."""
_MOST_MARKS = 3

_TAG = re.compile(r"#\w+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_EMOTICON = re.compile(r"[:;=<](?<!\d.)['^-]?([()\[\]dDpP|@*\\/3])(?!\w)")
_SYMBOL = re.compile("[^\x00-\u25ff]")
"""Where emoji begin. A class that lists them all takes ten times as long."""
_EMOTICONS = {
    **dict.fromkeys(")]dDpP*3", 2.0),
    **dict.fromkeys("([@", -2.0),
    **dict.fromkeys("/\\|", -1.0),
}

_NEGATIONS = {
    "en": """not no never don dont doesn doesnt didn didnt isn isnt wasn wasnt aren weren won wont wouldn wouldnt couldn
        shouldn haven hasn hadn cannot cant ain without nothing nobody neither nor hardly barely""",
    "fr": "pas jamais plus rien aucun aucune aucunement nullement sans ni non point",
}
_STRONGER = {
    "en": """absolutely amazingly awfully completely deeply enormously entirely especially exceptionally extremely
        freaking fricking fully fucking greatly hella highly hugely incredibly intensely more most particularly purely
        quite really remarkably so substantially such super thoroughly too totally tremendously unbelievably utterly
        very""",
    "fr": """absolument archi aussi beaucoup carrement completement considerablement davantage drolement enormement
        entierement excessivement extremement fort grandement hyper incroyablement infiniment profondement rudement
        sacrement si specialement tant tellement terriblement totalement tres trop ultra vachement vraiment""",
}
_WEAKER = {
    "en": "almost kinda less little marginally occasionally partly scarcely slightly somewhat sorta",
    "fr": "assez environ guere insuffisamment juste legerement moins peu plutot presque quasi quasiment rarement",
}


class _Weights(Struct, frozen=True):
    """Of the logistic; `bad` and `good` weigh the roots of the summed valences."""

    base: float
    bad: float
    good: float
    exclaims: float
    asks: float
    denies: float


_WEIGHTS = {
    "en": _Weights(base=-2.64, bad=1.37, good=-0.38, exclaims=-0.27, asks=0.13, denies=0.8),
    "fr": _Weights(base=-1.85, bad=1.3, good=-0.4, exclaims=0.0, asks=0.6, denies=0.45),
    "und": _Weights(base=-2.2, bad=1.35, good=-0.4, exclaims=-0.15, asks=0.3, denies=0.6),
    "any": _Weights(base=-0.75, bad=0.5, good=-0.35, exclaims=-0.1, asks=0.2, denies=0.35),
}


class _Tongue(Struct, frozen=True):
    """What is known of one language; `valences` hold 0 for negations, so that one look-up finds all that matters."""

    valences: dict[str, float]
    negations: frozenset[str]
    intensifiers: dict[str, float]
    weights: _Weights


class LexiconScorer:
    """English and French.

    What is too short to tell its language is mostly one of the two, and judged by both lists; so is what is in another
    language, but nearer to the base rate, since the lists say little about it.
    """

    name = "lexicon@1"

    def __init__(self) -> None:
        lists = {"en": _read("english.tsv"), "fr": _read("french.tsv"), "any": {}}
        for row in _rows("complaints.tsv"):
            lists[row[0]][row[1]] = float(row[2])
        self._emoji = lists["any"]
        lists["any"] = lists["und"] = lists["fr"] | lists["en"]
        self._tongues = {lang: _tongue(lang, valences) for lang, valences in lists.items()}

    def score(self, text: str, lang: str) -> float:
        """The probability, 0..1, that a text is negative; of an empty text, how often any text is."""
        tongue = self._tongues.get(lang) or self._tongues["any"]
        said = bare(text[:READ_CHARACTERS])
        _, valences, denials = _weigh(_tokens(said), tongue)
        valences += [_EMOTICONS[mouth] for mouth in _EMOTICON.findall(said)]
        if not said.isascii():
            valences += [self._emoji[char] for char in _SYMBOL.findall(said) if char in self._emoji]
        good = sum([valence for valence in valences if valence > 0])
        bad = good - sum(valences)
        weights = tongue.weights
        return _logistic(
            weights.base
            + weights.bad * sqrt(max(0.0, bad))
            + weights.good * sqrt(good)
            + weights.exclaims * min(said.count("!"), _MOST_MARKS)
            + weights.asks * min(said.count("?"), _MOST_MARKS)
            + weights.denies * min(denials, _MOST_MARKS)
        )

    def knows(self, lang: str) -> bool:
        """English and French."""
        return lang in _NEGATIONS

    def why(self, text: str, lang: str) -> tuple[Cause, ...]:
        """Folded words, emoticons and emoji by their valence as it stood; marks and negations have no words."""
        tongue = self._tongues.get(lang) or self._tongues["any"]
        said = bare(text[:READ_CHARACTERS])
        words, valences, _ = _weigh(_tokens(said), tongue)
        found = list(zip(words, valences, strict=True))
        found += [(smile[0], _EMOTICONS[smile[1]]) for smile in _EMOTICON.finditer(said)]
        found += [(char, self._emoji[char]) for char in _SYMBOL.findall(said) if char in self._emoji]
        good = sum(valence for _, valence in found if valence > 0)
        bad = -sum(valence for _, valence in found if valence < 0)
        weighed: dict[str, float] = {}
        for word, valence in found:
            rate = tongue.weights.good / sqrt(good) if valence > 0 else -tongue.weights.bad / sqrt(bad or 1.0)
            weighed[word] = weighed.get(word, 0.0) + rate * valence
        causes = [Cause(word, weight) for word, weight in weighed.items() if weight]
        return tuple(sorted(causes, key=lambda cause: (-abs(cause.weight), cause.words)))


def _weigh(sentence: list[str], tongue: _Tongue) -> tuple[list[str], list[float], int]:
    """The words that have a valence, those as they stand in the sentence, and the number of negations."""
    known, negations, intensifiers = tongue.valences, tongue.negations, tongue.intensifiers
    words, valences, denials = [], [], 0
    for place, token in enumerate(sentence):
        if token not in known:
            continue
        if token in negations:
            denials += 1
            continue
        valence = known[token]
        negated = sentence[place + 1 : place + 2] == ["pas"]  # French negates verbs from behind: "je n'aime pas"
        for word in reversed(sentence[max(0, place - _REACH) : place]):
            if word == _PAUSE:
                break
            if word in intensifiers:
                valence += intensifiers[word] if valence > 0 else -intensifiers[word]
            negated = negated or word in negations
        words.append(token)
        valences.append(valence * _NEGATED if negated else valence)
    return words, valences, denials


def _tokens(said: str) -> list[str]:
    """Folded words, with a token for each pause; those of a hashtag in capitals (#WorstAirline) one by one."""
    if "#" in said:
        said = _TAG.sub(lambda tag: _CAMEL.sub(" ", tag[0]), normalize("NFC", said)).replace("#", " ")
    return tokens(said.replace(",", _PAUSE).replace(".", _PAUSE))


def _logistic(logit: float) -> float:
    return 1 / (1 + exp(-logit))


def _tongue(lang: str, valences: dict[str, float]) -> _Tongue:
    langs = (lang,) if lang in _NEGATIONS else tuple(_NEGATIONS)
    negations = frozenset(word for each in langs for word in _NEGATIONS[each].split())
    stronger = {word: _INTENSIFIED for each in langs for word in _STRONGER[each].split()}
    weaker = {word: -_INTENSIFIED for each in langs for word in _WEAKER[each].split()}
    return _Tongue(valences | dict.fromkeys(negations, 0.0), negations, stronger | weaker, _WEIGHTS[lang])


def _read(name: str) -> dict[str, float]:
    return {word: float(valence) for word, valence in _rows(name)}


def _rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in files(__package__).joinpath(name).read_text("utf-8").splitlines()]
