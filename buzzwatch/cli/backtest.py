"""What `replay` does beyond printing messages: count rings, compare them, write a report."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from buzzwatch.cli.frame import (
    fail,
    language,
    load_config,
    now,
    plain_errors,
    progress_bar,
    read_rules,
    tell_refused,
)

if TYPE_CHECKING:
    from buzzwatch.app.backtest.backtest import Backtest, Period
    from buzzwatch.app.past import Past
    from buzzwatch.model.brand import Ruleset


class Wanted(NamedTuple):
    """The options of `replay`."""

    file: str | None
    rules: Path | None
    since: str | None
    until: str | None
    against: Path | None
    brand: str | None
    report: Path | None
    as_json: bool
    past: "Past | None" = None
    """Of a file: how it is read."""


def run(wanted: Wanted, config: Path | None) -> None:
    """Count, compare, print, and write the page that was asked for."""
    import msgspec  # noqa: PLC0415 - as in `daemon.run`

    from buzzwatch.app.backtest.printout import as_lines, as_objects  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.app.backtest.sheet import compose  # noqa: PLC0415 - as in `daemon.run`

    if wanted.against is not None and wanted.rules is None and wanted.file is None:
        fail("say what is compared with --against: name it with --rules")
    with plain_errors():
        told = _try_out(wanted, config)
        if wanted.brand is not None and not told.brands:
            fail("there is no brand '{name}' on record", name=wanted.brand)
        sheet = compose(told, language())
        if wanted.as_json:
            for each in as_objects(told, sheet):
                typer.echo(msgspec.json.encode(each))
        else:
            for line in as_lines(sheet):
                typer.echo(line)
        if wanted.report is not None:
            from buzzwatch.app.backtest.page import page  # noqa: PLC0415 - as in `daemon.run`
            from buzzwatch.rules.words import why_of  # noqa: PLC0415 - likewise

            try:
                wanted.report.write_text(page(told, sheet), "utf-8")
            except OSError as error:
                fail("{file}: cannot be written: {why}", file=wanted.report, why=why_of(error))
            typer.echo(str(wanted.report), err=True)


def _try_out(wanted: Wanted, config: Path | None) -> "Backtest":
    from buzzwatch.app.backtest.backtest import Period  # noqa: PLC0415 - as in `daemon.run`

    against = None if wanted.against is None else read_rules(wanted.against)
    period = Period(wanted.since, wanted.until)
    if wanted.past is None:
        return _of_journal(wanted, against, period, config)
    return _of_file(wanted.past, wanted, against, period)


def _of_journal(wanted: Wanted, against: "Ruleset | None", period: "Period", config: Path | None) -> "Backtest":
    from buzzwatch.app.backtest.backtest import of_journal, rows_of  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.app.backtest.words import words_of  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.store.database import open_for_reading  # noqa: PLC0415 - as in `daemon.run`

    rules = None if wanted.rules is None else read_rules(wanted.rules)
    _know(wanted.brand, rules, against)
    state = load_config(config).state
    db = open_for_reading(state)
    with progress_bar(words_of(language()).running.format(n=rows_of(db))) as progress:
        return of_journal(db, rules, against, period, wanted.brand, progress, state)


def _of_file(past: "Past", wanted: Wanted, against: "Ruleset | None", period: "Period") -> "Backtest":
    from buzzwatch.app.backtest.backtest import of_file  # noqa: PLC0415 - as in `daemon.run`

    if past.file == "-" and against is not None:
        fail("standard input can be read once only: name a file to compare two rule sets on it")
    rules = read_rules(wanted.rules or Path("rules"))
    _know(wanted.brand, rules, against)
    with progress_bar(past.file) as progress:
        told = of_file(past, rules, against, period, now(), wanted.brand, progress)
    tell_refused(past)
    return told


def _know(brand: str | None, *rulesets: "Ruleset | None") -> None:
    known = [key for ruleset in rulesets if ruleset is not None for key in ruleset.brands]
    if brand is not None and known and brand not in known:
        fail("there is no brand '{name}'; brands are: {brands}", name=brand, brands=", ".join(dict.fromkeys(known)))
