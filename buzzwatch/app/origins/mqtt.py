"""An MQTT broker."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from buzzwatch.app.origins.places import Place
from buzzwatch.app.secret import Text
from buzzwatch.model.instant import DAY
from buzzwatch.rules.units import Lax, LongSpan, mistake, shown
from buzzwatch.rules.written import Written

_MQTT_PORTS = {"mqtt": 1883, "mqtts": 8883}
_LONGEST_TOPIC = 1_000


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

    @property
    def texts(self) -> tuple[str | None, ...]:
        """What may hold placeholders."""
        return self.user, self.password

    @property
    def unwise(self) -> str | None:
        """What works and is unwise."""
        insecure = self.password and not self.tls
        return "the password crosses the network in the clear; use mqtts://" if insecure else None
