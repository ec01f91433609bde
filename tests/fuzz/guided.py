"""Coverage-guided fuzzing (atheris, libFuzzer) of the parsers: `guided.py SECONDS FOLDER [PARSER …]`; all by default.

Each parser begins from its examples and from what earlier runs left in its part of the folder. The first input that a
parser does not hold against is kept there and ends the run.
"""

import subprocess
import sys
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["buzzwatch", "feedparser", "icalendar", "recurring_ical_events", "ruamel"]):
    import parsers

LONGEST_INPUT = 20_000
SLOW_S = 10
"""Of wall time for one input, in instrumented code beside others."""


def fuzz(name: str, seconds: int, folder: Path) -> None:
    """Look at inputs until the time is over; ends the process."""
    corpus = folder / name.replace(" ", "-")
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(parsers.PARSERS[name].seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    settings = [f"-max_total_time={seconds}", f"-max_len={LONGEST_INPUT}", f"-timeout={SLOW_S}", "-rss_limit_mb=2000"]
    found = f"-artifact_prefix={folder}/found-{corpus.name}-"
    atheris.Setup(
        [sys.argv[0], str(corpus), found, "-verbosity=0", "-print_final_stats=1", *settings],
        lambda raw: parsers.look(name, raw),
    )
    atheris.Fuzz()


def main() -> int:
    """Each in a process of its own: libFuzzer ends its process. How many did not hold."""
    seconds, folder, *names = sys.argv[1:]
    failed = 0
    for name in names or parsers.PARSERS:
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, __file__, "--one", name, seconds, folder], capture_output=True, check=False
        )
        units = [
            line.split()[-1] for line in done.stderr.splitlines() if line.startswith(b"stat::number_of_executed_units")
        ]
        told = units[0].decode() if units else "?"
        came = f"FAILED ({done.returncode})" if done.returncode else "held"
        sys.stdout.write(f"{name}: {told} inputs in {time.monotonic() - began:.0f} s, {came}\n")
        sys.stdout.flush()
        if done.returncode:
            failed += 1
            for told in (done.stdout, done.stderr):  # the one has the traceback, the other the input
                sys.stdout.write(told.decode(errors="replace")[-4_000:])
    return failed


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        fuzz(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
    else:
        sys.exit(main())
