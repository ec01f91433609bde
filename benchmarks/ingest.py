"""What reading a mention costs, step by step, on invented texts: `python benchmarks/ingest.py`.

Prints microseconds per mention of some 630 bytes of JSON on one core, best of five rounds. Every text is another, so
that nothing remembered helps.
"""

import json
import random
import timeit
from collections.abc import Callable, Iterable, Sized
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from buzzwatch.ingest.decode import decode
from buzzwatch.ingest.language import vote
from buzzwatch.ingest.likeness import liken
from buzzwatch.ingest.match import Matcher, lay_out
from buzzwatch.ingest.normalise import fold, spoken
from buzzwatch.ingest.scorer import load
from buzzwatch.ingest.sight import Reader
from buzzwatch.model.brand import Brand, Match

SEED = 20261122
BRANDS = 1_000
NAMES = 4
MENTIONS = 4_000
A_BATCH = 100
BEGAN = datetime(2026, 11, 22, tzinfo=UTC)
SEEN_AT = 1_796_000_000_000

FRENCH = """
toujours aucune réponse du service client après trois heures d'attente c'est inadmissible je réclame le remboursement
intégral de mon billet votre équipe à l'aéroport n'a donné aucune information merci pour rien très déçu le vol est
annulé sans explication et personne ne répond au téléphone où sont passés nos bagages"""
ENGLISH = """
still waiting at the gate after three hours and nobody from the crew tells us anything this is the worst service ever i
want a full refund thanks for nothing my bag is lost again and your phone line has been busy since this morning great
flight though lovely staff and we landed early"""
EXTRAS = ("😡", "👏", "…", "!!", "#BoycottThem", "#travel", "https://link.example/x1y2z3", "@somebody_else", "’", "?")


def invent_word(chance: random.Random) -> str:
    return "".join(chance.choice("abcdeilmnoprstuvyz") for _ in range(chance.randint(4, 9)))


def invent_brands(chance: random.Random) -> dict[str, Brand]:
    listed = {}
    for number in range(BRANDS):
        first, second = invent_word(chance), invent_word(chance)
        names = (first, f"{first} {second}", f"@{first}_fr", *(invent_word(chance) for _ in range(NAMES - 3)))
        key = f"brand-{number}"
        listed[key] = Brand(
            key=key,
            name=first,
            zone=ZoneInfo("Europe/Paris"),
            timezone="Europe/Paris",
            language="fr",
            competitor=False,
            match=Match(names, not_us=(f"{first} {invent_word(chance)}",)),
            official=frozenset({f"x:@{first}_fr"}),
            rules=(),
        )
    return listed


def invent_mention(chance: random.Random, number: int, names: list[str]) -> dict[str, Any]:
    said = chance.choices(chance.choice((FRENCH, ENGLISH)).split(), k=chance.randint(25, 40))
    said += chance.choices(EXTRAS, k=2)
    if number % 2:
        said.insert(chance.randrange(len(said)), chance.choice(names).title())
    chance.shuffle(said)
    return {
        "id": f"x:{number}",
        "source": "x",
        "author": {"id": str(chance.randrange(10**6)), "handle": "@somebody", "name": "Léa", "followers": 1200},
        "text": " ".join(said),
        "created_at": (BEGAN + timedelta(seconds=number)).isoformat(),
        "url": f"https://x.example/somebody/status/{number}",
        "thread": f"x:{number // 3}",
        "parent": f"x:{number // 2}",
        "kind": "reply",
        "engagement": {"likes": 3, "reposts": 1, "replies": 0, "views": 90},
        "title": None,
        "deleted": False,
    }


def show(step: str, run: Callable[[], object], times: int = MENTIONS) -> None:
    seconds = min(timeit.repeat(run, number=1, repeat=5))
    print(f"{step:32s}{seconds / times * 1e6:8.2f}")


def each(function: Callable[[Any], object], items: Iterable[Any]) -> Callable[[], None]:
    def run() -> None:
        for item in items:
            function(item)

    return run


def mean_size(items: list[Sized]) -> float:
    return sum(map(len, items)) / len(items)


def main() -> None:
    chance = random.Random(SEED)
    brands = invent_brands(chance)
    names = [brand.match.any[0] for brand in brands.values()]
    raw = [json.dumps(invent_mention(chance, number, names), ensure_ascii=False).encode() for number in range(MENTIONS)]
    batches = [b"[" + b",".join(raw[at : at + A_BATCH]) + b"]" for at in range(0, MENTIONS, A_BATCH)]
    mentions = [mention for batch in batches for _, mention in decode(batch).mentions]
    texts = [mention.text for mention in mentions]
    laid_out = [lay_out(text) for text in texts]
    matcher, scorer = Matcher(brands), load()
    reader = Reader(brands, scorer)

    print(f"{MENTIONS} mentions of {mean_size(raw):.0f} bytes, {mean_size(texts):.0f} characters; {BRANDS} brands")
    show("decode, one a payload", each(decode, raw))
    show(f"decode, {A_BATCH} an array", each(decode, batches))
    show("fold", each(fold, texts))
    show("lay out words", each(lay_out, texts))
    show("match laid-out words", each(matcher.match_words, laid_out))
    said = [spoken(text, folded) for text, folded in zip(texts, laid_out, strict=True)]
    heard = list(zip(mentions, texts, said, strict=True))
    show("what is said of them", lambda: list(map(spoken, texts, laid_out)))
    show("vote on the language", each(vote, said))
    show("score", each(lambda text: scorer.score(text, "fr"), texts))
    show("keys of copies and stories", each(lambda each: liken(*each), heard))
    show("read, half of them matched", each(lambda mention: reader.read(mention, SEEN_AT), mentions))
    show("build the matcher, per brand", lambda: Matcher(brands), BRANDS)


if __name__ == "__main__":
    main()
