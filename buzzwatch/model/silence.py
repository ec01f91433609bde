"""What a person does not want to be said."""

from msgspec import Struct

from buzzwatch.model.instant import Instant


class Silence(Struct, frozen=True, gc=False):
    """Nothing is said of a brand or of an incident until a time: who says so, and why."""

    what: str
    since: Instant
    until: Instant
    why: str
    by: str

    @property
    def reason(self) -> str:
        """For the record."""
        return f"silenced by {self.by}: {self.why}"
