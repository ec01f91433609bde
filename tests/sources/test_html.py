import time

import pytest

from buzzwatch.sources.html import LONGEST, read_html

LINK = (
    '<a href="https://www.acme.example/a/long?way=1&amp;x=2" rel="nofollow"><span class="invisible">https://www.</span>'
    '<span class="ellipsis">acme.example/a/long</span><span class="invisible">?way=1&amp;x=2</span></a>'
)
HANDLE = '<span class="h-card"><a href="https://m.example/@acme" class="u-url mention">@<span>acme</span></a></span>'
HASHTAG = '<a href="https://m.example/tags/a" class="mention hashtag">#<span>Acme</span></a>'


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("<p>Acme</p>", "Acme"),
        ("<p>one</p><p>two<br>three<br />four</p>", "one\n\ntwo\nthree\nfour"),
        ("<p>a &lt;b&gt; &amp;amp; &#233;&nbsp;c</p>", "a <b> &amp; é\u00a0c"),
        (f"<p>{HANDLE} !</p>", "@acme !"),
        (f"<p>#<span>x</span> {HASHTAG}</p>", "#x #Acme"),
        (f"<p>voir {LINK}</p>", "voir https://www.acme.example/a/long?way=1&x=2"),
        ('<a href="https://acme.example/x">ici</a>', "ici https://acme.example/x"),
        ('<a href="javascript:alert(1)">ici</a>', "ici"),
        ('<p>Ac<b>me</b> :blobcat: <img src="x" alt=":acme:" class="custom-emoji"></p>', "Acme :blobcat: :acme:"),
        ("<ul><li>a</li><li>b</li></ul><blockquote>c</blockquote>", "a\n\nb\n\nc"),
        ('<p class="quote-inline">RE: https://m.example/1</p><p>non</p>', "non"),
        ("<script>acme()</script><style>p{}</style>b", "b"),
        ("a < b > c <3 <", "a < b > c <3 <"),
        ('<!-- acme --> <a href="https://x.example', '<a href="https://x.example'),
        ("<?xml?><p title=it's>one's<p title='a > b'>two", "one's\n\ntwo"),
        ("</p></a></span>x", "x"),
    ],
)  # fmt: skip
def test_the_words_of_a_status_are_read_out_of_its_html(html, text):
    assert read_html(html) == text


@pytest.mark.parametrize(
    "piece",
    ["<a ", "<", "<!--", "<![CDATA[", "&", "<a href='", '<a href="', "</", "</a", "x=1 ", "<b>", "<script>", "&#1",
     "<br>", "<a href=https://x.example>", "<p class='", " ", "<a x=<", "=\"'", "href=\"'", "class", " alt='"],
)  # fmt: skip
def test_hostile_html_costs_no_more_than_its_length(piece):
    began = time.process_time()
    read_html("<a " + piece * (LONGEST // len(piece) - 1) + ">")
    assert time.process_time() - began < 1


def test_feeds_are_read_without_what_stands_in_attributes():
    html = '<a href="https://acme.example/x">ici</a> <img alt="une valise" src="x"> <script>acme()</script>là'
    assert read_html(html, links=False) == "ici là"


def test_what_is_too_long_is_cut_between_tags():
    assert read_html("a" * (LONGEST - 4) + "<b>acme</b>") == "a" * (LONGEST - 4)
