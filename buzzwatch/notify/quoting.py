"""What people outside wrote, made fit to be shown: no control over the screen, nobody pinged, nothing to click on."""

import re
import unicodedata

MASK = "[…]"
"""Stands for what must not travel in an alert: links inside a post, addresses, telephone numbers, references."""
LONGEST_LINK = 300
_READ_AT_MOST = 4_000
_JOINER = "\u2060"
_EMOJI_JOINER = "\u200d"
_LETTERS_OF_A_BOOKING = 6

_LINK = re.compile(r"(?:\b[a-z][a-z0-9+.-]{1,10}://|\bwww\.)\S+", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_TELEPHONE = re.compile(
    r"(?<!\w)(?!\d{4}-\d\d-\d\d\b|\d\d?[/.-]\d\d?[/.-](?:19|20)\d\d\b)"  # a date is none
    r"\+?\(?\d(?:[ ().\-/]{0,2}\d){7,}"
)
_NAMED_REFERENCE = re.compile(
    r"\b(pnr|booking|r[ée]servation|dossier|commande|order|r[ée]f(?:[ée]rence)?)\b([ .:#-]{0,4}(?:n° ?)?)"
    r"([a-z0-9]{5,14})\b",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"\b(?![A-Z]{2}\d{1,4}\b)(?=[A-Z]*\d)(?=\d*[A-Z])[A-Z0-9]{5,14}\b")
"""Capitals and digits mixed, as bookings are; flight numbers (AF1234) tell what it is about and stay."""
_DOMAIN_DOT = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2})")
_DISARMED = str.maketrans({"<": "‹", ">": "›", "[": "(", "]": ")", "`": "'", "*": "∗", "~": "∼", "|": "¦"})
_SAFE_LINK = re.compile(r"https?://[\w.-]+(?::\d{1,5})?(?:[/?#][!#$%&'()*+,./:;=?@\w~-]*)?", re.ASCII | re.IGNORECASE)


def clean(text: str, limit: int) -> str:
    """One printable line of at most `limit` characters: no control characters, no bidirectional overrides."""
    kept = "".join(_printable(character) for character in text[:_READ_AT_MOST])
    return cut(" ".join(kept.split()), limit)


def quote(text: str, limit: int) -> str:
    """A hostile text to show among ours, one line: cleaned, its links and personal details masked, its markup dead."""
    line = clean(text, _READ_AT_MOST)
    for pattern in (_LINK, _EMAIL, _TELEPHONE):
        line = pattern.sub("\0", line)
    line = _NAMED_REFERENCE.sub(_mask_code, line)
    line = _REFERENCE.sub("\0", line)
    return _isolate(cut(disarm(line).replace("\0", MASK), limit))


def disarm(text: str) -> str:
    """Markup of chat services made dead: mentions ping nobody, bare domains are no links."""
    return _DOMAIN_DOT.sub(f".{_JOINER}", text.translate(_DISARMED)).replace("@", f"@{_JOINER}")


def mask(text: str, limit: int) -> str:
    """A clean line for our own record: links, addresses and numbers in it stay unsaid."""
    line = clean(text, _READ_AT_MOST)
    for pattern in (_LINK, _EMAIL, _TELEPHONE):
        line = pattern.sub(MASK, line)
    return cut(line, limit)


def safe_link(url: str | None) -> str | None:
    """The address of a post if it is a plain web address, else None: a strange one is not worth a click."""
    return url if url and len(url) <= LONGEST_LINK and _SAFE_LINK.fullmatch(url) else None


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, cut after a word where there is one in the second half, and marked as cut."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    words = head.rpartition(" ")[0]
    return (words if len(words) > limit // 2 else head).rstrip(" ,;:") + "…"


def _printable(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp", "Zs"}:
        return " "
    return "" if category[0] == "C" and character != _EMOJI_JOINER else character


def _mask_code(found: re.Match[str]) -> str:
    name, between, code = found.groups()
    shouted = name.isupper() and name != "PNR"
    six_letters = code.isupper() and len(code) == _LETTERS_OF_A_BOOKING and not shouted
    looks_like_code = six_letters or any(character.isdigit() for character in code)
    return f"{name}{between}\0" if looks_like_code else found[0]


def _isolate(text: str) -> str:
    """Right-to-left text kept from rearranging the words around it."""
    rearranges = any(unicodedata.bidirectional(character) in {"R", "AL"} for character in text)
    return f"\u2068{text}\u2069" if rearranges else text
