"""Snapshots: the spine's memory in a file beside the database. A cache: a bad one means the one before it.

Some are spared for as long as the journal may be stepped from them; see `store.keeping`.
"""

import contextlib
import hashlib
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from buzzwatch.model.instant import Instant

KEPT = 2
_MAGIC = b"buzzwatch-snapshot-1\n"
_DIGEST = 32


class _Dated(Struct):
    """Of a snapshot: the memory's time."""

    now: Instant


def write_snapshot(directory: Path, seq: int, dumped: dict[str, Any], spared: Collection[int] = ()) -> Path:
    """Write the memory as it stood after row `seq`: whole and on disk, or not at all.

    Older ones go, but for those spared.
    """
    body = msgspec.msgpack.encode(dumped)
    target = _path(directory, seq)
    scratch = directory / "snapshot.part"  # always the same, so that kills leave at most one
    try:
        with scratch.open("wb") as out:
            out.write(_MAGIC + hashlib.blake2b(body, digest_size=_DIGEST).digest() + body)
            out.flush()
            os.fsync(out.fileno())
    except OSError:
        scratch.unlink(missing_ok=True)  # a full disk has better uses for the room
        raise
    scratch.replace(target)
    _sync(directory)
    for old in list_snapshots(directory)[KEPT:]:
        if old not in spared:
            _path(directory, old).unlink(missing_ok=True)
    return target


def read_snapshots(directory: Path, until: int) -> "Iterator[tuple[int, dict[str, Any]]]":
    """Readable snapshots not newer than row `until`, the newest first, each read when it is asked for."""
    for seq in list_snapshots(directory):
        if seq <= until and (dumped := read_snapshot(directory, seq)) is not None:
            yield seq, dumped


def read_snapshot(directory: Path, seq: int) -> dict[str, Any] | None:
    """The one after a row; None where there is none, or it is damaged."""
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.msgpack.decode(_whole(directory, seq), type=dict[str, Any])
    return None


def read_instant(directory: Path, seq: int) -> Instant | None:
    """Of which instant the one after a row is; None where there is none, or it is damaged.

    Nothing else of it is built: millions of objects for a moment would leave the process that much larger.
    """
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.msgpack.decode(_whole(directory, seq), type=_Dated).now
    return None


def list_snapshots(directory: Path) -> list[int]:
    """After which rows there are some, the newest first."""
    return sorted((int(path.name.removeprefix("snapshot-")) for path in directory.glob("snapshot-*")), reverse=True)


def newest_snapshot(directory: Path, until: int) -> int:
    """After which row the newest was taken, readable or not, of those not newer than row `until`; 0: there is none."""
    return next((seq for seq in list_snapshots(directory) if seq <= until), 0)


def forget_snapshot(directory: Path, seq: int) -> None:
    """Throw one away, unless it is among the newest."""
    if seq not in list_snapshots(directory)[:KEPT]:
        _path(directory, seq).unlink(missing_ok=True)


def drop_snapshot(directory: Path, seq: int) -> None:
    """Remove one for good, whichever it is."""
    _path(directory, seq).unlink(missing_ok=True)
    _sync(directory)


def _whole(directory: Path, seq: int) -> memoryview:
    """What the one after a row holds. OSError: it cannot be read; DecodeError: it is not what was written."""
    raw = memoryview(_path(directory, seq).read_bytes())
    begin = len(_MAGIC) + _DIGEST
    if raw[:begin] != _MAGIC + hashlib.blake2b(raw[begin:], digest_size=_DIGEST).digest():
        raise msgspec.DecodeError
    return raw[begin:]


def _path(directory: Path, seq: int) -> Path:
    return directory / f"snapshot-{seq:015d}"


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
