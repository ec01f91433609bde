"""Invented notices for the words."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from buzzwatch.model.incident import ChangeKind, Incident, Reason, Severity, State, Subject
from buzzwatch.model.instant import MINUTE, instant_of
from buzzwatch.model.notification import Notice, Sample, Target
from buzzwatch.model.signal import Clause, Detector, Signal, Trend

NOW = instant_of(datetime(2026, 11, 22, 22, 40, tzinfo=UTC))  # 23:40 in Paris


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def reason():
    return Reason(
        rule="bad-buzz",
        says="Bien plus de posts en colère que d'habitude",
        clauses=(
            Clause("negativity.at_least", True, 46.2, 10, 3.1),
            Clause("negativity.unusual", True, 8.13, 4.2),
            Clause("negativity.authors", True, 38, 8),
        ),
        signal=Signal(Detector.NEGATIVITY, 15 * MINUTE, 46.2, 3.1, 8.13, 0.78, 0.12),
        trend=Trend.RISING,
        mentions=59,
        authors=38,
        negative_share=0.78,
        reach=1_234_567,
        answered=False,
    )


@pytest.fixture
def incident(reason):
    return Incident(
        id="acme-261122-2230",
        subject=Subject("acme"),
        state=State.OPEN,
        severity=Severity.CRITICAL,
        began_at=NOW - 12 * MINUTE,
        opened_at=NOW,
        true_at=NOW,
        rules=("bad-buzz",),
        reason=reason,
        samples=("x:1", "x:2"),
        route="oncall",
        worst=46.2,
    )


@pytest.fixture
def notice(incident):
    return Notice(
        key="acme-261122-2230.1.1795387200.ines/sms",
        due_at=NOW,
        target=Target("ines", "sms"),
        kind=ChangeKind.OPENED,
        severity=Severity.CRITICAL,
        language="fr",
        brand_name="Acme Airlines",
        timezone="Europe/Paris",
        incident=incident,
        do=("Lire les trois posts", "Suspendre les publications de {brand}"),
        runbook="https://wiki.example/crise",
        also_told=("karim/push", "slack-crise"),
        names={"karim": "Karim"},
        page=True,
    )


@pytest.fixture
def samples():
    return (
        Sample(
            "x:1", "Bloqués 5 h sans info, honteux @acme_fr", "@lea", 1200, "https://x.example/1", NOW - 9 * MINUTE, 0.9
        ),
        Sample("x:2", None, "@tom", None, "https://x.example/2", NOW - 8 * MINUTE, 0.8),
    )


@pytest.fixture
def change(notice):
    """The notice with another incident: fields of the incident by name, of the notice with `notice_` before."""

    def changed(**fields):
        of_notice = {
            name.removeprefix("notice_"): fields.pop(name) for name in list(fields) if name.startswith("notice_")
        }
        return replace(notice, incident=replace(notice.incident, **fields), **of_notice)

    return changed
