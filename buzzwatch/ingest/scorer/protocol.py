"""What the rest of the program knows of a scorer."""

from typing import Protocol, runtime_checkable

from buzzwatch.model.cause import Cause

__all__ = ["Cause", "Explaining", "Scorer"]


class Scorer(Protocol):
    """Says how negative a text is; the same in every process, whatever the text."""

    @property
    def name(self) -> str:
        """Which scorer and which version of it, such as "linear@1": stored with every score."""

    def score(self, text: str, lang: str) -> float:
        """The probability, 0..1, that a text as its author wrote it is negative. `lang` is a code or "und"."""


@runtime_checkable
class Explaining(Protocol):
    """What a scorer may know of its own scores; one that cannot say why is a scorer all the same."""

    def why(self, text: str, lang: str) -> tuple[Cause, ...]:
        """The words that moved the score of a text, the heaviest first, whichever way they pulled."""

    def knows(self, lang: str) -> bool:
        """Whether it was fitted to this language; of any other the score is a rough guess."""
