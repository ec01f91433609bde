"""The SMS of a notice: brand, what, how bad, growing or not, what is said, and the link, in one segment."""

from collections.abc import Sequence

from msgspec import Struct

from buzzwatch.model.incident import Severity, State
from buzzwatch.model.notification import Sample
from buzzwatch.model.signal import Detector
from buzzwatch.notify.facts import LONGEST_NAME, Facts, Headline
from buzzwatch.notify.phrases import Noun
from buzzwatch.notify.quoting import MASK, quote
from buzzwatch.notify.sms import SEGMENT, cut, fold, is_carried, segment, septets

_LEAST_OF_A_QUOTE = 24
_LONGEST_QUOTE = 60


class Brevity(Struct, frozen=True):
    """The words of one language; elsewhere the same things are said at more length."""

    severity: dict[Severity, str]
    start: str
    window: str
    angry: Noun
    take: str


_FRENCH = Brevity(
    severity={Severity.CRITICAL: "CRISE", Severity.WARNING: "ALERTE", Severity.WATCH: "A SUIVRE"},
    start="{mark}{severity} {brand} ",
    window="{count}/{span} (habituel {usual})",
    angry=("post négatif", "posts négatifs"),
    take="Je prends:",
)
_ENGLISH = Brevity(
    severity={Severity.CRITICAL: "CRISIS", Severity.WARNING: "WARNING", Severity.WATCH: "WATCH"},
    start="{mark}{severity} {brand} ",
    window="{count}/{span} (usually {usual})",
    angry=("negative post", "negative posts"),
    take="I take it:",
)
_WORDS = {"fr": _FRENCH, "en": _ENGLISH}


def brief(facts: Facts, headline: Headline, samples: Sequence[Sample], link: str | None) -> str:
    """At most 160 septets of the GSM alphabet.

    What happens and the link are always in it, whole if they can be; then, as far as there is room, what puts it into
    its place, what the first post says, and who wrote it.
    """
    if not facts.is_alarm or facts.is_ours or facts.notice.night or facts.incident.drill is not None:
        return segment(headline.start, headline.what, headline.end, link, headline.aside)
    words = _WORDS[facts.phrases.language]
    start = words.start.format(mark=facts.mark, severity=words.severity[facts.notice.severity], brand=facts.brand)
    what = _what(facts, words, headline.what)
    waits = facts.incident.state is State.OPEN and link is not None and is_carried(f"{words.take} {link}")
    way = f"{words.take} {link}" if waits else link
    room = SEGMENT - (septets(f" {way}") if way and is_carried(way) else 0)
    body = _body(fold(f"{start}{what}{headline.end}"), _quoted(samples), fold(headline.aside), room)
    return segment(body, "", "", way) if body else segment(start, what, headline.end, link)


def _what(facts: Facts, words: Brevity, otherwise: str) -> str:
    signal = facts.window_signal
    if signal is None or otherwise != facts.line() or facts.incident.subject.topic or facts.is_conversation:
        return otherwise
    noun = words.angry if signal.detector is Detector.NEGATIVITY else facts.phrases.posts
    count, span = facts.phrases.count(signal.observed, noun), facts.figures.span(signal.over)
    return words.window.format(count=count, span=span, usual=facts.usual(signal))


def _quoted(samples: Sequence[Sample]) -> tuple[str, str]:
    """What the first post that is not erased says, and its author."""
    shown = next((sample for sample in samples if sample.text), None)
    if shown is None:
        return "", ""
    text = fold(quote(shown.text or "", _LONGEST_QUOTE).replace(MASK, "…")).replace('"', "'")
    return text.strip(), fold(quote(shown.author, LONGEST_NAME)) if shown.author else ""


def _body(head: str, said: tuple[str, str], aside: str, room: int) -> str:
    """As much as there is room for; empty where there is not even enough for the head."""
    text, author = said
    for after in (f" {author}{aside}", aside) if text else ():
        left = room - septets(f'{head}. ""{after}.')
        if left >= min(_LEAST_OF_A_QUOTE, septets(text)):
            return f'{head}. "{cut(text, left)}"{after}.'
    return next((body for body in (f"{head}{aside}.", f"{head}.", head) if septets(body) <= room), "")
