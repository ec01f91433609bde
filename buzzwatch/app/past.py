"""Files of past mentions, as `learn` and `replay` are given them: in the interchange format, or a tool's export."""

from collections.abc import Iterator
from datetime import tzinfo
from pathlib import Path

from buzzwatch.app.mapping_file import load_mapping, load_preset, preset_names
from buzzwatch.ingest.mapping import Fields
from buzzwatch.rules.units import nearest
from buzzwatch.rules.words import Said, Words
from buzzwatch.sources.export import looks_like, read_export
from buzzwatch.sources.file import Chunk, FileFaultError, read

MOST_REFUSALS = 100
"""Told one by one; the others are counted."""


class Past:
    """A file, and the mapping that its mentions are read by; without one they are in the interchange format.

    `refused` is what the last reading could not use: lines, or items, and why; `unread` is how many there were.
    """

    def __init__(self, file: str, mapping: Fields | None = None) -> None:
        self.file = file
        self.refused: list[tuple[int, Words]] = []
        self.unread = 0
        self._mapping = mapping

    def read(self) -> Iterator[Chunk]:
        """Its mentions, from the beginning; of an export in the order of their times. Raises `FileFaultError`."""
        self.refused, self.unread = [], 0
        return read(self.file) if self._mapping is None else read_export(self.file, self._mapping, self._refuse)

    def _refuse(self, line: int, why: Words) -> None:
        self.unread += 1
        if len(self.refused) < MOST_REFUSALS:
            self.refused.append((line, why))


def open_past(file: str, shape: str | None, mapping: Path | None, zone: tzinfo) -> Past:
    """A file as its reader names it: an export of the tool `shape`, or by a mapping of their own.

    Raises:
        FileFaultError: no such shape is known, or without one it looks like the export of a tool.
        RuleFaults: the mapping has faults.
    """
    if mapping is not None:
        return Past(file, load_mapping(mapping, zone))
    known = preset_names()
    if shape is not None and shape not in known:
        told = "no tool is called `{word}` here: {remedy}"
        raise FileFaultError(Said(told, {"word": shape, "remedy": nearest(shape, known)}))
    if shape is not None:
        return Past(file, load_preset(shape, zone))
    if not _is_interchange(file) and (tool := looks_like(file, (load_preset(name, zone) for name in known))):
        told = "{file} looks like an export of {tool}: add --as {tool}"
        raise FileFaultError(Said(told, {"file": file, "tool": tool}))
    return Past(file)


def _is_interchange(file: str) -> bool:
    """Whether its first bytes have the three fields that every mention must have; a look that costs nothing."""
    try:
        with Path(file).open("rb") as raw:
            head = raw.read(2_000)
    except OSError:
        return True  # who reads it will say what is wrong
    return head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"{", b"[")) and all(
        key in head for key in (b'"id"', b'"created_at"', b'"text"')
    )
