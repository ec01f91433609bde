"""The status page in a real browser: on a phone and on a wall, by day and by night, live, lost, and found again."""

import asyncio
import threading
from datetime import timedelta

import pytest
from aiohttp import web
from axe_playwright_python.sync_playwright import Axe
from board_stand_in import CODE, NOW, StandIn, calm, crisis, deaf
from chromium import PHONE, chromium, served
from msgspec.structs import replace

from buzzwatch.web.metrics import Metrics
from buzzwatch.web.public import public_app

WALL = {"width": 1920, "height": 1080}
LEAST_TARGET = 44
READERS = {
    "phone, French, light": {"viewport": PHONE, "locale": "fr-FR", "color_scheme": "light"},
    "phone, English, dark": {"viewport": PHONE, "locale": "en-GB", "color_scheme": "dark"},
    "wall, English, light": {"viewport": WALL, "locale": "en-GB", "color_scheme": "light"},
    "wall, French, dark": {"viewport": WALL, "locale": "fr-FR", "color_scheme": "dark"},
    "without script": {"viewport": PHONE, "locale": "fr-FR", "java_script_enabled": False},
}
VIEWS = {"crisis": crisis(), "deaf": deaf(2)}
LOOKED_AT = [
    ("crisis", "phone, French, light"),
    ("deaf", "phone, English, dark"),
    ("deaf", "wall, English, light"),
    ("crisis", "wall, French, dark"),
]
SIZES = """() => [...document.querySelectorAll("a, button, summary")].filter(each => each.checkVisibility())
    .map(each => Math.round(Math.min(each.getBoundingClientRect().width, each.getBoundingClientRect().height)))"""
WITHIN = timedelta(seconds=20) / timedelta(milliseconds=1)


class Shown:
    """A desk with a board alone."""

    def __init__(self):
        self.board = StandIn(calm())


@pytest.fixture(scope="module")
def stage():
    desk = Shown()
    with chromium() as browser, served(desk) as url:
        yield browser, desk, f"{url}/i/{CODE}/status"


@pytest.fixture
def look(stage):
    """Open the page of a view as a reader does."""
    browser, desk, url = stage
    contexts = []

    def look(view, reader, url=url):
        desk.board = StandIn(view)
        contexts.append(browser.new_context(**READERS[reader]))
        contexts[-1].set_default_timeout(WITHIN)
        page = contexts[-1].new_page()
        page.goto(url)
        return page, desk.board

    yield look
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("view", "reader"), LOOKED_AT)
def test_nobody_is_kept_out_nothing_runs_over_and_every_target_suits_a_finger(look, view, reader):
    page, _ = look(VIEWS[view], reader)
    page.evaluate("document.querySelector('details').open = true")
    assert page.locator("html").get_attribute("lang") == READERS[reader]["locale"][:2]
    found = Axe().run(page).response["violations"]
    assert [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= READERS[reader]["viewport"]["width"]
    assert [size for size in page.evaluate(SIZES) if size < LEAST_TARGET] == []


def test_a_phone_shows_the_sentence_the_clock_and_the_worst_without_scrolling(look):
    page, _ = look(crisis(), "phone, French, light")
    for seen in ("h1", "#clock", "#incidents li >> nth=0", "#incidents a >> nth=0"):
        box = page.locator(seen).bounding_box()
        assert box["y"] + box["height"] <= PHONE["height"], seen


@pytest.mark.parametrize("reader", ["phone, English, dark", "wall, French, dark"])
def test_thirty_brands_in_a_crisis_run_over_no_edge(look, reader):
    page, _ = look(crisis(30), reader)
    assert page.evaluate("document.documentElement.scrollWidth") <= READERS[reader]["viewport"]["width"]
    assert [size for size in page.evaluate(SIZES) if size < LEAST_TARGET] == []


def test_a_wall_shows_thirty_calm_brands_without_scrolling(look):
    page, _ = look(calm(30), "wall, French, dark")
    page.wait_for_function(f"document.documentElement.scrollHeight <= {WALL['height']}")
    cut = """[...document.querySelectorAll(".share, .usual")].filter(each => each.scrollWidth > each.clientWidth + 1
        && getComputedStyle(each).display != "inline").length"""
    assert page.evaluate(cut) == 0, "a number is cut off"
    assert page.locator("article").count() == 24


def test_a_wall_shows_a_crisis_of_few_brands_without_scrolling(look):
    page, _ = look(crisis(), "wall, French, dark")
    page.wait_for_function(f"document.documentElement.scrollHeight <= {WALL['height']}")


def test_a_change_is_seen_where_it_was_and_what_is_open_stays_open(look):
    page, board = look(calm(), "phone, French, light")
    page.locator("#t-b0 summary").click()
    top = page.locator("#b-b0").bounding_box()
    acme, *others = board.view.brands
    board.view = replace(board.view, now=NOW + 7_000, brands=(replace(acme, now=33), *others))
    page.locator("#b-b0 strong", has_text="33").first.wait_for()
    assert page.locator("#clock time").text_content() == "23:40:12"
    assert page.locator("#t-b0[open] table").is_visible()
    assert page.locator("#b-b0").bounding_box() == top
    board.view = crisis()
    page.get_by_role("heading", name="colère 4 fois l’habituelle").wait_for()
    assert "colère" in page.locator("#said").text_content()
    assert page.title().startswith("Acme Airlines")


def test_the_keyboard_alone_opens_the_numbers_and_keeps_its_place(look):
    page, board = look(crisis(), "wall, English, light")
    for _ in range(4):  # the first may come before the page has the focus
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.parentElement.id") == "t-b0":
            break
    page.keyboard.press("Enter")
    page.locator("#t-b0[open]").wait_for()
    focus = page.locator(":focus")
    assert focus.evaluate("each => getComputedStyle(each).outlineStyle") == "solid"
    acme, *others = board.view.brands
    board.view = replace(board.view, brands=(replace(acme, now=62), *others))
    page.locator("#b-b0 strong", has_text="62").first.wait_for()
    assert page.evaluate("document.activeElement.parentElement.id") == "t-b0"


def test_the_link_leads_to_the_incident_under_any_prefix(look, stage):
    page, _ = look(crisis(), "phone, English, dark")
    there = page.locator("#incidents a").first.evaluate("each => each.href")
    assert there == stage[2].replace("/status", "/incident/b0-261123-2310")


def test_without_script_the_page_renews_itself_and_says_how_to_read_its_clock(look):
    page, board = look(crisis(), "without script")
    assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "30"
    assert "figée" in page.locator("noscript p").text_content()
    page.locator("#t-b0 summary").click()
    assert page.locator("#t-b0 table").is_visible()
    board.view = calm()
    page.reload()
    assert page.get_by_role("heading", name="Tout est calme").is_visible()


def test_a_lost_connection_is_said_loudly_and_forgotten_when_it_is_found(look):
    with chromium_free_server(Shown()) as (address, halt, resume):
        page, _ = look(calm(), "wall, English, light", f"{address}/i/{CODE}/status")
        page.clock.install()
        page.goto(f"{address}/i/{CODE}/status")
        page.locator("#clock").wait_for()
        halt()
        page.clock.run_for(14_000)
        lost = page.locator("#lost")
        lost.wait_for()
        assert "CONNECTION LOST" in lost.text_content()
        assert "23:40:05" in lost.text_content()
        assert page.title().startswith("✕")
        assert page.evaluate("document.getElementById('board').className") == "old"
        resume()
        page.wait_for_function("() => document.getElementById('lost').hidden", polling=100)


class chromium_free_server:  # noqa: N801 - a context like `served`
    """A server on a port of its own that can be stopped and started again, as a daemon is."""

    def __init__(self, desk):
        self._desk, self._port = desk, 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self):
        self._thread.start()
        self._resume()
        return f"http://127.0.0.1:{self._port}", self._halt, self._resume

    def __exit__(self, *_):
        self._halt()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        self._loop.close()

    def _resume(self):
        async def start():
            self._runner = web.AppRunner(public_app(self._desk, Metrics("0")), access_log=None)
            await self._runner.setup()
            await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
            self._port = self._runner.addresses[0][1]

        self._run(start())

    def _halt(self):
        self._run(self._runner.cleanup())

    def _run(self, work):
        asyncio.run_coroutine_threadsafe(work, self._loop).result(20)
