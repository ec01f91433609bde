"""How soon a rise of anger is heard, by us and by others, at as many alarms: `python benchmarks/negativity.py`.

Real negative posts are injected for two hours into calm traffic (`rivals/streams.py`); `--texts FILE` or
BUZZWATCH_TEXTS names gzipped JSON lines with text, lang and label. Twenty brands of each size live eight weeks, half of
them English, half French; the last four are judged, and in each of them one injection of each strength is tried on a
copy of everybody's state. Everybody looks every five minutes and is told the counts of negative posts, as sums of
probabilities or as the number of those that are more likely negative than not, whichever suits him better.
"""

import argparse
import os
import sys
from pathlib import Path
from time import process_time

from rig.machine import introduce
from rivals import contest
from rivals.streams import calm, read_texts

TEXTS = Path(__file__).parents[2] / "shared" / "bench" / "data" / "negativity" / "train.jsonl.gz"
LANGUAGES, SIZES = ("en", "fr"), (3, 30, 300)
FIRST, SEEDS = 100, 20


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--texts", type=Path, default=Path(os.environ.get("BUZZWATCH_TEXTS", TEXTS)))
    options.add_argument("--seeds", type=int, default=SEEDS, help="streams of each size")
    options.add_argument("--first", type=int, default=FIRST, help="the first seed")
    options.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="posts an hour")
    options = options.parse_args()
    introduce(options.first)
    if not options.texts.exists():
        print(f"{options.texts} is not there: name labelled texts with --texts")
        return
    if contest.learners is None:
        print("river is not installed (pip install 'river>=0.26,<0.27'): its detectors are left out")
    texts = read_texts(options.texts, LANGUAGES)
    for per_hour in options.sizes:
        heard = contest.everybody()
        for seed in range(options.first, options.first + options.seeds):
            if sys.stderr.isatty():
                print(f"\r{per_hour} posts an hour, stream {seed} ", end="", file=sys.stderr)
            language = texts[LANGUAGES[seed % len(LANGUAGES)]]
            stream = calm(seed, per_hour, contest.LEARN + contest.JUDGE, language)
            contest.follow(stream, str(seed), language, list(heard.values()))
        contest.show(per_hour, contest.judge(heard))
    print(f"\n{process_time():.0f} s of processor time", flush=True)


if __name__ == "__main__":
    main()
