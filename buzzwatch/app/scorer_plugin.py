"""A scorer that somebody plugs in, and the process that it runs in: `python -m buzzwatch.app.scorer_plugin NAME`.

The process reads a `Question` a line on its standard input and writes an `Answer` a line where its standard output
was. The plug-in itself finds nothing on its standard input, and what it prints goes to the standard error.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol

import msgspec
from msgspec import Struct

GROUP = "buzzwatch.scorers"
"""Of entry points: each names a callable without arguments that gives a `BatchScorer`, a class for instance."""
SENTENCE, LANG = "The flight was late and nobody told us why.", "en"
"""Scored once before the first question: a model that warms up does so then."""
_PR_SET_PDEATHSIG = 1


class BatchScorer(Protocol):
    """What a plug-in gives; called by one thread, never twice at a time."""

    @property
    def name(self) -> str:
        """Model and version, such as "camembert@3": stored with every score, so another one whenever scores change."""

    def score(self, texts: list[str], langs: list[str]) -> Sequence[float]:
        """For each text as its author wrote it, the probability, 0..1, that it is negative.

        `langs` holds for each text a code such as "fr", or "und". The same texts give the same scores.
        """


class Question(Struct):
    """Texts to score, with their languages."""

    number: int
    texts: list[str]
    langs: list[str]


class Answer(Struct, omit_defaults=True):
    """Scores in the order of the texts, None for what is no finite number; or what went wrong.

    The first one, number 0, comes unasked once the plug-in is loaded and has scored `SENTENCE`; it tells its name.
    """

    number: int = 0
    name: str = ""
    scores: list[float | None] = []
    error: str = ""


def installed() -> list[str]:
    """The names of the scorers that are plugged in."""
    return sorted({entry.name for entry in entry_points(group=GROUP)})


def serve(use: str, questions: BinaryIO, answers: BinaryIO) -> None:
    """Load a plug-in and answer until there are no more questions."""

    def say(answer: Answer) -> None:
        answers.write(msgspec.json.encode(answer) + b"\n")
        answers.flush()

    try:
        scorer = _load(use)
        say(Answer(0, str(scorer.name), _score(scorer, [SENTENCE], [LANG])))
    except Exception as error:  # noqa: BLE001 - whatever it is, the daemon tells it
        say(Answer(error=f"{_place(error)}: {error}"))
        return
    for line in questions:
        question = msgspec.json.decode(line, type=Question)
        try:
            say(Answer(question.number, scores=_score(scorer, question.texts, question.langs)))
        except Exception as error:  # noqa: BLE001 - likewise, without its words: they may be those of a mention
            say(Answer(question.number, error=_place(error)))


def _load(use: str) -> BatchScorer:
    for entry in entry_points(group=GROUP, name=use):
        scorer: BatchScorer = entry.load()()
        return scorer
    raise LookupError(f"no scorer {use!r} is installed")


def _score(scorer: BatchScorer, texts: list[str], langs: list[str]) -> list[float | None]:
    return [float(score) for score in scorer.score(texts, langs)]  # as JSON, what is not finite becomes null


def _place(error: Exception) -> str:
    """What was raised, and in which line."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else ""
    return f"it raised {type(error).__name__}{where}"


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the daemon, out of reach of the plug-in and of whatever it starts.

    They are closed by the end of the process alone: who sees that finds its status too.
    """
    questions, answers = os.fdopen(os.dup(0), "rb", closefd=False), os.fdopen(os.dup(1), "wb", closefd=False)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return questions, answers


def _live_and_die_with_the_daemon() -> None:
    """End when it ends, even by SIGKILL, and not before: a stopping service signals all of its processes at once."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # not SIG_IGN, which what it starts would inherit
    with suppress(OSError, MemoryError):  # without it, the end of the questions is the end
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")  # when memory runs out, this goes first


if __name__ == "__main__":
    _live_and_die_with_the_daemon()
    serve(sys.argv[1], *_take_pipes())
