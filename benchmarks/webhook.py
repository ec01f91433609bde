"""What a webhook costs before the intake has its mentions: `python benchmarks/webhook.py [rounds]`.

Processor time of this process, a hundred posts a request: the proof on the raw bytes, the JSON, the mapping, and the
encoding for the intake; and of a table of 20,000 rows, read by its mapping and sorted.
"""

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from rig.machine import introduce
from rig.mentions import SEED

from buzzwatch.app.mapping_file import load_preset
from buzzwatch.sources.export import read_export
from buzzwatch.sources.webhook.proof import Meta, Shown
from buzzwatch.sources.webhook.shape import ByMapping, ByMeta, Translation

POSTS = 100
ROWS = 20_000
BEGUN = datetime(2026, 11, 25, tzinfo=UTC)
WORDS = "Acme, trois heures de retard et aucune réponse au comptoir. " * 4


def talkwalker() -> bytes:
    posts = [
        {
            "data": {
                "url": f"https://twitter.com/lea/statuses/{number}",
                "published": 1_795_608_000_000 + number,
                "search_indexed": 1,
                "content": WORDS,
                "lang": "fr",
                "source_type": ["SOCIALMEDIA", "SOCIALMEDIA_TWITTER"],
                "extra_author_attributes": {"id": f"a{number}", "name": "Léa", "short_name": "lea"},
                "article_extended_attributes": {"twitter_retweets": 3},
            }
        }
        for number in range(POSTS)
    ]
    return json.dumps({"result_content": {"data": posts}}).encode()


def trustpilot() -> bytes:
    events = [
        {
            "eventName": "service-review-created",
            "eventData": {
                "id": f"53bf{number}",
                "language": "fr",
                "title": "Jamais plus",
                "text": WORDS,
                "stars": 1 + number % 5,
                "createdAt": "2026-11-25T09:34:44.000Z",
                "consumer": {"id": "5f", "name": "Léa"},
            },
        }
        for number in range(POSTS)
    ]
    return json.dumps({"events": events}).encode()


def meta() -> bytes:
    changes = [
        {
            "field": "feed",
            "value": {
                "item": "comment",
                "verb": "add",
                "comment_id": f"1_{number}",
                "post_id": "1_1",
                "from": {"id": "7", "name": "Léa"},
                "message": WORDS,
                "created_time": 1_795_608_000,
            },
        }
        for number in range(POSTS)
    ]
    return json.dumps({"object": "page", "entry": [{"id": "1", "time": 1_795_608_000, "changes": changes}]}).encode()


def measure(name: str, payload: bytes, translation: Translation, rounds: int) -> None:
    proof, shown = Meta(["a secret"]), Shown({"x-hub-signature-256": "sha256=0"}, "")
    began = time.process_time()
    for _ in range(rounds):
        proof.holds(shown, payload)
        told = translation.translate(payload, 0)
        msgspec.json.encode([mention for _, mention in told.mentions])
    seconds = time.process_time() - began
    assert len(told.mentions) == POSTS
    print(f"| {name} | {len(payload) // POSTS} | {seconds / rounds / POSTS * 1e6:.1f} |")


def measure_table(folder: Path) -> None:
    rows = ["url,published,content,lang,source_type,extra_author_attributes.name"]
    for number in range(ROWS):
        at = (BEGUN - timedelta(seconds=number)).strftime("%Y-%m-%d %H:%M:%S.000")
        rows.append(f'https://twitter.com/lea/statuses/{number},{at},"{WORDS}",fr,SOCIALMEDIA_TWITTER,Léa')
    path = folder / "export.csv"
    path.write_text("\n".join(rows), "utf-8")
    mapping = load_preset("talkwalker", UTC)
    began = time.process_time()
    size = sum(len(chunk.payload) for chunk in read_export(path, mapping, lambda *_: None))
    seconds = time.process_time() - began
    assert size
    print(f"| Talkwalker, CSV of {ROWS} rows | {path.stat().st_size // ROWS} | {seconds / ROWS * 1e6:.1f} |")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    introduce(SEED)
    print()
    print("| what is read | bytes a mention | µs a mention |")
    print("|---|--:|--:|")
    measure("Trustpilot, webhook", trustpilot(), ByMapping(load_preset("trustpilot", UTC)), rounds)
    measure("Talkwalker, API JSON", talkwalker(), ByMapping(load_preset("talkwalker", UTC)), rounds)
    measure("Meta, comments on a page", meta(), ByMeta(), rounds)
    with TemporaryDirectory() as folder:
        measure_table(Path(folder))


if __name__ == "__main__":
    main()
