"""A plug-in in a process of its own: what it may do there without harm."""

import asyncio
import os
import re
import signal
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from buzzwatch.app.scorer_plugin import GROUP
from buzzwatch.app.scorer_process import Said, ScorerEndedError, ScorerError, ScorerProcess, require

PATIENCE_S = 20
DOCUMENT = Path(__file__).parents[2] / "docs" / "scorer-plugins.md"
MOODY = """
import os, sys

class Plugged:
    name = "moody@1"

    def __init__(self):
        print("loaded", flush=True)
        os.write(1, b'{"number": 1, "scores": [0.5]}\\n')

    def score(self, texts, langs):
        text = texts[0]
        if text == "print":
            print("a mention", flush=True)
            os.system("echo more")
        elif text == "die":
            os._exit(3)
        elif text == "exit":
            sys.exit("enough")
        elif text == "read":
            return [float(len(sys.stdin.read()))]
        elif text == "raise":
            raise ValueError("acme est une honte")
        elif text in NONSENSE:
            return NONSENSE[text]
        return [len(text) / 100 for text in texts]

NONSENSE = {
    "nan": [float("nan")], "infinite": [float("inf")], "more": [1.5], "less": [-0.1], "two": [0.1, 0.2], "none": [],
    "words": ["very"], "nothing": None,
}
"""

Start = Callable[..., Awaitable[ScorerProcess]]


@pytest.fixture
async def start(plug_in: Callable[[str, str], None]) -> AsyncIterator[Start]:
    started: list[ScorerProcess] = []

    async def begin(code: str = MOODY, name: str = "moody") -> ScorerProcess:
        plug_in(name, code)
        started.append(await ScorerProcess.start(name))
        await asyncio.wait_for(started[-1].load(), PATIENCE_S)
        return started[-1]

    yield begin
    for process in started:
        await process.kill()


async def ask(process: ScorerProcess, *texts: str) -> list[float]:
    return await asyncio.wait_for(process.score([Said(text, "fr") for text in texts]), PATIENCE_S)


async def test_it_tells_its_name_and_scores_in_order(start):
    process = await start()
    assert process.name == "moody@1"
    assert await ask(process, "a", "bb", "") == [0.01, 0.02, 0.0]


async def test_what_it_prints_reaches_neither_us_nor_our_output(start, capfd):
    process = await start()
    assert await ask(process, "print") == [0.05]
    assert await ask(process, "read") == [0.0]
    assert capfd.readouterr() == ("", "")


async def test_nonsense_and_errors_are_told_without_the_words_of_mentions_and_it_goes_on(start):
    process = await start()
    for text, why in {
        "nan": "it gave no finite number",
        "infinite": "it gave no finite number",
        "more": "it gave 1.5, which is not within 0 to 1",
        "less": "it gave -0.1, which is not within 0 to 1",
        "two": "it gave 2 scores for 1 texts",
        "none": "it gave 0 scores for 1 texts",
        "words": "it raised ValueError at scorer_plugin.py",
        "nothing": "it raised TypeError at scorer_plugin.py",
        "raise": "it raised ValueError at moody_scorer.py:23",
    }.items():
        with pytest.raises(ScorerError) as told:
            await ask(process, text)
        assert str(told.value).startswith(why)
        assert "honte" not in str(told.value)
        assert await ask(process, "a") == [0.01]


@pytest.mark.parametrize(("text", "status"), [("die", 3), ("exit", 1)])
async def test_its_death_is_told_with_its_status(start, text, status):
    process = await start()
    with pytest.raises(ScorerEndedError, match=f"its process ended with status {status}"):
        await ask(process, text)
    with pytest.raises(ScorerEndedError):
        await ask(process, "a")


async def test_the_signals_that_stop_a_service_do_not_stop_it_before_the_daemon(start):
    process = await start()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(process.pid, number)
    assert await ask(process, "a") == [0.01]
    os.kill(process.pid, signal.SIGKILL)
    assert await asyncio.wait_for(process.end(), PATIENCE_S) == "its process was ended by SIGKILL"


async def test_memory_running_out_takes_it_first(start):
    process = await start()
    assert await asyncio.to_thread(Path(f"/proc/{process.pid}/oom_score_adj").read_text) == "1000\n"


async def test_what_cannot_be_loaded_says_why(start):
    reasons = {
        "import torch_that_is_not_there": "ModuleNotFoundError at .*No module named 'torch_that_is_not_there'",
        "class Plugged:\n  def __init__(self, path): ...": "TypeError",
        "class Plugged:\n  name = 'x@1'": "AttributeError",
        "class Plugged:\n  name = 'My model'\n  score = lambda *_: [0]": "calls itself 'My model'; .*camembert@3",
        "class Plugged:\n  name = 'linear@9'\n  score = lambda *_: [0]": "itself 'linear@9', as the built-in",
        "class Plugged:\n  name = 'x@1'\n  score = lambda *_: [7]": "it gave 7",
        "import os; os._exit(0)": "ended with status 0",
        "raise ImportError('no driver\\n' + 1000 * 'x')": "ImportError at bad7_scorer.py:1: no driver x{200,260}$",
    }
    loading = [start(code, f"bad{number}") for number, code in enumerate(reasons)]
    for error, why in zip(await asyncio.gather(*loading, return_exceptions=True), reasons.values(), strict=True):
        assert isinstance(error, ScorerError)
        assert re.search(why, str(error))


def test_a_name_that_is_not_installed_is_answered_with_those_that_are(plug_in):
    with pytest.raises(ScorerError, match="no scorer `moody` is installed; installed are: none"):
        require("moody")
    plug_in("moody", "")
    plug_in("camembert", "")
    require("moody")
    with pytest.raises(ScorerError, match="no scorer `roberta` is installed; installed are: camembert, moody"):
        require("roberta")


TRANSFORMERS = """
def pipeline(task, model, top_k):
    def answer(texts, truncation, batch_size):
        return [[{"label": "positive", "score": 0.75}, {"label": "negative", "score": 0.25}] for _ in texts]
    return answer
"""


async def test_the_example_of_the_document_works(start, tmp_path, monkeypatch):
    blocks = dict(re.findall(r"^```(toml|python)\n(.*?)^```", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL))
    assert tomllib.loads(blocks["toml"])["project"]["entry-points"] == {
        GROUP: {"camembert": "buzzwatch_camembert:Camembert"}
    }
    (tmp_path / "transformers.py").write_text(TRANSFORMERS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    process = await start(f"{blocks['python']}\nPlugged = Camembert\n", "camembert")
    assert process.name == "camembert@3"
    assert await ask(process, "a", "bb") == [0.25, 0.25]
