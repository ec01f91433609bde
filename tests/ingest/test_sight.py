from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
import pytest
from brands import brand, brands

from buzzwatch.ingest.scorer import load
from buzzwatch.ingest.scorer.learnt import logit_of
from buzzwatch.ingest.scorer.lessons import Lessons
from buzzwatch.ingest.sight import Reader
from buzzwatch.model.input import Corrected, Mark
from buzzwatch.model.instant import DAY, HOUR, MINUTE, instant_of
from buzzwatch.model.mention import Author, Kind, Mention, Sighting

NOW = instant_of(datetime(2026, 11, 22, 18, 5, tzinfo=UTC))
BRANDS = brands(
    brand(
        "acme",
        "acme",
        "@acme_fr",
        official=["x:@acme_fr", "bluesky:acme.fr"],
        themes={"safety": ("fumée",), "boycott": ("boycott",)},
        voices={"press": frozenset(["x:@paper", "x:42"]), "ours": frozenset(["x:@boss"])},
    ),
    brand("rival", "rival", official=["x:@rival"]),
)
READER = Reader(BRANDS, load())


def mention(text="Acme est nul", **fields):
    fields = {"id": "x:1", "created_at": datetime(2026, 11, 22, 18, 4, tzinfo=UTC), "source": "x"} | fields
    return Mention(text=text, **fields)


def read(*args, **kwargs):
    (sighting,) = READER.read(mention(*args, **kwargs), NOW).sightings
    return sighting


def test_a_sighting_says_what_the_mention_comes_to():
    author = Author(id="42", handle="@lea", followers=1200)
    sighting = read("Acme est nul, aucune réponse depuis hier", author=author, parent="x:0", thread="x:0")
    assert (sighting.brand, sighting.mention, sighting.thread, sighting.parent) == ("acme", "x:1", "x:0", "x:0")
    assert (sighting.kind, sighting.source, sighting.lang, sighting.followers) == (Kind.REPLY, "x", "fr", 1200)
    assert (sighting.seen_at, sighting.posted_at) == (NOW, NOW - MINUTE)
    assert sighting.author
    assert sighting.copy
    assert not sighting.official
    assert sighting.scorer == "linear@1"
    assert sighting.negativity > 0.5


def lessons(*marks):
    """What acme was taught by marks of posts, by text."""
    taught = Lessons()
    for number, (text, mark) in enumerate(marks):
        told = mention(text, id=f"x:lesson{number}")
        taught.take(READER.mark(told, READER.read(told, NOW).sightings[0], mark, "ines"))
    return {"acme": taught}


def test_what_was_marked_changes_later_scores_and_the_name_of_the_scorer_says_how_many_marks_there_were():
    told = mention("Acme, ce tueur de prix est nul et scandaleux")
    taught = lessons(
        *((f"Acme est un tueur nul {n}", Mark.NOT_NEGATIVE) for n in range(20)), ("Acme : ok", Mark.NEGATIVE)
    )
    before, after = (READER.read(told, NOW, lessons=each).sightings[0] for each in ({}, taught))
    assert after.negativity < before.negativity
    assert (before.scorer, after.scorer) == ("linear@1", "linear@1+acme.21")
    assert (after.copy, after.keys, after.lang) == (before.copy, before.keys, before.lang)


def test_a_post_of_a_brand_that_left_the_rules_meanwhile_can_be_marked_all_the_same():
    told = mention("Acme est nul ici")
    sighting = READER.read(told, NOW).sightings[0]
    later = Reader({}, load()).mark(told, sighting, Mark.NEGATIVE, "ines")
    assert (later.brand, later.copy, later.lang) == ("acme", sighting.copy, sighting.lang)


def test_what_one_brand_was_taught_changes_no_other_brands_score():
    taught = lessons(*((f"Acme tueur nul {n}", Mark.NOT_NEGATIVE) for n in range(20)))
    told = mention("Acme et Rival, tueurs nuls")
    plain, learnt = (READER.read(told, NOW, lessons=each).sightings for each in ({}, taught))
    assert learnt[1] == plain[1]
    assert learnt[0] != plain[0]


def test_a_brand_whose_marks_are_all_withdrawn_is_scored_as_ever():
    taught = lessons(("Acme est nul ici", Mark.NOT_NEGATIVE))
    taught["acme"].take(Corrected(NOW, "acme", "x:lesson0", Mark.WITHDRAWN, "ines"))
    assert READER.read(mention(), NOW, lessons=taught) == READER.read(mention(), NOW)


def test_a_text_marked_as_not_about_a_brand_is_no_sighting_of_that_brand_any_more():
    text = "Acme et Rival sont deux rues de la ville basse"
    taught = lessons((text, Mark.NOT_US))
    again = READER.read(mention(f"{text} https://t.co/x @you", id="x:2"), NOW, lessons=taught)
    assert [sighting.brand for sighting in again.sightings] == ["rival"]
    assert again.struck == ("acme",)
    other = READER.read(mention(f"{text} encore", id="x:3"), NOW, lessons=taught)
    assert [(sighting.brand, sighting.scorer) for sighting in other.sightings] == [
        ("acme", "linear@1"),
        ("rival", "linear@1"),
    ]


def test_a_mark_holds_numbers_alone():
    told = mention("Acme est nul, aucune réponse")
    mark = READER.mark(told, READER.read(told, NOW).sightings[0], Mark.NOT_NEGATIVE, "ines")
    assert "nul" not in str(mark)
    assert len(mark.words) == 4 * 6
    assert mark.logit == logit_of(READER.read(told, NOW).sightings[0].negativity)


def test_a_mention_of_nobody_has_no_sighting():
    assert READER.read(mention("bonjour"), NOW).sightings == ()


def test_a_mention_of_two_brands_has_a_sighting_for_each():
    reading = READER.read(mention("Rival vaut mieux qu'Acme"), NOW)
    assert [sighting.brand for sighting in reading.sightings] == ["acme", "rival"]


def test_a_text_is_scored_once():
    class Counting(NamedTuple):
        asked: list
        name: str = "counting@1"

        def score(self, text, lang):
            self.asked.append((text, lang))
            return 0.5

    scorer = Counting([])
    Reader(BRANDS, scorer).read(mention("Acme et Rival", title="Titre", lang="fr"), NOW)
    assert scorer.asked == [("Titre\nAcme et Rival", "fr")]


def test_a_mention_on_a_thread_belongs_to_its_brand_too():
    reading = READER.read(mention("moi aussi, Rival"), NOW, "x:0", ("acme",))
    assert [(sighting.brand, sighting.thread) for sighting in reading.sightings] == [("acme", "x:0"), ("rival", "x:0")]


def test_a_thread_of_a_brand_no_longer_watched_gives_nothing():
    assert READER.read(mention("moi aussi"), NOW, "x:0", ("gone",)).sightings == ()


def test_a_brand_that_the_source_names_is_taken_at_its_word():
    reading = READER.read(mention("mieux qu'Acme", brand="rival"), NOW)
    assert [sighting.brand for sighting in reading.sightings] == ["rival"]


def test_an_unknown_brand_of_the_source_is_ignored():
    assert read("Acme", brand="unheard-of").brand == "acme"


def test_a_title_is_read_with_the_text():
    sighting = read("Rien à signaler.", title="Acme : honteux scandale", lang="fr")
    assert sighting.negativity > 0.5


@pytest.mark.parametrize(
    ("source", "author", "official"),
    [
        ("x", Author(handle="@Acme_FR"), True),
        ("x", Author(handle="acme_fr"), True),
        ("x", Author(id="acme_fr", handle="@other"), True),
        ("bluesky", Author(handle="@acme.fr"), True),
        ("bluesky", Author(handle="@acme_fr"), False),
        ("x", Author(handle="@acme_fr_fan"), False),
        ("x", Author(handle="@rival"), False),
        ("x", Author(), False),
        ("x", None, False),
        (None, Author(handle="@acme_fr"), False),
    ],
)
def test_an_account_is_official_by_source_and_handle_or_id(source, author, official):
    assert read("Acme", source=source, author=author).official is official


@pytest.mark.parametrize(
    ("source", "author", "voice"),
    [
        ("x", Author(handle="@Paper"), "press"),
        ("x", Author(id="42", handle="@new_name"), "press"),
        ("x", Author(id="42", handle="@boss"), "press"),
        ("x", Author(handle="boss"), "ours"),
        ("bluesky", Author(handle="@paper"), ""),
        ("x", Author(handle="@paper_fan"), ""),
        ("x", None, ""),
    ],
)
def test_a_voice_is_known_by_source_and_handle_or_id(source, author, voice):
    assert read("Acme", source=source, author=author).voice == voice


def test_voices_and_themes_are_those_of_each_brand():
    reading = READER.read(mention("Fumée chez Acme et Rival", author=Author(handle="@paper")), NOW)
    assert [(s.brand, s.themes, s.voice) for s in reading.sightings] == [
        ("acme", ("safety",), "press"),
        ("rival", (), ""),
    ]


def test_a_title_and_a_reply_that_does_not_name_the_brand_touch_themes_too():
    assert read("Rien à signaler.", title="Boycott d'Acme, fumée à bord").themes == ("safety", "boycott")
    (reply,) = READER.read(mention("moi aussi, de la fumée"), NOW, "x:0", ("acme",)).sightings
    assert reply.themes == ("safety",)


def test_an_erased_mention_touches_no_theme():
    (sighting,) = READER.read(mention("fumée", deleted=True), NOW, "x:0", ("acme",)).sightings
    assert sighting.themes == ()


def test_a_sighting_that_was_kept_before_there_were_themes_is_still_read():
    plain, told = read("Acme est nul"), read("Fumée chez Acme", author=Author(handle="@paper"))
    kept = msgspec.json.decode(msgspec.json.encode(plain))
    assert {"themes", "voice"}.isdisjoint(kept)
    assert msgspec.convert(kept, Sighting) == plain
    assert msgspec.json.decode(msgspec.json.encode(told), type=Sighting) == told


def test_an_official_post_is_scored_too():
    assert read("Acme, c'est nul", author=Author(handle="@acme_fr")).scorer == "linear@1"


@pytest.mark.parametrize(
    ("fields", "kind", "thread"),
    [
        ({}, Kind.POST, "x:1"),
        ({"parent": "x:0"}, Kind.REPLY, "x:1"),
        ({"parent": "x:0", "kind": Kind.QUOTE, "thread": "x:0"}, Kind.QUOTE, "x:0"),
    ],
)
def test_what_is_not_said_has_a_sensible_default(fields, kind, thread):
    sighting = read(**fields)
    assert (sighting.kind, sighting.thread) == (kind, thread)


@pytest.mark.parametrize(("ahead", "clamped"), [(0, False), (30_000, False), (2 * MINUTE, True), (900 * DAY, True)])
def test_a_future_date_is_clamped(ahead, clamped):
    reading = READER.read(mention(), NOW - MINUTE - ahead)
    assert reading.sightings[0].posted_at == NOW - MINUTE - ahead
    assert reading.clamped is clamped


def test_an_old_date_stays():
    sighting = read(created_at=datetime(1, 1, 1, tzinfo=UTC))
    assert sighting.posted_at < NOW - 2000 * 365 * DAY
    assert sighting.late


def test_an_erased_mention_is_not_scored():
    reading = READER.read(mention("", deleted=True), NOW, "x:0", ("acme",))
    (sighting,) = reading.sightings
    assert (sighting.negativity, sighting.scorer, sighting.lang) == (0.0, "", "und")


def test_copies_share_a_key_and_short_texts_do_not():
    assert read("Acme annule tous ses vols", id="x:1").copy == read("ACME annule tous ses vols !", id="x:2").copy
    assert read("Acme !", id="x:1").copy != read("Acme !", id="x:2").copy


def test_a_reading_depends_on_nothing_but_its_input():
    other = Reader(BRANDS, load())
    assert other.read(mention("Acme, Rival"), NOW + HOUR) == READER.read(mention("Acme, Rival"), NOW + HOUR)
