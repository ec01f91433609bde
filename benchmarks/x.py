"""What a post of X costs before the intake has it: `python benchmarks/x.py [posts]`.

Lines as the filtered stream sends them, in pieces of 64 kB, through the adapter's own reading of lines, decoding,
mentions and batches; then the mentions decoded again, as the daemon does. Processor time.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Mapping

from rig.machine import introduce
from rig.mentions import SEED

from buzzwatch.clock import VirtualClock
from buzzwatch.ingest.decode import decode
from buzzwatch.model.brand import Brand
from buzzwatch.sources.x.account import Account, Progress
from buzzwatch.sources.x.agreement import Agreement
from buzzwatch.sources.x.listener import Listener

PIECE = 64 * 1024
NOW = 1_795_600_800_000
WORDS = ["acme", "is", "late", "again", "&amp;", "https://t.co/aaaaaaaaaa", "why"]


class Everything:
    """Wants nothing in particular."""

    digest = ""
    brands: Mapping[str, Brand] = {}

    def knows(self, _mention: str) -> bool:
        """Nothing."""
        return False


class Sink:
    """Takes what it is given, and keeps it."""

    full = False
    wanted = Everything()

    def __init__(self) -> None:
        self.payloads: list[bytes] = []

    async def room(self) -> None:
        """There is always."""

    def cursors(self, _source: str) -> Mapping[str, str]:
        """None."""
        return {}

    def submit(
        self, _source: str, payload: bytes, _cursors: Mapping[str, str] | None = None
    ) -> "asyncio.Future[object]":
        """Keep it."""
        self.payloads.append(payload)
        return asyncio.get_running_loop().create_future()

    def passed(self, _source: str, _events: int, *, deletes: int = 0) -> None:
        """Not noted."""

    def gap(self, _source: str, _since: int, _until: int) -> None:
        """Not noted."""

    def status(self, _source: str, *, connected: bool, why: str = "", ail: object = None) -> None:
        """Not noted."""


def line(number: int, chance: random.Random) -> bytes:
    """One post of about 900 bytes, half of them answers."""
    key, author = str(((NOW - 1_288_834_974_657) << 22) + number), str(chance.randrange(10**9))
    post = {
        "id": key,
        "text": " ".join(
            chance.choices(["acme", "is", "late", "again", "&amp;", "https://t.co/aaaaaaaaaa", "why"], k=25)
        ),
        "author_id": author,
        "conversation_id": key,
        "created_at": "2026-11-25T10:00:00.000Z",
        "edit_history_tweet_ids": [key],
        "lang": "en",
        "public_metrics": {"retweet_count": 0, "reply_count": 0, "like_count": 0, "quote_count": 0},
        "entities": {"urls": [{"url": "https://t.co/aaaaaaaaaa", "expanded_url": "https://news.example/acme-is-late"}]},
    }
    if number % 2:
        post["referenced_tweets"] = [{"type": "replied_to", "id": "17"}]
    user = {"id": author, "username": f"u{author}", "name": "Léa", "public_metrics": {"followers_count": 12}}
    rule = {"id": "1", "tag": "buzzwatch:x:acme:1"}
    return json.dumps({"data": post, "includes": {"users": [user]}, "matching_rules": [rule]}).encode() + b"\r\n"


async def measure(count: int) -> None:
    chance = random.Random(SEED)
    raw = b"".join(line(number, chance) for number in range(count))
    sink, clock = Sink(), VirtualClock(NOW)
    account = Account(token="t", posts_a_day=10**9)
    agreement = Agreement("x", 1_000, 1_024)
    listener = Listener("x", account, agreement, Progress("x", account, sink, clock.now), sink, clock)
    began = time.process_time()
    for at in range(0, len(raw), PIECE):
        listener._take(raw[at : at + PIECE])  # noqa: SLF001 - what a connection calls for each piece
    taken = time.process_time() - began
    began = time.process_time()
    decoded = sum(len(decode(payload).mentions) for payload in sink.payloads)
    again = time.process_time() - began
    print(f"{count} posts of {len(raw) / count:.0f} bytes, {len(sink.payloads)} batches, {decoded} mentions:")
    print(f"    {taken / count * 1e6:.1f} us a post from the wire to the intake")
    print(f"    {again / count * 1e6:.1f} us a post for the daemon to decode it")


def main() -> None:
    introduce(SEED)
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))


if __name__ == "__main__":
    main()
