import json
import subprocess
import sys

FAIL = """
import structlog
from buzzwatch.app.logs import configure_logs
configure_logs()
def fail(text):
    raise ValueError("boom")
try:
    fail("acme est une honte")
except ValueError:
    structlog.get_logger().exception("input_set_aside", seq=7)
"""


def test_a_traceback_in_the_log_holds_no_values_of_variables():
    done = subprocess.run([sys.executable, "-c", FAIL], capture_output=True, text=True, check=True)
    entry = json.loads(done.stderr)
    assert (entry["event"], entry["seq"], entry["exception"][0]["exc_value"]) == ("input_set_aside", 7, "boom")
    assert [frame["name"] for frame in entry["exception"][0]["frames"]] == ["<module>", "fail"]
    assert all("locals" not in frame for frame in entry["exception"][0]["frames"])


PRIORITIES = """
import os, sys, structlog
told = os.fstat(2)
os.environ["JOURNAL_STREAM"] = f"{told.st_dev}:{told.st_ino}" if sys.argv[1] == "journal" else "1:2"
from buzzwatch.app.logs import configure_logs
configure_logs()
structlog.get_logger().warning("source_ailed", why="x")
structlog.get_logger().info("daemon_ready")
"""


def lines(where):
    done = subprocess.run([sys.executable, "-c", PRIORITIES, where], capture_output=True, text=True, check=True)
    return done.stderr.splitlines()


def test_journald_is_told_how_bad_a_line_is_and_nobody_else_is():
    warned, informed = lines("journal")
    assert (warned[:3], json.loads(warned[3:])["event"]) == ("<4>", "source_ailed")
    assert informed.startswith("<6>{")
    assert [json.loads(line)["level"] for line in lines("pipe")] == ["warning", "info"]
