"""How negative a text is, said by us and by others, side by side: `python benchmarks/scorers.py [DIR]`.

DIR holds labelled short texts, train.jsonl.gz and val.jsonl.gz, with text, lang and label; without it they are looked
for in the folder that BUZZWATCH_SCORERS names, else in `../shared/bench` beside the checkout. Quality is measured on
val; a logistic regression by river learns train in one pass, in its order. Nobody is fitted to val here, but the best
F1 is at the best threshold on it, an upper bound for everybody. AUC and AP ask for the ranking, ECE (ten bins) whether
0.7 means seven in ten.

Speed is of processor time, best of three, on the posts of train: cold is an object just made and every post once, warm
the same posts again. Others, who remember nothing, are timed on the first two thousand.
"""

import argparse
import gzip
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from types import ModuleType
from typing import NamedTuple

import numpy as np
from rig.machine import introduce
from rivals import sentiment
from rivals.sentiment import Judge

import buzzwatch.ingest.scorer
from buzzwatch.ingest.scorer import load

HERE = Path(__file__).parent
BENCH = Path(os.environ.get("BUZZWATCH_SCORERS", HERE.parents[1] / "shared" / "bench"))
LANGUAGES = ("en", "fr", "de", "es", "it", "pt", "ar", "hi")
SPOKEN = ("en", "fr")
FOR_OTHERS, ROUNDS = 2_000, 3


class Post(NamedTuple):
    """A labelled text."""

    text: str
    lang: str
    negative: bool


def read(path: Path) -> list[Post]:
    with gzip.open(path) as lines:
        return [Post(row["text"], row["lang"], row["label"] == "negative") for row in map(json.loads, lines)]


def measures(folder: Path) -> ModuleType:
    """The measures that come with the data."""
    spec = importlib.util.spec_from_file_location("figures", folder.parents[1] / "figures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def makers(train: list[Post]) -> Iterator[tuple[str, Callable[[], Judge]]]:
    """Everybody who is installed, by name; ours come last."""
    others = {
        "VADER (vaderSentiment)": sentiment.vader,
        "vaderSentiment-fr": sentiment.vader_fr,
        "TextBlob": sentiment.textblob,
        "river, bag of words": lambda: sentiment.bag_of_words((post.text, post.negative) for post in train),
    }
    for name, make in others.items():
        try:
            ready = make()
        except ImportError as error:
            print(f"{name} is left out: {error} (pip install {sentiment.PACKAGES})\n")
        else:
            yield name, lambda ready=ready: ready
    yield f"**ours** ({load().name})", lambda: load().score


def judge_all(judge: Judge, posts: list[Post]) -> np.ndarray:
    return np.array([judge(post.text, post.lang) for post in posts])


def show_quality(figures: ModuleType, val: list[Post], judged: dict[str, np.ndarray]) -> None:
    truth, langs = np.array([post.negative for post in val]), np.array([post.lang for post in val])
    groups = {lang: langs == lang for lang in LANGUAGES} | {"all": np.ones(len(val), dtype=bool)}
    print("| | " + " | ".join(f"{lang}: AUC | AP | ECE | F1" for lang in SPOKEN) + " |")
    print("|---|" + "---|" * 4 * len(SPOKEN))
    for name, said in judged.items():
        cells = [
            f"{measure(truth[groups[lang]], said[groups[lang]]):.3f}"
            for lang in SPOKEN
            for measure in (figures.roc_auc, figures.average_precision, figures.calibration_error, figures.best_f1)
        ]
        print(f"| {name} | {' | '.join(cells)} |")
    for title, measure in (("AUC", figures.roc_auc), ("ECE", figures.calibration_error)):
        print(f"\n| {title} | " + " | ".join(groups) + " |")
        print("|---|" + "---|" * len(groups))
        for name, said in judged.items():
            cells = [f"{measure(truth[among], said[among]):.3f}" for among in groups.values()]
            print(f"| {name} | {' | '.join(cells)} |")
    counts = ", ".join(f"{lang} {among.sum()}" for lang, among in groups.items())
    print(f"\nTexts of val: {counts}")


def pace(judge: Judge, posts: list[Post]) -> float:
    """Posts a second."""
    began = process_time()
    for post in posts:
        judge(post.text, post.lang)
    return len(posts) / (process_time() - began)


def show_speed(train: list[Post], everybody: dict[str, Callable[[], Judge]]) -> None:
    spoken = {lang: [post for post in train if post.lang == lang] for lang in SPOKEN}
    print("\n| posts a second | " + " | ".join(f"{lang}, cold | {lang}, warm" for lang in SPOKEN) + " |")
    print("|---|" + "---|---|" * len(SPOKEN))
    for name, make in everybody.items():
        cells = []
        for posts in spoken.values():
            some = posts if "ours" in name else posts[:FOR_OTHERS]
            cold, warm = 0.0, 0.0
            for _ in range(ROUNDS):
                judge = make()
                cold, warm = max(cold, pace(judge, some)), max(warm, pace(judge, some))
            cells += [f"{cold:,.0f}", f"{warm:,.0f}"]
        print(f"| {name} | {' | '.join(cells)} |")
    counts = ", ".join(f"{len(posts)} {lang}" for lang, posts in spoken.items())
    size = ", ".join(f"{np.mean([len(post.text) for post in posts]):.0f}" for posts in spoken.values())
    print(f"\nPosts of train: {counts}; characters in the mean: {size}")


_START = """
from time import process_time
began = process_time()
from buzzwatch.ingest.scorer import load
load()
print(process_time() - began)
"""


def show_weight() -> None:
    """What ours costs before and beside scoring."""
    starts = [float(subprocess.check_output([sys.executable, "-c", _START])) for _ in range(5)]
    print(f"\nimport and load, in a fresh process: {min(starts):.3f} s of processor time, best of {len(starts)}")
    print(subprocess.check_output([sys.executable, "-m", "rig.full_memory"], cwd=HERE, text=True).rstrip())
    folder = Path(buzzwatch.ingest.scorer.__file__).parent
    shipped = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix not in {".py", ""})
    sizes = ", ".join(f"{path.name} {path.stat().st_size / 1_000:.0f} kB" for path in shipped)
    print(f"files shipped with it: {sizes}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("folder", type=Path, nargs="?", default=BENCH / "data" / "negativity", metavar="DIR")
    options = options.parse_args()
    introduce(0)
    if not (options.folder / "train.jsonl.gz").exists():
        print(f"{options.folder} is not there: name a folder of labelled texts")
    else:
        train, val = read(options.folder / "train.jsonl.gz"), read(options.folder / "val.jsonl.gz")
        everybody = dict(makers(train))
        judged = {name: judge_all(make(), val) for name, make in everybody.items()}
        show_quality(measures(options.folder), val, judged)
        show_speed(train, everybody)
    show_weight()
    print(f"\n{process_time():.0f} s of processor time")


if __name__ == "__main__":
    main()
