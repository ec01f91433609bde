"""Every phrase of a debriefing, in French and in English."""

from msgspec import Struct

from buzzwatch.model.incident import ChangeKind


class Words(Struct, frozen=True, kw_only=True):
    """One language. Placeholders are filled with `str.format`; pairs are for one and for many."""

    title: str
    subtitle: str
    short: str
    lasted: str
    until: str
    goes_on: str
    peak: str
    authors: str
    somebody: str
    """An author whose name is not told."""
    reach: str
    press: str
    course: str
    picture: str
    seen: str
    seen_angry: str
    usual: str
    without_usual: str
    times: str
    times_head: tuple[str, ...]
    onset: str
    first_page: str
    first_message: str
    taken: str
    first_answer: str
    ended: str
    never: str
    after: str
    response: str
    timeline: str
    timeline_head: tuple[str, ...]
    machine: str
    changes: dict[ChangeKind, str]
    paged: str
    messaged: str
    waits: str
    superseded: str
    given_up: str
    more: str
    decisions: str
    waited: str
    dismissed: str
    said: str
    silenced: str
    silence_ended: str
    none: str
    why: str
    posts: str
    unanswered: str
    unanswered_some: tuple[str, str]
    unanswered_none: tuple[str, str]
    no_complaints: str
    again: str
    missed: tuple[str, str]
    nobody: tuple[str, str]
    failed: tuple[str, str]
    lost: tuple[str, str]
    late: str
    lapsed: str
    rebound: str
    deaf: str
    held: tuple[str, str]
    false_start: str
    false_alarm: str
    marks: tuple[str, str]
    nothing_again: str


FRENCH = Words(
    title="Débriefing\u00a0: {brand}, {id}",
    subtitle="État au {now} · heures\u00a0: {zone}",
    short="En bref",
    lasted="Du {since} {until} ({span}).",
    until="au {until}",
    goes_on="et cela continue",
    peak="Au plus fort\u00a0: {count} en {span}, vers le {at}.",
    authors="{authors} en tout.",
    somebody="auteur {letter}",
    reach="Jusqu’à {followers} touchés.",
    press="La presse s’en est mêlée le {at} ({source}).",
    course="Déroulé",
    picture="De {since} à {until}, par pas de {span}\u00a0: au plus {most}.",
    seen="posts",
    seen_angry="posts en colère",
    usual="d’habitude, selon les alertes",
    without_usual="Une conversation n’a pas d’habitude\u00a0: il n’y a pas de ligne à côté.",
    times="Délais",
    times_head=("Étape", "Quand", "Après le début"),
    onset="Début",
    first_page="Premier appel",
    first_message="Premier message",
    taken="Pris",
    first_answer="Première réponse officielle",
    ended="Fin",
    never="jamais",
    after="{span}",
    response="Délai de réponse\u00a0: médiane {median}, 90\u00a0% en moins de {p90}, {quick} en dix minutes.",
    timeline="Qui a fait quoi, quand",
    timeline_head=("Quand", "Qui", "Quoi"),
    machine="buzzwatch",
    changes={
        ChangeKind.OPENED: "alerte ouverte ({severity})",
        ChangeKind.WORSENED: "s’aggrave ({severity})",
        ChangeKind.REOPENED: "ça repart ({severity})",
        ChangeKind.TAKEN: "le prend",
        ChangeKind.WAITING: "décide d’attendre jusqu’à {until}\u00a0: {why}",
        ChangeKind.WAITED: "l’attente est finie",
        ChangeKind.UNSILENCED: "le silence est fini",
        ChangeKind.HELP: "demande de l’aide",
        ChangeKind.REMINDED: "rappel\u00a0: toujours pris, et cela monte",
        ChangeKind.RELEASED: "sans réponse, cela sonne de nouveau",
        ChangeKind.RESOLVED: "clôt l’alerte",
        ChangeKind.DISMISSED: "c’est vrai, et sans importance",
        ChangeKind.CALMED: "se calme ({severity})",
        ChangeKind.OVER: "c’est fini",
    },
    paged="appelé ({by}){late}",
    messaged="prévenu{late}",
    waits="pas encore parti\u00a0: {why}",
    superseded="remplacé par un message plus récent",
    given_up="abandonné\u00a0: {why}",
    more="… et {n} autres lignes, voir buzzwatch history",
    decisions="Décisions",
    waited="{at}, {by}\u00a0: on attend jusqu’à {until}, parce que\u00a0: {why}",
    dismissed="{at}, {by}\u00a0: vrai, et sans importance",
    said="{at}, {by}\u00a0: {what}",
    silenced="silence sur {what} jusqu’à {until}, parce que\u00a0: {why}",
    silence_ended="fin du silence sur {what}",
    none="Aucune attente, aucun silence.",
    why="Pourquoi cela a sonné",
    posts="Ce qui s’est dit",
    unanswered="Reste sans réponse",
    unanswered_some=(
        "{n} réclamation sur {all} n’a pas eu de réponse officielle dans sa conversation.",
        "{n} réclamations sur {all} n’ont pas eu de réponse officielle dans leur conversation.",
    ),
    unanswered_none=(
        "La seule réclamation a eu une réponse officielle dans sa conversation.",
        "Chacune des {n} réclamations a eu une réponse officielle dans sa conversation.",
    ),
    no_complaints="Aucune réclamation n’a été comptée.",
    again="À regarder de nouveau",
    missed=(
        "{n} appel est resté sans réponse avant que quelqu’un le prenne\u00a0: {names}.",
        "{n} appels sont restés sans réponse avant que quelqu’un le prenne\u00a0: {names}.",
    ),
    nobody=(
        "Personne ne l’a pris\u00a0: {n} appel sans réponse, à {names}.",
        "Personne ne l’a pris\u00a0: {n} appels sans réponse, à {names}.",
    ),
    failed=(
        "{n} envoi à {target} a échoué avant d’aboutir ou d’être abandonné.",
        "{n} envois à {target} ont échoué avant d’aboutir ou d’être abandonnés.",
    ),
    lost=(
        "{n} message à {target} a été abandonné\u00a0: {why}.",
        "{n} messages à {target} ont été abandonnés\u00a0: {why}.",
    ),
    late="Le message du {at} à {target} était dû à {due}\u00a0: nous étions arrêtés.",
    lapsed="Le {at}, pris puis sans nouvelles\u00a0: cela a sonné de nouveau.",
    rebound="Le {at}, c’est reparti après une fin.",
    deaf="Nous étions sourds du {since} au {until}\u00a0: commencé avant d’être entendu.",
    held=(
        "{n} message a été retenu\u00a0: {why}.",
        "{n} messages ont été retenus\u00a0: {why}.",
    ),
    false_start="C’est fini sans que personne le prenne, {span} après l’alerte.",
    false_alarm="Jugé sans importance par {by}.",
    marks=(
        "{n} post marqué «\u00a0pas négatif\u00a0» ou «\u00a0pas nous\u00a0».",
        "{n} posts marqués «\u00a0pas négatif\u00a0» ou «\u00a0pas nous\u00a0».",
    ),
    nothing_again="Rien dans l’enregistrement\u00a0: aucun appel manqué, aucun envoi raté, aucun faux départ.",
)

ENGLISH = Words(
    title="Debriefing: {brand}, {id}",
    subtitle="As of {now} · times: {zone}",
    short="In short",
    lasted="From {since} {until} ({span}).",
    until="to {until}",
    goes_on="and it goes on",
    peak="At its height: {count} in {span}, about {at}.",
    authors="{authors} in all.",
    somebody="author {letter}",
    reach="Up to {followers} reached.",
    press="The press joined at {at} ({source}).",
    course="Course",
    picture="From {since} to {until}, in steps of {span}: {most} at most.",
    seen="posts",
    seen_angry="angry posts",
    usual="usual, as the alerts knew it",
    without_usual="A conversation has no usual course: there is no line beside it.",
    times="How long it took",
    times_head=("Step", "When", "After the onset"),
    onset="Onset",
    first_page="First page",
    first_message="First message",
    taken="Taken",
    first_answer="First official answer",
    ended="End",
    never="never",
    after="{span}",
    response="Time to an answer: median {median}, 90% within {p90}, {quick} within ten minutes.",
    timeline="Who did what, when",
    timeline_head=("When", "Who", "What"),
    machine="buzzwatch",
    changes={
        ChangeKind.OPENED: "incident opened ({severity})",
        ChangeKind.WORSENED: "gets worse ({severity})",
        ChangeKind.REOPENED: "starts again ({severity})",
        ChangeKind.TAKEN: "takes it",
        ChangeKind.WAITING: "decides to wait until {until}: {why}",
        ChangeKind.WAITED: "the wait is over",
        ChangeKind.UNSILENCED: "the silence is over",
        ChangeKind.HELP: "asks for help",
        ChangeKind.REMINDED: "reminder: still taken, and growing",
        ChangeKind.RELEASED: "no answer, it rings again",
        ChangeKind.RESOLVED: "closes it",
        ChangeKind.DISMISSED: "it is true and does not matter",
        ChangeKind.CALMED: "calms down ({severity})",
        ChangeKind.OVER: "it is over",
    },
    paged="paged ({by}){late}",
    messaged="told{late}",
    waits="has not left yet: {why}",
    superseded="replaced by a later message",
    given_up="given up: {why}",
    more="… and {n} more lines, see buzzwatch history",
    decisions="Decisions",
    waited="{at}, {by}: we wait until {until}, because: {why}",
    dismissed="{at}, {by}: true, and no matter",
    said="{at}, {by}: {what}",
    silenced="{what} silenced until {until}, because: {why}",
    silence_ended="the silence of {what} ended",
    none="No waits, no silences.",
    why="Why it rang",
    posts="What people said",
    unanswered="Still without an answer",
    unanswered_some=(
        "{n} of {all} complaints had no official answer in its conversation.",
        "{n} of {all} complaints had no official answer in their conversation.",
    ),
    unanswered_none=(
        "The only complaint had an official answer in its conversation.",
        "Each of the {n} complaints had an official answer in its conversation.",
    ),
    no_complaints="No complaint was counted.",
    again="To look at again",
    missed=(
        "{n} page went unanswered before somebody took it: {names}.",
        "{n} pages went unanswered before somebody took it: {names}.",
    ),
    nobody=(
        "Nobody took it: {n} page went unanswered, to {names}.",
        "Nobody took it: {n} pages went unanswered, to {names}.",
    ),
    failed=(
        "{n} attempt to reach {target} failed before one arrived or was given up.",
        "{n} attempts to reach {target} failed before one arrived or was given up.",
    ),
    lost=(
        "{n} message to {target} was given up: {why}.",
        "{n} messages to {target} were given up: {why}.",
    ),
    late="The message of {at} to {target} was due at {due}: we were down.",
    lapsed="At {at}, taken and then no news: it rang again.",
    rebound="At {at} it started again after it had ended.",
    deaf="We were deaf from {since} to {until}: it began before it was heard.",
    held=(
        "{n} message was held: {why}.",
        "{n} messages were held: {why}.",
    ),
    false_start="It was over without anybody taking it, {span} after the alert.",
    false_alarm="{by} judged that it does not matter.",
    marks=(
        "{n} post was marked as not negative or not ours.",
        "{n} posts were marked as not negative or not ours.",
    ),
    nothing_again="Nothing on record: no page missed, no sending failed, no false start.",
)

WORDS = {"fr": FRENCH, "en": ENGLISH}
