import gzip
import json
from statistics import fmean

import pytest
from rivals import DAY, HOUR, WEEK
from rivals.ours import Ours
from rivals.streams import MONDAY, Texts, calm, inject, read_texts

from buzzwatch.model.instant import EVERY_WINDOW

TEXTS = Texts(negative=[700, 900], other=[50, 100, 150, 200, 250, 300])


def test_the_same_seed_gives_the_same_stream_and_the_same_injection():
    first, again, other = (calm(seed, 30, DAY, TEXTS) for seed in (1, 1, 2))
    assert first == again != other
    injected = [inject(seed, first.usual[:24], TEXTS, 5.0) for seed in ("a", "a", "b")]
    assert injected[0] == injected[1] != injected[2]


def test_calm_traffic_has_its_mean_its_nights_and_its_usual_share():
    stream = calm(4, 60, 4 * WEEK, TEXTS)
    posts = [post for tick in stream.posts for post in tick]
    assert len(posts) / (4 * 168) == pytest.approx(60, rel=0.2)
    assert fmean(post >= 500 for post in posts) == pytest.approx(TEXTS.share, abs=0.05)
    assert max(stream.usual) > 3 * min(stream.usual)
    assert sum(stream.usual) == pytest.approx(60 * 4 * 168)


def test_what_is_injected_is_negative_and_so_many_times_the_usual():
    usual = [25.0] * (100 * HOUR)
    added = inject("x", usual, TEXTS, 2.0)
    posts = [post for tick in added for post in tick]
    assert set(posts) <= set(TEXTS.negative)
    assert len(posts) == pytest.approx(25 * 100 * HOUR * TEXTS.share, rel=0.05)
    assert len([post for tick in inject("x", usual, TEXTS, 1.5) for post in tick]) == pytest.approx(
        len(posts) / 2, rel=0.1
    )


def test_texts_are_scored_by_language_and_label(tmp_path):
    rows = [
        {"id": "1", "text": "I hate this awful service", "lang": "en", "label": "negative"},
        {"id": "2", "text": "What a lovely day", "lang": "en", "label": "positive"},
        {"id": "3", "text": "Lamentable", "lang": "fr", "label": "negative"},
    ]
    path = tmp_path / "texts.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    texts = read_texts(path, ["en"])
    assert list(texts) == ["en"]
    [angry], [glad] = texts["en"]
    assert angry > 500 > glad


def test_ours_hears_an_injection_and_a_copy_of_it_lives_apart():
    ours = Ours(MONDAY, [EVERY_WINDOW], [1 / 7])
    for posts in calm(5, 30, WEEK, TEXTS).posts:
        ours.step(posts)
    twin = ours.__deepcopy__({})
    assert max(twin.step([900] * 20)[1] for _ in range(6)) > 1
    assert ours.step([100])[0] == 0
