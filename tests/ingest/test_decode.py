import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buzzwatch.ingest.decode import HEAD, MAX_PAYLOAD, MAX_REFUSED, MAX_TEXT, decode
from buzzwatch.model.mention import Kind

GOOD = b'{"id":"x:1","text":"bonjour","created_at":"2026-11-22T18:04:05Z"}'
OTHER = GOOD.replace(b"x:1", b"x:2")


def with_field(field):
    return GOOD[:-1] + b"," + field + b"}"


def ids(decoded):
    return [(position, mention.id) for position, mention in decoded.mentions]


def refusal(item):
    (refused,) = decode(item).refused
    return refused.reason


def test_every_field_of_a_mention_is_read():
    fields = {
        "id": "x:1790",
        "source": "x",
        "author": {"id": "42", "handle": "@lea", "name": "Léa", "followers": 1200},
        "text": "…",
        "lang": "fr",
        "created_at": "2026-11-22T19:04:05+01:00",
        "url": "https://x.example/1790",
        "thread": "x:1700",
        "parent": "x:1788",
        "kind": "reply",
        "brand": None,
        "engagement": {"likes": 3, "reposts": 1, "replies": 0, "views": 90},
        "title": None,
        "deleted": False,
        "unknown": {"to": ["us"]},
    }
    decoded = decode(json.dumps(fields).encode())
    ((position, mention),) = decoded.mentions
    assert (position, decoded.refused, decoded.mended) == (0, [], 0)
    assert (mention.id, mention.kind, mention.author.followers, mention.engagement.views) == (
        "x:1790",
        Kind.REPLY,
        1200,
        90,
    )
    assert mention.created_at == datetime(2026, 11, 22, 18, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "payload",
    [
        b"[" + GOOD + b"," + OTHER + b"]",
        b" [\n" + GOOD + b" ,\r\n" + OTHER + b"]\n",
        GOOD + b"\n" + OTHER,
        GOOD + b"\r\n" + OTHER + b"\r\n",
        b"\xef\xbb\xbf" + GOOD + b"\n" + OTHER,
        b"\xef\xbb\xbf[" + GOOD + b"," + OTHER + b"]",
    ],
)
def test_arrays_and_lines_hold_many(payload):
    assert ids(decode(payload)) == [(0, "x:1"), (1, "x:2")]


def test_blank_lines_are_no_items_but_are_counted():
    decoded = decode(b"\n" + GOOD + b"\r\n\r\n  \n" + OTHER + b"\n\n{broken\n\n")
    assert ids(decoded) == [(1, "x:1"), (4, "x:2")]
    assert [refused.position for refused in decoded.refused] == [6]


def test_an_object_may_stretch_over_lines():
    decoded = decode(json.dumps(json.loads(GOOD), indent=2).encode())
    assert ids(decoded) == [(0, "x:1")]


def test_a_broken_object_over_several_lines_is_refused_once():
    decoded = decode(json.dumps(json.loads(GOOD), indent=2).encode()[:-2])
    assert [refused.position for refused in decoded.refused] == [0]


def test_an_empty_array_holds_nothing():
    assert decode(b"[]") == decode(b" [ ] ")
    assert decode(b"[]").refused == []


REFUSED = [
    (b"", "nothing where a mention should be"),
    (b"  \n ", "nothing where a mention should be"),
    (b"hello", "broken JSON"),
    (b'"hello"', "got `str`"),
    (b"{}", "missing required field `id`"),
    (b'{"id":"x:1"}', "missing required field `text`"),
    (b'{"id":"x:1","text":"a"}', "with id, text and created_at"),
    (GOOD[:-3], "broken JSON"),
    (GOOD + b" x", "broken JSON"),
    (GOOD.replace(b"bonjour", b"a\tb"), "broken JSON"),
    (GOOD.replace(b'"bonjour"', b"NaN"), "broken JSON"),
    (GOOD.replace(b'"bonjour"', b"5"), "text is 5: Expected `str`, got `int`"),
    (GOOD.replace(b'"bonjour"', b"null"), "text is null"),
    (GOOD.replace(b'"x:1"', b'""'), 'id is "": Expected `str` of length >= 1; give a text of 1 to 500'),
    (GOOD.replace(b"x:1", b"x" * 501), "id is"),
    (GOOD.replace(b"05Z", b"05"), 'created_at is "2026-11-22T18:04:05"'),
    (GOOD.replace(b"05Z", b"05"), "give a time with its zone, such as 2026-11-22T18:04:05Z"),
    (GOOD.replace(b'"2026-11-22T18:04:05Z"', b"1790000000"), "created_at is 1790000000"),
    (GOOD.replace(b"2026-11-22T18:04:05Z", b"yesterday"), 'created_at is "yesterday"'),
    (with_field(b'"kind":"tweet"'), "give one of post, reply, repost, quote, review, article, message"),
    (with_field(b'"author":"lea"'), 'author is "lea"'),
    (with_field(b'"author":{"followers":"12"}'), 'author.followers is "12"'),
    (with_field(b'"author":{"followers":"12"},"author":null'), "author.followers is"),
    (with_field(b'"author":{"followers":1.5}'), "leave it out where it is unknown"),
    (with_field(b'"author":{"followers":' + b"9" * 5000 + b"}"), "author.followers is 999"),
    (with_field(b'"deleted":"yes"'), 'deleted is "yes"'),
    (GOOD.replace(b"bonjour", b"\xff"), "not UTF-8"),
    (GOOD.replace(b"bonjour", b"\xed\xa0\x80"), "not UTF-8"),
    (with_field(b'"z":' + b"[" * 32 + b"]" * 32), "nested deeper than 32"),
    (with_field(b'"z":' + b"[" * 100_000 + b"]" * 100_000), "nested deeper than 32"),
    (with_field(b'"z":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "nested deeper than 32"),
    (b"x" * (MAX_PAYLOAD + 1), "split it"),
]


@pytest.mark.parametrize(("item", "reason"), REFUSED)
def test_an_item_is_refused_for_a_reason(item, reason):
    (refused,) = decode(item).refused
    assert reason in refused.reason
    assert len(refused.reason) < 400
    assert refused.head == item.strip()[:HEAD]


WITHIN = [(item, reason) for item, reason in REFUSED if item.strip() and len(item) <= MAX_PAYLOAD]


@pytest.mark.parametrize("item", [item for item, _ in WITHIN if b"\n" not in item])
def test_a_refused_line_costs_no_neighbour(item):
    decoded = decode(GOOD + b"\n" + item + b"\n" + OTHER)
    assert ids(decoded) == [(0, "x:1"), (2, "x:2")]
    assert [refused.position for refused in decoded.refused] == [1]


@pytest.mark.parametrize("item", [item for item, _ in WITHIN if item != GOOD[:-3]])
def test_a_refused_element_costs_no_neighbour(item):
    decoded = decode(b"[" + GOOD + b"," + item + b"," + OTHER + b"]")
    assert ids(decoded) == [(0, "x:1"), (2, "x:2")]
    assert [refused.position for refused in decoded.refused] == [1]


@pytest.mark.parametrize("element", [b'{"a":[1}', b'{"a":1]}', b'{"a":1}}', b'{"a":"]}\\"[{","b":[1}'])
def test_a_wrong_bracket_spoils_its_own_element_alone(element):
    decoded = decode(b"[" + GOOD + b"," + element + b"," + OTHER + b"]")
    assert ids(decoded) == [(0, "x:1"), (2, "x:2")]


def test_an_array_cut_off_keeps_what_is_whole_and_says_so():
    decoded = decode(b"[" + GOOD + b"," + OTHER)
    assert ids(decoded) == [(0, "x:1"), (1, "x:2")]
    assert "cut off" in decoded.refused[0].reason


def test_what_follows_an_array_is_refused():
    decoded = decode(b"[" + GOOD + b"] trailing")
    assert ids(decoded) == [(0, "x:1")]
    assert "broken JSON" in decoded.refused[0].reason


def test_brackets_within_a_string_are_no_nesting():
    assert ids(decode(GOOD.replace(b"bonjour", b"[{" * 1000))) == [(0, "x:1")]
    assert ids(decode(with_field(b'"z":' + b"[" * 31 + b"]" * 31))) == [(0, "x:1")]


def test_a_reason_shows_no_control_characters():
    reason = refusal(with_field('"kind":"\u202eevil\u0085"'.encode()))
    assert 'kind is "?evil?"' in reason


def test_after_ten_thousand_refusals_the_rest_is_refused_as_one():
    decoded = decode(b"[" + b"1," * (MAX_REFUSED + 5) + GOOD + b"]")
    assert len(decoded.refused) == MAX_REFUSED + 1
    assert "mend those first" in decoded.refused[-1].reason
    assert decoded.mentions == []


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (GOOD.replace(b"bonjour", rb"a\u0000b"), "a�b"),
        (GOOD.replace(b"bonjour", b"a\0b"), "a�b"),
        (GOOD.replace(b"bonjour", rb"a\ud83d b"), "a� b"),
        (GOOD.replace(b"bonjour", rb"\ude00\ud83d"), "��"),
        (GOOD.replace(b"bonjour", rb"\ud83d\ude00\ud83d"), "😀�"),
        (GOOD.replace(b"bonjour", rb"\\ud83d\u0000"), "\\ud83d�"),
        (GOOD.replace(b"bonjour", rb"\\\\\\\ud83d"), "\\\\\\�"),
        (GOOD.replace(b"bonjour", b"a" * (MAX_TEXT + 1)), "a" * MAX_TEXT),
    ],
)
def test_a_faulty_text_is_mended(item, text):
    decoded = decode(item)
    assert [mention.text for _, mention in decoded.mentions] == [text]
    assert decoded.mended == 1


@pytest.mark.parametrize(
    "text", [rb"\\u0000", rb"\ud83d\ude00", "\N{ARABIC LETTER ALEF} \u202e 😀".encode(), b"a" * MAX_TEXT, b""]
)
def test_a_sound_text_is_taken_as_it_is(text):
    decoded = decode(GOOD.replace(b"bonjour", text))
    assert decoded.mentions[0][1].text == json.loads(b'"' + text + b'"')
    assert decoded.mended == 0


@pytest.mark.parametrize("number", ["-1", str(2**53 + 1)])
def test_an_impossible_count_is_unknown(number):
    field = f'"author":{{"followers":{number}}},"engagement":{{"likes":{number},"views":7}}'
    decoded = decode(with_field(field.encode()))
    mention = decoded.mentions[0][1]
    assert (mention.author.followers, mention.engagement.likes, mention.engagement.views) == (None, None, 7)
    assert decoded.mended == 1


def test_zero_is_known():
    mention = decode(with_field(b'"author":{"followers":0}')).mentions[0][1]
    assert mention.author.followers == 0


def test_empty_strings_are_absent_values():
    field = (
        b'"source":"","thread":"","parent":"","lang":"","url":"","brand":"","title":"","author":{"id":"","handle":""}'
    )
    decoded = decode(with_field(field))
    mention = decoded.mentions[0][1]
    absent = (mention.source, mention.thread, mention.parent, mention.lang, mention.url, mention.brand, mention.title)
    assert absent == (None,) * 7
    assert (mention.author.id, mention.author.handle) == (None, None)


def test_a_repeated_key_keeps_its_last_value():
    assert ids(decode(with_field(b'"id":"x:9"'))) == [(0, "x:9")]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_any_moment_with_a_zone_is_taken(moment):
    assert ids(decode(GOOD.replace(b"2026-11-22T18:04:05Z", moment.encode()))) == [(0, "x:1")]


@given(st.binary(max_size=300))
def test_no_bytes_raise(payload):
    decoded = decode(payload)
    assert decoded.mentions == []


@given(st.text('[]{}",:\\ \n0x', max_size=80), st.sampled_from([b"", b"["]))
def test_no_brackets_raise(text, opening):
    decoded = decode(opening + GOOD + b"," + text.encode())
    assert len(decoded.mentions) + len(decoded.refused) >= 1


@given(st.lists(st.one_of(st.just(GOOD), st.binary(max_size=60).filter(lambda line: b"\n" not in line)), max_size=12))
def test_good_lines_survive_any_others(lines):
    decoded = decode(b"\n".join([GOOD, *lines, OTHER]))
    assert len(decoded.mentions) == 2 + lines.count(GOOD)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=6))
def test_good_elements_survive_any_values(values):
    items = [GOOD, *(json.dumps(value).encode() for value in values), OTHER]
    decoded = decode(b"[" + b",".join(items) + b"]")
    assert ids(decoded) == [(0, "x:1"), (len(values) + 1, "x:2")]
    assert [refused.position for refused in decoded.refused] == list(range(1, len(values) + 1))
