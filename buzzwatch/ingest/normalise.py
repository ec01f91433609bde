"""Text made comparable: without case, accents, typography, links and handles."""

import re
import unicodedata
from collections.abc import Callable
from zlib import crc32

from buzzwatch.model.mention import Author

_RESPELT = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ـ": ""})
_PUNCTUATION = (
    dict.fromkeys("‘’‚‛ʼʹ′´`＇", "'")
    | dict.fromkeys("“”„‟«»″", '"')
    | dict.fromkeys("‐‑‒–—―−", "-")
    | dict.fromkeys("\u00a0\u202f\u2009\u3000", " ")
)
_LETTERFORMS = ("<font>", "<wide>", "<narrow>", "<initial>", "<medial>", "<final>", "<isolated>")
"""Decompositions that only change how a letter looks: 𝐀𝐜𝐦𝐞, Ａｃｍｅ. Not <super>: "Acme™" is not "acmetm"."""

ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "#39": "'", "#x27": "'", "nbsp": " "}
_ENTITY = re.compile(f"&({'|'.join(ENTITIES)});")
_LINK = re.compile(r"https?://\S+")
_HANDLE = re.compile(r"@\w[\w.@-]*")
_WIDE = re.compile("[^\x00-\xff]")
_LOOSE_PLUS = re.compile(r"(?<!\w)\+|\+(?=\w)")
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
"""A run of Thai, Lao, Burmese, Khmer, kana, Han: scripts that put no space between words."""

BETWEEN = " #@_&+"
"""What `words` leaves that is neither letter, digit nor mark."""

_MEMO_UP_TO = 0x20000
_FEW = 12


def fold(text: str) -> str:
    """The text without case, accents, letter forms and invisible characters, and with straight quotes and hyphens.

    Composed and decomposed spellings give the same result. What is not a letter stays: emoji, punctuation, `#`, `_`.
    """
    return _FOLD.apply(text)


def words(text: str) -> str:
    """The folded words of a text, each between single spaces: `" l acme est nulle #boycottacme @acme_fr "`.

    Apostrophes, hyphens and all other punctuation separate words. `@` and `#` stay glued to what follows; a hashtag
    with underscores is given glued and then in words; `&` is a word of its own, and `+` stays at a word's end (Canal+).
    Runs of scripts without spaces are set off from their neighbours.
    """
    return f" {' '.join(tokens(unescape(text)))} "


def tokens(text: str) -> list[str]:
    """What `words` gives, as a list; of a text without entities."""
    spaced = _WORD.apply(text)
    if "#" in spaced:
        spaced = spaced.replace("#", " #")
    if "&" in spaced:
        spaced = spaced.replace("&", " & ")
    if "+" in spaced:
        spaced = _LOOSE_PLUS.sub(" ", spaced)
    if not spaced.isascii():
        spaced = UNSPACED.sub(r" \g<0> ", spaced)
    found = spaced.split()
    if "_" in spaced:
        return " ".join(_without_underscores(token) if "_" in token else token for token in found).split()
    return found


def letters_of(char: str) -> str:
    """What `words` makes of a character (of a text in NFC), without what only stands between words; often nothing."""
    return "".join(letter for letter in _word_character(char) if letter not in BETWEEN)


def unescape(text: str) -> str:
    """The text with the few HTML entities that platforms leave in it decoded."""
    return _ENTITY.sub(lambda found: ENTITIES[found[1]], text) if "&" in text else text


def bare(text: str) -> str:
    """What the author says: without links, handles, entities and a leading "RT"; case and accents are kept."""
    text = unescape(text).removeprefix("RT ")
    if "://" in text:
        text = _LINK.sub(" ", text)
    return _HANDLE.sub(" ", text) if "@" in text else text


def plain(text: str) -> str:
    """What the author says, folded."""
    return fold(bare(text))


def spoken(text: str, folded: str = "") -> list[str]:
    """The folded words of what the author says: none of links, handles and entities.

    `folded` is what `match.lay_out` gave for the text, where it is known already.
    """
    said = bare(text)
    return folded.replace("|", " ").split() if folded and said == text else tokens(said)


def author_key(source: str, author: Author | None) -> int:
    """A stable 32-bit key of an account, by its id or else its handle; 0 where neither is known, and only there."""
    if author is None:
        return 0
    account = author.id or (author.handle and fold(author.handle.lstrip("@")))
    return crc32(f"{source}:{account}".encode("utf-8", "replace")) or 1 if account else 0


class _Folding(dict[int, str]):
    """A way to fold character by character.

    Bytes are translated ten times faster than characters: a text is made Latin-1 by replacing its few wide characters
    (curly quotes, emoji) one after the other, then translated as bytes; what is written in another script goes through
    the memo that this dictionary is.
    """

    _NO_BYTE = b"\0"

    def __init__(self, fold_character: Callable[[str], str]) -> None:
        super().__init__()
        self._fold_character = fold_character
        folded = [self[code] for code in range(256)]
        self._latin = b"".join(char.encode() if len(char) == 1 and char.isascii() else self._NO_BYTE for char in folded)

    def apply(self, text: str) -> str:
        if not text.isascii():
            text = self._narrow(text)
        try:
            latin = text.encode("latin-1").translate(self._latin)
        except UnicodeEncodeError:
            return text.translate(self)
        return text.translate(self) if self._NO_BYTE in latin else latin.decode("ascii")

    def _narrow(self, text: str) -> str:
        if not unicodedata.is_normalized("NFC", text):
            text = unicodedata.normalize("NFC", text)
        wide = dict.fromkeys(_WIDE.findall(text))
        if len(wide) <= _FEW:
            for char in wide:
                text = text.replace(char, self[ord(char)])
        return text

    def __missing__(self, code: int) -> str:
        folded = self._fold_character(chr(code))
        if code < _MEMO_UP_TO:  # bounds the memo whatever comes in
            self[code] = folded
        return folded


def _fold_character(char: str) -> str:
    if char in _PUNCTUATION:
        return _PUNCTUATION[char]
    if unicodedata.category(char) == "Cf":  # zero-width, direction, soft hyphen: used to hide names
        return ""
    if unicodedata.decomposition(char).startswith(_LETTERFORMS):
        char = unicodedata.normalize("NFKC", char)
    letters = unicodedata.normalize("NFD", char.casefold())
    kept = "".join(letter for letter in letters if not _is_accent(letter))
    return unicodedata.normalize("NFC", kept.translate(_RESPELT)).translate(_STRAIGHT)


def _is_accent(char: str) -> bool:
    """Accents, Hebrew and Arabic points; not the marks that are letters of Indic and Asian scripts."""
    place = unicodedata.combining(char)
    return place == 1 or 10 <= place <= 36 or place >= 200  # noqa: PLR2004 - Unicode's canonical combining classes


def _word_character(char: str) -> str:
    return "".join(c if _is_of_a_word(c) else " " for c in _fold_character(char))


def _is_of_a_word(char: str) -> bool:
    return char.isalnum() or char in "#@_&+" or unicodedata.category(char)[0] == "M"


def _without_underscores(token: str) -> str:
    if token[0] == "@":
        return token
    spaced = " ".join(token.lstrip("#").replace("_", " ").split())
    return f"#{spaced.replace(' ', '')} {spaced}" if token[0] == "#" else spaced


_STRAIGHT = str.maketrans({curly: straight for curly, straight in _PUNCTUATION.items() if len(curly) == 1})
_FOLD = _Folding(_fold_character)
_WORD = _Folding(_word_character)
