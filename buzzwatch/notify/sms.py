"""One SMS segment: the GSM 7-bit alphabet (3GPP TS 23.038), at most 160 septets."""

import unicodedata

SEGMENT = 160
_LONGEST_LINK = 120
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€")
"""Each takes two septets."""
_SPELT = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "«": '"',
        "»": '"',
        "–": "-",
        "—": "-",
        "…": "...",
        "·": "-",
        "œ": "oe",
        "Œ": "OE",
        "ł": "l",
        "Ł": "L",
        "‹": "<",
        "›": ">",
    }
)


def septets(text: str) -> int:
    """The length of a text of that alphabet on the air."""
    return len(text) + sum(character in _EXTENDED for character in text)


def fold(text: str) -> str:
    """The nearest text of the alphabet: accents go only where it lacks them, emoji go, other letters become "?"."""
    return "".join(_fold(character) for character in text.translate(_SPELT))


def is_carried(link: str) -> bool:
    """Whether an address is written in the alphabet, and leaves room for words."""
    return fold(link) == link and septets(link) <= _LONGEST_LINK


def segment(start: str, what: str, end: str, link: str | None, aside: str = "") -> str:
    """The words, then the link whole; where room lacks, `aside` goes and `what` is cut first, then the rest.

    A link that leaves no room is left out.
    """
    start, what, end, aside = fold(start), fold(what), fold(end), fold(aside)
    tail = f" {link}" if link is not None and is_carried(link) else ""
    room = SEGMENT - septets(tail)
    if septets(start + what + end + aside) <= room:
        end += aside
    return cut(start + cut(what, room - septets(start) - septets(end)) + end, room) + tail


def _fold(character: str) -> str:
    if character in _BASIC or character in _EXTENDED:
        return character
    if unicodedata.category(character) == "Zs":
        return " "
    plain = "".join(part for part in unicodedata.normalize("NFKD", character) if part in _BASIC)
    return plain or ("?" if character.isalpha() else "")


def cut(text: str, room: int) -> str:
    """At most so many septets, marked where something went."""
    if septets(text) <= room:
        return text
    dots = "..." if room > len("...") else ""
    while text and septets(text) > room - len(dots):
        text = text[:-1]
    return text.rstrip() + dots
