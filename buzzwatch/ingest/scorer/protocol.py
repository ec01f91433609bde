"""What the rest of the program knows of a scorer."""

from typing import Protocol


class Scorer(Protocol):
    """Says how negative a text is; the same in every process, whatever the text."""

    @property
    def name(self) -> str:
        """Which scorer and which version of it, such as "lexicon@1": stored with every score."""

    def score(self, text: str, lang: str) -> float:
        """The probability, 0..1, that a text as its author wrote it is negative. `lang` is a code or "und"."""
