"""Days of traffic, crises among them, in a daemon for which time flies: what it holds stays as it was.

libfaketime tells the process a clock that runs so many times as fast, the monotonic one included, and stretches or
shortens what it waits for; nothing in the product knows of it.
"""

import asyncio
import json
import os
import time
from functools import partial
from pathlib import Path
from statistics import median

import pytest
from drill import show
from faults import WallClock
from traffic import BRANDS, CRISIS_SPAN, Traffic

from buzzwatch.model.incident import Severity
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND

SEED = int(os.environ.get("SEED", "63"))
SPEED = int(os.environ.get("SPEED", "80"))
DAYS = float(os.environ.get("DAYS", "5"))
AGED_SPEED = int(os.environ.get("AGED_SPEED", "300"))
AGED = float(os.environ.get("AGED", "9"))
"""Days before those, in which nothing is measured."""
AN_HOUR = float(os.environ.get("AN_HOUR", "150"))
LEARNT = 14 * DAY
SETTLED = 7 * 7 / 6
"""Days after which a daemon holds as much as it ever will: rows of `keep: 7d` stay up to a sixth of that longer."""
LOOK_EVERY = 15 * MINUTE
LIMITS = {
    "resident MB": 12.0,
    "descriptors": 1.0,
    "threads": 1.0,
    "database MB": 1.0,
    "WAL MB": 4.0,
    "commit p99 ms": 10.0,
    "slowest answer ms": 20.0,
}
"""How much each may grow a day, by the slope of the second half, where it has settled before that.

Of memory: what gives a daemon of 150 MB a month until it has doubled twice. Of descriptors and threads: less than one
leaked in any chore of every day. Of the database: a third of what comes in. The others: the noise of a busy machine.
"""

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(4 * 3_600),
]


def slope(points):
    """Theil and Sen's: the median of the slopes between all pairs; a few wild points do not move it."""
    pairs = [(b, a) for n, b in enumerate(points) for a in points[:n] if b[0] > a[0]]
    return median((b[1] - a[1]) / (b[0] - a[0]) for b, a in pairs)


def _counted(metrics, name):
    """A counter of all kinds together; one that has counted nothing is not told."""
    return sum(float(line.split()[-1]) for line in metrics.splitlines() if line.startswith(name))


class Gauges:
    """What is read of a running daemon from outside."""

    def __init__(self, daemon, speed):
        self.rows = []
        self._daemon, self._speed = daemon, speed
        self._buckets = {}

    async def read(self, hours, answers):
        """`answers`: how long each took since the last look, in true seconds."""
        _, metrics = await self._daemon.get("/metrics")
        let_go = {
            f"{kind} gone": _counted(metrics, f"buzzwatch_{kind}_let_go_total") / 1_000 for kind in ("texts", "rows")
        }
        before = self.rows[-1]["slowest answer ms"] if self.rows else 0.0
        slowest = max(answers) * 1_000 if answers else before
        latency = {"commit p99 ms": self._commit_ms(metrics, 0.99), "slowest answer ms": slowest}
        self.rows.append({"hours": hours} | self._process() | let_go | latency)

    def _process(self):
        pid = self._daemon.process.pid
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        state = self._daemon.folder / "state"
        sizes = {path.name: path.stat().st_size / 1e6 for path in state.iterdir()}
        return {
            "resident MB": int(status["VmRSS"].split()[0]) / 1024,
            "descriptors": len(list(Path(f"/proc/{pid}/fd").iterdir())),
            "threads": int(status["Threads"]),
            "database MB": sizes.get("buzzwatch.db", 0),
            "WAL MB": sizes.get("buzzwatch.db-wal", 0),
            "snapshots MB": sum(size for name, size in sizes.items() if name.startswith("snapshot-")),
            "processor s": (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK"),
        }

    def _commit_ms(self, metrics, share):
        """Since the last look, in true milliseconds: the daemon's own watch runs as fast as its clock."""
        told = [line for line in metrics.splitlines() if line.startswith("buzzwatch_commit_seconds_bucket")]
        buckets = {float(line.split('le="')[1].split('"')[0]): float(line.split()[1]) for line in told}
        counted = {bound: number - self._buckets.get(bound, 0) for bound, number in buckets.items()}
        self._buckets = buckets
        wanted = share * max(counted.values())
        below, before = 0.0, 0.0
        for bound, number in sorted(counted.items()):
            if number >= wanted:
                part = (wanted - before) / (number - before) if number > before else 0
                return 1_000 * (below + (min(bound, 10) - below) * part) / self._speed
            below, before = bound, number
        return 0.0

    def table(self, every):
        names = list(self.rows[0])
        yield "  ".join(f"{name:>13}" for name in names)
        for row in self.rows[::every]:
            yield "  ".join(f"{row[name]:13.1f}" for name in names)

    def growth(self, name):
        """A day, over the second half."""
        half = self.rows[len(self.rows) // 2 :]
        return slope([(row["hours"] / 24, row[name]) for row in half])


class Newsroom:
    """Posts the traffic as it comes, in the flying time, again until it is taken."""

    def __init__(self, daemon, clock, traffic):
        self._daemon, self._clock, self._traffic = daemon, clock, traffic
        self.sent = self.again = 0
        self.answers = []

    async def run(self, until):
        while (now := self._clock.now()) < until:
            posts = list(self._traffic.until(now))
            if posts:
                body, asked = json.dumps(posts).encode(), time.monotonic()
                while not await self._taken(body):
                    self.again += 1
                    await asyncio.sleep(0.2)
                self.sent += len(posts)
                self.answers.append(time.monotonic() - asked)
            await asyncio.sleep(0.25)

    async def _taken(self, body):
        try:
            return (await self._daemon.post_raw(body))[0] == 200
        except OSError:
            return False


def learn_from(path, began):
    """Two weeks of the same, as an export."""
    past = Traffic(SEED + 1, AN_HOUR, began - LEARNT)
    with path.open("w") as out:
        for post in past.until(began - MINUTE):
            if "deleted" not in post:
                out.write(json.dumps(post) + "\n")


@pytest.fixture
def watching(daemon, alert_receiver):
    url = alert_receiver.url
    daemon.configure(
        sources={"push": {"http": {"listen": daemon.intake.removeprefix("http://")}, "keep": "1d"}},
        channels={"hook": f"{url}/hook", "ops": f"{url}/ops"},
        keep={"mentions": "7d"},
    )
    for brand in BRANDS:
        document = {
            "brand": brand,
            "timezone": "UTC",
            "language": "en",
            "sector": "airlines",
            "match": {"any": [brand]},
            "rules": [
                {
                    "name": "bad-buzz",
                    "when": {"negativity": {"unusual": True, "over": "15m", "at_least": 10, "authors": 8}},
                    "severity": "critical",
                    "notify": "oncall",
                }
            ],
        }
        (daemon.folder / "rules" / f"{brand}.yaml").write_text(json.dumps(document))
    daemon.call(
        {"after": "0m", "tell": "ines", "by": ["push"]}, people={"ines": {"push": f"{url}/ines"}}, copy=["hook"]
    )
    return daemon


def crises_of(began):
    """One every second day, each another brand's, by day and by night: what comes every day is no crisis any more."""
    hours, names = (6.5, 13.2, 21.7), list(BRANDS)
    all_of_them = [(began + 2 * n * DAY + round(hours[n % 3] * HOUR), names[n % 3]) for n in range(round(DAYS))]
    return [each for each in all_of_them if each[0] + CRISIS_SPAN < began + DAYS * DAY]


def rung(daemon):
    """Incidents of which people are told: key, brand, when it opened. What keeps coming back for days is on a list."""
    rows = daemon.rows("SELECT id, brand, opened_at, body FROM incident ORDER BY opened_at")
    return [(key, brand, at) for key, brand, at, body in rows if json.loads(body)["severity"] > Severity.WATCH]


async def life(daemon, clock, traffic, days, speed, show_more):
    """So many days of it at that speed; when they began, what was read meanwhile, and who posted."""
    daemon.environment = clock.flying(speed) | {"MALLOC_ARENA_MAX": "2"}  # as its unit has it
    await daemon.start()
    began = clock.now()
    newsroom, gauges = Newsroom(daemon, clock, traffic), Gauges(daemon, speed)
    posting = asyncio.create_task(newsroom.run(began + round(days * DAY)))
    looked = time.monotonic()
    while not posting.done():
        answers, newsroom.answers = newsroom.answers, []
        await gauges.read((clock.now() - began) / HOUR, answers)
        if time.monotonic() - looked > 120:
            looked = time.monotonic()
            show_more(*list(gauges.table(1))[:: len(gauges.rows)])
        await asyncio.wait({posting}, timeout=LOOK_EVERY / SECOND / speed)
    posting.result()
    await asyncio.sleep(5 * MINUTE / SECOND / speed)
    return began, gauges, newsroom


async def test_days_of_traffic_leave_a_daemon_as_it_was(watching, alert_receiver, tmp_path, capsys):
    clock, daemon = WallClock(tmp_path), watching
    history = tmp_path / "past.jsonl"
    learn_from(history, clock.now())
    await daemon.start()
    status, _, complaint = await daemon.command("learn", str(history), patience=600)
    assert status == 0, complaint
    assert await daemon.stop() == 0
    traffic = Traffic(SEED, AN_HOUR, clock.now())
    _, aging, _ = await life(daemon, clock, traffic, AGED, AGED_SPEED, partial(show, capsys))
    show(capsys, f"{AGED:g} days at {AGED_SPEED} times true speed, before:", *aging.table(len(aging.rows) // 12 or 1))
    assert await daemon.stop() == 0
    clock.land()
    traffic.crises = crises = crises_of(clock.now())
    began, gauges, newsroom = await life(daemon, clock, traffic, DAYS, SPEED, partial(show, capsys))
    opened = rung(daemon)
    keys = set(alert_receiver.keys("/hook"))
    show(
        capsys,
        f"seed {SEED}, {DAYS:g} days at {SPEED} times true speed, {newsroom.sent} posts, {newsroom.again} again",
        *gauges.table(max(1, len(gauges.rows) // 24)),
        *(f"{name}: {gauges.growth(name):+.3f} a day" for name in gauges.rows[0] if name != "hours"),
        f"crises: {[(round((at - began) / HOUR, 2), brand) for at, brand in crises]}",
        f"opened: {[(round((at - began) / HOUR, 2), brand) for _, brand, at in opened]}",
        f"{len(keys)} messages on /hook, {len(alert_receiver.keys('/ops'))} to ops",
        *sorted(set(alert_receiver.titles("/ops"))),
    )
    matched = [[at for _, name, at in opened if name == brand and 0 <= at - since < HOUR] for since, brand in crises]
    assert [len(each) for each in matched] == [1] * len(crises)
    assert len(opened) == len(crises)
    assert {key.partition(".")[0] for key in keys} == {key for key, _, _ in opened}
    if AGED >= SETTLED:
        assert min(gauges.rows[-1][gone] for gone in ("texts gone", "rows gone")) > 0
        assert {name: gauges.growth(name) for name in LIMITS if gauges.growth(name) > LIMITS[name]} == {}
    assert await daemon.stop() == 0
