"""Canaries stand in every place of a secret, everything fails as loudly as it can, and no byte of them is found."""
# ruff: noqa: E501 - a place, or a command, is a line

import asyncio
import base64
import json
import re
import sys
from pathlib import Path
from urllib.parse import quote, quote_plus

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from drill import free_port, written

LOUD = Path(__file__).with_name("loud.py")
NAMES = (
    "mqtt_user", "mqtt", "intake", "intake_next", "mastodon", "feed", "feed_part", "x", "standard", "meta", "verify", "bearer",
    "header", "basic", "basic_user", "address", "channel", "channel_part", "slack_room", "slack_app", "signing", "mail",
    "heartbeat", "person", "person_mail", "calendar",
)  # fmt: skip
WRAPPED = {"standard": "whsec_{}"}
URLS = {
    "feed": "http://127.0.0.1:{port}/feeds/{canary}",
    "channel": "json://{canary}:pass@127.0.0.1:{port}/hook/{canary}",
    "mail": "mailto://buzz:{canary}@127.0.0.1:{dead}?from=buzz@acme.example&mode=insecure",
    "heartbeat": "http://127.0.0.1:{port}/beat/{canary}",
    "person": "json://127.0.0.1:{dead}/{canary}",
    "person_mail": "{canary}@acme.example",
    "calendar": "http://127.0.0.1:{port}/cal/{canary}",
}


def canary(name):
    """Told from all else, and written differently in an address: it holds what must be escaped there."""
    return f"kanari.{name.replace('_', '-')}.q7" if name == "person_mail" else f"kanari/{name}+q7&é"


def forms_of(secret):
    """Every way in which a secret could stand in a text."""
    plain = secret.encode()
    spelled = {
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
    }
    packed = {base64.b64encode(plain[shift : shift + (len(plain) - shift) // 3 * 3]) for shift in range(3)}
    return {each.encode() for each in spelled} | {plain.hex().encode(), plain} | packed


@pytest.fixture
async def refusing():
    """Whoever is asked refuses, now with an error, now with an answer that makes no sense."""
    asked = []

    async def refuse(request):
        asked.append(request.path)
        number = len(asked)
        if number % 3 == 0:
            return web.Response(text="[" * 3_000, content_type="application/json")
        # As some do, it says again what was asked, and by whom.
        return web.Response(status=(401, 500)[number % 2], text=f"refused: {request.path_qs} {dict(request.headers)}")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", refuse)
    server = TestServer(app)
    await server.start_server(access_log=None)
    yield server.port
    await server.close()


@pytest.fixture
def secrets(tmp_path, monkeypatch, refusing):
    """The canaries by name, laid down as systemd lays down credentials."""
    folder, dead = tmp_path / "credentials", free_port()
    folder.mkdir()
    laid = {}
    for name in NAMES:
        laid[name] = canary(name)
        told = URLS.get(name, "{canary}").format(canary=quote(canary(name), safe="."), port=refusing, dead=dead)
        if name not in URLS:
            told = canary(name)
        if name == "standard":
            laid[name] = base64.b64encode(b"kanari of standard webhooks q7").decode()
            told = f"whsec_{laid[name]}"
        if name in {"mastodon", "x", "slack_room", "slack_app"}:  # these go into a header
            laid[name] = told = f"kanari.{name}.q7"
        (folder / name).write_text(told)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    return laid


def configure(daemon, refusing):
    """Every source, every way to tell people, with a secret in each place that takes one."""
    here, dead, hooks = f"http://127.0.0.1:{refusing}", free_port(), f"127.0.0.1:{free_port()}"
    (daemon.folder / "own.yaml").write_text("id: id\ntext: text\ncreated_at: created_at\n")

    def hook(check, **more):
        return {"webhook": {"path": f"/{check}", "check": check, "mapping": "own.yaml", "listen": hooks, **more}}

    daemon.configure(
        sources={
            "push": {"http": {"listen": daemon.intake.removeprefix("http://"), "token": ["${cred:intake}", "${cred:intake_next}"]}},
            "broker": {"mqtt": {"url": f"mqtt://127.0.0.1:{dead}", "topics": ["a"], "user": "${cred:mqtt_user}", "password": "${cred:mqtt}"}},
            "toots": {"mastodon": {"url": here, "token": "${cred:mastodon}"}},
            "papers": {"feed": {"urls": ["${cred:feed}", f"{here}/rss?key=${{cred:feed_part}}"], "every": "1m"}},
            "posts": {"x": {"token": "${cred:x}", "posts_a_day": 5, "url": here}},
            "tool": {"webhook": {"path": "/tool", "as": "standard", "secret": "${cred:standard}", "listen": hooks}},
            "comments": {"webhook": {"path": "/meta", "as": "meta", "secret": "${cred:meta}", "verify_token": "${cred:verify}", "listen": hooks}},
            "bearer": hook("bearer", secret="${cred:bearer}"),
            "header": hook("header", secret="${cred:header}"),
            "basic": hook("basic", secret="${cred:basic}", user="${cred:basic_user}"),
            "address": hook("address", secret="${cred:address}"),
        },
        channels={
            "hook": "${cred:channel}", "part": f"json://127.0.0.1:{refusing}/a?+X-Key=${{cred:channel_part}}",
            "room": {"slack": {"token": "${cred:slack_room}", "channel": "C0123456789", "api": here}},
        },
        slack={"app_token": "${cred:slack_app}", "signing_secret": "${cred:signing}", "api": here},
        mail="${cred:mail}", heartbeat={"url": "${cred:heartbeat}", "every": "1m"},
    )  # fmt: skip
    daemon.watch()
    daemon.rules.with_name("oncall.yaml").write_text(
        written({
            "timezone": "UTC",
            "people": {"ines": {"name": "Ines", "language": "en", "reach": {"push": "${cred:person}", "email": "${cred:person_mail}"}}},
            "rota": {"comms": {"ical": "${cred:calendar}", "fallback": "ines"}},
            "routes": {
                "oncall": {"steps": [{"after": "0m", "tell": "ines", "by": ["push", "email"]}, {"after": "1m", "tell": "rota:comms", "by": ["push"]}],
                           "repeat": "every 15m", "copy": ["hook", "part", "room"]},
                "ops": {"copy": ["hook"]},
            },
        })
    )  # fmt: skip


async def talk(daemon, secrets):
    """Ask for everything that answers, rightly and wrongly; all that was said."""
    heard = []
    angry = {"id": "x:1", "author": {"id": "1", "followers": 400_000}, "text": "Acme is a disgrace, the worst airline ever, I hate them",
             "created_at": "2026-11-25T12:00:00Z"}  # fmt: skip
    headers = {"Authorization": f"Bearer {secrets['intake_next']}", "Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session:
        for told in (headers, headers | {"Authorization": "Bearer wrong"}, headers | {"Content-Type": "text/plain"}):
            async with session.post(f"{daemon.intake}/mentions", data=json.dumps(angry), headers=told) as answer:
                heard.append(await answer.text() + str(answer.headers))
        for path in ("/healthz", "/readyz", "/metrics", "/i/ABCDEFGH", "/nowhere"):
            async with session.get(daemon.web + path) as answer:
                heard.append(await answer.text() + str(answer.headers))
        control = aiohttp.UnixConnector(path=str(daemon.folder / "state" / "control.sock"))
        async with aiohttp.ClientSession(connector=control) as commands:
            for method, path, body in (("GET", "/status", b""), ("POST", "/sources", b"{}"), ("POST", "/answer", b"nonsense"),
                                       ("POST", "/learn", b"\x91" * 50_000), ("POST", "/reload", b"[" * 50_000)):  # fmt: skip
                async with commands.request(method, f"http://control{path}", data=body) as answer:
                    heard.append(f"{answer.status} {await answer.text()}")
    return heard


COMMANDS = (
    ("check",), ("check", "--fetch"), ("sources", "--once"), ("sources", "--once", "--json"), ("oncall", "--week"), ("history",),
    ("history", "--json"), ("history", "--rules"), ("notify-test", "hook"), ("notify-test", "part"), ("notify-test", "room"),
    ("notify-test", "ines"), ("notify-test", "nobody"), ("reload",), ("queue",), ("silence",), ("explain", "nothing"),
    ("links", "nothing", "--revoke"), ("match", "acme"), ("replay", "--since", "1h"), ("ack", "nothing", "--as", "ines"),
    ("drill", "acme", "--as", "ines"), ("schema", "daemon"),
)  # fmt: skip


async def command(daemon, *line):
    """What a command prints and complains of."""
    told = (sys.executable, LOUD, *line) + (
        () if line[0] == "schema" else ("--config", daemon.folder / "buzzwatch.yaml")
    )
    process = await asyncio.create_subprocess_exec(
        *map(str, told), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(60):
            return (await process.communicate())[0]
    except TimeoutError:  # it waits for what cannot be delivered
        process.kill()
        return (await process.communicate())[0]


def leaks(secrets, place, content):
    """Which canaries stand in it, and beside what."""
    found = []
    for name, secret in secrets.items():
        for form in forms_of(secret):
            at = content.find(form)
            if at >= 0:
                found.append(f"{place}: {name}: {content[max(0, at - 200) : at + len(form) + 60]!r}")
    return found


async def everything(daemon, secrets, commands):
    """Run a loud daemon through it all: what was said, by place."""
    said = {"answers": "\n".join(await talk(daemon, secrets)).encode()}
    for line in commands:
        said[" ".join(line)] = await command(daemon, *line)
    return said


async def hold(daemon, refusing, secrets, commands, patience):
    configure(daemon, refusing)
    daemon._line = lambda name, *rest: (
        sys.executable,
        str(LOUD),
        name,
        *rest,
        "--config",
        str(daemon.folder / "buzzwatch.yaml"),
    )
    try:
        await daemon.start()
        await daemon._news.until(lambda: daemon.said("source_heard", source="push"))
        said = await everything(daemon, secrets, commands)
        await asyncio.sleep(patience)
        assert await daemon.stop() == 0
        said["log"] = "".join([*daemon.output, *map(json.dumps, daemon.log)]).encode()
    finally:
        await daemon.kill()
        daemon.output.clear()  # it is loud on purpose
    for path in (daemon.folder / "state").rglob("*"):
        if path.is_file():
            said[path.name] = path.read_bytes()
    return said


def test_a_canary_would_be_found():
    secrets = {"one": canary("one")}
    for form in (canary("one"), quote(canary("one"), safe=""), repr(canary("one")), json.dumps({"a": canary("one")})):
        assert leaks(secrets, "here", b"abc" + form.encode() + b"def"), form
    for shift in range(3):
        assert leaks(secrets, "here", base64.b64encode(b"x" * shift + canary("one").encode()))


def test_every_place_that_takes_a_secret_has_a_canary():
    """Of the configuration's schema: a new field for a secret has to be added above."""
    root = Path(__file__).parents[2]
    wanted = set(re.findall(r"\$\{cred:(\w+)\}", (root / "daemon.schema.json").read_text("utf-8")))
    known = {"intake", "mqtt", "mastodon", "x", "trustpilot", "meta_verify", "slack_webhook", "slack_app", "slack_signing",
             "slack_bot", "slack", "smtp", "heartbeat", "feed"}  # fmt: skip
    assert wanted <= known, wanted - known


async def test_no_secret_is_in_any_byte_that_a_failing_daemon_leaves_or_says(daemon, refusing, secrets):
    said = await hold(daemon, refusing, secrets, COMMANDS[:1] + COMMANDS[8:9], 1.0)
    found = [leak for place, content in said.items() for leak in leaks(secrets, place, content)]
    assert not found, "\n".join(found[:20])
    assert b"source_deaf" in said["log"] or b"deaf" in said["log"]


@pytest.mark.soak
@pytest.mark.timeout(1_200)
async def test_no_secret_is_said_by_any_command_or_within_minutes(daemon, refusing, secrets):
    said = await hold(daemon, refusing, secrets, COMMANDS, 70.0)
    found = [leak for place, content in said.items() for leak in leaks(secrets, place, content)]
    assert not found, "\n".join(found[:20])
