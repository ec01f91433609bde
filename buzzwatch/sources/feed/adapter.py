"""Feeds: RSS, Atom, RDF and JSON Feed, asked every so often and only for what has changed.

The first answer of a feed is where we begin: only what comes later is handed over. How far we have come is stored in
the commit of what was handed over, so that nothing is lost and nothing counted twice.
"""

import asyncio
import random
from collections.abc import Sequence

from buzzwatch import __version__
from buzzwatch.clock import Clock
from buzzwatch.model.ear import Ail
from buzzwatch.sources.feed.line import Habits, Line, Manners, Shared, Subscription
from buzzwatch.sources.feed.seen import Place
from buzzwatch.sources.intake import Intake
from buzzwatch.sources.outbound import meant, open_session

USER_AGENT = f"buzzwatch/{__version__} (feed reader)"
_NAMED = 3
"""Feeds that a reason names; the others are counted."""


class Feed:
    """Reads feeds for as long as the daemon lives; see `sources.intake.Source`."""

    def __init__(
        self,
        name: str,
        subscriptions: Sequence[Subscription],
        habits: Habits | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self.name = name
        self._subscriptions = list({each.key: each for each in subscriptions}.values())
        self._habits = habits or Habits()
        self._chance = chance or random.Random()  # noqa: S311 - spreads requests of many readers, guards nothing

    async def run(self, intake: Intake, clock: Clock) -> None:
        """Read until cancelled."""
        cursors = intake.cursors(self.name)
        left = dict.fromkeys(cursors.keys() - {each.key for each in self._subscriptions}, "")
        if left:
            await asyncio.wait({intake.submit(self.name, b"", left)})
        allow = meant((each.address for each in self._subscriptions), self._habits.allow)
        async with open_session(allow, {"User-Agent": USER_AGENT}) as session, asyncio.TaskGroup() as group:
            shared = Shared(
                source=self.name,
                habits=self._habits,
                intake=intake,
                clock=clock,
                session=session,
                chance=self._chance,
                manners=Manners(clock),
            )
            lines = [Line(shared, each, Place.load(cursors.get(each.key, ""))) for each in self._subscriptions]
            report = _Report(self.name, intake, lines)
            for line in lines:
                group.create_task(line.follow(report.tell))
            group.create_task(_stay())


async def _stay() -> None:
    """For ever: also when every feed is gone, the reason stays."""
    await asyncio.get_running_loop().create_future()


class _Report:
    """Says how the source does, which hears as long as one of its feeds does."""

    def __init__(self, source: str, intake: Intake, lines: Sequence[Line]) -> None:
        self._source = source
        self._intake = intake
        self._lines = lines
        self._told: tuple[bool, str, Ail | None] | None = None

    def tell(self) -> None:
        """Say it, if it is not what was said before; nothing until one feed hears or all were asked."""
        lines = self._lines
        heard = any(line.hears for line in lines)
        if not heard and not all(line.tried for line in lines):
            return
        unheard = [line for line in lines if line.tried and not line.hears and line.trouble]
        said = [f"{line.label}: {line.trouble.why}" for line in unheard if line.trouble]
        said += [f"{line.label}: {line.note}" for line in lines if line.hears and line.note]
        more = [f"and {len(said) - _NAMED} more"] if len(said) > _NAMED else []
        refused = all(line.trouble and line.trouble.ail is Ail.REFUSED for line in unheard)
        ail = (Ail.GAP if any(line.lost for line in lines) else None) if heard else Ail.AWAY
        state = (heard, "; ".join([*said[:_NAMED], *more]), Ail.REFUSED if refused and not heard else ail)
        if state != self._told:
            self._told = state
            self._intake.status(self._source, connected=heard, why=state[1], ail=state[2])
