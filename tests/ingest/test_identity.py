from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buzzwatch.ingest.identity import MAX_NAME, canonical_url, name_of, names_of, post_id, web_id
from buzzwatch.model.mention import Author, Kind, Mention

AT = datetime(2026, 11, 22, 18, tzinfo=UTC)
DID = "did:plc:abcdefghijklmnopqrstuvwx"


@pytest.mark.parametrize(
    "spelling",
    [
        "https://paper.example/air/acme-strands-200",
        "http://paper.example/air/acme-strands-200",
        "HTTPS://WWW.Paper.Example:443/air/acme-strands-200/",
        "https://m.paper.example/air/acme-strands-200?utm_source=x&utm_medium=social&fbclid=IwAR0",
        "https://paper.example/air/acme-strands-200#comments",
        "https://amp.paper.example/air/acme-strands-200?amp=1",
        "https://paper.example/air/acme-strands-200/amp/",
        "https://paper.example/amp/air/acme-strands-200",
        "https://paper.example./air/acme%2Dstrands-200?mc_cid=12&gclid=3",
        "https://user:secret@paper.example/air/acme-strands-200",
        "https://www.google.com/amp/s/www.paper.example/air/acme-strands-200",
        "https://paper-example.cdn.ampproject.org/c/s/paper.example/air/acme-strands-200",
    ],
)
def test_one_page_has_one_address(spelling):
    assert canonical_url(spelling) == "https://paper.example/air/acme-strands-200"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://paper.example/a?id=1", "https://paper.example/a?id=2"),
        ("https://paper.example/a", "https://paper.example/A"),
        ("https://paper.example/a", "https://paper.example:8443/a"),
        ("https://forum.example/#/topic/1", "https://forum.example/#/topic/2"),
        ("https://paper.example/a%2Fb", "https://paper.example/a/b"),
        ("https://mobile.free.example/offers", "https://free.example/offers"),
        ("https://m.me/acme", "https://me/acme"),
    ],
)
def test_two_pages_have_two_addresses(one, other):
    assert canonical_url(one) != canonical_url(other)


def test_the_order_of_parameters_and_the_way_of_escaping_do_not_count():
    assert canonical_url("https://a.example/é?b=2&a=1&a=0") == canonical_url("https://a.example/%c3%a9?a=1&b=2&a=0")
    assert canonical_url("https://bücher.example/") == canonical_url("https://xn--bcher-kva.example")


@pytest.mark.parametrize(
    "hostile",
    ["", "acme", "ftp://a.example/x", "http://", "http://[", "http://[::1", "https://a.example:99999/", "https://a b/",
     "https://a.example/\ud800", "https://a.example/\x00", "https://a\\b.example/", f"https://a.example/{'x' * 5_000}",
     "https://" + "ü" * 300 + ".example/", "javascript:alert(1)"],
)  # fmt: skip
def test_what_is_no_address_is_returned_as_it_is(hostile):
    assert canonical_url(hostile) == hostile
    assert post_id(hostile) is None


URLS = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["http://", "https://", "HTTPS://", "at://", ""]),
    st.sampled_from(["www.", "m.", "amp.www.", "mobile.", "www.google.com/amp/s/", "x@", ""]),
    st.sampled_from(
        ["x.com", "bsky.app", "a.example", "youtube.com", "instagram.com:80", "é.fr", "[::1]", "a..b", "m."]
    ),
    st.text(alphabet="/amp.%2541eé?&=#!@:status1htlvw ", max_size=40) | st.text(max_size=20),
    st.sampled_from(["", "?utm_a=1&b", "/amp", "/amp/.amp", "?v=abcdefghijk", "/status/12"]),
)


@settings(max_examples=400, deadline=None)
@given(URLS | st.text(max_size=60))
def test_a_canonical_address_stays_as_it_is(url):
    once = canonical_url(url)
    assert canonical_url(once) == once
    assert len(web_id(url)) <= MAX_NAME
    name = post_id(url)
    assert name is None or 0 < len(name) <= MAX_NAME


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://x.com/lea/status/1790", "x:1790"),
        ("https://twitter.com/lea/status/1790?s=20", "x:1790"),
        ("http://mobile.twitter.com/lea/statuses/1790/", "x:1790"),
        ("https://fxtwitter.com/lea/status/1790/photo/1", "x:1790"),
        ("https://x.com/i/web/status/1790", "x:1790"),
        ("https://x.com/i/status/1790", "x:1790"),
        ("https://x.com/lea", None),
        ("https://x.com/lea/status/abc", None),
        ("https://notx.com/lea/status/1790", None),
        (f"https://bsky.app/profile/{DID}/post/3kabc", f"bluesky:{DID}/3kabc"),
        ("https://bsky.app/profile/did%3Aplc%3Aabcdefghijklmnopqrstuvwx/post/3kabc", f"bluesky:{DID}/3kabc"),
        ("https://bsky.app/profile/lea.example/post/3kabc", None),
        (f"at://{DID}/app.bsky.feed.post/3kabc", f"bluesky:{DID}/3kabc"),
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=10s", "youtube:dQw4w9WgXcQ"),
        ("https://youtu.be/dQw4w9WgXcQ?si=1", "youtube:dQw4w9WgXcQ"),
        ("https://m.youtube.com/shorts/dQw4w9WgXcQ", "youtube:dQw4w9WgXcQ"),
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ&lc=Ugx1", None),
        ("https://www.youtube.com/@acme", None),
        ("https://social.example/@lea/1123", "mastodon:https://social.example/users/lea/statuses/1123"),
        ("https://social.example/users/lea/statuses/1123", "mastodon:https://social.example/users/lea/statuses/1123"),
        ("https://social.example/@lea@other.example/1123", None),
        ("https://medium.com/@lea/1123", None),
        ("https://www.instagram.com/p/CxYz_12-ab/", "instagram:CxYz_12-ab"),
        ("https://www.instagram.com/acme/reel/CxYz_12-ab/", "instagram:CxYz_12-ab"),
        ("https://www.instagram.com/p/CxYz_12-ab/c/17912345/", "instagram:17912345"),
        ("https://www.facebook.com/permalink.php?story_fbid=222&id=111", "facebook:111_222"),
        ("https://m.facebook.com/111/posts/222/?comment_id=333", "facebook:222_333"),
        ("https://www.facebook.com/acme/posts/pfbid02abc", None),
        ("https://paper.example/a", None),
    ],
)
def test_the_address_of_a_post_gives_its_name(url, name):
    assert post_id(url) == name


def said(name="t:55", url=None, **fields):
    return Mention(name, "Acme", AT, url=url, **fields)


TWEET = "https://x.com/lea/status/1790"


@pytest.mark.parametrize(
    ("mention", "names"),
    [
        (said("x:1790", TWEET), ("x:1790",)),
        (said("t:55", TWEET), ("x:1790", "t:55")),
        (said("t:55"), ("t:55",)),
        (said("t:55", TWEET, kind=Kind.REPLY, parent="t:50"), ("x:1790", "t:55")),
        (said("1790123456789012345", source="twitter"), ("x:1790123456789012345", "1790123456789012345")),
        (said("17", source="x"), ("17",)),
        (said(TWEET), ("x:1790", TWEET)),
        (said("t:9", "https://m.paper.example/a/?utm_id=b", kind=Kind.ARTICLE), ("web:https://paper.example/a", "t:9")),
        (said("web:https://www.paper.example/a"), ("web:https://paper.example/a", "web:https://www.paper.example/a")),
    ],
)  # fmt: skip
def test_a_mention_goes_by_the_name_that_every_source_can_tell(mention, names):
    assert names_of(mention) == names


@pytest.mark.parametrize(
    "mention",
    [
        said(url=TWEET, kind=Kind.REPOST),
        said(url=TWEET, kind=Kind.REPLY, parent="x:1790"),
        said(url=TWEET, kind=Kind.REPLY, parent=TWEET),
        said(url=TWEET, kind=Kind.QUOTE, thread="x:1790"),
        said(url="https://youtu.be/dQw4w9WgXcQ", kind=Kind.REPLY),
        said(url="https://youtu.be/dQw4w9WgXcQ", thread="t:50"),
        said(url="https://www.instagram.com/p/CxYz_12-ab/", kind=Kind.REPLY),
        said(url="https://paper.example/a"),
        said(url="https://www.paper.example/", kind=Kind.ARTICLE),
        said(url="https://paper.example/a", kind=Kind.ARTICLE, parent="t:50"),
    ],
)
def test_an_address_that_may_be_another_posts_gives_no_name(mention):
    assert names_of(mention) == ("t:55",)


def test_a_post_of_bluesky_is_found_by_handle_where_one_source_tells_handle_and_did():
    native = said(f"bluesky:{DID}/3kabc", author=Author(id=DID, handle="@Lea.example"))
    assert set(names_of(native)) & set(names_of(said(url="https://bsky.app/profile/lea.example/post/3kabc")))
    stranger = said(f"bluesky:{DID}/3kabc", author=Author(id=DID, handle="zoe.example"))
    assert not set(names_of(stranger)) & set(names_of(said(url="https://bsky.app/profile/lea.example/post/3kabc")))


def test_a_status_numbered_by_account_is_found_by_its_page():
    numbered = said("mastodon:https://social.example/ap/users/7/statuses/1123", "https://social.example/@lea/1123")
    assert set(names_of(numbered)) & set(names_of(said(url="https://social.example/users/lea/statuses/1123")))
    assert names_of(numbered)[0] == numbered.id


def test_a_parent_given_by_its_address_has_its_name():
    assert name_of(TWEET) == "x:1790"
    assert name_of("https://www.paper.example/a/") == "web:https://paper.example/a"
    assert name_of("t:50") == "t:50"


@settings(max_examples=200, deadline=None)
@given(
    st.text(min_size=1, max_size=30) | URLS.filter(bool),
    URLS | st.none(),
    st.sampled_from([None, *Kind]),
    URLS | st.none(),
)
def test_every_mention_has_its_id_among_its_names(name, url, kind, parent):
    names = names_of(said(name, url, kind=kind, parent=parent))
    assert name in names
    assert len(names) == len(set(names))
    assert len(names) <= 3
