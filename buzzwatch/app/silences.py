"""What people ask of silences, between the reception and the spine."""

from datetime import UTC, tzinfo

from buzzwatch.app.until import WANTED, read_until
from buzzwatch.incidents.mute import LONGEST_SILENCE, MOST_SILENCES
from buzzwatch.memory import Memory
from buzzwatch.model.incident import State
from buzzwatch.model.input import Silenced
from buzzwatch.model.instant import DAY, Instant, moment_of
from buzzwatch.model.silence import Silence
from buzzwatch.notify.quoting import clean
from buzzwatch.web.desk import Answer, Hush

LONGEST_WHY = 200
"""Characters of a reason that people give."""


def read_silence(hush: Hush, memory: Memory, now: Instant) -> Silenced | Answer:
    """What a person says, ready for the journal; or why it cannot be done."""
    live = [i.id for i in memory.desk.incidents.values() if i.state is not State.RESOLVED]
    running = [silence.what for silence in memory.silences.all]
    if hush.ends:
        return _read_end(hush, running)
    if hush.what not in (*memory.rules.brands, *live):
        valid = ", ".join((*memory.rules.brands, *live))
        return Answer(False, (f"{hush.what!r} is neither a brand nor an open incident; there are: {valid}",))
    until, why = read_until(hush.until, zone_of(hush.what, memory), now), clean(hush.why, LONGEST_WHY)
    if until is None or until > now + LONGEST_SILENCE:
        return Answer(False, (f"{hush.until!r} is no time of the next {LONGEST_SILENCE // DAY} days: {WANTED}",))
    if not why:
        return Answer(False, ("say why: whoever looks for what is not said reads it",))
    if len(running) >= MOST_SILENCES:
        return Answer(False, (f"there are {MOST_SILENCES} silences already: end some",))
    return Silenced(0, hush.what, until, why, hush.by)


def _read_end(hush: Hush, running: list[str]) -> Silenced | Answer:
    if hush.what in running:
        return Silenced(0, hush.what, 0, clean(hush.why, LONGEST_WHY), hush.by)
    return Answer(False, (f"{hush.what!r} is not silenced; silenced are: {', '.join(running) or 'none'}",))


def describe(silence: Silence, memory: Memory) -> str:
    """In one line, with how many open incidents it holds something of."""
    hidden = [i.id for i in memory.desk.incidents.values() if i.hushed and silence.what in {i.id, i.subject.brand}]
    zone = zone_of(silence.what, memory)
    until = f"{moment_of(silence.until).astimezone(zone):%Y-%m-%d %H:%M}"
    hides = f"hides {', '.join(hidden)}" if hidden else "hides nothing"
    return f"{silence.what}: silenced by {silence.by} until {until} ({zone}): {silence.why}; {hides}"


def zone_of(what: str, memory: Memory) -> tzinfo:
    """Whose clock is meant: that of the brand, or of the incident's brand."""
    incident = memory.desk.incidents.get(what)
    brand = memory.rules.brands.get(incident.subject.brand if incident else what)
    return brand.zone if brand else UTC
