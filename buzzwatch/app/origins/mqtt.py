"""An MQTT broker."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from buzzwatch.app.origins.places import Place
from buzzwatch.app.secret import Text
from buzzwatch.model.instant import DAY
from buzzwatch.rules.units import Lax, LongSpan, mistake, shown
from buzzwatch.rules.written import Written
from buzzwatch.sources.mqtt.topic import is_filter, is_shared

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
    if is_filter(topic):
        return topic
    if is_shared(topic):
        remedy = "write $share/group/topic, the name of the group without `+` and `#`"
        raise mistake("{value} is not a shared subscription", remedy, value=shown(topic))
    remedy = "`+` stands for one level, `#` for all that follow, at the end"
    raise mistake("{value} is not a topic filter", remedy, value=shown(topic))


def _version(value: object) -> object:
    return "5" if value == 5 else value  # noqa: PLR2004 - as one would write it without quotes


class Mqtt(Written):
    """An MQTT broker, heard at QoS 1."""

    url: Annotated[Text, AfterValidator(_broker)] = Field(
        description="The address of the broker: mqtt://host:port, or mqtts:// for TLS.",
        examples=["mqtts://mq.example:8883"],
    )
    topics: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=_LONGEST_TOPIC), AfterValidator(_topic)], ...],
        Lax,
        Field(min_length=1, max_length=100),
    ] = Field(
        description="Which topics are heard; `+` stands for one level, `#` for all that follow. "
        "`$share/group/topic` shares them with the other clients of that group.",
        examples=[["mentions/#"], ["$share/buzzwatch/mentions/#"]],
    )
    version: Annotated[Literal["5", "3.1.1"], BeforeValidator(_version)] = Field(
        default="5",
        description="Of MQTT. 3.1.1 is for brokers that speak nothing else: it has no shared subscriptions, and the "
        "broker alone decides how long it keeps what we miss. Left out: 5.",
        examples=["3.1.1"],
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
        default=7 * DAY,
        description="How long the broker keeps what we miss, in MQTT 5. Left out: 7d.",
        examples=["7d"],
    )

    @model_validator(mode="after")
    def _fit_version(self) -> "Mqtt":
        if self.version == "5":
            return self
        if "session_expiry" in self.model_fields_set:
            remedy = "leave `session_expiry` out; the broker's own settings say how long it keeps what we miss"
            raise mistake("MQTT 3.1.1 has no session expiry", remedy, at=("session_expiry",))
        for position, topic in enumerate(self.topics):
            if is_shared(topic):
                remedy = "leave `version` out, or write the topic without $share/group/"
                raise mistake("MQTT 3.1.1 has no shared subscriptions", remedy, at=("topics", position))
        return self

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
