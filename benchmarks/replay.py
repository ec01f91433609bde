"""What `buzzwatch replay` does on a busy hour and on six quiet years: `python benchmarks/replay.py [mentions]`.

Prints mentions a second on one core from the file to the printed alert, the cost of each stage, and for comparison what
a sketch of the same idea costs in the same run.
"""

import sys
import time
from collections.abc import Callable
from functools import wraps
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rig.machine import introduce
from rig.mentions import SEED, brand_keys, rule_files, sparse, steady
from rig.peer_sketch import sketch

from buzzwatch.app.printing import as_text
from buzzwatch.app.replay import Replay
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.input import Tick
from buzzwatch.model.mention import Sighting
from buzzwatch.sources.file import read

HORIZON = 4_000_000_000_000
RATE = 50.0


class Stopwatch:
    """Adds up the time that passes inside some methods."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def watch(self, owner: Any, method: str, name: Callable[[Any], str]) -> None:
        """Time a method of one object from now on, under the name that its first argument has."""
        run = getattr(owner, method)

        @wraps(run)
        def timed(first: object, *rest: object) -> object:
            began = time.process_time()
            try:
                return run(first, *rest)
            finally:
                stage = name(first)
                self.seconds[stage] = self.seconds.get(stage, 0.0) + time.process_time() - began

        setattr(owner, method, timed)


def play(path: Path, rules: Ruleset, replayed: Replay | None = None) -> tuple[float, int, int]:
    """Seconds, mentions read and messages printed."""
    replayed = replayed or Replay(rules, HORIZON)
    began = time.process_time()
    messages = sum(len(list(as_text(replayed, at, outcome))) // 4 for at, outcome in replayed.run(read(path)))
    return time.process_time() - began, replayed.summary.read, messages


def stages(path: Path, rules: Ruleset) -> None:
    """The same once more, with a stopwatch at each stage."""
    replayed, watch = Replay(rules, HORIZON), Stopwatch()
    hearing = replayed._hearing  # noqa: SLF001 - a stage of its own
    watch.watch(hearing, "open", lambda _: "open")
    watch.watch(hearing, "see", lambda _: "place, match, language, score")
    kinds: dict[type, str] = {Sighting: "step a sighting", Tick: "step a tick"}
    # Spine has no slots: a method of this one object can be replaced.
    watch.watch(replayed.spine, "step", lambda item: kinds.get(type(item), "step another input"))
    seconds, read_, _ = play(path, rules, replayed)
    watch.seconds["all the rest"] = seconds - sum(watch.seconds.values())
    for name, spent in watch.seconds.items():
        print(f"    {name:32s}{spent / read_ * 1e6:8.2f} us a mention")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    introduce(SEED)
    keys = brand_keys(76)
    busy, all_brands = compile_rules(rule_files(keys[:20])), compile_rules(rule_files(keys))
    with TemporaryDirectory() as directory:
        path = Path(directory, "mentions.jsonl")
        for named, title in ((1.0, "every mention matched and scored"), (0.6, "60 % matched, the rest name nobody")):
            path.write_bytes(b"\n".join(steady(keys[:20], count, named=named, rate=RATE)))
            seconds, read_, messages = play(path, busy)
            print(f"{read_} mentions at {RATE:.0f} a second, 20 brands, 5 rules each, {title}:")
            print(f"    {read_ / seconds:.0f} mentions/s, {messages} messages")
            stages(path, busy)
            with path.open("rb") as lines:
                peer = sketch(list(islice(lines, count // 5)), keys[:20])
            if peer is None:
                print("    no sketch to compare with: river or vaderSentiment is missing")
            else:
                print(f"    {peer:.0f} mentions/s by the sketch: ours does {read_ / seconds / peer:.1f} times as many")
        path.write_bytes(b"\n".join(sparse(keys, 2_000, years=6)))
        seconds, read_, messages = play(path, all_brands)
        print(f"{read_} mentions of 76 brands strewn over six years: {seconds:.1f} s, {messages} messages")


if __name__ == "__main__":
    main()
