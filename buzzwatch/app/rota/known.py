"""What commands know of rotas that are kept in calendars: files are read, of addresses the daemon's last good copy."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.app.rota.ical import CalendarError
from buzzwatch.app.rota.source import address_of, expanded, load_copy, read_file, readers_of
from buzzwatch.app.secret import Secrets, WithheldError
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.instant import Instant, moment_of
from buzzwatch.model.rota import Listed, Rota
from buzzwatch.rules.faults import Fault
from buzzwatch.rules.files import ONCALL
from buzzwatch.rules.text import blot_addresses, parse
from buzzwatch.rules.words import Said, Words


class Known(Struct):
    """Rules whose rotas have their shifts, as far as those are known.

    `refused` says by rota why its calendar is not good; `warnings` what is unwise, `notes` what is not known,
    `withheld` the rotas whose calendar is at an address that nobody asks for.
    """

    rules: Ruleset
    refused: dict[str, Words] = {}
    warnings: list[Words] = []
    notes: list[Words] = []
    withheld: list[str] = []


def look_up(
    rules: Ruleset,
    at: Instant,
    directory: Path,
    state: Path | None,
    *,
    online: bool = False,
    secrets: Secrets | None = None,
) -> Known:
    """Find the shifts around an instant; `online` asks addresses, else `state` is where the daemon keeps its copies."""
    known, secrets = Known(rules), secrets or Secrets()
    if not listed(rules):
        return known
    readers = readers_of(rules.people.values(), secrets)
    rotas: dict[str, Rota | Listed] = {}
    for name, rota in listed(rules):
        try:
            text = _text(rota, directory, state, secrets, known, online=online)
            if text is not None:
                found = expanded(text, at, readers, rules.timezone)
                rotas[name] = replace(rota, shifts=found.shifts)
                left_out = "rota `{rota}`: an event is left out: {why}"
                known.warnings += [Said(left_out, {"rota": name, "why": each}) for each in found.unnamed]
                if not found.shifts:
                    said = "rota `{rota}`: its calendar names nobody in these weeks"
                    known.warnings.append(Said(said, {"rota": name}))
        except WithheldError:
            known.withheld.append(name)
        except CalendarError as error:
            known.refused[name] = Said("its calendar {why}", {"why": str(error)})
    known.rules = replace(rules, rotas={**rules.rotas, **rotas})
    return known


def listed(rules: Ruleset) -> Iterable[tuple[str, Listed]]:
    """The rotas that are kept in calendars."""
    return [(name, rota) for name, rota in rules.rotas.items() if isinstance(rota, Listed)]


def _text(
    rota: Listed, directory: Path, state: Path | None, secrets: Secrets, known: Known, *, online: bool
) -> str | None:
    """The calendar, or None where it is not known; says which it is."""
    try:
        address = address_of(rota, secrets)
    except CalendarError as error:
        if online:
            raise
        address = ""
        known.warnings.append(Said("rota `{rota}`: its calendar {why}", {"rota": rota.name, "why": str(error)}))
    if address is None:
        return read_file(rota, directory, secrets)
    if address.startswith("http://"):
        said = "rota `{rota}`: its calendar crosses the network in the clear; use https://"
        known.warnings.append(Said(said, {"rota": rota.name}))
    if online:
        import asyncio  # noqa: PLC0415 - most commands ask nobody

        return asyncio.run(_fetch(address))
    copy = None if state is None else load_copy(state, rota)
    if copy is None:
        known.notes.append(
            Said(
                "rota `{rota}`: who is on duty is not known here: its calendar is at an address, and the daemon has "
                "no copy of it; `buzzwatch check --fetch` tries it",
                {"rota": rota.name},
            )
        )
        return None
    read_at = f"{moment_of(copy.read_at).astimezone(rota.zone):%Y-%m-%d %H:%M}"
    said = "rota `{rota}`: by the copy of its calendar that the daemon read on {time}"
    known.notes.append(Said(said, {"rota": rota.name, "time": read_at}))
    return copy.text


def faults_of(files: Mapping[str, str], refused: Mapping[str, Words]) -> list[Fault]:
    """What is wrong with calendars, at the places in `oncall.yaml` that name them."""
    faults: list[Fault] = []
    for file in sorted(files.keys() & set(ONCALL)):
        document = parse(file, files[file], blot_addresses)
        for name, why in refused.items():
            place = document.value_place(("rota", name, "ical"))
            remedy = "mend it, or write another address or path"
            faults.append(document.fault(place, "rota `{rota}`: {why}", remedy, rota=name, why=why))
    return faults


async def _fetch(address: str) -> str | None:
    from buzzwatch.app.rota.fetch import fetch  # noqa: PLC0415 - most commands ask nobody
    from buzzwatch.proxies import open_session  # noqa: PLC0415 - likewise

    async with open_session() as session:
        found = await fetch(session, address, None)
    return None if found is None else found[0]
