"""Invented mentions of invented brands, in French and English: every text another, so that nothing remembered helps."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

SEED = 20261122

_FRENCH = """
toujours aucune réponse du service client après trois heures d'attente c'est inadmissible je réclame le remboursement
intégral de mon billet votre équipe à l'aéroport n'a donné aucune information merci pour rien très déçu le vol est
annulé sans explication et personne ne répond au téléphone où sont passés nos bagages ce matin tout allait bien la
livraison est arrivée hier et le nouveau magasin ouvre samedi"""
_ENGLISH = """
still waiting at the gate after three hours and nobody from the crew tells us anything this is the worst service ever i
want a full refund thanks for nothing my bag is lost again and your phone line has been busy since this morning great
flight though lovely staff and we landed early the new store opens on saturday and the parcel came yesterday"""
_EXTRAS = ("😡", "👏", "…", "!!", "#travel", "https://link.example/x1y2z3", "@somebody_else", "’", "?")
_OPEN = 30
"""Conversations of a brand that a reply may join."""

_RULES = """\
brand: {key}
name: {name}
timezone: Europe/Paris
language: fr
match:
  any: [{key}, "{key} services", "@{key}_fr"]
  not_us: ["{key} street"]
official: ["x:@{key}_fr"]
rules:
  - name: bad-buzz
    says: Far more angry posts than usual
    when: {{negativity: {{unusual: true, over: 15m, at_least: 10, authors: 8}}}}
    severity: critical
  - name: thread-escalating
    says: A conversation takes off
    when: {{thread: {{escalating: true, negative_share: 40%, authors: 20}}}}
    severity: critical
  - name: big-voice
    says: Somebody widely heard complains
    when: {{mention: {{negativity: 0.9, followers: 100000}}}}
    severity: warning
  - name: sudden-volume
    says: Far more posts than usual
    when: {{volume: {{unusual: true, over: 1h, at_least: 30, authors: 15}}}}
    severity: warning
  - name: silence
    says: Nobody speaks of us
    when: {{quiet: {{over: 12h}}}}
    severity: watch
"""


def brand_keys(count: int) -> list[str]:
    """Names that stand in no dictionary."""
    chance = random.Random(SEED)
    keys = dict.fromkeys("".join(chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in range(4))
                         for _ in range(count * 2))  # fmt: skip
    return list(keys)[:count]


def rule_files(keys: list[str]) -> dict[str, str]:
    """The five kinds of rules of the examples for each brand."""
    return {f"{key}.yaml": _RULES.format(key=key, name=key.title()) for key in keys}


class Voices:
    """Tells mentions one after the other; the same seed tells the same."""

    def __init__(self, keys: list[str], seed: int = SEED) -> None:
        self._chance = random.Random(seed)
        self._keys = keys
        self._told = 0
        self._open: dict[str, list[str]] = {}

    def tell(self, at: datetime, *, named: float = 1.0, key: str | None = None) -> bytes:
        """A mention as JSON; with a probability of `named` it names a brand, `key` or any."""
        chance = self._chance
        number = self._told
        self._told += 1
        said = chance.choices(chance.choice((_FRENCH, _ENGLISH)).split(), k=chance.randint(15, 22))
        said += chance.choices(_EXTRAS, k=2)
        mention = thread = f"x:{1_790_000_000_000 + number}"
        parent = None
        if chance.random() < named:
            key = key or chance.choice(self._keys)
            begun = self._open.setdefault(key, [])
            if begun and chance.random() < 0.5:
                parent = thread = chance.choice(begun)
            else:
                begun.append(mention)
                del begun[:-_OPEN]
            said.insert(chance.randrange(len(said)), key.title())
        chance.shuffle(said)
        author = chance.randrange(10**6)
        return json.dumps(
            {
                "id": mention,
                "source": "x",
                "author": {"id": str(author), "handle": f"@somebody{author}", "followers": author % 5_000},
                "text": " ".join(said),
                "created_at": at.isoformat(timespec="milliseconds"),
                "url": f"https://x.example/status/{number}",
                "thread": thread,
                "parent": parent,
                "kind": "reply" if parent else "post",
            },
            ensure_ascii=False,
        ).encode()


def steady(keys: list[str], count: int, *, named: float, rate: float) -> Iterator[bytes]:
    """So many mentions at `rate` a second; in the last sixth every third is about the first brand: that one rings."""
    voices = Voices(keys)
    begin = datetime(2026, 11, 23, 8, tzinfo=UTC)
    for number in range(count):
        loud = number > count * 5 / 6 and number % 3 == 0
        yield voices.tell(begin + timedelta(seconds=number / rate), named=named, key=keys[0] if loud else None)


def sparse(keys: list[str], count: int, years: int) -> Iterator[bytes]:
    """So many mentions strewn over years."""
    voices, chance = Voices(keys), random.Random(SEED)
    begin, span = datetime(2020, 1, 1, tzinfo=UTC), timedelta(days=365 * years)
    for part in sorted(chance.random() for _ in range(count)):
        yield voices.tell(begin + span * part)
