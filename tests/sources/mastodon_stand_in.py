"""An instance that speaks as Mastodon's documents say, on 127.0.0.1, and misbehaves when told to.

REST as in docs.joinmastodon.org (/methods/timelines, /methods/statuses, /methods/instance, /api/rate-limits, pagination
by Link headers), streams as WebSocket and as server-sent events as in /methods/streaming and `streaming/index.js`.
"""

import asyncio
import contextlib
import json
from collections import Counter
from datetime import UTC, datetime
from urllib.parse import quote

from aiohttp import WSMsgType, web

TOKEN = "s3cret-token"
BEGAN = 1_790_000_000_000


class MastodonStandIn:
    """`statuses` are entities, the oldest first; what the other attributes say is obeyed from then on."""

    def __init__(self, domain="mastodon.example"):
        self.domain = domain
        self.port = 0
        self.statuses = []
        self.token = TOKEN
        self.asked = Counter()
        """How often each path was asked for, without ids."""
        self.queries = []
        self.subscribed = []
        """The messages of all connections that asked for a stream, or to end it."""
        self.refuse = 0
        """Answer everything with this HTTP status."""
        self.limit_after = None
        """So many requests are granted; then 429 until `limit_reset`, an instant, of which the header tells."""
        self.limit_headers = {}
        self.closed_timeline = False
        """Streams carry deletions alone, and timelines are empty."""
        self.timelines_access = {}
        """What is said of who may read which timeline."""
        self.streaming_at = ""
        """Where streams are said to be served."""
        self.stalled = False
        """Streams carry nothing, and pings are answered."""
        self.half_open = False
        """Nothing is read from a WebSocket, so that no ping is answered."""
        self.broken_page = b""
        """Answer timelines with this instead."""
        self.refuse_stream = None
        self._serial = 0
        self._connections = []
        self._events = set()
        self._runner = None

    # Life

    async def start(self):
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/api/v1/instance", self._instance)
        app.router.add_get("/api/v2/instance", self._instance)
        app.router.add_get("/api/v1/timelines/public", self._public)
        app.router.add_get("/api/v1/timelines/tag/{tag}", self._tag)
        app.router.add_get("/api/v1/statuses", self._many)
        app.router.add_get("/api/v1/statuses/{id}", self._one)
        app.router.add_get("/api/v1/statuses/{id}/context", self._context)
        app.router.add_get("/api/v1/streaming", self._stream)
        app.router.add_get("/api/v1/streaming/{name:.+}", self._event_stream)
        self._runner = web.AppRunner(app, shutdown_timeout=0.01, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self):
        """Go without a word, as a machine does that loses its power."""
        self.drop()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    def drop(self):
        """Cut all streams; whoever reconnects is welcome."""
        for connection in self._connections:
            connection.transport.abort()
        self._connections = []
        for queue in list(self._events):
            queue.put_nowait(None)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def listeners(self):
        return len(self._connections)

    # What happens on the instance

    def say(self, number, at):
        """Now there is a post with that number."""
        return self.post(f"<p>acme {number}</p>", at=at, uri=f"https://{self.domain}/users/lea/statuses/n{number}")

    def post(self, content, *, at=BEGAN, acct="lea", tags=(), unheard=False, account=None, **more):
        """A status by somebody, on the streams unless it is `unheard`; its entity."""
        self._serial += 1
        local = str((at << 16) + self._serial)
        domain = acct.partition("@")[2] or self.domain
        name = acct.partition("@")[0]
        status = {
            "id": local,
            "created_at": datetime.fromtimestamp(at / 1000, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "in_reply_to_id": None,
            "in_reply_to_account_id": None,
            "sensitive": False,
            "spoiler_text": "",
            "visibility": "public",
            "language": "fr",
            "uri": f"https://{domain}/users/{name}/statuses/{local}",
            "url": f"https://{domain}/@{name}/{local}",
            "replies_count": 0,
            "reblogs_count": 2,
            "favourites_count": 3,
            "edited_at": None,
            "content": content,
            "reblog": None,
            "account": {
                "id": "7",
                "username": name,
                "acct": acct,
                "display_name": "Léa",
                "locked": False,
                "bot": False,
                "note": "<p>hello</p>",
                "url": f"https://{domain}/@{name}",
                "followers_count": 1200,
                "following_count": 3,
                "statuses_count": 9,
                "emojis": [],
                "fields": [],
                "created_at": "2020-01-01T00:00:00.000Z",
            }
            | (account or {}),
            "media_attachments": [],
            "mentions": [],
            "tags": [{"name": tag, "url": f"{self.url}/tags/{tag}"} for tag in tags],
            "emojis": [],
            "card": None,
            "poll": None,
        } | more
        self.statuses.append(status)
        self.statuses.sort(key=lambda each: int(each["id"]))
        if not unheard:
            self.publish("update", status)
        return status

    def edit(self, status, content):
        status |= {"content": content, "edited_at": "2026-11-26T06:00:00.000Z"}
        self.publish("status.update", status)

    def delete(self, status, *, unheard=False):
        self.statuses.remove(status)
        if not unheard:
            self.publish("delete", status["id"], _streams(status))

    def publish(self, event, payload, streams=None):
        """One event to all who hear one of the streams, those of the status where none are named."""
        if self.stalled or (self.closed_timeline and event != "delete"):
            return
        text = payload if isinstance(payload, str) else json.dumps(payload)
        for stream in streams if streams is not None else _streams(payload):
            for connection in self._connections:
                if tuple(stream) in connection.heard:
                    connection.send(json.dumps({"stream": stream, "event": event, "payload": text}))
            for queue in self._events:
                if queue.stream == stream[0]:
                    queue.put_nowait((event, text))

    def send_raw(self, text):
        """Something to all connections, whatever they hear."""
        for connection in self._connections:
            connection.send(text)

    def die_in_mid_message(self):
        """Begin a frame of 500 bytes, send ten, and be gone."""
        for connection in self._connections:
            connection.transport.write(b"\x81\x7e\x01\xf4" + b'{"event": ')
            connection.transport.close()
        self._connections = []

    # REST

    @web.middleware
    async def _guard(self, request, handler):
        self.asked["/".join(part for part in request.path.split("/") if not part.isdigit())] += 1
        self.queries.append(request.query_string)
        if self.refuse:
            return web.json_response({"error": "no"}, status=self.refuse, headers=self.limit_headers)
        if self.limit_after is not None and not request.path.startswith("/api/v1/streaming"):
            self.limit_after -= 1
            if self.limit_after < 0:
                self.limit_after = None
                return web.json_response({"error": "Too many requests"}, status=429, headers=self.limit_headers)
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"error": "The access token is invalid"}, status=401)
        return await handler(request)

    async def _instance(self, request):
        streaming = self.url.replace("http", "ws", 1)
        about = {"title": "stand-in", "version": "4.5.0", "description": ""}
        if request.path.startswith("/api/v1"):
            return web.json_response(about | {"uri": self.domain, "urls": {"streaming_api": streaming}})
        access = {"local": "public", "remote": "public"}
        configuration = {
            "urls": {"streaming": self.streaming_at or streaming},
            "timelines_access": {"live_feeds": access, "hashtag_feeds": access, "trending_link_feeds": access}
            | self.timelines_access,
        }
        return web.json_response(about | {"domain": self.domain, "configuration": configuration})

    async def _public(self, request):
        wanted = {("public",)}
        if request.query.get("local") == "true":
            wanted = {("public:local",)}
        if request.query.get("remote") == "true":
            wanted = {("public:remote",)}
        return self._page(request, wanted)

    async def _tag(self, request):
        return self._page(request, {("hashtag", request.match_info["tag"])})

    def _page(self, request, wanted):
        if self.broken_page:
            return web.Response(body=self.broken_page, content_type="application/json")
        limit = min(int(request.query.get("limit", 20)), 40)
        found = [each for each in self.statuses if wanted & {tuple(stream) for stream in _streams(each)}]
        if self.closed_timeline:
            found = []
        if "min_id" in request.query:
            after = int(request.query["min_id"])
            found = [each for each in found if int(each["id"]) > after][:limit]
        else:
            found = found[-limit:]
        headers = {}
        if found:
            newer, older = found[-1]["id"], found[0]["id"]
            base = f"{self.url}{quote(request.path)}"
            headers["Link"] = f'<{base}?max_id={older}>; rel="next", <{base}?min_id={newer}>; rel="prev"'
        return web.json_response(found[::-1], headers=headers)

    async def _many(self, request):
        asked = request.query.getall("id[]", [])
        if len(asked) > 20:
            return web.json_response({"error": "too many"}, status=422)
        return web.json_response([each for each in self.statuses if each["id"] in asked])

    async def _one(self, request):
        found = self._find(request.match_info["id"])
        return web.json_response(found) if found else web.json_response({"error": "Record not found"}, status=404)

    async def _context(self, request):
        status, ancestors = self._find(request.match_info["id"]), []
        if status is None:
            return web.json_response({"error": "Record not found"}, status=404)
        while status["in_reply_to_id"] and (status := self._find(status["in_reply_to_id"])):
            ancestors.insert(0, status)
        return web.json_response({"ancestors": ancestors, "descendants": []})

    def _find(self, local):
        return next((each for each in self.statuses if each["id"] == local), None)

    # Streams

    async def _stream(self, request):
        socket = web.WebSocketResponse(autoping=not self.half_open)
        await socket.prepare(request)
        connection = _Connection(socket, request.transport)
        self._connections.append(connection)
        try:
            async for message in socket:
                if self.half_open:
                    await asyncio.sleep(3600)
                if message.type is WSMsgType.TEXT:
                    self._subscribe(connection, json.loads(message.data))
        finally:
            connection.close()
            self._connections = [each for each in self._connections if each is not connection]
        return socket

    def _subscribe(self, connection, message):
        self.subscribed.append(message)
        stream = tuple(message[key] for key in ("stream", "tag") if key in message)
        if self.refuse_stream:
            connection.send(json.dumps({"error": self.refuse_stream[0], "status": self.refuse_stream[1]}))
        elif message["type"] == "subscribe":
            connection.heard.add(stream)
        else:
            connection.heard.discard(stream)

    async def _event_stream(self, request):
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        await answer.write(b":)\n")
        queue = asyncio.Queue()
        queue.stream = request.match_info["name"].replace("/", ":")
        self._events.add(queue)
        try:
            while said := await queue.get():
                await answer.write(f"event: {said[0]}\ndata: {said[1]}\n\n".encode())
        finally:
            self._events.discard(queue)
        return answer


class _Connection:
    """A WebSocket and the streams that it asked for; what is sent goes out in order."""

    def __init__(self, socket, transport):
        self.socket = socket
        self.transport = transport
        self.heard = set()
        self._waiting = asyncio.Queue()
        self._sender = asyncio.ensure_future(self._send())

    def send(self, text):
        self._waiting.put_nowait(text)

    async def _send(self):
        with contextlib.suppress(ConnectionError):
            while not self.transport.is_closing():
                await self.socket.send_str(await self._waiting.get())

    def close(self):
        self._sender.cancel()


def _streams(status):
    """Where a status is heard: replies and boosts on no public one (app/services/fan_out_on_write_service.rb)."""
    if status["visibility"] != "public":
        return []
    streams = [["hashtag", tag["name"]] for tag in status["tags"]]
    if not status["in_reply_to_id"] and not status["reblog"]:
        streams += [["public"], ["public:remote" if "@" in status["account"]["acct"] else "public:local"]]
    return streams
