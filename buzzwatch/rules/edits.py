"""How the texts of two rule sets differ, line by line, with nothing in them that is private."""

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from msgspec import Struct

from buzzwatch.rules.faults import RuleFaults
from buzzwatch.rules.files import ONCALL
from buzzwatch.rules.syntax import Place
from buzzwatch.rules.text import Path, blot_private, lines_of, parse

_PRIVATE = frozenset({"reach", "ical"})
_AROUND = 3
"""Lines shown before and after what differs."""


class Edit(Struct, frozen=True):
    """A file that differs: how many lines came and went, and the unified diff without its first two lines."""

    file: str
    added: int
    removed: int
    lines: tuple[str, ...]


def edits(old: Mapping[str, str], new: Mapping[str, str]) -> list[Edit]:
    """By file name; one that is not there is empty."""
    names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    return [_edit(name, old.get(name, ""), new.get(name, "")) for name in names]


def _edit(file: str, old: str, new: str) -> Edit:
    before, after = (lines_of(text.removesuffix("\n")) if text else () for text in (old, new))
    groups = list(SequenceMatcher(None, before, after).get_grouped_opcodes(_AROUND))
    changed = [step for group in groups for step in group if step[0] != "equal"]
    shown = (_shown(file, old), _shown(file, new))
    return Edit(
        file,
        sum(j2 - j1 for _, _, _, j1, j2 in changed),
        sum(i2 - i1 for _, i1, i2, _, _ in changed),
        tuple(line for group in groups for line in _hunk(group, *shown)),
    )


def _hunk(group: list[tuple[str, int, int, int, int]], old: list[str], new: list[str]) -> Iterator[str]:
    (_, i1, _, j1, _), (_, _, i2, _, j2) = group[0], group[-1]
    yield f"@@ -{i1 + 1},{i2 - i1} +{j1 + 1},{j2 - j1} @@"
    for what, first, last, first_new, last_new in group:
        if what == "equal":
            yield from (f" {line}" for line in old[first:last])
        else:
            yield from (f"-{line}" for line in old[first:last])
            yield from (f"+{line}" for line in new[first_new:last_new])


def _shown(file: str, text: str) -> list[str]:
    """Printable lines; of `oncall.yaml` without addresses, wherever they stand."""
    lines = list(lines_of(text))
    if file in ONCALL:
        lines = [blot_private(line) for line in _without_values(file, text, lines)]
    return ["".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line) for line in lines]


def _without_values(file: str, text: str, lines: list[str]) -> list[str]:
    """Without what stands under `reach` and `ical`: each up to the next key or value that is no part of it."""
    try:
        document = parse(file, text)
    except RuleFaults:
        return [_stars(line) for line in lines]
    places = [(place, _is_private(path)) for path, place in document.values.items()]
    places += [(place, _is_private(path[:-1])) for path, place in document.keys.items()]
    hidden, since = list(lines), (0, 0)
    for place, private in [*sorted(places, key=lambda each: each[0]), ((len(lines) + 1, 1), False)]:
        if since != (0, 0):
            _hide(hidden, since, place)
        since = place if private else (0, 0)
    return hidden


def _is_private(path: Path) -> bool:
    return any(part in _PRIVATE for part in path)


def _hide(lines: list[str], since: Place, until: Place) -> None:
    for number in range(since[0], min(until[0], len(lines)) + 1):
        first = since[1] - 1 if number == since[0] else 0
        last = until[1] - 1 if number == until[0] else len(lines[number - 1])
        line = lines[number - 1]
        lines[number - 1] = line[:first] + _stars(line[first:last]) + line[last:]


def _stars(text: str) -> str:
    return "".join(char if char.isspace() else "*" for char in text)
