"""Measures everything again and puts the figures into docs/benchmarks.md: `python benchmarks/report.py [name ...]`.

Each command's output goes between the two comments that bear its name; where they are missing it is only printed. The
scorers of alarm quality are looked for in the folder that BUZZWATCH_SCORERS names, else in `../shared/bench` beside the
checkout; without them their figures stay as they are.
"""

import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

from rig.machine import introduce

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "benchmarks.md"
SCORERS = Path(os.environ.get("BUZZWATCH_SCORERS", ROOT.parent / "shared" / "bench"))
PROGRAM = f"{sys.executable} -m buzzwatch"

OURS: dict[str, tuple[str, ...]] = {
    "volume_transfer": ("data/volume", "--draws", "80"),
    "volume": (),
    "quiet": (),
    "regime": (),
    "urgency": (),
    "scorers": ("data/negativity",),
    "negativity": (),
    "corrections": (),
    "threads_transfer": ("data/threads/weibo_ced.jsonl.gz", "data/threads/forest_memetracker.jsonl.gz"),
    "threads": (),
    "stories": (),
    "slow": (),
    "ingest": (),
    "replay": (),
    "check": (),
    "backtest": (),
    "live_mqtt": (),
    "bluesky": (),
    "x": (),
    "latency": (),
    "latency_incidents": (),
    "memory": (),
}
"""Scripts of this folder; what begins with `data/` is handed over where the scorers are."""
THEIRS = {"score_volume": "volume.py", "score_threads": "threads.py", "score_stories": "stories.py"}


def commands() -> dict[str, list[str]]:
    """What is run, by the name of its place in the document."""
    scored = {name: [str(SCORERS / script), "--cmd", PROGRAM] for name, script in THEIRS.items()}
    ours = {name: [str(ROOT / "benchmarks" / f"{name}.py"), *_at_hand(words)] for name, words in OURS.items()}
    return scored | ours


def _at_hand(words: tuple[str, ...]) -> list[str]:
    """Arguments without the data that are not there."""
    paths = [str(SCORERS / word) if word.startswith("data/") else word for word in words]
    return [path for word, path in zip(words, paths, strict=True) if word == path or Path(path).exists()]


def measure(words: list[str]) -> str | None:
    """The output of a script, shown while it comes; None if it fails."""
    lines = []
    with subprocess.Popen(
        [sys.executable, *words], cwd=ROOT / "benchmarks", stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as script:
        assert script.stdout is not None
        for line in script.stdout:
            print(line, end="", flush=True)
            lines.append(line.rstrip())
    return None if script.returncode else "\n".join(lines).strip()


def as_markdown(output: str) -> str:
    """Tables as they are, everything else as it was printed; no path of the machine it was measured on."""
    bare, parts = output.replace(f"{ROOT}/", "").replace(f"{SCORERS}/", ""), []
    tables = re.split(r"((?:^\|.*\n?)+)", bare, flags=re.MULTILINE)
    for part in tables:
        text = part.strip("\n")
        if text.strip():
            parts.append(text if text.startswith("|") else f"```text\n{text}\n```")
    return "\n\n".join(parts)


def put(document: str, name: str, figures: str) -> str:
    """The document with other figures between the comments of a name."""
    place = re.compile(rf"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)", re.DOTALL)
    return place.sub(lambda found: f"{found[1]}\n{figures}\n\n{found[2]}", document)


def main(names: list[str]) -> int:
    known = commands()
    if unknown := [name for name in names if name not in known]:
        print(f"no figures named {', '.join(unknown)}: there are {', '.join(known)}", file=sys.stderr)
        return 2
    introduce(0)
    failed = []
    for name in names or known:
        script = Path(known[name][0])
        print(f"\n== {name}: {shlex.join(known[name])}", flush=True)
        if not script.exists():
            print(f"not measured: {script} is not there")
            continue
        began = time.perf_counter()
        figures = measure(known[name])
        print(f"== {name}: {time.perf_counter() - began:.0f} s")
        if figures is None:
            failed.append(name)
        else:  # the document is read again each time: it may be edited meanwhile
            DOCUMENT.write_text(put(DOCUMENT.read_text("utf-8"), name, as_markdown(figures)), "utf-8")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
