import stat

import aiohttp
import msgspec
import pytest

from buzzwatch.model.incident import State
from buzzwatch.web.control import control_app
from buzzwatch.web.server import listening_on_socket


@pytest.fixture
async def commands(desk, tmp_path):
    path = tmp_path / "control.sock"
    path.touch()  # as a killed daemon leaves it
    async with (
        listening_on_socket(control_app(desk), path),
        aiohttp.ClientSession("http://buzzwatch", connector=aiohttp.UnixConnector(str(path))) as session,
    ):
        yield session


async def ask(commands, path, body=b""):
    async with commands.post(path, data=body) as answer:
        return answer.status, await answer.json()


async def test_the_socket_is_for_its_owner_and_group_alone(commands, tmp_path):
    mode = (tmp_path / "control.sock").stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o660


async def test_an_incident_is_taken_by_its_id(commands, desk):
    status, answer = await ask(commands, "/answer", b'{"verb": "take", "incident": "acme-20261123-1", "by": "ines"}')
    assert (status, answer) == (200, {"done": True, "lines": ["ines has acme-20261123-1."]})
    assert desk.record.state is State.TAKEN


async def test_an_incident_is_resolved_by_its_id(commands, desk):
    assert (await ask(commands, "/answer", b'{"verb": "resolve", "incident": "acme-20261123-1", "by": "ines"}'))[
        0
    ] == 200
    assert desk.record.state is State.RESOLVED


async def test_what_cannot_be_done_is_answered_with_the_reason(commands):
    status, answer = await ask(commands, "/reload")
    assert status == 409
    assert answer == {"done": False, "lines": ["acme.yaml:3:1: unknown key `ruels`; did you mean `rules`?"]}
    _, answer = await ask(commands, "/reload", b'{"language": "fr"}')
    assert answer["lines"] == ["acme.yaml:3:1: clé inconnue : `ruels` ; vouliez-vous écrire `rules` ?"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"verb": "take", "incident": 7, "by": "x"}',
        b'{"verb": "take", "incident": "a", "by": "b", "as": 1}',
        b'{"verb": "shrug", "incident": "a", "by": "b"}',
    ],
)
async def test_a_request_that_cannot_be_read_is_refused_and_changes_nothing(commands, desk, body):
    status, answer = await ask(commands, "/answer", body)
    assert status == 400
    assert answer["lines"][0].startswith("The request cannot be read: ")
    assert desk.record.state is State.OPEN


async def test_baselines_nested_without_end_are_refused(commands, desk):
    status, _ = await ask(commands, "/learn", b"\x81\xa1a\x81\xa1b" + b"\x91" * 50_000)
    assert (status, desk.habits) == (400, {})


async def test_learnt_baselines_arrive_with_their_arrays(commands, desk):
    habits = {"acme": {"profile": b"\x00\x01", "level": 2.5}}
    assert (await ask(commands, "/learn", msgspec.msgpack.encode(habits)))[0] == 200
    assert desk.habits == habits


async def test_a_post_is_marked_by_its_id_and_brand(commands, desk):
    body = b'{"brand": "acme", "mention": "x:1", "mark": "not-us", "by": "ines"}'
    assert await ask(commands, "/correct", body) == (200, {"done": True, "lines": ["x:1: not-us by ines"]})
    assert desk.marks["x:1"].mark == "not-us"
    assert (await ask(commands, "/correct", body.replace(b"acme", b"nobody")))[0] == 409
    status, answer = await ask(commands, "/correct", body.replace(b"not-us", b"nice"))
    assert status == 400
    assert "nice" in answer["lines"][0]


async def test_a_channel_is_tried_by_its_name(commands):
    assert await ask(commands, "/notify-test", b'{"channel": "console"}') == (200, {"done": True, "lines": ["console"]})


async def test_the_status_is_json(commands):
    async with commands.get("/status") as answer:
        assert await answer.json() == {"incidents": 1}


async def test_a_drill_is_asked_for_by_brand_and_by_whom(commands):
    status, answer = await ask(commands, "/drill", b'{"by": "ines", "what": "acme"}')
    assert (status, answer) == (200, {"done": True, "lines": ["drill-acme-1"]})
    assert (await ask(commands, "/drill", b'{"by": "ines", "what": "nobody"}'))[0] == 409
    assert (await ask(commands, "/drill", b'{"what": "acme"}'))[0] == 400
