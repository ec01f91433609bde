"""What is served is what `openapi.json` describes: every route is in it, and generated requests get what it says."""

import asyncio
import json
import re
from copy import deepcopy
from importlib.resources import files

import pytest
import schemathesis
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from test_every_route import OURS, make_app
from typer.testing import CliRunner

from buzzwatch.cli import app as commands
from buzzwatch.gate.guesses import Guesses
from buzzwatch.model.receipt import Receipt, Refusal
from buzzwatch.sources.http import Listen, _Mentions
from buzzwatch.web.streams import Streams

DESCRIPTION = json.loads(files("buzzwatch.web").joinpath("openapi.json").read_text("utf-8"))
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
EXAMPLES = 3
"""Of each operation; `make soak` asks more."""
CODE = "k7Qm2xZ9"


class Intake:
    """Takes everything, and finds every second payload wrong."""

    full = False

    def __init__(self):
        self.count = 0

    def submit(self, _source, _payload, _cursors=None):
        self.count += 1
        receipt = asyncio.get_running_loop().create_future()
        receipt.set_result(Receipt(accepted=1) if self.count % 2 else Receipt(refused=(Refusal(0, "no"),)))
        return receipt


def test_every_route_is_described_and_nothing_else(desk):
    pages = {
        route.resource.get_info().get("path") or route.resource.canonical for route in make_app(desk).router.routes()
    }
    described = set(DESCRIPTION["paths"]) - {"/mentions", "/{path}"}
    assert pages == described


def test_the_command_prints_it():
    printed = CliRunner().invoke(commands, ["schema", "http"])
    assert json.loads(printed.output) == DESCRIPTION


def test_no_description_names_an_address_of_somebodys():
    for url in re.findall(r"https?://[^\"/ ]+", json.dumps(DESCRIPTION)):
        assert url.startswith("http://127.0.0.1:")


async def ends(*_told):
    """In the place of following what changes."""


@pytest.fixture
async def server(desk, monkeypatch):
    """Pages and an intake on one port. Streams end, and whoever guesses is not put off: else no more would be seen."""
    monkeypatch.setattr(Guesses, "refuses", lambda _self, _address: False)
    monkeypatch.setattr(Streams, "_follow", ends)
    app = make_app(desk)
    app.router.add_post("/mentions", _Mentions("push", Listen.at("127.0.0.1:0"), Intake()).take)
    async with TestServer(app) as server:
        yield f"http://127.0.0.1:{server.port}"


def ask(url, examples):
    """Generate requests and hold each answer to the description; the operations that were asked."""
    described = deepcopy(DESCRIPTION)
    del described["paths"]["/{path}"], described["paths"]["/mentions"]["servers"]
    schema = schemathesis.openapi.from_dict(described)
    schema.config.update(base_url=url)
    asked = []
    for each in schema.get_all_operations():
        operation = each.ok()
        asked.append(operation.label)

        @settings(max_examples=examples, derandomize=True, database=None, deadline=None,
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(case=operation.as_strategy())
        def hold(case):
            if "code" in (case.path_parameters or {}) and len(str(case.body)) % 3:
                case.path_parameters["code"] = CODE
            page = case.method == "POST" and case.path.startswith("/i/")
            headers = OURS if page and len(str(case.body)) % 2 else {}
            case.call_and_validate(base_url=url, checks=CHECKS, headers=headers, timeout=30, allow_redirects=False)

        hold()
    return asked


async def test_generated_requests_get_what_is_described(server):
    asked = await asyncio.to_thread(ask, server, EXAMPLES)
    assert (
        len(asked)
        == len([verb for told in DESCRIPTION["paths"].values() for verb in told if verb in {"get", "post"}]) - 2
    )


@pytest.mark.soak
async def test_many_generated_requests_get_what_is_described(server):
    await asyncio.to_thread(ask, server, 300)
