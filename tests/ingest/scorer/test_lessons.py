"""Marks make lessons, and lessons bend a score: by how much, how surely, and whatever people do."""

import random
from array import array
from math import log
from zlib import crc32

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from buzzwatch.ingest.scorer.learnt import (
    LEAST,
    MOST,
    Example,
    Learnt,
    foresee,
    learn,
    logit_of,
    probability_of,
)
from buzzwatch.ingest.scorer.lessons import MOST_LESSONS, MOST_WORDS, Lessons, examples, word_keys
from buzzwatch.model.input import Corrected, Mark

SCORER = "test@1"


def mark(name="x:1", said="a b c", verdict=Mark.NOT_NEGATIVE, probability=0.8, **changes):
    words = said.split()
    fields = {
        "seen_at": 5,
        "brand": "acme",
        "mention": name,
        "mark": verdict,
        "by": "ines",
        "scorer": SCORER,
        "lang": "en",
        "logit": logit_of(probability),
        "words": array("I", word_keys(words)).tobytes(),
        "copy": crc32(said.encode()),
    }
    return Corrected(**(fields | changes))


def taught(*marks):
    lessons = Lessons()
    for each in marks:
        lessons.take(each)
    return lessons


def example(probability, said, *, negative):
    return Example(logit_of(probability), negative, word_keys(said.split()))


def traffic(number, seed=1):
    """Posts of a brand in the truth of which a scorer errs where they say `killer`, as its fans do."""
    dice, posts = random.Random(seed), []
    for _ in range(number):
        truth = dice.random()
        killer = dice.random() < 0.3
        called = probability_of(logit_of(truth) + 3 * killer)
        words = [f"w{dice.randrange(300)}" for _ in range(8)] + ["killer"] * killer
        posts.append(example(called, " ".join(words), negative=dice.random() < truth))
    return posts


def loss(learnt, posts):
    return sum(-logit(learnt, post) for post in posts) / len(posts)


def logit(learnt, post):
    p = probability_of(learnt.margin(post.logit, post.words))
    return log(p if post.negative else 1 - p)


NOTHING = Learnt(1.0, 0.0, {})


def test_keys_are_those_of_words_and_neighbouring_pairs_each_once():
    assert list(word_keys(["vol", "nul", "vol"])) == [
        crc32(b"vol"), crc32(b"nul"), crc32(b"volnul"), crc32(b"nulvol"),
    ]  # fmt: skip
    assert len(word_keys([])) == 0
    assert len(word_keys([f"w{n}" for n in range(10_000)])) <= 2 * MOST_WORDS


def test_who_has_marked_nothing_has_taught_nothing():
    assert Lessons().learnt(SCORER) is None
    assert taught(mark(verdict=Mark.NOT_US)).learnt(SCORER) is None


def test_a_mark_that_is_withdrawn_leaves_nothing_but_its_number():
    lessons = taught(mark("x:1"), mark("x:2", "d e f", Mark.NEGATIVE))
    before = lessons.learnt(SCORER)
    lessons.take(mark("x:3", "g h i"))
    assert lessons.learnt(SCORER) != before
    lessons.take(mark("x:3", verdict=Mark.WITHDRAWN))
    assert lessons.learnt(SCORER) == before
    assert lessons.revision == 4


def test_the_last_mark_of_a_post_counts():
    lessons = taught(mark(verdict=Mark.NEGATIVE), mark(verdict=Mark.NOT_NEGATIVE))
    assert lessons.learnt(SCORER) == taught(mark(verdict=Mark.NOT_NEGATIVE)).learnt(SCORER)


def test_copies_of_one_text_teach_once_however_many_are_marked():
    once, often = taught(mark("x:1")), taught(*(mark(f"x:{n}") for n in range(500)))
    assert once.learnt(SCORER) == often.learnt(SCORER)


def test_what_another_scorer_called_a_text_teaches_this_one_nothing():
    assert taught(mark(scorer="other@1")).learnt(SCORER) is None


def test_the_oldest_marks_are_forgotten():
    lessons = taught(*(mark(f"x:{n}", f"w{n} b c") for n in range(MOST_LESSONS + 5)))
    assert len(lessons.kept) == MOST_LESSONS
    assert next(iter(lessons.kept)) == "x:5"
    assert lessons.revision == MOST_LESSONS + 5


def test_a_text_that_is_not_about_the_brand_is_struck_until_the_mark_is_withdrawn():
    lessons = taught(mark(verdict=Mark.NOT_US))
    assert lessons.strikes("x:2", mark().copy)
    assert not lessons.strikes("x:1", mark().copy), "which is on record, and edited or told again"
    assert not lessons.strikes("x:2", mark(said="other words here").copy)
    lessons.take(mark(verdict=Mark.WITHDRAWN))
    assert not lessons.strikes("x:2", mark().copy)


def test_dump_and_load_change_nothing():
    lessons = taught(*(mark(f"x:{n}", f"w{n} b c", list(Mark)[n % 3]) for n in range(30)))
    again = Lessons.load(msgspec.msgpack.decode(msgspec.msgpack.encode(lessons.dump())))
    assert again.dump() == lessons.dump()
    assert again.learnt(SCORER) == lessons.learnt(SCORER)
    assert list(again.kept.values()) == list(lessons.kept.values())


def test_a_handful_of_marks_moves_no_score_far():
    few = [example(0.9, f"a{n} b{n} c{n}", negative=n == 2) for n in range(5)]
    learnt = learn(few)
    for probability in (0.1, 0.5, 0.9):
        assert abs(learnt.adjust(probability, word_keys(["others", "say"])) - probability) < 0.15


def test_more_marks_teach_more():
    judged = traffic(1_000, seed=2)
    nothing, few, some, many = (loss(learn(traffic(number)), judged) for number in (0, 50, 200, 800))
    assert nothing == loss(NOTHING, judged)
    assert nothing > few > max(some, many)
    assert many < nothing - 0.1


def test_the_word_that_misleads_is_found_and_lowers_the_score():
    learnt = learn(traffic(400))
    assert learnt.weights[crc32(b"killer")] == min(learnt.weights.values())


def test_a_tenth_of_wrong_marks_does_not_undo_what_the_others_teach():
    dice, judged = random.Random(3), traffic(1_000, seed=2)
    wrong = [Example(each.logit, each.negative != (dice.random() < 0.1), each.words) for each in traffic(200)]
    assert loss(learn(wrong), judged) < loss(NOTHING, judged) - 0.02


def test_who_marks_only_what_is_wrong_does_not_turn_the_scores_round():
    wrong = [each for each in traffic(2_000) if (each.logit > 0) != each.negative][:300]
    judged = traffic(1_000, seed=2)
    learnt = learn(wrong)
    assert learnt.slope > 0.5
    assert loss(learnt, judged) < loss(NOTHING, judged)


def test_marks_of_one_kind_alone_do_not_silence_a_brand():
    lowered = learn([example(0.9 if n % 2 else 0.2, f"a{n} b{n} c{n} d{n}", negative=False) for n in range(60)])
    assert lowered.adjust(0.9, word_keys(["something", "else"])) > 0.7


def test_what_all_marks_share_is_put_down_to_no_word_alone():
    lowered = learn([example(0.9, f"a{n} b{n} killer", negative=False) for n in range(20)])
    assert 0.2 < lowered.adjust(0.9, word_keys(["killer"])) < 0.6


def test_words_that_nearly_all_posts_hold_have_keys_in_pairs_only():
    assert list(word_keys(["the", "acme", "bag"], frozenset([crc32(b"acme")]))) == [
        crc32(b"bag"),
        crc32(b"theacme"),
        crc32(b"acmebag"),
    ]


def test_each_is_foreseen_from_earlier_ones_alone():
    posts = traffic(60)
    changed = [*posts[:40], *(Example(-each.logit, not each.negative, each.words) for each in posts[40:])]
    assert foresee(posts)[:40] == foresee(changed)[:40]
    assert foresee(posts)[0] == probability_of(posts[0].logit)
    assert len(foresee(posts)) == 60
    assert foresee([]) == []


MARKS = st.lists(
    st.builds(
        mark,
        st.sampled_from(["x:1", "x:2", "x:3"]),
        st.sampled_from(["a b", "c", "", "d e f g"]),
        st.sampled_from(Mark),
        st.floats(0, 1),
    ),
    max_size=12,
)


@given(MARKS, st.floats(0, 1), st.lists(st.text(max_size=5), max_size=9))
def test_whatever_is_marked_a_score_stays_a_probability_and_the_same_twice(marks, probability, said):
    one, other = taught(*marks).learnt(SCORER), taught(*marks).learnt(SCORER)
    assert one == other
    if one is not None:
        assert LEAST <= one.adjust(probability, word_keys(said)) <= MOST


@pytest.mark.parametrize("probability", [0.0, 1.0, 0.5])
def test_log_odds_are_finite(probability):
    assert probability_of(logit_of(probability)) == pytest.approx(min(max(probability, LEAST), MOST))


def test_only_marks_of_negativity_are_examples():
    marks = [mark(f"x:{n}", f"w{n} b", verdict) for n, verdict in enumerate(Mark)]
    assert [each.negative for each in examples(marks, SCORER)] == [True, False]
