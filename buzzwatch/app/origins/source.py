"""One entry of `sources`."""

from typing import ClassVar, Protocol

from pydantic import Field, model_validator

from buzzwatch.app.origins.bluesky import Bluesky
from buzzwatch.app.origins.feed import Feed
from buzzwatch.app.origins.http import Http
from buzzwatch.app.origins.mastodon import Mastodon
from buzzwatch.app.origins.mqtt import Mqtt
from buzzwatch.app.origins.webhook import Webhook
from buzzwatch.app.origins.x import X
from buzzwatch.rules.units import KeepSpan, mistake
from buzzwatch.rules.written import Written


class Origin(Protocol):
    """What every kind of source says of itself."""

    @property
    def texts(self) -> tuple[str | None, ...]:
        """What may hold placeholders."""

    @property
    def unwise(self) -> str | None:
        """What works and is unwise; None: nothing."""


class Source(Written):
    """Where mentions come from; exactly one kind."""

    kinds: ClassVar[tuple[str, ...]] = ("mqtt", "http", "mastodon", "feed", "bluesky", "webhook", "x")

    mqtt: Mqtt | None = Field(
        default=None,
        description="An MQTT broker that mentions are heard from.",
        examples=[{"url": "mqtts://mq.example:8883", "topics": ["mentions/#"]}],
    )
    http: Http | None = Field(
        default=None, description="A port of ours that mentions are posted to.", examples=[{"listen": "127.0.0.1:8787"}]
    )
    mastodon: Mastodon | None = Field(
        default=None,
        description="A Mastodon instance whose public posts are heard.",
        examples=[{"url": "https://mastodon.example", "token": "${cred:mastodon}"}],
    )
    feed: Feed | None = Field(
        default=None,
        description="RSS and Atom feeds, searches in Google News and YouTube channels.",
        examples=[{"urls": ["https://paper.example/rss"]}],
    )
    bluesky: Bluesky | None = Field(
        default=None, description="All of Bluesky, by its public stream; `{}` is enough.", examples=[{}]
    )
    webhook: Webhook | None = Field(
        default=None,
        description="A port of ours that tools and platforms post to in their own shape.",
        examples=[{"path": "/trustpilot", "as": "trustpilot", "secret": "${cred:trustpilot}", "brand": "acme"}],
    )
    x: X | None = Field(
        default=None,
        description="X: the filtered stream, paid for by the post.",
        examples=[{"token": "${cred:x}", "posts_a_day": 5000}],
    )

    keep: KeepSpan | None = Field(
        default=None,
        description="How long texts that it brought are kept, 1d to 3650d; counts and outcomes stay. "
        "Left out: as long as mentions.",
        examples=["90d"],
    )

    @model_validator(mode="after")
    def _be_one(self) -> "Source":
        if sum(getattr(self, kind) is not None for kind in self.kinds) != 1:
            raise mistake("a source is of exactly one kind", "write one, such as `mqtt` or `http`")
        return self

    @property
    def kind(self) -> str:
        """Its key."""
        return next(kind for kind in self.kinds if getattr(self, kind) is not None)

    @property
    def origin(self) -> Origin:
        """What is written under its key."""
        found: Origin = getattr(self, self.kind)
        return found
