"""Which words touch a theme."""

import pytest
from brands import brand, brands

from buzzwatch.ingest.match import lay_out
from buzzwatch.ingest.theme import Themes


def touches(text, *words):
    themes = Themes(brands(brand("acme", "acme", themes={"theme": words})))
    return themes.find(lay_out(text), ("acme",)).get("acme", ()) == ("theme",)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("fumée", "De la fumée à bord d'Acme !"),
        ("fumée", "FUMEES dans la cabine"),
        ("Fumée", "fume\u0301e"),
        ("fumée", "l'avion, la fumée-noire"),
        ("fumée", "#Fumée"),
        ("fumée", "#FuméeABord"),
        ("feu", "feu"),
        ("feu", "les feux"),
        ("feu", "#feu"),
        ("feu", "#feux"),
        ("blessé", "trois blessés"),
        ("plus jamais", "Plus  jamais Acme"),
        ("plus jamais", "plus-jamais !"),
        ("plus jamais", "#PlusJamaisAcme"),
        ("vol annulé", "nos vols annulés"),
        ("départ de feu", "des départ de feux"),
        ("odeur de brûlé", "ça sent : une odeur de brûlé"),
        ("gaz", "du gaz"),
        ("smoke", "Smoke in the cabin"),
        ("spark", "SPARKS from the phone"),
        ("caught fire", "my router has caught fire"),
        ("electric shock", "two electric shocks"),
        ("#acmekills", "so sad #AcmeKills"),
        ("@bea_securite", "vu par @BEA_securite"),
        ("大火", "机场大火了"),
    ],
)
def test_a_word_is_found_as_written_and_in_its_simple_plural(word, text):
    assert touches(text, word)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("fumée", "j'ai arrêté de fumer, parfum enfumé"),
        ("fumée", "vu par @fumée"),
        ("fumées", "de la fumée"),
        ("feu", "une feuille"),
        ("feu", "#CouvreFeu"),
        ("blessé", "une passagère blessée"),
        ("blessé", "blesser"),
        ("gaz", "des gazs"),
        ("bus", "les buss"),
        ("plus jamais", "plus ou jamais"),
        ("vol annulé", "vol est annulé"),
        ("injury", "several injuries"),
        ("fire", "they fired him"),
        ("#acmekills", "acmekills"),
    ],
)
def test_no_other_form_of_a_word_is_found(word, text):
    assert not touches(text, word)


def test_a_text_touches_every_theme_whose_words_it_holds_in_the_order_of_the_file():
    acme = brand("acme", "acme", themes={"safety": ("fumée", "feu"), "strike": ("grève",), "boycott": ("honte", "feu")})
    themes = Themes(brands(acme))
    assert themes.find(lay_out("honte : grève"), ("acme",)) == {"acme": ("strike", "boycott")}
    assert themes.find(lay_out("feux"), ("acme",)) == {"acme": ("safety", "boycott")}


def test_each_brand_has_its_own_themes():
    acme = brand("acme", "acme", themes={"safety": ("fumée",), "smell": ("odeur",)})
    rival = brand("rival", "rival", themes={"kitchen": ("fumée",)})
    themes = Themes(brands(acme, rival, brand("bare", "bare")))
    folded = lay_out("fumée")
    assert themes.find(folded, ("acme",)) == {"acme": ("safety",)}
    assert themes.find(folded, ("acme", "rival", "bare")) == {"acme": ("safety",), "rival": ("kitchen",), "bare": ()}
    assert themes.find(folded, ("bare",)) == {}


def test_a_word_of_the_title_does_not_join_one_of_the_text():
    themes = Themes(brands(brand("acme", "acme", themes={"boycott": ("plus jamais",)})))
    assert themes.find(lay_out("jamais", "plus"), ("acme",)) == {}
