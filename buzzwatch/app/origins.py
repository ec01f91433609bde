"""Where mentions come from, as `buzzwatch.yaml` says it; and the addresses and paths that are written in it."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Struct
from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic import ValidationInfo as Info

from buzzwatch.app.secret import Text
from buzzwatch.model.instant import DAY
from buzzwatch.rules.units import Lax, LongSpan, mistake, shown
from buzzwatch.rules.written import Written

_MQTT_PORTS = {"mqtt": 1883, "mqtts": 8883}
_LONGEST_TOPIC = 1_000


class Surroundings(Struct, frozen=True):
    """What paths that are written, or left out, stand for."""

    base: Path
    """Relative paths begin here."""
    state: str


def _path(value: object, info: Info) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        remedy = "write a path, absolute or from the directory of this file on"
        raise mistake("{value} is not a path", remedy, value=shown(value))
    base = info.context.base if isinstance(info.context, Surroundings) else Path()
    return Path(base, value)


def _listen(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65_535:  # noqa: PLR2004 - the largest port
        remedy = 'write host:port, such as "127.0.0.1:8787"'
        raise mistake("{value} is not an address to listen on", remedy, value=shown(text))
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
        remedy = "`+` stands for one level, `#` for all that follow, at the end"
        raise mistake("{value} is not a topic filter", remedy, value=shown(topic))
    return topic


Place = Annotated[Path, BeforeValidator(_path)]
Listen = Annotated[Text, AfterValidator(_listen)]


class Mqtt(Written):
    """An MQTT 5 broker, heard at QoS 1."""

    url: Annotated[Text, AfterValidator(_broker)] = Field(
        description="The address of the broker: mqtt://host:port, or mqtts:// for TLS.",
        examples=["mqtts://mq.example:8883"],
    )
    topics: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=_LONGEST_TOPIC), AfterValidator(_topic)], ...],
        Lax,
        Field(min_length=1, max_length=100),
    ] = Field(
        description="Which topics are heard; `+` stands for one level, `#` for all that follow.",
        examples=[["mentions/#"]],
    )
    user: Text | None = Field(default=None, description="The user name that the broker knows us by.", examples=["buzz"])
    password: Text | None = Field(
        default=None, repr=False, description="The password for it, best as a placeholder.", examples=["${cred:mqtt}"]
    )
    client_id: Annotated[str, Field(min_length=1, max_length=60)] | None = Field(
        default=None,
        description="The name under which the broker keeps our place: ours alone, and always the same. "
        "Left out: buzzwatch- and the name of the source.",
        examples=["buzzwatch-paris"],
    )
    ca_file: Place | None = Field(
        default=None,
        description="The authority that signed the broker's certificate, if it is none of the system's.",
        examples=["/etc/buzzwatch/ca.pem"],
    )
    session_expiry: LongSpan = Field(
        default=7 * DAY, description="How long the broker keeps what we miss. Left out: 7d.", examples=["7d"]
    )

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

    listen: Listen = Field(
        default="127.0.0.1:8787",
        description="Where senders reach us, as host:port. Left out: 127.0.0.1:8787.",
        examples=["127.0.0.1:8787"],
    )
    token: Text | None = Field(
        default=None,
        repr=False,
        description="What senders must show; it may be left out only where no other machine can connect.",
        examples=["${cred:intake}"],
    )

    @model_validator(mode="after")
    def _guard(self) -> "Http":
        if self.token is None and not is_loopback(self.listen):
            raise mistake(
                "{value} can be reached from other machines without a token",
                "add `token`, or listen on 127.0.0.1",
                value=shown(self.listen),
            )
        return self


class Source(Written):
    """Where mentions come from; exactly one kind."""

    mqtt: Mqtt | None = Field(
        default=None,
        description="An MQTT broker that mentions are heard from.",
        examples=[{"url": "mqtts://mq.example:8883", "topics": ["mentions/#"]}],
    )
    http: Http | None = Field(
        default=None, description="A port of ours that mentions are posted to.", examples=[{"listen": "127.0.0.1:8787"}]
    )

    @model_validator(mode="after")
    def _be_one(self) -> "Source":
        if (self.mqtt is None) == (self.http is None):
            raise mistake("a source is of exactly one kind", "write `mqtt` or `http`")
        return self


def is_loopback(listen: str) -> bool:
    """Whether only this machine can reach a "host:port"."""
    host = listen.rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
