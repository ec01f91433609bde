"""Every parser of bytes from outside: how it is called, what it may raise, and invented examples to begin from.

Used twice: by hypothesis in `make test`, and by coverage-guided fuzzing in `make fuzz`.
"""
# ruff: noqa: E501 - a row of the table is a line

import gzip
import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import examples
import msgspec
from examples import to_json

from buzzwatch.app import config as daemon_config
from buzzwatch.app.mapping_file import MappingFile, load_preset, preset_names
from buzzwatch.app.rota import ical
from buzzwatch.app.slack_answers import _Pressed
from buzzwatch.app.until import read_span, read_until
from buzzwatch.delivery.channel import TransientDeliveryError
from buzzwatch.delivery.channels.slack_menu import read_choice
from buzzwatch.delivery.slack_api import RefusedError, judge
from buzzwatch.gate.guesses import address_of
from buzzwatch.ingest import identity, language, match, normalise
from buzzwatch.ingest.decode import Decoded, decode
from buzzwatch.model.brand import Brand
from buzzwatch.rules.calendar import CALENDAR
from buzzwatch.rules.faults import RuleFaults
from buzzwatch.rules.ruleset import load
from buzzwatch.rules.text import blot_values, parse
from buzzwatch.rules.validate import validate
from buzzwatch.sources.bluesky.listener import Listener
from buzzwatch.sources.bluesky.wire import make_wire
from buzzwatch.sources.door import RefusedError as NotAdmittedError
from buzzwatch.sources.door import is_same, payload_of, refuse_pages
from buzzwatch.sources.export import looks_like, read_export
from buzzwatch.sources.feed.document import NoFeedError, read_date
from buzzwatch.sources.feed.document import read as read_feed
from buzzwatch.sources.feed.seen import Place
from buzzwatch.sources.file import FileFaultError
from buzzwatch.sources.file import read as read_file
from buzzwatch.sources.html import read_html
from buzzwatch.sources.mastodon.rest import Rest, WireError
from buzzwatch.sources.mastodon.sieve import say
from buzzwatch.sources.mastodon.wire import read_id, read_status
from buzzwatch.sources.mqtt.topic import is_filter
from buzzwatch.sources.webhook import proof
from buzzwatch.sources.webhook.shape import ByMapping, ByMeta, UnreadableError
from buzzwatch.sources.x.api import XError, _date_of, _decoded
from buzzwatch.sources.x.listener import _read as read_line
from buzzwatch.sources.x.wire import PAGE, mention_of
from buzzwatch.store.snapshot import read_snapshots
from buzzwatch.web.words import choose_language

ROOT = Path(__file__).parents[2]
NOON = 1_795_608_000_000
"""2026-11-25 12:00 UTC."""
PARIS = ZoneInfo("Europe/Paris")


class Parser(NamedTuple):
    """`call` takes bytes, and raises nothing but what is `told`."""

    call: Callable[[bytes], object]
    seeds: list[bytes]
    told: tuple[type[Exception], ...] = ()


def _text(call: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda raw: call(raw.decode("utf-8", "replace"))


@cache
def _brand() -> Brand:
    files = {"acme.yaml": (ROOT / "tests/fuzz/acme.yaml").read_text("utf-8")}
    return load(files).brands["acme"]


# Mentions and what is in them


def _mentions(raw: bytes) -> None:
    found = decode(raw)
    _hold_to_promise(found)
    for _, mention in found.mentions:
        again = decode(msgspec.json.encode(mention))
        assert [each for _, each in again.mentions] == [mention], "decoding its own output changes it"
        assert again.mended == 0
        _words(mention.text.encode())
        identity.names_of(mention)
        if mention.url:
            _address(mention.url.encode())


def _hold_to_promise(found: Decoded) -> None:
    for _, mention in found.mentions:
        assert 1 <= len(mention.id) <= 500
        assert len(mention.text) <= 20_000
        mention.text.encode()  # no lone surrogate
        assert "\0" not in mention.text + mention.id
        assert mention.created_at.tzinfo is not None
    for refused in found.refused:
        assert refused.reason


@cache
def _matcher() -> match.Matcher:
    return match.Matcher({"acme": _brand()})


def _words(raw: bytes) -> None:
    text = raw.decode("utf-8", "replace")
    folded = normalise.fold(text)
    assert normalise.fold(folded) == folded, "folding twice is not folding once"
    normalise.tokens(text)
    normalise.spoken(text)
    normalise.plain(text)
    language.language_of(text)
    _matcher().explain(text)


def _address(raw: bytes) -> None:
    url = raw.decode("utf-8", "replace")
    once = identity.canonical_url(url)
    assert identity.canonical_url(once) == once, f"{url!r} becomes {once!r}, and that something else"
    identity.web_id(url)
    identity.post_id(url)
    identity.name_of(url)


# Sources


def _feed(media_type: str, raw: bytes) -> None:
    found = read_feed(raw, media_type, "https://paper.example/rss")
    for entry in found.entries:
        msgspec.json.encode(entry).decode()


def _bluesky(name: str) -> Callable[[bytes], object]:
    wire = make_wire(name)
    wanted = SimpleNamespace(digest="1", brands={"acme": _brand()}, knows=lambda _mention: True)
    listener = Listener(wanted, wire)

    def hear(raw: bytes) -> None:
        wire.glance(raw)
        wire.read(raw)
        wire.complaint(raw)
        msgspec.json.encode(listener.hear(raw))

    return hear


def _mastodon(raw: bytes) -> None:
    status = read_status(raw)
    read_id(raw)
    if status is not None:
        say(status)


def _timeline(raw: bytes) -> None:
    rest = Rest.__new__(Rest)
    rest.host = "mastodon.example"
    rest._read_page(raw)


def _x(raw: bytes) -> None:
    line = read_line(raw)
    if line is not None and line.data is not None:
        msgspec.json.encode(mention_of(line.data, line.includes.users))


def _date_of_x(raw: bytes) -> None:
    _date_of({"Date": raw.decode("latin-1")})


def _pages_of_x(raw: bytes) -> None:
    for post in _decoded(PAGE, raw).data:
        mention_of(post, ())


def _webhook(translation: Any) -> Callable[[bytes], object]:
    def translate(raw: bytes) -> None:
        found = translation.translate(raw, NOON)
        # What is handed on is in the interchange format.
        msgspec.json.encode([mention for _, mention in found.mentions])
        msgspec.json.encode(found.faults)

    return translate


_KEY = "whsec_" + "QUJD" * 8
_PROOFS = (
    proof.Standard([_KEY]), proof.Meta(["s"]), proof.Bearer(["a secret"]), proof.Header(["a secret"], "x-api-key"),
    proof.Basic(["a secret"], "buzzwatch"), proof.Address(["a secret"]),
)  # fmt: skip


def _proof(raw: bytes) -> None:
    lines = raw.decode("utf-8", "surrogateescape").split("\n")
    headers = dict.fromkeys(
        ("webhook-id", "webhook-timestamp", "webhook-signature", "x-hub-signature-256", "authorization", "x-api-key"),
        "",
    )
    headers |= {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    shown = proof.Shown(headers, lines[-1])
    for each in _PROOFS:
        if each.is_plausible(shown, NOON) and "a secret" not in raw.decode("utf-8", "replace"):
            assert not each.holds(shown, b"{}") or isinstance(each, proof.Basic), "believed without the secret"
    is_same(lines[0], "a secret")


def _door(raw: bytes) -> None:
    """What stands in headers that no proof looks at, and a body that is said to be gzip."""
    text = raw[:500].decode("latin-1")
    request = SimpleNamespace(
        headers={"X-Forwarded-For": text, "Host": text, "Content-Encoding": "gzip"}, remote="127.0.0.1"
    )
    assert len(address_of(request)) <= 64
    with suppress(NotAdmittedError):
        refuse_pages(request, "127.0.0.1")
    choose_language(text, "fr")
    payload_of(request, raw)


# Files


def _file_of(raw: bytes) -> Path:
    folder = Path(tempfile.gettempdir()) / "buzzwatch-fuzz"
    folder.mkdir(exist_ok=True)
    path = folder / f"input-{_PID}"
    path.write_bytes(raw)
    return path


_PID = os.getpid()


@cache
def _presets() -> dict[str, Any]:
    return {name: load_preset(name, PARIS) for name in preset_names()}


def _export(raw: bytes) -> None:
    path, refusals = _file_of(raw), []
    found = looks_like(path, _presets().values())
    mapping = _presets()[found or "talkwalker"]
    for chunk in read_export(path, mapping, lambda *refused: refusals.append(refused)):
        assert not decode(chunk.payload).refused


def _json_lines(raw: bytes) -> None:
    for chunk in read_file(_file_of(raw)):
        decode(chunk.payload)


def _calendar(raw: bytes) -> None:
    people = (ical.Reader("ines", "Inès", ("ines@acme.example",)), ical.Reader("karim", "Karim"))
    since, until = ical.window(NOON)
    ical.read(ical.Question(raw.decode("utf-8", "replace"), since, until, "Europe/Paris", people))


def _rules(name: str, raw: bytes) -> None:
    text = raw.decode("utf-8", "replace")
    files = {"acme.yaml": (ROOT / "tests/fuzz/acme.yaml").read_text("utf-8"), name: text}
    load(files)


def _configuration(raw: bytes) -> None:
    document = parse("buzzwatch.yaml", raw.decode("utf-8", "replace"), blot_values)
    surroundings = daemon_config.Surroundings(Path("/etc/buzzwatch"), "state")
    validate(document, daemon_config.Config, surroundings, daemon_config._PRIVATE)


def _mapping(raw: bytes) -> None:
    validate(parse("own.yaml", raw.decode("utf-8", "replace")), MappingFile).compiled("own", UTC)


def _snapshot(raw: bytes) -> None:
    folder = Path(tempfile.gettempdir()) / f"buzzwatch-fuzz-{_PID}"
    folder.mkdir(exist_ok=True)
    (folder / "snapshot-000000000000001").write_bytes(raw)
    read_snapshots(folder, 2)


# Slack, people, links


def _slack(raw: bytes) -> None:
    with suppress(RefusedError, TransientDeliveryError):
        judge(200, {"Retry-After": raw[:20].decode("latin-1")}, raw)
    text = raw.decode("utf-8", "replace")
    read_choice(text, "fr")
    with suppress(ValueError, RecursionError):
        msgspec.convert(json.loads(text), _Pressed)


def _typed(raw: bytes) -> None:
    text = raw.decode("utf-8", "replace")
    read_until(text, PARIS, NOON)
    read_span(text)
    read_date(text)
    is_filter(text)
    Place.load(text)
    choose_language(text, "fr")


def _dates(seed: str) -> list[bytes]:
    return [seed.encode(), datetime(2026, 11, 25, 12, tzinfo=UTC).isoformat().encode(), b"23:40", b"mentions/+/#"]


def _files(folder: str, pattern: str) -> list[bytes]:
    return [path.read_bytes()[:20_000] for path in sorted((ROOT / folder).glob(pattern))]


PARSERS: dict[str, Parser] = {
    "mentions": Parser(_mentions, [to_json(examples.MENTION), to_json([examples.MENTION, {"id": 1}]), to_json(examples.MENTION) + b"\n" + to_json(examples.MENTION)]),
    "words": Parser(_words, ["L'été à Orly, c'est NUL !!! #AcmeHonte 🙃 ﬁ Ｆ\u202e".encode(), b"&amp;&#x41;<b>"]),
    "addresses": Parser(_address, [
        b"https://www.X.com/lea/status/1?utm_source=a#b", "https://exämple.fr:443/%e2%82%ac/../a;b?x=1&&y".encode(),
        b"https://bsky.app/profile/did:plc:a/post/3k", b"http://[::1]:80/", b"//a", b"https://amp.paper.example/amp/1",
        b"https://youtu.be/abcdefghijk?t=1", b"https://www.facebook.com/a/posts/1",
    ]),
    "feed": Parser(partial(_feed, "application/xml"), [examples.RSS, examples.ATOM, examples.BOMB, examples.JSON_FEED], (NoFeedError,)),
    "feed in another coding": Parser(partial(_feed, "text/xml; charset=utf-16"), [examples.RSS.decode().encode("utf-16")], (NoFeedError,)),
    "html": Parser(_text(read_html), [examples.STATUS["content"].encode(), b"<p class=quote-inline>a</p><img alt='b'><script>x</script>"]),
    "bluesky": Parser(_bluesky("v1"), [json.dumps(examples.POST, separators=(",", ":")).encode(), b'{"did":"did:plc:a","time_us":1795608000000000,"kind":"account","account":{"active":false,"status":"deleted"}}']),
    "bluesky in its second form": Parser(_bluesky("v2"), [to_json(examples.FRAME), b'{"$type":"error","error":"a","message":"b"}']),
    "mastodon": Parser(_mastodon, [to_json(examples.STATUS)]),
    "timelines of mastodon": Parser(_timeline, [to_json([examples.STATUS, examples.STATUS])], (WireError,)),
    "x": Parser(_x, [to_json(examples.LINE)]),
    "dates of x": Parser(_date_of_x, [b"Wed, 25 Nov 2026 10:00:00 GMT", b"Wed Nov 25 10:00:00 2026", b"Mon, 01 Jan 0001 00:00:00 +2300"]),
    "pages of x": Parser(_pages_of_x, [to_json({"data": [examples.LINE["data"]], "meta": {"next_token": "a"}})], (XError,)),
    "webhook of meta": Parser(_webhook(ByMeta()), [to_json(examples.META)], (UnreadableError,)),
    **{
        f"webhook by {name}": Parser(_webhook(ByMapping(load_preset(name, PARIS))), _files("tests/sources/exports", f"{name}*.json") or [b"{}"], (UnreadableError,))
        for name in preset_names()
    },
    "proofs": Parser(_proof, [examples.HEADERS]),
    "doors": Parser(_door, [gzip.compress(to_json(examples.MENTION), 1), b"203.0.113.7, ::1", b"[::1]:8787"], (NotAdmittedError,)),
    "exports": Parser(_export, _files("tests/sources/exports", "*"), (FileFaultError,)),
    "files of mentions": Parser(_json_lines, [to_json(examples.MENTION), to_json([examples.MENTION])], (FileFaultError,)),
    "calendars of shifts": Parser(_calendar, [examples.ICAL], (ical.CalendarError,)),
    "a brand": Parser(partial(_rules, "acme.yaml"), _files("tests/fuzz", "acme.yaml"), (RuleFaults,)),
    "oncall": Parser(partial(_rules, "oncall.yaml"), _files("rules", "oncall.yaml"), (RuleFaults,)),
    "campaigns": Parser(partial(_rules, CALENDAR[0]), [b"campaigns:\n  - {from: '2026-11-25 00:00', until: '2026-11-28 00:00', brand: acme, expect: 3x, why: Noel}\n"], (RuleFaults,)),
    "configuration": Parser(_configuration, [examples.CONFIG], (RuleFaults,)),
    "mappings": Parser(_mapping, [b"id: id\ntext: [title, body]\ncreated_at: {at: posted, dates: epoch}\n"], (RuleFaults,)),
    "snapshots": Parser(_snapshot, [b"buzzwatch-snapshot-1\n" + bytes(32) + b"\x80"]),
    "slack": Parser(_slack, [b'{"ok": true, "ts": "1.2"}', b'{"ok": false, "error": "ratelimited"}',
                             b'{"user": {"id": "U1"}, "actions": [{"action_id": "take", "value": "acme-1"}]}', b"snooze 15m acme-1"]),
    "what people type": Parser(_typed, _dates("2026-11-26 08:00")),
}  # fmt: skip


def look(name: str, raw: bytes) -> None:
    """Call a parser; whatever it raises that it may not, passes."""
    parser = PARSERS[name]
    with suppress(*parser.told):
        parser.call(raw)
