"""The page that says that the daemon is down: when it leaves, to whom, and what it never shows."""

import http.server
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "systemd" / "last-resort.sh"
PROGRAM = Path(sys.executable).with_name("buzzwatch")
SECRET = "s3cr3t-t0pic"
RUNNING = {
    "LoadState": "loaded",
    "ActiveState": "active",
    "SubState": "running",
    "Result": "success",
    "NRestarts": "0",
    "UnitFileState": "enabled",
    "ActiveEnterTimestampMonotonic": "1000",
    "InactiveEnterTimestampMonotonic": "0",
    "StatusText": "listening",
}
CRASHED = {"ActiveState": "activating", "SubState": "auto-restart", "Result": "exit-code", "ExecMainStatus": "1"}


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.posts.append((self.path, body))
        if "hang" in self.path:
            self.server.let_go.wait(30)
        self.send_response(500 if "refuse" in self.path else 200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.daemon_threads = True
    server.let_go = threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.let_go.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def receiver(server):
    server.posts = []
    return server


class Watch:
    """The script beside stand-ins for what it asks; no Apprise but where a test wants it."""

    def __init__(self, folder, receiver):
        self.folder = folder
        self.receiver = receiver
        self.host = f"127.0.0.1:{receiver.server_port}"
        for name in ("bin", "run", "credentials", "lone/share/systemd"):
            (folder / name).mkdir(parents=True)
        self.script = folder / "lone/share/systemd/last-resort.sh"  # with no program of ours near it
        self.script.write_bytes(SCRIPT.read_bytes())
        self.stand_in("systemctl", 'cat "$(dirname "$0")/../state"')
        self.stand_in("journalctl", 'cat "$(dirname "$0")/../journal"')
        self.stand_in("uname", "echo watch-1")
        self.journal("last words")
        self.name(f"http://{self.host}/{SECRET}")
        self.environment = {}

    def stand_in(self, program, script):
        path = self.folder / "bin" / program
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def journal(self, text):
        (self.folder / "journal").write_text(text)

    def name(self, *addresses):
        (self.folder / "credentials/last_resort").write_text("".join(f"{each}\n" for each in addresses))

    def with_apprise(self, program=PROGRAM):
        link = self.folder / "lone/bin/buzzwatch"
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(program)

    def look(self, how="look", **state):
        """One look at a unit in that state; what it says and its status."""
        shown = "".join(f"{key}={value}\n" for key, value in (RUNNING | state).items())
        (self.folder / "state").write_text(shown)
        environment = {
            "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
            "RUNTIME_DIRECTORY": str(self.folder / "run"),
            "CREDENTIALS_DIRECTORY": str(self.folder / "credentials"),
            **self.environment,
        }
        done = subprocess.run(
            ["sh", str(self.script), how], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert SECRET not in done.stdout + done.stderr
        return done.returncode, done.stderr

    def pages(self):
        return [body for _, body in self.receiver.posts]


@pytest.fixture
def watch(tmp_path, receiver):
    return Watch(tmp_path, receiver)


def test_a_daemon_that_runs_is_left_alone(watch):
    for _ in range(12):
        assert watch.look() == (0, "")
    assert watch.pages() == []


def test_a_single_crash_that_heals_wakes_nobody(watch):
    watch.look()
    watch.look(**CRASHED, NRestarts="1")
    for _ in range(12):
        assert watch.look(NRestarts="1") == (0, "")
    assert watch.pages() == []


def test_what_systemd_says_does_not_crowd_out_the_last_words_of_the_daemon(watch):
    """`journalctl --unit` gives both in one, and a unit that fails to start has eight lines of systemd's."""
    last = (
        'case "$*" in *_SYSTEMD_UNIT=buzzwatch.service*) cat own ;; *_PID=1*) cat systemd ;; *) cat own systemd ;; esac'
    )
    watch.stand_in(
        "journalctl", f'cd "$(dirname "$0")/.."; ({last}) | tail -n "$(echo "$*" | sed "s/.*--lines //; s/ .*//")"'
    )
    (watch.folder / "own").write_text("buzzwatch.yaml: no mapping\n")
    (watch.folder / "systemd").write_text("\n".join(f"line {n} of systemd" for n in range(8)))
    watch.look(ActiveState="failed", Result="exit-code")
    (page,) = watch.pages()
    assert "buzzwatch.yaml: no mapping" in page
    assert "line 7 of systemd" in page


def test_three_bad_minutes_page_once_then_again_at_intervals_then_the_end_is_told(watch):
    watch.environment = {"AGAIN": "6"}
    for minute in range(2):
        assert watch.look(**CRASHED, NRestarts=str(minute)) == (0, "")
    assert watch.pages() == []
    for minute in range(2, 10):  # the third pages, and each sixth after it
        watch.look(**CRASHED, NRestarts=str(minute))
    assert len(watch.pages()) == 2
    for minute in range(4):
        watch.look(NRestarts="20" if minute else "19")
    assert len(watch.pages()) == 2
    for _ in range(12):
        watch.look(NRestarts="20")
    down, _, again = watch.pages()
    assert "watch-1 : à l'arrêt, aucune alerte ne part / down, no alert leaves" in down.splitlines()[0]
    assert "watch-1 : de nouveau en marche / runs again" in again.splitlines()[0]


def test_one_that_runs_at_each_look_and_has_been_restarted_between_them_is_bad_all_the_same(watch):
    for restarts in ("0", "4", "8", "12"):
        watch.look(NRestarts=restarts)
    assert len(watch.pages()) == 1


def test_one_crash_each_quarter_of_an_hour_pages_nobody(watch):
    for minute in range(35):
        watch.look(NRestarts=str(minute // 15))
    assert watch.pages() == []


def test_a_unit_that_systemd_gave_up_pages_at_once(watch):
    watch.look(ActiveState="failed", SubState="failed", Result="signal")
    [page] = watch.pages()
    for fact in (
        "systemd: failed (failed), signal",
        "last words",
        "systemctl status buzzwatch",
        "depuis 20",
        "since 20",
    ):
        assert fact in page


@pytest.mark.parametrize(
    "state",
    [
        {"ActiveState": "inactive", "SubState": "dead"},
        {"LoadState": "masked", "ActiveState": "inactive"},
        {"ActiveState": "inactive", "UnitFileState": "disabled", "ActiveEnterTimestampMonotonic": "0"},
    ],
    ids=["stopped", "masked", "disabled"],
)
def test_what_somebody_stopped_pages_nobody(watch, state):
    for _ in range(2):
        watch.look(**CRASHED)
    for _ in range(12):
        watch.look(**state)
    assert watch.pages() == []


@pytest.mark.parametrize(
    "state",
    [
        {"ActiveState": "activating", "SubState": "start"},
        {"ActiveState": "inactive", "ActiveEnterTimestampMonotonic": "0"},
        {"LoadState": "bad-setting", "ActiveState": "inactive"},
    ],
    ids=["never ready", "never started since the boot", "a unit file with a fault"],
)
def test_what_never_comes_up_pages(watch, state):
    for _ in range(3):
        watch.look(**state)
    assert len(watch.pages()) == 1


def test_no_answer_of_systemd_pages(watch):
    watch.stand_in("systemctl", "exit 1")
    for _ in range(3):
        watch.look()
    assert "systemd does not answer: the service may be well" in watch.pages()[0]


def test_a_page_that_reached_nobody_is_tried_again_at_the_next_look(watch):
    watch.name(f"http://{watch.host}/refuse/{SECRET}", "http://127.0.0.1:9/")
    for _ in range(5):
        status, said = watch.look(**CRASHED)
    assert (status, len(watch.pages())) == (1, 3)
    assert "line 1: curl ended with status 22\nline 2: curl ended with status 7\nnobody was reached\n" in said
    watch.name(f"http://{watch.host}/")
    watch.look(**CRASHED)
    watch.look(**CRASHED)
    assert len(watch.pages()) == 4


def test_with_nobody_named_the_journal_says_so_once(watch):
    (watch.folder / "credentials/last_resort").unlink()
    said = [watch.look(**CRASHED) for _ in range(6)]
    assert [status for status, _ in said] == [0] * 6
    assert len([text for _, text in said if "nobody is told: there is no credential last_resort" in text]) == 1


def test_garbage_among_the_addresses_stops_none_of_the_others(watch):
    (watch.folder / "credentials/last_resort").write_bytes(
        b'\xff\xfe\x00\n# a remark\n\nhttp://a b\nhttp://x"\noutput = "/tmp/x\nfile:///etc/passwd\nhttps://\n'
        b"http://$(touch${IFS}/tmp/x)`id`\n  http://%s/ok?a=b%%20c&d=[e] \r\nhttp://%s/last"
        % ((watch.host.encode(),) * 2)
    )
    for _ in range(3):
        status, _ = watch.look(**CRASHED)
    assert status == 0
    assert [path for path, _ in watch.receiver.posts] == ["/ok?a=b%20c&d=[e]", "/last"]


def test_what_is_remembered_may_be_garbage(watch):
    (watch.folder / "run/memory").write_bytes(b"\xff$(id) x y\nb b b")
    for _ in range(3):
        watch.look(**CRASHED)
    assert len(watch.pages()) == 1


def test_odd_names_of_the_host_and_addresses_in_the_journal_are_told_in_clean_text(watch):
    watch.stand_in("uname", r"""printf 'é"$(id)`id`%%s\\\033[31m\377<b>\n\nX'""")
    watch.journal(f"asked https://user:{SECRET}@x.example/{SECRET} and ines@acme.example\x1b[2J\n\xff" + "x" * 9_000)
    for _ in range(3):
        watch.look(**CRASHED)
    [page] = watch.pages()
    assert page.splitlines()[0].startswith("[buzzwatch] é\"$(id)`id`%s\\[31m<b>X : à l'arrêt")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", page)
    assert "asked (…) and (…)" in page
    assert len(page.encode()) <= 3_800


def test_apprise_goes_first_and_curl_only_where_it_reached_nobody(watch):
    watch.with_apprise()
    watch.name(f"json://{watch.host}/apprise/{SECRET}", f"http://{watch.host}/plain/{SECRET}", "nonsense://x", "junk")
    watch.look(ActiveState="failed")
    assert [path for path, _ in watch.receiver.posts] == [f"/apprise/{SECRET}"]
    assert "aucune alerte ne part" in watch.pages()[0]


def test_a_python_that_is_broken_is_gone_round_by_curl(watch):
    broken = watch.folder / "broken"
    broken.write_text("#!/bin/sh\necho Traceback of " + SECRET + " >&2\nexit 1\n")
    broken.chmod(0o755)
    watch.with_apprise(broken)
    watch.name(f"json://{watch.host}/apprise", f"http://{watch.host}/plain")
    status, said = watch.look(ActiveState="failed")
    assert (status, [path for path, _ in watch.receiver.posts]) == (0, ["/plain"])
    assert "ended with status 1" in said


def test_the_command_waits_for_a_receiver_that_hangs_no_longer_than_it_is_told(watch):
    watch.name(f"json://{watch.host}/hang/{SECRET}", f"json://{watch.host}/well", "nonsense://" + SECRET)
    began = time.monotonic()
    command = [PROGRAM, "last-resort", "--patience", "2.5", "--to", watch.folder / "credentials/last_resort"]
    done = subprocess.run(command, input="Title\nbody", capture_output=True, text=True, timeout=30, check=False)
    assert time.monotonic() - began < 20
    assert (done.returncode, done.stdout) == (0, "line 2: sent\n")
    assert "line 1: no answer in time\nline 3: Apprise refuses this nonsense:// URL" in done.stderr
    assert SECRET not in done.stderr


def test_a_test_reaches_everybody_named_and_says_that_it_is_one(watch):
    assert watch.look("test")[0] == 0
    assert "ESSAI / TEST" in watch.pages()[0]
