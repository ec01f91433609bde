"""A port of ours that tools and platforms post to in their own shape."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from buzzwatch.app.mapping_file import preset_names
from buzzwatch.app.origins.places import Listen, Place, is_loopback
from buzzwatch.app.secret import Text
from buzzwatch.rules.units import Lax, Word, Zone, mistake, nearest, shown
from buzzwatch.rules.written import Listed, Written

STANDARD, META = "standard", "meta"
"""Shapes that are more than a mapping."""
_PATH = re.compile(r"/[A-Za-z0-9._~/-]{0,200}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,100}")

Check = Literal["standard", "meta", "bearer", "header", "basic", "address"]


def _path(text: str) -> str:
    if not _PATH.fullmatch(text) or (text.endswith("/") and text != "/") or "//" in text:
        remedy = "begin it with / and end it without, in letters, digits and hyphens, such as /trustpilot"
        raise mistake("{value} is not a path", remedy, value=shown(text))
    return text


def _header(text: str) -> str:
    if not _HEADER.fullmatch(text):
        raise mistake("{value} is not the name of a header", "write one such as X-Webhook-Secret", value=shown(text))
    return text


def _shape(text: str) -> str:
    known = (STANDARD, META, *preset_names())
    if text not in known:
        raise mistake("no shape is called {value}", nearest(text, known), value=shown(text))
    return text


class Webhook(Written):
    """What one tool sends to one path."""

    listen: Listen = Field(
        default="127.0.0.1:8789",
        description="Where senders reach us, as host:port; several webhooks may share it. Left out: 127.0.0.1:8789.",
        examples=["127.0.0.1:8789"],
    )
    path: Annotated[str, AfterValidator(_path)] = Field(
        description="The path that this sender posts to, a different one for each.", examples=["/trustpilot"]
    )
    shape: Annotated[Word, AfterValidator(_shape)] | None = Field(
        default=None,
        alias="as",
        description="Whose shape it has: standard, meta, or a mapping that comes along, such as trustpilot.",
        examples=["trustpilot"],
    )
    mapping: Place | None = Field(
        default=None,
        description="A mapping of your own, in the place of one that comes along.",
        examples=["/etc/buzzwatch/our-tool.yaml"],
    )
    check: Check | None = Field(
        default=None,
        description="How senders prove who they are: standard, meta, bearer, header, basic or address. "
        "Left out: standard or meta as in `as`, else bearer.",
        examples=["header"],
    )
    secret: Annotated[tuple[Text, ...], Lax, Listed(), Field(min_length=1, max_length=5)] = Field(
        repr=False,
        description="The secret shared with the sender, best as a placeholder; a list while one replaces another.",
        examples=["${cred:trustpilot}"],
    )
    header: Annotated[str, AfterValidator(_header)] = Field(
        default="X-Webhook-Secret",
        description="With `check: header`, which one bears the secret. Left out: X-Webhook-Secret.",
        examples=["X-Api-Key"],
    )
    user: Text = Field(
        default="buzzwatch",
        description="With `check: basic`, the user; the secret is the password. Left out: buzzwatch.",
        examples=["trustpilot"],
    )
    verify_token: Text | None = Field(
        default=None,
        repr=False,
        description="With `as: meta`, the token that you gave to Meta to ask for this address with.",
        examples=["${cred:meta_verify}"],
    )
    brand: Word | None = Field(
        default=None,
        description="The brand that all of it is about, where the words need not name it: reviews, comments on a page.",
        examples=["acme"],
    )
    zone: Zone | None = Field(
        default=None, description="The time zone of dates that bear none. Left out: UTC.", examples=["Europe/Paris"]
    )

    @model_validator(mode="after")
    def _be_whole(self) -> "Webhook":
        if self.shape is None and self.mapping is None:
            remedy = "add `as: standard`, meta or a mapping that comes along, or `mapping` with one of yours"
            raise mistake("neither `as` nor `mapping` is written", remedy)
        if self.shape == META and self.verify_token is None:
            raise mistake("`verify_token` is missing", "add the token that Meta asks with: `verify_token: …`")
        return self

    @property
    def proof(self) -> Check:
        """How senders prove who they are."""
        if self.check is not None:
            return self.check
        return "standard" if self.shape == STANDARD else "meta" if self.shape == META else "bearer"

    @property
    def texts(self) -> tuple[str | None, ...]:
        """What may hold placeholders."""
        return *self.secret, self.verify_token, self.user if self.proof == "basic" else None

    @property
    def unwise(self) -> str | None:
        """What works and is unwise."""
        if self.proof == "address":
            return "the secret stands in the address, which proxies write into their logs; use another `check`"
        if self.proof not in {"standard", "meta"} and not is_loopback(self.listen):
            return "the secret crosses the network in the clear; listen on 127.0.0.1 behind a proxy with TLS"
        return None
