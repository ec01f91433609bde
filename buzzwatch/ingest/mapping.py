"""Mentions out of any JSON, or any row of a table, by a mapping that says where each field of a mention stands.

A path goes from key to key by dots; `[*]` is every element of a list, `[0]` the first. In a row a path is the name of
a column, whatever its case. Hostile input costs bounded work: nesting, elements, lengths and digits are limited, and a
value of the wrong kind is named with the key of the mapping, the path and its beginning.
"""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import chain, islice
from typing import Any, NamedTuple, TypeAlias

from msgspec import Struct

from buzzwatch.ingest.identity_stand_in import canonical_url, post_id
from buzzwatch.model.mention import Author, Engagement, Kind, Mention

MAX_STEPS = 16
MAX_FOUND = 200
"""Values looked at for one field."""
MAX_ITEMS = 20_000
"""Items of one payload."""
MAX_TEXT = 100_000
"""Characters of one value that are looked at; a mention's text is cut shorter still when it is taken."""
SHOWN = 60
ISO, EPOCH, EPOCH_MS = "iso", "epoch", "epoch-ms"
_LAST_EPOCH = 253_402_300_799
"""The last second of the year 9999."""
_EMPTY = frozenset({"", "-", "n/a", "na", "null", "none", "nan"})
"""How exports write that they know nothing; of a text only the first is nothing."""
_THOUSANDS = re.compile(r"(?<=\d)[ ,.'’\u00a0\u202f](?=\d{3}(?:\D|$))")
_NUMBER = re.compile(r"-?\d{1,18}(?:[.,]\d{1,18})?")
_STEP = re.compile(r"([^\[\]]+)?((?:\[(?:\*|\d{1,6})\])*)")
_INDEX = re.compile(r"\[(\*|\d{1,6})\]")
_ANY = -1
_MANY_STARS = 5

Item: TypeAlias = "Any"
Row = Mapping[str, str]


class Path(NamedTuple):
    """Where a value stands: its text, the steps to it (a key, a place in a list, -1 for every place), its column."""

    text: str
    steps: tuple[str | int, ...]
    column: str


class Field(Struct, frozen=True):
    """How one field is filled.

    From the first of `paths` at which something stands, or from all of them with `join` between, or by the constant.
    `values` translates it (keys in small letters), `otherwise` is what it is where that has nothing. Dates are read by
    the first of the forms that fits; what has no zone is in `zone`.
    """

    paths: tuple[Path, ...] = ()
    constant: str | None = None
    prefix: str = ""
    values: Mapping[str, str] = {}
    otherwise: str | None = None
    join: str | None = None
    dates: tuple[str, ...] = (ISO,)
    zone: tzinfo = UTC
    out_of: int = 5


class Filter(Struct, frozen=True):
    """Only items at whose path one of these stands, in small letters."""

    path: Path
    values: frozenset[str]


class Fields(Struct, frozen=True):
    """The fields of a mapping by their keys, such as `author.followers`; those left out are unknown."""

    name: str
    fields: Mapping[str, Field]
    items: tuple[Path, ...] = ()
    only: tuple[Filter, ...] = ()
    skip: tuple[Filter, ...] = ()
    columns: tuple[frozenset[str], ...] = ()
    """By any of these sets of columns a table is known as an export of this tool."""
    shape: tuple[Path, ...] = ()
    """By what stands at all of these in its first item a JSON is."""


class FaultError(Exception):
    """What is wrong with an item; a sentence with names in braces, and their values."""

    def __init__(self, sentence: str, **values: str) -> None:
        super().__init__(sentence.format(**values))
        self.sentence = sentence
        self.values = values


class Read(Struct, frozen=True):
    """A mention, and what of it had to be left unknown."""

    mention: Mention
    notes: tuple[FaultError, ...] = ()


def make_path(text: str) -> Path:
    """A path as it is written. Raises `ValueError`."""
    steps: list[str | int] = []
    for part in text.split("."):
        found = _STEP.fullmatch(part)
        if found is None or not part:
            raise ValueError(text)
        steps += [found[1]] if found[1] else []
        steps += [_ANY if index == "*" else int(index) for index in _INDEX.findall(found[2])]
    if len(steps) > MAX_STEPS:
        raise ValueError(text)
    return Path(text, tuple(steps), fold_column(text))


def fold_column(name: str) -> str:
    """One spelling of the name of a column."""
    return " ".join(name.replace("_", " ").split()).casefold()


def find_items(mapping: Fields, payload: Item, most: int = MAX_ITEMS) -> tuple[list[Item], int]:
    """The items of a payload that are ours, and how many are not. Raises `FaultError`."""
    items = _locate(mapping, payload, most)
    if len(items) > most:
        raise FaultError("more than {most} items: send them in parts", most=str(most))
    kept = (item for item in items if all(_passes(item, each) for each in mapping.only))
    ours = [item for item in kept if not any(_passes(item, each) for each in mapping.skip)]
    return ours, len(items) - len(ours)


def read_item(mapping: Fields, item: Item, received_at: datetime | None) -> Read:
    """The mention that an item is. `received_at` stands for a date that a mapping lets be left out.

    Raises:
        FaultError: it has no id, no text or no date, or they are none.
    """
    reader = _Reader(mapping, item)
    deleted = _is_true(reader.text("deleted"))
    url = reader.text("url")
    kind = reader.kind()
    known = post_id(url) if url else None
    identity = known or _identity(reader.text("id"), url, kind)
    if not identity:
        raise reader.missing("id", "url")
    text, title = reader.text("text"), reader.text("title")
    if text is None and title is None and not deleted and kind is not Kind.REPOST:
        raise reader.missing("text")
    mention = Mention(
        id=identity,
        text=text or "",
        created_at=reader.date("created_at", received_at),
        source=known.partition(":")[0] if known else reader.text("source"),
        author=reader.author(),
        lang=reader.text("lang"),
        url=url,
        thread=_named(reader.text("thread")),
        parent=_named(reader.text("parent")),
        kind=kind,
        brand=reader.text("brand"),
        engagement=reader.engagement(),
        title=title if title != text else None,
        deleted=deleted,
        stars=reader.stars(),
    )
    return Read(mention, tuple(reader.notes))


class _Reader:
    """Reads the fields of one item; what is wrong with one that may be left out is noted."""

    def __init__(self, mapping: Fields, item: Item) -> None:
        self._fields = mapping.fields
        self._item = item
        self.notes: list[FaultError] = []

    def missing(self, *keys: str) -> FaultError:
        paths = [path.text for key in keys if key in self._fields for path in self._fields[key].paths]
        return FaultError("`{key}` is missing: nothing stands at {paths}", key=keys[0], paths=", ".join(paths) or "—")

    def text(self, key: str) -> str | None:
        field = self._fields.get(key)
        if field is None:
            return None
        found = self._found(key, field)
        value = field.constant if found is None else found[1]
        if value is not None and field.values:
            value = field.values.get(value.casefold())
        if value is None:
            return field.otherwise
        return f"{field.prefix}{value}"

    def date(self, key: str, received_at: datetime | None) -> datetime:
        field = self._fields[key]
        found = self._found(key, field)
        if found is None:
            if field.otherwise is not None and received_at is not None:
                return received_at
            raise self.missing(key)
        path, value = found
        for form in field.dates:
            if (date := _read_date(value, form, field.zone)) is not None:
                return date
        forms = ", ".join(field.dates)
        raise _wrong("`{key}` at {path} is {value}: no date as {forms}", key, path, value, forms=forms)

    def number(self, key: str) -> float | None:
        field = self._fields.get(key)
        found = None if field is None else self._found(key, field)
        if found is None or found[1].casefold() in _EMPTY:
            return None
        path, value = found
        if (number := _read_number(value)) is None:
            self.notes.append(_wrong("`{key}` at {path} is {value}: no number", key, path, value))
        return number

    def count(self, key: str) -> int | None:
        number = self.number(key)
        return None if number is None or number < 0 else int(number)

    def stars(self) -> int | None:
        number = self.number("stars")
        if number is None:
            return None
        stars = math.floor(number * _MANY_STARS / self._fields["stars"].out_of + 0.5)
        if not 1 <= stars <= _MANY_STARS:
            paths = ", ".join(path.text for path in self._fields["stars"].paths)
            told = "`{key}` at {path} is {value}: not 1 to {most}"
            most = str(self._fields["stars"].out_of)
            self.notes.append(FaultError(told, key="stars", path=paths, value=f"{number:g}", most=most))
            return None
        return stars

    def kind(self) -> Kind | None:
        told = self.text("kind")
        if told is None:
            return None
        try:
            return Kind(told.casefold())
        except ValueError:
            sentence = "`{key}` is {value}: not one of {kinds}"
            self.notes.append(FaultError(sentence, key="kind", value=_show(told), kinds=", ".join(Kind)))
            return None

    def author(self) -> Author | None:
        author = Author(
            self.text("author.id"),
            self.text("author.handle"),
            self.text("author.name"),
            self.count("author.followers"),
        )
        return author if author != Author() else None

    def engagement(self) -> Engagement | None:
        seen = Engagement(
            self.count("engagement.likes"),
            self.count("engagement.reposts"),
            self.count("engagement.replies"),
            self.count("engagement.views"),
        )
        return seen if seen != Engagement() else None

    def _found(self, key: str, field: Field) -> tuple[str, str] | None:
        """Where something stands, and what: the first, or all joined."""
        if field.join is None:
            return next(self._all_found(key, field), None)
        found = list(self._all_found(key, field))
        return (found[0][0], field.join.join(told for _, told in found)) if found else None

    def _all_found(self, key: str, field: Field) -> Iterator[tuple[str, str]]:
        columns = set[str]()
        for path in field.paths:
            for value in _find(self._item, path) if path.column not in columns else ():
                if told := _as_text(key, path, value).strip():
                    columns.add(path.column)  # two spellings of one column are one
                    yield path.text, told


def _locate(mapping: Fields, payload: Item, most: int) -> list[Item]:
    if not mapping.items:
        return payload if isinstance(payload, list) else [payload]
    for path in mapping.items:
        holder = path.steps.index(_ANY) if _ANY in path.steps else len(path.steps)
        if any(True for _ in _walk(payload, path.steps[:holder])):
            return list(islice(_walk(payload, path.steps), most + 1))
    if isinstance(payload, dict) and "id" in mapping.fields and any(_find(payload, p) for p in mapping.shape):
        return [payload]  # an item alone
    if isinstance(payload, list):
        each_of = (_locate(mapping, each, most) if isinstance(each, dict) else [each] for each in payload)
        return list(islice(chain.from_iterable(each_of), most + 1))
    raise FaultError("`items`: nothing stands at {paths}", paths=", ".join(path.text for path in mapping.items))


def _passes(item: Item, only: Filter) -> bool:
    told = (value for value in _find(item, only.path) if isinstance(value, (str, int, bool)))
    return any(_scalar(value).casefold() in only.values for value in told)


def _find(item: Item, path: Path) -> list[Item]:
    """What stands at a path, a hundred or two at most."""
    if not isinstance(item, dict):
        return []
    if path.column in item and isinstance(item[path.column], str):  # a row
        return [item[path.column]]
    if item.get(path.text) is not None:
        return [item[path.text]]
    return [value for value in islice(_walk(item, path.steps), MAX_FOUND) if value is not None]


def _walk(value: Item, steps: tuple[str | int, ...]) -> Iterator[Item]:
    for place, step in enumerate(steps):
        if step == _ANY:
            if isinstance(value, list):
                for each in value:
                    yield from _walk(each, steps[place + 1 :])
            return
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return
            value = value[step]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return
    yield value


def _as_text(key: str, path: Path, value: Item) -> str:
    if isinstance(value, (dict, list)):
        raise _wrong("`{key}` at {path} is {value}: no text", key, path.text, "{…}" if value else "{}")
    told = _scalar(value)
    if len(told) > MAX_TEXT:
        told = told[:MAX_TEXT]
    return told


def _scalar(value: str | float | bool) -> str:  # noqa: FBT001 - JSON has them
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _read_date(value: str, form: str, zone: tzinfo) -> datetime | None:
    try:
        if form in {EPOCH, EPOCH_MS}:
            number = _read_number(value)
            seconds = None if number is None else number / (1000 if form == EPOCH_MS else 1)
            if seconds is None or not 0 <= seconds <= _LAST_EPOCH:
                return None
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=round(seconds * 1000))
        date = datetime.fromisoformat(value) if form == ISO else datetime.strptime(value, form)  # noqa: DTZ007 - see below
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=zone)


def _read_number(value: str) -> float | None:
    plain = _THOUSANDS.sub("", value[:SHOWN])
    return float(plain.replace(",", ".")) if _NUMBER.fullmatch(plain) else None


def _identity(told: str | None, url: str | None, kind: Kind | None) -> str | None:
    """Of an article its address, by which feeds know it too; else the tool's own: posts of a page share its address."""
    if url and (kind is Kind.ARTICLE or not told):
        return f"web:{canonical_url(url)}"
    return told


def _is_true(told: str | None) -> bool:
    return told is not None and told.casefold() in {"true", "1", "yes", "oui"}


def _named(told: str | None) -> str | None:
    """The id of a post that another one names, by its address where it gives that."""
    return (post_id(told) or told) if told else None


def _wrong(sentence: str, key: str, path: str, value: str, **more: str) -> FaultError:
    return FaultError(sentence, key=key, path=path, value=_show(value), **more)


def _show(value: str) -> str:
    """The beginning of foreign text, safe to print."""
    shown = "".join(char if char.isprintable() else "?" for char in value[: SHOWN + 1])
    return f"'{shown}'" if len(shown) <= SHOWN else f"'{shown[:SHOWN]}…'"
