"""Files of mentions: JSON lines or one JSON array, gzipped or not, or standard input.

Read without asyncio: who reads a file does nothing else meanwhile.
"""

import gzip
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec

from buzzwatch.ingest.decode import MAX_PAYLOAD
from buzzwatch.rules.words import Said, why_of

LARGEST_ARRAY = 256 * 1024 * 1024
"""Bytes of a file that is one array: it is read whole."""
_BLOCK = 64 * 1024
"""Bytes of lines to a chunk: about a hundred mentions."""
_ITEMS = 100
"""Items of an array to a chunk."""
_GZIP = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_Progress: TypeAlias = Callable[[], float | None]
_Stream: TypeAlias = BufferedReader | gzip.GzipFile


class Chunk(NamedTuple):
    """Some mentions in a row: whole lines, or of an array file an array of some of its items (`is_array`).

    `first_line` is the number of the first line, or item, counted from 1. `fraction` tells how much of the file has
    been read (0..1), None where its end is unknown.
    """

    first_line: int
    payload: bytes
    fraction: float | None
    is_array: bool = False


class FileFaultError(Exception):
    """The file cannot be read on; the chunks that came before stand. The text names file, place and remedy."""


def read(path: Path | str) -> Iterator[Chunk]:
    """The file's mentions in order; "-" is standard input.

    Raises:
        FileFaultError: the file cannot be opened, is broken gzip or a broken array.
    """
    name = "standard input" if str(path) == "-" else str(path)
    try:
        raw = _open(path)
    except OSError as error:
        told = "{file}: cannot be opened ({why}): check the path and its rights"
        raise FileFaultError(Said(told, {"file": name, "why": why_of(error)})) from error
    with raw:
        yield from _chunks(raw, name)


def _open(path: Path | str) -> BufferedReader:
    return os.fdopen(os.dup(sys.stdin.fileno()), "rb") if str(path) == "-" else Path(path).open("rb")


def _progress(raw: BufferedReader) -> _Progress:
    about = os.fstat(raw.fileno())
    if not stat.S_ISREG(about.st_mode) or not about.st_size:
        return lambda: None
    return lambda: min(1.0, raw.tell() / about.st_size)


def _chunks(raw: BufferedReader, name: str) -> Iterator[Chunk]:
    progress = _progress(raw)
    line = 1
    try:
        stream = gzip.GzipFile(fileobj=raw) if raw.peek(2).startswith(_GZIP) else raw
        if stream.peek(_BLOCK).removeprefix(_BYTE_ORDER_MARK).lstrip().startswith(b"["):
            yield from _items(stream, name)
            return
        for payload in _lines(stream):
            yield Chunk(line, payload, progress())
            line += payload.count(b"\n")
    except (OSError, EOFError, zlib.error) as error:
        raise FileFaultError(f"{name}, line {line}: {error}: what came before was read; get the file again") from error


def _lines(stream: _Stream) -> Iterator[bytes]:
    """Blocks of whole lines. A long line is given alone; of one that nobody takes, so much that this is seen."""
    rest = b""
    while block := stream.read1(_BLOCK):
        if len(rest) > _BLOCK:
            head, end_of_line, block = block.partition(b"\n")
            if len(rest) <= MAX_PAYLOAD:
                rest += head
            if not end_of_line:
                continue
            yield rest + end_of_line
            rest = b""
        end = block.rfind(b"\n") + 1
        if end:
            yield rest + block[:end]
            rest = block[end:]
        else:
            rest += block
    if rest:
        yield rest


def _items(stream: _Stream, name: str) -> Iterator[Chunk]:
    text = stream.read(LARGEST_ARRAY + 1)
    if len(text) > LARGEST_ARRAY:
        raise FileFaultError(f"{name}: an array of over {LARGEST_ARRAY} bytes: put each mention on a line of its own")
    try:
        items = msgspec.json.decode(text.removeprefix(_BYTE_ORDER_MARK), type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError) as error:
        raise FileFaultError(f"{name}: no whole JSON array ({error}): mend it, or use JSON lines") from error
    for first in range(0, len(items), _ITEMS):
        some = items[first : first + _ITEMS]
        yield Chunk(first + 1, b"[" + b",".join(some) + b"]", (first + len(some)) / len(items), is_array=True)
