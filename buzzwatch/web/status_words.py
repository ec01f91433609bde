"""The words of the status page, in French and English, and those that it shares with the other pages."""

from collections.abc import Mapping

from buzzwatch.web.words import LANGUAGES, words

_WORDS: Mapping[str, tuple[str, str]] = {
    "status": ("Status", "État"),
    "all calm": ("All calm: {n} brands as usual", "Tout est calme\u202f: {n} marques comme d’habitude"),
    "one calm": ("All calm: {brand} as usual", "Tout est calme\u202f: {brand} comme d’habitude"),
    "no brands": ("No brand is watched yet", "Aucune marque n’est encore suivie"),
    "first days": (
        "No incident. Still learning what is usual",
        "Aucun incident. L’habituel s’apprend encore",
    ),
    "some learn": (
        "All calm: {n} brands as usual, {m} still learning",
        "Tout est calme\u202f: {n} marques comme d’habitude, {m} en apprentissage",
    ),
    "one calm and": (
        "All calm: {brand} as usual, {m} still learning",
        "Tout est calme\u202f: {brand} comme d’habitude, {m} en apprentissage",
    ),
    "two unusual": (
        "No incident. {brand}: {mood}, and one more unusual",
        "Aucun incident. {brand}\u202f: {mood}, et une autre inhabituelle",
    ),
    "one unusual": ("No incident. {brand}: {mood}", "Aucun incident. {brand}\u202f: {mood}"),
    "some unusual": (
        "No incident. {brand}: {mood}, and {n} more unusual",
        "Aucun incident. {brand}\u202f: {mood}, et {n} autres inhabituelles",
    ),
    "anger": (
        "{brand}: anger {times} times the usual since {when}, {who}",
        "{brand}\u202f: colère {times} fois l’habituelle depuis {when}, {who}",
    ),
    "crowd": (
        "{brand}: {times} times the usual posts since {when}, {who}",
        "{brand}\u202f: {times} fois plus de posts que d’habitude depuis {when}, {who}",
    ),
    "quiet since": (
        "{brand}: not a single post since {when}, {who}",
        "{brand}\u202f: plus un post depuis {when}, {who}",
    ),
    "incident": (
        "{brand}: {severity} since {when}, {trend}, {who}",
        "{brand}\u202f: {severity} depuis {when}, {trend}, {who}",
    ),
    "a critical": ("critical incident", "incident critique"),
    "a warning": ("incident", "incident"),
    "a watch": ("to be watched", "à surveiller"),
    "has it": ("{who} has it", "{who} s’en occupe"),
    "nobody has it": ("nobody has it yet", "personne ne s’en occupe encore"),
    "and one": ("and one more incident", "et un autre incident"),
    "and more": ("and {n} more incidents", "et {n} autres incidents"),
    "drill only": ("Drill under way, nothing is happening", "Exercice en cours, il ne se passe rien"),
    "hears nothing": (
        "We hear nothing: no source has been heard since {when}",
        "Nous n’entendons rien\u202f: aucune source depuis {when}",
    ),
    "one deaf": (
        "Calm as far as we hear: {name} has not been heard since {when}",
        "Calme, pour ce qu’on entend\u202f: {name} est sourde depuis {when}",
    ),
    "some deaf": (
        "Calm as far as we hear: {n} of {m} sources are deaf",
        "Calme, pour ce qu’on entend\u202f: {n} sources sur {m} sont sourdes",
    ),
    "deaf too": ("Not heard: {names}", "Non entendu\u202f: {names}"),
    "ails": ("buzzwatch itself needs a look", "buzzwatch lui-même a besoin d’aide"),
    "as of": ("as of", "état à"),
    "lost": (
        "CONNECTION LOST. What is shown is old: no news since {when}.",
        "CONNEXION PERDUE. Ce qui est affiché est ancien\u202f: aucune nouvelle depuis {when}.",
    ),
    "no script": (
        "Without script this page loads itself anew every 30 s: an older time than that means that it is stuck.",
        "Sans script, cette page se recharge toutes les 30 s\u202f: une heure plus ancienne, et elle est figée.",
    ),
    "incidents": ("Incidents", "Incidents"),
    "brands": ("Brands", "Marques"),
    "competitors": ("competitor", "concurrent"),
    "open page": ("Open the incident", "Ouvrir l’incident"),
    "since": ("since {when}", "depuis {when}"),
    "silenced until": ("silenced until {when}", "en silence jusqu’à {when}"),
    "an hour": ("/h", "/h"),
    "usual": ("usual {low} to {high}", "d’habitude {low} à {high}"),
    "usual one": ("usual {low}", "d’habitude {low}"),
    "unknown usual": ("usual not known yet", "habituel pas encore connu"),
    "negative": ("negative", "de négatif"),
    "share usual": ("usual {usual}", "d’habitude {usual}"),
    "share over": ("in {span}", "en {span}"),
    "too few": ("too few posts for a share", "trop peu de posts pour une part"),
    "mood angry": ("far angrier than usual", "bien plus en colère que d’habitude"),
    "mood loud": ("far more posts than usual", "bien plus de posts que d’habitude"),
    "mood deaf": ("a source is not heard", "une source n’est pas entendue"),
    "mood learning": ("still learning", "apprend encore"),
    "mood never": ("never heard yet", "encore jamais entendue"),
    "mood calm": ("as usual", "comme d’habitude"),
    "legend": (
        "Bars: posts an hour over 24 h, their foot the negative ones. Band: usual. Hatched: not heard.",
        "Barres\u202f: posts par heure sur 24 h, négatifs en pied. Bande\u202f: habituel. Hachures\u202f: non entendu.",
    ),
    "chart": (
        "{brand}, posts an hour over 24 h: {now} in the last hour, {usual}.",
        "{brand}, posts par heure sur 24 h\u202f: {now} dans la dernière heure, {usual}.",
    ),
    "table": ("{brand}: show the numbers hour by hour", "{brand}\u202f: montrer les chiffres heure par heure"),
    "hour": ("Hour", "Heure"),
    "posts column": ("Posts", "Posts"),
    "usual column": ("Usual", "Habituel"),
    "negative column": ("Negative", "Négatif"),
    "not heard column": ("not heard", "non entendu"),
    "partly heard": ("in part", "en partie"),
    "range": ("{low} to {high}", "{low} à {high}"),
    "rest": ("{n} more brands", "{n} autres marques"),
    "rest one": ("One more brand", "Une autre marque"),
    "source column": ("Source", "Source"),
    "state column": ("State", "État"),
    "last column": ("Last heard", "Dernier signe"),
    "rate column": ("Last hour", "Dernière heure"),
    "sources": ("Sources", "Sources"),
    "no sources": ("No source is configured.", "Aucune source n’est configurée."),
    "well": ("hears", "entend"),
    "never": ("never", "jamais"),
    "usual n": ("usual {n}", "d’habitude {n}"),
    "messages": ("Messages", "Messages"),
    "none waiting": ("All have left.", "Tous sont partis."),
    "one waiting": ("One waits to leave, since {when}.", "Un attend de partir, depuis {when}."),
    "some waiting": (
        "{n} wait to leave, the oldest since {when}.",
        "{n} attendent de partir, le plus ancien depuis {when}.",
    ),
    "rules": ("Rules", "Règles"),
    "in force": ("In force since {when}.", "En vigueur depuis {when}."),
    "not in force": ("Not in force yet.", "Pas encore en vigueur."),
    "refused one": (
        "The files on disk are refused since {when}: one fault.",
        "Les fichiers sur le disque sont refusés depuis {when}\u202f: une faute.",
    ),
    "refused": (
        "The files on disk are refused since {when}: {n} faults.",
        "Les fichiers sur le disque sont refusés depuis {when}\u202f: {n} fautes.",
    ),
    "unread": (
        "Files saved since {when} are not read yet.",
        "Des fichiers enregistrés depuis {when} ne sont pas encore lus.",
    ),
    "silences": ("Silences", "Silences"),
    "no silences": ("None.", "Aucun."),
    "silence until": ("until {when}, by {who}: {why}", "jusqu’à {when}, par {who}\u202f: {why}"),
    "too many": (
        "Too many screens look at this page already: it is loaded anew by itself.",
        "Trop d’écrans regardent déjà cette page\u202f: elle se recharge d’elle-même.",
    ),
}


def status_words(language: str) -> dict[str, str]:
    """Every phrase of the status page in one of `LANGUAGES`, and those of the other pages beneath."""
    column = LANGUAGES.index(language)
    return words(language) | {key: pair[column] for key, pair in _WORDS.items()}
