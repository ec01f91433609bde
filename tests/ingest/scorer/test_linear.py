import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buzzwatch.ingest import scorer
from buzzwatch.ingest.scorer import linear, load

SCORER = load()


@pytest.mark.parametrize(
    ("worse", "better", "lang"),
    [
        ("This is awful", "This is great", "en"),
        ("I do not like it", "I like it", "en"),
        ("A problem", "Not a problem", "en"),
        ("The meeting is on Tuesday :(", "The meeting is on Tuesday", "en"),
        ("The meeting is on Tuesday", "The meeting is on Tuesday :)", "en"),
        ("#WorstAirline", "#Airline", "en"),
        ("#worst", "#first", "en"),
        ("extremely annoying", "not that annoying", "en"),
        ("Vol annulé, aucune réponse, une honte", "Vol à l'heure, merci", "fr"),
        ("Je n'aime pas", "J'aime", "fr"),
        ("Aucune réponse, une honte", "Aucune honte", "fr"),
        ("VOL ANNULÉ", "VOL CONFIRMÉ", "fr"),
        ("C'est degueulasse", "C'est délicieux", "fr"),
        ("très décevant", "assez décevant", "fr"),
        ("pas terrible", "pas mal", "fr"),
        ("Le service est nul, j'attends toujours", "Le vol pour Nice", "fr"),
        ("pas du tout satisfait", "tout à fait satisfait", "fr"),
        ("#plusjamais", "#toujours", "fr"),
        ("#WORSTAIRLINE", "#BESTAIRLINE", "en"),
        ("#worstairlineever", "#bestairlineever", "en"),
        ("awfuuuuul", "lovelyyyyy", "en"),
        ("nuuuuul", "bieeeen", "fr"),
        ("Schlechter Service, nie wieder", "Toller Service, gerne wieder", "de"),
        ("Pésimo servicio, una vergüenza", "Excelente servicio, gracias", "es"),
        ("Servizio pessimo, una vergogna", "Servizio ottimo, grazie", "it"),
        ("Péssimo atendimento, uma vergonha", "Ótimo atendimento, obrigado", "pt"),
        ("Le vol de mardi 😡", "Le vol de mardi 😍", "fr"),
        ("😡", "😍", "und"),
        ("scandale", "bravo", "und"),
        ("terrible", "wonderful", "de"),
    ],
)
def test_one_text_is_more_negative_than_another(worse, better, lang):
    assert SCORER.score(worse, lang) > SCORER.score(better, lang)


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Three hours late, no answer, worst airline ever, I want a refund", "en"),
        ("Trois heures de retard, aucune réponse, c'est inadmissible", "fr"),
    ],
)
def test_a_complaint_is_more_likely_negative_than_not(text, lang):
    assert SCORER.score(text, lang) > 0.5


@pytest.mark.parametrize(("text", "lang"), [("Réunion mardi au bureau", "fr"), ("Meeting on Tuesday", "en")])
def test_plain_news_is_hardly_negative(text, lang):
    assert SCORER.score(text, lang) < 0.25


def test_handles_links_and_entities_say_nothing():
    said = SCORER.score("the crew & the food", "en")
    assert SCORER.score("@awful_hate the crew &amp; the food https://hate.example/awful", "en") == said


def test_accents_may_be_missing():
    assert SCORER.score("decu, tres decu", "fr") == SCORER.score("déçu, très déçu", "fr")


def test_only_the_beginning_of_a_long_text_is_scored():
    long = "the plane is here " * 200
    assert SCORER.score(long + "awful", "en") == SCORER.score(long, "en")


@given(st.text(), st.sampled_from(["en", "fr", "und", "", "zz"]))
def test_any_text_has_a_probability(text, lang):
    assert 0 <= SCORER.score(text, lang) <= 1


@pytest.mark.parametrize("text", ["", "\0\x01\x7f" * 50_000, "!" * 100_000, "awful " * 100_000, ":(" * 50_000])
def test_odd_texts_have_a_probability(text):
    assert 0 <= SCORER.score(text, "en") <= 1


def test_the_scorer_ships_in_one_small_file():
    shipped = [each for each in Path(scorer.__file__).parent.iterdir() if each.suffix not in (".py", "")]
    assert [each.name for each in shipped] == ["negativity.model"]
    assert shipped[0].stat().st_size <= 1_000_000


def test_a_scorer_knows_the_languages_that_it_was_fitted_to():
    assert all(map(SCORER.knows, ("fr", "en", "de", "es", "it", "pt")))
    assert not any(map(SCORER.knows, ("und", "nl", "any", "")))


def test_a_word_in_a_language_it_does_not_know_is_judged_by_what_all_share():
    assert SCORER.score("scandale", "nl") == SCORER.score("scandale", "und") > SCORER.score("bravo", "und")


def test_an_empty_text_says_how_often_texts_are_negative():
    assert all(0.15 < SCORER.score("", lang) < 0.45 for lang in ("fr", "en", "de", "es", "it", "pt", "und"))


def test_what_was_forgotten_is_scored_as_before(monkeypatch):
    monkeypatch.setattr(linear, "MOST_REMEMBERED", 3)
    forgetful = load()
    for text in ("une honte", "un vol annulé, encore une honte", "merci à tous, une honte"):
        assert forgetful.score(text, "fr") == SCORER.score(text, "fr")


def test_reasons_name_words_as_they_were_written():
    causes = SCORER.why("Vol ANNULÉ, c'est inadmissible 😡 mais merci Léa", "fr")
    words = {cause.words: cause.weight for cause in causes}
    assert words["inadmissible"] > 0
    assert words["😡"] > 0
    assert words["merci"] < 0
    assert "ANNULÉ" in " ".join(words)


def test_the_scorer_says_which_it_is():
    assert SCORER.name == "linear@1"


def test_a_score_is_the_same_in_every_process():
    code = "from buzzwatch.ingest.scorer import load; print(repr(load().score('pas mal, mais très cher :( 😡', 'und')))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
