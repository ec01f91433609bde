"""A whole daemon under a storm of what nobody ought to send, while its neighbours go on.

`make soak` sends a million payloads and a hundred thousand forgeries, or as many as HOSTILE_PAYLOADS and
HOSTILE_FORGERIES say; HOSTILE_REPORT names a file for the figures.
"""

import asyncio
import json
import os
import sqlite3
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from drill import free_port

STORM = Path(__file__).with_name("storm.py")
PAYLOADS = int(os.environ.get("HOSTILE_PAYLOADS", "1000000"))
FORGERIES = int(os.environ.get("HOSTILE_FORGERIES", "100000"))
REPORT = os.environ.get("HOSTILE_REPORT")
SECRETS = {
    "STORM_TOKEN": "a token of sixteen bytes or more",
    "STORM_STANDARD": "whsec_" + "QUJD" * 8,
    "STORM_META": "an app secret of Meta",
    "STORM_SIGNING": "8f742231b10e8888abcd99yyyzzz85a5",
}
FLAT_MB = 40
"""By how much the daemon may be larger in the last fifth of a long storm than in the second."""


@pytest.fixture
def stormy(daemon, broker, monkeypatch):
    """A daemon with every door that there is; ports by door."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    hooks = f"127.0.0.1:{free_port()}"
    plain = {"mapping": "own.yaml", "secret": "${env:STORM_TOKEN}", "listen": hooks}
    (daemon.folder / "own.yaml").write_text("id: id\ntext: text\ncreated_at: created_at\n")
    guarded = free_port()
    daemon.configure(
        sources={
            "push": {"http": {"listen": daemon.intake.removeprefix("http://")}},
            "guarded": {"http": {"listen": f"127.0.0.1:{guarded}", "token": "${env:STORM_TOKEN}"}},
            "broker": {"mqtt": {"url": f"mqtt://127.0.0.1:{broker.port}", "topics": ["storm/#"]}},
            "standard": {"webhook": {"path": "/standard", "as": "standard", "listen": hooks,
                                     "secret": "${env:STORM_STANDARD}"}},
            "meta": {"webhook": {"path": "/meta", "as": "meta", "secret": "${env:STORM_META}", "listen": hooks,
                                 "verify_token": "${env:STORM_TOKEN}"}},
            "bearer": {"webhook": {"path": "/bearer", "check": "bearer", **plain}},
            "header": {"webhook": {"path": "/header", "check": "header", "header": "X-Api-Key", **plain}},
            "basic": {"webhook": {"path": "/basic", "check": "basic", **plain}},
            "address": {"webhook": {"path": "/address", "check": "address", **plain}},
        },
        web={"listen": daemon.web.removeprefix("http://"), "public_url": "http://bw.example"},
        slack={"signing_secret": "${env:STORM_SIGNING}"},
        channels={"ops": "console"},
    )  # fmt: skip
    daemon.watch()
    daemon.call({"after": "0m", "tell": "ines", "by": ["push"]}, people={"ines": {"push": "console"}})
    return {
        "mentions": [int(daemon.intake.rpartition(":")[2])],
        "broker": [broker.port, int(daemon.web.rpartition(":")[2])],
        "forged": [int(daemon.web.rpartition(":")[2]), guarded, int(hooks.rpartition(":")[2])],
    }


async def storm(kind, seed, number, ports):
    """What came of it."""
    line = (sys.executable, STORM, kind, seed, number, *ports)
    process = await asyncio.create_subprocess_exec(*map(str, line), stdout=asyncio.subprocess.PIPE)
    printed, _ = await process.communicate()
    assert process.returncode == 0, kind
    return json.loads(printed)


def size_of(pid):
    """Resident megabytes, and open files."""
    told = Path(f"/proc/{pid}/status").read_text()
    return int(told.split("VmRSS:")[1].split()[0]) / 1024, len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208


def processor_s(pid):
    """Seconds of processor time, of the user and of the system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def neighbour(daemon, samples, storming):
    """A right mention each second: how long each took to be committed, and how large the daemon was then."""
    number = put_off = 0
    while not storming.done():
        number += 1
        began = time.monotonic()
        right = {"id": f"good:{number}", "text": "Acme, merci", "created_at": "2026-11-25T12:00:00Z"}
        while (answer := await daemon.post(right))[0] == 503:  # behind: every sender has to come again
            put_off += 1
            await asyncio.sleep(1)
        assert (answer[0], answer[1]["accepted"]) == (200, 1)
        samples.append((time.monotonic() - began, *size_of(daemon.process.pid)))
        await asyncio.wait((storming,), timeout=1)
    return put_off


def stored(daemon):
    """Every mention on record: its id, and what it holds."""
    with sqlite3.connect(f"file:{daemon.folder}/state/buzzwatch.db?mode=ro", uri=True) as db:
        names = {name for (name,) in db.execute("SELECT DISTINCT mention FROM journal WHERE kind = 'sighting'")}
        skipped = db.execute("SELECT count(*) FROM journal WHERE skipped IS NOT NULL").fetchone()[0]
    db.close()
    return names, skipped


async def until_heard(daemon, patience_s=600):
    """Return once a mention that was published last, and so comes after all others, is on record."""
    async with asyncio.timeout(patience_s):
        while not daemon.rows("SELECT 1 FROM journal WHERE mention = 'last:1'"):  # noqa: ASYNC110 - another process writes
            await asyncio.sleep(0.2)


async def hold(daemon, broker, ports, payloads, forgeries):
    """Let the storm pass; the figures."""
    await daemon.start(until="source_heard")
    pid, samples, began = daemon.process.pid, [], time.monotonic()
    over_http = payloads * 2 // 5
    storms = [
        storm("mentions", 1, over_http, ports["mentions"]),
        storm("broker", 2, payloads - over_http, ports["broker"]),
        storm("forged", 3, forgeries, ports["forged"]),
    ]
    storming = asyncio.gather(*storms)
    _, put_off = await asyncio.gather(storming, neighbour(daemon, samples, storming))
    last = {"id": "last:1", "text": "Acme", "created_at": "2026-11-25T12:00:00Z"}
    await asyncio.to_thread(broker.publish, "storm/last", [json.dumps(last).encode()])
    await until_heard(daemon)
    assert daemon.process.returncode is None
    assert daemon.process.pid == pid
    assert (await daemon.get("/healthz"))[0] == 200
    return (
        storming.result(),
        samples,
        (
            time.monotonic() - began,
            put_off,
            processor_s(pid),
            Counter(line.get("event") for line in daemon.log).most_common(8),
        ),
    )


def table(results, samples, seconds, put_off, processor_s, lines_of_log):
    """The figures, for people."""
    kinds = ("mentions over HTTP", "mentions over MQTT", "forgeries")
    lines = [
        f"{kind}: {sum(each['statuses'].values()):,} {each['statuses']}"
        for kind, each in zip(kinds, results, strict=True)
    ]
    took = sorted(sample[0] for sample in samples)
    tenth = max(1, len(samples) // 10)
    middle, most = took[len(took) // 2], took[len(took) * 99 // 100]
    sizes = ", ".join(f"{mb:.0f} {files}" for _, mb, files in samples[::tenth])
    lines += [
        f"{seconds:.0f} s; {len(took)} right mentions, one a second, all committed; put off {put_off} times",
        f"they waited {middle:.3f} s (median), {most:.3f} s (99 %), {took[-1]:.3f} s (the longest)",
        f"MB resident, files open: {sizes}",
        f"processor time of the daemon: {processor_s:.0f} s; lines in its log: {lines_of_log}",
    ]
    return "\n".join(lines)


def judge(daemon, results, samples):
    """Nothing fell, nothing forged was taken, nothing is on record that was not sent."""
    for each in results:
        assert not each["failures"], each["failures"]
    assert not daemon.output, "".join(daemon.output)[:4_000]
    assert not [line for line in daemon.log if "exception" in line or line.get("level") in {"error", "critical"}]
    names, skipped = stored(daemon)
    right = {f"good:{number + 1}" for number in range(len(samples))} | {"last:1"}
    sent = {name for each in results for name in each["ids"]}
    assert right <= names
    assert names - right <= sent
    assert "forged:1" not in names
    assert skipped == 0
    assert "/i/" not in json.dumps(daemon.log)
    fifth = len(samples) // 5
    if fifth >= 10:
        early, late = samples[fifth : 2 * fifth], samples[-fifth:]
        assert max(each[1] for each in late) - max(each[1] for each in early) < FLAT_MB
        assert max(each[2] for each in late) <= max(each[2] for each in early) + 20


async def test_a_small_storm_of_hostile_input_harms_nothing(daemon, broker, stormy):
    results, samples, _ = await hold(daemon, broker, stormy, 4_000, 1_000)
    assert await daemon.stop() == 0
    judge(daemon, results, samples)


@pytest.mark.soak
@pytest.mark.timeout(7_000)
async def test_a_million_hostile_payloads_and_a_hundred_thousand_forgeries_harm_nothing(daemon, broker, stormy):
    results, samples, times = await hold(daemon, broker, stormy, PAYLOADS, FORGERIES)
    told = table(results, samples, *times)
    sys.stdout.write(told)
    if REPORT:
        await asyncio.to_thread(Path(REPORT).write_text, told)
    assert await daemon.stop() == 0
    judge(daemon, results, samples)
