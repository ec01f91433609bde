"""Invented traffic of three brands: days and nights, conversations, edits, deletions, repeats, and crises."""

import math
import random
from datetime import UTC, datetime

from buzzwatch.model.instant import HOUR, MINUTE, SECOND

BRANDS = {"acme": 5, "zephyr": 3, "borealis": 2}
"""Each with its part of the traffic."""
CALM = (
    ("flying with {}", "my seat at {}", "the crew of {}", "checked in at {}", "{} today", "just landed with {}"),
    ("tomorrow", "on Friday", "from gate 12", "to Oslo", "with the children", "for work", "again", "at 18 h"),
    ("window seat", "see you there", "the coffee is fine", "bag came quickly", "blue sky", "on time", "two hours"),
)
SOUR = (
    ("{} is late again", "the {} app is slow", "no answer from {}", "{} moved my seat", "queue at {}"),
    ("this is bad", "annoying", "terrible service", "so disappointing", "not good at all"),
    ("third time", "since this morning", "why", "as last year", "no reason given"),
)
ANGRY = (
    (
        "{} left us on the tarmac",
        "{} lies about the smoke",
        "thrown off by {}",
        "{} lost my mother's chair",
        "what {} did",
    ),
    ("is a disgrace", "horrible and shameful", "scandalous", "I hate them", "disgusting", "the worst ever"),
    (
        "never again",
        "children without water",
        "for five hours",
        "nobody says sorry",
        "people were crying",
        "boycott now",
    ),
    ("my whole family", "row 14", "two hundred of us", "since noon", "in the heat", "with no word", "an old man fell"),
)
"""Parts of sentences, of which one each is taken: copies of one text would count once."""
SOUR_SHARE = 0.12
CRISIS_SPAN = 20 * MINUTE
CRISIS_RATE = 12
"""Angry posts a minute."""


class Traffic:
    """`until` gives what was posted since it was asked last, in the interchange format, oldest first."""

    def __init__(self, seed, an_hour, began, crises=()):
        self.chance = random.Random(seed)
        self.posted = 0
        self.crises = list(crises)
        """Each an instant and a brand."""
        self._an_hour = an_hour
        self._now = began
        self._recent = {brand: [] for brand in BRANDS}
        self._serial = 0

    def until(self, now):
        """What is posted up to that instant, a minute at a time at most."""
        while self._now < now:
            span = min(MINUTE, now - self._now)
            posts = [post for brand in BRANDS for post in self._usual(brand, self._now, span)]
            posts += [post for at, brand in self.crises for post in self._crisis(at, brand, self._now, span)]
            self._now += span
            posts.sort(key=lambda post: post["created_at"])
            self.posted += len(posts)
            yield from posts

    def _usual(self, brand, since, span):
        hour = (since / HOUR) % 24
        day = 1 + 0.8 * math.sin((hour - 9) / 24 * 2 * math.pi)
        mean = self._an_hour * BRANDS[brand] / sum(BRANDS.values()) * day * span / HOUR
        for _ in range(self._number(mean)):
            at = since + self.chance.randrange(span)
            yield from self._one(brand, at)

    def _number(self, mean):
        """Poisson's."""
        limit, number, product = math.exp(-mean), 0, self.chance.random()
        while product > limit:
            number += 1
            product *= self.chance.random()
        return number

    def _one(self, brand, at):
        recent, kind = self._recent[brand], self.chance.random()
        if recent and kind < 0.03:
            yield self.chance.choice(recent) | {"text": "taken back", "deleted": True}
        elif recent and kind < 0.06:
            post = self.chance.choice(recent)
            yield post | {"text": post["text"] + " (edited)"}
        elif recent and kind < 0.11:
            yield self.chance.choice(recent)
        else:
            texts = SOUR if self.chance.random() < SOUR_SHARE else CALM
            post = self._post(brand, at, texts)
            if recent and self.chance.random() < 0.3:
                root = self.chance.choice(recent)
                post |= {"thread": root.get("thread", root["id"]), "parent": root["id"], "kind": "reply"}
            recent.append(post)
            del recent[:-200]
            yield post

    def _crisis(self, began, brand, since, span):
        if not began <= since < began + CRISIS_SPAN:
            return
        for _ in range(self._number(CRISIS_RATE * span / MINUTE)):
            yield self._post(brand, since + self.chance.randrange(span), ANGRY)

    def _post(self, brand, at, parts):
        self._serial += 1
        text = ", ".join(self.chance.choice(part) for part in parts)
        author = self.chance.randrange(1_000_000)
        return {
            "id": f"x:{self._serial}",
            "source": "x",
            "author": {"id": f"a{author}", "handle": f"@a{author}", "followers": self.chance.randrange(3_000)},
            "text": text.format(brand.title()),
            "created_at": datetime.fromtimestamp(at / SECOND, UTC).isoformat(timespec="milliseconds"),
        }
