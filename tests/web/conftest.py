"""A desk that keeps one incident in memory, and both sides served for real."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from board_stand_in import StandIn, crisis
from msgspec.structs import replace

from buzzwatch.model.cause import Cause
from buzzwatch.model.incident import Change, ChangeKind, Incident, Reason, Severity, State, Subject
from buzzwatch.model.input import Corrected, Mark, Verb
from buzzwatch.model.instant import DAY, MINUTE
from buzzwatch.model.notification import Deaf, Sample
from buzzwatch.model.proposal import Proposal
from buzzwatch.model.signal import Detector, Signal, Trend
from buzzwatch.model.silence import Silence
from buzzwatch.web.desk import (
    Answer,
    Hush,
    PageView,
    Pending,
    Point,
    QueueView,
    Rehearsal,
    Reload,
    Reply,
    RuleFiles,
    Sources,
    Waiting,
)
from buzzwatch.web.metrics import Metrics

NOW = 1_795_473_600_000  # 2026-11-23T22:40:00Z, 23:40 in Paris
CODE = "k7Qm2xZ9"


def incident() -> Incident:
    signal = Signal(Detector.NEGATIVITY, 15 * MINUTE, 46.4, 3.2, 9.1, share=0.72, usual_share=0.22)
    reason = Reason("bad-buzz", "Bien plus de posts en colère", (), signal, Trend.RISING, 61, 44, 0.72, 182_400, True)
    return Incident(
        id="acme-20261123-1",
        subject=Subject("acme"),
        state=State.OPEN,
        severity=Severity.CRITICAL,
        began_at=NOW - 40 * MINUTE,
        opened_at=NOW - 22 * MINUTE,
        true_at=NOW - MINUTE,
        rules=("bad-buzz", "thread-escalating"),
        reason=reason,
        samples=("x:1",),
        route="oncall",
        worst=46.4,
        told=("ines/sms", "slack-crise"),
    )


def view(record: Incident, people: dict[str, str], why: tuple[Cause, ...]) -> PageView:
    samples = (
        Sample(
            "x:1",
            "Huit heures par terre à Orly, merci @acme_fr #AcmeHonte",
            "@lea",
            1_200,
            "https://x.example/1",
            NOW,
            0.97,
            why,
        ),
        Sample("x:2", '<script>alert("1")</script> <!channel>', "<b>eve</b>", None, "javascript:alert(1)", NOW, 0.9),
        Sample("x:3", None, None, None, None, NOW, 0.8),
        Sample("x:4", "Un de plus que la page n'en montre", "@max", None, None, NOW, 0.7),
    )
    points = tuple(
        Point(NOW - (36 - n) * 10 * MINUTE, float(3 + n % 4 + max(0, n - 28) ** 2), 4 + n / 12) for n in range(36)
    )
    return PageView(
        now=NOW,
        incident=record,
        brand_name="Acme Airlines",
        language="fr",
        timezone="Europe/Paris",
        people=people,
        do=("Lire les trois posts", "Suspendre les publications prévues"),
        runbook="https://wiki.example/crise",
        samples=samples,
        history=(Change(ChangeKind.OPENED, NOW - 22 * MINUTE, record, why="bad-buzz"),),
        points=points,
    )


@dataclass
class MemoryDesk:
    record: Incident = field(default_factory=incident)
    people: dict[str, str] = field(default_factory=lambda: {"ines": "Inès", "karim": "Karim"})
    reasons: tuple[str, ...] = ()
    why: tuple[Cause, ...] = ()
    habits: dict[str, dict[str, Any]] = field(default_factory=dict)
    marks: dict[str, Corrected] = field(default_factory=dict)
    replies: list[Reply] = field(default_factory=list)
    holder: str = ""
    hush: Silence | None = None
    proposals: dict[str, Proposal] = field(default_factory=dict)
    night_until: int | None = None
    hushes: list[Hush] = field(default_factory=list)
    clock: dict[str, int] = field(default_factory=dict)
    queued: tuple[Waiting, ...] = ()
    reloads: list[tuple[Reload, int | None]] = field(default_factory=list)
    rule_files: RuleFiles = field(default_factory=RuleFiles)
    deaf: tuple[Deaf, ...] = ()
    board: StandIn = field(default_factory=lambda: StandIn(crisis()))

    def unready(self) -> tuple[str, ...]:
        return self.reasons

    def status(self) -> dict[str, Any]:
        return {"incidents": 1}

    async def sources(self) -> Sources:
        return Sources(NOW, "Europe/Paris", ())

    async def page(self, code: str) -> PageView | None:
        return (
            replace(
                view(self.record, self.people, self.why),
                marks=self.marks,
                person=self.holder,
                silence=self.hush,
                pending=tuple(
                    Pending(each, "Acme Airlines", "Huit heures par terre à Orly") for each in self.proposals.values()
                ),
                night_until=self.night_until,
                rule_files=self.rule_files,
                deaf=self.deaf,
                **self.clock,
            )
            if code == CODE
            else None
        )

    async def queue(self, code: str) -> QueueView | None:
        more = len(self.queued) // 4
        shown = QueueView(NOW, "Acme Airlines", "fr", "Europe/Paris", 10 * MINUTE, self.queued, more, deaf=self.deaf)
        return shown if code == CODE else None

    async def link_queue(self, brand: str, by: str) -> Answer:
        return Answer(done=brand == "acme", lines=(f"https://bw.example/i/{CODE}/queue for {by}",))

    async def answer(self, reply: Reply) -> Answer:
        if reply.incident != self.record.id or self.record.state is State.RESOLVED:
            return Answer(done=False, lines=(f"{reply.incident} is not open.",), why="closed")
        self.replies.append(reply)
        if reply.verb in {Verb.RESOLVE, Verb.NO_MATTER}:
            self.become(state=State.RESOLVED, closed_by=reply.by, closed_at=NOW)
        else:
            snooze = NOW + 15 * MINUTE if reply.verb is Verb.SNOOZE else None
            wait = NOW + 30 * MINUTE if reply.verb is Verb.WAIT else None
            taken = {"state": State.TAKEN, "taken_by": reply.by, "taken_at": NOW}
            self.become(**taken, snooze_until=snooze, wait_until=wait, wait_why=reply.why)
        return Answer(done=True, lines=(f"{reply.by} has {reply.incident}.",))

    def become(self, **changes: Any) -> None:
        self.record = msgspec.structs.replace(self.record, **changes)

    async def silence(self, hush: Hush) -> Answer:
        self.hushes.append(hush)
        return Answer(done=True, lines=(hush.what,))

    def silences(self) -> Answer:
        return Answer(done=True, lines=("nothing is silenced",))

    async def rehearse(self, asked: Rehearsal) -> Answer:
        return Answer(done=asked.what == "acme", lines=(f"drill-{asked.what}-1",))

    async def revoke(self, incident: str) -> Answer:
        return Answer(done=incident == self.record.id, lines=(incident,))

    async def confirm(self, posts: Sequence[tuple[str, str]], by: str) -> Answer:
        for brand, mention in posts:
            proposal = self.proposals.pop(mention)
            self.marks |= {mention: Corrected(NOW, brand, mention, Mark(proposal.mark), proposal.by, confirmed_by=by)}
        return Answer(done=bool(posts), why="" if posts else "unmarked")

    async def correct(self, brand: str, mention: str, mark: Mark, by: str, incident: str = "") -> Answer:
        if mark is Mark.WITHDRAWN and self.proposals.pop(mention, None):
            return Answer(done=True)
        if self.night_until and incident:
            self.proposals[mention] = Proposal(brand, mention, mark, by, NOW, incident, NOW + 7 * DAY)
            return Answer(done=True)
        if brand != self.record.subject.brand:
            return Answer(done=False, lines=(f"there is no brand {brand!r}",))
        self.marks = {mention: Corrected(NOW, brand, mention, mark, by)} if mark is not Mark.WITHDRAWN else {}
        return Answer(done=True, lines=(f"{mention}: {mark} by {by}",))

    async def reload(self, asked: Reload, uid: int | None = None) -> Answer:
        self.reloads.append((asked, uid))
        if asked.language == "fr":
            return Answer(done=False, lines=("acme.yaml:3:1: clé inconnue : `ruels` ; vouliez-vous écrire `rules` ?",))
        return Answer(done=False, lines=("acme.yaml:3:1: unknown key `ruels`; did you mean `rules`?",))

    async def learn(self, habits: dict[str, dict[str, Any]]) -> Answer:
        self.habits = habits
        return Answer(done=True, lines=(f"{len(habits)} brand",))

    async def notify_test(self, channel: str) -> Answer:
        return Answer(done=channel == "console", lines=(channel,))


@pytest.fixture
def desk() -> MemoryDesk:
    return MemoryDesk()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("0.1.0")
