"""Mentions as messages, pages and commands quote them, with the words that weighed most."""

import sqlite3
from typing import TypeAlias

from buzzwatch.ingest.language import language_of
from buzzwatch.ingest.scorer.protocol import Cause, Explaining, Scorer
from buzzwatch.model.incident import Incident
from buzzwatch.model.instant import instant_of
from buzzwatch.model.mention import Mention
from buzzwatch.model.notification import Sample
from buzzwatch.notify.quoting import clean
from buzzwatch.store.journal import read_judgements, read_mentions
from buzzwatch.store.record import Record

_MORE_LIKELY_THAN_NOT = 0.5
_MOST_CAUSES = 3
_LONGEST_WORDS = 30
_Found: TypeAlias = tuple[dict[str, tuple[Mention, float]], dict[str, tuple[str, float | None]]]
"""What mentions say and how negative it is, and who judged so, by id; how negative for this brand if that differs."""


def sample_of(mention: Mention, negativity: float, scorer: Scorer | None) -> Sample:
    """A mention to show; its text is hostile. `scorer` gave it its negativity; None if that one is not at hand."""
    author = mention.author
    return Sample(
        mention=mention.id,
        text=None if mention.deleted else mention.text,
        author=(author.handle or author.name) if author else None,
        followers=author.followers if author else None,
        url=mention.url,
        posted_at=instant_of(mention.created_at),
        negativity=negativity,
        why=() if mention.deleted or negativity < _MORE_LIKELY_THAN_NOT else _weightiest(mention, scorer),
    )


def _weightiest(mention: Mention, scorer: Scorer | None) -> tuple[Cause, ...]:
    if scorer is None or not isinstance(scorer, Explaining):
        return ()
    found = scorer.why(mention.whole, language_of(mention.whole, mention.lang))
    shown = (Cause(clean(cause.words, _LONGEST_WORDS), cause.weight) for cause in found if cause.weight > 0)
    return tuple(cause for cause in shown if _tells(cause.words))[:_MOST_CAUSES]


def _tells(words: str) -> bool:
    """Whether they mean something to a reader: "l" and "d" of "l'avion d'Acme" do not, an emoji does."""
    return len(words) > 1 or (bool(words) and not words.isalnum())


def find_samples(db: sqlite3.Connection, incident: Incident, scorer: Scorer) -> list[Sample]:
    """The posts that show an incident best, in its order, as their sources last told them.

    Only what `scorer` judged, corrected or not, is explained by it.
    """
    return _samples(incident, _find(db, incident), scorer)


async def read_samples(record: Record, incident: Incident, scorer: Scorer) -> list[Sample]:
    """See `find_samples`."""
    found = await record.read(lambda db: _find(db, incident))
    return _samples(incident, found, scorer)  # here and not on the reading thread: the loop uses the scorer too


def _find(db: sqlite3.Connection, incident: Incident) -> _Found:
    return read_mentions(db, incident.shown), read_judgements(db, incident.shown, incident.subject.brand)


def _samples(incident: Incident, found: _Found, scorer: Scorer) -> list[Sample]:
    texts, judges = found
    samples = []
    for key in incident.shown:
        if key in texts:
            mention, negativity = texts[key]
            judge, for_brand = judges.get(key, ("", None))
            judged_here = judge.partition("+")[0] == scorer.name
            shown = negativity if for_brand is None else for_brand
            samples.append(sample_of(mention, shown, scorer if judged_here else None))
    return samples
