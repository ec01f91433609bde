import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from rivals import HOUR, bursts

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def written(folder, step):
    began = datetime(2026, 1, 5)  # noqa: DTZ001 - as such files are written
    rows = [f"{began + timedelta(minutes=step * row)},{90 if 2000 <= row < 2012 else 3}" for row in range(3000)]
    (folder / "acme.csv").write_text("timestamp,value\n" + "\n".join(rows))
    window = [str(began + timedelta(minutes=step * row)) for row in (1990, 2020)]
    (folder / "combined_windows.json").write_text(json.dumps({"x/acme.csv": [window]}))
    return folder


def test_a_burst_in_its_window_is_found_and_no_false_alarm(tmp_path):
    [brand] = bursts.read(written(tmp_path, 5))
    assert brand.windows == [(1990, 2020)]
    for scores in (bursts.follow(bursts.rules.Ewma, brand), bursts.ours(brand, 1 / 7)[0]):
        top = max(scores[1990:2021])
        assert brand.found(scores, top) == [pytest.approx(11 / HOUR, abs=1)]
        assert max(brand.outside(scores)) < top
        assert brand.outside(scores)[: brand.judged] == [0.0] * 450


def test_rows_of_another_length_are_refused_by_name(tmp_path):
    with pytest.raises(SystemExit, match="the rows are 10 minutes apart: 5 are needed"):
        bursts.read(written(tmp_path, 10))


def test_without_data_a_script_says_so_and_goes(tmp_path):
    command = [sys.executable, "volume.py", "--data", str(tmp_path / "nothing")]
    told = subprocess.run(command, cwd=BENCHMARKS, capture_output=True, text=True, check=True)
    assert "is not there: name a folder with --data" in told.stdout
