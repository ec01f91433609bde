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
from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]  # it only passes it on, from where versions differ
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
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
from buzzwatch.rules.syntax import Place, escaped, explain, odd_space, place_of, unreadable
from buzzwatch.rules.words import Said, Words, said

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"
Path: TypeAlias = tuple[str | int, ...]
LARGEST_FILE = 1_000_000
"""Characters, and bytes, of one file."""
_MOST_VALUES = 20_000
_DEEPEST = 40

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What the parser counts as the end of a line."""
_OF_1_2 = re.compile("^%|[\t\x85\u2028\u2029\ufeff]", re.MULTILINE)
"""Where the two parsers differ in what they take: directives, tabs, and what ends a line in YAML 1.1 alone."""
_BLOCK = frozenset({"|", ">"})
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(?:[0-9]{1,18}\.?[0-9]{0,18}|\.[0-9]{1,18})(?:[eE][-+]?[0-9]{1,2})?")

_URL = re.compile(r"\b([a-z][a-z0-9+.-]{0,30}://)[^\s\"'\]},]+", re.IGNORECASE)
_NUMBER = re.compile(r"\+?[0-9](?:[ -]?[0-9]){7,}")
_DATE = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9](?: [0-2][0-9])?")
"""What has as many digits as a telephone number, and is none."""
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

    def fault(self, place: Place, message: Words, remedy: Words = "", /, **values: object) -> Fault:
        """A fault at a place of this file; `values` go in the braces of its sentences."""
        line, column = place
        source = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        quoted = self.blot(source) if self.blot else source
        return Fault(self.file, line, column, quoted, said(message, values), said(remedy, values))

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
        longer = Said("longer than {most} characters", {"most": f"{LARGEST_FILE:,}"})
        raise RuleFaults([Fault(file, 0, 0, "", longer, "split it")])
    if flaw := unreadable(text, bare.lines):
        raise RuleFaults([bare.fault(*flaw)])
    quick = _quick(bare, text)
    if quick is not None:
        return quick
    reader = _Reader(bare)
    try:
        value = reader.document(_events(text))
    except MarkedYAMLError as error:
        flaw = explain(error, bare.lines, quotable=blot is None)
        raise RuleFaults([*reader.faults, bare.fault(*flaw)]) from None
    except (YAMLError, ValueError, OverflowError) as error:
        # ruamel lets plain ValueErrors through, for escapes such as "\UFFFFFFFF" and for odd directives
        if isinstance(error, YAMLError):
            why = str(error).partition("\n")[0]
            raise RuleFaults([bare.fault((1, 1), "not valid YAML: {why}", "check the indentation", why=why)]) from None
        raise RuleFaults([bare.fault(*escaped(bare.lines))]) from None
    if reader.faults:
        raise RuleFaults(reader.faults)
    return Document(file, bare.lines, value, reader.values, reader.keys, blot)


def _quick(bare: Document, text: str) -> Document | None:
    """What libyaml reads, ten times as fast; None where it is to be read again by ruamel.yaml itself.

    That is a file with a fault, which libyaml tells in fewer words, and one with what YAML 1.1 reads differently.
    """
    if _OF_1_2.search(text):
        return None
    reader = _Reader(bare)
    try:
        value = reader.document(_simple(_libyaml(text)))
    except (RuleFaults, YAMLError, ValueError, OverflowError):
        return None
    return None if reader.faults else Document(bare.file, bare.lines, value, reader.values, reader.keys, bare.blot)


def _simple(events: Iterator[Event]) -> Iterator[Event]:
    """Refuses what the two parsers read or place differently: see docs/decisions/0038-an-editor-that-helps.md."""
    for event in events:
        odd = isinstance(event, (DocumentStartEvent, DocumentEndEvent)) and event.explicit
        odd = odd or (isinstance(event, NodeEvent) and bool(event.anchor))
        if isinstance(event, ScalarEvent):
            odd = odd or event.style in _BLOCK or (event.implicit[0] and not event.value)
        if odd:
            raise ValueError("for ruamel.yaml itself")
        yield event


def _libyaml(text: str) -> Iterator[Event]:
    """As `YAML.parse`, without the class and the cycle of objects that it leaves behind for each text."""
    parser = CParser(text)
    while parser.check_event():
        yield parser.get_event()


def _events(text: str) -> Iterator[Event]:
    yaml = YAML(typ="safe", pure=True)
    try:
        yield from yaml.parse(text)
    finally:
        vars(yaml.parser).clear()
        vars(yaml).clear()  # its parts refer to it: whoever collects no garbage would keep them, and the text


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

    def _refuse(self, event: Event, message: Words, remedy: Words, /, **values: object) -> NoReturn:
        raise RuleFaults([*self.faults, self._document.fault(place_of(event.start_mark), message, remedy, **values)])

    def _grow(self, event: Event, size: int) -> None:
        self._count += size
        if self._count > _MOST_VALUES:
            self._refuse(event, "more than {most} values in one file", "split it", most=f"{_MOST_VALUES:,}")

    def _build(self, event: Event, events: Iterator[Event], path: Path) -> _Node:
        self.values[path] = place_of(event.start_mark)
        if isinstance(event, AliasEvent):
            return self._recall(event)
        if not isinstance(event, (ScalarEvent, SequenceStartEvent, MappingStartEvent)):
            self._refuse(event, "a value is missing here", "write it")
        if event.tag is not None:
            tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            self._refuse(event, "the tag `{tag}` means nothing here", "remove it, or put the text in quotes", tag=tag)
        if len(path) > _DEEPEST:
            self._refuse(event, "nested more than {most} deep", "write it flatter", most=_DEEPEST)
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
            inside = "the alias `*{name}` stands inside what it repeats"
            nothing = "the alias `*{name}` repeats nothing: there is no such anchor before it"
            problem = inside if event.anchor in self._anchors else nothing
            self._refuse(event, problem, "write the values out", name=event.anchor)
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
            place = place_of(event.start_mark)
            if flaw := odd_space(key, place[0]):
                raise RuleFaults([*self.faults, self._document.fault(place, *flaw[1:])])
            self._grow(event, 1)
            if key in mapping:
                first = self.keys[*path, key][0]
                twice = "`{key}` is written twice, first on line {line}"
                self.faults.append(self._document.fault(place, twice, "keep one of them", key=key, line=first))
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


def blot_addresses(source: str) -> str:
    """The line without URLs and telephone numbers, as long as it was so that a caret still stands right."""
    hidden = _URL.sub(lambda found: found[1] + "*" * (len(found[0]) - len(found[1])), source)
    return _NUMBER.sub(lambda found: found[0] if _DATE.fullmatch(found[0]) else "*" * len(found[0]), hidden)


def blot_private(source: str) -> str:
    """As `blot_addresses`, without e-mail addresses and secrets that stand in comments or commented-out lines."""
    return _EMAIL.sub(lambda found: "*" * len(found[0]), blot_addresses(source))


def blot_values(source: str) -> str:
    """The line with its keys alone, as long as it was."""
    return _WORD.sub(lambda found: found[0] if _KEY.fullmatch(found[0]) else "*" * len(found[0]), source)
