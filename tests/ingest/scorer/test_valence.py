import pytest

from buzzwatch.ingest.scorer.speech import Ear
from buzzwatch.ingest.scorer.valence import FEATURES, Lexicon, Role, features, weigh

LEXICON = Lexicon.of(
    {
        "nul": -3.0,
        "bien": 2.0,
        "retard": -1.5,
        "pas mal": 1.0,
        "pas mal du tout": 2.0,
        "jamais": -1.0,
        "😡": -2.5,
        "frais cache": -2.0,
        "aime": 2.0,
    },
    {
        "pas": Role.NEGATION,
        "n": Role.NEGATION,
        "aucun": Role.NEGATION,
        "jamais": Role.NEGATION,
        "tres": Role.STRONGER,
        "peu": Role.WEAKER,
        "mais": Role.CONTRAST,
    },
)
EAR = Ear(frozenset(), LEXICON.roles, lambda _: 0.0)


def weighed(text):
    return weigh(EAR.hear(text), LEXICON)


def counted(text):
    speech = EAR.hear(text)
    return dict(zip(FEATURES, features(speech, weigh(speech, LEXICON)), strict=True))


@pytest.mark.parametrize(
    ("text", "valences"),
    [
        ("nul", [-3.0]),
        ("tres nul", [-3.3]),
        ("un peu nul", [-2.7]),
        ("pas nul", [1.8]),
        ("pas vraiment trop nul", [1.8]),
        ("pas la, nul", [-3.0]),
        ("je n'aime pas, bien", [-1.2, 2.0]),
        ("bien pas", [-1.2]),
        ("pas mal", [1.0]),
        ("pas mal du tout", [2.0]),
        ("aucun frais cache", [1.2]),
        ("je n aime pas", [-1.2]),
        ("nul et pas mal du", [1.0, -3.0]),
        ("retard :( 😡", [-1.5, -2.0, -2.5]),
        ("jamais", []),
    ],
)
def test_a_word_is_worth_what_its_neighbours_make_of_it(text, valences):
    assert [hit.valence for hit in weighed(text).hits] == pytest.approx(valences)


def test_a_word_with_a_role_has_no_valence_of_its_own():
    assert weighed("jamais bien").denials == 1


def test_what_comes_after_a_but_is_counted_apart():
    assert counted("bien mais nul")["after"] == -0.75
    assert counted("nul bien")["after"] == 0


def test_marks_are_not_after_a_but():
    assert counted("mais 😡")["after"] == 0


def test_a_long_text_counts_as_an_ordinary_one_of_the_same_mood():
    assert counted("nul " * 100)["bad"] == pytest.approx(counted("nul " * 300)["bad"], rel=0.01)


def test_a_text_without_valences_has_nothing_but_its_marks():
    assert {name: value for name, value in counted("LUNDI ? OUI !!").items() if value} == {
        "asks": 1.0, "exclaims": 2.0, "shouts": 1.0,
    }  # fmt: skip
