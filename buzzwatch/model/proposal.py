"""A mark of a post that was given at night and waits for somebody to confirm it by day."""

from msgspec import Struct

from buzzwatch.model.instant import Instant


class Proposal(Struct, frozen=True, gc=False):
    """Who marked which post as what, from which incident's page; it teaches nothing until it is confirmed.

    `mark` is a word of `model.input.Mark`. It lapses at `until`; `told` once a morning message has named it.
    """

    brand: str
    mention: str
    mark: str
    by: str
    at: Instant
    incident: str
    until: Instant
    told: bool = False
