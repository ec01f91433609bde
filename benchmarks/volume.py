"""Which labelled bursts are found, by us and by others, at as many false alarms: `python benchmarks/volume.py`.

`--data FOLDER` or BUZZWATCH_VOLUMES names a folder as the Numenta Anomaly Benchmark lays it out: a CSV of
timestamp,value in steps of five minutes for each brand, and combined_windows.json. The first 15 % of a file, at most
750 rows, are for learning. A window is found if an alarm stands in it; what rings outside of every window is false.
One threshold for all brands.
"""

import argparse
import os
import sys
from pathlib import Path
from time import process_time

from rig.machine import introduce
from rivals import bursts
from rivals.alarms import equal_thresholds

DATA = Path(__file__).parents[2] / "shared" / "bench" / "data" / "volume"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--data", type=Path, default=Path(os.environ.get("BUZZWATCH_VOLUMES", DATA)))
    options = options.parse_args()
    introduce(0)
    if not options.data.exists():
        print(f"{options.data} is not there: name a folder with --data")
        return
    if bursts.learners is None:
        print("river is not installed (pip install 'river>=0.26,<0.27'): its detectors are left out")
    brands = bursts.read(options.data)
    everybody = {}
    for name, rival in bursts.RIVALS.items():
        if sys.stderr.isatty():
            print(f"\r{name:40}", end="", file=sys.stderr)
        everybody[name] = [bursts.follow(rival, brand) for brand in brands]
    quiet = sum(brand.quiet for brand in brands)
    for budget, rate in bursts.BUDGETS.items():
        told = [bursts.ours(brand, rate) for brand in brands]
        everybody["**ours**"] = [scores for scores, _ in told]
        print(f"\n**{len(brands)} brands, {quiet:.1f} quiet brand-weeks, {budget}**\n")
        print("| | windows found | after | false/brand-week |\n|---|---|---|---|")
        print(bursts.show("**ours**, at its own alarms", brands, [alarms for _, alarms in told], 1.0))
        rows = []
        for name, scores in everybody.items():
            outside = [brand.outside(each) for brand, each in zip(brands, scores, strict=True)]
            [threshold] = equal_thresholds(outside, [round(rate * 7 * quiet)])
            found = sum(len(brand.found(each, threshold)) for brand, each in zip(brands, scores, strict=True))
            rows.append((-found, bursts.show(name, brands, scores, threshold)))
        print("\n".join(row for _, row in sorted(rows)), flush=True)
    print(f"\n{process_time():.0f} s of processor time", flush=True)


if __name__ == "__main__":
    main()
