"""The words of a message about rule files: the faults with their places, and what stays in force."""

from msgspec import Struct

from buzzwatch.model.incident import ChangeKind
from buzzwatch.model.instant import Instant
from buzzwatch.model.notification import Notice, RefusedFiles
from buzzwatch.notify.facts import Facts, Headline
from buzzwatch.notify.letter import Line, Section
from buzzwatch.notify.quoting import disarm, mask

MOST_FAULTS = 20
"""That a message lists; `buzzwatch check` lists all."""
_LONGEST_FAULT = 300


class Words(Struct, frozen=True):
    """One language. Counts are pairs, for one and for many."""

    refused: str
    faults: tuple[str, str]
    again: tuple[str, str]
    accepted: str
    stays: str
    stays_unknown: str
    mend: str
    lasted: str


WORDS = {
    "fr": Words(
        refused="les fichiers de règles sont refusés",
        faults=("fichiers de règles refusés ({n} faute)", "fichiers de règles refusés ({n} fautes)"),
        again=("fichiers de règles toujours refusés ({n} faute)", "fichiers de règles toujours refusés ({n} fautes)"),
        accepted="fichiers de règles de nouveau acceptés",
        stays="Les règles en vigueur depuis le {since} le restent. Rien de ce qui est écrit depuis ne compte.",
        stays_unknown="Les dernières règles acceptées restent en vigueur.",
        mend="Corrigez les fichiers et enregistrez-les\u00a0; «\u00a0buzzwatch check\u00a0» dit toutes les fautes.",
        lasted="Ils étaient refusés depuis le {since}. Ce qui est écrit dans les fichiers est en vigueur.",
    ),
    "en": Words(
        refused="the rule files are refused",
        faults=("rule files refused ({n} fault)", "rule files refused ({n} faults)"),
        again=("rule files still refused ({n} fault)", "rule files still refused ({n} faults)"),
        accepted="rule files accepted again",
        stays="The rules in force since {since} stay. Nothing that was written since counts.",
        stays_unknown="The last rules that were accepted stay in force.",
        mend="Mend the files and save them; `buzzwatch check` lists every fault.",
        lasted="They had been refused since {since}. What the files say is in force.",
    ),
}


def headline(notice: Notice, refused: RefusedFiles, now: Instant) -> Headline:
    """Whether they are refused, with how many faults, or accepted again; the first fault where there is room."""
    words, facts = WORDS[notice.language], Facts(notice, now)
    start = facts.headline().start
    if notice.kind is ChangeKind.OVER:
        return Headline(start, words.accepted, "")
    pair = words.again if refused.again else words.faults
    counted = pair[refused.number not in facts.phrases.singular].format(n=facts.figures.number(refused.number))
    first = f": {_said(refused.faults[0], notice.language)}" if refused.faults else ""
    return Headline(start, f"{counted}{first}", "")


def letter(notice: Notice, refused: RefusedFiles, now: Instant) -> list[Section]:
    """A line for each fault, then what stays in force."""
    words, facts = WORDS[notice.language], Facts(notice, now)
    reference = Section((Line(facts.phrases.reference.format(key=notice.key, zone=notice.timezone)),))
    if notice.kind is ChangeKind.OVER:
        return [Section((Line(words.lasted.format(since=facts.stamp(notice.incident.began_at))),)), reference]
    lines = [Line(_said(fault, notice.language)) for fault in refused.faults[:MOST_FAULTS]]
    if (more := refused.number - len(lines)) > 0:
        lines.append(Line(f"+{more}"))
    stays = words.stays.format(since=facts.stamp(refused.in_force)) if refused.in_force else words.stays_unknown
    return [Section(tuple(lines)), Section((Line(stays), Line(words.mend))), reference]


def _said(fault: dict[str, str], language: str) -> str:
    """A fault quotes what somebody wrote, which is as hostile as any text."""
    return disarm(mask(fault.get(language) or fault.get("en", ""), _LONGEST_FAULT))
