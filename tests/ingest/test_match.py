import unicodedata

import pytest
from brands import brand, brands
from hypothesis import example, given
from hypothesis import strategies as st

from buzzwatch.ingest.match import Matcher, Way

ALL = brands(
    brand(
        "acme", "acme", "acme airlines", "acme air", "@acme_fr", "#tousacme", not_us=["acme corporation", "acme-soft"]
    ),
    brand("orange", "orange", "@orange_conseil", near=["forfait", "réseau", "box"]),
    brand("elan", "Élan", "l'élan bleu"),
    brand("sfr", "sfr", "red"),
    brand("duo", "H&M", "canal+"),
    brand("rival", "Zénith Air", "@zenith.air"),
    brand("nikkou", "日航"),
    brand("samsung", "삼성"),
    brand("ittihad", "الاتحاد"),
)
MATCHER = Matcher(ALL)

CASES = [
    ("J'adore Acme", "acme"),
    ("l'Acme est en retard", "acme"),
    ("le vol d’Acme est annulé", "acme"),
    ("ACME!!!", "acme"),
    ("(acme)", "acme"),
    ("«Acme» ment", "acme"),
    ("Acme… encore", "acme"),
    ("Acme™ et Acme®", "acme"),
    ("😡Acme😡", "acme"),
    ("Acme's crew was rude", "acme"),
    ("Fly Acme-Air today", "acme"),
    ("fly acme_air today", "acme"),
    ("Ａｃｍｅ is stylish", "acme"),
    ("A\u200bc\u00adme hidden by invisible letters", "acme"),
    ("acmes are plural", ""),
    ("macme and cheese", ""),
    ("the acmé of perfection", "acme"),
    ("@acme_fr où est mon bagage ?", "acme"),
    ("@ACME_FR where is my bag", "acme"),
    (".@acme_fr where is my bag", "acme"),
    ("@Acme where is my bag", "acme"),
    ("@AcmeAirlines where is my bag", "acme"),
    ("@acme_airlines where is my bag", "acme"),
    ("@acme_fan_club bonjour", ""),
    ("@notacme bonjour", ""),
    ("write to lea@acme.example", ""),
    ("#Acme", "acme"),
    ("#BoycottAcme maintenant", "acme"),
    ("#acmegate", "acme"),
    ("#AcmeAirlinesFail", "acme"),
    ("#boycott_acme", "acme"),
    ("#stop#acme#now", "acme"),
    ("#TousAcme", "acme"),
    ("Acme Corporation opens a plant", ""),
    ("#AcmeCorporation", ""),
    ("Acme Corporation is not Acme", "acme"),
    ("Acme Soft released an update", ""),
    ("I ate an orange", ""),
    ("Orange: mon réseau est coupé", "orange"),
    ("mon FORFAIT chez orange", "orange"),
    ("@orange_conseil bonjour", "orange"),
    ("orange un deux trois quatre cinq six sept huit neuf forfait", "orange"),
    ("orange un deux trois quatre cinq six sept huit neuf dix forfait", ""),
    ("box un deux trois quatre cinq six sept huit neuf orange", "orange"),
    ("box un deux trois quatre cinq six sept huit neuf dix orange", ""),
    ("elan sans accent", "elan"),
    ("Un ÉLAN de colère", "elan"),
    ("L’Élan Bleu", "elan"),
    ("#sfr en panne", "sfr"),
    ("@SFR en panne", "sfr"),
    ("#PanneSFR", ""),
    ("redevance", ""),
    ("H&amp;M augmente ses prix", "duo"),
    ("h & m", "duo"),
    ("h m", ""),
    ("Canal+ est en panne", "duo"),
    ("le canal du midi", ""),
    ("Zenith-Air contre Acme", "acme rival"),
    ("@zenith.air bonjour", "rival"),
    ("ZÉNITH\nAIR", "rival"),
    ("今日は日航に乗りました", "nikkou"),
    ("Acmeの飛行機", "acme"),
    ("삼성은 좋아요", "samsung"),
    ("والاتحاد متأخر", "ittihad"),
    ("", ""),
    ("#", ""),
    ("@ # & + _", ""),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_a_text_names_these_brands(text, expected):
    assert MATCHER.match(text) == tuple(expected.split())


@pytest.mark.parametrize(("text", "expected"), [case for case in CASES if case[1]])
def test_a_decomposed_text_names_the_same_brands(text, expected):
    assert MATCHER.match(unicodedata.normalize("NFD", text)) == tuple(expected.split())


@pytest.mark.parametrize(("text", "expected"), [case for case in CASES if case[1]])
def test_a_shouted_text_names_the_same_brands(text, expected):
    assert MATCHER.match(text.replace("&amp;", "&").upper()) == tuple(expected.split())


def test_brands_come_in_the_order_of_the_rule_set():
    assert MATCHER.match("Zenith Air, Orange box, Acme") == ("acme", "orange", "rival")


def test_a_title_counts_like_the_text():
    assert MATCHER.match("Nothing here", "Acme fined") == ("acme",)


def test_no_name_reaches_from_the_title_into_the_text():
    assert MATCHER.match("air traffic", "Meet at the Zenith") == ()


def test_a_name_struck_out_is_explained_by_what_struck_it_out():
    (hit,) = MATCHER.explain("Acme Corporation")
    assert (hit.brand, hit.words, hit.way, hit.struck) == ("acme", "acme", Way.NAME, "not_us: acme corporation")
    assert not hit.counts


def test_a_name_without_a_near_word_is_explained():
    (hit,) = MATCHER.explain("orange juice")
    assert hit.struck == "near: none of forfait, réseau, box within 10 words"


def test_hits_are_explained_in_reading_order():
    hits = MATCHER.explain("@acme_fr #BoycottAcme acme")
    assert [(hit.words, hit.way) for hit in hits] == [
        ("@acme_fr", Way.HANDLE),
        ("acme", Way.HASHTAG),
        ("acme", Way.NAME),
    ]


def test_sharing_only_the_space_between_them_strikes_nothing_out():
    matcher = Matcher(brands(brand("acme", "acme", not_us=["corporation"])))
    assert matcher.match("acme corporation") == ("acme",)


def test_without_brands_nothing_matches():
    assert Matcher({}).match("Acme #Acme") == ()


def test_a_name_without_letters_matches_nothing():
    assert Matcher(brands(brand("odd", "!!!", "😡", "#", ""))).match("!!! 😡 # odd") == ()


def test_one_name_can_be_that_of_two_brands():
    matcher = Matcher(brands(brand("one", "shared"), brand("two", "Shared", not_us=["shared house"])))
    assert matcher.match("shared") == ("one", "two")
    assert matcher.match("a shared house") == ("one",)


@given(st.text(max_size=60), st.text(max_size=60))
@example("l'", "#")
def test_a_name_between_spaces_is_found_whatever_surrounds_it(before, after):
    # A name with a space on both sides: only an expression that strikes it out could hide it, and this brand has none.
    assert "elan" in MATCHER.match(f"{before} Élan {after}")


@given(st.text(max_size=200))
def test_matching_any_text_agrees_with_its_explanation(text):
    counted = {hit.brand for hit in MATCHER.explain(text) if hit.counts}
    assert MATCHER.match(text) == tuple(key for key in ALL if key in counted)


@given(st.sampled_from(["Élan", "élan", "ELAN", "e\u0301lan", "E\u0301LAN", "elan"]), st.sampled_from("ab1é"))
def test_a_name_with_a_letter_stuck_to_it_is_another_word(name, letter):
    assert MATCHER.match(name + letter) == ()
    assert MATCHER.match(letter + name) == ()
