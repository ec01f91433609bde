"""What people have taught about one brand's posts, and what it brings, in lines for a terminal."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from math import log, sqrt
from statistics import mean

from buzzwatch.ingest.normalise import spoken
from buzzwatch.ingest.scorer.learnt import Example, Learnt, foresee, logit_of, probability_of
from buzzwatch.ingest.scorer.lessons import Lessons, examples, word_key
from buzzwatch.model.brand import Brand
from buzzwatch.model.input import Corrected, Mark
from buzzwatch.model.instant import moment_of
from buzzwatch.notify.quoting import clean
from buzzwatch.store.journal import read_corrections, read_mentions

SHOWN = 20
WORDS = 8
_TEXT = 60
_HALF = 0.5
_FEWEST_TEXTS = 2
_USUAL_KEYS = 30
"""Words and pairs in a post of fifteen words: what the weight of one of them is shown for."""


def tell(db: sqlite3.Connection, brand: Brand) -> Iterator[str]:
    """Lines for a person at a terminal, the first of which is a summary."""
    lessons = Lessons()
    for mark in read_corrections(db, brand.key):
        lessons.take(mark)
    kept = list(lessons.kept.values())
    counted = Counter(mark.mark for mark in kept)
    told = ", ".join(f"{counted[mark]} {mark}" for mark in Mark if counted[mark]) or "none"
    yield f"{brand.key}: marked {lessons.revision} times; in force: {told}"
    if not kept:
        return
    texts = {key: mention.whole for key, (mention, _) in read_mentions(db, lessons.kept).items()}
    yield from ("", "Marks, the latest first", *_marks(kept, texts, brand))
    yield from _effects(lessons, kept, texts)
    yield from _not_us(kept, texts, brand)


def _marks(kept: list[Corrected], texts: dict[str, str], brand: Brand) -> Iterator[str]:
    for mark in kept[: -SHOWN - 1 : -1]:
        at = f"{moment_of(mark.said_at).astimezone(brand.zone):%Y-%m-%d %H:%M}"
        said = clean(texts.get(mark.mention, ""), _TEXT)
        quoted = f"“{said}”" if said else "(text erased)"
        confirmed = f", confirmed by {clean(mark.confirmed_by, _TEXT)}" if mark.confirmed_by else ""
        yield f"  {at}  {clean(mark.mention, _TEXT)}  {mark.mark} by {clean(mark.by, _TEXT)}{confirmed}  {quoted}"
    if len(kept) > SHOWN:
        yield f"  and {len(kept) - SHOWN} earlier"


def _effects(lessons: Lessons, kept: list[Corrected], texts: dict[str, str]) -> Iterator[str]:
    scorer = next((mark.scorer for mark in reversed(kept) if mark.mark is not Mark.NOT_US), "")
    learnt = lessons.learnt(scorer)
    if learnt is None:
        return
    known = examples(kept, scorer)
    yield from ("", f"What was learnt from {len(known)} texts, as {scorer}+{kept[-1].brand}.{lessons.revision}")
    yield f"  What {scorer} calls 60 % counts as {_bent(learnt, 0.6)} here, before its words are weighed"
    numbers = f"slope {learnt.slope:.2f}, shift {learnt.shift:+.2f}"
    yield f"  What it calls 20 % counts as {_bent(learnt, 0.2)}, and 90 % as {_bent(learnt, 0.9)} ({numbers})"
    yield from _words(learnt, [texts[mark.mention] for mark in kept if texts.get(mark.mention)])
    yield from ("", "What it brings, each mark judged by what the earlier ones had taught")
    yield from _judged(known)
    if others := sum(mark.scorer != scorer for mark in kept if mark.mark is not Mark.NOT_US):
        yield f"  {others} posts were marked under another scorer, and their texts are erased: they teach nothing now"


def _bent(learnt: Learnt, probability: float) -> str:
    return f"{probability_of(learnt.slope * logit_of(probability) + learnt.shift):.0%}".replace("%", " %")


def _words(learnt: Learnt, texts: Sequence[str]) -> Iterator[str]:
    """The words of the texts that are still there, by their weights."""
    weights: dict[str, float] = {}
    for text in texts:
        words = spoken(text)
        for word in words:
            weights[word] = learnt.weights.get(word_key(word), 0.0)
    ranked = sorted((weight, word) for word, weight in weights.items() if weight)
    for title, chosen in (("more", ranked[::-1]), ("less", ranked)):
        told = [
            f"{clean(word, _TEXT)} {weight / sqrt(_USUAL_KEYS):+.2f}"
            for weight, word in chosen[:WORDS]
            if (weight > 0) == (title == "more")
        ]
        if told:
            yield f"  Words that make a post {title} negative here: {', '.join(told)}"


def _judged(known: list[Example]) -> Iterator[str]:
    """Three measures, without and with what was learnt."""
    truth = [float(example.negative) for example in known]
    without = [probability_of(example.logit) for example in known]
    taught = foresee(known)
    pairs = [(list(zip(each, truth, strict=True))) for each in (without, taught)]
    right = [mean(float((p > _HALF) == (y > _HALF)) for p, y in each) for each in pairs]
    loss = [mean(-log(p if y else 1 - p) for p, y in each) for each in pairs]
    brier = [mean((p - y) ** 2 for p, y in each) for each in pairs]
    yield f"  Right at 50 %: {right[0] * 100:.0f} % of the marked texts without it, {right[1] * 100:.0f} % with it"
    yield f"  Log-loss, less is better: {loss[0]:.3f} without it, {loss[1]:.3f} with it"
    yield f"  Brier score, less is better: {brier[0]:.3f} without it, {brier[1]:.3f} with it"
    yield "  People mark what is wrong: of all posts, more are right than of these"


def _not_us(kept: list[Corrected], texts: dict[str, str], brand: Brand) -> Iterator[str]:
    """Names that only posts about others hold: our name with the word before or after it."""
    names = [tuple(spoken(name)) for name in brand.match.any]
    about: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for mark in kept:
        words = spoken(texts.get(mark.mention, ""))
        about[mark.mark is not Mark.NOT_US].update(list(dict.fromkeys(_around(words, names))))
    told = [
        (number, name)
        for name, number in about[False].most_common()
        if number >= _FEWEST_TEXTS and name not in about[True]
    ]
    if told:
        listed = ", ".join(f'"{name}"' for _, name in told[:WORDS])
        yield from ("", "Names that several posts marked not-us hold, and none that is about the brand")
        yield f"  consider in its rule file, under match: not_us: [{listed}]"


def _around(words: list[str], names: Sequence[tuple[str, ...]]) -> Iterator[str]:
    for place in range(len(words)):
        for name in names:
            end = place + len(name)
            if tuple(words[place:end]) == name:
                if place:
                    yield " ".join(words[place - 1 : end])
                if end < len(words):
                    yield " ".join(words[place : end + 1])
