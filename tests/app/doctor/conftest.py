"""An installation to be looked at."""

from pathlib import Path

import pytest
from clinic import NOW, site

from buzzwatch.app.doctor.patient import Patient


@pytest.fixture
def patient(tmp_path: Path, monkeypatch) -> Patient:
    monkeypatch.setattr("buzzwatch.app.doctor.patient.ask_systemd", lambda: None)
    return Patient(site(tmp_path), NOW, network=False, environment={})
