"""A plugged-in scorer as the daemon sees it: a process that is asked, and ended."""

import asyncio
import os
import re
import signal
import sys
from contextlib import suppress
from typing import NamedTuple

import msgspec

from buzzwatch.app.scorer_plugin import Answer, Question, installed
from buzzwatch.model.instant import MINUTE, Span

_OURS = "linear"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}@[a-z0-9._-]{1,20}")
_LONGEST_ANSWER = 1_000_000
_LONGEST_REASON = 300
LOADING: Span = 2 * MINUTE
"""How long a plug-in may take until it has scored its first sentence."""


class ScorerError(Exception):
    """A plugged-in scorer is not what it should be; the text says how, without any mention's words."""


class ScorerEndedError(ScorerError):
    """Its process is gone, or no longer makes sense and was ended."""


class Said(NamedTuple):
    """What is to be scored."""

    text: str
    lang: str


def require(use: str) -> None:
    """See that a scorer of that name is installed; raises `ScorerError` with those that are."""
    known = installed()
    if use not in known:
        raise ScorerError(
            f"scorer: no scorer `{use}` is installed; installed are: {', '.join(known) or 'none'}; "
            "install its package beside buzzwatch, or leave `scorer` out for the built-in one"
        )


class ScorerProcess:
    """A plug-in in a process of its own, asked one thing at a time.

    `name` is what it calls itself, once it was heard.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.name = ""
        self.pid = process.pid
        self._process = process
        self._number = 0

    @classmethod
    async def start(cls, use: str, *, aloud: bool = False) -> "ScorerProcess":
        """Begin to load a plug-in; what it prints is shown if `aloud`, else thrown away: it may be what people wrote.

        Raises:
            ScorerError: there can be no such process.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "buzzwatch.app.scorer_plugin", use),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=None if aloud else asyncio.subprocess.DEVNULL,
                start_new_session=True,  # the terminal's Ctrl-C is for the daemon
                limit=_LONGEST_ANSWER,
            )
        except OSError as error:
            raise ScorerError(f"no process can be started for it: {error}") from error
        return cls(process)

    async def load(self) -> None:
        """Wait until it is loaded and told its name. Raises `ScorerError`."""
        answer = await self._hear()
        if answer.error:
            raise ScorerError(f"it cannot be loaded: {' '.join(answer.error.split())[:_LONGEST_REASON]}")
        if not _NAME.fullmatch(answer.name):
            raise ScorerError(f"it calls itself {answer.name[:80]!r}; a name is model@version, such as camembert@3")
        if answer.name.partition("@")[0] == _OURS:  # what it judged would be explained and learnt from as ours
            raise ScorerError(
                f"it calls itself {answer.name!r}, as the built-in scorer does; give it a name of its own"
            )
        _check(answer.scores, 1)
        self.name = answer.name

    async def score(self, said: list[Said]) -> list[float]:
        """The probability for each, 0..1. May be cancelled: the answer is passed over when it comes.

        Raises:
            ScorerError: it failed, or answered nonsense.
            ScorerEndedError: it is gone.
        """
        self._number += 1
        question = Question(self._number, [each.text for each in said], [each.lang for each in said])
        await self._ask(msgspec.json.encode(question) + b"\n")
        while (answer := await self._hear()).number != self._number:
            pass  # it is about what was no longer waited for
        if answer.error:
            raise ScorerError(answer.error)
        return _check(answer.scores, len(said))

    async def _ask(self, line: bytes) -> None:
        questions = self._process.stdin
        assert questions is not None  # noqa: S101 - it was made with a pipe
        with suppress(ConnectionError):  # it is gone, which shows when it is heard
            questions.write(line)
            await questions.drain()

    async def _hear(self) -> Answer:
        answers = self._process.stdout
        assert answers is not None  # noqa: S101 - it was made with a pipe
        try:
            line = await answers.readline()
            if line:
                return msgspec.json.decode(line, type=Answer)
        except ValueError:
            pass  # something else wrote there: nothing that follows can be trusted
        self._kill()
        raise ScorerEndedError(await self.end())

    async def end(self) -> str:
        """Wait until it is gone; how it ended."""
        status = await self._process.wait()
        if status >= 0:
            return f"its process ended with status {status}"
        return f"its process was ended by {signal.Signals(-status).name}"

    async def kill(self) -> None:
        """End it, with all that it started."""
        self._kill()
        await self._process.wait()

    def _kill(self) -> None:
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)


def _check(scores: list[float | None], count: int) -> list[float]:
    if len(scores) != count:
        raise ScorerError(f"it gave {len(scores)} scores for {count} texts")
    for score in scores:
        if score is None:
            raise ScorerError("it gave no finite number")
        if not 0 <= score <= 1:
            raise ScorerError(f"it gave {score:.4g}, which is not within 0 to 1")
    return [score for score in scores if score is not None]
