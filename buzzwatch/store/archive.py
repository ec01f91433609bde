"""A backup: a tar file of the database and what belongs to it; read as if a stranger had made it."""

import hashlib
import io
import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from buzzwatch.model.instant import Instant
from buzzwatch.rules.words import Said
from buzzwatch.store.company import SNAPSHOT, one_instant_with_snapshots
from buzzwatch.store.copying import Progress, StateError, copy_database, settle_file, unwatched, version_of
from buzzwatch.store.forgotten import FILE as FORGOTTEN

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "buzzwatch.db"
KEY = "links.key"
_CALENDAR = re.compile(r"calendars/[\w.-]{1,200}\.json", re.ASCII)
_SMALL = 16 * 2**20
"""Bytes that anything but the database and snapshots may have."""
_LARGE = 4 * 2**30
"""Bytes that a snapshot may have."""
_MOST = 1_000
"""Files in a backup."""
_PIECE = 2**20
_COPYING = 0.6
"""The part of the work at which the database has been copied and the tar file is written."""


class Manifest(Struct, frozen=True):
    """What a backup says of itself, first of all."""

    format: int
    program: str
    """The version of buzzwatch that made it."""
    database: int
    """Its last migration."""
    taken_at: Instant
    heard_until: Instant
    """The last instant of the record; 0: nothing was heard yet."""
    files: dict[str, tuple[int, str]]
    """Size and SHA-256 of each."""


def write_archive(
    state: Path, out: IO[bytes], scratch: Path, at: Instant, program: str, progress: Progress
) -> Manifest:
    """Write a backup of a state directory, whether a daemon works on it or not.

    `scratch` is an empty directory with room for the database and the snapshots.

    Raises:
        StateError: there is no database, it cannot be read, or it is damaged.
        OSError: there is no room.
    """
    copy = scratch / DATABASE
    with one_instant_with_snapshots(state / DATABASE, scratch) as (source, snapshots):
        version = version_of(source)
        (heard_until,) = source.execute("SELECT now FROM position").fetchone()
        copy_database(source, copy, lambda done: progress(_COPYING * done))
    files = {DATABASE: copy, **_beside(state, scratch), **snapshots}
    listed = {name: (path.stat().st_size, _digest(path)) for name, path in files.items()}
    manifest = Manifest(FORMAT, program, version, at, heard_until, listed)
    with tarfile.open(
        fileobj=out, mode="w|", format=tarfile.USTAR_FORMAT if _is_small(copy) else tarfile.GNU_FORMAT
    ) as tar:
        body = msgspec.json.encode(manifest)
        tar.addfile(_member(MANIFEST, len(body), at), io.BytesIO(body))
        for name, path in files.items():
            with path.open("rb") as file:
                tar.addfile(_member(name, listed[name][0], at), file)
    progress(1.0)
    return manifest


def _is_small(path: Path) -> bool:
    return path.stat().st_size < 8 * 2**30


def _beside(state: Path, scratch: Path) -> dict[str, Path]:
    """Copies of what lies beside the database: each is replaced as a whole while we look."""
    found = {}
    names = [KEY, FORGOTTEN, *(f"calendars/{path.name}" for path in sorted((state / "calendars").glob("*.json")))]
    for name in names:
        if (state / name).is_file() and (name in (KEY, FORGOTTEN) or _CALENDAR.fullmatch(name)):
            target = scratch / name.replace("/", "-")
            shutil.copyfile(state / name, target)
            found[name] = target
    return found


def _member(name: str, size: int, at: Instant) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, at // 1000
    return member


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpack(name: str, archive: IO[bytes], target: Path, progress: Progress = unwatched) -> Manifest:
    """Write what a backup holds into an empty directory, and nothing that is not in its list, as it says, once.

    Raises:
        StateError: it is no backup, it is damaged or cut off, or it holds what no backup holds.
    """
    try:
        with tarfile.open(fileobj=archive, mode="r|") as tar:
            members = iter(tar)
            manifest = _read_manifest(name, tar, next(members, None))
            room = shutil.disk_usage(target).free
            total = sum(size for size, _ in manifest.files.values())
            if total > room:
                told = "{file}: holds {needed} MB, and {place} has room for {room} MB; make room"
                raise StateError(_said(told, name, needed=total // 10**6, place=target, room=room // 10**6))
            _take_members(name, tar, members, manifest, target, lambda done: progress(done / max(total, 1)))
    except (tarfile.TarError, EOFError, OSError) as error:
        told = "{file}: no whole backup ({why}); take another one, or copy it here again"
        raise StateError(_said(told, name, why=error)) from error
    return manifest


def _read_manifest(name: str, tar: tarfile.TarFile, member: tarfile.TarInfo | None) -> Manifest:
    content = tar.extractfile(member) if member is not None and _is_plain(member, MANIFEST) else None
    if member is None or content is None or member.size > _SMALL:
        raise StateError(_said("{file}: no backup of buzzwatch; name a file that `buzzwatch backup` wrote", name))
    try:
        manifest = msgspec.json.decode(content.read(), type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        told = "{file}: its list cannot be read ({why}); take another backup"
        raise StateError(_said(told, name, why=error)) from error
    if manifest.format != FORMAT:
        told = "{file}: made in format {format} by buzzwatch {program}, this one knows {known}; install that version"
        raise StateError(_said(told, name, format=manifest.format, program=manifest.program, known=FORMAT))
    odd = [each for each, (size, _) in manifest.files.items() if not _is_known(each, size)]
    if odd or DATABASE not in manifest.files or len(manifest.files) > _MOST:
        told = "{file}: holds what no backup holds ({what}); take another backup"
        raise StateError(_said(told, name, what=odd[0] if odd else f"{len(manifest.files)} files"))
    return manifest


def _is_known(name: str, size: int) -> bool:
    if name == DATABASE:
        return size > 0
    if SNAPSHOT.fullmatch(name):
        return 0 <= size <= _LARGE
    return 0 <= size <= _SMALL and (name in (KEY, FORGOTTEN) or _CALENDAR.fullmatch(name) is not None)


def _is_plain(member: tarfile.TarInfo, name: str) -> bool:
    return member.isreg() and not member.issparse() and member.name == name


def _take_members(
    name: str,
    tar: tarfile.TarFile,
    members: Iterator[tarfile.TarInfo],
    manifest: Manifest,
    target: Path,
    progress: Progress,
) -> None:
    """In the order of the list: a name twice, a link, a way out of the directory is no member of any list."""
    done = 0
    for wanted, (size, digest) in manifest.files.items():
        member = next(members, None)
        content = tar.extractfile(member) if member is not None and _is_plain(member, wanted) else None
        if member is None or content is None or member.size != size:
            found = "nothing" if member is None else member.name
            told = "{file}: {found} stands where its list says {wanted}; take another backup"
            raise StateError(_said(told, name, found=found, wanted=wanted))
        path = target / wanted
        path.parent.mkdir(mode=0o750, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            took = hashlib.sha256()
            while piece := content.read(_PIECE):
                out.write(piece)
                took.update(piece)
                done += len(piece)
                progress(done)
        settle_file(path)
        if took.hexdigest() != digest:
            raise StateError(_said("{file}: {wanted} in it is damaged; take another backup", name, wanted=wanted))
    if (more := next(members, None)) is not None:
        told = "{file}: holds what no backup holds ({what}); take another backup"
        raise StateError(_said(told, name, what=more.name))


def _said(sentence: str, name: str, **values: object) -> Said:
    return Said(sentence, {"file": name, **values})
