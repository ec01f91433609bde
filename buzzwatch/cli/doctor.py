"""Whether all is well."""

import sys
from typing import Annotated

import typer

from buzzwatch.cli.frame import ConfigOption, find_config, language, now, progress_bar

app = typer.Typer()


@app.command()
def doctor(
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    network: Annotated[bool, typer.Option(help="Connect to the hosts of sources and channels.")] = True,
    login: Annotated[bool, typer.Option("--login", help="Log in to mail servers too; nothing is sent.")] = False,
    config: ConfigOption = None,
) -> None:
    """Look at everything that must be well, and say what to do. Exit 0: all is. 1: look at something. 2: mend it."""
    from buzzwatch.app.doctor.patient import Patient  # noqa: PLC0415 - as in `daemon.run`
    from buzzwatch.app.doctor.printing import as_json, closing, line  # noqa: PLC0415 - likewise
    from buzzwatch.app.doctor.round import examine, exit_code  # noqa: PLC0415 - likewise

    spoken, colours, found = language(), sys.stdout.isatty(), []
    with progress_bar("doctor") as progress:
        patient = Patient(find_config(config), now(), network=network, login=login, progress=progress)
        for finding in examine(patient):
            found.append(finding)
            if not json:
                sys.stdout.write(f"{line(finding, spoken, colours=colours)}\n")
    sys.stdout.write(f"{as_json(found, spoken, patient.now) if json else closing(found, spoken)}\n")
    raise typer.Exit(exit_code(found))
