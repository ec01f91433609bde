"""Why an incident rang, in lines for a terminal, from the record."""

from msgspec.structs import replace
from stage import MONDAY, Scene, crowd, rules, sighting

from buzzwatch.app.explain import _why, describe, explain
from buzzwatch.model.campaign import Campaign
from buzzwatch.model.incident import Change, ChangeKind, Press, Reason, Sector
from buzzwatch.model.input import Outcome
from buzzwatch.model.instant import HOUR, MINUTE
from buzzwatch.model.signal import Clause, Comparator, Detector, Signal, Trend
from buzzwatch.store.journal import Batch
from buzzwatch.store.record import Record

NOON = MONDAY + 12 * HOUR


async def test_what_puts_the_numbers_into_their_place_is_explained(tmp_path):
    scene = Scene(MONDAY, rules())
    scene.tell(*crowd(NOON, 20, 10 * MINUTE), sighting(NOON + 11 * MINUTE, "end"))
    scene.run_to(NOON + 12 * MINUTE)
    (incident,) = scene.live
    reason = replace(
        incident.reason,
        sources=("blue\x1b[2Jsky", "x"),
        sector=Sector("airlines", 3, 4),
        campaign=Campaign(MONDAY, MONDAY + HOUR, 2.5, "Soldes"),
    )
    incident = replace(incident, reason=reason, press=Press("x:paper", NOON, "x"), raised=True)
    record = Record(tmp_path)
    change = Change(ChangeKind.WORSENED, NOON, incident, "press")
    batch = Batch(seq=0, now=NOON)
    batch.outcomes.append((NOON, Outcome((change,), touched=(incident,))))
    await record.commit(batch)
    lines = record.write_now(lambda db: explain(db, incident.id))
    record.close()
    assert lines is not None
    for line in (
        "  the press joined at 12:00 UTC with x:paper (x): severity one up",
        "  expected ×2.5: Soldes",
        "  on 2 sources: blue [2Jsky, x",
        "  the whole sector, not you alone: 3 of 4 brands (airlines)",
        "  2026-03-02 12:00:00  worsened: press (critical)",
    ):
        assert line in lines


def test_who_judged_in_our_place_is_named():
    by = Comparator.GAUSSIAN
    clause = Clause("volume.unusual", True, 8.13, 4.2, by=by)
    assert describe(clause) == "volume.unusual by gaussian: 8.13 (needed 4.2)"
    assert describe(Clause("volume.unusual", True, 8.13, 4.2)) == "volume.unusual: 8.13 (needed 4.2)"
    reason = Reason(
        rule="loud", says="More posts than usual", clauses=(clause,), trend=Trend.RISING, mentions=46, authors=38,
        negative_share=None, reach=None, answered=False,
        signal=Signal(Detector.VOLUME, 15 * MINUTE, 46.0, 3.1, 8.13, by=by),
    )  # fmt: skip
    assert "  volume by gaussian: 46.0 in 15 min, usual 3.1, score 8.1" in list(_why(reason))
