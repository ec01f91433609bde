"""Texts with more marks on a letter than it can bear."""

import random

from buzzwatch.ingest.decode import decode
from buzzwatch.ingest.wild import MOST_MARKS, is_wild, tame

# Marks of several classes in wrong order: to put them in order takes a time that grows with their number squared.
MARKS = "\u0323\u0301\u0327\u0334"


def heaped(number: int) -> str:
    dice = random.Random(number)
    return "acme" + "".join(dice.choice(MARKS) for _ in range(number)) + " flies"


def test_no_letter_bears_more_marks_than_two_hundred():
    assert is_wild(heaped(MOST_MARKS))
    tamed = tame(heaped(20_000))
    assert not is_wild(tamed)
    assert tamed == heaped(20_000)[: 4 + MOST_MARKS - 1] + " flies"


def test_what_people_write_stays_as_it_is():
    for text in ("Ça été décidé à Noël", "z\u0334a\u0335l\u0336g\u0337o\u0338" * 100, heaped(40), "हिन्दी" * 300):
        assert tame(text) == text


def test_such_a_mention_is_taken_and_counted_as_mended():
    decoded = decode(('{"id": "x:1", "created_at": "2026-03-02T12:00:00Z", "text": "' + heaped(15_000) + '"}').encode())
    ((_, mention),) = decoded.mentions
    assert decoded.mended == 1
    assert len(mention.text) < 300
