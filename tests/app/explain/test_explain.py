"""Why an incident rang, in lines for a terminal, from the record."""

from msgspec.structs import replace
from stage import MONDAY, House, Scene, crowd, mention, rules, sighting, warmed

from buzzwatch.app.explain.incident import _Teller, describe, explain
from buzzwatch.clock import VirtualClock
from buzzwatch.model.campaign import Campaign
from buzzwatch.model.incident import Change, ChangeKind, Press, Reason, Sector
from buzzwatch.model.input import Command, Outcome, RulesSwapped, Silenced, Verb
from buzzwatch.model.instant import HOUR, MINUTE
from buzzwatch.model.signal import Clause, Comparator, Detector, Signal, Trend
from buzzwatch.store.batch import Batch
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
    assert "  posts by gaussian: 46 in 15\u00a0min, usual 3.1, level 8.1" in list(_Teller("en", None).why(reason))
    named = next(_Teller("fr", rules().brands["acme"]).why(replace(reason, says="{brand} par {rule}, {over}")))
    assert named == "Règle loud\u00a0: Acme Airlines par loud, {over}"
    french = list(_Teller("fr", None).why(reason))
    assert "  posts selon gaussian\u00a0: 46 en 15\u00a0min, d’habitude 3,1, niveau 8,1" in french
    assert "  ✓ inhabituel selon gaussian\u00a0: niveau 8,1, seuil 4,2" in french


async def test_the_morning_after_it_is_told_in_french_in_the_hours_of_the_brand_with_its_curve(tmp_path):
    house = House(tmp_path, VirtualClock(NOON))
    house.open()
    await house.tell(RulesSwapped(0, rules()))
    await house.tell(warmed(0))
    for number in range(14):
        await house.move(house.clock.now() + MINUTE)
        await house.say(mention(house.clock.now(), f"angry{number}", angry=True))
    await house.move(house.clock.now() + MINUTE)
    (incident,) = house.drive.spine.memory.desk.incidents
    await house.tell(Silenced(0, incident, NOON + 3 * HOUR, "exercice", "karim"))
    await house.tell(Command(0, Verb.TAKE, incident, "ines"))
    await house.tell(Command(0, Verb.RESOLVE, incident, "ines"))
    lines = house.record.write_now(lambda db: explain(db, incident, "fr"))
    await house.close()
    assert lines is not None
    text = "\n".join(lines)
    assert "acme-260302-1209\u00a0: critique, fini, acme, à propos de la marque entière" in text, text
    assert "  ✓ posts en colère en 15\u00a0min\u00a0: " in text
    assert "Courbe, de 02/03 12:00 à 02/03 13:3" in text
    assert any(line.endswith("  d’habitude") and set(line) & set("▁▂▃") for line in lines)
    assert any("█" in line for line in lines)
    assert "silence sur acme-260302-1209, demandé par karim jusqu’à 2026-03-02 16:00:00\u00a0: exercice" in text
    assert "pris par ines (critique)" in text
    assert "13:14:" in text
    english = {"Rule", "History", "Who was told", "needed", "held"}
    assert not [word for word in english if word in text]
