import pytest
from hypothesis import given
from hypothesis import strategies as st

from buzzwatch.notify.sms import SEGMENT, fold, segment, septets

LINK = "https://bw.example/i/Ab3dE9fGh1"


def test_accents_stay_where_the_alphabet_has_them_and_go_where_it_has_not():
    assert fold("à é è ù ì ò Ç ñ ü – ç ê î œ Œ ł À") == "à é è ù ì ò Ç ñ ü - c e i oe OE l A"


def test_typographic_quotes_and_spaces_become_plain_ones():
    assert fold("l’été «\u00a01\u202f234\u00a0» …") == 'l\'été " 1 234 " ...'


def test_emoji_go_and_letters_of_other_scripts_leave_a_mark():
    assert fold("🔥 Газ 🔥") == " ??? "


def test_characters_of_the_extension_table_count_twice():
    assert septets("[€]") == 6


def test_the_middle_is_cut_and_the_ends_and_the_link_stay_whole():
    short = segment("CRITIQUE Acme : ", "très grave " * 30, ", monte", LINK)
    assert short.startswith("CRITIQUE Acme : très grave")
    assert short.endswith(f"..., monte {LINK}")
    assert septets(short) <= SEGMENT


def test_a_link_that_leaves_no_room_for_words_is_left_out_rather_than_cut():
    assert segment("A: ", "b", "", "https://bw.example/" + "x" * 140) == "A: b"


@pytest.mark.parametrize("link", [None, LINK, "https://bw.example/~a|b"])
@given(start=st.text(max_size=80), what=st.text(max_size=300), end=st.text(max_size=20))
def test_any_words_give_one_segment_of_the_alphabet(link, start, what, end):
    short = segment(start, what, end, link)
    assert septets(short) <= SEGMENT
    assert fold(short) == short
    assert link is None or short.endswith(link)


def test_an_aside_is_said_where_it_has_room_and_nothing_is_cut_for_it():
    assert segment("A: ", "b", ", monte", LINK, ", tout le secteur") == f"A: b, monte, tout le secteur {LINK}"
    long = "grave " * 19
    assert segment("A: ", long, ", monte", LINK, ", tout le secteur") == segment("A: ", long, ", monte", LINK)
