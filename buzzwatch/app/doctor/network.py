"""Whether the other sides can be reached: names, connections, certificates. Nothing is sent to anybody."""

import http.client
import os
import smtplib
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from buzzwatch.app.doctor.finding import Finding, aside, fine, wary, wrong
from buzzwatch.app.doctor.places import Place, places_of, proxy_of
from buzzwatch.model.instant import DAY, SECOND, Instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yarl import URL

    from buzzwatch.app.doctor.patient import Patient

_PATIENCE_S = 6.0
_ALL_S = 15.0
_SOON_DAYS = 14
_LARGEST = 100_000


class Reached(Struct, frozen=True):
    """What became of a connection: `why` "" where it was made; `days` until the certificate that was shown ends."""

    why: str = ""
    days: int | None = None
    nameless: bool = False
    """Its name leads nowhere."""


def check_places(patient: "Patient") -> Iterator[Finding]:
    """Each host that mentions come from or messages go to, all at once."""
    if patient.config is None:
        return
    if not patient.network:
        yield aside("the network was not looked at (--no-network)")
        return
    places, unknown = places_of(patient)
    for name in unknown:
        more = "sudo buzzwatch doctor" if os.geteuid() else ""
        yield aside("{name}: where it leads is not known from here", more, name=name)
    fit = 0
    for place, reached in reach(places, patient).items():
        found = _judge(place, reached, patient.environment)
        if found is None:
            fit += 1
        else:
            yield found
    if fit:
        yield fine("hosts that answer: {n}", n=fit)


def _judge(place: Place, reached: Reached, environment: "Mapping[str, str]") -> Finding | None:
    values = {"names": ", ".join(place.names), "host": place.host, "port": str(place.port), "why": reached.why}
    if reached.why:
        proxy = proxy_of(place, environment)
        said = "{names}: {host}:{port} cannot be reached ({why})"
        if proxy is not None:
            via = f"{proxy.host}:{proxy.port}"
            said = "{names}: {host}:{port} cannot be reached through the proxy {via} ({why})"
            return wrong(said, "curl -v --proxy http://{via} https://{host}:{port}/", via=via, **values)
        if reached.nameless:
            return wrong(said, "getent hosts {host}", **values)
        remedy = "openssl s_client -connect {host}:{port}" if place.tls else "nc -vz {host} {port}"
        return wrong(said, remedy, **values)
    if reached.days is not None and reached.days < _SOON_DAYS:
        said = "{names}: the certificate of {host}:{port} ends in {days} days"
        return wary(said, "ask who runs it; if that is you, renew it", days=reached.days, **values)
    return None


def reach(places: list[Place], patient: "Patient") -> dict[Place, Reached]:
    """Connect to all at once, for some seconds; who has not answered by then is not reached."""
    found: dict[Place, Reached] = {}

    def visit(place: Place) -> None:
        found[place] = _visit(place, patient)

    threads = [Thread(target=visit, args=(place,), daemon=True) for place in places]  # a lookup may hang for long
    for thread in threads:
        thread.start()
    until = monotonic() + _ALL_S
    for number, thread in enumerate(threads):
        thread.join(max(0.0, until - monotonic()))
        patient.progress((number + 1) / len(threads))
    return {place: found.get(place, Reached(f"no answer in {_ALL_S:.0f} s")) for place in places}


def _visit(place: Place, patient: "Patient") -> Reached:
    try:
        if place.mail:
            return _greet(place, patient)
        with _connect(place, patient.environment) as connection:
            if not place.tls:
                return Reached()
            context = _context(patient.environment, place.ca_file)
            with context.wrap_socket(connection, server_hostname=place.host) as secured:
                return Reached(days=_days_left(secured, patient.now))
    except (OSError, smtplib.SMTPException, http.client.HTTPException, ValueError) as error:
        return Reached(_why(error), nameless=isinstance(error, socket.gaierror))


def _why(error: Exception) -> str:
    """Without what the other side said, which may quote an address or a password."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return f"no answer in {_PATIENCE_S:.0f} s"
    code = getattr(error, "smtp_code", None)
    if code is not None:
        return f"{type(error).__name__} {code}"
    return getattr(error, "strerror", None) or type(error).__name__


def _context(environment: "Mapping[str, str]", authority: str | None = None) -> ssl.SSLContext:
    """The authority that is named for a place, those of the daemon's environment, or the machine's."""
    file, directory = environment.get("SSL_CERT_FILE"), environment.get("SSL_CERT_DIR")
    if authority is not None:
        file, directory = authority, None
    return ssl.create_default_context(cafile=file or None, capath=directory or None)


def _days_left(secured: ssl.SSLSocket, now: Instant) -> int | None:
    ends = (secured.getpeercert() or {}).get("notAfter")
    return None if not isinstance(ends, str) else int((ssl.cert_time_to_seconds(ends) * SECOND - now) // DAY)


def _connect(place: Place, environment: "Mapping[str, str]") -> socket.socket:
    """A connection to a place, through the proxy that the environment names for it."""
    proxy = proxy_of(place, environment)
    if proxy is None:
        return socket.create_connection((place.host, place.port), _PATIENCE_S)
    connection = socket.create_connection((proxy.host or "", proxy.port or 80), _PATIENCE_S)
    try:
        if not place.tls:
            return connection
        host = f"[{place.host}]" if ":" in place.host else place.host
        connection.sendall(
            f"CONNECT {host}:{place.port} HTTP/1.1\r\nHost: {host}:{place.port}\r\n{_basic(proxy)}\r\n".encode()
        )
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        if answer.status != http.client.OK:
            raise ConnectionRefusedError(0, f"the proxy answered {answer.status}")  # noqa: TRY301 - closes as others do
    except BaseException:  # passed on: whatever it is, no socket is left open
        connection.close()
        raise
    return connection


def _basic(proxy: "URL") -> str:
    from base64 import b64encode  # noqa: PLC0415 - few proxies ask for a name

    if not proxy.user:
        return ""
    pair = f"{proxy.user}:{proxy.password or ''}".encode()
    return f"Proxy-Authorization: Basic {b64encode(pair).decode()}\r\n"


def _greet(place: Place, patient: "Patient") -> Reached:
    """Say hello to a mail server as the sender of letters does, and take leave; log in only where that is asked for."""
    account = place.mail
    if account is None:
        return Reached()
    context = _context(patient.environment)
    if not account.verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if account.mode == "ssl":
        server: smtplib.SMTP = smtplib.SMTP_SSL(account.host, account.port, timeout=_PATIENCE_S, context=context)
    else:
        server = smtplib.SMTP(account.host, account.port, timeout=_PATIENCE_S)
    with server:
        server.ehlo()
        if account.mode == "starttls":
            server.starttls(context=context)
            server.ehlo()
        if patient.login and account.user:
            server.login(account.user, account.password)
        secured = server.sock if account.verify else None
        return Reached(days=_days_left(secured, patient.now) if isinstance(secured, ssl.SSLSocket) else None)


def check_public_url(patient: "Patient") -> Iterator[Finding]:
    """Whether the address in messages leads here."""
    if patient.config is None:
        return
    web = patient.config.web
    if web.public_url is None:
        said = "no `public_url`: links in messages lead to {url}, which telephones do not reach"
        yield wary(said, "add `public_url` to `web` in buzzwatch.yaml", url=web.base_url)
        return
    if web.excess:
        said = "`public_url` is {n} characters too long for links in text messages"
        yield wary(said, "let it have 19 at most, such as https://bw.acme.fr", n=web.excess)
    if not patient.network:
        return
    why = ""
    for path in ("/healthz", "/static/page.css"):  # a proxy need not pass on the first
        why = _get(f"{web.base_url}{path}")
        if not why:
            yield fine("{url} leads here", url=web.base_url)
            return
    yield wrong("{url} does not lead here ({why})", "curl -v {url}/static/page.css", url=web.base_url, why=why)


def _get(url: str) -> str:
    """Why an address gives nothing of ours; "" where it does."""
    if urlsplit(url).scheme not in {"http", "https"}:
        return "no web address"
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE_S) as answer:  # noqa: S310 - http and https alone
            body, kind = answer.read(_LARGEST), answer.headers.get_content_type()
    except urllib.error.HTTPError as error:
        return f"answered {error.code}"
    except urllib.error.URLError as error:
        return str(
            getattr(error.reason, "verify_message", None) or getattr(error.reason, "strerror", None) or error.reason
        )
    except (OSError, http.client.HTTPException) as error:
        return _why(error)
    return "" if kind == "text/css" or b'"alive"' in body else "somebody else answers"
