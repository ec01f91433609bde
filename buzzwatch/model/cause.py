"""Why a text was found negative."""

from msgspec import Struct


class Cause(Struct, frozen=True, gc=False):
    """Words of a text and what they weigh, in logits; above 0 they speak for negative. Hostile text, like the post."""

    words: str
    weight: float
