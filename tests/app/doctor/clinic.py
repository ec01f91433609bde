"""What tests of the doctor share."""

import socket
import sqlite3
from pathlib import Path

from buzzwatch.app.doctor.finding import Level
from buzzwatch.app.doctor.patient import Patient
from buzzwatch.app.doctor.printing import line
from buzzwatch.store.database import open_database

RULES = """
brand: acme
match: {any: [acme]}
rules: [{name: shout, when: {volume: {over: 5m, at_least: 3}}, severity: critical, notify: oncall}]
"""
ONCALL = """
people:
  ines: {name: Inès, reach: {push: console, sms: "json://127.0.0.1:9/sms"}}
  karim: {name: Karim, reach: {push: console}}
rota: {comms: {people: [ines, karim], starts: 2026-11-23, hand_over: monday 09:00}}
routes: {oncall: {steps: [{after: 0m, tell: "rota:comms"}]}}
"""
NOW = 1_796_000_000_000
"""In November 2026."""
PATIENCE_S = 20


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def site(folder: Path, more: str = "", oncall: str = ONCALL) -> Path:
    (folder / "rules").mkdir()
    (folder / "rules/acme.yaml").write_text(RULES)
    (folder / "rules/oncall.yaml").write_text(oncall)
    file = folder / "buzzwatch.yaml"
    file.write_text(
        f'sources: {{push: {{http: {{listen: "127.0.0.1:{free_port()}"}}}}}}\n'
        f'web: {{listen: "127.0.0.1:{free_port()}"}}\n{more}'
    )
    return file


def keep(patient: Patient) -> sqlite3.Connection:
    assert patient.state is not None
    patient.state.mkdir(exist_ok=True)
    return open_database(patient.state)


def said(findings) -> str:
    return "\n".join(line(each, "en") for each in findings)


def levels(findings) -> set[Level]:
    return {each.level for each in findings}
