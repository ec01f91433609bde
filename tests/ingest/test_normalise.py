import os
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buzzwatch.ingest.normalise import author_key, bare, fold, plain, spoken, unescape, words
from buzzwatch.model.mention import Author

LATIN = st.text(st.characters(min_codepoint=32, max_codepoint=0x17F))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ÉTÉ à Noël", "ete a noel"),
        ("L’équipe “d’Acme”", "l'equipe \"d'acme\""),
        ("Œuvre, cœur, Straße", "oeuvre, coeur, strasse"),
        ("trait d‑union – tiret", "trait d-union - tiret"),
        ("İstanbul ﬁn", "istanbul fin"),
        ("ПРИВЕТ, Ёлка", "привет, елка"),
        ("ΟΔΟΣ", "οδοσ"),
        ("گفت‌وگو أحمد", "گفتوگو احمد"),
        ("😡 #Fail", "😡 #fail"),
        ("ガソリン", "ガソリン"),
        ("हिन्दी", "हिन्दी"),
    ],
)
def test_a_text_folds_to(text, folded):
    assert fold(text) == folded
    assert fold(unicodedata.normalize("NFD", text)) == folded


@given(st.text())
def test_composed_and_decomposed_texts_fold_alike(text):
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@given(LATIN)
def test_case_never_matters(text):
    assert fold(text.upper()) == fold(text.lower()) == fold(text)


@given(LATIN)
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(LATIN, st.sampled_from("’…€😡日"))
def test_one_wide_character_changes_no_other(text, wide):
    # It sends the text another, slower way.
    assert fold(f"{text} {wide}").split(" ")[:-1] == fold(f"{text} ").split(" ")[:-1]


@given(st.text())
def test_words_lie_between_single_spaces(text):
    folded = words(text)
    assert folded[0] == folded[-1] == " "
    assert folded.split() == folded.strip().split(" ") or folded == "  "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L'Acme-Air, c'est NUL !", " l acme air c est nul "),
        ("#Acme_Airlines_Fail", " #acmeairlinesfail acme airlines fail "),
        ("#un#deux", " #un #deux "),
        ("@acme_fr foo_bar", " @acme_fr foo bar "),
        ("R&amp;D a+b Canal+", " r & d a b canal+ "),
        ("日本航空とNike", " 日本航空と nike "),
        ("__ _ #_ @_", " # @_ "),
    ],
)
def test_the_words_of_a_text(text, expected):
    assert words(text) == expected


def test_what_the_author_says_is_without_links_handles_and_entities():
    assert bare("RT @x_y: C'est &lt;nul&gt; https://t.co/a?b=c @bob@social.example !").split() == [
        ":",
        "C'est",
        "<nul>",
        "!",
    ]


def test_an_unknown_entity_stays():
    assert unescape("&bogus; &amp; &#x27;") == "&bogus; & '"


def test_plain_text_is_folded():
    assert plain("@acme Où ÉTAIS-tu ?").strip() == "ou etais-tu ?"


def test_what_is_said_is_the_same_whether_its_words_are_known_already_or_not():
    for text in ("Plus jamais Acme, c'est fini !", "RT @lea: nul &amp; cher https://t.co/1 #Acme_Air", "", "@acme"):
        assert spoken(text, words(text)) == spoken(text)
    assert spoken("Titre\nle texte", "titre|le texte") == ["titre", "le", "texte"]
    assert spoken("RT @lea: nul https://t.co/1") == ["nul"]


def test_an_author_is_known_by_id_or_else_by_handle():
    assert author_key("x", Author(id="1", handle="@lea")) == author_key("x", Author(id="1", handle="@lea2"))
    assert author_key("x", Author(handle="@Léa")) == author_key("x", Author(handle="lea"))
    assert author_key("x", Author(id="1")) != author_key("bluesky", Author(id="1"))
    assert 0 < author_key("x", Author(id="1")) < 2**32


@pytest.mark.parametrize("author", [None, Author(), Author(name="Léa"), Author(id="", handle="")])
def test_an_unknown_author_has_key_zero(author):
    assert author_key("x", author) == 0


def test_keys_are_the_same_in_every_process():
    code = (
        "from buzzwatch.ingest.normalise import author_key; from buzzwatch.model.mention import Author;"
        "print(author_key('x', Author(id='42')))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
