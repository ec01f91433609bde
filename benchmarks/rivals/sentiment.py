"""Scorers of sentiment that others use, each made to say a probability that a text is negative, and the text's alone.

They are given texts as they are. What runs from -1 to 1 is laid on 1..0: nobody claims that to be calibrated.
"""

import warnings
from collections.abc import Callable, Iterable
from typing import TypeAlias

Judge: TypeAlias = Callable[[str, str], float]
"""Of a text and its language."""
Labelled: TypeAlias = Iterable[tuple[str, bool]]
"""Texts, and whether they are negative."""

PACKAGES = "vaderSentiment vaderSentiment-fr textblob river"


def vader() -> Judge:
    """VADER's compound score; English."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: PLC0415 - who is not installed is left out

    analyzer = SentimentIntensityAnalyzer()
    return lambda text, _lang: (1 - analyzer.polarity_scores(text)["compound"]) / 2


def vader_fr() -> Judge:
    """The same of its French descendant."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fuzzywuzzy recommends a faster package
        from vaderSentiment_fr.vaderSentiment import SentimentIntensityAnalyzer  # noqa: PLC0415 - likewise

    analyzer = SentimentIntensityAnalyzer()
    return lambda text, _lang: (1 - analyzer.polarity_scores(text)["compound"]) / 2


def textblob() -> Judge:
    """The polarity that TextBlob's default analyzer finds; English."""
    from textblob import TextBlob  # noqa: PLC0415 - likewise

    return lambda text, _lang: (1 - TextBlob(text).sentiment.polarity) / 2


def bag_of_words(labelled: Labelled) -> Judge:
    """A logistic regression by river on words, of one pass over texts in the given order; nothing in it is drawn."""
    from river.feature_extraction import BagOfWords  # noqa: PLC0415 - likewise
    from river.linear_model import LogisticRegression  # noqa: PLC0415 - likewise

    model = BagOfWords() | LogisticRegression()
    for text, negative in labelled:
        model.learn_one(text, negative)
    return lambda text, _lang: model.predict_proba_one(text).get(True, 0.0)
