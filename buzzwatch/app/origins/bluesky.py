"""All of Bluesky, by its public stream."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from buzzwatch.app.origins.places import is_loopback
from buzzwatch.rules.units import Lax, mistake, shown
from buzzwatch.rules.written import Written


def _host(written: str) -> str:
    address = written if "://" in written else f"wss://{written}"
    try:
        parts = urlsplit(address)
        right = parts.scheme in {"ws", "wss"} and parts.hostname and not parts.path.strip("/") and parts.port != 0
        right = right and not (parts.query or parts.fragment or parts.username or parts.password)
    except ValueError:
        right = False
    if not right or any(char.isspace() for char in address):
        remedy = "write a host name such as jetstream2.us-east.bsky.network, or ws://host:port without TLS"
        raise mistake("{value} is not the address of a Jetstream", remedy, value=shown(written))
    return address.rstrip("/")


class Bluesky(Written):
    """Jetstream, Bluesky's public stream of all posts."""

    hosts: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_host)], ...],
        Lax,
        Field(min_length=1, max_length=20),
    ] = Field(
        default=(),
        description="The instances of Jetstream to hear, in turn: when one is lost, the next. "
        "Left out: those that Bluesky runs for everybody.",
        examples=[["jetstream2.us-east.bsky.network", "jetstream1.us-west.bsky.network"]],
    )
    wire: Literal["v1", "v2"] = Field(
        default="v1",
        description="Which form of the stream the hosts are asked for. Left out: v1, which all instances speak.",
        examples=["v1", "v2"],
    )
    profiles: bool = Field(
        default=True,
        description="Whether Bluesky's public API is asked for the followers and handles of authors. Left out: true.",
        examples=[True],
    )
    allow: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=300)], ...], Lax, Field(max_length=20)] = (
        Field(
            default=(),
            description="Hosts that may be in our own network: names or IP addresses. Left out: none may.",
            examples=[["jetstream.internal"]],
        )
    )

    @property
    def texts(self) -> tuple[str | None, ...]:
        """What may hold placeholders."""
        return ()

    @property
    def unwise(self) -> str | None:
        """What works and is unwise."""
        plain = [
            url for url in self.hosts if url.startswith("ws://") and not is_loopback(f"{urlsplit(url).hostname}:0")
        ]
        return f"what {plain[0]} sends can be changed on its way; use wss://" if plain else None
