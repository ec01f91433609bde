from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from buzzwatch.app.stream import ACME, AFTERNOON, LENGTH, ZEPHYR, day, ordinary
from buzzwatch.model.mention import Kind
from buzzwatch.rules.files import read
from buzzwatch.rules.ruleset import load

START = datetime(2026, 11, 2, tzinfo=UTC)
AFTERNOON_START = datetime(2026, 11, 23, 13, tzinfo=UTC)
OFFICIAL = {author.handle for cast in (ACME, ZEPHYR) for author in cast.official.values()}


@pytest.fixture(scope="module")
def weeks():
    return list(ordinary(START, 14, 7))


@pytest.fixture(scope="module")
def evening():
    return list(day(AFTERNOON_START, 7))


def of_acme(mentions):
    """Those whose conversation starts by naming Acme."""
    roots = {m.id for m in mentions if m.id == m.thread and "acme" in m.text.lower()}
    return [m for m in mentions if m.thread in roots]


def test_the_same_seed_tells_the_same_story_and_another_seed_another():
    assert list(day(AFTERNOON_START, 7)) == list(day(AFTERNOON_START, 7))
    assert list(day(AFTERNOON_START, 7)) != list(day(AFTERNOON_START, 8))


def test_mentions_come_in_order_each_under_its_own_id(weeks, evening):
    for mentions in (weeks, evening):
        times = [m.created_at for m in mentions]
        assert times == sorted(times)
    assert len({m.id for m in weeks + evening}) == len(weeks + evening)


def test_nothing_is_told_outside_its_time(weeks, evening):
    assert weeks[0].created_at > START
    assert weeks[-1].created_at < START + timedelta(days=14)
    assert evening[-1].created_at < AFTERNOON_START + LENGTH


def test_every_root_names_its_brand(weeks, evening):
    for mention in weeks + evening:
        if mention.id == mention.thread and mention.kind is Kind.POST:
            assert any(name in mention.text.lower() for name in ("acme", "zephyr")), mention.text


def test_every_answer_follows_what_it_answers(weeks, evening):
    for mentions in (weeks, evening):
        heard = set()
        for mention in mentions:
            assert mention.parent is None or mention.parent in heard
            assert mention.thread == mention.id or mention.thread in heard
            heard.add(mention.id)


def test_no_placeholder_is_left_unfilled(weeks, evening):
    assert not [m.text for m in weeks + evening if "{" in m.text or "}" in m.text]


def test_ordinary_days_have_their_rhythm(weeks):
    hours = Counter(m.created_at.astimezone(ACME.zone).hour for m in of_acme(weeks))
    by_day = sum(hours[hour] for hour in range(9, 21)) / 12 / 14
    by_night = sum(hours[hour] for hour in range(1, 5)) / 4 / 14
    assert 8 <= by_day <= 20
    assert by_night < 2


def test_both_brands_speak_both_languages_and_answer(weeks):
    assert {m.lang for m in of_acme(weeks)} == {"fr", "en"}
    assert {m.author.handle for m in weeks} >= OFFICIAL


def test_the_afternoon_is_ordinary_and_the_evening_is_not(evening):
    begin = AFTERNOON_START + AFTERNOON
    before = [m for m in of_acme(evening) if m.created_at < begin]
    after = [m for m in of_acme(evening) if begin + timedelta(hours=1) <= m.created_at < begin + timedelta(hours=2)]
    assert len(before) / (AFTERNOON / timedelta(hours=1)) <= 20
    assert len(after) > 150


def test_the_outcry_is_one_conversation_with_copies_the_press_and_our_own_answers(evening):
    begin = AFTERNOON_START + AFTERNOON
    spark = next(m for m in evening if m.created_at >= begin and "#AcmeHonte" in m.text)
    crowd = [m for m in evening if m.thread == spark.id]
    assert spark.created_at == begin
    assert {m.kind for m in crowd} == {Kind.POST, Kind.REPLY, Kind.QUOTE, Kind.REPOST}
    assert len({m.author.id for m in crowd}) > 200
    assert [m.author.handle for m in crowd].count("@acme_fr") == 2
    assert max(m.author.followers for m in crowd) > 200_000
    posts = Counter(m.text for m in evening if m.kind is Kind.POST and m.created_at > begin)
    assert posts.most_common(1)[0][1] > 3
    assert len({m.text for m in crowd}) > 150


def test_the_example_rules_know_the_brands_and_their_accounts():
    rules = load(read(Path(__file__).parents[2] / "rules"))
    for cast in (ACME, ZEPHYR):
        accounts = {f"{source}:{author.handle}" for source, author in cast.official.items()}
        assert rules.brands[cast.key].official == accounts
