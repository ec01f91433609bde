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
