"""Payloads and requests as nobody ought to send them: mutations of real shapes, and lies about HTTP around them."""

import gzip
import json
import random
import re
import zlib

POOL = 5_000
"""Ids that mutated mentions begin with: so few that repeats and edits of the same are among them."""
TIME = "2026-11-25T12:00:00Z"
_DEEP = ((b"[", b"]"), (b'{"a":', b"}"), (b'{"author":', b"}"))
_ODD = (
    '"\\ud800"', '"\\u0000"', '"\\udc00\\ud800"', "1e999", "-1e999", "1" * 400, "0.1e-400", "NaN", "Infinity", "null",
    "true", "[]", "{}", '""', '"' + "é" * 300 + '"', "[[[[1]]]]", '{"id": {"id": 1}}', "-0", "9" * 30, '"2026-02-30"',
)  # fmt: skip
_ID = re.compile(rb'"id"\s*:\s*("(?:[^"\\]|\\.)*")', re.DOTALL)
_LONE = re.compile("[\ud800-\udfff]")


def mention(chance: random.Random) -> dict[str, object]:
    """A right one."""
    number = chance.randrange(POOL)
    return {
        "id": f"h:{number}", "source": chance.choice(["x", "bluesky", None]),
        "author": {"id": str(number % 97), "handle": "@eve", "name": "Ève", "followers": chance.randrange(9_000)},
        "text": chance.choice(["Acme, jamais plus", "acme \u202e\u2066 أهلا 🙃", "<!channel> acme <script>"]),
        "created_at": TIME, "url": "https://x.example/1", "thread": f"h:{number % 50}", "kind": "reply",
        "engagement": {"likes": 3, "reposts": 1, "replies": 0, "views": 90}, "deleted": False,
    }  # fmt: skip


def _truncated(chance: random.Random, body: bytes) -> bytes:
    return body[: chance.randrange(len(body))]


def _flipped(chance: random.Random, body: bytes) -> bytes:
    flipped = bytearray(body)
    for _ in range(chance.randint(1, 6)):
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def _nested(chance: random.Random, body: bytes) -> bytes:
    opening, closing = chance.choice(_DEEP)
    depth = chance.choice([31, 32, 33, 200, 2_000])
    return opening * depth + body + closing * depth


def _odd_value(chance: random.Random, body: bytes) -> bytes:
    values = list(re.finditer(rb":\s*(\"[^\"]*\"|\d+|null|false)", body))
    place = chance.choice(values)
    return body[: place.start(1)] + chance.choice(_ODD).encode() + body[place.end(1) :]


def _twice(chance: random.Random, body: bytes) -> bytes:
    key = chance.choice(["id", "text", "created_at", "author", "deleted", "brand"])
    return body[:-1] + f', "{key}": {chance.choice(_ODD)}, "{key}": {chance.choice(_ODD)}'.encode() + b"}"


def _many(chance: random.Random, body: bytes) -> bytes:
    parts = [_flipped(chance, body) if chance.random() < 0.5 else body for _ in range(chance.randint(2, 6))]
    return b"\n".join(parts) if chance.random() < 0.5 else b"[" + b",".join(parts) + b"]"


def _noise(chance: random.Random, _body: bytes) -> bytes:
    return chance.randbytes(chance.randint(0, 300))


def _empty(chance: random.Random, _body: bytes) -> bytes:
    return chance.choice([b"", b" ", b"\n\n", b"\xef\xbb\xbf", b"\0", b"[]", b"{}", b"null"])


def _taken_back(_chance: random.Random, body: bytes) -> bytes:
    return body.replace(b'"deleted": false', b'"deleted": true')


def _as_it_is(_chance: random.Random, body: bytes) -> bytes:
    return body


_MUTATIONS = (
    _truncated, _flipped, _flipped, _nested, _odd_value, _odd_value, _twice, _many, _noise, _empty, _taken_back,
    _as_it_is,
)  # fmt: skip


def payload(chance: random.Random) -> bytes:
    """One to be refused, mostly."""
    body = json.dumps(mention(chance), ensure_ascii=chance.random() < 0.5).encode()
    return chance.choice(_MUTATIONS)(chance, body)


def ids_in(body: bytes) -> set[str]:
    """Under which ids mentions of a payload could be stored at most, found without our decoder."""
    found = set()
    for each in _ID.findall(body):
        try:
            told = json.loads(each.decode(errors="replace"), strict=False)
        except ValueError:
            continue
        found.add(_LONE.sub("\N{REPLACEMENT CHARACTER}", told.replace("\0", "\N{REPLACEMENT CHARACTER}")))
    return found


# Around payloads, over HTTP


def request(path: str, body: bytes, *headers: str) -> bytes:
    """A right request."""
    head = "".join(f"{each}\r\n" for each in headers)
    kind = (
        "" if any(each.lower().startswith("content-type") for each in headers) else "Content-Type: application/json\r\n"
    )
    return (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{kind}{head}Content-Length: {len(body)}\r\n\r\n").encode(
        "latin-1"
    ) + body


def coded(chance: random.Random, path: str, body: bytes) -> bytes:
    """In a content coding, or said to be in one."""
    bomb = chance.random() < 0.002  # each costs us 8 MB to find out
    packed = gzip.compress(bytes(9_000_000), 1) if bomb else gzip.compress(body, 1)
    body, coding = chance.choice([
        (packed, "gzip"), (packed[: len(packed) // 2], "gzip"), (packed + packed, "gzip"), (body, "gzip"),
        (zlib.compress(body), "deflate"), (body, "br"), (packed, "gzip, gzip"), (_flipped(chance, packed), "gzip"),
    ])  # fmt: skip
    return request(path, body, f"Content-Encoding: {coding}")


def lie(chance: random.Random, path: str, body: bytes) -> bytes:
    """A request that is none, or that is not what it says; the connection is of no more use afterwards."""
    start = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n".encode()
    return chance.choice([
        start + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n" + body,
        start + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc\r\n0\r\n\r\n",
        start + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + body + b"\r\n0\r\n\r\n",
        start + b"Transfer-Encoding: chunked\r\n\r\n%x;%s\r\n%s\r\n0\r\n\r\n" % (len(body), b"x" * 300, body),
        start + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + body,
        start + b"Content-Length: 5\r\nContent-Length: 500\r\n\r\n" + body,
        start + b"Content-Length: -1\r\n\r\n" + body,
        start + b"Content-Length: 99999999999999999999\r\n\r\n" + body,
        start + b"X: y\r\n" * chance.choice([200, 20_000]) + b"\r\n",
        start + b"X: " + b"y" * chance.choice([9_000, 300_000]) + b"\r\n\r\n",
        b"POST /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        start + b"Content-Length: 5\r\n\r\n{", chance.randbytes(200),
        start + b"Content-Type: text/\xff\r\nContent-Length: 2\r\n\r\n{}",
        start + b"Expect: 1000-nothing\r\nContent-Length: 2\r\n\r\n{}",
        start + b"Upgrade: websocket\r\nConnection: upgrade\r\nContent-Length: 2\r\n\r\n{}",
        b"POST /%ff%00/../..//mentions?\xff HTTP/1.1\r\nHost: \xff\r\nContent-Length: 0\r\n\r\n",
    ])  # fmt: skip
