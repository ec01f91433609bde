import json
from datetime import datetime, timedelta

import negativity
import pytest
import volume
from rivals import HOUR

LASTS = negativity.LASTS


@pytest.mark.parametrize(
    ("before", "during", "minutes"),
    [
        ([0.0] * HOUR, [0.0, 0.0, 3.0, *[0.0] * (LASTS - 3)], 15),
        ([0.0] * HOUR, [0.0] * LASTS, negativity.NEVER + 1),
        ([*[0.0] * (HOUR - 1), 3.0], [3.0] * LASTS, negativity.NEVER + 1),
    ],
    ids=["heard at its third tick", "not heard", "an alarm that had begun before"],
)
def test_a_delay_is_until_an_alarm_begins(before, during, minutes):
    assert negativity.Trial(before, during).delay(2.0) == minutes


def result(name, told, delay):
    return negativity.Result(name, told, 1.0, {factor: [delay] for factor in negativity.FACTORS})


def test_of_sums_and_numbers_the_better_is_shown_the_soonest_first():
    shown = negativity.best_of_each([result("a", "soft", 90), result("b", "soft", 50), result("a", "hard", 40)])
    assert [(each.name, each.told) for each in shown] == [("a", "hard"), ("b", "soft")]


def test_who_is_sooner_than_ours_by_more_than_a_tick_is_named():
    ours, tick = next(iter(negativity.OVERS)), negativity.TICK
    others = [result(ours, "soft", 60), result("even", "soft", 60 - tick), result("sooner", "hard", 59 - tick)]
    assert not list(negativity.lead(others[1], others))
    assert len(list(negativity.lead(others[2], others))) == len(negativity.FACTORS) + 1


def written(folder, step):
    began = datetime(2026, 1, 5)  # noqa: DTZ001 - as such files are written
    rows = [f"{began + timedelta(minutes=step * row)},{90 if 2000 <= row < 2012 else 3}" for row in range(3000)]
    (folder / "acme.csv").write_text("timestamp,value\n" + "\n".join(rows))
    window = [str(began + timedelta(minutes=step * row)) for row in (1990, 2020)]
    (folder / "combined_windows.json").write_text(json.dumps({"x/acme.csv": [window]}))
    return folder


def test_a_burst_in_its_window_is_found_and_no_false_alarm(tmp_path):
    [brand] = volume.read(written(tmp_path, 5))
    assert brand.windows == [(1990, 2020)]
    for scores in (volume.follow(volume.rules.Ewma, brand), volume.ours(brand, 1 / 7)[0]):
        top = max(scores[1990:2021])
        assert brand.found(scores, top) == [pytest.approx(11 / HOUR, abs=1)]
        assert max(brand.outside(scores)) < top
        assert brand.outside(scores)[: brand.judged] == [0.0] * 450


def test_rows_of_another_length_are_refused_by_name(tmp_path):
    with pytest.raises(SystemExit, match="the rows are 10 minutes apart: 5 are needed"):
        volume.read(written(tmp_path, 10))


@pytest.mark.parametrize("script", [negativity, volume], ids=["negativity", "volume"])
def test_without_data_a_script_says_so_and_goes(script, monkeypatch, tmp_path, capsys):
    option = "--texts" if script is negativity else "--data"
    monkeypatch.setattr("sys.argv", ["script.py", option, str(tmp_path / "nothing")])
    script.main()
    assert "is not there" in capsys.readouterr().out
