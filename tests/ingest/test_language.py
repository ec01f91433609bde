import pytest

from buzzwatch.ingest.language import vote
from buzzwatch.ingest.normalise import words


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("C'est inadmissible, je n'ai toujours pas de réponse", "fr"),
        ("I have been waiting for my bag since this morning", "en"),
        ("Ich habe immer noch keine Antwort und das ist nicht gut", "de"),
        ("Todavía no tengo mi maleta y nadie me dice nada, es una vergüenza", "es"),
        ("Non ho ancora ricevuto il rimborso e questo è vergognoso", "it"),
        ("Ainda não recebi o meu reembolso, isso é uma vergonha", "pt"),
        ("Acme", "und"),
        ("😡😡", "und"),
        ("", "und"),
        ("飛行機が遅れています", "und"),
    ],
)
def test_the_commonest_words_elect_a_language(text, lang):
    assert vote(words(text).split()) == lang


@pytest.mark.parametrize(
    ("hint", "lang"),
    [("fr-FR", "fr"), ("PT_br", "pt"), ("en", "en"), ("nl", "nl"), ("gsw-CH", "gsw"), ("zh-Hant-TW", "zh")],
)
def test_what_the_source_says_is_believed(hint, lang):
    assert vote(words("ce texte est en français et pas autrement").split(), hint) == lang


@pytest.mark.parametrize("hint", [None, "", "und", "qme", "zxx", "x", "français", "12", "-", "../../etc"])
def test_a_hint_that_names_no_language_is_not(hint):
    assert vote(words("ce texte est en français et pas autrement").split(), hint) == "fr"
