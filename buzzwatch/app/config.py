"""The sysadmin's `buzzwatch.yaml`, and the secrets that it and `oncall.yaml` name.

Secrets stay placeholders in every value here; see `app.secret`.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal, ParamSpec
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic import ValidationInfo as Info

from buzzwatch.app.channels import Channel, SlackApp, texts_of
from buzzwatch.app.keep import Keep
from buzzwatch.app.origins.places import Listen, Place, Surroundings
from buzzwatch.app.origins.source import Source
from buzzwatch.app.secret import PLACEHOLDER, SecretError, Secrets, Text, WithheldError
from buzzwatch.model.brand import Person
from buzzwatch.model.instant import MINUTE, SECOND
from buzzwatch.rules.files import read_text
from buzzwatch.rules.text import blot_values, parse
from buzzwatch.rules.units import Lax, LongSpan, Patience, WebAddress, Word, mistake
from buzzwatch.rules.validate import validate
from buzzwatch.rules.words import Said, Words, words_of
from buzzwatch.rules.written import CONSOLE, Written

P = ParamSpec("P")

_MAIL = re.compile(r"[^\s@:/?&]+@[^\s@:/?&]+")
_PRIVATE = frozenset({"password", "token", "secret", "verify_token", "url", "mail", "channels", "slack", "heartbeat"})
"""Keys whose values no fault repeats."""


class AddressError(Exception):
    """Nothing can be sent to an address; the text says why, without the address."""


def _state(value: object, info: Info) -> object:
    return info.context.state if value is None and isinstance(info.context, Surroundings) else value


def _mail(text: str) -> str:
    if not text.startswith(("mailto://", "mailtos://")) and not PLACEHOLDER.fullmatch(text):
        raise mistake("this is not a mail server", "write mailto://… or mailtos://…, or ${cred:name} for one")
    return text


def _web(text: str) -> str:
    if not text.startswith(("https://", "http://")) and not PLACEHOLDER.fullmatch(text):
        raise mistake("this is not a web address", "write https://…, or ${cred:name} for one")
    return text


CODE_LENGTH = 8
"""Characters of the code at the end of a link."""
LONGEST_LINK = 30
"""Characters of a link that leave room in a text message."""


def page_url(base_url: str, code: str) -> str:
    """Where the code of a link leads."""
    return f"{base_url}/i/{code}"


class Web(Written):
    """The incident pages, probes and metrics."""

    listen: Listen = Field(
        default="127.0.0.1:8788",
        description="Where the pages are served, as host:port. Left out: 127.0.0.1:8788.",
        examples=["127.0.0.1:8788"],
    )
    public_url: WebAddress | None = Field(
        default=None,
        description="How people reach it from outside; links in messages begin with it. "
        "At most 19 characters where text messages are sent.",
        examples=["https://bw.acme.fr"],
    )

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

    use: Word = Field(description="The name under which its package registers it.", examples=["camembert"])
    timeout: Patience = Field(
        default=2 * SECOND,
        description="How long a batch of mentions waits for it at most, 1s to 10s. Left out: 2s.",
        examples=["2s"],
    )
    batch: Annotated[int, Field(ge=1, le=1_000)] = Field(
        default=32, description="How many texts it is given at once. Left out: 32.", examples=[32]
    )


class Heartbeat(Written):
    """A sign of life for who watches from outside, sent only while all is well."""

    url: Annotated[Text, AfterValidator(_web)] = Field(
        repr=False, description="The address that is asked for, best as a placeholder.", examples=["${cred:heartbeat}"]
    )
    every: LongSpan = Field(default=MINUTE, description="How often it is asked for. Left out: 1m.", examples=["1m"])


class Config(Written):
    """`buzzwatch.yaml`; paths are absolute, or relative to the directory of the file."""

    state: Annotated[Place, BeforeValidator(_state)] = Field(
        default=None,
        validate_default=True,
        description="Where the database lives. Left out: the service's state directory, else ./state.",
        examples=["/var/lib/buzzwatch"],
    )
    rules: Place = Field(
        default="rules",
        validate_default=True,
        description="The directory of rule files. Left out: rules.",
        examples=["/etc/buzzwatch/rules", "rules"],
    )
    sources: Annotated[dict[Word, Source], Field(min_length=1, max_length=100)] = Field(
        description="Where mentions come from, each by a name of your choice.",
        examples=[{"push": {"http": {"listen": "127.0.0.1:8787"}}}],
    )
    channels: dict[Word, Channel] = Field(
        default_factory=dict,
        repr=False,
        description="Where the `copy` of a route sends, by name: Apprise URLs, `console`, or Slack by a bot token.",
        examples=[{"slack-crise": "${cred:slack_webhook}"}],
    )
    slack: SlackApp | None = Field(
        default=None,
        description="How answers come from Slack's buttons. Left out: messages have none.",
        examples=[{"app_token": "${cred:slack_app}"}],
    )
    mail: Annotated[Text, AfterValidator(_mail)] | None = Field(
        default=None,
        repr=False,
        description="The mail server for plain e-mail addresses in `reach`: mailto:// or mailtos://.",
        examples=["mailtos://buzzwatch:${cred:smtp}@mail.example"],
    )
    wakes: Annotated[tuple[Word, ...], Lax, Field(max_length=100)] = Field(
        default=(),
        description="Channels, and ways in people's `reach`, that wake who sleeps: `check` warns where nobody wakes.",
        examples=[["push", "sms"]],
    )
    web: Web = Field(
        default=Web(),
        description="Where the incident pages, probes and metrics are served.",
        examples=[{"listen": "127.0.0.1:8788", "public_url": "https://bw.acme.fr"}],
    )
    scorer: Scorer | None = Field(
        default=None,
        description="A plugged-in scorer. Left out: the built-in one alone.",
        examples=[{"use": "camembert"}],
    )
    reload: Literal["by-itself", "by-command"] = Field(
        default="by-itself",
        description="by-itself: saved rule files are read at once. by-command: at `buzzwatch reload` alone. "
        "Left out: by-itself.",
        examples=["by-command"],
    )

    keep: Keep = Field(
        default=Keep(),
        description="How long mentions and incidents are kept. Left out: mentions 90d, incidents 3y.",
        examples=[{"mentions": "90d", "incidents": "3y"}],
    )
    heartbeat: Heartbeat | None = Field(
        default=None,
        description="A sign of life for who watches from outside. Left out: none is sent.",
        examples=[{"url": "${cred:heartbeat}"}],
    )

    @model_validator(mode="after")
    def _part_webhooks(self) -> "Config":
        doors: dict[tuple[str, str], str] = {}
        for name, source in self.sources.items():
            if (hook := source.webhook) is not None:
                first = doors.setdefault((hook.listen, hook.path), name)
                if first != name:
                    told = "`{path}` at {listen} is {first} already"
                    place = ("sources", name, "webhook", "path")
                    remedy = "write another path, and tell it to the sender"
                    raise mistake(told, remedy, at=place, path=hook.path, listen=hook.listen, first=first)
        return self

    @property
    def warnings(self) -> list[str]:
        """What works and is unwise, one sentence each."""
        origins = ((name, source.origin) for name, source in self.sources.items())
        return [f"source {name}: {origin.unwise}" for name, origin in origins if origin.unwise]

    @property
    def texts(self) -> list[str]:
        """Everything that may hold placeholders."""
        sources = [text for source in self.sources.values() for text in source.origin.texts]
        channels = [text for each in self.channels.values() for text in texts_of(each)]
        app = [self.slack.app_token, self.slack.signing_secret] if self.slack else []
        beat = [self.heartbeat.url] if self.heartbeat else []
        maybe = [self.mail, *app, *beat, *sources]
        return [*channels, *(text for text in maybe if text is not None)]


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read `buzzwatch.yaml`.

    Raises:
        RuleFaults: everything that is wrong with it; quoted lines show their keys alone.
    """
    document = parse(path.name, read_text(path), blot_values)
    state = environment.get("STATE_DIRECTORY", "").partition(":")[0] or "state"
    surroundings = Surroundings(path.parent.absolute(), state)
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
        raise AddressError(Said("it is neither an Apprise URL nor an e-mail address: see `reach` in oncall.yaml"))
    if config.mail is None:
        said = "it is a plain e-mail address, and no mail server is known: add `mail` to buzzwatch.yaml"
        raise AddressError(Said(said))
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
        raise AddressError(Said("it is no web address: write https://… into the secret"))
    return url


def unreachable(people: Iterable[Person], config: Config, secrets: Secrets) -> list[Words]:
    """One sentence for each means of a person by which nothing can be sent, and for each channel likewise."""
    found: list[Words] = []
    for name, channel in config.channels.items():
        if channel.url:
            said = Said("channel {name} cannot be reached: {why}", {"name": name})
            found += _failing(said, url_of, channel.url, config, secrets)
    for person in people:
        for means, address in person.reach.items():
            subject = Said("{name} by {means} cannot be reached: {why}", {"name": person.key, "means": means})
            found += _failing(subject, url_of, address, config, secrets)
    for name, channel in config.channels.items():
        if channel.slack:
            lacking = secrets.lacking([channel.slack.token])
            found += [Said("channel {name} cannot be reached: {why}", {"name": name, "why": why}) for why in lacking]
    if config.heartbeat:
        found += _failing(Said("no heartbeat can be sent: {why}"), beat_url, config.heartbeat, secrets)
    if config.slack:
        ways = (config.slack.app_token, config.slack.signing_secret)
        lacking = secrets.lacking(filter(None, ways))
        found += [Said("no answer comes from Slack: {why}", {"why": why}) for why in lacking]
    return found


def _failing(said: Said, resolve: Callable[P, str], *args: P.args, **kwargs: P.kwargs) -> list[Words]:
    """Why an address cannot be had, if it cannot; nothing where its secrets are withheld."""
    try:
        resolve(*args, **kwargs)
    except WithheldError:
        return []
    except (SecretError, AddressError) as error:
        return [Said(said.sentence, {**said.values, "why": words_of(error)})]
    return []
