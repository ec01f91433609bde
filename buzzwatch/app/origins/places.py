"""Addresses and paths that are written in `buzzwatch.yaml`."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from msgspec import Struct
from pydantic import AfterValidator, BeforeValidator
from pydantic import ValidationInfo as Info

from buzzwatch.app.secret import Text
from buzzwatch.rules.units import mistake, shown


class Surroundings(Struct, frozen=True):
    """What paths that are written, or left out, stand for."""

    base: Path
    """Relative paths begin here."""
    state: str


def _path(value: object, info: Info) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        remedy = "write a path, absolute or from the directory of this file on"
        raise mistake("{value} is not a path", remedy, value=shown(value))
    base = info.context.base if isinstance(info.context, Surroundings) else Path()
    return Path(base, value)


def _listen(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65_535:  # noqa: PLR2004 - the largest port
        remedy = 'write host:port, such as "127.0.0.1:8787"'
        raise mistake("{value} is not an address to listen on", remedy, value=shown(text))
    return text


def is_loopback(listen: str) -> bool:
    """Whether only this machine can reach a "host:port"."""
    host = listen.rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


Place = Annotated[Path, BeforeValidator(_path)]
Listen = Annotated[Text, AfterValidator(_listen)]
