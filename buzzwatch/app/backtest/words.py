"""Every phrase of a backtest, in French and in English."""

from msgspec import Struct

from buzzwatch.notify.phrases import Noun


class Words(Struct, frozen=True, kw_only=True):
    """One language. Placeholders are filled with `str.format`; pairs are for one and for many."""

    title: str
    subtitle: str
    days: Noun
    hours: Noun
    times: Noun
    rang: str
    would: str
    rate: str
    compared: str
    in_force: str
    other: str
    added: Noun
    gone: Noun
    moved: Noun
    nothing_changes: str
    no_mentions: str
    head: tuple[str, ...]
    head_compared: tuple[str, ...]
    head_asides: tuple[str, ...]
    others_head: tuple[str, str]
    no_rings: str
    fates: dict[str, str]
    observed: str
    posts: Noun
    angry: Noun
    voices: Noun
    in_all: str
    silence: str
    after_onset: str
    at_onset: str
    at_peak: str
    before_peak: str
    after_peak: str
    only_these: str
    only_others: str
    earlier: str
    later: str
    same: str
    woken: str
    found_nothing: str
    erased: str
    unknown_author: str
    assumes: str
    learnt: str
    only_totals: str
    exact: str
    supposed: str
    dropped: str
    dropped_kinds: dict[str, Noun]
    swapped: Noun
    swapped_exact: Noun
    refused: Noun
    unchanged: str
    reread: str
    erased_texts: Noun
    floor: str
    unread: Noun
    failed: str
    scores: str
    file: str
    joins: str
    nothing: str
    night: str
    times_say: str
    chart: str
    chart_rings: str
    chart_none: str
    legend_posts: str
    legend_angry: str
    legend_these: str
    legend_others: str
    running: str


ENGLISH = Words(
    title="How often would it ring?",
    subtitle="{since} to {until}, {mentions} posts.",
    days=("day", "days"),
    hours=("hour", "hours"),
    times=("time", "times"),
    rang="Over {span}, the rules in force rang {n}{rate}",
    would="Over {span}, these rules would have rung {n}{rate}",
    rate=" ({month} a month; they may {budget})",
    compared="; {others}: {n}.",
    in_force="the rules in force",
    other="the other rules",
    added=("{n} ring is new", "{n} rings are new"),
    gone=("{n} is gone", "{n} are gone"),
    moved=("{n} has moved", "{n} have moved"),
    nothing_changes="Nothing changes: the rings are the same.",
    no_mentions="Nothing was heard in this time.",
    head=("Rule", "Rings", "A month", "Budget"),
    head_compared=("{others}", "New", "Gone", "Moved"),
    head_asides=("Joins", "Night", "No matter", "After onset", "Before peak"),
    others_head=("In force", "Others"),
    no_rings="It would not have rung.",
    fates={"same": "same", "moved": "moved", "added": "new", "gone": "gone"},
    observed="{count} in {span}, usually {usual}.",
    posts=("post", "posts"),
    angry=("angry post", "angry posts"),
    voices=("voice", "voices"),
    in_all="{count}.",
    silence="Nothing was heard since {since}.",
    after_onset="{span} after it began",
    at_onset="When it began",
    at_peak=", about at the peak.",
    before_peak=", {span} before the peak.",
    after_peak=", {span} after the peak.",
    only_these="New: {others} would not have rung.",
    only_others="Gone: {others} rang here.",
    earlier="{span} earlier than under {others} ({at}).",
    later="{span} later than under {others} ({at}).",
    same="As under {others}.",
    woken="Called at night: {names}.",
    found_nothing="People marked this trouble as nothing.",
    erased="(taken back by its author)",
    unknown_author="unknown author",
    assumes="What this rests on",
    learnt="What is usual was learnt from the beginning of the journal, {at}, as the daemon did.",
    only_totals="Mentions from before {at} are totals by hour (buzzwatch counts): single ones and texts are gone.",
    exact="Every recorded input was stepped as it was, with what people answered: this is what rang.",
    supposed=(
        "Nobody answers in a backtest, and every message arrives at once. A rule rings once for a trouble, "
        "however often the pages were repeated."
    ),
    dropped="Left out, since they answered other alarms: {what}.",
    dropped_kinds={
        "command": ("answer", "answers"),
        "silenced": ("silence", "silences"),
        "drilled": ("drill", "drills"),
        "proposed": ("mark at night", "marks at night"),
        "failed": ("message that did not arrive", "messages that did not arrive"),
    },
    swapped=(
        "Rules were changed {n} time in this time, last on {at}; here one set counts for all of it.",
        "Rules were changed {n} times in this time, last on {at}; here one set counts for all of it.",
    ),
    swapped_exact=(
        "Rules were changed {n} time in this time, last on {at}: each rang while it was in force.",
        "Rules were changed {n} times in this time, last on {at}: each rang while it was in force.",
    ),
    refused=(
        "{n} rule set on record is such as this version refuses; the one before it went on.",
        "{n} rule sets on record are such as this version refuses; those before them went on.",
    ),
    unchanged="The same in both, and run once: {brands}.",
    reread=(
        "Other words, themes, voices or accounts than when the posts were heard: {brands}. "
        "Their stored texts were read again, as they are now ({n})."
    ),
    erased_texts=(
        "{n} text was erased and cannot be read again: it counts as it did.",
        "{n} texts were erased and cannot be read again: they count as they did.",
    ),
    unread=(
        "{n} item of the file is no mention and is left out.",
        "{n} items of the file are no mentions and are left out.",
    ),
    failed="A fault of buzzwatch: a decision about {brands} failed, and nothing rings for it from then on.",
    floor="What the words of then did not find was never stored: these counts are a floor.",
    scores="How negative each post is was taken from the journal.",
    file="Learnt from the file alone: what rings in its first days rests on little.",
    joins="Joins: it held in a trouble that another rule had rung for, and nobody was told anew.",
    nothing="No matter: people closed the incident of then so, or marked its posts as not negative or not us.",
    night="Night: rings whose first step would have called somebody at night.",
    times_say="After onset, before peak: medians; the peak is the busiest quarter of an hour.",
    chart="Posts about {brand} per {span}, {since} to {until}: at most {most}, about {at}.",
    chart_rings="{these}: {n} ({when}).",
    chart_none="{these}: none.",
    legend_posts="posts",
    legend_angry="angry ones",
    legend_these="these rules ring",
    legend_others="{others} ring",
    running="{n} rows of the journal",
)
FRENCH = Words(
    title="Combien de fois cela sonnerait-il\u00a0?",
    subtitle="Du {since} au {until}, {mentions} posts.",
    days=("jour", "jours"),
    hours=("heure", "heures"),
    times=("fois", "fois"),
    rang="Sur {span}, les règles en vigueur ont sonné {n}{rate}",
    would="Sur {span}, ces règles auraient sonné {n}{rate}",
    rate=" ({month} par mois\u00a0; budget\u00a0: {budget})",
    compared="\u00a0; {others}\u00a0: {n}.",
    in_force="les règles en vigueur",
    other="les autres règles",
    added=("{n} alerte est nouvelle", "{n} alertes sont nouvelles"),
    gone=("{n} disparaît", "{n} disparaissent"),
    moved=("{n} est décalée", "{n} sont décalées"),
    nothing_changes="Rien ne change\u00a0: les alertes sont les mêmes.",
    no_mentions="Rien n’a été entendu dans ce temps.",
    head=("Règle", "Alertes", "Par mois", "Budget"),
    head_compared=("{others}", "Nouvelles", "Disparues", "Décalées"),
    head_asides=("S’ajoute", "De nuit", "Sans objet", "Après début", "Avant pic"),
    others_head=("En vigueur", "Autres"),
    no_rings="Aucune alerte.",
    fates={"same": "inchangée", "moved": "décalée", "added": "nouvelle", "gone": "disparue"},
    observed="{count} en {span}, d’habitude {usual}.",
    posts=("post", "posts"),
    angry=("post en colère", "posts en colère"),
    voices=("voix", "voix"),
    in_all="{count}.",
    silence="Plus rien entendu depuis {since}.",
    after_onset="{span} après le début",
    at_onset="Dès le début",
    at_peak=", à peu près au pic.",
    before_peak=", {span} avant le pic.",
    after_peak=", {span} après le pic.",
    only_these="Nouvelle\u00a0: {others} n’auraient pas sonné.",
    only_others="Disparue\u00a0: ici sonnaient {others}.",
    earlier="{span} plus tôt qu’avec {others} ({at}).",
    later="{span} plus tard qu’avec {others} ({at}).",
    same="Comme avec {others}.",
    woken="Appelé de nuit\u00a0: {names}.",
    found_nothing="Vos équipes ont jugé cette alerte sans objet.",
    erased="(retiré par son auteur)",
    unknown_author="auteur inconnu",
    assumes="Sur quoi cela repose",
    learnt="L’habituel a été appris depuis le début du journal, le {at}, comme par le démon.",
    only_totals="Avant le {at}, il ne reste que des totaux par heure (buzzwatch counts)\u00a0: ni posts, ni textes.",
    exact="Chaque entrée enregistrée a été rejouée telle quelle, réponses comprises\u00a0: voici ce qui a sonné.",
    supposed=(
        "Personne ne répond dans cet essai, et tout message arrive aussitôt. Une règle sonne une fois par problème, "
        "quel que soit le nombre de rappels."
    ),
    dropped="Laissé de côté, car c’étaient des réponses à d’autres alertes\u00a0: {what}.",
    dropped_kinds={
        "command": ("réponse", "réponses"),
        "silenced": ("mise en silence", "mises en silence"),
        "drilled": ("exercice", "exercices"),
        "proposed": ("marque de nuit", "marques de nuit"),
        "failed": ("message non arrivé", "messages non arrivés"),
    },
    swapped=(
        "Les règles ont changé {n} fois dans ce temps, la dernière le {at}\u00a0; ici, un même jeu vaut pour tout.",
        "Les règles ont changé {n} fois dans ce temps, la dernière le {at}\u00a0; ici, un même jeu vaut pour tout.",
    ),
    swapped_exact=(
        "Les règles ont changé {n} fois dans ce temps, la dernière le {at}\u00a0: chacune a sonné tant qu’elle valait.",
        "Les règles ont changé {n} fois dans ce temps, la dernière le {at}\u00a0: chacune a sonné tant qu’elle valait.",
    ),
    refused=(
        "{n} jeu de règles du journal est refusé par cette version\u00a0; le précédent a continué.",
        "{n} jeux de règles du journal sont refusés par cette version\u00a0; les précédents ont continué.",
    ),
    unchanged="Identiques des deux côtés, donc essayées une seule fois\u00a0: {brands}.",
    reread=(
        "Mots, thèmes, voix ou comptes autres qu’à l’écoute\u00a0: {brands}. Les textes gardés ont été relus, "
        "dans leur état actuel ({n})."
    ),
    erased_texts=(
        "{n} texte a été effacé et ne peut être relu\u00a0: il compte comme avant.",
        "{n} textes ont été effacés et ne peuvent être relus\u00a0: ils comptent comme avant.",
    ),
    unread=(
        "{n} élément du fichier n’est pas un post et reste de côté.",
        "{n} éléments du fichier ne sont pas des posts et restent de côté.",
    ),
    failed="Une erreur de buzzwatch\u00a0: une décision sur {brands} a échoué, plus rien ne sonne ensuite pour elle.",
    floor="Ce que les mots d’alors n’ont pas trouvé n’a jamais été gardé\u00a0: ces nombres sont donc un minimum.",
    scores="La négativité de chaque post est celle du journal.",
    file="Appris du seul fichier\u00a0: ce qui sonne dans ses premiers jours repose sur peu.",
    joins="S’ajoute\u00a0: elle tenait dans un problème signalé par une autre règle, sans prévenir personne de plus.",
    nothing="Sans objet\u00a0: l’incident réel a été clos ainsi, ou ses posts marqués non négatifs ou étrangers.",
    night="De nuit\u00a0: alertes dont la première étape aurait appelé quelqu’un de nuit.",
    times_say="Après le début, avant le pic\u00a0: médianes\u00a0; le pic est le quart d’heure le plus chargé.",
    chart="Posts sur {brand} par {span}, du {since} au {until}\u00a0: au plus {most}, vers le {at}.",
    chart_rings="{these}\u00a0: {n} ({when}).",
    chart_none="{these}\u00a0: aucune alerte.",
    legend_posts="posts",
    legend_angry="en colère",
    legend_these="alertes de ces règles",
    legend_others="alertes avec {others}",
    running="{n} lignes du journal",
)


def words_of(language: str) -> Words:
    """Those of a language; English where it is not French."""
    return FRENCH if language == "fr" else ENGLISH
