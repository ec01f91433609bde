import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buzzwatch.ingest.scorer import load

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
        ("extremely annoying", "slightly annoying", "en"),
        ("Vol annulé, aucune réponse, une honte", "Vol à l'heure, merci", "fr"),
        ("Je n'aime pas", "J'aime", "fr"),
        ("Aucune réponse, une honte", "Aucune honte", "fr"),
        ("VOL ANNULÉ", "VOL CONFIRMÉ", "fr"),
        ("C'est degueulasse", "C'est délicieux", "fr"),
        ("très décevant", "assez décevant", "fr"),
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


def test_a_time_of_day_is_no_smiley():
    assert SCORER.score("boarding at 18:30", "en") == SCORER.score("boarding at 18 30", "en")


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


def test_the_scorer_says_which_it_is():
    assert SCORER.name == "lexicon@1"


def test_a_score_is_the_same_in_every_process():
    code = "from buzzwatch.ingest.scorer import load; print(repr(load().score('pas mal, mais très cher :( 😡', 'und')))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
