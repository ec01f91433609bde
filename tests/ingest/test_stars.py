from datetime import UTC, datetime

import msgspec
import pytest
from brands import brand, brands

from buzzwatch.ingest.decode import decode
from buzzwatch.ingest.scorer import load
from buzzwatch.ingest.sight import Reader
from buzzwatch.model.instant import instant_of
from buzzwatch.model.mention import Kind, Mention

AT = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
READER = Reader(brands(brand("acme", "acme")), load())
KIND_WORDS = "Acme, excellent, thank you, I love it"
ANGRY_WORDS = "Acme is a scam, shameful, never again"


def review(text, stars, **fields):
    return Mention(id="trustpilot:1", text=text, created_at=AT, kind=Kind.REVIEW, stars=stars, **fields)


def read(text, stars, **fields):
    (sighting,) = READER.read(review(text, stars, **fields), instant_of(AT)).sightings
    return sighting


@pytest.mark.parametrize("stars", [1, 2])
@pytest.mark.parametrize("text", [KIND_WORDS, ANGRY_WORDS, "Acme"])
def test_a_review_of_few_stars_is_negative_whatever_it_says(stars, text):
    sighting = read(text, stars)
    assert sighting.negativity >= 0.9
    assert sighting.scorer == "stars"


@pytest.mark.parametrize("stars", [4, 5])
@pytest.mark.parametrize("text", [KIND_WORDS, ANGRY_WORDS, "Acme"])
def test_a_review_of_many_stars_is_not_whatever_it_says(stars, text):
    sighting = read(text, stars)
    assert sighting.negativity <= 0.05
    assert sighting.scorer == "stars"


@pytest.mark.parametrize("stars", [3, None])
def test_without_a_verdict_of_stars_the_words_are_scored(stars):
    sighting = read(ANGRY_WORDS, stars)
    assert sighting.negativity == load().score(ANGRY_WORDS, "en")
    assert sighting.scorer == load().name


def test_what_is_taken_back_has_no_score_whatever_its_stars():
    sighting = read("Acme", 1, deleted=True)
    assert (sighting.negativity, sighting.scorer) == (0.0, "")


@pytest.mark.parametrize(
    ("told", "known", "mended"),
    [("1", 1, 0), ("5", 5, 0), ("0", None, 1), ("6", None, 1), ("-1", None, 1), ("null", None, 0)],
)
def test_stars_beyond_one_to_five_are_unknown(told, known, mended):
    decoded = decode(b'{"id": "1", "text": "", "created_at": "2026-11-22T18:04:00Z", "stars": %s}' % told.encode())
    ((_, mention),) = decoded.mentions
    assert (mention.stars, decoded.mended) == (known, mended)


@pytest.mark.parametrize("told", ['"5"', "4.5", "true", "[]"])
def test_stars_that_are_no_whole_number_are_refused(told):
    decoded = decode(b'{"id": "1", "text": "", "created_at": "2026-11-22T18:04:00Z", "stars": %s}' % told.encode())
    assert "stars" in decoded.refused[0].reason


def test_stars_survive_being_written_down():
    assert msgspec.json.decode(msgspec.json.encode(review("Acme", 2)), type=Mention) == review("Acme", 2)
