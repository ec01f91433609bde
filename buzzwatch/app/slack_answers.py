"""What a press of a button or a choice of the menu in Slack does: the same as a button on the incident's page."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout, web
from msgspec import Struct

from buzzwatch.app.channels import SlackApp
from buzzwatch.app.secret import SecretError, Secrets
from buzzwatch.clock import Clock
from buzzwatch.delivery.channel import TransientDeliveryError
from buzzwatch.delivery.channels.slack_blocks import escape
from buzzwatch.delivery.channels.slack_menu import ACTION, read_choice
from buzzwatch.delivery.slack_api import SlackApi
from buzzwatch.delivery.slack_socket import SlackSocket
from buzzwatch.model.brand import Person
from buzzwatch.model.input import Trouble, Verb
from buzzwatch.model.instant import MINUTE, Instant, Span
from buzzwatch.proxies import open_session
from buzzwatch.web.desk import Answer, Desk, Reply
from buzzwatch.web.slack import add_slack_answers
from buzzwatch.web.words import choose_language, words

_STRANGER = (
    "Slack account {user} is nobody's in oncall.yaml: add `slack: {user}` to a person there, or use the link.\n"
    "Le compte Slack {user} n’est celui de personne dans oncall.yaml : ajoutez-y `slack: {user}`, ou utilisez le lien."
)
_TROUBLE = "slack-answers"
DEAF_AFTER: Span = 5 * MINUTE
"""How long presses may go unheard before `ops` is told."""
_LONGEST_REPLY = 3_000
_TIMEOUT = ClientTimeout(total=10)

log = structlog.get_logger()


class _User(Struct):
    id: str
    username: str = ""


class _Option(Struct):
    value: str = ""


class _Action(Struct):
    action_id: str
    value: str = ""
    selected_option: _Option | None = None
    """Of a menu."""


class _Pressed(Struct):
    """What we read of a `block_actions` payload."""

    user: _User
    actions: list[_Action]
    response_url: str = ""


class SlackAnswers:
    """Hears presses by Socket Mode, or as signed requests on the public side, whichever is configured."""

    def __init__(
        self, app: SlackApp, secrets: Secrets, desk: Desk, people: Callable[[], Mapping[str, Person]], clock: Clock
    ) -> None:
        self._app = app
        self._secrets = secrets
        self._desk = desk
        self._people = people
        self._clock = clock
        self._session: ClientSession | None = None
        self._lost_at: Instant | None = None
        self._lost_why = ""
        self._told = False
        self.tell: Callable[[Trouble], object] = lambda _: None
        """Hears of a loss that lasts, and of its end."""

    def open(self, public: web.Application) -> None:
        """Add the path of signed requests to the public side, if a signing secret is configured."""
        if secret := self._app.signing_secret:
            add_slack_answers(public, lambda: self._secrets.resolve(secret), self.hear, self._clock)

    async def run(self) -> None:
        """Listen by Socket Mode until cancelled, if an app-level token is configured."""
        if self._app.app_token:
            self._note(heard=False, why="not connected yet")
            socket = SlackSocket(self._sessions(), self._api, self.hear, self._clock, self._note)
            async with asyncio.TaskGroup() as group:
                group.create_task(socket.run())
                group.create_task(self._watch())

    def _note(self, heard: bool, why: str) -> None:  # noqa: FBT001 - as the socket calls it
        lost_at = self._clock.now() if self._lost_at is None else self._lost_at
        if heard and self._told:
            text = "presses of buttons in Slack are heard again"
            self.tell(Trouble(0, _TROUBLE, lost_at, text, over=True))
            self._told = False
        self._lost_at, self._lost_why = None if heard else lost_at, why

    async def _watch(self) -> None:
        """Tell of a loss that lasts, once."""
        while True:
            now = self._clock.now()
            if self._lost_at is not None and not self._told and now - self._lost_at >= DEAF_AFTER:
                self._told = True
                text = f"presses of buttons in Slack are not heard: {self._lost_why}; links in messages work"
                self.tell(Trouble(0, _TROUBLE, self._lost_at, text))
            await self._clock.wait_until(now + MINUTE)

    async def close(self) -> None:
        """Let go of open connections."""
        if self._session is not None:
            await self._session.close()

    async def hear(self, payload: dict[str, Any]) -> None:
        """Do what was pressed; who may not, or whom it did not serve, is told so, and nobody else is."""
        try:
            pressed = msgspec.convert(payload, _Pressed)
        except msgspec.ValidationError:
            log.warning("slack_answer_misread")
            return
        by = self._who(pressed.user)
        if by is None:
            await self._say(pressed.response_url, _STRANGER.format(user=pressed.user.id))
            return
        for action in pressed.actions:
            answer = await self._act(action, by)
            if answer is not None and not answer.done:
                await self._say(pressed.response_url, self._put(answer, by))

    def _who(self, user: _User) -> str | None:
        """The person who pressed; anybody by their name there, where no people are known."""
        people = self._people()
        if not people:
            return user.username or user.id
        return next((key for key, person in people.items() if person.slack == user.id), None)

    async def _act(self, action: _Action, by: str) -> Answer | None:
        if action.action_id in (Verb.TAKE, Verb.RESOLVE):
            return await self._desk.answer(Reply(Verb(action.action_id), action.value, by))
        if action.action_id != ACTION or action.selected_option is None:
            return None
        found = read_choice(action.selected_option.value, self._language(by))
        if found is None:
            return None
        choice, incident = found
        return await self._desk.answer(Reply(choice.verb, incident, by, why=choice.why, span=choice.span))

    def _language(self, by: str) -> str:
        person = self._people().get(by)
        return person.language if person else "en"

    def _put(self, answer: Answer, by: str) -> str:
        """Why it was not done, in the language of who pressed where there is a phrase for it."""
        spoken = words(choose_language("", self._language(by)))
        return spoken.get(f"no {answer.why}") or "\n".join(answer.lines)

    async def _say(self, url: str, text: str) -> None:
        """Tell the one who pressed, by the address that came with the press, if it is Slack's."""
        ours, theirs = urlsplit(self._app.api), urlsplit(url)
        host = ours.hostname or ""
        if theirs.scheme != ours.scheme or not (theirs.hostname == host or f"{theirs.hostname}".endswith(f".{host}")):
            return
        body = {"response_type": "ephemeral", "replace_original": False, "text": escape(text, _LONGEST_REPLY)}
        try:
            async with self._sessions().post(url, json=body, timeout=_TIMEOUT, allow_redirects=False) as answer:
                await answer.read()
        except (ClientError, TimeoutError) as error:
            log.warning("slack_reply_failed", why=type(error).__name__)

    def _sessions(self) -> ClientSession:
        if self._session is None:
            self._session = open_session()
        return self._session

    def _api(self) -> SlackApi:
        try:
            return SlackApi(self._sessions(), self._secrets.resolve(self._app.app_token or ""), self._app.api)
        except SecretError as error:
            raise TransientDeliveryError(str(error)) from None
