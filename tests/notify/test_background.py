"""What a message tells beside its notice, and in which order."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from buzzwatch.model.author import Past
from buzzwatch.model.curve import Point
from buzzwatch.model.ear import Ail
from buzzwatch.model.incident import ChangeKind, Press, Sector, State, Subject
from buzzwatch.model.instant import DAY, HOUR, MINUTE, instant_of
from buzzwatch.model.notification import Coming, Deaf, Latest, Sample
from buzzwatch.model.signal import Clause
from buzzwatch.notify.render import PICTURE, render

NOW = instant_of(datetime(2026, 11, 22, 22, 40, tzinfo=UTC))
LINK = "https://bw.example/i/Ab3dE9fGh1"
CRM = "https://crm.example/people?handle=lea"
POINTS = tuple(Point(NOW - 45 * MINUTE + n * 15 * MINUTE, seen, 3.2) for n, seen in enumerate((2.0, 46.4, 30.0)))
_INVISIBLE = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2060": None})
LANGUAGES = pytest.mark.parametrize("language", ["fr", "en"])


def said(notice, samples=(), latest=None, **options):
    text = render(notice, samples, LINK, NOW, latest=latest or Latest(), **options).text
    return text.translate(_INVISIBLE)


@pytest.fixture
def lea(samples):
    return replace(samples[0], past=Past(NOW - 200 * DAY, 12, 3, NOW - 30 * DAY, 14 * MINUTE), crm_link=CRM)


@pytest.mark.parametrize(
    ("language", "order"),
    [
        (
            "fr",
            ["46 posts en colère en 15 min", "Est-ce grave ?", "Important : critique", "La presse s’en mêle",
             "Tout le secteur", "Dont 12 copies", "Courbe par 15 min", "Ce qui se dit", "« Bloqués", "Auteur connu",
             "À faire", "Pourquoi ce message", "2 fausses alertes", "Aussi prévenus", "Ensuite, si personne",
             "Je prends", "Nous n’entendons pas", "Réf."],
        ),
        (
            "en",
            ["46 angry posts in 15 min", "Is it serious?", "Important: critical", "The press has joined",
             "The whole sector", "Of these, 12 copies", "Chart per 15 min", "What people say", "“Bloqués",
             "Author known", "What to do", "Why this message", "2 false alarms", "Also told", "Next, if nobody",
             "I take it", "What we do not hear", "Ref."],
        ),
    ],
)  # fmt: skip
def test_a_letter_says_first_what_is_needed_first(change, reason, lea, language, order):
    notice = change(
        notice_language=language,
        press=Press("x:9", NOW, "x"),
        reason=replace(reason, sector=Sector("airlines", 3, 4), copies=12),
    )
    coming = Coming(NOW + 5 * MINUTE, "Inès", ("push",))
    text = said(notice, (lea,), Latest(POINTS, 2, (coming,), (Deaf("broker", NOW - HOUR),)))
    places = [text.find(part) for part in order]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("past", "french", "english"),
    [
        (Past(NOW, 1, 0), "Premier post connu de cet auteur.", "The first post of this author that we know."),
        (
            Past(NOW - 200 * DAY, 1, 0, NOW - 200 * DAY),
            (
                "Auteur connu depuis le 07/05/2026 : 1 post, 0 réponse de notre part en 12 mois. "
                "La dernière fois, resté sans réponse."
            ),
            "Author known since 2026-05-07: 1 post, 0 answers of ours in 12 months. Last time not answered.",
        ),
        (
            Past(NOW - 200 * DAY, 1_200, 3, NOW - 30 * DAY, 14 * MINUTE),
            (
                "Auteur connu depuis le 07/05/2026 : 1 200 posts, 3 réponses de notre part en 12 mois. "
                "La dernière fois, répondu en 14 min."
            ),
            (
                "Author known since 2026-05-07: 1,200 posts, 3 answers of ours in 12 months. "
                "Last time answered after 14 min."
            ),
        ),
        (
            Past(NOW - 400 * DAY, 5, 0),
            "Auteur connu depuis le 19/10/2025 : 5 posts, 0 réponse de notre part en 12 mois.",
            "Author known since 2025-10-19: 5 posts, 0 answers of ours in 12 months.",
        ),
    ],
)
def test_what_is_known_of_an_author_stands_below_their_post(notice, lea, past, french, english):
    sample = replace(lea, past=past, crm_link=None)
    assert french in said(notice, (sample,)).splitlines()
    assert english in said(replace(notice, language="en"), (sample,)).splitlines()


def test_nothing_is_said_of_an_author_whose_text_is_gone(notice, lea):
    text = said(notice, (replace(lea, text=None),))
    assert "Auteur connu" not in text
    assert CRM not in text


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://crm.example/a b", "https://crm.example/" + "x" * 300])
def test_an_authors_record_is_linked_where_its_address_is_plain(notice, lea, link):
    assert f"Fiche de l’auteur : {CRM}" in said(notice, (lea,))
    assert "Fiche" not in said(notice, (replace(lea, crm_link=link),))
    assert f'href="{CRM}"' in render(notice, (lea,), LINK, NOW).html


@pytest.mark.parametrize(
    ("number", "french", "english"),
    [
        (0, "Cette règle ce mois-ci : 0 fausse alerte.", "This rule this month: 0 false alarms."),
        (1, "Cette règle ce mois-ci : 1 fausse alerte.", "This rule this month: 1 false alarm."),
        (2, "Cette règle ce mois-ci : 2 fausses alertes.", "This rule this month: 2 false alarms."),
    ],
)
def test_the_false_alarms_of_the_rule_are_counted(notice, number, french, english):
    assert french in said(notice, (), Latest(false_alarms=number))
    assert english in said(replace(notice, language="en"), (), Latest(false_alarms=number))
    assert "fausse" not in said(notice)


def test_who_is_next_is_named_with_means_and_time_until_somebody_has_it(notice):
    at = NOW + 5 * MINUTE
    latest = Latest(coming=(Coming(at, "Inès <b>", ("push", "sms")), Coming(at, "Karim", ())))
    assert "Ensuite, si personne ne prend : Inès ‹b› (push, sms), Karim à 23:45." in said(notice, (), latest)
    assert "Next, if nobody takes it: Inès ‹b› (push, sms), Karim at 23:45." in said(
        replace(notice, language="en"), (), latest
    )


def test_what_is_not_heard_is_named_and_of_many_sources_the_first(notice):
    deaf = tuple(Deaf(f"s{number}", NOW - HOUR) for number in range(9))
    assert "Nous n’entendons pas en ce moment : s0 (depuis 22:40). Ce qui s’y dit" in said(
        notice, (), Latest(deaf=deaf[:1])
    )
    assert "s7 (depuis 22:40), et 1 autres." in said(notice, (), Latest(deaf=deaf))
    refused = (Deaf("masto", NOW - HOUR, Ail.REFUSED), Deaf("push", NOW - HOUR, Ail.SILENT))
    french = said(notice, (), Latest(deaf=refused))
    assert "masto (depuis 22:40, accès refusé), push (depuis 22:40, muette). Ce qui s’y dit" in french
    assert "ne nous parvient pas : regardez-y vous-même." in french
    english = said(replace(notice, language="en"), (), Latest(deaf=refused))
    assert "What we do not hear right now: masto (since 22:40, access refused), push (since 22:40, silent). " in english
    assert "What is said there does not reach us: look there yourself." in english


@LANGUAGES
def test_a_first_post_that_its_author_took_back_is_told(change, reason, language):
    clauses = (Clause("thread.escalating", True, 7.1, 3.3),)
    thread = change(subject=Subject("acme", "x:9"), reason=replace(reason, clauses=clauses), notice_language=language)
    gone = {
        "fr": "Le premier post a été supprimé par son auteur.",
        "en": "The first post was taken back by its author.",
    }
    assert gone[language] in said(thread, (), Latest(root_gone=True))
    assert gone[language] not in said(thread)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (
            "fr",
            (
                "Courbe par 15 min depuis 22:55 : au plus 46 posts en colère vers 23:10 (d’habitude 3,2), "
                "30 posts en colère à la fin (d’habitude 3,2)."
            ),
        ),
        (
            "en",
            (
                "Chart per 15 min since 22:55: at most 46 angry posts about 23:10 (usually 3.2), "
                "30 angry posts at the end (usually 3.2)."
            ),
        ),
    ],
)
def test_a_sentence_says_what_the_chart_shows_in_the_text_and_for_the_picture(notice, language, sentence):
    message = render(replace(notice, language=language), (), LINK, NOW, latest=Latest(POINTS))
    assert sentence in message.text.translate(_INVISIBLE)
    assert message.picture.says.translate(_INVISIBLE) == sentence
    assert message.picture.points == POINTS
    assert message.html.count(PICTURE) == 1


def test_beside_one_conversation_the_chart_says_that_it_is_of_the_whole_brand(change, reason):
    clauses = (Clause("thread.escalating", True, 7.1, 3.3),)
    thread = change(subject=Subject("acme", "x:9"), reason=replace(reason, clauses=clauses, signal=None))
    assert "Courbe de toute la marque par 15 min" in said(thread, (), Latest(POINTS))
    english = said(replace(thread, language="en"), (), Latest(POINTS))
    assert "Chart of the whole brand per 15 min since 22:55: at most 46 posts" in english


@pytest.mark.parametrize("points", [(), POINTS[:1]])
def test_without_points_there_is_neither_picture_nor_sentence(notice, points):
    message = render(notice, (), LINK, NOW, latest=Latest(points))
    assert message.picture is None
    assert "Courbe" not in message.text
    assert PICTURE not in message.html


def test_nobody_can_write_where_the_picture_goes(change, reason):
    hostile = Sample("x:1", PICTURE, PICTURE, 1, None, NOW, 0.9)
    notice = change(notice_brand_name=PICTURE, reason=replace(reason, says=PICTURE))
    assert PICTURE not in render(notice, (hostile,), LINK, NOW).html


def test_answers_and_ends_tell_what_happened_and_no_more(change, lea):
    taken = change(state=State.TAKEN, taken_by="karim", taken_at=NOW, notice_kind=ChangeKind.TAKEN)
    latest = Latest(POINTS, 2, (Coming(NOW + HOUR, "Inès", ()),), (Deaf("broker", NOW - HOUR),))
    text = said(taken, (lea,), latest)
    assert not any(part in text for part in ("Courbe", "fausses", "Ensuite", "entendons", "Est-ce grave"))


def test_what_is_wrong_with_us_is_neither_important_nor_false(change):
    text = said(change(subject=Subject(""), notice_brand_name=""), (), Latest(false_alarms=2))
    assert "Est-ce grave" not in text
    assert "fausses" not in text


@LANGUAGES
def test_a_button_leads_on_near_the_top_of_the_page(notice, change, language):
    message = render(replace(notice, language=language), (), LINK, NOW)
    first = message.html.index(f'href="{LINK}"')
    assert first < message.html.index("<h2")
    assert {"fr": ">Je prends</a>", "en": ">I take it</a>"}[language] in message.html
    taken = change(state=State.TAKEN, taken_by="karim", taken_at=NOW, notice_kind=ChangeKind.TAKEN)
    assert ">Voir</a>" in render(taken, (), LINK, NOW).html
    assert "<a" not in render(notice, (), None, NOW).html.replace('<a href="https://wiki.example/crise"', "")


def test_the_page_asks_for_nothing_from_elsewhere(notice, lea):
    html = render(notice, (lea,), LINK, NOW, latest=Latest(POINTS)).html
    assert not any(asks in html for asks in ("src=", "<link", "<script", "@import", "url(", "<style"))
