"""What feeds hold, and what they do to whoever reads them."""

import contextlib
import random
import time
from xml.sax.saxutils import escape

import msgspec
import pytest
from feed_stand_in import item, rss

from buzzwatch.ingest.likeness import keys_of
from buzzwatch.model.instant import MINUTE
from buzzwatch.model.mention import Mention
from buzzwatch.sources.feed.document import LONGEST_TEXT, MOST_ENTRIES, Document, NoFeedError, read
from buzzwatch.sources.feed.line import mention_of
from buzzwatch.sources.feed.seen import MOST_KNOWN, Place, remember, sift
from buzzwatch.sources.html import read_html

HERE = "https://paper.example/rss"
TITLE = "Grève chez Acme : « c'est un scandale », disent les passagers"
YOUTUBE = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns="http://www.w3.org/2005/Atom"><title>Acme Reviews</title>
 <entry><id>yt:video:dQw4w9WgXcQ</id><yt:videoId>dQw4w9WgXcQ</yt:videoId>
  <yt:channelId>UCabcdefghijklmnopqrstuv</yt:channelId><title>Acme, never again</title>
  <link rel="alternate" href="https://www.youtube.com/watch?v=dQw4w9WgXcQ"/>
  <author><name>Acme Reviews</name><uri>https://www.youtube.com/channel/UCabcdefghijklmnopqrstuv</uri></author>
  <published>2026-03-02T12:00:00+00:00</published><updated>2026-03-03T12:00:00+00:00</updated>
  <media:group><media:title>Acme, never again</media:title><media:description>My flight was lost.</media:description>
   <media:community><media:starRating count="5" average="5.00"/><media:statistics views="1234"/></media:community>
  </media:group></entry></feed>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>The Paper</title><entry><id>tag:paper.example,2026:1</id>
<title type="html">Acme &amp;amp; Co</title><link href="/a/1?utm_source=rss"/><updated>2026-03-02T12:00:00Z</updated>
<content type="html">&lt;p&gt;One.&lt;/p&gt;&lt;script&gt;evil()&lt;/script&gt;
&lt;p&gt;Two &amp;eacute;.&lt;/p&gt;</content></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://paper.example/"><title>The Paper</title>
 </channel> <item rdf:about="https://paper.example/a/1"><title>Acme news</title><link>https://paper.example/a/1</link>
 <dc:date>2026-03-02T12:00:00Z</dc:date></item></rdf:RDF>"""
JSON = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "The Paper",
    "items": [
        {
            "id": "1",
            "url": "https://paper.example/a/1",
            "title": "Acme news",
            "content_html": "<p>One.</p><p>Two.</p>",
            "date_published": "2026-03-02T12:00:00Z",
        }
    ],
}


def parse(text: str | bytes, media_type: str = "application/rss+xml", address: str = HERE) -> Document:
    return read(text.encode() if isinstance(text, str) else text, media_type, address)


def test_a_video_goes_by_its_own_id_and_channel():
    entry = parse(YOUTUBE).entries[0]
    assert (entry.id, entry.source, entry.author) == ("youtube:dQw4w9WgXcQ", "youtube", "UCabcdefghijklmnopqrstuv")
    assert (entry.title, entry.text, entry.publisher) == ("Acme, never again", "My flight was lost.", "Acme Reviews")
    assert entry.views == 1234
    assert entry.posted == 1_772_452_800_000


def test_atom_is_read():
    entry = parse(ATOM).entries[0]
    assert (entry.id, entry.name) == ("web:https://paper.example/a/1", "tag:paper.example,2026:1")
    assert (entry.title, entry.text) == ("Acme & Co", "One.\nTwo é.")


def test_rdf_is_read():
    entry = parse(RDF).entries[0]
    assert (entry.id, entry.title, entry.text) == ("web:https://paper.example/a/1", "", "Acme news")


def test_json_feed_is_read():
    document = read(msgspec.json.encode(JSON), "application/feed+json", HERE)
    entry = document.entries[0]
    assert (entry.id, entry.title, entry.text) == ("web:https://paper.example/a/1", "Acme news", "One.\nTwo.")
    assert (entry.publisher, entry.posted, entry.zoned) == ("The Paper", 1_772_452_800_000, True)


@pytest.mark.parametrize("text", ["{", '{"version": 1}', "[" * 100_000, '{"a":' * 100_000, "", "nothing", "\0\0"])
def test_what_is_no_feed_is_said_to_be_none(text):
    with pytest.raises(NoFeedError):
        parse(text)


def test_a_page_is_no_feed():
    with pytest.raises(NoFeedError, match="another kind of document"):
        parse("<!DOCTYPE html><html><head><title>Log in</title></head><body><p>Hello</body></html>", "text/html")


@pytest.mark.parametrize("items", [5, {}, [1, "a", None, []], [{"id": [], "title": 5, "url": "http://[x"}]])
def test_a_json_feed_of_garbage_has_no_entries(items):
    assert read(msgspec.json.encode({**JSON, "items": items}), "", HERE).entries == []


@pytest.mark.parametrize(
    "written",
    [
        f"{TITLE} - Le Monde",
        f"{TITLE} – Le Monde",
        f"{TITLE} | Le Monde",
        f"{TITLE} - Le Monde.fr - Toute l'actu",
    ],
)
def test_the_name_of_the_paper_is_taken_off_its_titles(written):
    paper = "Le Monde.fr - Toute l'actu"
    source = "" if "actu" in written else "<source url='https://lemonde.example'>Le Monde</source>"
    entry = parse(rss(f"<item><title>{escape(written)}</title><guid>1</guid>{source}</item>", title=paper)).entries[0]
    assert entry.text == TITLE


def test_a_title_that_only_ends_like_the_paper_stays_whole():
    entry = parse(rss("<item><title>Acme sues The Paper</title><guid>1</guid></item>")).entries[0]
    assert entry.text == "Acme sues The Paper"


def test_google_news_gives_the_title_once_and_the_paper_as_author():
    summary = (
        f'&lt;a href="https://news.example"&gt;{TITLE}&lt;/a&gt;&amp;nbsp;&amp;nbsp;&lt;font&gt;Le Monde&lt;/font&gt;'
    )
    source = "<source url='https://www.lemonde.example'>Le Monde</source>"
    text = (
        f"<item><title>{TITLE} - Le Monde</title><guid>CBMi1</guid><link>https://news.example/rss/articles/CBMi1?oc=5"
    )
    entry = parse(
        rss(f"{text}</link><description>{summary}</description>{source}</item>", title="“acme” - News")
    ).entries[0]
    assert (entry.title, entry.text) == ("", TITLE)
    assert (entry.author, entry.publisher) == ("lemonde.example", "Le Monde")


def test_thirty_papers_with_one_dispatch_say_the_same():
    body = "Des centaines de passagers sont restés bloqués dimanche à Roissy après l'annulation de vols Acme."
    said = set()
    for number in range(30):
        paper = f"Journal {number}"
        text = f"<item><title>{TITLE} - {paper}</title><guid>{number}</guid><description>{body}</description></item>"
        entry = parse(rss(text, title=paper), address=f"https://journal{number}.example/rss").entries[0]
        said.add((entry.title, entry.text))
    assert said == {(TITLE, body)}


@pytest.mark.parametrize(
    ("coding", "declared", "media_type"),
    [
        ("utf-8", "utf-8", "text/xml"),
        ("utf-8", "iso-8859-1", "text/xml; charset=iso-8859-1"),  # both lie
        ("windows-1252", "utf-8", "text/xml; charset=utf-8"),
        ("iso-8859-15", "iso-8859-15", "text/xml"),
        ("utf-16", "utf-16", "text/xml"),
        ("utf-16-le", "utf-16", "text/xml"),
        ("utf-8-sig", "nonsense", "text/xml; charset=rubbish"),
        ("windows-1251", "windows-1251", "text/xml"),
    ],
)
def test_encodings_are_settled_whatever_they_call_themselves(coding, declared, media_type):
    words = "Акме закрыта" if coding == "windows-1251" else "Grève générale chez Acme"
    text = rss(f"<item><title>{words}</title><guid>1</guid></item>").replace('"utf-8"', f'"{declared}"')
    assert parse(text.encode(coding), media_type).entries[0].text == words


@pytest.mark.parametrize(
    "broken",
    [
        "<rss version='2.0'><channel><title>P</title><item><title>Acme & co</title><link>https://p.example/1</link>",
        "\n\n <!-- hi --><rss version='2.0'><channel><item><title>Acme & co</title></item></channel></rss> trailing <",
        "<rss version='2.0'><channel><item><title>Acme \x01\x02& co</title></item></channel></rss>",
        "<rss version='2.0'><channel><item><title>Acme &unknown; & co</title></item></channel></rss>",
    ],
)
def test_broken_xml_is_read_as_far_as_it_makes_sense(broken):
    assert "Acme" in parse(broken).entries[0].text


@pytest.mark.parametrize(
    "reference", ["&#xD800;", "&#55296;", "&amp;#xD800;", "&#0;", "&#x110000;", "&#99999999999999999999;"]
)
def test_references_to_no_character_leave_no_half_of_a_pair(reference):
    for end in ("</title> & <", "</title></item></channel></rss>"):
        entry = parse(f"<rss version='2.0'><channel><item><title>Acme {reference} now{end}").entries[0]
        msgspec.json.encode(entry)
        assert "Acme" in entry.text


def test_garbage_is_read_or_refused():
    dice = random.Random(11)
    documents = [each.encode() for each in (YOUTUBE, ATOM, RDF, rss(item(1, 0), item(2, None)))]
    documents.append(msgspec.json.encode(JSON))
    for _ in range(150):
        body = bytearray(dice.choice(documents))
        for _ in range(dice.randrange(1, 12)):
            at = dice.randrange(len(body))
            body[at : at + dice.choice((0, 1, 1, 20))] = dice.choice(
                (b"", b"<", b"&", b"&#", b"\xff", b"\0", b"]]>", b'"')
            )
        with contextlib.suppress(NoFeedError):
            msgspec.json.encode([mention_of(entry, 0) for entry in parse(bytes(body)).entries])


def test_json_may_hold_halves_of_pairs():
    text = '{"version": "https://jsonfeed.org/version/1", "items": [{"id": "\\ud800", "title": "Acme \\ud83d now"}]}'
    try:
        entries = parse(text).entries
    except NoFeedError:
        return
    msgspec.json.encode(entries)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMBS = {
    "billion laughs": f'<!DOCTYPE rss [<!ENTITY l0 "ha">{LAUGHS}]>',
    "quadratic": f'<!DOCTYPE rss [<!ENTITY l9 "{"a" * 100_000}">]>',
    "from a file": '<!DOCTYPE rss [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>',
    "from elsewhere": '<!DOCTYPE rss SYSTEM "http://127.0.0.1:1/x.dtd" [<!ENTITY % p SYSTEM "http://127.0.0.1:1/">%p;]>',
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_no_entity_is_ever_expanded(bomb):
    text = f"{BOMBS[bomb]}<rss version='2.0'><channel><item><title>Acme {'&l9;' * 2_000}</title></item></channel></rss>"
    began = time.process_time()
    said = parse(text).entries[0].text
    assert time.process_time() - began < 2
    assert len(said) <= 1_000
    assert "root:" not in said
    assert "ha" not in said.replace("&", "")


@pytest.mark.parametrize(
    "hostile",
    [
        "<rss>" + "<a>" * 300_000,
        "<rss>" + "<a>" * 1_000 + "</a>" * 1_000 + "</rss>",
        "<rss>" + "<item/>" * 60_000 + "</rss>",
        "<rss><channel><item><title>" + "<" * 2_000_000,
        "<rss><channel><item><title>" + "&" * 2_000_000,
        "<rss><channel>" + "<item " * 200_000,
        "<rss><item " + " ".join(f"a{number}='1'" for number in range(30_000)) + "/></rss>",
    ],
    ids=["deep and broken", "deep", "many", "angles", "ampersands", "open tags", "attributes"],
)
def test_what_would_take_too_long_is_refused(hostile):
    began = time.process_time()
    with pytest.raises(NoFeedError):
        parse(hostile)
    assert time.process_time() - began < 2


def test_hours_that_are_never_closed_take_no_longer_than_they_are_long():
    began = time.process_time()
    assert parse(rss(more=f"<description><![CDATA[{'<skipHours>' * 200_000}]]></description>")).skipped == frozenset()
    assert time.process_time() - began < 2


@pytest.mark.parametrize("piece", ["<a ", "<", "<!--", "<script>", "&", "<a href='", "\n \n", "</", "<p>", "&#x"])
def test_hostile_html_takes_no_longer_than_it_is_long(piece):
    began = time.process_time()
    read_html(piece * (1_000_000 // len(piece)))
    assert time.process_time() - began < 1


def test_a_feed_of_8_mb_is_read():
    text = rss(*(item(number, None, f"acme {number} {'word ' * 15_900}") for number in range(100)))
    assert len(text) > 7_800_000
    assert len(parse(text).entries) == 100


def test_more_entries_and_longer_texts_than_we_keep_are_cut():
    long = rss(
        f"<item><title>a</title><description>{'b ' * 30_000}</description></item>",
        "<item><title>a</title></item>" * 1_050,
    )
    entries = parse(long).entries
    assert len(entries) == MOST_ENTRIES
    assert len(entries[0].text) <= LONGEST_TEXT


def test_entries_without_link_or_id_go_by_their_words():
    bare = "<item><title>Acme news</title></item><item><title>Acme news</title></item><item><title>Other</title></item>"
    first = parse(rss(bare)).entries
    assert len({entry.id for entry in first}) == 2
    assert all(entry.id.startswith("web:paper.example#") for entry in first)
    assert [entry.id for entry in parse(rss(bare)).entries] == [entry.id for entry in first]


def test_entries_that_all_have_one_id_are_told_apart():
    items = "".join(f"<item><title>Acme {n}</title><guid>https://paper.example/</guid></item>" for n in range(5))
    entries = parse(rss(items)).entries
    assert len({entry.id for entry in entries}) == len({entry.name for entry in entries}) == 5


def test_links_to_nowhere_are_left_out():
    for link in ("javascript:alert(1)", "file:///etc/passwd", "http://[broken", "data:text/html,x"):
        entry = parse(rss(f"<item><title>Acme</title><guid>{link}</guid><link>{link}</link></item>")).entries[0]
        assert entry.link == ""
        assert entry.id.startswith("web:paper.example#")


def test_how_often_a_feed_wants_to_be_asked():
    document = parse(rss(more="<ttl>60</ttl><skipHours><hour>1</hour><hour>23</hour><hour>24</hour></skipHours>"))
    assert (document.ttl, document.skipped) == (60 * MINUTE, {0, 1, 23})
    assert parse(rss(more="<ttl>-5</ttl><skipHours><hour>x</hour></skipHours>")).ttl == 0


def test_what_wordpress_adds_is_no_part_of_a_text():
    body = "Acme s'excuse. L’article Acme s'excuse est apparu en premier sur Orange Info."
    entry = parse(rss(f"<item><title>Excuses</title><description>{body}</description></item>")).entries[0]
    assert entry.text == "Acme s'excuse."


def test_what_is_remembered_of_a_feed_is_bounded_and_survives():
    known: dict[int, int] = {}
    entry = parse(rss(item(0, None))).entries[0]
    for start in range(0, 5_000, 500):
        entries = [
            msgspec.structs.replace(entry, name=f"{number}", text=f"{number}") for number in range(start, start + 500)
        ]
        assert len(sift(known, entries).new) == 500
        place = Place(first=1, heard=2, etag='"é"', known=remember(known, entries))
        known = Place.load(place.dump()).pairs()
        assert not sift(known, entries).new
    assert len(known) == MOST_KNOWN
    assert len(place.dump()) < 40_000


@pytest.mark.parametrize("cursor", ["", "null", "5", '{"known": "x"}', '{"known": "AAAA"}', '{"first": "a"}', "\0"])
def test_a_broken_cursor_is_a_new_beginning(cursor):
    assert Place.load(cursor) == Place()


def test_copies_of_one_dispatch_share_their_keys():
    made = []
    for number in range(2):
        text = f"<item><title>{TITLE} - Journal {number}</title><guid>{number}</guid></item>"
        entry = parse(rss(text, title=f"Journal {number}")).entries[0]
        mention = {"id": entry.id, "text": entry.text, "created_at": "2026-03-02T12:00:00Z", "url": entry.link or None}
        made.append(keys_of(msgspec.convert(mention, Mention)).pairs)
    assert made[0] == made[1] != b""
