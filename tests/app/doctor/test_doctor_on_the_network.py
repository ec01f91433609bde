"""What the doctor finds on the network: certificates, proxies, places, mail servers."""

import socket
import ssl
import subprocess
import threading
from pathlib import Path

import pytest
from clinic import NOW, PATIENCE_S, free_port, site

from buzzwatch.app.doctor import network
from buzzwatch.app.doctor.finding import told
from buzzwatch.app.doctor.patient import Patient
from buzzwatch.app.doctor.places import Place, places_of, proxy_of
from buzzwatch.clock import SystemClock


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("certificate")
    request = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "5",
    ]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files_of = ["-keyout", str(folder / "key"), "-out", str(folder / "cert")]
    subprocess.run([*request, *names, *files_of], check=True, capture_output=True)
    return folder


@pytest.fixture
def secured(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert", certificate / "key")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        served_by = threading.Thread(target=_greet, args=(listening, context), daemon=True)
        served_by.start()
        yield listening.getsockname()[1]


def _greet(listening: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        try:
            with context.wrap_socket(connection, server_side=True) as shaken:
                shaken.recv(1)
        except OSError:
            connection.close()


def test_a_certificate_that_nobody_vouches_for_is_told_and_one_that_ends_soon_too(patient, secured, certificate):
    place = Place("localhost", secured, tls=True, names=("heartbeat",))
    patient.now = SystemClock(0).now()
    patient.__dict__["environment"] = {}
    (reached,) = network.reach([place], patient).values()
    assert reached.why.startswith("certificate: self")
    patient.__dict__["environment"] = {"SSL_CERT_FILE": str(certificate / "cert")}
    (reached,) = network.reach([place], patient).values()
    assert (reached.why, reached.days) == ("", 4)
    found = network._judge(place, reached, {})
    assert found is not None
    assert "the certificate of localhost" in told(found.said, "en")


def test_what_refuses_or_does_not_exist_is_told_beside_the_others(patient):
    refused = Place("127.0.0.1", free_port(), tls=False, names=("broker",))
    patient.__dict__["environment"] = {}
    reached = network.reach([refused], patient)
    assert "refused" in reached[refused].why


def test_the_proxy_of_the_environment_is_what_a_web_place_is_reached_through():
    place, broker = Place("acme.example", 443, tls=True), Place("mq.example", 8883, tls=True, web=False)
    environment = {"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": ".internal"}
    through = proxy_of(place, environment)
    assert through is not None
    assert (through.host, through.port) == ("proxy.example", 3128)
    assert proxy_of(broker, environment) is None
    assert proxy_of(Place("a.internal", 443, tls=True), environment) is None


def test_a_connection_through_a_proxy_is_asked_for_and_its_refusal_told(patient):
    asked: list[bytes] = []

    def refuse() -> None:
        connection, _ = listening.accept()
        with connection:
            asked.append(connection.recv(1_000))
            connection.sendall(b"HTTP/1.1 407 no\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        answering = threading.Thread(target=refuse)
        answering.start()
        port = listening.getsockname()[1]
        patient.__dict__["environment"] = {"https_proxy": f"http://me:pass@127.0.0.1:{port}"}
        place = Place("acme.example", 443, tls=True, names=("press",))
        (reached,) = network.reach([place], patient).values()
        answering.join()
    assert asked[0].startswith(b"CONNECT acme.example:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6cGFzcw==" in asked[0]
    found = network._judge(place, reached, patient.environment)
    assert found is not None
    assert f"through the proxy 127.0.0.1:{port} (the proxy answered 407)" in told(found.said, "en")


def test_every_kind_of_source_and_channel_has_its_place(tmp_path, monkeypatch):
    monkeypatch.setattr("buzzwatch.app.doctor.patient.ask_systemd", lambda: None)
    file = site(tmp_path)
    file.write_text(
        "sources:\n"
        '  broker: {mqtt: {url: "mqtts://mq.example", topics: ["a/#"]}}\n'
        "  sky: {bluesky: {}}\n"
        '  press: {feed: {urls: ["https://paper.example/rss"]}}\n'
        '  fedi: {mastodon: {url: "https://m.example", token: "${env:T}"}}\n'
        "channels:\n"
        '  team: "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"\n'
        '  hook: "jsons://hook.example:8443/x"\n'
        '  mail: "mailtos://a:b@acme.example?smtp=smtp.example&to=c@acme.example"\n'
        'web: {listen: "127.0.0.1:8788", public_url: "https://bw.acme.fr"}\n'
        'heartbeat: {url: "${env:GONE}"}\n'
    )
    places, unknown = places_of(Patient(file, NOW, environment={"T": "x"}))
    found = {name: (place.host, place.port) for place in places for name in place.names}
    assert found["broker"] == ("mq.example", 8883)
    assert found["sky"] == ("jetstream2.us-east.bsky.network", 443)
    assert found["press"] == ("paper.example", 443)
    assert found["fedi"] == ("m.example", 443)
    assert found["team"] == ("hooks.slack.com", 443)
    assert found["hook"] == ("hook.example", 8443)
    assert found["mail"] == ("smtp.example", 587)
    assert found["public_url"] == ("bw.acme.fr", 443)
    assert unknown == ["heartbeat"]


@pytest.fixture
def mail_server():
    """Takes one caller, and keeps what it says."""
    heard: list[str] = []

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rwb", buffering=0) as lines:
            lines.write(b"220 mx\r\n")
            for raw in lines:
                heard.append(raw.decode().strip())
                verb = heard[-1].split(" ")[0].upper()
                answers = {"EHLO": b"250-mx\r\n250 AUTH PLAIN\r\n", "AUTH": b"535 no: me@acme.example\r\n"}
                lines.write(answers.get(verb, b"221 bye\r\n"))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        yield listening.getsockname()[1], heard
        serving.join(PATIENCE_S)


@pytest.mark.parametrize("login", [False, True])
def test_a_mail_server_is_greeted_and_sent_nothing(tmp_path, monkeypatch, mail_server, login):
    monkeypatch.setattr("buzzwatch.app.doctor.patient.ask_systemd", lambda: None)
    port, heard = mail_server
    url = f"mailto://me:Gehe1mnis@127.0.0.1:{port}?mode=insecure&to=c@acme.example&from=b@acme.example"
    patient = Patient(site(tmp_path, f'channels: {{mail: "{url}"}}\n'), NOW, login=login, environment={})
    (place,) = [place for place in places_of(patient)[0] if place.mail]
    (reached,) = network.reach([place], patient).values()
    verbs = [line.split(" ")[0].upper() for line in heard]
    assert {"MAIL", "RCPT", "DATA"}.isdisjoint(verbs)
    assert ("AUTH" in verbs) == login
    assert reached.why == ("SMTPAuthenticationError 535" if login else "")
