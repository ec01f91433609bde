"""How negative a text is."""

from buzzwatch.ingest.scorer.lexicon import LexiconScorer
from buzzwatch.ingest.scorer.protocol import Scorer

__all__ = ["Scorer", "load"]


def load() -> Scorer:
    """The scorer in use, ready to score."""
    return LexiconScorer()
