"""Rule files that were refused: one message to who edits them, one when other faults stay, one when they are right."""

from msgspec.structs import replace

from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind
from buzzwatch.model.input import RulesMended, RulesRefused, Trouble
from buzzwatch.model.instant import HOUR, Instant, Span
from buzzwatch.model.notification import RefusedFiles
from buzzwatch.model.reading import Refusal
from buzzwatch.notify.notices import CONSOLE, Told, let_sleep, notices_of
from buzzwatch.notify.refusal_words import WORDS
from buzzwatch.notify.troubles import hearers, incident_of

AGAIN: Span = HOUR
"""Other faults than those that were told are told no sooner than this after the last message."""
_ROUTES = ("editors", "ops")
_OPENED, _OVER = ChangeKind.OPENED, ChangeKind.OVER


def hear(
    item: RulesRefused | RulesMended, before: Refusal | None, rules: Ruleset, now: Instant
) -> tuple[Refusal | None, Told | None]:
    """What stands after files were read, and what is told of it: nothing where that was told already."""
    if isinstance(item, RulesMended):
        return None, None if before is None else _tell(before.since, RefusedFiles(), _OVER, rules, now)
    told = RefusedFiles(item.faults, item.number, item.in_force)
    if before is None:
        return Refusal(now, now, item.digest), _tell(now, told, _OPENED, rules, now)
    if item.digest == before.told or now - before.told_at < AGAIN:
        return before, None
    told = replace(told, again=True)
    return replace(before, told_at=now, told=item.digest), _tell(before.since, told, _OPENED, rules, now)


def _tell(since: Instant, files: RefusedFiles, kind: ChangeKind, rules: Ruleset, now: Instant) -> Told:
    """The route `editors`, else `ops`, else the console; persons only by day."""
    name = next((name for name in _ROUTES if name in rules.routes), _ROUTES[-1])
    route = rules.routes.get(name, CONSOLE)
    trouble = Trouble(now, "rules", since, WORDS[route.language or "en"].refused, over=kind is _OVER)
    incident = replace(incident_of(trouble), route=name)
    targets, held = let_sleep(hearers(route, rules, now), incident, rules, now)
    notices = notices_of(incident, kind, targets, rules, now)
    return Told(incident, tuple(replace(each, refused=files, timezone=rules.timezone) for each in notices), held)
