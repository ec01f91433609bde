"""Boards for tests and for looking: what the status page shows, made up."""

import asyncio
from math import cos, pi

from msgspec.structs import replace

from buzzwatch.model.ear import Ail
from buzzwatch.model.incident import Incident, Reason, Severity, State, Subject
from buzzwatch.model.instant import DAY, HOUR, MINUTE
from buzzwatch.model.signal import Detector, Signal, Trend
from buzzwatch.web.board import BrandRow, Hour, IncidentRow, Mood, SilenceRow, StatusView
from buzzwatch.web.desk import Answer, RuleFiles, SourceRow

NOW = 1_795_473_605_000  # 23:40:05 in Paris
CODE, WALL = "K7QM2XZ9", "W4LLW4LL"
NAMES = (
    "Acme Airlines",
    "Brasserie du Nord",
    "Cobalt Mobile",
    "Delta Rail",
    "Épicerie Fine",
    "Fjord Énergie",
    "Galeries Opéra",
    "Hôtel Lumière",
    "Indigo Assurances",
    "Jardins de Loire",
    "Kiosque",
    "Librairie Vauban",
    "Metro Bank",
    "Nova Télécom",
    "Océan Croisières",
    "Papeterie Ruche",
    "Quartz Montres",
    "Rivage Immobilier",
    "Soleil Vacances",
    "Tram Sud",
    "Univers Jouets",
    "Velours Mode",
    "Wagon Express",
    "Xylo Meubles",
    "Yaourt & Co",
    "Zénith Radio",
    "Alto Banque",
    "Bistrot Régal",
    "Comète Auto",
    "Dune Cosmétiques",
)


def hours(level=20.0, at=NOW, seed=1, burst=0, share=0.18):
    found = []
    for number in range(24):
        begin = (at // HOUR - 23 + number) * HOUR
        usual = level * (1 + 0.7 * cos((begin / HOUR % 24 - 17) * pi / 12)) + 1
        noise = ((seed * 31 + number * 17) % 11 - 5) / 14
        seen = max(0, round(usual * (1 + noise)))
        angry = share
        if burst and number >= 20:
            seen, angry = round(usual * (1 + (burst - 1) * (number - 19) / 4)), 0.64
        part = 0.67 if number == 23 else 1
        low, high = usual * 0.7 * part, usual * 1.3 * part
        found.append(Hour(begin, round(seen * part), seen * part * angry, round(seen * part), low, high))
    return tuple(found)


def brand(key, name, **changes):
    row = BrandRow(
        key, name, False, Mood.CALM, 14, 10.2, 18.6, 0.19, HOUR, 0.22, 0.0, hours=hours(seed=len(name) + ord(name[0]))
    )
    return replace(row, **changes)


def brands(number):
    rows = [brand(f"b{n}", f"{NAMES[n % len(NAMES)]}{'' if n < len(NAMES) else f' {n}'}") for n in range(number)]
    return tuple(
        replace(row, now=4 + n * 7 % 60, low=float(n * 7 % 40 + 2), high=float(n * 7 % 60 + 9))
        for n, row in enumerate(rows)
    )


def source(name="x", **changes):
    row = SourceRow(
        name, "x", True, False, None, "", NOW - 3 * DAY, NOW - MINUTE, 412, 388.0, 0.2, 30.0, 2_000, None, False, ()
    )
    return replace(row, **changes)


def bad_buzz(brand_name="Acme Airlines", key="b0", who=None, severity=Severity.CRITICAL, **changes):
    signal = Signal(Detector.NEGATIVITY, HOUR, 46.4, 11.2, 9.1, share=0.64, usual_share=0.22)
    reason = Reason("bad-buzz", "Bien plus de posts en colère", (), signal, Trend.RISING, 61, 44, 0.64, 182_400, False)
    incident = Incident(
        id=f"{key}-261123-2310",
        subject=Subject(key),
        state=State.TAKEN if who else State.OPEN,
        severity=severity,
        began_at=NOW - 30 * MINUTE,
        opened_at=NOW - 22 * MINUTE,
        true_at=NOW,
        rules=("bad-buzz",),
        reason=reason,
        samples=(),
        route="oncall",
        worst=46.4,
    )
    return IncidentRow(replace(incident, **changes), brand_name, False, Trend.RISING, who)


def calm(number=3):
    return StatusView(
        NOW,
        "Europe/Paris",
        "fr",
        brands=brands(number),
        sources=(
            source("x"),
            source("mastodon", last_hour=96, usual_hour=102.0),
            source("presse", last_hour=4, usual_hour=3.0),
        ),
        rule_files=RuleFiles(NOW - 2 * DAY),
    )


def crisis(number=3, who="Inès"):
    first, *others = brands(number)
    hit = replace(
        first,
        mood=Mood.ANGRY,
        now=61,
        low=8.0,
        high=15.2,
        share=0.64,
        usual_share=0.22,
        unusual=8.0,
        severity=3,
        hours=hours(burst=5),
    )
    second = bad_buzz(others[0].name, others[0].key, severity=Severity.WARNING) if others else None
    incidents = (bad_buzz(first.name, first.key, who), *((second,) if second else ()))
    if others:
        others[0] = replace(others[0], mood=Mood.LOUD, now=52, unusual=4.0, severity=2, hours=hours(burst=3, seed=3))
    if len(others) > 1:
        others[-1] = replace(others[-1], competitor=True, mood=Mood.LOUD, now=90, unusual=6.0, hours=hours(burst=4))
    return replace(
        calm(number),
        incidents=incidents,
        brands=(hit, *others),
        waiting=2,
        waiting_since=NOW - 12 * MINUTE,
        silences=(SilenceRow("Delta Rail", NOW + 2 * HOUR, "Karim", "grève annoncée"),),
    )


def deaf(number=3):
    view = calm(number)
    lost = source(
        "mastodon",
        connected=False,
        deaf=True,
        ail=Ail.AWAY,
        since=NOW - 47 * MINUTE,
        last_event=NOW - 47 * MINUTE,
        last_hour=21,
        usual_hour=102.0,
    )
    rows = [
        replace(row, mood=Mood.DEAF, hours=(*row.hours[:-1], replace(row.hours[-1], deaf=True, mentions=None)))
        for row in view.brands
    ]
    return replace(
        view,
        brands=tuple(rows),
        sources=(view.sources[0], lost, source("presse", ail=Ail.LATE, learning=True)),
        rule_files=RuleFiles(NOW - 2 * DAY, NOW - HOUR),
        faults=3,
    )


class StandIn:
    """A board that shows `view`; `codes` are its links, by code the person."""

    def __init__(self, view):
        self.view = view
        self.codes = {CODE: "ines", WALL: ""}
        self.revocations = 0
        self.looks = 0

    async def overview(self):
        self.looks += 1
        await asyncio.sleep(0)
        return self.view

    async def watcher(self, code):
        return self.codes.get(code.upper())

    async def incident_code(self, person, incident):
        known = any(each.incident.id == incident for each in self.view.incidents)
        return "k7Qm2xZ9" if person and known else None

    async def link(self, by):
        return Answer(by in {"", "ines"}, (f"https://bw.example/i/{CODE if by else WALL}/status",))

    def revoke(self):
        self.codes.clear()
        self.revocations += 1
