"""The one sentence at the top of the status page, and how loud it is."""

from collections.abc import Callable

from msgspec import Struct

from buzzwatch.model.incident import Severity
from buzzwatch.model.instant import Instant
from buzzwatch.model.signal import Detector, Trend
from buzzwatch.notify.figures import Figures
from buzzwatch.web.board import BrandRow, IncidentRow, Mood, StatusView

_TIMES = {Detector.NEGATIVITY: "anger", Detector.VOLUME: "crowd"}
_LEAST_USUAL = 0.2
"""Of less than so many posts nobody counts times."""
_LEAST_TIMES = 1.5
_MOST_TIMES = 1_000
_UNUSUAL = {Mood.ANGRY, Mood.LOUD}


class Lead(Struct, frozen=True):
    """`tone` is the word that colours it: a severity, `blind`, `deaf`, `ails`, `drill`, `learning` or `calm`."""

    tone: str
    sentence: str
    beside: tuple[str, ...] = ()


class Voice(Struct, frozen=True):
    """How a reader is spoken to."""

    phrases: dict[str, str]
    figures: Figures
    at: Callable[[Instant], str]

    def say(self, key: str, **values: object) -> str:
        """A phrase with its values."""
        return self.phrases[key].format(**values)


def lead_of(view: StatusView, voice: Voice) -> Lead:
    """What matters most, first: that nothing is heard, then incidents, then what is not heard, then how calm it is."""
    ours = [each for each in view.incidents if not each.competitor]
    real = [each for each in ours if each.incident.drill is None]
    beside = _beside(view, voice, more=len(real) - 1)
    if view.sources and len(view.deaf) == len(view.sources):
        since = min(row.since for row in view.deaf)
        told = (incident_sentence(real[0], voice),) if real else ()
        return Lead("blind", voice.say("hears nothing", when=voice.at(since)), (*told, *beside[:1]))
    if real:
        return Lead(real[0].incident.severity.label, incident_sentence(real[0], voice), beside)
    if view.deaf:
        return Lead("deaf", _deaf(view, voice), beside)
    if view.ails:
        return Lead("ails", voice.phrases["ails"], (_brands(view, voice).sentence,))
    if ours:
        return Lead("drill", voice.phrases["drill only"], (_brands(view, voice).sentence,))
    return _brands(view, voice)


def _deaf(view: StatusView, voice: Voice) -> str:
    deaf = view.deaf
    if len(deaf) == 1:
        return voice.say("one deaf", name=deaf[0].name, when=voice.at(deaf[0].since))
    return voice.say("some deaf", n=len(deaf), m=len(view.sources))


def _beside(view: StatusView, voice: Voice, more: int) -> tuple[str, ...]:
    """What else is to be known beside an incident, or beside a source that is deaf."""
    told = []
    if more > 0:
        told.append(voice.phrases["and one"] if more == 1 else voice.say("and more", n=more))
    if view.deaf and more >= 0:
        told.append(voice.say("deaf too", names=", ".join(row.name for row in view.deaf)))
    if view.ails:
        told.append(voice.phrases["ails"])
    return tuple(told)


def _brands(view: StatusView, voice: Voice) -> Lead:
    """How calm it is where there is no incident."""
    ours = [row for row in view.brands if not row.competitor]
    unusual = [row for row in ours if row.mood in _UNUSUAL]
    calm = [row for row in ours if row.mood is Mood.CALM]
    learning = len(ours) - len(calm) - len(unusual)
    if not ours:
        return Lead("learning", voice.phrases["no brands"])
    if unusual:
        return Lead("watch", _unusual(unusual, voice))
    if not calm:
        return Lead("learning", voice.phrases["first days"])
    if learning:
        n, m = voice.figures.number(len(calm)), voice.figures.number(learning)
        return Lead("calm", voice.say("some learn" if len(calm) > 1 else "one calm and", n=n, m=m, brand=calm[0].name))
    if len(calm) == 1:
        return Lead("calm", voice.say("one calm", brand=calm[0].name))
    return Lead("calm", voice.say("all calm", n=voice.figures.number(len(calm))))


def _unusual(rows: list[BrandRow], voice: Voice) -> str:
    first, more = rows[0], len(rows) - 1
    mood = voice.phrases[f"mood {first.mood}"]
    key = "some unusual" if more > 1 else "two unusual" if more else "one unusual"
    return voice.say(key, brand=first.name, mood=mood, n=more)


def incident_sentence(row: IncidentRow, voice: Voice) -> str:
    """Which brand, how much, since when, and who has it."""
    incident, signal = row.incident, row.incident.reason.signal
    who = voice.say("has it", who=row.who) if row.who else voice.phrases["nobody has it"]
    told = {"brand": row.brand_name, "when": voice.at(incident.began_at), "who": who}
    if incident.subject.quiet:
        return voice.say("quiet since", **told)
    whole = not (incident.reason.thread or incident.reason.story or incident.subject.topic)
    if whole and signal is not None and signal.detector in _TIMES and signal.expected >= _LEAST_USUAL:
        times = signal.observed / signal.expected
        if _LEAST_TIMES <= times < _MOST_TIMES and row.trend is not Trend.FADING:
            number = voice.figures.number(round(times) if times > 2 else times)  # noqa: PLR2004 - 1.6 is no 2
            return voice.say(_TIMES[signal.detector], times=number, **told)
    severity = voice.phrases[f"a {Severity(incident.severity).label}"]
    return voice.say("incident", severity=severity, trend=voice.phrases[row.trend.value], **told)
