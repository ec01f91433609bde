"""The SMS of a notice: brand, what, how bad, growing or not, what is said, and the link, in one segment."""

from collections.abc import Sequence

from msgspec import Struct

from buzzwatch.model.incident import Severity, State
from buzzwatch.model.instant import MINUTE
from buzzwatch.model.notification import Deaf, Sample
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
    unanswered: str
    take: str
    deaf: str
    """What is not heard, with the name of the first source and how many more."""


_FRENCH = Brevity(
    severity={Severity.CRITICAL: "CRISE", Severity.WARNING: "ALERTE", Severity.WATCH: "A SUIVRE"},
    start="{mark}{severity} {brand} ",
    window="{count}/{span} (habituel {usual})",
    angry=("post négatif", "posts négatifs"),
    unanswered=", sans réponse {span}",
    take="Je prends:",
    deaf=" Sourds: {name}{more}.",
)
_ENGLISH = Brevity(
    severity={Severity.CRITICAL: "CRISIS", Severity.WARNING: "WARNING", Severity.WATCH: "WATCH"},
    start="{mark}{severity} {brand} ",
    window="{count}/{span} (usually {usual})",
    angry=("negative post", "negative posts"),
    unanswered=", unanswered for {span}",
    take="I take it:",
    deaf=" Deaf: {name}{more}.",
)
_WORDS = {"fr": _FRENCH, "en": _ENGLISH}


def brief(
    facts: Facts, headline: Headline, samples: Sequence[Sample], link: str | None, deaf: Sequence[Deaf] = ()
) -> str:
    """At most 160 septets of the GSM alphabet.

    What happens and the link are always in it, whole if they can be; then, as far as there is room, for how long nobody
    has answered, whether it is the whole sector, what the first post says, what is not heard, and who wrote the post.
    """
    if not facts.is_alarm or facts.is_ours or facts.notice.is_collective or facts.incident.drill is not None:
        return segment(headline.start, headline.what, headline.end, link, headline.aside)
    words = _WORDS[facts.phrases.language]
    start = words.start.format(mark=facts.mark, severity=words.severity[facts.notice.severity], brand=facts.brand)
    what = _what(facts, words, headline.what)
    aside = _ignored(facts, words) + headline.aside
    waits = facts.incident.state is State.OPEN and link is not None and is_carried(f"{words.take} {link}")
    way = f"{words.take} {link}" if waits else link
    room = SEGMENT - (septets(f" {way}") if way and is_carried(way) else 0)
    tail = fold(_unheard(facts, words, deaf)) if deaf else ""
    body = _body_and_tail(fold(f"{start}{what}{headline.end}"), _quoted(samples), fold(aside), room, tail)
    return segment(body, "", "", way) if body else segment(start, what, headline.end, link)


def _unheard(facts: Facts, words: Brevity, deaf: Sequence[Deaf]) -> str:
    return words.deaf.format(name=facts.name(deaf[0].source), more=f" +{len(deaf) - 1}" if len(deaf) > 1 else "")


def _what(facts: Facts, words: Brevity, otherwise: str) -> str:
    signal = facts.window_signal
    if signal is None or otherwise != facts.line() or facts.incident.subject.topic or facts.is_conversation:
        return otherwise
    noun = words.angry if signal.detector is Detector.NEGATIVITY else facts.phrases.posts
    count, span = facts.phrases.count(signal.observed, noun), facts.figures.span(signal.over)
    return words.window.format(count=count, span=span, usual=facts.usual(signal))


def _ignored(facts: Facts, words: Brevity) -> str:
    """For how long a complaint has been without an official answer."""
    span = facts.unanswered_for
    return "" if span is None or span < MINUTE else words.unanswered.format(span=facts.figures.span(span))


def _quoted(samples: Sequence[Sample]) -> tuple[str, str]:
    """What the first post that is not erased says, and its author."""
    shown = next((sample for sample in samples if sample.text), None)
    if shown is None:
        return "", ""
    text = fold(quote(shown.text or "", _LONGEST_QUOTE).replace(MASK, "…")).replace('"', "'")
    return text.strip(), fold(quote(shown.author, LONGEST_NAME)) if shown.author else ""


def _body_and_tail(head: str, said: tuple[str, str], aside: str, room: int, tail: str) -> str:
    """The quotation makes room for the tail; before it or the aside would go, the tail does: the page has it."""
    body = _body(head, said, aside, room)
    less = _body(head, said, aside, room - septets(tail))
    return f"{less}{tail}" if less and aside in less and less.count('"') == body.count('"') else body


def _body(head: str, said: tuple[str, str], aside: str, room: int) -> str:
    """As much as there is room for; empty where there is not even enough for the head."""
    text, author = said
    for after in (f" {author}{aside}", aside) if text else ():
        left = room - septets(f'{head}. ""{after}.')
        if left >= min(_LEAST_OF_A_QUOTE, septets(text)):
            return f'{head}. "{cut(text, left)}"{after}.'
    return next((body for body in (f"{head}{aside}.", f"{head}.", head) if septets(body) <= room), "")
