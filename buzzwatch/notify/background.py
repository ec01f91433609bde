"""What a message tells beside its notice: the course, the authors, false alarms, who is next, what is not heard."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from buzzwatch.model.curve import Point
from buzzwatch.model.notification import Coming, Deaf, Sample
from buzzwatch.model.signal import Detector
from buzzwatch.notify import ear_words
from buzzwatch.notify.facts import LONGEST_NAME, Facts
from buzzwatch.notify.phrases import Noun
from buzzwatch.notify.quoting import clean, safe_link

FEWEST_POINTS = 2
"""One point shows no course."""
_NAMES = 8


class Words(Struct, frozen=True):
    """One language; nouns are pairs, for one and for many."""

    course: str
    chart: str
    whole_brand: str
    """What the chart is of where the message is of one conversation."""
    root_gone: str
    first_post: str
    past: str
    answers: Noun
    answered: str
    unanswered: str
    crm: str
    false_alarms: Noun
    this_month: str
    coming: str
    not_heard: str
    deaf: str


WORDS = {
    "fr": Words(
        course=(
            "{chart} par {span} depuis {since}\u00a0: au plus {top} vers {top_at} (d’habitude {usual}), "
            "{last} à la fin (d’habitude {last_usual})."
        ),
        chart="Courbe",
        whole_brand="Courbe de toute la marque",
        root_gone="Le premier post a été supprimé par son auteur.",
        first_post="Premier post connu de cet auteur.",
        past="Auteur connu depuis le {date}\u00a0: {posts}, {answers} en 12\u00a0mois.",
        answers=("réponse de notre part", "réponses de notre part"),
        answered="La dernière fois, répondu en {span}.",
        unanswered="La dernière fois, resté sans réponse.",
        crm="Fiche de l’auteur\u00a0:",
        false_alarms=("fausse alerte", "fausses alertes"),
        this_month="Cette règle ce mois-ci\u00a0: {count}.",
        coming="Ensuite, si personne ne prend\u00a0: {names} à {time}.",
        not_heard=(
            "Nous n’entendons pas en ce moment\u00a0: {names}. "
            "Ce qui s’y dit ne nous parvient pas\u00a0: regardez-y vous-même."
        ),
        deaf="{source} (depuis {time}{reason})",
    ),
    "en": Words(
        course=(
            "{chart} per {span} since {since}: at most {top} about {top_at} (usually {usual}), "
            "{last} at the end (usually {last_usual})."
        ),
        chart="Chart",
        whole_brand="Chart of the whole brand",
        root_gone="The first post was taken back by its author.",
        first_post="The first post of this author that we know.",
        past="Author known since {date}: {posts}, {answers} in 12\u00a0months.",
        answers=("answer of ours", "answers of ours"),
        answered="Last time answered after {span}.",
        unanswered="Last time not answered.",
        crm="Record of the author:",
        false_alarms=("false alarm", "false alarms"),
        this_month="This rule this month: {count}.",
        coming="Next, if nobody takes it: {names} at {time}.",
        not_heard="What we do not hear right now: {names}. What is said there does not reach us: look there yourself.",
        deaf="{source} (since {time}{reason})",
    ),
}


def words_of(facts: Facts) -> Words:
    """Those of the reader's language."""
    return WORDS[facts.phrases.language]


def course(facts: Facts, points: Sequence[Point]) -> str:
    """What a chart of these points shows, in a sentence; "" where they are too few."""
    if len(points) < FEWEST_POINTS:
        return ""
    top, last = max(points, key=lambda point: point.observed), points[-1]
    words = words_of(facts)
    return words.course.format(
        chart=words.whole_brand if facts.is_conversation else words.chart,
        span=facts.figures.span(points[1].at - points[0].at),
        since=facts.clock(points[0].at),
        top=_counted(facts, top.observed),
        top_at=facts.clock(top.at),
        usual=facts.figures.number(top.expected),
        last=_counted(facts, last.observed),
        last_usual=facts.figures.number(last.expected),
    )


def _counted(facts: Facts, number: float) -> str:
    """With the noun of what the points count."""
    signal, phrases = facts.reason.signal, facts.phrases
    nouns = {Detector.NEGATIVITY: phrases.angry, Detector.SLOW: phrases.voices}
    return phrases.count(number, nouns.get(signal.detector, phrases.posts) if signal else phrases.posts)


def past(facts: Facts, sample: Sample) -> str:
    """What we know of an author; "" where we know nothing."""
    if sample.past is None or sample.text is None:
        return ""
    words, known = words_of(facts), sample.past
    if known.mentions <= 1 and not known.answers and known.asked_at is None:
        return words.first_post
    posts, answers = (
        facts.phrases.count(known.mentions, facts.phrases.posts),
        facts.phrases.count(known.answers, words.answers),
    )
    said = words.past.format(date=facts.day_of(known.first_at), posts=posts, answers=answers)
    if known.asked_at is None:
        return said
    if known.answered_after is None:
        return f"{said} {words.unanswered}"
    return f"{said} {words.answered.format(span=facts.figures.span(known.answered_after))}"


def crm(facts: Facts, sample: Sample) -> tuple[str, str] | None:
    """The label and the address of an author's record."""
    link = safe_link(sample.crm_link) if sample.text is not None else None
    return (words_of(facts).crm, link) if link else None


def false_alarms(facts: Facts, number: int) -> str:
    """How often the rule rang for nothing this month."""
    words = words_of(facts)
    return words.this_month.format(count=facts.phrases.count(number, words.false_alarms))


def coming(facts: Facts, steps: Sequence[Coming]) -> Iterator[str]:
    """Who is told next, instant by instant."""
    for at in dict.fromkeys(step.at for step in steps):
        people = [_reached(facts, step) for step in steps if step.at == at]
        yield words_of(facts).coming.format(names=", ".join(people[:_NAMES]), time=facts.ahead(at))


def _reached(facts: Facts, step: Coming) -> str:
    means = ", ".join(clean(by, LONGEST_NAME) for by in step.by)
    return f"{facts.name(step.name)} ({means})" if means else facts.name(step.name)


def _reason(facts: Facts, deaf: Deaf) -> str:
    return "" if deaf.ail is None else f", {ear_words.WORDS[facts.phrases.language].reasons[deaf.ail]}"


def not_heard(facts: Facts, deaf: Sequence[Deaf]) -> str:
    """The sources from which nothing can come at present."""
    words, phrases = words_of(facts), facts.phrases
    shown = [
        words.deaf.format(source=facts.name(each.source), time=facts.clock(each.since), reason=_reason(facts, each))
        for each in deaf[:_NAMES]
    ]
    more = [phrases.more.format(n=len(deaf) - _NAMES)] if len(deaf) > _NAMES else []
    return words.not_heard.format(names=", ".join(shown + more))
