"""Where an MQTT broker is, and what to ask of it."""

from dataclasses import dataclass, field
from enum import StrEnum

from buzzwatch.sources.mqtt.topic import is_filter, is_shared


class Version(StrEnum):
    """Of the protocol. The earlier one knows no session expiry, no Receive Maximum, and no reasons."""

    V3 = "3.1.1"
    V5 = "5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where to hear and what. `session_expiry` and `keepalive` are seconds.

    `client_id` must stay the same from start to start, and be ours alone: the broker keeps our place under it.
    `session_expiry` and `receive_maximum` are told to brokers of MQTT 5 alone: others decide by themselves.

    Raises:
        ValueError: on a topic filter that MQTT does not know, on a number out of range.
    """

    host: str
    port: int
    client_id: str
    topics: tuple[str, ...]
    version: Version = Version.V5
    tls: bool = False
    ca_file: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    session_expiry: int = 7 * 24 * 3600
    receive_maximum: int = 200
    keepalive: int = 30

    def __post_init__(self) -> None:
        if not self.host or not self.client_id or not self.topics:
            raise ValueError("host, client_id and topics must not be empty")
        for topic in self.topics:
            if not is_filter(topic):
                raise ValueError(f"{topic} is not a topic filter")
            if is_shared(topic) and self.version is not Version.V5:
                raise ValueError(f"{topic} is a shared subscription, which MQTT {self.version} does not know")
        for name, low, high in (
            ("port", 1, 65_535),
            ("receive_maximum", 1, 65_535),
            ("keepalive", 1, 65_535),
            ("session_expiry", 0, 2**32 - 1),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} is {getattr(self, name)}: give a number from {low} to {high}")

    @property
    def place(self) -> str:
        """Host and port, for people."""
        return f"{self.host}:{self.port}"
