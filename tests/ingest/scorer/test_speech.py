import pytest

from buzzwatch.ingest.scorer.speech import PAUSE, SHOUT, Ear

KNOWN = frozenset({"nul", "cool", "worst", "boycott", "jamais"})
EAR = Ear(KNOWN, {"nul": 1}, len)


def words(text):
    return " ".join(EAR.hear(text).words[1:-1])


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("C’est NUL, l'hôtesse !", "c est nul & l hotesse &"),
        ("#WorstAirline", "worst airline"),
        ("#worstairline", "worst airline"),
        ("#acmeboycott", "acme boycott"),
        ("#worst_airline", "worst airline"),
        ("#Acme2026", "acme000"),
        ("nuuuuul et cooool et ahhhhh", "nul et cool et ahh"),
        ("attendu 1234 heures", "attendu 000 heures"),
        ("@acme_fr https://acme.example/nul bonjour", "bonjour"),
        ("a" * 100, "aa"),
        ("", ""),
    ],
)
def test_words_are_heard(text, heard):
    assert words(text) == heard


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("bien :) mais cher :-/", [":)", ":/"]),
        ("à 18:30", []),
        ("NON", []),
        ("JAMAIS !!!", ["!!", SHOUT]),
        ("vraiment ? ah...", ["?", "..."]),
        ("😡😡😡", ["😡"]),
        ("mot 漢字", []),
    ],
)
def test_marks_are_heard(text, marks):
    assert EAR.hear(text).marks == marks


def test_a_pause_weighs_nothing_and_a_word_what_its_letters_do():
    speech = EAR.hear("nul, vraiment")
    assert speech.words == (PAUSE, "nul", PAUSE, "vraiment", PAUSE)
    assert speech.weights == (0, 3, 0, 8, 0)


def test_pairs_know_the_order_of_words():
    assert EAR.hear("pas nul").pairs != EAR.hear("nul pas").pairs


def test_only_the_beginning_of_a_long_text_is_heard():
    assert words("bon " * 600 + "nul") == ("bon " * 500).strip()
