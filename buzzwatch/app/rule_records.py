"""What the record says of rule files: who changed what, what was refused, in lines."""

from collections.abc import Iterable

from msgspec import Struct

from buzzwatch.model.input import RulesMended, RulesRefused
from buzzwatch.model.reading import How, Origin, Saved
from buzzwatch.notify.quoting import clean
from buzzwatch.rules.edits import Edit, edits
from buzzwatch.rules.words import Language
from buzzwatch.store.history import RulesInForce

_MOST = 3
"""Changes and owners that a line names."""
_LONGEST = 300


class Words(Struct, frozen=True):
    """One language."""

    changed: str
    refused: str
    accepted: str
    by: str
    user: str
    owner: str
    how: dict[How, str]
    faults: tuple[str, str]
    nothing: str
    then: str
    also: str


WORDS: dict[Language, Words] = {
    "fr": Words(
        changed="règles modifiées",
        refused="règles refusées",
        accepted="les fichiers de règles sont de nouveau acceptés",
        by="par {who}",
        user="par l'utilisateur {who}",
        owner="fichier de {who}",
        how={
            How.START: "lues au démarrage",
            How.ITSELF: "",
            How.COMMAND: "par `buzzwatch reload`",
            How.SIGNAL: "par SIGHUP",
        },
        faults=("{n} faute", "{n} fautes"),
        nothing="les fichiers sont les mêmes",
        then=" : ",
        also=" ; ",
    ),
    "en": Words(
        changed="rules changed",
        refused="rules refused",
        accepted="the rule files are accepted again",
        by="by {who}",
        user="by user {who}",
        owner="file owner {who}",
        how={
            How.START: "read at the start",
            How.ITSELF: "",
            How.COMMAND: "by `buzzwatch reload`",
            How.SIGNAL: "by SIGHUP",
        },
        faults=("{n} fault", "{n} faults"),
        nothing="the files are the same",
        then=": ",
        also="; ",
    ),
}


class Said(Struct, frozen=True):
    """A line, the lines that say it at length, and who is known to have done it."""

    says: str
    lines: tuple[str, ...] = ()
    by: str = ""


def say(what: RulesInForce | RulesRefused | RulesMended, language: Language) -> Said:
    """An entry of the history."""
    match what:
        case RulesInForce():
            return _put_in_force(what, language)
        case RulesRefused():
            return _refused(what, language)
        case _:
            return Said(WORDS[language].accepted)


def _put_in_force(rules: RulesInForce, language: Language) -> Said:
    """Who changed which files by how many lines, what that means, and the unified diffs."""
    words, found = WORDS[language], edits(rules.old, rules.new)
    counts = ", ".join(f"{_name(each)} +{each.added} −{each.removed}" for each in found) or words.nothing
    changes = rules.origin.changes.get(language, ()) if rules.origin else ()
    more = [f"+{len(changes) - _MOST}"] if len(changes) > _MOST else []
    told = words.also.join([*changes[:_MOST], *more])
    head = _headed(words.changed, rules.origin, words)
    says = words.then.join(part for part in (head, counts, told) if part)
    return Said(clean(says, _LONGEST * 2), tuple(_long(found, changes)), _known(rules.origin))


def _refused(item: RulesRefused, language: Language) -> Said:
    """Who saved what was refused, with how many faults, and the first of them."""
    words = WORDS[language]
    faults = tuple(clean(each.get(language) or each.get("en", ""), _LONGEST) for each in item.faults)
    counted = words.faults[item.number > 1].format(n=item.number)
    says = words.then.join((_headed(words.refused, item.origin, words), counted, *faults[:1]))
    more = (f"+{item.number - len(faults)}",) if item.number > len(faults) else ()
    return Said(clean(says, _LONGEST * 2), (*faults, *more), _known(item.origin))


def _headed(what: str, origin: Origin | None, words: Words) -> str:
    """What happened, by whom as far as that is known: never more than the kernel or the person said."""
    if origin is None:
        return what
    who = words.by.format(who=origin.by) if origin.by else words.user.format(who=origin.user) if origin.user else ""
    owners = words.owner.format(who=_owners(origin.saved)) if _owners(origin.saved) else ""
    aside = ", ".join(part for part in (owners, words.how[origin.how]) if part)
    return " ".join(part for part in (what, who, f"({aside})" if aside else "") if part)


def _owners(saved: Iterable[Saved]) -> str:
    names = list(dict.fromkeys(each.owner for each in saved if each.owner))
    return ", ".join([*names[:_MOST], *([f"+{len(names) - _MOST}"] if len(names) > _MOST else [])])


def _known(origin: Origin | None) -> str:
    return "" if origin is None else origin.by or origin.user or _owners(origin.saved)


def _name(edit: Edit) -> str:
    return clean(edit.file, _LONGEST)


def _long(found: Iterable[Edit], changes: Iterable[str]) -> Iterable[str]:
    yield from changes
    for edit in found:
        yield f"--- {_name(edit)}"
        yield f"+++ {_name(edit)}"
        yield from edit.lines
