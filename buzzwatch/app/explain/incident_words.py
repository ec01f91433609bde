"""The words of `explain`, in French and in English."""

from msgspec import Struct

from buzzwatch.model.incident import ChangeKind, Severity, State
from buzzwatch.model.signal import Detector


class Words(Struct, frozen=True, kw_only=True):
    """One language. Placeholders are filled with `str.format`."""

    head: str
    severity: dict[Severity, str]
    state: dict[State, str]
    times: str
    taken: str
    ended: str
    rebound: str
    had: str
    brand: str
    silence: str
    story: str
    rule: str
    signal: dict[Detector, str]
    numbers: str
    within: str
    learning: str
    by: str
    doubles: str
    urgent: str
    copies: str
    answered: str
    deaf: str
    press: str
    raised: str
    campaign: str
    sources: str
    sector: str
    posts: str
    erased: str
    let_go: str
    negative: str
    weighs: str
    course: str
    usual: str
    history: str
    event: str
    changes: dict[ChangeKind, str]
    by_whom: str
    why: str
    told: str
    nobody: str
    delivery: dict[str, str]
    attempts: str
    held: str
    until: str
    silences: str
    silenced: str
    silence_ended: str


FRENCH = Words(
    head="{id}\u00a0: {severity}, {state}, {brand}, à propos de {about}",
    severity={Severity.CRITICAL: "critique", Severity.WARNING: "alerte", Severity.WATCH: "à suivre"},
    state={State.OPEN: "ouvert", State.TAKEN: "pris", State.RESOLVED: "fini"},
    times="commencé {began}, ouvert {opened}, vrai jusqu’à {true}",
    taken="pris par {by} à {at}",
    ended="fini {ended}\u00a0; ce qui repart avant {until} est le même incident",
    rebound="un rebond\u00a0: c’était fini à {at}{had}, et c’est reparti",
    had=", {by} l’avait",
    brand="la marque entière",
    silence="un silence",
    story="l’histoire racontée d’abord par {id}",
    rule="Règle {rule}\u00a0: {says}",
    signal={
        Detector.VOLUME: "posts",
        Detector.NEGATIVITY: "posts en colère",
        Detector.THREAD: "conversation",
        Detector.SLOW: "voix",
    },
    numbers="{detector}{by}\u00a0: {observed}{over}, d’habitude {expected}, niveau {score}{learning}",
    within=" en {span}",
    learning=" (habituel encore mal connu\u00a0: une estimation)",
    by=" selon {comparator}",
    doubles="double en {span}{urgent}",
    urgent=", c’est urgent",
    copies="{copies} posts sur {mentions} copient un même texte\u00a0; ils comptent une fois pour la colère",
    answered="une réponse officielle est donnée et cela n’accélère plus\u00a0: critique devient alerte",
    deaf="nous étions sourds de {since} à {until}",
    press="la presse s’en est mêlée à {at} avec {who}{raised}",
    raised="\u00a0: un cran plus grave",
    campaign="attendu ×{factor}\u00a0: {why}",
    sources="sur {n} sources\u00a0: {names}",
    sector="tout le secteur, pas vous seul\u00a0: {rising} marques sur {known} ({name})",
    posts="Posts montrés",
    erased="texte effacé depuis",
    let_go="texte qui n’est plus conservé",
    negative="{share} de colère",
    weighs="ce qui pèse le plus\u00a0: {words}",
    course="Courbe, de {since} à {until}, par pas de {span}\u00a0: au plus {most}",
    usual="d’habitude",
    history="Déroulé",
    event="{kind}{by}{why} ({severity})",
    changes={
        ChangeKind.OPENED: "ouvert",
        ChangeKind.WORSENED: "aggravé",
        ChangeKind.REOPENED: "reparti",
        ChangeKind.TAKEN: "pris",
        ChangeKind.WAITING: "mis en attente",
        ChangeKind.WAITED: "attente finie",
        ChangeKind.SNOOZING: "à rappeler",
        ChangeKind.SNOOZED: "rappelé",
        ChangeKind.UNSILENCED: "silence fini",
        ChangeKind.OUTLASTED: "le plus grave est fini, celui-ci est dit pour lui-même",
        ChangeKind.HELP: "aide demandée",
        ChangeKind.REMINDED: "nouvelles demandées",
        ChangeKind.RELEASED: "sans nouvelles, sonne de nouveau",
        ChangeKind.RESOLVED: "clos",
        ChangeKind.DISMISSED: "jugé sans importance",
        ChangeKind.CALMED: "calmé",
        ChangeKind.OVER: "fini",
        ChangeKind.NOTED: "noté",
    },
    by_whom=" par {by}",
    why="\u00a0: {why}",
    told="Qui a été prévenu",
    nobody="personne encore",
    delivery={
        "sent": "parti", "waiting": "en attente", "leased": "en cours d’envoi", "failed": "abandonné",
        "superseded": "remplacé par un plus récent", "given up": "abandonné",
    },
    attempts="essais\u00a0: {n}",
    held="Ce qui a été retenu",
    until=", jusqu’à {until}",
    silences="Silences",
    silenced="silence sur {what}, demandé par {by} jusqu’à {until}\u00a0: {why}",
    silence_ended="{by} met fin au silence sur {what}",
)  # fmt: skip

ENGLISH = Words(
    head="{id}: {severity}, {state}, {brand}, about {about}",
    severity={each: each.label for each in Severity},
    state={each: each.value for each in State},
    times="began {began}, opened {opened}, true until {true}",
    taken="taken by {by} at {at}",
    ended="ended {ended}; what starts again until {until} is the same incident",
    rebound="a rebound: it had ended at {at}{had}, and started again",
    had=", {by} had it",
    brand="the brand as a whole",
    silence="silence",
    story="the story that {id} told first",
    rule="Rule {rule}: {says}",
    signal={
        Detector.VOLUME: "posts",
        Detector.NEGATIVITY: "angry posts",
        Detector.THREAD: "conversation",
        Detector.SLOW: "voices",
    },
    numbers="{detector}{by}: {observed}{over}, usual {expected}, level {score}{learning}",
    within=" in {span}",
    learning=" (still learning what is usual: an estimate)",
    by=" by {comparator}",
    doubles="it doubles in {span}{urgent}",
    urgent=", which is urgent",
    copies="{copies} of {mentions} mentions are copies of one text; they count once for negativity",
    answered="an official answer was given and it has not sped up since: critical is lowered to warning",
    deaf="we were deaf from {since} to {until}",
    press="the press joined at {at} with {who}{raised}",
    raised=": severity one up",
    campaign="expected ×{factor}: {why}",
    sources="on {n} sources: {names}",
    sector="the whole sector, not you alone: {rising} of {known} brands ({name})",
    posts="Posts shown",
    erased="its text was erased since",
    let_go="its text is no longer kept",
    negative="{share} negative",
    weighs="weighs most: {words}",
    course="Course, from {since} to {until}, in steps of {span}: {most} at most",
    usual="usual",
    history="History",
    event="{kind}{by}{why} ({severity})",
    changes={each: each.value for each in ChangeKind},
    by_whom=" by {by}",
    why=": {why}",
    told="Who was told",
    nobody="nobody yet",
    delivery={},
    attempts="attempts {n}",
    held="What was held",
    until=", until {until}",
    silences="Silences",
    silenced="{what} silenced by {by} until {until}: {why}",
    silence_ended="{by} ended the silence of {what}",
)

WORDS = {"fr": FRENCH, "en": ENGLISH}
