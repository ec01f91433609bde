"""MQTT 5: mentions that a broker hands over, acknowledged once they are committed.

Every peculiarity of aiomqtt and of the paho client inside it is dealt with here and nowhere else:

- aiomqtt acknowledges on arrival and keeps a queue of its own. We take messages from paho's callback and acknowledge by
  hand, in the order of arrival as MQTT 5 demands.
- The broker's Receive Maximum does not bound what piles up here; not reading the socket does. aiomqtt's reader of the
  socket cannot be put back once removed, so ours takes its place.
- While nothing is read, the broker's answers to our pings lie unread too, and paho would take it for dead.
- aiomqtt connects in a thread that goes on when its caller is cancelled, and its orderly farewell may raise instead of
  letting a cancellation through; its waits may overhear one.
"""

import asyncio
import contextlib
import random
import ssl
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol, TypeVar

import aiomqtt
from paho.mqtt.client import Client as Paho
from paho.mqtt.client import ConnectFlags, MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from buzzwatch.clock import Clock
from buzzwatch.model.instant import MINUTE, SECOND, Instant, Span
from buzzwatch.model.receipt import Receipt
from buzzwatch.sources.intake import Intake

_T = TypeVar("_T")

_LARGEST_PACKET = 16 * 1024 * 1024
"""Twice what is accepted: somewhat too large is refused and recorded, absurdly large never leaves the broker."""
_BURST = 64
"""Messages read before the rest of the daemon gets its turn."""
_FIRST_WAIT: Span = SECOND
_LONGEST_WAIT: Span = MINUTE
_STEADY: Span = MINUTE
"""A connection that lasted so long is followed by a quick attempt; a shorter one counts as a failure."""

_AT_LEAST_ONCE = 1
_FORGOTTEN = "the broker has forgotten our session: what was published while we were away may be lost"
_REMEDIES = {
    133: "the broker refuses the client id: change client_id",
    134: "the broker refuses the user or the password: check both",
    135: "the broker refuses the user or the password: check both, and the user's rights",
    138: "the broker has banned this client: ask its operator",
    142: "another client has taken our client id: give each its own client_id",
}
"""Answers that trying again soon does not change, by MQTT 5 reason code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where to hear and what. `session_expiry` and `keepalive` are seconds.

    `client_id` must stay the same from start to start, and be ours alone: the broker keeps our place under it.

    Raises:
        ValueError: on a topic filter that MQTT does not know, on a number out of range.
    """

    host: str
    port: int
    client_id: str
    topics: tuple[str, ...]
    tls: bool = False
    ca_file: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    session_expiry: int = 7 * 24 * 3600
    receive_maximum: int = 200
    keepalive: int = 30

    def __post_init__(self) -> None:
        if not self.host or not self.client_id or not self.topics:
            raise ValueError("host, client_id and topics must not be empty")
        for topic in self.topics:
            aiomqtt.Wildcard(topic)  # raises, naming it
        for name, low, high in (
            ("port", 1, 65_535),
            ("receive_maximum", 1, 65_535),
            ("keepalive", 1, 65_535),
            ("session_expiry", 0, 2**32 - 1),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} is {getattr(self, name)}: give a number from {low} to {high}")


class Mqtt:
    """Hears a broker for as long as the daemon lives; see `sources.intake.Source`."""

    def __init__(self, name: str, broker: Broker, chance: random.Random | None = None) -> None:
        self.name = name
        self._broker = broker
        self._chance = chance or random.Random()  # noqa: S311 - spreads reconnects of many clients, guards nothing

    async def run(self, intake: Intake, clock: Clock) -> None:
        """Hear until cancelled.

        Raises:
            ValueError: the `ca_file` cannot be read.
        """
        tls = self._tls()
        had_session = False
        deaf_since: Instant | None = None
        failures = 0

        def hear_again(*, session_present: bool) -> None:
            nonlocal had_session, deaf_since
            forgotten = had_session and not session_present
            if deaf_since is not None:
                intake.gap(self.name, deaf_since, clock.now())
            intake.status(self.name, connected=True, why=_FORGOTTEN if forgotten else "")
            had_session, deaf_since = True, None

        while True:
            why, hopeless = "", False
            link = _Link(self.name, self._broker, tls, intake, clock)
            try:
                await _cancellable(link.hear(hear_again))
            except* aiomqtt.MqttError as errors:
                why, hopeless = self._explain(errors.exceptions[0])
            if deaf_since is None:
                deaf_since = link.surely_heard_until()
            intake.status(self.name, connected=False, why=why)
            failures = 1 if link.lasted() >= _STEADY else failures + 1
            await clock.wait_until(clock.now() + self._wait(failures, hopeless=hopeless))

    def _wait(self, failures: int, *, hopeless: bool) -> Span:
        longest = _LONGEST_WAIT if hopeless else min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(failures - 1, 10))
        return int(longest * self._chance.uniform(0.5, 1))

    def _tls(self) -> ssl.SSLContext | None:
        if not self._broker.tls:
            return None
        try:
            context = ssl.create_default_context(cafile=self._broker.ca_file)
        except OSError as error:
            raise ValueError(
                f"source {self.name}: ca_file {self._broker.ca_file}: {error}; give a readable file of PEM certificates"
            ) from error
        context.sslsocket_class = _TidySocket
        return context

    def _explain(self, error: BaseException) -> tuple[str, bool]:
        """Why the broker is not heard, for people; whether trying again soon is hopeless."""
        place = f"{self._broker.host}:{self._broker.port}"
        if isinstance(error, _RefusedError):
            return f"{place}: {error}", True
        if isinstance(error.__context__, ssl.SSLCertVerificationError):
            return f"{place}: {error}; check ca_file and that the certificate bears this host name", True
        cause = error if isinstance(error, aiomqtt.MqttCodeError) else error.__cause__ or error
        code = cause.rc if isinstance(cause, aiomqtt.MqttCodeError) else None
        if isinstance(code, ReasonCode):
            return f"{place}: {_REMEDIES.get(code.value, 'the connection ended')} ({code})", code.value in _REMEDIES
        return f"{place}: {cause}", False


class _RefusedError(aiomqtt.MqttError):
    """The broker is there and does not give what was asked."""


class _TidySocket(ssl.SSLSocket):
    """Closes when the handshake fails, which paho forgets to do."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - as inherited
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


class _Socket(Protocol):
    def fileno(self) -> int: ...
    def close(self) -> None: ...


class _Opened(Protocol):
    def __call__(self, *, session_present: bool) -> None: ...


class _Link:
    """One connection, from the attempt to its loss."""

    def __init__(self, source: str, broker: Broker, tls: ssl.SSLContext | None, intake: Intake, clock: Clock) -> None:
        self._source = source
        self._broker = broker
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
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            keepalive=broker.keepalive,
            properties=_connect_properties(broker),
            tls_context=tls,
        )
        self._paho: Paho = self._client._client  # noqa: SLF001 - what follows exists only there
        self._paho.manual_ack_set(True)
        self._paho.on_message = self._take
        self._paho.on_connect = self._note_session

    async def hear(self, opened: _Opened) -> NoReturn:
        """Connect, subscribe, call `opened`, hand over what comes.

        Raises:
            ExceptionGroup: of `aiomqtt.MqttError`, once the connection is lost or could not be made.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                await _cancellable(self._client.__aenter__())
                self._own_socket()
                tasks.create_task(self._notice_loss())
                tasks.create_task(self._notice_fault())
                tasks.create_task(self._throttle())
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

    async def _subscribe(self) -> None:
        # Retained messages only on a new subscription, or every reconnect would bring them again.
        options = SubscribeOptions(qos=_AT_LEAST_ONCE, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
        topics = self._broker.topics
        granted = await _cancellable(self._client.subscribe([(topic, options) for topic in topics]))
        refused = [f"{topic}: {code}" for topic, code in zip(topics, granted, strict=True) if code != _AT_LEAST_ONCE]
        if refused:
            raise _RefusedError(
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


async def _cancellable(work: Coroutine[Any, Any, _T]) -> _T:
    """Await work that ends when cancelled, but perhaps not as cancelled: then we do.

    Before Python 3.12 that is so of `asyncio.wait_for` when its result comes at the same time, and of a task group that
    is failing already.
    """
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _connect_properties(broker: Broker) -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho left it so
    properties.SessionExpiryInterval = broker.session_expiry
    properties.ReceiveMaximum = broker.receive_maximum
    properties.MaximumPacketSize = _LARGEST_PACKET
    return properties


def _abandon(_client: Paho, _userdata: object, sock: _Socket) -> NoReturn:
    """Close what a thread connected after we had stopped waiting for it."""
    sock.close()
    raise ConnectionAbortedError
