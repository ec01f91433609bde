"""Slack by a bot token: one message for each incident, changed in place, with what changed in its thread.

Methods, errors and limits as documented at https://docs.slack.dev/reference/methods (`chat.postMessage`, `chat.update`,
`conversations.history`, `conversations.replies`) and https://docs.slack.dev/apis/web-api/rate-limits.

Slack has no documented key for idempotent posting. Each message carries its own key as metadata: one that may have
left before is looked for by that key, where the token may read the channel, before it is posted again.
"""

from typing import Any

from buzzwatch.delivery.channel import PermanentDeliveryError, Sent
from buzzwatch.delivery.channels.slack_blocks import content, key_of, reply
from buzzwatch.delivery.slack_api import RefusedError, SlackApi
from buzzwatch.model.instant import SECOND, Span
from buzzwatch.model.notification import Message, Standing

PACE: Span = SECOND
"""Slack allows an app about one message a second in a channel."""
LOOKED_THROUGH = 100
"""The newest messages of a channel or thread, among which one that may have left is looked for."""
_SHORTER = 1_000
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


class SlackChannel:
    """One channel of one workspace; `buttons` if somebody listens to them."""

    def __init__(self, api: SlackApi, room: str, *, buttons: bool = False) -> None:
        self._api = api
        self._room = room
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
            answer = await self._api.call(method, query=query | ({"ts": ts} if ts else {}))
        except RefusedError:
            return None
        found = next((each for each in answer.get("messages", ()) if key_of(each) == message.key), None)
        return None if found is None else f"{room}/{ts or found['ts']}"

    async def _write(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        """Call a method; an argument that Slack refuses and that a message can do without is left out."""
        while True:
            try:
                return await self._api.call(method, body=body)
            except RefusedError as refused:
                code = str(refused)
                if code == "msg_too_long" and len(body["text"]) > _SHORTER:
                    body = body | {"text": body["text"][:_SHORTER].rpartition(" ")[0]}
                elif (part := _AT_FAULT.get(code)) in body:
                    body = {name: value for name, value in body.items() if name != part}
                else:
                    raise
