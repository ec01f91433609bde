"""What concerns us of all that is said, as sources ask it."""

from collections.abc import Mapping

from buzzwatch.app.drive import Drive
from buzzwatch.model.brand import Brand


class WantedNow:
    """Implements `sources.intake.Wanted` by the rules in force and the conversations that live."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive

    @property
    def digest(self) -> str:
        """See `Wanted`."""
        return self._drive.spine.memory.rules.digest

    @property
    def brands(self) -> Mapping[str, Brand]:
        """See `Wanted`."""
        return self._drive.spine.memory.rules.brands

    def knows(self, mention: str) -> bool:
        """See `Wanted`."""
        memory = self._drive.spine.memory
        return bool(memory.tracker.brands_of(memory.now, mention, mention))
