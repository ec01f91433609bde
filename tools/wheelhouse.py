"""The wheels that an installation needs besides ours: read from their own metadata, and checked by their digests."""

import hashlib
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

PYTHONS = ((3, 11), (3, 12), (3, 13))
GLIBCS = range(34, 4, -1)
"""A wheel may ask for glibc 2.34 at most: what Debian 12, Ubuntu 22.04 and the Red Hat of 2022 have."""


@dataclass(frozen=True)
class Pin:
    """One version of one package."""

    name: str
    version: str


class Wheelhouse:
    """Wheels for each of PYTHONS by the versions of `constraints`, kept in `store` for the next time.

    `digests` is a file as `sha256sum` writes it, of the wheels that were looked at when it was written.
    """

    def __init__(self, constraints: Path, store: Path, digests: Path) -> None:
        pinned = re.findall(r"(?m)^([\w.-]+)==(\S+)$", constraints.read_text("utf-8"))
        self._pins = {canonicalize_name(name): version for name, version in pinned}
        self._store = store
        self._digests = digests

    def fetch(self, ours: Path) -> list[Path]:
        """All of them; each must be one whose digest is known."""
        known = dict(line.split()[::-1] for line in self._digests.read_text("utf-8").splitlines())
        wheels = self._gather(ours)
        for wheel in wheels:
            if known.get(wheel.name) != sha256(wheel):
                told = (
                    "is not the one of tools/wheels.sha256" if wheel.name in known else "is not in tools/wheels.sha256"
                )
                raise OSError(f"{wheel}: {told}; look why, then `make dist LOCK=--lock` writes that file anew")
        return wheels

    def lock(self, ours: Path) -> list[Path]:
        """All of them, and their digests written down; those of other machines' wheels stay."""
        wheels = self._gather(ours)
        pins = {f"{wheel.name.split('-')[0]}-{wheel.name.split('-')[1]}-" for wheel in wheels}
        lines = self._digests.read_text("utf-8").splitlines() if self._digests.exists() else []
        known = dict(line.split()[::-1] for line in lines)
        kept = {name: value for name, value in known.items() if name.startswith(tuple(pins))}
        kept |= {wheel.name: sha256(wheel) for wheel in wheels}
        self._digests.write_text("".join(f"{kept[name]}  {name}\n" for name in sorted(kept)), "utf-8")
        return wheels

    def _gather(self, ours: Path) -> list[Path]:
        """Follow what each wheel says that it needs, for each Python by itself."""
        self._store.mkdir(parents=True, exist_ok=True)
        found: set[Path] = set()
        for python in PYTHONS:
            seen: set[str] = set()
            waiting = [ours]
            while waiting:
                for name in needs(waiting.pop(), python) - seen:
                    seen.add(name)
                    waiting.append(self._wheel(Pin(name, self._pins[name]), python))
                    found.add(waiting[-1])
        return sorted(found)

    def _wheel(self, pin: Pin, python: tuple[int, int]) -> Path:
        wheel = self._kept(pin, python)
        if wheel is None:
            self._download(pin, python)
            wheel = self._kept(pin, python)
        if wheel is None:
            raise OSError(f"{pin.name} {pin.version}: no wheel for Python {python[0]}.{python[1]} on this machine")
        return wheel

    def _kept(self, pin: Pin, python: tuple[int, int]) -> Path | None:
        """The best of those in the store, by the order that pip has."""
        rank = {tag: place for place, tag in enumerate(tags(python))}
        fitting = []
        for path in self._store.glob("*.whl"):
            name, version, _, theirs = parse_wheel_filename(path.name)
            places = [rank[tag] for tag in theirs if tag in rank]
            if (name, str(version)) == (pin.name, pin.version) and places:
                fitting.append((min(places), path))
        return min(fitting)[1] if fitting else None

    def _download(self, pin: Pin, python: tuple[int, int]) -> None:
        number = f"{python[0]}.{python[1]}"
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download", "--no-deps"]
        options = ["--only-binary", ":all:", "--implementation", "cp", "--python-version", number]
        abis = [part for abi in (f"cp{python[0]}{python[1]}", "abi3", "none") for part in ("--abi", abi)]
        where = [part for name in platforms() for part in ("--platform", name)]
        subprocess.run([*pip, *options, *abis, *where, "--dest", self._store, f"{pin.name}=={pin.version}"], check=True)


def platforms() -> list[str]:
    """What this kind of machine runs, the most demanding first."""
    machine = machine_name()
    old = [f"manylinux2014_{machine}", f"manylinux2010_{machine}", f"manylinux1_{machine}"]
    return [*(f"manylinux_2_{minor}_{machine}" for minor in GLIBCS), *old, f"linux_{machine}"]


def machine_name() -> str:
    """As wheels call it, such as x86_64."""
    return default_environment()["platform_machine"]


def tags(python: tuple[int, int]) -> list[Tag]:
    """What a Python of that version takes, the best first."""
    own = f"cp{python[0]}{python[1]}"
    return [*cpython_tags(python, [own], platforms()), *compatible_tags(python, own, platforms())]


def metadata(wheel: Path) -> Message:
    """The METADATA of a wheel."""
    with zipfile.ZipFile(wheel) as file:
        (path,) = (name for name in file.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        return HeaderParser().parsestr(file.read(path).decode("utf-8"))


def needs(wheel: Path, python: tuple[int, int], extras: tuple[str, ...] = ("",)) -> set[str]:
    """Names of what a wheel needs on Linux under that Python.

    Extras of extras, such as `requests[socks]`, are not followed: nothing that we need asks for one.
    """
    version = f"{python[0]}.{python[1]}"
    linux = default_environment() | {"python_version": version, "python_full_version": f"{version}.0"}
    found = set()
    for text in metadata(wheel).get_all("Requires-Dist", []):
        wanted = Requirement(text)
        if wanted.marker is None or any(wanted.marker.evaluate(linux | {"extra": extra}) for extra in extras):
            found.add(canonicalize_name(wanted.name))
            if wanted.extras:
                raise OSError(f"{wheel.name} needs {wanted}: extras of what is needed are not followed yet")
    return found


def sha256(path: Path) -> str:
    """As `sha256sum` prints it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
