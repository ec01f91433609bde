"""One requirement of a rule in words: what was seen, what is needed, what is usual."""

from buzzwatch.model.instant import Span
from buzzwatch.model.signal import Clause
from buzzwatch.notify.facts import LONGEST_NAME
from buzzwatch.notify.phrases import Phrases
from buzzwatch.notify.quoting import clean, disarm

_SHARES = frozenset({"share", "negative_share", "negativity"})
_SCORES = frozenset({"unusual", "escalating"})
_SPANS = frozenset({"over", "for"})
_WITHIN = {"fr": "{label} en {span}", "en": "{label} in {span}"}


def say(phrases: Phrases, clause: Clause, over: Span | None = None) -> str:
    """A clause; one that is not satisfied says so. `over`: the trailing window that it is about, where that is told."""
    written = measure(phrases, clause, over)
    if clause.name.startswith("none."):
        return phrases.unless.format(clause=written)
    return written if clause.passed else phrases.missed.format(clause=written)


def measure(phrases: Phrases, clause: Clause, over: Span | None = None) -> str:
    """A clause, without whether it is satisfied and whether that is wanted."""
    name = clause.name.removeprefix("none.")
    key = name.rpartition(".")[2]
    label = phrases.clauses.get(name) or phrases.clauses.get(key) or name
    if clause.by is not None:
        label = phrases.by.format(label=label, comparator=clause.by.value)
    if over:
        label = _WITHIN[phrases.language].format(label=label, span=phrases.figures.span(over))
    return _phrase(phrases, key, clause).format(
        label=label,
        observed=_value(phrases, key, clause.observed),
        needed=_value(phrases, key, clause.needed),
        usual=_value(phrases, key, clause.expected),
    )


def _phrase(phrases: Phrases, key: str, clause: Clause) -> str:
    if isinstance(clause.needed, str):
        return phrases.clause_is
    if key in _SCORES:
        return phrases.clause_score
    return phrases.clause if clause.expected is None else phrases.clause_usual


def _value(phrases: Phrases, key: str, value: float | str | None) -> str:
    figures = phrases.figures
    if value is None or not str(value):
        return phrases.unknown
    if isinstance(value, str):
        return phrases.answers.get(value) or disarm(clean(value, LONGEST_NAME))
    if key in _SHARES:
        return figures.share(value)
    if key in _SPANS:
        return figures.span(int(value))
    return f"{figures.number(value)}\u00a0×" if key == "times" else figures.number(value)
