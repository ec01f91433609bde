import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buzzwatch.notify.quoting import MASK, clean, cut, quote, safe_link

JOINER = "\u2060"


@pytest.mark.parametrize("hostile", ["<!channel>", "<@U123>", "@everyone", "@here", "<#C1|x>", "**x**", "`x`", "||x||"])
def test_what_pings_or_formats_in_a_chat_is_dead(hostile):
    quoted = quote(f"boo {hostile} boo", 200)
    assert hostile not in quoted
    assert not set("<>`*|") & set(quoted)
    assert "@" not in quoted.replace(f"@{JOINER}", "")


@pytest.mark.parametrize(
    "link", ["https://evil.example/a?b=c", "www.evil.example/x", "HTTP://EVIL.example", "tg://resolve?domain=x"]
)
def test_a_link_inside_a_post_is_not_shown(link):
    assert quote(f"look {link} now", 200) == f"look {MASK} now"


def test_a_markdown_link_is_no_link():
    quoted = quote("[refund](https://evil.example/x)", 200)
    assert "](" not in quoted
    assert "evil" not in quoted


def test_a_bare_domain_is_broken_so_that_nothing_unfurls_it():
    assert quote("see evil.example", 200) == f"see evil.{JOINER}example"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("appelez le 06 12 34 56 78 vite", f"appelez le {MASK} vite"),
        ("call +44 (0)20 7946 0958 please", f"call {MASK} please"),
        ("moi : jean.dupont@mail.example merci", f"moi : {MASK} merci"),
        ("réservation QXZTRF annulée", f"réservation {MASK} annulée"),
        ("PNR: QXZTRF", f"PNR: {MASK}"),
        ("dossier AB12CD34 perdu", f"dossier {MASK} perdu"),
        ("mon code AB3D9F svp", f"mon code {MASK} svp"),
    ],
)
def test_telephones_addresses_and_references_are_masked(text, expected):
    assert quote(text, 200) == expected


@pytest.mark.parametrize(
    "text",
    ["vol AF1234 annulé", "le 22/11/2026 à 18 h", "dossier urgent", "COMMANDE ANNULEE 5 fois", "plus de 1200 € !"],
)
def test_flight_numbers_dates_and_shouting_stay(text):
    assert quote(text, 200) == text


def test_control_characters_newlines_and_bidi_overrides_go():
    assert clean("a\r\nBcc: x\x1b[31m\u202eevil\u2066\x00\u200b\ud800 b", 200) == "a Bcc: x [31mevil b"


def test_right_to_left_text_is_isolated():
    assert quote("مرحبا", 200) == "\u2068مرحبا\u2069"


def test_a_long_text_is_cut_after_a_word_and_says_so():
    assert cut("one two three four", 12) == "one two…"
    assert len(cut("x" * 50, 12)) == 12


@pytest.mark.parametrize("url", ["https://x.example/a?b=1&c=%20#d", "http://x.example:8080/", "https://x.example"])
def test_a_plain_web_address_is_shown(url):
    assert safe_link(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "javascript:alert(1)",
        "https://x.example/<script>",
        'https://x.example/"onclick=',
        "https://x.example/a b",
        "https://x.example/\n",
        "https://x.example/|<!channel>",
        "https://user:pw@evil.example/",
        "https://x.example/" + "a" * 400,
    ],
)
def test_a_strange_address_is_not_shown(url):
    assert safe_link(url) is None


@given(st.text(max_size=500))
def test_no_text_leaves_anything_that_controls_a_screen_or_pings(text):
    quoted = quote(text, 240)
    assert len(quoted) <= 242
    kept = {"\u2068", "\u2069", "\u200d", JOINER}
    assert not [c for c in quoted if unicodedata.category(c)[0] == "C" and c not in kept]
    assert not set("<>`*~|\n") & set(quoted)
    assert all(quoted[i + 1 : i + 2] in {JOINER, "…", "\u2069", ""} for i, c in enumerate(quoted) if c == "@")


@pytest.mark.parametrize("piece", ["1 ", "a@", "a.", "(", "+1-", "ref ", "www.", "AB1", "http://"])
def test_a_long_repetitive_text_costs_no_more_than_a_plain_one(piece):
    assert quote(piece * 200_000, 240)
