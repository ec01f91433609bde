"""When the spine must look again though nothing happens."""

from collections.abc import Collection

from buzzwatch.lookout import silent_since
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Brand, Rule, Scope
from buzzwatch.model.incident import Incident, State
from buzzwatch.model.instant import DAY, MINUTE, Instant, Span
from buzzwatch.notify import relief
from buzzwatch.notify.cover import may_lack
from buzzwatch.notify.digest import DIGEST
from buzzwatch.notify.night import MORNING
from buzzwatch.notify.outage import OUTAGE


class Agenda:
    """Arranges the timers of a memory. It keeps nothing of its own."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def follow_all(self) -> None:
        """Everything that may be due: after a gap, or a clock that was set back."""
        for silence in self.memory.silences.all:
            self.memory.timers.arrange(silence.until, "silence", silence.what)
        for incident in self.memory.desk.incidents:
            self.follow_incident(incident)
        for brand in self.memory.rules.brands.values():
            self.follow_silence(brand)
            self.follow_day(brand.key)
            self.follow_waiting(brand)
        self.follow_digest()
        self.follow_rotas()
        if self.memory.outage is not None:
            self.memory.timers.arrange(self.memory.now + 1, OUTAGE, "")
        if self.memory.overnight.incidents or self.memory.proposals.kept:
            self.memory.timers.arrange(self.memory.now + 1, MORNING, "")  # it may be night still

    def follow_incident(self, key: str) -> None:
        """It may be calm, a step of it due, or its hand-over."""
        incident = self.memory.desk.incidents.get(key)
        if incident is None:
            return
        due_at, next_at = self.memory.desk.due_at(incident), incident.next_at
        if incident.subject.quiet and incident.state is not State.RESOLVED and self.is_silent(incident):
            later = self.ever_more_rarely(incident.began_at)  # whoever is heard has it looked at sooner
            due_at = min(later, next_at or later)
        elif due_at <= self.memory.now and self.memory.gaps.is_deaf(incident.subject.brand, self.memory.now):
            soon = self.memory.now + MINUTE  # it may be calm, but who knows
            due_at = min(soon, next_at or soon)
        if (turns_at := relief.turns_at(incident, self.memory.rules, self.memory.now)) is not None:
            silence = self.memory.silences.over(incident, self.memory.now)
            waits = silence is not None and turns_at == self.memory.now  # the relief hears of it when that ends
            due_at = min(due_at, silence.until if silence is not None and waits else turns_at)
        self.memory.timers.arrange(max(due_at, self.memory.now + 1), "incident", key)

    def ever_more_rarely(self, since: Instant) -> Instant:
        """When to look again at what has lasted since an instant, perhaps for years: after as long once more."""
        return 2 * self.memory.now - since

    def follow_rotas(self) -> None:
        """Some may come to be nobody's turn."""
        for name, rota in self.memory.rules.rotas.items():
            if may_lack(rota) or name in self.memory.foretold:
                self.memory.timers.arrange(self.memory.now + 1, "rota", name)

    def follow_silence(self, brand: Brand) -> None:
        """A brand of which nothing is heard may be silent for as long as a rule says."""
        due = self.silence_due(brand.key, brand.silences)
        if due is not None:
            self.memory.timers.arrange(due, "quiet", brand.key)

    def silence_due(self, key: str, overs: Collection[Span]) -> Instant | None:
        """When a brand may have been silent for as long as one of these; None: that is not to be asked."""
        pulse = self.memory.pulses.get(key) if overs else None
        since = None if pulse is None else silent_since(pulse, self.memory.gaps.of(key))
        if since is None or since + DAY * 365 <= self.memory.now:
            return None
        coming = [since + over for over in overs if since + over > self.memory.now]
        return min(coming, default=self.ever_more_rarely(since))

    def follow_day(self, key: str) -> None:
        """A local day of a brand ends."""
        diary = self.memory.diaries.get(key)
        due = None if diary is None else diary.due(self.memory.gaps.spans(key))
        if due is not None:
            self.memory.timers.arrange(max(due, self.memory.now + 1), "day", key)

    def follow_waiting(self, brand: Brand, *, afresh: bool = False) -> None:
        """Complaints will have waited for as long as a rule says; `afresh`: or have already, and nobody has asked."""
        due = self.waiting_due(brand.key, brand.waits, afresh=afresh)
        if due is not None:
            self.memory.timers.arrange(due, "waiting", brand.key)

    def waiting_due(self, key: str, asked: Collection[tuple[Span, int]], *, afresh: bool) -> Instant | None:
        """When so many complaints will have waited for so long, by the first of what is asked; None: they will not."""
        memory, now = self.memory, self.memory.now
        complaints = memory.complaints.get(key)
        if not complaints or not asked or memory.gaps.is_deaf(key, now):
            return None
        dues = [due for over, least in asked if (due := complaints.due(over, least, now)) is not None]
        caught_up_at = memory.gaps.caught_up_at(key)
        heard = [max(due, caught_up_at) for due in dues]
        coming = [max(due, now + 1) for due in heard if afresh or due > now]
        return min(coming, default=None)

    def follow_digest(self) -> None:
        """The digest is due; where that is past already, soon."""
        daily = self.memory.rules.daily
        if daily is not None:
            self.memory.timers.arrange(max(daily.after(self.memory.daily[1]), self.memory.now + 1), DIGEST, "")

    def is_silent(self, incident: Incident) -> bool:
        """Nothing was heard of its brand since it began, and rules still ask whether anything is."""
        brand = self.memory.rules.brands.get(incident.subject.brand)
        return brand is not None and bool(scoped(brand, Scope.QUIET)) and self.is_unheard(incident)

    def is_unheard(self, incident: Incident) -> bool:
        """Nothing was heard of its brand since it began."""
        pulse = self.memory.pulses.get(incident.subject.brand)
        return pulse is not None and pulse.last_at is not None and pulse.last_at <= incident.began_at


def scoped(brand: Brand, scope: Scope) -> tuple[Rule, ...]:
    """The rules of a brand that are of such a scope."""
    return brand.scoped[scope]
