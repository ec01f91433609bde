"""How two rule sets differ, field by field, in the names that people write."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct

from buzzwatch.model.brand import Ruleset
from buzzwatch.rules.calendar import CALENDAR
from buzzwatch.rules.faults import RuleFaults
from buzzwatch.rules.files import ONCALL
from buzzwatch.rules.text import Value, parse
from buzzwatch.rules.words import Language

Mapped: TypeAlias = Mapping[str, Value]

MOST_FILES = 50
_MOST_FIELDS = 8
"""That a line names; of more it says how many."""
_LONGEST_VALUE = 60
_DEEPEST = 5
_UNSAID = frozenset({"reach", "ical", "slack"})
"""Keys of `oncall.yaml` under which no value is said."""
_ONCALL_PARTS = {"people": "person", "rota": "rota", "routes": "route"}


class Words(Struct, frozen=True):
    """One language; what is added and removed is feminine in French, whatever it is."""

    nouns: dict[str, str]
    added: str
    removed: str
    changed: str
    nothing: str
    entries: str
    more: str


WORDS: dict[Language, Words] = {
    "fr": Words(
        nouns={"brand": "marque", "rule": "règle", "person": "personne", "rota": "astreinte", "route": "route"},
        added="ajoutée",
        removed="supprimée",
        changed="changé",
        nothing="rien",
        entries="{before} → {after} éléments",
        more="+{n} fichiers modifiés",
    ),
    "en": Words(
        nouns={"brand": "brand", "rule": "rule", "person": "person", "rota": "rota", "route": "route"},
        added="added",
        removed="removed",
        changed="changed",
        nothing="none",
        entries="{before} → {after} entries",
        more="+{n} files changed",
    ),
}


def changes(old: Ruleset, new: Ruleset) -> dict[Language, tuple[str, ...]]:
    """What differs, a line for each brand, rule, person, rota and route, for who has just edited the files.

    Of more than `MOST_FILES` files that differ the others are counted: reading one takes some ten milliseconds.
    """
    names = sorted(name for name in old.files.keys() & new.files.keys() if old.files[name] != new.files[name])
    moved = sorted(old.files.keys() ^ new.files.keys()) if old.files else []
    looked_at = frozenset([*names, *moved][:MOST_FILES])
    before, after = (_written(each.files, looked_at) for each in (old, new))
    more = len(names) + len(moved) - len(looked_at)
    return {
        language: (
            *_came_and_went(old, new, words),
            *_in_brands(_brands(before), _brands(after), words),
            *_in_file("", _one_of(before, ONCALL), _one_of(after, ONCALL), _ONCALL_PARTS, words),
            *_in_file("calendar: ", _one_of(before, CALENDAR), _one_of(after, CALENDAR), {}, words),
            *([words.more.format(n=more)] if more else []),
        )
        for language, words in WORDS.items()
    }


def _written(files: Mapping[str, str], names: frozenset[str]) -> dict[str, Mapped]:
    """The values of files, by name."""
    found: dict[str, Mapped] = {}
    for file in sorted(files.keys() & names):
        try:
            value = parse(file, files[file]).value
        except RuleFaults:  # of a version that took what this one does not
            continue
        found[file] = value if isinstance(value, dict) else {}
    return found


def _came_and_went(old: Ruleset, new: Ruleset, words: Words) -> Iterator[str]:
    for key in sorted(old.brands.keys() ^ new.brands.keys()):
        yield _came_or_went("brand", key, key in new.brands, words)


def _brands(files: Mapping[str, Mapped]) -> dict[str, Mapped]:
    shared = {*ONCALL, *CALENDAR}
    return {str(value["brand"]): value for file, value in files.items() if file not in shared and "brand" in value}


def _one_of(files: Mapping[str, Mapped], names: tuple[str, ...]) -> Mapped:
    return next((files[name] for name in names if name in files), {})


def _in_brands(old: Mapping[str, Mapped], new: Mapping[str, Mapped], words: Words) -> Iterator[str]:
    for key in sorted(old.keys() & new.keys()):
        before, after = ({name: value for name, value in each[key].items() if name != "rules"} for each in (old, new))
        yield from _line(f"{key}: ", _fields(before, after, words))
        first, second = (_by_name(each[key].get("rules")) for each in (old, new))
        yield from _in_parts(f"{key}: ", "rule", first, second, words)


def _in_file(start: str, old: Mapped, new: Mapped, parts: Mapping[str, str], words: Words) -> Iterator[str]:
    before, after = ({name: value for name, value in each.items() if name not in parts} for each in (old, new))
    yield from _line(start, _fields(before, after, words))
    for key, noun in parts.items():
        yield from _in_parts(start, noun, _mapping(old.get(key)), _mapping(new.get(key)), words)


def _in_parts(start: str, noun: str, old: Mapped, new: Mapped, words: Words) -> Iterator[str]:
    """Things that have names: which are new, which are gone, and the fields of the others."""
    for key in sorted(old.keys() | new.keys()):
        if key not in old or key not in new:
            yield start + _came_or_went(noun, key, key in new, words)
        else:
            fields = _fields(_mapping(old[key]), _mapping(new[key]), words)
            yield from _line(f"{start}{words.nouns[noun]} `{_cut(key)}`: ", fields)


def _came_or_went(noun: str, key: str, came: bool, words: Words) -> str:  # noqa: FBT001 - which of the two
    return f"{words.nouns[noun]} `{_cut(key)}` {words.added if came else words.removed}"


def _line(start: str, fields: list[str]) -> Iterator[str]:
    if fields:
        more = len(fields) - _MOST_FIELDS
        yield start + ", ".join([*fields[:_MOST_FIELDS], *([f"+{more}"] if more > 0 else [])])


def _fields(old: Mapped, new: Mapped, words: Words) -> list[str]:
    return [
        f"`{name.removeprefix('when.')}` {said}" if said else f"`{name}` {words.changed}"
        for name, said in _differences("", dict(old), dict(new), words)
    ]


def _differences(name: str, old: Value, new: Value, words: Words, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Each field that differs and what to say of it, "" where its values are not to be said."""
    if old == new and type(old) is type(new):
        return
    old, new = (_like(one, other) for one, other in ((old, new), (new, old)))
    if any(part in _UNSAID for part in name.split(".")) or depth > _DEEPEST:
        yield name, ""
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            inner = f"{name}.{_cut(key)}" if name else _cut(key)
            yield from _differences(inner, old.get(key), new.get(key), words, depth + 1)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _in_lists(name, old, new, words, depth)
    elif isinstance(old, dict | list) or isinstance(new, dict | list):
        yield name, ""
    else:
        yield name, f"{_said(old, words)} → {_said(new, words)}"


def _like(value: Value, other: Value) -> Value:
    """What is not written, in the shape of what is."""
    empty: Value = {} if isinstance(other, dict) else [] if isinstance(other, list) else None
    return empty if value is None else value


def _in_lists(name: str, old: list[Value], new: list[Value], words: Words, depth: int) -> Iterator[tuple[str, str]]:
    if not any(isinstance(value, dict | list) for value in (*old, *new)):
        gone = [f"−{_said(value, words)}" for value in old if value not in new]
        came = [f"+{_said(value, words)}" for value in new if value not in old]
        yield name, " ".join([*came, *gone][:_MOST_FIELDS])
    elif len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True), 1):
            yield from _differences(f"{name}.{number}", before, after, words, depth + 1)
    else:
        yield name, words.entries.format(before=len(old), after=len(new))


def _by_name(rules: Value) -> Mapped:
    written = [rule for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []
    return {str(rule.get("name")): {"mode": "live", **rule} for rule in written}


def _mapping(value: Value) -> Mapped:
    return value if isinstance(value, dict) else {}


def _said(value: Value, words: Words) -> str:
    if value is None:
        return words.nothing
    return str(value).lower() if isinstance(value, bool) else _cut(str(value))


def _cut(text: str) -> str:
    """As it was written, on one line that no terminal obeys."""
    shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[: _LONGEST_VALUE + 1])
    return shown if len(shown) <= _LONGEST_VALUE else shown[: _LONGEST_VALUE - 1] + "…"
