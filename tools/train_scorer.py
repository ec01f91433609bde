"""Fit the negativity scorer: labelled texts and word lists in, the one file that ships out. Not needed at run time.

    python tools/train_scorer.py train.jsonl.gz --out buzzwatch/ingest/scorer/negativity.model [--check val.jsonl.gz]

Texts are JSON lines {"text", "lang", "label"}, label negative, neutral or positive. Nothing is drawn by chance but the
folds of the calibration, and those by a seed: the same texts, lists and versions of numpy and scikit-learn give the
same bytes. With --check, ROC-AUC, calibration error and best F1 by language of the finished file, as it is read back.
"""

import argparse
import gzip
import json
from collections.abc import Iterable, Iterator
from itertools import chain
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from buzzwatch.ingest.normalise import tokens
from buzzwatch.ingest.scorer.linear import BLOCKS, PAIR_VALUE, LinearScorer, parts_of
from buzzwatch.ingest.scorer.shipped import ANY, Fitted, Shipped, tenths_of, unpack
from buzzwatch.ingest.scorer.shipped import read as shipped
from buzzwatch.ingest.scorer.speech import PAUSE, PLACES, Ear, Speech, key_of
from buzzwatch.ingest.scorer.valence import FEATURES, Lexicon, Role, features, weigh

NAME = "linear@1"
LANGUAGES = ("fr", "en", "de", "es", "it", "pt", "ar")
"""Fitted; `ar` has no word list. What else the texts hold is left out."""
LISTED = ("en", "fr", "de", "es", "it", "pt")
C = 0.3
"""Inverse strength of the regularisation (L2)."""
OF_LISTS = 0.3
"""Scale of the word lists' features beside n-grams: how much less they are held back."""
OF_LANGUAGE = 0.5
"""The same for what one language has of its own beside what all share."""
NEGATIVE_SHARE = 1 / 3
"""Of the texts that the probabilities are true for: that of the balanced sets, for every language alike."""
FOLDS, SEED = 4, 1
SHORT = 2
"""Letters of what VADER lists as words and are emoticons or chat: "d", "c"."""
OF_FUNCTION_WORDS = (Role.NEGATION, Role.STRONGER, Role.WEAKER, Role.CONTRAST)
LISTS = Path(__file__).with_name("lexicon")

Rows = list[dict[str, Any]]


def main() -> None:
    """Parse, fit, write, check."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("texts", type=Path, nargs="*", help="to fit to; none: the scorer that ships is checked")
    options.add_argument("--out", type=Path)
    options.add_argument("--check", type=Path, nargs="*", default=[])
    given = options.parse_args()
    if given.texts and not given.out:
        options.error("name the file to write with --out")
    model = fit(load(given.texts), read_lexicons(LISTS)) if given.texts else shipped()
    packed = model.pack()
    if given.texts:
        given.out.write_bytes(packed)
        print(f"{given.out}: {len(packed):,} bytes")
    for path in given.check:
        check(LinearScorer(unpack(packed)), path)


def load(paths: list[Path]) -> Rows:
    """The texts to fit to, of the languages that are fitted."""
    return [row for path in paths for row in read(path) if row["lang"] in LANGUAGES]


def read(path: Path) -> Rows:
    """The rows of a file of JSON lines, .gz too."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def read_lexicons(directory: Path) -> dict[str, Lexicon]:
    """The word lists by language; a language's own list outweighs VADER's. `ANY` has those of all.

    `neutral.tsv` strikes out single words that say nothing by themselves: "vol" is a theft, but mostly a flight.
    """
    roles: dict[str, dict[str, Role]] = {lang: {} for lang in LANGUAGES}
    for lang, role, word in table(directory / "functions.tsv"):
        roles[lang][word] = Role[role.upper()]
    marks = {mark: float(valence) for mark, valence in table(directory / "marks.tsv")}
    neutral = {(lang, word) for lang, word in table(directory / "neutral.tsv")}
    valences = {lang: dict(marks) for lang in LANGUAGES}
    for lang in LISTED:
        vader = directory / f"vader-{lang}.tsv"
        listed = agreed(row for row in table(vader) if len(row[0]) > SHORT) if vader.exists() else {}
        listed |= agreed(table(directory / f"{lang}.tsv"))
        valences[lang] |= {said: valence for said, valence in listed.items() if (lang, said) not in neutral}
    every = agreed((said, valence) for lang in reversed(LISTED) for said, valence in valences[lang].items())
    any_roles = {word: role for lang in reversed(LISTED) for word, role in roles[lang].items()}
    lexicons = {lang: Lexicon.of(valences[lang], roles[lang]) for lang in LANGUAGES}
    return lexicons | {ANY: Lexicon.of(every, any_roles)}


def table(path: Path) -> Iterator[list[str]]:
    """The fields of a list."""
    return (line.split("\t") for line in path.read_text("utf-8").splitlines() if line)


def agreed(listed: Iterable[Iterable[Any]]) -> dict[str, float]:
    """Valences by folded expression; the last of those that fold alike, none where they contradict one another."""
    found: dict[str, float] = {}
    against: set[str] = set()
    for written, valence in listed:
        said = " ".join(tokens(written)) or written
        if found.get(said, 0.0) * float(valence) < 0:
            against.add(said)
        found[said] = float(valence)
    return {said: valence for said, valence in found.items() if said not in against}


def fit(rows: Rows, lexicons: dict[str, Lexicon]) -> Shipped:
    """Fit n-grams and lists together; calibrate on texts that the fit has not seen."""
    known = frozenset(said for lexicon in lexicons.values() for said in lexicon.valences if " " not in said)
    ears = {lang: Ear(known, lexicon.roles, lambda _: 0.0) for lang, lexicon in lexicons.items()}
    langs = np.array([row["lang"] for row in rows])
    negative = np.array([row["label"] == "negative" for row in rows])
    own = lay_out([ears[row["lang"]].hear(row["text"]) for row in rows], langs, lexicons)
    foreign = lay_out([ears[ANY].hear(row["text"]) for row in rows], np.full(len(rows), ANY), lexicons)
    weights = balance(negative, langs)
    unseen, unseen_any = np.zeros(len(rows)), np.zeros(len(rows))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(langs, strata(negative, langs)):
        coefficients = solve(own[train], negative[train], weights[train])
        unseen[test], unseen_any[test] = own[test] @ coefficients, foreign[test] @ coefficients
    platts = {lang: platt(unseen[langs == lang], negative[langs == lang], weights[langs == lang]) for lang in LANGUAGES}
    platts[ANY] = platt(unseen_any, negative, weights / weights_by_language(langs))
    return ship(solve(own, negative, weights), platts, lexicons)


def strata(negative: np.ndarray, langs: np.ndarray) -> np.ndarray:
    """Every fold has its share of each language and label."""
    return np.char.add(langs, np.where(negative, "-", "+"))


def balance(negative: np.ndarray, langs: np.ndarray) -> np.ndarray:
    """Weights by which a third of each language's texts is negative; their mean is 1."""
    weights = np.ones(len(langs))
    for lang in LANGUAGES:
        here = langs == lang
        share = negative[here].mean()
        weights[here & negative] = NEGATIVE_SHARE / share
        weights[here & ~negative] = (1 - NEGATIVE_SHARE) / (1 - share)
    return weights


def weights_by_language(langs: np.ndarray) -> np.ndarray:
    """The number of texts of each text's language."""
    counts = {lang: int((langs == lang).sum()) for lang in LANGUAGES}
    return np.array([counts[lang] for lang in langs])


def lay_out(speeches: list[Speech], langs: np.ndarray, lexicons: dict[str, Lexicon]) -> sparse.csr_matrix:
    """One row a text: hashed n-grams, the lists' features shared and by language, a base for each language."""
    starts, columns, values = [0], [], []
    for speech, lang in zip(speeches, langs, strict=True):
        scale = 1 / sqrt(len(speech.words))
        for place, value in chain(shared(speech), own(speech, lang)):
            columns.append(place)
            values.append(scale * value)
        counted = features(speech, weigh(speech, lexicons[lang]))
        for start, scale in places_of(lang):
            columns += range(start, start + len(FEATURES))
            values += [scale * value for value in counted]
        if lang != ANY:
            columns.append(base_of(lang))
            values.append(1.0)
        starts.append(len(columns))
    laid = sparse.csr_matrix(
        (np.array(values), np.array(columns, np.int32), np.array(starts)), shape=(len(speeches), WIDTH)
    )
    laid.sum_duplicates()
    return laid


def shared(speech: Speech) -> Iterator[tuple[int, float]]:
    """Place and value of every n-gram of a text, as `linear` weighs them."""
    for word in chain(speech.words, speech.marks):
        if word != PAUSE:
            parts = parts_of(word)
            yield key_of(f"={word}"), 1.0
            for part in parts:
                yield key_of(part), 1 / sqrt(len(parts))
    for pair in speech.pairs:
        if pair:
            yield pair % PLACES, PAIR_VALUE


def own(speech: Speech, lang: str) -> Iterator[tuple[int, float]]:
    """The words and their parts once more, where the language has weights of its own."""
    salt = block_of(lang) * (PLACES // BLOCKS)
    if salt:
        for place, value in shared(speech._replace(pairs=[])):
            yield place ^ salt, value


def block_of(lang: str) -> int:
    """Where the n-grams of a language lie."""
    return 0 if lang == ANY else 1 + LANGUAGES.index(lang)


def places_of(lang: str) -> list[tuple[int, float]]:
    """Where the features of the lists lie, and their scale."""
    shared = [(PLACES, OF_LISTS)]
    if lang == ANY:
        return shared
    return [*shared, (PLACES + len(FEATURES) * (1 + LANGUAGES.index(lang)), OF_LISTS * OF_LANGUAGE)]


def base_of(lang: str) -> int:
    """Where the base of a language lies."""
    return PLACES + len(FEATURES) * (1 + len(LANGUAGES)) + LANGUAGES.index(lang)


WIDTH = base_of(LANGUAGES[-1]) + 1


def solve(laid: sparse.csr_matrix, negative: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The coefficients of a logistic regression without an intercept: the bases of the languages stand for it."""
    regression = LogisticRegression(C=C, solver="liblinear", fit_intercept=False, tol=1e-3, random_state=SEED)
    return regression.fit(laid, negative, weights).coef_[0]


def platt(logits: np.ndarray, negative: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Slope and intercept of the calibration."""
    weights = weights / weights.mean()
    calibration = LogisticRegression(C=1e6).fit(logits[:, None], negative, weights)
    return round(float(calibration.coef_[0, 0]), 4), round(float(calibration.intercept_[0]), 4)


def ship(coefficients: np.ndarray, platts: dict[str, tuple[float, float]], lexicons: dict[str, Lexicon]) -> Shipped:
    """Quantised and put together."""
    table = coefficients[:PLACES]
    step = round(float(np.abs(table).max()) / 127, 8)
    return Shipped(
        NAME,
        np.rint(table / step).astype(np.int8).tobytes(),
        step,
        {
            lang: Fitted(
                block_of(lang),
                {said: tenths_of(valence) for said, valence in lexicons[lang].valences.items()},
                {word: Role(role) for word, role in lexicons[lang].roles.items() if role in OF_FUNCTION_WORDS},
                weights_of(lang, coefficients),
                0.0 if lang == ANY else round(float(coefficients[base_of(lang)]), 4),
                *platts[lang],
            )
            for lang in (*LANGUAGES, ANY)
        },
    )


def weights_of(lang: str, coefficients: np.ndarray) -> tuple[float, ...]:
    """What a language makes of the lists' features."""
    summed = sum(scale * coefficients[start : start + len(FEATURES)] for start, scale in places_of(lang))
    return tuple(round(float(weight), 4) for weight in np.atleast_1d(summed))


def check(scorer: LinearScorer, path: Path) -> None:
    """Print the figures of a scorer on labelled texts."""
    rows = read(path)
    scores = np.array([scorer.score(row["text"], row["lang"]) for row in rows])
    negative = np.array([row["label"] == "negative" for row in rows])
    langs = np.array([row["lang"] for row in rows])
    print(f"{path.name:24} {'texts':>6} {'negative':>9} {'auc':>6} {'ap':>6} {'ece':>6} {'f1':>6}")
    for lang in ("all", *dict.fromkeys(langs)):
        here = np.full(len(rows), True) if lang == "all" else langs == lang
        truth, given = negative[here], scores[here]
        precision, recall, _ = precision_recall_curve(truth, given)
        f1 = np.max(2 * precision * recall / np.maximum(1e-9, precision + recall))
        figures = (
            roc_auc_score(truth, given),
            average_precision_score(truth, given),
            calibration_error(truth, given),
            f1,
        )
        print(f"{lang:24} {len(truth):6} {truth.mean():9.3f}", *(f"{figure:6.3f}" for figure in figures))


def calibration_error(truth: np.ndarray, given: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error, over bins of equal width."""
    place = np.minimum((given * bins).astype(int), bins - 1)
    return sum(abs(truth[place == b].sum() - given[place == b].sum()) for b in range(bins)) / len(truth)


if __name__ == "__main__":
    main()
