"""Whole daemons as processes, those who receive what they send, and what both are held to."""

import asyncio
import email
import email.policy
import json
import os
import resource
import signal
import socket
import sqlite3
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO

import aiohttp
from aiohttp import web
from aiosmtpd.smtp import SMTP

PATIENCE_S = 30
SCARCE = 65_536
"""Bytes that no file may pass: enough to open the database, too few to commit to it."""
KEY = "X-Buzzwatch-Key"
ACKNOWLEDGED = "Received PUBACK from buzzwatch-broker"
COM, INES = "com@acme.example", "ines@acme.example"
BIG_VOICE = {
    "name": "big-voice",
    "says": "A widely followed voice complains",
    "when": {"mention": {"negativity": 0.7, "followers": 100_000}},
    "severity": "critical",
    "notify": "oncall",
}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def show(capsys, *lines):
    """Print lines at once, though a test's output is captured."""
    with capsys.disabled():
        sys.stdout.write("\n".join(("", *map(str, lines), "")))
        sys.stdout.flush()


class News:
    """Wakes whoever waits for a fact, each time that something has happened."""

    def __init__(self):
        self._condition = asyncio.Condition()

    async def tell(self):
        async with self._condition:
            self._condition.notify_all()

    async def until(self, fact: Callable[[], object], patience=PATIENCE_S):
        async with asyncio.timeout(patience), self._condition:
            await self._condition.wait_for(fact)


class MailServer:
    """Keeps what it accepts; answers RCPT with the refusal for its address, or for all, as long as there is one."""

    def __init__(self, news):
        self.port = free_port()
        self.is_up = False
        self.refusals: dict[str, str] = {}
        self.refused: list[tuple[str, str]] = []
        self.mails = []
        self.answers = asyncio.Event()
        """Cleared: mails are taken and the answer is withheld."""
        self.answers.set()
        self._news = news

    @property
    def url(self):
        return f"mailto://buzz@127.0.0.1:{self.port}?from=buzz@acme.example&mode=insecure"

    def keys(self, address):
        return [mail[KEY] for mail in self.mails if mail["To"] == address]

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd looks for it
        refusal = self.refusals.get(address) or self.refusals.get("*")
        if refusal:
            self.refused.append((address, refusal))
            await self._news.tell()
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd looks for it
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        await self._news.tell()
        await self.answers.wait()
        return "250 OK"

    async def up(self):
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, loop=loop), "127.0.0.1", self.port)
        self.is_up = True

    async def down(self):
        self.is_up = False
        self._server.close()
        await self._server.wait_closed()


class Receiver:
    """Takes alerts over HTTP, by path."""

    def __init__(self, news):
        self.posts: list[tuple[str, str, dict]] = []
        self.answers = asyncio.Event()
        """Cleared: alerts are taken and the answer is withheld."""
        self.answers.set()
        self._news = news
        self.url = ""

    def keys(self, path):
        return [key for at, key, _ in self.posts if at == path]

    def titles(self, path):
        return [body["title"] for at, _, body in self.posts if at == path]

    async def handle(self, request):
        self.posts.append((request.path, request.headers[KEY], await request.json()))
        await self._news.tell()
        await self.answers.wait()
        return web.Response()


def gather(number, every):
    """Invented mentions; every so many-th comes from a widely followed voice that is angry.

    Gives the mentions and the ids of the angry ones: each is a conversation of its own, and so an incident of its own
    under `BIG_VOICE`.
    """
    now = datetime.now(UTC).isoformat()  # noqa: TID251 - the daemon runs by the real clock
    angry = {f"x:{n}" for n in range(every // 2, number, every)}
    return [mention(f"x:{n}", now, angry=f"x:{n}" in angry) for n in range(number)], angry


def mention(name, now, *, angry):
    return {
        "id": name,
        "source": "x",
        "author": {"id": f"a{name}", "followers": 400_000 if angry else 200},
        "text": "Acme is a disgrace, the worst airline ever, I hate them" if angry else f"Acme, flight {name}",
        "created_at": now,
    }


def written(document):
    """As YAML: JSON is part of it."""
    return json.dumps(document, indent=1)


class Daemon:
    """`python -m buzzwatch run` on a folder of its own, started and killed as often as a drill needs."""

    def __init__(self, folder, news):
        self.folder = folder
        self.log: list[dict] = []
        self.output: list[str] = []
        self.intake = f"http://127.0.0.1:{free_port()}"
        self.web = f"http://127.0.0.1:{free_port()}"
        self.process = None
        self.largest_file: int | None = None
        """The size in bytes that no file of it may pass."""
        self.environment: dict[str, str] = {}
        self.nursery = None
        """What bears it from now on; None: it is started from nothing."""
        self._news = news
        (folder / "rules").mkdir()
        self.rules = folder / "rules" / "acme.yaml"

    def configure(self, **settings):
        base = {
            "sources": {"push": {"http": {"listen": self.intake.removeprefix("http://")}}},
            "web": {"listen": self.web.removeprefix("http://")},
        }
        (self.folder / "buzzwatch.yaml").write_text(written(base | settings))

    def watch(self, *rules):
        """Write the brand file."""
        self.rules.write_text(
            written(
                {
                    "brand": "acme",
                    "name": "Acme Airlines",
                    "timezone": "Europe/Paris",
                    "language": "en",
                    "role": "ours",
                    "match": {"any": ["acme"]},
                    "rules": rules or [BIG_VOICE],
                }
            )
        )

    def call(self, *steps, people, copy=()):
        """Write `oncall.yaml`: people with their addresses, and what the one route does."""
        route = {"steps": steps, "repeat": "every 15m", "copy": copy}
        known = {key: {"name": key.title(), "language": "en", "reach": reach} for key, reach in people.items()}
        document = {"timezone": "UTC", "people": known, "routes": {"oncall": route, "ops": {"copy": ["ops"]}}}
        self.rules.with_name("oncall.yaml").write_text(written(document))

    async def start(self, until="daemon_ready", patience=PATIENCE_S):
        """Return once it says that it is ready."""
        seen = len(self.log)
        await self.begin()
        await self._news.until(lambda: self.said(until, since=seen) or self.process.returncode is not None, patience)
        assert self.said(until, since=seen), "".join(self.output)

    async def begin(self):
        """Start it, and wait for nothing."""
        if self.nursery is not None:
            self.process = await self.nursery.bear(*self._arguments("run"))
            self._reader = asyncio.create_task(self.process.wait())
            return
        self.process = await asyncio.create_subprocess_exec(
            *self._line("run"),
            stderr=asyncio.subprocess.PIPE,
            preexec_fn=self._limit,
            env=os.environ | self.environment,
        )
        self._reader = asyncio.create_task(self._read_log(self.process.stderr))

    def limit(self, largest_file):
        """Let no file of it grow beyond that, now and after a start; None: as large as they like."""
        self.largest_file = largest_file
        soft = resource.RLIM_INFINITY if largest_file is None else largest_file
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (soft, resource.RLIM_INFINITY))

    def _limit(self):
        if self.largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.largest_file, resource.RLIM_INFINITY))

    async def kill(self):
        """As a power cut would, as far as a process sees one."""
        await self._end(signal.SIGKILL)

    async def stop(self, patience=PATIENCE_S):
        """End it in order; its exit status."""
        return await self._end(signal.SIGTERM, patience)

    async def _end(self, number, patience=PATIENCE_S):
        if self.process is None or self.process.returncode is not None:
            return None
        self.process.send_signal(number)
        async with asyncio.timeout(patience):
            await asyncio.shield(self._reader)
            return await self.process.wait()

    async def _read_log(self, lines):
        async for line in lines:
            await self.take_line(line)
        await self.process.wait()
        await self._news.tell()

    async def take_line(self, line):
        """What it has written, b"" where it has begun or ended."""
        try:
            self.log += [json.loads(line)] if line else []
        except ValueError:
            self.output.append(line.decode())
        await self._news.tell()

    def said(self, event, since=0, **fields):
        """The log's lines of that event with those fields."""
        return [line for line in self.log[since:] if line.get("event") == event and fields.items() <= line.items()]

    async def command(self, *arguments, patience=PATIENCE_S):
        """Run a command beside the daemon: its exit status, what it printed, what it complained of."""
        process = await asyncio.create_subprocess_exec(
            *self._line(*arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(patience):
            printed, complained = await process.communicate()
        return process.returncode, printed.decode(), complained.decode()

    def _line(self, command, *arguments):
        return (sys.executable, "-m", "buzzwatch", *self._arguments(command, *arguments))

    def _arguments(self, command, *arguments):
        return (command, *arguments, "--config", str(self.folder / "buzzwatch.yaml"))

    def rows(self, query):
        """Read its database."""
        with sqlite3.connect(f"file:{self.folder}/state/buzzwatch.db?mode=ro", uri=True) as db:
            found = db.execute(query).fetchall()
        db.close()
        return found

    async def get(self, path):
        async with aiohttp.ClientSession() as session, session.get(self.web + path) as answer:
            return answer.status, await answer.text()

    async def post(self, *mentions):
        """Send mentions to `POST /mentions`: status and receipt."""
        return await self.post_raw(json.dumps(mentions).encode())

    async def post_raw(self, body):
        kind = {"Content-Type": "application/json"}
        url = f"{self.intake}/mentions"
        async with aiohttp.ClientSession() as session, session.post(url, data=BytesIO(body), headers=kind) as answer:
            return answer.status, await answer.json()


class Drill:
    """A daemon that hears a broker and tells by mail and over HTTP, and what it is held to."""

    def __init__(self, daemon, broker, mail_server, alert_receiver):
        self.daemon = daemon
        self._broker = broker
        self._mail_server = mail_server
        self._alert_receiver = alert_receiver
        daemon.configure(
            sources={"broker": {"mqtt": {"url": f"mqtt://127.0.0.1:{broker.port}", "topics": ["mentions"]}}},
            channels={
                "com": f"{mail_server.url}&to={COM}",
                "hook": f"{alert_receiver.url}/hook",
                "ops": f"{alert_receiver.url}/ops",
            },
            mail=mail_server.url,
        )
        daemon.watch()
        daemon.call(
            {"after": "0m", "tell": "ines", "by": ["email"]},
            {"after": "10m", "tell": "karim", "by": ["push"]},
            people={"ines": {"email": INES}, "karim": {"push": f"{alert_receiver.url}/karim"}},
            copy=["com", "hook"],
        )

    def publish(self, mentions):
        """Publish mentions one by one while the test goes on."""
        payloads = [json.dumps(mention).encode() for mention in mentions]
        return asyncio.create_task(asyncio.to_thread(self._broker.publish, "mentions", payloads))

    async def acknowledged(self, times):
        """Return once the broker got so many acknowledgements: each message gives one, however often it was sent."""
        patience_s = PATIENCE_S + times // 100
        await asyncio.to_thread(self._broker.wait_for_log, ACKNOWLEDGED, times=times, patience_s=patience_s)

    def acknowledgements(self):
        """How many the broker got so far."""
        return sum(ACKNOWLEDGED in line for line in self._broker.log)

    def told(self):
        """The keys of the alerts that came, by the target they were for."""
        return {
            "com": self._mail_server.keys(COM),
            "ines/email": self._mail_server.keys(INES),
            "hook": self._alert_receiver.keys("/hook"),
        }

    def everybody_told(self, times):
        """Whether each was told of so many incidents."""
        return all(len(self.incidents_of(keys)) >= times for keys in self.told().values())

    def incidents_of(self, keys):
        """What alerts are about: after a downtime one may be of several."""
        together = {key for key in keys if key.startswith("outage-")}
        bodies = self.daemon.rows("SELECT key, body FROM outbox WHERE incident GLOB 'outage-*'") if together else ()
        named = {each["id"] for key, body in bodies if key in together for each in json.loads(body)["night"]}
        return named | {key.partition(".")[0] for key in set(keys) - together}

    def assert_nothing_lost(self, mentions):
        journalled = [name for (name,) in self.daemon.rows("SELECT mention FROM journal WHERE kind = 'sighting'")]
        assert sorted(journalled) == sorted(mention["id"] for mention in mentions)
        assert self.daemon.rows("SELECT count(*) FROM refused") == [(0,)]
        assert self.daemon.rows("SELECT count(*) FROM journal WHERE skipped IS NOT NULL") == [(0,)]

    def assert_everybody_told(self, angry):
        """Each angry voice rang, and each alert came wherever it was due; a repeat bears the key of the first."""
        threads = dict(self.daemon.rows("SELECT id, json_extract(body, '$.subject.thread') FROM incident"))
        assert sorted(threads.values()) == sorted(angry)
        for target, keys in self.told().items():
            rows = dict(self.daemon.rows(f"SELECT key, state FROM outbox WHERE target = '{target}'"))
            sent = {key for key, state in rows.items() if state == "sent"}
            assert set(rows.values()) <= {"sent", "superseded"}
            assert sent <= set(keys) <= set(rows)
            assert self.incidents_of(sent) == set(threads)
