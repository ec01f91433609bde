"""Logs: readable on a terminal, JSON lines elsewhere; ids and counts, never texts, handles or secrets."""

import logging
import os
import sys
from collections.abc import Mapping

import structlog


def configure_logs(least: int = logging.INFO) -> None:
    """Once, at the start of the daemon; what is below `least` is not logged."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it logs addresses and payloads
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(_for_people() if terminal else _for_programs()),
            *([_with_priority] if _is_journal() else []),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=least < logging.ERROR,  # a command that keeps quiet may not be its process's last
    )


# Tracebacks without the values of variables: those are texts of mentions, and secrets.


def _for_people() -> list[structlog.typing.Processor]:
    return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]


def _for_programs() -> list[structlog.typing.Processor]:
    bare = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [structlog.processors.ExceptionRenderer(bare), structlog.processors.JSONRenderer()]


_PRIORITIES: Mapping[str, int] = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}


def _is_journal() -> bool:
    """Whether what we write goes to journald, which says so by the device and inode of the stream."""
    try:
        told = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):  # tests put something else in its place
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{told.st_dev}:{told.st_ino}"


def _with_priority(_logger: object, level: str, line: object) -> str:
    """A line as sd-daemon(3) has it: journald takes the number off, and `journalctl -p` chooses by it."""
    return f"<{_PRIORITIES.get(level, 6)}>{line}"
