"""The hosts that an installation speaks with, by its configuration and its rules."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from buzzwatch.app.config import AddressError, Config, url_of
from buzzwatch.app.secret import SecretError, Secrets
from buzzwatch.model.rota import Listed
from buzzwatch.rules.written import CONSOLE

if TYPE_CHECKING:
    from yarl import URL

    from buzzwatch.app.doctor.patient import Patient
    from buzzwatch.delivery.channels.mail_account import Account

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "mqtt": 1883, "mqtts": 8883}
_WEB = frozenset({"http", "https", "ws", "wss"})
_SENT_TO = ("webhook_url", "notify_url", "api_url", "cloud_notify_url", "graph_url")
"""Where Apprise's plug-ins keep the address that they send to, of services that are in one place."""
_JETSTREAM = "jetstream2.us-east.bsky.network"


class Place(Struct, frozen=True):
    """A host and a port, and for which sources, channels and people it is. `mail`: as letters are sent to it."""

    host: str
    port: int
    tls: bool
    web: bool = True
    """Spoken to over HTTP, hence through a proxy."""
    names: tuple[str, ...] = ()
    mail: "Account | None" = None
    ca_file: str | None = None
    """The authority that signed its certificate, where it is none of the system's."""

    def __hash__(self) -> int:
        return hash((self.host, self.port, self.tls))


def places_of(patient: "Patient") -> tuple[list[Place], list[str]]:
    """Each place once, with all that it is for; and the names of what cannot be told from here."""
    found: dict[tuple[str, int], Place] = {}
    unknown: list[str] = []
    for name, place in _all(patient, unknown):
        before = found.get((place.host, place.port))
        names = (*before.names, name) if before else (name,)
        found[place.host, place.port] = Place(
            place.host, place.port, place.tls, place.web, tuple(dict.fromkeys(names)), place.mail, place.ca_file
        )
    return list(found.values()), unknown


def _all(patient: "Patient", unknown: list[str]) -> Iterator[tuple[str, Place]]:
    config, rules = patient.config, patient.rules
    if config is None:
        return
    yield from _of_sources(config, patient.secrets, unknown)
    addresses = [(name, channel.url) for name, channel in config.channels.items() if channel.url]
    people = rules.people.values() if rules else ()
    addresses += [(f"{person.key}/{means}", each) for person in people for means, each in person.reach.items()]
    for name, address in addresses:
        yield from _of_address(name, address, config, patient.secrets, unknown)
    web = [(name, channel.slack.api) for name, channel in config.channels.items() if channel.slack]
    web += [("slack", config.slack.api)] if config.slack else []
    web += [("heartbeat", config.heartbeat.url)] if config.heartbeat else []
    rotas = rules.rotas.items() if rules else ()
    web += [(name, rota.source) for name, rota in rotas if isinstance(rota, Listed) and _leads_out(rota.source)]
    web += [("public_url", config.web.public_url)] if config.web.public_url else []
    for name, url in web:
        yield from _of_url(name, url, patient.secrets, unknown)


def _leads_out(address: str) -> bool:
    return "://" in address or "${" in address


def _of_sources(config: Config, secrets: Secrets, unknown: list[str]) -> Iterator[tuple[str, Place]]:
    for name, source in config.sources.items():
        urls: list[str] = []
        if source.mqtt:
            authority = str(source.mqtt.ca_file) if source.mqtt.ca_file else None
            place = Place(source.mqtt.host, source.mqtt.port, source.mqtt.tls, web=False, ca_file=authority)
            yield name, place
        elif source.mastodon:
            urls = [source.mastodon.url]
        elif source.x:
            urls = [source.x.url]
        elif source.bluesky:
            urls = list(source.bluesky.hosts[:1]) or [f"wss://{_JETSTREAM}"]
        elif source.feed:
            urls = [url for url, _ in source.feed.addresses]
        for url in urls:
            yield from _of_url(name, url, secrets, unknown)


def _of_url(name: str, url: str, secrets: Secrets, unknown: list[str]) -> Iterator[tuple[str, Place]]:
    try:
        parts = urlsplit(secrets.resolve(url))
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except (SecretError, ValueError):
        unknown.append(name)
        return
    if parts.hostname and port:
        tls = parts.scheme in {"https", "wss", "mqtts"}
        yield name, Place(parts.hostname, port, tls, parts.scheme in _WEB)


def _of_address(
    name: str, address: str, config: Config, secrets: Secrets, unknown: list[str]
) -> Iterator[tuple[str, Place]]:
    """Where an Apprise URL leads; its plug-in knows."""
    try:
        url = url_of(address, config, secrets)
    except (SecretError, AddressError):
        unknown.append(name)
        return
    if url == CONSOLE:
        return
    from buzzwatch.delivery.channel import PermanentDeliveryError  # noqa: PLC0415 - Apprise takes a second and a half
    from buzzwatch.delivery.channels.apprise import service_of  # noqa: PLC0415 - likewise
    from buzzwatch.delivery.channels.mail_account import account_of, is_mail  # noqa: PLC0415 - likewise

    try:
        if is_mail(url):
            account = account_of(url)
            yield name, Place(account.host, account.port, account.mode == "ssl", web=False, mail=account)
            return
        service = service_of(url)
    except PermanentDeliveryError:
        return  # `check` says why
    place = _of_service(service)
    if place is None:
        unknown.append(name)
    else:
        yield name, place


def _of_service(service: object) -> Place | None:
    """By the host that its URL names where it has one, else by the address that the plug-in sends to."""
    host, port, secure = (getattr(service, each, None) for each in ("host", "port", "secure"))
    own = "host" in getattr(service, "template_tokens", {})
    if own and isinstance(host, str) and ("." in host or host == "localhost"):
        return Place(host, port if isinstance(port, int) else 443 if secure else 80, bool(secure))
    for name in _SENT_TO:
        parts = urlsplit(str(getattr(type(service), name, "")))
        if parts.scheme in {"http", "https"} and parts.hostname and "{" not in parts.netloc:
            return Place(parts.hostname, _PORTS[parts.scheme], parts.scheme == "https")
    return None


def proxy_of(place: Place, environment: Mapping[str, str]) -> "URL | None":
    """The proxy that the environment names for a place, None where it is gone to directly."""
    from yarl import URL  # noqa: PLC0415 - comes with aiohttp, which most commands need not wait for

    from buzzwatch.proxies import proxy_for  # noqa: PLC0415 - likewise

    scheme = "https" if place.tls else "http"
    return proxy_for(URL.build(scheme=scheme, host=place.host, port=place.port), environment) if place.web else None
