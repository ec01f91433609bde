"""From a payload to sightings: what the texts say, and which live conversation they hang on."""

from collections.abc import Mapping

import msgspec
import structlog
from msgspec import Struct

from buzzwatch.app.naming import Opened, open_payload
from buzzwatch.ingest.decode import HEAD, Refused
from buzzwatch.ingest.scorer import Scorer, load
from buzzwatch.ingest.scorer.lessons import Lessons
from buzzwatch.ingest.sight import NO_LESSONS, Reader, Reading
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.instant import Instant, Span, instant_of
from buzzwatch.model.mention import Mention
from buzzwatch.store.batch import Heard, content_digest
from buzzwatch.store.texts import blank
from buzzwatch.threads.tracker import Tracker

log = structlog.get_logger()


class HeardPayload(Struct):
    """A payload taken apart.

    `mentions` hold one `Heard` a brand; `ignored` name no brand and hang on nothing known; `struck` are the brands for
    which a mention did not count, since that very text was marked as not about them. `lags` are seen minus posted, as
    the mentions themselves have it.
    """

    mentions: list[tuple[int, list[Heard]]]
    erased: list[Mention]
    refused: list[Refused]
    mended: int
    ignored: int
    struck: list[str]
    lags: list[Span]


def hear_nothing() -> HeardPayload:
    """What a payload comes to that only moves cursors."""
    return HeardPayload([], [], [], 0, 0, [], [])


class Hearing:
    """Reads mentions under the rules in force.

    Mentions of one batch are read before any of them is stepped: until `forget_batch`, those that came earlier in it
    are remembered here, so that a reply finds the conversation that its root begins in the same batch.
    """

    def __init__(self, rules: Ruleset) -> None:
        self.scorer = load()
        self._begun: dict[str, dict[str, Instant]] = {}  # by conversation: the last instant of each of its brands
        self._threads: dict[str, str] = {}  # by mention: its conversation
        self._prepared: tuple[tuple[str, Scorer], Reader] | None = None
        self.follow(rules)

    def follow(self, rules: Ruleset) -> None:
        """Read by other rules from now on."""
        prepared, self._prepared = self._prepared, None
        fits = prepared is not None and prepared[0] == (rules.digest, self.scorer)
        self.reader = prepared[1] if prepared is not None and fits else Reader(rules.brands, self.scorer)

    def prepare(self, rules: Ruleset) -> None:
        """Do beforehand, on any thread, what makes `follow` slow: with 500 brands it takes most of a second."""
        self._prepared = ((rules.digest, self.scorer), Reader(rules.brands, self.scorer))

    def hear(
        self,
        payload: bytes | Opened,
        seen_at: Instant,
        tracker: Tracker,
        lessons: Mapping[str, Lessons] = NO_LESSONS,
        road: str = "",
    ) -> HeardPayload:
        """Take a payload apart and read each of its mentions; one on which that fails is refused, the others go on.

        `road` is the name of the source that handed it over.
        """
        opened = open_payload(payload) if isinstance(payload, bytes) else payload
        heard = hear_nothing()
        heard.refused, heard.mended = opened.refused, opened.mended
        for (position, mention), names in zip(opened.mentions, opened.names, strict=True):
            if mention.deleted:
                heard.erased.append(blank(mention))
                continue
            try:
                reading = self.see(mention, seen_at, tracker, lessons, road)
            except Exception as error:  # it would come again, and again end the daemon
                log.exception("mention_not_read", position=position)
                reason = f"reading it failed, a fault of buzzwatch ({type(error).__name__})"
                heard.refused.append(Refused(position, reason, msgspec.json.encode(mention)[:HEAD]))
                continue
            heard.lags.append(seen_at - instant_of(mention.created_at))
            heard.mended += reading.clamped
            heard.struck += reading.struck
            if reading.sightings:
                digest = content_digest(mention)
                others = () if names == (mention.id,) else tuple(name for name in names if name != mention.id)
                items = [Heard(sighting, mention, digest, others) for sighting in reading.sightings]
                heard.mentions.append((position, items))
            else:
                heard.ignored += 1
        return heard

    def open(self, payload: bytes) -> Opened:
        """Take a payload apart, for who steps each mention at once, or asks first by which names they are known."""
        return open_payload(payload)

    def see(
        self,
        mention: Mention,
        seen_at: Instant,
        tracker: Tracker,
        lessons: Mapping[str, Lessons] = NO_LESSONS,
        road: str = "",
    ) -> Reading:
        """What one mention comes to."""
        thread, inherited = self._place(mention, tracker)
        reading = self.reader.read(mention, seen_at, thread, inherited, lessons, road)
        if reading.sightings:
            self._threads[mention.id] = thread
            begun = self._begun.setdefault(thread, {})
            for sighting in reading.sightings:
                begun[sighting.brand] = max(sighting.counted_at, begun.get(sighting.brand, sighting.counted_at))
        return reading

    def _place(self, mention: Mention, tracker: Tracker) -> tuple[str, tuple[str, ...]]:
        """The conversation of a mention, and the brands that it is about already."""
        begun = self._threads.get(mention.parent) if mention.parent else None
        thread = mention.thread or begun or tracker.key_of(mention.id, mention.parent, None)
        if thread == mention.id and not mention.parent:
            return thread, ()
        at = instant_of(mention.created_at)
        inherited = tracker.brands_of(at, thread, mention.parent)
        if thread in self._begun:
            fresh = [brand for brand, last_at in self._begun[thread].items() if at - last_at <= tracker.idle]
            inherited = tuple(dict.fromkeys((*inherited, *fresh)))
        return thread, inherited

    def forget_batch(self) -> None:
        """All that was read is stepped now: the spine knows it."""
        self._begun.clear()
        self._threads.clear()
