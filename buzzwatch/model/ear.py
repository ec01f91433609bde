"""How a source does: what may keep it from hearing as it should."""

from enum import StrEnum


class Ail(StrEnum):
    """What may be wrong with a source. Those up to `PAUSED` mean that it does not hear."""

    CONNECTING = "connecting"
    """Not heard yet since we began."""
    AWAY = "away"
    """The other side cannot be reached, or went."""
    REFUSED = "refused"
    """The other side does not let us in: a token that expired, a right that is missing. A person must act."""
    SPENT = "spent"
    """What may be read in a day, or be paid for, has been."""
    PAUSED = "paused"
    """What it brings makes decisions fail."""
    GAP = "gap"
    """It hears, and something before was lost for good."""
    SILENT = "silent"
    """Connected, and nothing comes for longer than it ever ordinarily does."""
    LATE = "late"
    """What comes was posted long before, against its habit."""
    FLOODING = "flooding"
    """Far more comes than it ordinarily does."""
    SKEWED = "skewed"
    """The clocks of who posts, or of the other side, run ahead."""
    ONLY_DELETES = "only-deletes"
    """What comes takes posts back, and brings none."""

    @property
    def is_deaf(self) -> bool:
        """Nothing is heard."""
        return self in {Ail.CONNECTING, Ail.AWAY, Ail.REFUSED, Ail.SPENT, Ail.PAUSED}
