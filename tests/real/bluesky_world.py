"""A real server of Bluesky as a process of its own, and the people who post on it, as their apps do.

`pds/world.mjs` is the process: a directory of identities, a PDS, and a Jetstream that tells what the PDS commits.
"""

import asyncio
import json
import os
import struct
import subprocess
import sys
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

HOME = Path(os.environ.get("BUZZWATCH_PDS", Path(sys.prefix) / "pds"))
"""Where `make soak` installs it."""
PROGRAM = Path(__file__).parent / "pds" / "world.mjs"
POST, REPOST = "app.bsky.feed.post", "app.bsky.feed.repost"
PATIENCE_S = 60


@dataclass(frozen=True)
class Said:
    """A record, and the post that its conversation began with; None: it began with this."""

    uri: str
    cid: str
    root: "Said | None" = None

    @property
    def ref(self) -> dict[str, str]:
        """As records point at it."""
        return {"uri": self.uri, "cid": self.cid}

    @property
    def mention(self) -> str:
        """Its id as a mention."""
        did, collection, key = self.uri.removeprefix("at://").split("/")
        return f"bluesky:{did}/repost/{key}" if collection == REPOST else f"bluesky:{did}/{key}"


class World:
    """The process. `url` is where its Jetstream is heard."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = ""

    async def start(self) -> None:
        """Return once people can post."""
        built = HOME / "node_modules" / "better-sqlite3" / "build" / "Release" / "better_sqlite3.node"
        assert built.exists(), "`make soak` installs the server of Bluesky beside Python's packages"
        self._process = await asyncio.create_subprocess_exec(
            "node", PROGRAM, HOME, self._folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        async with asyncio.timeout(PATIENCE_S):
            line = await self._process.stdout.readline()
        assert line, "it did not start"
        where = json.loads(line)
        self.url = where["jetstream"]
        self._admin = {"Authorization": aiohttp.encode_basic_auth("admin", where["password"])}
        self._session = aiohttp.ClientSession(where["pds"])

    async def stop(self) -> None:
        """End it."""
        await self._session.close()
        self._process.stdin.close()
        async with asyncio.timeout(PATIENCE_S):
            await self._process.wait()

    async def join(self, name: str) -> "Person":
        """Make an account."""
        account = {"handle": f"{name}.test", "email": f"{name}@mail.test", "password": f"{name} opens"}
        made = await self.call("com.atproto.server.createAccount", account)
        return Person(self, made["did"], {"Authorization": f"Bearer {made['accessJwt']}"})

    async def remove(self, person: "Person") -> None:
        """Delete an account for good, as its operator can."""
        await self.call("com.atproto.admin.deleteAccount", {"did": person.did}, self._admin)

    async def call(self, procedure: str, body: object, who: dict[str, str] | None = None) -> Any:
        """What it answers to a procedure; bytes are sent as a PNG."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = {"Content-Type": "image/png" if isinstance(body, bytes) else "application/json"}
        async with self._session.post(f"/xrpc/{procedure}", data=data, headers=kind | (who or {})) as answer:
            told = await answer.read()
            assert answer.status == 200, told
            return json.loads(told) if told else None


@dataclass(frozen=True)
class Person:
    """An account, and whoever posts by it. The server holds each record against Bluesky's own schema of it."""

    world: World
    did: str
    headers: dict[str, str]

    async def post(self, text: str, **more: Any) -> Said:
        """Post; `more` goes into the record."""
        return await self._create(POST, written(text, **more))

    async def reply(self, to: Said, text: str, **more: Any) -> Said:
        """Reply to a post, in the conversation that it is in."""
        root = to.root or to
        said = await self.post(text, reply={"root": root.ref, "parent": to.ref}, **more)
        return Said(said.uri, said.cid, root)

    async def quote(self, subject: Said, text: str) -> Said:
        """Post with another post below."""
        return await self.post(text, embed={"$type": "app.bsky.embed.record", "record": subject.ref})

    async def repost(self, subject: Said) -> Said:
        """Repost without a word."""
        return await self._create(REPOST, {"$type": REPOST, "subject": subject.ref, "createdAt": now()})

    async def edit(self, said: Said, text: str, **more: Any) -> None:
        """Write another record in the place of a post."""
        await self._call("com.atproto.repo.putRecord", {**self._place(said), "record": written(text, **more)})

    async def delete(self, said: Said) -> None:
        """Take a post or a repost back."""
        await self._call("com.atproto.repo.deleteRecord", self._place(said))

    async def picture(self, alt: str) -> dict[str, Any]:
        """Upload one, for `embed`."""
        blob = (await self._call("com.atproto.repo.uploadBlob", _png()))["blob"]
        return {"$type": "app.bsky.embed.images", "images": [{"image": blob, "alt": alt}]}

    async def _create(self, collection: str, record: dict[str, Any]) -> Said:
        body = {"repo": self.did, "collection": collection, "record": record, "validate": True}
        made = await self._call("com.atproto.repo.createRecord", body)
        return Said(made["uri"], made["cid"])

    def _place(self, said: Said) -> dict[str, str]:
        did, collection, key = said.uri.removeprefix("at://").split("/")
        return {"repo": did, "collection": collection, "rkey": key}

    async def _call(self, procedure: str, body: object) -> Any:
        return await self.world.call(procedure, body, self.headers)


def written(text: str, **more: Any) -> dict[str, Any]:
    """A post as the official apps write it."""
    return {"$type": POST, "text": text, "langs": ["en"], "createdAt": now(), **more}


def now() -> str:
    """As JavaScript writes it."""
    moment = datetime.now(UTC)  # noqa: TID251 - the server and the daemon run by the real clock
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def facet(text: str, part: str, **feature: str) -> dict[str, Any]:
    """What makes a part of a text a link, a tag or a name; its place is counted in bytes."""
    start = text.encode().index(part.encode())
    return {"index": {"byteStart": start, "byteEnd": start + len(part.encode())}, "features": [feature]}


def link(text: str, part: str, uri: str) -> dict[str, Any]:
    """A part that leads elsewhere."""
    return facet(text, part, **{"$type": "app.bsky.richtext.facet#link", "uri": uri})


def tag(text: str, part: str) -> dict[str, Any]:
    """A hashtag."""
    return facet(text, part, **{"$type": "app.bsky.richtext.facet#tag", "tag": part.removeprefix("#")})


def card(uri: str, title: str, description: str) -> dict[str, Any]:
    """A link with its preview."""
    external = {"uri": uri, "title": title, "description": description}
    return {"$type": "app.bsky.embed.external", "external": external}


def _png() -> bytes:
    """One grey pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\x80")) + chunk(b"IEND", b"")
