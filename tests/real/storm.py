"""A process that sends what nobody ought to: `storm.py mentions|broker|forged SEED NUMBER PORT…`.

It prints what came of it: `statuses` counts the answers; `failures` are the first that ought not to be (5xx other than
503, forgeries taken, no answer at all); `ids` are those under which something may have been stored.
"""

import asyncio
import json
import random
import sys
import time
from base64 import b64encode
from collections import Counter
from urllib.parse import urlencode
from urllib.request import urlopen

import hostile
from paho.mqtt.client import CallbackAPIVersion, Client, MQTTProtocolVersion

CONNECTIONS = 12
TOGETHER = 12
"""Requests that are sent before the first is answered."""
PATIENCE_S = 120
MOST_WAITING = 200
_WAITING = "buzzwatch_intake_waiting "
OPEN_TOPICS = ["storm/a", "storm/é", "storm/ ", "storm/$SYS", "storm/" + "x" * 2_000, "storm//", "storm/\u202e"]


class Tally:
    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.failures: list[str] = []
        self.ids: set[str] = set()

    def print(self) -> None:
        sys.stdout.write(
            json.dumps({"statuses": self.statuses, "failures": self.failures[:20], "ids": sorted(self.ids)})
        )


async def _answer(reader: asyncio.StreamReader) -> int:
    """The status of one answer, read to its end."""
    async with asyncio.timeout(PATIENCE_S):
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                await reader.readexactly(int(line.partition(b":")[2]))
        return status


async def _in_a_row(port: int, requests: list[bytes], tally: Tally, accepted: tuple[int, ...] = ()) -> None:
    """Send requests over one connection, and count their answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"".join(requests))
        for each in requests:
            status = await _answer(reader)
            tally.statuses[str(status)] += 1
            if status in accepted or (status >= 500 and status != 503):
                tally.failures.append(f"{status}: {each[:400]!r}")
    except (asyncio.IncompleteReadError, ConnectionError, TimeoutError) as error:
        tally.failures.append(f"{type(error).__name__}: {requests[0][:300]!r}")
    finally:
        writer.close()


async def _lie(port: int, request: bytes, tally: Tally) -> None:
    """Send what is no request; whatever the answer, no 5xx."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        writer.write_eof()
        async with asyncio.timeout(PATIENCE_S):
            answer = await reader.read(4_096)
        status = answer.split(b" ", 2)[1].decode() if answer.startswith(b"HTTP/") else "closed"
        tally.statuses[status] += 1
        if status.startswith("5") and status not in {"503", "505"}:
            tally.failures.append(f"{status}: {request[:300]!r}")
    except ConnectionError:
        tally.statuses["closed"] += 1
    except TimeoutError:
        tally.failures.append(f"no answer: {request[:300]!r}")
    finally:
        writer.close()


async def mentions(chance: random.Random, number: int, port: int, tally: Tally) -> None:
    """Post mutated mentions, and lie about one in a hundred."""
    left = number

    async def send() -> None:
        nonlocal left
        while left > 0:
            left -= TOGETHER
            put_off = tally.statuses["503"]
            requests = []
            for _ in range(TOGETHER):
                body = hostile.payload(chance)
                tally.ids |= hostile.ids_in(body)
                if chance.random() < 0.01:
                    await _lie(port, hostile.lie(chance, "/mentions", body), tally)
                elif chance.random() < 0.03:
                    requests.append(hostile.coded(chance, "/mentions", body))
                else:
                    requests.append(hostile.request("/mentions", body))
            await _in_a_row(port, requests, tally)
            if tally.statuses["503"] > put_off:  # they were not looked at: as many others, later
                left += tally.statuses["503"] - put_off
                await asyncio.sleep(0.2)

    await asyncio.gather(*(send() for _ in range(CONNECTIONS)))


def _wait_for_room(web: int) -> None:
    """Return once the daemon has taken most of what was published: else it would put all others off."""
    while True:
        with urlopen(f"http://127.0.0.1:{web}/metrics", timeout=PATIENCE_S) as answer:
            waiting = next(line for line in answer.read().decode().splitlines() if line.startswith(_WAITING))
        if float(waiting.split()[1]) < MOST_WAITING:
            return
        time.sleep(0.02)


def broker(chance: random.Random, number: int, port: int, web: int, tally: Tally) -> None:
    """Publish mutated mentions at QoS 0 and 1, some of them retained, under odd topics."""
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.max_inflight_messages_set(500)
    client.connect("127.0.0.1", port)
    client.loop_start()
    sent = []
    for _ in range(number):
        body = hostile.payload(chance)
        tally.ids |= hostile.ids_in(body)
        topic, qos = chance.choice(OPEN_TOPICS), chance.randint(0, 1)
        sent.append(client.publish(topic, body, qos, retain=chance.random() < 0.01))
        tally.statuses[f"qos {qos}"] += 1
        if len(sent) == MOST_WAITING:
            sent.pop().wait_for_publish(PATIENCE_S)
            sent.clear()
            _wait_for_room(web)
    for each in sent:
        each.wait_for_publish(PATIENCE_S)
    client.loop_stop()
    client.disconnect()


_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_BODY = json.dumps(hostile.mention(random.Random(1)) | {"id": "forged:1"}).encode()


def _forgery(chance: random.Random, forms: dict[str, int]) -> tuple[int, bytes]:
    """Where to, and a request whose link or proof nobody gave out."""
    told = [f"X-Forwarded-For: {chance.randint(11, 99)}.{chance.randrange(256)}.{chance.randrange(256)}.7"]
    if chance.random() < 0.1:
        told = []
    stamp = int(time.time()) + chance.choice([0, 0, 0, -301, 301, 10**9])
    word = chance.choice([chance.randbytes(24).hex(), "", "sesame", "Bearer", "\xe9\xff", "a" * 4_000])
    code = "".join(chance.choices(_LETTERS, k=8))
    press = urlencode({"payload": json.dumps({"user": {"id": "U1"}, "actions": [{"action_id": "take", "value": "a"}]})})
    form = [
        "Content-Type: application/x-www-form-urlencoded",
        "Origin: http://127.0.0.1",
        "Sec-Fetch-Site: same-origin",
    ]
    hexes = chance.randbytes(32).hex()
    return chance.choice([
        (forms["web"], _get(f"/i/{code}", told)),
        (forms["web"], _get(f"/i/{code}/queue", told)),
        (forms["web"], _get(f"/i/{code.lower()}/marks?as=ines", told)),
        (forms["web"], hostile.request(f"/i/{code}/take", b"name=ines", *form, *told)),
        (forms["web"], hostile.request(f"/i/{code}/confirm", b"name=ines", *form, *told)),
        (forms["web"], hostile.request("/slack/answers", press.encode(), f"X-Slack-Request-Timestamp: {stamp}",
                                       f"X-Slack-Signature: v0={chance.choice([hexes, word])}", *told)),
        (forms["push"], hostile.request("/mentions", _BODY, f"Authorization: Bearer {word}", *told)),
        (forms["push"], hostile.request("/mentions", _BODY, *told)),
        (forms["hooks"], hostile.request("/standard", _BODY, "webhook-id: m1", f"webhook-timestamp: {stamp}",
                                         f"webhook-signature: v1,{b64encode(chance.randbytes(32)).decode()}", *told)),
        (forms["hooks"], hostile.request("/meta", _BODY,
                                         f"X-Hub-Signature-256: sha256={chance.choice([hexes, word])}", *told)),
        (forms["hooks"], _get(f"/meta?hub.mode=subscribe&hub.challenge=7&hub.verify_token={hexes}", told)),
        (forms["hooks"], hostile.request("/bearer", _BODY, f"Authorization: Bearer {word}", *told)),
        (forms["hooks"], hostile.request("/header", _BODY, f"X-Api-Key: {word}", *told)),
        (forms["hooks"], hostile.request("/basic", _BODY,
                                         f"Authorization: Basic {b64encode(word.encode()).decode()}", *told)),
        (forms["hooks"], hostile.request(f"/address/{hexes}", _BODY, *told)),
    ])  # fmt: skip


def _get(path: str, headers: list[str]) -> bytes:
    head = "".join(f"{each}\r\n" for each in headers)
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}\r\n".encode()


async def forged(chance: random.Random, number: int, forms: dict[str, int], tally: Tally) -> None:
    """Try links, tokens and signatures; none may be answered as if it were right."""
    left = number
    accepted = (200, 201, 202, 204, 301, 302, 303)

    async def send() -> None:
        nonlocal left
        while left > 0:
            left -= TOGETHER
            rows: dict[int, list[bytes]] = {}
            for _ in range(TOGETHER):
                port, request = _forgery(chance, forms)
                rows.setdefault(port, []).append(request)
            for port, requests in rows.items():
                await _in_a_row(port, requests, tally, accepted)

    await asyncio.gather(*(send() for _ in range(CONNECTIONS)))


def main() -> None:
    kind, seed, number, *ports = sys.argv[1:]
    chance, tally = random.Random(int(seed)), Tally()
    if kind == "broker":
        broker(chance, int(number), *map(int, ports), tally)
    elif kind == "mentions":
        asyncio.run(mentions(chance, int(number), int(ports[0]), tally))
    else:
        forms = dict(zip(("web", "push", "hooks"), map(int, ports), strict=True))
        asyncio.run(forged(chance, int(number), forms, tally))
    tally.print()


if __name__ == "__main__":
    main()
