"""The file that the scorer ships in: one, compressed, written by `tools/train_scorer.py`."""

from pathlib import Path
from zlib import compress, decompress

import msgspec
from msgspec import Struct

from buzzwatch.ingest.scorer.valence import Role

FILE = "negativity.model"
ANY = "any"
"""In the place of a language: what is known of texts in whatever language."""

_TENTHS = 10
"""Valences are kept in tenths."""


class Fitted(Struct, frozen=True):
    """One language: its word lists, the weights of `valence.FEATURES` and their base, and the calibration.

    The probability is logistic(`intercept` + `slope` x logit). `tenths` are valences in tenths. `block` tells where in
    the table its own weights lie, 0 if it has none.
    """

    block: int
    tenths: dict[str, int]
    roles: dict[str, Role]
    weights: tuple[float, ...]
    base: float
    slope: float
    intercept: float

    @property
    def valences(self) -> dict[str, float]:
        """By folded word or expression, -4..4."""
        return {said: tenths / _TENTHS for said, tenths in self.tenths.items()}


class Shipped(Struct, frozen=True):
    """The whole model: `table` are the weights of hashed n-grams, signed bytes, in units of `step`."""

    name: str
    table: bytes
    step: float
    languages: dict[str, Fitted]

    def pack(self) -> bytes:
        """As the file holds it; the same bytes for the same model."""
        return compress(msgspec.msgpack.encode(self, order="sorted"), 9)


def unpack(packed: bytes) -> Shipped:
    """What `Shipped.pack` gave."""
    return msgspec.msgpack.decode(decompress(packed), type=Shipped)


def read() -> Shipped:
    """The model of this version."""
    return unpack(Path(__file__).with_name(FILE).read_bytes())


def tenths_of(valence: float) -> int:
    """A valence as the file keeps it."""
    return round(valence * _TENTHS)
