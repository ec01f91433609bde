"""What reading feeds costs: `python benchmarks/feed.py`.

Prints microseconds of processor time per entry, best of five rounds, on invented feeds of 100 entries with summaries of
some 400 characters in HTML; and what a poll costs that brings nothing new.
"""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

from buzzwatch.model.instant import MINUTE, instant_of
from buzzwatch.sources.feed.document import read
from buzzwatch.sources.feed.line import date, mention_of
from buzzwatch.sources.feed.seen import Place, remember, sift
from buzzwatch.sources.html import read_html

SEED = 20261122
ENTRIES = 100
BEGAN = datetime(2026, 11, 22, tzinfo=UTC)
HERE = "https://paper.example/rss"
SAID = "acme vol annulé passagers attente service client remboursement bagages gare train retard direction syndicat"


def invent(chance: random.Random) -> list[tuple[str, str, str]]:
    """Title, summary in HTML and date of each entry."""
    told = []
    for number in range(ENTRIES):
        said = " ".join(chance.choice(SAID.split()) for _ in range(50))
        at = format_datetime(BEGAN + timedelta(minutes=number))
        told.append((said[:80], f"<p>{said}</p><p><a href='https://paper.example/{number}'>lire</a></p>", at))
    return told


def rss(told: list[tuple[str, str, str]]) -> bytes:
    items = "".join(
        f"<item><title>{escape(title)}</title><link>https://paper.example/{number}</link><guid>{number}</guid>"
        f"<description>{escape(html)}</description><pubDate>{at}</pubDate></item>"
        for number, (title, html, at) in enumerate(told)
    )
    return f"<rss version='2.0'><channel><title>The Paper</title>{items}</channel></rss>".encode()


def broken(told: list[tuple[str, str, str]]) -> bytes:
    return rss(told).replace(b"acme", b"acme & co", 1)


def each(work: Callable[[], object], times: int = 20) -> float:
    """Microseconds per entry."""
    best = float("inf")
    for _ in range(5):
        began = time.process_time()
        for _ in range(times):
            work()
        best = min(best, time.process_time() - began)
    return best / times / ENTRIES * 1e6


def main() -> None:
    told = invent(random.Random(SEED))
    whole, wrong = rss(told), broken(told)
    entries = read(whole, "text/xml", HERE).entries
    known = Place(known=remember({}, entries)).pairs()
    now = instant_of(BEGAN) + 200 * MINUTE
    print(f"{ENTRIES} entries, {len(whole):,} bytes of RSS\n")
    print("| step | µs per entry |")
    print("|---|---|")
    for name, work in {
        "read RSS": lambda: read(whole, "text/xml", HERE),
        "read RSS that is not well formed": lambda: read(wrong, "text/xml", HERE),
        "of that, HTML to text": lambda: [read_html(html) for _, html, _ in told],
        "sift, nothing new": lambda: sift(known, entries),
        "sift, date, make mentions, remember": lambda: (
            [mention_of(*pair) for pair in date(sift({}, entries).new, now - 15 * MINUTE, now)],
            Place(known=remember({}, entries)).dump(),
        ),
    }.items():
        print(f"| {name} | {each(work):.1f} |")


if __name__ == "__main__":
    main()
