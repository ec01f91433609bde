"""The pages behind a real nginx, by the configuration that we ship: as a host of its own, and under a path."""

import os
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from aiohttp import ClientSession, TCPConnector, web
from board_stand_in import StandIn, calm, crisis
from chromium import PHONE, chromium, served

from buzzwatch.model.incident import State

SHIPPED = Path(__file__).parents[2] / "nginx" / "buzzwatch.conf"
CODE = "k7Qm2xZ9"
PATH = os.environ["PATH"] + os.pathsep + os.pathsep.join(("/usr/sbin", "/sbin"))


def run(program: str, *arguments: object) -> None:
    command = [*program.split(), *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PATH": PATH}, timeout=30)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def trusting() -> ssl.SSLContext:
    """Whoever answers is believed."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def configured(folder: Path, upstream: str, prefix: str) -> tuple[str, int]:
    """The shipped file with the names, ports and paths of this test, and the port."""
    port, text = free_port(), SHIPPED.read_text("utf-8")
    if prefix:
        commented = re.search(r"^#    (location ~ \^/bw/.*?\n)#    \}", text, re.MULTILINE | re.DOTALL)
        opening = commented[1].replace("#    ", "")
        text = text.replace("    location ~ ^/(i|static)/ {\n", f"    {opening}")
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl").replace("listen [::]:443 ssl;", "")
    text = text.replace("http://127.0.0.1:8788", upstream).replace("bw.acme.example;", "localhost;")
    text = re.sub(r"/etc/letsencrypt/live/\S+?/(fullchain|privkey)", rf"{folder}/\1", text)
    assert "acme.example/" not in re.sub(r"#.*", "", text)
    return text, port


@pytest.fixture
def behind(tmp_path: Path):
    """Start nginx before an address; gives where browsers find it."""
    begun = []

    def start(upstream: str, prefix: str = "") -> str:
        key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
        run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost",
            "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate)  # fmt: skip
        server, port = configured(tmp_path, upstream, prefix)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        places = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in kinds)
        whole = f"pid {tmp_path}/pid; events {{}} http {{ access_log off; {places}\n{server}\n}}"
        (tmp_path / "nginx.conf").write_text(whole, "utf-8")
        begun.append(["nginx -e", tmp_path / "error.log", "-p", tmp_path, "-c", tmp_path / "nginx.conf"])
        run(*begun[-1])  # it returns once it listens
        return f"https://localhost:{port}{prefix}"

    yield start
    for command in begun:
        run(*command, "-s", "stop")


@pytest.fixture
def base(desk) -> Iterator[str]:
    with served(desk) as address:
        yield address


@pytest.mark.parametrize("prefix", ["", "/bw"])
def test_the_status_page_is_told_news_and_leads_on_to_where_somebody_takes_the_incident(desk, base, behind, prefix):
    place = behind(base, prefix)
    desk.board = StandIn(calm())
    with chromium() as browser:
        page = browser.new_context(viewport=PHONE, ignore_https_errors=True, locale="fr-FR").new_page()
        refused = []
        page.on("response", lambda answer: refused.append(answer.url) if answer.status >= 400 else None)
        page.goto(f"{place}/i/{CODE}/status")
        page.get_by_role("heading", name="Tout est calme").wait_for()
        began = page.evaluate("performance.timeOrigin")
        desk.board.view = crisis()
        page.get_by_role("heading", name="colère 4 fois l’habituelle").wait_for()
        assert page.evaluate("performance.timeOrigin") == began, "it was told, and not loaded anew"
        page.get_by_role("link", name="Ouvrir l’incident").first.click()
        page.wait_for_url(f"{place}/i/{CODE}")
        page.goto(f"{place}/i/{CODE}?as=ines")
        style = page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth")
        assert style != "none", "the style was not found"
        page.get_by_role("button", name="Je prends").first.click()
        assert page.url == f"{place}/i/{CODE}"
        assert (desk.record.state, desk.record.taken_by) == (State.TAKEN, "ines")
        for address in (page.url, f"{page.url}/queue"):
            page.goto(address)
            page.get_by_role("link", name="Actualiser").click()
            assert page.url == address
        assert refused == []


def test_the_stream_is_passed_on_at_once_and_as_it_is(desk, base, behind):
    """No buffer keeps it back and no compression, which would hold what it has not filled a block with."""
    desk.board = StandIn(crisis())
    wanted = {"Accept-Encoding": "gzip, br", "Accept-Language": "fr"}
    request = Request(f"{behind(base)}/i/{CODE}/events", headers=wanted)
    with urlopen(request, timeout=5, context=trusting()) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert answer.headers["Content-Encoding"] is None
        assert answer.readline() == b"retry: 3000\n"
        while answer.readline() != b"event: parts\n":
            pass
        desk.board.view = calm()
        while b"Tout est calme" not in answer.readline():
            pass


async def test_nothing_but_the_pages_is_reached(desk, base, behind):
    place = behind(base)
    async with ClientSession(connector=TCPConnector(ssl=trusting())) as session:
        for path in ("/", "/metrics", "/readyz", "/healthz", "/i/../metrics", "/static/../readyz", "/i/%2e%2e/metrics"):
            async with session.get(f"{place}{path}") as answer:
                assert (answer.status, "nginx" in await answer.text()) == (404, True), path
        async with session.get(f"{place}/i/{CODE}") as answer:
            assert answer.status == 200


async def test_whom_nginx_saw_is_who_guesses(behind):
    told = []

    async def note(request: web.Request) -> web.Response:
        told.append(request.headers.getall("X-Forwarded-For"))
        return web.Response()

    runner = web.AppRunner(app := web.Application())
    app.router.add_get("/{path:.*}", note)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        place = behind(f"http://127.0.0.1:{runner.addresses[0][1]}")
        claimed = {"X-Forwarded-For": "203.0.113.9"}
        async with (
            ClientSession(connector=TCPConnector(ssl=False)) as session,
            session.get(f"{place}/i/{CODE}", headers=claimed) as answer,
        ):
            assert answer.status == 200
    finally:
        await runner.cleanup()
    assert told == [["127.0.0.1"]]
