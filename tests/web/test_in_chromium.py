"""The phone page in a real browser: by tap, by keyboard, without JavaScript, and for whoever cannot see it."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import PHONE, chromium, served
from msgspec.structs import replace

from buzzwatch.model.cause import Cause
from buzzwatch.model.incident import State
from buzzwatch.model.input import Corrected, Mark, Verb
from buzzwatch.model.instant import DAY, HOUR, MINUTE
from buzzwatch.model.proposal import Proposal
from buzzwatch.model.silence import Silence

CODE = "k7Qm2xZ9"
NOW = 1_795_473_600_000  # 23:40 in Paris
NARROW = 320
LEAST_TARGET = 44
"""CSS pixels either way that a finger needs."""
SIZES = """() => [...document.querySelectorAll("a, button, select, summary, input:not([type=hidden])")]
    .filter(each => each.checkVisibility())
    .map(each => [each.textContent.trim() || each.name, each.getBoundingClientRect()])
    .map(([name, box]) => [name, Math.round(Math.min(box.width, box.height))])"""


def nobody(desk):
    pass


def known(desk):
    desk.holder = "ines"


def explained(desk):
    desk.why = (Cause("par terre", 1.0),)
    desk.marks = {"x:1": Corrected(NOW, "acme", "x:1", Mark.NOT_US, "karim")}


def taken_by(person, **more):
    def take(desk):
        known(desk)
        desk.become(state=State.TAKEN, taken_by=person, taken_at=NOW - MINUTE, **more)

    return take


def closed(desk):
    known(desk)
    desk.become(state=State.RESOLVED, closed_by="karim", closed_at=NOW)


def silenced(desk):
    known(desk)
    desk.hush = Silence("acme", NOW - HOUR, NOW + HOUR, "exercice de crise", "karim")


def at_night(desk):
    known(desk)
    desk.night_until = NOW + 7 * HOUR
    desk.proposals["x:1"] = Proposal("acme", "x:1", "not-negative", "ines", NOW, desk.record.id, NOW + 7 * DAY)


def by_day(desk):
    at_night(desk)
    desk.night_until = None


def endless(desk):
    desk.people = {"ines": "I" * 60, "karim": "Karim"}
    desk.become(reason=replace(desk.record.reason, says="h" * 300, rule="r" * 60, sources=("s" * 60, "t" * 60)))
    desk.why = (Cause("x" * 90, 1.0),)


STATES = {
    "open": (nobody, ""),
    "open, known by the link": (known, ""),
    "marked": (explained, ""),
    "taken by another": (taken_by("karim"), ""),
    "taken": (taken_by("ines"), ""),
    "waiting": (taken_by("ines", wait_until=NOW + HOUR, wait_why="le communiqué part à minuit"), ""),
    "snoozed": (taken_by("ines", snooze_until=NOW + 15 * MINUTE), ""),
    "rung again": (taken_by("ines", snooze_until=NOW + 5 * MINUTE, reminded=True), ""),
    "closed": (closed, ""),
    "silenced": (silenced, ""),
    "at night": (at_night, ""),
    "marks at night": (at_night, "/marks"),
    "marks by day": (by_day, "/marks"),
    "no marks": (nobody, "/marks"),
    "long words": (endless, ""),
    "missing": (nobody, "unknown"),
}
READERS = {
    "French by day": {"locale": "fr-FR", "color_scheme": "light"},
    "English by night": {"locale": "en-GB", "color_scheme": "dark"},
    "without JavaScript": {"locale": "fr-FR", "java_script_enabled": False},
}
EVERY_KIND = {
    "open": "French by day",
    "open, known by the link": "English by night",
    "marked": "French by day",
    "waiting": "English by night",
    "closed": "French by day",
    "at night": "English by night",
    "marks by day": "French by day",
    "missing": "English by night",
}
"""Each element that there is, in light or in dark: axe takes most of a second for a page."""


class Behind:
    """The desk of the test that runs: browser and server serve all of them."""

    desk = None

    def __getattr__(self, name):
        return getattr(self.desk, name)


@pytest.fixture(scope="module")
def stage():
    behind = Behind()
    with chromium() as browser, served(behind) as url:
        yield browser, behind, f"{url}/i/{CODE}", {}


@pytest.fixture
def phone(stage, desk):
    """Open the page as a reader's phone does; more of its `path`."""
    browser, behind, site, contexts = stage
    behind.desk, shown = desk, []

    def open_page(reader="French by day", path=""):
        if reader not in contexts:
            contexts[reader] = browser.new_context(viewport=PHONE, has_touch=True, **READERS[reader])
            contexts[reader].set_default_timeout(timedelta(seconds=20) / timedelta(milliseconds=1))
        mine = sum(page.context == contexts[reader] for page in shown)
        pages = contexts[reader].pages
        shown.append(pages[mine] if mine < len(pages) else contexts[reader].new_page())
        shown[-1].goto(f"{site}{path}")
        return shown[-1]

    yield open_page  # pages are used again: closing one on its way to another may take for ever
    for page in shown:
        page.wait_for_load_state()


def unfolded(phone, desk, state, reader):
    arrange, path = STATES[state]
    arrange(desk)
    page = phone(reader, path)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    return page


@pytest.mark.parametrize("state", STATES)
def test_labels_contrast_and_order_keep_nobody_out_nothing_runs_over_and_every_target_suits_a_finger(
    phone, desk, state
):
    reader = EVERY_KIND.get(state, "French by day")
    page = unfolded(phone, desk, state, reader)
    assert page.locator("html").get_attribute("lang") == READERS[reader]["locale"][:2]
    assert [target for target in page.evaluate(SIZES) if target[1] < LEAST_TARGET] == []
    if state in EVERY_KIND:
        found = Axe().run(page).response["violations"]
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
    for width in (PHONE["width"], NARROW):
        page.set_viewport_size({"width": width, "height": 568})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_happens_how_bad_it_is_and_the_button_that_takes_it_are_seen_without_scrolling(phone, desk):
    known(desk)
    page = phone()
    for seen in ("h1", "text=Personne ne s'en occupe", "text=Je prends", "text=Huit heures par terre"):
        box = page.locator(seen).first.bounding_box()
        assert box["y"] + box["height"] <= PHONE["height"], seen


def test_no_figure_is_broken_over_two_lines(phone, desk):
    desk.become(reason=replace(desk.record.reason, reach=182_400_000))
    page = phone("English by night")
    page.set_viewport_size({"width": NARROW, "height": 568})
    heights = {round(dd.bounding_box()["height"]) for dd in page.locator("dd:not(:has(small))").all()}
    assert len(heights) == 1


def test_a_tap_takes_it(phone, desk):
    known(desk)
    page = phone()
    page.get_by_role("button", name="Je prends").tap()
    page.get_by_text("Inès s'en occupe depuis 23:40").wait_for()
    assert (desk.record.state, desk.record.taken_by) == (State.TAKEN, "ines")


def test_the_keyboard_alone_takes_it_and_sees_where_it_is(phone, desk):
    page = phone("English by night")
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.locator("select:focus").count():
            page.keyboard.press("ArrowDown")
    focus = page.locator(":focus")
    assert focus.text_content() == "I need help"
    assert focus.evaluate("each => getComputedStyle(each).outlineStyle") == "solid"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Inès has it, since 23:40").wait_for()
    assert desk.record.taken_by == "ines"


def test_enter_in_the_name_takes_nothing(phone, desk):
    desk.people = {}
    page = phone()
    page.get_by_label("Votre nom").fill("Zoé")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Je prends").wait_for()
    assert desk.record.state is State.OPEN


def test_without_a_name_the_browser_asks_for_it_and_nothing_is_done(phone, desk):
    page = phone()
    page.get_by_role("button", name="Je prends").tap()
    assert page.locator("select:focus").count() == 1
    assert desk.record.state is State.OPEN


@pytest.mark.parametrize(
    ("folded", "button", "verb"),
    [
        (False, "J'ai besoin d'aide", Verb.HELP),
        (True, "30 min", Verb.SNOOZE),
        (True, "On attend jusque-là", Verb.WAIT),
        (True, "Vrai, mais sans importance", Verb.NO_MATTER),
        (True, "C'est terminé", Verb.RESOLVE),
    ],
)
def test_every_answer_works_without_javascript(phone, desk, folded, button, verb):
    known(desk)
    page = phone("without JavaScript")
    if folded:
        page.get_by_text("Autres réponses").tap()
    if verb is Verb.WAIT:
        page.get_by_label("Jusqu'à").fill("23:59")
        page.get_by_label("Parce que").fill("le communiqué part")
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).tap()
    [reply] = desk.replies
    assert (reply.verb, reply.by) == (verb, "ines")
    assert (reply.span, reply.until, reply.why) == {
        Verb.SNOOZE: ("30m", "", ""),
        Verb.WAIT: ("", "23:59", "le communiqué part"),
    }.get(verb, ("", "", ""))


def test_a_post_is_marked_at_night_and_confirmed_in_the_morning_without_javascript(phone, desk):
    known(desk)
    desk.night_until = NOW + 7 * HOUR
    page = phone("without JavaScript")
    page.get_by_text("Mal jugé ?").first.tap()
    page.get_by_role("button", name="Pas négatif").first.tap()
    page.get_by_text("selon Inès : pris en compte demain matin, après confirmation").wait_for()
    page.get_by_text("1 marque de la nuit attend une confirmation").tap()
    page.get_by_text("À confirmer à partir de").wait_for()
    desk.night_until = None
    page.reload()
    page.get_by_role("button", name="Tout confirmer").tap()
    page.get_by_text("Rien n'attend de confirmation.").wait_for()
    assert desk.marks["x:1"].mark is Mark.NOT_NEGATIVE


@pytest.mark.parametrize(
    ("reader", "said", "back"),
    [
        ("French by day", "C'est déjà clos.", "Retour à l'alerte"),
        ("English by night", "It is closed already.", "Back to the incident"),
    ],
)
def test_what_cannot_be_done_is_told_in_the_readers_language_and_leads_back(phone, desk, reader, said, back):
    known(desk)
    page = phone(reader)
    desk.become(state=State.RESOLVED, closed_by="karim", closed_at=NOW)
    page.locator("button.main").tap()
    page.get_by_text(said).wait_for()
    assert Axe().run(page).response["violations"] == []
    page.get_by_text(back).tap()
    page.wait_for_url(f"**/{CODE}")
