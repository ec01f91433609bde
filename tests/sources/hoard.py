"""A process to be killed: hears a broker, acknowledges the first payloads only, prints every one as it comes.

Usage: hoard.py PORT CLIENT_ID TOPIC ACKNOWLEDGED VERSION
"""

import asyncio
import sys

from buzzwatch.clock import VirtualClock
from buzzwatch.model.receipt import Receipt
from buzzwatch.sources.mqtt.adapter import Mqtt
from buzzwatch.sources.mqtt.broker import Broker, Version


class Hoard:
    """Takes everything, says so on standard output, gives the first receipts and never another."""

    full = False

    def __init__(self, receipts: int) -> None:
        self._receipts = receipts

    async def room(self) -> None: ...

    def cursors(self, source: str) -> dict[str, str]:
        return {}

    def submit(self, source: str, payload: bytes, cursors: object = None) -> "asyncio.Future[Receipt]":
        receipt = asyncio.get_running_loop().create_future()
        if cursors:
            return receipt
        if self._receipts:
            self._receipts -= 1
            receipt.set_result(Receipt(accepted=1))
        print(payload.decode(), flush=True)  # noqa: T201 - read by the test
        return receipt

    def gap(self, source: str, since: int, until: int) -> None: ...

    def status(self, source: str, *, connected: bool, why: str = "", ail: object = None) -> None: ...


if __name__ == "__main__":
    port, client_id, topic, acknowledged, version = sys.argv[1:]
    place = Broker(host="127.0.0.1", port=int(port), client_id=client_id, topics=(topic,), version=Version(version))
    asyncio.run(Mqtt("broker", place).run(Hoard(int(acknowledged)), VirtualClock(0)))
