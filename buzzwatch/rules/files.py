"""The texts of a rules directory, as they are on disk."""

from pathlib import Path

from buzzwatch.rules.calendar import CALENDAR
from buzzwatch.rules.faults import Fault, RuleFaults
from buzzwatch.rules.text import LARGEST_FILE
from buzzwatch.rules.words import Said, Words, said, why_of

ONCALL = ("oncall.yaml", "oncall.yml")
SUFFIXES = frozenset({".yaml", ".yml"})
SHARED = (*ONCALL, *CALENDAR)
"""Files that describe no brand."""


def read(directory: Path) -> dict[str, str]:
    """The text of each `*.yaml` and `*.yml` directly in a directory, by file name.

    Raises:
        RuleFaults: the directory or a file cannot be read, is too large, or is no UTF-8 text.
    """
    texts: dict[str, str] = {}
    faults: list[Fault] = []
    try:
        paths = sorted(path for path in directory.iterdir() if path.suffix in SUFFIXES)
    except OSError as error:
        said = "the rules directory cannot be read: {why}"
        remedy = "check `rules` in buzzwatch.yaml"
        raise RuleFaults([whole_fault(str(directory), said, remedy, why=why_of(error))]) from None
    for path in paths:
        try:
            texts[path.name] = read_text(path)
        except RuleFaults as refused:
            faults += refused.faults
    if faults:
        raise RuleFaults(faults)
    return texts


def read_text(path: Path) -> str:
    """The text of one file; raises `RuleFaults` as `read` does."""
    try:
        path.name.encode()
    except UnicodeEncodeError:  # no record could name it
        raise RuleFaults([whole_fault(path.name, "its name is not UTF-8", "rename it")]) from None
    try:
        if path.exists() and not path.is_file():  # a pipe would keep us waiting
            raise RuleFaults([whole_fault(path.name, "not a regular file", "move it out of the way")])
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise RuleFaults([whole_fault(path.name, "larger than {most} bytes", "split it", most=f"{LARGEST_FILE:,}")])
        return content.decode("utf-8-sig")
    except OSError as error:
        raise RuleFaults(
            [whole_fault(path.name, "cannot be read: {why}", "check its path and permissions", why=why_of(error))]
        ) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        begun = error.object.rfind(b"\n", 0, error.start) + 1
        column = len(error.object[begun : error.start].decode()) + 1
        byte = error.object[error.start]
        said = Said("not UTF-8 text (byte 0x{byte})", {"byte": f"{byte:02x}"})
        raise RuleFaults([Fault(path.name, line, column, "", said, "save the file as UTF-8")]) from None


def whole_fault(file: str, message: Words, remedy: Words, /, **values: object) -> Fault:
    """What is wrong with a file as such."""
    return Fault(file, 0, 0, "", said(message, values), said(remedy, values))
