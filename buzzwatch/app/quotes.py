"""Mentions as messages and pages quote them."""

from buzzwatch.model.incident import Incident
from buzzwatch.model.instant import instant_of
from buzzwatch.model.mention import Mention
from buzzwatch.model.notification import Sample
from buzzwatch.store.journal import read_mentions
from buzzwatch.store.record import Record


def sample_of(mention: Mention, negativity: float) -> Sample:
    """A mention to show; its text is hostile."""
    author = mention.author
    return Sample(
        mention=mention.id,
        text=None if mention.deleted else mention.text,
        author=(author.handle or author.name) if author else None,
        followers=author.followers if author else None,
        url=mention.url,
        posted_at=instant_of(mention.created_at),
        negativity=negativity,
    )


async def read_samples(record: Record, incident: Incident) -> list[Sample]:
    """The posts that show an incident best, in the order of the incident, as their sources last told them."""
    texts = await record.read(lambda db: read_mentions(db, incident.shown))
    return [sample_of(*texts[key]) for key in incident.shown if key in texts]
