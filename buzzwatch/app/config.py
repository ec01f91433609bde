"""The sysadmin's `buzzwatch.yaml`, and the secrets that it and `oncall.yaml` name.

Secrets stay placeholders in every value here; see `app.secret`.
"""

import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, ClassVar, Literal
from urllib.parse import quote, urlsplit

from msgspec import Struct
from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic import ValidationInfo as Info

from buzzwatch.app.channels import Channel, SlackApp, texts_of
from buzzwatch.app.secret import PLACEHOLDER, SecretError, Secrets, Text
from buzzwatch.model.brand import Person
from buzzwatch.model.instant import DAY, MINUTE, SECOND
from buzzwatch.rules.files import read_text
from buzzwatch.rules.text import blot_values, parse
from buzzwatch.rules.units import Lax, LongSpan, Patience, WebAddress, Word, mistake, shown
from buzzwatch.rules.validate import validate
from buzzwatch.rules.written import CONSOLE, Written

_MAIL = re.compile(r"[^\s@:/?&]+@[^\s@:/?&]+")
_PRIVATE = frozenset({"password", "token", "url", "mail", "channels", "slack", "heartbeat"})
"""Keys whose values no fault repeats."""
_MQTT_PORTS = {"mqtt": 1883, "mqtts": 8883}
_LONGEST_TOPIC = 1_000


class AddressError(Exception):
    """Nothing can be sent to an address; the text says why, without the address."""


class _Surroundings(Struct, frozen=True):
    base: Path
    """Relative paths begin here."""
    state: str


def _path(value: object, info: Info) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise mistake(f"{shown(value)} is not a path", "write a path, absolute or from the directory of this file on")
    base = info.context.base if isinstance(info.context, _Surroundings) else Path()
    return Path(base, value)


def _state(value: object, info: Info) -> object:
    return info.context.state if value is None and isinstance(info.context, _Surroundings) else value


def _mail(text: str) -> str:
    if not text.startswith(("mailto://", "mailtos://")) and not PLACEHOLDER.fullmatch(text):
        raise mistake("this is not a mail server", "write mailto://… or mailtos://…, or ${cred:name} for one")
    return text


def _web(text: str) -> str:
    if not text.startswith(("https://", "http://")) and not PLACEHOLDER.fullmatch(text):
        raise mistake("this is not a web address", "write https://…, or ${cred:name} for one")
    return text


def _listen(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65_535:  # noqa: PLR2004 - the largest port
        raise mistake(f"{shown(text)} is not an address to listen on", 'write host:port, such as "127.0.0.1:8787"')
    return text


def _broker(url: str) -> str:
    try:
        parts = urlsplit(url)
        right = parts.scheme in _MQTT_PORTS and parts.hostname and not parts.path.strip("/") and parts.port != 0
    except ValueError:
        right = False
    if not right:
        raise mistake("this is not the address of a broker", "write mqtt://host:1883 or mqtts://host:8883")
    if parts.username is not None or parts.password is not None:
        raise mistake("user and password stand in the address", "write them under `user` and `password`")
    return url


def _topic(topic: str) -> str:
    levels = topic.split("/")
    hashes = "#" in "/".join(levels[:-1]) or ("#" in levels[-1] and levels[-1] != "#")
    if hashes or any("+" in level and level != "+" for level in levels) or "\0" in topic:
        raise mistake(
            f"{shown(topic)} is not a topic filter", "`+` stands for one level, `#` for all that follow, at the end"
        )
    return topic


Place = Annotated[Path, BeforeValidator(_path)]
Listen = Annotated[Text, AfterValidator(_listen)]


class Mqtt(Written):
    """An MQTT 5 broker, heard at QoS 1."""

    url: Annotated[Text, AfterValidator(_broker)] = Field(
        description="mqtt://host:port, or mqtts:// for TLS.", examples=["mqtts://mq.example:8883"]
    )
    topics: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=_LONGEST_TOPIC), AfterValidator(_topic)], ...],
        Lax,
        Field(min_length=1, max_length=100),
    ] = Field(description="Topic filters.", examples=[["mentions/#"]])
    user: Text | None = Field(default=None, description="Who we are.")
    password: Text | None = Field(default=None, repr=False, description="A placeholder, best.")
    client_id: Annotated[str, Field(min_length=1, max_length=60)] | None = Field(
        default=None, description="Ours alone at this broker, the same at every start; buzzwatch-<source> if left out."
    )
    ca_file: Place | None = Field(default=None, description="The authority that signed the broker's certificate.")
    session_expiry: LongSpan = Field(default=7 * DAY, description="How long the broker keeps what we miss.")

    @property
    def host(self) -> str:
        """The broker's host."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The broker's port."""
        parts = urlsplit(self.url)
        return parts.port or _MQTT_PORTS[parts.scheme]

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""
        return urlsplit(self.url).scheme == "mqtts"


class Http(Written):
    """`POST /mentions` on a port of ours."""

    listen: Listen = Field(default="127.0.0.1:8787", description="host:port.")
    token: Text | None = Field(
        default=None, repr=False, description="What senders must show; none only on this machine."
    )

    @model_validator(mode="after")
    def _guard(self) -> "Http":
        if self.token is None and not is_loopback(self.listen):
            raise mistake(
                f"{shown(self.listen)} can be reached from other machines without a token",
                "add `token`, or listen on 127.0.0.1",
            )
        return self


class Source(Written):
    """Where mentions come from; exactly one kind."""

    mqtt: Mqtt | None = Field(default=None, description="A broker.")
    http: Http | None = Field(default=None, description="A port.")

    @model_validator(mode="after")
    def _be_one(self) -> "Source":
        if (self.mqtt is None) == (self.http is None):
            raise mistake("a source is of exactly one kind", "write `mqtt` or `http`")
        return self


CODE_LENGTH = 8
"""Characters of the code at the end of a link."""
LONGEST_LINK = 30
"""Characters of a link that leave room in a text message."""


def page_url(base_url: str, code: str) -> str:
    """Where the code of a link leads."""
    return f"{base_url}/i/{code}"


class Web(Written):
    """The incident pages, probes and metrics."""

    listen: Listen = Field(default="127.0.0.1:8788", description="host:port.")
    public_url: WebAddress | None = Field(default=None, description="How people reach it; for the links in messages.")

    @property
    def base_url(self) -> str:
        """What links begin with, without a slash at the end."""
        return (self.public_url or f"http://{self.listen}").rstrip("/")

    @property
    def excess(self) -> int:
        """By how many characters links are too long for a text message; 0 where there are none for phones."""
        return 0 if self.public_url is None else max(0, len(page_url(self.base_url, "X" * CODE_LENGTH)) - LONGEST_LINK)


class Scorer(Written):
    """A scorer that is plugged in, asked before the built-in one is believed."""

    use: Word = Field(description="The name of its entry point in the group buzzwatch.scorers.")
    timeout: Patience = Field(default=2 * SECOND, description="How long a batch of mentions waits for it at most.")
    batch: Annotated[int, Field(ge=1, le=1_000)] = Field(default=32, description="How many texts it is given at once.")


class Heartbeat(Written):
    """A sign of life for who watches from outside, sent only while all is well."""

    url: Annotated[Text, AfterValidator(_web)] = Field(
        repr=False, description="What is asked for with GET: a placeholder, best.", examples=["${cred:heartbeat}"]
    )
    every: LongSpan = Field(default=MINUTE, description="How often.")


class Config(Written):
    """`buzzwatch.yaml`; paths are absolute, or relative to the directory of the file."""

    later: ClassVar[frozenset[str]] = frozenset({"keep"})
    state: Annotated[Place, BeforeValidator(_state)] = Field(
        default=None, validate_default=True, description="Where the database lives; $STATE_DIRECTORY, else ./state."
    )
    rules: Place = Field(default="rules", validate_default=True, description="The directory of rule files.")
    sources: Annotated[dict[Word, Source], Field(min_length=1, max_length=100)] = Field(
        description="Where mentions come from, by name.", examples=[{"push": {"http": {"listen": "127.0.0.1:8787"}}}]
    )
    channels: dict[Word, Channel] = Field(
        default_factory=dict,
        repr=False,
        description="Where `copy` sends, by name: Apprise URLs, `console`, or Slack by a bot token.",
    )
    slack: SlackApp | None = Field(
        default=None, description="How answers come from Slack's buttons; there are none if left out."
    )
    mail: Annotated[Text, AfterValidator(_mail)] | None = Field(
        default=None, repr=False, description="The mail server for plain e-mail addresses in `reach`."
    )
    wakes: Annotated[tuple[Word, ...], Lax, Field(max_length=100)] = Field(
        default=(), description="Channels, and means of people's `reach`, that wake who sleeps; for `check`."
    )
    reload: Literal["by-itself", "by-command"] = Field(
        default="by-itself",
        description="Whether saved rule files are read by themselves, or at `buzzwatch reload` alone.",
    )
    web: Web = Field(default=Web(), description="The incident pages, probes and metrics.")
    scorer: Scorer | None = Field(default=None, description="A plugged-in scorer; the built-in one alone if left out.")

    heartbeat: Heartbeat | None = Field(default=None, description="A sign of life; none is sent if left out.")

    @property
    def warnings(self) -> list[str]:
        """What works and is unwise, one sentence each."""
        found = []
        for name, source in self.sources.items():
            if source.http is not None and source.http.token is None:
                found.append(f"source {name}: every user of this machine can send mentions; add `token`")
            if source.mqtt is not None and source.mqtt.password and not source.mqtt.tls:
                found.append(f"source {name}: the password crosses the network in the clear; use mqtts://")
        return found

    @property
    def texts(self) -> list[str]:
        """Everything that may hold placeholders."""
        brokers = [source.mqtt for source in self.sources.values() if source.mqtt]
        doors = [source.http for source in self.sources.values() if source.http]
        channels = [text for each in self.channels.values() for text in texts_of(each)]
        app = [self.slack.app_token, self.slack.signing_secret] if self.slack else []
        beat = [self.heartbeat.url] if self.heartbeat else []
        accounts = [*(b.user for b in brokers), *(b.password for b in brokers), *(d.token for d in doors)]
        maybe = [self.mail, *app, *beat, *accounts]
        return [*channels, *(text for text in maybe if text is not None)]


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read `buzzwatch.yaml`.

    Raises:
        RuleFaults: everything that is wrong with it; quoted lines show their keys alone.
    """
    document = parse(path.name, read_text(path), blot_values)
    state = environment.get("STATE_DIRECTORY", "").partition(":")[0] or "state"
    surroundings = _Surroundings(path.parent.absolute(), state)
    return validate(document, Config, surroundings, _PRIVATE)


def url_of(address: str, config: Config, secrets: Secrets) -> str:
    """The Apprise URL, or `console`, for a channel's or a person's address.

    Raises:
        SecretError: it names a secret that is not there.
        AddressError: it is neither a URL nor an e-mail address that `mail` can serve.
    """
    resolved = secrets.resolve(address)
    if resolved == CONSOLE or "://" in resolved:
        return resolved
    if not _MAIL.fullmatch(resolved):
        raise AddressError("it is neither an Apprise URL nor an e-mail address: see `reach` in oncall.yaml")
    if config.mail is None:
        raise AddressError("it is a plain e-mail address, and no mail server is known: add `mail` to buzzwatch.yaml")
    server = secrets.resolve(config.mail)
    return f"{server}{'&' if '?' in server else '?'}to={quote(resolved, safe='@')}"


def mails_of(person: Person, secrets: Secrets) -> tuple[str, ...]:
    """A person's plain e-mail addresses, in small letters, as far as their secrets are there."""
    found = []
    for address in person.reach.values():
        with suppress(SecretError):
            resolved = secrets.resolve(address)
            found += [resolved.lower()] if _MAIL.fullmatch(resolved) else []
    return tuple(found)


def beat_url(heartbeat: Heartbeat, secrets: Secrets) -> str:
    """Where the sign of life goes.

    Raises:
        SecretError: it names a secret that is not there.
        AddressError: it is no web address.
    """
    url = secrets.resolve(heartbeat.url)
    try:
        parts = urlsplit(url)
        right = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        right = False
    if not right:
        raise AddressError("it is no web address: write https://… into the secret")
    return url


def unreachable(people: Iterable[Person], config: Config, secrets: Secrets) -> list[str]:
    """One sentence for each means of a person by which nothing can be sent, and for each channel likewise."""
    addresses = {f"channel {name}": channel.url for name, channel in config.channels.items() if channel.url}
    for person in people:
        addresses |= {f"{person.key} by {means}": address for means, address in person.reach.items()}
    found = []
    for who, address in addresses.items():
        try:
            url_of(address, config, secrets)
        except (SecretError, AddressError) as error:
            found.append(f"{who} cannot be reached: {error}")
    for name, channel in config.channels.items():
        if channel.slack:
            found += [f"channel {name} cannot be reached: {why}" for why in secrets.lacking([channel.slack.token])]
    if config.heartbeat:
        try:
            beat_url(config.heartbeat, secrets)
        except (SecretError, AddressError) as error:
            found.append(f"no heartbeat can be sent: {error}")
    if config.slack:
        ways = (config.slack.app_token, config.slack.signing_secret)
        found += [f"no answer comes from Slack: {why}" for why in secrets.lacking(filter(None, ways))]
    return found


def is_loopback(listen: str) -> bool:
    """Whether only this machine can reach a "host:port"."""
    host = listen.rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
