"""The words of `explain --not`, in French and in English."""

from msgspec import Struct

from buzzwatch.model.incident import Severity


class Words(Struct, frozen=True, kw_only=True):
    """One language. Placeholders are filled with `str.format`."""

    head: str
    nothing_rang: str
    rang: str
    goes_on: str
    other_rules: str
    rules_since: str
    context: str
    silenced: str
    set_aside: str
    unknown: str
    unheard: str
    competitor: str
    learning: str
    deaf: str
    deaf_still: str
    down: str
    late: str
    campaign: str
    night: str
    held: str
    until: str
    rule: str
    severity: dict[Severity, str]
    waits: str
    in_shadow: str
    holds: str
    holds_not: str
    not_asked: str
    of_thread: str
    of_story: str
    of_post: str
    opened: str
    part_of: str
    part_of_told: str
    closed: str
    behind: str
    alone: str
    nearest: str
    nearest_held: str
    nearest_now: str
    not_judged: str
    doubled: str
    skipped: str
    no_rules: str
    empty: str
    no_brand: str
    no_rule: str
    nearest_name: str
    no_time: str
    future: str
    too_early: str


FRENCH = Words(
    head="{brand}, le {at} ({zone})\u00a0: {said}",
    nothing_rang="rien n’a sonné dans l’heure autour",
    rang="a sonné dans l’heure autour\u00a0: {names}",
    goes_on="déjà en cours à cet instant\u00a0: {names}",
    other_rules="D’après les règles de {where}, mises à la place des autres à {since}\u00a0; "
    "ce que les anciens noms n’ont pas trouvé n’a jamais été gardé.",
    rules_since="Les règles ont changé depuis, le {at}\u00a0: ce sont celles d’alors qui sont lues ici.",
    context="À savoir",
    silenced="silence sur {what}, demandé par {by} jusqu’à {until}, parce que\u00a0: {why}",
    set_aside="la marque était mise de côté après une erreur du programme\u00a0: rien n’en était jugé",
    unknown="la marque n’était pas suivie alors",
    unheard="rien n’avait encore été entendu de la marque",
    competitor="c’est un concurrent\u00a0: il n’appelle jamais personne",
    learning="l’habituel n’était pas encore appris\u00a0: c’est une estimation",
    deaf="une source ({source}) n’entendait rien de {since} à {until}",
    deaf_still="une source ({source}) n’entendait rien depuis {since}",
    down="buzzwatch était arrêté de {since} à {until}\u00a0: rien n’était jugé",
    late="{n} posts de l’heure d’avant n’ont été entendus qu’après, le dernier à {last}",
    campaign="une campagne était annoncée (×{factor})\u00a0: {why}",
    night="c’était la nuit, jusqu’à {until}\u00a0: ce qui «\u00a0attend le matin\u00a0» ne réveille personne",
    held="retenu à {at} pour {target} ({incident})\u00a0: {why}{until}",
    until=", jusqu’à {until}",
    rule="{rule} ({severity}{waits})\u00a0: {says}",
    severity={Severity.CRITICAL: "critique", Severity.WARNING: "alerte", Severity.WATCH: "à suivre"},
    waits=", attend le matin",
    in_shadow=", à l’essai, ne prévient personne",
    holds="OUI à {at}{about}",
    holds_not="non à {at}{about}",
    not_asked="rien à juger à {at}\u00a0: ni conversation ni post dans la demi-heure d’avant",
    of_thread=", pour la conversation {id}",
    of_story=", pour l’histoire racontée d’abord par {id}",
    of_post=", pour le post {id}",
    opened="a ouvert {id}",
    part_of="fait partie de {id} ({severity}), ouvert depuis {since}",
    part_of_told=", pris par {by}",
    closed="cela continue ce que {by} a clos à {at} ({id})\u00a0: cela ne sonne que si le double est atteint",
    behind="{id} est dit avec {larger}, plus grave",
    alone="il ne manquait que cela",
    nearest="au plus près dans l’heure autour, à {at}{about}\u00a0:",
    nearest_held="a tenu dans l’heure autour, d’abord à {at}{about}",
    nearest_now="à aucun moment de l’heure autour cela n’a été plus près",
    not_judged="se juge à la fin de chaque journée, voir `buzzwatch history`",
    doubled="{text} arrive deux fois cette nuit-là\u00a0: c’est la première qui est prise ({first})\u00a0; "
    "l’autre s’écrit {second}",
    skipped="{text} n’existe pas ce jour-là (passage à l’heure d’été)\u00a0: c’est {first} qui est pris",
    no_rules="la marque n’avait aucune règle",
    empty="l’enregistrement n’a pas de règles lisibles\u00a0: `buzzwatch run` a-t-il tourné avec cet état\u00a0?",
    no_brand="la marque {name} n’existe pas\u00a0; {known}",
    no_rule="la règle {name} n’existe pas\u00a0; {known}",
    nearest_name="vouliez-vous dire {name}\u00a0?",
    no_time='{text} n’est pas une heure\u00a0: écrivez par exemple "2026-11-22 21:00"',
    future="{text} est encore à venir\u00a0: rien n’en est connu",
    too_early="{text} est avant le début de l’enregistrement, qui commence le {first}",
)

ENGLISH = Words(
    head="{brand}, {at} ({zone}): {said}",
    nothing_rang="nothing rang in the hour around it",
    rang="rang in the hour around it: {names}",
    goes_on="under way at that instant: {names}",
    other_rules="By the rules of {where}, put in the place of the others at {since}; "
    "what the old names did not find was never kept.",
    rules_since="The rules have changed since, on {at}: those of that time are read here.",
    context="To know",
    silenced="{what} silenced by {by} until {until}, because: {why}",
    set_aside="the brand was set aside after an error of the program: nothing of it was judged",
    unknown="the brand was not watched then",
    unheard="nothing had been heard of the brand yet",
    competitor="it is a competitor: it never pages anybody",
    learning="what is usual was not learnt yet: it is an estimate",
    deaf="a source ({source}) was deaf from {since} to {until}",
    deaf_still="a source ({source}) was deaf since {since}",
    down="buzzwatch was down from {since} to {until}: nothing was judged",
    late="{n} posts of the hour before were heard only afterwards, the last at {last}",
    campaign="a campaign was announced (×{factor}): {why}",
    night="it was night until {until}: rules marked “waits for the morning” wake nobody",
    held="held at {at} for {target} ({incident}): {why}{until}",
    until=", until {until}",
    rule="{rule} ({severity}{waits}): {says}",
    severity={Severity.CRITICAL: "critical", Severity.WARNING: "warning", Severity.WATCH: "watch"},
    waits=", waits for the morning",
    in_shadow=", in shadow, tells nobody",
    holds="YES at {at}{about}",
    holds_not="no at {at}{about}",
    not_asked="nothing to judge at {at}: no conversation and no post in the half hour before",
    of_thread=", for the conversation {id}",
    of_story=", for the story that {id} told first",
    of_post=", for the post {id}",
    opened="it opened {id}",
    part_of="it is part of {id} ({severity}), open since {since}",
    part_of_told=", taken by {by}",
    closed="it goes on with what {by} closed at {at} ({id}): it rings only once it is twice as much",
    behind="{id} is told with {larger}, which is more serious",
    alone="this alone was missing",
    nearest="nearest approach in the hour around, at {at}{about}:",
    nearest_held="it held in the hour around, first at {at}{about}",
    nearest_now="at no time in the hour around was it any nearer",
    not_judged="is judged at the end of each day, see `buzzwatch history`",
    doubled="{text} comes twice that night: the first is taken ({first}); write {second} for the other",
    skipped="{text} does not exist on that day (summer time begins): {first} is taken",
    no_rules="the brand had no rule",
    empty="the record holds no rules that can be read: has `buzzwatch run` been started with this state?",
    no_brand="there is no brand {name}; {known}",
    no_rule="there is no rule {name}; {known}",
    nearest_name="did you mean {name}?",
    no_time='{text} is no time: write it such as "2026-11-22 21:00"',
    future="{text} is still to come: nothing is known of it",
    too_early="{text} is before the beginning of the record, which starts at {first}",
)

WORDS = {"fr": FRENCH, "en": ENGLISH}
