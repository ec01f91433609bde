import json
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from buzzwatch.ingest.identity_stand_in import canonical_url, post_id
from buzzwatch.ingest.mapping import MAX_STEPS, FaultError, Field, Fields, Filter, find_items, make_path, read_item
from buzzwatch.model.mention import Kind

AT = "2026-11-22T18:04:05Z"
GOT_AT = datetime(2026, 11, 23, tzinfo=UTC)


def at(*paths, **more):
    return Field(paths=tuple(map(make_path, paths)), **more)


def fields(**told):
    plain = {"id": at("id"), "text": at("text"), "created_at": at("at")}
    return Fields("tool", plain | {key.replace("__", "."): field for key, field in told.items()})


def item(**told):
    return {"id": "1", "text": "acme", "at": AT} | told


def read(mapping, told):
    return read_item(mapping, told, GOT_AT)


def mention(mapping, told):
    return read(mapping, told).mention


# Paths


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b", "deep"),
        ("list[0]", "first"),
        ("list[1]", "second"),
        ("list[*]", "first"),
        ("rows[*].name", "x"),
        ("rows[1].name", "y"),
        ("nested[0][1]", "2"),
        ("rows[*].tags[*]", "t"),
        ("with.dots", "whole"),
        ("Some Key", "spaced"),
    ],
)
def test_a_path_leads_to_its_value(path, found):
    told = item(
        a={"b": "deep"},
        list=["first", "second"],
        rows=[{"name": "x"}, {"name": "y", "tags": ["t"]}],
        nested=[[1, 2]],
        **{"with.dots": "whole", "Some Key": "spaced"},
    )
    assert mention(fields(title=at(path)), told).title == found


@pytest.mark.parametrize("path", ["a.c", "a.b.c", "list[9]", "list.x", "text[0]", "nothing", "a[*]", "id.x"])
def test_a_path_that_leads_nowhere_finds_nothing(path):
    assert mention(fields(title=at(path)), item(a={"b": "deep"}, list=[])).title is None


@pytest.mark.parametrize(
    "path", ["", ".", "a.", ".a", "a[", "a[x]", "a[-1]", "a]b[", "a..b", ".".join("a" * (MAX_STEPS + 1))]
)
def test_what_is_no_path_is_refused(path):
    with pytest.raises(ValueError, match=f"^{re.escape(path)}$"):
        make_path(path)


def test_the_first_place_at_which_something_stands_is_taken():
    mapping = fields(title=at("none", "empty", "blank", "null", "here", "later"))
    assert mention(mapping, item(empty="", blank=" ", null=None, here=" x ", later="y")).title == "x"


def test_all_that_stands_there_is_joined():
    mapping = fields(text=at("parts[*]", "more", join=" / "))
    assert mention(mapping, item(parts=["a", "b"], more="c")).text == "a / b / c"


def test_two_spellings_of_a_column_are_not_joined():
    assert mention(fields(created_at=at("at", "At", join=" ")), item()).created_at.year == 2026


@pytest.mark.parametrize(("value", "told"), [(7, "7"), (7.0, "7"), (7.5, "7.5"), (True, "true"), ("x", "x")])
def test_numbers_and_truths_are_texts_where_texts_belong(value, told):
    assert mention(fields(title=at("v")), item(v=value)).title == told


# What is done with a value


def test_constants_prefixes_and_tables():
    mapping = fields(
        id=at("id", prefix="tool:"),
        source=Field(constant="tool"),
        kind=at("type", values={"rt": "repost"}, otherwise="post"),
        brand=at("team", values={"a": "acme"}),
    )
    told = mention(mapping, item(type="RT", team="A"))
    assert (told.id, told.source, told.kind, told.brand) == ("tool:1", "tool", Kind.REPOST, "acme")
    told = mention(mapping, item(type="else", team="b"))
    assert (told.kind, told.brand) == (Kind.POST, None)


@pytest.mark.parametrize(
    ("value", "form", "zone", "utc"),
    [
        ("2026-11-22T18:04:05Z", "iso", UTC, "2026-11-22T18:04:05+00:00"),
        ("2026-11-22T18:04:05.250+0100", "iso", UTC, "2026-11-22T17:04:05.250000+00:00"),
        ("2026-11-22 18:04:05", "iso", ZoneInfo("Europe/Paris"), "2026-11-22T17:04:05+00:00"),
        (1_795_370_645, "epoch", UTC, "2026-11-22T18:04:05+00:00"),
        ("1795370645", "epoch", UTC, "2026-11-22T18:04:05+00:00"),
        (1_795_370_645_250, "epoch-ms", UTC, "2026-11-22T18:04:05.250000+00:00"),
        ("22/11/2026 18:04", "%d/%m/%Y %H:%M", ZoneInfo("America/New_York"), "2026-11-22T23:04:00+00:00"),
    ],
)
def test_dates_are_read_by_their_form_in_their_zone(value, form, zone, utc):
    told = mention(fields(created_at=at("at", dates=(form,), zone=zone)), item(at=value))
    assert told.created_at.astimezone(UTC).isoformat() == utc


def test_the_first_form_that_fits_is_taken():
    mapping = fields(created_at=at("at", dates=("iso", "epoch-ms", "%d/%m/%Y")))
    assert mention(mapping, item(at="01/02/2026")).created_at == datetime(2026, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize("value", ["yesterday", "9" * 400, "-5", -5, 10**30, "2026-13-01", "inf", "nan", 1e308])
@pytest.mark.parametrize("form", ["iso", "epoch", "epoch-ms", "%d/%m/%Y"])
def test_what_is_no_date_is_named_with_key_path_and_value(value, form):
    if form == "iso" and value == "-5":
        pytest.skip("the same as the number")
    with pytest.raises(FaultError, match=r"`created_at` at at is '.*': no date as") as fault:
        read(fields(created_at=at("at", dates=(form,))), item(at=value))
    assert len(str(fault.value)) < 150


def test_a_date_that_may_be_left_out_is_that_of_the_arrival():
    mapping = fields(created_at=at("at", otherwise="received"))
    assert mention(mapping, item(at=None)).created_at == GOT_AT
    with pytest.raises(FaultError, match="`created_at` is missing: nothing stands at at"):
        read_item(mapping, item(at=None), None)


@pytest.mark.parametrize(
    ("value", "followers"),
    [(12, 12), ("1,234", 1234), ("1 234 567", 1234567), ("1.234.567", 1234567), ("12.0", 12), ("0", 0), ("-", None),
     ("N/A", None), ("", None), (None, None), (-3, None)],
)  # fmt: skip
def test_counts_are_read_as_tools_write_them(value, followers):
    told = read(fields(author__followers=at("f"), author__handle=Field(constant="x")), item(f=value))
    assert (told.mention.author.followers, told.notes) == (followers, ())


@pytest.mark.parametrize("value", ["many", "12K", "9" * 40, "1e9", "inf"])
def test_a_count_that_is_none_is_unknown_and_noted(value):
    told = read(fields(author__followers=at("f"), author__handle=Field(constant="x")), item(f=value))
    assert told.mention.author.followers is None
    assert str(told.notes[0]) == f"`author.followers` at f is '{value}': no number"


@pytest.mark.parametrize(
    ("value", "out_of", "stars"),
    [(1, 5, 1), (5, 5, 5), ("4.5", 5, 5), (4.4, 5, 4), (9, 10, 5), (1, 10, 1), (80, 100, 4)],
)
def test_stars_are_one_to_five(value, out_of, stars):
    assert mention(fields(stars=at("s", out_of=out_of)), item(s=value)).stars == stars


@pytest.mark.parametrize("value", [0, 6, -1, 10**18])
def test_stars_beyond_are_unknown_and_noted(value):
    told = read(fields(stars=at("s")), item(s=value))
    assert told.mention.stars is None
    assert "`stars` at s is " in str(told.notes[0])


def test_an_unknown_kind_is_noted():
    told = read(fields(kind=at("k")), item(k="tweet"))
    assert told.mention.kind is None
    assert str(told.notes[0]).startswith("`kind` is 'tweet': not one of post, reply")


# What a mention must have


@pytest.mark.parametrize("lacking", ["id", "text", "at"])
def test_what_must_be_there_is_named_where_it_is_not(lacking):
    key = "created_at" if lacking == "at" else lacking
    with pytest.raises(FaultError, match=f"`{key}` is missing: nothing stands at {lacking}"):
        read(fields(), item(**{lacking: None}))


def test_words_may_be_missing_from_a_repost_a_deletion_and_beside_a_title():
    assert mention(fields(kind=Field(constant="repost")), item(text="")).text == ""
    assert mention(fields(deleted=Field(constant="true")), item(text="")).deleted
    assert mention(fields(title=at("title")), item(text="", title="acme")).title == "acme"


@pytest.mark.parametrize("value", [{"a": 1}, [1], {}])
def test_a_structure_where_a_text_belongs_is_a_fault(value):
    with pytest.raises(FaultError, match=r"`text` at text is '{.*': no text"):
        read(fields(), item(text=value))


@pytest.mark.parametrize("told", [None, 7, "x", [], [[]], True, 1.5])
def test_an_item_that_is_no_object_has_nothing(told):
    with pytest.raises(FaultError, match="`id` is missing"):
        read(fields(), told)


def test_foreign_text_is_shown_short_and_printable():
    with pytest.raises(FaultError) as fault:
        read(fields(), item(at="\x1b[2J\n" + "y" * 10_000))
    assert str(fault.value).isprintable()
    assert len(str(fault.value)) < 150


# One post, one id


@pytest.mark.parametrize(
    ("url", "known", "source"),
    [
        ("https://x.com/lea/status/1790", "x:1790", "x"),
        ("http://twitter.com/lea/statuses/1790?s=20", "x:1790", "x"),
        ("https://mobile.twitter.com/i/web/status/1790", "x:1790", "x"),
        ("https://bsky.app/profile/did:plc:abc/post/3k2a", "bluesky:did:plc:abc/3k2a", "bluesky"),
    ],
)
def test_a_post_has_the_id_that_it_has_by_every_road(url, known, source):
    told = mention(fields(url=at("url"), id=at("id", prefix="tool:"), source=Field(constant="web")), item(url=url))
    assert (told.id, told.source) == (known, source)


def test_an_article_without_an_id_is_known_by_its_address():
    told = mention(fields(url=at("url")), item(id=None, url="http://www.paper.example/a/?utm_source=x#top"))
    assert told.id == "web:https://paper.example/a"


def test_an_article_is_known_by_its_address_and_a_post_on_a_page_is_not():
    url = "https://paper.example/a"
    assert mention(fields(url=at("url"), kind=Field(constant="article")), item(url=url)).id == f"web:{url}"
    assert mention(fields(url=at("url")), item(url=url)).id == "1"


def test_parent_and_thread_are_known_by_their_addresses():
    told = mention(fields(parent=at("p"), thread=at("t")), item(p="https://x.com/a/status/5", t="own:1"))
    assert (told.parent, told.thread) == ("x:5", "own:1")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "http://",
        "http://[",
        "http://x:y/",
        "//",
        "https://x.com/",
        "https://x.com/a/status/",
        "https://x.com.evil.example/a/status/1",
    ],
)
def test_an_address_that_tells_no_platform_tells_none(url):
    assert post_id(url) is None
    assert len(canonical_url(url + "a" * 5000)) < 6000


# Items


def test_items_are_found_where_the_mapping_says_or_else():
    mapping = Fields(
        "tool", fields().fields, items=(make_path("a.b[*]"), make_path("c[*].d")), shape=(make_path("id"),)
    )
    assert find_items(mapping, {"a": {"b": [1, 2]}}) == ([1, 2], 0)
    assert find_items(mapping, {"c": [{"d": 3}, {"e": 4}]}) == ([3], 0)
    assert find_items(mapping, {"a": {"b": []}}) == ([], 0)
    assert find_items(mapping, [{"a": {"b": [1]}}, {"c": [{"d": 2}]}]) == ([1, 2], 0)
    assert find_items(mapping, item()) == ([item()], 0)
    with pytest.raises(FaultError, match=r"`items`: nothing stands at a.b\[\*\], c\[\*\].d"):
        find_items(mapping, {"x": 1})


def test_without_a_place_the_whole_is_an_item_or_a_list_of_them():
    assert find_items(fields(), item()) == ([item()], 0)
    assert find_items(fields(), [1, 2]) == ([1, 2], 0)


def test_only_some_items_are_ours_and_the_others_are_counted():
    only = (Filter(make_path("event"), frozenset({"created", "1"})),)
    skip = (Filter(make_path("from"), frozenset({"us"})),)
    mapping = Fields("tool", fields().fields, only=only, skip=skip)
    ours = [{"event": "Created"}, {"event": 1}]
    assert find_items(mapping, [*ours, {"event": "gone"}, {}, 7, {"event": 1, "from": "US"}]) == (ours, 4)


def test_no_more_items_are_taken_than_can_be():
    with pytest.raises(FaultError, match="more than 3 items"):
        find_items(fields(), [1, 2, 3, 4], most=3)


def test_hostile_lists_of_lists_cost_bounded_work():
    wide = item(a=[{"b": [{"c": [None] * 100}] * 100}] * 100)
    assert mention(fields(title=at("a[*].b[*].c[*]")), wide).title is None


def test_the_same_item_gives_the_same_mention_whatever_the_order_of_its_keys():
    told = item(url="https://paper.example/a", s=3, f="1,000")
    mapping = fields(url=at("url"), stars=at("s"), author__followers=at("f"))
    assert mention(mapping, told) == mention(mapping, json.loads(json.dumps(dict(reversed(told.items())))))
    assert mention(mapping, told).created_at - GOT_AT < timedelta(0)
