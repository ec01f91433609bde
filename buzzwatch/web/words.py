"""The words of the pages, in French and English."""

from collections.abc import Mapping

LANGUAGES = ("en", "fr")

_WORDS: Mapping[str, tuple[str, str]] = {
    "critical": ("Critical", "Critique"),
    "warning": ("Warning", "Alerte"),
    "watch": ("Watch", "À surveiller"),
    "open": ("Nobody has taken it yet", "Personne ne s'en occupe encore"),
    "taken": ("{who} has it, since {when}", "{who} s'en occupe depuis {when}"),
    "resolved": ("Over", "Terminé"),
    "resolved by": ("Closed by {who}, {when}", "Clos par {who}, {when}"),
    "lasted": ("It lasted {span}", "Cela a duré {span}"),
    "began": ("Began {when}", "Début : {when}"),
    "rising": ("still growing", "cela monte encore"),
    "steady": ("holding steady", "cela se maintient"),
    "fading": ("fading", "cela retombe"),
    "phase rising": ("still growing", "cela monte encore"),
    "phase peaking": ("at its height", "au plus fort"),
    "phase fading": ("fading", "cela retombe"),
    "phase over": ("died down", "retombé"),
    "phase rebound": ("it had calmed down and is back", "cela s'était calmé et repart"),
    "forecast": (
        "Expected within 24 h: about {n} posts ({least} to {most}).",
        "Attendu sous 24 h : environ {n} posts ({least} à {most}).",
    ),
    "answered": ("we have answered", "nous avons répondu"),
    "angry": ("{n} angry posts in {span}, usually {usual}.", "{n} posts en colère en {span}, d'habitude {usual}."),
    "many": ("{n} posts in {span}, usually {usual}.", "{n} posts en {span}, d'habitude {usual}."),
    "thread": (
        "One conversation: {n} posts by {authors} authors, {share} angry.",
        "Une conversation : {n} posts de {authors} auteurs, {share} en colère.",
    ),
    "slow": (
        "“{topic}” keeps coming back: {n} voices in {span}, usually {usual}.",
        "« {topic} » revient : {n} voix en {span}, d'habitude {usual}.",
    ),
    "story": (
        "One story in {n} separate posts by {authors} authors, {share} angry.",
        "Une même histoire dans {n} posts sans lien entre eux, de {authors} auteurs, {share} en colère.",
    ),
    "copies": ("{n} copies of one text", "{n} copies d'un même texte"),
    "silence": ("Nothing has been posted since {when}.", "Plus aucun post depuis {when}."),
    "press": ("The press has joined: {who}, {when}", "La presse s'en mêle : {who}, {when}"),
    "sources": ("On {n} sources: {names}", "Sur {n} sources : {names}"),
    "sector": (
        "The whole sector, not you alone: {rising} of {known} brands ({name})",
        "Tout le secteur, pas vous seuls : {rising} marques sur {known} ({name})",
    ),
    "campaign": ("Expected ×{factor}: {why}", "Attendu ×{factor} : {why}"),
    "joined": ("the press has joined", "la presse s'en mêle"),
    "matches": ("{n} posts match what this rule looks for.", "{n} posts répondent à cette règle."),
    "match": ("One post matches what this rule looks for.", "Un post répond à cette règle."),
    "observed": ("Now", "En ce moment"),
    "expected": ("Usually", "D'habitude"),
    "share": ("Angry share", "Part en colère"),
    "authors": ("Authors", "Auteurs"),
    "reach": ("Followers reached", "Abonnés touchés"),
    "chart": ("Bars: what we see. Line: what is usual.", "Barres : observé. Ligne : habituel."),
    "do": ("What to do", "Que faire"),
    "runbook": ("Open the runbook", "Ouvrir la procédure"),
    "posts": ("What people say", "Ce qui se dit"),
    "erased": ("This text was erased since.", "Ce texte a été effacé depuis."),
    "weighs most": ("Anger {share}, weighs most:", "Colère {share}, pèse le plus :"),
    "marked negative": ("Negative, says {who}, {when}", "Négatif, selon {who}, {when}"),
    "marked not-negative": ("Not negative, says {who}, {when}", "Pas négatif, selon {who}, {when}"),
    "marked not-us": ("Not about us, says {who}, {when}", "Pas sur nous, selon {who}, {when}"),
    "mark negative": ("Negative", "Négatif"),
    "mark not-negative": ("Not negative", "Pas négatif"),
    "mark not-us": ("Not about us", "Pas sur nous"),
    "mark withdraw": ("Undo", "Annuler"),
    "mark as": (
        "Is a post not what we took it for? Your name, then mark it.",
        "Un post est mal jugé ? Votre nom, puis marquez-le.",
    ),
    "see": ("See the post", "Voir le post"),
    "followers": ("{n} followers", "{n} abonnés"),
    "why": ("Why you are told", "Pourquoi cette alerte"),
    "rule": ("Rule: {name}", "Règle : {name}"),
    "told": ("Also told: {who}", "Aussi prévenus : {who}"),
    "history": ("What happened", "Historique"),
    "name": ("Your name", "Votre nom"),
    "you are": ("You are {who}", "Vous êtes {who}"),
    "not me": ("Not me", "Ce n'est pas moi"),
    "choose": ("Choose…", "Choisir…"),
    "take": ("I take it", "Je prends"),
    "take over": ("I take it over", "Je prends le relais"),
    "help": ("I need help", "J'ai besoin d'aide"),
    "more answers": ("Other answers", "Autres réponses"),
    "wait legend": ("We wait", "On attend"),
    "until": ("Until (time of {zone})", "Jusqu'à (heure de {zone})"),
    "because": ("Because…", "Parce que…"),
    "wait": ("We wait until then", "On attend jusque-là"),
    "silenced": (
        "Silenced by {who} until {when}: {why}. Nobody is told more until then.",
        "Mis en silence par {who} jusqu'à {when} : {why}. Plus personne n'est prévenu d'ici là.",
    ),
    "waits": ("We wait until {when}: {why}", "On attend jusqu'à {when} : {why}"),
    "reminded": (
        "It still grows. Take it again, ask for help or decide to wait: else it rings again.",
        "Cela monte encore. Reprenez-le, demandez de l'aide ou décidez d'attendre : sinon, cela sonnera de nouveau.",
    ),
    "no matter": ("True, but no matter", "Vrai, mais sans importance"),
    "resolve": ("It is over", "C'est terminé"),
    "as of": ("As of {when}", "État à {when}"),
    "refresh": ("Refresh", "Actualiser"),
    "change opened": ("Opened", "Ouvert"),
    "change worsened": ("Worsened", "Aggravé"),
    "change reopened": ("Opened again", "Rouvert"),
    "change taken": ("Taken", "Pris en charge"),
    "change waiting": ("We wait", "On attend"),
    "change waited": ("The wait is over", "Fin de l'attente"),
    "change unsilenced": ("The silence is over", "Fin du silence"),
    "change outlasted": ("The larger one is over", "La plus grave est terminée"),
    "change help": ("Asked for help", "Demande d'aide"),
    "change reminded": ("Asked for news", "Relance"),
    "change released": ("No news, rings again", "Sans nouvelles, sonne de nouveau"),
    "change resolved": ("Closed", "Clos"),
    "change dismissed": ("True, but no matter", "Vrai, mais sans importance"),
    "change over": ("Over by itself", "Retombé de lui-même"),
    "change calmed": ("Calmer", "Se calme"),
    "change noted": ("Noted", "Noté"),
    "drill": ("DRILL", "EXERCICE"),
    "drill calls": (
        "This is a drill: nothing is happening. Answer as you would a real alert.",
        "Ceci est un exercice : il ne se passe rien. Répondez comme à une vraie alerte.",
    ),
    "drill over": ("This was a drill: nothing happened.", "C'était un exercice : il ne s'est rien passé."),
    "missing": ("This link leads to no incident.", "Ce lien ne mène à aucun incident."),
    "missing why": (
        "It may be incomplete: copy it whole from the message.",
        "Il est peut-être incomplet : recopiez-le en entier depuis le message.",
    ),
}


def words(language: str) -> dict[str, str]:
    """Every phrase in one of `LANGUAGES`."""
    column = LANGUAGES.index(language)
    return {key: pair[column] for key, pair in _WORDS.items()}


def choose_language(accepted: str, default: str) -> str:
    """The language of `LANGUAGES` that an Accept-Language header likes best, else `default`, else English."""
    best, best_weight = default if default in LANGUAGES else LANGUAGES[0], 0.0
    for choice in accepted[:200].split(","):
        tag, _, parameter = choice.partition(";")
        language = tag.strip().lower().split("-")[0]
        weight = _weight(parameter)
        if language in LANGUAGES and weight > best_weight:
            best, best_weight = language, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return min(float(value), 1.0)
    except ValueError:
        return 0.0
