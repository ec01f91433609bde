import asyncio
import socket

import pytest

from buzzwatch.app.config import load
from buzzwatch.app.live import Daemon
from buzzwatch.app.secret import Secrets

PATIENCE_S = 20


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.fixture
async def daemon(tmp_path, request):
    """A daemon that runs on the RULES and the ONCALL of the module that asks for it."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "acme.yaml").write_text(request.module.RULES)
    (tmp_path / "rules" / "oncall.yaml").write_text(request.module.ONCALL)
    (tmp_path / "buzzwatch.yaml").write_text(
        f'sources: {{push: {{http: {{listen: "127.0.0.1:{free_port()}"}}}}}}\n'
        f'web: {{listen: "127.0.0.1:{free_port()}"}}\n'
    )
    daemon = Daemon(load(tmp_path / "buzzwatch.yaml", environment={}), Secrets())
    running = asyncio.create_task(daemon.run())
    await asyncio.wait_for(daemon.ready.wait(), PATIENCE_S)
    yield daemon
    daemon.stop()
    await asyncio.wait_for(running, PATIENCE_S)
