import string

import pytest

from buzzwatch.model.incident import ChangeKind, Severity
from buzzwatch.model.input import Mark
from buzzwatch.model.signal import Trend
from buzzwatch.web.words import choose_language, words


@pytest.mark.parametrize(
    ("header", "default", "language"),
    [
        ("", "fr", "fr"),
        ("", "de", "en"),
        ("en;q=0.3, fr;q=0.8", "en", "fr"),
        ("fr-CA", "en", "fr"),
        ("de, it", "fr", "fr"),
        ("fr;q=0, en;q=0.1", "fr", "en"),
        ("fr;q=banana, en", "fr", "en"),
        ("," * 100_000, "fr", "fr"),
    ],
)
def test_the_reader_gets_the_language_their_browser_likes_best(header, default, language):
    assert choose_language(header, default) == language


def test_both_languages_fill_the_same_places():
    english, french = words("en"), words("fr")

    def places(phrase):
        return {field for _, field, _, _ in string.Formatter().parse(phrase) if field}

    assert {key: places(phrase) for key, phrase in english.items()} == {
        key: places(phrase) for key, phrase in french.items()
    }


def test_every_severity_trend_change_and_mark_has_its_word():
    keys = {s.label for s in Severity} | {t.value for t in Trend} | {f"change {kind.value}" for kind in ChangeKind}
    marks = {f"mark {mark.value}" for mark in Mark} | {
        f"marked {mark.value}" for mark in Mark if mark != Mark.WITHDRAWN
    }
    assert keys | marks <= words("fr").keys()
