"""The parts of a drill, each started and ended with its test."""

import sys
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

sys.path.append(str(Path(__file__).parents[1] / "sources"))
pytest.register_assert_rewrite("drill")

from drill import Daemon, Drill, MailServer, News, Receiver  # noqa: E402 - rewritten for its asserts


@pytest.fixture
async def news():
    return News()


@pytest.fixture
async def mail_server(news):
    server = MailServer(news)
    await server.up()
    yield server
    server.answers.set()
    await server.down()


@pytest.fixture
async def alert_receiver(news):
    receiver = Receiver(news)
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.handle)
    server = TestServer(app)
    await server.start_server(access_log=None)
    receiver.url = f"json://127.0.0.1:{server.port}"
    yield receiver
    receiver.answers.set()
    await server.close()


@pytest.fixture
async def daemon(tmp_path, news, monkeypatch):
    """A daemon not yet configured nor started; killed at the end if it still runs."""
    for name in ("STATE_DIRECTORY", "RUNTIME_DIRECTORY", "NOTIFY_SOCKET"):
        monkeypatch.delenv(name, raising=False)
    daemon = Daemon(tmp_path, news)
    yield daemon
    await daemon.kill()
    assert not daemon.output, "".join(daemon.output)


@pytest.fixture
def drill(daemon, broker, mail_server, alert_receiver):
    """Configured, not yet started."""
    return Drill(daemon, broker, mail_server, alert_receiver)
