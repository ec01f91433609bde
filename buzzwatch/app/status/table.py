"""The status page at a terminal."""

from collections.abc import Iterator

import msgspec
from rich.console import Group
from rich.table import Table
from rich.text import Text

from buzzwatch.app.config import Config
from buzzwatch.app.control import NoDaemonError, fetch
from buzzwatch.notify import ear_words
from buzzwatch.notify.quoting import clean
from buzzwatch.rules.words import Said
from buzzwatch.web.board import BrandRow, Mood, StatusView
from buzzwatch.web.status import usual_of, voice_of
from buzzwatch.web.status_lead import Voice, incident_sentence, lead_of

_LONGEST = 80
_STYLES = {
    "critical": "bold white on red",
    "blind": "bold white on red",
    "warning": "bold yellow",
    "deaf": "bold yellow",
    "ails": "bold yellow",
    "calm": "bold green",
}
_MARKS = " ▁▂▃▄▅▆▇█"


def ask_status(config: Config) -> tuple[bytes, StatusView]:
    """What the running daemon says, as JSON and read. Raises `NoDaemonError`."""
    body = fetch(config, "/board")
    try:
        return body, msgspec.json.decode(body, type=StatusView)
    except msgspec.DecodeError as error:
        told = "the daemon did not answer to the end ({why}); see its log"
        raise NoDaemonError(Said(told, {"why": error})) from error


def draw(view: StatusView, language: str) -> Group:
    """The sentence, then incidents, brands, sources and what else there is."""
    voice = voice_of(view, language)
    lead = lead_of(view, voice)
    parts: list[Text | Table] = [Text(_clean(lead.sentence), style=_STYLES.get(lead.tone, "bold"))]
    parts += [Text(_clean(told)) for told in lead.beside]
    parts += [Text(_clean(told), style="yellow") for told in view.ails]
    parts += [Text(f"  {_clean(incident_sentence(row, voice))}") for row in view.incidents]
    for table in (_brands(view, voice), _sources(view, voice, language)):
        if table.row_count:
            parts += [Text(), table]
    parts += [Text(), *(Text(line) for line in _works(view, voice))]
    return Group(*parts)


def _brands(view: StatusView, voice: Voice) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    phrases, figures = voice.phrases, voice.figures
    for column in ("brands", "rate column", "usual column", "negative column", "state column"):
        table.add_column(phrases[column], overflow="fold")
    table.add_column("24 h", no_wrap=True)
    for row in view.brands:
        share = "" if row.share is None else figures.share(row.share)
        if share and row.usual_share is not None:
            share = f"{share} ({figures.share(row.usual_share)})"
        state = phrases[f"mood {row.mood}"]
        state = f"{state}, {phrases['competitors']}" if row.competitor else state
        style = "" if row.competitor else "red" if row.severity else "yellow" if row.mood in _STRANGE else ""
        cells = (_clean(row.name), figures.number(row.now), usual_of(row, voice), share, state, _spark(row))
        table.add_row(*map(Text, cells), style=style)
    return table


_STRANGE = {Mood.ANGRY, Mood.LOUD, Mood.DEAF}


def _spark(row: BrandRow) -> str:
    """The last day, hour by hour; `?` where nobody heard."""
    top = max((each.mentions or 0 for each in row.hours), default=0) or 1
    heights = (None if each.mentions is None else -(-each.mentions * (len(_MARKS) - 1) // top) for each in row.hours)
    return "".join("?" if height is None else _MARKS[height] for height in heights)


def _sources(view: StatusView, voice: Voice, language: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    phrases, figures, reasons = voice.phrases, voice.figures, ear_words.WORDS[language].reasons
    for column in ("source column", "state column", "last column", "rate column"):
        table.add_column(phrases[column], overflow="fold")
    for row in view.sources:
        state = f"{reasons[row.ail]}, {voice.say('since', when=voice.at(row.since))}" if row.ail else phrases["well"]
        last = phrases["never"] if row.last_event is None else voice.at(row.last_event)
        usual = (
            phrases["mood learning"] if row.learning else voice.say("usual n", n=figures.number(round(row.usual_hour)))
        )
        cells = (_clean(row.name), state, last, f"{figures.number(row.last_hour)} ({usual})")
        table.add_row(*map(Text, cells), style="red" if row.deaf else "yellow" if row.ail else "")
    return table


def _works(view: StatusView, voice: Voice) -> Iterator[str]:
    phrases, number, files = voice.phrases, voice.figures.number, view.rule_files
    if view.waiting and view.waiting_since is not None:
        key = "one waiting" if view.waiting == 1 else "some waiting"
        yield _line("messages", voice.say(key, n=number(view.waiting), when=voice.at(view.waiting_since)), voice)
    else:
        yield _line("messages", phrases["none waiting"], voice)
    in_force = voice.say("in force", when=voice.at(files.in_force)) if files.in_force else phrases["not in force"]
    yield _line("rules", in_force, voice)
    if files.refused is not None:
        key = "refused one" if view.faults == 1 else "refused"
        yield _line("rules", voice.say(key, n=number(view.faults), when=voice.at(files.refused)), voice)
    if files.unread is not None:
        yield _line("rules", voice.say("unread", when=voice.at(files.unread)), voice)
    for each in view.silences:
        until = voice.say("silence until", when=voice.at(each.until), who=_clean(each.by), why=_clean(each.why))
        yield _line("silences", f"{_clean(each.what)} {until}", voice)


def _line(key: str, told: str, voice: Voice) -> str:
    return f"{voice.phrases[key]:<10} {told}"


def _clean(text: str) -> str:
    return clean(text, 4 * _LONGEST)
