"""The words of `match`, in French and in English."""

from msgspec import Struct

from buzzwatch.ingest.match import Way


class Words(Struct, frozen=True, kw_only=True):
    """One language. Placeholders are filled with `str.format`."""

    text: str
    judged: str
    weighed: str
    languages: dict[str, str]
    language: str
    matched: str
    not_matched: str
    not_named: str
    more: str
    found: str
    struck: str
    lacks: str
    themes: str
    official: str
    voice: str
    ways: dict[str, str]
    short_not_us: str
    short_near: str

    heard: str
    before: str
    by_way: str
    by_word: str
    by_language: str
    by_source: str
    negative: str
    no_posts: str
    around: str
    around_too_few: str
    sample: str
    root: str
    root_unknown: str
    erased: str
    under_rules: str
    gone: str
    stays: str
    floor: str
    suggestions: str
    too_few_marks: str
    too_few_others: str
    no_suggestion: str
    suggestion: str
    mistaken: str
    doubted: str
    hang: str
    paste: str


FRENCH = Words(
    text="«\u00a0{text}\u00a0»",
    judged="{share} de colère, {language}",
    weighed="ce qui a pesé (▲ plus de colère, ▼ moins)\u00a0: {causes}",
    languages={
        "de": "en allemand", "en": "en anglais", "es": "en espagnol", "fr": "en français", "it": "en italien",
        "pt": "en portugais", "und": "langue inconnue",
    },
    language="langue {code}",
    matched="{key} ({name})\u00a0: OUI",
    not_matched="{key} ({name})\u00a0: non",
    not_named="pas nommées\u00a0: {names}",
    more=" et {n} autres",
    found="«\u00a0{name}\u00a0» {way}",
    struck="«\u00a0{name}\u00a0» {way}, mais dans «\u00a0{expression}\u00a0», que `not_us` écarte",
    lacks="«\u00a0{name}\u00a0» {way}, mais il faudrait à moins de {n} mots l’un de\u00a0: {near} (`near`)",
    themes="sujets\u00a0: {themes}",
    official="par un de nos comptes officiels\u00a0: ni plainte ni client",
    voice="par une voix du groupe {voice}",
    ways={
        Way.NAME: "par le nom", Way.HANDLE: "par le compte", Way.HASHTAG: "par le hashtag",
        "thread": "par la conversation", "source": "d’après la source", "text": "texte effacé",
        "other": "par aucun nom d’aujourd’hui",
    },
    short_not_us="écarté\u00a0: {expression}",
    short_near="sans mot de `near`",
    heard="{brand}\u00a0: {n} posts du {since} au {until} ({usual} la période d’avant)",
    before="{n}, avant {before}",
    by_way="Comment",
    by_word="Par quel mot de `match.any` (un post peut en porter plusieurs)",
    by_language="Langues",
    by_source="Sources",
    negative="En colère\u00a0: {share}, avant {before}",
    no_posts="rien n’a été entendu dans ce temps",
    around="Mots autour du nom, plus fréquents que la période d’avant",
    around_too_few="Mots autour du nom\u00a0: trop peu de posts avant pour comparer",
    sample="Échantillon ({n}, toujours le même)",
    root="répond à\u00a0: {text}",
    root_unknown="le premier post de la conversation n’est pas enregistré",
    erased="(texte effacé)",
    under_rules="Avec les règles de {where}\u00a0: {stays} posts restent, {gone} s’en vont",
    gone="s’en va",
    stays="reste",
    floor="Ce que les règles d’alors n’ont pas retenu n’a jamais été enregistré\u00a0: "
    "de nouveaux noms trouveraient peut-être plus.",
    suggestions="Suggestions pour `not_us`, d’après les posts marqués «\u00a0pas nous\u00a0»",
    too_few_marks="trop peu pour suggérer\u00a0: {n} textes marqués «\u00a0pas nous\u00a0», il en faut {least}",
    too_few_others="trop peu pour suggérer\u00a0: {n} autres posts pour comparer, il en faut {least}",
    no_suggestion="aucune expression n’écarte assez de posts marqués ({n}) sans écarter aussi de bons posts",
    suggestion="{expression}\u00a0: écarte {struck} des {marked} posts marqués, et {mistaken} des {others} autres",
    mistaken="par exemple à tort\u00a0: {text}",
    doubted="pas suggéré\u00a0: {expression}, qui écarte {struck} des {marked} posts marqués mais aussi {mistaken} des "
    "{others} autres\u00a0; s’ils parlent aussi d’autrui, marquez-les\u00a0:",
    hang="{n} posts marqués ne nomment pas (ou plus) la marque\u00a0: `not_us` n’y peut rien",
    paste="À coller dans le fichier de la marque\u00a0:",
)  # fmt: skip

ENGLISH = Words(
    text="“{text}”",
    judged="{share} negative, {language}",
    weighed="what weighed (▲ more negative, ▼ less): {causes}",
    languages={
        "de": "German", "en": "English", "es": "Spanish", "fr": "French", "it": "Italian", "pt": "Portuguese",
        "und": "language unknown",
    },
    language="language {code}",
    matched="{key} ({name}): YES",
    not_matched="{key} ({name}): no",
    not_named="not named: {names}",
    more=" and {n} more",
    found="“{name}” {way}",
    struck="“{name}” {way}, but within “{expression}”, which `not_us` strikes out",
    lacks="“{name}” {way}, but within {n} words one of these would be needed: {near} (`near`)",
    themes="themes: {themes}",
    official="by one of our official accounts: neither a complaint nor a customer",
    voice="by a voice of the group {voice}",
    ways={
        Way.NAME: "by name", Way.HANDLE: "by handle", Way.HASHTAG: "by hashtag",
        "thread": "by its conversation", "source": "the source said so", "text": "text erased",
        "other": "by no name of today",
    },
    short_not_us="struck out: {expression}",
    short_near="no word of `near`",
    heard="{brand}: {n} posts from {since} to {until} ({usual} in the period before)",
    before="{n}, before {before}",
    by_way="How",
    by_word="By which word of `match.any` (a post may hold several)",
    by_language="Languages",
    by_source="Sources",
    negative="Negative: {share}, before {before}",
    no_posts="nothing was heard in that time",
    around="Words around the name that are more frequent than in the period before",
    around_too_few="Words around the name: too few posts before to compare with",
    sample="Sample ({n}, always the same)",
    root="answers: {text}",
    root_unknown="the first post of the conversation is not on record",
    erased="(text erased)",
    under_rules="By the rules of {where}: {stays} posts stay, {gone} would be gone",
    gone="gone",
    stays="stays",
    floor="What the rules of that time passed over was never stored: other names might find more.",
    suggestions="Suggestions for `not_us`, from posts marked as not about us",
    too_few_marks="too little to suggest anything: {n} different texts marked not-us, {least} are needed",
    too_few_others="too little to suggest anything: {n} other posts to compare with, {least} are needed",
    no_suggestion="no expression strikes out enough of the marked posts ({n}) without striking good ones as well",
    suggestion="{expression}: strikes out {struck} of {marked} marked posts, and {mistaken} of {others} others",
    mistaken="for example by mistake: {text}",
    doubted="not suggested: {expression}, which strikes out {struck} of {marked} marked posts but {mistaken} of "
    "{others} others as well; if they are not about you either, mark them:",
    hang="{n} marked posts do not name the brand, or do no longer: `not_us` cannot help there",
    paste="To paste into the brand's file:",
)  # fmt: skip

WORDS = {"fr": FRENCH, "en": ENGLISH}
