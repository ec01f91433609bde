"""What people mean by what the files do not take: other ways to write a value, and French words for keys."""

import re
from collections.abc import Collection
from unicodedata import combining, normalize

_NUMBER = r"([0-9]{1,6}(?:[.,][0-9]{1,3})?)"
_UNITS = {
    "s": "s sec secs second seconds seconde secondes",
    "m": "m mn min mins minute minutes",
    "h": "h hr hrs hour hours heure heures",
    "d": "d j day days jour jours",
}
_UNIT = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_PERIOD = {
    **dict.fromkeys(("day", "days", "jour", "jours", "daily"), "day"),
    **dict.fromkeys(("week", "weeks", "semaine", "semaines"), "week"),
    **dict.fromkeys(("month", "months", "mois"), "month"),
}
_BUDGET = re.compile(
    r"([0-9]{1,4}|once|twice|une|un) ?(?:fois|times?)? ?(?:par|per|a|an|/|tous les|every) ?([0-9]{1,3} )?([a-z]+)"
)
_COUNTED = {"once": "1", "twice": "2", "une": "1", "un": "1"}
_CLOCK = re.compile(r"([0-9]{1,2}) ?(?:h|:) ?([0-9]{2})?")
_DAYS = {
    day: english
    for english, french in {
        "monday": "lundi",
        "tuesday": "mardi",
        "wednesday": "mercredi",
        "thursday": "jeudi",
        "friday": "vendredi",
        "saturday": "samedi",
        "sunday": "dimanche",
    }.items()
    for day in (english, english[:3], french)
}
_SYNONYMS = {
    "after": "apres",
    "all": "tous tout toutes",
    "any": "mots noms words names",
    "article": "presse",
    "at": "a heure",
    "at_least": "seuil minimum min threshold au_moins nombre count",
    "at_night": "nuit la_nuit",
    "authors": "auteurs auteur author",
    "brand": "marque",
    "budget": "fausses_alertes",
    "by": "par moyen",
    "campaigns": "campagnes campagne",
    "competitor": "concurrent",
    "copy": "copie channels channel canal canaux",
    "critical": "critique urgent grave high",
    "days": "jours",
    "digest": "resume",
    "do": "faire actions a_faire",
    "en": "anglais english",
    "escalating": "emballe escalade",
    "expect": "attendu facteur factor",
    "fallback": "secours",
    "followers": "abonnes",
    "for": "depuis",
    "fr": "francais french",
    "from": "de du debut start since",
    "hand_over": "releve",
    "help": "aide",
    "kind": "type",
    "language": "langue lang",
    "match": "mots_cles keywords",
    "mention": "message post",
    "mentions": "messages posts",
    "monday": "lundi",
    "tuesday": "mardi",
    "wednesday": "mercredi",
    "thursday": "jeudi",
    "friday": "vendredi",
    "saturday": "samedi",
    "sunday": "dimanche",
    "name": "nom id",
    "near": "proche pres",
    "negative_share": "part_negative",
    "negativity": "negativite colere anger",
    "night": "nuit",
    "none": "aucun sauf not",
    "not_us": "pas_nous exclude except",
    "notify": "prevenir notifier alerter alert route to",
    "official": "officiel officiels comptes",
    "ours": "nous",
    "over": "sur duree periode window fenetre",
    "people": "personnes gens users contacts",
    "post": "publication",
    "quiet": "silence",
    "reach": "joindre contact",
    "reply": "reponse",
    "review": "avis",
    "role": "statut",
    "rota": "astreinte planning schedule garde",
    "routes": "chemins circuits",
    "rules": "regles regle rule alertes alerts",
    "runbook": "consigne procedure",
    "says": "dit texte message description",
    "sector": "secteur",
    "severity": "gravite severite niveau level priority",
    "share": "part pourcentage",
    "source": "plateforme",
    "sources": "plateformes",
    "spread": "propagation",
    "starts": "debut",
    "steps": "etapes",
    "tell": "dire prevenir notify",
    "themes": "theme sujets",
    "thread": "fil conversation",
    "times": "fois",
    "timezone": "fuseau fuseau_horaire tz",
    "unanswered": "sans_reponse",
    "until": "a au fin jusque end to",
    "unusual": "inhabituel anormal",
    "voices": "voix comptes_suivis",
    "volume": "nombre quantite",
    "wait": "attendre attend",
    "wake": "reveiller reveille",
    "warning": "avertissement attention medium",
    "watch": "surveiller veille low info",
    "weekdays": "jours_ouvres ouvres",
    "when": "quand si if condition conditions",
    "why": "pourquoi raison",
}
"""English words of the files by what people write in their place, without accents."""


def folded(text: str) -> str:
    """Small letters without accents, any space as a single usual one."""
    letters = (char for char in normalize("NFKD", text.lower()) if not combining(char))
    return " ".join("".join(letters).split())


def synonym(word: str, valid: Collection[str]) -> str | None:
    """The valid word that another one stands for."""
    plain = re.sub(r"[ -]", "_", folded(word))
    return next((right for right in valid if plain in _SYNONYMS.get(right, "").split()), None)


def span(value: object) -> str | None:
    """`10 minutes` as 10m, `1h30` as 90m."""
    plain = folded(str(value))
    if found := re.fullmatch(r"([0-9]{1,3}) ?h ?([0-9]{2})(?: ?mi?n)?", plain):
        return f"{int(found[1]) * 60 + int(found[2])}m"
    found = re.fullmatch(r"([0-9]{1,6}) ?([a-z]+)\.?", plain)
    if found is None:
        return None
    if found[2] in {"week", "weeks", "semaine", "semaines", "w"}:
        return f"{int(found[1]) * 7}d"
    return f"{found[1]}{_UNIT[found[2]]}" if found[2] in _UNIT else None


def share(value: object) -> str | None:
    """`40 %`, `40,5 pour cent`, `0.4` or 40 as a percentage."""
    if isinstance(value, bool):
        return None
    found = re.fullmatch(rf"{_NUMBER} ?(%|percent|per cent|pour ?cent)?", folded(str(value)))
    number = float(found[1].replace(",", ".")) if found else 0.0
    if found and not found[2] and number < 1:
        number *= 100
    return f"{number:.4g}%" if 0 < number <= 100 else None  # noqa: PLR2004 - percent


def ratio(value: object) -> str | None:
    """`3 fois`, `×3`, `3,5` as a multiple."""
    if isinstance(value, bool):
        return None
    found = re.fullmatch(rf"[x×*]? ?{_NUMBER} ?(?:x|×|fois|times)?", folded(str(value)))
    number = float(found[1].replace(",", ".")) if found else 0.0
    return f"{number:g}x" if number > 0 else None


def budget(value: object) -> str | None:
    """`1 par mois`, `1/month`, `once a week` as a budget."""
    found = _BUDGET.fullmatch(folded(str(value)))
    if found is None or found[3] not in _PERIOD:
        return None
    several = int(found[2]) if found[2] else 1
    period = _PERIOD[found[3]] if several == 1 else f"{several} {_PERIOD[found[3]]}s"
    return f"{_COUNTED.get(found[1], found[1])} per {period}"


def time_of_day(value: object) -> str | None:
    """`7:00`, `22h`, `8 h 30` as a time."""
    found = _CLOCK.fullmatch(folded(str(value)))
    if found is None or int(found[1]) > 23 or int(found[2] or 0) > 59:  # noqa: PLR2004 - of a day, of an hour
        return None
    return f"{int(found[1]):02}:{found[2] or '00'}"


def time_of_week(value: object) -> str | None:
    """`lundi 9h` as a time of the week."""
    day, _, time = folded(str(value)).partition(" ")
    clock = time_of_day(time)
    return f"{_DAYS[day]} {clock}" if day in _DAYS and clock else None


def day(value: object) -> str | None:
    """`23/11/2026` as a day."""
    found = re.fullmatch(r"([0-3]?[0-9])[/.]([01]?[0-9])[/.](20[0-9]{2})", folded(str(value)))
    return f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}" if found else None


def moment(value: object) -> str | None:
    """`23/11/2026 9h`, `2026-11-23T09:00` as a local time."""
    date, _, time = folded(str(value).replace("T", " ")).partition(" ")
    clock = time_of_day(re.sub(r":[0-9]{2}$", "", time) if time.count(":") > 1 else time)
    written = date if re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", date) else day(date)
    return f"{written} {clock}" if written and clock else None


def whole(value: object) -> str | None:
    """`10 000`, `10k` as digits."""
    found = re.fullmatch(r"([0-9]{1,3}(?:[ .,_'][0-9]{3})*|[0-9]{1,9}) ?(k|m)?", folded(str(value)))
    if found is None:
        return None
    return re.sub(r"[^0-9]", "", found[1]) + {"k": "000", "m": "000000"}.get(found[2], "")
