"""Whether a plugged-in scorer works, and how fast, before the daemon depends on it."""

from buzzwatch.app.config import Scorer
from buzzwatch.app.scorer_plugin import LANG, SENTENCE
from buzzwatch.app.scorer_process import LOADING, Said, ScorerError, ScorerProcess, require
from buzzwatch.clock import Clock, until
from buzzwatch.model.instant import SECOND


async def try_out(config: Scorer, clock: Clock) -> list[str]:
    """Load it and let it score one batch; what it prints appears on the standard error. One sentence a line.

    Raises:
        ScorerError: it is not installed, cannot be loaded, or does not score.
    """
    require(config.use)
    process = await ScorerProcess.start(config.use, aloud=True)
    sentences = [Said(f"{SENTENCE} ({number})", LANG) for number in range(config.batch)]
    began = clock.now()
    try:
        async with until(clock, began + LOADING):
            await process.load()
            loaded = clock.now()
            await process.score(sentences)
    except TimeoutError:
        raise ScorerError(f"scorer {config.use}: it did not answer within {LOADING / SECOND:g} s") from None
    except ScorerError as error:
        raise ScorerError(f"scorer {config.use}: {error}") from error
    finally:
        await process.kill()
    took = clock.now() - loaded
    spent = f"loaded in {(loaded - began) / SECOND:.1f} s, {config.batch} texts in {took / SECOND:.2f} s"
    lines = [f"scorer {process.name}: {spent}"]
    if took > config.timeout:
        lines.append(
            f"warning: {config.batch} texts take longer than the {config.timeout / SECOND:g} s that a batch waits: "
            "none would be in time; lower `batch` or raise `timeout`"
        )
    return lines
