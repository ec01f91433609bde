"""What is known: why an incident rang, what a brand has taught, who waits for an answer, who is on duty."""

import sys
import time
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from buzzwatch.cli.frame import (
    ConfigOption,
    IncidentArgument,
    ask_daemon,
    fail,
    language,
    load_config,
    look_up_rotas,
    now,
    plain_errors,
    progress_bar,
    read_rules,
    speak,
    tell_head,
)

app = typer.Typer()
_WIDE = 160
"""Columns of a table that goes to a file."""
_EVERY_S = 2.0
"""Between looks at what is shown while somebody watches."""


@app.command()
def sources(
    *,
    once: Annotated[bool, typer.Option("--once", help="Print it once, as it does where nobody watches.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what the daemon says as JSON, once.")] = False,
    config: ConfigOption = None,
) -> None:
    """Show how each source does: whether it hears, since when, how much comes beside what usually does."""
    from rich.console import Console  # noqa: PLC0415 - as in `daemon.run`
    from rich.live import Live  # noqa: PLC0415 - as in `daemon.run`

    from buzzwatch.app.ears.table import ask_sources, draw  # noqa: PLC0415 - as in `daemon.run`

    with plain_errors():
        loaded = load_config(config)
        body, told = ask_sources(loaded)
        if json:
            sys.stdout.write(f"{body.decode()}\n")
            return
        console = Console(width=None if sys.stdout.isatty() else _WIDE)
        if once or not sys.stdout.isatty():
            console.print(draw(told, language()))
            return
        with suppress(KeyboardInterrupt), Live(draw(told, language()), console=console, auto_refresh=False) as live:
            while True:
                time.sleep(_EVERY_S)
                live.update(draw(ask_sources(loaded)[1], language()), refresh=True)


@app.command()
def explain(
    incident: Annotated[
        str, typer.Argument(help="As messages and `history` name it, such as acme-261122-2104.", show_default=False)
    ] = "",
    silent: Annotated[
        str | None, typer.Option("--not", help="A brand that did not ring, with --at.", show_default=False)
    ] = None,
    at: Annotated[
        str | None, typer.Option(help='A time of the brand\'s place, such as "2026-11-22 21:00".', show_default=False)
    ] = None,
    rule: Annotated[str, typer.Option(help="With --not: one of its rules; else all.", show_default=False)] = "",
    rules: Annotated[
        Path | None, typer.Option("--rules", "-r", help="With --not: other rules than those then in force.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Say why an incident rang, who was told, and what was held; or with --not and --at why a brand did not ring."""
    from buzzwatch.app.explain.incident import explain as lines_of  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.store.database import open_for_reading  # noqa: PLC0415 - as in `daemon.run`

    if bool(incident) == bool(silent) or bool(silent) != bool(at) or ((rule or rules) and not silent):
        fail('name an incident; or a brand and a time: buzzwatch explain --not acme --at "2026-11-22 21:00"')
    with plain_errors():
        loaded = load_config(config)
        if silent and at:
            _explain_silence(loaded.state, silent, at, rule, rules)
            return
        db = open_for_reading(loaded.state)
        lines = lines_of(db, incident, language(), now())
        if lines is None:
            known = [row[0] for row in db.execute("SELECT id FROM incident ORDER BY opened_at DESC LIMIT 10")]
            if not known:
                fail("no incident '{name}'; none is on record yet", name=incident)
            fail("no incident '{name}'; the latest are: {known}", name=incident, known=", ".join(known))
        for line in lines:
            typer.echo(line)


def _explain_silence(state: Path, brand: str, at: str, rule: str, other: Path | None) -> None:
    import logging  # noqa: PLC0415 - as in `daemon.run`

    from buzzwatch.app.explain.absence import ask_why_not  # noqa: PLC0415 - likewise
    from buzzwatch.app.explain.absence_lines import tell  # noqa: PLC0415 - likewise
    from buzzwatch.app.explain.asking import Wanted, read_asked  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.app.logs import configure_logs  # noqa: PLC0415 - likewise
    from buzzwatch.store.database import open_for_reading  # noqa: PLC0415 - likewise

    configure_logs(logging.CRITICAL)  # the rules and snapshots of another version are passed over
    db = open_for_reading(state)
    others = None if other is None else read_rules(other)
    wanted = Wanted(brand, at, rule, others, str(other or ""))
    asked, note = read_asked(db, wanted, now(), language())
    if note:
        typer.echo(note, err=True)
    with progress_bar(str(state)) as progress:
        answer = ask_why_not(db, state, asked, progress)
    for line in tell(answer, language()):
        typer.echo(line)


@app.command()
def history(
    what: Annotated[str, typer.Argument(help="An incident or a brand; everything if left out.")] = "",
    since: Annotated[
        str | None,
        typer.Option(
            help="So far back, such as 7d; or a day such as 2026-11-20. An incident's whole history.", show_default="7d"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object a line.")] = False,  # noqa: FBT002 - a flag
    rules: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--rules", help="Changes of the rule files alone, with the lines that differ.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Say what happened, who was told by which attempts, and what they answered, in the order of time."""
    import msgspec  # noqa: PLC0415 - as in `daemon.run`

    from buzzwatch.app.history import about_rules, as_line, known_names, since_of  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.app.history import history as page_of  # noqa: PLC0415 - likewise
    from buzzwatch.store.database import open_for_reading  # noqa: PLC0415 - as in `daemon.run`

    with plain_errors():
        db = open_for_reading(load_config(config).state)
        started = since_of(since, now()) if since else None
        if since and started is None:
            fail("'{text}' is no time: write so far back, such as 7d or 12h, or a day such as 2026-11-20", text=since)
        page = page_of(db, what, started, now(), language=language())
        if page is None:
            known = ", ".join(known_names(db))
            fail("'{name}' is neither an incident nor a brand on record; there are: {known}", name=what, known=known)
        for event in page.events:
            if rules and not about_rules(event):
                continue
            typer.echo(msgspec.json.encode(event) if as_json else as_line(event))
            for line in event.lines if rules and not as_json else ():
                typer.echo(f"    {line}")
        if page.following:
            typer.echo(speak("more follows: go on with --since {following}", following=page.following), err=True)
        elif not page.events:
            typer.echo(speak("nothing on record of that time"), err=True)


@app.command()
def report(
    incident: IncidentArgument,
    to: Annotated[Path, typer.Option("--to", help="The directory to write into.")] = Path(),
    language: Annotated[str | None, typer.Option(help="fr or en; the brand's if left out.", show_default=False)] = None,
    names: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--names", help="With the names of authors and links to their posts, not with letters.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Write the debriefing of an incident, as Markdown and as a page that can be printed."""
    from buzzwatch.app.report import write_report  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.rules.words import why_of  # noqa: PLC0415 - likewise
    from buzzwatch.store.database import open_for_reading  # noqa: PLC0415 - as in `daemon.run`

    if language not in {None, "fr", "en"}:
        fail("'{text}' is not a language that we write: fr or en", text=language)
    with plain_errors():
        db = open_for_reading(load_config(config).state)
        try:
            written = write_report(db, incident, to, now(), language or "", names=names)
        except OSError as error:
            fail("{file}: cannot be written: {why}", file=to, why=why_of(error))
        began = db.execute("SELECT min(opened_at) FROM incident WHERE id = ?", (incident,)).fetchone()[0]
        tell_head(db, now() if began is None else began)
        if not written:
            fail("no incident '{name}'; `buzzwatch history` names those on record", name=incident)
        for path in written:
            typer.echo(str(path))


@app.command()
def brand(
    key: Annotated[str, typer.Argument(help="As its rule file names it.")],
    learnt: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--learnt", help="Who has marked what, what was learnt from it, and what it brings.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Say what people have taught about the posts of a brand."""
    from buzzwatch.app.taught import tell  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.store.database import open_for_reading  # noqa: PLC0415 - as in `daemon.run`

    with plain_errors():
        loaded = load_config(config)
        brands = read_rules(loaded.rules).brands
        if key not in brands:
            fail("there is no brand '{name}'; brands are: {brands}", name=key, brands=", ".join(brands))
        lines = tell(open_for_reading(loaded.state), brands[key])
        for line in islice(lines, None if learnt else 1):
            typer.echo(line)


@app.command()
def queue(
    brand: Annotated[str | None, typer.Argument(help="As its rule file names it; all of ours if left out.")] = None,
    month: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--month", help="How fast the complaints of the last 30 days were answered.")
    ] = False,
    link: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--link", help="Print your own link to the page with the queue of the brand.")
    ] = False,
    by: Annotated[str | None, typer.Option("--as", help="With --link: your key under `people`.")] = None,
    config: ConfigOption = None,
) -> None:
    """List the complaints that no official account has answered, the oldest first."""
    from buzzwatch.app.queue import tell_queue, tell_times  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.store.database import open_for_reading  # noqa: PLC0415 - as in `daemon.run`

    with plain_errors():
        loaded = load_config(config)
        if link:
            if not brand or not by:
                fail("say whose queue, and who you are: buzzwatch queue acme --link --as ines")
            ask_daemon(loaded, "/queue-link", {"brand": brand, "by": by})
            return
        rules = read_rules(loaded.rules)
        if brand is not None and brand not in rules.brands:
            fail("there is no brand '{name}'; brands are: {brands}", name=brand, brands=", ".join(rules.brands))
        ours = [each for each in rules.brands.values() if not each.competitor and each.official]
        brands = ours if brand is None else [rules.brands[brand]]
        if not brands:
            fail("no brand of ours has `official` accounts in its rule file, so nobody knows what was answered")
        db = open_for_reading(loaded.state)
        for line in tell_times(db, brands, now()) if month else tell_queue(db, rules, brands, now()):
            typer.echo(line)


@app.command()
def oncall(
    at: Annotated[
        str | None, typer.Option(help='A local time, such as "2026-12-24 20:00".', show_default=False)
    ] = None,
    week: Annotated[bool, typer.Option("--week", help="The seven days from then on, as a table.")] = False,  # noqa: FBT002 - a flag
    ics: Annotated[bool, typer.Option("--ics", help="The eight weeks from then on, as a calendar.")] = False,  # noqa: FBT002 - a flag
    rules: Annotated[
        Path | None, typer.Option("--rules", "-r", help="Rules directory; else the configuration's.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Say who is on duty."""
    from buzzwatch.app.duty import as_calendar, as_lines, as_table, read_time  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.rules.words import Said, in_language  # noqa: PLC0415 - likewise

    with plain_errors():
        loaded = None if rules is not None and config is None else load_config(config)
        where = rules or (loaded.rules if loaded else Path("rules"))
        known = read_rules(where)
        then = now() if at is None else read_time(at, known)
        if then is None:
            fail("'{text}' is not a local time: write it such as \"2026-12-24 20:00\"", text=at)
        if not known.rotas:
            fail("there is no `rota` in oncall.yaml")
        found = look_up_rotas(known, then, where, loaded.state if loaded else None)
        refused = (Said("rota `{rota}`: {why}", {"rota": name, "why": why}) for name, why in found.refused.items())
        for told in (*found.notes, *found.warnings, *refused):
            typer.echo(in_language(told, language()), err=True)
        show = as_calendar if ics else as_table if week else as_lines
        for line in show(found.rules, then):
            sys.stdout.write(f"{line}\r\n" if ics else f"{line}\n")
