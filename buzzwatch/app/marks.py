"""What people say of single posts: marks that take effect at once, and at night after a confirmation by day."""

import asyncio
from collections.abc import Sequence
from functools import partial

import msgspec

from buzzwatch.app.drive import Drive
from buzzwatch.model.incident import Incident
from buzzwatch.model.input import Corrected, Mark, Proposed
from buzzwatch.model.instant import Instant
from buzzwatch.model.proposal import Proposal
from buzzwatch.store.journal import read_mentions, read_sighting
from buzzwatch.store.record import Record
from buzzwatch.web.desk import Answer, Pending


class Marks:
    """Asks the daemon's memory, tells its queue, and reads texts from the record."""

    def __init__(self, drive: Drive, record: Record) -> None:
        self._drive = drive
        self._queue = drive.queue
        self._clock = drive.clock
        self._record = record
        self._marking = asyncio.Lock()

    async def correct(self, brand: str, mention: str, mark: Mark, by: str, incident: str = "") -> Answer:
        """See `web.desk.Desk`; `by` is one of the people."""
        brands = self._drive.spine.memory.rules.brands
        if brand not in brands:
            return Answer(False, (f"there is no brand {brand!r}; brands are: {', '.join(brands)}",))
        async with self._marking:  # a button pressed five times is pressed once
            if mark is Mark.WITHDRAWN:
                return await self._withdraw(brand, mention, by, incident)
            return await self._mark(brand, mention, mark, by, incident)

    async def _withdraw(self, brand: str, mention: str, by: str, incident: str) -> Answer:
        """What waits is taken back at once, else what stands is, at night by a proposal as any mark."""
        waits = (brand, mention) in self._drive.spine.memory.proposals.kept
        if not waits and mention not in self.standing(brand):
            return Answer(False, (f"{mention} is not marked for {brand}: there is nothing to withdraw",), "unmarked")
        if waits or (incident and self.night_until()):
            return await self._propose(incident, brand, mention, Mark.WITHDRAWN, by)
        return await self._put(Corrected(0, brand, mention, Mark.WITHDRAWN, by))

    async def _mark(self, brand: str, mention: str, mark: Mark, by: str, incident: str) -> Answer:
        before = self.standing(brand).get(mention)
        waits = self._drive.spine.memory.proposals.kept.get((brand, mention))
        if before is not None and before.mark is mark and waits is None:
            return Answer(True, (f"{mention} is marked {mark} already, by {before.by}",))
        corrected = await self._read_again(brand, mention, mark, by)
        if corrected is None:
            unknown = f"{brand} has no post {mention!r} on record whose text is known and not erased"
            return Answer(False, (unknown,), "post")
        if incident and self.night_until():
            return await self._propose(incident, brand, mention, mark, by)
        return await self._put(corrected)

    async def _put(self, corrected: Corrected) -> Answer:
        brand, mention, mark = corrected.brand, corrected.mention, corrected.mark
        await self._queue.tell(corrected)
        marks = sum(kept.mark is not Mark.NOT_US for kept in self.standing(brand).values())
        done = "the mark is withdrawn" if mark is Mark.WITHDRAWN else f"marked {mark}"
        return Answer(True, (f"{mention}: {done} by {corrected.by}; {brand} learns from {marks} marked posts",))

    async def _propose(self, incident: str, brand: str, mention: str, mark: Mark, by: str) -> Answer:
        await self._queue.tell(Proposed(0, incident, brand, mention, mark, by))
        waits = (brand, mention) in self._drive.spine.memory.proposals.kept
        return Answer(True, (f"{mention}: {'waits for a confirmation by day' if waits else 'is marked no more'}",))

    async def confirm(self, posts: Sequence[tuple[str, str]], by: str) -> Answer:
        """See `web.desk.Desk`; `by` is one of the people."""
        if self.night_until():
            return Answer(False, ("it is night: confirm by day what was marked",), "night")
        done = []
        async with self._marking:
            for post in posts:
                waits = self._drive.spine.memory.proposals.kept.get(post)
                if waits is not None and waits.until > self._clock.now():
                    done.append(await self._confirm(waits, by))
        return Answer(True, tuple(done)) if done else Answer(False, ("nothing waits for a confirmation",), "unmarked")

    async def _confirm(self, waits: Proposal, by: str) -> str:
        """It takes effect as if its author had marked the post now; not where the text has been erased."""
        brand, mention, mark = waits.brand, waits.mention, Mark(waits.mark)
        withdrawn = Corrected(0, brand, mention, mark, waits.by)
        corrected = withdrawn if mark is Mark.WITHDRAWN else await self._read_again(brand, mention, mark, waits.by)
        if corrected is None:
            await self._propose(waits.incident, brand, mention, Mark.WITHDRAWN, by)
            return f"{mention}: its text was erased, the mark is dropped"
        return (await self._put(msgspec.structs.replace(corrected, confirmed_by=by))).lines[0]

    def night_until(self) -> Instant | None:
        """When the night ends; None by day, and where none is declared."""
        night = self._drive.spine.memory.rules.night
        return night.end(self._clock.now()) if night else None

    async def pending(self, incident: Incident, person: str) -> tuple[Pending, ...]:
        """What waits of the posts of an incident, and all that a person has marked, as the posts are now."""
        memory = self._drive.spine.memory
        waiting = [
            kept
            for kept in memory.proposals.kept.values()
            if kept.incident == incident.id
            or (person and kept.by == person)
            or (kept.brand == incident.subject.brand and kept.mention in incident.shown)
        ]
        ids = [kept.mention for kept in waiting]
        texts = await self._record.read(partial(read_mentions, ids=ids)) if ids else {}
        names = {key: brand.name for key, brand in memory.rules.brands.items()}
        said = {key: mention.text for key, (mention, _) in texts.items() if not mention.deleted}
        return tuple(Pending(kept, names.get(kept.brand, kept.brand), said.get(kept.mention)) for kept in waiting)

    async def _read_again(self, brand: str, mention: str, mark: Mark, by: str) -> Corrected | None:
        """A mark with what its text says; None where there is no such post, or no text of it."""
        sighting = await self._record.read(lambda db: read_sighting(db, mention, brand))
        found = await self._record.read(lambda db: read_mentions(db, (mention,)))
        if sighting is None or mention not in found or found[mention][0].deleted:
            return None
        return self._drive.hearing.reader.mark(found[mention][0], sighting, mark, by)

    async def teach_anew(self) -> None:
        """Read marked posts again that another scorer had judged, as far as their texts are not erased."""
        reader = self._drive.hearing.reader
        for brand in self._drive.spine.memory.rules.brands:
            stale = {
                key: mark
                for key, mark in self.standing(brand).items()
                if mark.scorer != reader.scorer and mark.mark is not Mark.NOT_US  # which no scorer learns from
            }
            texts = await self._record.read(partial(read_mentions, ids=list(stale))) if stale else {}
            taught = []
            for key, mark in stale.items():
                if key in texts and not texts[key][0].deleted:
                    again = reader.mark(texts[key][0], mark, mark.mark, mark.by)
                    taught.append(self._queue.tell(msgspec.structs.replace(again, marked_at=mark.said_at)))
                    await asyncio.sleep(0)  # scoring thousands of texts must not stop the daemon
            await asyncio.gather(*taught)

    def standing(self, brand: str) -> dict[str, Corrected]:
        """The marks of a brand's posts that are in force, by mention."""
        lessons = self._drive.spine.memory.lessons.get(brand)
        return {} if lessons is None else lessons.kept
