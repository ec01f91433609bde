"""What a mention costs on the disk, and how fast mentions are let go: rows a second, commits, memory.

Usage: python tools/measure_keep.py [mentions]
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from buzzwatch.model.instant import DAY, MINUTE, SECOND, moment_of
from buzzwatch.model.mention import Author, Engagement, Kind, Mention, Sighting
from buzzwatch.store import keeping
from buzzwatch.store.batch import Batch, Heard
from buzzwatch.store.database import FILE, open_database
from buzzwatch.store.journal import Ledger
from buzzwatch.store.keeping import Anchor
from buzzwatch.store.texts import AT_ONCE, let_go, wash

BEGIN = 1_780_000_000 * SECOND
TOGETHER = 500
WORDS = (
    "vol",
    "bagage",
    "retard",
    "service",
    "client",
    "remboursement",
    "porte",
    "merci",
    "attente",
    "appel",
    "billet",
)


def main(number: int) -> None:
    """Fill a record, then let half of it go and fill that again."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        db = open_database(folder)
        ledger = Ledger(db)
        fill(ledger, 0, number)
        wash(db, BEGIN)
        size = (folder / FILE).stat().st_size
        print(f"{number} mentions, {size / number:.0f} bytes each, {peak():.0f} MB of memory at the most")
        print("texts let go:", timed(lambda: let_go(db, "push", BEGIN + number // 2 * MINUTE // 10)))
        keeping.move_head(db, Anchor(number // 2, BEGIN))
        after = 0

        def some() -> int:
            nonlocal after
            looked, after = keeping.let_mentions_go(db, after, BEGIN, 90 * DAY)
            return looked

        print("mentions let go:", timed(some), f"{peak():.0f} MB of memory at the most")
        wash(db, BEGIN)
        shrunk = (folder / FILE).stat().st_size
        (free,) = db.execute("PRAGMA freelist_count").fetchone()
        print(f"file {size} before, {shrunk} after, of which {free * 4096} bytes are free pages")
        fill(ledger, number, number // 2)
        wash(db, BEGIN)
        print(f"file {(folder / FILE).stat().st_size} once as many were written again")
        db.close()


def timed(some: Callable[[], int]) -> str:
    """Call until it has found less than it may; what that took."""
    done, lasted, began = 0, [], time.process_time()
    found = AT_ONCE
    while found == AT_ONCE:
        at = time.perf_counter()
        found = some()
        lasted.append(1_000 * (time.perf_counter() - at))
        done += found
    took = time.process_time() - began
    half, most = median(lasted), max(lasted)
    return (
        f"{done} at {done / max(took, 1e-9):.0f} a second of processor time, a commit {half:.0f} ms, {most:.0f} at most"
    )


def fill(ledger: Ledger, first: int, number: int) -> None:
    """Commit mentions, some hundred at once."""
    for begin in range(first, first + number, TOGETHER):
        heard = [heard_of(each) for each in range(begin, begin + TOGETHER)]
        inputs = [(begin + place + 1, each.sighting) for place, each in enumerate(heard)]
        at = heard[-1].sighting.seen_at
        ledger.commit(Batch(seq=begin + TOGETHER, now=at, at=at, inputs=inputs, heard=heard))


def heard_of(number: int) -> Heard:
    """A post of some 570 bytes as JSON."""
    at, author = BEGIN + number * MINUTE // 10, number * 7_919 % 100_003
    name = f"x:{1_990_000_000_000_000_000 + number * 1_037_389}"
    text = "acme " + " ".join(WORDS[(number * step) % len(WORDS)] for step in range(1, 24))
    mention = Mention(
        id=name, text=text, created_at=moment_of(at), source="x", lang="fr", kind=Kind.POST,
        author=Author(id=str(10**9 + author), handle=f"@user{author}", name=f"User Name {author}", followers=author),
        url=f"https://x.com/user{author}/status/{name[2:]}", engagement=Engagement(1, 0, 0, 90),
    )  # fmt: skip
    sighting = Sighting(
        seen_at=at + SECOND, posted_at=at, mention=name, brand="acme", source="x", thread=name, parent=None,
        kind=Kind.POST, author=author + 1, followers=author, official=False, negativity=0.25, scorer="linear@1",
        lang="fr", copy=number, road="push",
    )  # fmt: skip
    return Heard(sighting, mention, number + 1)


def peak() -> float:
    """Megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
