"""Invented examples that the fuzzers begin from."""
# ruff: noqa: E501 - an example is a line

import json


def to_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


MENTION = {
    "id": "x:1", "source": "x", "author": {"id": "42", "handle": "@lea", "followers": 1200}, "text": "Acme, plus jamais",
    "created_at": "2026-11-25T12:00:00Z", "url": "https://x.example/lea/status/1", "thread": "x:0", "kind": "reply",
    "engagement": {"likes": 3, "views": 90}, "stars": 2, "deleted": False,
}  # fmt: skip
POST = {
    "did": "did:plc:abc", "time_us": 1_795_608_000_000_000, "kind": "commit",
    "commit": {"rev": "3", "operation": "create", "collection": "app.bsky.feed.post", "rkey": "3k",
               "record": {"$type": "app.bsky.feed.post", "text": "Acme, plus jamais", "createdAt": "2026-11-25T12:00:00Z",
                          "langs": ["fr"], "reply": {"root": {"uri": "at://did:plc:x/app.bsky.feed.post/1"}}}},
}  # fmt: skip
FRAME = {
    "payload": {"$type": "network.bsky.jetstream#commit", "did": "did:plc:abc", "time": "2026-11-25T12:00:00Z",
                "operation": "create", "collection": "app.bsky.feed.post", "rkey": "3k", "record": POST["commit"]},
}  # fmt: skip
STATUS = {
    "id": "1", "uri": "https://mastodon.example/users/lea/statuses/1", "created_at": "2026-11-25T12:00:00.000Z",
    "content": "<p>Acme, <a href='https://x.example'>plus</a> jamais</p>", "visibility": "public", "language": "fr",
    "account": {"id": "2", "acct": "lea", "url": "https://mastodon.example/@lea", "followers_count": 3},
}  # fmt: skip
LINE = {
    "data": {"id": "1", "text": "Acme &amp; co", "author_id": "2", "created_at": "2026-11-25T12:00:00.000Z",
             "conversation_id": "1", "referenced_tweets": [{"type": "quoted", "id": "0"}],
             "public_metrics": {"like_count": 1}, "entities": {"urls": [{"url": "https://t.co/a", "start": 0, "end": 4}]}},
    "includes": {"users": [{"id": "2", "username": "lea", "public_metrics": {"followers_count": 3}}]},
    "matching_rules": [{"id": "1", "tag": "acme"}],
}  # fmt: skip
META = {
    "object": "page",
    "entry": [{"id": "1", "time": 1_795_608_000,
               "changes": [{"field": "feed", "value": {"item": "comment", "verb": "add", "comment_id": "1_2",
                                                       "post_id": "1_1", "message": "Acme…", "created_time": 1_795_608_000,
                                                       "from": {"id": "3", "name": "Léa"}}}]}],
}  # fmt: skip
RSS = (
    b"<?xml version='1.0'?><rss version='2.0'><channel><title>Le Journal</title><ttl>30</ttl><item><title>Acme &amp; co"
    b"</title><link>https://paper.example/1</link><guid>1</guid><pubDate>Wed, 25 Nov 2026 12:00:00 GMT</pubDate>"
    b"<description>&lt;p&gt;Acme&lt;/p&gt;</description></item></channel></rss>"
)
ATOM = (
    b"<feed xmlns='http://www.w3.org/2005/Atom'><title>A</title><entry><id>1</id><title type='html'>Acme</title>"
    b"<link href='/1'/><updated>2026-11-25T12:00:00Z</updated><content type='xhtml'><div>x</div></content></entry></feed>"
)
BOMB = b'<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;&b;">]><rss version="2.0"><channel><title>&d;</title></channel></rss>'
JSON_FEED = to_json(
    {"version": "https://jsonfeed.org/version/1.1", "title": "A", "items": [{"id": "1", "content_html": "<b>"}]}
)
ICAL = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Karim\r\nDTSTART;TZID=Europe/Paris:20261123T090000\r\n"
    b"DTEND;TZID=Europe/Paris:20261130T090000\r\nRRULE:FREQ=WEEKLY;INTERVAL=2\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:ines@acme."
    b"example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
CONFIG = (
    b"state: /var/lib/buzzwatch\nsources:\n  push: {http: {listen: '127.0.0.1:8787', token: ['${cred:a}', '${cred:b}']}}\n"
    b"  broker: {mqtt: {url: 'mqtts://mq.example:8883', topics: ['a/#'], password: '${cred:mqtt}'}}\n"
    b"  hook: {webhook: {path: /a, as: trustpilot, secret: '${env:K}'}}\nchannels: {slack: '${cred:s}'}\n"
    b"web: {public_url: 'https://bw.example'}\nheartbeat: {url: '${cred:h}', every: 1m}\n"
)
HEADERS = (
    b"webhook-id: m1\nwebhook-timestamp: 1795608000\nwebhook-signature: v1,QUJD v2,x\nx-hub-signature-256: sha256=00ff\n"
    b"authorization: Basic YTpi\nx-api-key: k\nrest"
)
