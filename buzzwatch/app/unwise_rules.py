"""What is legal in a rule and yet surely not meant: what never holds, what adds nothing, what has no effect."""

from collections.abc import Iterator, Sequence
from typing import Any

from buzzwatch.model.incident import Severity
from buzzwatch.model.instant import HOUR, SECOND
from buzzwatch.model.view import MOST_REMEMBERED
from buzzwatch.rules.faults import Fault
from buzzwatch.rules.schema import BrandFile, Rule
from buzzwatch.rules.text import Document, Path
from buzzwatch.rules.units import spell
from buzzwatch.rules.when import Leaf, Mention, Negativity, Thread, Unanswered, Volume, When
from buzzwatch.rules.words import Said
from buzzwatch.threads.complaints import MOST_WAITING

_MOST_FOLLOWED = 700_000_000
"""Followers of the account that has most, anywhere."""
_FASTEST = 1_000
"""Mentions of one brand a second."""
_GROUPS = ("all", "any", "none")
_LEAVES = ("volume", "negativity", "thread", "mention", "quiet", "spread", "unanswered")
_NOT_A_MINIMUM = frozenset({"over", "by", "answered", "kind", "source", "theme", "voice"})
_WHOLE = (Said("a share of 100% is never reached"), Said("write 90% or less"))
"""One mention that is not quite negative is enough."""
_RATES = {"critical": 1 / 30, "warning": 1 / 7, "watch": 1 / 7}


def of_rules(document: Document, brand: BrandFile) -> Iterator[Fault]:
    """The findings of one brand's rules."""
    for index, rule in enumerate(brand.rules):
        path: Path = ("rules", index)
        yield from _without_effect(document, path, rule, brand)
        yield from _of_when(document, (*path, "when"), rule.when, brand)
        yield from _beside(document, index, brand.rules)


def _without_effect(document: Document, path: Path, rule: Rule, brand: BrandFile) -> Iterator[Fault]:
    if rule.budget is not None and not any(_is_budgeted(leaf) for leaf in rule.when.leaves):
        said = "`budget` has no effect: nothing here is judged by what is usual"
        remedy = "add `unusual: true` or `escalating: true`, or remove it"
        yield document.fault(document.key_place((*path, "budget")), said, remedy)
    if rule.severity == "watch" and rule.at_night is not None:
        said = "`at_night` has no effect: `watch` tells nobody at once"
        yield document.fault(document.key_place((*path, "at_night")), said, "remove it, or write another `severity`")
    if rule.severity == "critical" and brand.role == "competitor":
        said = "a competitor never pages anybody: `critical` is told as `warning`"
        yield document.fault(document.value_place((*path, "severity")), said, "write `warning`")


def _is_budgeted(leaf: Leaf) -> bool:
    return bool(getattr(leaf, "unusual", None) or getattr(leaf, "escalating", None))


def _of_when(
    document: Document, path: Path, when: When, brand: BrandFile, required: Sequence[When] = ()
) -> Iterator[Fault]:
    """What can never hold, and what of `any` and `none` is idle; `required` holds around it."""
    for name in _LEAVES:
        leaf: Leaf | None = getattr(when, name)
        if leaf is not None:
            yield from _out_of_reach(document, (*path, name), leaf, brand)
    required = (*required, when, *(when.all or ()))
    for index, part in enumerate(when.none or ()):
        if any(_implies(each, part) for each in required):
            said = "this holds whenever what stands beside it does: together they never hold"
            yield document.fault(document.value_place((*path, "none", index)), said, "remove it, or ask for more in it")
    for index in range(len(when.any or ())):
        twin = _twin(index, when.any or ())
        if twin is not None:
            line = document.value_place((*path, "any", twin))[0]
            said = "this adds nothing: line {line} holds whenever this does"
            yield document.fault(document.value_place((*path, "any", index)), said, "remove one of them", line=line)
    for group in _GROUPS:
        for index, part in enumerate(getattr(when, group) or ()):
            yield from _of_when(document, (*path, group, index), part, brand, required if group == "all" else ())


def _twin(index: int, parts: Sequence[When]) -> int | None:
    """Which other part holds whenever this one does; of two that are the same the first is kept."""
    mine = parts[index]
    others = ((n, other) for n, other in enumerate(parts) if n != index and _implies(mine, other))
    return next((n for n, other in others if n < index or not _implies(other, mine)), None)


def _out_of_reach(document: Document, path: Path, leaf: Leaf, brand: BrandFile) -> Iterator[Fault]:
    """Minimums that nothing can reach."""
    for key, said, remedy in _too_much(leaf, brand):
        yield document.fault(document.value_place((*path, key)), said, remedy)


def _too_much(leaf: Leaf, brand: BrandFile) -> Iterator[tuple[str, Said, Said]]:
    match leaf:
        case Volume() | Negativity():
            most = _FASTEST * (leaf.over or HOUR) // SECOND
            for key in ("at_least", "authors"):
                if (getattr(leaf, key) or 0) > most:
                    values = {"over": spell(leaf.over or HOUR), "most": f"{most:,}"}
                    yield (
                        key,
                        Said("no brand gets so many in {over}", values),
                        Said("write far less than {most}", values),
                    )
            if isinstance(leaf, Negativity) and leaf.share == 1:
                yield "share", *_WHOLE
        case Thread() if leaf.negative_share == 1:
            yield "negative_share", *_WHOLE
        case Unanswered() if leaf.at_least > MOST_WAITING:
            said = Said("at most {most} complaints of a brand are kept", {"most": f"{MOST_WAITING:,}"})
            yield "at_least", said, Said("write less")
        case Mention():
            yield from _too_much_of_one(leaf, brand)


def _too_much_of_one(leaf: Mention, brand: BrandFile) -> Iterator[tuple[str, Said, Said]]:
    if (leaf.followers or 0) > _MOST_FOLLOWED:
        yield "followers", Said("no account has so many followers"), Said("write 100000, say")
    if leaf.negativity is not None and leaf.negativity >= 1:
        yield "negativity", Said("no mention is so surely negative"), Said("write 0.9 or less")
    if (leaf.authors or 0) > MOST_REMEMBERED:
        said = Said("at most {most} authors are remembered", {"most": f"{MOST_REMEMBERED:,}"})
        yield "authors", said, Said("write less")
    elif leaf.authors and leaf.voice:
        known = {account for voice in leaf.voice for account in brand.voices.get(voice, ())}
        if leaf.authors > len(known):
            number = {"number": len(known)}
            said = Said("these voices have {number} accounts only: this is never reached", number)
            yield "authors", said, Said("write {number} or less, or add accounts", number)


def _beside(document: Document, index: int, rules: Sequence[Rule]) -> Iterator[Fault]:
    """What a rule is, beside those before it: the same, of nearly the same name, or idle."""
    rule = rules[index]
    for other in rules[:index]:
        if rule.name.replace("_", "-") == other.name.replace("_", "-"):
            place = document.value_place(("rules", index, "name"))
            said = "`{rule}` and `{other}` are told apart by a stroke only"
            yield document.fault(place, said, "choose another name", rule=rule.name, other=other.name)
        if rule.mode == other.mode and rule.when == other.when and _rate(rule) == _rate(other):
            place = document.value_place(("rules", index, "when"))
            said = "the rule `{rule}` asks for the same as `{other}`: both ring together, as one incident"
            yield document.fault(place, said, "remove one of them", rule=rule.name, other=other.name)
    for other in rules:
        if other is not rule and other.mode == rule.mode and other.when != rule.when and _is_idle(rule, other):
            place = document.value_place(("rules", index, "when"))
            said = "whenever `{rule}` rings, `{other}` rings too and is not calmer: `{rule}` adds nothing"
            remedy = "let it ask for less, be more severe, or remove it"
            yield document.fault(place, said, remedy, rule=rule.name, other=other.name)


def _is_idle(rule: Rule, other: Rule) -> bool:
    graver = Severity[other.severity.upper()] >= Severity[rule.severity.upper()]
    same_ears = (rule.notify, rule.at_night) == (other.notify, other.at_night)
    return graver and same_ears and _rate(rule) <= _rate(other) and _implies(rule.when, other.when)


def _rate(rule: Rule) -> float:
    return rule.budget or _RATES[rule.severity]


def _implies(when: When, other: When) -> bool:
    """Whether the second surely holds whenever the first does; said of plain conditions only."""
    if any(getattr(other, group) for group in _GROUPS):
        return False
    asked = [(name, leaf) for name in _LEAVES if (leaf := getattr(other, name)) is not None]
    return all((mine := getattr(when, name)) is not None and _reaches(mine, leaf) for name, leaf in asked)


def _reaches(leaf: Any, other: Any) -> bool:  # noqa: ANN401 - two of the same kind
    """Whether what satisfies the first condition satisfies the second."""
    if isinstance(leaf, Mention) and (leaf.authors or other.authors):
        return bool(leaf == other)  # which mentions are counted depends on all that is asked
    for name in type(other).model_fields:
        mine, theirs = getattr(leaf, name), getattr(other, name)
        if name in _NOT_A_MINIMUM:
            if theirs != mine and not (theirs is None and name not in {"over", "by"}):
                return False
        elif theirs is not None and (mine is None or mine < theirs):
            return False
    return True
