"""YAML as plain values that remember their place.

The events of ruamel.yaml's parser are built into dicts, lists, text, numbers, booleans and None; no tags, no dates, no
objects. `22:00` is text, `no` is a word, as YAML 1.2's core schema has it. Size, depth and the growth by aliases are
bounded while reading, so that no file can exhaust the memory or the stack.
"""

import re
from collections.abc import Callable, Iterator
from typing import NoReturn, TypeAlias

from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StreamMark, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from buzzwatch.rules.faults import Fault, RuleFaults

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"
Path: TypeAlias = tuple[str | int, ...]
Place: TypeAlias = tuple[int, int]
"""Line and column, from 1."""

LARGEST_FILE = 1_000_000
"""Characters, and bytes, of one file."""
_MOST_VALUES = 20_000
_DEEPEST = 40

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What the parser counts as the end of a line."""
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(?:[0-9]{1,18}\.?[0-9]{0,18}|\.[0-9]{1,18})(?:[eE][-+]?[0-9]{1,2})?")

_URL = re.compile(r"\b([a-z][a-z0-9+.-]{0,30}://)[^\s\"'\]},]+", re.IGNORECASE)
_NUMBER = re.compile(r"\+?[0-9](?:[ -]?[0-9]){7,}")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_WORD = re.compile(r"[^\s{}\[\],]+")
_KEY = re.compile(r"-|[\w-]+:|\"[\w-]+\":|'[\w-]+':")


class Document(Struct, frozen=True):
    """A parsed file: its value, and where each value and each key stands."""

    file: str
    lines: tuple[str, ...]
    value: Value
    values: dict[Path, Place]
    keys: dict[Path, Place]
    blot: Callable[[str], str] | None = None
    """Blots out what is private where a line is quoted."""

    def fault(self, place: Place, message: str, remedy: str = "") -> Fault:
        """A fault at a place of this file."""
        line, column = place
        source = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return Fault(self.file, line, column, self.blot(source) if self.blot else source, message, remedy)

    def value_place(self, path: Path) -> Place:
        """Where the value of a path stands, or else the nearest thing around it."""
        while path not in self.values and path:
            path = path[:-1]
        return self.values.get(path, (1, 1))

    def key_place(self, path: Path) -> Place:
        """Where the key of a path stands, or else its value."""
        return self.keys.get(path) or self.value_place(path)


def lines_of(text: str) -> tuple[str, ...]:
    """The lines as places count them."""
    return tuple(_BREAK.split(text))


def parse(file: str, text: str, blot: Callable[[str], str] | None = None) -> Document:
    """Read one YAML document; raises `RuleFaults`."""
    bare = Document(file, lines_of(text), None, {}, {}, blot)
    if len(text) > LARGEST_FILE:
        raise RuleFaults([Fault(file, 0, 0, "", f"longer than {LARGEST_FILE:,} characters", "split it")])
    reader = _Reader(bare)
    try:
        value = reader.document(_events(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise RuleFaults([bare.fault(_place(mark), f"not valid YAML: {said}", _syntax_remedy(said))]) from None
    except (YAMLError, ValueError, OverflowError) as error:
        # ruamel lets plain ValueErrors through, for escapes such as "\UFFFFFFFF" and for odd directives
        said = str(error).partition("\n")[0]
        raise RuleFaults([bare.fault((1, 1), f"not valid YAML: {said}", "save it as plain UTF-8 text")]) from None
    if reader.faults:
        raise RuleFaults(reader.faults)
    return Document(file, bare.lines, value, reader.values, reader.keys, blot)


def _events(text: str) -> Iterator[Event]:
    events: Iterator[Event] = YAML(typ="safe", pure=True).parse(text)
    return events


class _Node(Struct, frozen=True):
    """A built value and how many values it is made of."""

    value: Value
    size: int


class _Reader:
    """Builds values from events; what does not end the reading is collected in `faults`."""

    def __init__(self, document: Document) -> None:
        self.values: dict[Path, Place] = {}
        self.keys: dict[Path, Place] = {}
        self.faults: list[Fault] = []
        self._document = document
        self._anchors: dict[str, _Node | None] = {}
        self._count = 0

    def document(self, events: Iterator[Event]) -> Value:
        value: Value = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(event, "a second document begins here", "keep one document in a file")
            elif isinstance(event, NodeEvent):
                value = self._build(event, events, ()).value
        return value

    def _refuse(self, event: Event, message: str, remedy: str) -> NoReturn:
        raise RuleFaults([*self.faults, self._document.fault(_place(event.start_mark), message, remedy)])

    def _grow(self, event: Event, size: int) -> None:
        self._count += size
        if self._count > _MOST_VALUES:
            self._refuse(event, f"more than {_MOST_VALUES:,} values in one file", "split it")

    def _build(self, event: Event, events: Iterator[Event], path: Path) -> _Node:
        self.values[path] = _place(event.start_mark)
        if isinstance(event, AliasEvent):
            return self._recall(event)
        if not isinstance(event, (ScalarEvent, SequenceStartEvent, MappingStartEvent)):
            self._refuse(event, "a value is missing here", "write it")
        if event.tag is not None:
            self._refuse(
                event, f"the tag `{str(event.tag).replace('tag:yaml.org,2002:', '!!')}` means nothing here", "remove it"
            )
        if len(path) > _DEEPEST:
            self._refuse(event, f"nested more than {_DEEPEST} deep", "write it flatter")
        anchor: str | None = event.anchor
        if anchor:
            self._anchors[anchor] = None
        before = self._count
        self._grow(event, 1)
        value: Value
        if isinstance(event, SequenceStartEvent):
            value = self._sequence(events, path)
        elif isinstance(event, MappingStartEvent):
            value = self._mapping(events, path)
        else:
            value = _scalar(event)
        node = _Node(value, self._count - before)
        if anchor:
            self._anchors[anchor] = node
        return node

    def _recall(self, event: AliasEvent) -> _Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            known = event.anchor in self._anchors
            problem = "stands inside what it repeats" if known else "repeats nothing: there is no such anchor before it"
            self._refuse(event, f"the alias `*{event.anchor}` {problem}", "write the values out")
        self._grow(event, node.size)
        return node

    def _sequence(self, events: Iterator[Event], path: Path) -> Value:
        items: list[Value] = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            items.append(self._build(event, events, (*path, len(items))).value)
        return items

    def _mapping(self, events: Iterator[Event], path: Path) -> Value:
        mapping: dict[str, Value] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            if not isinstance(event, ScalarEvent):
                self._refuse(event, "a key must be a word", "write `key: value`, and put text with braces in quotes")
            key: str = event.value
            place = _place(event.start_mark)
            self._grow(event, 1)
            if key in mapping:
                first = self.keys[*path, key][0]
                self.faults.append(
                    self._document.fault(place, f"`{key}` is written twice, first on line {first}", "keep one of them")
                )
                self._build(next(events), events, (*path, key, "again"))
                continue
            self.keys[*path, key] = place
            mapping[key] = self._build(next(events), events, (*path, key)).value
        return mapping


def _scalar(event: ScalarEvent) -> Value:
    text: str = event.value
    if not event.implicit[0]:
        return text
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _place(mark: StreamMark | None) -> Place:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def blot_addresses(source: str) -> str:
    """The line without URLs and telephone numbers, as long as it was so that a caret still stands right."""
    hidden = _URL.sub(lambda found: found[1] + "*" * (len(found[0]) - len(found[1])), source)
    return _NUMBER.sub(lambda found: "*" * len(found[0]), hidden)


def blot_private(source: str) -> str:
    """As `blot_addresses`, without e-mail addresses and secrets that stand in comments or commented-out lines."""
    return _EMAIL.sub(lambda found: "*" * len(found[0]), blot_addresses(source))


def blot_values(source: str) -> str:
    """The line with its keys alone, as long as it was."""
    return _WORD.sub(lambda found: found[0] if _KEY.fullmatch(found[0]) else "*" * len(found[0]), source)


def _syntax_remedy(said: str) -> str:
    if "cannot start any token" in said:
        return "put text that begins with a sign such as @, % or ` in quotes"
    if "mapping values are not allowed" in said:
        return "check the indentation, and put text that holds `: ` in quotes"
    if "quoted scalar" in said:
        return "close the quotes"
    if "flow" in said:
        return "check the brackets and the commas"
    return "check the indentation"
