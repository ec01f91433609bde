"""What commands know of rotas that are kept in calendars: files are read, of addresses the daemon's last good copy."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.app.rota_ical import CalendarError
from buzzwatch.app.rota_source import address_of, expanded, load_copy, read_file, readers_of
from buzzwatch.app.secret import Secrets, WithheldError
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.instant import Instant, moment_of
from buzzwatch.model.rota import Listed, Rota
from buzzwatch.rules.faults import Fault
from buzzwatch.rules.files import ONCALL
from buzzwatch.rules.text import blot_addresses, parse


class Known(Struct):
    """Rules whose rotas have their shifts, as far as those are known.

    `refused` says by rota why its calendar is not good; `warnings` what is unwise, `notes` what is not known,
    `withheld` the rotas whose calendar is at an address that nobody asks for.
    """

    rules: Ruleset
    refused: dict[str, str] = {}
    warnings: list[str] = []
    notes: list[str] = []
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
                known.warnings += [f"rota `{name}`: an event is left out: {each}" for each in found.unnamed]
                if not found.shifts:
                    known.warnings.append(f"rota `{name}`: its calendar names nobody in these weeks")
        except WithheldError:
            known.withheld.append(name)
        except CalendarError as error:
            known.refused[name] = f"its calendar {error}"
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
        known.warnings.append(f"rota `{rota.name}`: its calendar {error}")
    if address is None:
        return read_file(rota, directory, secrets)
    if address.startswith("http://"):
        known.warnings.append(f"rota `{rota.name}`: its calendar crosses the network in the clear; use https://")
    if online:
        import asyncio  # noqa: PLC0415 - most commands ask nobody

        return asyncio.run(_fetch(address))
    copy = None if state is None else load_copy(state, rota)
    if copy is None:
        known.notes.append(
            f"rota `{rota.name}`: who is on duty is not known here: its calendar is at an address, and the daemon has "
            "no copy of it; `buzzwatch check --fetch` tries it"
        )
        return None
    read_at = f"{moment_of(copy.read_at).astimezone(rota.zone):%a %Y-%m-%d %H:%M}"
    known.notes.append(f"rota `{rota.name}`: by the copy of its calendar that the daemon read on {read_at}")
    return copy.text


def faults_of(files: Mapping[str, str], refused: Mapping[str, str]) -> list[Fault]:
    """What is wrong with calendars, at the places in `oncall.yaml` that name them."""
    faults: list[Fault] = []
    for file in sorted(files.keys() & set(ONCALL)):
        document = parse(file, files[file], blot_addresses)
        for name, why in refused.items():
            place = document.value_place(("rota", name, "ical"))
            faults.append(document.fault(place, f"rota `{name}`: {why}", "mend it, or write another address or path"))
    return faults


async def _fetch(address: str) -> str | None:
    from aiohttp import ClientSession  # noqa: PLC0415 - most commands ask nobody

    from buzzwatch.app.rota_fetch import fetch  # noqa: PLC0415 - likewise

    async with ClientSession(trust_env=True) as session:
        found = await fetch(session, address, None)
    return None if found is None else found[0]
