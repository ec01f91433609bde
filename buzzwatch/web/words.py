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
    "let_go": ("This text is no longer kept.", "Ce texte n’est plus conservé."),
    "weighs most": ("Anger {share}, weighs most:", "Colère {share}, pèse le plus :"),
    "marked negative": ("Negative, says {who}, {when}", "Négatif, selon {who}, {when}"),
    "marked not-negative": ("Not negative, says {who}, {when}", "Pas négatif, selon {who}, {when}"),
    "marked not-us": ("Not about us, says {who}, {when}", "Pas sur nous, selon {who}, {when}"),
    "rules refused": (
        "The rule files are refused since {when}. The rules in force since {since} stay.",
        "Les fichiers de règles sont refusés depuis {when}. Les règles en vigueur depuis {since} le restent.",
    ),
    "not heard": ("What we do not hear right now:", "Ce que nous n’entendons pas en ce moment\u00a0:"),
    "not heard since": ("since {when}", "depuis {when}"),
    "look there": (
        "What is said there does not reach us: look there yourself.",
        "Ce qui s’y dit ne nous parvient pas\u00a0: regardez-y vous-même.",
    ),
    "rules unread": (
        "The rule files are edited since {when}, and not read yet.",
        "Les fichiers de règles sont modifiés depuis {when}, et pas encore lus.",
    ),
    "mark negative": ("Negative", "Négatif"),
    "mark not-negative": ("Not negative", "Pas négatif"),
    "mark not-us": ("Not about us", "Pas sur nous"),
    "mark withdraw": ("Undo", "Annuler"),
    "mark as": ("Your name, to mark a post", "Votre nom, pour marquer un post"),
    "misjudged": ("Misjudged?", "Mal jugé ?"),
    "counts": ("Counts {day}.", "Pris en compte {day}."),
    "verdict negative": ("Negative", "Négatif"),
    "verdict not-negative": ("Not negative", "Pas négatif"),
    "verdict not-us": ("Not about us", "Pas sur nous"),
    "verdict withdraw": ("Mark to take back", "Marque à retirer"),
    "pending": ("{verdict}, says {who}: counts {day}", "{verdict}, selon {who} : pris en compte {day}"),
    "pending tomorrow": ("tomorrow morning, once confirmed", "demain matin, après confirmation"),
    "pending today": ("this morning, once confirmed", "ce matin, après confirmation"),
    "pending now": ("once confirmed", "après confirmation"),
    "pending one": ("1 mark of the night waits for a confirmation", "1 marque de la nuit attend une confirmation"),
    "pending many": (
        "{n} marks of the night wait for a confirmation",
        "{n} marques de la nuit attendent une confirmation",
    ),
    "marks": ("Marks of the night", "Marques de la nuit"),
    "marks why": (
        "They have no effect until somebody confirms them by day, and are forgotten after seven days.",
        "Sans effet tant que personne ne les confirme de jour, et oubliées au bout de sept jours.",
    ),
    "marks none": ("Nothing waits for a confirmation.", "Rien n'attend de confirmation."),
    "confirm all": ("Confirm all", "Tout confirmer"),
    "confirm from": ("They can be confirmed from {when} on.", "À confirmer à partir de {when}."),
    "drop": ("Drop", "Abandonner"),
    "marked at": ("{who}, {when}", "{who}, {when}"),
    "back": ("Back to the incident", "Retour à l'alerte"),
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
    "snooze legend": ("Ring me again in", "Me rappeler dans"),
    "snooze 15m": ("15 min", "15 min"),
    "snooze 30m": ("30 min", "30 min"),
    "snooze 1h": ("1 h", "1 h"),
    "snooze note": (
        "It is yours meanwhile, nothing is decided. It rings sooner if it worsens.",
        "C'est à vous d'ici là, rien n'est décidé. Cela sonne avant si cela s'aggrave.",
    ),
    "snoozes": (
        "Rings again for {who} at {when}, or sooner if it worsens.",
        "Cela sonnera de nouveau pour {who} à {when}, ou avant si cela s'aggrave.",
    ),
    "rung": (
        "It has just rung again for {who}, as asked. Without an answer it rings for everybody.",
        "Cela vient de sonner de nouveau pour {who}, comme demandé. Sans réponse, cela sonnera pour tous.",
    ),
    "no matter": ("True, but no matter", "Vrai, mais sans importance"),
    "resolve": ("It is over", "C'est terminé"),
    "as of": ("As of {when}", "État à {when}"),
    "refresh": ("Refresh", "Actualiser"),
    "change opened": ("Opened", "Ouvert"),
    "change worsened": ("Worsened", "Aggravé"),
    "change reopened": ("Opened again", "Rouvert"),
    "change taken": ("Taken", "Pris en charge"),
    "change snoozing": ("Snoozed", "Rappel demandé"),
    "change snoozed": ("Rung again, as asked", "Rappelé, comme demandé"),
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
    "refused": ("Nothing was changed.", "Rien n'a été changé."),
    "no closed": ("It is closed already.", "C'est déjà clos."),
    "no unchanged": ("It stands so already.", "C'était déjà fait."),
    "no until": (
        "Give a time of the next 24 hours, such as 23:40.",
        "Donnez une heure des prochaines 24 heures, par exemple 23:40.",
    ),
    "no because": (
        "Say why it may wait: everybody who was told reads it.",
        "Dites pourquoi on attend : tous ceux qui ont été prévenus le lisent.",
    ),
    "no span": ("Choose 15 min, 30 min or 1 h.", "Choisissez 15 min, 30 min ou 1 h."),
    "no name": ("Give your name first.", "Donnez d'abord votre nom."),
    "no post": (
        "This post cannot be marked: it is not on this page, or its text was erased.",
        "Ce post ne peut pas être marqué : il n'est pas sur cette page, ou son texte a été effacé.",
    ),
    "no unmarked": ("That mark is not there any more.", "Cette marque n'existe plus."),
    "no night": ("It is night: confirm it by day.", "C'est la nuit : confirmez de jour."),
    "no foreign": (
        "This button works on the incident's own page only: open the link and press it there.",
        "Ce bouton ne marche que sur la page de l'alerte : ouvrez le lien et appuyez là.",
    ),
    "no guess": (
        "Too many links that lead nowhere: wait a minute.",
        "Trop de liens qui ne mènent nulle part : attendez une minute.",
    ),
    "urgent": ("urgent", "urgent"),
    "doubles": ("doubles in {span}", "double en {span}"),
    "unanswered": ("Without an official answer for {span}", "Sans réponse officielle depuis {span}"),
    "target": ("target {span}", "objectif {span}"),
    "wait for us": ("One complaint waits for an answer.", "Une plainte attend une réponse."),
    "all wait for us": ("{n} complaints wait for an answer.", "{n} plaintes attendent une réponse."),
    "to queue": ("All complaints without an answer ({n})", "Toutes les plaintes sans réponse ({n})"),
    "queue": ("Unanswered", "Sans réponse"),
    "queue empty": ("No complaint waits for an answer.", "Aucune plainte n'attend de réponse."),
    "oldest first": (
        "The oldest first, whoever wrote it. An official reply takes a post off this list.",
        "La plus ancienne d'abord, qui que soit l'auteur. Une réponse officielle retire un post de cette liste.",
    ),
    "waiting for": ("waiting for {span}", "attend depuis {span}"),
    "late": ("over the target", "objectif dépassé"),
    "views": ("{n} views", "{n} vues"),
    "known": ("complaint no. {n} in a year", "{n}e plainte en un an"),
    "unknown author": ("unknown author", "auteur inconnu"),
    "more waiting": ("And {n} more.", "Et {n} autres."),
    "drill": ("DRILL", "EXERCICE"),
    "drill calls": (
        "This is a drill: nothing is happening. Answer as you would a real alert.",
        "Ceci est un exercice : il ne se passe rien. Répondez comme à une vraie alerte.",
    ),
    "drill over": ("This was a drill: nothing happened.", "C'était un exercice : il ne s'est rien passé."),
    "missing": ("This link leads to no incident.", "Ce lien ne mène à aucun incident."),
    "missing old": (
        "Or it has expired, or was revoked: open the link of the latest message.",
        "Ou bien il a expiré, ou a été révoqué : ouvrez celui du dernier message.",
    ),
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
