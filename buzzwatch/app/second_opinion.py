"""Scores by a plugged-in scorer, for what it answers in time; all else keeps the score of the built-in one.

Every mention is read with the built-in scorer first, in memory and at once. What the ledger finds new is then put to
the plug-in, and the batch waits for its answers, but never longer than the configured time, and not at all while the
plug-in is loaded, rests, or has held up the stream too much. So nothing depends on it, and every sighting names the
scorer whose number it carries.
"""

import asyncio
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

import structlog
from msgspec.structs import replace

from buzzwatch.app.config import Scorer
from buzzwatch.app.scorer_process import LOADING, Said, ScorerEndedError, ScorerError, ScorerProcess, require
from buzzwatch.clock import Clock, until
from buzzwatch.ingest.sight import STARS
from buzzwatch.model.input import Trouble
from buzzwatch.model.instant import MINUTE, SECOND, Instant, Span
from buzzwatch.store.batch import Heard, Verdict
from buzzwatch.web.metrics import Metrics

FAILURES = 3
"""So many in a row put it to rest, and after a rest each one does."""
REST, LONGEST_REST = MINUTE, 10 * MINUTE
"""The first rest; each that follows without a success between is twice as long."""
BUSY = 0.5
"""The share of the time in which the stream may wait for the plug-in; the rest is for catching up without it."""

log = structlog.get_logger()


class Fate(StrEnum):
    """What became of a text that the plug-in might have scored; each but the first left it to the built-in scorer."""

    SCORED = "scored"
    LATE = "late"
    FAILED = "failed"
    RESTING = "resting"
    BUSY = "busy"


class SecondOpinion:
    """Asks the configured plug-in; `run` keeps it running. `tell` is given troubles for `ops`.

    Raises:
        ScorerError: no plug-in of the configured name is installed.
    """

    def __init__(self, config: Scorer, clock: Clock, metrics: Metrics, tell: Callable[[Trouble], object]) -> None:
        require(config.use)
        self._config = config
        self._clock = clock
        self._metrics = metrics
        self._tell = tell
        self._process: ScorerProcess | None = None
        self._tired = asyncio.Event()
        self._failures = 0
        self._why = ""
        self._rest: Span = 0
        self._rest_until: Instant = 0
        self._troubled_since: Instant | None = None
        self._paid_at: Instant = 0
        """When the waiting so far is made up for."""

    async def run(self) -> None:
        """Load the plug-in, and again when it died or has rested, until cancelled."""
        while True:
            await self._clock.wait_until(self._rest_until)
            try:
                await self._live(await ScorerProcess.start(self._config.use))
            except ScorerError as error:
                self._fail(str(error))
            except TimeoutError:
                self._fail(f"it was not loaded after {LOADING // SECOND} s")
            except Exception as error:  # the daemon must not end for the sake of a plug-in
                log.exception("scorer_mishandled", scorer=self._config.use)
                self._fail(f"a fault of buzzwatch ({type(error).__name__})")

    async def _live(self, process: ScorerProcess) -> None:
        """Offer a plug-in to be asked until it ends or is put to rest."""
        self._tired.clear()
        ended = asyncio.create_task(process.end())
        tired = asyncio.create_task(self._tired.wait())
        try:
            async with until(self._clock, self._clock.now() + LOADING):
                await process.load()
            log.info("scorer_loaded", scorer=process.name, pid=process.pid)
            self._process = process
            self._metrics.scorer_up.set(1)
            await asyncio.wait((ended, tired), return_when=asyncio.FIRST_COMPLETED)
            if not tired.done():
                raise ScorerError(ended.result())
        finally:
            self._process = None
            self._metrics.scorer_up.set(0)
            tired.cancel()
            await process.kill()
            await ended

    async def reconsider(self, heard: list[Heard], verdicts: list[Verdict]) -> list[Heard]:
        """The same with the plug-in's scores, as far as it gives them in time to what is new or edited."""
        wanted = dict.fromkeys(
            _said(each)
            for each, verdict in zip(heard, verdicts, strict=True)
            if verdict is not Verdict.REPEAT and each.sighting.scorer != STARS
        )
        process, scores = self._process, dict[Said, float]()
        if not wanted:
            return heard
        missing = Fate.RESTING
        if process is not None:
            missing = await self._ask(process, list(wanted), scores)
        self._metrics.scorer_texts.labels(Fate.SCORED).inc(len(scores))
        self._metrics.scorer_texts.labels(missing).inc(len(wanted) - len(scores))
        if process is None or not scores:
            return heard
        return [_rescored(each, scores.get(_said(each)), process.name) for each in heard]

    async def _ask(self, process: ScorerProcess, wanted: list[Said], scores: dict[Said, float]) -> Fate:
        """Fill in scores; why those are missing that are."""
        began, missing = self._clock.now(), Fate.FAILED
        owed = self._paid_at - began
        if owed > 3 * self._config.timeout:
            owed = 0  # more than it can come to: the clock was set back
        if owed > self._config.timeout:
            return Fate.BUSY
        try:
            async with until(self._clock, began + self._config.timeout):
                await self._collect(process, wanted, scores)
        except TimeoutError:
            missing = Fate.LATE
            if not scores:
                size = min(len(wanted), self._config.batch)
                self._fail(f"it gave no answer for {size} texts in {self._config.timeout / SECOND:g} s")
        except Exception as error:  # nor the batch be lost
            log.exception("scorer_mishandled", scorer=self._config.use)
            self._fail(f"a fault of buzzwatch ({type(error).__name__})")
        waited = self._clock.now() - began
        self._paid_at = began + max(owed, 0) + round(waited / BUSY)
        self._metrics.scorer_seconds.observe(waited / SECOND)
        return missing

    async def _collect(self, process: ScorerProcess, wanted: list[Said], scores: dict[Said, float]) -> None:
        for part in _parts(wanted, self._config.batch):
            if self._process is not process:
                return  # it was put to rest, or died
            try:
                scores.update(zip(part, await process.score(part), strict=True))
            except ScorerEndedError:
                return  # which `run` sees too
            except ScorerError as error:
                self._fail(str(error))
            else:
                self._succeed(process)

    def _succeed(self, process: ScorerProcess) -> None:
        self._failures, self._rest, self._why = 0, 0, ""
        if self._troubled_since is not None:
            log.info("scorer_recovered", scorer=process.name)
            text = f"scorer {self._config.use} works again"
            self._tell(Trouble(0, "scorer", self._troubled_since, text, over=True))
            self._troubled_since = None

    def _fail(self, why: str) -> None:
        self._failures, self._why = self._failures + 1, why
        log.warning("scorer_failed", scorer=self._config.use, why=why, in_a_row=self._failures)
        if self._failures < FAILURES:
            return
        now = self._clock.now()
        self._rest = min(2 * self._rest or REST, LONGEST_REST)
        self._rest_until = now + self._rest
        self._process = None
        self._tired.set()
        log.error("scorer_put_to_rest", scorer=self._config.use, why=why, seconds=self._rest / SECOND)
        if self._troubled_since is None:
            self._troubled_since = now
            text = f"scorer {self._config.use} is put to rest, and the built-in one scores in its place: {why}"
            self._tell(Trouble(0, "scorer", now, text))

    def state(self) -> dict[str, Any]:
        """How it does, as JSON types."""
        name = self._process.name if self._process else None
        resting = name is None and self._rest_until > self._clock.now()
        return {
            "use": self._config.use,
            "name": name,
            "state": "working" if name else "resting" if resting else "starting",
            "until": self._rest_until if resting else None,
            "why": self._why,
        }


def _parts(wanted: list[Said], size: int) -> Iterator[list[Said]]:
    return (wanted[at : at + size] for at in range(0, len(wanted), size))


def _said(heard: Heard) -> Said:
    return Said(heard.mention.whole, heard.sighting.lang)


def _rescored(heard: Heard, score: float | None, name: str) -> Heard:
    if score is None or heard.sighting.scorer == STARS:
        return heard
    return replace(heard, sighting=replace(heard.sighting, negativity=score, scorer=name))
