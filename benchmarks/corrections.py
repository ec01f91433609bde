"""What marks of its posts bring a brand that the scorer has never seen: `python benchmarks/corrections.py`.

Labelled tweets about one topic, and tweets in one language, stand for the posts of a brand; a plain logistic scorer is
trained on all others. Some of a brand's posts are marked as people might mark them, the shipped code learns from these,
and the rest is judged. `--texts FILE` or BUZZWATCH_TEXTS names gzipped JSON lines with text, lang and label.
"""

import argparse
import gzip
import json
import os
import random
from collections.abc import Callable, Sequence
from math import log, sqrt
from pathlib import Path
from statistics import fmean
from time import process_time
from typing import NamedTuple
from zlib import crc32

from rig.machine import introduce

from buzzwatch.ingest.normalise import spoken
from buzzwatch.ingest.scorer.learnt import Example, foresee, learn, probability_of
from buzzwatch.ingest.scorer.lessons import MOST_LESSONS, word_key, word_keys

TEXTS = Path(__file__).parents[2] / "shared" / "bench" / "data" / "negativity" / "train.jsonl.gz"
TOPICS = {
    "tech": """amazon kindle apple iphone ipad ios google android nexus microsoft windows xbox sony playstation ps4
        samsung galaxy verizon blackberry netflix nintendo facebook yahoo""",
    "politics": "trump hillary clinton republican democrats obama romney modi gandhi bjp netanyahu",
    "faith and war": "muslim muslims islam isis christian israel gaza iran syria palestine pakistan",
    "football": "milan inter juventus madrid barca messi arsenal chelsea liverpool spurs rangers celtic",
    "american sports": "nfl packers patriots cowboys eagles steelers jets yankees mlb dodgers sox nba lakers lebron",
    "wrestling": "wwe rollins cena ufc lesnar mcgregor rousey",
    "films": "thor jurassic batman minions twilight potter hobbit wars",
    "pop": "bieber justin 1d zayn niall kendrick kanye drake eminem beyonce rihanna",
    "rock": "foo nirvana metallica floyd bowie maiden",
}
"""Words, one of which a tweet in English must hold."""
LANGUAGES = ("fr", "es", "de", "it", "pt")
RATE = 0.05
"""Of the plain scorer."""
NUMBERS = (50, 200, 800)
FEWEST_JUDGED = 120
SHOWN = 0.15
"""Of a brand's posts, the most negative ones: those that alarms show."""


class Post(NamedTuple):
    """One labelled tweet of a brand: `marked` as a mark of it teaches."""

    marked: Example
    words: Sequence[int]


class Effect(NamedTuple):
    """Measures of one brand, before and after."""

    brand: str
    auc: tuple[float, float]
    ece: tuple[float, float]
    loss: tuple[float, float]


Choose = Callable[[list[Post], int, random.Random], tuple[list[Example], list[Post]]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--texts", type=Path, default=Path(os.environ.get("BUZZWATCH_TEXTS", TEXTS)))
    options.add_argument("--seeds", type=int, default=3, help="draws of marks for each brand and number")
    options.add_argument("--brands", action="store_true", help="a line for each brand too")
    options = options.parse_args()
    introduce(0)
    if not options.texts.exists():
        print(f"{options.texts} is not there: name labelled texts with --texts")
        return
    brands = read_brands(options.texts)
    print(f"{len(brands)} brands, {sum(map(len, brands.values()))} posts\n")
    print(
        "| marks | number | brands | AUC before | after | worst change | ECE before | after | log-loss before | after |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, choose in WAYS.items():
        for number in NUMBERS if name == "of chance" else NUMBERS[:2]:
            effects = [effect for brand in brands.items() if (effect := judge(*brand, number, choose, options.seeds))]
            if effects:
                print(row(name, number, effects))
            for effect in effects if options.brands else []:
                print(row(effect.brand, number, [effect]))
    time_it(brands["tech"] + brands["politics"])
    print(f"{process_time():.0f} s of processor time")


def read_brands(path: Path) -> dict[str, list[Post]]:
    """The posts of each brand, as a scorer calls them that has seen neither the brands nor a brand's language."""
    rows = []
    with gzip.open(path) as lines:
        for line in lines:
            told = json.loads(line)
            said = spoken(told["text"])
            rows.append((told["lang"], said, told["label"] == "negative", _topic(said, told["lang"])))
    known = [each for each in rows if not each[3] and each[0] in ("en", *LANGUAGES)]
    brands, weights = {}, train(known)
    for brand in TOPICS:
        brands[brand] = [_post(*each, weights) for each in rows if each[3] == brand]
    for language in LANGUAGES:
        weights = train([each for each in known if each[0] != language])
        brands[language] = [_post(*each, weights) for each in rows if each[0] == language]
    return brands


def _topic(said: list[str], language: str) -> str:
    words = {word.lstrip("#") for word in said}
    return next((topic for topic, names in TOPICS.items() if language == "en" and words & set(names.split())), "")


def train(rows: list[tuple[str, list[str], bool, str]]) -> dict[int, float]:
    """Weights of words and pairs by logistic regression with AdaGrad's rates, one pass; 0 is what all texts have."""
    weights, squares = {0: 0.0}, {0: 1e-3}
    rows = rows.copy()
    random.Random(1).shuffle(rows)
    for _, said, negative, _ in rows:
        keys = [0, *_all_keys(said)]
        error = probability_of(sum([weights.get(key, 0.0) for key in keys])) - negative
        for key in keys:
            squares[key] = square = squares.get(key, 1e-3) + error * error
            weights[key] = weights.get(key, 0.0) - RATE * error / sqrt(square)
    return weights


def _all_keys(said: list[str]) -> list[int]:
    """Of words, of pairs and of the first letters of words."""
    words = [word.encode() for word in said]
    keys = list(map(crc32, words))
    return [*keys, *map(crc32, words[1:], keys), *(crc32(b"^" + word[:5]) for word in words)]


def _post(_language: str, said: list[str], negative: bool, topic: str, weights: dict[int, float]) -> Post:  # noqa: FBT001
    logit = weights[0] + sum([weights.get(key, 0.0) for key in _all_keys(said)])
    names = frozenset(map(word_key, TOPICS.get(topic, "").split()))
    return Post(Example(max(-9.0, min(9.0, logit)), negative, word_keys(said, names)), word_keys(said))


def by_chance(posts: list[Post], number: int, dice: random.Random) -> tuple[list[Example], list[Post]]:
    """Whatever comes is marked."""
    posts = dice.sample(posts, len(posts))
    return [post.marked for post in posts[:number]], posts[number:]


def mistaken(share: float) -> Choose:
    """Whatever comes is marked, a share of it wrongly."""

    def choose(posts: list[Post], number: int, dice: random.Random) -> tuple[list[Example], list[Post]]:
        marked, rest = by_chance(posts, number, dice)
        return [Example(each.logit, each.negative != (dice.random() < share), each.words) for each in marked], rest

    return choose


def errors(posts: list[Post], number: int, dice: random.Random) -> tuple[list[Example], list[Post]]:
    """Only what the scorer has wrong is marked; the rest keeps the share of errors of the whole."""
    posts = dice.sample(posts, len(posts))
    wrong = [post for post in posts if (post.marked.logit > 0) != post.marked.negative]
    right = [post for post in posts if (post.marked.logit > 0) == post.marked.negative]
    left = wrong[number:]
    return [post.marked for post in wrong[:number]], left + right[: len(left) * len(right) // max(1, len(wrong))]


def false_alarms(posts: list[Post], number: int, dice: random.Random) -> tuple[list[Example], list[Post]]:
    """Of the posts that are shown, those not negative are marked; others like them take their places in the rest."""
    ranked = sorted(posts, key=lambda post: -post.marked.logit)
    shown = [post for post in ranked[: int(SHOWN * len(ranked))] if not post.marked.negative]
    marked = dice.sample(shown, min(number, len(shown) // 2))
    kept = [post for post in shown if post not in marked]
    rest = [post for post in posts if post not in marked]
    return [post.marked for post in marked], rest + dice.choices(kept, k=len(marked)) if kept else rest


WAYS: dict[str, Choose] = {
    "of chance": by_chance,
    "5 % wrong": mistaken(0.05),
    "10 % wrong": mistaken(0.1),
    "errors alone": errors,
    "false alarms alone": false_alarms,
}


def judge(brand: str, posts: list[Post], number: int, choose: Choose, seeds: int) -> Effect | None:
    """The means over some draws; None where a brand has too few posts."""
    found = []
    for seed in range(seeds):
        marked, rest = choose(posts, number, random.Random(f"{brand} {seed}"))
        truth = [post.marked.negative for post in rest]
        if len(marked) < number or len(rest) < FEWEST_JUDGED or not 10 < sum(truth) < len(truth) - 10:
            return None
        learnt = learn(marked)
        before = [probability_of(post.marked.logit) for post in rest]
        after = [probability_of(learnt.margin(post.marked.logit, post.words)) for post in rest]
        found.append([(measure(before, truth), measure(after, truth)) for measure in (auc, ece, loss)])
    means = [tuple(fmean(each[place][side] for each in found) for side in (0, 1)) for place in range(3)]
    return Effect(brand, *means)


def auc(called: list[float], truth: list[bool]) -> float:
    """How often a negative one is ranked above another; ties are half."""
    ranked = sorted(zip(called, truth, strict=True))
    ranks, place = 0.0, 0
    while place < len(ranked):
        end = place
        while end < len(ranked) and ranked[end][0] == ranked[place][0]:
            end += 1
        ranks += (place + end + 1) / 2 * sum(negative for _, negative in ranked[place:end])
        place = end
    negative = sum(truth)
    return (ranks - negative * (negative + 1) / 2) / (negative * (len(truth) - negative))


def ece(called: list[float], truth: list[bool]) -> float:
    """Expected calibration error over ten bins of equal width."""
    bins: dict[int, list[float]] = {}
    for probability, negative in zip(called, truth, strict=True):
        bins.setdefault(min(int(probability * 10), 9), []).append(probability - negative)
    return sum(abs(sum(each)) for each in bins.values()) / len(truth)


def loss(called: list[float], truth: list[bool]) -> float:
    """Mean logarithmic loss."""
    return fmean(-log(p if negative else 1 - p) for p, negative in zip(called, truth, strict=True))


def row(name: str, number: int, effects: list[Effect]) -> str:
    """A line of the table: means over brands, each the same weight."""
    pairs = [[fmean(pair[side] for pair in each) for side in (0, 1)] for each in list(zip(*effects, strict=True))[1:]]
    worst = min(effect.auc[1] - effect.auc[0] for effect in effects)
    (auc0, auc1), (ece0, ece1), (loss0, loss1) = pairs
    return (
        f"| {name} | {number} | {len(effects)} | {auc0:.3f} | {auc1:.3f} | {worst:+.3f} "
        f"| {ece0:.3f} | {ece1:.3f} | {loss0:.3f} | {loss1:.3f} |"
    )


def time_it(posts: list[Post]) -> None:
    marked = [post.marked for post in posts[:MOST_LESSONS]]
    began = process_time()
    learnt = learn(marked)
    once = process_time()
    foresee(marked[:200])
    seen = process_time()
    for post in posts:
        learnt.margin(post.marked.logit, post.words)
    ended = process_time()
    print(f"\nlearning from {len(marked)} marks: {(once - began) * 1e3:.0f} ms, {len(learnt.weights)} weights")
    print(f"foreseeing each of 200 marks from the earlier ones: {(seen - once) * 1e3:.0f} ms")
    print(f"adjusting a score: {(ended - seen) / len(posts) * 1e6:.1f} µs, the keys of its words apart")


if __name__ == "__main__":
    main()
