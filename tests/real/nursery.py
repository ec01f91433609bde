"""A process that has imported the program and bears a daemon whenever it is told to: a start costs a fifth.

What a kill can hurt begins once the state is opened; nothing is lost by leaving the imports, a second and a half of
processor time, out of each start. Run as a script it is the nursery itself, imported it gives the way to it.
"""

import asyncio
import contextlib
import importlib
import json
import os
import selectors
import signal
import sys
import time

KINDS = ("mqtt", "bluesky", "mastodon", "feed", "webhook", "x")
NEEDED = (
    "anyio._backends._asyncio",
    "buzzwatch.app.live",
    "buzzwatch.cli",
    "buzzwatch.delivery.channels.apprise",
    "buzzwatch.sources.http",
    "watchfiles.main",
    *(f"buzzwatch.sources.{kind}.adapter" for kind in KINDS),
)
"""What a start imports, some of it as late as that."""
BORN, ENDED = "daemon_born", "daemon_ended"
"""Lines beside those of the daemons themselves, and in order with them."""


class Child:
    """A daemon of a nursery, used like a process of asyncio."""

    def __init__(self, pid):
        self.pid = pid
        self.returncode = None
        self._ended = asyncio.Event()

    def send_signal(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    async def wait(self):
        await self._ended.wait()
        return self.returncode

    def end(self, status):
        self.returncode = status
        self._ended.set()


class Nursery:
    """Bears one daemon at a time; `environment` holds for all of them, `hear` is given what they log, line by line."""

    def __init__(self, hear, **environment):
        self._hear = hear
        self._environment = os.environ | environment
        self.cpu_s = 0.0
        """What all of them have used."""
        self._child = None
        self._born = asyncio.Event()

    async def open(self):
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            __file__,
            stdin=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment,
            limit=1 << 24,
        )
        self._reader = asyncio.create_task(self._read())

    async def bear(self, *arguments):
        """Run the command with those arguments in a new process; return once there is one."""
        self._born.clear()
        self._process.stdin.write(json.dumps(arguments).encode() + b"\n")
        await self._born.wait()
        return self._child

    async def close(self):
        self._process.stdin.close()
        await self._process.wait()
        await self._reader

    async def _read(self):
        async for line in self._process.stderr:
            told = json.loads(line) if line.startswith(b'{"nursery"') else {}
            if told.get("nursery") == BORN:
                self._child = Child(told["pid"])
                self._born.set()
            elif told.get("nursery") == ENDED:
                self.cpu_s += told["cpu_s"]
                self._child.end(told["status"])
            if line.strip():
                await self._hear(b"" if told else line)


def main():
    """Take orders from standard input until it ends."""
    for module in NEEDED:
        importlib.import_module(module)
    sys.modules["buzzwatch.delivery.channels.apprise"].warm()
    _mend_sleep()
    orders, pending = selectors.DefaultSelector(), b""
    orders.register(0, selectors.EVENT_READ)
    while True:
        for key, _ in orders.select():
            if key.fd:
                _, status, used = os.wait4(key.data, 0)
                orders.unregister(key.fd)
                os.close(key.fd)
                _say(ENDED, pid=key.data, status=os.waitstatus_to_exitcode(status), cpu_s=used.ru_utime + used.ru_stime)
                continue
            read = os.read(0, 1 << 16)
            if not read:
                return
            *lines, pending = (pending + read).split(b"\n")
            for line in lines:
                pid = os.fork()
                if not pid:
                    _be_daemon(json.loads(line))
                _say(BORN, pid=pid)
                orders.register(os.pidfd_open(pid), selectors.EVENT_READ, pid)


def _be_daemon(arguments):
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    signal.set_wakeup_fd(-1)
    sys.argv = ["buzzwatch", *arguments]
    try:
        buzzwatch = sys.modules["buzzwatch.cli"]
        buzzwatch.main()
    except SystemExit as end:
        code = end.code
    else:
        code = 0
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


def _mend_sleep():
    """What fakes the wall clock alone makes `time.sleep` fail, which sleeps until an instant of the monotonic one."""
    waiting = selectors.SelectSelector()

    def sleep(seconds):
        waiting.select(max(seconds, 1e-6)) if not waiting.get_map() else None

    if "libfaketime" in os.environ.get("LD_PRELOAD", ""):
        time.sleep = sleep


def _say(event, **fields):
    """On a line of its own: what was killed may have left one unfinished."""
    os.write(2, b"\n" + json.dumps({"nursery": event} | fields).encode() + b"\n")


if __name__ == "__main__":
    main()
