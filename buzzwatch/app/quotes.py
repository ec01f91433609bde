"""Mentions as messages, pages and commands quote them, with the words that weighed most."""

import re
import sqlite3
from functools import partial
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.ingest.language import language_of
from buzzwatch.ingest.scorer.protocol import Cause, Explaining, Scorer
from buzzwatch.model.author import Past
from buzzwatch.model.incident import SHOWN, Incident
from buzzwatch.model.instant import Instant, instant_of
from buzzwatch.model.mention import Mention
from buzzwatch.model.notification import Sample
from buzzwatch.notify.quoting import clean
from buzzwatch.store.authors import read_pasts
from buzzwatch.store.journal import read_judgements, read_mentions
from buzzwatch.store.record import Record
from buzzwatch.store.texts import read_let_go

_MORE_LIKELY_THAN_NOT = 0.5
_MOST_CAUSES = 3
_LONGEST_WORDS = 30
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


class Found(Struct, frozen=True):
    """By id: what mentions say and how negative it is; who judged so, and how negative for this brand if that differs.

    And what is known of their authors.
    """

    texts: dict[str, tuple[Mention, float]]
    judges: dict[str, tuple[str, float | None]]
    pasts: dict[str, Past]
    let_go: frozenset[str] = frozenset()
    """Those whose texts are older than their sources are to keep."""


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
    return samples_of(incident, find(db, incident), scorer)


async def read_samples(record: Record, incident: Incident, scorer: Scorer) -> list[Sample]:
    """See `find_samples`."""
    found = await record.read(partial(find, incident=incident))
    return samples_of(incident, found, scorer)  # here and not on the reading thread: the loop uses the scorer too


def find(db: sqlite3.Connection, incident: Incident, now: Instant | None = None) -> Found:
    """What `samples_of` needs; with an instant, also the past of the authors as it is known then."""
    shown, brand = incident.shown, incident.subject.brand
    pasts = {} if now is None else read_pasts(db, shown[:SHOWN], brand, now)
    return Found(read_mentions(db, shown), read_judgements(db, shown, brand), pasts, read_let_go(db, shown))


def samples_of(incident: Incident, found: Found, scorer: Scorer, crm_link: str | None = None) -> list[Sample]:
    """See `find_samples`; `crm_link` is the brand's."""
    samples = []
    for key in incident.shown:
        if key in found.texts:
            mention, negativity = found.texts[key]
            judge, for_brand = found.judges.get(key, ("", None))
            judged_here = judge.partition("+")[0] == scorer.name
            shown = negativity if for_brand is None else for_brand
            sample = sample_of(mention, shown, scorer if judged_here else None)
            if key in found.let_go:
                sample = replace(sample, let_go=True)
            elif not mention.deleted:
                sample = replace(sample, past=found.pasts.get(key), crm_link=_crm_link(crm_link, mention))
            samples.append(sample)
    return samples


def _crm_link(template: str | None, mention: Mention) -> str | None:
    """Where an author's record is found; None where something that the address needs is not known."""
    author = mention.author
    if template is None or author is None:
        return None
    known = {"author_id": author.id, "handle": (author.handle or "").lstrip("@"), "source": mention.source}
    if not all(known[name] for name in _PLACEHOLDER.findall(template)):
        return None
    return _PLACEHOLDER.sub(lambda found: quote(known[found[1]] or "", safe="", errors="replace"), template)
