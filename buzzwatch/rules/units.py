"""How people write lengths of time, shares, ratios, budgets, names and texts; each becomes a plain value.

A wrong one raises a pydantic error that carries a message and a remedy, which `rules.validate` puts in its place.
"""

import difflib
import re
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from typing import Annotated
from unicodedata import combining, normalize
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError

from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, WINDOWS, Span
from buzzwatch.rules import meant
from buzzwatch.rules.words import Said, Words, either, said

PLAIN_NAME = "Write small letters, digits and hyphens, such as bad-buzz."
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


def mistake(message: Words, remedy: Words, /, at: tuple[str | int, ...] = (), **values: object) -> PydanticCustomError:
    """What a validator raises: sentences, what goes in their braces, and where in the value it stands."""
    told = {"message": said(message, values), "remedy": said(remedy, values), "at": at}
    return PydanticCustomError(CUSTOM, "a mistake", told)


def shown(value: object) -> Said | str:
    """A value as its writer would recognise it, cut short."""
    match value:
        case None:
            return Said("nothing")
        case bool():
            return f"`{str(value).lower()}`"
        case dict():
            return Said("a mapping")
        case list():
            return Said("a list")
        case _:
            text = str(value)
            return f"`{text[:40]}…`" if len(text) > 40 else f"`{text}`"  # noqa: PLR2004 - fits a terminal line


def nearest(word: str, valid: Collection[str]) -> Words:
    """The remedy for a word that is not one of the valid ones."""
    close = difflib.get_close_matches(word[:60].lower(), valid, n=1)
    if close or (other := meant.synonym(word[:60], valid)):
        return Said("did you mean `{word}`?", {"word": close[0] if close else other})
    return Said("valid here: {words}", {"words": ", ".join(valid)}) if valid else "remove it"


def _written(right: str | None, otherwise: Words) -> Words:
    """The remedy: the right form of what was meant, where that can be told."""
    return Said("write {right}", {"right": right}) if right else otherwise


def spell(span: Span) -> str:
    """A length of time as rule files write it, in its largest whole unit."""
    for letter, unit in reversed(_UNITS.items()):
        if span % unit == 0:
            return f"{span // unit}{letter}"
    return f"{span}ms"


def _span(value: object) -> Span:
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        remedy = Said("write a number and s, m, h or d, such as 90s or 15m")
        raise mistake("{value} is not a length of time", _written(meant.span(value), remedy), value=shown(value))
    return int(found[1]) * _UNITS[found[2]]


def read_span(text: str) -> Span | None:
    """A length of time such as `7d`; None if it is none."""
    found = _SPAN.fullmatch(text)
    return None if found is None else int(found[1]) * _UNITS[found[2]]


def _between(least: Span, most: Span) -> Callable[[Span], Span]:
    def check(span: Span) -> Span:
        if not least <= span <= most:
            said = "`{span}` is too short" if span < least else "`{span}` is too long"
            raise mistake(said, "write {least} to {most}", span=spell(span), least=spell(least), most=spell(most))
        return span

    return check


def _window(span: Span) -> Span:
    if span not in WINDOWS:
        shorter = [window for window in WINDOWS if window < span][-1:]
        longer = [window for window in WINDOWS if window > span][:1]
        near = either([spell(window) for window in shorter + longer])
        every = ", ".join(spell(window) for window in WINDOWS)
        raise mistake(
            "`{span}` is not a window that is watched",
            "nearest: {near} (windows: {every})",
            span=spell(span),
            near=near,
            every=every,
        )
    return span


def _share(value: object) -> float:
    found = _SHARE.fullmatch(value) if isinstance(value, str) else None
    share = float(found[1]) / 100 if found else -1.0
    if not 0 < share <= 1:
        remedy = Said("write 1% to 100%, such as 40%")
        raise mistake("{value} is not a share", _written(meant.share(value), remedy), value=shown(value))
    return share


def _ratio(value: object) -> float:
    found = _RATIO.fullmatch(value) if isinstance(value, str) else None
    ratio = float(found[1]) if found else 0.0
    if ratio <= 0:
        remedy = Said("write a number and x, such as 3x")
        raise mistake("{value} is not a ratio", _written(meant.ratio(value), remedy), value=shown(value))
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
        remedy = Said("write `1 per month`, or per day, week, 2 weeks, 4 weeks")
        right = meant.budget(value)
        raise mistake("{value} is not a budget of false alarms", _written(right, remedy), value=shown(value))
    return rate


def _word(value: str) -> str:
    if not _WORD.fullmatch(value):
        letters = "".join(char for char in normalize("NFKD", value.lower()[:60]) if not combining(char))
        plain = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")
        remedy = "write small letters, digits and hyphens"
        raise mistake(
            "{value} is not a plain name",
            "write small letters, digits and hyphens, such as `{plain}`" if plain else remedy,
            value=shown(value),
            plain=plain,
        )
    return value


def _account(value: str) -> str:
    folded = value.lower()
    if not _ACCOUNT.fullmatch(folded):
        raise mistake(
            "{value} is not an account", 'write the source and the handle, such as "x:@acme_fr"', value=shown(value)
        )
    return folded


def _phrase(value: str) -> str:
    if not any(char.isalnum() for char in value):
        raise mistake("{value} has neither letter nor digit", "write a word that posts hold", value=shown(value))
    return value


def _filled(value: str, placeholders: Sequence[str]) -> str:
    for name in _PLACEHOLDER.findall(value):
        if name not in placeholders:
            known = [f"{{{each}}}" for each in placeholders]
            raise mistake("{value} is not a placeholder", nearest(name, known), value=f"`{{{name}}}`")
    if {"{", "}"} & set(_PLACEHOLDER.sub("", value)):
        raise mistake("a lone brace", "braces hold one of: {words}", words=", ".join(placeholders))
    return value


def _template(value: str) -> str:
    return _filled(value, PLACEHOLDERS)


def _crm_link(value: str) -> str:
    _filled(_web_address(value), CRM_PLACEHOLDERS)
    host = re.split(r"[/?#]", value.partition("://")[2], maxsplit=1)[0]
    if "{" in host:  # whoever chooses their own handle would choose where the link leads
        raise mistake("a placeholder stands in the name of the server", "write it after the first slash")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        # the list of zones takes long to read: only for a mistake
        zones = {zone.lower(): zone for zone in sorted(available_timezones())}
        close = difflib.get_close_matches(value.lower(), zones, n=1)
        named = zones[close[0]] if close else "Europe/Paris"
        raise mistake("{value} is not a time zone", "did you mean `{word}`?", value=shown(value), word=named) from None
    return value


def _web_address(value: str) -> str:
    if not re.match(r"https?://[^\s/]", value):
        raise mistake("{value} is not a web address", "write it from https:// on", value=shown(value))
    return value


def _slack_member(text: str) -> str:
    if not re.fullmatch(r"[UW][A-Z0-9]{2,30}", text):
        raise mistake(
            "{value} is not a Slack member id", "copy it from their profile; it begins with a U", value=shown(text)
        )
    return text


def _moment(value: object) -> datetime:
    """A local time without its zone."""
    if isinstance(value, str) and re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}", value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            raise mistake("{value} is in no calendar", "check the day and the hour", value=shown(value)) from None
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise mistake("{value} has no hour", "write {right}", value=shown(value), right=f'"{value} 00:00"')
    remedy = Said('write the day and the hour, such as "2026-12-01 09:00"')
    right = f'"{found}"' if (found := meant.moment(value)) else None
    raise mistake("{value} is not a local time", _written(right, remedy), value=shown(value))


def _day(value: object) -> date:
    if isinstance(value, str) and re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise mistake("{value} is in no calendar", "check the day", value=shown(value)) from None
    remedy = Said("write it such as 2026-11-23")
    raise mistake("{value} is not a day", _written(meant.day(value), remedy), value=shown(value))


def _time_of_day(value: object) -> int:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        right = f'"{meant_time}"' if (meant_time := meant.time_of_day(value)) else None
        remedy = Said('write it such as "07:00"')
        raise mistake("{value} is not a time of day", _written(right, remedy), value=shown(value))
    return int(found[1]) * 60 + int(found[2])


def _time_of_week(value: object) -> tuple[int, int]:
    day, _, time = value.partition(" ") if isinstance(value, str) else ("", "", "")
    if day not in WEEKDAYS or not _TIME.fullmatch(time):
        remedy = Said("write it such as monday 09:00")
        raise mistake(
            "{value} is not a time of the week", _written(meant.time_of_week(value), remedy), value=shown(value)
        )
    return WEEKDAYS.index(day), _time_of_day(time)


def _factor(value: object) -> float:
    factor = _ratio(value)
    if not LEAST_FACTOR <= factor <= MOST_FACTOR:
        said = "{value} is too small" if factor < LEAST_FACTOR else "{value} is too large"
        least, most = f"{LEAST_FACTOR:g}x", f"{MOST_FACTOR:g}x"
        raise mistake(said, "write {least} to {most}", value=shown(value), least=least, most=most)
    return factor


def _form(pattern: str, help_: str, *examples: str) -> WithJsonSchema:
    """What editors are told of a text: its pattern, what to say of one that does not fit, and examples."""
    told = {"type": "string", "pattern": f"^{pattern}$", "patternErrorMessage": help_}
    return WithJsonSchema({**told, "examples": list(examples)} if examples else told)


def _span_schema(*examples: str) -> WithJsonSchema:
    return _form(_SPAN.pattern, f"Write a number and s, m, h or d, such as {examples[-1]}.", *examples)


EVERY_SPAN = _form(f"every {_SPAN.pattern}", "Write `every` and a length of time, such as every 15m.", "every 15m")
LongSpan = Annotated[
    Span, BeforeValidator(_span), AfterValidator(_between(MINUTE, 30 * DAY)), _span_schema("90s", "2h", "1d")
]
"""From 1 m to 30 d."""
KeepSpan = Annotated[
    Span, BeforeValidator(_span), AfterValidator(_between(DAY, 3_650 * DAY)), _span_schema("7d", "90d", "365d")
]
"""From 1 d to 3,650 d."""
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
    float, BeforeValidator(_share), _form(_SHARE.pattern, "Write a percentage, such as 40%.", "40%", "60%")
]
Ratio = Annotated[
    float, BeforeValidator(_ratio), _form(_RATIO.pattern, "Write a number and x, such as 3x.", "3x", "1.5x")
]
Factor = Annotated[
    float,
    BeforeValidator(_factor),
    _form(_RATIO.pattern, f"Write {LEAST_FACTOR:g}x to {MOST_FACTOR:g}x, such as 5x.", "5x", "0.5x"),
]
"""What a campaign multiplies the usual by."""
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    _form(
        "20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}",
        "Write the day and the hour, such as 2026-12-01 09:00.",
        "2026-12-01 09:00",
    ),
]
"""A local time of the brand's place, to the minute."""
Day = Annotated[
    date,
    BeforeValidator(_day),
    _form("20[0-9]{2}-[0-9]{2}-[0-9]{2}", "Write a day such as 2026-11-23.", "2026-11-23"),
]
"""A day of the calendar."""
TimeOfDay = Annotated[
    int,
    BeforeValidator(_time_of_day),
    _form(_TIME.pattern, "Write a time of day, such as 07:00.", "22:00", "07:00"),
]
"""Minutes since local midnight."""
TimeOfWeek = Annotated[
    tuple[int, int],
    BeforeValidator(_time_of_week),
    _form(f"({'|'.join(WEEKDAYS)}) {_TIME.pattern}", "Write a day and a time, such as monday 09:00.", "monday 09:00"),
]
"""The day of the week, Monday is 0, and minutes since its midnight."""
Budget = Annotated[
    float,
    BeforeValidator(_budget),
    _form(
        _BUDGET.pattern,
        "Write a number per day, week or month, such as 1 per month or 1 per 2 weeks.",
        *("1 per month", "1 per 2 weeks", "1 per week", "1 per day"),
    ),
]
"""False alarms a day."""
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]
Word = Annotated[
    str,
    Field(max_length=60),
    AfterValidator(_word),
    _form(_WORD.pattern, PLAIN_NAME),
]
Line = Annotated[str, Field(min_length=1, max_length=300)]
Template = Annotated[Line, AfterValidator(_template)]
Phrase = Annotated[str, Field(max_length=100), AfterValidator(_phrase)]
Account = Annotated[
    str,
    Field(max_length=200),
    AfterValidator(_account),
    _form("[A-Za-z0-9_.-]+:[^ ]+", 'Write the source and the handle, such as "x:@acme_fr".'),
]
Zone = Annotated[str, Field(max_length=60), AfterValidator(_zone)]
CrmLink = Annotated[str, Field(max_length=300), AfterValidator(_crm_link)]
WebAddress = Annotated[
    str,
    Field(max_length=2000),
    AfterValidator(_web_address),
    _form("https?://[^ /].*", "Write a web address from https:// on."),
]
SlackMember = Annotated[
    str,
    Field(max_length=40),
    AfterValidator(_slack_member),
    _form("[UW][A-Z0-9]{2,30}", "Copy the member id from their Slack profile: it begins with a U."),
]
Lax = Strict(strict=False)
"""On a tuple: written as a list."""
