"""X as its documents describe it, on a loopback port: stream, rules, recent search, and its rude answers."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import formatdate

from aiohttp import web

_EPOCH = 1_288_834_974_657
_LOOKS = 0.02
"""Seconds between looks whether a client is still there."""
TOKEN = "bearer-of-the-app"


def id_at(instant: int, number: int = 0) -> int:
    """The id of a post of that instant (ms)."""
    return ((instant - _EPOCH) << 22) + number


def problem(title: str, **more: str) -> dict[str, str]:
    return {"title": title, "detail": f"{title} it is.", "type": f"https://api.x.com/2/problems/{title}"} | more


TOO_MANY = problem("ConnectionException", connection_issue="TooManyConnections")
OPERATIONAL = {
    "errors": [problem("operational-disconnect", disconnect_type="UpstreamOperationalDisconnect")],
}


class XStandIn:
    """One app at X. `refusals` are given to the next requests of a path: (status, headers, body)."""

    host = "127.0.0.1"

    def __init__(self, now: Callable[[], int]) -> None:
        self.now = now
        self.date: str | None = None
        """What its answers are dated; None: as it is."""
        self.port = 0
        self.token = TOKEN
        self.rules: dict[str, dict[str, str]] = {}
        self.most_rules = 1_000
        self.invalid: set[str] = set()
        self.whole_batch_fails = False
        self.posts: list[dict] = []
        self.page_size = 100
        self.refusals: dict[str, deque[tuple[int, dict[str, str], object]]] = defaultdict(deque)
        self.requests: list[tuple[str, str, dict]] = []
        self.streams: dict[web.StreamResponse, asyncio.Event] = {}
        """Those that are open, each with what ends it."""
        self.most_streams = 1
        self.beats: float | None = None
        """Seconds between signs of life; None: when `beat` is called."""
        self.search_lags_until: int | None = None
        self._ids = iter(range(1, 10**9))
        self._changed = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        """Listen, on the port of the last time if there was one."""
        application = web.Application()
        application.on_response_prepare.append(self._date)
        application.router.add_get("/2/tweets/search/stream", self._stream)
        application.router.add_get("/2/tweets/search/stream/rules", self._list_rules)
        application.router.add_post("/2/tweets/search/stream/rules", self._change_rules)
        application.router.add_get("/2/tweets/search/recent", self._search)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1, handler_cancellation=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port, reuse_address=True)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        await self.cut()
        for _ in range(5):
            await asyncio.sleep(0)  # lets the handlers end
        await self._runner.cleanup()

    # What happens at X

    async def say(self, number: int, at: int, **more: object) -> dict:
        """Now there is a post about acme with that number, made at that instant (ms)."""
        post = self.post(number, at, **more)
        self.posts.append(post)
        await self.deliver(post)
        return post

    def post(self, number: int, at: int, **more: object) -> dict:
        key = str(id_at(at, number))
        return {
            "id": key,
            "text": f"acme is late again, number {number}",
            "author_id": "42",
            "conversation_id": key,
            "created_at": datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "edit_history_tweet_ids": [key],
            "lang": "en",
            "public_metrics": {"retweet_count": 1, "reply_count": 2, "like_count": 3, "impression_count": 4},
        } | more

    async def deliver(self, *posts: dict) -> None:
        await self.send(b"".join(self.line(post) for post in posts))

    def line(self, post: dict) -> bytes:
        matching = [{"id": key, "tag": rule.get("tag", "")} for key, rule in list(self.rules.items())[:1]]
        told = {"data": post, "includes": {"users": [self.user]}, "matching_rules": matching}
        return json.dumps(told).encode() + b"\r\n"

    user = {"id": "42", "username": "lea", "name": "Léa", "public_metrics": {"followers_count": 1200}}  # noqa: RUF012

    async def send(self, raw: bytes) -> None:
        for stream in list(self.streams):
            with suppress(ConnectionError):
                await stream.write(raw)

    async def beat(self) -> None:
        await self.send(b"\r\n")

    async def end(self, told: object) -> None:
        """Say why, and close every stream in order."""
        await self.send(json.dumps(told).encode() + b"\r\n")
        for ended in self.streams.values():
            ended.set()
        self.streams.clear()

    async def cut(self) -> None:
        """Break every connection in the middle."""
        for stream, ended in self.streams.items():
            if stream._req is not None and stream._req.transport is not None:
                stream._req.transport.abort()
            ended.set()
        self.streams.clear()

    async def until(self, fact) -> None:
        """Return once it is so; it may become so at each request."""
        async with asyncio.timeout(30):
            while not fact():
                self._changed.clear()
                await self._changed.wait()

    def asked(self, method: str, end: str) -> list[dict]:
        """What was asked of a path, in order."""
        return [asked for how, path, asked in self.requests if how == method and path.endswith(end)]

    # The wire

    async def _date(self, _request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = formatdate(self.now() / 1000, usegmt=True) if self.date is None else self.date

    async def _refused(self, request: web.Request, asked: dict) -> web.Response | None:
        self.requests.append((request.method, request.path, asked))
        self._changed.set()
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response(problem("Unauthorized"), status=401)
        if self.refusals[request.path]:
            status, headers, body = self.refusals[request.path].popleft()
            if status == 0:
                request.transport.abort()
            return web.json_response(body, status=status or 500, headers=headers)
        return None

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        if refused := await self._refused(request, dict(request.query)):
            return refused
        if not self.rules:
            return web.json_response(TOO_MANY | {"connection_issue": "RuleConfigurationIssue"}, status=409)
        if len(self.streams) >= self.most_streams:
            return web.json_response(TOO_MANY, status=429)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        self.streams[response] = ended = asyncio.Event()
        self._changed.set()
        try:
            while not ended.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), self.beats or _LOOKS)
                if request.transport is None or request.transport.is_closing():
                    break
                if self.beats and not ended.is_set():
                    await response.write(b"\r\n")
        finally:
            self.streams.pop(response, None)
            self._changed.set()
        return response

    async def _list_rules(self, request: web.Request) -> web.Response:
        if refused := await self._refused(request, dict(request.query)):
            return refused
        start = int(request.query.get("pagination_token", "0"))
        there = [{"id": key} | rule for key, rule in self.rules.items()]
        meta = {"sent": "2026-11-26T10:00:00.000Z", "result_count": len(there)}
        if start + self.page_size < len(there):
            meta["next_token"] = str(start + self.page_size)
        return web.json_response({"data": there[start : start + self.page_size], "meta": meta})

    async def _change_rules(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if refused := await self._refused(request, asked):
            return refused
        if "delete" in asked:
            for key in asked["delete"]["ids"]:
                self.rules.pop(key, None)
            return web.json_response({"meta": {"summary": {"deleted": len(asked["delete"]["ids"]), "not_deleted": 0}}})
        errors = [error for rule in asked["add"] if (error := self._fault(rule))]
        if errors and self.whole_batch_fails:
            return web.json_response({"errors": errors, "title": "Invalid Request"}, status=400)
        faulty = {error["value"] for error in errors}
        made = [rule for rule in asked["add"] if rule["value"] not in faulty]
        created = {str(next(self._ids)): rule for rule in made}
        self.rules |= created
        body = {"data": [{"id": key} | rule for key, rule in created.items()], "errors": errors}
        body["meta"] = {"summary": {"created": len(created), "not_created": len(errors)}}
        return web.json_response(body if errors else body | {"errors": []}, status=201)

    def _fault(self, rule: dict[str, str]) -> dict | None:
        value = rule["value"]
        if any(rule["value"] == value for rule in self.rules.values()):
            return {"value": value, "title": "DuplicateRule", "type": "https://api.x.com/2/problems/duplicate-rules"}
        if any(word in value for word in self.invalid):
            return {"value": value, "details": ["Ambiguous use of and"], "title": "UnprocessableEntity"}
        if len(self.rules) >= self.most_rules:
            return {"value": value, "title": "RulesCapExceeded"}
        return None

    async def _search(self, request: web.Request) -> web.Response:
        if refused := await self._refused(request, dict(request.query)):
            return refused
        since, until = int(request.query["since_id"]), int(request.query.get("until_id", 1 << 63))
        found = [post for post in self.posts if since < int(post["id"]) < until]
        found.sort(key=lambda post: -int(post["id"]))
        start = int(request.query.get("next_token", "0"))
        size = min(self.page_size, int(request.query["max_results"]))
        page = found[start : start + size]
        meta: dict[str, object] = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": page[0]["id"], "oldest_id": page[-1]["id"]}
        if start + size < len(found):
            meta["next_token"] = str(start + size)
        return web.json_response(
            {"data": page, "includes": {"users": [self.user]}, "meta": meta} if page else {"meta": meta}
        )
