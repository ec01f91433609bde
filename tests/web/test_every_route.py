"""What holds for every route of the public side: found by going over the router, so that a new one cannot forget it."""

import json
import re
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from aiohttp.test_utils import TestClient, TestServer

from buzzwatch.clock import VirtualClock
from buzzwatch.web.metrics import Metrics
from buzzwatch.web.public import public_app
from buzzwatch.web.slack import PATH as SLACK
from buzzwatch.web.slack import add_slack_answers

NOW = 1_795_473_600_000
CODE = "k7Qm2xZ9"
"""Of the link that the desk knows."""
SIGNED = {SLACK}
"""Routes that programs post to, each request signed: they need no page of ours."""
OURS = {"Origin": "http://bw.example", "Sec-Fetch-Site": "same-origin"}
FOREIGN = [
    {},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://bw.example", "Sec-Fetch-Site": "cross-site"},
]
POLICY = {"default-src": "'none'", "base-uri": "'none'", "frame-ancestors": "'none'", "form-action": "'self'"}
"""Of every answer; a page without forms may allow none."""
_LOADING = {
    ("script", "src"),
    ("link", "href"),
    ("img", "src"),
    ("form", "action"),
    ("button", "formaction"),
    ("iframe", "src"),
}
_GROUP = re.compile(r"\{(\w+)(?::((?:[^{}]|\{[^{}]*\})+))?\}")


async def _hear(_payload):
    """Nobody listens."""


def make_app(desk):
    app = public_app(desk, Metrics("0"), "http://bw.example")
    add_slack_answers(app, lambda: "a secret", _hear, VirtualClock(NOW))
    return app


def fill(path):
    """A path of a route, with something in the place of what varies."""

    def one(group):
        name, pattern = group[1], group[2] or "x"
        if name == "code":
            return CODE
        return pattern.split("|")[0] if re.fullmatch(r"[\w|-]+", pattern) else "x"

    return _GROUP.sub(one, path)


def routes(desk):
    """Method and path of each route."""
    found = set()
    for route in make_app(desk).router.routes():
        told = route.resource.get_info()
        found.add((route.method, fill(_written(told))))
    return sorted(found)


def _written(told):
    if "path" in told:
        return told["path"]
    pattern = told["pattern"].pattern
    return re.sub(r"\(\?P<(\w+)>((?:[^()]|\([^()]*\))*)\)", r"{\1:\2}", pattern).replace("\\", "")


@pytest.fixture
async def client(desk):
    async with TestClient(TestServer(make_app(desk))) as client:
        yield client


class Seen(HTMLParser):
    """What a page loads, and what of it would run or paint by itself."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.inline, self._within = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self._within = tag
        told = dict(attrs)
        self.inline += [f"{tag} {name}" for name in told if name.startswith("on") or name == "style"]
        self.inline += [tag] if tag == "style" or (tag == "script" and "src" not in told) else []
        self.loads += [told[name] or "" for name in told if (tag, name) in _LOADING]
        self.inline += [
            f"{name}={value}" for name, value in attrs if re.match(r"\s*(javascript|data|vbscript):", value or "")
        ]

    def handle_data(self, data):
        if self._within in {"script", "style"} and data.strip():
            self.inline.append(data)


def assert_guarded(response, told):
    """The headers that every answer bears."""
    policy = dict(part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";"))
    assert {name: policy[name] for name in POLICY} in (POLICY, POLICY | {"form-action": "'none'"}), told
    assert set(" ".join(policy.values()).split()) <= {"'none'", "'self'"}, told
    assert response.headers["X-Content-Type-Options"] == "nosniff", told
    assert response.headers["Referrer-Policy"] == "same-origin", told
    assert "noindex" in response.headers["X-Robots-Tag"], told
    assert "Cache-Control" in response.headers, told
    assert "Set-Cookie" not in response.headers, told


async def answer_to(client, method, path, **more):
    """Status, the response, and its text; of a stream nothing is waited for."""
    async with client.request(method, path, allow_redirects=False, **more) as response:
        text = "" if response.content_type == "text/event-stream" else await response.text()
        return response, text


async def test_there_are_routes_to_go_over(desk):
    found = routes(desk)
    assert ("GET", f"/i/{CODE}") in found
    assert ("POST", f"/i/{CODE}/confirm") in found
    assert len(found) >= 12


async def test_every_answer_refusals_included_bears_the_headers_and_every_page_is_without_inline_code(client, desk):
    paths = {path for _, path in routes(desk)}
    asked = [(method, path) for method in ("GET", "HEAD", "POST", "PUT", "OPTIONS") for path in sorted(paths)]
    asked += [("GET", path.replace(CODE, "nobodys")) for path in sorted(paths)] + [
        ("GET", "/nowhere"),
        ("POST", "/nowhere"),
    ]
    for method, path in asked:
        for language in ("fr", "en"):
            response, text = await answer_to(client, method, path, headers={"Accept-Language": language})
            assert response.status < 500, (method, path)
            assert_guarded(response, (method, path))
            if response.content_type == "text/html":
                seen = Seen(text)
                assert not seen.inline, (method, path, seen.inline)
                assert not [each for each in seen.loads if re.match(r"[a-z+.-]*:|//", each)], (method, path, seen.loads)


async def test_an_answer_that_failed_bears_them_as_well(client, desk, monkeypatch, caplog):
    async def fail(_code):
        raise RuntimeError("a hidden reason")

    monkeypatch.setattr(desk, "page", fail)
    response, text = await answer_to(client, "GET", f"/i/{CODE}")
    assert response.status == 500
    assert_guarded(response, "a failure")
    assert "hidden" not in text
    caplog.clear()


@pytest.mark.parametrize("headers", FOREIGN, ids=json.dumps)
async def test_no_post_of_another_site_does_anything(client, desk, headers):
    posts = [path for method, path in routes(desk) if method in {"POST", "*"}]
    assert posts
    for path in posts:
        form = {"name": "ines", "span": "15m", "until": "23:50", "why": "x", "post": "negative x:1", "shown": "x"}
        response, _ = await answer_to(client, "POST", path, data=form, headers=headers)
        assert response.status == (401 if path in SIGNED else 403), path
    assert (desk.replies, desk.marks, desk.hushes) == ([], {}, [])


async def test_our_own_page_may_post_everywhere(client, desk):
    for method, path in routes(desk):
        if method == "POST" and path not in SIGNED:
            response, _ = await answer_to(client, "POST", path, data={"name": "ines"}, headers=OURS)
            assert response.status not in {401, 403}, path


async def test_no_get_does_anything(client, desk):
    for method, path in routes(desk):
        if method == "GET":
            await answer_to(client, "GET", path, headers=OURS)
            await answer_to(client, "GET", f"{path}?name=ines&as=ines&post=negative+x:1", headers=OURS)
    assert (desk.replies, desk.marks, desk.hushes, desk.reloads) == ([], {}, [], [])


def test_every_file_that_pages_load_asks_for_nothing_from_elsewhere():
    for file in files("buzzwatch.web").joinpath("static").iterdir():
        if file.name.endswith((".css", ".js")):
            text = file.read_text("utf-8")
            assert not re.search(r"@import|url\(\s*['\"]?(?:https?:)?//|https?://(?!www\.w3\.org/)", text), file.name
            assert not re.search(r"\beval\(|new Function|innerHTML|document\.write", text), file.name


def test_no_template_writes_inline_code():
    for file in files("buzzwatch.web").joinpath("templates").iterdir():
        text = file.read_text("utf-8")
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|\|\s*safe\b", text), file.name
