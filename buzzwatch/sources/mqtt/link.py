"""One connection to an MQTT broker, from the attempt to its loss.

Every peculiarity of aiomqtt and of the paho client inside it is dealt with here and nowhere else:

- aiomqtt acknowledges on arrival and keeps a queue of its own. We take messages from paho's callback and acknowledge by
  hand, in the order of arrival as MQTT demands (3.1.1 and 5.0, section 4.6).
- The broker's Receive Maximum does not bound what piles up here, and MQTT 3.1.1 has none; not reading the socket does.
  aiomqtt's reader of the socket cannot be put back once removed, so ours takes its place.
- While nothing is read, the broker's answers to our pings lie unread too, and paho would take it for dead.
- paho gathers whatever a packet is long; a broker of MQTT 3.1.1 cannot be told to keep absurd ones to itself.
- aiomqtt connects in a thread that goes on when its caller is cancelled, and its orderly farewell may raise instead of
  letting a cancellation through; its waits may overhear one.
"""

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Collection
from typing import Any, NoReturn, Protocol, Self

import aiomqtt
from paho.mqtt.client import Client as Paho
from paho.mqtt.client import ConnectFlags, MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from buzzwatch.clock import Clock
from buzzwatch.model.instant import SECOND, Instant, Span
from buzzwatch.model.receipt import Receipt
from buzzwatch.sources.cancelling import cancellable
from buzzwatch.sources.intake import Intake
from buzzwatch.sources.mqtt.broker import Broker, Version
from buzzwatch.sources.mqtt.topic import is_shared

_LARGEST_PACKET = 16 * 1024 * 1024
"""Twice what is accepted: somewhat too large is refused and recorded, absurdly large never leaves the broker."""
_BURST = 64
"""Messages read before the rest of the daemon gets its turn."""
_AT_LEAST_ONCE = 1


class RefusedError(aiomqtt.MqttError):
    """The broker is there and does not give what was asked."""


class TidySocket(ssl.SSLSocket):
    """Closes when the handshake fails, which paho forgets to do."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - as inherited
        """Shake hands, or close. Raises `OSError`."""
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


class _Socket(Protocol):
    def fileno(self) -> int: ...
    def close(self) -> None: ...


class Opened(Protocol):
    """What is called once we hear."""

    def __call__(self, *, session_present: bool) -> None:
        """Take note, and of whether the broker had kept our session."""


class Link:
    """One connection. `left` are topics that our session may hold and that are not wanted any more."""

    def __init__(
        self,
        source: str,
        broker: Broker,
        tls: ssl.SSLContext | None,
        intake: Intake,
        clock: Clock,
        left: Collection[str] = (),
    ) -> None:
        self._source = source
        self._broker = broker
        self._left = sorted(left)
        self._intake = intake
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._brimming = asyncio.Event()
        self._fault: asyncio.Future[Exception] = self._loop.create_future()
        self._unacknowledged: deque[tuple[int, asyncio.Future[Receipt]]] = deque()
        self._taken = 0
        self._session_present = False
        self._tried_at = self._heard_at = clock.now()
        self._opened_at: Instant | None = None
        self._client = aiomqtt.Client(
            broker.host,
            broker.port,
            identifier=broker.client_id,
            username=broker.user,
            password=broker.password,
            keepalive=broker.keepalive,
            tls_context=tls,
            **_session(broker),
        )
        self._paho: Paho = self._client._client  # noqa: SLF001 - what follows exists only there
        self._paho.manual_ack_set(True)
        self._paho.on_message = self._take
        self._paho.on_connect = self._note_session

    async def hear(self, opened: Opened) -> NoReturn:
        """Connect, subscribe, call `opened`, hand over what comes.

        Raises:
            ExceptionGroup: of `aiomqtt.MqttError`, once the connection is lost or could not be made.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                await cancellable(self._client.__aenter__())
                self._own_socket()
                tasks.create_task(self._notice_loss())
                tasks.create_task(self._notice_fault())
                tasks.create_task(self._throttle())
                await self._unsubscribe()
                await self._subscribe()
                opened(session_present=self._session_present)
        finally:
            await self._close()
        raise AssertionError("unreachable: watching a connection ends by raising")

    def surely_heard_until(self) -> Instant:
        """The last instant at which the connection surely stood: a silent death shows after two ping intervals."""
        if self._opened_at is None:
            return self._tried_at
        unsure = (2 * self._paho.keepalive + 1) * SECOND
        return max(self._heard_at, self._clock.now() - unsure)

    def lasted(self) -> Span:
        """How long we were connected."""
        return 0 if self._opened_at is None else self._clock.now() - self._opened_at

    # Connecting and closing

    def _note_session(
        self, client: Paho, userdata: object, flags: ConnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        self._session_present = flags.session_present
        self._client._on_connect(client, userdata, flags, code, properties)  # noqa: SLF001 - it drops the flag

    def _own_socket(self) -> None:
        """Take over reading and writing from aiomqtt: see the module's first lines.

        Its writer is registered through the loop's queue, at a time when we may have closed the socket and its number
        may be another's.
        """
        self._opened_at = self._heard_at = self._clock.now()
        self._paho.on_socket_register_write = self._write_soon
        if not self._brimming.is_set():
            self._listen()

    async def _notice_loss(self) -> None:
        # No message ever comes this way; losing the connection raises.
        await anext(self._client.messages)

    async def _notice_fault(self) -> NoReturn:
        error = await self._fault
        raise aiomqtt.MqttError(f"a packet could not be taken in ({type(error).__name__})")

    async def _unsubscribe(self) -> None:
        """A session keeps what was once subscribed to, and would bring the messages of a topic now shared twice."""
        if self._left:
            await cancellable(self._client.unsubscribe(self._left))

    async def _subscribe(self) -> None:
        topics = self._broker.topics
        asked: Any = [(topic, _AT_LEAST_ONCE) for topic in topics]
        if self._broker.version is Version.V5:
            asked = [(topic, _options(topic)) for topic in topics]
        granted = await cancellable(self._client.subscribe(asked))
        refused = [f"{topic}: {code}" for topic, code in zip(topics, granted, strict=True) if code != _AT_LEAST_ONCE]
        if refused:
            raise RefusedError(
                f"the broker does not let us subscribe with QoS 1 ({'; '.join(refused)}): check topics and rights"
            )

    async def _close(self) -> None:
        """Say goodbye as far as the socket takes it at once, and leave nothing behind."""
        self._paho.on_socket_open = _abandon
        try:
            if self._opened_at is None:
                await asyncio.sleep(0)  # lets run what the connecting thread has put on the loop, to be undone below
            else:
                self._paho.disconnect()
                self._paho.loop_write()
        finally:
            self._paho._sock_close()  # noqa: SLF001 - nothing public closes for sure

    # Reading and writing

    def _listen(self) -> None:
        if sock := self._paho.socket():
            self._loop.add_reader(sock.fileno(), self._read)

    def _deafen(self) -> None:
        if sock := self._paho.socket():
            self._loop.remove_reader(sock.fileno())

    def _read(self) -> None:
        try:
            for _ in range(_BURST):
                taken = self._taken
                self._bound()
                self._paho.loop_read()
                if self._brimming.is_set() or (taken == self._taken and not self._decrypted()):
                    return
        except Exception as error:  # noqa: BLE001 - a hostile broker can make paho raise anything
            self._deafen()
            if not self._fault.done():
                self._fault.set_result(error)
            return
        if self._decrypted():
            self._loop.call_soon(self._read)

    def _bound(self) -> None:
        packet = self._paho._in_packet  # noqa: SLF001 - gathered nowhere else
        if not packet["packet"]:
            packet["packet"] = _Bounded()

    def _decrypted(self) -> bool:
        """Bytes wait inside the TLS layer, where the loop does not see them."""
        sock = self._paho.socket()
        return isinstance(sock, ssl.SSLSocket) and sock.pending() > 0

    def _write_soon(self, _client: Paho, _userdata: object, sock: _Socket) -> None:
        self._loop.add_writer(sock.fileno(), self._paho.loop_write)

    # Taking and acknowledging

    def _take(self, _client: Paho, _userdata: object, message: MQTTMessage) -> None:
        self._taken += 1
        self._heard_at = self._clock.now()
        receipt = self._intake.submit(self._source, bytes(message.payload))
        if message.qos == _AT_LEAST_ONCE:
            self._unacknowledged.append((message.mid, receipt))
            receipt.add_done_callback(self._acknowledge)
        if self._intake.full:
            self._brimming.set()
            self._deafen()

    def _acknowledge(self, _receipt: asyncio.Future[Receipt]) -> None:
        while self._unacknowledged and self._unacknowledged[0][1].done():
            mid, receipt = self._unacknowledged.popleft()
            if not receipt.cancelled() and receipt.exception() is None:
                self._paho.ack(mid, _AT_LEAST_ONCE)

    async def _throttle(self) -> NoReturn:
        """Listen again once there is room."""
        while True:
            await self._brimming.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._paho.keepalive / 2):
                    await self._intake.room()
                    self._brimming.clear()
                    self._listen()
                    self._read()
            self._paho._ping_t = 0.0  # noqa: SLF001 - an answer that we do not read is not missing; pings go on


def _session(broker: Broker) -> dict[str, Any]:
    """What asks the broker to keep our place, in the words of the protocol's version."""
    if broker.version is not Version.V5:
        return {"protocol": aiomqtt.ProtocolVersion.V311, "clean_session": False}
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho left it so
    properties.SessionExpiryInterval = broker.session_expiry
    properties.ReceiveMaximum = broker.receive_maximum
    properties.MaximumPacketSize = _LARGEST_PACKET
    return {"protocol": aiomqtt.ProtocolVersion.V5, "clean_start": False, "properties": properties}


def _options(topic: str) -> SubscribeOptions:
    """Retained messages only on a new subscription, or every reconnect would bring them again.

    A shared subscription never brings any (MQTT 5.0, section 4.8.2), and there is nothing to ask for.
    """
    handling = SubscribeOptions.RETAIN_DO_NOT_SEND if is_shared(topic) else SubscribeOptions.RETAIN_SEND_IF_NEW_SUB
    return SubscribeOptions(qos=_AT_LEAST_ONCE, retainHandling=handling)


class _Bounded(bytearray):
    """What is gathered of a packet; of an absurdly long one the end is dropped, and the intake refuses the rest."""

    def __iadd__(self, more: Any) -> Self:  # type: ignore[misc] # noqa: ANN401 - as inherited, but for `+`, unused
        self.extend(more[: max(0, _LARGEST_PACKET - len(self))])
        return self


def _abandon(_client: Paho, _userdata: object, sock: _Socket) -> NoReturn:
    """Close what a thread connected after we had stopped waiting for it."""
    sock.close()
    raise ConnectionAbortedError
