"""What `buzzwatch sources` shows, in both languages."""

import io

import pytest
from rich.console import Console
from stage import MONDAY

from buzzwatch.app.ears.table import draw
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND
from buzzwatch.notify.ear_words import WORDS
from buzzwatch.web.desk import AccountRow, SourceRow, Sources

NOON = MONDAY + 11 * HOUR


def row(**changes):
    usual = {
        "name": "broker",
        "kind": "mqtt",
        "connected": True,
        "deaf": False,
        "ail": None,
        "why": "",
        "since": NOON - HOUR,
        "last_event": NOON - 2 * SECOND,
        "last_hour": 280,
        "usual_hour": 301.0,
        "due": 0.2,
        "patience": 90.0,
        "lag": 3 * SECOND,
        "cursor_age": 4 * SECOND,
        "learning": False,
        "warnings": (),
    }
    return SourceRow(**usual | changes)


def shown(language, *rows, accounts=(), width=160):
    page = io.StringIO()
    told = Sources(NOON, "Europe/Paris", tuple(rows), accounts)
    Console(file=page, width=width).print(draw(told, language))
    return page.getvalue().replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(("language", "said"), [("fr", "attendre une minute ; puis"), ("en", "wait a minute; then")])
def test_a_source_that_says_only_what_its_state_says_is_not_quoted(language, said):
    page = shown(language, row(ail=Ail.CONNECTING, deaf=True, connected=False, why="not connected yet"))
    assert said in page
    assert "not connected yet" not in page.replace("mqtt  not connected yet", "")


def test_a_well_source_in_one_line():
    assert "broker  mqtt  well          11:00  2 s ago    280 (301)       3 s  4 s ago" in shown("en", row())
    assert "broker  mqtt   bien          11:00   2 s        280 (301)       3 s     4 s" in shown("fr", row())


def test_the_reason_of_a_deaf_one_and_how_far_a_silence_has_come():
    refused = row(name="masto", deaf=True, connected=False, ail=Ail.REFUSED, why="401: token expired")
    quiet = row(due=60.0, last_event=None)
    english, french = shown("en", refused, quiet), shown("fr", refused, quiet)
    assert "access refused" in english
    assert "masto: renew the credential or the right, then restart the service. It says: 401: token expired" in english
    assert "broker: 60 posts expected since the last, a silence is told from 90 on" in english
    assert "accès refusé" in french
    assert "masto : renouveler l’identifiant ou le droit, puis redémarrer le service. Elle dit : 401: token" in french
    assert "never" in english
    assert "jamais" in french


@pytest.mark.parametrize(("language", "said"), [("en", "is it spelt right?"), ("fr", "bien écrit ?")])
def test_what_was_not_seen_for_thirty_days(language, said):
    page = shown(language, row(warnings=("never",), last_event=None), accounts=(AccountRow("Acme", "x:@acme", None),))
    assert "x:@acme" in page
    assert said in page
    assert page.count("trente jours" if language == "fr" else "thirty days") == 2


def test_hostile_words_of_a_source_cannot_paint_the_terminal():
    assert "\x1b" not in shown("en", row(ail=Ail.AWAY, deaf=True, why="[red]\x1b[31mno[/red]", lag=-2 * MINUTE))


def test_long_ago_has_its_date():
    assert "2026-02-28 12:00" in shown("en", row(since=NOON - 2 * DAY))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_at_eighty_columns_no_state_is_broken_within_a_word(language):
    page = shown(language, *(row(name=ail, ail=ail, deaf=True) for ail in Ail), width=80)
    table = page[: page.index(f"{Ail.CONNECTING}:".replace(":", " :" if language == "fr" else ":"))]
    words = {word for reason in WORDS[language].reasons.values() for word in reason.split()}
    assert words <= set(table.split())
