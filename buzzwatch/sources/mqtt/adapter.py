"""MQTT 5 and 3.1.1: mentions that a broker hands over, acknowledged once they are committed.

See `sources.mqtt.link` for one connection; here is what stays from one to the next. OASIS, MQTT Version 5.0 (2019) and
Version 3.1.1 (2014).
"""

import random
import ssl

import aiomqtt
import msgspec
from paho.mqtt.reasoncodes import ReasonCode

from buzzwatch.clock import Clock
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import MINUTE, Instant, Span
from buzzwatch.sources.backoff import Backoff
from buzzwatch.sources.cancelling import cancellable
from buzzwatch.sources.intake import Intake
from buzzwatch.sources.mqtt.broker import Broker
from buzzwatch.sources.mqtt.link import Link, RefusedError, TidySocket

_STEADY: Span = MINUTE
"""A connection that lasted so long is followed by a quick attempt; a shorter one counts as a failure."""
_FORGOTTEN = "the broker has forgotten our session: what was published while we were away may be lost"
_REMEDIES = {
    132: 'the broker does not speak this version of MQTT: write `version: "3.1.1"`, or leave it out for 5',
    133: "the broker refuses the client id: change client_id",
    134: "the broker refuses the user or the password: check both",
    135: "the broker refuses the user or the password: check both, and the user's rights",
    138: "the broker has banned this client: ask its operator",
    142: "another client has taken our client id: give each its own client_id",
}
"""Answers that trying again soon does not change, by MQTT 5 reason code; paho tells those of 3.1.1 by the same."""
_TOPICS = msgspec.json.Decoder(set[str])


class Mqtt:
    """Hears a broker for as long as the daemon lives; see `sources.intake.Source`.

    Its cursor says what our session at a broker was last subscribed to, and so that there was one.
    """

    def __init__(self, name: str, broker: Broker, chance: random.Random | None = None) -> None:
        self.name = name
        self._broker = broker
        self._backoff = Backoff(chance=chance)
        self._cursor = f"{broker.client_id}@{broker.place}"

    async def run(self, intake: Intake, clock: Clock) -> None:
        """Hear until cancelled.

        Raises:
            ValueError: the `ca_file` cannot be read.
        """
        tls = self._tls()
        deaf_since: Instant | None = None
        known = _read(intake.cursors(self.name).get(self._cursor, ""))
        wanted = set(self._broker.topics)

        def hear_again(*, session_present: bool) -> None:
            nonlocal deaf_since, known
            forgotten = bool(known) and not session_present
            if deaf_since is not None:
                intake.gap(self.name, deaf_since, clock.now())
            intake.status(
                self.name,
                connected=True,
                why=_FORGOTTEN if forgotten else "",
                ail=Ail.GAP if forgotten else None,
            )
            deaf_since = None
            if known != wanted:
                intake.submit(self.name, b"", {self._cursor: msgspec.json.encode(sorted(wanted)).decode()})
                known = wanted

        while True:
            why, hopeless = "", False
            link = Link(self.name, self._broker, tls, intake, clock, known - wanted)
            try:
                await cancellable(link.hear(hear_again))
            except* aiomqtt.MqttError as errors:
                why, hopeless = self._explain(errors.exceptions[0])
            if deaf_since is None:
                deaf_since = link.surely_heard_until()
            intake.status(self.name, connected=False, why=why, ail=Ail.REFUSED if hopeless else None)
            if link.lasted() >= _STEADY:
                self._backoff.succeed()
            await clock.wait_until(clock.now() + self._backoff.fail(hopeless=hopeless))

    def _tls(self) -> ssl.SSLContext | None:
        if not self._broker.tls:
            return None
        try:
            context = ssl.create_default_context(cafile=self._broker.ca_file)
        except OSError as error:
            raise ValueError(
                f"source {self.name}: ca_file {self._broker.ca_file}: {error}; give a readable file of PEM certificates"
            ) from error
        context.sslsocket_class = TidySocket
        return context

    def _explain(self, error: BaseException) -> tuple[str, bool]:
        """Why the broker is not heard, for people; whether trying again soon is hopeless."""
        place = self._broker.place
        if isinstance(error, RefusedError):
            return f"{place}: {error}", True
        if isinstance(error.__context__, ssl.SSLCertVerificationError):
            return f"{place}: {error}; check ca_file and that the certificate bears this host name", True
        cause = error if isinstance(error, aiomqtt.MqttCodeError) else error.__cause__ or error
        code = cause.rc if isinstance(cause, aiomqtt.MqttCodeError) else None
        if isinstance(code, ReasonCode):
            return f"{place}: {_REMEDIES.get(code.value, 'the connection ended')} ({code})", code.value in _REMEDIES
        return f"{place}: {cause}", False


def _read(cursor: str) -> set[str]:
    """The topics that a cursor names; none where it is not one of ours."""
    try:
        return _TOPICS.decode(cursor)
    except msgspec.DecodeError:
        return set()
