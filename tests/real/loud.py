"""`buzzwatch` with every logger of every library as loud as it can be: `loud.py COMMAND …`."""

import asyncio
import logging
import sys

from buzzwatch.app import logs

quiet = logs.configure_logs


def configure_logs(least: int = logging.INFO) -> None:
    """As the daemon does, and louder."""
    quiet(min(least, logging.DEBUG))
    logging.getLogger().setLevel(logging.DEBUG)


logs.configure_logs = configure_logs
asyncio.coroutines._is_debug_mode = lambda: True  # loops log what is slow, with its names

if __name__ == "__main__":
    from buzzwatch.cli import main

    sys.argv[0] = "buzzwatch"
    main()
