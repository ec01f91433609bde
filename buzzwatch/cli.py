"""The command line: parse, call the app, print."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from buzzwatch import __version__

if TYPE_CHECKING:
    from buzzwatch.app.config import Config, Scorer
    from buzzwatch.model.brand import Ruleset
    from buzzwatch.web.desk import Answer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
detect = typer.Typer(no_args_is_help=True, help="Try the detectors on an export of your own.")
app.add_typer(detect, name="detect")

_CONFIG_FILES = (Path("buzzwatch.yaml"), Path("/etc/buzzwatch/buzzwatch.yaml"))
ConfigOption = Annotated[
    Path | None, typer.Option("--config", "-c", help="buzzwatch.yaml; else ./ or /etc/buzzwatch/.", show_default=False)
]
RulesOption = Annotated[Path, typer.Option("--rules", "-r", help="Directory of rule files.")]
AsOption = Annotated[str, typer.Option("--as", help="Your key under `people` in oncall.yaml.")]
IncidentArgument = Annotated[str, typer.Argument(help="As messages and `explain` name it, such as acme-261122-2104.")]


class MarkArgument(StrEnum):
    """As `model.input.Mark`, which takes longer to load."""

    NEGATIVE = "negative"
    NOT_NEGATIVE = "not-negative"
    NOT_US = "not-us"
    WITHDRAWN = "withdraw"


def main() -> None:
    """Run the command line."""
    app()


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - as typer calls it
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[  # noqa: FBT002 - typer acts on it before any command
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Hear every mention of a brand, and tell the person on call when it is not normal."""


@app.command()
def run(config: ConfigOption = None) -> None:
    """Listen, decide and tell, until stopped."""
    import asyncio  # noqa: PLC0415 - what only the daemon needs is not loaded for the other commands

    from buzzwatch.app.config import Secrets  # noqa: PLC0415 - likewise
    from buzzwatch.app.live import Daemon  # noqa: PLC0415 - likewise
    from buzzwatch.app.logs import configure_logs  # noqa: PLC0415 - likewise

    os.umask(0o027)  # what is kept holds people's words: for this user and group alone
    loaded = _load_config(config)
    configure_logs()

    async def live() -> None:
        await Daemon(loaded, Secrets()).run()

    with _plain_errors():
        asyncio.run(live())


@app.command()
def demo() -> None:
    """Play an ordinary day that turns into a bad buzz, through a whole daemon, until its page is delivered."""
    from buzzwatch.app.demo import play  # noqa: PLC0415 - it needs all of the daemon

    with _plain_errors():
        raise typer.Exit(play())


@app.command()
def check(
    directory: Annotated[Path | None, typer.Argument(help="Rules directory; else the configuration's.")] = None,
    config: ConfigOption = None,
) -> None:
    """Read every rule file and say all that is wrong, with places and remedies."""
    from buzzwatch.app.config import Secrets, unreachable  # noqa: PLC0415 - kept out of the way of the other commands
    from buzzwatch.app.duty import burden, uncovered, unheard  # noqa: PLC0415 - likewise
    from buzzwatch.rules.ruleset import check_channels, dead_ends, load, read  # noqa: PLC0415 - likewise

    loaded = None if directory is not None and config is None else _load_config(config)
    where = directory or (loaded.rules if loaded else Path("rules"))
    with _plain_errors():
        files = read(where)
        rules = load(files)
        faults = check_channels(files, loaded.channels) if loaded else []
        for fault in faults:
            typer.echo(str(fault), err=True)
        for line in dead_ends(rules, loaded.channels) if loaded else []:
            typer.echo(f"warning: {line}", err=True)
        for line in unreachable(rules.people.values(), loaded, Secrets()) if loaded else []:
            typer.echo(f"warning: {line}", err=True)
        for line in loaded.web.too_long_for(rules.people.values()) if loaded else []:
            typer.echo(f"warning: {line}", err=True)
        for line in unheard(rules, loaded.wakes) if loaded else []:
            typer.echo(f"warning: {line}", err=True)
        missing, covered = uncovered(rules, _now())
        for line in (*covered, *missing):
            typer.echo(f"{'error' if line in missing else 'warning'}: {line}", err=True)
        for line in burden(rules):
            typer.echo(line, err=line.startswith("warning"))
        number = sum(len(brand.rules) for brand in rules.brands.values())
        count = len(faults) + len(missing)
        typer.echo(f"{where}: {len(rules.brands)} brands, {number} rules, {count} faults")
        if loaded and loaded.scorer:
            _try_scorer(loaded.scorer)
        raise typer.Exit(1 if count else 0)


@app.command()
def reload(config: ConfigOption = None) -> None:
    """Let the running daemon read its rules again; waits for its answer."""
    _ask(_load_config(config), "/reload")


@app.command()
def replay(
    file: Annotated[str, typer.Argument(help="JSON lines or array of mentions, .gz too; - is standard input.")],
    rules: RulesOption = Path("rules"),
    as_json: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--json", help="One object a line, a summary at the end.")
    ] = False,
) -> None:
    """Step a file of mentions under a virtual clock; print what would have been sent, and when. Sends nothing."""
    import msgspec  # noqa: PLC0415 - as in `run`

    from buzzwatch.app.printing import as_object, as_text, summary  # noqa: PLC0415 - as in `run`
    from buzzwatch.app.replay import Replay  # noqa: PLC0415 - as in `run`
    from buzzwatch.sources.file import read  # noqa: PLC0415 - as in `run`

    with _plain_errors(), _progress(file) as progress:
        replayed = Replay(_read_rules(rules), _now())
        for at, outcome in replayed.run(read(file), progress):
            if as_json:
                for notice in outcome.notices:
                    typer.echo(msgspec.json.encode(as_object(at, notice)))
            else:
                for line in as_text(replayed, at, outcome):
                    typer.echo(line)
    for refusal in replayed.refused:
        typer.echo(f"{file}:{refusal.line}: refused: {refusal.reason}", err=True)
    for fault in replayed.faults:
        typer.echo(f"{fault.brand}: a decision failed, the brand was set aside: {fault.error}", err=True)
    closing = summary(replayed)
    if as_json:
        typer.echo(msgspec.json.encode(closing))
    else:
        typer.echo(", ".join(f"{name} {value}" for name, value in closing["summary"].items()))


@detect.command("volume")
def detect_volume(
    file: Annotated[Path, typer.Argument(help="CSV with the columns timestamp,value: say, mentions in 5 minutes.")],
    budget: Annotated[str, typer.Option(help="False alarms accepted on ordinary days.")] = "1 per 4 weeks",
) -> None:
    """Judge counts row by row: what was usual, how unusual it was, when a rule with this budget would ring."""
    from buzzwatch.app.detect_volume import judge  # noqa: PLC0415 - as in `run`
    from buzzwatch.rules.units import read_budget  # noqa: PLC0415 - as in `run`

    rate = read_budget(budget)
    if rate is None:
        _fail(f"{budget!r} is not a budget of false alarms: write `1 per 4 weeks`, or per day, week, month")
    with _plain_errors():
        sys.stdout.writelines(judge(file, rate))
        sys.stdout.flush()


@detect.command("threads")
def detect_threads(
    file: Annotated[Path, typer.Argument(help='JSON lines of events: {"thread": "x:1790", "at": 1790000000.5}.')],
    budget: Annotated[
        str, typer.Option(help="False alarms accepted: of conversations that stay ordinary, or per time as in a rule.")
    ] = "50 per 1000 threads",
) -> None:
    """Judge conversations event by event: how worrying, whether a rule with this budget rings, how large it will be."""
    from buzzwatch.app.detect_threads import judge  # noqa: PLC0415 - as in `run`

    with _plain_errors():
        for line in judge(file, budget):
            sys.stdout.buffer.write(line)
        sys.stdout.flush()


@detect.command("stories")
def detect_stories(
    file: Annotated[str, typer.Argument(help="JSON lines or array of mentions, .gz too; - is standard input.")],
) -> None:
    """Put look-alike mentions together; print for each, in order, the id of the first one of its story."""
    from buzzwatch.app.detect_stories import Refusal, as_lines, place  # noqa: PLC0415 - as in `run`
    from buzzwatch.sources.file import read  # noqa: PLC0415 - as in `run`

    refused: list[Refusal] = []
    with _plain_errors():
        for placed in place(read(file), refused):
            sys.stdout.buffer.write(as_lines(placed))
        sys.stdout.flush()
    for refusal in refused:
        typer.echo(f"{file}:{refusal.line}: refused: {refusal.reason}", err=True)
    if refused:
        raise typer.Exit(1)


@app.command()
def score(
    file: Annotated[
        str, typer.Argument(help='JSON lines: {"id": "1", "text": "…", "lang": "fr"}, or mentions; .gz too.')
    ] = "-",
    text: Annotated[str | None, typer.Option(help="One text, in the place of a file.", show_default=False)] = None,
    lang: Annotated[str | None, typer.Option(help="Of texts that do not tell it; else guessed.")] = None,
    why: Annotated[bool, typer.Option("--why", help="The words that weighed most, to read.")] = False,  # noqa: FBT002 - a flag
    as_json: Annotated[bool, typer.Option("--json", help="With --why: as fields.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Say how negative texts are, 0 to 1: one answer a line, in their order."""
    from buzzwatch.app.score import Judge, one_text, read_questions  # noqa: PLC0415 - as in `run`
    from buzzwatch.ingest.language import is_code  # noqa: PLC0415 - as in `run`
    from buzzwatch.ingest.scorer import load  # noqa: PLC0415 - as in `run`
    from buzzwatch.sources.file import read  # noqa: PLC0415 - as in `run`

    if lang is not None and not is_code(lang):
        _fail(f"{lang!r} names no language: write a code such as fr, en or pt-BR, or leave it out to have it guessed")
    if text is not None and file != "-":
        _fail("give a file or --text, not both")
    refused: list[int] = []

    def refuse(line: int, reason: str) -> None:
        refused[:] = [line]
        typer.echo(f"{'standard input' if file == '-' else file}:{line}: refused: {reason}", err=True)

    judge = Judge(load(), lang=lang, explains=why)
    show = judge.as_text if why and not as_json else judge.as_lines
    with _plain_errors(), _progress(file, shown=not sys.stdout.isatty()) as progress:
        for questions in [one_text(text)] if text is not None else read_questions(read(file), refuse, progress):
            sys.stdout.buffer.write(show(questions))
            sys.stdout.flush()
    if refused:
        raise typer.Exit(1)


@app.command()
def learn(
    files: Annotated[list[str], typer.Argument(help="Exports of past mentions; JSON lines or array, .gz too.")],
    config: ConfigOption = None,
) -> None:
    """Teach the running daemon what is normal, from an export of the past. Rings nothing."""
    from buzzwatch.app.control import ask  # noqa: PLC0415 - as in `run`
    from buzzwatch.app.replay import learn_habits  # noqa: PLC0415 - as in `run`
    from buzzwatch.sources.file import read  # noqa: PLC0415 - as in `run`

    loaded = _load_config(config)
    if loaded.scorer:
        typer.echo(f"warning: this is read with the built-in scorer, not with {loaded.scorer.use}", err=True)
    with _plain_errors(), _progress(files[0]) as progress:
        chunks = (chunk for file in files for chunk in read(file))
        habits = learn_habits(chunks, _read_rules(loaded.rules), _now(), progress)
        if not habits:
            _fail("none of these mentions names a watched brand: try `buzzwatch replay` on the file")
        _print(ask(loaded, "/learn", habits, packed=True))


@app.command()
def explain(incident: IncidentArgument, config: ConfigOption = None) -> None:
    """Say why an incident rang, who was told, and what was held."""
    from buzzwatch.app.explain import explain as lines_of  # noqa: PLC0415 - as in `run`
    from buzzwatch.store.database import open_for_reading  # noqa: PLC0415 - as in `run`

    with _plain_errors():
        db = open_for_reading(_load_config(config).state)
        lines = lines_of(db, incident)
        if lines is None:
            known = [row[0] for row in db.execute("SELECT id FROM incident ORDER BY opened_at DESC LIMIT 10")]
            _fail(f"no incident {incident!r}; the latest are: {', '.join(known) or 'none'}")
        for line in lines:
            typer.echo(line)


@app.command()
def ack(incident: IncidentArgument, by: AsOption, config: ConfigOption = None) -> None:
    """Take an incident: the escalation stops, and everybody who was told hears it."""
    _answer("take", incident, by, config)


@app.command()
def wait(
    incident: IncidentArgument,
    until: Annotated[str, typer.Option(help="A time of the brand's place, such as 23:40; at most 24 hours.")],
    because: Annotated[str, typer.Option(help="Why it may wait: everybody who was told hears it.")],
    by: AsOption,
    config: ConfigOption = None,
) -> None:
    """Take an incident and let it wait: it rings again at that time, or when it worsens."""
    _answer("wait", incident, by, config, until=until, why=because)


@app.command()
def snooze(
    incident: IncidentArgument,
    by: AsOption,
    span: Annotated[str, typer.Option("--for", help="How long: 15m, 30m, or 1h at most.")] = "15m",
    config: ConfigOption = None,
) -> None:
    """Take an incident and be rung again soon, or when it worsens; decides nothing, and needs no reason."""
    _answer("snooze", incident, by, config, span=span)


@app.command("help")
def ask_for_help(incident: IncidentArgument, by: AsOption, config: ConfigOption = None) -> None:
    """Take an incident and ask for help: the people under `help` in oncall.yaml are told."""
    _answer("help", incident, by, config)


@app.command("no-matter")
def no_matter(incident: IncidentArgument, by: AsOption, config: ConfigOption = None) -> None:
    """Close an incident that is true and does not matter; corrects nothing."""
    _answer("no-matter", incident, by, config)


@app.command()
def resolve(incident: IncidentArgument, by: AsOption, config: ConfigOption = None) -> None:
    """Close an incident."""
    _answer("resolve", incident, by, config)


@app.command()
def silence(
    what: Annotated[
        str | None, typer.Argument(help="A brand or an incident; left out: lists what is silenced.")
    ] = None,
    until: Annotated[str, typer.Option(help="A time of the brand's place: 23:40, or 2026-11-26 08:00.")] = "",
    because: Annotated[str, typer.Option(help="Why: whoever looks for what is not said reads it.")] = "",
    by: Annotated[str, typer.Option("--as", help="Your key under `people` in oncall.yaml.")] = "",
    end: Annotated[bool, typer.Option("--end", help="End it now.")] = False,  # noqa: FBT002 - a flag
    config: ConfigOption = None,
) -> None:
    """Let nothing be said of a brand or an incident until a time; what still lives then is said."""
    if what is None:
        _ask(_load_config(config), "/silences")
        return
    if not by:
        _fail("say who you are: --as, your key under `people` in oncall.yaml")
    body = {"what": what, "by": by, "until": until, "why": because, "ends": end}
    _ask(_load_config(config), "/silence", body)


@app.command()
def links(
    revoke: Annotated[str, typer.Option(help="The incident whose links must lead nowhere any more.")],
    config: ConfigOption = None,
) -> None:
    """Revoke the links of an incident: later messages carry others."""
    _ask(_load_config(config), "/revoke", {"incident": revoke})


@app.command()
def correct(
    mention: Annotated[str, typer.Argument(help="The post's id, such as x:1790.")],
    mark: Annotated[MarkArgument, typer.Argument(help="What it is; `withdraw` takes a mark back.")],
    brand: Annotated[str, typer.Option("--brand", "-b", help="Whose post it is.")],
    by: AsOption,
    config: ConfigOption = None,
) -> None:
    """Mark a post: scores of the brand's later posts learn from it."""
    _ask(_load_config(config), "/correct", {"brand": brand, "mention": mention, "mark": mark, "by": by})


@app.command()
def brand(
    key: Annotated[str, typer.Argument(help="As its rule file names it.")],
    learnt: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--learnt", help="Who has marked what, what was learnt from it, and what it brings.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Say what people have taught about the posts of a brand."""
    from buzzwatch.app.taught import tell  # noqa: PLC0415 - as in `run`
    from buzzwatch.store.database import open_for_reading  # noqa: PLC0415 - as in `run`

    with _plain_errors():
        loaded = _load_config(config)
        brands = _read_rules(loaded.rules).brands
        if key not in brands:
            _fail(f"there is no brand {key!r}; brands are: {', '.join(brands)}")
        lines = tell(open_for_reading(loaded.state), brands[key])
        for line in islice(lines, None if learnt else 1):
            typer.echo(line)


@app.command("notify-test")
def notify_test(
    channel: Annotated[str, typer.Argument(help="A channel, or a person's means such as ines/sms.")],
    config: ConfigOption = None,
) -> None:
    """Send a message marked as a test the way a real one goes, and wait for what became of it."""
    _ask(_load_config(config), "/notify-test", {"channel": channel})


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
    from buzzwatch.app.duty import as_calendar, as_lines, as_table, read_time  # noqa: PLC0415 - as in `run`

    with _plain_errors():
        known = _read_rules(rules or _load_config(config).rules)
        then = _now() if at is None else read_time(at, known)
        if then is None:
            _fail(f'{at!r} is not a local time: write it such as "2026-12-24 20:00"')
        if not known.rotas:
            _fail("there is no `rota` in oncall.yaml")
        show = as_calendar if ics else as_table if week else as_lines
        for line in show(known, then):
            sys.stdout.write(f"{line}\r\n" if ics else f"{line}\n")


@app.command()
def schema() -> None:
    """Print the JSON Schema of the rule files, for editors."""
    import msgspec  # noqa: PLC0415 - as in `run`

    from buzzwatch.rules.schema import json_schema  # noqa: PLC0415 - as in `run`

    typer.echo(msgspec.json.format(msgspec.json.encode(json_schema())))


def _try_scorer(scorer: "Scorer") -> None:
    import asyncio  # noqa: PLC0415 - as in `run`

    from buzzwatch.app.scorer_trial import try_out  # noqa: PLC0415 - as in `run`
    from buzzwatch.clock import SystemClock  # noqa: PLC0415 - as in `run`

    for line in asyncio.run(try_out(scorer, SystemClock())):
        typer.echo(line, err=line.startswith("warning"))


def _load_config(path: Path | None) -> "Config":
    from buzzwatch.app.config import load  # noqa: PLC0415 - as in `run`

    found = path or next((known for known in _CONFIG_FILES if known.exists()), None)
    if found is None:
        _fail(f"no configuration: write {' or '.join(map(str, _CONFIG_FILES))}, or name one with --config")
    with _plain_errors():
        return load(found)


def _read_rules(directory: Path) -> "Ruleset":
    from buzzwatch.app.rulebook import read_rules  # noqa: PLC0415 - as in `run`

    return read_rules(directory)


def _now() -> int:
    from buzzwatch.clock import SystemClock  # noqa: PLC0415 - as in `run`

    return SystemClock().now()


def _ask(config: "Config", path: str, body: object = None) -> None:
    from buzzwatch.app.control import ask  # noqa: PLC0415 - as in `run`

    with _plain_errors():
        _print(ask(config, path, body or {}))


def _answer(verb: str, incident: str, by: str, config: Path | None, **more: str) -> None:
    _ask(_load_config(config), "/answer", {"verb": verb, "incident": incident, "by": by, **more})


def _print(answer: "Answer") -> None:
    for line in answer.lines:
        typer.echo(line, err=not answer.done)
    if not answer.done:
        raise typer.Exit(1)


@contextmanager
def _plain_errors() -> Iterator[None]:
    """What a person can mend is said in words, without a traceback."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except Exception as error:
        from buzzwatch.app.faults import EXPECTED  # noqa: PLC0415 - most of the program is loaded for it

        if not isinstance(error, EXPECTED):
            raise
        _fail(str(error))


@contextmanager
def _progress(label: str, *, shown: bool = True) -> Iterator[Callable[[float], None]]:
    """A progress bar on a terminal, nothing elsewhere."""
    if not shown or not sys.stderr.isatty():
        yield lambda _fraction: None
        return
    from rich.console import Console  # noqa: PLC0415 - as in `run`
    from rich.progress import Progress  # noqa: PLC0415 - as in `run`

    # What is printed meanwhile is shown above the bar only if it is to be shown: a file gets it itself.
    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty()) as bar:
        task = bar.add_task(Path(label).name, total=1.0)
        yield lambda fraction: bar.update(task, completed=fraction)


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
