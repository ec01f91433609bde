"""Texts that nobody can read, and that take their readers an hour.

Unicode puts the marks on a letter in an order of their own, and the standard library does so in a time that grows with
the square of their number: 160 kB of them take six seconds, a megabyte minutes (measured, Python 3.11). People who
write with marks all over use some dozens a letter.
"""

import re
import unicodedata

MOST_MARKS = 200
"""On one letter."""
_FIRST, _LAST = 0x300, 0x1F000


def _marks() -> str:
    """All characters that are put in order, as ranges for a class of a regular expression."""
    ranges: list[list[int]] = []
    for code in range(_FIRST, _LAST):
        if unicodedata.combining(chr(code)):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


_MARK = f"[{_marks()}]"
_RUN = re.compile(f"{_MARK}{{{MOST_MARKS}}}")
_TOO_MANY = re.compile(f"({_MARK}{{{MOST_MARKS - 1}}}){_MARK}+")


def is_wild(text: str) -> bool:
    """Whether more marks stand on a letter than it may bear."""
    if len(text) < MOST_MARKS or not any(map(unicodedata.combining, set(text))):
        return False
    return _RUN.search(text) is not None


def tame(text: str) -> str:
    """The text with as many marks on a letter as it may bear, and no more."""
    return _TOO_MANY.sub(r"\1", text) if is_wild(text) else text
