"""A daemon whose only way out is a proxy, to places whose certificates a private authority signed."""

import asyncio
import os
import re
import shutil
import ssl
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from drill import BIG_VOICE, free_port, mention

from buzzwatch.delivery.channel import TransientDeliveryError
from buzzwatch.delivery.channels.apprise import AppriseChannel

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # of Apprise

PASSWORD = "pr0xy-s3cret"
DUTY = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//invented//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
DTSTART:20260101T000000Z
DTEND:20360101T000000Z
SUMMARY:ines
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")
ABOUT_SOMETHING_ELSE = {
    "did": "did:plc:invented0000000000000000",
    "time_us": 1_795_686_264_000_000,
    "kind": "identity",
    "identity": {"did": "did:plc:invented0000000000000000", "handle": "lea.example"},
}
EVERYTHING = {"/oncall.ics", "/hook", "/subscribe", "/api/apps.connections.open", "/slack"}


class World:
    """Everything out there, on one port with TLS; notes what was asked for, and over which connections."""

    def __init__(self, folder: Path) -> None:
        self.asked: set[str] = set()
        self.lines: set[int] = set()
        self.changed = asyncio.Event()
        self.ca_file, self._key = folder / "authority.pem", folder / "key.pem"
        words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
        names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", self._key, "-out", self.ca_file]
        subprocess.run(["openssl", *words.split(), *names], check=True, capture_output=True)

    async def start(self) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.ca_file, self._key)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.add(request.path)
        self.lines.add(request.transport.get_extra_info("peername")[1])
        self.changed.set()
        if request.headers.get("Upgrade", "").lower() == "websocket":
            line = web.WebSocketResponse()
            await line.prepare(request)
            await line.send_json({"type": "hello"} if request.path == "/slack" else ABOUT_SOMETHING_ELSE)
            await line.receive()
            return line
        if request.path == "/api/apps.connections.open":
            return web.json_response({"ok": True, "url": f"wss://localhost:{self.port}/slack"})
        return web.Response(text=DUTY if request.path == "/oncall.ics" else "ok")

    async def until_asked(self, paths: set[str]) -> None:
        async with asyncio.timeout(60):
            while not paths <= self.asked:
                self.changed.clear()
                await self.changed.wait()


class Tinyproxy:
    """A real proxy on loopback, which wants a password."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.url = f"http://buzz:{PASSWORD}@127.0.0.1:{port}"
        config = folder / "tinyproxy.conf"
        lines = f"Port {port}\nListen 127.0.0.1\nLogLevel Info\nTimeout 60\nBasicAuth buzz {PASSWORD}\n"
        config.write_text(lines, "utf-8")
        program = shutil.which("tinyproxy", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        assert program, "tinyproxy is missing: sudo apt install tinyproxy-bin"
        self._process = subprocess.Popen([program, "-d", "-c", config], stdout=subprocess.PIPE, text=True)
        while "Accepting connections" not in self._process.stdout.readline():
            assert self._process.poll() is None, "tinyproxy has ended"

    def end(self) -> int:
        """End it; how many connections it was asked for."""
        self._process.terminate()
        said, _ = self._process.communicate(timeout=20) if not self._process.stdout.closed else ("", "")
        return len(re.findall("CONNECT localhost:[0-9]+ HTTP", said))


@pytest.fixture
async def world(tmp_path, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    (folder := tmp_path / "world").mkdir()
    world = World(folder)
    await world.start()
    yield world
    await world.stop()


@pytest.fixture
def proxy(tmp_path, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    proxy = Tinyproxy(tmp_path)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    yield proxy
    proxy.end()


def configure(daemon, port):
    place = f"localhost:{port}"
    daemon.configure(
        sources={
            "push": {"http": {"listen": daemon.intake.removeprefix("http://")}},
            "sky": {"bluesky": {"hosts": [place], "profiles": False, "allow": ["localhost"]}},
        },
        channels={"ops": f"jsons://{place}/hook"},
        slack={"app_token": "xapp-invented", "api": f"https://{place}/api"},
    )
    daemon.watch(BIG_VOICE | {"notify": "oncall"})
    daemon.call(
        {"after": "0m", "tell": "rota:comms", "by": ["push"]}, people={"ines": {"push": f"jsons://{place}/hook"}}
    )
    rota = f'"rota": {{"comms": {{"ical": "https://{place}/oncall.ics", "fallback": "ines"}}}},\n'
    oncall = daemon.rules.with_name("oncall.yaml")
    oncall.write_text(oncall.read_text("utf-8").replace('"routes"', f'{rota} "routes"', 1), "utf-8")


async def ring(daemon):
    await daemon._news.until(lambda: daemon.said("source_heard", source="push"))
    now = datetime.now(UTC).isoformat()  # noqa: TID251 - the daemon runs by the real clock
    assert (await daemon.post(mention("x:1", now, angry=True)))[0] == 200


async def test_everything_goes_through_the_proxy_and_trusts_the_authority(daemon, world, proxy, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(world.ca_file))
    configure(daemon, world.port)
    await daemon.start()
    await ring(daemon)
    await world.until_asked(EVERYTHING)
    await daemon.stop()
    assert proxy.end() == len(world.lines) > 0
    assert PASSWORD not in str(daemon.log)


async def test_what_no_proxy_names_is_reached_without_it(daemon, world, proxy, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(world.ca_file))
    monkeypatch.setenv("NO_PROXY", f"paper.example,localhost:{world.port}")
    configure(daemon, world.port)
    await daemon.start()
    await ring(daemon)
    await world.until_asked(EVERYTHING)
    await daemon.stop()
    assert proxy.end() == 0


async def test_a_wrong_password_of_the_proxy_is_told_without_it(daemon, world, proxy, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(world.ca_file))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace(PASSWORD, "wr0ng-s3cret"))
    configure(daemon, world.port)
    await daemon.start()
    await ring(daemon)
    await daemon._news.until(lambda: daemon.said("notification_postponed"))
    _, ready = await daemon.get("/readyz")
    _, sources, _ = await daemon.command("sources", "--json", "--once")
    await daemon.stop()
    assert world.asked == set()
    for told in (ready, sources, str(daemon.log)):
        assert "wr0ng-s3cret" not in told
        assert "the proxy" in told
        assert "answered 401" in told


async def test_apprise_trusts_whom_the_system_trusts(world, message, monkeypatch):
    channel = AppriseChannel(f"jsons://localhost:{world.port}/hook")
    with pytest.raises(TransientDeliveryError):
        await channel.send(message)
    assert world.asked == set()
    monkeypatch.setenv("SSL_CERT_FILE", str(world.ca_file))
    await channel.send(message)
    assert world.asked == {"/hook"}
