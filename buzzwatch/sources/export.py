"""Exports of listening tools, tables and JSON, read by a mapping into mentions in the order of their times.

Tables: comma, semicolon, tab or bar, with or without Excel's `sep=`; UTF-8, UTF-16, or else cp1252; quoted fields with
line breaks; the header row may stand below others: it is the first of those with the most columns that the mapping
names. JSON: whole, or one a line. An export is read whole, since tools list the latest, or the loudest, first.
"""

import csv
import gzip
import io
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from buzzwatch.ingest.decode import decode
from buzzwatch.ingest.mapping import FaultError, Fields, find_items, fold_column, read_item
from buzzwatch.rules.words import Said, Words, why_of
from buzzwatch.sources.file import Chunk, FileFaultError
from buzzwatch.sources.webhook.shape import UnreadableError, decode_document

LARGEST_EXPORT = 256 * 1024 * 1024
"""Bytes, also once inflated."""
_LOOKED_AT = 64 * 1024
"""Bytes from which the kind of a file is told."""
_HEADER_WITHIN = 40
"""Rows."""
_MOST_COLUMNS = 1_000
_ITEMS = 100
"""Items to a chunk."""
_REPORT_EVERY = 2_000
"""Items between two reports of progress."""
_DELIMITERS = (",", ";", "\t", "|")
_SEP = re.compile(r"\ufeff?\"?sep=([^\r\n])\"?\r?\n", re.IGNORECASE)
_GZIP = b"\x1f\x8b"
_MOST_ITEMS = 5_000_000
_SHOWN = 8
"""Columns named where none fits."""
_WHOLE_FIELD = 1_000_000
"""Characters of a cell."""

Refuse = Callable[[int, Words], None]


class Header(NamedTuple):
    """The row that names the columns: its line, its cells, how cells are parted, how many of them a mapping names."""

    line: int
    columns: list[str]
    delimiter: str
    known: int


class _Placed(NamedTuple):
    at: datetime
    line: int
    body: bytes


def read_export(path: Path | str, mapping: Fields, refuse: Refuse) -> Iterator[Chunk]:
    """The mentions of an export, in the order of their times; `refuse` is told lines (or items) and what is wrong.

    What a mention had to do without is told likewise. The first half of the progress is reading.

    Raises:
        FileFaultError: the file cannot be read, or holds nothing that the mapping knows.
    """
    name = "standard input" if str(path) == "-" else str(path)
    placed: list[_Placed] = []
    # Nothing here holds what was read: each form of the whole is let go once the next is made.
    for number, (line, fraction, item) in enumerate(_items(_content(path, name), mapping, name, refuse)):
        if number % _REPORT_EVERY == 0:
            yield Chunk(line, b"[]", fraction / 2, is_array=True)
        if item is not None and (mention := _read(mapping, item, line, refuse)) is not None:
            placed.append(mention)
    placed.sort(key=lambda each: (each.at, each.line))
    for first in range(0, len(placed), _ITEMS):
        some = placed[first : first + _ITEMS]
        body = b"[" + b",".join(each.body for each in some) + b"]"
        yield Chunk(some[0].line, body, 0.5 + (first + len(some)) / len(placed) / 2, is_array=True)


def looks_like(path: Path | str, known: Iterable[Fields]) -> str | None:
    """The name of the mapping whose tool a file seems to come from; standard input is not looked at."""
    if str(path) == "-":
        return None
    try:
        with Path(path).open("rb") as raw:
            head = raw.read(_LOOKED_AT)
        head = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(head, _LOOKED_AT) if head[:2] == _GZIP else head
    except (OSError, zlib.error):
        return None
    text = _text(head)
    if _is_json(text):
        return next((each.name for each in known if _is_like(text, each)), None)
    for mapping in known:
        columns = {fold_column(column) for column in _find_header(text, mapping).columns}
        if any(wanted <= columns for wanted in mapping.columns):
            return mapping.name
    return None


def _is_like(text: str, mapping: Fields) -> bool:
    """Whether the keys are there by which a JSON of this tool is known."""
    return bool(mapping.shape) and all(f'"{path.steps[-1]}"' in text for path in mapping.shape)


def _content(path: Path | str, name: str) -> bytes:
    try:
        with _open(path) as raw:
            content = raw.read(LARGEST_EXPORT + 1)
        if content.startswith(_GZIP):
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as inflated:
                content = inflated.read(LARGEST_EXPORT + 1)
    except (OSError, EOFError, zlib.error) as error:
        why = why_of(error) if isinstance(error, OSError) else str(error)
        told = "{file}: cannot be opened ({why}): check the path and its rights"
        raise FileFaultError(Said(told, {"file": name, "why": why})) from error
    if len(content) > LARGEST_EXPORT:
        told = "{file}: over {most} bytes: export shorter periods"
        raise FileFaultError(Said(told, {"file": name, "most": f"{LARGEST_EXPORT:,}"}))
    return content


def _open(path: Path | str) -> io.BufferedReader:
    return os.fdopen(os.dup(sys.stdin.fileno()), "rb") if str(path) == "-" else Path(path).open("rb")


def _text(content: bytes) -> str:
    """As which text the bytes make sense: UTF-8, UTF-16 with its mark or with every other byte empty, or cp1252."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    head = content[:_LOOKED_AT]
    if head[1::2].count(0) > len(head) // 4:
        return content.decode("utf-16-le", errors="replace")
    if head[::2].count(0) > len(head) // 4:
        return content.decode("utf-16-be", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.end == len(content) and len(content) == _LOOKED_AT:  # cut in a character
            return content.decode("utf-8-sig", errors="replace")
        return content.decode("cp1252", errors="replace")


def _is_json(text: str) -> bool:
    return text.lstrip()[:1] in {"{", "["}


def _items(content: bytes, mapping: Fields, name: str, refuse: Refuse) -> Iterator[tuple[int, float, Any]]:
    """Each item with its line, or its number, and how much was read."""
    text = _text(content)
    if _is_json(text):
        return _documents(text.encode(), mapping, name, refuse)
    return _table(text, mapping, name)


def _table(text: str, mapping: Fields, name: str) -> Iterator[tuple[int, float, Any]]:
    text = text if "\n" in text else text.replace("\r", "\n")
    header = _find_header(text[:_LOOKED_AT], mapping)
    _check(header, mapping, name)
    columns = [fold_column(column) for column in header.columns]
    tabular = msgspec.structs.replace(mapping, items=(), only=())  # a table has no events of other kinds
    size, line = text.count("\n") + 1, header.line
    try:
        for line, cells in _rows(text, header.delimiter):
            if line <= header.line or not any(cell.strip() for cell in cells):
                continue
            row: dict[str, str] = {}
            for column, cell in zip(columns, cells, strict=False):
                row.setdefault(column, cell)
            if find_items(tabular, row)[0]:
                yield line, min(1.0, line / size), row
    except csv.Error as error:
        told = "{file}, line {line}: {why}: a quote may be left open there; close it, or export the file again"
        raise FileFaultError(Said(told, {"file": name, "line": line, "why": str(error)})) from error


def _check(header: Header, mapping: Fields, name: str) -> None:
    """Raise `FileFaultError` where what every mention needs has no column."""
    columns = {fold_column(column) for column in header.columns}
    needed = (("id", "url"), ("text", "title"), ("created_at",))
    missing = [keys[0] for keys in needed if not any(_stands_in(columns, mapping, key) for key in keys)]
    if missing:
        told = "{file}: no row names a column for {missing}: found {found}; is it an export of {tool}?"
        found = ", ".join([column for column in header.columns if column.strip()][:_SHOWN]) or "—"
        values = {"file": name, "missing": ", ".join(f"`{key}`" for key in missing), "found": found}
        raise FileFaultError(Said(told, {**values, "tool": mapping.name}))


def _stands_in(columns: set[str], mapping: Fields, key: str) -> bool:
    field = mapping.fields.get(key)
    return field is not None and (field.constant is not None or any(path.column in columns for path in field.paths))


def _find_header(text: str, mapping: Fields) -> Header:
    """By that delimiter, that row of the first which has the most columns that the mapping names."""
    wanted = {path.column for field in mapping.fields.values() for path in field.paths}
    best = Header(0, [], ",", 0)
    for delimiter in _told_delimiter(text) or _DELIMITERS:
        try:
            for line, cells in islice(_rows(text, delimiter), _HEADER_WITHIN):
                known = sum(fold_column(cell) in wanted for cell in cells[:_MOST_COLUMNS])
                if known > best.known:
                    best = Header(line, cells[:_MOST_COLUMNS], delimiter, known)
        except csv.Error:
            continue
    return best


def _told_delimiter(text: str) -> str:
    """That of Excel's first line, `sep=;`; "" where there is none."""
    told = _SEP.match(text)
    return told[1] if told else ""


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with the number of the line that each begins on."""
    reader = csv.reader(_lines(text), delimiter=delimiter)
    line, before = 1, csv.field_size_limit(_WHOLE_FIELD)  # it is the process's
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    finally:
        csv.field_size_limit(before)


def _lines(text: str) -> Iterator[str]:
    """Without a second copy of the whole."""
    begun = 0
    while begun < len(text):
        end = text.find("\n", begun) + 1 or len(text)
        line = text[begun:end]
        yield line.replace("\0", "") if "\0" in line else line
        begun = end


def _documents(text: bytes, mapping: Fields, name: str, refuse: Refuse) -> Iterator[tuple[int, float, Any]]:
    """The items of a JSON by their number; of one a line, by the line."""
    try:
        whole = decode_document(text)
    except UnreadableError as error:
        end = text.find(b"\n")
        if end < 0 or not _is_document(text[:end]):
            told = "{file}: {why}: mend it, or export it again"
            raise FileFaultError(Said(told, {"file": name, "why": str(error)})) from error
        yield from _by_line(text, mapping, refuse)
        return
    del text
    items = _found(mapping, whole, 1, refuse)
    for number, item in enumerate(items, 1):
        yield number, number / len(items), item


def _by_line(text: bytes, mapping: Fields, refuse: Refuse) -> Iterator[tuple[int, float, Any]]:
    size = text.count(b"\n") + 1
    for number, line in enumerate(io.BytesIO(text), 1):
        if not line.strip():
            continue
        try:
            document = decode_document(line)
        except UnreadableError as error:
            refuse(number, str(error))
            continue
        for item in _found(mapping, document, number, refuse):
            yield number, number / size, item


def _is_document(line: bytes) -> bool:
    try:
        decode_document(line)
    except UnreadableError:
        return False
    return True


def _found(mapping: Fields, document: Any, line: int, refuse: Refuse) -> list[Any]:  # noqa: ANN401 - any JSON
    try:
        return find_items(mapping, document, _MOST_ITEMS)[0]
    except FaultError as fault:
        refuse(line, Said(fault.sentence, fault.values))
        return []


def _read(mapping: Fields, item: Any, line: int, refuse: Refuse) -> _Placed | None:  # noqa: ANN401 - any JSON
    try:
        read = read_item(mapping, item, None)
    except FaultError as fault:
        refuse(line, Said(fault.sentence, fault.values))
        return None
    body = msgspec.json.encode(read.mention)
    if refused := decode(body).refused:
        refuse(line, refused[0].reason)
        return None
    for note in read.notes:
        refuse(line, Said("kept, without this: {why}", {"why": Said(note.sentence, note.values)}))
    return _Placed(read.mention.created_at, line, body)
