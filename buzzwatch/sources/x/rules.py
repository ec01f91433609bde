"""What is asked of X: rules of the filtered stream, and queries of the search, made from the watched brands.

Operators as documented (docs.x.com, "Build a rule", "Operators", "Build a query"; read in November 2026): a quoted text
is sought as a phrase of tokens, `@` and `#` are exact, `from:` and `to:` are accounts, a space is AND and binds closer
than OR. The stream matches accents as they are written, so a name with accents is asked for without them too. `not_us`
is never sent: `-` would lose a post that names us beside what is struck out. What comes is matched again in any case.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from msgspec import Struct

from buzzwatch.ingest.normalise import words
from buzzwatch.model.brand import Brand

SOURCE = "x"
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")
_TAG = re.compile(r"\w+")
_NOT_SAID = re.compile(r'["\\\s\x00-\x1f]+')
_PUNCTUATION = re.compile(r"[^\w\s&+$€£%]+")


class Rule(Struct, frozen=True):
    """One rule: what is asked, and for which brand."""

    brand: str
    value: str


def rules(brands: Mapping[str, Brand], longest: int) -> list[Rule]:
    """The rules for all brands, ours before competitors, each of at most `longest` characters."""
    ordered = sorted(brands.values(), key=lambda brand: (brand.competitor, brand.key))
    return [Rule(brand.key, value) for brand in ordered for value in _values(brand, longest)]


def _values(brand: Brand, longest: int) -> Iterator[str]:
    sure: list[str] = []
    doubtful: list[str] = []
    for written in brand.match.any:
        (doubtful if brand.match.near and not written.startswith("@") else sure).extend(terms(written))
    sure += accounts(brand.official)
    yield from pack(dict.fromkeys(sure), longest)
    near = dict.fromkeys(term for written in brand.match.near for term in terms(written))
    # Either half may take half of the room, less what joins them, `(…) (…)`: enough for any name, of 100 characters.
    half = (longest - 5) // 2
    for names, words_near in product(pack(dict.fromkeys(doubtful), half), list(pack(near, half))):
        yield f"({names}) ({words_near})"


def terms(written: str) -> list[str]:
    """The operators that find one name, handle or hashtag of a rule file; none if X can ask for none."""
    if written.startswith("@"):
        handle = written[1:].replace(" ", "")
        return [f"@{handle}"] if _HANDLE.fullmatch(handle) else []
    if written.startswith("#"):
        tag = _TAG.match(written[1:])
        return [f"#{tag[0]}"] if tag else []
    said = _NOT_SAID.sub(" ", written).strip()
    if not said:
        return []
    folded = words(said).strip()
    spelt = (said, _PUNCTUATION.sub(" ", said), folded)
    phrases = {" ".join(each.split()).lower(): None for each in spelt if each.strip()}
    glued = "".join(_TAG.findall(folded))
    found = [f'"{phrase}"' for phrase in phrases]
    found += [f"#{glued}"] if glued and not glued.isdigit() else []
    found += [f"@{each}" for each in {glued: None, folded.replace(" ", "_"): None} if _HANDLE.fullmatch(each)]
    return found


def accounts(official: Iterable[str]) -> list[str]:
    """What our accounts on X say, and what is said to them."""
    handles = sorted(account.removeprefix(f"{SOURCE}:@") for account in official if account.startswith(f"{SOURCE}:@"))
    return [f"{way}:{handle}" for handle in handles if _HANDLE.fullmatch(handle) for way in ("from", "to")]


def pack(found: Iterable[str], longest: int) -> Iterator[str]:
    """As few texts as hold all terms, joined by OR; a term that is too long alone is left out."""
    held: list[str] = []
    length = 0
    for term in found:
        if len(term) > longest:
            continue
        if held and length + len(" OR ") + len(term) > longest:
            yield " OR ".join(held)
            held, length = [], 0
        length += len(term) + (len(" OR ") if held else 0)
        held.append(term)
    if held:
        yield " OR ".join(held)
