"""What the end of a brand's local day brings: a line on the list for each subject that keeps coming back."""

from buzzwatch.detect.slow import LEAST_AUTHORS, LEAST_DAYS, STORY, TIMES, Recurrence
from buzzwatch.incidents.evidence import Evidence
from buzzwatch.model.brand import Rule
from buzzwatch.model.incident import Reason, Severity
from buzzwatch.model.instant import DAY
from buzzwatch.model.mention import Sighting
from buzzwatch.model.signal import Clause, Detector, Onset, Signal
from buzzwatch.threads.tales import Told


def theme_key(theme: str) -> str:
    """A theme as a subject."""
    return f"theme:{theme}"


def subjects_of(sighting: Sighting, told: Told) -> list[str]:
    """What a mention is about, as keys of subjects: its themes, and a story that is told again a day later."""
    themes = [theme_key(theme) for theme in sighting.themes]
    recurs = sighting.counted_at - told.began_at >= DAY
    return [*themes, f"{STORY}{told.story}"] if recurs else themes


def evidence_of(rule: Rule, said: Recurrence) -> Evidence:
    """A slow signal in numbers: a watch, whatever the rule and whoever's brand it is."""
    over = said.width * DAY
    signal = Signal(Detector.SLOW, over, float(said.voices), said.expected, said.score, learning=said.learning)
    clauses = (
        Clause("slow.unusual", said.score >= said.ceiling, said.score, said.ceiling),
        Clause("slow.times", said.times >= TIMES, said.times, TIMES),
        Clause("slow.authors", said.authors >= LEAST_AUTHORS, float(said.authors), float(LEAST_AUTHORS)),
        Clause("slow.days", said.spoken >= LEAST_DAYS, float(said.spoken), float(LEAST_DAYS)),
    )
    reason = Reason(
        rule=rule.name,
        says=rule.says,
        clauses=clauses,
        signal=signal,
        trend=said.trend,
        mentions=said.voices,
        authors=said.authors,
        negative_share=None,
        reach=None,
        answered=False,
    )
    return Evidence(reason, Onset(said.began_at, said.samples), said.pace, Severity.WATCH)
