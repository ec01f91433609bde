"""What every scorer that we ship keeps to, whichever it is."""

import os
import subprocess
import sys
import unicodedata
from math import isfinite, log

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from buzzwatch.ingest.scorer import load
from buzzwatch.ingest.scorer.protocol import Explaining

SCORERS = [load()]
"""Each of ours can say why; one that is plugged in need not."""
LANGUAGES = ("en", "fr", "de", "und")
COMPLAINTS = {
    "fr": "Trois heures de retard, aucune réponse, c’est inadmissible, une honte 😡",
    "en": "Three hours late, no answer, worst airline ever, that’s a disgrace :(",
}
MANY_TEXTS = (
    *COMPLAINTS.values(),
    "L’équipage a été “parfait” – merci à l’hôtesse d’Orly !",
    "Déçu·e, très déçu·e… #PlusJamaisÇa",
    "Don’t bother. They won’t answer «ever»",
    "Ça va, pas mal du tout",
    "",
)
HUGE = "nul " * 250_000
ODD = ("", " ", HUGE, "\0\x01\x7f\x9b" * 20_000, "\ud83d\ude21", "\ud800", "a\udcffb", "!" * 100_000, "#" * 50_000,
       "&amp;" * 50_000, "\u0301" * 50_000, "👩‍👩‍👧" * 20_000, "@" * 50_000, "_" * 50_000, "é" * 1_000_000,
       "\u202enul\u2066", bytes(range(256)).decode("latin-1"), "http://" * 20_000, ":(" * 50_000)  # fmt: skip
ANY_TEXT = st.one_of(st.text(), st.text(alphabet=st.characters(min_codepoint=0, max_codepoint=0x10FFFF)))
"""`text()` leaves out halves of surrogate pairs; the second one does not."""
ANY_LANG = st.one_of(st.sampled_from([*LANGUAGES, "", "zz", "EN", "pt-BR"]), st.text(max_size=40))

each_scorer = pytest.mark.parametrize("scorer", SCORERS, ids=lambda scorer: scorer.name)
_ELSEWHERE = """
import sys
from buzzwatch.ingest.scorer import load
scorer = load()
for text in sys.stdin.read().split("\\x1e"):
    for lang in sys.argv[1:]:
        print(scorer.score(text, lang).hex(), scorer.why(text, lang) if hasattr(scorer, "why") else "")
"""


def respelt(text):
    """The same text as other keyboards and platforms write it."""
    straight = text.translate(str.maketrans("’‘“”–", "''\"\"-"))
    yield from (unicodedata.normalize(form, kind) for form in ("NFC", "NFD") for kind in (text, straight))
    yield from (f"{text}   ", f"  {text}", f"\n{text}\t\n", f"\u00a0{text}\u2009")


def negatives(scorer, text, lang):
    return [cause for cause in scorer.why(text, lang) if cause.weight > 0]


def test_a_score_and_its_reasons_are_the_same_in_every_process():
    said = "\x1e".join(MANY_TEXTS)
    printed = {
        subprocess.run(
            [sys.executable, "-X", "utf8", "-c", _ELSEWHERE, *LANGUAGES],
            input=said, encoding="utf-8", env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(printed) == 1
    assert len(printed.pop().splitlines()) == len(MANY_TEXTS) * len(LANGUAGES)


@each_scorer
@pytest.mark.parametrize("lang", LANGUAGES)
def test_how_a_text_is_spelt_in_bytes_makes_no_difference(scorer, lang):
    for text in MANY_TEXTS:
        assert {scorer.score(each, lang) for each in respelt(text)} == {scorer.score(text, lang)}, text


@each_scorer
def test_what_was_scored_before_makes_no_difference(scorer):
    first = [scorer.score(text, lang) for text in MANY_TEXTS for lang in LANGUAGES]
    for text in reversed(MANY_TEXTS):
        scorer.score(f"{text} {text}", "fr")
    assert [scorer.score(text, lang) for text in MANY_TEXTS for lang in LANGUAGES] == first


@each_scorer
@given(text=ANY_TEXT, lang=ANY_LANG)
@example(text="\ud83d", lang="\ud83d")
@example(text="a" * 10_000, lang="a" * 10_000)
def test_any_text_in_any_language_has_a_probability_and_finite_reasons(scorer, text, lang):
    score = scorer.score(text, lang)
    assert isfinite(score)
    assert 0 <= score <= 1
    if isinstance(scorer, Explaining):
        assert isinstance(scorer.knows(lang), bool)
        causes = scorer.why(text, lang)
        weights = [abs(cause.weight) for cause in causes]
        assert all(map(isfinite, weights))
        assert weights == sorted(weights, reverse=True)
        assert len({cause.words for cause in causes}) == len(causes)


@each_scorer
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("number", range(len(ODD)))
def test_odd_texts_have_a_probability_and_few_short_reasons(scorer, lang, number):
    text = ODD[number]
    assert 0 <= scorer.score(text, lang) <= 1
    if isinstance(scorer, Explaining):
        causes = scorer.why(text, lang)
        assert sum(len(cause.words) for cause in causes) <= 50_000


@each_scorer
@pytest.mark.parametrize("lang", COMPLAINTS)
def test_a_complaint_is_explained_by_its_own_words(scorer, lang):
    text = COMPLAINTS[lang]
    found = negatives(scorer, text, lang)
    assert found
    said = unicodedata.normalize("NFD", text.casefold())
    letters = "".join(char for char in said if not unicodedata.combining(char)).replace("’", "'")
    for cause in found:
        for word in cause.words.casefold().split():
            folded = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
            assert folded in letters, cause


@each_scorer
@pytest.mark.parametrize("lang", COMPLAINTS)
def test_reasons_add_up_to_the_way_a_score_moves(scorer, lang):
    """Of two texts, the one whose reasons add up to clearly more is not the less negative one."""
    judged = sorted((sum(cause.weight for cause in scorer.why(text, lang)), scorer.score(text, lang))
                    for text in MANY_TEXTS)  # fmt: skip
    lightest, heaviest = judged[0], judged[-1]
    assert lightest[0] < heaviest[0]
    assert lightest[1] < heaviest[1]
    moved = log(heaviest[1] / (1 - heaviest[1])) - log(lightest[1] / (1 - lightest[1]))
    assert 0 < moved < 2 * (heaviest[0] - lightest[0]) + 2


@each_scorer
def test_a_scorer_knows_french_and_english_and_says_so_of_no_other_code(scorer):
    assert scorer.knows("fr")
    assert scorer.knows("en")
    assert not any(scorer.knows(lang) for lang in ("und", "", "zz", "FR", "fr-FR", "any"))
