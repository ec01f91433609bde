"""What the pages and the control socket say of rule files."""

import os

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import AppRunner, UnixSite

from buzzwatch.app.saved import user_name
from buzzwatch.model.ear import Ail
from buzzwatch.model.notification import Deaf
from buzzwatch.web.control import control_app
from buzzwatch.web.desk import Reload, RuleFiles
from buzzwatch.web.public import public_app

CODE = "k7Qm2xZ9"
NOW = 1_795_473_600_000  # 23:40 in Paris
HOUR = 3_600_000


@pytest.mark.parametrize(
    ("language", "files", "said"),
    [
        ("en", RuleFiles(NOW - 4 * HOUR, NOW - HOUR), "refused since 22:40. The rules in force since 19:40 stay."),
        ("fr", RuleFiles(NOW - 4 * HOUR, NOW - HOUR), "refusés depuis 22:40. Les règles en vigueur depuis 19:40"),
        ("en", RuleFiles(NOW, None, NOW - HOUR), "The rule files are edited since 22:40, and not read yet."),
        ("fr", RuleFiles(NOW, None, NOW - HOUR), "modifiés depuis 22:40, et pas encore lus."),
    ],
)
async def test_the_page_says_that_other_rules_are_in_force_than_those_on_disk(desk, metrics, language, files, said):
    async with TestClient(TestServer(public_app(desk, metrics))) as client:
        for rule_files, times in ((RuleFiles(NOW), 0), (files, 1)):
            desk.rule_files = rule_files
            async with client.get(f"/i/{CODE}", headers={"Accept-Language": language}) as answer:
                assert (await answer.text()).count(said) == times


async def test_who_asks_for_a_reading_is_known_by_the_socket_and_by_what_they_say(desk, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    runner = AppRunner(control_app(desk))
    await runner.setup()
    await UnixSite(runner, "control").start()
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector("control")) as session:
        for body, asked in ((b"", Reload()), (b'{"by": "ines", "language": "fr"}', Reload("ines", "fr"))):
            async with session.post("http://localhost/reload", data=body) as answer:
                assert answer.status == 409
            assert desk.reloads[-1] == (asked, os.getuid())
        async with session.post("http://localhost/reload", data=b'{"as": "ines"}') as answer:
            assert answer.status == 400
    await runner.cleanup()


def test_a_user_without_a_name_is_a_number():
    assert user_name(0) == "root"
    assert user_name(4_000_000) == "uid 4000000"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("What we do not hear right now:", "since 22:40 (access refused)", "look there yourself.")),
        (
            "fr",
            ("Ce que nous n’entendons pas en ce moment\u00a0:", "depuis 22:40 (accès refusé)", "regardez-y vous-même."),
        ),
    ],
)
@pytest.mark.parametrize("page", ["", "/queue"])
async def test_the_page_says_what_is_not_heard(desk, metrics, language, said, page):
    async with TestClient(TestServer(public_app(desk, metrics))) as client:
        for deaf, times in (((), 0), ((Deaf("<masto>", NOW - HOUR, Ail.REFUSED),), 1)):
            desk.deaf = deaf
            async with client.get(f"/i/{CODE}{page}", headers={"Accept-Language": language}) as answer:
                text = await answer.text()
                assert [text.count(each) for each in (*said, "<bdi>&lt;masto&gt;</bdi>")] == [times] * 4
