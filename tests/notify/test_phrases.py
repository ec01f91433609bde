from string import Formatter

import pytest
from msgspec.structs import asdict

from buzzwatch.model.incident import Severity
from buzzwatch.model.signal import Trend
from buzzwatch.notify.phrases import ENGLISH, FRENCH, phrases_of
from buzzwatch.rules.when import Mention, Negativity, Quiet, Thread, Volume


def _texts(value):
    if isinstance(value, str):
        return {"": value}
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, tuple) else ()
    return {key: text for key, text in pairs if isinstance(text, str)}


def _placeholders(value):
    return {key: {name for _, name, _, _ in Formatter().parse(text) if name} for key, text in _texts(value).items()}


@pytest.mark.parametrize("field", [name for name in FRENCH.__struct_fields__ if name not in {"figures", "answers"}])
def test_a_phrase_asks_for_the_same_things_in_both_languages(field):
    assert _placeholders(asdict(FRENCH)[field]) == _placeholders(asdict(ENGLISH)[field])


@pytest.mark.parametrize("phrases", [FRENCH, ENGLISH])
def test_every_severity_and_trend_has_a_word(phrases):
    assert set(phrases.severity) == set(Severity)
    assert set(phrases.trend) == set(phrases.trend_sentence) == set(Trend)


@pytest.mark.parametrize("phrases", [FRENCH, ENGLISH])
@pytest.mark.parametrize("condition", [Volume, Negativity, Thread, Mention, Quiet])
def test_every_requirement_of_a_condition_has_a_name(condition, phrases):
    prefix = condition.__name__.lower()
    asked = condition.model_fields.keys() - {"by"}  # it asks for nothing: who judges is named beside the clause
    missing = {key for key in asked if not {key, f"{prefix}.{key}"} & phrases.clauses.keys()}
    assert missing == set()


@pytest.mark.parametrize(("number", "french"), [(0, "0 post"), (1, "1 post"), (1.6, "2 posts"), (1500, "1 500 posts")])
def test_a_count_agrees_with_its_noun(number, french):
    assert FRENCH.count(number, FRENCH.posts).replace("\u00a0", " ").replace("\u202f", " ") == french


def test_nothing_is_plural_in_english_but_not_in_french():
    assert ENGLISH.count(0, ENGLISH.posts) == "0\u00a0posts"
    assert FRENCH.count(0, FRENCH.posts) == "0\u00a0post"


@pytest.mark.parametrize(("language", "phrases"), [("fr", FRENCH), ("FR-ca", FRENCH), ("en", ENGLISH), ("", ENGLISH)])
def test_who_reads_no_french_reads_english(language, phrases):
    assert phrases_of(language) is phrases
