"""Every phrase of a message, in French and in English.

Placeholders in braces are filled with `str.format`; what fills them is data and is never parsed. A noun is a pair, for
one and for many.
"""

from typing import TypeAlias

from msgspec import Struct

from buzzwatch.model.incident import ChangeKind, Severity
from buzzwatch.model.signal import Trend
from buzzwatch.model.thread import Phase
from buzzwatch.notify.figures import ENGLISH as ENGLISH_FIGURES
from buzzwatch.notify.figures import FRENCH as FRENCH_FIGURES
from buzzwatch.notify.figures import Figures

Noun: TypeAlias = tuple[str, str]


class Phrases(Struct, frozen=True, kw_only=True):
    """One language."""

    language: str
    figures: Figures
    singular: frozenset[int]
    """The numbers that take no plural."""

    posts: Noun
    separate: Noun
    copied: Noun
    angry: Noun
    authors: Noun
    followers: Noun
    voices: Noun

    severity: dict[Severity, str]
    trend: dict[Trend, str]
    trend_sentence: dict[Trend, str]
    phase_sentence: dict[Phase, str]

    doubles: str
    urgent: str
    not_urgent: str

    start: str
    in_window: str
    in_window_estimated: str
    recurring: str
    angry_share: str
    runaway: str
    conversation: str
    story_runaway: str
    story: str
    silence: str
    events: dict[ChangeKind, str]
    silence_over: str
    repaired: str

    observed: str
    share: str
    share_usual: str
    estimated: str
    in_all: str
    reached: str
    copies: str
    since: str
    since_only: str
    forecast: str
    milestone: str
    milestone_open: str
    silent_since: str
    answered: str
    unanswered: str
    press: str
    press_joined: str
    sources: str
    sector: str
    sector_short: str
    campaign: str
    story_answered: str
    public_clock: str
    public_clock_target: str
    waiting: Noun
    waiting_for: str
    untaken: str
    taken_since: str
    taken_at: str
    closed_at: str
    dismissed_at: str
    waits_until: str
    wait_because: str
    snoozes_until: str
    snoozed: str
    helps: str
    reminded: str
    waited: str
    unsilenced: str
    outlasted: str
    released: str
    rebound: str
    lasted: str
    it_was: str

    test: str
    drill: str
    drill_says: str
    drill_calls: str
    drill_is: str
    drill_answered: str
    drill_unanswered: str
    drill_cut: str
    replaces: Noun
    doubtful: str
    late: str
    deaf: str
    stale: str

    serious: str
    important: str
    importance: dict[Severity, str]

    also_now: str
    samples: str
    weighs_most: str
    quoted: str
    signed: str
    unknown_author: str
    with_followers: str
    erased: str
    let_go: str
    why: str
    rule: str
    clause: str
    clause_usual: str
    clause_is: str
    clause_score: str
    by: str
    missed: str
    unknown: str
    answers: dict[str, str]
    unless: str
    clauses: dict[str, str]
    do: str
    runbook: str
    told: str
    more: str
    take: str
    see: str
    reference: str

    def count(self, number: float, noun: Noun) -> str:
        """`46 posts`, `1 post`."""
        whole = round(number)
        return f"{self.figures.number(whole)}\u00a0{noun[whole not in self.singular]}"


FRENCH = Phrases(
    language="fr",
    figures=FRENCH_FIGURES,
    singular=frozenset({0, 1}),
    posts=("post", "posts"),
    separate=("post sans lien", "posts sans lien entre eux"),
    copied=("copie", "copies"),
    angry=("post en colère", "posts en colère"),
    authors=("auteur", "auteurs"),
    followers=("abonné", "abonnés"),
    voices=("voix", "voix"),
    severity={Severity.CRITICAL: "CRITIQUE", Severity.WARNING: "ALERTE", Severity.WATCH: "À SUIVRE"},
    trend={Trend.RISING: "monte", Trend.STEADY: "stable", Trend.FADING: "retombe"},
    trend_sentence={
        Trend.RISING: "cela monte encore",
        Trend.STEADY: "cela se maintient",
        Trend.FADING: "cela retombe",
    },
    phase_sentence={
        Phase.RISING: "cela monte encore",
        Phase.PEAKING: "c’est au plus fort",
        Phase.FADING: "cela retombe",
        Phase.OVER: "c’est retombé",
        Phase.REBOUND: "cela s’était calmé et repart",
    },
    doubles="double en {span}",
    urgent="Urgent\u00a0: oui, {pace}",
    not_urgent="Urgent\u00a0: non",
    start="{severity} {brand}\u00a0: ",
    in_window="{count} en {span} (habituel {usual})",
    in_window_estimated="{count} en {span} (habituel estimé {usual})",
    recurring="«\u00a0{topic}\u00a0»\u00a0: {count} en {span} (habituel {usual}), {authors}, {spoken} jours sur {days}",
    angry_share="{share} en colère",
    runaway="une conversation s’emballe\u00a0: {facts}",
    conversation="une conversation\u00a0: {facts}",
    story_runaway="une même histoire se répand\u00a0: {facts}",
    story="une même histoire\u00a0: {facts}",
    silence="plus aucun post depuis {span}",
    events={
        ChangeKind.WORSENED: "s’aggrave, {facts}",
        ChangeKind.REOPENED: "ça repart, {facts}",
        ChangeKind.TAKEN: "pris par {name} à {time}",
        ChangeKind.WAITING: "on attend jusqu’à {until}, décidé par {name}",
        ChangeKind.WAITED: "l’attente est finie, {facts}",
        ChangeKind.SNOOZING: "vu par {name}, sonnera de nouveau à {until}",
        ChangeKind.SNOOZED: "à vous, comme demandé, {facts}",
        ChangeKind.UNSILENCED: "le silence est fini, {facts}",
        ChangeKind.OUTLASTED: "continue, {facts}",
        ChangeKind.HELP: "{name} demande de l’aide, {facts}",
        ChangeKind.REMINDED: "pris par vous à {time}, monte encore, {facts}",
        ChangeKind.RELEASED: "pris puis sans nouvelles, {facts}",
        ChangeKind.RESOLVED: "clos par {name} à {time}, a duré {span}",
        ChangeKind.DISMISSED: "vu par {name} à {time}, sans importance",
        ChangeKind.CALMED: "se calme, {facts}",
        ChangeKind.OVER: "c’est fini, cela a duré {span}",
    },
    silence_over="on en parle de nouveau, le silence a duré {span}",
    repaired="rétabli, cela a duré {span}",
    observed="{count} en {span}, d’habitude {usual}.",
    share="Part de posts en colère\u00a0: {share}.",
    share_usual="Part de posts en colère\u00a0: {share}, d’habitude {usual}.",
    estimated="L’habituel est une estimation\u00a0: cette marque est suivie depuis peu.",
    in_all="{posts} en tout",
    reached="jusqu’à {followers} touchés",
    copies="Dont {copies} d’un même texte (agence de presse ou campagne).",
    since="Depuis {time} ({span}), {trend}.",
    since_only="Depuis {time} ({span}).",
    forecast="Attendu sous 24\u00a0h\u00a0: environ {posts} ({least} à {most}).",
    milestone="À ce rythme, {posts} par heure vers {time}, entre {earliest} et {latest}.",
    milestone_open="À ce rythme, {posts} par heure vers {time}, pas avant {earliest}.",
    silent_since="Dernier post à {time}.",
    answered="Une réponse officielle a été donnée il y a moins de 30\u00a0min.",
    unanswered="Aucune réponse officielle récente ne l’a calmée.",
    press="La presse s’en mêle\u00a0: {who}, {time}.",
    press_joined="la presse s’en mêle",
    sources="Sur {n} sources\u00a0: {names}.",
    sector="Tout le secteur, pas vous seuls\u00a0: {rising} marques sur {known} ({name}).",
    sector_short="tout le secteur ({rising} sur {known})",
    campaign="Attendu ×{factor}\u00a0: {why}.",
    story_answered="Une réponse officielle a été donnée sous l’un de ces posts il y a moins de 30\u00a0min.",
    public_clock="Sans réponse officielle depuis {span}.",
    public_clock_target="Sans réponse officielle depuis {span}, objectif {target}.",
    waiting=("plainte sans réponse", "plaintes sans réponse"),
    waiting_for="{count}, la première depuis {span}",
    untaken="Personne ne l’a encore pris, {span} après l’alerte.",
    taken_since="Pris par {name} depuis {time}.",
    taken_at="Pris par {name} à {time}.",
    closed_at="Clos par {name} à {time}.",
    dismissed_at="Vu par {name} à {time} : c’est vrai, et sans importance. Rien n’est corrigé.",
    waits_until="On attend jusqu’à {until}, décidé par {name}. Cela sonnera alors de nouveau, ou si cela s’aggrave.",
    wait_because="Raison : {why}",
    snoozes_until=(
        "{name} l’a vu. Cela sonnera de nouveau à {until}, ou avant si cela s’aggrave. "
        "Rien n’est décidé\u00a0: le délai de réponse court."
    ),
    snoozed="Vous aviez demandé qu’on vous rappelle maintenant. Sans réponse, une alerte critique sonnera pour tous.",
    helps="{name} s’en occupe et demande de l’aide.",
    reminded="Vous l’avez pris à {time} et cela monte encore. Sans réponse de vous, cela sonnera de nouveau.",
    unsilenced="Un silence demandé par quelqu’un a pris fin, et cela continue.",
    outlasted="Une alerte plus grave de la même marque est terminée, et ceci continue.",
    waited="On avait décidé d’attendre jusqu’à maintenant.",
    released="Quelqu’un l’avait pris, n’a plus répondu, et cela monte encore.",
    rebound="C’était fini à {time}, et ça repart\u00a0: c’est la même alerte.",
    lasted="Cela a duré {span} ({since} – {until}).",
    it_was="C’était\u00a0: {facts}.",
    test="Ceci est un test, demandé à la main\u00a0: il ne se passe rien, il n’y a rien à faire.",
    drill="EXERCICE",
    drill_says="EXERCICE\u00a0: {what}.",
    drill_calls="ceci est un exercice, répondez comme à une vraie alerte",
    drill_is="Demandé par {name} à {time}. Il ne se passe rien\u00a0: on voit qui est joint, et en combien de temps.",
    drill_answered="terminé, {name} a répondu en {span}",
    drill_unanswered="terminé, personne n’a répondu",
    drill_cut="interrompu par une vraie alerte",
    doubtful="Ce message est peut-être déjà arrivé\u00a0: même référence, même alerte.",
    replaces=(
        "Remplace {n} message plus ancien qui n’avait pas pu partir.",
        "Remplace {n} messages plus anciens qui n’avaient pas pu partir.",
    ),
    late="Ce message était dû à {time}\u00a0: nous étions arrêtés.",
    deaf="Commencé à {began}, entendu à {heard}\u00a0: nous étions sourds de {since} à {until}.",
    stale="État de {time}\u00a0: ce message n’a pas pu partir plus tôt.",
    serious="Est-ce grave\u00a0?",
    important="Important\u00a0: {severity}",
    importance={Severity.CRITICAL: "critique", Severity.WARNING: "alerte", Severity.WATCH: "à suivre"},
    also_now="Aussi en ce moment, sans autre message",
    samples="Ce qui se dit",
    weighs_most="Ce qui pèse le plus\u00a0: {words}",
    quoted="«\u00a0{text}\u00a0»",
    signed="{quote} — {author}, {time}",
    unknown_author="auteur inconnu",
    with_followers="{author} ({followers})",
    erased="(texte effacé depuis)",
    let_go="(texte qui n’est plus conservé)",
    why="Pourquoi ce message",
    rule="Règle {rule}\u00a0:",
    clause="{label}\u00a0: {observed}, minimum {needed}",
    clause_usual="{label}\u00a0: {observed}, minimum {needed}, habituel {usual}",
    clause_is="{label}\u00a0: {observed}, attendu {needed}",
    clause_score="{label}\u00a0: niveau {observed}, seuil {needed}",
    by="{label} selon {comparator}",
    missed="{clause} (non atteint)",
    unknown="inconnu",
    answers={"yes": "oui", "no": "non"},
    unless="sauf si {clause}",
    clauses={
        "unusual": "inhabituel",
        "escalating": "emballement",
        "volume.at_least": "posts",
        "negativity.at_least": "posts en colère",
        "unanswered.at_least": "plaintes sans réponse",
        "share": "part en colère",
        "negative_share": "part en colère",
        "times": "par rapport à l’habituel",
        "authors": "auteurs",
        "mentions": "posts",
        "reach": "abonnés touchés",
        "forecast": "posts attendus sous 24\u00a0h",
        "answered": "réponse officielle",
        "negativity": "colère du post",
        "followers": "abonnés de l’auteur",
        "kind": "sorte de post",
        "source": "source",
        "sources": "sources",
        "theme": "sujet",
        "voice": "voix",
        "days": "jours avec des posts",
        "over": "sans aucun post",
    },
    do="À faire",
    runbook="Procédure\u00a0:",
    told="Aussi prévenus\u00a0: {names}",
    more="et {n} autres",
    take="Je prends\u00a0:",
    see="Voir\u00a0:",
    reference="Réf. {key} · heures\u00a0: {zone}",
)

ENGLISH = Phrases(
    language="en",
    figures=ENGLISH_FIGURES,
    singular=frozenset({1}),
    posts=("post", "posts"),
    separate=("separate post", "separate posts"),
    copied=("copy", "copies"),
    angry=("angry post", "angry posts"),
    authors=("author", "authors"),
    followers=("follower", "followers"),
    voices=("voice", "voices"),
    severity={Severity.CRITICAL: "CRITICAL", Severity.WARNING: "WARNING", Severity.WATCH: "WATCH"},
    trend={Trend.RISING: "growing", Trend.STEADY: "steady", Trend.FADING: "fading"},
    trend_sentence={
        Trend.RISING: "it is still growing",
        Trend.STEADY: "it holds steady",
        Trend.FADING: "it is fading",
    },
    phase_sentence={
        Phase.RISING: "it is still growing",
        Phase.PEAKING: "it is at its height",
        Phase.FADING: "it is fading",
        Phase.OVER: "it has died down",
        Phase.REBOUND: "it had calmed down and is back",
    },
    doubles="doubles in {span}",
    urgent="Urgent: yes, {pace}",
    not_urgent="Urgent: no",
    start="{severity} {brand}: ",
    in_window="{count} in {span} (usually {usual})",
    in_window_estimated="{count} in {span} (usually about {usual})",
    recurring="“{topic}”: {count} in {span} (usually {usual}), {authors}, on {spoken} of {days} days",
    angry_share="{share} angry",
    runaway="one conversation is taking off: {facts}",
    conversation="one conversation: {facts}",
    story_runaway="one story is spreading: {facts}",
    story="one story: {facts}",
    silence="no post for {span}",
    events={
        ChangeKind.WORSENED: "worse, {facts}",
        ChangeKind.REOPENED: "back again, {facts}",
        ChangeKind.TAKEN: "taken by {name} at {time}",
        ChangeKind.WAITING: "we wait until {until}, says {name}",
        ChangeKind.WAITED: "the wait is over, {facts}",
        ChangeKind.SNOOZING: "snoozed by {name}, rings again at {until}",
        ChangeKind.SNOOZED: "yours, as you asked, {facts}",
        ChangeKind.UNSILENCED: "the silence is over, {facts}",
        ChangeKind.OUTLASTED: "goes on, {facts}",
        ChangeKind.HELP: "{name} asks for help, {facts}",
        ChangeKind.REMINDED: "yours since {time} and still growing, {facts}",
        ChangeKind.RELEASED: "taken, then no news, {facts}",
        ChangeKind.RESOLVED: "closed by {name} at {time}, it lasted {span}",
        ChangeKind.DISMISSED: "seen by {name} at {time}, no matter",
        ChangeKind.CALMED: "calmer, {facts}",
        ChangeKind.OVER: "it is over, it lasted {span}",
    },
    silence_over="people post again, the silence lasted {span}",
    repaired="working again, it lasted {span}",
    observed="{count} in {span}, usually {usual}.",
    share="Share of angry posts: {share}.",
    share_usual="Share of angry posts: {share}, usually {usual}.",
    estimated="What is usual is an estimate: this brand has not been watched for long.",
    in_all="{posts} in all",
    reached="up to {followers} reached",
    copies="Of these, {copies} of one text (press agency or campaign).",
    since="Since {time} ({span}), {trend}.",
    since_only="Since {time} ({span}).",
    forecast="Expected within 24\u00a0h: about {posts} ({least} to {most}).",
    milestone="At this pace {posts} an hour about {time}, between {earliest} and {latest}.",
    milestone_open="At this pace {posts} an hour about {time}, not before {earliest}.",
    silent_since="Last post at {time}.",
    answered="An official reply was given less than 30\u00a0min ago.",
    unanswered="No recent official reply has calmed it.",
    press="The press has joined: {who}, {time}.",
    press_joined="the press has joined",
    sources="On {n} sources: {names}.",
    sector="The whole sector, not you alone: {rising} of {known} brands ({name}).",
    sector_short="the whole sector ({rising} of {known})",
    campaign="Expected ×{factor}: {why}.",
    story_answered="An official reply was given under one of these posts less than 30\u00a0min ago.",
    public_clock="Without an official answer for {span}.",
    public_clock_target="Without an official answer for {span}, target {target}.",
    waiting=("complaint without an answer", "complaints without an answer"),
    waiting_for="{count}, the first for {span}",
    untaken="Nobody has taken it yet, {span} after the alert.",
    taken_since="Taken by {name} since {time}.",
    taken_at="Taken by {name} at {time}.",
    closed_at="Closed by {name} at {time}.",
    dismissed_at="Seen by {name} at {time}: it is true and does not matter. Nothing is corrected.",
    waits_until="{name} decided to wait until {until}. It rings again at that time, or when it gets worse.",
    wait_because="Reason: {why}",
    snoozes_until=(
        "{name} has seen it. It rings again at {until}, or sooner if it gets worse. "
        "Nothing is decided: the clock goes on."
    ),
    snoozed="You asked to be rung again now. Without an answer of yours, a critical alert rings for all.",
    helps="{name} has it and asks for help.",
    reminded="You took it at {time} and it still grows. Without an answer of yours it rings again.",
    unsilenced="A silence that somebody had asked for has ended, and it goes on.",
    outlasted="A graver alert of the same brand is over, and this goes on.",
    waited="We had decided to wait until now.",
    released="Somebody had taken it and answers no more, and it still grows.",
    rebound="It was over at {time} and has started again: it is the same incident.",
    lasted="It lasted {span} ({since} – {until}).",
    it_was="It was: {facts}.",
    test="This is a test that somebody asked for: nothing is happening and there is nothing to do.",
    drill="DRILL",
    drill_says="DRILL: {what}.",
    drill_calls="this is a drill, answer as you would a real alert",
    drill_is="{name} asked for it at {time}. Nothing is happening: it shows who is reached, and how soon.",
    drill_answered="over, {name} answered within {span}",
    drill_unanswered="over, nobody answered",
    drill_cut="cut short by a real alert",
    doubtful="This message may have arrived already: same reference, same alert.",
    replaces=(
        "Replaces {n} earlier message that could not be sent.",
        "Replaces {n} earlier messages that could not be sent.",
    ),
    late="This message was due at {time}: we were down.",
    deaf="Began {began}, heard {heard}: we were deaf from {since} to {until}.",
    stale="As of {time}: this message could not be sent sooner.",
    serious="Is it serious?",
    important="Important: {severity}",
    importance={Severity.CRITICAL: "critical", Severity.WARNING: "warning", Severity.WATCH: "watch"},
    also_now="Also going on, without a message of its own",
    samples="What people say",
    weighs_most="What weighs most: {words}",
    quoted="“{text}”",
    signed="{quote} — {author}, {time}",
    unknown_author="unknown author",
    with_followers="{author} ({followers})",
    erased="(text erased since)",
    let_go="(text no longer kept)",
    why="Why this message",
    rule="Rule {rule}:",
    clause="{label}: {observed}, at least {needed} needed",
    clause_usual="{label}: {observed}, at least {needed} needed, usually {usual}",
    clause_is="{label}: {observed}, wanted {needed}",
    clause_score="{label}: level {observed}, line at {needed}",
    by="{label} by {comparator}",
    missed="{clause} (not reached)",
    unknown="unknown",
    answers={},
    unless="unless {clause}",
    clauses={
        "unusual": "unusual",
        "escalating": "taking off",
        "volume.at_least": "posts",
        "negativity.at_least": "angry posts",
        "unanswered.at_least": "complaints without an answer",
        "share": "angry share",
        "negative_share": "angry share",
        "times": "compared with usual",
        "authors": "authors",
        "mentions": "posts",
        "reach": "followers reached",
        "forecast": "posts expected within 24\u00a0h",
        "answered": "official reply",
        "negativity": "anger of the post",
        "followers": "followers of the author",
        "kind": "kind of post",
        "source": "source",
        "sources": "sources",
        "theme": "subject",
        "voice": "voice",
        "days": "days with posts",
        "over": "without a post",
    },
    do="What to do",
    runbook="Runbook:",
    told="Also told: {names}",
    more="and {n} more",
    take="I take it:",
    see="See:",
    reference="Ref. {key} · times: {zone}",
)


def phrases_of(language: str) -> Phrases:
    """French for any kind of French ("fr", "fr-CA"), English for everybody else."""
    return FRENCH if language.lower().partition("-")[0] == "fr" else ENGLISH
