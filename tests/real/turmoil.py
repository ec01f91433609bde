"""A daemon that hears by everything and tells by everything, in a world in which everything befalls it."""

import asyncio
import json
import random
import time
from collections import Counter
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

import aiohttp
from drill import COM, INES, Drill, mention
from faults import Disk, Network, WallClock
from line import Line
from nursery import Nursery
from slack_stand_in import APP, BOT, ROOM

from buzzwatch.model.instant import SECOND

AHEAD_S = [sign * span for span in (300, 86_400, 315_576_000) for sign in (1, -1)]
"""How wrong its clock goes: five minutes, a day, ten years."""
START_S = 0.5
"""Most kills during a start come before this."""
ANGRY_EVERY = 2
"""One in so many rounds rings."""
FOUL_S = 600
"""Nothing takes so long, on however busy a machine."""
LATER_S = 2 * 86_400
"""Angry posts bear a date so far ahead, and so count as of when they are heard, whatever the clock has gone through."""


@asynccontextmanager
async def served(ear, clock):
    """What an adapter hears, behind a line that can be cut; who sends goes by that clock."""
    ear.line = Line(lambda: ear.port, ear_connects=ear.connects)
    await ear.line.start()
    if hasattr(ear, "go_by"):
        ear.go_by(clock)
    await ear.start()
    if not ear.connects:
        ear.call(ear.line.port, clock)
    yield ear
    await ear.stop()
    await ear.line.stop()


class Weather(NamedTuple):
    """What can befall it."""

    clock: WallClock
    disk: Disk
    network: Network


class Turmoil(Drill):
    """`begin`, then as many `round`s as wanted, then `calm`: what was said is on record once, who had to hear heard."""

    def __init__(self, weather, daemon, ears, broker, hearers, seed):
        self.chance = random.Random(seed)
        self.ears = {ear.kind: ear for ear in ears}
        self.clock, self.disk, self.network = weather
        mail_server, alert_receiver, slack = hearers
        self.kills = Counter()
        self.angry = []
        self.numbers = dict.fromkeys(self.ears, 0)
        self._slack = slack
        self._saying = set()
        super().__init__(daemon, broker, mail_server, alert_receiver)
        sources = {f"by-{kind}": {kind: ear.entry(ear.line.port)} for kind, ear in self.ears.items()}
        url, api = alert_receiver.url, f"{slack.url}/api"
        daemon.configure(
            sources=sources,
            channels={
                "com": f"{mail_server.url}&to={COM}",
                "hook": f"{url}/hook",
                "ops": f"{url}/ops",
                "crise": {"slack": {"token": BOT, "channel": ROOM, "api": api}},
            },
            slack={"app_token": APP, "api": api},
            mail=mail_server.url,
        )
        daemon.call(
            {"after": "0m", "tell": "ines", "by": ["email"]},
            {"after": "10m", "tell": "karim", "by": ["push"]},
            people={"ines": {"email": INES}, "karim": {"push": f"{url}/karim"}},
            copy=["com", "hook", "crise"],
        )
        rights = {"disk filled": self.disk.is_own, "network cut": self.network.is_own}
        self.faults = [name for name in FAULTS if rights.get(name, True)]
        self.ended = 0
        """Lives that were over before the kill."""

    def told(self):
        shown = [body for method, body in self._slack.calls if method in {"chat.postMessage", "chat.update"}]
        keys = [body["metadata"]["event_payload"]["key"] for body in shown if "thread_ts" not in body]
        return super().told() | {"crise": keys}

    # What is said

    def now(self):
        return self.clock.now()

    def speak(self, kind, count):
        """Somebody says so many things, where that kind of source hears them."""
        first = self.numbers[kind]
        self.numbers[kind] += count
        numbers = [self._number(kind, number) for number in range(first, first + count)]
        at = self.now()
        self._say(lambda: self.ears[kind].say(numbers, at, at))

    def complain(self):
        """An angry voice: what has to ring."""
        kind = self.chance.choice(["mqtt", "http"])
        name = f"x:angry-{len(self.angry)}"
        self.angry.append(name)
        dated = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.now() / SECOND + LATER_S))
        body = json.dumps(mention(name, dated, angry=True)).encode()
        if kind == "mqtt":
            self._say(lambda: self.ears["mqtt"]._publish([body]))
        else:
            self.ears["http"]._waiting.put_nowait(body)

    def _number(self, kind, number):
        return number + 500_000 if kind == "http" else number  # its ids are those of mqtt

    def _say(self, attempt):
        saying = asyncio.create_task(self._keep_saying(attempt))
        self._saying.add(saying)
        saying.add_done_callback(self._saying.discard)

    async def _keep_saying(self, attempt):
        """Until it is handed over: the broker may be gone, the network cut."""
        while True:
            try:
                return await attempt()
            except (OSError, ValueError, aiohttp.ClientError):
                await asyncio.sleep(0.2)

    # What befalls it

    async def _nothing(self): ...

    async def _soon(self):
        await asyncio.sleep(self.chance.uniform(0, 1.5))

    async def _restart_broker(self):
        await self._soon()
        await asyncio.shield(asyncio.to_thread(self._swap_broker))

    def _swap_broker(self):
        self._broker.stop()
        self._broker.start()

    async def _restart_mail(self):
        await self._soon()
        await self._mail_server.down()
        await self._soon()

    async def _withhold_answers(self):
        for each in (self._mail_server, self._alert_receiver, self._slack):
            each.answers.clear()

    async def _fill_disk(self):
        await self._soon()
        self.disk.fill()
        await self._soon()
        self.disk.make_room()

    async def _cut_network(self):
        await self._soon()
        self.network.cut()
        await self._soon()
        self.network.mend()

    async def _move_clock(self):
        self.clock.set_ahead(self.chance.choice(AHEAD_S))
        await self._soon()
        self.clock.set_ahead(self.chance.choice([0, *AHEAD_S]))

    async def _break_lines(self):
        for ear in self.ears.values():
            ear.line.break_after(self.chance.randrange(1, 4_000))
        await self._soon()
        for ear in self.ears.values():
            await ear.line.hang_up()

    async def _stop(self):
        """As an upgrade does, which does not wait long enough."""
        await self._soon()
        self.daemon.process.send_signal(15)

    async def _heal(self):
        for each in (self._mail_server, self._alert_receiver, self._slack):
            each.answers.set()
        self.disk.make_room()
        if self.network.is_own:
            self.network.mend()
        self.clock.set_ahead(0)
        if not self._mail_server.is_up:
            await self._mail_server.up()

    # The drill

    async def begin(self, speed):
        """The first life, in good weather: every source knows where it stands."""
        self.nursery = Nursery(self.daemon.take_line, **self.clock.environment)
        await self.nursery.open()
        async with self._good_weather(speed):
            for kind, ear in self.ears.items():
                await self._until(lambda ear=ear, kind=kind: self._hears(ear, kind))
            for kind in self.ears:
                self.speak(kind, 1)

    def _hears(self, ear, kind):
        self._chatter()
        return ear.is_ready() if hasattr(ear, "is_ready") else self.daemon.said("source_heard", source=f"by-{kind}")

    async def round(self):
        """One life; whether it was a kill that ended it, at a random instant."""
        name = self.chance.choices(self.faults, [FAULTS[name][1] for name in self.faults])[0]
        await self.daemon.begin()
        for kind in self.chance.sample(list(self.ears), 3):
            self.speak(kind, 1 if kind == "feed" else self.chance.randrange(1, 4))
        if not self.chance.randrange(ANGRY_EVERY):
            self.complain()
        befalling = asyncio.create_task(FAULTS[name][0](self))
        starting = await self._random_instant()
        ended = self.daemon.process.returncode is not None
        await self.daemon.kill()
        befalling.cancel()
        await asyncio.wait({befalling})
        if not befalling.cancelled():
            befalling.result()
        await self._heal()
        self.kills[name, starting] += not ended
        return not ended

    async def _random_instant(self):
        """Return then; whether it is one of the start. What befalls it may keep it from ever being ready."""
        if self.chance.random() < 0.4:
            await asyncio.sleep(self.chance.uniform(0, START_S))
            return True
        with suppress(AssertionError):
            seen = len(self.daemon.log)
            await self._until(lambda: self.daemon.said("daemon_ready", since=seen), patience=5)
        await asyncio.sleep(min(self.chance.expovariate(0.7), 6))
        return False

    async def calm(self, speed):
        """Good weather until all is heard and told."""
        async with self._good_weather(speed):
            await self._until(self._all_told)

    @asynccontextmanager
    async def _good_weather(self, speed):
        """A life in which time flies and nothing befalls it; it ends in order once all is heard."""
        self.daemon.nursery, self.daemon.environment = None, self.clock.flying(speed)
        seen = len(self.daemon.log)
        await self.daemon.begin()
        await self._until(lambda: self.daemon.said("daemon_ready", since=seen))
        yield
        await self._until(lambda: not self._saying)
        await self._until(self._all_heard)
        assert await self.daemon.stop(patience=FOUL_S) == 0
        self.daemon.nursery = self.nursery
        self.clock.land()

    async def end(self):
        await self.daemon.kill()
        await self.nursery.close()
        self.daemon.output.clear()  # what libraries say of connections that break is no fault here

    async def _until(self, fact, patience=FOUL_S):
        until = time.monotonic() + patience
        while not fact():
            assert time.monotonic() < until, self.story()
            await asyncio.sleep(0.2)

    def _chatter(self):
        for ear in self.ears.values():
            if hasattr(ear, "chatter"):
                ear.chatter(self.now())

    # What must be so

    def expected(self):
        said = {kind: [self._number(kind, n) for n in range(count)] for kind, count in self.numbers.items()}
        if not self._saying:
            return [self.ears[kind].id_of(n) for kind, numbers in said.items() for n in numbers] + self.angry
        return [self.ears[kind].id_of(n) for kind, ns in said.items() if kind != "x" for n in ns] + self.angry

    def journalled(self):
        return [name for (name,) in self.daemon.rows("SELECT mention FROM journal WHERE kind = 'sighting'")]

    def _all_heard(self):
        self._chatter()
        return set(self.expected()) <= set(self.journalled())

    def _all_told(self):
        return self.everybody_told(len(self.angry)) and not self.waiting()

    def waiting(self):
        return self.daemon.rows("SELECT key, why FROM outbox WHERE state = 'waiting'")

    def figures(self):
        """What is to be nought, and what is to be known."""
        heard, expected = Counter(self.journalled()), self.expected()
        keys = self.told()
        return {
            "kills": sum(self.kills.values()),
            "during the start": sum(number for (_, starting), number in self.kills.items() if starting),
            "said": len(expected),
            "lost": len(set(expected) - set(heard)),
            "counted twice": sum(number > 1 for number in heard.values()),
            "counted and never said": len(set(heard) - set(expected)),
            "alerts due": len(self.angry) * len(keys),
            "alerts lost": sum(len(self.angry) - len(self.incidents_of(each)) for each in keys.values()),
            "given up": len(self.daemon.rows("SELECT 1 FROM outbox WHERE state = 'failed'")),
            "messages": sum(map(len, keys.values())),
            "processor seconds": round(self.nursery.cpu_s, 1),
            "repeats": sum(len(each) - len(set(each)) for each in keys.values()),
        }

    def story(self):
        missing = sorted(set(self.expected()) - set(self.journalled()))
        said = [line for line in self.daemon.log[-400:] if line.get("level") in {"warning", "error"}]
        return "\n".join(
            (
                f"{self.figures()}",
                f"{len(self._saying)} not handed over, {len(missing)} missing, such as {missing[:8]}",
                f"waiting: {self.waiting()[:8]}",
                *(json.dumps(line) for line in said[-25:]),
                *self.daemon.output[-20:],
            )
        )

    def table(self):
        """What is so far, in lines."""
        under = Counter()
        for (name, _), number in self.kills.items():
            under[name] += number
        yield from (f"{number:>8} {name}" for name, number in self.figures().items())
        yield from (f"{number:>8} kills, {name}" for name, number in sorted(under.items()))

    def assert_well(self):
        figures = self.figures()
        wrong = ("lost", "counted twice", "counted and never said", "alerts lost", "given up")
        assert {name: figures[name] for name in wrong} == dict.fromkeys(wrong, 0), self.story()
        self.assert_everybody_told(self.angry)


FAULTS = {
    "nothing": (Turmoil._nothing, 4),
    "answers withheld": (Turmoil._withhold_answers, 4),
    "clock moved": (Turmoil._move_clock, 3),
    "broker restarted": (Turmoil._restart_broker, 2),
    "mail server restarted": (Turmoil._restart_mail, 2),
    "lines broken": (Turmoil._break_lines, 2),
    "disk filled": (Turmoil._fill_disk, 2),
    "network cut": (Turmoil._cut_network, 2),
    "stopped in order": (Turmoil._stop, 1),
}
"""What befalls it, each with how often it is chosen."""
