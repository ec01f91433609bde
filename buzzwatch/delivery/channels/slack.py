"""Slack by a bot token: one message for each incident, changed in place, with what changed in its thread.

Methods, errors and limits as documented at https://docs.slack.dev/reference/methods (`chat.postMessage`, `chat.update`,
`conversations.history`, `conversations.replies`) and https://docs.slack.dev/apis/web-api/rate-limits.

Slack has no documented key for idempotent posting. Each message carries its own key as metadata: one that may have
left before is looked for by that key, where the token may read the channel, before it is posted again.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout

from buzzwatch.delivery.channel import PermanentDeliveryError, Sent, TransientDeliveryError
from buzzwatch.delivery.channels.slack_blocks import content, key_of, reply
from buzzwatch.model.instant import SECOND, Span
from buzzwatch.model.notification import Message, Standing

PACE: Span = SECOND
"""Slack allows an app about one message a second in a channel."""
LOOKED_THROUGH = 100
"""The newest messages of a channel or thread, among which one that may have left is looked for."""
_SHORTER = 1_000
_TIMEOUT = ClientTimeout(total=20)
_SERVER_ERROR = 500
_TOO_MANY = 429
_OK = 200
_TRANSIENT = frozenset(
    {"ratelimited", "rate_limited", "message_limit_exceeded", "service_unavailable", "request_timeout"}
    | {"team_added_to_org", "org_login_required"}
)
_HALF_DONE = frozenset({"fatal_error", "internal_error"})
"""Of which Slack says that some of it may have been done."""
_PERMANENT = frozenset(
    {"access_denied", "accesslimited", "account_inactive", "cannot_reply_to_message", "cant_update_message"}
    | {"channel_not_found", "edit_window_closed", "ekm_access_denied", "enterprise_is_restricted"}
    | {"invalid_arguments", "invalid_auth", "invalid_blocks", "invalid_blocks_format", "is_archived", "is_inactive"}
    | {"message_not_found", "messages_tab_disabled", "method_deprecated", "missing_scope", "msg_blocks_too_long"}
    | {"msg_too_long", "no_permission", "not_allowed_token_type", "not_authed", "not_in_channel", "restricted_action"}
    | {"restricted_action_non_threadable_channel", "restricted_action_read_only_channel"}
    | {"restricted_action_thread_locked", "restricted_action_thread_only_channel", "team_access_not_granted"}
    | {"team_not_found", "thread_not_found", "token_expired", "token_revoked", "two_factor_setup_required"}
)
"""What no other attempt will change. An error that is in no list is tried again for as long as any."""
_AT_FAULT = {
    "invalid_blocks": "blocks",
    "invalid_blocks_format": "blocks",
    "msg_blocks_too_long": "blocks",
    "invalid_metadata_format": "metadata",
    "invalid_metadata_schema": "metadata",
    "metadata_must_be_sent_from_app": "metadata",
    "metadata_too_large": "metadata",
}
"""Which argument an error is about that a message can do without."""


class RefusedError(Exception):
    """Slack answered `ok: false` for good; the text is its error code."""


class SlackChannel:
    """One channel of one workspace. `buttons` if somebody listens to them; `api` is where its Web API is."""

    def __init__(self, session: ClientSession, room: str, token: str, api: str, *, buttons: bool = False) -> None:
        self._session = session
        self._room = room
        self._token = token
        self._api = api.rstrip("/")
        self._buttons = buttons

    def __repr__(self) -> str:
        return f"SlackChannel({self._room})"

    async def send(self, message: Message) -> Sent:
        """See `Channel`."""
        try:
            return Sent(await self._show(message), PACE)
        except RefusedError as refused:
            raise PermanentDeliveryError(f"slack answered {refused}") from None

    async def _show(self, message: Message) -> str:
        """Post or change the incident's message; what Slack calls it."""
        standing = message.standing
        earlier = self._earlier(standing) if standing else None
        if standing and standing.doubtful and (found := await self._find(message, earlier)):
            return found
        if standing is None or earlier is None:
            return await self._post(message)
        room, ts = earlier
        try:
            await self._write("chat.update", {"channel": room, "ts": ts, **content(message, buttons=self._buttons)})
            below = {"channel": room, "thread_ts": ts, "reply_broadcast": standing.worse}
            await self._write("chat.postMessage", below | reply(message))
        except RefusedError:  # it was deleted, or its thread is locked: what happened is told all the same
            return await self._post(message)
        return f"{room}/{ts}"

    def _earlier(self, standing: Standing) -> tuple[str, str] | None:
        """Channel and `ts` of the incident's message, if it is where messages go now; a person's is named anew."""
        room, _, ts = standing.sent_as.partition("/")
        return (room, ts) if ts and (room == self._room or self._room.startswith(("U", "W"))) else None

    async def _post(self, message: Message) -> str:
        answer = await self._write(
            "chat.postMessage", {"channel": self._room, **content(message, buttons=self._buttons)}
        )
        return f"{answer.get('channel', self._room)}/{answer.get('ts', '')}"

    async def _find(self, message: Message, earlier: tuple[str, str] | None) -> str | None:
        """What Slack calls the incident's message, if this one is there already; None too where we may not look."""
        room, ts = earlier or (self._room, "")
        method = "conversations.replies" if ts else "conversations.history"
        query = {"channel": room, "limit": str(LOOKED_THROUGH), "include_all_metadata": "true"}
        try:
            answer = await self._call(method, query=query | ({"ts": ts} if ts else {}))
        except RefusedError:
            return None
        found = next((each for each in answer.get("messages", ()) if key_of(each) == message.key), None)
        return None if found is None else f"{room}/{ts or found['ts']}"

    async def _write(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        """Call a method; an argument that Slack refuses and that a message can do without is left out."""
        while True:
            try:
                return await self._call(method, body=body)
            except RefusedError as refused:
                code = str(refused)
                if code == "msg_too_long" and len(body["text"]) > _SHORTER:
                    body = body | {"text": body["text"][:_SHORTER].rpartition(" ")[0]}
                elif (part := _AT_FAULT.get(code)) in body:
                    body = {name: value for name, value in body.items() if name != part}
                else:
                    raise

    async def _call(
        self, method: str, body: dict[str, Any] | None = None, query: dict[str, str] | None = None
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}"}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
            data = msgspec.json.encode(body)
        try:
            async with self._session.request(
                "GET" if body is None else "POST",
                f"{self._api}/{method}",
                data=data,
                params=query,
                headers=headers,
                timeout=_TIMEOUT,
                allow_redirects=False,
            ) as answer:
                return judge(answer.status, answer.headers, await answer.read())
        except ClientConnectorError:
            raise TransientDeliveryError("slack cannot be reached") from None
        except (ClientError, TimeoutError):
            raise TransientDeliveryError("slack did not answer", doubtful=True) from None


def judge(status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """What Slack answered.

    Raises:
        RefusedError: it will answer so again.
        TransientDeliveryError: it may answer otherwise later; `doubtful` where it may have done what was asked.
    """
    if status == _TOO_MANY:
        raise TransientDeliveryError(f"slack answered {status}", _retry_after(headers))
    if status >= _SERVER_ERROR:
        raise TransientDeliveryError(f"slack answered {status}", _retry_after(headers), doubtful=True)
    try:
        answer = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        if status != _OK:
            raise RefusedError(str(status)) from None
        raise TransientDeliveryError("slack answered what is no JSON", doubtful=True) from None
    if answer.get("ok") is True:
        return answer
    code = str(answer.get("error", status))[:64]
    code = code if code.replace("_", "").isalnum() else "an unknown error"
    if code in _PERMANENT or code in _AT_FAULT:
        raise RefusedError(code)
    raise TransientDeliveryError(f"slack answered {code}", _retry_after(headers), doubtful=code in _HALF_DONE)


def _retry_after(headers: Mapping[str, str]) -> Span | None:
    """Whole seconds, as Slack gives them."""
    asked = headers.get("Retry-After", "")
    return int(asked) * SECOND if asked.isascii() and asked.isdigit() and len(asked) < len("1000000") else None
