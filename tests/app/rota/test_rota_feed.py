"""The calendar of a rota, read again and again by a running daemon."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from stage import PATIENCE_S, House

from buzzwatch.app.recover import recover
from buzzwatch.app.rota import source as rota_source
from buzzwatch.app.rota.feed import EVERY, RotaFeed
from buzzwatch.app.rota.ical import read
from buzzwatch.app.rota.source import copy_path
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.app.secret import Secrets
from buzzwatch.clock import VirtualClock, settle
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.input import RotaSwapped, RulesSwapped
from buzzwatch.model.instant import DAY, HOUR, MINUTE, Instant
from buzzwatch.notify.oncall import on_duty
from buzzwatch.store.journal import read_journal

BRAND = "brand: acme\nmatch: {any: [acme]}\n"
ONCALL = """
people:
  ines: {name: Inès, reach: {push: console, mail: ines@acme.example}}
  karim: {name: Karim, reach: {push: console}}
  sophie: {name: Sophie, reach: {push: console}}
rota: {comms: {ical: "SOURCE", fallback: sophie}}
routes: {oncall: {steps: [{after: 0m, tell: "rota:comms"}]}, ops: {copy: [console]}}
"""
NOON: Instant = 1_774_436_400_000 // DAY * DAY + 12 * HOUR
"""Wednesday 2026-03-25."""
GOOD = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20260320
DTEND;VALUE=DATE:20260401
SUMMARY:WHO
END:VEVENT
END:VCALENDAR
"""
FOREVER = GOOD.replace("DTEND;VALUE=DATE:20260401", "RRULE:FREQ=DAILY").replace("20260320", "20200101")


def rules(source: str) -> Ruleset:
    return compile_rules({"acme.yaml": BRAND, "oncall.yaml": ONCALL.replace("SOURCE", source)})


class Shelf:
    """A server of calendars, and what it was asked."""

    def __init__(self) -> None:
        self.text = GOOD.replace("WHO", "ines")
        self.asked: list[tuple[str, str | None]] = []
        self.answer: Callable[[web.Request], web.StreamResponse] | None = None
        self.hangs = False

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, request.headers.get("If-None-Match")))
        if self.hangs:
            await asyncio.Event().wait()
        if self.answer is not None:
            return self.answer(request)
        etag = f'"{hash(self.text)}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304)
        return web.Response(text=self.text, headers={"ETag": etag, "Last-Modified": "x"})


class Post:
    """A house, the feed in it, and one session."""

    def __init__(self, house: House, rules_directory: Path, session: ClientSession, **env: str) -> None:
        self.house = house
        self.session = session
        self.feed = RotaFeed(
            house.record.directory, rules_directory, Secrets(env), house.queue, house.clock,
            lambda: house.drive.spine.memory,
        )  # fmt: skip

    async def look(self) -> None:
        await self.feed.read_all(self.session)
        await self.house.move(self.house.clock.now() + MINUTE)

    @property
    def present(self) -> str:
        memory = self.house.drive.spine.memory
        return on_duty(memory.rules.rotas["comms"], memory.now)

    @property
    def ops(self) -> list[str]:
        notices = [notice for _, outcome in self.house.outcomes for notice in outcome.notices]
        return [notice.incident.reason.says for notice in notices if notice.incident.id.startswith("ops-")]

    @property
    def swaps(self) -> int:
        return len(self.house.rows("SELECT 1 FROM journal WHERE kind = 'rota'"))


@pytest.fixture
async def shelf() -> AsyncIterator[Shelf]:
    shelf = Shelf()
    application = web.Application()
    application.router.add_get("/{name:.*}", shelf.serve)
    async with TestServer(application) as server:
        shelf.url = str(server.make_url("/oncall.ics"))
        yield shelf


@pytest.fixture
async def post(tmp_path: Path, shelf: Shelf, monkeypatch) -> AsyncIterator[Post]:
    monkeypatch.setattr(rota_source, "expand", read)  # the process is tested by itself
    house = House(tmp_path / "state", VirtualClock(NOON))
    house.open()
    await house.tell(RulesSwapped(0, rules("${env:ROTA}")))
    async with ClientSession() as session:
        yield Post(house, tmp_path, session, ROTA=shelf.url)
    await house.kill()


async def test_a_calendar_is_handed_over_once_and_again_where_it_changed(post: Post, shelf: Shelf):
    assert post.present == "sophie"
    await post.look()
    assert (post.present, post.swaps) == ("ines", 1)
    await post.look()
    assert (post.present, post.swaps) == ("ines", 1)
    assert shelf.asked[0] == ("/oncall.ics", None)
    assert shelf.asked[1][1] is not None, "asked only whether it changed"
    shelf.text = GOOD.replace("WHO", "karim")
    await post.look()
    assert (post.present, post.swaps, post.ops) == ("karim", 2, [])


async def test_what_was_handed_over_is_in_the_journal_once_and_comes_back_whole(post: Post, shelf: Shelf):
    await post.look()
    shelf.text = GOOD.replace("WHO", "karim")
    await post.look()
    shelf.text = GOOD.replace("WHO", "ines")
    await post.look()
    assert len(post.house.rows("SELECT 1 FROM rota")) == 2, "each content once"
    ruleset = rules("${env:ROTA}")
    book = {ruleset.digest: RulesSwapped(0, ruleset)}
    inputs = post.house.record.write_now(lambda db: [item for _, item in read_journal(db, 0, 99, book)])
    assert [item.shifts[0].person for item in inputs if isinstance(item, RotaSwapped)] == ["ines", "karim", "ines"]
    risen = post.house.record.write_now(lambda db: recover(db, post.house.record.directory, compile_rules))
    assert risen.memory.shifts == post.house.drive.spine.memory.shifts
    assert on_duty(risen.memory.rules.rotas["comms"], risen.memory.now) == "ines"


def leading_to(address: str) -> Callable[[web.Request], web.StreamResponse]:
    return lambda _: web.Response(status=302, headers={"Location": address})


SECONDLY = GOOD.replace("DTEND;VALUE=DATE:20260401", "RRULE:FREQ=SECONDLY")
BROKEN = [
    (lambda _: web.Response(status=503), "cannot be had: its server answered 503"),
    (lambda _: web.Response(text="<html>sign in</html>"), "is no iCalendar: it holds no BEGIN:VCALENDAR"),
    (lambda _: web.Response(body=b"BEGIN:VCALENDAR \xff"), "is no UTF-8 text"),
    (lambda _: web.Response(body=b"x" * 1_000_001), "is larger than 1,000,000 bytes"),
    (leading_to("/again"), "leads on to other addresses more than 3 times"),
    (leading_to("ftp://elsewhere.example/"), "leads on to an address that is not https://"),
    (leading_to("http://127.0.0.1:1/"), "cannot be had (ClientConnectorError)"),
    (lambda _: web.Response(text=SECONDLY), "repeats every minute"),
]


@pytest.mark.parametrize(("answer", "said"), BROKEN, ids=[said for _, said in BROKEN])
async def test_where_it_fails_the_last_good_copy_is_used_and_ops_hears_it_once_with_its_age(
    post: Post, shelf: Shelf, answer, said: str
):
    await post.look()
    post.house.clock._now += 3 * HOUR
    shelf.answer = answer
    await post.look()
    await post.look()
    assert (post.present, post.swaps) == ("ines", 1)
    (told,) = post.ops
    assert said in told
    assert told.endswith("; the copy of Wed 2026-03-25 12:00 is used, which is 3 hours old")
    assert "127.0.0.1:" not in told.replace("ROTA", ""), "an address may be a secret"
    shelf.answer = None
    await post.look()
    assert post.ops[1:] == ["rota `comms`: its calendar is read again"]


async def test_where_it_hangs_it_is_given_up(post: Post, shelf: Shelf, monkeypatch):
    monkeypatch.setattr("buzzwatch.app.rota.fetch.PATIENCE_S", 0.05)
    shelf.hangs = True
    await post.look()
    assert post.ops == [
        "rota `comms`: its calendar did not come within 0.05 s; there is no copy of it, and sophie is called"
    ]


async def test_after_a_restart_without_a_network_the_copy_goes_on_and_reaches_ever_further(
    post: Post, shelf: Shelf, tmp_path: Path
):
    shelf.text = FOREVER.replace("WHO", "ines")
    await post.look()
    reached = post.house.drive.spine.memory.shifts["comms"][-1].until
    shelf.answer = lambda _: web.Response(status=500)
    again = Post(post.house, tmp_path, post.session, ROTA=shelf.url)
    post.house.clock._now += 14 * DAY
    await again.look()
    assert again.present == "ines"
    assert again.house.drive.spine.memory.shifts["comms"][-1].until == reached + 14 * DAY


async def test_a_copy_of_another_calendar_is_not_used(post: Post, shelf: Shelf, tmp_path: Path):
    await post.look()
    await post.house.tell(RulesSwapped(0, rules("elsewhere.ics")))
    await post.look()
    (told,) = post.ops
    assert told.endswith(
        "cannot be read: No such file or directory; there is no copy of it, and what it said before stays in force"
    )
    assert post.present == "ines", "it was read before"


async def test_a_file_beside_the_rules_is_read_too_and_a_pipe_is_not(post: Post, tmp_path: Path):
    await post.house.tell(RulesSwapped(0, rules("comms.ics")))
    (tmp_path / "comms.ics").write_text(GOOD.replace("WHO", "Karim"))
    await post.look()
    assert post.present == "karim"
    (tmp_path / "comms.ics").unlink()
    (tmp_path / "comms.ics").mkdir()
    await post.look()
    assert "is not a regular file" in post.ops[0]


async def test_an_event_that_names_nobody_is_told_once_and_the_rest_is_used(post: Post, shelf: Shelf):
    event = GOOD.partition("BEGIN:VEVENT")[2].partition("END:VCALENDAR")[0]
    stray = event.replace("WHO", "Inez").replace("UID:1", "UID:2")
    shelf.text = GOOD.replace("WHO", "ines").replace("END:VCALENDAR", f"BEGIN:VEVENT{stray}END:VCALENDAR")
    await post.look()
    await post.look()
    assert post.present == "ines"
    assert post.ops == [
        (
            "rota `comms`: an event of its calendar is left out: `Inez` names nobody of `people`; did you mean `ines`? "
            "(2026-03-20)"
        )
    ]
    shelf.text = GOOD.replace("WHO", "ines")
    await post.look()
    assert post.ops[1:] == ["rota `comms`: every event of its calendar names somebody"]


async def test_a_broken_copy_on_disk_is_as_none(post: Post, shelf: Shelf, tmp_path: Path):
    await post.look()
    path = copy_path(post.house.record.directory, "comms")
    assert GOOD.replace("WHO", "ines").replace("\n", "\\n") in path.read_text()
    path.write_text("{")
    again = Post(post.house, tmp_path, post.session, ROTA=shelf.url)
    await again.look()
    assert (again.present, again.ops) == ("ines", [])


async def test_a_secret_that_is_missing_is_told(post: Post, tmp_path: Path):
    await Post(post.house, tmp_path, post.session).look()
    assert "its calendar cannot be read: ${env:ROTA} is not set" in post.ops[0]


async def test_it_looks_every_quarter_of_an_hour_and_soon_after_other_rules(post: Post, shelf: Shelf, monkeypatch):
    resting, rest = asyncio.Event(), post.feed._rest

    async def rest_and_say_so() -> None:
        resting.set()
        await rest()

    async def looked() -> None:
        await asyncio.wait_for(resting.wait(), PATIENCE_S)
        resting.clear()
        await settle()

    monkeypatch.setattr(post.feed, "_rest", rest_and_say_so)
    running = asyncio.create_task(post.feed.run())
    await looked()
    await post.house.clock.advance(EVERY + 3 * MINUTE)
    await looked()
    post.feed.look_soon()
    await looked()
    running.cancel()
    await asyncio.wait([running])
    assert len(shelf.asked) == 3
