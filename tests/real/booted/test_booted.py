"""The life of an installation on a booted systemd: installed, started, hung, rebooted, cut off, upgraded, broken."""

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from machine import Machine, missing, root_files, timed, why_not

ROOT, HERE = Path(__file__).parents[3], Path(__file__).parent
pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(1_800),
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "it can be booted"),
]
SECRETS = {name: f"{name}-5ecret-{n}{n}{n}" for n, name in enumerate(("intake", "hook", "page", "plain"))}
STATE, DATABASE = "/var/lib/buzzwatch", "/var/lib/buzzwatch/buzzwatch.db"
CREDENTIALS = "".join(f"LoadCredential={name}:/etc/buzzwatch/credentials/{name}\n" for name in ("intake", "hook"))
RULES = "/etc/buzzwatch/rules"
RULE_FILE = ["640", "root", "buzzwatch-rules"]
NEXT = "9.9.9"
SETTINGS = {
    "state": STATE,
    "rules": "rules",
    "reload": "by-command",
    "sources": {
        "push": {"http": {"token": "${cred:intake}"}},
        "broker": {"mqtt": {"url": "mqtt://127.0.0.1:1883", "topics": ["mentions/#"]}},
    },
    "channels": {"hook": "json://127.0.0.1:8000/hook/${cred:hook}"},
}
ONCALL = {
    "timezone": "UTC",
    "people": {"ines": {"name": "Ines", "language": "en", "reach": {"push": "json://127.0.0.1:8000/ines"}}},
    "routes": {
        "oncall": {"steps": [{"after": "0m", "tell": "ines", "by": ["push"]}], "copy": ["hook"]},
        "ops": {"copy": ["hook"]},
    },
}
PLUG_IN = """
class Plugged:
    name = "drilled@1"

    def score(self, texts, langs):
        return [0.9 if "disgrace" in text else 0.1 for text in texts]
"""


def brand(name, **rule):
    """A file of rules: of one brand, which rings at one angry post of a widely followed voice."""
    big_voice = {
        "name": "big-voice",
        "says": "A widely followed voice complains",
        "when": {"mention": {"negativity": 0.7, "followers": 100_000}},
        "severity": "critical",
        "notify": "oncall",
    }
    known = {"brand": name, "name": name.title(), "timezone": "Europe/Paris", "language": "en", "role": "ours"}
    return json.dumps({**known, "match": {"any": [name]}, "rules": [big_voice | rule]}, indent=1)


def mention(name, *, about="Acme", angry=False):
    return {
        "id": name,
        "author": {"id": f"a{name}", "followers": 400_000 if angry else 200},
        "text": f"{about} is a disgrace, {name}, the worst airline ever, I hate them"
        if angry
        else f"{about}, flight {name}",
        "created_at": datetime.now(UTC).isoformat(),  # noqa: TID251 - the daemon runs by the real clock
    }


def legible(body):
    """Without the escapes of JSON, where it is JSON."""
    return json.dumps(json.loads(body), ensure_ascii=False) if body.startswith("{") else body


class Installation:
    """What a sysadmin and a sender of mentions do on the machine."""

    def __init__(self, machine, report):
        self.machine = machine
        self.report = report
        self.acknowledged = []

    def post(self, *mentions, token=SECRETS["intake"]):
        """The receipt, or the status where there is none."""
        body = "\n".join(map(json.dumps, mentions))
        headers = ["--header", f"Authorization: Bearer {token}", "--header", "Content-Type: application/x-ndjson"]
        options = ["--silent", "--write-out", "\n%{http_code}", "--data-binary", "@-"]
        answer = self.machine.run("curl", *options, *headers, "http://127.0.0.1:8787/mentions", text=body).stdout
        receipt, _, status = answer.rpartition("\n")
        if status != "200":
            return int(status)
        self.acknowledged += [each["id"] for each in mentions]
        return json.loads(receipt)

    def publish(self, *mentions):
        """To the broker, at QoS 1; that takes it when this returns."""
        for each in mentions:
            self.machine.run(
                "mosquitto_pub", "-h", "127.0.0.1", "-q", "1", "-t", "mentions/x", "-s", text=json.dumps(each)
            )
            self.acknowledged.append(each["id"])

    def received(self, path):
        """What the stand-in was sent there, the oldest first."""
        kept = self.machine.root / "var/log/received"
        lines = kept.read_text().splitlines() if kept.exists() else []
        return [legible(each["body"]) for each in map(json.loads, lines) if each["path"].startswith(path)]

    def rows(self, question):
        """From the database, read from outside as the machine runs."""
        file = self.machine.root / DATABASE.lstrip("/")
        with closing(sqlite3.connect(file, timeout=30)) as database:
            return database.execute(question).fetchall()

    def wait_for_all(self):
        """Until everything acknowledged is in the journal; each once."""
        question = "SELECT mention FROM journal WHERE kind = 'sighting'"
        held = self.machine.until(
            lambda: (
                (rows := [name for (name,) in self.rows(question)]) and set(self.acknowledged) <= set(rows) and rows
            ),
            "everything acknowledged is in the journal",
        )
        assert len(held) == len(set(held)), "a mention is in the journal twice"

    def wait_for_page(self, name, together=None):
        """Until somebody was told of the incident that this angry post has opened, over both ways.

        `together` is what a message says that is of this one and others, where there may be such a one.
        """
        for path in ("/hook/", "/ines"):
            self.machine.until(partial(self._told_of, name, path, together), f"an alert with {name} at {path}")

    def _told_of(self, name, path, together):
        return [body for body in self.received(path) if name in body or (together and together in body)]

    def waiting(self):
        """How many messages have not left."""
        return self.rows("SELECT count(*) FROM outbox WHERE state NOT IN ('sent', 'superseded')")[0][0]

    def version(self):
        """Of the database."""
        return self.rows("PRAGMA user_version")[0][0]

    def configure(self, text):
        """Write the configuration."""
        self.machine.write("/etc/buzzwatch/buzzwatch.yaml", text, 0o640)

    def rule(self, name, text):
        """Write a file of rules."""
        self.machine.write(f"/etc/buzzwatch/rules/{name}.yaml", text, 0o640)

    def restart(self):
        self.machine.run("systemctl", "restart", "buzzwatch")

    def is_well(self):
        """Until it is ready and hears everything."""
        answer = ("curl", "--silent", "--fail", "http://127.0.0.1:8788/readyz")
        self.machine.until(lambda: self.machine.run(*answer, check=False).returncode == 0, "/readyz says 200")


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """What is installed from: this commit, and one after it with another number and one more migration."""
    made = tmp_path_factory.mktemp("archives")
    later = made / "later"
    git = ["git", "-c", "user.name=drill", "-c", "user.email=drill@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run([*git, "clone", "--quiet", "--shared", ROOT, later], check=True)
    migrations = later / "buzzwatch/store/migrations"
    number = max(int(file.name[:4]) for file in migrations.glob("*.sql")) + 1
    (migrations / f"{number:04}_drill.sql").write_text("CREATE TABLE drill (of TEXT) STRICT;\n")
    subprocess.run([*git, "-C", later, "add", "--all"], check=True)
    subprocess.run([*git, "-C", later, "commit", "--quiet", "--message", "Drill"], check=True)
    for checkout, more in ((ROOT, []), (later, ["--version", NEXT])):
        options = ["--audit", "none", "--into", made, "--wheels", ROOT / ".venv/wheels", *more]
        subprocess.run([sys.executable, checkout / "tools/dist.py", *options], check=True, capture_output=True)
    (second,) = made.glob(f"buzzwatch-{NEXT}-*.tar.gz")
    (first,) = set(made.glob("buzzwatch-*.tar.gz")) - {second}
    return first, second


@pytest.fixture
def installation(request, tmp_path, capsys):
    """A machine that was booted, with a stand-in for whoever is told, and nothing of ours installed."""
    assert not missing(), f"{', '.join(missing())}: sudo apt install mmdebstrap systemd-container"

    def report(line):
        with capsys.disabled():
            print(f"  {line}")  # noqa: T201 - how long each phase took is what the drill shows

    with timed("the file system of Debian", report):
        machine = Machine(root_files(request.config.cache.mkdir("booted")), tmp_path / "machine")
    for script in ("receiver.py", "poster.py"):
        machine.write(f"/opt/drill/{script}", (HERE / script).read_text())
    unit = "[Service]\nExecStart=/usr/bin/python3 /opt/drill/receiver.py 8000 /var/log/received\n"
    machine.write("/etc/systemd/system/receiver.service", unit)
    machine.write("/etc/mosquitto/conf.d/drill.conf", "listener 1883 127.0.0.1\nallow_anonymous true\n")
    try:
        with timed("its boot", report):
            machine.boot()
        machine.run("systemctl", "start", "receiver")
        yield Installation(machine, report)
    finally:
        machine.end()


def test_an_installation_lives_through_all_of_it(installation, archives):
    for phase in (
        installs_from_the_archive,
        starts_when_it_is_ready,
        keeps_its_credentials_from_others,
        reads_rules_that_only_their_editors_may,
        puts_changed_rules_in_force_and_refuses_broken_ones,
        is_found_well_by_the_doctor,
        is_exposed_to_little,
        has_no_system_call_refused,
        is_restarted_when_it_hangs,
        reboots_with_a_backlog,
        loses_nothing_acknowledged_when_the_power_is_cut,
        goes_to_the_next_version_and_back,
        pages_when_it_crashes_again_and_again,
        pages_when_its_database_is_unreadable,
        pages_when_its_state_directory_is_no_directory,
        pages_without_python,
        pages_at_once_when_systemd_gives_it_up,
        leaves_no_secret_and_no_traceback_in_the_journal,
    ):
        with timed(phase.__name__.replace("_", " "), installation.report):
            phase(installation, *([archives] if phase in WITH_ARCHIVES else []))


def installs_from_the_archive(installation, archives):
    machine = installation.machine
    install(installation, archives[0])
    assert machine.run("readlink", "/opt/buzzwatch/current").stdout.strip() in archives[0].name
    for name, secret in SECRETS.items():
        machine.write(f"/etc/buzzwatch/credentials/{name}", f"{secret}\n", 0o600)
    pages = f"json://127.0.0.1:8000/page/{SECRETS['page']}\nhttp://127.0.0.1:8000/plain/{SECRETS['plain']}\n"
    machine.write("/etc/buzzwatch/credentials/last_resort", pages, 0o600)
    installation.configure(json.dumps(SETTINGS))
    machine.shell("rm -f /etc/buzzwatch/rules/*.yaml")
    installation.rule("acme", brand("acme"))
    installation.rule("oncall", json.dumps(ONCALL))
    machine.drop_in("buzzwatch.service", "credentials", f"[Service]\n{CREDENTIALS}")
    verified = machine.run("systemd-analyze", "verify", "--man=no", "buzzwatch.service", "buzzwatch-failed.timer")
    assert verified.stderr == "", verified.stderr


def install(installation, archive, *options):
    machine = installation.machine
    shutil.copy(archive, machine.root / "root")
    machine.shell(f"cd /root && rm -rf unpacked && mkdir unpacked && tar -xzf {archive.name} -C unpacked --strip 1")
    machine.run("sh", "/root/unpacked/install.sh", *options, timeout=600)


def starts_when_it_is_ready(installation):
    machine = installation.machine
    machine.run("systemctl", "enable", "--now", "buzzwatch")
    assert machine.run("curl", "--silent", "--fail", "http://127.0.0.1:8788/healthz", check=False).returncode == 0
    assert '"event": "daemon_ready"' in machine.journal("--unit=buzzwatch"), "start returned before it was ready"
    assert machine.show("buzzwatch", "StatusText"), "it says nothing of itself in `systemctl status`"
    assert machine.show("buzzwatch-failed.timer", "ActiveState") == "active", "nobody looks whether it runs"
    installation.is_well()
    receipt = installation.post(mention("first", angry=True))
    assert isinstance(receipt, dict), f"posting was answered {receipt}"
    assert receipt["accepted"] == 1, receipt
    installation.publish(mention("by-broker"))
    installation.wait_for_all()
    installation.wait_for_page("first")


def keeps_its_credentials_from_others(installation):
    machine = installation.machine
    assert installation.post(mention("none"), token="wrong") == 401
    for reader in ("nobody", "mosquitto"):
        for place in ("/run/credentials/buzzwatch.service/intake", "/etc/buzzwatch/credentials/intake"):
            read = machine.run("runuser", "-u", reader, "--", "cat", place, check=False)
            assert (read.returncode, read.stdout) == (1, ""), f"{reader} reads {place}"
    pid = machine.show("buzzwatch", "MainPID")
    shown = machine.run("systemctl", "show", "buzzwatch").stdout + machine.journal()
    shown += machine.shell(f"cat /proc/{pid}/environ /proc/{pid}/cmdline; systemctl status buzzwatch")
    for secret in SECRETS.values():
        assert secret not in shown
    open_to_all = machine.shell(
        "find /etc/buzzwatch /var/lib/buzzwatch -perm -o=r -type f | grep -v schema.json || true"
    )
    assert open_to_all == "", open_to_all


def reads_rules_that_only_their_editors_may(installation):
    """The daemon has no other right to them than its second group, which it sees as nobody's: PrivateUsers=."""
    machine = installation.machine
    assert machine.run("stat", "--format=%a %U %G", RULES).stdout.split() == ["2770", "root", "buzzwatch-rules"]
    assert machine.run("stat", "--format=%a %U %G", f"{RULES}/acme.yaml").stdout.split() == RULE_FILE
    assert machine.show("buzzwatch", "PrivateUsers") == "yes"
    machine.run("useradd", "--groups", "buzzwatch-rules", "editor")
    text = brand("edited")
    machine.run("runuser", "-u", "editor", "--", "sh", "-c", f"umask 027; cat > {RULES}/edited.yaml", text=text)
    machine.run("systemctl", "reload", "buzzwatch")
    assert installation.post(mention("e1", about="Edited"))["accepted"] == 1, "what an editor wrote is not in force"


def puts_changed_rules_in_force_and_refuses_broken_ones(installation):
    machine = installation.machine
    assert installation.post(mention("z0", about="Zenith"))["ignored"] == 1
    installation.acknowledged.remove("z0")
    installation.rule("zenith", brand("zenith"))
    machine.run("systemctl", "reload", "buzzwatch")
    assert installation.post(mention("z1", about="Zenith"))["accepted"] == 1, "the changed rules are not in force"
    installation.rule("zenith", brand("zenith", severity="criticl"))
    assert machine.run("systemctl", "reload", "buzzwatch", check=False).returncode, "broken rules were not refused"
    assert machine.show("buzzwatch", "ActiveState") == "active"
    assert installation.post(mention("z2", about="Zenith"))["accepted"] == 1, "the old rules are not in force any more"
    installation.rule("zenith", brand("zenith"))
    machine.run("systemctl", "reload", "buzzwatch")


def is_found_well_by_the_doctor(installation):
    """By root, as a sysadmin asks. What a drill does not have, such as NTP, is only to be looked at."""
    said = installation.machine.run("buzzwatch", "doctor", "--json", check=False)
    findings = json.loads(said.stdout)["findings"]
    for finding in findings:
        if finding["level"] == "warning":
            installation.report(f"  the doctor: {finding['said']}")
    assert len(findings) > 20, said.stderr
    assert [finding for finding in findings if finding["level"] == "wrong"] == []
    assert said.returncode in {0, 1}, said.stderr


def is_exposed_to_little(installation):
    for unit in ("buzzwatch.service", "buzzwatch-failed.service"):
        said = installation.machine.run("systemd-analyze", "security", "--no-pager", unit).stdout
        exposure = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", said)[1])
        installation.report(f"  exposure of {unit}: {exposure}")
        assert exposure <= 1.5, said


def has_no_system_call_refused(installation):
    """With what is refused by a signal instead of an error: nothing could pass over it. With a plugged-in scorer."""
    machine = installation.machine
    packages = machine.shell("echo /opt/buzzwatch/current/lib/python3*/site-packages").strip()
    machine.write(f"{packages}/drilled.py", PLUG_IN)
    machine.write(f"{packages}/drilled-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: drilled\nVersion: 1\n")
    points = "[buzzwatch.scorers]\ndrilled = drilled:Plugged\n"
    machine.write(f"{packages}/drilled-1.dist-info/entry_points.txt", points)
    installation.configure(json.dumps(SETTINGS | {"scorer": {"use": "drilled"}}))
    machine.drop_in("buzzwatch.service", "strict", "[Service]\nSystemCallErrorNumber=kill\n")
    installation.restart()
    machine.until(lambda: "scorer_loaded" in machine.journal("--unit=buzzwatch"), "the plugged-in scorer is loaded")
    installation.is_well()
    installation.post(mention("strict", angry=True))
    installation.publish(mention("strict-by-broker"))
    installation.wait_for_all()
    installation.wait_for_page("strict")
    [(scorer,)] = installation.rows("SELECT json_extract(body, '$.scorer') FROM journal WHERE mention = 'strict'")
    assert scorer == "drilled@1"
    machine.run("systemctl", "reload", "buzzwatch")
    machine.run("/opt/buzzwatch/current/bin/buzzwatch", "notify-test", "hook")
    machine.run("systemctl", "stop", "buzzwatch")
    assert machine.show("buzzwatch", "Result") == "success"
    assert machine.show("buzzwatch", "NRestarts") == "0"
    installation.configure(json.dumps(SETTINGS))
    machine.drop_in("buzzwatch.service", "strict", "")
    machine.run("systemctl", "start", "buzzwatch")
    said = re.search(r".*(SIGSYS|status=31/SYS|Operation not permitted).*", machine.journal("--unit=buzzwatch"))
    assert not said, said[0]


def is_restarted_when_it_hangs(installation):
    machine = installation.machine
    machine.drop_in("buzzwatch.service", "watchdog", "[Service]\nWatchdogSec=6\n")
    installation.restart()
    installation.is_well()
    hung = machine.show("buzzwatch", "MainPID")
    machine.run("systemctl", "kill", "--signal=STOP", "--kill-whom=main", "buzzwatch")
    machine.until(lambda: machine.show("buzzwatch", "NRestarts") == "1", "the hung daemon is restarted")
    assert "Watchdog timeout" in machine.journal("--unit=buzzwatch")
    installation.is_well()
    assert machine.show("buzzwatch", "MainPID") != hung
    installation.post(mention("after-the-hang"))
    installation.wait_for_all()
    assert not installation.received("/page/"), "a single restart woke somebody"
    machine.drop_in("buzzwatch.service", "watchdog", "")


def reboots_with_a_backlog(installation):
    machine = installation.machine
    machine.run("systemctl", "stop", "receiver")
    installation.post(mention("before-reboot", angry=True), *(mention(f"before:{n}") for n in range(200)))
    machine.until(lambda: installation.waiting() >= 2, "alerts wait in the outbox")
    machine.run("systemctl", "stop", "buzzwatch")
    installation.publish(mention("waits-at-the-broker", angry=True), *(mention(f"broker:{n}") for n in range(20)))
    machine.reboot()
    machine.until(lambda: machine.show("buzzwatch", "ActiveState") == "active", "it comes up by itself")
    machine.run("systemctl", "start", "receiver")
    installation.is_well()
    installation.wait_for_all()
    machine.until(lambda: installation.waiting() == 0, "everything that waited has left", patience=300)
    # One message of both, unless what waited at the broker is heard after the first decision.
    for name in ("before-reboot", "waits-at-the-broker"):
        installation.wait_for_page(name, together="still burning")


def loses_nothing_acknowledged_when_the_power_is_cut(installation):
    machine = installation.machine
    for cut in range(3):
        kept, enough = machine.root / f"var/log/acknowledged-{cut}", 100 * (cut + 1)
        command = ("/usr/bin/python3", "/opt/drill/poster.py", f"cut{cut}", "100000", f"/var/log/acknowledged-{cut}")
        machine.run("systemd-run", "--unit", f"poster-{cut}", *command)
        machine.until(partial(has_lines, kept, enough), "it posts")
        machine.cut_power()
        whole, _, _ = kept.read_text().rpartition("\n")
        installation.acknowledged += whole.splitlines()
        machine.boot()
        machine.until(lambda: machine.show("buzzwatch", "ActiveState") == "active", "it comes up by itself")
        machine.run("systemctl", "start", "receiver")
        installation.wait_for_all()
        installation.report(f"  cut {cut + 1}: {whole.count(chr(10)) + 1} acknowledged before it, all there, each once")
    installation.is_well()


def has_lines(file, more_than):
    return file.exists() and file.read_text().count("\n") > more_than


def goes_to_the_next_version_and_back(installation, archives):
    machine = installation.machine
    before, known = installation.version(), len(installation.rows("SELECT 1 FROM incident"))
    install(installation, archives[1], "--restart")
    installation.is_well()
    assert machine.run("/opt/buzzwatch/current/bin/buzzwatch", "--version").stdout.strip() == NEXT
    assert installation.version() == before + 1
    assert list((machine.root / STATE.lstrip("/")).glob("*before*")), "no copy was kept before the migration"
    assert len(installation.rows("SELECT 1 FROM incident")) == known
    installation.wait_for_all()
    machine.shell(f"mv /opt/buzzwatch/{NEXT}/bin/buzzwatch /root")  # why one goes back: the new version does not run
    machine.run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", "buzzwatch")
    machine.until(lambda: int(machine.show("buzzwatch", "NRestarts")) > 1, "it crashes again and again")
    machine.run("sh", "/opt/buzzwatch/current/share/install.sh", "--rollback", "--yes", timeout=600)
    installation.is_well()
    assert machine.show("buzzwatch", "NRestarts") == "0", "it was not stopped while the database was exchanged"
    assert machine.run("/opt/buzzwatch/current/bin/buzzwatch", "--version").stdout.strip() != NEXT
    assert installation.version() == before
    assert machine.shell(f"find {STATE} ! -user buzzwatch") == "", "root left what the daemon cannot write"
    assert len(installation.rows("SELECT 1 FROM incident")) == known
    installation.wait_for_all()
    installation.restart()
    installation.is_well()
    installation.post(mention("back", angry=True))
    installation.wait_for_page("back")


def hurry(installation):
    """A look each three seconds instead of each minute."""
    machine = installation.machine
    quick = "[Timer]\nOnActiveSec=\nOnUnitInactiveSec=\nOnActiveSec=3s\nOnUnitInactiveSec=3s\nAccuracySec=50ms\n"
    machine.drop_in("buzzwatch-failed.timer", "quick", quick)
    machine.run("systemctl", "restart", "buzzwatch-failed.timer")


def is_told_once_and_then_that_it_runs_again(installation, breaks, mends, path="/page/"):
    """Break it, wait for the page, see that no second one comes, mend it, wait for the end; what the page said."""
    machine, seen = installation.machine, len(installation.received(path))

    def pages():
        return installation.received(path)[seen:]

    machine.run("systemctl", "stop", "buzzwatch-failed.timer")
    breaks()
    machine.run("systemctl", "restart", "--no-block", "buzzwatch")
    machine.until(lambda: int(machine.show("buzzwatch", "NRestarts")) > 0, "it is restarted")
    machine.run("systemctl", "start", "buzzwatch-failed.timer")
    machine.until(pages, "somebody is told that it is down")
    restarted = int(machine.show("buzzwatch", "NRestarts"))
    machine.until(lambda: int(machine.show("buzzwatch", "NRestarts")) > restarted + 2, "it goes on being restarted")
    assert len(pages()) == 1, "told again within seconds"
    mends()
    machine.until(lambda: len(pages()) > 1, "somebody is told that it runs again, with nobody's help")
    down, again = pages()
    assert "runs again" in again
    for wanted in ("watch-1", "buzzwatch.service", "à l'arrêt", "down", "systemctl status buzzwatch", "since 20"):
        assert wanted in down, down
    for secret in SECRETS.values():
        assert secret not in down + again
    installation.is_well()
    return down


def pages_when_it_crashes_again_and_again(installation):
    hurry(installation)
    said = is_told_once_and_then_that_it_runs_again(
        installation,
        lambda: installation.configure("sources: [\n"),
        lambda: installation.configure(json.dumps(SETTINGS)),
    )
    assert "buzzwatch.yaml" in said, f"its last words are missing: {said}"


def pages_when_its_database_is_unreadable(installation):
    machine = installation.machine
    machine.run("systemctl", "stop", "buzzwatch")
    is_told_once_and_then_that_it_runs_again(
        installation,
        lambda: machine.shell(f"mv {DATABASE} /root/kept && head -c 100000 /dev/urandom > {DATABASE}"),
        lambda: machine.shell(f"rm -f {DATABASE}* && mv /root/kept {DATABASE}"),
    )
    installation.wait_for_all()


def pages_when_its_state_directory_is_no_directory(installation):
    machine = installation.machine
    machine.run("systemctl", "stop", "buzzwatch")
    is_told_once_and_then_that_it_runs_again(
        installation,
        lambda: machine.shell(f"mv {STATE} /root/kept && touch {STATE}"),
        lambda: machine.shell(f"rm {STATE} && mv /root/kept {STATE}"),
    )
    installation.wait_for_all()


def pages_without_python(installation):
    machine = installation.machine
    environments = machine.shell("echo /opt/buzzwatch/[0-9]*/bin").split()
    is_told_once_and_then_that_it_runs_again(
        installation,
        lambda: machine.shell(f"for at in {' '.join(environments)}; do mv $at $at.gone; done"),
        lambda: machine.shell(f"for at in {' '.join(environments)}; do mv $at.gone $at; done"),
        path="/p",
    )
    assert len(installation.received("/plain/")) >= 1, "curl was not tried"


def pages_at_once_when_systemd_gives_it_up(installation):
    machine = installation.machine
    (machine.root / "etc/systemd/system/buzzwatch-failed.timer.d/quick.conf").unlink()
    machine.drop_in("buzzwatch.service", "never", "[Service]\nRestart=no\n")
    machine.run("systemctl", "restart", "buzzwatch-failed.timer")
    seen = len(installation.received("/page/"))
    machine.run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", "buzzwatch")
    machine.until(lambda: len(installation.received("/page/")) > seen, "OnFailure= pages", patience=30)
    machine.drop_in("buzzwatch.service", "never", "")
    machine.run("systemctl", "start", "buzzwatch")
    installation.is_well()


def leaves_no_secret_and_no_traceback_in_the_journal(installation):
    said = installation.machine.journal()
    assert "daemon_ready" in said
    for secret in SECRETS.values():
        assert secret not in said
    said = installation.machine.journal("--unit=buzzwatch", "--unit=buzzwatch-failed")
    found = re.search(r"(?s).{0,400}(Traceback|\"exception\"|SIGSYS|Operation not permitted).{0,2000}", said)
    assert not found, found[0]


WITH_ARCHIVES = (installs_from_the_archive, goes_to_the_next_version_and_back)
