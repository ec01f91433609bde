"""The tests of a rules directory, one after the other, and what is said of each."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from time import perf_counter

from buzzwatch.app.rehearsal.closest import find_approaches
from buzzwatch.app.rehearsal.junit import Result, as_junit
from buzzwatch.app.rehearsal.rehearsal import Played, Progress, Rehearsal
from buzzwatch.app.rehearsal.timeline import Timeline
from buzzwatch.app.rehearsal.verdict import Failure, Flaw, judge
from buzzwatch.model.instant import Instant
from buzzwatch.notify.quoting import clean
from buzzwatch.rules.files import read
from buzzwatch.rules.ruleset import Placed, load_with_trials
from buzzwatch.rules.words import Language, in_language, why_of

PASSED, FAILED, NO_TESTS = 0, 1, 2
"""Exit statuses; a wrong file is told as there being no tests is."""
LONGEST = 300
_WORDS = {
    "en": {
        "passed": "passed",
        "failed": "FAILED",
        "none": "{where}: there are no tests; add `tests:` to a brand file",
        "unmatched": "{where}: no test has `{keyword}` in its name or file",
        "sum": "{where}: {passed} passed, {failed} failed",
        "unnamed": "test {number}",
        "unheard": "{number} mentions name no brand described here",
        "unwritable": "{file}: cannot be written: {why}",
    },
    "fr": {
        "passed": "réussi",
        "failed": "ÉCHEC",
        "none": "{where} : il n'y a aucun test ; ajoutez `tests:` à un fichier de marque",
        "unmatched": "{where} : aucun test n'a `{keyword}` dans son nom ou son fichier",
        "sum": "{where} : {passed} réussis, {failed} en échec",
        "unnamed": "test {number}",
        "unheard": "{number} mentions ne nomment aucune marque décrite ici",
        "unwritable": "{file} : écriture impossible : {why}",
    },
}

Say = Callable[..., object]
Bar = Callable[[], AbstractContextManager[Progress]]


def try_rules(where: Path, keyword: str, junit: Path | None, language: Language, say: Say, bar: Bar) -> int:
    """Play the tests of a directory, or of one file of it, beside the others; the exit status.

    Raises:
        RuleFaults: a file is wrong.
    """
    words = _WORDS[language]
    alone = where.is_file()
    files = read(where.parent if alone else where)
    rules, trials = load_with_trials(files)
    every = [placed for placed in trials if not alone or placed.file == where.name]
    chosen = [placed for placed in every if keyword.casefold() in f"{placed.file} {_name(placed, words)}".casefold()]
    if not chosen:
        say(words["unmatched" if every else "none"].format(where=where, keyword=keyword), err=True)
        return NO_TESTS
    rehearsal, results = Rehearsal(rules), []
    folder = where.parent if alone else where
    with bar() as advance:
        for number, placed in enumerate(chosen):
            share = partial(_advance, advance, number, len(chosen))
            results.append(_play(rehearsal, placed, folder, language, say, share))
    if junit is not None and not _write(junit, as_junit(results), language, say):
        return NO_TESTS
    failed = sum(bool(result.failure) for result in results)
    say(words["sum"].format(where=where, passed=len(results) - failed, failed=failed))
    return FAILED if failed else PASSED


def _advance(advance: Progress, number: int, of: int, fraction: float) -> None:
    """So much of the test with this number is played."""
    advance((number + fraction) / of)


def _write(file: Path, text: str, language: Language, say: Say) -> bool:
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        say(_WORDS[language]["unwritable"].format(file=file, why=in_language(why_of(error), language)), err=True)
        return False
    return True


def _play(rehearsal: Rehearsal, placed: Placed, folder: Path, language: str, say: Say, share: Progress) -> Result:
    words, began = _WORDS[language], perf_counter()
    played = rehearsal.play(placed, progress=share)
    failures = judge(played)
    name = _name(placed, words)
    place = f"{folder / placed.file}:{placed.line}"
    if not failures:
        unheard = f" ({words['unheard'].format(number=played.unheard)})" if played.unheard else ""
        say(f"{words['passed']}  {place}  {clean(name, LONGEST)}{unheard}")
        return Result(placed.file, placed.line, name, perf_counter() - began)
    near = {each.rule: _missed_at(each, played) for each in failures if each.flaw in {Flaw.SILENT, Flaw.LATE}}
    timeline = Timeline(played, language)
    details = list(timeline.lines(failures, find_approaches(rehearsal, played, near)))
    say(f"{words['failed']}  {place}  {clean(name, LONGEST)}")
    for line in (*details, ""):
        say(line)
    failure = "; ".join(map(timeline.flaw, failures))
    return Result(placed.file, placed.line, name, perf_counter() - began, failure, "\n".join((place, *details)))


def _missed_at(failure: Failure, played: Played) -> Instant:
    """Until when it is of interest how near a rule came: one that was late, until it should have rung."""
    expected = failure.expected
    if failure.flaw is Flaw.LATE and expected is not None and expected.within is not None:
        return played.zero + expected.within
    return played.end


def _name(placed: Placed, words: dict[str, str]) -> str:
    return placed.trial.name or words["unnamed"].format(number=placed.number)
