"""What is told of the disk of the state: how full it is, when it will be, and that nothing is taken in."""

from datetime import UTC

from msgspec import Struct

from buzzwatch.model.instant import Instant, Span
from buzzwatch.notify.figures import ENGLISH, FRENCH, Figures

_FAR = 365.0
_SOON = 2.0
_KILO = 1_000


class Words(Struct, frozen=True):
    """One language."""

    figures: Figures
    units: tuple[str, ...]
    used: str
    fills: str
    well: str
    slower: str
    held: str
    taken: str
    unknown: str
    hardly: str
    days: str
    hours: str
    remedy: str
    ample: str
    erases: str


WORDS = {
    "fr": Words(
        figures=FRENCH,
        units=("o", "ko", "Mo", "Go", "To", "Po"),
        used="le disque de l’état est plein à {share}\u00a0: il reste {free}\u00a0; {forecast}",
        fills="le disque de l’état sera plein dans {when}\u00a0: il reste {free}, et il en part {growth} par jour. "
        "{remedy}",
        well="le disque de l’état a de nouveau de la place\u00a0: {free}, plein à {share}",
        slower="le disque de l’état ne se remplit plus si vite\u00a0: il reste {free}",
        held="le disque de l’état est presque plein ({free})\u00a0: rien n’est plus pris des sources, les alertes "
        "partent encore. {remedy}",
        taken="les sources sont de nouveau entendues, après {span}\u00a0: ce qu’elles ont gardé arrive en retard",
        unknown="à quelle vitesse, on ne le sait pas encore. {remedy}",
        hardly="il se remplit à peine. {ample}",
        days="au rythme actuel, plein dans {when}. {remedy}",
        hours="moins de deux jours",
        remedy="Faites de la place, ou raccourcissez `keep`.",
        ample="Rien ne presse.",
        erases="à partir du {day}, les posts de plus de {mentions} et les incidents finis depuis {incidents} seront "
        "effacés, car buzzwatch.yaml n’a pas de `keep`\u00a0: écrivez-le pour en décider",
    ),
    "en": Words(
        figures=ENGLISH,
        units=("B", "kB", "MB", "GB", "TB", "PB"),
        used="the disk of the state is {share} full: {free} are left; {forecast}",
        fills="the disk of the state will be full in {when}: {free} are left, and {growth} go each day. {remedy}",
        well="the disk of the state has room again: {free}, {share} full",
        slower="the disk of the state fills no more so fast: {free} are left",
        held="the disk of the state is nearly full ({free}): nothing is taken from the sources, alerts still leave. "
        "{remedy}",
        taken="the sources are heard again, after {span}: what they kept comes late",
        unknown="how fast it fills is not known yet. {remedy}",
        hardly="it hardly fills. {ample}",
        days="at the present rate it is full in {when}. {remedy}",
        hours="less than two days",
        remedy="Make room, or shorten `keep`.",
        ample="There is no hurry.",
        erases="from {day} on, posts older than {mentions} and incidents over for {incidents} are erased, since "
        "buzzwatch.yaml has no `keep`: write it to choose",
    ),
}


class Filling(Struct, frozen=True):
    """How full a disk is: 0 to 1, bytes free, bytes a day that go (None: not known yet)."""

    share: float
    free: int
    growth: float | None

    @property
    def days(self) -> float | None:
        """Until it is full; None: it does not fill, or nobody knows."""
        return self.free / self.growth if self.growth is not None and self.growth > 0 else None


def bytes_of(number: float, words: Words) -> str:
    """`3.1 GB`."""
    unit = 0
    while abs(number) >= _KILO and unit < len(words.units) - 1:
        number, unit = number / _KILO, unit + 1
    return f"{words.figures.number(number if unit else round(number))}\u00a0{words.units[unit]}"


def _values(filling: Filling, words: Words) -> dict[str, str]:
    return {
        "share": words.figures.share(filling.share),
        "free": bytes_of(filling.free, words),
        "growth": bytes_of(filling.growth or 0.0, words),
        "when": _when(filling.days, words),
        "remedy": words.remedy,
        "ample": words.ample,
    }


def _when(days: float | None, words: Words) -> str:
    if days is None or days < _SOON:
        return words.hours
    return f"{words.figures.number(round(days))}\u00a0{words.figures.day}"


def told(kind: str, filling: Filling, language: str) -> str:
    """`used`, `fills`, `well`, `slower` or `held`, as the fields of `Words`."""
    words = WORDS[language]
    values = _values(filling, words)
    forecast = words.hardly if filling.days is None or filling.days > _FAR else words.days
    if filling.growth is None:
        forecast = words.unknown
    return str(getattr(words, kind)).format(**values, forecast=forecast.format(**values))


def taken(span: Span, language: str) -> str:
    """They are heard again."""
    words = WORDS[language]
    return words.taken.format(span=words.figures.span(span))


def erases(at: Instant, mentions: Span, incidents: Span, language: str) -> str:
    """What nobody has chosen to keep goes after an instant, if it is older."""
    words = WORDS[language]
    figures = words.figures
    return words.erases.format(
        day=figures.day_of(at, UTC), mentions=figures.span(mentions), incidents=figures.span(incidents)
    )
