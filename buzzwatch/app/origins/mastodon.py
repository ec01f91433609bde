"""A Mastodon instance."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from buzzwatch.app.origins.places import is_loopback
from buzzwatch.app.secret import Text
from buzzwatch.rules.units import Lax, mistake, shown
from buzzwatch.rules.written import Written

_STREAM = re.compile(r"public(:local|:remote)?|hashtags|hashtag:\w{1,100}")
_MOST_STREAMS = 100
_LONGEST_HOST = 253


def _instance(url: str) -> str:
    try:
        parts = urlsplit(url)
        right = parts.scheme in {"https", "http"} and parts.hostname and parts.port != 0
        right = right and not parts.path.strip("/") and not parts.query and not parts.fragment
    except ValueError:
        right = False
    if not right or "@" in url:
        raise mistake(
            "this is not the address of an instance", "write https:// and its host, such as https://mastodon.example"
        )
    return url.rstrip("/")


def _stream(name: str) -> str:
    if not _STREAM.fullmatch(name):
        remedy = "write `public`, `public:local`, `public:remote`, `hashtag:acme` or `hashtags`"
        raise mistake("{value} is not a stream", remedy, value=shown(name))
    return name


class Mastodon(Written):
    """One Mastodon instance, or a server that speaks as one, heard with the token of an account there."""

    url: Annotated[Text, AfterValidator(_instance)] = Field(
        description="The address of the instance. Each instance is a source of its own.",
        examples=["https://mastodon.example"],
    )
    token: Text = Field(
        repr=False,
        description="An access token of an account there, with the scope read:statuses; best as a placeholder.",
        examples=["${cred:mastodon}"],
    )
    streams: Annotated[
        tuple[Annotated[str, AfterValidator(_stream)], ...], Lax, Field(min_length=1, max_length=_MOST_STREAMS)
    ] = Field(
        default=("public", "hashtags"),
        description="What is heard: `public` (all that the instance knows), `public:local`, `public:remote`, "
        "`hashtag:acme`, and `hashtags` for every name of every brand as a hashtag. Left out: public and hashtags.",
        examples=[["public", "hashtags"]],
    )
    only_indexable: bool = Field(
        default=False,
        description="Whether authors are left out who have not agreed that others find their posts by search. "
        "Who asks search engines or bots to stay away is left out always. Left out: false.",
        examples=[True],
    )
    allow: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=_LONGEST_HOST)], ...], Lax, Field(max_length=_MOST_STREAMS)
    ] = Field(
        default=(),
        description="Hosts that may lead to this machine or its network, for an instance of your own.",
        examples=[["mastodon.lan"]],
    )

    @property
    def texts(self) -> tuple[str | None, ...]:
        """What may hold placeholders."""
        return (self.token,)

    @property
    def unwise(self) -> str | None:
        """What works and is unwise."""
        parts = urlsplit(self.url)
        insecure = parts.scheme == "http" and not is_loopback(f"{parts.hostname}:{parts.port or 80}")
        return "the token crosses the network in the clear; use https://" if insecure else None
