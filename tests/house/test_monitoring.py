"""What is shipped for Prometheus and Grafana: it speaks of what there is, in both languages, and promtool takes it."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from buzzwatch.web.metrics import Metrics

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "monitoring/prometheus"
RULES = PROMETHEUS / "buzzwatch.rules.yml"
ALERTS = YAML(typ="safe").load(RULES.read_text("utf-8"))["groups"][0]["rules"]
BOARD = json.loads((ROOT / "monitoring/grafana/buzzwatch.json").read_text("utf-8"))
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
DOCUMENT = (ROOT / "docs/monitoring.md").read_text("utf-8")

LEFT_OUT: set[str] = set()
"""Metrics that no panel shows, on purpose."""


def metrics():
    families = Metrics("0").registry.collect()
    return {f"{family.name}_total" if family.type == "counter" else family.name for family in families}


def named_in(expression):
    found = re.findall(r"\bbuzzwatch_\w+", expression)
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in found}


def promtool(*arguments):
    program = shutil.which("promtool")
    assert program, "promtool is missing: sudo apt install prometheus"
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_asks_for_metrics_that_there_are(alert):
    assert named_in(alert["expr"]) <= metrics()


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_says_how_bad_it_is_in_both_languages_and_what_to_do(alert):
    assert alert["labels"]["severity"] in {"critical", "warning"}
    told = alert["annotations"]
    assert set(told) == {"summary", "summary_fr", "description", "description_fr", "runbook_url"}
    assert told["summary"] != told["summary_fr"]
    assert told["description"] != told["description_fr"]
    file, _, heading = told["runbook_url"].partition("#")
    assert file.endswith("/monitoring.md")
    assert heading == alert["alert"].lower()
    assert f"\n### {alert['alert']}\n" in DOCUMENT


def test_no_alert_is_documented_that_does_not_exist():
    assert re.findall(r"^### (Buzzwatch\w+)$", DOCUMENT, re.MULTILINE) == [alert["alert"] for alert in ALERTS]


def test_promtool_finds_each_alert_to_ring_when_it_must_and_not_otherwise():
    answer = promtool("test", "rules", PROMETHEUS / "buzzwatch.rules.test.yml")
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_alert_has_a_case_where_it_rings():
    cases = (PROMETHEUS / "buzzwatch.rules.test.yml").read_text("utf-8")
    assert {alert["alert"] for alert in ALERTS} <= set(re.findall(r'labels: .*alertname="(\w+)"', cases))


def test_the_tests_of_the_alerts_can_fail(tmp_path):
    shutil.copy(PROMETHEUS / "buzzwatch.rules.test.yml", tmp_path)
    text = RULES.read_text("utf-8")
    assert "buzzwatch_ready == 0" in text
    (tmp_path / RULES.name).write_text(text.replace("buzzwatch_ready == 0", "buzzwatch_ready == 1"), "utf-8")
    assert promtool("test", "rules", tmp_path / "buzzwatch.rules.test.yml").returncode != 0


def test_promtool_takes_the_example_of_a_configuration(tmp_path):
    text = (PROMETHEUS / "scrape.yml").read_text("utf-8")
    (tmp_path / "prometheus.yml").write_text(text.replace("/etc/prometheus/rules", str(PROMETHEUS)), "utf-8")
    answer = promtool("check", "config", tmp_path / "prometheus.yml")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert YAML(typ="safe").load(text)["scrape_configs"][0]["job_name"] == "buzzwatch"


def expressions():
    return [target["expr"] for panel in PANELS for target in panel["targets"]]


def test_every_metric_is_on_the_dashboard_or_left_out_on_purpose():
    shown = {name for expression in expressions() for name in named_in(expression)}
    assert metrics() - shown == LEFT_OUT
    assert shown <= metrics()


def test_promtool_takes_every_expression_of_the_dashboard(tmp_path):
    told = [each.replace("$__rate_interval", "5m").replace("$instance", ".*") for each in expressions()]
    rules = [{"record": f"panel:{number}", "expr": each} for number, each in enumerate(told)]
    (tmp_path / "panels.json").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}), "utf-8")
    answer = promtool("check", "rules", tmp_path / "panels.json")
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_the_dashboard_is_tied_to_no_data_source():
    text = json.dumps(BOARD)
    assert set(re.findall(r'"uid": "([^"]+)"', text)) == {"${DS_PROMETHEUS}", "buzzwatch"}
    variables = {each["name"]: each for each in BOARD["templating"]["list"]}
    assert (variables["DS_PROMETHEUS"]["type"], variables["DS_PROMETHEUS"]["query"]) == ("datasource", "prometheus")


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_says_what_it_shows_in_which_unit(panel):
    defaults = panel["fieldConfig"]["defaults"]
    assert panel["type"] in {"stat", "timeseries", "state-timeline"}
    assert panel["description"].endswith(".")
    assert defaults["unit"]
    assert defaults["thresholds"]["steps"][0]["value"] is None
    assert all(target["refId"] and target["datasource"] == panel["datasource"] for target in panel["targets"])


def test_panels_have_ids_of_their_own_and_lie_beside_each_other():
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    cells = [
        (column, line)
        for place in (panel["gridPos"] for panel in BOARD["panels"])
        for column in range(place["x"], place["x"] + place["w"])
        for line in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert all(column < 24 for column, _ in cells)


def test_the_example_of_provisioning_is_what_grafana_reads():
    told = YAML(typ="safe").load((ROOT / "monitoring/grafana/provisioning.yml").read_text("utf-8"))
    assert told["apiVersion"] == 1
    assert told["providers"][0]["type"] == "file"
    assert told["providers"][0]["options"]["path"].startswith("/")
