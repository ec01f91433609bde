import asyncio
import random
import signal
import socket
import ssl
import struct
import sys
from collections import defaultdict
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from buzzwatch.clock import VirtualClock, settle
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import MINUTE
from buzzwatch.sources.mqtt.adapter import Mqtt
from buzzwatch.sources.mqtt.broker import Broker, Version
from buzzwatch.sources.mqtt.topic import is_filter

TOPIC = "mentions/acme"
WAYS = {
    "5": {},
    "3.1.1": {"version": Version.V3},
    "shared": {"topics": ("$share/group/mentions/#",)},
}
in_every_way = pytest.mark.parametrize("settings", WAYS.values(), ids=WAYS)
in_both_versions = pytest.mark.parametrize("settings", [WAYS["5"], WAYS["3.1.1"]], ids=["5", "3.1.1"])


@pytest.fixture
async def intake(intake):
    """As elsewhere, but keeps what only moves cursors apart from what was heard."""
    take = intake.submit

    def submit(source, payload, cursors=None):
        if not cursors:
            return take(source, payload)
        assert payload == b""
        intake.moved |= cursors
        return asyncio.get_running_loop().create_future()

    intake.submit = submit
    return intake


def mqtt(broker, **settings):
    standard = {
        "host": broker.host,
        "port": broker.port,
        "client_id": "bw-test",
        "topics": ("mentions/#",),
    }
    return Mqtt("broker", Broker(**standard | settings), random.Random(7))


def secured(broker, **settings):
    access = {"tls": True, "ca_file": broker.ca_file, "user": broker.user, "password": broker.password}
    return mqtt(broker, **access | settings)


def numbered(count):
    return [b'{"id": "%d"}' % number for number in range(count)]


async def publish(broker, payloads, topic=TOPIC, **options):
    await asyncio.to_thread(broker.publish, topic, payloads, **options)


async def leave_session(broker, start, intake, clock, **settings):
    """Connect once and go, so that the broker keeps what comes for us from then on."""
    task = start(mqtt(broker, **settings), clock)
    await intake.until_connected()
    task.cancel()
    await asyncio.wait({task})
    intake.statuses.clear()


# With a real broker


async def test_payloads_pass_untouched(broker, start, intake, hasty_clock):
    payloads = [
        b'{"id": "1"}',
        b'[{"id": "1"},\n {"id": "2"}]',
        b'{"id": "1"}\n{"id": "2"}\n',
        b"\x00\xff no JSON",
        b"",
    ]
    start(mqtt(broker), hasty_clock)
    await intake.until_connected()
    await publish(broker, payloads)
    await intake.until(lambda: len(intake.payloads) == len(payloads))
    assert intake.payloads == payloads


async def test_several_topics_are_heard_and_others_are_not(broker, start, intake, hasty_clock):
    start(mqtt(broker, topics=("mentions/+/fr", "press")), hasty_clock)
    await intake.until_connected()
    for topic in ("mentions/acme/fr", "mentions/acme/en", "press"):
        await publish(broker, [topic.encode()], topic)
    await intake.until(lambda: b"press" in intake.payloads)
    assert intake.payloads == [b"mentions/acme/fr", b"press"]


async def test_a_message_without_acknowledgement_is_taken_too(broker, start, intake, hasty_clock):
    start(mqtt(broker), hasty_clock)
    await intake.until_connected()
    await publish(broker, [b"fleeting"], qos=0)
    await intake.until(lambda: intake.payloads == [b"fleeting"])


@in_every_way
async def test_what_a_killed_process_had_not_acknowledged_comes_back(broker, start, intake, hasty_clock, settings):
    payloads = numbered(1000)
    await leave_session(broker, start, intake, hasty_clock, **settings)
    await publish(broker, payloads)
    hoard = Path(__file__).with_name("hoard.py")
    [topic], version = settings.get("topics", ["mentions/#"]), settings.get("version", Version.V5)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, hoard, str(broker.port), "bw-test", topic, "300", version), stdout=asyncio.subprocess.PIPE
    )
    heard = [(await process.stdout.readline()).strip() for _ in range(400)]
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert heard == payloads[:400]

    start(mqtt(broker, **settings), hasty_clock)
    await intake.until(lambda: payloads[-1] in intake.payloads)
    assert set(payloads[300:]) <= set(intake.payloads)
    assert payloads[0] not in intake.payloads


@in_every_way
async def test_nothing_is_lost_while_the_intake_is_full(broker, start, intake, hasty_clock, settings):
    payloads = numbered(2000)
    await leave_session(broker, start, intake, hasty_clock, **settings)
    await publish(broker, payloads)
    deep = 15 if settings.get("version") else 150  # this broker holds back all but 20 where it is told no number
    intake.at_once, intake.high_water, intake.low_water = None, deep, deep // 3
    start(mqtt(broker, **settings), hasty_clock)
    while len(intake.payloads) < len(payloads):
        await intake.until(lambda: intake.full or len(intake.payloads) == len(payloads))
        await settle()
        intake.complete()
    assert intake.payloads == payloads
    assert intake.deepest == deep


async def test_a_long_pause_does_not_cost_the_connection(broker, start, intake, hasty_clock):
    intake.at_once, intake.high_water = None, 1
    start(mqtt(broker, keepalive=2), hasty_clock)
    await intake.until_connected()
    await publish(broker, numbered(3))
    await intake.until(lambda: intake.full)
    await asyncio.to_thread(broker.wait_for_log, "Received PINGREQ from bw-test", times=3)
    intake.high_water = 10
    intake.complete()
    await intake.until(lambda: intake.payloads == numbered(3))
    assert intake.statuses == [(True, "")]


@in_every_way
async def test_an_unacknowledged_message_stays_with_the_broker_after_a_stop(
    broker, start, intake, hasty_clock, settings
):
    intake.at_once = None
    task = start(mqtt(broker, **settings), hasty_clock)
    await intake.until_connected()
    await publish(broker, [b"first", b"second", b"third"])
    await intake.until(lambda: len(intake.payloads) == 3)
    intake.complete(1)
    intake.receipts[1].cancel()
    await asyncio.to_thread(broker.wait_for_log, "Received PUBACK from bw-test")
    task.cancel()
    await asyncio.wait({task})
    await asyncio.to_thread(broker.wait_for_log, "Received DISCONNECT from bw-test")

    start(mqtt(broker, **settings), hasty_clock)
    await intake.until(lambda: len(intake.payloads) == 5)
    assert intake.payloads[3:] == [b"second", b"third"]


async def test_receipts_that_came_before_a_stop_are_still_acknowledged(broker, start, intake, hasty_clock):
    intake.at_once = None
    task = start(mqtt(broker), hasty_clock)
    await intake.until_connected()
    await publish(broker, numbered(20))
    await intake.until(lambda: len(intake.payloads) == 20)
    intake.complete()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    await asyncio.to_thread(broker.wait_for_log, "Received PUBACK from bw-test", times=20)


@in_both_versions
async def test_a_restart_of_the_broker_is_a_gap_and_loses_nothing(broker, start, intake, settings):
    clock = VirtualClock(10 * MINUTE)
    start(mqtt(broker, **settings), clock)
    await intake.until_connected()
    await clock.advance(MINUTE)
    await publish(broker, [b"before"])
    await intake.until(lambda: intake.payloads == [b"before"])
    await asyncio.to_thread(broker.stop)
    assert "127.0.0.1" in await intake.until_deaf()
    await asyncio.to_thread(broker.start)
    await publish(broker, [b"meanwhile"])
    await clock.advance(MINUTE)
    await intake.until_connected(times=2)
    await intake.until(lambda: len(intake.payloads) == 2)
    assert intake.payloads == [b"before", b"meanwhile"]
    [(source, since, until)] = intake.gaps
    assert (source, since) == ("broker", 11 * MINUTE)
    assert 11 * MINUTE < until <= 12 * MINUTE
    assert intake.statuses[-1] == (True, "")


async def test_a_quiet_connection_is_not_sure_to_have_heard_the_last_pings(broker, start, intake):
    clock = VirtualClock(0)
    start(mqtt(broker, keepalive=30), clock)
    await intake.until_connected()
    await clock.advance(10 * MINUTE)
    await asyncio.to_thread(broker.stop)
    await intake.until_deaf()
    await asyncio.to_thread(broker.start)
    await clock.advance(MINUTE)
    await intake.until_connected(times=2)
    assert intake.gaps[0][1] == 10 * MINUTE - 61_000


@in_both_versions
async def test_a_broker_that_forgot_us_is_reported(broker, start, intake, settings):
    clock = VirtualClock(0)
    start(mqtt(broker, **settings), clock)
    await intake.until_connected()
    await asyncio.to_thread(broker.stop)
    broker.forget()
    await intake.until_deaf()
    await asyncio.to_thread(broker.start)
    await clock.advance(MINUTE)
    await intake.until_connected(times=2)
    assert "forgotten our session" in intake.statuses[-1][1]
    assert intake.ails[-1] is Ail.GAP


@in_both_versions
async def test_a_broker_that_forgot_us_while_we_were_stopped_is_reported(broker, start, intake, hasty_clock, settings):
    await leave_session(broker, start, intake, hasty_clock, **settings)
    await asyncio.to_thread(broker.stop)
    broker.forget()
    await asyncio.to_thread(broker.start)
    start(mqtt(broker, **settings), hasty_clock)
    await intake.until_connected()
    assert "forgotten our session" in intake.statuses[-1][1]


@in_both_versions
async def test_a_first_connection_and_a_kept_session_are_nothing_to_report(
    broker, start, intake, hasty_clock, settings
):
    for _ in range(2):
        task = start(mqtt(broker, **settings), hasty_clock)
        await intake.until_connected()
        assert intake.statuses == [(True, "")]
        intake.statuses.clear()
        task.cancel()
        await asyncio.wait({task})


async def test_the_older_version_asks_for_a_lasting_session(broker, start, intake, hasty_clock):
    start(mqtt(broker, version=Version.V3), hasty_clock)
    await intake.until_connected()
    await asyncio.to_thread(broker.wait_for_log, "as bw-test (p2, c0, k30)")


async def test_what_is_shared_goes_to_one_of_the_group(broker, start, intake, hasty_clock):
    for number in range(2):
        start(mqtt(broker, client_id=f"bw-{number}", topics=("$share/group/mentions/#",)), hasty_clock)
    await intake.until_connected(times=2)
    await publish(broker, numbered(50))
    await intake.until(lambda: len(intake.payloads) == 50)
    await publish(broker, [b"last"])
    await intake.until(lambda: b"last" in intake.payloads)
    assert sorted(intake.payloads) == sorted([*numbered(50), b"last"])


async def test_a_restart_of_the_broker_is_a_gap_for_each_who_shares_and_then_both_hear(broker, start, intake):
    """mosquitto 2.0 keeps the session over its restart and the shared subscription not: only the gap tells of it."""
    clock = VirtualClock(10 * MINUTE)
    for number in range(2):
        start(mqtt(broker, client_id=f"bw-{number}", topics=("$share/group/mentions/#",)), clock)
    await intake.until_connected(times=2)
    await asyncio.to_thread(broker.stop)
    await intake.until_deaf(times=2)
    await asyncio.to_thread(broker.start)
    await clock.advance(MINUTE)
    await intake.until_connected(times=4)
    assert [since for _, since, _ in intake.gaps] == [10 * MINUTE] * 2
    await publish(broker, numbered(20))
    await intake.until(lambda: set(numbered(20)) <= set(intake.payloads))
    assert {name for name in ("bw-0", "bw-1") if any(f"Sending PUBLISH to {name}" in line for line in broker.log)} == {
        "bw-0",
        "bw-1",
    }


async def test_a_topic_that_became_shared_is_not_heard_the_old_way_too(broker, start, intake, hasty_clock):
    await leave_session(broker, start, intake, hasty_clock)
    start(mqtt(broker, topics=("$share/group/mentions/#",)), hasty_clock)
    await intake.until_connected()
    await publish(broker, numbered(20))
    await intake.until(lambda: len(intake.payloads) == 20)
    await publish(broker, [b"last"])
    await intake.until(lambda: b"last" in intake.payloads)
    assert intake.payloads == [*numbered(20), b"last"]
    assert list(intake.moved.values()) == ['["$share/group/mentions/#"]']


async def test_a_cursor_that_is_none_of_ours_is_left_alone(broker, start, intake, hasty_clock):
    intake.moved[f"bw-test@127.0.0.1:{broker.port}"] = "{"
    start(mqtt(broker), hasty_clock)
    await intake.until_connected()
    assert intake.statuses == [(True, "")]


async def test_a_broker_that_comes_after_us_is_waited_for_and_the_wait_is_a_gap(broker, start, intake):
    await asyncio.to_thread(broker.stop)
    clock = VirtualClock(MINUTE)
    start(mqtt(broker), clock)
    assert "refused" in await intake.until_deaf()
    await clock.advance(MINUTE // 2)
    await intake.until_deaf(times=2)
    await asyncio.to_thread(broker.start)
    await clock.advance(MINUTE)
    await intake.until_connected()
    assert intake.gaps[0][:2] == ("broker", MINUTE)


async def test_tls_and_a_password_are_used(secured_broker, start, intake, hasty_clock):
    start(secured(secured_broker), hasty_clock)
    await intake.until_connected()
    payloads = numbered(500)
    await publish(secured_broker, payloads)
    await intake.until(lambda: len(intake.payloads) == 500)
    assert intake.payloads == payloads


async def test_nothing_is_lost_while_the_intake_is_full_behind_tls(secured_broker, start, intake, hasty_clock):
    intake.at_once, intake.high_water, intake.low_water = None, 20, 5
    start(secured(secured_broker), hasty_clock)
    await intake.until_connected()
    payloads = numbered(500)
    publishing = asyncio.create_task(publish(secured_broker, payloads))
    while len(intake.payloads) < len(payloads):
        await intake.until(lambda: intake.full or len(intake.payloads) == len(payloads))
        intake.complete()
    await publishing
    assert intake.payloads == payloads
    assert intake.deepest <= 20


@in_both_versions
async def test_a_wrong_password_is_reported_without_it_and_retried_slowly(
    secured_broker, start, intake, hasty_clock, settings
):
    start(secured(secured_broker, password="not-this-one", **settings), hasty_clock)
    why = await intake.until_deaf()
    assert "refuses the user or the password" in why
    assert "not-this-one" not in why
    assert intake.ails[0] is Ail.REFUSED
    assert hasty_clock.waits == [] or min(hasty_clock.waits) > MINUTE // 3


async def test_a_certificate_that_nobody_vouches_for_is_refused(secured_broker, start, intake, hasty_clock):
    start(secured(secured_broker, ca_file=None), hasty_clock)
    assert "check ca_file" in await intake.until_deaf()


# With a few bytes in place of a broker: what a real one does too rarely


class Script:
    """Answers every CONNECT and SUBSCRIBE; what else it says, and what it hears, is up to the test."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.connack = bytes(3)  # no session, success, no properties
        self.granted = 1
        self.suback = b"\0"  # no properties
        self.after_suback = b""
        self.acknowledged: asyncio.Queue[int] = asyncio.Queue()
        self.answered = defaultdict(asyncio.Event)
        self._conversations: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def listening(self, tls=None):
        async with await asyncio.start_server(self.serve, self.host, 0, ssl=tls) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield
        for conversation in self._conversations:
            conversation.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)

    async def serve(self, reader, writer):
        self._conversations.append(asyncio.current_task())
        try:
            while head := await reader.read(1):
                body = await reader.readexactly(await self._length(reader))
                match head[0] >> 4:
                    case 1:
                        writer.write(b"\x20" + bytes([len(self.connack)]) + self.connack)
                    case 8:
                        answer = body[:2] + self.suback + bytes([self.granted])
                        writer.write(b"\x90" + bytes([len(answer)]) + answer + self.after_suback)
                    case 4:
                        self.acknowledged.put_nowait(int.from_bytes(body[:2], "big"))
                    case 14:
                        break
                self.answered[head[0] >> 4].set()
        finally:
            writer.transport.abort()

    @staticmethod
    async def _length(reader):
        length = shift = 0
        while True:
            [byte] = await reader.readexactly(1)
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return length


def message(mid, payload, qos=1):
    body = struct.pack("!H", len(TOPIC)) + TOPIC.encode() + struct.pack("!H", mid) + b"\0" + payload
    return bytes([0x30 | qos << 1, len(body)]) + body


@pytest.fixture
async def script():
    script = Script()
    async with script.listening():
        yield script


async def test_acknowledgements_leave_in_the_order_of_arrival(script, start, intake, hasty_clock):
    script.after_suback = b"".join(message(mid, b"%d" % mid) for mid in (7, 3, 9, 5))
    intake.at_once = None
    start(mqtt(script), hasty_clock)
    await intake.until(lambda: len(intake.payloads) == 4)
    third, *others = intake.receipts[2], intake.receipts[3], intake.receipts[0]
    intake.receipts[1].cancel()
    third.set_result(intake.at_once)
    for receipt in others:
        receipt.set_result(intake.at_once)
    async with asyncio.timeout(10):
        assert [await script.acknowledged.get() for _ in range(3)] == [7, 9, 5]
    assert script.acknowledged.empty()


@pytest.mark.parametrize(("granted", "named"), [(0x87, "Not authorized"), (0x8F, "Topic filter invalid"), (0, "QoS 0")])
async def test_a_subscription_that_is_not_granted_is_reported_with_its_topic(
    script, start, intake, hasty_clock, granted, named
):
    script.granted = granted
    start(mqtt(script), hasty_clock)
    why = await intake.until_deaf()
    assert "mentions/#" in why
    assert named in why
    assert not any(connected for connected, _ in intake.statuses)


@pytest.mark.parametrize("high_water", [10, 1000])
async def test_messages_that_share_a_tls_record_all_arrive(secured_broker, start, intake, hasty_clock, high_water):
    intake.at_once, intake.high_water = None, high_water
    script = Script()
    script.after_suback = b"".join(message(1 + number, b"%d" % number) for number in range(300))
    script.ca_file, script.user, script.password = secured_broker.ca_file, None, None
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(secured_broker.ca_file, secured_broker.key_file)
    async with script.listening(tls):
        task = start(secured(script), hasty_clock)
        while len(intake.payloads) < 300:
            await intake.until(lambda: intake.full or len(intake.payloads) == 300)
            intake.complete()
        task.cancel()
        await asyncio.wait({task})
    assert intake.payloads == [b"%d" % number for number in range(300)]


async def test_a_broker_that_speaks_the_older_version_alone_is_told_by_name(script, start, intake, hasty_clock):
    script.connack = b"\0\1"
    start(mqtt(script), hasty_clock)
    assert 'write `version: "3.1.1"`' in await intake.until_deaf()


async def test_an_older_broker_that_refuses_a_topic_is_reported_with_it(script, start, intake, hasty_clock):
    script.connack, script.suback = b"\0\0", b""
    script.granted = 0x80
    start(mqtt(script, version=Version.V3), hasty_clock)
    assert "mentions/#: Unspecified error" in await intake.until_deaf()


async def test_an_absurdly_long_message_is_handed_over_cut_short(script, start, intake, hasty_clock, monkeypatch):
    monkeypatch.setattr("buzzwatch.sources.mqtt.link._LARGEST_PACKET", 1_000)
    script.connack, script.suback = b"\0\0", b""
    head = struct.pack("!H", len(TOPIC)) + TOPIC.encode() + struct.pack("!H", 1)
    long = head + bytes(50_000)
    script.after_suback = b"\x32" + bytes([len(long) & 127 | 128, len(long) >> 7 & 127 | 128, len(long) >> 14]) + long
    start(mqtt(script, version=Version.V3), hasty_clock)
    await intake.until(lambda: intake.payloads)
    assert intake.payloads == [bytes(1_000 - len(head))]
    async with asyncio.timeout(10):
        assert await script.acknowledged.get() == 1


async def test_two_daemons_with_one_client_id_are_told_apart(script, start, intake, hasty_clock):
    script.after_suback = b"\xe0\x02\x8e\x00"
    start(mqtt(script), hasty_clock)
    assert "give each its own client_id" in await intake.until_deaf()


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xf0\x00",
        b"\x32\x02\x00\x09",
        b"\x32\xff\xff\xff\xff\xff",
        b"\x90\x01\x00",
        message(1, b"x")[:6] + b"\xff" * 40,
    ],
    ids=["reserved", "short", "endless", "stunted", "properties"],
)
async def test_a_broker_that_talks_nonsense_is_left_and_tried_again(script, start, intake, hasty_clock, garbage):
    script.after_suback = garbage
    start(mqtt(script), hasty_clock)
    await intake.until_deaf()
    script.after_suback = message(1, b"sense")
    await intake.until(lambda: b"sense" in intake.payloads)


async def test_attempts_come_ever_more_rarely_up_to_a_minute(script, start, intake, hasty_clock):
    script.connack = bytes([0, 0x88, 0])  # server unavailable
    start(mqtt(script), hasty_clock)
    await intake.until_deaf(times=10)
    waits = hasty_clock.waits[:9]
    assert 400 < waits[0] <= 1000
    assert all(wait <= MINUTE for wait in waits)
    assert min(waits[-2:]) > 25_000


async def test_a_stop_while_connecting_ends_at_once_and_leaves_nothing(start, intake, hasty_clock):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host, port = silent.getsockname()
        task = start(Mqtt("broker", Broker(host=host, port=port, client_id="c", topics=("t",))), hasty_clock)
        await asyncio.sleep(0)
        task.cancel()
        async with asyncio.timeout(5):
            await asyncio.wait({task})
    assert task.cancelled()


@pytest.mark.parametrize("packet", [1, 8], ids=["connect", "subscribe"])
@pytest.mark.parametrize("later", range(8))
async def test_a_stop_is_heard_even_as_an_answer_comes(script, start, intake, hasty_clock, packet, later):
    script.granted = 0x87
    task = start(mqtt(script), hasty_clock)
    await script.answered[packet].wait()
    await settle(later)
    task.cancel()
    async with asyncio.timeout(5):
        await asyncio.wait({task})
    assert task.cancelled()


# What a person must mend


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"topics": ("a/#/b",)}, "a/#/b"),
        ({"topics": ()}, "topics"),
        ({"client_id": ""}, "client_id"),
        ({"receive_maximum": 0}, "receive_maximum is 0"),
        ({"port": 70_000}, "port is 70000"),
        ({"topics": ("$share/group",)}, r"\$share/group is not a topic filter"),
        ({"topics": ("$share/g/a",), "version": Version.V3}, "which MQTT 3.1.1 does not know"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_with_its_name(settings, named):
    with pytest.raises(ValueError, match=named):
        Broker(**{"host": "mq.example", "port": 1883, "client_id": "c", "topics": ("t",)} | settings)


@pytest.mark.parametrize(
    ("topic", "right"),
    [
        ("mentions/#", True),
        ("#", True),
        ("+/acme/+", True),
        ("/", True),
        ("$share/group/mentions/#", True),
        ("$share/group/+", True),
        ("$shared/plain", True),
        ("", False),
        ("a/#/b", False),
        ("a#", False),
        ("a/b+", False),
        ("##", False),
        ("a\0", False),
        ("$share/", False),
        ("$share/group", False),
        ("$share/group/", False),
        ("$share//a", False),
        ("$share/gr+up/a", False),
        ("$share/#/a", False),
        ("$share/group/a#", False),
    ],
)
def test_which_topic_filters_there_are(topic, right):
    assert is_filter(topic) is right


def test_the_password_is_not_shown():
    shown = repr(Broker(host="mq.example", port=1883, client_id="c", topics=("t",), password="s3cret"))
    assert "s3cret" not in shown


async def test_a_missing_ca_file_is_named(intake, hasty_clock):
    source = Mqtt("broker", Broker(host="h", port=1, client_id="c", topics=("t",), tls=True, ca_file="/nowhere/ca.pem"))
    with pytest.raises(ValueError, match="ca_file /nowhere"):
        await source.run(intake, hasty_clock)
