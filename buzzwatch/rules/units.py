"""How people write lengths of time, shares, ratios, budgets, names and texts; each becomes a plain value.

A wrong one raises a pydantic error that carries a message and a remedy, which `rules.validate` puts in its place.
"""

import difflib
import re
from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Annotated
from unicodedata import combining, normalize
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError

from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, WINDOWS, Span

CUSTOM = "written"
"""The type of the errors raised here."""

_UNITS: dict[str, Span] = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_SPAN = re.compile(r"([0-9]{1,6})([smhd])")
_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?) ?%")
_RATIO = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,3})?)x")
_BUDGET = re.compile(r"([0-9]{1,4}) per (?:([0-9]{1,3}) )?(day|week|month)s?")
_BUDGET_DAYS = {"day": 1, "week": 7, "month": 30}
_WORD = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_ACCOUNT = re.compile(r"[a-z0-9_.-]+:\S+")
LEAST_FACTOR, MOST_FACTOR = 0.05, 50.0
"""Of a campaign: who expects next to nothing makes a crisis of every mention, who expects everything hides one."""
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PLACEHOLDER = re.compile(r"\{([a-z_]*)\}")
PLACEHOLDERS = ("brand", "rule", "observed", "expected", "share", "over")
"""What the texts of a rule may hold in braces."""
CRM_PLACEHOLDERS = ("author_id", "handle", "source")
"""What `crm_link` may hold in braces."""


def mistake(message: str, remedy: str) -> PydanticCustomError:
    """What a validator raises."""
    return PydanticCustomError(CUSTOM, "{message}", {"message": message, "remedy": remedy})


def shown(value: object) -> str:
    """A value as its writer would recognise it, cut short."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"`{str(value).lower()}`"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            text = str(value)
            return f"`{text[:40]}…`" if len(text) > 40 else f"`{text}`"  # noqa: PLR2004 - fits a terminal line


def nearest(word: str, valid: Collection[str]) -> str:
    """The remedy for a word that is not one of the valid ones."""
    close = difflib.get_close_matches(word[:60].lower(), valid, n=1)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"valid here: {', '.join(valid)}" if valid else "remove it"


def spell(span: Span) -> str:
    """A length of time as rule files write it, in its largest whole unit."""
    for letter, unit in reversed(_UNITS.items()):
        if span % unit == 0:
            return f"{span // unit}{letter}"
    return f"{span}ms"


def _span(value: object) -> Span:
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise mistake(f"{shown(value)} is not a length of time", "write a number and s, m, h or d, such as 90s or 15m")
    return int(found[1]) * _UNITS[found[2]]


def read_span(text: str) -> Span | None:
    """A length of time such as `7d`; None if it is none."""
    found = _SPAN.fullmatch(text)
    return None if found is None else int(found[1]) * _UNITS[found[2]]


def _between(least: Span, most: Span) -> Callable[[Span], Span]:
    def check(span: Span) -> Span:
        if not least <= span <= most:
            side = "short" if span < least else "long"
            raise mistake(f"`{spell(span)}` is too {side}", f"write {spell(least)} to {spell(most)}")
        return span

    return check


def _window(span: Span) -> Span:
    if span not in WINDOWS:
        shorter = [window for window in WINDOWS if window < span][-1:]
        longer = [window for window in WINDOWS if window > span][:1]
        near = " or ".join(spell(window) for window in shorter + longer)
        every = ", ".join(spell(window) for window in WINDOWS)
        raise mistake(f"`{spell(span)}` is not a window that is watched", f"nearest: {near} (windows: {every})")
    return span


def _share(value: object) -> float:
    found = _SHARE.fullmatch(value) if isinstance(value, str) else None
    share = float(found[1]) / 100 if found else -1.0
    if not 0 < share <= 1:
        raise mistake(f"{shown(value)} is not a share", f"write {_percent(value)}")
    return share


def _percent(value: object) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 100:  # noqa: PLR2004 - percent
        return f"{value * 100 if value < 1 else value:.4g}%"
    return "1% to 100%, such as 40%"


def _ratio(value: object) -> float:
    found = _RATIO.fullmatch(value) if isinstance(value, str) else None
    ratio = float(found[1]) if found else 0.0
    if ratio <= 0:
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
        raise mistake(
            f"{shown(value)} is not a ratio", f"write {value}x" if number else "write a number and x, such as 3x"
        )
    return ratio


def read_budget(text: str) -> float | None:
    """False alarms a day of `1 per month`; None if it is no budget."""
    found = _BUDGET.fullmatch(text)
    if found is None or not int(found[1]) or not int(found[2] or 1):
        return None
    return int(found[1]) / (int(found[2] or 1) * _BUDGET_DAYS[found[3]])


def _budget(value: object) -> float:
    rate = read_budget(value) if isinstance(value, str) else None
    if rate is None:
        raise mistake(
            f"{shown(value)} is not a budget of false alarms",
            "write `1 per month`, or per day, week, 2 weeks, 4 weeks",
        )
    return rate


def _word(value: str) -> str:
    if not _WORD.fullmatch(value):
        letters = "".join(char for char in normalize("NFKD", value.lower()[:60]) if not combining(char))
        plain = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")
        raise mistake(
            f"{shown(value)} is not a plain name",
            f"write small letters, digits and hyphens{f', such as `{plain}`' if plain else ''}",
        )
    return value


def _account(value: str) -> str:
    folded = value.lower()
    if not _ACCOUNT.fullmatch(folded):
        raise mistake(f"{shown(value)} is not an account", 'write the source and the handle, such as "x:@acme_fr"')
    return folded


def _phrase(value: str) -> str:
    if not any(char.isalnum() for char in value):
        raise mistake(f"{shown(value)} has neither letter nor digit", "write a word that posts hold")
    return value


def _template(value: str) -> str:
    for name in _PLACEHOLDER.findall(value):
        if name not in PLACEHOLDERS:
            raise mistake(f"`{{{name}}}` is not a placeholder", nearest(name, [f"{{{name}}}" for name in PLACEHOLDERS]))
    if {"{", "}"} & set(_PLACEHOLDER.sub("", value)):
        raise mistake("a lone brace", f"braces hold one of: {', '.join(PLACEHOLDERS)}")
    return value


def _crm_link(value: str) -> str:
    _web_address(value)
    for name in _PLACEHOLDER.findall(value):
        if name not in CRM_PLACEHOLDERS:
            known = [f"{{{each}}}" for each in CRM_PLACEHOLDERS]
            raise mistake(f"`{{{name}}}` is not a placeholder", nearest(name, known))
    if {"{", "}"} & set(_PLACEHOLDER.sub("", value)):
        raise mistake("a lone brace", f"braces hold one of: {', '.join(CRM_PLACEHOLDERS)}")
    host = re.split(r"[/?#]", value.partition("://")[2], maxsplit=1)[0]
    if "{" in host:  # whoever chooses their own handle would choose where the link leads
        raise mistake("a placeholder stands in the name of the server", "write it after the first slash")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        # the list of zones takes long to read: only for a mistake
        close = nearest(value, {zone.lower(): zone for zone in sorted(available_timezones())})
        named = next((zone for zone in sorted(available_timezones()) if f"`{zone.lower()}`" in close), "Europe/Paris")
        raise mistake(f"{shown(value)} is not a time zone", f"did you mean `{named}`?") from None
    return value


def _web_address(value: str) -> str:
    if not re.match(r"https?://[^\s/]", value):
        raise mistake(f"{shown(value)} is not a web address", "write it from https:// on")
    return value


def _slack_member(text: str) -> str:
    if not re.fullmatch(r"[UW][A-Z0-9]{2,30}", text):
        raise mistake(f"{shown(text)} is not a Slack member id", "copy it from their profile; it begins with a U")
    return text


def _moment(value: object) -> datetime:
    """A local time without its zone."""
    if isinstance(value, str) and re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}", value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            raise mistake(f"{shown(value)} is in no calendar", "check the day and the hour") from None
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise mistake(f"{shown(value)} has no hour", f'write "{value} 00:00"')
    raise mistake(f"{shown(value)} is not a local time", 'write the day and the hour, such as "2026-12-01 09:00"')


def _day(value: object) -> date:
    if isinstance(value, str) and re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise mistake(f"{shown(value)} is in no calendar", "check the day") from None
    raise mistake(f"{shown(value)} is not a day", "write it such as 2026-11-23")


def _time_of_day(value: object) -> int:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise mistake(f"{shown(value)} is not a time of day", 'write it such as "07:00"')
    return int(found[1]) * 60 + int(found[2])


def _time_of_week(value: object) -> tuple[int, int]:
    day, _, time = value.partition(" ") if isinstance(value, str) else ("", "", "")
    if day not in WEEKDAYS or not _TIME.fullmatch(time):
        raise mistake(f"{shown(value)} is not a time of the week", "write it such as monday 09:00")
    return WEEKDAYS.index(day), _time_of_day(time)


def _factor(value: object) -> float:
    factor = _ratio(value)
    if not LEAST_FACTOR <= factor <= MOST_FACTOR:
        side = "small" if factor < LEAST_FACTOR else "large"
        raise mistake(f"{shown(value)} is too {side}", f"write {LEAST_FACTOR:g}x to {MOST_FACTOR:g}x")
    return factor


def _span_schema(*examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,6}[smhd]$", "examples": list(examples)})


LongSpan = Annotated[
    Span, BeforeValidator(_span), AfterValidator(_between(MINUTE, 30 * DAY)), _span_schema("90s", "2h", "1d")
]
"""From 1 m to 30 d."""
WaitSpan = Annotated[
    Span, BeforeValidator(_span), AfterValidator(_between(MINUTE, 2 * DAY)), _span_schema("10m", "1h", "1d")
]
"""From 1 m to 2 d."""
TrialSpan = Annotated[
    Span, BeforeValidator(_span), AfterValidator(_between(SECOND, 30 * DAY)), _span_schema("30s", "10m", "1d")
]
"""From 1 s to 30 d."""
Delay = Annotated[Span, BeforeValidator(_span), AfterValidator(_between(0, DAY)), _span_schema("0m", "5m")]
"""From 0 to 1 d."""
Patience = Annotated[
    Span, BeforeValidator(_span), AfterValidator(_between(SECOND, 10 * SECOND)), _span_schema("1s", "2s")
]
"""From 1 s to 10 s."""
Window = Annotated[
    Span,
    BeforeValidator(_span),
    AfterValidator(_window),
    WithJsonSchema({"type": "string", "enum": [spell(window) for window in WINDOWS]}),
]
"""One of the watched windows."""
Share = Annotated[
    float, BeforeValidator(_share), WithJsonSchema({"type": "string", "pattern": "^[0-9.]+ ?%$", "examples": ["40%"]})
]
Ratio = Annotated[
    float, BeforeValidator(_ratio), WithJsonSchema({"type": "string", "pattern": "^[0-9.]+x$", "examples": ["3x"]})
]
Factor = Annotated[
    float, BeforeValidator(_factor), WithJsonSchema({"type": "string", "pattern": "^[0-9.]+x$", "examples": ["5x"]})
]
"""What a campaign multiplies the usual by."""
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "pattern": "^20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}$"}),
]
"""A local time of the brand's place, to the minute."""
Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "pattern": "^20[0-9]{2}-[0-9]{2}-[0-9]{2}$", "examples": ["2026-11-23"]}),
]
"""A day of the calendar."""
TimeOfDay = Annotated[
    int,
    BeforeValidator(_time_of_day),
    WithJsonSchema({"type": "string", "pattern": f"^{_TIME.pattern}$", "examples": ["22:00", "07:00"]}),
]
"""Minutes since local midnight."""
TimeOfWeek = Annotated[
    tuple[int, int],
    BeforeValidator(_time_of_week),
    WithJsonSchema(
        {"type": "string", "pattern": f"^({'|'.join(WEEKDAYS)}) {_TIME.pattern}$", "examples": ["monday 09:00"]}
    ),
]
"""The day of the week, Monday is 0, and minutes since its midnight."""
Budget = Annotated[
    float,
    BeforeValidator(_budget),
    WithJsonSchema({"type": "string", "pattern": _BUDGET.pattern, "examples": ["1 per month", "1 per 2 weeks"]}),
]
"""False alarms a day."""
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]
Word = Annotated[str, Field(max_length=60), AfterValidator(_word)]
Line = Annotated[str, Field(min_length=1, max_length=300)]
Template = Annotated[Line, AfterValidator(_template)]
Phrase = Annotated[str, Field(max_length=100), AfterValidator(_phrase)]
Account = Annotated[str, Field(max_length=200), AfterValidator(_account)]
Zone = Annotated[str, Field(max_length=60), AfterValidator(_zone)]
CrmLink = Annotated[str, Field(max_length=300), AfterValidator(_crm_link)]
WebAddress = Annotated[str, Field(max_length=2000), AfterValidator(_web_address)]
SlackMember = Annotated[str, Field(max_length=40), AfterValidator(_slack_member)]
Lax = Strict(strict=False)
"""On a tuple: written as a list."""
