"""From a brand file as it is written to a brand as it is watched."""

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from buzzwatch.model.brand import Brand, Match, Route, Rule, Scope
from buzzwatch.model.incident import Severity
from buzzwatch.model.instant import DAY, HOUR, LONGEST_WINDOW, MINUTE, Span
from buzzwatch.rules import schema, when
from buzzwatch.rules.condition import Compiled, Unasked, comparisons
from buzzwatch.rules.written import CONSOLE, Written

_RATES = {Severity.CRITICAL: 1 / 30, Severity.WARNING: 1 / 7, Severity.WATCH: 1 / 7}
"""False alarms a day where a rule names no budget."""
_LEAST_CALM: Span = 30 * MINUTE
_MOMENTARY = (when.Thread, when.Quiet, when.Unanswered)
"""Conditions that no window of time keeps true: a silence is over once somebody is heard."""
_SLOW_RATE = 1 / 30
_SLOW_CALM: Span = 3 * DAY + LONGEST_WINDOW
"""Three days that are judged and do not keep it; the last of them may have been waited for."""
_SAYS: dict[str, dict[type[Written], str]] = {
    "fr": {
        when.Mention: "Un message à regarder",
        when.Thread: "Une conversation s'emballe",
        when.Quiet: "Plus aucun message",
        when.Unanswered: "Des plaintes attendent une réponse",
        when.Negativity: "Plus de messages en colère que d'habitude",
        when.Volume: "Plus de messages que d'habitude",
        when.Spread: "On en parle sur plusieurs sources",
    },
    "en": {
        when.Mention: "A post to look at",
        when.Thread: "A conversation is taking off",
        when.Quiet: "No posts any more",
        when.Unanswered: "Complaints wait for an answer",
        when.Negativity: "More angry posts than usual",
        when.Volume: "More posts than usual",
        when.Spread: "Several sources talk of it",
    },
}
"""What a rule says where it says nothing itself, by the first kind of condition it has, in this order."""
_SAYS_SLOW = {"fr": "Un sujet revient jour après jour", "en": "A subject keeps coming back, day after day"}


def sectors_of(brands: Iterable[schema.BrandFile]) -> dict[str, tuple[str, ...]]:
    """By brand that has a sector: all brands of it."""
    sectors: dict[str, list[str]] = {}
    for brand in brands:
        if brand.sector is not None:
            sectors.setdefault(" ".join(brand.sector.casefold().split()), []).append(brand.brand)
    together = map(tuple, sectors.values())
    return {key: keys for keys in together for key in keys}


def brand_of(written: schema.BrandFile, routes: Mapping[str, Route]) -> Brand:
    """The brand of a file that was found right; `routes` are those of `oncall.yaml`."""
    return Brand(
        key=written.brand,
        name=written.name or written.brand,
        zone=ZoneInfo(written.timezone),
        timezone=written.timezone,
        language=written.language,
        competitor=written.role == "competitor",
        match=Match(written.match.any, written.match.not_us, written.match.near),
        official=frozenset(written.official),
        rules=tuple(_rule(rule, written.language, routes) for rule in written.rules if rule.mode == "live"),
        sector=written.sector,
        themes=written.themes,
        voices={voice: frozenset(accounts) for voice, accounts in written.voices.items()},
        crm_link=written.crm_link,
        slow=None if written.slow is None else _slow(written.slow, written.language, routes),
        shadows=tuple(_rule(rule, written.language, routes) for rule in written.rules if rule.mode == "shadow"),
    )


def _slow(written: schema.Slow, language: str, routes: Mapping[str, Route]) -> Rule:
    """Of a brand's slow signals: a line on the list whatever happens, whoever's brand it is."""
    notify = written.notify or next(name for name in ("care-desk", "oncall", CONSOLE) if name in routes)
    return Rule(
        name="slow",
        says=_SAYS_SLOW[language],
        when=Unasked(),
        scope=Scope.DAY,
        severity=Severity.WATCH,
        notify=notify if notify in routes else CONSOLE,
        rate=written.budget or _SLOW_RATE,
        calm=_SLOW_CALM,
        wakes=False,
    )


def _rule(written: schema.Rule, language: str, routes: Mapping[str, Route]) -> Rule:
    severity = Severity[written.severity.upper()]
    rate = written.budget or _RATES[severity]
    leaves = list(written.when.leaves)
    default = "oncall" if "oncall" in routes else CONSOLE
    notify = written.notify or default
    condition = Compiled(written.when, written.name, rate)
    return Rule(
        name=written.name,
        says=written.says or next(says for kind, says in _SAYS[language].items() if _has(leaves, kind)),
        when=condition,
        scope=_scope(leaves),
        severity=severity,
        notify=notify if notify in routes else default,
        rate=rate,
        calm=max([_LEAST_CALM, *map(_calm, leaves)]),
        quiet_over=_silence(written.when),
        spread_over=max((leaf.over for leaf in leaves if isinstance(leaf, when.Spread)), default=None),
        least=_least(written.when),
        do=written.do,
        runbook=written.runbook,
        wakes=written.at_night == "wake" if written.at_night else severity is Severity.CRITICAL,
        comparisons=comparisons(written.when),
        unanswered=tuple((leaf.over, leaf.at_least) for leaf in leaves if isinstance(leaf, when.Unanswered)),
        gathers=condition.gathers,
    )


def _calm(leaf: when.Leaf) -> Span:
    """How long a condition's window keeps it true; volume over all windows together is taken for an hour."""
    if isinstance(leaf, _MOMENTARY):
        return 0
    return leaf.over or (HOUR if isinstance(leaf, when.Volume) else 0)


def _has(leaves: Iterable[when.Leaf], kind: type[Written]) -> bool:
    return any(isinstance(leaf, kind) for leaf in leaves)


def _scope(leaves: list[when.Leaf]) -> Scope:
    if _has(leaves, when.Mention):
        return Scope.MENTION
    if _has(leaves, when.Thread):
        return Scope.THREAD
    return Scope.QUIET if _has(leaves, when.Quiet) else Scope.BRAND


def _least(when: when.When) -> int:
    """How many mentions a conversation must have before the rule can hold; 0 where that cannot be told beforehand."""
    thread = when.thread
    needed = (
        0 if thread is None else max(int(thread.mentions or 0), int(thread.authors or 0), 2 * bool(thread.escalating))
    )
    return max([needed, *map(_least, when.all or ())])


def _silence(when: when.When) -> Span | None:
    """The shortest silence at which a rule may hold; None if it asks for none."""
    needed = [] if when.quiet is None else [when.quiet.over]
    needed += [over for part in when.all or () if (over := _silence(part)) is not None]
    choice = [over for part in when.any or () if (over := _silence(part)) is not None]
    needed += [min(choice)] if choice else []
    return max(needed, default=None)
