"""Logs: readable on a terminal, JSON lines elsewhere; ids and counts, never texts, handles or secrets."""

import logging
import sys

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
            structlog.dev.ConsoleRenderer() if terminal else structlog.processors.dict_tracebacks,
            *([] if terminal else [structlog.processors.JSONRenderer()]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
