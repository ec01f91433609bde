"""How a source does, in words: for messages, pages and terminals."""

from msgspec import Struct

from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import Span
from buzzwatch.notify.figures import ENGLISH, FRENCH, Figures


class Words(Struct, frozen=True):
    """One language. `reasons` are as short as they can be; `remedies` are what the sysadmin does about them."""

    figures: Figures
    reasons: dict[Ail, str]
    remedies: dict[Ail, str]
    deaf: str
    silent: str
    ailing: str
    returns: str
    still: str
    why: str
    remedy: str
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
        remedies={
            Ail.CONNECTING: "attendre une minute\u00a0; puis regarder le réseau et l’autre côté",
            Ail.AWAY: "regarder le réseau et l’autre côté\u00a0; on continue d’essayer",
            Ail.REFUSED: "renouveler l’identifiant ou le droit, puis redémarrer le service",
            Ail.SPENT: "relever le quota, ou attendre qu’il soit rendu",
            Ail.PAUSED: "chercher input_set_aside dans le journal du service, et signaler le défaut",
            Ail.GAP: "si on peut l’avoir ailleurs, le poster à une source http",
            Ail.SILENT: "demander à l’autre côté s’il envoie encore\u00a0; regarder sujets, hashtags, filtres",
            Ail.LATE: "rien\u00a0; les alertes ont le retard de cette source",
            Ail.FLOODING: "regarder ce qui arrive\u00a0: une crise, ou un filtre perdu de l’autre côté",
            Ail.SKEWED: "mettre à l’heure cette machine, ou celle qui publie",
            Ail.ONLY_DELETES: "renouveler le jeton ou l’abonnement, qui ne laisse passer que les suppressions",
        },
        deaf="la source {name} est sourde\u00a0: {reason}{why}",
        silent="la source {name} est connectée et n’apporte plus rien depuis {span}\u00a0: on attendait {due} posts",
        ailing="la source {name} va mal\u00a0: {reason}{why}",
        returns="la source {name} va et vient\u00a0: {reason}{why}",
        still="toujours, depuis {span}\u00a0: {told}",
        why=" ({why})",
        remedy="{told}. À faire\u00a0: {remedy}",
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
        remedies={
            Ail.CONNECTING: "wait a minute; then look at the network and the other side",
            Ail.AWAY: "look at the network and the other side; it goes on trying",
            Ail.REFUSED: "renew the credential or the right, then restart the service",
            Ail.SPENT: "raise the quota, or wait until it is granted again",
            Ail.PAUSED: "look for input_set_aside in the service's log, and report it as a bug",
            Ail.GAP: "where it can be had from elsewhere, post it to an http source",
            Ail.SILENT: "ask the other side whether it still sends; look at topics, hashtags, filters",
            Ail.LATE: "nothing; alerts come as late as this source does",
            Ail.FLOODING: "look at what comes: a crisis, or a filter that was lost on the other side",
            Ail.SKEWED: "set the clock of this machine, or of the publisher",
            Ail.ONLY_DELETES: "renew the token or the subscription, which lets deletes through alone",
        },
        deaf="source {name} is deaf: {reason}{why}",
        silent="source {name} is connected and has brought nothing for {span}: {due} posts were to be expected",
        ailing="source {name} is not well: {reason}{why}",
        returns="source {name} comes and goes: {reason}{why}",
        still="still, for {span}: {told}",
        why=" ({why})",
        remedy="{told}. To do: {remedy}",
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
    """In a sentence without its first capital, and what to do about it."""
    words, ail = WORDS[language], complaint.ail
    if ail is Ail.GAP:
        form = words.lost
    elif complaint.returns:
        form = words.returns
    elif ail is Ail.SILENT:
        form = words.silent
    else:
        form = words.deaf if ail.is_deaf or ail is Ail.ONLY_DELETES else words.ailing
    span = words.figures.span(complaint.lasts)
    sentence = form.format(
        name=complaint.name,
        reason=words.reasons[ail],
        why=words.why.format(why=why) if (why := own_words(ail, complaint.why)) else "",
        span=span,
        due=words.figures.number(round(complaint.due)),
    )
    said = words.still.format(span=span, told=sentence) if complaint.again else sentence
    return words.remedy.format(told=said, remedy=words.remedies[ail])


def own_words(ail: Ail, why: str) -> str:
    """What a source says of itself, "" where that is only the name of its state."""
    return "" if why == WORDS["en"].reasons[ail] else why


def heard_again(name: str, language: str) -> str:
    """The end of what was told."""
    return WORDS[language].heard.format(name=name)
