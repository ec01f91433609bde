"""What people read of each other's answers, in both languages."""

import pytest

from buzzwatch.model.incident import ChangeKind, State
from buzzwatch.model.instant import MINUTE
from buzzwatch.notify.render import render
from buzzwatch.notify.sms import SEGMENT, septets

LINK = "https://bw.acme.fr/i/K7Q2MXWP"
HAS_IT = {"state": State.TAKEN, "taken_by": "karim"}
WAITS = {**HAS_IT, "wait_why": "le communiqué part à minuit"}
SNOOZES = {**HAS_IT, "snooze_until": 1}
CLOSED = {"state": State.RESOLVED, "closed_by": "karim"}


@pytest.mark.parametrize(
    ("kind", "fields", "language", "said"),
    [
        (ChangeKind.WAITING, WAITS, "fr", ("on attend jusqu’à 00:10, décidé par Karim", "Raison : le communiqué part")),
        (ChangeKind.WAITING, WAITS, "en", ("we wait until 00:10, says Karim", "Reason: le communiqué part à minuit")),
        (ChangeKind.WAITED, {}, "fr", ("l’attente est finie, 46 posts", "On avait décidé d’attendre")),
        (ChangeKind.WAITED, {}, "en", ("the wait is over, 46 angry posts", "We had decided to wait")),
        (
            ChangeKind.SNOOZING,
            SNOOZES,
            "fr",
            ("vu par Karim, sonnera de nouveau à 23:55", "Rien n’est décidé : le délai"),
        ),
        (ChangeKind.SNOOZING, SNOOZES, "en", ("snoozed by Karim, rings again at 23:55", "the clock goes on.")),
        (ChangeKind.SNOOZED, HAS_IT, "fr", ("à vous, comme demandé, 46", "Vous aviez demandé qu’on vous rappelle")),
        (ChangeKind.SNOOZED, HAS_IT, "en", ("yours, as you asked, 46", "You asked to be rung again now.")),
        (ChangeKind.HELP, HAS_IT, "fr", ("Karim demande de l’aide, 46", "Karim s’en occupe et demande de l’aide.")),
        (ChangeKind.HELP, HAS_IT, "en", ("Karim asks for help, 46", "Karim has it and asks for help.")),
        (ChangeKind.REMINDED, HAS_IT, "fr", ("pris par vous à 23:40, monte encore", "Vous l’avez pris à 23:40")),
        (ChangeKind.REMINDED, HAS_IT, "en", ("yours since 23:40 and still growing", "You took it at 23:40")),
        (ChangeKind.RELEASED, {}, "fr", ("pris puis sans nouvelles, 46", "Quelqu’un l’avait pris")),
        (ChangeKind.RELEASED, {}, "en", ("taken, then no news, 46", "Somebody had taken it")),
        (ChangeKind.UNSILENCED, {}, "fr", ("le silence est fini, 46", "Un silence demandé par quelqu’un")),
        (ChangeKind.UNSILENCED, {}, "en", ("the silence is over, 46", "A silence that somebody had asked for")),
        (ChangeKind.DISMISSED, CLOSED, "fr", ("vu par Karim à 23:40, sans importance", "Rien n’est corrigé.")),
        (ChangeKind.DISMISSED, CLOSED, "en", ("seen by Karim at 23:40, no matter", "Nothing is corrected.")),
    ],
)
def test_an_answer_says_who_and_what_comes_of_it(change, now, samples, kind, fields, language, said):
    title, line = said
    dated = {name: now for name in ("taken_at", "closed_at") if name.replace("_at", "_by") in fields}
    wait = {"wait_until": now + 30 * MINUTE} if kind is ChangeKind.WAITING else {}
    wait |= {"snooze_until": now + 15 * MINUTE} if kind is ChangeKind.SNOOZING else {}
    notice = change(**(fields | dated | wait), notice_kind=kind, notice_language=language, notice_page=False)
    message = render(notice, samples, LINK, now)
    assert title in message.title.replace("\u00a0", " ")
    assert line in message.text.replace("\u00a0", " ")
    assert septets(message.short) <= SEGMENT
    assert message.short.endswith(LINK)


def test_a_reason_that_a_person_gives_pings_nobody(change, now):
    fields = {**WAITS, "taken_at": now, "wait_until": now + MINUTE, "wait_why": "<!channel> https://evil.example"}
    message = render(change(**fields, notice_kind=ChangeKind.WAITING), (), LINK, now)
    assert "<!channel>" not in message.text
    assert "<!channel>" not in message.html
