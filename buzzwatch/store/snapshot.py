"""Snapshots: the spine's memory in a file beside the database. A cache: a bad one means the one before it."""

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Any

import msgspec

KEPT = 2
_MAGIC = b"buzzwatch-snapshot-1\n"
_DIGEST = 32


def write_snapshot(directory: Path, seq: int, dumped: dict[str, Any]) -> Path:
    """Write the memory as it stood after row `seq`: whole and on disk, or not at all."""
    body = msgspec.msgpack.encode(dumped)
    target = directory / f"snapshot-{seq:015d}"
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
    for old in _snapshots(directory)[KEPT:]:
        old.unlink(missing_ok=True)
    return target


def read_snapshots(directory: Path, until: int) -> "list[tuple[int, dict[str, Any]]]":
    """Readable snapshots not newer than row `until`, the newest first."""
    found = []
    for path in _snapshots(directory):
        seq = int(path.name.removeprefix("snapshot-"))
        if seq <= until and (dumped := _read(path)) is not None:
            found.append((seq, dumped))
    return found


def newest_snapshot(directory: Path, until: int) -> int:
    """After which row the newest was taken, readable or not, of those not newer than row `until`; 0: there is none."""
    rows = (int(path.name.removeprefix("snapshot-")) for path in _snapshots(directory))
    return next((seq for seq in rows if seq <= until), 0)


def _read(path: Path) -> dict[str, Any] | None:
    with contextlib.suppress(OSError, msgspec.DecodeError):
        raw = path.read_bytes()
        body = raw[len(_MAGIC) + _DIGEST :]
        if raw == _MAGIC + hashlib.blake2b(body, digest_size=_DIGEST).digest() + body:
            return msgspec.msgpack.decode(body, type=dict[str, Any])
    return None


def _snapshots(directory: Path) -> list[Path]:
    return sorted(directory.glob("snapshot-*"), reverse=True)


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
