"""What a running daemon takes from a broker: `python benchmarks/live_mqtt.py [mentions]`.

A real mosquitto, a real daemon, 100 mentions a message at QoS 1, every mention of a watched brand; the time runs from
the first message published to the last mention committed and synced.
"""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from rig.daemon import Daemon, broker, has_broker
from rig.machine import computed, introduce, resident
from rig.mentions import SEED, Voices, brand_keys, rule_files

A_MESSAGE = 100


def publish(port: int, messages: list[bytes]) -> None:
    """Hand all messages to the broker at QoS 1."""
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    client.max_inflight_messages_set(100)
    client.connect("127.0.0.1", port)
    client.loop_start()
    sent = [client.publish("mentions", message, qos=1) for message in messages]
    for message in sent:
        message.wait_for_publish(60)
    client.disconnect()
    client.loop_stop()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    introduce(SEED)
    if not has_broker():
        print("mosquitto is missing: nothing measured")
        return
    keys = brand_keys(20)
    voices = Voices(keys)
    now = datetime.fromtimestamp(time.time(), UTC)
    messages = [b"[" + b",".join(voices.tell(now) for _ in range(A_MESSAGE)) + b"]" for _ in range(count // A_MESSAGE)]
    with TemporaryDirectory() as directory, broker(Path(directory)) as port:
        source = f'sources: {{broker: {{mqtt: {{url: "mqtt://127.0.0.1:{port}", topics: [mentions]}}}}}}\n'
        daemon = Daemon(Path(directory), source + 'web: {listen: "127.0.0.1:0"}\n', rule_files(keys))
        with daemon.running() as process:
            began, worked = time.perf_counter(), computed(process.pid)
            publish(port, messages)
            published = time.perf_counter() - began
            daemon.wait_until_journalled(len(messages) * A_MESSAGE)
            seconds, worked = time.perf_counter() - began, computed(process.pid) - worked
            print(f"{count} mentions of {len(messages[0]) / A_MESSAGE:.0f} bytes, {A_MESSAGE} a message, 20 brands:")
            print(f"    published after {published:.1f} s, committed after {seconds:.1f} s:")
            print(f"    {count / seconds:.0f} mentions/s committed")
            print(f"    the daemon computed for {worked:.1f} s, {worked / count * 1e6:.0f} us a mention")
            print(f"    the daemon holds {resident(str(process.pid)):.0f} MB")


if __name__ == "__main__":
    main()
