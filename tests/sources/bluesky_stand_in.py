"""A Jetstream that says what a test tells it to, and breaks as a test tells it to.

It speaks both documented forms: `/subscribe` (v1) and `network.bsky.jetstream.subscribeEvents` (v2), replays from a
cursor as far back as it keeps, and answers `app.bsky.actor.getProfiles`. All content is invented.
"""

import asyncio
import json
from datetime import UTC, datetime

from aiohttp import web

from buzzwatch.model.instant import Instant

DID = "did:plc:{:024d}"
MICRO = 1_000


def at_uri(did, key, collection="app.bsky.feed.post"):
    return f"at://{did}/{collection}/{key}"


def post_key(number):
    return f"3k{number:011d}"


def event(did, time_us, operation="create", collection="app.bsky.feed.post", key="3kaaaaaaaaa2a", record=None):
    """A commit in v1, its keys in the order of the documents."""
    commit = {"rev": "3l3qo2vutsw2b", "operation": operation, "collection": collection, "rkey": key}
    if record is not None:
        commit |= {
            "record": {"$type": collection, **record},
            "cid": "bafyreidwaivazkwu67xztlmuobx35hs2lnfh3kolmgfmucldv",
        }
    return {"did": did, "time_us": time_us, "kind": "commit", "commit": commit}


def post(did, time_us, key, text, **more):
    created_at = datetime.fromtimestamp(time_us // 1_000_000, UTC).isoformat().replace("+00:00", "Z")
    return event(did, time_us, key=key, record={"text": text, "createdAt": created_at, **more})


def reply_to(root, parent=None):
    return {"root": {"uri": root, "cid": "bafy"}, "parent": {"uri": parent or root, "cid": "bafy"}}


def as_v2(said, seq=1):
    """The same event as v2 has it; its keys in the order of the alphabet, which puts records before times."""
    time = datetime.fromtimestamp(said["time_us"] / 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    payload = {"$type": f"network.bsky.jetstream.subscribeEvents#{said['kind']}", "did": said["did"]}
    payload |= said["commit"] if said["kind"] == "commit" else {said["kind"]: said[said["kind"]]}
    return {"$type": "message", "payload": payload | {"seq": seq, "time": time, "witnessedAt": time}}


class Jetstream:
    """`keeps_from` is where its memory begins (time_us); `asked` are the queries that came."""

    def __init__(self):
        self.events = []
        self.connections = set()
        self.asked = []
        self.profiles_asked = []
        self.profiles = {}
        self._changed = asyncio.Event()
        self.keeps_from = 0
        self.hides_garbage_before = float("inf")
        """What is asked for from here on comes without the garbage."""
        self.refuse = None
        self.profile_status = 200
        self.profile_headers = {}
        self.profiles_hang = False
        self.port = 0
        self._runner = None
        self._writers = []

    async def start(self):
        app = web.Application()
        app.router.add_get("/subscribe", self._subscribe)
        app.router.add_get("/xrpc/network.bsky.jetstream.subscribeEvents", self._subscribe_v2)
        app.router.add_get("/xrpc/app.bsky.actor.getProfiles", self._profiles)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]

    async def stop(self):
        self.drop()
        await self._runner.cleanup()

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.port}"

    @property
    def api(self):
        return f"http://127.0.0.1:{self.port}"

    async def until_asked(self, times):
        """Return once so many have asked, and somebody listens."""
        async with asyncio.timeout(30):
            while len(self.asked) < times or not self.connections:
                self._changed.clear()
                await self._changed.wait()

    # What is said

    def say(self, number: int, at: Instant):
        """There is a post "acme …" with that number."""
        self.tell(post(DID.format(number % 1_000), at * MICRO, post_key(number), f"acme is late again, says {number}"))

    def tell(self, *events):
        """These are new, in this order."""
        self.events += events
        for connection in list(self.connections):
            connection.wake.set()

    def raw(self, *frames):
        """Send what is no event, on every connection."""
        self.tell(*frames)

    # What goes wrong

    def drop(self):
        """Cut every connection without a word."""
        for connection in list(self.connections):
            connection.request.transport.abort()

    async def close(self, code=1011, reason=b"going away"):
        """End every connection in good order."""
        for connection in list(self.connections):
            await connection.socket.close(code=code, message=reason)

    async def rewind(self, count):
        """Say the last events again."""
        for connection in self.connections:
            connection.place = max(0, connection.place - count)
            connection.wake.set()

    def split(self, said, pieces=5):
        """Send one event in fragments, with a ping between them, on every connection."""
        body = json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()
        size = max(1, len(body) // pieces)
        chunks = [body[at : at + size] for at in range(0, len(body), size)]
        for connection in self.connections:
            for place, chunk in enumerate(chunks):
                last = place == len(chunks) - 1
                write_frame(connection.request.transport, (0x80 if last else 0) | (0 if place else 1), chunk)
                if not last:
                    write_frame(connection.request.transport, 0x89, b"there?")

    def cut(self, said):
        """Send half of a frame, and cut the connection."""
        body = json.dumps(said).encode()
        for connection in list(self.connections):
            write_frame(connection.request.transport, 0x81, body, part=len(body) // 2)
            connection.request.transport.abort()

    # The wire

    async def _subscribe(self, request):
        return await self._serve(request, lambda said, _seq: said)

    async def _subscribe_v2(self, request):
        if any(name.startswith("wanted") for name in request.query):
            return web.json_response({"error": "InvalidRequest", "message": "use collections"}, status=400)
        return await self._serve(request, as_v2, protocols=("xrpc.v1.json",))

    async def _serve(self, request, shape, protocols=()):
        self.asked.append(request.query)
        if self.refuse is not None:
            status, headers = self.refuse
            return web.Response(status=status, headers=headers)
        socket = web.WebSocketResponse(protocols=protocols, heartbeat=None)
        await socket.prepare(request)
        connection = _Connection(request, socket)
        cursor = request.query.get("cursor")
        begin = max(int(cursor), self.keeps_from) if cursor else None
        connection.place = 0 if begin is not None else len(self.events)
        self.connections.add(connection)
        self._changed.set()
        listening = asyncio.create_task(_listen(connection))
        try:
            await self._speak(connection, shape, begin or 0)
        except ConnectionError:
            pass
        finally:
            listening.cancel()
            self.connections.discard(connection)
        return socket

    async def _speak(self, connection, shape, begin):
        while not connection.socket.closed:
            while connection.place < len(self.events):
                said = self.events[connection.place]
                connection.place += 1
                if isinstance(said, bytes):
                    await connection.socket.send_bytes(said)
                elif isinstance(said, str) and begin < self.hides_garbage_before:
                    await connection.socket.send_str(said)
                elif not isinstance(said, str) and said["time_us"] >= begin:
                    shaped = shape(said, connection.place)
                    await connection.socket.send_str(json.dumps(shaped, separators=(",", ":"), ensure_ascii=False))
            await connection.wake.wait()
            connection.wake.clear()

    async def _profiles(self, request):
        actors = request.query.getall("actors")
        self.profiles_asked.append(actors)
        if self.profiles_hang:
            await asyncio.sleep(30)
        if self.profile_status != 200:
            return web.json_response({"error": "x"}, status=self.profile_status, headers=self.profile_headers)
        return web.json_response({"profiles": [self.profiles[did] for did in actors if did in self.profiles]})


class _Connection:
    def __init__(self, request, socket):
        self.request = request
        self.socket = socket
        self.place = 0
        self.wake = asyncio.Event()


async def _listen(connection):
    async for _ in connection.socket:
        pass
    connection.wake.set()


def write_frame(transport, head, body, part=None):
    """One unmasked WebSocket frame (RFC 6455 section 5.2); only its first `part` bytes of body, if given."""
    size = len(body)
    length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
    transport.write(bytes([head]) + length + body[:part])
