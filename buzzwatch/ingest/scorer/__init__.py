"""How negative a text is."""

from buzzwatch.ingest.scorer.linear import LinearScorer
from buzzwatch.ingest.scorer.protocol import Cause, Explaining, Scorer
from buzzwatch.ingest.scorer.shipped import read

__all__ = ["Cause", "Explaining", "Scorer", "load"]


def load() -> Scorer:
    """The scorer in use, ready to score."""
    return LinearScorer(read())
