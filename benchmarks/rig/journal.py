"""An invented journal: months of ordinary days of some brands, with their conversations, bursts and answers."""

import random
import sqlite3
from array import array
from collections.abc import Iterator
from itertools import cycle, islice
from math import cos, tau

from msgspec.structs import replace

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.model.input import Input, RulesSwapped
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant
from buzzwatch.model.mention import Kind, Sighting
from buzzwatch.model.story import StoryKeys
from buzzwatch.store.batch import Batch
from buzzwatch.store.journal import Ledger

BEGAN_AT: Instant = 1_764_547_200_000
PER_DAY = 1_000_000 / 90
"""Mentions a day of all brands together: a million in 90 days."""
_BATCH = 10_000
_OPEN = 40
"""Conversations of a brand that a reply may join."""
_PARTED = 10
"""A burst comes to a brand about once in so many days; the first one on the second day, to the first."""
_COMPLAINS = 0.6

_BRAND = """\
brand: {key}
timezone: Europe/Paris
language: fr
match: {{any: [{key}]}}
official: ["x:@{key}_fr"]
voices: {{press: ["x:@courrier"]}}
themes: {{safety: [smoke], boycott: [boycott]}}
rules:
"""
_KINDS = (
    "negativity: {{unusual: true, over: {window}, at_least: {some}, authors: {few}}}",
    "thread: {{escalating: true, negative_share: 40%, authors: {some}}}",
    "mention: {{negativity: 0.7, followers: {many}}}",
    "volume: {{unusual: true, over: {window}, at_least: {some}, authors: {some}}}",
    "unanswered: {{for: {wait}, at_least: {few}}}",
    "volume: {{unusual: true}}",
    "mention: {{theme: safety, authors: {some}, over: {window}}}",
    "negativity: {{unusual: true, share: 50%}}",
    "spread: {{sources: 5, over: {window}}}",
    "thread: {{mentions: {some}, forecast: {some}}}",
    "mention: {{voice: press, theme: boycott}}",
    "any: [{{volume: {{times: 5x, over: {window}}}}}, {{negativity: {{times: 6x, over: {window}}}}}]",
    "negativity: {{share: 60%, over: {window}, at_least: {some}}}",
    "volume: {{at_least: {more}, over: {window}}}\n      none: [{{thread: {{answered: true}}}}]",
    "quiet: {{over: {wait}}}",
)
_SEVERITIES = ("critical", "warning", "watch", "warning")


def rule_files(brands: int, rules: int) -> dict[str, str]:
    """So many rules of all kinds for each of so many brands."""
    files, kinds = {}, cycle(_KINDS)
    for place in range(brands):
        key = f"brand-{place}"
        written = (
            f"  - name: rule-{number}\n    severity: {_SEVERITIES[number % 4]}\n    when:\n      "
            f"{_one(kind, number, brands)}\n"
            for number, kind in enumerate(islice(kinds, rules))
        )
        files[f"{key}.yaml"] = _BRAND.format(key=key) + "".join(written)
    return files


def _one(kind: str, number: int, brands: int) -> str:
    again = number // len(_KINDS) % 4
    return kind.format(
        window=("15m", "1h", "30m", "3h")[again],
        wait=("6h", "9h", "12h", "1d")[again],
        few=5 + number // 10,
        some=10 + number // 5,
        more=int(PER_DAY / brands / 24 * 5) + number,
        many=100_000 + 1_000 * number,
    )


def write_journal(connection: sqlite3.Connection, files: dict[str, str], mentions: int, seed: int) -> int:
    """Commit the rules and so many mentions as the daemon does; how many inputs that are."""
    ledger, seq = Ledger(connection), 0
    inputs = invent(files, mentions, seed)
    while items := list(islice(inputs, _BATCH)):
        numbered = list(enumerate(items, seq + 1))
        seq += len(items)
        ledger.commit(Batch(seq=seq, now=items[-1].seen_at, inputs=numbered))
    return seq


def invent(files: dict[str, str], mentions: int, seed: int) -> Iterator[Input]:
    """The rules, then mentions in the order in which they are seen."""
    rules = compile_rules(files)
    yield RulesSwapped(BEGAN_AT, rules)
    told = (sighting for day in range(1 << 20) for sighting in _day(list(rules.brands), day, seed))
    yield from islice(told, mentions)


def _day(brands: list[str], day: int, seed: int) -> list[Sighting]:
    """A day of all brands, in the order of what is seen; at midnight all talk ends."""
    told: list[Sighting] = []
    for brand in brands:
        dice = random.Random(f"{seed} {brand} {day}")
        began_at = BEGAN_AT + 1 + day * DAY
        dates = []
        while len(dates) < PER_DAY / len(brands):
            part = dice.random()
            if dice.random() < 0.55 + 0.45 * cos(tau * (part - 0.6)):  # quiet nights, loud afternoons
                dates.append(began_at + int(part * DAY))
        told += _talk(brand, sorted(dates), dice, f"{day}")
        if dice.random() < 1 / _PARTED or (day == 1 and brand == brands[0]):
            told += _burst(brand, began_at + int(dice.uniform(8, 20) * HOUR), len(dates) // 8, dice, f"{day}b")
    told = [sighting for sighting in told if sighting.seen_at < BEGAN_AT + (day + 1) * DAY]
    return sorted(told, key=lambda sighting: (sighting.seen_at, sighting.mention))


def _talk(brand: str, dates: list[Instant], dice: random.Random, name: str) -> Iterator[Sighting]:
    """Posts and replies; most of those who complain are answered within hours."""
    begun: list[str] = []
    for number, at in enumerate(dates):
        mention, thread = f"x:{brand}-{name}-{number}", ""
        if begun and dice.random() < 0.5:
            thread = dice.choice(begun)
        else:
            begun = [*begun, mention][-_OPEN:]
        said = _say(brand, at, mention, thread, dice, angry=0.2)
        yield said
        if said.negativity >= _COMPLAINS and dice.random() < 0.9:
            later = at + int(dice.expovariate(1 / (40 * MINUTE)))
            yield replace(
                _say(brand, later, f"{mention}a", said.thread, dice, angry=0.0), parent=mention, official=True
            )


def _burst(brand: str, began_at: Instant, size: int, dice: random.Random, name: str) -> Iterator[Sighting]:
    """Angry posts within three hours, half of them in one conversation, many of them copies, on more sources."""
    for number in range(dice.randint(size, 2 * size)):
        mention = f"x:{brand}-{name}-{number}"
        at = began_at + int(min(3 * HOUR, dice.expovariate(1 / (40 * MINUTE))))
        thread = f"x:{brand}-{name}-root" if dice.random() < 0.5 else ""
        said = _say(brand, at, mention, thread, dice, angry=0.75, text=dice.randrange(60))
        yield replace(said, source=dice.choice(("x", "x", "forum", "reviews")))


def _say(
    brand: str, at: Instant, mention: str, thread: str, dice: random.Random, *, angry: float, text: int | None = None
) -> Sighting:
    said = random.Random(f"{brand} {text}") if text is not None and not thread else dice
    pairs = sorted(said.getrandbits(32) for _ in range(said.randint(8, 24)))
    return Sighting(
        seen_at=at + dice.randint(0, 20) * SECOND,
        posted_at=at,
        mention=mention,
        brand=brand,
        source=dice.choices(("x", "bluesky", "mastodon"), (80, 15, 5))[0],
        thread=thread or mention,
        parent=thread or None,
        kind=Kind.REPLY if thread else Kind.POST,
        author=dice.randrange(1, 20_000),
        followers=int(dice.paretovariate(0.7) * 50) if dice.random() < 0.8 else None,
        official=False,
        negativity=round(dice.betavariate(8, 3) if dice.random() < angry else dice.betavariate(2, 8), 4),
        scorer="linear@1",
        lang="fr",
        copy=said.getrandbits(32) | 1,
        themes=("safety",) if dice.random() < 0.01 else ("boycott",) if dice.random() < 0.01 else (),
        voice="press" if dice.random() < 0.002 else "",
        keys=StoryKeys(array("I", pairs).tobytes()),
    )
