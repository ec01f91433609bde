from array import array
from datetime import UTC, datetime

import pytest

from buzzwatch.ingest.likeness import MOST_LINKS, canonical, keys_of, liken
from buzzwatch.ingest.normalise import spoken
from buzzwatch.model.mention import Mention
from buzzwatch.model.story import MOST_PAIRS


def keys(text, **fields):
    return keys_of(Mention("x", text, datetime(2026, 1, 5, tzinfo=UTC), **fields))


@pytest.mark.parametrize(
    "link",
    [
        "https://paper.example/a/smoke?id=7",
        "http://www.paper.example/a/smoke/?id=7#comments",
        "https://m.paper.example/a/smoke?utm_source=x&id=7&fbclid=z",
        "HTTPS://PAPER.example/a/smoke?at_medium=mail&id=7&xtor=RSS-1",
        "https://amp.paper.example/a/smoke?id=7).",
    ],
)
def test_a_link_leads_to_one_page_however_it_was_passed_on(link):
    assert canonical(link) == "paper.example/a/smoke?id=7"


@pytest.mark.parametrize(
    "link", ["https://x.com/lea/status/12?s=20", "https://mobile.twitter.com/i/web/status/12/photo/1"]
)
def test_a_post_on_x_goes_by_its_number(link):
    assert canonical(link) == "x.com/12"


@pytest.mark.parametrize(
    "link", ["https://paper.example", "https://www.paper.example/?utm_source=x", "https://t.co/ab…", "acme"]
)
def test_a_front_page_and_a_link_cut_short_lead_nowhere(link):
    assert canonical(link) == ""


def test_case_accents_handles_and_links_make_no_difference():
    said = keys("RT @lea: Où est l’avion d’Acme ? https://t.example/1")
    assert said.pairs == keys("ou est L'AVION d'acme").pairs != b""


def test_pairs_are_few_ascending_and_distinct():
    pairs = array("I", keys(" ".join(str(number) for number in range(90))).pairs)
    assert len(pairs) == MOST_PAIRS
    assert list(pairs) == sorted(set(pairs))


def test_scripts_without_spaces_are_compared_sign_by_sign():
    first, second = (set(array("I", keys(text).pairs)) for text in ("航班又晚点了没有人解释", "航班又晚点了没有人道歉"))
    assert len(first & second) >= 6


def test_a_front_page_is_no_mark_and_few_links_are_taken():
    assert keys("see https://acme.example/").marks == ()
    assert len(keys(" ".join(f"https://acme.example/{number}" for number in range(9))).marks) == MOST_LINKS


def test_whatever_is_written_has_keys():
    for text in ("", "#", "# # #", "\ud800 \udfff a b c", "\0" * 9, "https://", "https://[::1", "🙂" * 500):
        assert len(keys(text).pairs) <= 4 * MOST_PAIRS


def copy_key(text, name="x"):
    return liken(Mention(name, text, datetime(2026, 1, 5, tzinfo=UTC)), text, spoken(text))[0]


def test_copies_share_a_key():
    key = copy_key("Plus jamais Acme, c'est terminé ! https://t.co/1")
    copies = ("RT @lea: plus JAMAIS Acme… c’est termine https://t.co/2", "plus jamais acme c est terminé")
    assert {copy_key(text) for text in copies} == {key}
    assert key != copy_key("Plus jamais Acme, c'est fini !")
    assert 0 < key < 2**32


@pytest.mark.parametrize(
    "text", ["", "@acme https://t.co/1", "Honteux !", "😡😡😡", "no comment", "Merci beaucoup Acme"]
)
def test_what_many_people_say_independently_is_nobodys_copy(text):
    assert copy_key(text, "a") != copy_key(text, "b")


def test_an_erased_mention_shares_nothing():
    erased = Mention("x", "", datetime(2026, 1, 5, tzinfo=UTC), url="https://p.example/1", deleted=True)
    assert keys_of(erased) == keys_of(Mention("y", "", datetime(2026, 1, 5, tzinfo=UTC)))
