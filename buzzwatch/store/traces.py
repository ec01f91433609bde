"""By what somebody is found in texts, ids and raw bytes: accounts and profiles, never a name that others share."""

import json
import re
from collections.abc import Iterable

import msgspec

from buzzwatch.store.persons import Person

LONG_NAME = 8
"""Characters from which on a name is looked for also where it is not quoted."""
SHORTEST_TEXT = 20
"""Characters of a text of theirs that is looked for in the texts of others: shorter ones are said by many."""
_BEFORE = r"(?<![\w@.-])"
_AFTER = r"(?!\w|[.@-]\w)"


def traces_of(person: Person) -> dict[str, str]:
    """Patterns of what names an account for certain, whichever the platform that says it; see `Renaming.traces`."""
    traces: dict[str, str] = {}
    for handle in sorted(person.handles | person.ids):
        if _is_address(handle):
            traces[handle] = f"(?<![\\w.-])@?{re.escape(handle)}{_AFTER}"
        user, _, host = handle.partition("@")
        if host:
            for path in ("@", "users/"):
                traces[f"{host}/{path}{user}"] = rf"\b{re.escape(f'{host}/{path}{user}')}{_AFTER}"
    for handle in sorted(person.handles):
        for shown in (f"@{handle}", handle):
            traces[f"{person.source}:{shown}"] = rf"(?<![\w.-]){re.escape(f'{person.source}:{shown}')}{_AFTER}"
        if person.source == "x":
            for host in ("x.com", "twitter.com"):
                traces[f"{host}/{handle}"] = rf"\b{re.escape(f'{host}/{handle}')}{_AFTER}"
    return traces


def _is_address(name: str) -> bool:
    """Whether a name says by itself which account of which platform it is: a did, a domain, user@instance."""
    return name.startswith("did:") or "." in name or "@" in name


def handle_pattern(persons: Iterable[Person]) -> "re.Pattern[str] | None":
    """What names accounts among people of their platform: `@lea`, never `@leane`."""
    handles = sorted({handle for person in persons for handle in person.handles})
    if not handles:
        return None
    return re.compile("|".join(f"{_BEFORE}@{re.escape(handle)}{_AFTER}" for handle in handles), re.IGNORECASE)


def written(words: Iterable[str]) -> set[bytes]:
    r"""Words as they may stand in JSON, in lower case: as they are, with escapes for all but ASCII, with `\/`."""
    found: set[bytes] = set()
    for word in words:
        for each in (msgspec.json.encode(word)[1:-1], json.dumps(word)[1:-1].encode()):
            found |= {each.lower(), each.lower().replace(b"/", b"\\/")}
    return found - {b""}


def raw_needles(person: Person) -> set[bytes]:
    """By which a payload is found that nobody could read: rather one too many than one too few."""
    names = {*person.ids, *person.handles, *person.names, *(f"@{each}" for each in person.handles)}
    quoted = {b'"%s"' % each for each in written(names)}
    long = [text for text in person.texts if len(text) >= SHORTEST_TEXT]
    told_apart = [name for name in names if len(name) >= LONG_NAME or _is_address(name)]
    return quoted | written((*person.posts, *long, *told_apart, *traces_of(person)))
