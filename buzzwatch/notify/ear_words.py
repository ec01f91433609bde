"""How a source does, in words: for messages, pages and terminals."""

from msgspec import Struct

from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import Span
from buzzwatch.notify.figures import ENGLISH, FRENCH, Figures


class Words(Struct, frozen=True):
    """One language. `reasons` are as short as they can be."""

    figures: Figures
    reasons: dict[Ail, str]
    deaf: str
    silent: str
    ailing: str
    returns: str
    still: str
    why: str
    heard: str
    lost: str


WORDS = {
    "fr": Words(
        figures=FRENCH,
        reasons={
            Ail.CONNECTING: "pas encore connectée",
            Ail.AWAY: "injoignable",
            Ail.REFUSED: "accès refusé",
            Ail.SPENT: "quota épuisé",
            Ail.PAUSED: "en pause",
            Ail.GAP: "des posts sont perdus",
            Ail.SILENT: "muette",
            Ail.LATE: "en retard",
            Ail.FLOODING: "débordante",
            Ail.SKEWED: "horloge en avance",
            Ail.ONLY_DELETES: "que des suppressions",
        },
        deaf="la source {name} est sourde\u00a0: {reason}{why}",
        silent="la source {name} est connectée et n’apporte plus rien depuis {span}\u00a0: on attendait {due} posts",
        ailing="la source {name} va mal\u00a0: {reason}{why}",
        returns="la source {name} va et vient\u00a0: {reason}{why}",
        still="toujours, depuis {span}\u00a0: {told}",
        why=" ({why})",
        heard="la source {name} est de nouveau entendue",
        lost="la source {name} a perdu pour de bon une partie de ce qui s’est dit{why}",
    ),
    "en": Words(
        figures=ENGLISH,
        reasons={
            Ail.CONNECTING: "not connected yet",
            Ail.AWAY: "out of reach",
            Ail.REFUSED: "access refused",
            Ail.SPENT: "quota spent",
            Ail.PAUSED: "paused",
            Ail.GAP: "posts were lost",
            Ail.SILENT: "silent",
            Ail.LATE: "late",
            Ail.FLOODING: "flooding",
            Ail.SKEWED: "clock ahead",
            Ail.ONLY_DELETES: "only deletes",
        },
        deaf="source {name} is deaf: {reason}{why}",
        silent="source {name} is connected and has brought nothing for {span}: {due} posts were to be expected",
        ailing="source {name} is not well: {reason}{why}",
        returns="source {name} comes and goes: {reason}{why}",
        still="still, for {span}: {told}",
        why=" ({why})",
        heard="source {name} is heard again",
        lost="source {name} has lost for good a part of what was said{why}",
    ),
}


class Complaint(Struct, frozen=True):
    """What ails a source: since how long, why in the source's own words, and how many posts were expected since.

    `again`: that was told before. `returns`: it was well in between, for a while.
    """

    name: str
    ail: Ail
    lasts: Span
    why: str = ""
    due: float = 0.0
    again: bool = False
    returns: bool = False


def told(complaint: Complaint, language: str) -> str:
    """In a sentence without its first capital."""
    words, ail = WORDS[language], complaint.ail
    if ail is Ail.GAP:
        said = words.lost
    elif complaint.returns:
        said = words.returns
    elif ail is Ail.SILENT:
        said = words.silent
    else:
        said = words.deaf if ail.is_deaf or ail is Ail.ONLY_DELETES else words.ailing
    span = words.figures.span(complaint.lasts)
    sentence = said.format(
        name=complaint.name,
        reason=words.reasons[ail],
        why=words.why.format(why=complaint.why) if complaint.why else "",
        span=span,
        due=words.figures.number(round(complaint.due)),
    )
    return words.still.format(span=span, told=sentence) if complaint.again else sentence


def heard_again(name: str, language: str) -> str:
    """The end of what was told."""
    return WORDS[language].heard.format(name=name)
