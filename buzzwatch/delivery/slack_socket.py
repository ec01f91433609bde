"""Presses of Slack's buttons by Socket Mode: a WebSocket that we open, so that nothing need be open to the world.

https://docs.slack.dev/apis/events-api/using-socket-mode: `apps.connections.open` gives an address that is good for one
connection. Each envelope is acknowledged within three seconds by its `envelope_id`, and Slack asks us to connect anew
every few hours.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import msgspec
import structlog
from aiohttp import ClientError, ClientSession, ClientWebSocketResponse, WSMsgType

from buzzwatch.clock import Clock
from buzzwatch.delivery.channel import TransientDeliveryError
from buzzwatch.delivery.slack_api import RefusedError, SlackApi
from buzzwatch.model.instant import MINUTE, SECOND, Span

FIRST_WAIT: Span = SECOND
LONGEST_WAIT: Span = MINUTE
REFUSED_WAIT: Span = 10 * MINUTE
"""After what only a person can mend: a wrong token, Socket Mode switched off."""
_HEARTBEAT_S = 20.0
_MOST_AT_WORK = 100

Note: TypeAlias = Callable[[bool, str], None]
"""Takes whether presses are heard now, and if not, why."""
Hear: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]
"""Takes the payload of an interaction."""

_log = structlog.get_logger()
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class SlackSocket:
    """Stays connected as long as it runs; what is pressed while it is not, Slack tells the person who pressed."""

    def __init__(
        self,
        session: ClientSession,
        api: Callable[[], SlackApi],
        hear: Hear,
        clock: Clock,
        note: Note = lambda _heard, _why: None,
    ) -> None:
        self._session = session
        self._api = api
        self._hear = hear
        self._clock = clock
        self._note = note
        self._failures = 0
        self._at_work: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Connect and listen until cancelled."""
        try:
            while True:
                pause = await self._connect()
                if pause:
                    await self._clock.wait_until(self._clock.now() + pause)
        finally:
            for task in self._at_work:
                task.cancel()

    async def _connect(self) -> Span:
        """One connection, to its end; how long to wait before the next."""
        try:
            opened = await self._api().call("apps.connections.open", body={})
            async with self._session.ws_connect(str(opened["url"]), heartbeat=_HEARTBEAT_S) as socket:
                if await self._listen(socket):
                    return 0
            why = "the connection ended"
        except RefusedError as refused:
            _log.error("slack_answers_refused", why=str(refused))
            self._note(False, f"Slack refuses: {refused}")
            return REFUSED_WAIT
        except TransientDeliveryError as error:
            why = str(error)
        except (ClientError, OSError, KeyError, ValueError, RecursionError) as error:
            # its text may hold the address, a secret
            why = type(error).__name__
        self._failures += 1
        self._note(False, why)
        pause: Span = min(LONGEST_WAIT, FIRST_WAIT << min(self._failures - 1, 10))
        _log.warning("slack_answers_lost", why=why, again_in=pause)
        return pause

    async def _listen(self, socket: ClientWebSocketResponse) -> bool:
        """Take envelopes until Slack asks for another connection (True) or the connection ends."""
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            envelope = _decode(message.data)
            if envelope.get("type") == "hello":
                self._failures = 0
                self._note(True, "")
                _log.info("slack_answers_heard")
            elif envelope.get("type") == "disconnect":
                if envelope.get("reason") == "link_disabled":
                    raise RefusedError("link_disabled")
                return True
            elif "envelope_id" in envelope:
                await socket.send_json({"envelope_id": envelope["envelope_id"]})
                self._begin(envelope)
        return False

    def _begin(self, envelope: dict[str, Any]) -> None:
        payload = envelope.get("payload")
        if envelope.get("type") != "interactive" or not isinstance(payload, dict):
            return
        if len(self._at_work) >= _MOST_AT_WORK:
            _log.error("slack_answer_dropped", why="too many at once")
            return
        task = asyncio.ensure_future(self._work(payload))
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    async def _work(self, payload: dict[str, Any]) -> None:
        try:
            await self._hear(payload)
        except Exception as error:  # noqa: BLE001 - one press that fails must not end the listening
            _log.error("slack_answer_failed", why=type(error).__name__)
