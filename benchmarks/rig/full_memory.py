"""What the scorer weighs once it remembers all that it can: `python -m rig.full_memory`, in a process alone."""

import random

from buzzwatch.ingest.scorer import load
from rig.machine import resident

SEED = 20261122
LANGUAGES = ("en", "fr", "de", "es", "it", "pt", "und")
BATCH, STILL, MOST = 20_000, 5, 60
"""Posts that are fed at once; so many batches without growth mean that every memo is full; give up after so many."""
GROWTH = 0.5
"""Megabytes in a batch."""
_LETTERS = "abcdefghijklmnopqrstuvwxyzéèàç'"
_ENDS = ("!!", " #JamaisPlus", " 😡", " :(", "…", "?")


def invent_post(chance: random.Random) -> str:
    """A post of words that nobody has said before."""
    said = ["".join(chance.choices(_LETTERS, k=chance.randint(3, 12))) for _ in range(chance.randint(8, 20))]
    said[chance.randrange(len(said))] += chance.choice(_ENDS)
    return " ".join(said)


def main() -> None:
    bare = resident()
    scorer = load()
    loaded = most = resident()
    chance = random.Random(SEED)
    batches = still = 0
    while still < STILL and batches < MOST:
        for number in range(BATCH):
            scorer.score(invent_post(chance), LANGUAGES[number % len(LANGUAGES)])
        batches += 1
        still = 0 if resident() > most + GROWTH else still + 1
        most = max(most, resident())
    fed = f"{batches * BATCH} posts of new words"
    print(f"memory of the process: {bare:.0f} MB before, {loaded:.0f} MB loaded, {most:.0f} MB at most, after {fed}")
    if still < STILL:
        print("and it still grows")


if __name__ == "__main__":
    main()
