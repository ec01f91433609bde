"""What `buzzwatch check` refuses, and of what it warns."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from buzzwatch.app.rota import source as rota_source
from buzzwatch.app.rota.ical import expand, read, window
from buzzwatch.app.rota.source import Copy, copy_path, keep_copy, source_digest
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.cli import app
from buzzwatch.clock import SystemClock
from buzzwatch.model.instant import DAY, moment_of

TWILIO = "twilio://AC0123456789012345678901234567890a:0123456789012345678901234567890a@+33612345678/+33612345679"
BRAND = """
brand: acme
match: {any: [acme]}
rules: [{name: shout, when: {mention: {negativity: 0.8}}, severity: critical, notify: oncall}]
"""
CONFIG = """
sources: {push: {http: {}}}
channels: {crisis: console}
web: {public_url: "https://PUBLIC"}
"""
ONCALL = """
people:
  ines: {name: Inès, reach: {REACH}}
  sophie: {name: Sophie, reach: {push: console}}
rota: {comms: ROTA}
routes: {oncall: {steps: [{after: 0m, tell: "rota:comms"}], copy: [crisis]}}
help: [sophie]
"""
WEEKLY = "{people: [ines], starts: 2026-01-05, hand_over: monday 09:00}"
SHORT, LONG = "bw.acme.fr", "buzzwatch.acme.example"


class Desk:
    """A folder with a configuration and rules."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "rules").mkdir()
        (folder / "rules/acme.yaml").write_text(BRAND)

    def check(
        self, reach: str = "push: console", rota: str = WEEKLY, public: str = SHORT, more: str = "", *said: str
    ) -> Result:
        (self.folder / "rules/oncall.yaml").write_text(ONCALL.replace("REACH", reach).replace("ROTA", rota))
        (self.folder / "buzzwatch.yaml").write_text(CONFIG.replace("PUBLIC", public) + more)
        return self.run("check", *said)

    def run(self, *said: str) -> Result:
        return CliRunner().invoke(app, [*said, "--config", str(self.folder / "buzzwatch.yaml")])


@pytest.fixture
def desk(tmp_path: Path, monkeypatch) -> Desk:
    monkeypatch.setattr(rota_source, "expand", read)  # quicker than a process each time
    return Desk(tmp_path)


def test_what_is_right_is_refused_in_nothing(desk: Desk):
    told = desk.check(f'push: console, mobile: "{TWILIO}"')
    assert (told.exit_code, told.stderr) == (0, "")


@pytest.mark.parametrize(
    ("reach", "by"),
    [(f'mobile: "{TWILIO}"', "ines by mobile"), ("sms: console", "ines by sms"), ('sms: "${env:NONE}"', "ines by sms")],
)
def test_links_too_long_for_a_text_message_are_refused_whatever_its_means_is_called(desk: Desk, reach: str, by: str):
    told = desk.check(reach, public=LONG)
    assert told.exit_code == 1
    assert (
        f"error: `public_url` https://{LONG} makes links too long for text messages, which {by} gets: "
        "let it have at most 19 characters, for links of 30\n"
    ) in told.stderr


@pytest.mark.parametrize("reach", ["push: console", 'push: "ntfy://topic"', 'mail: "mailto://a:b@mail.example"'])
def test_long_links_matter_to_nobody_else(desk: Desk, reach: str):
    assert desk.check(reach, public=LONG).exit_code == 0


def test_a_link_of_thirty_characters_is_taken_and_one_of_thirty_one_is_not(desk: Desk):
    assert desk.check("sms: console", public="b" * 11).exit_code == 0
    assert desk.check("sms: console", public="b" * 12).exit_code == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("twilio://abc", "Apprise refuses this twilio:// URL"),
        ("twillio://abc:def@+33612345678", "Apprise knows no service `twillio://`"),
        ("${env:RIGHT}", None),
        ("${env:WRONG}", "Apprise refuses this slack:// URL"),
        ("slack://${env:WRONG}", "Apprise refuses this slack:// URL"),
    ],
)
def test_an_address_that_apprise_refuses_is_a_fault_at_its_place_without_the_address(
    desk: Desk, monkeypatch, url: str, said: str | None
):
    monkeypatch.setenv("RIGHT", TWILIO)
    monkeypatch.setenv("WRONG", "slack://hush")
    told = desk.check(f'push: console, mobile: "{url}"')
    if said is None:
        assert told.exit_code == 0
        return
    assert told.exit_code == 1
    place = "oncall.yaml:3:53"
    remedy = "see https://appriseit.com/services/ for its form"
    assert f"{place}: `ines` cannot be reached by `mobile`: {said}; {remedy}\n" in told.stderr
    assert "hush" not in told.stderr
    assert "abc" not in told.stderr


def test_a_channel_that_apprise_refuses_is_a_fault(desk: Desk):
    desk.check()
    text = (desk.folder / "buzzwatch.yaml").read_text().replace("crisis: console", 'crisis: "slack://hush"')
    (desk.folder / "buzzwatch.yaml").write_text(text)
    told = desk.run("check")
    assert told.exit_code == 1
    assert "buzzwatch.yaml: channel `crisis`: Apprise refuses this slack:// URL; see https://" in told.stderr


def test_who_may_be_on_duty_at_night_and_has_nothing_that_wakes_is_named(desk: Desk):
    rota = "{people: [ines, sophie], starts: 2026-01-05, hand_over: monday 09:00}"
    told = desk.check("siren: console", rota, SHORT, "wakes: [siren]\n")
    assert told.exit_code == 0
    assert (
        "warning: acme: the critical rule `shout` may page sophie at night, who has nothing that wakes: siren"
        in told.stderr
    )
    told = desk.check("push: console", rota, SHORT, "wakes: [siren]\n")
    assert "warning: acme: nobody wakes by the critical rule `shout`" in told.stderr
    assert "may page" not in told.stderr, "said once"
    assert desk.check("push: console", rota, SHORT, "wakes: [crisis]\n").stderr == ""


# Calendars.


def calendar(who: str = "ines", *, days: int = 60) -> str:
    now = SystemClock().now()
    first, last = (f"{moment_of(at):%Y%m%d}" for at in (now - DAY, now + days * DAY))
    event = f"UID:1\r\nDTSTART;VALUE=DATE:{first}\r\nDTEND;VALUE=DATE:{last}\r\nSUMMARY:{who}"
    return f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


BY_FILE = "{ical: comms.ics, fallback: sophie}"
BY_ADDRESS = '{ical: "${env:ROTA}", fallback: sophie}'


def test_a_calendar_in_a_file_is_tried_and_who_is_on_duty_is_shown(desk: Desk, monkeypatch):
    monkeypatch.setattr(rota_source, "expand", expand)
    (desk.folder / "rules/comms.ics").write_text(calendar())
    told = desk.check(rota=BY_FILE)
    assert (told.exit_code, told.stderr) == (0, "")
    assert "Inès: at worst" in told.stdout
    assert desk.run("oncall").stdout.startswith("comms: Inès until ")


def test_a_file_that_is_no_calendar_is_a_fault_at_its_place(desk: Desk):
    told = desk.check(rota=BY_FILE)
    assert told.exit_code == 1
    said = "rota `comms`: its calendar cannot be read: No such file or directory"
    assert f"oncall.yaml:5:22: {said}; mend it, or write another address or path" in told.stderr
    (desk.folder / "rules/comms.ics").write_text("<html>")
    assert "its calendar is no iCalendar" in desk.check(rota=BY_FILE).stderr


def test_events_that_name_nobody_and_weeks_without_anybody_are_warned_of(desk: Desk):
    (desk.folder / "rules/comms.ics").write_text(calendar("Inez", days=10))
    told = desk.check(rota=BY_FILE)
    assert told.exit_code == 0
    assert (
        "warning: rota `comms`: an event is left out: `Inez` names nobody of `people`; did you mean `ines`?"
        in told.stderr
    )
    assert "warning: rota `comms`: its calendar names nobody in these weeks" in told.stderr
    (desk.folder / "rules/comms.ics").write_text(calendar(days=10))
    assert "Sophie is called instead" in desk.check(rota=BY_FILE).stderr


def test_of_an_address_check_says_what_it_cannot_know_and_asks_nobody(desk: Desk, monkeypatch):
    monkeypatch.setenv("ROTA", "https://127.0.0.1:1/hush.ics")
    told = desk.check(rota=BY_ADDRESS)
    assert told.exit_code == 0
    assert "rota `comms`: who is on duty is not known here" in told.stdout
    shown = desk.run("oncall")
    assert shown.stdout.startswith("comms: nobody's turn, Sophie is called")
    assert "the daemon has no copy of it" in shown.stderr


def test_of_an_address_the_daemons_last_good_copy_is_shown(desk: Desk, monkeypatch):
    monkeypatch.setenv("ROTA", "https://127.0.0.1:1/hush.ics")
    desk.check(rota=BY_ADDRESS)
    rules = compile_rules({path.name: path.read_text() for path in (desk.folder / "rules").glob("*.yaml")})
    rota = rules.rotas["comms"]
    (desk.folder / "state").mkdir()
    now = SystemClock().now()
    keep_copy(desk.folder / "state", rota, Copy(source_digest(rota), now, calendar()))
    shown = desk.run("oncall")
    assert shown.stdout.startswith("comms: Inès until ")
    assert "by the copy of its calendar that the daemon read on" in shown.stderr
    assert "Inès: at worst" in desk.check(rota=BY_ADDRESS).stdout
    assert copy_path(desk.folder / "state", "comms").stat().st_mode & 0o007 in {0, 4}
    assert window(now)[0] < now


class Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = calendar().encode()
        self.send_response(404 if "gone" in self.path else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *said: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_check_fetches_where_it_is_asked_to(desk: Desk, monkeypatch, address: str):
    monkeypatch.setenv("ROTA", f"{address}/oncall.ics")
    told = desk.check("push: console", BY_ADDRESS, SHORT, "", "--fetch")
    warning = "warning: rota `comms`: its calendar crosses the network in the clear; use https://\n"
    assert (told.exit_code, told.stderr) == (0, warning)
    assert "Inès: at worst" in told.stdout
    monkeypatch.setenv("ROTA", f"{address}/gone.ics")
    told = desk.check("push: console", BY_ADDRESS, SHORT, "", "--fetch")
    assert told.exit_code == 1
    assert "its calendar cannot be had: its server answered 404" in told.stderr
    assert "gone.ics" not in told.stderr


SECRETS = 'sms: "${cred:ines_sms}", push: "json://${env:TOKEN}@push.example", mail: ines@acme.example'
SECRET_CONFIG = (
    'channels: {crisis: console, slack-crise: "${cred:slack}"}\nmail: "mailtos://buzz:${cred:smtp}@mail.example"\n'
)


def with_secrets(desk: Desk, *said: str) -> Result:
    """Checked where the files name secrets that are not there."""
    desk.check(SECRETS)
    text = (desk.folder / "buzzwatch.yaml").read_text().replace("channels: {crisis: console}\n", SECRET_CONFIG)
    (desk.folder / "buzzwatch.yaml").write_text(text + 'heartbeat: {url: "${cred:beat}"}\n')
    return desk.run("check", *said)


def test_a_secret_that_is_not_there_is_told_unless_secrets_are_left_out(desk: Desk):
    assert "ines by sms cannot be reached: ${cred:ines_sms} cannot be read" in with_secrets(desk).stderr
    told = with_secrets(desk, "--no-secrets")
    assert (told.exit_code, told.stderr) == (0, "")
    assert (
        "not looked at: the values of the secrets ${cred:beat}, ${cred:ines_sms}, ${cred:slack}, ${cred:smtp}, "
        "${env:TOKEN}\n"
    ) in told.stdout


def test_what_is_left_out_is_said_in_french_to_who_speaks_it(desk: Desk, monkeypatch):
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    assert "non vérifié : les valeurs des secrets ${cred:beat}, " in with_secrets(desk, "--no-secrets").stdout


def test_a_secret_that_is_there_is_not_looked_at_either(desk: Desk, monkeypatch):
    monkeypatch.setenv("TOKEN", "twilio://hush")
    assert desk.check('push: "${env:TOKEN}"').exit_code == 1
    told = desk.check('push: "${env:TOKEN}"', WEEKLY, SHORT, "", "--no-secrets")
    assert (told.exit_code, told.stderr) == (0, "")


@pytest.mark.parametrize(
    ("reach", "more", "said"),
    [
        ("push: nowhere", "", "ines by push cannot be reached: it is neither"),
        ("mail: ines@acme.example", "", "no mail server is known"),
        ('push: "slack://hush"', "", "Apprise refuses this slack:// URL"),
        ("push: console", "wakes: [siren]\n", "nobody wakes by the critical rule"),
    ],
)
def test_without_secrets_all_the_rest_is_looked_at(desk: Desk, reach: str, more: str, said: str):
    assert said in desk.check(reach, WEEKLY, SHORT, more, "--no-secrets").stderr


def test_without_secrets_a_calendar_at_a_secret_address_is_taken_for_good(desk: Desk):
    rota = '{ical: "${cred:rota}", fallback: sophie}'
    assert "its calendar cannot be read: ${cred:rota}" in desk.check(rota=rota).stderr
    told = desk.check("push: console", rota, SHORT, "", "--no-secrets")
    assert (told.exit_code, told.stderr) == (0, "")
    assert "not looked at: the values of the secrets ${cred:rota}\n" in told.stdout


def test_without_secrets_no_plugged_in_scorer_is_tried(desk: Desk):
    told = desk.check("push: console", WEEKLY, SHORT, "scorer: {use: nowhere}\n", "--no-secrets")
    assert told.exit_code == 0
    assert "not looked at: the plugged-in scorer `nowhere`\n" in told.stdout


def test_a_rules_directory_is_enough(desk: Desk, monkeypatch):
    desk.check(SECRETS)
    (desk.folder / "buzzwatch.yaml").unlink()
    monkeypatch.chdir(desk.folder)
    told = CliRunner().invoke(app, ["check", "--no-secrets", "rules"])
    assert (told.exit_code, told.stderr) == (0, "")
    config = "buzzwatch.yaml, hence the channels of `copy`"
    assert told.stdout.splitlines()[-2:] == [
        f"not looked at: the values of the secrets ${{cred:ines_sms}}, ${{env:TOKEN}}, {config}",
        "rules: 1 brand, 1 rule, 0 faults",
    ]


def test_where_no_secret_is_named_nothing_is_left_out(desk: Desk):
    told = desk.check("push: console", WEEKLY, SHORT, "", "--no-secrets")
    assert "not looked at: nothing, no secret is named\n" in told.stdout
