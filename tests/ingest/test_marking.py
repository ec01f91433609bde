"""Where the folded words stand in a text as it was written."""

from hypothesis import given
from hypothesis import strategies as st
from test_match import MATCHER

from buzzwatch.ingest.marking import marked, places
from buzzwatch.ingest.match import lay_out
from buzzwatch.ingest.normalise import words

PIECES = [
    "l’",
    "Acme",
    "É",
    "lan",
    "H&amp;M",
    "#stop_acme",
    "@acme_fr",
    " ",
    "\u00a0",
    "Canal+",
    "の飛行機",
    "😡",
    "-",
    "e\u0301",
]
TEXTS = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))


def shown(text):
    spots = places(text)
    hits = [hit for hit in MATCHER.explain(text) if hit.counts]
    return marked(text, [(spots[hit.first][0], spots[hit.last][1]) for hit in hits], "[", "]")


def test_names_are_marked_where_their_author_wrote_them():
    assert shown("l’Acme-Air, #BoycottAcme ! Vive H&amp;M") == "l’[Acme-Air], [#BoycottAcme] ! Vive [H&amp;M]"
    assert shown("A\u200bc\u00adme et @ACME_FR") == "[A\u200bc\u00adme] et [@ACME_FR]"
    assert shown("Un ÉLAN") == "Un [ÉLAN]"


@given(TEXTS)
def test_every_folded_word_has_a_place_or_none_has(text):
    spots = places(text)
    assert len(spots) in {0, len(words(text).split())}
    assert spots == sorted(spots)
    assert all(0 <= start < end <= len(text) for start, end in spots)


@given(TEXTS)
def test_what_the_explanation_points_at_holds_the_name(text):
    laid = lay_out(text).split()
    for hit in MATCHER.explain(text):
        name, pointed = words(hit.words).replace(" ", ""), "".join(laid[hit.first : hit.last + 1])
        assert name.strip("@#") in pointed.replace("_", "") or name in pointed


@given(
    st.text(st.characters(exclude_characters="<>"), max_size=30),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=4),
)
def test_marking_adds_marks_and_nothing_else(text, spots):
    inside = [(min(a, b, len(text)), min(max(a, b), len(text))) for a, b in spots]
    assert marked(text, inside, "<", ">").replace("<", "").replace(">", "") == text
