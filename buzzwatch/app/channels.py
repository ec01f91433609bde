"""Where messages go, as `buzzwatch.yaml` says it: Apprise URLs, and Slack by a bot token; and how Slack answers."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic_core.core_schema import CoreSchema

from buzzwatch.app.secret import PLACEHOLDER, Text
from buzzwatch.rules.units import WebAddress, mistake
from buzzwatch.rules.written import CONSOLE, Written

_ROOM = re.compile(r"[CDGUW][A-Z0-9]{2,30}")
SLACK_API = "https://slack.com/api"


def _sendable(text: str) -> str:
    if text != CONSOLE and "://" not in text and not PLACEHOLDER.fullmatch(text):
        raise mistake("this is not an address of a channel", "write an Apprise URL, `console`, or ${cred:name} for one")
    return text


def _room(text: str) -> str:
    if not _ROOM.fullmatch(text):
        raise mistake("this is not the id of a Slack channel", "copy it from the channel's details; it begins with a C")
    return text


class SlackRoom(Written):
    """A channel of a Slack workspace, written to by a bot: one message for each incident, changed in place."""

    token: Text = Field(
        repr=False, description="The bot token (xoxb-…): a placeholder, best.", examples=["${cred:slack_bot}"]
    )
    channel: Annotated[Text, AfterValidator(_room)] = Field(
        description="The channel's id, or a person's for direct messages.", examples=["C0123456789"]
    )
    api: WebAddress = Field(
        default=SLACK_API,
        description="Where Slack's Web API is. Left out: the usual one; GovSlack has another.",
        examples=["https://slack-gov.com/api"],
    )


class Channel(Written):
    """Where `copy` sends; exactly one kind. Text alone is an Apprise URL or `console`."""

    url: Annotated[Text, AfterValidator(_sendable)] | None = Field(
        default=None,
        repr=False,
        description="An Apprise URL, best as a placeholder, or `console`.",
        examples=["${cred:slack_webhook}"],
    )
    slack: SlackRoom | None = Field(
        default=None,
        description="A Slack channel, written to by a bot.",
        examples=[{"token": "${cred:slack_bot}", "channel": "C0123456789"}],
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        told = handler.resolve_ref_schema(handler(schema))
        text = {"type": "string", "minLength": 1, "examples": ["${cred:slack_webhook}", CONSOLE]}
        return {"title": told.pop("title"), "description": told.pop("description"), "anyOf": [text, told]}

    @model_validator(mode="before")
    @classmethod
    def _be_text(cls, value: object) -> object:
        return value if isinstance(value, dict) else {"url": value}

    @model_validator(mode="after")
    def _be_one(self) -> "Channel":
        if (self.url is None) == (self.slack is None):
            raise mistake("a channel is of exactly one kind", "write an Apprise URL, or `slack`")
        return self


class SlackApp(Written):
    """How the presses of buttons come back from Slack; at least one way."""

    app_token: Text | None = Field(
        default=None,
        repr=False,
        description="The app-level token (xapp-…) for Socket Mode: we connect to Slack, nothing need be open.",
        examples=["${cred:slack_app}"],
    )
    signing_secret: Text | None = Field(
        default=None,
        repr=False,
        description="The signing secret, for requests that Slack posts to /slack/answers.",
        examples=["${cred:slack_signing}"],
    )
    api: WebAddress = Field(
        default=SLACK_API,
        description="Where Slack's Web API is. Left out: the usual one; GovSlack has another.",
        examples=["https://slack-gov.com/api"],
    )

    @model_validator(mode="after")
    def _be_some(self) -> "SlackApp":
        if self.app_token is None and self.signing_secret is None:
            raise mistake("this lets no answer in", "add `app_token` (Socket Mode) or `signing_secret`")
        return self


def texts_of(channel: Channel) -> list[str]:
    """What of a channel may hold placeholders."""
    return [text for text in (channel.url, channel.slack and channel.slack.token) if text]
